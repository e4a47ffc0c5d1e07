"""Several variants: one against another, and what choosing the best of many does to its significance.

All of it works on excess returns x (T-1,) of `metrics.excess_returns`, one per bar, and on `ppy`, periods per year.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backtests.performance import metrics
from backtests.performance.best_of_many import best_of_many
from backtests.performance.bootstrap import block_lengths, differences, estimates, resamples
from backtests.performance.clusters import volatilities
from backtests.performance.inference import studentised
from backtests.performance.metrics import SMALL, Track
from backtests.performance.refusals import (
    CONSTANT,
    DRAWS,
    LEVEL,
    check,
    one_per_bar,
    same_bars,
    unfit,
    variants_by_bar,
)
from backtests.performance.verdicts import DeflatedSharpe, Interval
from backtests.performance.verdicts_many import Better, SpaTest
from data.pricing.bonds import Array


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


def spa_test(matrix: ArrayLike, benchmark: ArrayLike, seed: int, draws: int = DRAWS) -> SpaTest:
    """Test that no column (T, k) has a higher Sharpe ratio than the benchmark (T,): Hansen, JBES 23, 2005.

    The columns tested are differences of returns, each side over its own volatility, so that the size of a position is
    no evidence; they are held against the joint draws of `best_of_many`. A column that is the benchmark at another size
    is not tested.
    """
    table, against = variants_by_bar(matrix), one_per_bar(benchmark, "excess returns of the benchmark")
    same_bars(len(table), len(against))
    n, k = table.shape
    still = unfit(against)
    reason = None if k else "no variant to test"
    if not reason and still:
        reason = f"the benchmark: {still}" if still == CONSTANT else still
    if reason:
        return SpaTest(None, None, None, None, k, n, draws, reason)
    gain = table / volatilities(table) - (against / against.std(ddof=1))[:, None]
    result = best_of_many(gain, seed, draws)
    if result.reason:
        return SpaTest(None, None, None, None, k, n, draws, f"every variant less the benchmark: {result.reason}")
    best = int(np.nanargmax(result.t))
    lower, consistent, upper = (float(p[best]) for p in (result.lower, result.consistent, result.p))
    return SpaTest(lower, consistent, upper, best, k, n, draws)


# ---- one of many


def deflated_sharpe(path: ArrayLike, ppy: float, mean_maximum: float, clusters: int, block: float) -> DeflatedSharpe:
    """Probability that the true annual Sharpe ratio is above what the best of many shows where none has skill.

    `path` (T,) is that of a cluster, `mean_maximum` the mean of the draws' largest t over all `clusters`. The hurdle
    is that mean times the long-run error of the path's Sharpe ratio, 0 of a single cluster (Bailey and Lopez de Prado,
    J. Portfolio Management 40, 2014, whose hurdle is of independent trials; Lo, Financial Analysts J. 58, 2002).
    """
    from scipy.special import ndtr

    x = one_per_bar(path, "excess returns")
    check(ppy)
    sharpe = metrics.sharpe(x, ppy)
    reason = unfit(x)
    if reason:
        return DeflatedSharpe(None, sharpe, 0.0, clusters, len(x), reason)
    _, _, ratio, error = (float(part) for part in estimates(x, block))
    if not error > SMALL:
        return DeflatedSharpe(None, sharpe, 0.0, clusters, len(x), CONSTANT)
    hurdle = max(mean_maximum, 0.0) * error if clusters > 1 else 0.0
    return DeflatedSharpe(float(ndtr((ratio - hurdle) / error)), sharpe, hurdle * float(np.sqrt(ppy)), clusters, len(x))


def haircut_sharpe(sharpe: float, p: float, years: float) -> float:
    """Annual Sharpe ratio that a single test would need for the p-value of the best of many.

    Harvey and Liu, J. Portfolio Management 42, 2015: the normal quantile of an adjusted two-sided p, here twice our
    one-sided one, over the root of the years; between 0 and the ratio itself.
    """
    from scipy.special import ndtri

    return float(min(max(float(ndtri(1.0 - min(p, 0.5))) / np.sqrt(years), 0.0), max(sharpe, 0.0)))
