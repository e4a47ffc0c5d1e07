"""The best of many: how large the largest t statistic is where no column has a mean above 0.

Rows are drawn jointly by the stationary bootstrap, from columns whose means are removed, and the largest t of each draw
is what the largest of history is held against (White, Econometrica 68, 2000; Hansen, J. Business & Economic Statistics
23, 2005; Romano and Wolf, Econometrica 73, 2005). Columns may begin and end on bars of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backtests.performance.bootstrap import BATCH, Rows, block_lengths, resamples
from backtests.performance.metrics import SMALL
from backtests.performance.refusals import CONSTANT, DRAWS, MINIMUM
from data.errors import DataError
from data.pricing.bonds import Array

STILL = 1e-9  # share of a column's own sum of squares: a draw that moves less holds none of what it did
MOST = 0.97  # of an autocorrelation taken out before the long-run variance
WIDEST = 40.0  # effective numbers are sought up to e to this power
HALVINGS = 30  # of the range they are sought in
COMPILED_FROM = 50_000_000  # figures resampled: below it, loading the compiled form takes longer than it saves


@dataclass(frozen=True)
class Maxima:
    """Columns (N,) against the largest of the draws; NaN of a column that cannot be tested.

    `p` is single-step: the share of draws whose largest t reaches that of the column. Hansen's `consistent` counts no
    column too poor to be the best, his `lower` each below 0 at its own mean; `step_down` leaves out, for each column,
    those better than it (Romano and Wolf).
    """

    t: Array
    p: Array
    consistent: Array
    lower: Array
    step_down: Array
    mean_maximum: float | None  # mean of the draws' largest t
    effective: float | None  # independent trials whose expected largest is that mean
    block: float | None
    bars: int
    draws: int
    reason: str | None = None


def best_of_many(table: ArrayLike, seed: int, draws: int = DRAWS) -> Maxima:
    """Test columns (T, N) of excess returns, NaN where absent, jointly against means of 0.

    A column of fewer than 36 bars, or that hardly varies, is not tested.
    """
    x = np.asarray(table, dtype=float)
    if x.ndim != 2 or np.isinf(x).any():
        raise DataError(f"excess returns, shape {x.shape}: expected finite figures, bars by columns, NaN where absent")
    there = np.isfinite(x)
    count = there.sum(axis=0)
    u = np.where(there, x, 0.0)
    mean = u.sum(axis=0) / np.maximum(count, 1)
    u = np.where(there, u - mean, 0.0)
    varies = (u**2).sum(axis=0) > count * SMALL**2
    tested = np.flatnonzero((count >= MINIMUM) & varies)
    none = np.full(x.shape[1], np.nan)
    if not len(tested):
        enough = (count >= MINIMUM).any()
        reason = CONSTANT if enough else _too_few(count)
        return Maxima(none, none, none, none, none, None, None, None, len(x), draws, reason)
    u, m = u[:, tested], there[:, tested]
    block = _block(x[:, tested], m)
    keep = 1.0 - 1.0 / block
    t = statistics(np.where(m, u + mean[tested], 0.0), m, np.arange(len(x))[None], keep)[0]
    shares, mean_maximum = _shares(u, m, t, resamples(len(x), block, seed, draws), keep, draws)
    values, single, consistent, lower, step_down = (_filled(none, tested, part) for part in (t, *shares))
    effective = effective_number(mean_maximum)
    return Maxima(values, single, consistent, lower, step_down, mean_maximum, effective, block, len(x), draws)


def _too_few(count: NDArray[np.int64]) -> str:
    if not len(count):
        return "no variant to test"
    most = int(count.max())
    return f"only {most} bar{'s' * (most != 1)}: at least {MINIMUM} are needed"


def _filled(none: Array, at: NDArray[np.int64], values: Array) -> Array:
    filled = none.copy()
    filled[at] = values
    return filled


def _block(x: Array, there: NDArray[np.bool_]) -> float:
    """Mean block that the columns call for, each on its own bars."""
    group, masks = _groups(there)
    groups = [x[mask][:, group == g] for g, mask in enumerate(masks.T)]
    return float(np.concatenate([block_lengths(columns) for columns in groups]).mean())


def _groups(there: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Group (N,) of each column by its bars (T, N), and the bars (T, G) of each group."""
    seen: dict[bytes, int] = {}
    group = [seen.setdefault(column.tobytes(), len(seen)) for column in np.packbits(there, axis=0).T]
    _, first = np.unique(group, return_index=True)
    return np.array(group, dtype=np.int64), there[:, first]


