"""Significance: confidence intervals, tests, and corrections for choosing the best of many variants.

All of it works on excess returns x (T-1,) of `metrics.excess_returns`, one per bar, and on `ppy`, periods per year.
The same seed gives the same figures. Fewer than 36 bars, or returns that do not vary, give no figure but the reason.

Which interval was decided by simulation (iid normal, AR(1) of 0.2 and 0.4, Student t of 5 degrees, GARCH; 120 and 320
bars). Percentile, basic and BCa intervals of nominally 95 % hold the truth in 89 to 92 % of the AR(1) histories of 120
bars; the studentised one, its error prewhitened, in 94 to 95 % of them and in 93.5 to 95.7 % of all.
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
    drawn,
    estimates,
    largest_drawdown,
    long_run_variance,
    resamples,
    standard_error,
)
from backtests.performance.metrics import SMALL, Track
from backtests.performance.verdicts import (
    Better,
    DeflatedSharpe,
    Estimate,
    Hac,
    Interval,
    Intervals,
    Overfitting,
    SpaTest,
    sentence,
)
from data.errors import ConfigError, DataError
from data.pricing.bonds import Array

MINIMUM = 36  # bars; with fewer nothing is tested
FEWEST = 4  # variants; with fewer a rank means nothing
DRAWS = 1000
LEVEL = 0.95
CONSTANT = "the returns hardly vary, so nothing can be tested"

__all__ = [
    "Better",
    "DeflatedSharpe",
    "Hac",
    "Interval",
    "Intervals",
    "Overfitting",
    "SpaTest",
    "above",
    "better",
    "block_lengths",
    "common",
    "deflated_sharpe",
    "expected_maximum",
    "hac",
    "intervals",
    "overfitting",
    "probabilistic_sharpe",
    "sentence",
    "spa_test",
]  # fmt: skip


def common(tracks: Sequence[Track]) -> tuple[NDArray[np.datetime64], Array]:
    """Return the days on which all tracks end a bar (T,) and their excess returns there (T, k)."""
    days = tracks[0].dates[1:]
    for track in tracks[1:]:
        days = np.intersect1d(days, track.dates[1:])
    columns = [metrics.excess_returns(track)[np.searchsorted(track.dates[1:], days)] for track in tracks]
    return days, np.column_stack(columns)


# ---- one variant


def intervals(x: ArrayLike, ppy: float, seed: int, draws: int = DRAWS, level: float = LEVEL) -> Intervals:
    """Ranges of the headline figures from a stationary bootstrap (Politis and Romano, JASA 89, 1994).

    The mean block is that of Politis and White (Econometric Reviews 23, 2004), corrected by Patton, Politis and White
    (28, 2009). Return and Sharpe ratio have studentised, equal-tailed confidence intervals (Efron and Tibshirani, 1993,
    chapter 12; for time series Ledoit and Wolf, J. Empirical Finance 15, 2008). The largest drawdown is
    no parameter but an outcome of one path: its range holds that of `level` of the histories drawn, each as long as
    this one.
    """
    x = _bars(x, "excess returns")
    _check(ppy, draws, level)
    n = len(x)
    reason, drawdown = _unfit(x), float(largest_drawdown(x))
    if reason:
        annual = float(x.mean()) * ppy if n else None
        return Intervals(
            Interval("excess_return", annual, None, None, level, n, reason),
            Interval("sharpe", metrics.sharpe(x, ppy), None, None, level, n, reason),
            Interval("excess_drawdown", drawdown, None, None, level, n, reason),
            None,
        )
    block = float(block_lengths(x[:, None])[0])
    mean, mean_error, sharpe, sharpe_error, drawdowns = drawn(x, block, seed, draws).T
    own = estimates(x, block)
    low, high = np.quantile(drawdowns, _tails(level), method="weibull")
    return Intervals(
        _studentised("excess_return", own[:2], (mean, mean_error), ppy, level, n),
        _studentised("sharpe", own[2:], (sharpe, sharpe_error), float(np.sqrt(ppy)), level, n),
        Interval("excess_drawdown", drawdown, float(low), float(high), level, n),
        block,
    )


def hac(x: ArrayLike) -> Hac:
    """t statistic of the mean with the standard error of Newey and West (Econometrica 55, 1987).

    Lags are floor(4 (T/100)^(2/9)): under AR(1) of 0 to 0.4 and 60 to 320 bars this rule kept its level better than
    the automatic one of Newey and West (1994). The variance has T-1 below it, so that no lags give the usual t; p is
    Student's with T-1 degrees of freedom.
    """
    from scipy.special import stdtr

    x = _bars(x, "excess returns")
    n = len(x)
    lags = int(4 * (n / 100) ** (2 / 9))
    reason = _unfit(x)
    if reason:
        return Hac(None, None, None, lags, n, reason)
    e = x - x.mean()
    variance = e @ e + 2 * sum((1 - k / (lags + 1)) * float(e[k:] @ e[:-k]) for k in range(1, lags + 1))
    error = float(np.sqrt(variance / (n - 1) / n))
    t = float(x.mean()) / error
    return Hac(t, 2 * float(stdtr(n - 1, -abs(t))), error, lags, n)


def probabilistic_sharpe(x: ArrayLike, ppy: float, benchmark: float = 0.0) -> DeflatedSharpe:
    """Probability that the true Sharpe ratio is above a benchmark (Bailey and Lopez de Prado, J. Risk 15, 2012).

    The benchmark is annual, as the answer's figures are.
    """
    return _deflated(_bars(x, "excess returns"), ppy, benchmark, trials=1)


def deflated_sharpe(x: ArrayLike, ppy: float, trials: Sequence[float]) -> DeflatedSharpe:
    """Probability that the true annual Sharpe ratio is above what the best of many trials would show by chance.

    `trials` are the annual Sharpe ratios of everything that was tried, this variant included. The hurdle is the
    expected maximum of as many independent trials of their dispersion whose true Sharpe ratio is 0 (Bailey and Lopez de
    Prado, J. Portfolio Management 40, 2014). Correlated trials count for fewer, so the answer is then conservative.
    """
    tried = _bars(trials, "Sharpe ratios of the trials")
    if not len(tried):
        raise DataError("Sharpe ratios of the trials: none given; pass those of all variants tried, this one included")
    dispersion = float(tried.std(ddof=1)) if len(tried) > 1 else 0.0
    return _deflated(_bars(x, "excess returns"), ppy, dispersion * expected_maximum(len(tried)), len(tried))


def expected_maximum(trials: int) -> float:
    """Expected largest of so many independent standard normal draws (Bailey and Lopez de Prado, 2014, equation 1)."""
    from scipy.special import ndtri

    if trials < 2:
        return 0.0
    weight = np.euler_gamma
    return float((1 - weight) * ndtri(1 - 1 / trials) + weight * ndtri(1 - 1 / (trials * np.e)))


def above(sharpe: float, hurdle: float, bars: int, skew: float, kurtosis: float) -> float:
    """Probabilistic Sharpe ratio from moments: Sharpe ratios of a bar, kurtosis 3 for a normal distribution."""
    from scipy.special import ndtr

    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return float(ndtr((sharpe - hurdle) * np.sqrt((bars - 1) / max(spread, SMALL))))


def _deflated(x: Array, ppy: float, hurdle: float, trials: int) -> DeflatedSharpe:
    """Moments are those of `metrics.figures`: deviation with ddof 1, skew and kurtosis biased."""
    _check(ppy)
    reason = _unfit(x)
    if reason:
        return DeflatedSharpe(None, metrics.sharpe(x, ppy), hurdle, trials, len(x), reason)
    z = (x - x.mean()) / x.std()
    sharpe = float(x.mean() / x.std(ddof=1))
    probability = above(sharpe, hurdle / float(np.sqrt(ppy)), len(x), float(np.mean(z**3)), float(np.mean(z**4)))
    return DeflatedSharpe(probability, metrics.sharpe(x, ppy), hurdle, trials, len(x))


# ---- several variants


def better(x: ArrayLike, y: ArrayLike, ppy: float, seed: int, draws: int = DRAWS, level: float = LEVEL) -> Better:
    """Excess return and Sharpe ratio of A (x) less those of B (y), drawn together so that what they share cancels.

    The studentised time-series bootstrap of Ledoit and Wolf (J. Empirical Finance 15, 2008), with stationary blocks.
    """
    x, y = _bars(x, "excess returns of A"), _bars(y, "excess returns of B")
    _same_bars(len(x), len(y))
    _check(ppy, draws, level)
    n = len(x)
    reason = _unfit(x) or _unfit(y) or ("A and B are the same on every bar" if np.ptp(x - y) <= SMALL else None)
    if reason:
        none = Interval("sharpe", None, None, None, level, n, reason)
        return Better(Interval("excess_return", None, None, None, level, n, reason), none, None, None, None)
    block = float(block_lengths(np.column_stack([x, y])).max())
    batches = [differences(x[rows], y[rows], block) for rows in resamples(n, block, seed, draws)]
    mean, mean_error, sharpe, sharpe_error = (np.concatenate(part) for part in zip(*batches, strict=True))
    own = differences(x, y, block)
    by_return = _studentised("excess_return", own[:2], (mean, mean_error), ppy, level, n)
    by_sharpe = _studentised("sharpe", own[2:], (sharpe, sharpe_error), float(np.sqrt(ppy)), level, n)
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
    table = _table(matrix)
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
    table, against = _table(matrix), _bars(benchmark, "excess returns of the benchmark")
    _same_bars(len(table), len(against))
    n, k = table.shape
    gain = table - against[:, None]
    named = {f"column {i} less the benchmark": _unfit(column) for i, column in enumerate(gain.T)}
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


# ---- intervals of an estimate


def _tails(level: float) -> list[float]:
    return [(1 - level) / 2, (1 + level) / 2]


def _studentised(
    figure: Estimate, own: tuple[Array, Array], drawn: tuple[Array, Array], scale: float, level: float, bars: int
) -> Interval:
    """Range of an estimate from (value, error) of history and of the draws; `scale` makes a bar's figure a year's."""
    (value, error), (values, errors) = own, drawn
    annual = float(value) * scale
    if not np.isfinite(errors).all() or not np.isfinite(error) or min(float(errors.min()), float(error)) <= SMALL:
        return Interval(figure, annual, None, None, level, bars, CONSTANT)
    low, high = np.quantile((values - value) / errors, _tails(level), method="weibull")
    step = float(error) * scale
    return Interval(figure, annual, annual - float(high) * step, annual - float(low) * step, level, bars)


# ---- what is refused


def _bars(x: ArrayLike, what: str) -> Array:
    values = np.asarray(x, dtype=float)
    if values.ndim != 1:
        raise DataError(f"{what}: shape {values.shape}; expected one figure per bar, (T,)")
    _refuse_gaps(values, what)
    return values


def _table(matrix: ArrayLike) -> Array:
    values = np.asarray(matrix, dtype=float)
    if values.ndim != 2:
        raise DataError(f"excess returns of the variants: shape {values.shape}; expected bars by variants, (T, k)")
    _refuse_gaps(values, "excess returns of the variants")
    return values


def _refuse_gaps(values: Array, what: str) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        place = " of column ".join(str(i) for i in bad[0])
        raise DataError(
            f"{what}: row {place} is {values[tuple(bad[0])]}; expected finite figures: keep the common bars"
        )


def _same_bars(a: int, b: int) -> None:
    if a != b:
        raise DataError(f"{a} bars against {b}: keep the bars that both have")


def _check(ppy: float, draws: int = DRAWS, level: float = LEVEL) -> None:
    if not 0 < ppy < np.inf:
        raise ConfigError(f"periods per year is {ppy}; expected a positive number, such as 12 for month ends")
    if not 0 < level < 1:
        raise ConfigError(f"level is {level}; expected a fraction between 0 and 1, such as 0.95")
    fewest = int(np.ceil(2 / (1 - level) - 1e-9)) - 1
    if draws < fewest:
        raise ConfigError(f"draws is {draws}; a {100 * level:g} % interval needs at least {fewest}")


def _unfit(x: Array) -> str | None:
    """Why nothing can be tested on a record, or None."""
    if len(x) < MINIMUM:
        return f"only {len(x)} bar{'s' * (len(x) != 1)}: at least {MINIMUM} are needed"
    return CONSTANT if x.std() <= SMALL else None
