"""How far the hit rate and the payoff of round trips may be chance: Wilson's interval and a bootstrap of trips."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

LEVEL = 0.95
DRAWS = 1000
FEWEST = 10  # trips, below which a payoff has no range


@dataclass(frozen=True)
class Range:
    """Where a figure may lie at the level of 95 %; without it, the reason."""

    low: float | None
    high: float | None
    reason: str | None = None


def hit_rate(wins: int, trips: int) -> Range:
    """Return the range of a share of trips that made money (Wilson, 1927).

    >>> hit = hit_rate(6, 25)
    >>> f"{hit.low:.3f} {hit.high:.3f}"
    '0.115 0.434'
    """
    if trips == 0:
        return Range(None, None, "no trips")
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    share, weight = wins / trips, z * z / trips
    middle = share + weight / 2
    half = z * sqrt(share * (1 - share) / trips + weight / trips / 4)
    return Range(max(0.0, (middle - half) / (1 + weight)), min(1.0, (middle + half) / (1 + weight)))


def payoff(usd: ArrayLike, seed: int, draws: int = DRAWS) -> Range:
    """Return the range of the mean winner over the mean loser, from trips drawn anew with replacement.

    `usd (trips,)` is the P&L of each; a winner is above 0. There is none under ten trips, nor where winners or losers
    are so few that more draws would be without them than fall below or above the range.
    """
    earned = np.asarray(usd, dtype=float)
    if len(earned) < FEWEST:
        return Range(None, None, f"under {FEWEST} trips")
    drawn = earned[np.random.default_rng(seed).integers(len(earned), size=(draws, len(earned)))]
    wins = (drawn > 0).sum(axis=1)
    gained, lost = np.maximum(drawn, 0.0).sum(axis=1), -np.minimum(drawn, 0.0).sum(axis=1)
    both = (wins > 0) & (lost > 0)
    if both.mean() < LEVEL + (1 - LEVEL) / 2:
        return Range(None, None, "too few winners" if (earned > 0).sum() < len(earned) / 2 else "too few losers")
    ratios = gained[both] / wins[both] / (lost[both] / (len(earned) - wins[both]))
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Range(float(low), float(high))
