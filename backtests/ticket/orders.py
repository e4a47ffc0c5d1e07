"""From targets to what is traded: whole contracts, shares and face, key-rate DV01 before and after, and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backtests.performance.financing import by_contract
from backtests.ticket.buckets import BUCKETS, bucket_of, key_rates
from backtests.ticket.futures import Choice, Quote, priced
from backtests.ticket.holdings import Held
from data.errors import ConfigError
from data.instruments import BP
from data.market import Market
from data.pricing.bonds import Array
from strategies.signals import yield_of

FACE = 1000.0  # local currency: what face and notional are rounded to
WHOLE = 1e-6  # of a contract, share or step: as near as rounding errors come


@dataclass(frozen=True)
class Unit:
    """What one contract, share, or 1 of face is worth and at risk of; local where not stated, NaN where not known."""

    instrument: str
    of: str  # contracts, shares, face or notional
    step: float  # that quantities are whole multiples of
    worth: float  # local value
    fx: float  # USD per local unit
    dv01: float  # USD
    cost: float  # half-spread, fraction of value
    curve: str | None  # whose key rates move it
    bucket: float | None  # that it belongs to as a whole
    quoted: float  # price as its market has it: per 100 of a bond or a future, of a share
    margin: float  # initial, USD, of a long or a short
    key_rates: Array = field(default_factory=lambda: np.zeros(len(BUCKETS)), compare=False)  # (5,) USD

    @property
    def usd(self) -> float:
        """USD value."""
        return self.worth * self.fx


@dataclass(frozen=True)
class Line:
    """One line to trade: what, how much is wanted, and, where holdings were given, the order. Signs are + long."""

    unit: Unit
    legs: tuple[str, ...]  # that it stands for; none where it is only held
    quantity: float
    why_face: str = ""  # why a bond is not traded in a contract
    held: float | None = None
    order: float | None = None

    @property
    def usd(self) -> float:
        """USD value wanted."""
        return self.quantity * self.unit.usd if self.quantity else 0.0

    @property
    def dv01(self) -> float | None:
        """USD gained as yields fall by a basis point; None where it is not known."""
        return _known(self.quantity * self.unit.dv01) if self.quantity else 0.0

    @property
    def margin(self) -> float:
        """USD that the position ties up as initial margin, nothing of it offset by another."""
        return abs(self.quantity) * self.unit.margin if self.quantity else 0.0

    @property
    def order_usd(self) -> float | None:
        """USD value to trade."""
        return self.order if not self.order else _known(self.order * self.unit.usd)

    @property
    def cost(self) -> float | None:
        """USD that the half-spread takes."""
        usd = self.order_usd
        return usd if not usd else _known(abs(usd) * self.unit.cost)


@dataclass(frozen=True)
class BucketRow:
    """DV01 of a curve at a key rate, USD a basis point, + gains as that yield falls."""

    curve: str
    years: float
    before: float | None  # of what is held; None: no holdings were given
    after: float  # of the targets
    lots: float  # of the whole contracts and the face they are traded in, contracts by their cheapest bonds
    residual: float  # target less contracts and face, each counted whole in its bucket: what rounding leaves
    half: float | None  # half a contract of the bucket; None where none is traded


@dataclass(frozen=True)
class Position:
    """What a leg is to be: a quantity of its own unit, not rounded."""

    unit: Unit
    quantity: float


def own_unit(market: Market, t: int, i: int, per_unit: float) -> Unit:
    """Return the unit in which an instrument itself is traded; `per_unit` are its market's units in a ledger unit."""
    leg, price, fx = market.instruments[i], float(market.price[t, i]), float(market.fx[t, i])
    duration, cost, keys = float(market.duration[t, i]), float(market.spread[t, i]), np.zeros(len(BUCKETS))
    if leg.curve is not None:
        yield_ = float(yield_of(market, leg.name)[t])
        keys = key_rates(yield_, leg.maturity, market.countries.of_curve(leg.curve).coupons) * fx
        if leg.kind == "future":
            quote = priced(leg, market.curves[leg.curve].until(t), fx, market.countries)
            return contract_unit(quote, cost) if quote else _blank(leg.name, "contracts", leg.curve)
    bucket = None if leg.curve is None else bucket_of(leg.maturity)
    if leg.kind == "listed" and (market.lot[t, i] > 0 or np.isfinite(market.quoted[t, i])):
        worth = price / per_unit
        step = leg.lot or 1.0
        risk = worth * fx * duration * BP
        margin = leg.margin_rate * worth * fx
        return Unit(leg.name, "shares", step, worth, fx, risk, cost, leg.curve, bucket, worth, margin, keys * worth)
    of = "face" if leg.kind in ("par_bond", "inflation_bond") else "notional"
    quoted = 100.0 if of == "face" else np.nan
    dv01 = fx * duration * BP if leg.kind != "cash" else 0.0
    return Unit(leg.name, of, FACE, 1.0, fx, dv01, cost, leg.curve, bucket, quoted, leg.margin_rate * fx, keys)


def contract_unit(quote: Quote, cost: float) -> Unit:
    """Return the unit of a contract."""
    contract = quote.contract
    local = float(contract.initial_margin or 0.0) if by_contract(contract) else contract.margin_rate * quote.worth
    return Unit(
        contract.name, "contracts", 1.0, quote.worth, quote.fx, quote.dv01, cost, contract.curve, quote.bucket,
        quote.price(), local * quote.fx, quote.key_rates,
    )  # fmt: skip


def _blank(name: str, of: str, curve: str | None) -> Unit:
    return Unit(name, of, 1.0, *(np.nan,) * 4, curve, None, np.nan, np.nan)


