"""What a variant would hold now: its decision, its legs in money and risk, their carry, their worst days and months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from backtests.config import Config, Variant
from backtests.engine import ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.carry import carry_ahead
from backtests.engine.result import Result
from backtests.runs import setup
from backtests.runs.window import Span, span
from backtests.ticket.futures import Quote, priced, quote
from data.errors import DataError
from data.instruments import BP
from data.market import MORE_THAN_WEEKLY, Flags, Market
from data.pricing.bonds import Array
from data.pricing.curves import DAYS_A_YEAR
from strategies.base import decisions_of, signals_of

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
    future: str | None
    contracts: float | None  # with the leg's DV01
    carry_month: float | None  # carry and roll-down as held, fraction of notional; None where nothing is held
    carry_quarter: float | None
    rolls: bool  # False where what is left of it after a quarter lies where its curve cannot be read
    held: float | None  # units; None: no holdings were given
    order: float | None  # units to trade
    order_usd: float | None
    cost: float | None  # USD, at the half-spread


@dataclass(frozen=True)
class Worst:
    """The worst bar or month of today's weights."""

    value: float  # fraction of the base, negative is a loss
    when: str


@dataclass(frozen=True)
class Sheet:
    """A variant's ticket; `missing` says why there is no target now, and is empty where there is one."""

    variant: Variant
    market: Market  # its legs
    fill: str
    signals: tuple[Signal, ...]
    missing: str
    window: Span | None = None  # of its own run up to now
    result: Result | None = None
    day: date | None = None  # the row decided on
    scheduled: bool = False  # whether that row is one of its rebalance schedule
    inside_band: bool = False  # of what is held: nothing trades
    base: float = 0.0  # USD
    legs: tuple[Leg, ...] = ()
    carry_month: float | None = None  # fraction of the base
    carry_quarter: float | None = None
    holding_quarter: float = 0.0  # borrow, rolling and financing spread over it, fraction of the base, positive
    worst_day: Worst | None = None  # None: no daily rows, or nothing held
    worst_month: Worst | None = None

    @property
    def dv01(self) -> tuple[float, float]:
        """USD a basis point of the long legs and of the short legs, both positive."""
        by_leg = [leg.dv01 or 0.0 for leg in self.legs]
        return sum(max(dv01, 0.0) for dv01 in by_leg), sum(max(-dv01, 0.0) for dv01 in by_leg)

    @property
    def net(self) -> dict[str, float]:
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
        if self.carry_quarter is None:
            return None, "the carry of a leg is not known"
        if risk < SMALL:
            return None, "it has no DV01"
        return (self.carry_quarter - self.holding_quarter) * self.base / risk * BP, ""


def make_sheet(variant: Variant, market: Market, config: Config, held: Mapping[str, float] | None) -> Sheet:
    """Return a variant's ticket on the last row of a market that ends with it; `held` is in units, by instrument.

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
        return Sheet(variant, legs, fill, _signals(signals, legs, last), str(error))
    setup.check_clock(variant, legs, window)
    t = window.rows.stop - 1
    terms = setup.terms(variant, config, legs)
    book = prepare(legs, variant.strategy.targets(legs), window.rows, terms, decisions_of(variant.strategy, legs))
    undecided = Sheet(variant, legs, fill, _signals(signals, legs, t), "", window, ledger.run(book))
    if (legs.dates[last] - legs.dates[t]).astype(int) > (LATE_DAYS if legs.daily else 0):
        return replace(undecided, missing=_why(legs, signals), signals=_signals(signals, legs, last))
    return _decided(undecided, market, book, terms, held)


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


def _decided(undecided: Sheet, market: Market, run: Book, terms: Terms, held: Mapping[str, float] | None) -> Sheet:
    """Fill in what the last row of a run's book decides; legs held that the variant does not name are added."""
    assert undecided.window is not None
    t = undecided.window.rows.stop - 1
    own_legs = undecided.market
    names = [*own_legs.names, *(name for name in held or {} if name not in own_legs.names)]
    wide = market.select(names)
    targets = np.zeros((len(wide.dates), len(names)))
    targets[t, : len(own_legs.names)] = run.targets[-1]
    now = prepare(wide, targets, slice(t, t + 1), replace(terms, size_on="capital"))._replace(band=run.band[-1:])
    per_unit = _shares(wide, t)
    held_units = None if held is None else np.array([held.get(name, 0.0) for name in names]) / per_unit
    target = _units(now._replace(band=np.zeros(1)), np.zeros(len(names)))
    traded = target if held_units is None else _units(now, held_units)
    legs = [_leg(wide, t, i, now.targets[0, i], target[i], per_unit[i], terms) for i in range(len(names))]
    if held_units is not None:
        orders = traded - held_units
        legs = [_ordered(leg, wide, t, i, held_units[i], orders[i], per_unit[i]) for i, leg in enumerate(legs)]
    weights = np.array([leg.usd for leg in legs]) / terms.capital
    history = prepare(own_legs, np.zeros_like(own_legs.price), slice(0, t + 1), terms)
    worst_day, worst_month = _worst(history, weights[: len(own_legs.names)], own_legs.periods_per_year)
    return replace(
        undecided,
        day=wide.dates[t].astype(object),
        scheduled=bool(run.decides[-1]),
        inside_band=held_units is not None
        and bool(np.array_equal(traded, held_units) and not np.array_equal(target, held_units)),
        base=terms.capital,
        legs=tuple(legs),
        carry_month=_total([leg.carry_month for leg in legs], weights),
        carry_quarter=_total([leg.carry_quarter for leg in legs], weights),
        holding_quarter=_holding(wide, t, weights)
        + financing_spread(wide, weights, terms.margin_spread, terms.repo_spread),
        worst_day=worst_day,
        worst_month=worst_month,
    )


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
    return np.asarray(np.nan_to_num(path.due[book.lag]))  # nothing is wanted of a leg that has no price


