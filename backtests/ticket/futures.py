"""Futures equivalents: how many contracts have the DV01 of a leg.

Facts of the contracts, from the exchanges' specifications: both are on a notional coupon of 6 %, and a bond delivered
counts at its conversion factor, its price at a yield of 6 %. OSE 10-year JGB: face 100 million yen, JGBs with 7 years
or more but less than 11 left. CBOT 10-year note (TY): face 100,000 dollars, notes with six and a half years or more.

The approximation: the cheapest bond to deliver is taken to be the par bond of 7 years, which yields below 6 % make
the shortest bonds of the basket, and no value is put on the choice among them. A contract then has the DV01 of its
face of that bond over the conversion factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.countries import COUNTRIES, Countries
from data.instruments import BP
from data.pricing.bonds import par_duration, price
from data.pricing.curves import Curve

NOTIONAL_COUPON = 0.06
CHEAPEST = 7.0  # years left of the bond taken as cheapest to deliver


@dataclass(frozen=True)
class Contract:
    """A bond future."""

    code: str
    name: str
    face: float  # in its own currency


FUTURES = {
    contract.code: contract
    for contract in (
        Contract("TY", "CBOT 10-year Treasury note future", 100_000.0),
        Contract("JGB", "OSE 10-year JGB future", 100_000_000.0),
    )
}


@dataclass(frozen=True)
class Quote:
    """A contract on one day, by the approximation above."""

    contract: Contract
    yield_: float  # of the bond taken as cheapest
    tenor: float  # whose yield that is: the 7-year, or the nearest quoted one where the curve cannot be read there
    factor: float  # conversion factor
    dv01: float  # USD a contract gains as its bond's yield falls by a basis point


def quote(curve: Curve, fx: float, countries: Countries = COUNTRIES) -> Quote | None:
    """Return the contract on a curve's last row at `fx` USD per local unit; None where there is none, or no yield.

    Where the 7-year can neither be read nor interpolated its yield is taken to be the nearest quoted tenor's: a
    wrong yield moves the DV01 by about 0.1 % a basis point at most, a wrong maturity would move it by a third.
    """
    country = countries.of_curve(curve.name)
    codes = country.futures if curve.name == country.code else ()
    contract = next((FUTURES[code] for code in codes if code in FUTURES), None)
    quoted = np.flatnonzero(~np.isnan(curve.yields[-1]))
    if contract is None or not quoted.size or not np.isfinite(fx):
        return None
    tenor, yield_ = CHEAPEST, float(curve.at(CHEAPEST)[-1])
    if np.isnan(yield_):
        nearest = quoted[np.abs(curve.tenors[quoted] - CHEAPEST).argmin()]
        tenor, yield_ = float(curve.tenors[nearest]), float(curve.yields[-1, nearest])
    factor = float(price(yield_, NOTIONAL_COUPON, CHEAPEST, country.coupons))
    dv01 = contract.face * float(par_duration(yield_, CHEAPEST, country.coupons)) * BP / factor * fx
    return Quote(contract, yield_, tenor, factor, dv01)
