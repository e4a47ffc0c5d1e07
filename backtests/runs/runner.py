"""Config -> market -> variants -> results, each proved by the other engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from backtests.config import Config, Variant
from backtests.engine import backtrader_engine, kernel, ledger
from backtests.engine.book import Book, prepare
from backtests.engine.reconcile import reconcile
from backtests.engine.result import Result
from backtests.performance import metrics
from backtests.performance.components import by_component
from backtests.performance.metrics import Metric
from backtests.runs.setup import Prepared, Setup, fill_of, set_up, terms
from backtests.runs.window import Span
from data.market import Market
from data.pricing.bonds import Array
from data.tables import Tables
from data.tracking import Tracking, tracking
from strategies.base import components_of

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

Engine = Callable[[Book], Result]
ENGINES: dict[str, Engine] = {"backtrader": backtrader_engine.run, "ledger": ledger.run}


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


def run(config: Config, progress: Progress = lambda what, count, of: None) -> Run:
    """Run every variant of a configuration.

    Raises
    ------
    ConfigError, DataError
        What `set_up` refuses.
    ReconciliationError
        Engines that disagree.
    """
    start = time.perf_counter()
    setup = set_up(config)
    again = kernel.engine(sum(prepared.size for prepared in setup.variants.values()))
    runs = []
    for i, prepared in enumerate(setup.variants.values()):
        progress(prepared.variant.name, i, len(setup.variants))
        runs.append(_run(prepared, config, again))
    progress("", len(runs), len(runs))
    return Run(
        config=config,
        setup=setup,
        variants=_compared(runs, config, setup.market),
        tracking=tuple(tracking(setup.tables, setup.market.instruments, config.data.start or date.min)),
        seconds=time.perf_counter() - start,
    )


def _run(prepared: Prepared, config: Config, again: Engine) -> VariantRun:
    variant, market, window, targets = prepared.variant, prepared.market, prepared.span, prepared.targets
    chosen = terms(variant, config, market)
    book = prepare(market, targets, window.rows, chosen)
    other = "ledger" if config.engine == "backtrader" else "backtrader"
    result = ENGINES[config.engine](book)
    gap = reconcile(variant.name, result, ENGINES[other](book))
    log.info("%s: engines agree to %.1e of capital over %d bars", variant.name, gap, len(book.dates))
    later = again(prepare(market, targets, window.rows, replace(chosen, lag=chosen.lag + 1)))
    ppy = metrics.periods_per_year(book.dates, market.periods_per_year)
    figures = metrics.figures(result, market.periods_per_year)
    figures["sharpe_next_bar"] = metrics.sharpe(metrics.excess_returns(later), ppy)
    if config.thesis_date:
        figures |= metrics.since(result, config.thesis_date)
    parts = {name: weights[window.rows] for name, weights in components_of(variant.strategy, market).items()}
    split = by_component(book, result, parts)
    return VariantRun(variant, market, window, fill_of(variant, market), result, figures, {}, gap, split)


def _compared(runs: Sequence[VariantRun], config: Config, market: Market) -> tuple[VariantRun, ...]:
    """Measure every other variant against each benchmark, on the bars both have."""
    results = {run.variant.name: run.result for run in runs}

    def against(run: VariantRun) -> dict[str, dict[str, Metric]]:
        if run.variant.name in config.benchmarks:
            return {}
        ppy = market.periods_per_year
        return {name: metrics.against(run.result, results[name], ppy) for name in config.benchmarks}

    return tuple(replace(run, against=against(run)) for run in runs)
