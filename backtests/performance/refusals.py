"""What the tests of significance take and refuse: records of excess returns, their least length, draws and levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backtests.performance.metrics import SMALL
from data.errors import ConfigError, DataError
from data.pricing.bonds import Array

MINIMUM = 36  # bars; with fewer nothing is tested
DRAWS = 1000
LEVEL = 0.95
CONSTANT = "the returns hardly vary, so nothing can be tested"


def one_per_bar(x: ArrayLike, what: str) -> Array:
    """Return one finite figure per bar (T,), or say what else was given."""
    values = np.asarray(x, dtype=float)
    if values.ndim != 1:
        raise DataError(f"{what}: shape {values.shape}; expected one figure per bar, (T,)")
    _refuse_gaps(values, what)
    return values


def variants_by_bar(matrix: ArrayLike) -> Array:
    """Return finite excess returns of the variants (T, k), or say what else was given."""
    values = np.asarray(matrix, dtype=float)
    if values.ndim != 2:
        raise DataError(f"excess returns of the variants: shape {values.shape}; expected bars by variants, (T, k)")
    _refuse_gaps(values, "excess returns of the variants")
    return values


def _refuse_gaps(values: Array, what: str) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        place = " of column ".join(str(i) for i in bad[0])
        raise DataError(
            f"{what}: row {place} is {values[tuple(bad[0])]}; expected finite figures: keep the common bars"
        )


def same_bars(a: int, b: int) -> None:
    """Refuse two records of different lengths."""
    if a != b:
        raise DataError(f"{a} bars against {b}: keep the bars that both have")


def check(ppy: float, draws: int = DRAWS, level: float = LEVEL) -> None:
    """Refuse periods, draws or levels with which nothing can be worked out."""
    if not 0 < ppy < np.inf:
        raise ConfigError(f"periods per year is {ppy}; expected a positive number, such as 12 for month ends")
    if not 0 < level < 1:
        raise ConfigError(f"level is {level}; expected a fraction between 0 and 1, such as 0.95")
    fewest = int(np.ceil(2 / (1 - level) - 1e-9)) - 1
    if draws < fewest:
        raise ConfigError(f"draws is {draws}; a {100 * level:g} % interval needs at least {fewest}")


def moved(x: Array) -> NDArray[np.int64]:
    """In how many bars each column (T, K), or a record (T,), earns or loses something; NaN where it is not there.

    Of one that does in few, a draw may hold hardly any of them, and its t statistic is then beyond all measure.
    """
    return np.asarray((np.abs(np.nan_to_num(x)) > SMALL).sum(axis=0))


def unfit(x: Array) -> str | None:
    """Why nothing can be tested on a record, or None."""
    if len(x) < MINIMUM:
        return f"only {len(x)} bar{'s' * (len(x) != 1)}: at least {MINIMUM} are needed"
    return CONSTANT if x.std() <= SMALL else None
