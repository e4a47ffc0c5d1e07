"""What a variant would hold now: its decision, its legs in money and risk, their carry, and how they are traded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

import numpy as np

from backtests.config import Config, Variant
from backtests.engine import ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.carry import carry_ahead
from backtests.engine.result import Result
from backtests.runs import setup
from backtests.runs.window import Span, span
from backtests.ticket.futures import Choice, Quote, choose, named
from backtests.ticket.holdings import Held
from backtests.ticket.levels import Levels, levels
from backtests.ticket.marks import Marks, marks
from backtests.ticket.orders import BucketRow, Line, Position, Unit, buckets, lines, own_unit, quantity_of
from data.errors import DataError
from data.instruments import BP, Instrument
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.pricing.curves import DAYS_A_YEAR
from strategies.base import decisions_of, signals_of
from strategies.exits import DatedTrade

MONTH, QUARTER = 1 / 12, 0.25  # years
LATE_DAYS = 10  # on daily rows one market may be quoted later than the other, or be on holiday, by this much
SMALL = 1e-12
UNITS = {"listed": "shares", "future": "contracts"}  # what an instrument is counted in, where it has lots


@dataclass(frozen=True)
class Signal:
    """A signal of the strategy on the row decided, against its own history up to it."""

    name: str
    value: float | None  # None: not known now
    score: float | None  # standard deviations from the mean
    percentile: float | None  # share of the history at or below it
    rows: int  # of the history
    last: date | None  # on which it was last known


@dataclass(frozen=True)
class Leg:
    """One line of the ticket. Signs are + long; what is not known is None."""

    name: str
    currency: str
    unit: str  # shares, contracts, or units of the total-return index
    price: float | None  # local, of a unit
    weight: float  # fraction of the base, as wanted; units may round it
    units: float
    notional: float  # local currency: of a par bond its face
    usd: float
    dv01: float | None  # USD gained if its yield falls by a basis point
    future: str | None  # the contract of its own bucket
    contracts: float | None  # with the leg's DV01, not rounded
    carry_month: float | None  # carry and roll-down as held, fraction of notional; None where nothing is held
    carry_quarter: float | None
    roll_month: float | None  # what of it is roll-down
    roll_quarter: float | None
    rolls: bool  # False where what is left of it after a quarter lies where its curve cannot be read
    why_none: str  # why it has no contract; empty where it has, and where nothing is held


@dataclass(frozen=True)
class Sheet:
    """A variant's ticket; `missing` says why there is no target now, and is empty where there is one."""

    variant: Variant
    market: Market  # its legs
    fill: str
    signals: tuple[Signal, ...]
    missing: str
    window: Span | None = None  # of its own run up to now
    result: Result | None = None  # of that run; of a dated trade, of its strategy without the trade
    held: Mapping[str, Held] | None = None  # as the file of holdings says; None: none was given
    day: date | None = None  # the row decided on
    scheduled: bool = False  # whether that row is one of its rebalance schedule
    inside_band: bool = False  # of what is held: nothing trades
    base: float = 0.0  # USD
    legs: tuple[Leg, ...] = ()
    lines: tuple[Line, ...] = ()  # what the legs are traded in, and what else is held
    buckets: tuple[BucketRow, ...] = ()
    quotes: tuple[Quote, ...] = ()  # of the contracts its legs are traded in
    nearer: Mapping[str, Quote] = field(default_factory=dict)  # by leg, another contract nearer its own maturity
    levels: Levels | str = ""  # or why there are none
    carry_month: float | None = None  # fraction of the base
    carry_quarter: float | None = None
    holding_quarter: float = 0.0  # borrow, rolling and financing spread over it, fraction of the base, positive
    marks: Marks = field(default_factory=Marks)

    @property
    def net(self) -> tuple[float | None, float | None]:
        """Carry and roll-down less borrow, rolling and financing over one and three months, fraction of the base."""
        gross, paid = (self.carry_month, self.carry_quarter), (self.holding_quarter / 3, self.holding_quarter)
        month, quarter = (None if g is None else g - p for g, p in zip(gross, paid, strict=True))
        return month, quarter

    @property
    def dv01(self) -> tuple[float, float]:
        """USD a basis point of the long legs and of the short legs, both positive."""
        by_leg = [leg.dv01 or 0.0 for leg in self.legs]
        return sum(max(dv01, 0.0) for dv01 in by_leg), sum(max(-dv01, 0.0) for dv01 in by_leg)

    @property
    def years(self) -> dict[str, float]:
        """Net duration by country, years of the base, + long."""
        years: dict[str, float] = {}
        for leg in self.legs:
            code = self.market.countries.of_currency(leg.currency).code
            years[code] = years.get(code, 0.0) + (leg.dv01 or 0.0) / (self.base * BP)
        return years

    @property
    def breakeven(self) -> tuple[float | None, str]:
        """How far yields may move against it before a quarter earns nothing, in decimals; or why there is none.

        The quarter's carry, roll-down and accrual less borrow, rolling and financing spread, over the DV01 of the
        larger side: a move of the spread between the DV01-weighted yields of its long and its short side, or of one
        side alone where that has more DV01 than the other. Negative: so far they must move in its favour.
        """
        risk = max(self.dv01)
        net = self.net[1]
        if net is None:
            return None, "the carry of a leg is not known"
        if risk < SMALL:
            return None, "it has no DV01"
        return net * self.base / risk * BP, ""


