"""Causal array functions: row t of a result rests on rows up to t only. NaN while the window is not full."""

from __future__ import annotations

import numpy as np

from data.bonds import Array
from data.market import Market

STILL = 1e-12  # a deviation below this is rounding, not movement


def excess_returns(market: Market, name: str) -> Array:
    """Local return (T,), income included, less funding, before roll and borrow; NaN where a bar is missing."""
    i = market.column(name)
    returns = np.full(len(market.dates), np.nan)
    price = market.price[:, i]
    returns[1:] = (price[1:] + market.income[1:, i]) / price[:-1] - 1.0 - market.funding[1:, i]
    return returns


def _windows(values: Array, n: int) -> Array:
    """Return the last n values at each row from n-1 on, as a contiguous (T-n+1, n) array."""
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(values, n))


def rolling_deviation(values: Array, n: int) -> Array:
    """Sample standard deviation (T,) of the last n values, ddof 1; 0 where they differ by rounding only."""
    result = np.full(len(values), np.nan)
    if len(values) >= n:
        deviation = _windows(values, n).std(axis=1, ddof=1)
        result[n - 1 :] = np.where(deviation < STILL, 0.0, deviation)
    return result


def rolling_beta(values: Array, on: Array, n: int) -> Array:
    """Least-squares slope (T,) of the last n `values` on the last n of `on`; NaN where `on` does not vary."""
    result = np.full(len(values), np.nan)
    if len(values) >= n:
        y, x = _windows(values, n), _windows(on, n)
        x = x - x.mean(axis=1, keepdims=True)
        variance = (x * x).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (x * y).sum(axis=1) / variance
        result[n - 1 :] = np.where(variance > n * STILL**2, slope, np.nan)
    return result
