"""Key rates: how much of a bond's DV01 stands at 2, 5, 10, 20 and 30 years.

A key rate's move is 1 at its own maturity and falls in a straight line to 0 at its neighbours'; the first and the last
go on beyond the ends, so that all five moves together are a parallel one. Ho, *Key Rate Durations*, J. Fixed Income 2,
1992; of par yields here.
"""

from __future__ import annotations

import numpy as np

from data.instruments import BP
from data.pricing.bonds import Array, price

BUCKETS = (2.0, 5.0, 10.0, 20.0, 30.0)  # years
BEGINS = (3.5, 6.0, 12.5, 25.0)  # maturity from which a bond belongs to the 5-, 10-, 20- and 30-year bucket


def bucket_of(maturity: float) -> float:
    """Return the bucket that a bond belongs to as a whole, in years.

    >>> bucket_of(2.0), bucket_of(6.5), bucket_of(16.0), bucket_of(25.0)
    (2.0, 10.0, 20.0, 30.0)
    """
    return BUCKETS[sum(maturity >= begin for begin in BEGINS)]


def shares(maturity: float) -> Array:
    """Return how far the yield of a maturity moves (5,) as each key rate moves by 1; they sum to 1.

    >>> shares(7.0).tolist(), shares(40.0).tolist()
    ([0.0, 0.6, 0.4, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0])
    """
    return np.array([np.interp(maturity, BUCKETS, np.eye(len(BUCKETS))[k]) for k in range(len(BUCKETS))])


def key_rates(yield_: float, maturity: float, coupons: int = 2) -> Array:
    """Key-rate DV01 (5,) of 1 of a par bond: what it gains as each key rate falls by a basis point, by repricing it."""
    half = shares(maturity) * BP / 2
    return np.asarray(price(yield_, yield_ - half, maturity, coupons) - price(yield_, yield_ + half, maturity, coupons))
