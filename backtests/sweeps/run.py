"""A sweep from its grid to its table: parts made here, walked by threads, kept as they come, and judged at the end."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.engine import kernel
from backtests.runs.folder import utc_now
from backtests.sweeps import plateau, prove, store
from backtests.sweeps.banks import Banks, banks
from backtests.sweeps.plan import Part
from backtests.sweeps.walk import walk
from data.errors import ConfigError
from data.pricing.bonds import Array

CELLS = 2000  # of a part
LONG = 20_000  # bars times legs from which parts are of half as many, for what they hold
MOST = 10_000_000  # cells on one machine
PROBED = 64  # cells walked to say how long all will take
BYTES = 450 * 2**20  # that a process holds before it holds a part
PER_CELL = 400  # bytes of a row of the table, while it is put together
AT_RANDOM = 20  # cells beside the best that both engines run

Progress = Callable[[str, int, int], None]  # what is being done, cells completed, of how many


@dataclass(frozen=True)
class Outlook:
    """What a sweep is going to take."""

    cells: int
    ideas: int  # at most: other settings may come to the same
    seconds: float
    bytes_held: int  # bytes
    threads: int


@dataclass(frozen=True)
class Swept:
    """A sweep, complete."""

    grid: Grid
    table: pa.Table
    best: tuple[int, ...]  # rows of the table, the best first
    proofs: tuple[prove.Proof, ...]
    notes: dict[str, int]  # why cells were not run, or run in the plain ledger -> how many
    ideas: int
    seconds: float


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
    """Say what a sweep takes, from its first cells."""
    cells = [grid.cells[int(i)] for i in np.linspace(0, len(grid.cells) - 1, min(PROBED, len(grid.cells)))]
    start = time.perf_counter()
    part = shared.part(0, cells)
    prepared = time.perf_counter()
    walk(part)
    end = time.perf_counter()
    walk(part)
    again = time.perf_counter()
    signals, ideas = counts(grid)
    walking = min(again - end, end - prepared) / max(len(part.run), 1)
    making = (prepared - start) / max(len(part.signals), 1)
    held = sum(signal.targets.nbytes for signal in part.signals) / max(len(part.signals), 1)
    per_part = size_of_parts(grid, shared) * min(1.0, signals / len(grid.cells)) * held
    return Outlook(
        cells=len(grid.cells),
        ideas=ideas,
        seconds=signals * making + len(grid.cells) * (walking / threads + 40e-6),
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


# ---- from the first cell to the last word


def run(
    grid: Grid,
    shared: Banks,
    folder: store.Folder | None = None,
    threads: int = 1,
    top: int = 5,
    progress: Progress = lambda what, count, of: None,
) -> Swept:
    """Run every cell, score them, and prove the best and some others in both engines.

    Raises
    ------
    ReconciliationError
        A cell on which the engines, or the sweep and a run, do not agree.
    SourceError
        A disk that fails.
    """
    start = time.perf_counter()
    size, kept, gathered = size_of_parts(grid, shared), [], _Gathered()
    for _, table in tables(grid, shared, folder, threads, progress):
        gathered.add(table)
        if not folder:
            kept.append(table)
    sharpe, ideas = gathered.sharpe, gathered.ideas
    scored = plateau.scores(grid, sharpe)
    best = leaders(scored.score if grid.section.score == "plateau" else sharpe, ideas, top)
    rows = prove.chosen(range(len(grid.cells)), best, AT_RANDOM, grid.seed)
    figures = {grid.cells[row]: own for row in rows if (own := _row(folder, kept, size, row))["bars"]}
    proofs = prove.prove(grid, shared.market, figures, progress)
    whole = (_scored(table, scored, first) for first, table in _numbered(folder, kept, grid, size))
    notes = gathered.notes
    if folder:
        with store.failing(folder.path):
            folder.complete(
                whole, proved=[vars(proof) for proof in proofs], notes=notes, ideas=len(np.unique(ideas)), best=best
            )
        table = store.read_table(folder.path)
    else:
        table = pa.concat_tables(list(whole)).combine_chunks()
    return Swept(
        grid=grid,
        table=table,
        best=tuple(best),
        proofs=tuple(proofs),
        notes=notes,
        ideas=len(np.unique(ideas[ideas > 0])),
        seconds=time.perf_counter() - start,
    )


class _Gathered:
    """What is kept of every cell until all are walked."""

    def __init__(self) -> None:
        self._sharpe: list[Array] = []
        self._ideas: list[NDArray[np.uint64]] = []
        self.notes: dict[str, int] = {}  # why cells were not run, or run plainly -> how many

    def add(self, table: pa.Table) -> None:
        self._sharpe.append(table["sharpe"].to_numpy(zero_copy_only=False).astype(float))
        self._ideas.append(np.array([int(idea or "0", 16) for idea in table["idea"].to_pylist()], dtype=np.uint64))
        for note in table["note"].drop_null().to_pylist():
            self.notes[note] = self.notes.get(note, 0) + 1

    @property
    def sharpe(self) -> Array:
        """Of every cell (N,), NaN where it has none."""
        return np.concatenate(self._sharpe)

    @property
    def ideas(self) -> NDArray[np.uint64]:
        """Of every cell (N,), 0 where it is not run."""
        return np.concatenate(self._ideas)


def leaders(by: Array, ideas: NDArray[np.uint64], count: int) -> list[int]:
    """Return the rows of the highest values, of every idea the first, the highest first."""
    rows: list[int] = []
    seen: set[int] = set()
    for row in store.in_order(by).tolist():
        if len(rows) == count or np.isnan(by[row]):
            break
        if int(ideas[row]) not in seen:
            seen.add(int(ideas[row]))
            rows.append(row)
    return rows


def to_table(grid: Grid, out: Path | None, threads: int) -> Swept:
    """Run a grid in memory, or into a folder, or to the end of what a folder holds; raises as `run` and its parts."""
    check_size(grid)
    shared = banks(grid)
    folder = opened(grid, shared, out) if out else None
    return run(grid, shared, folder, threads)


def opened(grid: Grid, shared: Banks, out: Path | None, resume: Path | None = None) -> store.Folder:
    """Begin a sweep's folder, or go on with the one that is there."""
    own = store.identity(grid, shared.tables)
    unfinished = resume or (out if out and (out / store.MANIFEST).exists() else None)
    if unfinished:
        return store.Folder.resume(unfinished, own)
    now = utc_now()
    return store.Folder.begin(store.destination(grid, out, now), grid, store.manifest(grid, shared, own, now))


def _numbered(
    folder: store.Folder | None, kept: Sequence[pa.Table], grid: Grid, size: int
) -> Iterator[tuple[int, pa.Table]]:
    for number, first, _ in parts(grid, size):
        yield first, folder.part(number) if folder else kept[number]


def _scored(table: pa.Table, scored: plateau.Scores, first: int) -> pa.Table:
    rows = slice(first, first + len(table))
    for name, values in (("plateau", scored.score[rows]), ("neighbours", scored.neighbours[rows])):
        table = table.append_column(name, pa.array(values, from_pandas=True))
    return table


def _row(folder: store.Folder | None, kept: Sequence[pa.Table], size: int, row: int) -> dict[str, Any]:
    table = folder.part(row // size) if folder else kept[row // size]
    return dict(table.slice(row % size, 1).to_pylist()[0])
