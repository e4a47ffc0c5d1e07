"""Par yields of spot curves: what a bond must pay to be worth par where zero-coupon rates are quoted.

Fabozzi, *Fixed Income Mathematics*, on spot rates and par yields.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.countries import Compounding
from data.pricing.bonds import Array

NEAR = 1e-9  # of a coupon period: a tenor this near a coupon date is one


def par_of_spot(tenors: Array, spot: Array, coupons: int, compounding: Compounding) -> Array:
    """Par yields (T, k) at the tenors of spot rates (T, k), decimals; NaN where no spot rate is quoted.

    `y = f (1 - DF(M)) / (sum_j DF(M - j/f) - (1 - w))` with f = `coupons` a year and w in (0, 1] of a period to the
    first: the coupon at which a bond is worth par and what has accrued. Spot rates are linear between the tenors quoted
    on the row, and flat before the shortest.
    """
    payments = [_payments(float(tenor), coupons) for tenor in tenors]
    times = np.concatenate(payments)
    ends = np.cumsum([len(years) for years in payments])
    starts = np.concatenate([[0], ends[:-1]])
    accrued = 1.0 - coupons * times[starts]
    result = np.full(spot.shape, np.nan)
    quoted = ~np.isnan(spot)
    for t in np.flatnonzero(quoted.any(axis=1)):
        rates = np.interp(times, tenors[quoted[t]], spot[t, quoted[t]])
        factors = discount(rates, times, compounding)
        par = coupons * (1.0 - factors[ends - 1]) / (np.add.reduceat(factors, starts) - accrued)
        result[t] = np.where(quoted[t], par, np.nan)
    return result


def discount(rates: Array, years: NDArray[np.float64], compounding: Compounding) -> Array:
    """Discount factors of spot rates (k,) over `years` (k,)."""
    if compounding == "continuous":
        return np.asarray(np.exp(-rates * years))
    return np.asarray((1.0 + rates / compounding) ** (-compounding * years))


def _payments(tenor: float, coupons: int) -> NDArray[np.float64]:
    """Years to each coupon, the first to the last, of a bond that ends after `tenor` years."""
    count = max(1, int(np.ceil(coupons * tenor - NEAR)))
    return tenor - np.arange(count - 1, -1, -1) / coupons
