"""A walk-forward from a configuration to its answer: every cell's path, a choice a fold, and the chain of choices."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.config import Config, Grid, SweepSection, Variant, grid, idea
from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book, prepare
from backtests.engine.reconcile import reconcile
from backtests.engine.result import Result
from backtests.performance import inference, metrics
from backtests.performance.verdicts import Interval
from backtests.runs.setup import Prepared, prepared, set_up, terms
from backtests.runs.significance import SEED
from backtests.sweeps import run as sweeping
from backtests.sweeps.banks import Banks, banks
from backtests.sweeps.walk import walk
from backtests.walkforwards import cpcv
from backtests.walkforwards.choose import Choice, choose, sharpes
from backtests.walkforwards.folds import Fold, Plan, folds
from backtests.walkforwards.stitch import Piece, stitched
from data.calendars import FORMER_LAG_DAYS, PUBLICATION_LAG_DAYS
from data.errors import ConfigError
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Strategy

LARGEST = 2 * 2**30  # bytes of all cells' paths
DAYS_A_YEAR = 365.25

Dates = NDArray[np.datetime64]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Cells:
    """Every cell's excess returns (T, N) on the market's rows, NaN where it has none, and its idea."""

    x: Array
    ideas: tuple[str, ...]


@dataclass(frozen=True)
class Track:
    """One history over the chain's bars: the choices', the in-sample best's, the default's, the benchmark's."""

    variant: str
    result: Result
    figures: Mapping[str, Any]
    cell: int | None = None  # by its row, of the in-sample best


@dataclass(frozen=True)
class Walked:
    """A walk-forward, complete. Rows count on `dates` (T,), which every cell has."""

    grid: Grid
    shared: Banks
    plan: Plan
    cells: Cells
    first: int  # row of the market on which `dates` begin
    dates: Dates
    decided_by: tuple[int, int]  # rows of the grid: the cell that begins last, the one that ends first
    embargo: int  # bars
    folds: tuple[Fold, ...]
    choices: tuple[Choice, ...]  # a fold each
    changed: NDArray[np.int64]  # (N,) settings of a cell that are not the base's
    tracks: Mapping[str, Track]  # walkforward, best, default and, where there is one, benchmark
    interval: Interval  # of the chain's Sharpe ratio
    paths: cpcv.Paths
    gap: float  # largest difference between the engines, fraction of capital
    why_no_benchmark: str

    @property
    def x(self) -> Array:
        """Excess returns (T, N) of the cells on `dates`; the first row, which ends no bar, is left as it is."""
        return self.cells.x[self.first : self.first + len(self.dates)]

    @property
    def chain(self) -> slice:
        """The rows from the first choice to the end of the last test."""
        return slice(self.folds[0].decided, self.folds[-1].held.stop)


def ideas_of(config: Config, section: SweepSection | None = None) -> Grid:
    """Return the grid of the ideas of a sweep: sizes, costs and fills are the base's own, and not chosen.

    Raises
    ------
    ConfigError
        No sweep, or one of a single idea.
    """
    whole = grid(config, section)
    over = {name: whole.section.over[name] for axis in whole.axes if axis.idea for name in [axis.name]}
    if not over or math.prod(len(axis.values) for axis in whole.axes if axis.idea) < 2:
        raise ConfigError(
            f"{config.name}: every cell of the sweep is one idea, in other sizes, costs or fills; there is nothing to "
            "choose from: give sweep.over a setting that makes another"
        )
    ordered = {name: over[name] for name in whole.names if name in over}
    return grid(config, whole.section.model_copy(update={"over": ordered}))


