"""Month-end paths kept in a sweep's folder, and the fan they make: how the best and the median stand among all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from backtests.runs.trials import month_ends
from backtests.sweeps.paths import Paths
from data.pricing.bonds import Array

Numbers = NDArray[np.int64]

NAME = "paths.parquet"
SHARES = (0.05, 0.25, 0.75, 0.95)  # of the sample below each edge of the band


@dataclass(frozen=True)
class Kept:
    """Excess returns by month of some cells, one an idea."""

    cells: Numbers  # (K,) numbers in the grid
    sampled: NDArray[np.bool_]  # (K,) drawn by the seed; the others are there because they are among the best
    sharpe: Array  # (K,) annual, of all bars; NaN where there is none
    month: int  # of the first row of x, months since 1970-01
    x: Array  # (M, K), NaN where a path has none


@dataclass(frozen=True)
class Fan:
    """Growth of 1 in excess of cash; before its first month and after its last a path stands still."""

    dates: NDArray[np.datetime64]  # (M + 1,) month ends, the first that before anything is earned
    edges: Array  # (4, M + 1) at `SHARES` of the sample, each month by itself
    sampled: int
    best: tuple[int, ...]  # (k,) cells that have a path, the highest score first
    growth: Array  # (M + 1, k) of the best
    median: int | None  # the cell with the lower median of the Sharpe ratio among the sample; None: none has one
    middle: Array | None  # (M + 1,) its growth
    late: int  # of the sample, paths that begin after the first month


def table(paths: Paths, columns: Numbers, cells: Numbers, sampled: NDArray[np.bool_], sharpe: Array) -> pa.Table:
    """Return some `columns` (K,) of paths as a table of a row each, `cells`, `sampled` and `sharpe` (K,) beside."""
    own = [paths.of(int(column)) for column in columns]
    fields = {
        "cell": pa.array(cells, pa.int64()),
        "sampled": pa.array(sampled, pa.bool_()),
        "sharpe": pa.array(sharpe, pa.float64(), from_pandas=True),
        "month": pa.array([month for month, _ in own], pa.int64()),
        "x": pa.array([x for _, x in own], pa.list_(pa.float64())),
    }
    return pa.table(fields)


def read(folder: Path) -> Kept | None:
    """Return what a sweep's folder keeps of its paths; None where it keeps none, as those of former versions.

    Raises
    ------
    OSError, pa.ArrowException, ValueError, KeyError
        A file that cannot be read, or is none of these.
    """
    if not (folder / NAME).exists():
        return None
    rows = parquet.read_table(folder / NAME)
    months, paths = rows["month"].to_pylist(), [np.array(x, dtype=float) for x in rows["x"].to_pylist()]
    known = [(month, month + len(x)) for month, x in zip(months, paths, strict=True) if len(x)]
    start, end = min((a for a, _ in known), default=0), max((b for _, b in known), default=0)
    x = np.full((end - start, len(paths)), np.nan)
    for column, (month, own) in enumerate(zip(months, paths, strict=True)):
        x[month - start : month - start + len(own), column] = own
    sharpe = rows["sharpe"].to_numpy(zero_copy_only=False).astype(float)
    return Kept(rows["cell"].to_numpy(), rows["sampled"].to_numpy(), sharpe, start, x)


def fan(kept: Kept, best: Sequence[int]) -> Fan | None:
    """Return the fan of paths, the `best` cells and the median by themselves in it; None where there is no path."""
    there = np.asarray(np.isfinite(kept.x).any(axis=0))
    drawn = np.flatnonzero(kept.sampled & there)
    if not len(drawn):
        return None
    factors = np.vstack([np.ones(kept.x.shape[1]), 1.0 + np.nan_to_num(kept.x)])
    growth = np.asarray(np.cumprod(factors, axis=0), dtype=float)
    at = {cell: column for column, cell in enumerate(kept.cells.tolist()) if there[column]}
    chosen = [at[cell] for cell in best if cell in at]
    median = _median(kept.sharpe, drawn)
    months = np.arange(kept.month - 1, kept.month + len(kept.x)).astype("datetime64[M]")
    return Fan(
        dates=month_ends(months),
        edges=np.quantile(growth[:, drawn], SHARES, axis=1),
        sampled=len(drawn),
        best=tuple(kept.cells[chosen].tolist()),
        growth=growth[:, chosen],
        median=None if median is None else int(kept.cells[median]),
        middle=None if median is None else growth[:, median],
        late=int(np.isnan(kept.x[0, drawn]).sum()),
    )


def _median(sharpe: Array, drawn: Numbers) -> int | None:
    """Return which of the drawn has the lower median of the Sharpe ratio."""
    rated = drawn[~np.isnan(sharpe[drawn])]
    order = np.argsort(sharpe[rated], kind="stable")
    return int(rated[order[(len(rated) - 1) // 2]]) if len(rated) else None
