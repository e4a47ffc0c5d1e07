"""Round trips: from flat to a position and back, or to the opposite one; what each made, and what forwards held.

A leg belongs to the trip whose decision its units rest on, so that every dollar of trading P&L is in exactly one trip:
the bars it is held over, and of what is traded where one trip turns into the next, the units closed to the old one and
those opened to the new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtests.engine.book import Book
from backtests.engine.result import LEG_LINES, Result
from backtests.performance.attribution import bond_lines
from data.instruments import BP
from data.market import Market
from data.pricing.bonds import Array
from data.pricing.curves import DAYS_A_YEAR
from data.pricing.forwards import hurdle_yield
from strategies.base import Strategy, lead_of
from strategies.exits import DatedTrade, Path, Trade, follow, hedge_of, path_of, yields

NOBODY = -1  # owner of a leg that no trip holds
POINTS = 48  # of a trip's path at most
LISTS = {"path": np.float64, "path_days": np.int64}  # columns of a trip's table that hold lists


@dataclass(frozen=True)
class RoundTrip:
    """One trip of a variant. Gains in bp are of its spread, + in its favour; None where a leg has no yield."""

    side: int  # sign of the leading leg: long, front, belly, US front
    decided_open: date
    open: date  # of the first fill
    decided_close: date
    close: date
    reason: str
    decision_gain_bp: float | None  # between the two decisions
    spread_open_bp: float | None  # h.y at the opening fill
    spread_close_bp: float | None
    gain_bp: float | None  # between the two fills
    hurdle_bp: float | None  # the part of it that the curves held when it was opened
    carry_usd: float  # at unmoved yields, less funding
    rolldown_usd: float
    pnl_usd: float  # trading P&L, opening and closing costs in it
    mae_bp: float | None  # lowest and highest gain at a close
    mfe_bp: float | None
    mae_usd: float  # lowest and highest P&L at a close, the opening cost in it
    mfe_usd: float
    days: int
    path: tuple[float, ...]  # gain at closes, fill to fill; thinned, the lowest and highest in it
    path_days: tuple[int, ...]  # of each, days since the opening fill
    path_unit: str  # bp, or usd of P&L where a leg has no yield


def round_trips(strategy: Strategy, market: Market, rows: slice, book: Book, result: Result) -> list[RoundTrip]:
    """Return the trips of a variant in the order of time; their P&L sums to its trading P&L.

    `market` holds its legs, all history; `rows` is the window that `book` and `result` are of.
    """
    decided = _decided(strategy, market, rows, book)
    if result.ruined is not None:
        decided = _ended(decided, result.ruined)
    owners, first = _owners(book, result, decided)
    usd = _by_owner(result, owners, first, len(decided))
    lines = bond_lines(result, market, rows)
    running = lines["carry"] + lines["inflation"] + result.funding
    carry, rolldown = (_held(line, owners, len(decided)) for line in (running, lines["rolldown"]))
    view = _View(strategy, market, rows, book, result, owners)
    return [
        view.trip(k, trade, usd[k], float(carry[k]), float(rolldown[k]))
        for k, trade in enumerate(decided)
        if (owners == k).any() or usd[k].any()
    ]


# ---- which decisions open and close


def _decided(strategy: Strategy, market: Market, rows: slice, book: Book) -> list[Trade]:
    """Trades by rows of the window: a dated trade's own, of any other strategy those of its decisions' targets."""
    if isinstance(strategy, DatedTrade):
        inside = [trade for trade in strategy.trades(market) if rows.start <= trade.opened < rows.stop]
        return [_moved(trade, rows) for trade in inside]
    at = np.flatnonzero(book.decides)
    whole = follow(strategy, market)
    columns = [market.column(leg) for leg in strategy.legs]
    path = path_of(market.dates[rows][at], whole.weights[rows][at], market.duration[rows][at], columns)
    return [
        trade._replace(opened=int(at[trade.opened]), closed=int(at[trade.closed]))
        if trade.reason != "open"
        else trade._replace(opened=int(at[trade.opened]), closed=len(book.dates) - 1)
        for trade in _turns(path)
    ]


def _moved(trade: Trade, rows: slice) -> Trade:
    last = rows.stop - rows.start - 1
    closed = trade.closed - rows.start
    if closed > last:
        return trade._replace(opened=trade.opened - rows.start, closed=last, reason="open")
    return trade._replace(opened=trade.opened - rows.start, closed=closed)


def _turns(path: Path) -> list[Trade]:
    """Trades of a path without gates: each ends where it goes flat or turns."""
    trades: list[Trade] = []
    opened: int | None = None
    for row in range(len(path.dates)):
        if opened is not None and (path.turned[row] or not path.held[row]):
            trades.append(Trade(opened, row, "turn" if path.held[row] else "flat", hedge_of(path.hedges[opened])))
            opened = None
        if opened is None and path.held[row]:
            opened = row
    if opened is not None:
        trades.append(Trade(opened, len(path.dates) - 1, "open", hedge_of(path.hedges[opened])))
    return trades


def _ended(trades: Sequence[Trade], ruined: int) -> list[Trade]:
    """Cut what is after ruin; the trade it befell says so."""
    kept = [trade for trade in trades if trade.opened <= ruined]
    return [t._replace(closed=ruined, reason="ruin") if t.closed >= ruined or t.reason == "open" else t for t in kept]  # type: ignore[arg-type]  # a reason of books alone


# ---- whose every dollar is


def _owners(book: Book, result: Result, trades: Sequence[Trade]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Trip (T, n) that each leg's units belong to after each row, and (T,) whose orders fill first on it; or NOBODY."""
    rows, legs = book.price.shape
    after = np.full(rows, NOBODY)  # trip in force after a decision on each row
    for k, trade in enumerate(trades):
        after[trade.opened : trade.closed + (trade.reason == "open")] = k
    waiting = np.full(rows, NOBODY)
    owner = np.full((rows, legs), NOBODY)
    current, latest = np.full(legs, NOBODY), NOBODY
    for t in range(rows):
        d = t - book.lag
        if d >= 0 and book.decides[d]:
            latest = int(after[d])
        waiting[t] = latest
        current = np.where(book.tradable[t], latest, current)
        if result.ruined is not None and t >= result.ruined:
            current = np.full(legs, NOBODY)
        owner[t] = np.where(result.units[t] != 0.0, current, NOBODY)
    first = waiting if book.lag else np.concatenate([[NOBODY], waiting[:-1]])
    return owner, np.where(first == NOBODY, waiting, first)


