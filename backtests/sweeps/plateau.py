"""How high a cell's surroundings are: the plateau score, spikes, and what each setting moves by itself.

The score of a cell is the lower median of the Sharpe ratio over itself and its neighbours, those one step away along
one axis. Only axes that make other ideas and whose values come one after another have neighbours: another size or
another cost is the same idea again, and currencies stand in no order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.config import Grid
from data.pricing.bonds import Array

BLOCK = 2**18  # cells scored at a time


@dataclass(frozen=True)
class Scores:
    """What surrounds every cell that was run, in their order."""

    score: Array  # (N,) lower median of the Sharpe ratio of the cell and its neighbours; NaN where it has none
    neighbours: NDArray[np.int64]  # (N,) how many of them have one


def scores(grid: Grid, sharpe: Array) -> Scores:
    """Return the plateau score of every cell; of a sample the neighbours that were drawn count."""
    result, count = np.full(len(sharpe), np.nan), np.zeros(len(sharpe), dtype=np.int64)
    for first in range(0, len(sharpe), BLOCK):
        rows = np.arange(first, min(first + BLOCK, len(sharpe)))
        around = neighbours(grid, rows)
        values = np.where(around >= 0, sharpe[np.maximum(around, 0)], np.nan)
        own = sharpe[rows]
        result[rows] = np.where(np.isnan(own), np.nan, lower_median(np.vstack([own, values])))
        count[rows] = (~np.isnan(values)).sum(axis=0)
    return Scores(result, count)


def neighbours(grid: Grid, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows (2 d, k) of the cells one step down and one step up along each of d axes; -1 where none is."""
    cells = grid.cells
    numbers = rows if isinstance(cells, range) else np.asarray(cells, dtype=np.int64)[rows]
    return row_of(grid, beside(grid, numbers))


def beside(grid: Grid, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers (2 d, k) of the cells one step down and up along each axis; -1 where the grid ends."""
    places = grid.places(numbers)
    around = [
        np.where(inside, numbers + step * stride, -1)
        for i, stride in _strides(grid)
        for step in (-1, 1)
        for inside in [(places[:, i] + step >= 0) & (places[:, i] + step < grid.shape[i])]
    ]
    return np.array(around, dtype=np.int64).reshape(len(around), len(numbers))


def _strides(grid: Grid) -> list[tuple[int, int]]:
    """The axes along which there are neighbours, and how far apart those are in the numbers of cells."""
    strides = np.cumprod([1, *grid.shape[::-1]])[:-1][::-1]
    return [(i, int(strides[i])) for i, axis in enumerate(grid.axes) if axis.idea and axis.ordered]


def row_of(grid: Grid, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of cells by their numbers, -1 of those that are not run."""
    if isinstance(grid.cells, range):
        return numbers
    cells = np.asarray(grid.cells, dtype=np.int64)
    at = np.minimum(np.searchsorted(cells, numbers), len(cells) - 1)
    return np.where(cells[at] == numbers, at, -1)


def lower_median(values: Array) -> Array:
    """Return the lower median (k,) of each column of (m, k), NaN left out."""
    known = (~np.isnan(values)).sum(axis=0)
    middle = np.maximum(known - 1, 0) // 2
    return np.asarray(np.take_along_axis(np.sort(values, axis=0), middle[None, :], axis=0)[0])
