"""Config -> market -> variants -> results, each proved by the other engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from backtests.config import Config, Variant
from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.reconcile import reconcile
from backtests.engine.result import Result
from backtests.performance import metrics
from backtests.performance.components import by_component
from backtests.performance.metrics import Metric
from backtests.runs.window import Span, check_dates, existing, span
from data import assemble
from data.build import build
from data.calendars import check_same_close
from data.errors import ConfigError
from data.instruments import BP, Instrument
from data.market import Market
from data.pricing.bonds import Array
from data.sources import bundled, folder
from data.store import Store, home
from data.tables import Tables
from data.tracking import Tracking, tracking
from strategies.base import components_of

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

ENGINES: dict[str, Callable[[Book], Result]] = {"backtrader": backtrader_engine.run, "ledger": ledger.run}


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
    tables: Tables
    market: Market
    variants: tuple[VariantRun, ...]
    tracking: tuple[Tracking, ...]  # of the listed legs that have prices
    seconds: float


def run(config: Config, progress: Progress = lambda what, done, of: None) -> Run:
    """Run every variant of a configuration.

    Raises
    ------
    ConfigError, DataError
        Dates outside the data, a variant that can never trade, data that is impossible.
    ReconciliationError
        Engines that disagree.
    """
    start = time.perf_counter()
    tables, market = _market(config)
    spans = _spans(config, market)
    runs = []
    for i, variant in enumerate(config.variants):
        progress(variant.name, i, len(config.variants))
        runs.append(_one(variant, legs_of(market, variant, config), spans[variant.name], config))
    progress("", len(runs), len(runs))
    proxies = tuple(tracking(tables, market.instruments, config.data.start or date.min))
    return Run(config, tables, market, _compared(runs, config, market), proxies, time.perf_counter() - start)


def check(config: Config) -> dict[str, Span]:
    """Return from when to when every variant would trade, by name; raise what `run` would before it starts."""
    return _spans(config, _market(config)[1])


def _market(config: Config) -> tuple[Tables, Market]:
    instruments = instruments_of(config)
    tables = tables_of(config, instruments)
    return tables, build(tables, instruments, config.data.interpolation)


def instruments_of(config: Config, also: Iterable[str] = ()) -> list[Instrument]:
    """Return the instruments the variants trade, and `also`, each once."""
    names = dict.fromkeys([*(leg for variant in config.variants for leg in variant.strategy.legs), *also])
    return [config.library[name] for name in names]


def legs_of(market: Market, variant: Variant, config: Config) -> Market:
    """Return a variant's own market: on daily rows a year has the bars of its own window, not of all history."""
    legs = market.select(variant.strategy.legs)
    if not market.daily:
        return legs
    there = existing(legs, config)
    return replace(legs, periods_per_year=metrics.periods_per_year(market.dates[there], market.periods_per_year))


def tables_of(config: Config, instruments: Sequence[Instrument]) -> Tables:
    """Return the configuration's history, with the prices of the listed among `instruments` where they are stored."""
    listed = [one.name for one in instruments if one.kind == "listed"]
    frequency = config.data.frequency
    if config.data.source == "bundled":
        if frequency in ("daily", "weekly"):
            raise ConfigError(
                f"data.frequency is {frequency}, but the bundled figures are month ends; set data.source: store, after "
                "`divergence data update` or `divergence data import PATH`"
            )
        return bundled.load()
    if config.data.source == "store":
        return _from(Store(home()), config, listed)
    with TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        for delivery in folder.deliveries(Path(config.data.source)):
            store.put(delivery, datetime.now(UTC))
        return replace(_from(store, config, listed), source=config.data.source)


def _from(store: Store, config: Config, listed: Sequence[str]) -> Tables:
    wanted = config.data
    today = datetime.now(UTC).date()
    return assemble.load(store, wanted.frequency, listed, today, wanted.distributions, wanted.start or date.min)


def _spans(config: Config, market: Market) -> dict[str, Span]:
    """Return every variant's window, having looked at the clock it would trade by."""
    check_dates(config, market)
    found = {}
    for variant in config.variants:
        legs = legs_of(market, variant, config)
        found[variant.name] = span(variant, legs, config)
        check_clock(variant, legs, found[variant.name])
    return found


def check_clock(variant: Variant, legs: Market, window: Span) -> None:
    """Refuse a fill at a close before another leg's price of that day is stamped."""
    if fill_of(variant, legs) == "same_close" and legs.daily:
        check_same_close(variant.name, legs.instruments, window.first)


def terms(variant: Variant, config: Config, market: Market) -> Terms:
    """Return a variant's terms in the engines' units."""
    account = config.account
    return Terms(
        capital=account.capital,
        size_on=account.size_on,
        max_gross=account.max_gross,
        cash_interest=account.cash_interest,
        margin_spread=account.margin_spread_bp * BP,
        withholding=account.withholding,
        currency=variant.currency.kind,
        basis=variant.currency.basis_bp * BP,
        lag={"same_close": 0, "next_close": 1}[fill_of(variant, market)],
        every=variant.rebalance.every,
        band=variant.rebalance.band,
    )


def fill_of(variant: Variant, market: Market) -> str:
    """Return the fill in force: `auto` is the same close on week and month ends, the next close on daily rows."""
    if variant.fill != "auto":
        return variant.fill
    return "next_close" if market.daily else "same_close"


def _one(variant: Variant, market: Market, window: Span, config: Config) -> VariantRun:
    targets = variant.strategy.targets(market)
    chosen = terms(variant, config, market)
    book = prepare(market, targets, window.rows, chosen)
    other = "ledger" if config.engine == "backtrader" else "backtrader"
    result = ENGINES[config.engine](book)
    gap = reconcile(variant.name, result, ENGINES[other](book))
    later = ledger.run(prepare(market, targets, window.rows, replace(chosen, lag=chosen.lag + 1)))
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
    named = {one.variant.name: one.result for one in runs}
    return tuple(
        one
        if one.variant.name in config.benchmarks
        else replace(
            one,
            against={
                name: metrics.against(one.result, named[name], market.periods_per_year) for name in config.benchmarks
            },
        )
        for one in runs
    )
