"""Results of `inference`, frozen, and one plain sentence for each.

Fractions are decimals, Sharpe ratios annual. A figure that cannot be worked out is None and `reason` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Literal

ENOUGH = 0.95  # probability from which on a Sharpe ratio counts as significant
SIGNIFICANT = 0.05  # level of a test

Estimate = Literal["excess_return", "sharpe", "excess_drawdown"]


@dataclass(frozen=True)
class Interval:
    """A figure and its range; without a range, the reason."""

    figure: Estimate
    value: float | None
    low: float | None
    high: float | None
    level: float
    bars: int
    reason: str | None = None


@dataclass(frozen=True)
class Intervals:
    """The ranges of one variant, and the mean block length (bars) they were drawn with."""

    excess_return: Interval
    sharpe: Interval
    excess_drawdown: Interval
    block: float | None


@dataclass(frozen=True)
class Hac:
    """Test of a mean of 0: its t statistic and two-sided p-value."""

    t: float | None
    p: float | None
    error: float | None  # standard error of the mean of a bar
    lags: int
    bars: int
    reason: str | None = None


@dataclass(frozen=True)
class DeflatedSharpe:
    """Probability that the true Sharpe ratio is above a hurdle. Sharpe ratios are annual."""

    probability: float | None
    sharpe: float | None
    hurdle: float
    trials: int  # 1: nothing was chosen
    bars: int
    reason: str | None = None


@dataclass(frozen=True)
class Better:
    """A less B on the same bars, and the share of draws in which A is ahead."""

    excess_return: Interval
    sharpe: Interval
    ahead_return: float | None
    ahead_sharpe: float | None
    block: float | None


@dataclass(frozen=True)
class Overfitting:
    """How often the best variant of one half of history ranks in the lower half in the other."""

    probability: float | None
    variants: int
    bars: int
    splits: int
    reason: str | None = None


@dataclass(frozen=True)
class SpaTest:
    """Test that no variant is better than the benchmark: Hansen's three p-values, and which column looks best."""

    lower: float | None
    consistent: float | None  # the one to read
    upper: float | None  # White's reality check, studentised
    best: int | None
    variants: int
    bars: int
    draws: int
    reason: str | None = None


# ---- in words


@singledispatch
def sentence(result: object) -> str:
    """Return a result in one plain sentence."""
    raise TypeError(f"no sentence for a {type(result).__name__}")


@sentence.register
def _(result: Interval) -> str:
    if result.low is None or result.high is None or result.value is None:
        return _because(result.reason)
    span = f"{_shown(result, result.low)} and {_shown(result, result.high)}"
    if result.figure == "excess_drawdown":
        where = "larger" if result.value > result.high else "smaller" if result.value < result.low else "in the range"
        return (
            f"{100 * result.level:g} % of resampled histories of this length have a largest drawdown between {span}; "
            f"the actual {_shown(result, result.value)} is {where}."
        )
    return f"Between {span} with {100 * result.level:g} % confidence: {_zero(result.low, result.high, result.level)}."


@sentence.register
def _(result: Hac) -> str:
    if result.t is None or result.p is None:
        return _because(result.reason)
    return f"t = {_number(result.t)} on {result.bars} bars, {_p_value(result.p)}: the mean is {_significant(result.p)}."


@sentence.register
def _(result: DeflatedSharpe) -> str:
    if result.probability is None:
        return _because(result.reason)
    hurdle = _number(result.hurdle)
    if result.trials > 1:
        hurdle += f", the expected maximum of {result.trials} trials whose true Sharpe ratio is zero"
    return (
        f"{_percent(result.probability, 0)} probability that the true Sharpe ratio is above {hurdle}: "
        f"{_significant(1 - result.probability, 1 - ENOUGH)}."
    )


@sentence.register
def _(result: Better) -> str:
    interval = result.sharpe
    if interval.low is None or interval.high is None or result.ahead_sharpe is None:
        return _because(interval.reason)
    return (
        f"The difference of the Sharpe ratios is between {_number(interval.low)} and {_number(interval.high)} with "
        f"{100 * interval.level:g} % confidence: {_zero(interval.low, interval.high, interval.level)}; "
        f"the first is ahead in {_percent(result.ahead_sharpe, 0)} of resampled histories."
    )


@sentence.register
def _(result: Overfitting) -> str:
    p = result.probability
    if p is None:
        return _because(result.reason)
    size = "low" if p <= 0.1 else "moderate" if p < 0.4 else "high"
    return (
        f"The best of {result.variants} variants in one half of history ranks in the lower half in the other "
        f"in {_percent(p, 0)} of {result.splits:,} splits: a {size} probability of overfitting."
    )


@sentence.register
def _(result: SpaTest) -> str:
    if result.consistent is None:
        return _because(result.reason)
    smallest = 1 / result.draws  # that so many draws can tell from 0
    return (
        f"SPA test of {result.variants} variants against the benchmark, {_p_value(result.consistent, smallest)}: "
        f"the gain of the best is {_significant(max(result.consistent, smallest))}."
    )


def _because(reason: str | None) -> str:
    text = reason or "not known"
    return f"{text[0].upper()}{text[1:]}."


def _zero(low: float, high: float, level: float) -> str:
    """Where zero is of an interval of some level, and what follows."""
    if low <= 0 <= high:
        return f"zero is inside, so it is not significant at the {100 * (1 - level):.3g} % level"
    return f"zero is outside, so it is significant at the {100 * (1 - level):.3g} % level"


def _significant(p: float, level: float = SIGNIFICANT) -> str:
    return f"{'' if p <= level else 'not '}significant at the {100 * level:.3g} % level"


def _p_value(p: float, smallest: float = 0.001) -> str:
    return f"p < {smallest:.3f}" if p < smallest else f"p = {p:.3f}"


def _shown(result: Interval, value: float) -> str:
    return _number(value) if result.figure == "sharpe" else _percent(value, 1)


def _percent(value: float, digits: int) -> str:
    return f"{_number(100 * value, digits)} %"


def _number(value: float, digits: int = 2) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if any(c in "123456789" for c in text) else text.removeprefix("-")
