"""Significance of one variant: confidence intervals and tests; `selection` has what several variants call for.

All of it works on excess returns x (T-1,) of `metrics.excess_returns`, one per bar, and on `ppy`, periods per year.
The same seed gives the same figures. Fewer than 36 bars, or returns that do not vary, give no figure but the reason.

Which interval was decided by simulation (iid normal, AR(1) of 0.2 and 0.4, Student t of 5 degrees, GARCH; 120 and 320
bars). Percentile, basic and BCa intervals of nominally 95 % hold the truth in 89 to 92 % of the AR(1) histories of 120
bars; the studentised one, its error prewhitened, in 94 to 95 % of them and in 93.5 to 95.7 % of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from backtests.performance import metrics
from backtests.performance.bootstrap import (
    Record,
    block_lengths,
    drawn,
    estimates,
    largest_drawdown,
    record_of,
    resamples,
    standard_error,
)
from backtests.performance.metrics import SMALL
from backtests.performance.refusals import CONSTANT, DRAWS, LEVEL, check, one_per_bar, same_bars, unfit
from backtests.performance.verdicts import (
    ENOUGH,
    DeflatedSharpe,
    Estimate,
    Hac,
    Interval,
    Intervals,
    Ratio,
    TrackRecord,
)
from data.pricing.bonds import Array

COVERAGE = {0.95: "96 to 99 %"}  # of fresh histories that a range of drawdowns held: tests/proof/one_variant.txt
ENOUGH_MOVES = 60  # with fewer nothing is said of a ratio of volatilities


def intervals(x: ArrayLike, ppy: float, seed: int, draws: int = DRAWS, level: float = LEVEL) -> Intervals:
    """Ranges of the headline figures from a stationary bootstrap (Politis and Romano, JASA 89, 1994).

    The mean block is that of Politis and White (Econometric Reviews 23, 2004), corrected by Patton, Politis and White
    (28, 2009). Return and Sharpe ratio have studentised, equal-tailed confidence intervals (Efron and Tibshirani, 1993,
    chapter 12; for time series Ledoit and Wolf, J. Empirical Finance 15, 2008). The largest drawdown is no parameter
    but an outcome of one path: its range is to hold that of `level` of further histories, each as long as this one.
    Their mean is drawn apart from their path, for it is as uncertain; blocks are the larger of what x and |x| call for;
    a tenth of what `level` leaves is left at each end, for resampled paths differ less than fresh ones: COVERAGE is
    what all that came to.
    """
    return together([(x, ppy)], seed, draws, level)[0]


def together(
    records: Sequence[tuple[ArrayLike, float]], seed: int, draws: int = DRAWS, level: float = LEVEL
) -> list[Intervals]:
    """Return the `intervals` of each of several (x, ppy); those of one length share their draws."""
    bars = [one_per_bar(x, "excess returns") for x, _ in records]
    for _, ppy in records:
        check(ppy, draws, level)
    answers = {i: _without(x, records[i][1], level, reason) for i, x in enumerate(bars) if (reason := unfit(x))}
    by_length: dict[int, list[int]] = {}
    for i, x in enumerate(bars):
        if i not in answers:
            by_length.setdefault(len(x), []).append(i)
    for same in by_length.values():
        ready = [record_of(bars[i]) for i in same]
        for i, record, figures in zip(same, ready, drawn(ready, seed, draws), strict=True):
            answers[i] = _ranges(record, figures, records[i][1], level)
    return [answers[i] for i in range(len(bars))]


def _ranges(record: Record, figures: Array, ppy: float, level: float) -> Intervals:
    mean, mean_error, sharpe, sharpe_error, depths = figures.T
    own, n = estimates(record.x, record.block), len(record.x)
    low, high = np.quantile(depths, [(1 - level) / 10, 1 - (1 - level) / 10], method="weibull")
    depth = float(largest_drawdown(record.x))
    return Intervals(
        studentised("excess_return", own[:2], (mean, mean_error), ppy, level, n),
        studentised("sharpe", own[2:], (sharpe, sharpe_error), float(np.sqrt(ppy)), level, n),
        Interval("excess_drawdown", depth, float(low), float(high), level, n, coverage=COVERAGE.get(level)),
        record.block,
    )


def _without(x: Array, ppy: float, level: float, reason: str) -> Intervals:
    """The figures of a record of which no range can be given."""
    n, annual = len(x), float(x.mean()) * ppy if len(x) else None
    return Intervals(
        Interval("excess_return", annual, None, None, level, n, reason),
        Interval("sharpe", metrics.sharpe(x, ppy), None, None, level, n, reason),
        Interval("excess_drawdown", float(largest_drawdown(x)), None, None, level, n, reason),
        None,
    )


def hac(x: ArrayLike) -> Hac:
    """t statistic of the mean with the standard error of Newey and West (Econometrica 55, 1987).

    Lags are floor(4 (T/100)^(2/9)): under AR(1) of 0 to 0.4 and 60 to 320 bars this rule kept its level better than
    the automatic one of Newey and West (1994). The variance has T-1 below it, so that no lags give the usual t; p is
    Student's with T-1 degrees of freedom.
    """
    from scipy.special import stdtr

    x = one_per_bar(x, "excess returns")
    n = len(x)
    lags = int(4 * (n / 100) ** (2 / 9))
    reason = unfit(x)
    if reason:
        return Hac(None, None, None, lags, n, reason)
    e = x - x.mean()
    variance = e @ e + 2 * sum((1 - k / (lags + 1)) * float(e[k:] @ e[:-k]) for k in range(1, lags + 1))
    error = float(np.sqrt(variance / (n - 1) / n))
    t = float(x.mean()) / error
    return Hac(t, 2 * float(stdtr(n - 1, -abs(t))), error, lags, n)


def probabilistic_sharpe(x: ArrayLike, ppy: float, benchmark: float = 0.0) -> DeflatedSharpe:
    """Probability that the true Sharpe ratio is above a benchmark (Bailey and Lopez de Prado, J. Risk 15, 2012).

    The benchmark is annual, as the answer's figures are. Its error is the long-run one (Lo, Financial Analysts Journal
    58, 2002), prewhitened: at an autocorrelation of 0.2 the error of bars that have nothing to do with each other calls
    8 to 9 % of noise significant at 5 %, this one 5 to 6 %.
    """
    from scipy.special import ndtr

    x = one_per_bar(x, "excess returns")
    check(ppy)
    reason = _no_error(x)
    if reason:
        return DeflatedSharpe(None, metrics.sharpe(x, ppy), benchmark, 1, len(x), reason)
    sharpe, error = sharpe_error(x)
    probability = float(ndtr((sharpe - benchmark / float(np.sqrt(ppy))) / error))
    return DeflatedSharpe(probability, metrics.sharpe(x, ppy), benchmark, 1, len(x))


def above(sharpe: float, hurdle: float, bars: int, skew: float, kurtosis: float) -> float:
    """Probabilistic Sharpe ratio from moments: Sharpe ratios of a bar, kurtosis 3 for a normal distribution.

    As its authors have it, for bars that have nothing to do with each other.
    """
    from scipy.special import ndtr

    return float(ndtr((sharpe - hurdle) * np.sqrt((bars - 1) / _spread(sharpe, skew, kurtosis))))


def _spread(sharpe: float, skew: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio times the bars it is estimated on, likewise."""
    return max(1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2, SMALL)


