"""Combinatorial purged cross-validation (Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 12).

Ten groups of bars, two of them tested at a time and a choice made on the others: 45 splits. Every group is tested in
nine of them, so nine paths over all bars can be put together. They are of the same bars, not nine histories: their
range is no confidence interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from backtests.walkforwards.folds import training
from data.market import Flags
from data.pricing.bonds import Array

GROUPS, OUT = 10, 2
SPLITS = 45
PATHS = 9


@dataclass(frozen=True)
class Paths:
    """Choices (splits,) by row of the grid, and excess returns (bars, paths) that they come to."""

    chosen: NDArray[np.int64]
    x: Array


def groups(bars: int) -> list[slice]:
    """Return ten stretches of bars, as equal as can be."""
    edges = np.linspace(0, bars, GROUPS + 1).round().astype(int).tolist()
    return [slice(a, b) for a, b in pairwise(edges)]


def paths(x: Array, choose: Callable[[Flags], int], outcome: int = 1, embargo: int = 1) -> Paths:
    """Return every split's choice, `choose` being given the bars it may be made on, and the nine paths.

    `x` (bars, N) are the cells' excess returns; a path has a cell's own in each group, what changing cells costs left
    out.
    """
    parts = groups(len(x))
    result = np.full((len(x), PATHS), np.nan)
    tested = [0] * GROUPS  # so often already
    chosen = []
    for out in combinations(range(GROUPS), OUT):
        row = choose(training(len(x), [parts[g] for g in out], outcome, embargo))
        chosen.append(row)
        for g in out:
            result[parts[g], tested[g]] = x[parts[g], row]
            tested[g] += 1
    return Paths(np.array(chosen, dtype=np.int64), result)
