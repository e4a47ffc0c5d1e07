"""Config -> market -> variants -> results, each proved by the other engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Protocol, TypeVar

from backtests.config import Config, Variant
from backtests.engine import backtrader_engine, kernel, ledger
from backtests.engine.book import Book, prepare
from backtests.engine.reconcile import reconcile
from backtests.engine.result import Result
from backtests.performance import financing, metrics, periods, round_trips
from backtests.performance.components import by_component
from backtests.performance.metrics import Metric
from backtests.performance.round_trips import RoundTrip
from backtests.runs.setup import Prepared, Setup, fill_of, set_up, terms
from backtests.runs.window import Span
from data.market import Market
from data.pricing.bonds import Array
from data.tables import Tables
from data.tracking import Tracking, tracking
from strategies.base import components_of

log = logging.getLogger(__name__)

WALKS = 5  # of a book beside the first: one filled a bar later, and to find the borrow that it could bear

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

Engine = Callable[[Book], Result]
T = TypeVar("T")


class Start(Protocol):
    """Begins a piece of work; what it returns gives its value."""

    def __call__(self, function: Callable[..., T], *arguments: Any) -> Callable[[], T]: ...  # noqa: D102


@dataclass(frozen=True)
class Walked:
    """A variant's book, walked in the plain ledger, and with the broker's engine."""

    prepared: Prepared
    book: Book
    plain: Result
    brokered: Callable[[], Result]
    sharpe_next_bar: Metric
    breakeven_borrow: Metric


@dataclass(frozen=True)
class VariantRun:
    """One variant, run."""

    variant: Variant
    market: Market  # its legs, all history
    span: Span
    fill: str
    result: Result
    figures: dict[str, Metric]
    against: dict[str, dict[str, Metric]]  # benchmark -> alpha, beta, correlation
    gap: float  # largest difference between the engines, fraction of capital
    components: dict[str, Array]  # of a blend -> P&L (T, n) by leg, USD; {} of any other
    trips: tuple[RoundTrip, ...]


@dataclass(frozen=True)
class Run:
    """All variants of a configuration, run."""

    config: Config
    setup: Setup
    variants: tuple[VariantRun, ...]
    tracking: tuple[Tracking, ...]  # of the listed legs that have prices
    seconds: float

    @property
    def tables(self) -> Tables:
        """The history it ran on."""
        return self.setup.tables

    @property
    def market(self) -> Market:
        """Every leg of every variant."""
        return self.setup.market


def at_once(function: Callable[..., T], *arguments: Any) -> Callable[[], T]:
    """Put a piece of work off until its value is asked for."""
    return lambda: function(*arguments)


@dataclass(frozen=True)
class Begun:
    """A configuration whose books are with the broker's engine while its caller goes on."""

    config: Config
    setup: Setup
    books: tuple[Walked, ...]
    start: float  # by time.perf_counter

    def finish(self, progress: Progress = lambda what, count, of: None) -> Run:
        """Return the run, each variant proved by both engines.

        Raises
        ------
        ReconciliationError
            Engines that disagree.
        """
        brokered: list[Result] = []
        for walked in reversed(self.books):  # the last given away is the last begun: this process may do it itself
            progress(walked.prepared.variant.name, len(brokered), len(self.books))
            brokered.insert(0, walked.brokered())
        runs = [_measured(walked, result, self.config) for walked, result in zip(self.books, brokered, strict=True)]
        progress("", len(runs), len(runs))
        return Run(
            config=self.config,
            setup=self.setup,
            variants=_compared(runs, self.config, self.setup.market),
            tracking=tuple(
                tracking(self.setup.tables, self.setup.market.instruments, self.config.data.start or date.min)
            ),
            seconds=time.perf_counter() - self.start,
        )


def run(config: Config, progress: Progress = lambda what, count, of: None) -> Run:
    """Run every variant of a configuration.

    Raises
    ------
    ConfigError, DataError
        What `set_up` refuses.
    ReconciliationError
        Engines that disagree.
    """
    return begin(config).finish(progress)


def begin(config: Config, start: Start = at_once, progress: Progress = lambda what, count, of: None) -> Begun:
    """Walk every variant's book in the plain ledger, and give it to the broker's engine by `start`.

    Raises
    ------
    ConfigError, DataError
        What `set_up` refuses.
    """
    began = time.perf_counter()
    setup = set_up(config)
    again = kernel.engine(WALKS * setup.size)
    books = []
    for i, prepared in enumerate(setup.variants.values()):
        progress(prepared.variant.name, i, len(setup.variants))
        books.append(_walked(prepared, config, again, start))
    progress("", len(books), len(books))
    return Begun(config, setup, tuple(books), began)


def _walked(prepared: Prepared, config: Config, again: Engine, start: Start) -> Walked:
    chosen = terms(prepared.variant, config, prepared.market)
    rows = prepared.span.rows
    own = prepared.decisions
    book = prepare(prepared.market, prepared.targets, rows, chosen, own)
    later = again(prepare(prepared.market, prepared.targets, rows, replace(chosen, lag=chosen.lag + 1), own))
    ppy = metrics.periods_per_year(book.dates, prepared.market.periods_per_year)
    next_bar = metrics.sharpe(metrics.excess_returns(later), ppy)
    brokered, plain = start(backtrader_engine.run, book), ledger.run(book)
    borrow = financing.breakeven_borrow(book, plain, financing.dearer(prepared.market, rows), again)
    return Walked(prepared, book, plain, brokered, next_bar, borrow)


def _measured(walked: Walked, brokered: Result, config: Config) -> VariantRun:
    variant, market, window = walked.prepared.variant, walked.prepared.market, walked.prepared.span
    gap = reconcile(variant.name, brokered, walked.plain)
    log.info("%s: engines agree to %.1e of capital over %d bars", variant.name, gap, len(walked.book.dates))
    result = brokered if config.engine == "backtrader" else walked.plain
    figures = metrics.figures(result, market.periods_per_year)
    figures["sharpe_next_bar"] = walked.sharpe_next_bar
    figures["breakeven_borrow"] = walked.breakeven_borrow
    figures |= financing.margin_figures(financing.margin(market, window.rows, result))
    if config.thesis_date:
        figures |= metrics.since(result, config.thesis_date)
    trips = round_trips.round_trips(variant.strategy, market, window.rows, walked.book, result)
    figures |= periods.figures(result)
    figures |= asdict(round_trips.figures(trips, result))
    parts = {name: weights[window.rows] for name, weights in components_of(variant.strategy, market).items()}
    split = by_component(walked.book, result, parts)
    return VariantRun(variant, market, window, fill_of(variant, market), result, figures, {}, gap, split, tuple(trips))


def _compared(runs: Sequence[VariantRun], config: Config, market: Market) -> tuple[VariantRun, ...]:
    """Measure every other variant against each benchmark, on the bars both have."""
    results = {run.variant.name: run.result for run in runs}

    def against(run: VariantRun) -> dict[str, dict[str, Metric]]:
        if run.variant.name in config.benchmarks:
            return {}
        ppy = market.periods_per_year
        return {name: metrics.against(run.result, results[name], ppy) for name in config.benchmarks}

    return tuple(replace(run, against=against(run)) for run in runs)
