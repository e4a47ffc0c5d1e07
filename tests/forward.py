"""Records with something planted in a grid, and what choosing on the past makes of them."""

from __future__ import annotations

import numpy as np

from backtests.config import Axis, Grid
from backtests.sweeps.plateau import scores
from backtests.walkforwards.choose import choose, sharpes
from backtests.walkforwards.folds import Plan, folds

PPY = 12.0
SHARED = 0.5  # correlation of two cells' noise


def grid(*shape: int) -> Grid:
    """A grid of numbers, every setting another idea, without a configuration."""
    axes = tuple(Axis(f"params.{'abc'[i]}", tuple(range(n)), "signal") for i, n in enumerate(shape))
    count = int(np.prod(shape))
    return Grid(None, None, axes, tuple(axis.name for axis in axes), range(count), None)  # type: ignore[arg-type]


def month_ends(bars: int) -> np.ndarray:
    """The dates of so many bars, and of the start before them."""
    months = np.datetime64("1990-01") + np.arange(bars + 1)
    return (months + 1).astype("datetime64[D]") - 1


def noise(rng: np.random.Generator, bars: int, cells: int) -> np.ndarray:
    """Returns of a bar, deviation 1, alike among the cells."""
    common, own = rng.standard_normal((bars, 1)), rng.standard_normal((bars, cells))
    return np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own


def block(side: int, row: int, column: int) -> list[int]:
    """Cells of the three by three around one, of a square grid."""
    return [(row + i) * side + column + j for i in (-1, 0, 1) for j in (-1, 0, 1)]


def walked(whole: Grid, x: np.ndarray) -> tuple[float, float, float]:
    """Sharpe ratio out of sample, its mean in sample, and the best with hindsight on the same bars, annual.

    The first row of `x` ends no bar; out of sample the cells' own returns are chained.
    """
    made = folds(month_ends(len(x) - 1), True, Plan())
    changed = np.zeros(x.shape[1], dtype=np.int64)
    choices = [choose(whole, x[fold.train], changed) for fold in made]
    chained = np.concatenate([x[fold.held, choice.row] for fold, choice in zip(made, choices, strict=True)])
    best = sharpes(x[made[0].held.start : made[-1].held.stop]).max()
    outside = chained.mean() / chained.std(ddof=1)
    return tuple(float(v * np.sqrt(PPY)) for v in (outside, np.mean([c.sharpe for c in choices]), best))


def turning(seed: int, turns: bool, bars: int = 320) -> float:
    """Efficiency of a planted block whose Sharpe ratio is .9, to the end or until it turns at mid-sample."""
    rng = np.random.default_rng(seed)
    x = noise(rng, bars + 1, 25)
    mean = np.full(bars + 1, 0.9 / np.sqrt(PPY))
    if turns:
        mean[bars // 2 + 1 :] *= -1
    x[:, block(5, 2, 2)] += mean[:, None]
    outside, inside, _ = walked(grid(5, 5), x)
    return outside / inside


def on_noise(seed: int, bars: int = 320) -> tuple[float, float, float]:
    """What `walked` says of noise."""
    return walked(grid(5, 5), noise(np.random.default_rng(seed), bars + 1, 25))


def nearest(seed: int, outcome: int, embargo: int, bars: int = 320) -> float:
    """Annual Sharpe ratio, on noise, of holding through each test what the nearest training bar's outcome was.

    A bar's outcome is the sum over the 12 bars from it on, whatever the folds are told of it.
    """
    x = np.random.default_rng(seed).standard_normal(bars + 1)
    result = []
    for fold in folds(month_ends(bars), True, Plan(), outcome, embargo):
        last = fold.train.stop - 1
        result.append(np.sign(x[last : last + 12].sum()) * x[fold.held])
    chained = np.concatenate(result)
    return float(chained.mean() / chained.std(ddof=1) * np.sqrt(PPY))


def plateau_beats_spike(seed: int, at_the_end: bool, bars: int = 120) -> bool:
    """Whether a block of .9 is chosen rather than a cell of .9 among cells of 0, in the middle or in a corner."""
    side = 9
    x = noise(np.random.default_rng(seed), bars, side * side)
    held = block(side, 2, 2)
    spike = side * side - 1 if at_the_end else 6 * side + 6
    x[:, [*held, spike]] += 0.9 / np.sqrt(PPY)
    own = sharpes(x)
    middle = own[held].mean()
    x[:, spike] += (middle - own[spike]) * x[:, spike].std(ddof=1)  # as high as the block, to the last bit of luck
    score = scores(grid(side, side), sharpes(x)).score
    return bool(score[held].max() > score[spike])
