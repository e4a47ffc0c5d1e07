"""Which of many return paths are the same idea at heart: clusters by correlation, and one path for each.

Average linkage, cut where the mean correlation falls below .7. Rules that choose the number of clusters by how well
they separate were tried and are wrong: on 20 independent columns the silhouette found 6, on 45 it found 16.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtests.performance.metrics import SMALL
from backtests.performance.refusals import MINIMUM
from data.pricing.bonds import Array

LIKE = 0.7  # mean correlation from which on paths are one cluster

Labels = NDArray[np.int64]


def correlations(table: Array) -> Array:
    """Correlation (N, N) of columns (T, N) on the bars two have, NaN where absent; 0 where they are fewer than 36.

    It is 0, too, of a column that does not vary there.
    """
    there = np.isfinite(table)
    if there.all():
        x, m = table - table.mean(axis=0), None
        n, sums, squares = float(len(table)), 0.0, np.broadcast_to((x**2).sum(axis=0)[:, None], (x.shape[1],) * 2)
    else:
        x, m = np.where(there, table - _means(table, there), 0.0), there.astype(float)
        n, sums, squares = m.T @ m, x.T @ m, (x**2).T @ m
    with np.errstate(divide="ignore", invalid="ignore"):
        power = squares - sums**2 / n
        product = x.T @ x - sums * np.transpose(sums) / n
        correlation = product / np.sqrt(power * power.T)
        known = (n >= MINIMUM) & (power > n * SMALL**2) & (n * SMALL**2 < power.T)
    return np.clip(np.where(known, correlation, 0.0), -1.0, 1.0)


def clusters(table: Array) -> Labels:
    """Cluster (N,) of each column (T, N), NaN where absent: 0, 1, ... in the order of their first members."""
    from scipy.cluster.hierarchy import fcluster, linkage

    n = table.shape[1]
    if n < 2:
        return np.zeros(n, dtype=np.int64)
    apart = 1.0 - correlations(table)[np.triu_indices(n, 1)]
    labels = fcluster(linkage(apart, "average"), 1.0 - LIKE + SMALL, "distance")
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[label], dtype=np.int64)


def paths(table: Array, labels: Labels) -> Array:
    """Path (T, C) of each cluster: the mean of its members, each over its volatility, NaN where it has none."""
    there = np.isfinite(table)
    scaled = np.where(there, table, 0.0) / volatilities(table)
    count = labels.max(initial=-1) + 1
    member = (labels[:, None] == np.arange(count)).astype(float)
    with np.errstate(invalid="ignore"):
        return np.asarray((scaled @ member) / np.where(there @ member > 0, there @ member, np.nan))


def volatilities(table: Array) -> Array:
    """Standard deviation (N,) of each column (T, N) over its own bars, ddof 1; 1 where it does not vary."""
    there = np.isfinite(table)
    count = there.sum(axis=0)
    squares = (np.where(there, table - _means(table, there), 0.0) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(count - 1, 1))
    return np.where(deviation > SMALL, deviation, 1.0)


def _means(table: Array, there: NDArray[np.bool_]) -> Array:
    return np.asarray(np.where(there, table, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1))
