"""What each setting moves by itself: the Sharpe ratio over all values of the others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from backtests.config import Grid
from backtests.sweeps.store import text
from data.pricing.bonds import Array

MIDDLE = (0.1, 0.5, 0.9)  # between the first and the last are 80 % of cells


def effects(grid: Grid, sharpe: Array) -> pa.Table:
    """Return a row per value of every axis, in the order written: its cells, their median and middle 80 %."""
    places = grid.places(grid.cells)
    by_name = {axis.name: i for i, axis in enumerate(grid.axes)}
    rows = []
    for name in grid.names:
        column = by_name[name]
        for k, value in enumerate(grid.axes[column].values):
            own = sharpe[places[:, column] == k]
            own = own[~np.isnan(own)]
            low, median, high = (float(x) for x in np.quantile(own, MIDDLE)) if len(own) else (np.nan,) * 3
            best = float(own.max()) if len(own) else np.nan
            rows.append((name, k, None if value is None else text(value), len(own), low, median, high, best))
    names = ("setting", "place", "value", "cells", "low", "median", "high", "best")
    kinds = (pa.string(), pa.int64(), pa.string(), pa.int64(), *[pa.float64()] * 4)
    columns = [pa.array([row[i] for row in rows], kind, from_pandas=True) for i, kind in enumerate(kinds)]
    return pa.table(columns, names=list(names))
