"""Month-end paths of ideas: which cell stands for each, walked once more for what it earned month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.runs.trials import monthly
from backtests.sweeps.banks import Banks
from backtests.sweeps.walk import Dates, walk
from data.pricing.bonds import Array

CELLS = 1000  # walked at a time


@dataclass(frozen=True)
class Paths:
    """Excess returns by month of some cells."""

    rows: NDArray[np.int64]  # (K,) of the sweep's table
    month: int  # of the first row of x, months since 1970-01
    x: Array  # (M, K), NaN where a path has none

    def of(self, column: int) -> tuple[int, Array]:
        """Return the first month of a path, and the path from there on."""
        there = np.flatnonzero(~np.isnan(self.x[:, column]))
        if not len(there):
            return 0, np.zeros(0)
        return self.month + int(there[0]), self.x[there[0] : there[-1] + 1, column].copy()


def representatives(grid: Grid, ideas: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the row (K,) of the cell that stands for each idea, ascending.

    Of the cells of an idea, which differ in size, cost and fill alone, that at the base's own, where there is one; else
    the first. `ideas` (N,) are those of all rows, 0 of a cell that is not run.
    """
    rows = np.flatnonzero(ideas > 0)
    numbers = rows if isinstance(grid.cells, range) else np.asarray(grid.cells, dtype=np.int64)[rows]
    own = np.ones(len(rows), dtype=bool)
    places = grid.places(numbers)
    for i, axis in enumerate(grid.axes):
        if not axis.idea:
            own &= places[:, i] == _own_place(grid, i)
    order = np.lexsort((rows, ~own, ideas[rows]))
    first = np.unique(ideas[rows][order], return_index=True)[1]
    return np.asarray(np.sort(rows[order][first]))


def _own_place(grid: Grid, i: int) -> int:
    axis, base = grid.axes[i], grid.base
    own = {"costs": 1.0, "fill": base.fill}.get(axis.name, base.params.get(axis.name.removeprefix("params.")))
    return axis.values.index(own) if own in axis.values else 0


def paths(grid: Grid, shared: Banks, rows: NDArray[np.int64]) -> Paths:
    """Walk some cells again and return their month-end paths."""
    kept: dict[int, tuple[int, Array]] = {}
    for first in range(0, len(rows), CELLS):
        chosen = rows[first : first + CELLS]
        part = shared.part(0, [grid.cells[int(row)] for row in chosen])
        walk(part, _keeping(kept, chosen))
    months = [(month, month + len(x)) for month, x in kept.values() if len(x)]
    start, end = min((a for a, _ in months), default=0), max((b for _, b in months), default=0)
    table = np.full((end - start, len(rows)), np.nan)
    for column, row in enumerate(rows.tolist()):
        month, x = kept.get(row, (0, np.zeros(0)))
        table[month - start : month - start + len(x), column] = x
    return Paths(rows, start, table)


def _keeping(kept: dict[int, tuple[int, Array]], rows: Sequence[int] | NDArray[np.int64]):  # type: ignore[no-untyped-def]
    def seen(row: int, dates: Dates, x: Array) -> None:
        kept[int(rows[row])] = monthly(dates, x)

    return seen
