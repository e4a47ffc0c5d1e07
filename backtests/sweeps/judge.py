"""What the best of a sweep is worth: beside the best of as many ideas without skill, and beside its own neighbours.

All of it rests on the month-end paths of the ideas, drawn together by the stationary bootstrap with their means
removed, so that what the ideas share is shared by the draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.config import Grid
from backtests.performance.best_of_many import best_of_many, statistics
from backtests.performance.bootstrap import Rows, resamples
from backtests.performance.clusters import clusters
from backtests.performance.clusters import paths as cluster_paths
from backtests.performance.refusals import MINIMUM, moved
from backtests.performance.selection import deflated_sharpe, haircut_sharpe
from backtests.sweeps.paths import Paths
from backtests.sweeps.plateau import lower_median, neighbours
from data.pricing.bonds import Array

MONTHS = 12.0  # a year
DRAWS = 1000
MOST = 12_000  # ideas tested together
CLUSTERED = 2000  # paths that are clustered, and kept in the registry
BAND = (0.05, 0.95)
LEVEL = 0.05
WIDE = 2.0  # errors by which a cell may stand above its neighbours
BATCH = 2**22  # figures drawn at a time
STILL = 1e-12
HARDLY = 1e-4  # of a path's variance: a draw that has less of it holds none of the months in which it moves
FEW = f"it is in the market in fewer than {MINIMUM} months"


@dataclass(frozen=True)
class Best:
    """The idea with the highest Sharpe ratio, beside the best of as many without skill; Sharpe ratios are annual."""

    row: int  # of the sweep's table
    sharpe: float
    p: float | None = None  # that the best of as many without skill is as good
    step_down: float | None = None
    noise: float | None = None  # mean of the best without skill
    noise_low: float | None = None  # 5 % of draws have less
    noise_high: float | None = None  # 5 % have more
    effective: float | None = None  # independent ideas that would do as well
    haircut: float | None = None  # Sharpe ratio that a single test would need for this p
    deflated: float | None = None  # probability of a true ratio above the hurdle
    hurdle: float | None = None
    clusters: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class Plateau:
    """The idea whose neighbourhood is highest."""

    row: int
    score: float  # lower median of the Sharpe ratio over itself and its neighbours
    p: float  # that the highest neighbourhood without skill is as high, by the t statistics of its cells
    spike: float | None  # its own Sharpe ratio less the score, in errors of that difference; None: it has no neighbours
    accepted: bool


@dataclass(frozen=True)
class Judged:
    """What a sweep's best are worth."""

    ideas: int
    tested: int
    months: int
    best: Best | None
    plateau: Plateau | None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def judge(
    grid: Grid, paths: Paths, ideas: NDArray[np.uint64], sharpe: Array, seed: int
) -> tuple[Judged, dict[int, float]]:
    """Judge the ideas of `paths`; `ideas` (N,) and `sharpe` (N,) are those of every row of the table.

    Returns, beside the judgement, by row how far each idea stands above its neighbours, in errors of that difference.
    """
    own = sharpe[paths.rows]
    distinct, months = len(np.unique(ideas[ideas > 0])), len(paths.x)
    active = _active(paths.x) & ~np.isnan(own)
    if not active.any():
        at = int(np.nanargmax(own)) if not np.isnan(own).all() else -1
        none = Best(int(paths.rows[at]), float(own[at]), reason=FEW) if at >= 0 else None
        return Judged(distinct, 0, months, none, None), {}
    joint = best_of_many(np.where(active, paths.x, np.nan), seed, DRAWS)
    around = _around(grid, paths.rows, ideas)
    block = joint.block or 1.0
    drawn = _drawn(paths.x, active, around, block, seed)
    at = int(np.argmax(np.where(active, own, -np.inf)))
    best = _best(paths, at, float(own[at]), joint, drawn, seed)
    plateau, spikes = _plateau(paths, active, around, drawn, block)
    return Judged(distinct, int(active.sum()), months, best, plateau), spikes


def _active(x: Array) -> NDArray[np.bool_]:
    """Whether each path (M, K) earns or loses something in as many months as a test needs."""
    return np.asarray(moved(x) >= MINIMUM)


# ---- draws


@dataclass(frozen=True)
class _Drawn:
    """Of draws without skill: the highest Sharpe ratio and plateau of t statistics (B,), and deviations (K,)."""

    highest: Array
    plateaus: Array
    apart: Array  # (K,) deviation over the draws of a Sharpe ratio less its plateau