def sharpe_error(x: Array) -> tuple[float, float]:
    """Sharpe ratio of a bar, and its long-run standard error: prewhitened, with the weights of the record's block."""
    _, _, sharpe, error = estimates(x, float(block_lengths(x[:, None])[0]))
    return float(sharpe), float(error)


def _no_error(x: Array) -> str | None:
    """Why a record has no error that could be tested by, or None."""
    return unfit(x) or (None if sharpe_error(x)[1] > SMALL else CONSTANT)


def track_record(x: ArrayLike, ppy: float, level: float = ENOUGH) -> TrackRecord:
    """Bars that a record of this Sharpe ratio must have for it to be above 0 with a probability of `level`.

    The minimum track record length of Bailey and Lopez de Prado (J. Risk 15, 2012), by the long-run error, and as they
    have it, for bars that have nothing to do with each other.
    """
    from scipy.special import ndtri

    x = one_per_bar(x, "excess returns")
    check(ppy)
    reason = _no_error(x)
    if reason:
        return TrackRecord(None, None, len(x), ppy, level, reason)
    sharpe, error = sharpe_error(x)
    if sharpe <= 0:
        return TrackRecord(None, None, len(x), ppy, level, "its Sharpe ratio is not above 0: no record is long enough")
    z = (x - x.mean()) / x.std()
    times = (float(ndtri(level)) / sharpe) ** 2
    plain = 1 + _spread(sharpe, float(np.mean(z**3)), float(np.mean(z**4))) * times
    return TrackRecord(len(x) * error**2 * times, plain, len(x), ppy, level)


