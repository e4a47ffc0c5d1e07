"""Cells once more, the long way: as variants of a configuration, through both engines and the figures of a run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.config import Grid
from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book, prepare
from backtests.engine.reconcile import reconcile
from backtests.performance import metrics
from backtests.runs.setup import prepared, terms
from data.errors import ReconciliationError
from data.market import Market

ALIKE = 1e-9  # of a figure; of capital where it is in USD
COMPARED = (
    "excess_return", "volatility", "sharpe", "sortino", "excess_drawdown", "max_drawdown", "total_return", "cagr",
    "trading_pnl", "interest", "turnover", "cost_drag", "gross_leverage", "best_bar", "worst_bar", "hit_rate",
)  # fmt: skip
IN_MONEY = ("trading_pnl", "interest")


@dataclass(frozen=True)
class Proof:
    """A cell in both engines."""

    cell: int
    gap: float  # largest difference of equity between the engines, fraction of capital
    difference: float  # largest difference of a figure of the sweep from that of a run


def prove(
    grid: Grid,
    market: Market,
    figures: Mapping[int, Mapping[str, Any]],
    progress: Callable[[str, int, int], None] = lambda what, count, of: None,
) -> list[Proof]:
    """Run cells in both engines and hold them against the figures that the sweep gave them, by cell.

    Raises
    ------
    ReconciliationError
        Engines that disagree, or a figure that is not a run's.
    """
    proofs = []
    for i, (cell, given) in enumerate(figures.items()):
        progress("two engines", i, len(figures))
        proofs.append(_proof(grid, market, cell, given))
    progress("", len(figures), len(figures))
    return proofs


def _proof(grid: Grid, market: Market, cell: int, given: Mapping[str, Any]) -> Proof:
    book = book_of(grid, market, cell)
    plain, brokered = ledger.run(book), backtrader_engine.run(book)
    name = f"cell {cell} of {grid.base.name}"
    gap = reconcile(name, brokered, plain)
    told = metrics.figures(plain, market.periods_per_year)
    widest, worst = max((_apart(figure, given[figure], told[figure], book.capital), figure) for figure in COMPARED)
    if widest > ALIKE:
        raise ReconciliationError(
            f"{name}: {worst} is {given[worst]} in the sweep and {told[worst]} in a run ({widest:.1e} apart): nothing "
            "of the sweep can be trusted"
        )
    return Proof(cell, gap, widest)


def book_of(grid: Grid, market: Market, cell: int) -> Book:
    """Return the book of a cell as a run would make it, at the cell's multiple of costs."""
    settings = grid.settings(cell)
    own = prepared(grid.variant(settings), market, grid.config)
    chosen = terms(own.variant, grid.config, own.market)
    book = prepare(own.market, own.targets, own.span.rows, chosen, own.decisions)
    costs = float(settings.get("costs", 1.0))
    return book if costs == 1.0 else book._replace(spread=book.spread * costs, roll=book.roll * costs)


def _apart(name: str, given: float | None, told: Any, capital: float) -> float:
    if given is None or told is None or math.isnan(given):
        return 0.0 if told is None and (given is None or math.isnan(given)) else math.inf
    return abs(given - float(told)) / (capital if name in IN_MONEY else 1.0)


def chosen(cells: Sequence[int], best: Sequence[int], count: int, seed: int) -> list[int]:
    """Return the best cells, and as many others as wanted at random, each once."""
    drawn = random.Random(seed).sample(cells, min(count + len(best), len(cells)))
    return list(dict.fromkeys([*best, *[cell for cell in drawn if cell not in best][:count]]))
