"""A dated trade: when a strategy's position is opened, what closes it, and when it may be opened again.

An overlay around a whole variant. What closes a trade is looked at on every row's close, whatever the rebalance clock,
so the rows on which one opens or closes are decisions of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import ConfigError, shortened
from data.instruments import BP
from data.market import Flags, Market
from data.pricing.bonds import Array
from strategies.base import Strategy, invariants_of, ready
from strategies.overlays import Overlay, Smooth
from strategies.shared import shared
from strategies.signals import local_excess_returns, yield_of

Reason = Literal["stop", "trail", "target", "horizon", "exit", "flat", "turn", "open"]
TOUCH = 1e-6  # basis points or percentage points: this near is reached
PERCENT = 0.01
_LENGTH = re.compile(r"(\d{1,5})([DMY])", re.ASCII)


@dataclass(frozen=True)
class Length:
    """A stretch of the calendar, `90D`, `3M` or `1Y`: of days, or of months and years, the day clipped to the month."""

    text: str

    def __post_init__(self) -> None:
        match = _LENGTH.fullmatch(self.text)
        if not match or not 0 < int(match[1]) <= 36_500:
            raise ValueError(
                f"{shortened(self.text)!r} is not a length of time; write a number and D, M or Y, like 90D, 3M or 1Y"
            )

    def after(self, day: np.datetime64) -> np.datetime64:
        """Return the day so much later.

        >>> Length("1M").after(np.datetime64("2024-01-31")), Length("30D").after(np.datetime64("2024-01-31"))
        (np.datetime64('2024-02-29'), np.datetime64('2024-03-01'))
        """
        number, unit = int(self.text[:-1]), self.text[-1]
        if unit == "D":
            return day + np.timedelta64(number, "D")
        month = day.astype("datetime64[M]")
        later = month + (number if unit == "M" else 12 * number)
        last = (later + 1).astype("datetime64[D]") - 1
        return np.datetime64(min(later.astype("datetime64[D]") + (day - month.astype("datetime64[D]")), last))


Reentry = Literal["never", "turn"] | Length


@dataclass(frozen=True)
class Terms:
    """What opens and closes a trade; None: that gate is not there. Gains in bp are of the spread, + in its favour."""

    entry: date | None = None
    exit: date | None = None
    horizon: Length | None = None
    target_bp: float | None = None
    stop_bp: float | None = None
    trail_bp: float | None = None
    target_pct: float | None = None
    stop_pct: float | None = None
    reenter: Reentry | None = None

    @property
    def again(self) -> Reentry:
        """How it may be opened again: where nothing is said, never with an entry day, else once the position turned."""
        return self.reenter or ("never" if self.entry else "turn")

    @property
    def in_yields(self) -> tuple[str, ...]:
        """The gates that are measured in basis points of yield."""
        return tuple(name for name in ("target_bp", "stop_bp", "trail_bp") if getattr(self, name) is not None)


class Trade(NamedTuple):
    """One trade, by the rows on which it was decided."""

    opened: int
    closed: int  # for one that is still open, the last row
    reason: Reason
    hedge: Array  # (n,) h: DV01 of each leg over the largest, signed so that a fall of h.y gains; on the opening row


@dataclass(frozen=True)
class DatedTrade(Overlay):
    """Hold the inner strategy's position from an opening to a closing, and be flat between."""

    terms: Terms = Terms()
    start: date | None = None  # of the window: before it the trade is flat

    def applied(self, market: Market, weights: Array) -> Array:
        """Weights (T, n) while a trade is open, 0 elsewhere."""
        held = np.zeros(len(weights), dtype=bool)
        for trade in self.trades(market):
            held[trade.opened : trade.closed + (trade.reason == "open")] = True
        return weights * held[:, None]

    def decisions(self, market: Market) -> Flags:
        """Rows (T,) on which a trade opens or closes."""
        rows = np.zeros(len(market.dates), dtype=bool)
        for trade in self.trades(market):
            rows[trade.opened] = True
            rows[trade.closed] |= trade.reason != "open"
        return rows

    @shared
    def trades(self, market: Market) -> list[Trade]:
        """Every trade, in the order of time.

        Raises
        ------
        ConfigError
            A gate in basis points on a leg that has no yield.
        """
        path = follow(self.inner, market)
        gains = Gains(self.inner, market, path.weights, self.terms)
        there = ready(self.inner, market, self.start)
        return [trade for stretch in _stretches(there) for trade in _in_stretch(self.terms, path, gains, stretch)]


