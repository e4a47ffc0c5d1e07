"""Results of `inference`, frozen, and one plain sentence for each.

Fractions are decimals, Sharpe ratios annual. A figure that cannot be worked out is None and `reason` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Literal

ENOUGH = 0.95  # probability from which on a Sharpe ratio counts as significant
SIGNIFICANT = 0.05  # level of a test
CLUSTERED = "74 to 91 %"  # of ranges of a ratio of volatilities: tests/proof/one_variant.txt

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
    coverage: str | None = None  # share of fresh outcomes that such ranges held in simulations; None: not measured


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
class TrackRecord:
    """Bars that a record must have for its Sharpe ratio to be significant."""

    needed: float | None
    plain: float | None  # did its bars have nothing to do with each other
    bars: int  # that it has
    periods_per_year: float
    level: float
    reason: str | None = None

    @property
    def years(self) -> float | None:
        """What is needed, in years."""
        return None if self.needed is None else self.needed / self.periods_per_year


@dataclass(frozen=True)
class Ratio:
    """One volatility over another, and its range; without a range, the reason."""

    value: float | None
    low: float | None
    high: float | None
    level: float
    moves: int  # of the shorter sample
    reason: str | None = None


# ---- in words


@singledispatch
def sentence(result: object) -> str:
    """Return a result in one plain sentence."""
    raise TypeError(f"no sentence for a {type(result).__name__}")


@sentence.register
def _(result: Interval) -> str:
    if result.low is None or result.high is None or result.value is None:
        return because(result.reason)
    span = f"{_shown(result, result.low)} and {_shown(result, result.high)}"
    if result.figure == "excess_drawdown":
        where = "larger" if result.value > result.high else "smaller" if result.value < result.low else "in the range"
        if result.coverage:
            return (
                f"Between {span} with about {100 * result.level:g} % probability: a fresh history of this length was "
                f"inside such a range in {result.coverage} of simulations; the actual "
                f"{_shown(result, result.value)} is {where}."
            )
        return (
            f"{100 * result.level:g} % of resampled histories of this length have a largest drawdown between {span}; "
            f"the actual {_shown(result, result.value)} is {where}."
        )
    return f"Between {span} with {100 * result.level:g} % confidence: {zero_in(result.low, result.high, result.level)}."


@sentence.register
def _(result: Hac) -> str:
    if result.t is None or result.p is None:
        return because(result.reason)
    return f"t = {number(result.t)} on {result.bars} bars, {p_value(result.p)}: the mean is {significant(result.p)}."


@sentence.register
def _(result: DeflatedSharpe) -> str:
    if result.probability is None:
        return because(result.reason)
    hurdle = number(result.hurdle)
    if result.trials > 1:
        hurdle += f", the expected maximum of {result.trials} trials whose true Sharpe ratio is zero"
    return (
        f"{percent(result.probability, 0)} probability that the true Sharpe ratio is above {hurdle}: "
        f"{significant(1 - result.probability, 1 - ENOUGH)}."
    )


@sentence.register
def _(result: TrackRecord) -> str:
    if result.needed is None or result.years is None:
        return because(result.reason)
    have = result.bars / result.periods_per_year
    return (
        f"A Sharpe ratio like this one is significant at the {100 * (1 - result.level):.3g} % level on a record of "
        f"{number(result.years, 0)} years; this one has {number(have, 0)}."
    )


@sentence.register
def _(result: Ratio) -> str:
    if result.low is None or result.high is None:
        return because(result.reason)
    where = "is inside, so that neither is known to move more" if result.low <= 1 <= result.high else "is outside"
    return (
        f"Between {number(result.low)} and {number(result.high)} with {100 * result.level:g} % confidence: 1 {where}. "
        f"If volatility clusters, such a range holds the truth in {CLUSTERED} of simulations."
    )


def because(reason: str | None) -> str:
    """Return a reason as a sentence."""
    text = reason or "not known"
    return f"{text[0].upper()}{text[1:]}."


def zero_in(low: float, high: float, level: float) -> str:
    """Where zero is of an interval of some level, and what follows."""
    if low <= 0 <= high:
        return f"zero is inside, so it is not significant at the {100 * (1 - level):.3g} % level"
    return f"zero is outside, so it is significant at the {100 * (1 - level):.3g} % level"


def significant(p: float, level: float = SIGNIFICANT) -> str:
    """Say whether a p-value is significant at a level."""
    return f"{'' if p <= level else 'not '}significant at the {100 * level:.3g} % level"


def p_value(p: float, smallest: float = 0.001) -> str:
    """Return a p-value, or that it is below the smallest that can be told."""
    return f"p < {smallest:.3f}" if p < smallest else f"p = {p:.3f}"


def _shown(result: Interval, value: float) -> str:
    return number(value) if result.figure == "sharpe" else percent(value, 1)


def percent(value: float, digits: int) -> str:
    """Return a fraction as a percentage."""
    return f"{number(100 * value, digits)} %"


def number(value: float, digits: int = 2) -> str:
    """Return a figure with a true minus, and none before a zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if any(c in "123456789" for c in text) else text.removeprefix("-")
