"""Event windows, regimes of the two central banks, and a variant's P&L in each.

The dates were chosen with hindsight: they say what a trade did, they do not test it.

A bar belongs to an event or a regime if it ends inside it. An event shorter than a bar takes the bars that touch it, so
that five days of August 2024 are, on month ends, the whole of August.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from backtests.performance import metrics
from backtests.performance.metrics import Track
from data.bars import bar_days
from data.market import Flags
from data.pricing.bonds import Array
from data.pricing.curves import DAYS_A_YEAR

ENOUGH_BARS = 12  # below it a Sharpe ratio is not shown


@dataclass(frozen=True)
class Event:
    """A named event window, both days included."""

    name: str
    label: str
    first: date
    last: date
    short: str = ""  # what a plot calls it; plots leave out those without

    def __post_init__(self) -> None:
        assert self.first <= self.last, self.name


# Whole months where the event took months; its own days where announcements date it.
EVENTS = (
    Event("jgb_1998", "JGB sell-off (Trust Fund Bureau)", date(1998, 10, 1), date(1999, 2, 28), "1998 JGBs"),
    Event("var_shock", "VaR shock", date(2003, 6, 1), date(2003, 9, 30), "VaR shock"),
    Event("crisis_2008", "2008 crisis, from Lehman", date(2008, 9, 15), date(2008, 12, 31), "2008"),
    Event("qqe_announced", "QQE announced", date(2013, 4, 4), date(2013, 4, 30)),
    # From Bernanke's testimony to the eve of the FOMC that did not taper.
    Event("taper", "Taper tantrum", date(2013, 5, 22), date(2013, 9, 17), "taper"),
    Event("nirp", "Negative rates in Japan", date(2016, 1, 29), date(2016, 2, 29), "NIRP"),
    Event("march_2020", "March 2020", date(2020, 3, 1), date(2020, 3, 31), "2020-03"),
    # To the month of the year's highest 10-year Treasury yield.
    Event("selloff_2022", "2022 sell-off", date(2022, 1, 1), date(2022, 10, 31), "2022"),
    Event("ycc_band", "YCC band widened", date(2022, 12, 20), date(2022, 12, 31)),
    Event("august_2024", "Yen carry unwound", date(2024, 8, 1), date(2024, 8, 5), "2024-08"),
    Event("tariffs", "Tariffs", date(2025, 4, 2), date(2025, 4, 30)),
    Event("super_long_2026", "Super-long JGB sell-off", date(2026, 1, 1), date(2026, 1, 31), "2026-01"),
)


@dataclass(frozen=True)
class Stretch:
    """Days from `first` to `last`, both included; None where it is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class Regime:
    """A union of stretches, ascending, under one central bank."""

    name: str
    label: str
    bank: str
    stretches: tuple[Stretch, ...]


# From the first move of the target rate to the last before it turned or was held for good: at least two moves one way,
# none the other. The single rise of 1997-03-25 is no cycle. Days are those of the FOMC's decisions.
FED_HIKES = (
    Stretch(date(1994, 2, 4), date(1995, 2, 1)),
    Stretch(date(1999, 6, 30), date(2000, 5, 16)),
    Stretch(date(2004, 6, 30), date(2006, 6, 29)),
    Stretch(date(2015, 12, 16), date(2018, 12, 19)),
    Stretch(date(2022, 3, 16), date(2023, 7, 26)),
)
FED_CUTS = (
    Stretch(date(1995, 7, 6), date(1996, 1, 31)),
    Stretch(date(1998, 9, 29), date(1998, 11, 17)),
    Stretch(date(2001, 1, 3), date(2003, 6, 25)),
    Stretch(date(2007, 9, 18), date(2008, 12, 16)),
    Stretch(date(2019, 7, 31), date(2020, 3, 15)),
    Stretch(date(2024, 9, 18), date(2025, 12, 10)),  # the last cut before 2026-06
)