def quantity_of(held: Held, unit: Unit, market: Market, t: int, i: int, per_unit: float) -> float:
    """Return what a file says is held of an instrument in its unit.

    Raises
    ------
    ConfigError
        Shares of a fund whose price is not stored, notional of one that is counted in shares, units without a price.
    """
    if held.of == "units":
        if unit.of == "shares" or (unit.of == "contracts" and market.lot[t, i] > 0) or not held.quantity:
            return held.quantity
        local = held.quantity / per_unit * float(market.price[t, i])
        if not np.isfinite(local):
            day = market.dates[t].astype("datetime64[D]")
            raise ConfigError(
                f"--holdings: {unit.instrument} has no price on {day}, so its units are worth nothing known; "
                f"state its {unit.of}, with the columns quantity and of"
            )
        return float(local / unit.worth)
    if held.of != unit.of:
        raise ConfigError(f"--holdings: {unit.instrument} is counted in {unit.of} here, not in {held.of}; restate it")
    return held.quantity


def lines(
    wanted: Mapping[str, Position], choices: Mapping[str, Choice], held: Mapping[str, Position] | None, band: float
) -> tuple[tuple[Line, ...], bool]:
    """Return what is traded for the legs `wanted`, and whether what is held lies inside the rebalance band.

    A leg that is held itself, or has no contract of its own, is traded itself; any other in its contract. What is
    held for no leg is closed. Inside the band of every line, as in a run, nothing trades.
    """
    own = held or {}
    units: dict[str, Unit] = {}
    exact: dict[str, float] = {}  # not rounded
    legs: dict[str, list[str]] = {}
    why: dict[str, str] = {}
    for name, position in wanted.items():
        unit, quantity, why[name] = _traded_as(name, position, choices, own)
        units.setdefault(unit.instrument, unit)
        exact[unit.instrument] = exact.get(unit.instrument, 0.0) + quantity
        legs.setdefault(unit.instrument, []).append(name)
    for name, position in own.items():
        if name not in units:
            units[name], exact[name] = position.unit, 0.0
    rounded = {name: units[name].step * round(quantity / units[name].step) for name, quantity in exact.items()}
    before = {name: own[name].quantity if name in own else 0.0 for name in units}
    orders = {name: _order(rounded[name] - before[name], units[name]) for name in units}
    inside = any(orders.values()) and all(abs(exact[name] - before[name]) <= band * abs(exact[name]) for name in units)
    return tuple(
        Line(
            units[name], tuple(legs.get(name, ())), rounded[name], why.get(name, ""),
            None if held is None else before[name],
            None if held is None else 0.0 if inside else orders[name],
        )
        for name in units
        if rounded[name] or before[name]
    ), held is not None and inside  # fmt: skip


def _traded_as(
    leg: str, position: Position, choices: Mapping[str, Choice], held: Mapping[str, Position]
) -> tuple[Unit, float, str]:
    """In what a leg is traded, how much of it that is, not rounded, and why not in a contract."""
    choice = choices.get(leg, Choice(None))
    if position.unit.of == "contracts":
        return position.unit, position.quantity, ""
    itself = leg in held and held[leg].quantity
    if choice.quote is None or itself:
        why = "it is held itself" if itself and choice.quote else choice.why_none
        return position.unit, position.quantity, why if position.quantity else ""
    unit = contract_unit(choice.quote, choice.quote.contract.half_spread)
    return unit, position.quantity * position.unit.dv01 / choice.quote.dv01, ""


def _order(difference: float, unit: Unit) -> float:
    """What is traded; of face and notional less than half a step is what rounding leaves."""
    least = WHOLE if unit.of in ("contracts", "shares") else unit.step * (0.5 + WHOLE)
    return 0.0 if abs(difference) <= least else difference


def buckets(
    wanted: Mapping[str, Position], traded: Sequence[Line], held: Mapping[str, Position] | None
) -> tuple[BucketRow, ...]:
    """Return key-rate DV01 by curve and bucket, of every curve on which anything is held or wanted."""
    positions = [(position.unit, position.quantity) for position in wanted.values()]
    lots = [(line.unit, line.quantity) for line in traded]
    before = [(position.unit, position.quantity) for position in (held or {}).values()]
    curves = dict.fromkeys(unit.curve for unit, quantity in (*positions, *before) if unit.curve and quantity)
    standing = {line.unit.instrument: line for line in traded}
    whole = [(unit, quantity, _bucket(name, traded)) for name, (unit, quantity) in zip(wanted, positions, strict=True)]
    rows = []
    for curve in curves:
        of_target, of_lots, of_held = (_keys(curve, items) for items in (positions, lots, before))
        for k, years in enumerate(BUCKETS):
            left = sum(unit.dv01 * quantity for unit, quantity, at in whole if unit.curve == curve and at == years)
            left -= sum(
                line.dv01 or 0.0
                for line in standing.values()
                if line.legs and line.unit.curve == curve and line.unit.bucket == years
            )
            halves = [
                line.unit.dv01 / 2
                for line in traded
                if line.legs and line.unit.of == "contracts" and (line.unit.curve, line.unit.bucket) == (curve, years)
            ]
            rows.append(
                BucketRow(
                    curve, years, None if held is None else float(of_held[k]), float(of_target[k]), float(of_lots[k]),
                    float(left), min(halves) if halves else None,
                )
            )  # fmt: skip
    return tuple(rows)


def _bucket(leg: str, traded: Sequence[Line]) -> float | None:
    """The bucket in which a leg is counted: that of what it is traded in."""
    return next((line.unit.bucket for line in traded if leg in line.legs), None)


def _keys(curve: str, items: Sequence[tuple[Unit, float]]) -> Array:
    total = np.zeros(len(BUCKETS))
    for unit, quantity in items:
        if unit.curve == curve and quantity:
            total += quantity * unit.key_rates
    return total


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