def make_sheet(variant: Variant, market: Market, config: Config, held: Mapping[str, Held] | None) -> Sheet:
    """Return a variant's ticket on the last row of a market that ends with it; `held` is by instrument.

    Raises
    ------
    ConfigError, DataError
        What `run` would refuse, but for a variant that does not trade now.
    """
    legs = setup.legs_of(market, variant)
    signals = signals_of(variant.strategy, legs)
    fill = setup.fill_of(variant, market)
    last = len(legs.dates) - 1
    try:
        window = span(variant, legs, config)
    except DataError as error:
        return Sheet(variant, legs, fill, _signals(signals, legs, last), str(error), held=held)
    setup.check_clock(variant, legs, window)
    t = window.rows.stop - 1
    terms = setup.terms(variant, config, legs)
    book = prepare(legs, variant.strategy.targets(legs), window.rows, terms, decisions_of(variant.strategy, legs))
    undecided = Sheet(
        variant, legs, fill, _signals(signals, legs, t), "", window, _run(book, variant, legs, window.rows, terms), held
    )
    if (legs.dates[last] - legs.dates[t]).astype(int) > (LATE_DAYS if legs.daily else 0):
        return replace(undecided, missing=_why(legs, signals), signals=_signals(signals, legs, last))
    return _decided(undecided, market, book, terms, held, config.library)


def _run(book: Book, variant: Variant, legs: Market, rows: slice, terms: Terms) -> Result:
    """Return what a variant's run made; a dated trade is flat most of the time, so it is run without its dates."""
    if not isinstance(variant.strategy, DatedTrade):
        return ledger.run(book)
    inner = variant.strategy.inner
    return ledger.run(prepare(legs, inner.targets(legs), rows, terms, decisions_of(inner, legs)))


def _why(legs: Market, signals: Mapping[str, Array]) -> str:
    """What is missing on the last row, and since when."""
    absent = [i for i in range(len(legs.names)) if not legs.exists[-1, i]]
    words = [f"{legs.names[i]} has no yield or price after {_last(legs, legs.exists[:, i])}" for i in absent]
    unknown = {name: ~np.isnan(values) for name, values in signals.items() if np.isnan(values[-1])}
    words += [f"its signal '{name}' is not known after {_last(legs, rows)}" for name, rows in unknown.items()]
    return "; ".join(words) or f"its legs or signals have lasted too short a while before {legs.dates[-1]}"


def _last(market: Market, rows: Flags) -> date | None:
    at = np.flatnonzero(rows)
    return market.dates[at[-1]].astype(object) if at.size else None


def _signals(signals: Mapping[str, Array], market: Market, t: int) -> tuple[Signal, ...]:
    return tuple(_signal(name, values[: t + 1], market) for name, values in signals.items())


def _signal(name: str, values: Array, market: Market) -> Signal:
    history = values[~np.isnan(values)]
    last, now = _last(market, ~np.isnan(values)), float(values[-1])
    if np.isnan(now):
        return Signal(name, None, None, None, len(history), last)
    deviation = float(history.std(ddof=1)) if len(history) > 1 else 0.0
    score = (now - float(history.mean())) / deviation if deviation > SMALL else None
    return Signal(name, now, score, float((history <= now).mean()), len(history), last)


