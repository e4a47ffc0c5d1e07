"""Forward par yields: those a curve implies for a later date, were there no risk premium.

Fabozzi, *Fixed Income Mathematics*, on bootstrapping spot rates from par yields and on implied forward rates.
"""

from __future__ import annotations

import numpy as np

from data.pricing.bonds import Array
from data.pricing.curves import Curve

SLACK = 1e-9  # years


def forward_par(curve: Curve, ahead: float, maturity: float) -> Array:
    """Par yield (T,), `ahead` years from each row, of a bond of `maturity` years, implied by that row's own curve.

    `F = f (DF(h) - DF(h+M)) / sum_k DF(h + k/f)`, k = 1..f M, with h = `ahead`, M = `maturity` and f coupons a year:
    what the yield will be if holding any bond until then earns the same. NaN where the maturity of a coupon up to h + M
    does not exist.

    Raises
    ------
    ValueError
        A maturity that is not a positive multiple of the coupon period, or a forward that starts in the past.
    """
    f = curve.coupons
    if maturity <= 0 or (f * maturity) % 1 or ahead < 0:
        raise ValueError(
            f"forward of {maturity:g} years, {ahead:g} ahead: the maturity must be a positive multiple of {1 / f:g}, "
            "the start 0 or later"
        )
    whole = int(np.floor(f * ahead))
    past = f * ahead - whole  # of a coupon period, beyond the last point of the grid
    payments = int(f * maturity)
    logs = np.log(discount_factors(curve, whole + payments + (past > 0)))
    start = logs[:, whole : whole + payments + 1]
    between = start if past == 0 else (1 - past) * start + past * logs[:, whole + 1 : whole + payments + 2]
    discount = np.exp(between)
    return np.asarray(f * (discount[:, 0] - discount[:, -1]) / discount[:, 1:].sum(axis=1))


def discount_factors(curve: Curve, periods: int) -> Array:
    """Discount factors (T, periods + 1) at 0, 1/f, 2/f, ... years that price every row's par bonds at par.

    Par yields are read by the curve's own rule; below the shortest quoted tenor that tenor's yield is used. From the
    first maturity on that does not exist, and where a par bond cannot be repaid (an absurd curve), they are NaN.
    """
    factors = np.ones((len(curve.dates), periods + 1))
    annuity = np.zeros(len(curve.dates))  # sum of the factors so far
    for k in range(1, periods + 1):
        coupon = _par(curve, k / curve.coupons) / curve.coupons
        factor = (1 - coupon * annuity) / (1 + coupon)
        factors[:, k] = np.where(factor > 0, factor, np.nan)
        annuity = annuity + factors[:, k]
    return factors


def _par(curve: Curve, maturity: float) -> Array:
    """Par yield (T,); below the shortest quoted tenor, the yield of that."""
    quoted = ~np.isnan(curve.yields)
    first = quoted.argmax(axis=1)
    short = quoted.any(axis=1) & (maturity < curve.tenors[first])
    return np.where(short, curve.yields[np.arange(len(first)), first], curve.at(maturity))


def hurdle_yield(curve: Curve, row: int, ahead: float, maturity: float) -> float | None:
    """Par yield, `ahead` years from one row, of a bond of `maturity` years, by the row's curve read straight through.

    Par yields are linear between quoted tenors and flat outside, whatever lies between; discount factors log-linear
    between coupon dates. None where the bond would end beyond the last quoted tenor, or pays a broken coupon.
    """
    quoted = ~np.isnan(curve.yields[row])
    tenors, par = curve.tenors[quoted], curve.yields[row][quoted]
    f, payments = curve.coupons, round(curve.coupons * maturity)
    if not len(tenors) or ahead + maturity > tenors[-1] + SLACK or abs(payments - f * maturity) > SLACK or not payments:
        return None
    grid = np.arange(int(np.ceil(f * (ahead + maturity) - SLACK)) + 1) / f
    logs = np.zeros(len(grid))
    annuity = 0.0
    for k, coupon in enumerate(np.interp(grid[1:], tenors, par) / f, start=1):
        factor = (1.0 - coupon * annuity) / (1.0 + coupon)
        if factor <= 0.0:
            return None
        logs[k] = np.log(factor)
        annuity += factor
    discount = np.exp(np.interp(ahead + np.arange(payments + 1) / f, grid, logs))
    return float(f * (discount[0] - discount[-1]) / discount[1:].sum())
