"""The inputs of a ticket, or of the last row of a run: tables cut at a day, and how old each series then is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from data.calendars import PUBLICATION_LAG_DAYS, available_on
from data.countries import BASE
from data.market import Market
from data.pricing.bonds import Array
from data.tables import Frequency, Tables
from strategies.base import Strategy, signals_of

# An input older than this many days on the day of the ticket is stale.
MARKET_LIMIT: dict[Frequency, int] = {"daily": 10, "weekly": 17, "monthly": 35}
# Macro figures, from the last day of the period they are about: the longest a period, its publication and the wait
# for the next one take, and some days of grace.
MACRO_LIMIT = {"month": 100, "quarter": 240, "year": 760}


@dataclass(frozen=True)
class Input:
    """A series that a ticket uses, and how old it is."""

    series: str
    last: date | None  # last quote, or last day of the last reference period known; None: never
    days: int | None  # from then to the day of the ticket
    limit: int
    used_by: tuple[str, ...]  # variants

    @property
    def stale(self) -> bool:
        """Whether it is older than its limit."""
        return self.days is None or self.days > self.limit


def until(tables: Tables, day: date) -> Tables:
    """Return the tables without anything dated after `day`, and without what a month came to average after it."""
    end = pd.Timestamp(day)
    return replace(
        tables,
        yields={name: frame.loc[:end] for name, frame in tables.yields.items()},
        fx={name: series.loc[:end] for name, series in tables.fx.items()},
        overnight={
            name: _paid(series.loc[:end], tables.known_overnight.get(name), end)
            for name, series in tables.overnight.items()
        },
        cpi=tables.cpi.loc[:end],
        macro={name: series.loc[:end] for name, series in tables.macro.items()},
        prices={name: frame.loc[:end] for name, frame in tables.prices.items()},
    )


def _paid(rate: pd.Series, known: pd.Series | None, end: pd.Timestamp) -> pd.Series:
    """Overnight rates of the month under way as known then, where what is booked is the month's own average."""
    if known is None or end == end + pd.offsets.MonthEnd(0):
        return rate
    under_way = rate.index > end - pd.offsets.MonthEnd(1)
    return rate.mask(under_way & rate.notna(), known.reindex(rate.index))


def rests_on(strategy: Strategy, market: Market, targets: Array, signals: Mapping[str, Array]) -> tuple[str, ...]:
    """Return the macro series a strategy uses: those whose absence changes its targets or its signals."""
    published = [name for name in market.macro if name in PUBLICATION_LAG_DAYS]
    if not _differs(strategy, _without(market, published), targets, signals):
        return ()
    return tuple(name for name in published if _differs(strategy, _without(market, [name]), targets, signals))


def _without(market: Market, names: Iterable[str]) -> Market:
    never = np.full(len(market.dates), np.nan)
    return replace(market, macro={**market.macro, **dict.fromkeys(names, never)})


def _differs(strategy: Strategy, market: Market, targets: Array, signals: Mapping[str, Array]) -> bool:
    if not np.array_equal(strategy.targets(market), targets):
        return True
    changed = signals_of(strategy, market)
    return any(not np.array_equal(changed[name], signals[name], equal_nan=True) for name in signals)


def inputs(
    tables: Tables,
    market: Market,
    day: date,
    legs: Mapping[str, Sequence[str]],
    macro: Mapping[str, Sequence[str]],
) -> tuple[Input, ...]:
    """Return every input of a ticket of `day`; `legs` and `macro` are by variant.

    A leg's date is the last on which it was quoted: its curve at its maturity, its own price where one is stored.
    """
    rows = []
    limit = MARKET_LIMIT[tables.frequency]
    quoted = market.exists & market.tradable
    for i, instrument in enumerate(market.instruments):
        if instrument.kind == "cash":
            continue  # the input of cash is the overnight rate, below
        days = np.flatnonzero(quoted[:, i])
        last = market.dates[days[-1]].astype(object) if days.size else None
        traded = instrument.kind == "listed" and days.size and not market.proxy[days[-1], i]
        what = "own price" if traded else f"curve {instrument.curve}"
        rows.append(_input(f"{instrument.name}, {what}", last, day, limit, _users(legs, instrument.name)))
    currencies = {instrument.name: instrument.currency for instrument in market.instruments}
    for currency, country in tables.countries.currencies.items():
        users = tuple(v for v, names in legs.items() if currency in (BASE, *(currencies[name] for name in names)))
        if currency in tables.overnight:
            rate = tables.overnight[currency]
            rows.append(_row(f"overnight {currency}", rate, country.overnight, tables, day, users))
        if currency in tables.fx:
            rows.append(_row(country.pair, tables.fx[currency], (str(country.fx),), tables, day, users))
    indexed = tuple(v for v, names in legs.items() if any(market.instruments[market.column(n)].indexed for n in names))
    needs = {name: _users(macro, name) for name in dict.fromkeys(n for names in macro.values() for n in names)}
    prices = str(tables.countries.home.cpi)
    if indexed:
        needs[prices] = tuple(dict.fromkeys([*needs.get(prices, ()), *indexed]))
    for name, users in needs.items():
        series = tables.cpi if name == prices and name not in tables.macro else tables.macro[name]
        rows.append(published(name, series, day, users))
    return tuple(row for row in rows if row.used_by)


def _users(by_variant: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    return tuple(variant for variant, names in by_variant.items() if name in names)


def _input(series: str, last: date | None, day: date, limit: int, users: tuple[str, ...]) -> Input:
    return Input(series, last, None if last is None else (day - last).days, limit, users)


def _row(
    name: str, values: pd.Series, series: Sequence[str], tables: Tables, day: date, users: tuple[str, ...]
) -> Input:
    """An input on the market's rows, which may carry it past its last day; its series' records then state that."""
    known = values.dropna().index
    last = known[-1].date() if len(known) else None
    stored = [record.last for record in tables.records if record.series in series]
    if last and stored:
        last = min(last, max(stored))
    return _input(name, last, day, MARKET_LIMIT[tables.frequency], users)


def published(name: str, values: pd.Series, day: date, users: tuple[str, ...]) -> Input:
    """Return a macro series as an input of a day: the last period whose figure was out by then, and its age."""
    known = values.dropna()
    periods = pd.DatetimeIndex(known.index)
    out = periods[available_on(name, periods.to_numpy()) <= np.datetime64(day)]
    apart = float(np.median(np.diff(periods).astype("timedelta64[D]").astype(float))) if len(periods) > 1 else 0.0
    every = "month" if apart < 45 else "quarter" if apart < 135 else "year"
    last = out[-1].date() if len(out) else None
    return _input(f"{name}, by {every}", last, day, MACRO_LIMIT[every], users)
