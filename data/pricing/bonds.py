"""Par-bond price, duration and one-bar return in closed form: arrays in, arrays out.

Yields are decimals (0.0425 is 4.25 %) compounded `coupons` times a year, as often as coupons are paid: semiannual
bond-equivalent by default. Maturities are in years, prices per 1 of face.
Formulas: Fabozzi, *Fixed Income Mathematics*, ch. 4 and 11; fractional first period by the ISMA convention.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def annuity(x: ArrayLike, k: ArrayLike) -> Array:
    """Present value of 1 paid at the end of each of k periods at a periodic yield x > -1.

    `A(x, k) = (1 - (1 + x)**-k) / x`, and k where x is 0.

    >>> float(annuity(0.0, 20.0))
    20.0
    """
    x, k = np.broadcast_arrays(np.asarray(x, float), np.asarray(k, float))
    flat = x == 0.0
    safe = np.where(flat, 1.0, x)
    return np.where(flat, k, -np.expm1(-k * np.log1p(safe)) / safe)


def price(coupon: ArrayLike, yield_: ArrayLike, life: ArrayLike, coupons: ArrayLike = 2) -> Array:
    """Dirty price, per 1 of face, of a bond with `life` years left that pays `coupon` a year in f = `coupons` parts.

    `P = (1+x)**(1-w) * (c/f * A(x, k) + (1+x)**-k)` with x = yield/f, k = ceil(f life) coupons left and w in
    (0, 1] of a period to the next one.
    """
    f = np.asarray(coupons, float)
    x = np.asarray(yield_, float) / f
    periods = f * np.asarray(life, float)
    k = np.ceil(periods)
    w = periods - (k - 1.0)
    return np.asarray((1.0 + x) ** (1.0 - w) * (np.asarray(coupon, float) / f * annuity(x, k) + (1.0 + x) ** -k))


def par_duration(yield_: ArrayLike, maturity: ArrayLike, coupons: ArrayLike = 2) -> Array:
    """Modified duration, in years, of a bond at par that pays f = `coupons` a year: `A(y/f, f M) / f`.

    >>> round(float(par_duration(0.04, 10.0)), 9)
    8.175716672
    """
    f = np.asarray(coupons, float)
    return np.asarray(annuity(np.asarray(yield_, float) / f, f * np.asarray(maturity, float)) / f)


def par_return(coupon: ArrayLike, yield_: ArrayLike, life: ArrayLike, coupons: ArrayLike = 2) -> Array:
    """One-bar return, a fraction, of a bond bought at par at yield `coupon` and valued `life` years from its end."""
    return price(coupon, yield_, life, coupons) - 1.0
