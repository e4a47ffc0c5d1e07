"""t statistics of many columns in many joint draws, compiled: one pass over the bars, columns side by side.

The same definition as `performance.best_of_many`, which works it out array by array for small tables.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.pricing.bonds import Array

Rows = NDArray[np.int64]

MOST = 0.97  # of an autocorrelation taken out before the long-run variance
STILL = 1e-9  # share of a column's own sum of squares: a draw that moves less holds none of what it did
TOGETHER = 64  # columns at a time: their bars and sums stay in the fast caches


@njit(cache=True, nogil=True)
def statistics(columns: Array, present: Array, ends: Rows, rows: Rows, keep: float) -> Array:
    """t statistics (draws, N) of the means of `columns` (T, N) in joint draws of their rows (draws, T).

    Columns are 0 where they have no bar. Those before `ends[g]`, and not before the end of the group before it, have
    their bars where `present[:, g]` (T, G) is 1. `keep` is the chance that a block goes on.
    """
    result = np.empty((len(rows), columns.shape[1]))
    for g in range(len(ends)):
        here, past, of_mask = _presence(present[:, g], rows, keep)
        for first in range(ends[g - 1] if g else 0, ends[g], TOGETHER):
            last = min(first + TOGETHER, ends[g])
            strip = columns[:, first:last].copy()
            _strip(strip, here, past, of_mask, rows, keep, result[:, first:last])
    return result


@njit(cache=True, nogil=True)
def _presence(present: Array, rows: Rows, keep: float) -> tuple[Array, Array, Array]:
    """Which bars of the draws are there (draws, T), what was before each, and sums (draws, 3) of both.

    What was before a bar is `w_t = m_(t-1) + keep w_(t-1)`; the sums are of m, of m times m before it and of m w.
    """
    here, past, sums = np.empty(rows.shape), np.zeros(rows.shape), np.zeros((len(rows), 3))
    for d in range(len(rows)):
        for t in range(rows.shape[1]):
            here[d, t] = present[rows[d, t]]
            sums[d, 0] += here[d, t]
            if t:
                past[d, t] = here[d, t - 1] + keep * past[d, t - 1]
                sums[d, 1] += here[d, t] * here[d, t - 1]
                sums[d, 2] += here[d, t] * past[d, t]
    return here, past, sums


@njit(cache=True, nogil=True, fastmath=True)
def _strip(x: Array, here: Array, past: Array, of_mask: Array, rows: Rows, keep: float, out: Array) -> None:
    """Work out the statistics of a few columns (T, n) from sums over the bars of each draw."""
    bars, width = x.shape
    sums = np.empty((7, width))
    total, square, step, reach, of_step, of_reach, r = sums
    still = np.zeros(width)
    for t in range(bars):
        for j in range(width):
            still[j] += STILL * x[t, j] * x[t, j]
    for d in range(len(rows)):
        sums[:] = 0.0
        for j in range(width):
            total[j] = x[rows[d, 0], j]
            square[j] = total[j] * total[j]
        for t in range(1, bars):
            now, before = x[rows[d, t]], x[rows[d, t - 1]]
            m, m_before, w = here[d, t], here[d, t - 1], past[d, t]
            for j in range(width):
                u, v = now[j], before[j]
                r[j] = v + keep * r[j]
                total[j] += u
                square[j] += u * u
                step[j] += u * v
                reach[j] += u * r[j]
                of_step[j] += m * v + m_before * u
                of_reach[j] += m * r[j] + w * u
        count, touching, reached = of_mask[d]
        final = x[rows[d, bars - 1]]
        for j in range(width):
            mean = total[j] / count if count > 0.0 else 0.0
            power = square[j] - mean * total[j]
            c = step[j] - mean * of_step[j] + mean * mean * touching
            a = reach[j] - mean * of_reach[j] + mean * mean * reached
            end, tail = final[j] - mean * here[d, bars - 1], r[j] - mean * past[d, bars - 1]
            rho = min(max(c / power, -MOST), MOST) if power > 0.0 else 0.0
            shorter = a - end * tail
            cross = keep * (a - rho * (power - end * end + keep * shorter) + rho * rho * shorter) - rho * (a - c)
            variance = power - 2.0 * rho * c + rho * rho * (power - end * end) + 2.0 * cross
            moves = power > still[j] and variance > 0.0
            out[d, j] = total[j] * (1.0 - rho) / np.sqrt(variance) if moves else 0.0


def build() -> None:
    """Compile it, or find it on disk."""
    statistics(np.ones((2, 1)), np.ones((2, 1)), np.ones(1, np.int64), np.zeros((1, 2), np.int64), 0.5)