@dataclass(frozen=True)
class Path:
    """A strategy's targets by row, and where they go flat or turn."""

    dates: NDArray[np.datetime64]  # (T,)
    weights: Array  # (T, n)
    hedges: Array  # (T, n) weight times duration, 0 where it has none
    held: Flags  # (T,) not flat
    turned: Flags  # (T,) the DV01 of the row and of the last row held point apart


def follow(strategy: Strategy, market: Market) -> Path:
    """Return the path of a strategy's own targets."""
    columns = [market.column(leg) for leg in strategy.legs]
    return path_of(market.dates, strategy.targets(market), market.duration, columns)


def path_of(dates: NDArray[np.datetime64], weights: Array, duration: Array, columns: list[int]) -> Path:
    """Return the path of targets `weights (T, n)`, of which a strategy's own legs are `columns`."""
    hedges = np.nan_to_num(duration) * weights
    held = (weights[:, columns] != 0.0).any(axis=1)
    rows = np.flatnonzero(held)
    turned = np.zeros(len(dates), dtype=bool)
    turned[rows[1:]] = (hedges[rows[1:]] * hedges[rows[:-1]]).sum(axis=1) < 0.0
    return Path(dates, weights, hedges, held, turned)


class Gains:
    """What an open trade has gained by each row."""

    def __init__(self, strategy: Strategy, market: Market, weights: Array, terms: Terms) -> None:
        self._yields = yields(strategy, market) if terms.in_yields else np.zeros_like(weights)
        if terms.in_yields and self._yields is None:
            raise ConfigError(
                f"trade.{terms.in_yields[0]} needs the yield of every leg, and {_without_yield(strategy, market)} has "
                "none; use target_pct or stop_pct"
            )
        earned = np.zeros(len(weights))
        if terms.target_pct is not None or terms.stop_pct is not None:
            for leg in strategy.legs:
                returns = np.nan_to_num(local_excess_returns(market, leg))
                earned[1:] += weights[:-1, market.column(leg)] * returns[1:]
        self._earned = np.cumsum(earned)

    def bp(self, hedge: Array, opened: int, rows: slice) -> Array:
        """Gain of the spread since the opening row, basis points; NaN where a leg's yield is not quoted."""
        assert self._yields is not None
        return np.asarray((self._yields[opened] @ hedge - self._yields[rows] @ hedge) / BP)

    def pct(self, opened: int, rows: slice) -> Array:
        """Gain of the legs over their funding since the opening row, percent of equity."""
        return np.asarray((self._earned[rows] - self._earned[opened]) / PERCENT)


def yields(strategy: Strategy, market: Market) -> Array | None:
    """Par yield (T, n) of every leg at its maturity, 0 of instruments that are no leg; None where a leg has none."""
    if _without_yield(strategy, market):
        return None
    table = np.zeros(market.price.shape)
    for leg in strategy.legs:
        table[:, market.column(leg)] = yield_of(market, leg)
    return table


def _without_yield(strategy: Strategy, market: Market) -> str:
    return next((leg for leg in strategy.legs if market.instruments[market.column(leg)].curve is None), "")


def hedge_of(hedges: Array) -> Array:
    """h (n,) of a row's weights times durations: each over the largest in absolute value."""
    largest = np.abs(hedges).max(initial=0.0)
    return np.asarray(hedges / largest) if largest else np.zeros(len(hedges))


