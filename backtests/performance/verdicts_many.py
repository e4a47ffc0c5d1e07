"""Results of `selection`, frozen, and one plain sentence for each.

Fractions are decimals, Sharpe ratios annual. A figure that cannot be worked out is None and `reason` says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from backtests.performance.verdicts import (
    SIGNIFICANT,
    Interval,
    because,
    number,
    p_value,
    percent,
    sentence,
    significant,
    zero_in,
)


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
    clusters: int | None = None  # of like variants, which are what is ranked; None where an earlier version ranked all
    low: float | None = None  # 5 to 95 % of records without skill; None where an earlier version drew none
    high: float | None = None


@dataclass(frozen=True)
class OneOfMany:
    """A variant as one of everything that was tried: p-values of the path of its cluster. Sharpe ratios are annual."""

    members: int  # ideas in its cluster, its own included
    t: float | None
    p: float | None  # of the largest t of the draws, over all clusters
    consistent: float | None  # Hansen's: clusters too poor to be the best are not counted
    step_down: float | None  # of the variant itself, all ideas tested, those better than it left out
    haircut: float | None  # Sharpe ratio that the p-value leaves
    bars: int
    reason: str | None = None


@dataclass(frozen=True)
class BestOfMany:
    """What looks best of everything that was tried, and how likely it is that so good a best is luck."""

    variant: str | None
    p: float | None
    ideas: int  # tried, those of earlier runs included
    here: int  # of them in this run
    tested: int  # of them with a path that could be tested
    clusters: int  # of like ideas
    effective: float | None  # independent trials whose best is as lucky
    mean_maximum: float | None  # t statistic
    block: float | None
    bars: int
    draws: int
    alone: bool | None = None  # whether the interval of its own Sharpe ratio is above 0; None where there is none
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


@sentence.register
def _(result: Better) -> str:
    interval = result.sharpe
    if interval.low is None or interval.high is None or result.ahead_sharpe is None:
        return because(interval.reason)
    return (
        f"The difference of the Sharpe ratios is between {number(interval.low)} and {number(interval.high)} with "
        f"{100 * interval.level:g} % confidence: {zero_in(interval.low, interval.high, interval.level)}; "
        f"the first is ahead in {percent(result.ahead_sharpe, 0)} of resampled histories."
    )


@sentence.register
def _(result: Overfitting) -> str:
    p = result.probability
    if p is None:
        return because(result.reason)
    text = (
        f"The best of {_ranked(result)} in one half of history ranks in the lower half in the other "
        f"in {percent(p, 0)} of {result.splits:,} splits"
    )
    if result.low is None or result.high is None:
        return f"{text}."
    text += f"; without skill in {percent(result.low, 0)} to {percent(result.high, 0)}"
    return f"{text}, so the best tends to stay good." if p < result.low else f"{text}, so this tells neither way."


def _ranked(result: Overfitting) -> str:
    if result.clusters is None or result.clusters == result.variants:
        return f"{result.variants} variants"
    return f"{result.clusters} clusters of {result.variants} variants"


@sentence.register
def _(result: BestOfMany) -> str:
    if result.p is None or result.effective is None:
        return because(result.reason)
    if result.clusters < 2:
        return f"{result.variant}: a single idea, so nothing was chosen from, and its own interval is the verdict."
    smallest = 1 / (result.draws + 1)  # that so many draws can tell
    text = (
        f"{result.variant} is the best of {result.ideas:,} ideas in {result.clusters:,} clusters, as many as "
        f"{number(result.effective, 1)} independent ones: p {'=' if result.p > smallest else '≤'} {result.p:.3f}"
    )
    if result.alone or result.p > SIGNIFICANT:
        return f"{text}, {significant(result.p)} as the best of them."
    return f"{text}, but {significant(1.0)}: zero is inside its own interval."


@sentence.register
def _(result: SpaTest) -> str:
    if result.consistent is None:
        return because(result.reason)
    smallest = 1 / result.draws  # that so many draws can tell from 0
    return (
        f"SPA test of {result.variants} variant{'s' * (result.variants != 1)} against the benchmark at one volatility, "
        f"{p_value(result.consistent, smallest)}: the gain of the best is {significant(result.consistent)}."
    )
