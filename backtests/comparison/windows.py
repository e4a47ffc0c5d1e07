"""The window each variant is measured on, and its size there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from backtests.comparison.candidates import Candidate
from backtests.comparison.history import Days, History, restarted, scaled, volatility
from backtests.performance import metrics
from data.errors import ConfigError

MIXED = 365.0  # stands for rows of several calendars: a year has as many bars as its dates say


@dataclass(frozen=True)
class Placed:
    """A candidate on the window it is measured on."""

    candidate: Candidate
    history: History
    market_ppy: float
    factor: float = 1.0  # its size, against the one it was run at


@dataclass(frozen=True)
class Windows:
    """Every candidate on its window, and what was left out of the comparison."""

    placed: tuple[Placed, ...]
    days: Days | None  # of the common window; None where each has its own
    mixed: bool = False  # rows of several calendars: bars span the rows that not all have
    left_out: Mapping[str, str] = field(default_factory=dict)  # name -> why


def on_common(candidates: Sequence[Candidate]) -> Windows:
    """Put every variant on the rows that all have. Opening trades count only where that is the whole history of each.

    Raises
    ------
    ConfigError
        Variants without a bar in common.
    """
    days = reduce(np.intersect1d, (candidate.history.dates for candidate in candidates))
    if len(days) < 2:
        raise ConfigError(_apart(candidates))
    if all(len(candidate.history.dates) == len(days) for candidate in candidates):
        return on_own(candidates, days)
    mixed = any(rows_between(candidate.history, days[0], days[-1]) > len(days) for candidate in candidates)
    ruined = {
        candidate.name: f"lost all its capital by {_day(candidate.history.dates[row])}, before the common window"
        for candidate in candidates
        if (row := candidate.history.ruined) is not None and candidate.history.dates[row] <= days[0]
    }
    placed = tuple(
        Placed(candidate, restarted(candidate.history, days), MIXED if mixed else candidate.market_ppy)
        for candidate in candidates
        if candidate.name not in ruined
    )
    return Windows(placed, days, mixed, ruined)


def on_own(candidates: Sequence[Candidate], days: Days | None = None) -> Windows:
    """Put every variant on its own window, as its run measured it; `days` where they are the same for all."""
    placed = tuple(Placed(candidate, candidate.history, candidate.market_ppy) for candidate in candidates)
    return Windows(placed, days)


def rows_between(history: History, first: np.datetime64, last: np.datetime64) -> int:
    """Return how many rows a history has from one day to another, both included."""
    return int(((history.dates >= first) & (history.dates <= last)).sum())


def _day(day: np.datetime64) -> str:
    return str(day.astype("datetime64[D]"))


def _apart(candidates: Sequence[Candidate]) -> str:
    late = max(candidates, key=lambda candidate: candidate.history.dates[0])
    early = min(candidates, key=lambda candidate: candidate.history.dates[-1])
    starts, ends = late.history.dates[0], early.history.dates[-1]
    if starts < ends:
        return f"no two days in common between {_day(starts)} and {_day(ends)}: the runs have other rows"
    return (
        f"no common window: {late.name} starts {_day(starts)}, {early.name} ends {_day(ends)}; leave one out, or use "
        "--own-window"
    )


def at_volatility(windows: Windows, target: float) -> Windows:
    """Scale each variant by one constant, so that its excess returns have the target volatility over its window.

    The constant is known only afterwards: it makes paths comparable; nobody could have traded it.
    """
    rescaled, left_out = [], dict(windows.left_out)
    for placed in windows.placed:
        name, history = placed.candidate.name, placed.history
        own = volatility(history, metrics.periods_per_year(history.dates, placed.market_ppy))
        if own is None:
            left_out[name] = "has no volatility to scale"
            continue
        factor = target / own
        at_target = scaled(history, factor)
        if at_target is None:
            left_out[name] = f"would lose all its capital in one bar at {100 * target:g} % volatility"
            continue
        rescaled.append(replace(placed, history=at_target, factor=factor))
    return Windows(tuple(rescaled), windows.days, windows.mixed, left_out)
