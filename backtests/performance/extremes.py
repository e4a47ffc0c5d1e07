"""The best and the worst bars of a variant with their largest contributors, and its returns month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import pandas as pd

from backtests.performance import metrics
from backtests.performance.events import EVENTS, during
from backtests.performance.metrics import SMALL, Track
from data.pricing.bonds import Array

COUNT = 5  # bars a side


@dataclass(frozen=True)
class Contributor:
    """What one leg, one line, or one line of one leg contributed to a bar."""

    name: str
    usd: float
    share: float  # of the bar's P&L; above 1 where other parts took some of it back


@dataclass(frozen=True)
class ExtremeBar:
    """One bar and its largest contributors. Shares are of `usd`; the contributors have its sign."""

    since: str  # the row before: the bar earns what happened after that close
    day: str  # the row it ends on
    excess: float  # return in excess of cash
    usd: float  # P&L without the interest on equity
    leg: Contributor  # the leg that contributed most
    line: Contributor  # the line that did, summed over legs
    within: Contributor  # the line that contributed most to that leg
    events: tuple[str, ...]  # labels of the events it belongs to


def extremes(track: Track, usd: pd.DataFrame, count: int = COUNT) -> tuple[list[ExtremeBar], list[ExtremeBar]]:
    """Return the best bars, best first, and the worst, worst first; only gains are best, only losses worst.

    Parameters
    ----------
    track
        The variant's path (T,).
    usd
        P&L on its dates (T rows), USD; columns are (line, instrument). Interest on equity, line `cash`, is left out.
    count
        Bars a side, at most.

    """
    x = metrics.excess_returns(track)
    order = np.argsort(x, kind="stable")
    own = usd.loc[:, usd.columns.get_level_values("line") != "cash"] if len(usd.columns) else usd
    events = {event.label: during(track.dates, event) for event in EVENTS}
    worst = [int(i) for i in order[:count] if x[i] < -SMALL]
    best = [int(i) for i in order[::-1][:count] if x[i] > SMALL]
    if own.columns.empty:
        return [], []
    parts = [(str(part[0]), str(part[1])) for part in own.columns]
    values = own.to_numpy().tolist()

    def extreme(bar: int) -> ExtremeBar:
        labels = tuple(label for label, inside in events.items() if inside[bar])
        return _extreme(track, dict(zip(parts, values[bar + 1], strict=True)), bar, float(x[bar]), labels)

    return [extreme(bar) for bar in best], [extreme(bar) for bar in worst]


def _extreme(
    track: Track, usd: Mapping[tuple[str, str], float], bar: int, excess: float, events: tuple[str, ...]
) -> ExtremeBar:
    """Return a bar with its contributors; `usd` is its P&L by (line, instrument)."""
    days = track.dates[bar : bar + 2].astype("datetime64[D]")
    total = fsum(usd.values())
    by_line, by_leg = ({part[level]: [0.0] for part in usd} for level in (0, 1))
    for (line, leg_name), value in usd.items():
        by_line[line].append(value)
        by_leg[leg_name].append(value)
    leg = _largest(by_leg, total)
    return ExtremeBar(
        since=str(days[0]),
        day=str(days[1]),
        excess=excess,
        usd=total,
        leg=leg,
        line=_largest(by_line, total),
        within=_largest({line: [value] for (line, name), value in usd.items() if name == leg.name}, total),
        events=events,
    )


def _largest(parts: Mapping[str, Sequence[float]], total: float) -> Contributor:
    """Return the part that contributed most to a total, in its direction; the first of equals."""
    sums = {name: fsum(values) for name, values in parts.items()}
    name = max(sums, key=lambda part: sums[part] if total >= 0 else -sums[part])
    return Contributor(name, sums[name], sums[name] / total if abs(total) > SMALL else 0.0)


def months(track: Track) -> dict[int, dict[int, float]]:
    """Return the return in excess of cash by year and month (1 to 12): the bars that end in the month, compounded."""
    ends = track.dates[1:].astype("datetime64[M]")
    x: Array = metrics.excess_returns(track)
    by_year: dict[int, dict[int, float]] = {}
    for month in np.unique(ends):
        since = int(month.astype(int))  # months from 1970-01
        by_year.setdefault(1970 + since // 12, {})[since % 12 + 1] = float(np.prod(1.0 + x[ends == month]) - 1.0)
    return by_year
