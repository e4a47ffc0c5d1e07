"""From the first cell to the last word: all cells run, scored, the best judged and proved, and what was tried told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.runs.folder import check_free, utc_now
from backtests.runs.trials import Trial
from backtests.sweeps import effects, fan, judge, plateau, prove, run, store, surroundings
from backtests.sweeps.banks import Banks, banks
from backtests.sweeps.paths import Paths, paths, representatives
from data.pricing.bonds import Array

CANDIDATES = 100  # ideas of a sample whose neighbours are run
Told = Callable[["Swept"], None]
AT_RANDOM = 20  # cells beside the best that both engines run


@dataclass(frozen=True)
class Swept:
    """A sweep, complete."""

    grid: Grid
    best: tuple[dict[str, Any], ...]  # rows of the table, the highest score first, of every idea at most one
    proofs: tuple[prove.Proof, ...]
    judged: judge.Judged
    sentence: str
    notes: dict[str, int]  # why cells were not run, or run in the plain ledger -> how many
    trials: tuple[Trial, ...]  # every idea, at most 2,000 with their paths
    seconds: float  # of the cells
    judging: float  # of what the best is worth
    table: pa.Table | None = None  # where there is no folder


@dataclass
class _Cells:
    """What is kept of every cell until all are walked, and the tables where no folder has them."""

    grid: Grid
    size: int  # of a part
    folder: store.Folder | None
    kept: list[pa.Table]
    sharpe: Array  # (N,) NaN where it has none
    ideas: NDArray[np.uint64]  # (N,) 0 where it is not run
    notes: dict[str, int]

    def tables(self) -> Iterator[tuple[int, pa.Table]]:
        """Yield the first row of every part, and its table."""
        for number, first, _ in run.parts(self.grid, self.size):
            yield first, self.folder.part(number) if self.folder else self.kept[number]

    def row(self, row: int) -> dict[str, Any]:
        """Return a row of the table."""
        number = row // self.size
        table = self.folder.part(number) if self.folder else self.kept[number]
        return dict(table.slice(row % self.size, 1).to_pylist()[0])


def conclude(
    grid: Grid,
    shared: Banks,
    folder: store.Folder | None = None,
    threads: int = 1,
    top: int = 5,
    progress: run.Progress = lambda what, count, of: None,
    elsewhere: run.Elsewhere | None = None,
    told: Told = lambda swept: None,
) -> Swept:
    """Run every cell, score them, judge the best, and prove it and some others in both engines.

    Cells are walked by threads, or by `elsewhere` where it is given; the rest happens here. `told` is given the sweep
    before its folder reads as complete, so that what it does is done again where it was cut short.

    Raises
    ------
    ReconciliationError
        A cell on which the engines, or the sweep and a run, do not agree.
    SourceError
        A disk that fails.
    """
    start = time.perf_counter()
    walking = elsewhere(grid, shared, folder, progress) if elsewhere else None
    cells = _walked(grid, shared, folder, walking or run.tables(grid, shared, folder, threads, progress))
    walked = time.perf_counter()
    progress("significance", 0, 1)
    chosen = representatives(grid, cells.ideas)
    scored, extras = _scored(grid, shared, cells, chosen)
    by = scored.score if grid.section.score == "plateau" else cells.sharpe
    best = leaders(by, chosen, top)
    tested = _tested(chosen, cells, best, grid.seed)
    month_ends = paths(grid, shared, tested)
    judged, spikes = judge.judge(grid, month_ends, cells.ideas, cells.sharpe, grid.seed)
    if grid.sampled:  # no draw has the neighbours of all
        judged, spikes = replace(judged, plateau=None), {}
    progress("", 1, 1)
    judging = time.perf_counter() - walked
    rows = prove.chosen(range(len(grid.cells)), best, AT_RANDOM, grid.seed)
    proofs = prove.prove(
        grid, shared.market, {grid.cells[row]: own for row in rows if (own := cells.row(row))["bars"]}, progress
    )
    columns = judge.sample(len(tested), np.searchsorted(tested, best).tolist(), grid.seed, judge.CLUSTERED)
    trials = (*_trials(grid, cells, chosen, month_ends, columns), *_beside(grid, cells, extras))
    sentence = judge.sentence(judged)
    shown = tuple({**cells.row(row), **_scores(scored, row)} for row in best)
    swept = Swept(grid, shown, tuple(proofs), judged, sentence, cells.notes, trials, walked - start, judging)
    told(swept)
    return _kept(swept, cells, scored, spikes, _drawable(cells, month_ends, columns, best))


def _scored(
    grid: Grid, shared: Banks, cells: _Cells, rows: NDArray[np.int64]
) -> tuple[plateau.Scores, tuple[surroundings.Extra, ...]]:
    """Return the plateau score of every cell; of a sample, of its best alone, with the neighbours run for it."""
    if not grid.sampled or grid.section.score != "plateau":
        return plateau.scores(grid, cells.sharpe), ()
    best = np.array(leaders(cells.sharpe, rows, CANDIDATES), dtype=np.int64)
    return surroundings.scores(grid, shared, cells.sharpe, best)


def _beside(grid: Grid, cells: _Cells, extras: tuple[surroundings.Extra, ...]) -> Iterator[Trial]:
    """Yield the ideas that were run for a neighbour's sake, each once, as trials."""
    known = {f"{idea:016x}" for idea in np.unique(cells.ideas).tolist()} if extras else set()
    for extra in extras:
        if extra.idea not in known:
            known.add(extra.idea)
            name = f"{grid.base.name} cell {extra.cell}"
            yield Trial(extra.idea, name, grid.base.strategy_name, "sweep", extra.sharpe, 0, 0)


