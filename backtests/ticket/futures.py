"""Futures equivalents: how many contracts have the DV01 of a leg.

A contract is that of data/instruments.py: its face of its cheapest bond to deliver, the par bond of a stated maturity,
over that bond's conversion factor. No value is put on the choice among the bonds that may be delivered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.countries import COUNTRIES, Countries
from data.instruments import BP, LIBRARY, Instrument
from data.pricing.bonds import par_duration
from data.pricing.contracts import par_factor
from data.pricing.curves import Curve

NAMES = {"TY": "CBOT 10-year Treasury note future", "JB": "OSE 10-year JGB future"}


@dataclass(frozen=True)
class Quote:
    """A contract on one day."""

    contract: Instrument
    yield_: float  # of the bond taken as cheapest
    tenor: float  # whose yield that is: its own maturity, or the nearest quoted where the curve cannot be read there
    factor: float  # conversion factor
    dv01: float  # USD a contract gains as its bond's yield falls by a basis point

    @property
    def name(self) -> str:
        """The exchange's and the contract's."""
        return NAMES[self.contract.name]


def quote(curve: Curve, fx: float, countries: Countries = COUNTRIES) -> Quote | None:
    """Return its country's contract on a curve's last row at `fx` USD per local unit; None where there is none."""
    country = countries.of_curve(curve.name)
    codes = country.futures if curve.name == country.code else ()
    code = next((code for code in codes if code in NAMES), None)
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
    dv01 = contract.face * float(par_duration(yield_, contract.maturity, coupons)) * BP / factor * fx
    return Quote(contract, yield_, tenor, factor, dv01)
