"""The choice that a fold makes: the cell whose surroundings did best on what it may be learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.performance.metrics import SMALL
from backtests.sweeps.plateau import scores
from data.pricing.bonds import Array

ALIKE = 1e-9  # of a bar's Sharpe ratio: cells that close to the best are as good


@dataclass(frozen=True)
class Choice:
    """A cell, by its row among those that are run; Sharpe ratios are of a bar."""

    row: int
    sharpe: float  # its own, on what it was chosen on
    score: float  # the lower median of it and its neighbours'


def sharpes(x: Array) -> Array:
    """Return the Sharpe ratio of a bar (N,) of each column of excess returns (T, N); NaN where nothing moves."""
    deviation = x.std(axis=0, ddof=1)
    return np.asarray(x.mean(axis=0) / np.where(deviation > SMALL, deviation, np.nan))


def choose(grid: Grid, x: Array, changed: NDArray[np.int64]) -> Choice | None:
    """Return the cell of the highest plateau score on excess returns (T, N); None where no cell has one.

    Of cells that are as good, the one with the fewest of its settings `changed` (N,) from the base's, then the first.
    """
    own = sharpes(x)
    score = scores(grid, own).score
    if np.isnan(score).all():
        return None
    equal = np.flatnonzero(score >= np.nanmax(score) - ALIKE)
    row = int(equal[np.argmin(changed[equal])])
    return Choice(row, float(own[row]), float(score[row]))


def stability(chosen: NDArray[np.int64], places: NDArray[np.int64]) -> tuple[int, float, Array]:
    """Return how many cells were ever chosen (K,), the share of choices that repeat the one before, and so by axis.

    `places` (K, d) are those of the chosen cells on the axes.
    """
    if len(chosen) < 2:
        return len(set(chosen.tolist())), 1.0, np.ones(places.shape[1])
    kept = chosen[1:] == chosen[:-1]
    return len(set(chosen.tolist())), float(kept.mean()), np.asarray((places[1:] == places[:-1]).mean(axis=0))
