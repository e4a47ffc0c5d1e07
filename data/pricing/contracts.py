"""Bond futures: what a bond delivered into a contract counts for, as the exchanges reckon it.

A bond counts at its conversion factor, its clean price per 1 of face at a yield of 6 % and at a life in whole months or
quarters (CME, *Calculating U.S. Treasury Futures Conversion Factors*; JPX, *Conversion Factors of JGB Futures*).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from data.errors import DataError, did_you_mean
from data.pricing.bonds import Array, price

NOTIONAL_YIELD = 0.06
EXACT = 6  # decimals of the last place kept, within which a factor is taken to be exact before it is cut off


@dataclass(frozen=True)
class Rule:
    """How an exchange counts a bond's life and rounds its factor."""

    day: int  # of the delivery month, from which whole months are counted
    months: int  # to a multiple of which a life is rounded down
    rounded: Callable[[float], float]


def _chicago(factor: float) -> float:
    """To four decimals."""
    return round(factor, 4)


def _tokyo(factor: float) -> float:
    """Cut off after six decimals."""
    return math.floor(round(factor * 1e6, EXACT)) / 1e6


RULES = {
    **{code: Rule(1, 1, _chicago) for code in ("TU", "FV")},
    **{code: Rule(1, 3, _chicago) for code in ("TY", "TN", "US", "UB")},
    "JB": Rule(20, 1, _tokyo),
}

NAMES = {
    "TU": "CBOT 2-year Treasury note future",
    "FV": "CBOT 5-year Treasury note future",
    "TY": "CBOT 10-year Treasury note future",
    "TN": "CBOT Ultra 10-year Treasury note future",
    "US": "CBOT Treasury bond future",
    "UB": "CBOT Ultra Treasury bond future",
    "JB": "OSE 10-year JGB future",
}
TICKS = {  # of a price per 100: CME Rulebook ch. 18 to 21, 26, 40; JPX, contract specifications
    "TU": 1 / 256, "FV": 1 / 128, "TY": 1 / 64, "TN": 1 / 64, "US": 1 / 32, "UB": 1 / 32, "JB": 0.01,
}  # fmt: skip
LONGEST = {"JB": 10.0}  # years: of the bonds it stands for, where its bucket holds longer ones that it does not


def conversion_factor(coupon: float, delivery: date, maturity: date, contract: str) -> float:
    """Return the exchange's factor of a bond, `coupon` a year, delivered in the month of `delivery` into a contract.

    Published: the note of 3.75 % to 2018-11-15 in TY of December 2008, the JGB of 0.4 % to 2025-03-20 in JB of March
    2016.

    >>> conversion_factor(0.0375, date(2008, 12, 1), date(2018, 11, 15), "TY")
    0.8357
    >>> conversion_factor(0.004, date(2016, 3, 20), date(2025, 3, 20), "JB")
    0.614901

    Raises
    ------
    DataError
        A contract there is not, or a bond that has no life left when it is delivered.
    """
    if contract not in RULES:
        raise DataError(f"unknown contract '{contract}'{did_you_mean(contract, RULES)}")
    rule = RULES[contract]
    whole = 12 * (maturity.year - delivery.year) + maturity.month - delivery.month - (maturity.day < rule.day)
    months = whole // rule.months * rule.months
    if months <= 0:
        raise DataError(
            f"a bond to {maturity} cannot be delivered into {contract} of {delivery:%Y-%m}: no life is left"
        )
    into = -months % 6 / 6  # of the coupon period that has passed
    return rule.rounded(float(price(coupon, NOTIONAL_YIELD, months / 12)) - coupon / 2 * into)


def par_factor(yield_: ArrayLike, life: ArrayLike, coupons: ArrayLike = 2) -> Array:
    """Conversion factor, not rounded, of a par bond of `life` years that yields `yield_`, on a coupon day."""
    return np.asarray(price(yield_, NOTIONAL_YIELD, life, coupons))
