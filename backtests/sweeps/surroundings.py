"""Of a sample, whose cells have hardly a neighbour in it: the neighbours of its best are run as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.sweeps.banks import Banks
from backtests.sweeps.plateau import Scores, beside, lower_median, row_of
from backtests.sweeps.walk import walk
from data.pricing.bonds import Array

CELLS = 1000  # walked at a time


@dataclass(frozen=True)
class Extra:
    """A cell that is not of the sample, and was run for its neighbour's sake."""

    cell: int
    idea: str
    sharpe: float


def scores(grid: Grid, shared: Banks, sharpe: Array, rows: NDArray[np.int64]) -> tuple[Scores, tuple[Extra, ...]]:
    """Return the plateau scores of some rows of a sample, NaN of the others, and the cells run for them."""
    numbers = np.asarray(grid.cells, dtype=np.int64)[rows]
    around = beside(grid, numbers)
    drawn = row_of(grid, around)
    missing = np.unique(around[(around >= 0) & (drawn < 0)])
    extras = _run(shared, missing)
    own = {extra.cell: extra.sharpe for extra in extras}
    known = np.where(drawn >= 0, sharpe[np.maximum(drawn, 0)], np.nan)
    values = np.where(drawn >= 0, known, [[own.get(int(cell), np.nan) for cell in line] for line in around])
    score, count = np.full(len(sharpe), np.nan), np.zeros(len(sharpe), dtype=np.int64)
    score[rows] = lower_median(np.vstack([sharpe[rows], values.reshape(len(around), len(rows))]))
    count[rows] = (~np.isnan(values)).sum(axis=0)
    return Scores(score, count), extras


def _run(shared: Banks, cells: NDArray[np.int64]) -> tuple[Extra, ...]:
    extras: list[Extra] = []
    for first in range(0, len(cells), CELLS):
        chosen = cells[first : first + CELLS].tolist()
        part = shared.part(0, chosen)
        ratios = walk(part).metrics["sharpe"].tolist()
        extras += [Extra(*each) for each in zip(chosen, part.ideas, ratios, strict=True) if each[1]]
    return tuple(extras)
