"""Grids without a market: paths drawn by lot, with a plateau or a spike planted among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backtests import config
from backtests.config import Grid
from backtests.config.document import parse
from backtests.performance.bootstrap import block_lengths
from backtests.sweeps import judge
from backtests.sweeps.paths import Paths

TEXT = "name: grid\nvariants: {fade: {strategy: reversion, params: {duration: 5.0}}}\n"

FADING = """
name: gap
data: {start: 2010-01-31, end: 2024-12-31}
variants:
  fade: {strategy: reversion, params: {duration: 5.0}}
sweep:
  base: fade
  over:
"""  # what follows is the settings, a line each
FADING_BESIDE_A_BOND = """
name: gap
data: {start: 1999-09-30, end: 2024-12-31}
variants:
  fade: {strategy: reversion, params: {duration: 5.0}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
sweep:
  base: fade
  over:
"""


def grid_of(over: dict[str, Any], sample: dict[str, int] | None = None) -> Grid:
    """A grid around a variant of 5 years."""
    settings = config.resolve(parse(TEXT, "grid.yaml"))
    return config.grid(settings, config.section_of(settings, over, None, sample, None))


def grid_of_two(size: int) -> Grid:
    """A grid of two settings that have neighbours."""
    enter = [round(1 + 0.1 * k, 1) for k in range(size)]
    return grid_of({"params.lookback": [f"{12 + k}M" for k in range(size)], "params.enter": enter})


def planted(
    size: int, months: int, what: str, seed: int, sharpe: float = 0.9, alike: float = 0.5, persistent: float = 0.0
) -> np.ndarray:
    """Monthly returns (months, size * size) of noise whose cells correlate by `alike`; in some a Sharpe ratio a year.

    `what` names them: a `plateau` of nine cells, a `spike`, or one at the grid's `end`; several, or none. From a month
    to the next the noise of a cell correlates by `persistent`.
    """
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(months, 1, 1))
    noise = np.sqrt(alike) * common + np.sqrt(1 - alike) * rng.normal(size=(months, size, size))
    for month in range(1, months if persistent else 0):
        noise[month] = persistent * noise[month - 1] + np.sqrt(1 - persistent**2) * noise[month]
    mean = np.zeros((size, size))
    if "plateau" in what:
        mean[1:4, 1:4] = sharpe
    if "spike" in what:
        mean[size - 2, size - 2] = sharpe
    if "end" in what:
        mean[size - 1, size - 1] = sharpe
    return (0.02 * (noise + mean / np.sqrt(12))).reshape(months, -1)


def verdicts(grid: Grid, x: np.ndarray, seed: int) -> judge.Judged:
    """What is made of such paths."""
    rows = np.arange(x.shape[1])
    sharpe = x.mean(axis=0) / x.std(axis=0, ddof=1) * np.sqrt(12)
    judged, _ = judge.judge(grid, Paths(rows, 360, x), (rows + 1).astype(np.uint64), sharpe, seed)
    return judged


def plateau_of(grid: Grid, x: np.ndarray, seed: int) -> judge.Plateau:
    """What is made of the neighbourhoods alone, which takes a fraction of the time."""
    rows = np.arange(x.shape[1])
    active = np.ones(len(rows), dtype=bool)
    around = judge._around(grid, rows, (rows + 1).astype(np.uint64))
    block = float(block_lengths(x).mean())
    drawn = judge._drawn(x, active, around, block, seed)
    found, _ = judge._plateau(Paths(rows, 360, x), active, around, drawn, block)
    assert found is not None
    return found
