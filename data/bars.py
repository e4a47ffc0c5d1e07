"""Bars: a row's bar runs from the row before to it; the first row has none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bar_days(dates: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Calendar days (T,) of each bar; 0 on the first row.

    >>> bar_days(np.array(["2024-01-31", "2024-02-29"], dtype="datetime64[D]"))
    array([ 0., 29.])
    """
    return np.diff(dates, prepend=dates[:1]).astype("timedelta64[D]").astype(np.float64)


def previous(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values (T,) or (T, n) of the row before each; the first row repeats itself.

    >>> previous(np.array([1.0, 2.0, 4.0]))
    array([1., 1., 2.])
    """
    return np.concatenate([values[:1], values[:-1]])
