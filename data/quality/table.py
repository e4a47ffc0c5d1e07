"""Table: a series as the checks see it, arrays with the names of their rows and columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.pricing.bonds import Array
from data.quality.finding import Finding, Level
from data.series import Spec

Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """One series as published; the days ascend and are unique."""

    spec: Spec
    days: Days  # (T,)
    columns: tuple[str, ...]  # (k,)
    values: Array  # (T, k), NaN where missing

    @classmethod
    def of(cls, spec: Spec, frame: pd.DataFrame) -> Table:
        """Return a stored frame as a table."""
        days = frame.index.to_numpy().astype("datetime64[D]")
        return cls(spec, days, tuple(str(column) for column in frame.columns), frame.to_numpy(dtype=float))

    @property
    def tenors(self) -> Array:
        """The columns of a curve (k,) in years."""
        return np.array([float(column) for column in self.columns])

    @property
    def blank(self) -> Flags:
        """Which rows (T,) have no value at all."""
        return np.asarray(np.isnan(self.values).all(axis=1), dtype=bool)

    def rows(self, keep: Flags) -> Table:
        """Return the rows whose flag is set."""
        return replace(self, days=self.days[keep], values=self.values[keep])

    def only(self, *columns: str) -> Table:
        """Return these columns, with all rows."""
        return replace(self, columns=columns, values=self.values[:, [self.columns.index(c) for c in columns]])

    def get(self, column: str) -> Array:
        """Return the values (T,) of a column."""
        return self.values[:, self.columns.index(column)]

    def lists(self) -> Iterator[tuple[str, NDArray[np.intp], Array]]:
        """Yield each column's name, the rows on which it has a value, and these values."""
        for column, values in zip(self.columns, self.values.T, strict=True):
            rows = np.flatnonzero(~np.isnan(values))
            yield column, rows, values[rows]

    def finding(self, level: Level, first: int, last: int, message: str, name: str) -> Finding:
        """Return a finding of a name about rows first to last."""
        return Finding(level, self.spec.name, day(self.days[first]), day(self.days[last]), message, name)

    def label(self, column: str) -> str:
        """Return what to call a column in a message."""
        return {"curve": f"{column}-year", "price": column}.get(self.spec.kind, "the value")


def day(moment: np.datetime64) -> date:
    """Return a numpy day as a date."""
    return date.fromisoformat(str(moment.astype("datetime64[D]")))


def stretches(flags: Flags) -> list[tuple[int, int]]:
    """Return the first and the last row of each unbroken stretch of true `flags`.

    >>> stretches(np.array([True, False, True, True]))
    [(0, 0), (2, 3)]
    """
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
    return [(start, stop - 1) for start, stop in zip(starts, stops, strict=True)]


def ratio(values: Array, near: Array) -> Array:
    """Return values / near where both are above 0, and NaN elsewhere.

    >>> ratio(np.array([6.0, -1.0]), np.array([2.0, 2.0])).tolist()
    [3.0, nan]
    """
    fine = (values > 0) & (near > 0)
    return np.where(fine, values, np.nan) / np.where(fine, near, np.nan)
