"""The history of a variant: its path, cut to a window, or scaled to a volatility."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from backtests.engine.result import Result
from backtests.performance import metrics
from backtests.performance.metrics import Metric
from data.pricing.bonds import Array

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class History:
    """The part of a result that `metrics.figures` reads, in USD; lines by leg (T, n), or of the whole book (T, 1)."""

    dates: Days  # (T,)
    capital: float
    equity: Array  # (T,)
    cash: Array  # (T,) interest credited on the row
    notional: Array  # traded, positive
    cost: Array  # negative
    roll: Array  # negative
    weights: Array | None  # held notional / equity; None where not known
    ruined: int | None  # row on which equity was gone

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False


def figures(history: History, market_ppy: float) -> dict[str, Metric]:
    """Return the figures of docs/conventions.md; of a whole history they are the run's own."""
    if history.weights is None:
        blind = replace(history, weights=np.zeros((len(history.dates), 1)))
        return figures(blind, market_ppy) | {"gross_leverage": None}
    return metrics.figures(cast(Result, history), market_ppy)  # it reads no more of a result than a history has


def restarted(history: History, days: Days) -> History:
    """Return a history on some of its days, restarted at the close of the first.

    That close's equity is the capital, so nothing paid on that row counts, the opening trade included. Lines of rows
    left out in between belong to the bar that spans them.
    """
    rows = np.searchsorted(history.dates, days)
    gone = history.ruined
    return History(
        dates=days,
        capital=float(history.equity[rows[0]]),
        equity=history.equity[rows],
        cash=_gathered(history.cash, rows),
        notional=_gathered(history.notional, rows),
        cost=_gathered(history.cost, rows),
        roll=_gathered(history.roll, rows),
        weights=None if history.weights is None else history.weights[rows],
        ruined=None if gone is None or gone > rows[-1] else int(np.searchsorted(rows, gone)),
    )


def _gathered(line: Array, rows: NDArray[np.int64]) -> Array:
    """Sum of a line over each bar between chosen rows; nothing on the first."""
    sums = np.add.reduceat(line[: rows[-1] + 1], rows[:-1] + 1, axis=0)
    return np.concatenate([np.zeros_like(line[:1]), sums])


def together(a: History, b: History) -> tuple[History, History] | None:
    """Return two histories on the days both have, or None where those make no bar."""
    days = np.intersect1d(a.dates, b.dates)
    return (restarted(a, days), restarted(b, days)) if len(days) > 1 else None


def volatility(history: History, ppy: float) -> float | None:
    """Standard deviation of excess returns, a year; None where they do not move."""
    x = metrics.excess_returns(history)
    deviation = float(x.std(ddof=1)) if len(x) > 1 else 0.0
    return deviation * float(np.sqrt(ppy)) if deviation > metrics.SMALL else None


def scaled(history: History, factor: float) -> History | None:
    """Return a history whose excess returns are `factor` times as large, on the same capital and without interest.

    Positions, and what they cost, are that many times as large on every bar. None where a bar loses everything.
    """
    growth = 1.0 + factor * metrics.excess_returns(history)
    opening = 1.0 + factor * (float(history.equity[0]) / history.capital - 1.0)
    if opening <= 0 or (growth <= 0).any():
        return None
    equity = history.capital * opening * np.concatenate([[1.0], np.cumprod(growth)])
    size = np.divide(factor * equity, history.equity, out=np.zeros(len(equity)), where=history.equity > 0)[:, None]
    return History(
        dates=history.dates,
        capital=history.capital,
        equity=equity,
        cash=np.zeros(len(equity)),
        notional=history.notional * size,
        cost=history.cost * size,
        roll=history.roll * size,
        weights=None if history.weights is None else history.weights * factor,
        ruined=None,
    )


def correlation(a: History, b: History) -> float | None:
    """Correlation of excess returns on the days both have."""
    both = together(a, b)
    value = metrics.against(*both, 12.0)["correlation"] if both else None  # a correlation has no periods per year
    return None if value is None else float(value)


def overlap(a: History, b: History) -> float | None:
    """Of the rows on which either is down by more than half of its own largest drawdown, the share on which both are.

    Drawdowns are those of growth in excess of cash, on the days both have; whatever the sizes, 1 is the same drawdowns,
    0 drawdowns that never coincide. None where neither has one.
    """
    both = together(a, b)
    if both is None:
        return None
    deep_a, deep_b = (_deep(history) for history in both)
    either = int((deep_a | deep_b).sum())
    return float((deep_a & deep_b).sum() / either) if either else None


def _deep(history: History) -> NDArray[np.bool_]:
    """Rows (T,) on which it is down by more than half of its largest drawdown."""
    depth = -metrics.underwater(metrics.excess_index(history), 1.0)
    return np.asarray(depth > max(float(depth.max()) / 2, metrics.SMALL))
