"""Contracts: which future a leg is traded in, and how many of it have the leg's DV01.

A contract is that of data/instruments.py: its face of its cheapest bond to deliver, the par bond of a stated maturity,
over that bond's conversion factor. No value is put on the choice among the bonds that may be delivered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backtests.ticket.buckets import bucket_of, key_rates
from data.countries import COUNTRIES, Countries
from data.instruments import BP, LIBRARY, Instrument
from data.market import Market
from data.pricing.bonds import Array, par_duration, price
from data.pricing.contracts import LONGEST, NAMES, par_factor
from data.pricing.curves import Curve


@dataclass(frozen=True)
class Quote:
    """A contract on one day."""

    contract: Instrument
    yield_: float  # of the bond taken as cheapest
    tenor: float  # whose yield that is: its own maturity, or the nearest quoted where the curve cannot be read there
    factor: float  # conversion factor
    dv01: float  # USD a contract gains as its bond's yield falls by a basis point
    fx: float = 1.0  # USD per local unit
    coupons: int = 2  # of its bond a year
    key_rates: Array = field(default_factory=lambda: np.zeros(0), compare=False)  # (5,) of the DV01, USD

    @property
    def name(self) -> str:
        """The exchange's and the contract's."""
        return NAMES.get(self.contract.name, self.contract.name)

    @property
    def bucket(self) -> float:
        """The bucket whose bonds it stands for, years."""
        return bucket_of(self.contract.maturity)

    @property
    def worth(self) -> float:
        """Local value of the bonds that a contract stands for: its face of the cheapest over the factor."""
        return self.contract.face / self.factor

    def price(self, move: float = 0.0) -> float:
        """Price, per 100, with the bond's yield moved at once: the bond's over the factor, no carry to delivery."""
        bond = price(self.yield_, self.yield_ + move, self.contract.maturity, self.coupons)
        return float(100.0 * bond / self.factor)


def quote(curve: Curve, fx: float, countries: Countries = COUNTRIES) -> Quote | None:
    """Return its country's contract of ten-year bonds on a curve's last row; None where there is none."""
    country = countries.of_curve(curve.name)
    codes = country.futures if curve.name == country.code else ()
    code = next((code for code in codes if bucket_of(LIBRARY[code].maturity) == 10.0), None)
    return None if code is None else priced(LIBRARY[code], curve, fx, countries)


def priced(contract: Instrument, curve: Curve, fx: float, countries: Countries = COUNTRIES) -> Quote | None:
    """Return a contract on a curve's last row at `fx` USD per local unit; None where there is no yield.

    Where its maturity can neither be read nor interpolated its yield is taken to be the nearest quoted tenor's: a
    wrong yield moves the DV01 by about 0.1 % a basis point at most, a wrong maturity would move it by a third.
    """
    quoted = np.flatnonzero(~np.isnan(curve.yields[-1]))
    if not quoted.size or not np.isfinite(fx):
        return None
    tenor, yield_ = contract.maturity, float(curve.at(contract.maturity)[-1])
    if np.isnan(yield_):
        nearest = quoted[np.abs(curve.tenors[quoted] - contract.maturity).argmin()]
        tenor, yield_ = float(curve.tenors[nearest]), float(curve.yields[-1, nearest])
    coupons = countries.of_curve(curve.name).coupons
    factor = float(par_factor(yield_, contract.maturity, coupons))
    worth = contract.face / factor * fx
    dv01 = worth * float(par_duration(yield_, contract.maturity, coupons)) * BP
    keys = key_rates(yield_, contract.maturity, coupons) * worth
    return Quote(contract, yield_, tenor, factor, dv01, fx, coupons, keys)


# ---- which contract a leg is traded in


@dataclass(frozen=True)
class Choice:
    """The contract of a leg's own bucket, or why there is none."""

    quote: Quote | None
    why_none: str = ""
    nearer: Quote | None = None  # another of the bucket, whose bond's life is nearer the leg's own


def choose(
    market: Market, t: int, weights: Mapping[str, float], library: Mapping[str, Instrument]
) -> dict[str, Choice]:
    """Return the contract of each leg held on row `t`, legs of `weights`, + long, from the shortest to the longest.

    A future is its own. Any other nominal bond takes its bucket's contract of its country, the shorter first where
    there are two; no contract is taken by both a long and a short leg, so that nothing is traded against itself.
    """
    legs = {market.instruments[i].name: i for i in range(len(market.instruments))}
    held = [market.instruments[legs[name]] for name, weight in weights.items() if weight]
    sides = {leg.name: weights[leg.name] > 0 for leg in held if leg.kind == "future"}
    chosen: dict[str, Choice] = {}
    for leg in sorted(held, key=lambda leg: leg.maturity):
        fx = float(market.fx[t, legs[leg.name]])
        if leg.kind == "future":
            curve = market.curves[str(leg.curve)].until(t)
            chosen[leg.name] = Choice(priced(leg, curve, fx, market.countries))
            continue
        fitting, why = _fitting(market, t, leg, library)
        free = [code for code in fitting if sides.get(code, weights[leg.name] > 0) == (weights[leg.name] > 0)]
        if not free:
            chosen[leg.name] = Choice(None, why or f"{' and '.join(fitting)} is the other side's")
            continue
        sides[free[0]] = weights[leg.name] > 0
        away = {code: abs(library[code].maturity - leg.maturity) for code in free}
        curve = market.curves[str(leg.curve)].until(t)
        nearest = min(free, key=lambda code: away[code])
        quotes = {code: priced(library[code], curve, fx, market.countries) for code in {free[0], nearest}}
        chosen[leg.name] = Choice(quotes[free[0]], nearer=quotes[nearest] if nearest != free[0] else None)
    return chosen


def _fitting(market: Market, t: int, leg: Instrument, library: Mapping[str, Instrument]) -> tuple[list[str], str]:
    """Contracts listed on a row that stand for a leg's bucket, from short to long; where there are none, why."""
    if leg.curve is None:
        return [], "it has no yield"
    country = market.countries.of_curve(leg.curve)
    if leg.indexed:
        return [], f"no future is on {country.linkers}"
    bucket = bucket_of(leg.maturity)
    codes = [code for code in country.futures if code in library and bucket_of(library[code].maturity) == bucket]
    codes = [code for code in codes if leg.maturity <= LONGEST.get(code, np.inf)]
    codes.sort(key=lambda code: library[code].maturity)
    if not codes:
        return [], f"no contract is on {country.bonds} of {leg.maturity:g} years"
    day = market.dates[t].astype("datetime64[D]").astype(object)
    listed = [code for code in codes if (library[code].listed_on or day) <= day]
    return listed, "" if listed else f"{codes[0]} is listed since {library[codes[0]].listed_on}"


def named(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Return quotes by contract, each once, in the order of the table."""
    by_name = {quote.contract.name: quote for quote in reversed(quotes)}
    order = {name: place for place, name in enumerate(NAMES)}
    return tuple(sorted(by_name.values(), key=lambda quote: order.get(quote.contract.name, len(order))))
