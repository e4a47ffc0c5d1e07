"""What `inference` finds, and how it is said: frozen results, each with one plain sentence for its reader.

Fractions are decimals, Sharpe ratios annual. Where a record cannot bear a figure it is None and `reason` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Literal

ENOUGH = 0.95  # confidence below which a Sharpe ratio is not taken for skill

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
    """Is the mean different from 0: its t statistic and two-sided p-value."""

    t: float | None
    p: float | None
    error: float | None  # standard error of the mean of a bar
    lags: int
    bars: int
    reason: str | None = None


@dataclass(frozen=True)
class DeflatedSharpe:
    """Confidence that the true Sharpe ratio lies above a hurdle. Sharpe ratios are annual."""

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
    """How often the best variant of one half of history is in the lower half of the field in the other."""

    probability: float | None
    variants: int
    bars: int
    splits: int
    reason: str | None = None


@dataclass(frozen=True)
class SpaTest:
    """Is the best variant better than the benchmark: Hansen's three p-values, and which column looks best."""

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
        where = "worse" if result.value > result.high else "milder" if result.value < result.low else "one of these"
        return (
            f"{100 * result.level:g} % of equally long histories of such bars have a worst fall between {span}: "
            f"the actual {_shown(result, result.value)} is {where}."
        )
    return f"Between {span} with {100 * result.level:g} % confidence: {_verdict(result.low, result.high)}."


@sentence.register
def _(result: Hac) -> str:
    if result.t is None or result.p is None:
        return _because(result.reason)
    return f"t = {_number(result.t)} on {result.bars} bars: a mean of zero strays this far {_often(result.p)}."


@sentence.register
def _(result: DeflatedSharpe) -> str:
    if result.probability is None:
        return _because(result.reason)
    sure = f"{_percent(result.probability, 0)} confidence that the true Sharpe ratio is above {_number(result.hurdle)}"
    if result.trials > 1:
        sure += f", what the luckiest of {result.trials} variants without skill would show"
    return f"{sure}: {'enough' if result.probability >= ENOUGH else 'less than'} the usual {_percent(ENOUGH, 0)}."


@sentence.register
def _(result: Better) -> str:
    interval = result.sharpe
    if interval.low is None or interval.high is None or result.ahead_sharpe is None:
        return _because(interval.reason)
    apart = (
        "zero is inside, so the two cannot be told apart" if interval.low <= 0 <= interval.high else "zero is outside"
    )
    return (
        f"The Sharpe ratio of the first less that of the second is between {_number(interval.low)} and "
        f"{_number(interval.high)} with {100 * interval.level:g} % confidence: {apart}; "
        f"the first is ahead in {_percent(result.ahead_sharpe, 0)} of the draws."
    )


@sentence.register
def _(result: Overfitting) -> str:
    p = result.probability
    if p is None:
        return _because(result.reason)
    worth = "the choice holds up" if p <= 0.1 else "the choice holds up in part" if p < 0.4 else "no better than a coin"
    return (
        f"The best of {result.variants} variants in one half of history is in the lower half of the field in the other "
        f"in {_percent(p, 0)} of {result.splits:,} splits: {worth}."
    )


@sentence.register
def _(result: SpaTest) -> str:
    if result.consistent is None:
        return _because(result.reason)
    return (
        f"If none of {result.variants} variants were better than the benchmark, "
        f"the best would look this good {_often(max(result.consistent, 1 / result.draws))}."
    )


def _because(reason: str | None) -> str:
    text = reason or "not known"
    return f"{text[0].upper()}{text[1:]}."


def _verdict(low: float, high: float) -> str:
    if low <= 0 <= high:
        return "zero is inside, so luck alone can explain it"
    return "all above zero, so luck alone hardly explains it" if low > 0 else "all below zero, so it hardly is bad luck"


def _often(p: float) -> str:
    times = _percent(p, 0) if p >= 0.01 else "less than 1 %"
    verdict = "so luck alone can explain it" if p > 0.05 else "so luck alone hardly explains it"
    return f"by luck in {times} of histories, {verdict}"


def _shown(result: Interval, value: float) -> str:
    return _number(value) if result.figure == "sharpe" else _percent(value, 1)


def _percent(value: float, digits: int) -> str:
    return f"{_number(100 * value, digits)} %"


def _number(value: float, digits: int = 2) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if any(c in "123456789" for c in text) else text.removeprefix("-")