def volatility_ratio(
    a: ArrayLike, b: ArrayLike, seed: int, moves: Literal["paired", "separate"] = "paired", draws: int = DRAWS
) -> Ratio:
    """Volatility of moves `a` over that of `b`, with a symmetric studentised interval of its logarithm.

    Paired moves are of the same bars and drawn together; separate ones, of other times or lengths, apart. Blocks are at
    least the square root of the moves, for how far markets move goes on for longer than which way. With fewer than 60
    moves there is no verdict. How often such an interval holds the truth is in tests/proof/one_variant.txt.
    """
    a, b = one_per_bar(a, "moves of A"), one_per_bar(b, "moves of B")
    if moves == "paired":
        same_bars(len(a), len(b))
    check(1.0, draws)
    fewest = min(len(a), len(b))
    still = fewest < 2 or min(float(a.std()), float(b.std())) <= SMALL
    value = None if still else float(np.exp(_log_ratio(a, b)))
    reason = f"only {fewest} moves: at least {ENOUGH_MOVES} are needed" if fewest < ENOUGH_MOVES else None
    if reason or still:
        return Ratio(value, None, None, LEVEL, fewest, reason or "one of the two hardly moves")
    blocks = [max(float(np.sqrt(len(x))), float(block_lengths((x**2)[:, None])[0])) for x in (a, b)]
    if moves == "paired":
        blocks = [max(blocks)] * 2
    rows = [np.concatenate(list(resamples(len(x), block, seed + i * (moves == "separate"), draws)))
            for i, (x, block) in enumerate(zip((a, b), blocks, strict=True))]  # fmt: skip
    drawn_a, drawn_b = a[rows[0]], b[rows[1]]
    own, error = _log_ratio(a, b), _ratio_error(a, b, blocks, moves)
    errors = _ratio_error(drawn_a, drawn_b, blocks, moves)
    wide = float(np.quantile(np.abs(_log_ratio(drawn_a, drawn_b) - own) / errors, LEVEL, method="weibull") * error)
    return Ratio(float(np.exp(own)), float(np.exp(own - wide)), float(np.exp(own + wide)), LEVEL, fewest)


def _log_ratio(a: Array, b: Array) -> Array:
    return np.asarray(np.log(a.std(axis=-1, ddof=1) / b.std(axis=-1, ddof=1)))


def _ratio_error(a: Array, b: Array, blocks: Sequence[float], moves: str) -> Array:
    """Standard error (...) of the logarithm of a ratio of volatilities of each row of (..., T)."""
    of_a, of_b = (_surprise(x) for x in (a, b))
    if moves == "paired":
        return standard_error(of_a - of_b, blocks[0])
    return np.sqrt(standard_error(of_a, blocks[0]) ** 2 + standard_error(of_b, blocks[1]) ** 2)


def _surprise(x: Array) -> Array:
    """What each move (..., T) adds to the error of the logarithm of their deviation."""
    u = x - x.mean(axis=-1, keepdims=True)
    return np.asarray((u**2 / np.mean(u**2, axis=-1, keepdims=True) - 1.0) / 2.0)


# ---- intervals of an estimate


def _tails(level: float) -> list[float]:
    return [(1 - level) / 2, (1 + level) / 2]


def studentised(
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
