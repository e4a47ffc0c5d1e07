"""Grids without a market: paths drawn by lot, with a plateau or a spike planted among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backtests import config
from backtests.config import Grid
from backtests.config.document import parse
from backtests.sweeps import judge
from backtests.sweeps.paths import Paths

TEXT = "name: grid\nvariants: {fade: {strategy: reversion, params: {duration: 5.0}}}\n"


def grid_of(over: dict[str, Any], sample: dict[str, int] | None = None) -> Grid:
    """A grid around a variant of 5 years."""
    settings = config.resolve(parse(TEXT, "grid.yaml"))
    return config.grid(settings, config.section_of(settings, over, None, sample, None))


def grid_of_two(size: int) -> Grid:
    """A grid of two settings that have neighbours."""
    enter = [round(1 + 0.1 * k, 1) for k in range(size)]
    return grid_of({"params.lookback": [f"{12 + k}M" for k in range(size)], "params.enter": enter})


def planted(size: int, months: int, what: str | None, seed: int, sharpe: float = 0.9) -> np.ndarray:
    """Monthly returns (months, size * size): neighbours alike, some with a Sharpe ratio of `sharpe` a year."""
    rng = np.random.default_rng(seed)
    smooth = np.exp(-0.5 * (np.subtract.outer(np.arange(size), np.arange(size)) / 1.5) ** 2)
    smooth /= np.sqrt((smooth**2).sum(axis=0))
    noise = np.einsum("ab,tbc,cd->tad", smooth, rng.normal(size=(months, size, size)), smooth)
    mean = np.zeros((size, size))
    if what in ("plateau", "both"):
        mean[1:5, 1:5] = sharpe
    if what in ("spike", "both"):
        mean[7, 7] = sharpe
    if what == "end":
        mean[size - 1, size - 1] = sharpe
    return (0.02 * (noise + mean / np.sqrt(12))).reshape(months, -1)


def verdicts(grid: Grid, x: np.ndarray, seed: int) -> judge.Judged:
    """What is made of such paths."""
    rows = np.arange(x.shape[1])
    sharpe = x.mean(axis=0) / x.std(axis=0, ddof=1) * np.sqrt(12)
    judged, _ = judge.judge(grid, Paths(rows, 360, x), (rows + 1).astype(np.uint64), sharpe, seed)
    return judged