def _around(grid: Grid, rows: NDArray[np.int64], ideas: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the columns (2 d, K) of every idea's neighbours, -1 where there is none."""
    around = neighbours(grid, rows)
    order = np.argsort(ideas[rows], kind="stable")
    known = ideas[rows][order]
    wanted = ideas[np.maximum(around, 0)]
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    own = np.arange(len(rows))
    columns = np.where((around >= 0) & (known[at] == wanted), order[at], -1)
    return np.asarray(np.where(columns == own, -1, columns))


def _sharpes(counts: Array, there: Array, u: Array, squares: Array, least: Array) -> Array:
    """Annual Sharpe ratios (B, K) of draws that take each month so many times (B, M); NaN where they mean nothing."""
    n = counts @ there
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (counts @ u) / n
        variance = ((counts @ squares) - n * mean**2) / (n - 1.0)
        known = (n > 2) & (variance > least)
        return np.asarray(np.where(known, mean / np.sqrt(variance), np.nan) * np.sqrt(MONTHS))


def _prepared(x: Array, centre: Callable[[Array], Array]) -> tuple[Array, Array, Array, Array]:
    """What `_sharpes` takes of paths (M, K), less what `centre` answers of their means; the last the least variance."""
    there = np.isfinite(x)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, x, 0.0).sum(axis=0) / count
    u = np.where(there, x - centre(mean), 0.0)
    variance = (np.where(there, x - mean, 0.0) ** 2).sum(axis=0) / count
    return there.astype(float), u, u**2, np.maximum(HARDLY * variance, STILL**2)


def _surroundings(sharpe: Array, around: NDArray[np.int64]) -> Array:
    """Plateau scores (B, K) of Sharpe ratios (B, K)."""
    values = [sharpe, *(np.where(columns >= 0, sharpe[:, np.maximum(columns, 0)], np.nan) for columns in around)]
    stacked = np.array(values)
    scores = lower_median(stacked.reshape(len(values), -1)).reshape(sharpe.shape)
    return np.where(np.isnan(sharpe), np.nan, scores)


def _statistics(x: Array, rows: Rows, block: float, sharpe: Array) -> Array:
    """t statistics (B, K) of draws of rows (B, M) of paths (M, K), NaN where their Sharpe ratios (B, K) are.

    Their long-run error takes in what a month says of the next, which a draw of short blocks holds too little of.
    """
    there = np.isfinite(x)
    values = statistics(np.where(there, x, 0.0), there, rows, 1.0 - 1.0 / block)
    return np.where(np.isnan(sharpe), np.nan, values)