def _shares(
    u: Array, there: NDArray[np.bool_], t: Array, rows: Iterable[Rows], keep: float, draws: int
) -> tuple[list[Array], float]:
    """Return the p-values (N,) of each kind, and the mean of the draws' largest t."""
    order = np.argsort(t)  # the least first
    poor = t < -np.sqrt(2 * np.log(np.log(len(u))))
    moved = [np.zeros(len(t)), np.where(poor, t, 0.0), np.minimum(t, 0.0)]
    counts = np.zeros((4, len(t)))
    total = 0.0
    for batch in rows:
        for part in np.array_split(batch, max(1, len(batch) * len(t) // BATCH)):
            drawn = statistics(u, there, part, keep)
            for i, by in enumerate(moved):
                counts[i] += _reached((drawn + by).max(axis=1), t)
            running = np.maximum.accumulate(drawn[:, order], axis=1)
            counts[3, order] += (running >= t[order]).sum(axis=0)
            total += float(running[:, -1].sum())
    p = (1 + counts) / (draws + 1)
    p[3, order[::-1]] = np.maximum.accumulate(p[3, order[::-1]])
    return list(p), total / draws


def _reached(largest: Array, t: Array) -> Array:
    """How many of the draws' largest reach each t."""
    return np.asarray(len(largest) - np.searchsorted(np.sort(largest), t))


def statistics(u: Array, there: NDArray[np.bool_], rows: Rows, keep: float) -> Array:
    """t statistics (draws, N) of the means of columns `u` (T, N), 0 where they are not `there`, in draws of their rows.

    The mean of a column's own bars over its long-run error, worked out anew in each draw: prewhitened by an AR(1)
    (Andrews and Monahan, Econometrica 60, 1992), covariances at lag k weighted by `keep` to the power of k. With e the
    residuals, the variance is `sum e_t^2 + 2 sum e_t g_t`, `g_t = keep (g_(t-1) + e_(t-1))`. A draw in which a column
    does not move says nothing of it: 0.
    """
    draws, bars = rows.shape
    if draws * u.size >= COMPILED_FROM or "numba" in sys.modules:
        from backtests.engine.joint_draws import statistics as compiled

        group, masks = _groups(there)
        order, ends = np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))
        values = np.empty((draws, u.shape[1]))
        values[:, order] = compiled(np.ascontiguousarray(u[:, order]), masks.astype(float), ends, rows, keep)
        return values
    order = np.ascontiguousarray(rows.T)
    m = None if there.all() else there.astype(float)
    total, power, product = (np.zeros((draws, u.shape[1])) for _ in range(3))
    count = np.full_like(total, bars if m is None else 0.0)
    for at in order:
        total += u.take(at, axis=0)
        if m is not None:
            count += m.take(at, axis=0)
    mean = total / np.maximum(count, 1.0)
    before = np.zeros_like(mean)
    for at in order:
        v = u.take(at, axis=0) - (mean if m is None else mean * m.take(at, axis=0))
        power += v * v
        product += v * before
        before = v
    moves = power > STILL * (u * u).sum(axis=0)
    rho = np.clip(product / np.where(power > 0, power, np.inf), -MOST, MOST)
    before, past, e_before, variance = (np.zeros_like(mean) for _ in range(4))
    for at in order:
        v = u.take(at, axis=0) - (mean if m is None else mean * m.take(at, axis=0))
        e = v - rho * before
        past += e_before
        past *= keep
        variance += e * (e + 2.0 * past)
        before, e_before = v, e
    return np.asarray(total * (1.0 - rho) / np.sqrt(np.where(moves & (variance > 0), variance, np.inf)))


def effective_number(mean_maximum: float) -> float:
    """How many independent standard normal trials have this expected maximum; at least 1."""
    low, high = 0.0, WIDEST  # logarithms
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if expected_maximum(np.exp(middle)) < mean_maximum else (low, middle)
    return float(np.exp(low))


def expected_maximum(trials: float) -> float:
    """Expected largest of so many independent standard normal draws, a fraction of one too.

    With F the normal distribution, the integral of `1 - F(z)^n - F(-z)^n` over z above 0.
    """
    from scipy.special import log_ndtr

    z = np.linspace(0.0, 12.0, 601)
    below = np.exp(trials * log_ndtr(z)) + np.exp(trials * log_ndtr(-z))
    return float(np.trapezoid(1.0 - below, z))