def _walked(grid: Grid, shared: Banks, folder: store.Folder | None, walking: run.Tables) -> _Cells:
    sharpe: list[Array] = []
    ideas: list[NDArray[np.uint64]] = []
    kept: list[pa.Table] = []
    notes: dict[str, int] = {}
    for _, table in walking:
        sharpe.append(table["sharpe"].to_numpy(zero_copy_only=False).astype(float))
        ideas.append(np.array([int(idea or "0", 16) for idea in table["idea"].to_pylist()], dtype=np.uint64))
        for note in table["note"].drop_null().to_pylist():
            notes[note] = notes.get(note, 0) + 1
        if not folder:
            kept.append(table)
    size = run.size_of_parts(grid, shared)
    return _Cells(grid, size, folder, kept, np.concatenate(sharpe), np.concatenate(ideas), notes)


def leaders(by: Array, rows: NDArray[np.int64], count: int) -> list[int]:
    """Return those of the rows with the highest values, the highest first; of equal ones the first."""
    order = rows[store.in_order(by[rows])]
    return [int(row) for row in order[:count] if not np.isnan(by[row])]


def _tested(rows: NDArray[np.int64], cells: _Cells, best: list[int], seed: int) -> NDArray[np.int64]:
    """Return the rows whose ideas are tested together: all, or as many as can be, the best among them."""
    highest = leaders(cells.sharpe, rows, 1)
    first = np.searchsorted(rows, [*highest, *best]).tolist()
    return np.asarray(rows[judge.sample(len(rows), first, seed, judge.MOST)])


def _trials(
    grid: Grid, cells: _Cells, rows: NDArray[np.int64], month_ends: Paths, columns: NDArray[np.int64]
) -> tuple[Trial, ...]:
    """Return every idea as a trial, those of some columns with their paths."""
    own = {int(month_ends.rows[column]): month_ends.of(int(column)) for column in columns}
    none = (0, np.zeros(0))
    return tuple(
        Trial(
            f"{int(cells.ideas[row]):016x}", f"{grid.base.name} cell {grid.cells[row]}", grid.base.strategy_name,
            "sweep", float(cells.sharpe[row]), 0, 0, 1, *own.get(row, none),
        )
        for row in rows.tolist()
    )  # fmt: skip


