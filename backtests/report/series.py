"""Paths as a page carries them: one calendar for all, no more points and no more digits than the eye can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.report.format import Payload
from data.pricing.bonds import Array

POINTS = 1600  # of a path at most; a plot is some 1000 pixels wide
LEVELS = 1000  # of a path's range at least; a plot is some 300 pixels high, and a hover says a figure
GROWTH = 5  # decimals of growth of 1, which is divided by what it was where a window starts
MOST = 9  # decimals of anything


@dataclass(frozen=True)
class Calendar:
    """The days of a page, ascending; every path of it is on these."""

    days: Sequence[str]

    @property
    def width(self) -> int:
        """Rows of a bucket, of which a path keeps at most four; 1 where it keeps every row."""
        return 1 if len(self.days) <= POINTS else ceil(4 * len(self.days) / POINTS)

    def coded(self, value: Any, start: int) -> Any:
        """Return plain data with every path in it coded; each is one whose first row is row `start` of the calendar."""
        if isinstance(value, np.ndarray):
            return self.path(value, start) if value.ndim == 1 else self.stack(value, start)
        if isinstance(value, dict):
            return {key: self.coded(item, start) for key, item in value.items()}
        return value

    def path(self, values: Array, start: int) -> Payload:
        """Return a path (T,), to a thousandth of its range or better."""
        return self._alone(values, start, decimals(values))

    def growth(self, values: Array, start: int) -> Payload:
        """Return growth of 1 (T,)."""
        return self._alone(values, start, GROWTH)

    def stack(self, values: Array, start: int) -> list[Payload]:
        """Return paths (K, T) drawn upon each other, known on every row; the rows kept are the same for all."""
        longs, shorts = np.maximum(values, 0.0).sum(axis=0), np.minimum(values, 0.0).sum(axis=0)
        rows = np.union1d(kept(longs, start, self.width), kept(shorts, start, self.width))
        digits = decimals(np.concatenate([longs, shorts]))
        return [self._coded(path, rows, start, digits) for path in values]

    def _alone(self, values: Array, start: int, digits: int) -> Payload:
        known = np.flatnonzero(np.isfinite(values))
        skipped = int(known[0]) if len(known) else len(values)
        values, start = values[skipped:], start + skipped
        return self._coded(values, kept(values, start, self.width), start, digits)

    def _coded(self, values: Array, rows: NDArray[np.int64], start: int, digits: int) -> Payload:
        """Return where a path starts, units to 1, units from point to point, and rows between points where thinned."""
        whole = np.where(np.isfinite(values[rows]), np.round(values[rows] * 10.0**digits), np.nan)
        known = np.flatnonzero(np.isfinite(whole))
        steps: list[int | None] = [None] * len(rows)
        for at, step in zip(known, np.diff(whole[known], prepend=0.0), strict=True):
            steps[at] = int(step)
        thinned = {} if self.width == 1 else {"rows": np.diff(rows, prepend=0).tolist()}
        return {"start": start, "unit": 10.0**digits if digits < 0 else 10**digits, "steps": steps, **thinned}


def decimals(values: Array) -> int:
    """Return how many decimals tell a thousand levels of a path's range apart; below 0 for whole tens and more.

    >>> decimals(np.array([-0.35, 0.0])), decimals(np.array([0.0, 2.0e6])), decimals(np.array([0.5, 0.5]))
    (4, -3, 4)
    """
    known = values[np.isfinite(values)]
    size = float(np.ptp(known)) or float(np.abs(known).max()) if len(known) else 0.0
    return min(MOST, ceil(log10(LEVELS) - log10(size))) if size else 0


def kept(values: Array, start: int, width: int) -> NDArray[np.int64]:
    """Return which rows of a path (T,) are drawn: the first, last, lowest and highest of each bucket of the calendar.

    Buckets are those of the calendar, in which the path starts at row `start`, so that the first and last rows of a
    bucket are the same days for every path. Rows beside one that is not known are kept too.
    """
    if width == 1:
        return np.arange(len(values))
    skipped = start % width
    padded = np.full(-(-(skipped + len(values)) // width) * width, np.nan)
    padded[skipped : skipped + len(values)] = values
    buckets = padded.reshape(-1, width)
    first = np.arange(len(buckets)) * width
    lowest = first + np.where(np.isfinite(buckets), buckets, np.inf).argmin(axis=1)
    highest = first + np.where(np.isfinite(buckets), buckets, -np.inf).argmax(axis=1)
    edges = np.flatnonzero(np.diff(np.isfinite(values))) + skipped
    ends = [skipped, skipped + len(values) - 1]
    rows = np.unique(np.concatenate([first, first + width - 1, lowest, highest, edges, edges + 1, ends])) - skipped
    return rows[(rows >= 0) & (rows < len(values))]
