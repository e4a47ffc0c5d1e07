"""Forward par yields: those a curve implies for a later date, were there no risk premium.

Fabozzi, *Fixed Income Mathematics*, on bootstrapping spot rates from par yields and on implied forward rates.
"""

from __future__ import annotations

import numpy as np

from data.pricing.bonds import Array
from data.pricing.curves import Curve


def forward_par(curve: Curve, ahead: float, maturity: float) -> Array:
    """Par yield (T,), `ahead` years from each row, of a bond of `maturity` years, implied by that row's own curve.

    `F = 2 (DF(h) - DF(h+M)) / sum_k DF(h + k/2)`, k = 1..2M, with h = `ahead` and M = `maturity`: what the yield will
    be if holding any bond until then earns the same. NaN where a half-yearly maturity up to h + M does not exist.

    Raises
    ------
    ValueError
        A maturity that is not a positive multiple of half a year, or a forward that starts in the past.
    """
    if maturity <= 0 or (2 * maturity) % 1 or ahead < 0:
        raise ValueError(
            f"forward of {maturity:g} years, {ahead:g} ahead: the maturity must be a positive multiple of 0.5, "
            "the start 0 or later"
        )
    whole = int(np.floor(2 * ahead))
    past = 2 * ahead - whole  # of a half-year, beyond the last point of the grid
    payments = int(2 * maturity)
    logs = np.log(discount_factors(curve, whole + payments + (past > 0)))
    start = logs[:, whole : whole + payments + 1]
    between = start if past == 0 else (1 - past) * start + past * logs[:, whole + 1 : whole + payments + 2]
    discount = np.exp(between)
    return np.asarray(2 * (discount[:, 0] - discount[:, -1]) / discount[:, 1:].sum(axis=1))


def discount_factors(curve: Curve, periods: int) -> Array:
    """Discount factors (T, periods + 1) at 0, 0.5, ... years that price every row's half-yearly par bonds at par.

    Par yields are read by the curve's own rule; below the shortest quoted tenor that tenor's yield is used. From the
    first maturity on that does not exist, and where a par bond cannot be repaid (an absurd curve), they are NaN.
    """
    factors = np.ones((len(curve.dates), periods + 1))
    coupons = np.zeros(len(curve.dates))  # sum of the factors so far
    for k in range(1, periods + 1):
        half = _par(curve, k / 2) / 2
        factor = (1 - half * coupons) / (1 + half)
        factors[:, k] = np.where(factor > 0, factor, np.nan)
        coupons = coupons + factors[:, k]
    return factors


def _par(curve: Curve, maturity: float) -> Array:
    """Par yield (T,); below the shortest quoted tenor, the yield of that."""
    quoted = ~np.isnan(curve.yields)
    first = quoted.argmax(axis=1)
    short = quoted.any(axis=1) & (maturity < curve.tenors[first])
    return np.where(short, curve.yields[np.arange(len(first)), first], curve.at(maturity))
