"""Made-up fields of many variants, and what the tests of selection say of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from backtests.performance import clusters, overfitting, selection
from backtests.performance.best_of_many import best_of_many

MONTHLY = 12.0
START = 50  # bars thrown away before the first, so that an autocorrelation has settled


def field(seed: int, bars: int, columns: int, autocorrelation: float = 0.0, late: bool = False) -> np.ndarray:
    """Returns (bars, columns) of volatility 1 without skill: Student's t of 4 degrees, filtered by an AR(1).

    Where some are late, half of the columns start at mid-sample.
    """
    shocks = np.random.default_rng(seed).standard_t(4, size=(bars + START, columns)) / math.sqrt(2.0)
    table = lfilter([1.0], [1.0, -autocorrelation], shocks * math.sqrt(1 - autocorrelation**2), axis=0)[START:]
    if late and columns > 1:
        table[: bars // 2, columns // 2 :] = np.nan
    return np.asarray(table)


def planted(table: np.ndarray, sharpe: float) -> np.ndarray:
    """The field with a true annual Sharpe ratio given to its first column."""
    return table + np.where(np.arange(table.shape[1]) == 0, sharpe / math.sqrt(MONTHLY), 0.0)


def copies(x: np.ndarray, correlation: float, count: int, seed: int = 7) -> np.ndarray:
    """So many columns of exactly this correlation with x (T,), of its mean and volatility."""
    other = np.random.default_rng(seed).normal(size=(len(x), count))
    own = x - x.mean()
    other = other - other.mean(axis=0)
    other -= own[:, None] * (own @ other) / (own @ own)
    other *= own.std() / other.std(axis=0)
    return np.asarray(x.mean() + correlation * own[:, None] + math.sqrt(1 - correlation**2) * other)


class Verdict(NamedTuple):
    """The best of a field: its p, and the p and the hurdle of its first column."""

    best: float
    first: float
    hurdle: float  # annual


def judge(table: np.ndarray, seed: int, draws: int) -> Verdict:
    """Hold the clusters of a field against the draws, as a run does."""
    labels = clusters.clusters(table)
    paths = clusters.paths(table, labels)
    tested = best_of_many(paths, seed, draws)
    path = paths[np.isfinite(paths[:, labels[0]]), labels[0]]
    deflated = selection.deflated_sharpe(path, MONTHLY, tested.mean_maximum, paths.shape[1], tested.block)
    return Verdict(float(np.nanmin(tested.p)), float(tested.p[labels[0]]), deflated.hurdle)


def overfit(table: np.ndarray, seed: int) -> tuple[bool, bool]:
    """Whether the probability of overfitting is inside the band of noise, and whether it is below."""
    result = overfitting.overfitting(table, seed)
    return result.low <= result.probability <= result.high, result.probability < result.low
