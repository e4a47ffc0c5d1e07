"""The stationary bootstrap: block lengths, draws of rows, and the figures of a draw with their standard errors.

Politis and Romano, J. American Statistical Association 89, 1994; Politis and White, Econometric Reviews 23, 2004.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.performance.metrics import SMALL
from data.pricing.bonds import Array

COMPILED_FROM = 100_000  # figures resampled: a run has loaded the compiled form by then, which is four times as quick
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


def uniforms(bars: int, seed: int, draws: int) -> Iterator[tuple[Rows, Array]]:
    """What draws of so many bars are made from, whichever the record: batches of random rows and chances (k, T)."""
    generator = np.random.default_rng(seed)
    batch = max(1, BATCH // bars)
    for first in range(0, draws, batch):
        whole = draws <= batch
        yield _whole(bars, seed, draws) if whole else _random(generator, bars, min(batch, draws - first))


def chained(starts: Rows, chances: Array, block: float) -> Rows:
    """Rows (k, T) of draws: blocks of a mean length from a random start on, round the end to the beginning."""
    if "numba" in sys.modules:  # loaded already, it is quicker; the rows are the same
        from backtests.engine.draws import chain

        rows = starts.copy()
        chain(rows, chances, 1 / block)
        return rows
    return _chained(starts, chances, 1 / block)


def resamples(bars: int, block: float, seed: int, draws: int) -> Iterator[Rows]:
    """Rows of the draws, batches of (k, bars)."""
    return (chained(starts, chances, block) for starts, chances in uniforms(bars, seed, draws))


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


class Record(NamedTuple):
    """Returns (T,) and the mean blocks they are drawn with: for their estimates, and for their drawdowns."""

    x: Array
    block: float
    wide: float


def record_of(x: Array) -> Record:
    """Return a record with the blocks it calls for: drawdowns also follow how far its bars move, whichever way."""
    block, by_size = block_lengths(np.column_stack([x, np.abs(x)]))
    return Record(x, float(block), float(max(block, by_size)))


def estimates(x: Array, block: float) -> tuple[Array, Array, Array, Array]:
    """Mean and Sharpe ratio of a bar, each with its standard error, of each row of (..., T)."""
    sharpe, influence = _sharpe(x)
    return x.mean(axis=-1), standard_error(x, block), sharpe, standard_error(influence, block)


def drawn(records: Sequence[Record], seed: int, draws: int) -> list[Array]:
    """Figures (draws, 5) of resampled histories of each record, all of one length: `estimates`, and `depths`."""
    bars = len(records[0].x)
    figures, depths_of = _by_arrays if bars * draws < COMPILED_FROM else _compiled()
    parts: list[list[Array]] = [[] for _ in records]
    first: list[Rows] = []
    means = [np.nan] * len(records)
    for starts, chances in uniforms(bars, seed, draws):
        for i, (x, block, wide) in enumerate(records):
            rows = chained(starts, chances, block)
            again = rows if wide == block else chained(starts, chances, wide)
            if len(first) < len(records):
                first.append(again[:1].copy())
            depths, means[i] = depths_of(x, again, means[i])
            parts[i].append(np.column_stack([figures(x, rows, block), depths]))
    answers = [np.concatenate(part) for part in parts]
    for i, answer in enumerate(answers):  # the first draw's drift is the last one's mean
        answer[0, 4] = depths_of(records[i].x, first[i], means[i])[0][0]
    return answers


Figures = Callable[[Array, Rows, float], Array]
Depths = Callable[[Array, Rows, float], tuple[Array, float]]


def _compiled() -> tuple[Figures, Depths]:
    from backtests.engine import draws

    return draws.figures, draws.depths


def _figures(x: Array, rows: Rows, block: float) -> Array:
    return np.column_stack(estimates(x[rows], block))


def depths(x: Array, rows: Rows, before: float) -> tuple[Array, float]:
    """Largest drawdown (k,) of each history `x[rows]` about a mean of its own, and the mean of the last history.

    What the mean truly is nobody knows: each history's is that of the history before, drawn apart from its path, and of
    the first one `before`. A history of the same process differs from this one by both.
    """
    paths = x[rows]
    means = paths.mean(axis=-1)
    drift = np.concatenate([[before], means[:-1]]) - x.mean()
    return largest_drawdown(np.maximum(paths + drift[:, None], -1.0)), float(means[-1])


_by_arrays: tuple[Figures, Depths] = (_figures, depths)


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