def between(stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """Return the days from the end of each stretch to the start of the next, and those after the last."""
    ordered = sorted(stretches, key=lambda stretch: stretch.first or date.min)
    day = timedelta(days=1)
    ends = [stretch.last + day for stretch in ordered if stretch.last]
    starts = [stretch.first - day for stretch in ordered[1:] if stretch.first]
    return tuple(Stretch(a, b) for a, b in zip(ends, [*starts, None], strict=True))


REGIMES = (
    Regime("before_qqe", "before QQE", "Bank of Japan", (Stretch(None, date(2013, 4, 3)),)),
    Regime("qqe", "QQE", "Bank of Japan", (Stretch(date(2013, 4, 4), date(2016, 9, 20)),)),
    Regime("ycc", "YCC", "Bank of Japan", (Stretch(date(2016, 9, 21), date(2024, 3, 18)),)),
    Regime("exit", "exit", "Bank of Japan", (Stretch(date(2024, 3, 19), None),)),
    Regime("fed_hiking", "hiking", "Federal Reserve", FED_HIKES),
    Regime("fed_cutting", "cutting", "Federal Reserve", FED_CUTS),
    Regime("fed_on_hold", "on hold", "Federal Reserve", between(FED_HIKES + FED_CUTS)),
)


@dataclass(frozen=True)
class EventPnl:
    """A variant's P&L in an event window. Fractions of equity at its start, in excess of cash."""

    pnl: float
    drawdown: float  # the largest inside it, from a peak inside it, positive
    first: str  # the day its first bar starts on
    last: str  # the day its last bar ends on
    bars: int
    partly: bool  # whether the variant's history holds only a part of it
    legs: dict[str, float]  # USD, without the interest on equity


@dataclass(frozen=True)
class RegimePnl:
    """A variant's P&L under a regime, in excess of cash; None where there are too few bars."""

    years: float
    bars: int
    excess_return: float | None  # a year
    volatility: float | None  # a year, of bar returns
    sharpe: float | None
    first: str
    last: str
    partly: bool
    legs: dict[str, float]  # USD, without the interest on equity


def during(dates: NDArray[np.datetime64], event: Event) -> Flags:
    """Bars (T-1,) that belong to an event: those that end inside it; of one shorter than a bar, all that touch it."""
    first, last = np.datetime64(event.first), np.datetime64(event.last)
    touching = np.asarray((dates[1:] >= first) & (dates[:-1] < last))
    if (np.diff(dates)[touching] > last - first).any():
        return touching
    return np.asarray((dates[1:] >= first) & (dates[1:] <= last))


def under(dates: NDArray[np.datetime64], regime: Regime) -> Flags:
    """Bars (T-1,) that end under a regime."""
    bars = np.zeros(len(dates) - 1, dtype=bool)
    for stretch in regime.stretches:
        after = True if stretch.first is None else dates[1:] >= np.datetime64(stretch.first)
        before = True if stretch.last is None else dates[1:] <= np.datetime64(stretch.last)
        bars |= after & before
    return bars


def event_pnl(track: Track, legs: Mapping[str, Array], event: Event) -> EventPnl | None:
    """Return a variant's P&L in an event window, None where none of its bars belong to it.

    `legs` holds each leg's USD P&L on every row (T,), of all its lines; the opening costs count with the first bar.
    """
    bars = during(track.dates, event)
    if not bars.any():
        return None
    path = np.concatenate([[1.0], np.cumprod(1.0 + metrics.excess_returns(track)[bars])])
    deepest = metrics.deepest(path, 1.0)
    first, last = _ends(track.dates, bars)
    return EventPnl(
        pnl=float(path[-1] - 1.0),
        drawdown=deepest.depth if deepest else 0.0,
        first=first,
        last=last,
        bars=int(bars.sum()),
        partly=_partly(track.dates, Stretch(event.first, event.last)),
        legs=_by_leg(legs, bars),
    )


def regime_pnl(track: Track, legs: Mapping[str, Array], ppy: float, regime: Regime) -> RegimePnl | None:
    """Return a variant's P&L under a regime, None where no bar belongs to it; `legs` as for `event_pnl`."""
    bars = under(track.dates, regime)
    if not bars.any():
        return None
    x, r = metrics.excess_returns(track)[bars], metrics.returns(track)[bars]
    days = bar_days(track.dates)[1:][bars]
    first, last = _ends(track.dates, bars)
    return RegimePnl(
        years=float(days.sum()) / DAYS_A_YEAR,
        bars=len(x),
        excess_return=float(x.mean()) * ppy,
        volatility=float(r.std(ddof=1) * np.sqrt(ppy)) if len(r) > 1 else None,
        sharpe=metrics.sharpe(x, ppy) if len(x) >= ENOUGH_BARS else None,
        first=first,
        last=last,
        partly=any(_partly(track.dates, stretch) for stretch in regime.stretches),
        legs=_by_leg(legs, bars),
    )


def _ends(dates: NDArray[np.datetime64], bars: Flags) -> tuple[str, str]:
    """Day on which the first of the bars starts, and on which the last ends."""
    rows = np.flatnonzero(bars)
    days = dates.astype("datetime64[D]")
    return str(days[rows[0]]), str(days[rows[-1] + 1])


def _partly(dates: NDArray[np.datetime64], window: Stretch) -> bool:
    """Whether bars that belong to a window are missing at either end of a history that starts or stops in it."""
    bar = np.diff(dates).min()
    late = window.first is not None and dates[0] >= np.datetime64(window.first)
    early = window.last is not None and dates[-1] + bar <= np.datetime64(window.last)
    return bool(late or early)


def _by_leg(legs: Mapping[str, Array], bars: Flags) -> dict[str, float]:
    opening = bars[0]
    return {leg: float(usd[1:][bars].sum() + (usd[0] if opening else 0.0)) for leg, usd in legs.items()}
