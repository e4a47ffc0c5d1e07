"""Probability of backtest overfitting, on cluster paths, beside what noise alone gives."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from backtests.performance.bootstrap import block_lengths, resamples
from backtests.performance.clusters import clusters, paths
from backtests.performance.metrics import SMALL
from backtests.performance.refusals import MINIMUM, variants_by_bar
from backtests.performance.verdicts_many import Overfitting
from data.errors import ConfigError
from data.pricing.bonds import Array

FEWEST = 4  # clusters; with fewer a rank means nothing
BLOCKS = 16
BAND = (0.05, 0.95)  # of the records of noise
DRAWS = 199  # of noise
FEWEST_DRAWS = 99
PAIRS = 640  # of halves, that a record of noise is ranked on: of all 6,435 its probability differs by about .01


def overfitting(matrix: ArrayLike, seed: int, blocks: int = BLOCKS, draws: int = DRAWS) -> Overfitting:
    """How often the best of one half of history ranks in the lower half in the other, by Sharpe ratio.

    Excess returns (T, k) become the paths of their clusters, for near-copies would rank beside themselves; these are
    cut into equal blocks, the oldest bars left over dropped. Each half of the blocks chooses its best path, the other
    half ranks it (Bailey, Borwein, Lopez de Prado and Zhu, J. Computational Finance 20, 2017). The band is that of
    records without skill: the same paths, means removed, their rows redrawn jointly by the stationary bootstrap.
    """
    table = variants_by_bar(matrix)
    if blocks < 2 or blocks % 2:
        raise ConfigError(f"blocks is {blocks}; expected an even number of at least 2")
    if draws < FEWEST_DRAWS:
        raise ConfigError(f"draws is {draws}; a band of noise needs at least {FEWEST_DRAWS}")
    n, k = table.shape
    columns = paths(table, clusters(table))
    count, size, splits = columns.shape[1], n // blocks, comb(blocks, blocks // 2)
    half = size * blocks // 2
    reason = None
    if count < FEWEST:
        reason = f"{_variants(k, count)}: at least {FEWEST} are needed to rank"
    elif half < MINIMUM:
        reason = f"only {half} bars in half of history: too few to rank on"
    elif not _varies(columns[n - size * blocks :], _halves(blocks)):
        reason = "a variant's returns do not vary in half of history: no rank"
    if reason:
        return Overfitting(None, k, n, splits, reason, count)
    kept = columns[n - size * blocks :]
    centred = kept - kept.mean(axis=0)
    batches = resamples(len(kept), float(block_lengths(kept).mean()), seed, draws)
    some = _some(_halves(blocks), seed)
    noise = [_probability(centred[rows], some) for batch in batches for rows in batch]
    low, high = np.quantile(noise, BAND, method="weibull")
    return Overfitting(probability(kept, blocks), k, n, splits, None, count, float(low), float(high))


def _variants(variants: int, clusters: int) -> str:
    said = f"{variants} variant{'s' * (variants != 1)}"
    if clusters == variants:
        return f"only {said}"
    return f"{said} in {clusters} cluster{'s' * (clusters != 1)} of like returns"


@cache
def _halves(blocks: int) -> Array:
    """Every choice of half of the blocks (blocks, splits); the complement of the i-th is the i-th from the end."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    halves = np.zeros((blocks, len(chosen)))
    halves[chosen.T, np.arange(len(chosen))] = 1.0
    halves.flags.writeable = False
    return halves


def _some(halves: Array, seed: int) -> Array:
    """Return so many pairs of complements, or all."""
    pairs = halves.shape[1] // 2
    some = np.sort(np.random.default_rng(seed).choice(pairs, min(PAIRS, pairs), replace=False))
    return np.ascontiguousarray(halves[:, np.concatenate([some, halves.shape[1] - 1 - some[::-1]])])


def _moments(table: Array, halves: Array) -> tuple[Array, Array]:
    """Mean, and variance about it, of each column (T, k) in each half of history (k, splits)."""
    half = len(table) // 2
    cut = table.reshape(len(halves), -1, table.shape[1])
    mean = cut.sum(axis=1).T @ halves / half
    return mean, (cut**2).sum(axis=1).T @ halves / half - mean**2


def _varies(table: Array, halves: Array) -> bool:
    centred = table - table.mean(axis=0)
    _, variance = _moments(centred, halves)
    return bool((variance > SMALL * np.mean(centred**2, axis=0)[:, None] + SMALL**2).all())


def probability(table: Array, blocks: int = BLOCKS) -> float:
    """Share of splits in which the chosen column ranks in the lower half; in the middle counts a half.

    Ranks w are 1 to k, shared where columns tie, and are held against (k + 1) / 2. Noise gives about .5, a column that
    is always the best 0. `table` (T, k) has as many bars in each block.
    """
    return _probability(table, _halves(blocks))


def _probability(table: Array, halves: Array) -> float:
    middle = table.mean(axis=0)
    mean, variance = _moments(table - middle, halves)
    still = variance <= 0.0  # a draw may repeat a bar on which nothing moved
    chosen_by = np.where(still, 0.0, (mean + middle[:, None]) / np.sqrt(np.where(still, 1.0, variance)))
    ranked_by = chosen_by[:, ::-1]
    best, winner = chosen_by[0], ranked_by[0]
    for own, other in zip(chosen_by[1:], ranked_by[1:], strict=True):
        best, winner = np.maximum(best, own), np.where(own > best, other, winner)
    twice_rank = np.ones(len(winner), dtype=np.int64)
    for other in ranked_by:
        twice_rank += 2 * (other < winner) + (other == winner)
    middle_rank = table.shape[1] + 1
    return float((twice_rank < middle_rank).mean() + 0.5 * (twice_rank == middle_rank).mean())
