"""Results of `selection`, frozen, and one plain sentence for each.

Fractions are decimals, Sharpe ratios annual. A figure that cannot be worked out is None and `reason` says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from backtests.performance.verdicts import Interval, because, number, p_value, percent, sentence, significant, zero_in


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
    size = "low" if p <= 0.1 else "moderate" if p < 0.4 else "high"
    return (
        f"The best of {result.variants} variants in one half of history ranks in the lower half in the other "
        f"in {percent(p, 0)} of {result.splits:,} splits: a {size} probability of overfitting."
    )


@sentence.register
def _(result: SpaTest) -> str:
    if result.consistent is None:
        return because(result.reason)
    smallest = 1 / result.draws  # that so many draws can tell from 0
    return (
        f"SPA test of {result.variants} variants against the benchmark, {p_value(result.consistent, smallest)}: "
        f"the gain of the best is {significant(max(result.consistent, smallest))}."
    )