def run(whole: Grid, plan: Plan, progress: Progress = lambda what, count, of: None) -> Walked:
    """Walk a grid of ideas forward.

    Raises
    ------
    ConfigError
        Fewer than ten folds, nothing to choose from, or more cells than memory holds paths of.
    ReconciliationError
        Engines that disagree on the chain.
    """
    shared = banks(whole)
    market = shared.market
    if len(whole.cells) * len(market.dates) * 8 > LARGEST:
        raise ConfigError(
            f"{whole.config.name}: paths of {len(whole.cells):,} cells on {len(market.dates):,} rows are more than are "
            f"held, {LARGEST >> 30} GB; give fewer values, or draw some of them: sweep.sample: {{n: 1000}}"
        )
    cells = paths_of(whole, shared, progress)
    first, last, decided_by = window(cells.x, whole.config.name)
    dates = market.dates[first : last + 1]
    embargo = embargoed(whole.base.strategy, market)
    planned = folds(dates, market.periods_per_year <= 12.5, plan, embargo=embargo)
    changed = changes(whole)
    x = cells.x[first : last + 1]
    choices = tuple(_choice(whole, x, fold, changed, dates) for fold in planned)
    chain = slice(first + planned[0].decided, first + planned[-1].held.stop)
    chained, gap = _chain(whole, shared, planned, choices, chain, progress)
    best = _best(sharpes(cells.x[chain.start + 1 : chain.stop]), choices)
    tracks = {
        "walkforward": _track(whole.base.name, chained, market),
        "best": _track(whole.base.name, ledger.run(_book(whole, shared, _variant(whole, best), chain)), market, best),
        "default": _track(whole.base.name, ledger.run(_book(whole, shared, whole.base, chain)), market),
    }
    beside, why = _benchmark(whole.config, dates[planned[0].decided], dates[planned[-1].held.stop - 1])
    if beside:
        tracks["benchmark"] = beside
    ppy = metrics.periods_per_year(chained.dates, market.periods_per_year)
    return Walked(
        grid=whole, shared=shared, plan=plan, cells=cells, first=first, dates=dates, decided_by=decided_by,
        embargo=embargo, folds=planned, choices=choices, changed=changed, tracks=tracks,
        interval=inference.intervals(metrics.excess_returns(chained), ppy, SEED).sharpe,
        paths=_crossed(whole, x[1:], changed, embargo), gap=gap, why_no_benchmark=why,
    )  # fmt: skip


# ---- cells


def paths_of(whole: Grid, shared: Banks, progress: Progress = lambda what, count, of: None) -> Cells:
    """Walk every cell and keep its excess returns, each on the rows on which it trades."""
    market, count = shared.market, len(whole.cells)
    x = np.full((len(market.dates), count), np.nan)
    ideas: list[str] = []
    for number, first, own in sweeping.parts(whole, sweeping.size_of_parts(whole, shared)):
        part = shared.part(number, own)

        def seen(row: int, days: Dates, path: Array, first: int = first) -> None:
            x[np.searchsorted(market.dates, days[-len(path) :]), first + row] = path

        walk(part, seen)
        ideas += part.ideas
        progress("cells", first + len(own), count)
    return Cells(x, tuple(ideas))


def window(x: Array, name: str) -> tuple[int, int, tuple[int, int]]:
    """Return the first and last row that every cell has, the first being where a bar starts, and which cells decide."""
    there = ~np.isnan(x)
    run = np.flatnonzero(there.any(axis=0))
    if not len(run):
        raise ConfigError(f"{name}: no cell of the sweep trades; `divergence sweep` says why")
    begins = there[:, run].argmax(axis=0) - 1
    ends = len(x) - 1 - there[::-1, run].argmax(axis=0)
    if begins.max() >= ends.min():
        raise ConfigError(f"{name}: its cells have no row in common; leave out the legs or windows of some")
    return int(begins.max()), int(ends.min()), (int(run[begins.argmax()]), int(run[ends.argmin()]))


def changes(whole: Grid) -> NDArray[np.int64]:
    """Return how many settings of each cell (N,) make another idea of the base when changed alone."""
    own = idea(whole.base, whole.config)
    count = np.zeros(len(whole.cells), dtype=np.int64)
    places = whole.places(whole.cells)
    for i, axis in enumerate(whole.axes):
        other = np.array([_differs(whole, {axis.name: value}, own) for value in axis.values])
        count += other[places[:, i]]
    return count


def _differs(whole: Grid, settings: Mapping[str, Any], own: str) -> bool:
    try:
        return idea(whole.variant(settings), whole.config) != own
    except ConfigError:
        return True  # refused alone, perhaps not in company


def embargoed(strategy: Strategy, market: Market) -> int:
    """Return the bars that the longest publication lag of what a strategy asks for spans, at least 1."""
    asked: set[str] = set()

    class Asked(dict[str, Array]):
        def __getitem__(self, name: str) -> Array:
            asked.add(name)
            return super().__getitem__(name)

    seen = copy.copy(market.select(strategy.legs))
    object.__setattr__(seen, "macro", Asked(market.macro))
    strategy.targets(seen)
    days = [max(PUBLICATION_LAG_DAYS.get(n, 0), FORMER_LAG_DAYS[n][1] if n in FORMER_LAG_DAYS else 0) for n in asked]
    return max(1, math.ceil(max(days, default=0) * market.periods_per_year / DAYS_A_YEAR - 1e-9))


