"""From a part to the figures of its cells: a plain function of what it is given, on any thread or machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.engine import kernel
from backtests.performance import metrics
from backtests.sweeps.plan import Part, books
from data.pricing.bonds import Array

Dates = NDArray[np.datetime64]
Seen = Callable[[int, Dates, Array], None]  # a row of the table, its days (T,), excess returns (T-1,)

NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Figures:
    """What the cells of a part came to, in their order; NaN, NaT and 0 bars where a cell is not run."""

    number: int
    cells: NDArray[np.int64]  # (k,)
    metrics: dict[str, Array]  # (k,) each
    start: Dates  # (k,)
    end: Dates
    bars: NDArray[np.int64]
    ruined: Dates
    notes: dict[int, str]  # row -> why it is not run, or why the plain ledger walked it


def walk(part: Part, seen: Seen | None = None) -> Figures:
    """Walk every cell of a part and measure it; `seen` is shown each one's returns, which it copies."""
    run, count = part.run, len(part.table)
    dates = [part.packs[part.executions[e].pack].dates[part.signals[s].start : part.signals[s].stop]
             for s, e, _ in part.table[run].tolist()]  # fmt: skip
    windows = {(days[0], days[-1], len(days)): days for days in dates}
    spans = {key: (metrics.years(days), metrics.periods_per_year(days, part.market_ppy))
             for key, days in windows.items()}  # fmt: skip
    measured = np.array([spans[days[0], days[-1], len(days)] for days in dates]).reshape(-1, 2)
    swept = kernel.sweep(books(part), visit=_visit(seen, run, dates) if seen else None)
    capital = part.packs[0].capital if part.packs else 1.0
    told = metrics.summaries(swept.statistics, measured[:, 0], measured[:, 1], capital, swept.lines["cash"])
    ruined = [NEVER if row < 0 else days[row] for row, days in zip(swept.ruined.tolist(), dates, strict=True)]
    walked = {int(run[i]): f"in the plain ledger: {why}" for i, why in swept.refused.items()}
    return Figures(
        number=part.number,
        cells=part.cells,
        metrics={name: _spread(values, run, count, np.nan) for name, values in told.items()},
        start=_spread([days[0] for days in dates], run, count, NEVER),
        end=_spread([days[-1] for days in dates], run, count, NEVER),
        bars=_spread([len(days) for days in dates], run, count, 0),
        ruined=_spread(ruined, run, count, NEVER),
        notes={**{row: f"not run: {why}" for row, why in part.refused.items()}, **walked},
    )


def _visit(seen: Seen, run: NDArray[np.int64], dates: Sequence[Dates]) -> kernel.Visit:
    def visit(number: int, equity: Array, cash: Array) -> None:
        before = equity[:-1]
        alive = before > 0
        growth = np.divide(equity[1:], before, out=np.ones(len(before)), where=alive) - 1.0
        x = growth - np.divide(cash[1:], before, out=np.zeros(len(before)), where=alive)
        seen(int(run[number]), dates[number], x)

    return visit


def _spread(values: Sequence[object] | Array, run: NDArray[np.int64], count: int, absent: object) -> NDArray:  # type: ignore[type-arg]
    """Return values of the cells that are run in their places among all."""
    given = np.asarray(values) if len(values) else np.asarray([absent])[:0]
    whole = np.full(count, absent, dtype=given.dtype if len(given) else np.asarray(absent).dtype)
    whole[run] = given
    return whole
