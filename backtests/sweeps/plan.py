"""Cells as small integers into what they share, and their books: all that a task is given, and that it needs.

A part is a stretch of cells with the arrays they rest on, made once by whoever runs the sweep; whoever walks it, on
whatever machine, comes to the same figures to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.engine.book import Book, Every, capped, decisions
from data.market import Flags
from data.pricing.bonds import Array

SAME_FOR_ALL = ("fx_exposed", "listed", "bond", "lag", "capital", "fixed_base")  # fields of a book without rows
FROM_SECOND_ROW = ("cash", "margin", "repo")  # over the bar that ends where a window begins nothing is earned


class Signal(NamedTuple):
    """What a strategy wants, on the rows on which it is traded, at one size."""

    targets: Array  # (rows, n) weights before `max_gross`
    own: Flags  # (rows,) on which it decides whatever the clock says
    start: int  # row of the market
    stop: int
    gross: float  # largest sum of absolute weights


class Execution(NamedTuple):
    """How targets are traded."""

    pack: int  # which of a part's
    every: Every
    band: float
    lag: int
    costs: float  # times every half-spread, so what rolling costs too


@dataclass(frozen=True)
class Part:
    """A stretch of cells; a row of `table (k, 3)` is a cell's signal, execution and factor, -1 where it is not run."""

    number: int
    cells: NDArray[np.int64]  # (k,) their numbers in the grid
    table: NDArray[np.int64]
    signals: tuple[Signal, ...]
    executions: tuple[Execution, ...]
    factors: Array  # times the targets
    packs: tuple[Book, ...]  # on all rows, in one currency treatment each
    max_gross: float
    market_ppy: float
    refused: dict[int, str]  # row of the table -> why it is not run
    ideas: tuple[str, ...]  # (k,) blank where it is not run

    @property
    def run(self) -> NDArray[np.int64]:
        """Rows of the table that are run."""
        return np.flatnonzero(self.table[:, 0] >= 0)


def contiguous(book: Book) -> Book:
    """Return a book whose arrays the compiled ledger takes as they are."""
    fields: list[Any] = [_fixed(value) if isinstance(value, np.ndarray) else value for value in book]
    return Book(*fields)


def _fixed(array: NDArray[Any]) -> Any:
    if array.flags.c_contiguous and not array.flags.writeable:
        return array  # books that share it are told by that
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array


def books(part: Part) -> Iterator[Book]:
    """Yield the book of every cell that is run, as `engine.book.prepare` would make it; they share what is the same."""
    cuts: dict[tuple[int, ...], Book] = {}
    windows: dict[tuple[int, ...], Book] = {}
    clocks: dict[tuple[int, ...], tuple[Flags, Array]] = {}
    sizes: dict[tuple[int, int], Array] = {}
    for signal_at, execution_at, factor_at in part.table[part.run].tolist():
        signal, execution = part.signals[signal_at], part.executions[execution_at]
        window = (signal.start, signal.stop, execution_at)
        if window not in windows:
            cut = (signal.start, signal.stop, execution.pack)
            if cut not in cuts:
                cuts[cut] = _window(part.packs[execution.pack], slice(signal.start, signal.stop))
            windows[window] = _traded(cuts[cut], execution)
        clock = (*window, signal_at if signal.own.any() else -1)
        if clock not in clocks:
            clocks[clock] = _clock(windows[window], signal, execution, part.market_ppy)
        size = (signal_at, factor_at)
        if size not in sizes:
            sizes = {size: _sized(signal, float(part.factors[factor_at]), part.max_gross)}  # neighbours share it
        decides, band = clocks[clock]
        yield windows[window]._replace(targets=sizes[size], decides=decides, band=band)


def _window(pack: Book, rows: slice) -> Book:
    """Cut a window out of a pack."""
    fields: dict[str, Any] = pack._asdict()
    fields |= {name: value[rows] for name, value in fields.items() if name not in SAME_FOR_ALL}
    for name in FROM_SECOND_ROW:
        fields[name] = fields[name].copy()
        fields[name][:1] = 0.0
    return contiguous(Book(**fields))


def _traded(window: Book, execution: Execution) -> Book:
    """Return a window at a multiple of costs, filled so many bars later; all else is shared."""
    dear = window._replace(lag=execution.lag)
    if execution.costs == 1.0:
        return dear
    return contiguous(dear._replace(spread=window.spread * execution.costs, roll=window.roll * execution.costs))


def _clock(window: Book, signal: Signal, execution: Execution, market_ppy: float) -> tuple[Flags, Array]:
    decides = decisions(window.dates, execution.every, market_ppy) | signal.own
    band = np.where(signal.own, 0.0, execution.band)
    decides.flags.writeable = band.flags.writeable = False
    return decides, band


def _sized(signal: Signal, factor: float, max_gross: float) -> Array:
    """Return targets at another size, capped; the sum of absolute weights is a row's only where it is near the cap."""
    weights = signal.targets if factor == 1.0 else signal.targets * factor
    if signal.gross * factor * (1.0 + 1e-9) > max_gross:
        weights = np.ascontiguousarray(capped(weights, max_gross))
    weights.flags.writeable = False
    return weights
