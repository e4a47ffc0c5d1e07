"""Several variants: one against another, and what choosing the best of many does to its significance.

All of it works on excess returns x (T-1,) of `metrics.excess_returns`, one per bar, and on `ppy`, periods per year.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backtests.performance import metrics
from backtests.performance.bootstrap import (
    Rows,
    block_lengths,
    differences,
    long_run_variance,
    resamples,
    standard_error,
)
from backtests.performance.inference import above_hurdle, studentised
from backtests.performance.metrics import SMALL, Track
from backtests.performance.refusals import (
    CONSTANT,
    DRAWS,
    LEVEL,
    MINIMUM,
    check,
    one_per_bar,
    same_bars,
    unfit,
    variants_by_bar,
)
from backtests.performance.verdicts import DeflatedSharpe, Interval
from backtests.performance.verdicts_many import Better, Overfitting, SpaTest
from data.errors import ConfigError, DataError
from data.pricing.bonds import Array

FEWEST = 4  # variants; with fewer a rank means nothing


def common(tracks: Sequence[Track]) -> tuple[NDArray[np.datetime64], Array]:
    """Return the days on which all tracks end a bar (T,) and their excess returns there (T, k)."""
    days = tracks[0].dates[1:]
    for track in tracks[1:]:
        days = np.intersect1d(days, track.dates[1:])
    columns = [metrics.excess_returns(track)[np.searchsorted(track.dates[1:], days)] for track in tracks]
    return days, np.column_stack(columns)


def better(x: ArrayLike, y: ArrayLike, ppy: float, seed: int, draws: int = DRAWS, level: float = LEVEL) -> Better:
    """Excess return and Sharpe ratio of A (x) less those of B (y), drawn together so that what they share cancels.

    The studentised time-series bootstrap of Ledoit and Wolf (J. Empirical Finance 15, 2008), with stationary blocks.
    """
    x, y = one_per_bar(x, "excess returns of A"), one_per_bar(y, "excess returns of B")
    same_bars(len(x), len(y))
    check(ppy, draws, level)
    n = len(x)
    reason = unfit(x) or unfit(y) or ("A and B are the same on every bar" if np.ptp(x - y) <= SMALL else None)
    if reason:
        none = Interval("sharpe", None, None, None, level, n, reason)
        return Better(Interval("excess_return", None, None, None, level, n, reason), none, None, None, None)
    block = float(block_lengths(np.column_stack([x, y])).max())
    batches = [differences(x[rows], y[rows], block) for rows in resamples(n, block, seed, draws)]
    mean, mean_error, sharpe, sharpe_error = (np.concatenate(part) for part in zip(*batches, strict=True))
    own = differences(x, y, block)
    by_return = studentised("excess_return", own[:2], (mean, mean_error), ppy, level, n)
    by_sharpe = studentised("sharpe", own[2:], (sharpe, sharpe_error), float(np.sqrt(ppy)), level, n)
    return Better(
        by_return,
        by_sharpe,
        None if by_return.reason else float((mean > 0).mean()),
        None if by_sharpe.reason else float((sharpe > 0).mean()),
        block,
    )


def overfitting(matrix: ArrayLike, blocks: int = 16) -> Overfitting:
    """Probability of backtest overfitting by combinatorially symmetric cross-validation, on Sharpe ratios.

    Excess returns (T, k) are cut into equal blocks, the oldest bars left over dropped; each half of the blocks chooses
    its best variant, the other half ranks it (Bailey, Borwein, Lopez de Prado and Zhu, J. Computational Finance 20,
    2017). Noise gives about 0.5, a variant that is always the best 0.
    """
    table = variants_by_bar(matrix)
    n, k = table.shape
    if blocks < 2 or blocks % 2:
        raise ConfigError(f"blocks is {blocks}; expected an even number of at least 2")
    halves = np.array([[b in chosen for b in range(blocks)] for chosen in combinations(range(blocks), blocks // 2)])
    size = n // blocks
    half = size * blocks // 2
    reason = f"only {k} variant{'s' * (k != 1)}: too few to rank" if k < FEWEST else None
    if not reason and half < MINIMUM:
        reason = f"only {half} bars in half of history: too few to rank on"
    if reason:
        return Overfitting(None, k, n, len(halves), reason)
    kept = table[n - size * blocks :]
    middle = kept.mean(axis=0)
    cut = (kept - middle).reshape(blocks, size, k)
    mean = halves @ cut.sum(axis=1) / half
    variance = halves @ (cut**2).sum(axis=1) / half - mean**2
    if (variance <= SMALL * np.mean(cut**2, axis=(0, 1)) + SMALL**2).any():
        return Overfitting(None, k, n, len(halves), "a variant's returns do not vary in half of history: no rank")
    chosen_by = (mean + middle) / np.sqrt(variance)
    ranked_by = chosen_by[::-1]  # combinations are listed so that the complement of the i-th is the i-th from the end
    winner = np.take_along_axis(ranked_by, chosen_by.argmax(axis=1)[:, None], axis=1)
    rank = (ranked_by < winner).sum(axis=1) + ((ranked_by == winner).sum(axis=1) + 1) / 2
    return Overfitting(float((2 * rank <= k + 1).mean()), k, n, len(halves))


def spa_test(matrix: ArrayLike, benchmark: ArrayLike, seed: int, draws: int = DRAWS) -> SpaTest:
    """Test that no column (T, k) has a higher mean than the benchmark (T,): Hansen, J. Business & Econ. Stat. 23, 2005.

    Each gain is its mean over its prewhitened error beside deviations over the error that the draws have, for a mean
    alone would let a volatile variant outweigh a better one of low risk; blocks are the median of the columns'. At 10 %
    this rejects noise in 10 to 13 % of records (iid or AR(1) of 0.2, 60 to 320 bars), and in up to 16 % at AR(1) of
    0.4; without the errors in up to 25 %.
    """
    table, against = variants_by_bar(matrix), one_per_bar(benchmark, "excess returns of the benchmark")
    same_bars(len(table), len(against))
    n, k = table.shape
    gain = table - against[:, None]
    named = {f"column {i} less the benchmark": unfit(column) for i, column in enumerate(gain.T)}
    bad = next((f"{name}: {why}" if why == CONSTANT else why for name, why in named.items() if why), None)
    reason = bad if k else "no variant to test"
    if reason:
        return SpaTest(None, None, None, None, k, n, draws, reason)
    block = float(np.median(block_lengths(gain)))
    t = gain.mean(axis=0) / standard_error(gain.T, block)
    deviations = (gain - gain.mean(axis=0)) / np.sqrt(long_run_variance(gain.T, block))
    noise = np.concatenate([_means(deviations, rows) for rows in resamples(n, block, seed, draws)])
    mean = t / np.sqrt(n)
    near = mean >= -np.sqrt(2 * np.log(np.log(n)) / n)  # the others are too poor to be the best of any draw
    recentred = {"lower": np.minimum(mean, 0.0), "consistent": np.where(near, 0.0, mean), "upper": np.zeros(k)}
    p = {name: float(((noise + at).max(axis=1) > mean.max()).mean()) for name, at in recentred.items()}
    return SpaTest(p["lower"], p["consistent"], p["upper"], int(t.argmax()), k, n, draws)


def _means(columns: Array, rows: Rows) -> Array:
    """Mean (draws, k) of columns (T, k) over the rows (draws, T) of each draw."""
    n = len(columns)
    counts = np.array([np.bincount(drawn_rows, minlength=n) for drawn_rows in rows], dtype=float)
    return np.asarray(counts @ columns / n)


# ---- the best of many


def deflated_sharpe(x: ArrayLike, ppy: float, trials: Sequence[float]) -> DeflatedSharpe:
    """Probability that the true annual Sharpe ratio is above what the best of many trials would show by chance.

    `trials` are the annual Sharpe ratios of everything that was tried, this variant included. The hurdle is the
    expected maximum of as many independent trials of their dispersion whose true Sharpe ratio is 0 (Bailey and Lopez de
    Prado, J. Portfolio Management 40, 2014). Correlated trials count for fewer, so the answer is then conservative.
    """
    tried = one_per_bar(trials, "Sharpe ratios of the trials")
    if not len(tried):
        raise DataError("Sharpe ratios of the trials: none given; pass those of all variants tried, this one included")
    dispersion = float(tried.std(ddof=1)) if len(tried) > 1 else 0.0
    return above_hurdle(one_per_bar(x, "excess returns"), ppy, dispersion * expected_maximum(len(tried)), len(tried))


def expected_maximum(trials: int) -> float:
    """Expected largest of so many independent standard normal draws (Bailey and Lopez de Prado, 2014, equation 1)."""
    from scipy.special import ndtri

    if trials < 2:
        return 0.0
    weight = np.euler_gamma
    return float((1 - weight) * ndtri(1 - 1 / trials) + weight * ndtri(1 - 1 / (trials * np.e)))