def _decided(
    undecided: Sheet, market: Market, run: Book, terms: Terms, held: Mapping[str, Held] | None,
    library: Mapping[str, Instrument],
) -> Sheet:  # fmt: skip
    """Fill in what the last row of a run's book decides; instruments held that are no leg of it are added."""
    assert undecided.window is not None
    t = undecided.window.rows.stop - 1
    own = undecided.market
    names = [*own.names, *(name for name in held or {} if name not in own.names)]
    wide = market.select(names)
    targets = np.zeros((len(wide.dates), len(names)))
    targets[t, : len(own.names)] = run.targets[-1]
    now = prepare(wide, targets, slice(t, t + 1), replace(terms, size_on="capital"))._replace(band=np.zeros(1))
    per_unit, target = _shares(wide, t), _units(now, np.zeros(len(names)))
    choices = choose(own, t, dict(zip(own.names, target[: len(own.names)], strict=True)), library)
    legs = [_leg(own, t, i, now.targets[0, i], target[i], per_unit[i], terms, choices) for i in range(len(own.names))]
    usd = {leg.name: leg.usd for leg in legs}
    weights = np.array([leg.usd for leg in legs]) / terms.capital
    history = prepare(own, np.zeros_like(own.price), slice(0, t + 1), terms)
    positions = _positions(wide, t, per_unit, target, held)
    wanted = {leg.name: positions.wanted[leg.name] for leg in legs}
    traded, inside = lines(wanted, choices, positions.held, float(run.band[-1]))
    in_contracts = {leg for line in traded if line.unit.of == "contracts" for leg in line.legs}
    used = {name: choice.quote for name, choice in choices.items() if choice.quote and name in in_contracts}
    return replace(
        undecided,
        day=wide.dates[t].astype(object),
        scheduled=bool(run.decides[-1]),
        inside_band=inside,
        base=terms.capital,
        legs=tuple(legs),
        lines=traded,
        buckets=buckets(wanted, traded, positions.held),
        quotes=named(list(used.values())),
        nearer={name: quote for name, choice in choices.items() if name in used and (quote := choice.nearer)},
        levels=levels(undecided.variant, own, t, usd, terms.capital, used),
        carry_month=_total([leg.carry_month for leg in legs], weights),
        carry_quarter=_total([leg.carry_quarter for leg in legs], weights),
        holding_quarter=_holding(own, t, weights)
        + financing_spread(own, weights, terms.margin_spread, terms.repo_spread),
        marks=marks(history, weights, own.periods_per_year),
    )


class _Positions(NamedTuple):
    """What is wanted and what is held, by instrument."""

    wanted: dict[str, Position]
    held: dict[str, Position] | None


def _positions(market: Market, t: int, per_unit: Array, target: Array, held: Mapping[str, Held] | None) -> _Positions:
    """Return quantities of each instrument in its own unit: those of ledger units `target (n,)`, and those held."""
    units = {name: own_unit(market, t, i, per_unit[i]) for i, name in enumerate(market.names)}
    wanted = {
        name: Position(unit, _quantity(market, t, i, target[i], unit, per_unit[i]))
        for i, (name, unit) in enumerate(units.items())
    }
    if held is None:
        return _Positions(wanted, None)
    known = {
        name: Position(units[name], quantity_of(held[name], units[name], market, t, i, per_unit[i]))
        for i, name in enumerate(market.names)
        if name in held
    }
    return _Positions(wanted, known)


def _quantity(market: Market, t: int, i: int, units: float, unit: Unit, per_unit: float) -> float:
    """Ledger units as a quantity of a unit."""
    if not units:
        return 0.0
    return float(units * per_unit if unit.of == "shares" else units * market.price[t, i] / unit.worth)


def _shares(market: Market, t: int) -> Array:
    """Units (n,) of the market in a ledger unit: shares at the day's close or by lots, contracts by lots; else 1."""
    lots = np.array([leg.lot if leg.kind in UNITS else 0.0 for leg in market.instruments])
    chained = (lots > 0) & (market.lot[t] > 0)
    by_lots = np.divide(lots, market.lot[t], out=np.ones(len(lots)), where=chained)
    worth = market.quoted[t] * np.array([leg.multiplier for leg in market.instruments])
    return np.asarray(np.divide(market.price[t], worth, out=by_lots, where=np.isfinite(worth)))