def _leg(market: Market, t: int, i: int, weight: float, units: float, per_unit: float, terms: Terms) -> Leg:
    instrument = market.instruments[i]
    price, fx = market.price[t, i], market.fx[t, i]
    notional = units * price if units else 0.0
    duration = market.duration[t, i]
    dv01 = None if units and np.isnan(duration) else (notional * fx * duration * BP if units else 0.0)
    future = _future(market, t, i)
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
        carry_month=_carry(market, t, i, MONTH, terms, units),
        carry_quarter=_carry(market, t, i, QUARTER, terms, units),
        rolls=not units or _rolls(market, t, i),
        held=None,
        order=None,
        order_usd=None,
        cost=None,
    )


def _priced(market: Market, t: int, i: int) -> bool:
    return bool(market.lot[t, i] > 0 or np.isfinite(market.quoted[t, i]))


def _future(market: Market, t: int, i: int) -> Quote | None:
    """Return the contract in which a leg's DV01 is told: a future's own, else its country's."""
    instrument, fx = market.instruments[i], float(market.fx[t, i])
    if instrument.curve is None:
        return None
    curve = market.curves[instrument.curve].until(t)
    if instrument.kind == "future":
        return priced(instrument, curve, fx, market.countries)
    return quote(curve, fx, market.countries)


def _ordered(leg: Leg, market: Market, t: int, i: int, held: float, order: float, per_unit: float) -> Leg:
    usd = _known(order * market.price[t, i] * market.fx[t, i]) if order else 0.0
    spread = _known(market.spread[t, i])
    return replace(
        leg,
        held=float(held * per_unit),
        order=float(order * per_unit),
        order_usd=usd,
        cost=0.0 if usd == 0.0 else None if usd is None or spread is None else abs(usd) * spread,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _carry(market: Market, t: int, i: int, horizon: float, terms: Terms, units: float) -> float | None:
    """What a leg as held earns over `horizon` years if nothing moves, currency included; fraction of its notional."""
    if not units:
        return None
    held = np.full(len(market.dates), units)
    earned = carry_ahead(market, market.names[i], horizon, held, terms.currency, terms.basis)[t]
    return _known(float(np.sign(units) * earned))


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


def _worst(book: Book, weights: Array, periods_per_year: float) -> tuple[Worst | None, Worst | None]:
    """Worst day, on daily rows, and worst calendar month of the weights over all the history its legs share."""
    on = weights != 0
    if not on.any():
        return None, None
    gains = (_gains(book, weights)[:, on] * weights[on]).sum(axis=1)
    days, known = book.dates[1:], ~np.isnan(gains)
    if not known.any():
        return None, None
    days, gains = days[known].astype("datetime64[D]"), gains[known]
    month, at = np.unique(days.astype("datetime64[M]"), return_inverse=True)
    sums = np.bincount(at, weights=gains)
    k, m = int(gains.argmin()), int(sums.argmin())
    day = Worst(float(gains[k]), str(days[k])) if periods_per_year > MORE_THAN_WEEKLY else None
    return day, Worst(float(sums[m]), str(month[m]))


def _gains(book: Book, weights: Array) -> Array:
    """What a dollar of each leg earned (T-1, n) over each bar after funding, as the ledger books it, before borrow."""
    paid = np.where(weights > 0, book.funding_long, book.funding_short)[1:] / book.fx[:-1]
    income = np.where(weights > 0, book.income_long, book.income_short)
    grown = book.fx[1:] / book.fx[:-1]
    moved = (book.price[1:] + income[1:]) / book.price[:-1] - 1.0
    return np.asarray(moved * grown + book.fx_exposed * (grown - 1.0) - paid)