def _before(owners: NDArray[np.intp]) -> NDArray[np.intp]:
    """Trip (T, n) that each leg's units belong to over the bar that ends on each row."""
    return np.concatenate([np.full((1, owners.shape[1]), NOBODY), owners[:-1]])


def _by_owner(result: Result, owners: NDArray[np.intp], first: NDArray[np.intp], count: int) -> Array:
    """Trading P&L (trips, T) of each trip by row, USD."""
    usd = np.zeros((count, len(result.dates)))
    over, row = _before(owners), np.broadcast_to(np.arange(len(result.dates))[:, None], owners.shape)
    held = sum(result.line(name) for name in LEG_LINES if name != "cost")
    _add(usd, over, row, np.asarray(held))
    before = np.vstack([np.zeros_like(result.units[:1]), result.units[:-1]])
    closed, opened = _split(before, result.units, over == owners)
    share = np.divide(closed, closed + opened, out=np.zeros_like(closed), where=closed + opened > 0)
    twice = _traded_twice(result, before, over)
    _add(usd, np.broadcast_to(first[:, None], owners.shape), row, result.cost * twice)
    once = result.cost * (1.0 - twice)
    _add(usd, over, row, once * share)
    _add(usd, np.where(owners == NOBODY, over, owners), row, once * (1.0 - share))
    _add(usd, over.max(axis=1, initial=NOBODY), np.arange(len(result.dates)), result.margin)
    return usd


def _traded_twice(result: Result, before: Array, over: NDArray[np.intp]) -> Array:
    """Share (T, n) of a leg's cost that is of an order which waited, filled, and was undone at the same close."""
    extra = result.traded - np.abs(result.units - before)
    return np.divide(extra, result.traded, out=np.zeros_like(extra), where=(result.traded > 0) & (over == NOBODY))


