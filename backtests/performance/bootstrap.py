"""The stationary bootstrap: block lengths, draws of rows, and the figures of a draw with their standard errors.

Politis and Romano, J. American Statistical Association 89, 1994; Politis and White, Econometric Reviews 23, 2004.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backtests.performance.metrics import SMALL
from data.pricing.bonds import Array

COMPILED_FROM = 2_000_000  # figures resampled: below it, loading the compiled form takes longer than it saves
BATCH = 2**20  # figures resampled at a time, so that daily history fits in memory

Rows = NDArray[np.int64]


def block_lengths(columns: Array) -> Array:
    """Mean block (k,) of the stationary bootstrap that each column (T, k) calls for, in bars, at least 1.

    Politis and White (2004), as corrected by Patton, Politis and White, Econometric Reviews 28, 2009.
    """
    n = len(columns)
    run = max(5, int(np.log10(n)))  # this many correlations in a row that are none end the search
    lags = int(np.ceil(np.sqrt(n))) + run
    u = columns - columns.mean(axis=0)
    squares = np.cumsum(u**2, axis=0)
    covariance = np.array([(u[k:] * u[: n - k]).sum(axis=0) for k in range(lags + 1)])  # n times it
    ends = np.arange(1, lags + 2)
    with np.errstate(divide="ignore", invalid="ignore"):  # a column that is constant, at one end or whole
        correlation = np.abs(covariance) / np.sqrt((squares[-1] - squares[ends - 1]) * squares[n - ends - 1])
        small = (correlation < 2 * np.sqrt(np.log10(n) / n))[:-1]
        quiet = np.lib.stride_tricks.sliding_window_view(small, run, axis=0).all(axis=-1)
        widest = np.where(quiet.any(axis=0), np.minimum(2 * np.maximum(quiet.argmax(axis=0), 1), lags), lags)
        k = np.arange(1, lags + 1)[:, None]
        weights = np.clip(2 * (1 - k / widest), 0.0, 1.0)  # the flat-top lag window
        spread = 2 * (weights * k * covariance[1:]).sum(axis=0)
        level = covariance[0] + 2 * (weights * covariance[1:]).sum(axis=0)
        lengths = (spread / level) ** 2
        lengths = np.minimum(np.cbrt(lengths * n), np.ceil(min(3 * np.sqrt(n), n / 3)))
    return np.maximum(np.where(np.isfinite(lengths), lengths, 1.0), 1.0)


def resamples(bars: int, block: float, seed: int, draws: int) -> Iterator[Rows]:
    """Rows of the draws, batches of (k, bars): blocks from a random start on, round the end to the beginning."""
    generator = np.random.default_rng(seed)
    batch = max(1, BATCH // bars)
    for first in range(0, draws, batch):
        if draws <= batch:
            starts, chances = _whole(bars, seed, draws)
            starts = starts.copy()
        else:
            starts, chances = _random(generator, bars, min(batch, draws - first))
        if "numba" in sys.modules:  # loaded already, it is quicker; the rows are the same
            from backtests.engine.draws import chain

            chain(starts, chances, 1 / block)
            yield starts
        else:
            yield _chained(starts, chances, 1 / block)


def _random(generator: np.random.Generator, bars: int, draws: int) -> tuple[Rows, Array]:
    """Where a block would start, and the chance that one does, of every bar of the draws (draws, T)."""
    starts, chances = np.empty((draws, bars), dtype=np.int64), np.empty((draws, bars))
    for i in range(draws):
        starts[i], chances[i] = generator.integers(bars, size=bars), generator.random(bars)
    return starts, chances


@lru_cache(maxsize=2)
def _whole(bars: int, seed: int, draws: int) -> tuple[Rows, Array]:
    """Return `_random` of a seed, read-only: the variants of a run and the tests of their choice share it."""
    starts, chances = _random(np.random.default_rng(seed), bars, draws)
    starts.flags.writeable = chances.flags.writeable = False
    return starts, chances


def _chained(starts: Rows, chances: Array, begins: float) -> Rows:
    """Turn random rows (draws, T) into blocks of rows: where the chance is above, a block goes on."""
    place = np.arange(starts.shape[1])
    fresh = chances <= begins
    fresh[:, 0] = True
    since = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    return np.asarray((np.take_along_axis(starts, since, axis=1) + place - since) % len(place))


def estimates(x: Array, block: float) -> tuple[Array, Array, Array, Array]:
    """Mean and Sharpe ratio of a bar, each with its standard error, of each row of (..., T)."""
    sharpe, influence = _sharpe(x)
    return x.mean(axis=-1), standard_error(x, block), sharpe, standard_error(influence, block)


def drawn(x: Array, block: float, seed: int, draws: int) -> Array:
    """Figures (draws, 5) of resampled histories of x (T,): `estimates`, then the largest drawdown."""
    batches = resamples(len(x), block, seed, draws)
    if len(x) * draws >= COMPILED_FROM:
        from backtests.engine.draws import figures

        return np.concatenate([figures(x, rows, block) for rows in batches])
    return np.concatenate(
        [np.column_stack([*estimates(x[rows], block), largest_drawdown(x[rows])]) for rows in batches]
    )


def differences(x: Array, y: Array, block: float) -> tuple[Array, Array, Array, Array]:
    """Return `estimates` of x less those of y, with the errors of the differences."""
    (sharpe_x, influence_x), (sharpe_y, influence_y) = _sharpe(x), _sharpe(y)
    d = x - y
    return (
        d.mean(axis=-1),
        standard_error(d, block),
        sharpe_x - sharpe_y,
        standard_error(influence_x - influence_y, block),
    )


def _sharpe(x: Array) -> tuple[Array, Array]:
    """Sharpe ratio of a bar (...) and what each bar adds to its error (..., T); NaN where nothing moves."""
    deviation = x.std(axis=-1, ddof=1, keepdims=True)
    z = (x - x.mean(axis=-1, keepdims=True)) / np.where(deviation > SMALL, deviation, np.nan)
    ratio = x.mean(axis=-1, keepdims=True) / np.where(deviation > SMALL, deviation, np.nan)
    return ratio[..., 0], z - ratio / 2 * (z**2 - 1)  # the delta method


def standard_error(u: Array, block: float) -> Array:
    """Standard error of the mean of each row of (..., T), prewhitened by an AR(1) (Andrews and Monahan, 1992)."""
    u = u - u.mean(axis=-1, keepdims=True)
    power = np.sum(u**2, axis=-1, keepdims=True)
    rho = np.sum(u[..., 1:] * u[..., :-1], axis=-1, keepdims=True)
    rho = np.clip(rho / np.where(power > u.shape[-1] * SMALL**2, power, np.nan), -0.97, 0.97)
    residual = u[..., 1:] - rho * u[..., :-1]
    return np.asarray(np.sqrt(long_run_variance(residual, block) / u.shape[-1]) / (1 - rho[..., 0]))


def long_run_variance(u: Array, block: float) -> Array:
    """T times the variance that the stationary bootstrap gives the mean of each row of (..., T).

    Politis and Romano (1994), lemma 1: a weighted sum of circular autocovariances, here of their spectrum.
    """
    n = u.shape[-1]
    k = np.arange(n)
    continues = 1 - 1 / block  # chance that a block goes on
    weights = (1 - k / n) * continues**k
    weights[1:] += weights[1:][::-1].copy()
    counts = np.full(n // 2 + 1, 2.0)  # of each frequency, its conjugate included
    counts[0] = 1.0
    if n % 2 == 0:
        counts[-1] = 1.0
    spectrum = np.abs(np.fft.rfft(u - u.mean(axis=-1, keepdims=True), axis=-1)) ** 2
    return np.asarray(spectrum @ (counts * np.fft.rfft(weights).real) / n**2)


def largest_drawdown(x: Array) -> Array:
    """Largest drawdown of the index of excess returns, of each row of (..., T), positive."""
    path = np.cumprod(1.0 + x, axis=-1)
    peak = np.maximum(np.maximum.accumulate(path, axis=-1), 1.0)
    return np.asarray(np.max(1.0 - path / peak, axis=-1, initial=0.0))