def _stretches(there: Flags) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], there.astype(np.int8), [0]])))
    return (slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _in_stretch(terms: Terms, path: Path, gains: Gains, stretch: slice) -> Iterator[Trade]:
    """Yield the trades of an unbroken stretch of rows, before which all is flat."""
    last = stretch.stop - 1
    row: int | None = stretch.start
    while row is not None and (opened := _opening(terms, path, row, last)) is not None:
        trade = _closing(terms, path, gains, opened, last)
        yield trade
        row = _next(terms, path, trade, last) if trade.reason != "open" else None


def _opening(terms: Terms, path: Path, first: int, last: int) -> int | None:
    """Return the first row from `first` on that a trade may open on."""
    rows = slice(first, last + 1)
    free = path.held[rows].copy()
    if terms.entry:
        free &= path.dates[rows] >= np.datetime64(terms.entry)
    if terms.exit:
        free &= path.dates[rows] < np.datetime64(terms.exit)
    return first + int(free.argmax()) if free.any() else None


def _closing(terms: Terms, path: Path, gains: Gains, opened: int, last: int) -> Trade:
    """Return the trade opened on a row, with the first row on which a gate or the inner strategy closes it."""
    hedge = hedge_of(path.hedges[opened])
    ends = ~path.held | path.turned
    after = ends[opened + 1 : last + 1]
    until = opened + 1 + int(after.argmax()) if after.any() else last
    rows = slice(opened + 1, until + 1)
    hits = {**_gates(terms, path, gains, hedge, opened, rows), "flat": ~path.held[rows], "turn": path.turned[rows]}
    touched = np.column_stack([*hits.values()]) if rows.start < rows.stop else np.zeros((0, 1), dtype=bool)
    if not touched.any():
        return Trade(opened, last, "open", hedge)
    at = int(touched.any(axis=1).argmax())
    reason: Reason = list(hits)[int(touched[at].argmax())]  # type: ignore[assignment]  # in the order of precedence
    return Trade(opened, rows.start + at, reason, hedge)


def _gates(terms: Terms, path: Path, gains: Gains, hedge: Array, opened: int, rows: slice) -> dict[str, Flags]:
    """Rows on which each gate is reached or passed, by reason, in the order in which they speak."""
    none = np.zeros(rows.stop - rows.start, dtype=bool)
    stop, trail, target = none, none, none
    if terms.in_yields:
        gain = gains.bp(hedge, opened, rows)
        with np.errstate(invalid="ignore"):
            if terms.stop_bp is not None:
                stop = gain <= -terms.stop_bp + TOUCH
            if terms.trail_bp is not None:
                best = np.fmax.accumulate(np.fmax(gain, 0.0))
                trail = gain <= best - terms.trail_bp + TOUCH
            if terms.target_bp is not None:
                target = gain >= terms.target_bp - TOUCH
    if terms.stop_pct is not None:
        stop = stop | (gains.pct(opened, rows) <= -terms.stop_pct + TOUCH)
    if terms.target_pct is not None:
        target = target | (gains.pct(opened, rows) >= terms.target_pct - TOUCH)
    dates = path.dates[rows]
    horizon = dates >= terms.horizon.after(path.dates[opened]) if terms.horizon else none
    ends = dates >= np.datetime64(terms.exit) if terms.exit else none
    return {"stop": stop, "trail": trail, "target": target, "horizon": horizon, "exit": ends}


def _next(terms: Terms, path: Path, trade: Trade, last: int) -> int | None:
    """Return the first row from which another trade may open; None where none may."""
    again = terms.again
    if again == "never":
        return None
    if isinstance(again, Length):
        day = again.after(path.dates[trade.closed])
        return _first(path.dates >= day, trade.closed + 1, last)
    if trade.reason in ("flat", "turn"):
        return trade.closed
    return _first(~path.held | path.turned, trade.closed + 1, last)


def scale_of(strategy: Strategy) -> str | None:
    """Return the parameter whose double doubles every weight, whatever is laid over the strategy; None without one.

    A mean of targets, and gates in basis points of a spread whose legs stand in proportion, leave it so; a target for
    risk, a cap and a gate in percent of equity do not.
    """
    if isinstance(strategy, DatedTrade):
        percent = strategy.terms.target_pct is not None or strategy.terms.stop_pct is not None
        return None if percent else scale_of(strategy.inner)
    if isinstance(strategy, Overlay):
        return scale_of(strategy.inner) if isinstance(strategy, Smooth) else None
    return invariants_of(strategy).scales_with


def _first(flags: Flags, row: int, last: int) -> int | None:
    rows = np.flatnonzero(flags[row : last + 1])
    return row + int(rows[0]) if rows.size else None
