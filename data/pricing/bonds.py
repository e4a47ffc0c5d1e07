"""Par-bond price, duration and one-bar return in closed form: arrays in, arrays out.

Yields are semiannual bond-equivalent decimals (0.0425 is 4.25 %), maturities in years, prices per 1 of face.
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


def price(coupon: ArrayLike, yield_: ArrayLike, life: ArrayLike) -> Array:
    """Dirty price, per 1 of face, of a bond with `life` years left that pays `coupon` a year in halves.

    `P = (1+x)**(1-w) * (c/2 * A(x, k) + (1+x)**-k)` with x = yield/2, k = ceil(2 life) coupons left and w in
    (0, 1] of a period to the next one.
    """
    x = np.asarray(yield_, float) / 2.0
    periods = 2.0 * np.asarray(life, float)
    k = np.ceil(periods)
    w = periods - (k - 1.0)
    return np.asarray((1.0 + x) ** (1.0 - w) * (np.asarray(coupon, float) / 2.0 * annuity(x, k) + (1.0 + x) ** -k))


def par_duration(yield_: ArrayLike, maturity: ArrayLike) -> Array:
    """Modified duration, in years, of a bond at par: `A(y/2, 2M) / 2`.

    >>> round(float(par_duration(0.04, 10.0)), 9)
    8.175716672
    """
    return annuity(np.asarray(yield_, float) / 2.0, 2.0 * np.asarray(maturity, float)) / 2.0


def par_return(coupon: ArrayLike, yield_: ArrayLike, life: ArrayLike) -> Array:
    """One-bar return, a fraction, of a bond bought at par at yield `coupon` and valued `life` years from its end."""
    return price(coupon, yield_, life) - 1.0