def _split(before: Array, after: Array, same: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Units (T, n) closed of what was held, and opened of what is held after; within one trip all counts as opened."""
    across = np.sign(before) * np.sign(after) < 0
    fewer = np.maximum(np.abs(before) - np.abs(after), 0.0)
    more = np.maximum(np.abs(after) - np.abs(before), 0.0)
    closed = np.where(across, np.abs(before), fewer)
    opened = np.where(across, np.abs(after), more)
    return np.where(same, 0.0, closed), np.where(same, np.abs(after - before), opened)


def _add(usd: Array, owners: NDArray[np.intp], row: NDArray[np.intp], amounts: Array) -> None:
    """Add amounts to the trips that own them. What nobody owns is 0 but for rounding."""
    on = owners != NOBODY
    np.add.at(usd, (owners[on], row[on]), amounts[on])


def _held(line: Array, owners: NDArray[np.intp], count: int) -> Array:
    """Sum (trips,) of a line over the bars that each trip holds its legs."""
    over = _before(owners)
    totals = np.zeros(count)
    np.add.at(totals, over[over != NOBODY], line[over != NOBODY])
    return totals


# ---- what is told of each


class _View:
    """A window as its trips are told."""

    def __init__(
        self, strategy: Strategy, market: Market, rows: slice, book: Book, result: Result, owners: NDArray[np.intp]
    ) -> None:
        table = yields(strategy, market)
        self.yields = None if table is None else table[rows]
        self.lead = market.column(lead_of(strategy))
        self.market, self.rows, self.book, self.result, self.owners = market, rows, book, result, owners

    def trip(self, k: int, trade: Trade, usd: Array, carry: float, rolldown: float) -> RoundTrip:
        """Return what is told of a trip of the P&L `usd (T,)`."""
        dates = self.result.dates.astype("datetime64[D]")
        held = np.flatnonzero((self.owners == k).any(axis=1))
        if held.size:
            opened, closed = int(held[0]), int(min(held[-1] + (trade.reason != "open"), len(dates) - 1))
        else:  # bought and sold at one close
            held = np.flatnonzero(usd)
            opened = closed = int(held[0])
        path = np.cumsum(usd)[opened : closed + 1]
        spread = None if self.yields is None else self.yields @ trade.hedge / BP
        gains = None if spread is None else spread[opened] - spread[opened : closed + 1]
        after = (dates[opened : closed + 1] - dates[opened]).astype(int)
        days = int(after[-1])
        unit, told = ("bp", gains) if gains is not None and np.isfinite(gains).any() else ("usd", path)
        rows = thinned(told)
        return RoundTrip(
            side=self._side(held),
            decided_open=dates[trade.opened].astype(object),
            open=dates[opened].astype(object),
            decided_close=dates[trade.closed].astype(object),
            close=dates[closed].astype(object),
            reason=trade.reason,
            decision_gain_bp=None if spread is None else _finite(spread[trade.opened] - spread[trade.closed]),
            spread_open_bp=None if spread is None else _finite(spread[opened]),
            spread_close_bp=None if spread is None else _finite(spread[closed]),
            gain_bp=None if gains is None else _finite(gains[-1]),
            hurdle_bp=None if spread is None else self._hurdle(trade, opened, days, float(spread[opened])),
            carry_usd=carry,
            rolldown_usd=rolldown,
            pnl_usd=float(usd.sum()),
            mae_bp=None if gains is None else _finite(np.fmin.reduce(gains)),
            mfe_bp=None if gains is None else _finite(np.fmax.reduce(gains)),
            mae_usd=float(path.min()),
            mfe_usd=float(path.max()),
            days=days,
            path=tuple(told[rows].tolist()),
            path_days=tuple(after[rows].tolist()),
            path_unit=unit,
        )

    def _side(self, held: NDArray[np.intp]) -> int:
        """Sign of the leading leg's units, or of the first that is held at all."""
        units = self.result.units[held[0]]
        order = [self.lead, *(i for i in range(len(units)) if i != self.lead)]
        return next((int(np.sign(units[i])) for i in order if units[i] != 0.0), 0)

    def _hurdle(self, trade: Trade, opened: int, days: int, spread: float) -> float | None:
        """Gain that the forwards of the opening row already hold, to the day of the closing fill."""
        forward = 0.0
        for i in np.flatnonzero(trade.hedge):
            leg = self.market.instruments[i]
            curve = self.market.curves[str(leg.curve)]
            yield_ = hurdle_yield(curve, self.rows.start + opened, days / DAYS_A_YEAR, leg.maturity)
            if yield_ is None:
                return None
            forward += float(trade.hedge[i]) * yield_
        return _finite(spread - forward / BP)


def thinned(values: Array, points: int = POINTS) -> NDArray[np.intp]:
    """Return rows of `values (T,)`, at most so many: the first, last, lowest, highest, others evenly; NaN left out.

    >>> thinned(np.array([0.0, 5.0, np.nan, -7.0, 1.0, 2.0, 3.0]), 4)
    array([0, 1, 3, 6])
    """
    known = np.flatnonzero(np.isfinite(values))
    even = known[np.linspace(0, len(known) - 1, min(points - 2, len(known))).round().astype(int)]
    return np.union1d(even, known[[values[known].argmin(), values[known].argmax()]])


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


# ---- tables


def tidy(variant: str, trips: Sequence[RoundTrip]) -> pd.DataFrame:
    """One row per trip, under the variant's name; dates as days, paths as arrays."""
    return table({variant: trips})


def table(by_variant: Mapping[str, Sequence[RoundTrip]]) -> pd.DataFrame:
    """The trips of several variants as `tidy` has those of one."""
    trips = [trip for own in by_variant.values() for trip in own]
    columns = [field.name for field in fields(RoundTrip)]
    frame = pd.DataFrame([[getattr(trip, name) for name in columns] for trip in trips], columns=columns)
    for name, kind in LISTS.items():
        frame[name] = pd.Series([np.array(getattr(trip, name), dtype=kind) for trip in trips], dtype=object)
    for name in ("decided_open", "open", "decided_close", "close"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[ms]")
    for name in columns:
        if name.endswith(("_bp", "_usd")):
            frame[name] = frame[name].astype(float)
    frame = frame.astype({"side": "int64", "days": "int64", "reason": "str", "path_unit": "str"})
    frame.insert(0, "variant", [name for name, own in by_variant.items() for _ in own])
    return frame.astype({"variant": "str"})


@dataclass(frozen=True)
class TripFigures:
    """What the closed trips of a variant come to, USD; a trip that is still open is not counted."""

    trips: int
    trip_hit_rate: float | None  # share with P&L above 0
    average_win: float | None
    average_loss: float | None  # negative
    payoff: float | None  # average win over average loss, positive
    profit_factor: float | None  # sum of what the winners made over what the others lost, positive
    expectancy: float | None  # P&L a trip
    best_trip: float | None
    worst_trip: float | None
    average_trip_days: float | None  # from the opening fill to the closing one
    longest_trip_days: int | None
    time_in_trade: float  # share of rows with a position


def figures(trips: Sequence[RoundTrip], result: Result) -> TripFigures:
    """Return the figures of a variant's trips."""
    closed = [trip for trip in trips if trip.reason != "open"]
    earned, days = np.array([trip.pnl_usd for trip in closed]), [trip.days for trip in closed]
    wins, losses = earned[earned > 0], earned[earned <= 0]
    win, loss = (float(part.mean()) if len(part) else None for part in (wins, losses))
    return TripFigures(
        trips=len(earned),
        trip_hit_rate=float((earned > 0).mean()) if len(earned) else None,
        average_win=win,
        average_loss=loss,
        payoff=win / -loss if win is not None and loss else None,
        profit_factor=float(wins.sum() / -losses.sum()) if len(earned) and losses.sum() else None,
        expectancy=float(earned.mean()) if len(earned) else None,
        best_trip=float(earned.max()) if len(earned) else None,
        worst_trip=float(earned.min()) if len(earned) else None,
        average_trip_days=float(np.mean(days)) if days else None,
        longest_trip_days=max(days, default=None),
        time_in_trade=float((result.units != 0.0).any(axis=1).mean()),
    )