def _choice(whole: Grid, x: Array, fold: Fold, changed: NDArray[np.int64], dates: Dates) -> Choice:
    choice = choose(whole, x[fold.train], changed)
    if choice is None:
        raise ConfigError(
            f"walkforward: no cell's return moves from {dates[fold.train.start]} to {dates[fold.train.stop - 1]}, so "
            "there is nothing to choose by; begin later, or train longer"
        )
    return choice


def _best(own: Array, choices: tuple[Choice, ...]) -> int:
    """Return the cell of the highest Sharpe ratio; where none moves after the first choice, the first chosen."""
    return choices[0].row if np.isnan(own).all() else int(np.nanargmax(own))


def _crossed(whole: Grid, x: Array, changed: NDArray[np.int64], embargo: int) -> cpcv.Paths:
    def chosen(allowed: NDArray[np.bool_]) -> int:
        choice = choose(whole, x[allowed], changed)
        return choice.row if choice else 0

    return cpcv.paths(x, chosen, embargo=embargo)


# ---- the chain and what stands beside it


def _variant(whole: Grid, row: int) -> Variant:
    return whole.variant(whole.settings(whole.cells[row]))


def _book(whole: Grid, shared: Banks, variant: Variant, rows: slice) -> Book:
    own = prepared(variant, shared.market, whole.config)
    return _on(own, whole.config, rows)


def _on(own: Prepared, config: Config, rows: slice) -> Book:
    return prepare(own.market, own.targets, rows, terms(own.variant, config, own.market), own.decisions)


def _columns(variant: Variant, market: Market) -> tuple[object, ...]:
    """What each leg's holding is: the leg, and how it is funded where that is not in its own currency anyway."""
    held = variant.currency
    return tuple((leg, held.kind, held.basis) if _treated(market, leg) else (leg,) for leg in variant.strategy.legs)


def _treated(market: Market, leg: str) -> bool:
    own = market.instruments[market.column(leg)]
    return own.funded and own.currency != market.countries.home.currency


def _chain(
    whole: Grid, shared: Banks, planned: tuple[Fold, ...], choices: tuple[Choice, ...], rows: slice, progress: Progress
) -> tuple[Result, float]:
    """Run the choices as one book in both engines; return the ledger's result and the largest difference."""
    progress("two engines", 0, 1)
    books: dict[int, Book] = {}
    columns: dict[int, tuple[object, ...]] = {}
    for choice in choices:
        if choice.row not in books:
            variant = _variant(whole, choice.row)
            books[choice.row] = _book(whole, shared, variant, rows)
            columns[choice.row] = _columns(variant, shared.market)
    pieces = [
        Piece(books[choice.row], columns[choice.row], span)
        for choice, span in zip(choices, _spans(planned), strict=True)
    ]  # fmt: skip
    book = stitched(pieces)
    plain = ledger.run(book)
    gap = reconcile(f"{whole.base.name}, chosen as it goes", backtrader_engine.run(book), plain)
    progress("", 1, 1)
    return plain, gap


def _spans(planned: tuple[Fold, ...]) -> Iterator[slice]:
    """Rows of the chain on which each choice decides; the last decides on the chain's last row too."""
    start = planned[0].decided
    for fold, following in zip(planned, [*planned[1:], None], strict=True):
        stop = following.decided if following else fold.held.stop
        yield slice(fold.decided - start, stop - start)


def _track(name: str, result: Result, market: Market, cell: int | None = None) -> Track:
    return Track(name, result, metrics.figures(result, market.periods_per_year), cell)


def _benchmark(config: Config, first: np.datetime64, last: np.datetime64) -> tuple[Track | None, str]:
    """Return the first benchmark on the chain's days, or why there is none."""
    if not config.benchmarks:
        return None, "the configuration names none"
    name = config.benchmarks[0]
    alone = replace(config, variants=tuple(v for v in config.variants if v.name == name), benchmarks=())
    own = set_up(alone).variants[name]
    days = own.market.dates
    rows = slice(
        max(int(np.searchsorted(days, first)), own.span.rows.start),
        min(int(np.searchsorted(days, last, side="right")), own.span.rows.stop),
    )
    if rows.stop - rows.start < 2:
        return None, f"{name} does not trade from {first} to {last}"
    return _track(name, ledger.run(_on(own, config, rows)), own.market), ""
