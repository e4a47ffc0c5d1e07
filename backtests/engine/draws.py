"""Figures of many resampled histories at once, compiled: one pass a draw, nothing kept but a few numbers of it.

The same definitions as `performance.bootstrap`, which works them out array by array; for long records and many draws
that takes ten times as long. The long-run variance of the stationary bootstrap is a recursion here, an FFT there.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.pricing.bonds import Array

Rows = NDArray[np.int64]

SMALL = 1e-12
MOST = 0.97  # of an autocorrelation taken out before the long-run variance


@njit(cache=True, nogil=True)
def long_run_variance(u: Array, block: float) -> float:
    """T times the variance that the stationary bootstrap gives the mean of u (T,), by a recursion over its lags.

    With q the chance that a block goes on and c_k the circular autocovariance: `2 sum_k (1 - k/T) q^k c_k - c_0`.
    """
    n = len(u)
    q = 1.0 - 1.0 / block
    mean = 0.0
    for t in range(n):
        mean += u[t]
    mean /= n
    near = far = 0.0  # sums over lags of q^k u[t+k] and k q^k u[t+k], first for t = 0
    power = 1.0
    for k in range(n):
        near += power * (u[k] - mean)
        far += k * power * (u[k] - mean)
        power *= q
    wrap = power  # q^T: what comes round again
    first = u[0] - mean
    total = (near - far / n) * first
    squares = first * first
    for t in range(n - 1, 0, -1):
        v = u[t] - mean
        far = q * (near + far) - n * wrap * v
        near = q * near + (1.0 - wrap) * v
        total += (near - far / n) * v
        squares += v * v
    return float((2.0 * total - squares) / n)


@njit(cache=True, nogil=True)
def standard_error(u: Array, block: float) -> float:
    """Standard error of the mean of u (T,), prewhitened by an AR(1)."""
    n = len(u)
    mean = 0.0
    for t in range(n):
        mean += u[t]
    mean /= n
    power = product = 0.0
    for t in range(n):
        power += (u[t] - mean) ** 2
        if t:
            product += (u[t] - mean) * (u[t - 1] - mean)
    if power <= n * SMALL**2:
        return np.nan
    rho = min(max(product / power, -MOST), MOST)
    residual = np.empty(n - 1)
    for t in range(1, n):
        residual[t - 1] = (u[t] - mean) - rho * (u[t - 1] - mean)
    return float(np.sqrt(long_run_variance(residual, block) / n) / (1.0 - rho))


@njit(cache=True, nogil=True)
def chain(starts: Rows, chances: Array, begins: float) -> None:
    """Turn random rows (draws, T) into blocks of rows, in place: where the chance is above, a block goes on."""
    draws, n = starts.shape
    for d in range(draws):
        for t in range(1, n):
            if chances[d, t] > begins:
                following = starts[d, t - 1] + 1
                starts[d, t] = following if following < n else 0


@njit(cache=True, nogil=True)
def figures(x: Array, rows: Rows, block: float) -> Array:
    """Mean, its error, Sharpe ratio of a bar and its error (draws, 4) of `x[rows]`, (draws, T)."""
    draws, n = rows.shape
    result = np.empty((draws, 4))
    path, influence = np.empty(n), np.empty(n)
    for d in range(draws):
        mean = 0.0
        for t in range(n):
            path[t] = x[rows[d, t]]
            mean += path[t]
        mean /= n
        squares = 0.0
        for t in range(n):
            squares += (path[t] - mean) ** 2
        deviation = np.sqrt(squares / (n - 1))
        ratio = mean / deviation if deviation > SMALL else np.nan
        for t in range(n):
            z = (path[t] - mean) / deviation if deviation > SMALL else np.nan
            influence[t] = z - ratio / 2.0 * (z * z - 1.0)
        result[d] = mean, standard_error(path, block), ratio, standard_error(influence, block)
    return result


@njit(cache=True, nogil=True)
def depths(x: Array, rows: Rows, before: float) -> tuple[Array, float]:
    """Largest drawdown (draws,) of each `x[rows]` about the mean of the one before, and the mean of the last."""
    draws, n = rows.shape
    result = np.empty(draws)
    middle = 0.0
    for t in range(n):
        middle += x[t]
    middle /= n
    for d in range(draws):
        drift = before - middle
        growth, peak, deepest, before = 1.0, 1.0, 0.0, 0.0
        for t in range(n):
            bar = x[rows[d, t]]
            before += bar
            growth *= 1.0 + max(bar + drift, -1.0)
            peak = max(peak, growth)
            deepest = max(deepest, 1.0 - growth / peak)
        before /= n
        result[d] = deepest
    return result, before