def _units(book: Book, held: Array) -> Array:
    """Ledger units (n,) that the book's only row decides, what is held being `held`."""
    _, path = ledger.blank(book)
    path.held[:], path.lots[:] = held, book.lot[0]
    ledger.decide(book, path, 0, book.capital)
    return np.asarray(np.nan_to_num(ledger.ordered(book, path, 0)))  # nothing is wanted of a leg that has no price


def _leg(
    market: Market, t: int, i: int, weight: float, units: float, per_unit: float, terms: Terms,
    choices: Mapping[str, Choice],
) -> Leg:  # fmt: skip
    instrument = market.instruments[i]
    price, fx = market.price[t, i], market.fx[t, i]
    notional = units * price if units else 0.0
    duration = market.duration[t, i]
    dv01 = None if units and np.isnan(duration) else (notional * fx * duration * BP if units else 0.0)
    choice = choices.get(instrument.name, Choice(None))
    future = choice.quote
    month, quarter = (_carry(market, t, i, horizon, terms, units) for horizon in (MONTH, QUARTER))
    return Leg(
        name=instrument.name,
        currency=instrument.currency,
        unit=UNITS.get(instrument.kind, "index units") if _priced(market, t, i) else "index units",
        price=_known(price / per_unit),
        weight=float(weight),
        units=float(units * per_unit),
        notional=float(notional),
        usd=float(notional * fx) if units else 0.0,
        dv01=None if dv01 is None else float(dv01),
        future=future.contract.name if future else None,
        contracts=None if future is None or dv01 is None else float(dv01 / future.dv01),
        carry_month=month[0],
        carry_quarter=quarter[0],
        roll_month=month[1],
        roll_quarter=quarter[1],
        rolls=not units or _rolls(market, t, i),
        why_none=choice.why_none,
    )


def _priced(market: Market, t: int, i: int) -> bool:
    return bool(market.lot[t, i] > 0 or np.isfinite(market.quoted[t, i]))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _carry(
    market: Market, t: int, i: int, horizon: float, terms: Terms, units: float
) -> tuple[float | None, float | None]:
    """What a leg as held earns over `horizon` years if nothing moves, currency included, and what of it is roll-down.

    Fractions of its notional.
    """
    if not units:
        return None, None
    held, name = np.full(len(market.dates), units), market.names[i]
    still = replace(market, instruments=tuple(replace(leg, rolldown=False) for leg in market.instruments))
    earned, carry = (carry_ahead(of, name, horizon, held, terms.currency, terms.basis)[t] for of in (market, still))
    sign = np.sign(units)
    return _known(float(sign * earned)), _known(float(sign * (earned - carry)))


def _rolls(market: Market, t: int, i: int) -> bool:
    instrument = market.instruments[i]
    curve = market.curves[instrument.curve] if instrument.curve else None
    return curve is None or bool(np.isfinite(curve.at(instrument.maturity - QUARTER)[t]))


def _total(by_leg: Sequence[float | None], weights: Array) -> float | None:
    """Sum over the legs held, as a fraction of the base; None where that of one is not known."""
    held = [(value, abs(weight)) for value, weight in zip(by_leg, weights, strict=True) if weight]
    if any(value is None for value, _ in held):
        return None
    return float(sum(value * weight for value, weight in held if value is not None))


def _holding(market: Market, t: int, weights: Array) -> float:
    """Borrow and rolling over a quarter at the rates of the last bar, fraction of the base, positive."""
    if t == 0:
        return 0.0
    days = float((market.dates[t] - market.dates[t - 1]).astype(int))
    paid = np.abs(weights) * market.roll[t] + np.maximum(-weights, 0.0) * market.borrow[t]
    return float(paid.sum() / days * QUARTER * DAYS_A_YEAR)


def financing_spread(market: Market, weights: Array, margin: float, repo: float) -> float:
    """What longs that equity cannot pay for cost over a quarter beyond the overnight rate, fraction of the base.

    Listed longs above equity pay `margin`, bond longs above what is then left of it `repo`, both a year.
    """
    kinds = np.array([instrument.kind for instrument in market.instruments])
    long = np.maximum(weights, 0.0)
    listed, bonds = (float(long[np.isin(kinds, of)].sum()) for of in (["listed"], ["par_bond", "inflation_bond"]))
    paid = max(0.0, listed - 1.0) * margin + max(0.0, bonds - max(0.0, 1.0 - listed)) * repo
    return paid * QUARTER * DAYS_A_YEAR / market.countries.home.day_count