def _drawn(x: Array, active: NDArray[np.bool_], around: NDArray[np.int64], block: float, seed: int) -> _Drawn:
    prepared = _prepared(x, lambda mean: mean)
    without = np.where(np.isfinite(x), prepared[1], np.nan)
    highest, plateaus = [], []
    total, power = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for batch in resamples(len(x), block, seed, DRAWS):
        for rows in np.array_split(batch, max(1, len(batch) * x.shape[1] * (1 + len(around)) // BATCH)):
            counts = np.array([np.bincount(row, minlength=len(x)) for row in rows], dtype=float)
            sharpe = _sharpes(counts, *prepared)
            scores = _surroundings(sharpe, around)
            highest.append(_highest(sharpe, active))
            t = _statistics(without, rows, block, sharpe)
            plateaus.append(_highest(_surroundings(t, around), active))
            apart = np.nan_to_num(sharpe - scores)
            total += apart.sum(axis=0)
            power += (apart**2).sum(axis=0)
    deviation = np.sqrt(np.maximum(power / DRAWS - (total / DRAWS) ** 2, 0.0))
    return _Drawn(np.concatenate(highest), np.concatenate(plateaus), deviation)


def _highest(values: Array, active: NDArray[np.bool_]) -> Array:
    """The highest (B,) of the values (B, K) of active ideas."""
    return np.asarray(np.where(active & ~np.isnan(values), values, -np.inf).max(axis=1))


def _best(paths: Paths, at: int, sharpe: float, joint: Any, drawn: _Drawn, seed: int) -> Best:
    low, high = (float(np.quantile(drawn.highest, share)) for share in BAND)
    p = _number(joint.p[at])
    kept = sample(len(paths.rows), [at], seed)
    labels = clusters(paths.x[:, kept])
    together = cluster_paths(paths.x[:, kept], labels)
    own = labels[kept.tolist().index(at)]
    among = best_of_many(together, seed, DRAWS)
    path = together[:, own][~np.isnan(together[:, own])]
    deflated = deflated_sharpe(path, MONTHS, among.mean_maximum or 0.0, int(labels.max()) + 1, among.block or 1.0)
    years = int((~np.isnan(paths.x[:, at])).sum()) / MONTHS
    return Best(
        row=int(paths.rows[at]),
        sharpe=sharpe,
        p=p,
        step_down=_number(joint.step_down[at]),
        noise=float(drawn.highest.mean()),
        noise_low=low,
        noise_high=high,
        effective=joint.effective,
        haircut=None if p is None else haircut_sharpe(sharpe, p, years),
        deflated=deflated.probability,
        hurdle=deflated.hurdle,
        clusters=int(labels.max()) + 1,
    )


def _plateau(
    paths: Paths, active: NDArray[np.bool_], around: NDArray[np.int64], drawn: _Drawn, block: float
) -> tuple[Plateau | None, dict[int, float]]:
    sharpe = _sharpes(np.ones((1, len(paths.x))), *_prepared(paths.x, np.zeros_like))
    scores = _surroundings(sharpe, around)[0]
    candidates = np.where(active, scores, np.nan)
    if np.isnan(candidates).all():
        return None, {}
    alone = (np.isnan(sharpe[0][around]) | (around < 0)).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spikes = np.where(drawn.apart > STILL, (sharpe[0] - scores) / drawn.apart, 0.0)
    spikes[alone | np.isnan(sharpe[0])] = np.nan
    at = int(np.nanargmax(candidates))
    t = _surroundings(_statistics(paths.x, np.arange(len(paths.x))[None], block, sharpe), around)[0, at]
    p = float((1 + (drawn.plateaus >= t).sum()) / (1 + len(drawn.plateaus)))
    spike = _number(spikes[at])
    accepted = p <= LEVEL and spike is not None and spike < WIDE
    known = np.flatnonzero(~np.isnan(spikes))
    return (
        Plateau(int(paths.rows[at]), float(scores[at]), p, spike, accepted),
        {int(paths.rows[i]): float(spikes[i]) for i in known},
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def sample(count: int, first: Sequence[int], seed: int, most: int = CLUSTERED) -> NDArray[np.int64]:
    """Return at most so many of `count` places, ascending: `first` and others drawn by a seed."""
    if count <= most:
        return np.arange(count)
    drawn = np.random.default_rng(seed).permutation(count)
    chosen = [*dict.fromkeys([*first, *drawn.tolist()])][:most]
    return np.sort(np.array(chosen, dtype=np.int64))


def sentence(judged: Judged) -> str:
    """Say in plain words what the best is worth."""
    best, plateau = judged.best, judged.plateau
    if best is None:
        return "No cell has a Sharpe ratio: none that was run was ever in the market."
    count = f"{judged.tested or judged.ideas:,} ideas" if judged.ideas != 1 else "one idea"
    told = f"The best of {count} has a Sharpe ratio of {best.sharpe:.2f}"
    if best.noise is None or best.p is None:
        return f"{told}; it cannot be tested: {best.reason or 'too few months'}."
    told += (
        f"; the best of as many without skill has {best.noise:.2f}, between {best.noise_low:.2f} and "
        f"{best.noise_high:.2f} in nine of ten draws (p {best.p:.2f})."
    )
    if judged.tested < judged.ideas:
        told += f" {judged.ideas - judged.tested:,} more are in the market in fewer than {MINIMUM} months, or too many."
    return told if plateau is None else f"{told} {_surrounded(best, plateau)}"


def _surrounded(best: Best, plateau: Plateau) -> str:
    same = "The same cell stands" if plateau.row == best.row else "Another stands"
    told = f"{same} highest among its neighbours, at {plateau.score:.2f} (p {plateau.p:.2f}"
    told += f", spike {plateau.spike:.1f} errors)" if plateau.spike is not None else ", no neighbours)"
    return f"{told}: {'a plateau' if plateau.accepted else 'no plateau that stands out from noise'}."