def _drawable(cells: _Cells, month_ends: Paths, columns: NDArray[np.int64], best: list[int]) -> pa.Table:
    """Return the paths that the folder keeps, with what of them the seed would have drawn without the best."""
    grid, rows, count = cells.grid, month_ends.rows[columns], len(month_ends.rows)
    others = judge.sample(count, [], grid.seed, judge.CLUSTERED - len(best)) if len(columns) < count else columns
    numbers = np.array([grid.cells[row] for row in rows.tolist()], dtype=np.int64)
    return fan.table(month_ends, columns, numbers, np.isin(columns, others), cells.sharpe[rows])


def at(trials: tuple[Trial, ...], now: datetime) -> tuple[Trial, ...]:
    """Return trials as tried now."""
    seconds = int(now.timestamp())
    return tuple(trial._replace(first=seconds, last=seconds) for trial in trials)


def _scores(scored: plateau.Scores, row: int) -> dict[str, Any]:
    return {"plateau": float(scored.score[row]), "neighbours": int(scored.neighbours[row])}


def _kept(swept: Swept, cells: _Cells, scored: plateau.Scores, spikes: dict[int, float], month_ends: pa.Table) -> Swept:
    """Put the parts together as one table, in the folder where there is one."""
    above = np.full(len(cells.sharpe), np.nan)
    above[list(spikes)] = list(spikes.values())

    def whole() -> Iterator[pa.Table]:
        for first, table in cells.tables():
            rows = slice(first, first + len(table))
            columns = {"plateau": scored.score[rows], "neighbours": scored.neighbours[rows], "spike": above[rows]}
            for name, values in columns.items():
                table = table.append_column(name, pa.array(values, from_pandas=True))
            yield table

    if not cells.folder:
        return replace(swept, table=pa.concat_tables(list(whole())).combine_chunks())
    with store.failing(cells.folder.path):
        store.write_table(cells.folder.path / store.EFFECTS, iter([effects.effects(swept.grid, cells.sharpe)]))
        store.write_table(cells.folder.path / fan.NAME, iter([month_ends]))
        cells.folder.complete(
            whole(), ideas=swept.judged.ideas, notes=swept.notes, judged=swept.judged.plain(), sentence=swept.sentence,
            best=[row["cell"] for row in swept.best], proved=[vars(proof) for proof in swept.proofs],
            seconds={"cells": round(swept.seconds, 3), "significance": round(swept.judging, 3)},
        )  # fmt: skip
    return swept


# ---- where a sweep is kept


def check_place(out: Path | None, resume: Path | None) -> None:
    """Refuse a folder that can neither be begun nor gone on with, before anything is computed; raises as `opened`."""
    unfinished = resume or _begun(out)
    if unfinished:
        store.check_unfinished(unfinished, store.read_manifest(unfinished))
    elif out:
        check_free(out)


def _begun(out: Path | None) -> Path | None:
    return out if out and (out / store.MANIFEST).exists() else None


def opened(grid: Grid, shared: Banks, out: Path | None, resume: Path | None = None) -> store.Folder:
    """Begin a sweep's folder, or go on with the one that is there."""
    own = store.identity(grid, shared.tables)
    unfinished = resume or _begun(out)
    if unfinished:
        return store.Folder.resume(unfinished, own)
    now = utc_now()
    return store.Folder.begin(store.destination(grid, out, now), grid, store.manifest(grid, shared, own, now))


def to_table(
    grid: Grid,
    out: Path | None,
    threads: int | None,
    told: Told = lambda swept: None,
    progress: run.Progress = lambda what, count, of: None,
) -> tuple[Swept, pa.Table]:
    """Run a grid in memory, or into a folder, or to the end of what a folder holds; raises as `conclude`."""
    run.check_size(grid)
    shared = banks(grid)
    folder = opened(grid, shared, out) if out else None
    swept = conclude(grid, shared, folder, threads or run.cores(), progress=progress, told=told)
    return swept, swept.table if folder is None else store.read_table(folder.path)
