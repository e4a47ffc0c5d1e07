"""The cells of a sweep: parts made here, walked by threads, kept as they come; and what all that will take."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from backtests.config import Grid
from backtests.engine import kernel
from backtests.sweeps import store
from backtests.sweeps.banks import Banks
from backtests.sweeps.plan import Part
from backtests.sweeps.walk import walk
from data.errors import ConfigError

CELLS = 2000  # of a part
LONG = 20_000  # bars times legs from which parts are of half as many, for what they hold
MOST = 10_000_000  # cells on one machine
PROBED = 128  # cells walked to say how long all will take
PER_CELL_MADE = 40e-6  # seconds: a cell's place in its part, and its row on disk
BYTES = 450 * 2**20  # that a process holds before it holds a part
PER_CELL = 400  # bytes of a row of the table, while it is put together

Progress = Callable[[str, int, int], None]  # what is being done, cells completed, of how many
Tables = Iterator[tuple[int, pa.Table]]  # of every part, in order
Elsewhere = Callable[[Grid, Banks, store.Folder | None, Progress], Tables]  # what walks in place of threads


@dataclass(frozen=True)
class Outlook:
    """What a sweep is going to take."""

    cells: int
    ideas: int  # at most: other settings may come to the same
    seconds: float
    bytes_held: int  # bytes
    threads: int


def check_size(grid: Grid) -> None:
    """Refuse more cells than a machine runs in a sitting, before anything is looked at."""
    if len(grid.cells) > MOST:
        raise ConfigError(
            f"{grid.config.name}: {len(grid.cells):,} cells are more than one machine runs, {MOST:,}; give fewer "
            "values, or draw some of them: sample: {n: 10_000, seed: 7}"
        )


def size_of_parts(grid: Grid, shared: Banks) -> int:
    """Cells of a part; it follows from the grid and the data alone."""
    return CELLS if len(shared.market.dates) * len(grid.base.strategy.legs) < LONG else CELLS // 2


def outlook(grid: Grid, shared: Banks, threads: int) -> Outlook:
    """Say what a sweep takes, from some of its cells: the first of them compile, and fill the banks."""
    half = min(PROBED, len(grid.cells) // 2)
    middle = len(grid.cells) // 2
    walk(shared.part(0, grid.cells[middle - half : middle]))
    start = time.perf_counter()
    part = shared.part(0, grid.cells[middle : middle + half])
    prepared = time.perf_counter()
    walk(part)
    walking = (time.perf_counter() - prepared) / max(len(part.run), 1)
    making = max(prepared - start - half * PER_CELL_MADE, 0.0) / max(len(part.signals), 1)
    signals, ideas = counts(grid)
    held = sum(signal.targets.nbytes for signal in part.signals) / max(len(part.signals), 1)
    per_part = size_of_parts(grid, shared) * min(1.0, signals / len(grid.cells)) * held
    return Outlook(
        cells=len(grid.cells),
        ideas=ideas,
        seconds=signals * making + len(grid.cells) * (walking / threads + PER_CELL_MADE),
        bytes_held=int(BYTES + (threads + 2) * per_part + PER_CELL * len(grid.cells)),
        threads=threads,
    )


def counts(grid: Grid) -> tuple[int, int]:
    """Return how many signals and how many ideas a grid holds, at most."""
    signal = [i for i, axis in enumerate(grid.axes) if axis.kind == "signal"]
    idea = [i for i, axis in enumerate(grid.axes) if axis.idea]
    return _distinct(grid, signal), _distinct(grid, idea)


def _distinct(grid: Grid, axes: Sequence[int]) -> int:
    if len(grid.cells) == grid.count:
        return int(np.prod([grid.shape[i] for i in axes], dtype=np.int64)) if axes else 1
    return len(np.unique(grid.places(grid.cells)[:, axes], axis=0)) if axes else 1


# ---- parts


def parts(grid: Grid, size: int) -> Iterator[tuple[int, int, Sequence[int]]]:
    """Yield the number of every part, its first row, and its cells."""
    for number, first in enumerate(range(0, len(grid.cells), size)):
        yield number, first, grid.cells[first : first + size]


def task(part: Part, grid: Grid, folder: store.Folder | None) -> tuple[int, pa.Table]:
    """Walk a part and keep it; return its number and its table."""
    table = store.columns(grid, walk(part), part.ideas)
    if folder:
        folder.keep(part.number, table)
    return part.number, table


def tables(
    grid: Grid, shared: Banks, folder: store.Folder | None, threads: int, progress: Progress
) -> Iterator[tuple[int, pa.Table]]:
    """Yield every part's table in order; those that a folder holds are read, not run again."""
    size, completed = size_of_parts(grid, shared), 0
    waiting: deque[Future[tuple[int, pa.Table]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for number, _, cells in parts(grid, size):
                if folder and folder.holds(number, len(cells)):
                    waiting.append(pool.submit(lambda k: (k, folder.part(k)), number))
                else:
                    waiting.append(pool.submit(task, shared.part(number, cells), grid, folder))
                while len(waiting) > threads:
                    number, table = waiting.popleft().result()
                    completed += len(table)
                    progress("cells", completed, len(grid.cells))
                    yield number, table
            while waiting:
                number, table = waiting.popleft().result()
                completed += len(table)
                progress("cells", completed, len(grid.cells))
                yield number, table
        finally:
            for future in waiting:
                future.cancel()


def cores() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compiles() -> bool:
    """Whether the ledger of a sweep has yet to be compiled on this machine."""
    return not kernel.totals_kept()
