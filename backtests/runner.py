"""Config -> market -> variants -> results, each proved by the other engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backtests import broker, ledger, metrics
from backtests.book import Book, Terms, prepare
from backtests.config import Config, Variant
from backtests.metrics import Figure
from backtests.reconcile import reconcile
from backtests.result import Result
from data.build import build
from data.errors import ConfigError, DataError
from data.instruments import BP
from data.market import Flags, Market
from data.sources import bundled
from data.tables import Tables

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

ENGINES: dict[str, Callable[[Book], Result]] = {"backtrader": broker.run, "ledger": ledger.run}


@dataclass(frozen=True)
class Span:
    """The rows a variant trades on, and why not more."""

    rows: slice
    first: date
    last: date
    reason: str  # which leg decides the ends; empty where the configuration does


@dataclass(frozen=True)
class VariantRun:
    """One variant, run."""

    variant: Variant
    market: Market  # its legs, all history
    span: Span
    fill: str
    result: Result
    figures: dict[str, Figure]
    against: dict[str, dict[str, Figure]]  # benchmark -> alpha, beta, correlation
    gap: float  # largest difference between the engines, fraction of capital


@dataclass(frozen=True)
class Run:
    """All variants of a configuration, run."""

    config: Config
    tables: Tables
    market: Market
    variants: tuple[VariantRun, ...]
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
        runs.append(_one(variant, market.select(variant.strategy.legs), spans[variant.name], config))
    progress("", len(runs), len(runs))
    return Run(config, tables, market, _compared(runs, config, market), time.perf_counter() - start)


def check(config: Config) -> dict[str, Span]:
    """Return from when to when every variant would trade, by name; raise what `run` would before it starts."""
    return _spans(config, _market(config)[1])


def _market(config: Config) -> tuple[Tables, Market]:
    tables = bundled.load()
    names = dict.fromkeys(leg for variant in config.variants for leg in variant.strategy.legs)
    return tables, build(tables, [config.library[name] for name in names], config.data.interpolation)


def _spans(config: Config, market: Market) -> dict[str, Span]:
    _check_dates(config, market)
    return {variant.name: span(variant, market.select(variant.strategy.legs), config) for variant in config.variants}


def _check_dates(config: Config, market: Market) -> None:
    first, last = (day.astype(object) for day in market.dates[[0, -1]])
    for key, day in (("start", config.data.start), ("end", config.data.end)):
        if day and not first <= day <= last:
            raise ConfigError(
                f"data.{key} is {day}, outside the {config.data.source} data, which runs from {first} to {last}; "
                f"choose a date inside it or leave data.{key} out"
            )


def span(variant: Variant, market: Market, config: Config) -> Span:
    """Return the last unbroken stretch inside [start, end] on which all legs exist and have for the warm-up.

    Raises
    ------
    DataError
        No such row: the message says when each leg has history.
    """
    dates = market.dates
    start = np.datetime64(config.data.start) if config.data.start else dates[0]
    end = np.datetime64(config.data.end) if config.data.end else dates[-1]
    inside = (dates >= start) & (dates <= end)
    warmup = variant.strategy.warmup(market)
    ready = inside & (_streak(np.asarray(market.exists.all(axis=1))) >= warmup)
    if not ready.any():
        raise DataError(
            f"variant '{variant.name}' never trades between {start} and {end}: "
            f"{'; '.join(_history(market, name) for name in market.names)}"
            f"{f'; its signals need {warmup} rows' if warmup > 1 else ''}"
        )
    last = int(np.flatnonzero(ready)[-1])
    first = last - int(_streak(ready)[last]) + 1
    reasons = [_opens(market, first, warmup, inside), _ends(market, last, inside)]
    return Span(
        rows=slice(first, last + 1),
        first=dates[first].astype(object),
        last=dates[last].astype(object),
        reason="; ".join(filter(None, reasons)),
    )


def _streak(flags: Flags) -> NDArray[np.int64]:
    """Length (T,) of the run of True that ends at each row."""
    rows = np.arange(len(flags))
    last_false = np.maximum.accumulate(np.where(flags, -1, rows))
    return rows - last_false


def _opens(market: Market, first: int, warmup: int, inside: Flags) -> str:
    """Why trading starts after the window does."""
    if not first or not inside[first - 1]:
        return ""
    need = f", and the signal needs {warmup} rows" if warmup > 1 else ""
    born = first - warmup + 1
    if born == 0:
        return f"history starts {market.dates[0]}{need}"
    absent = [name for name, there in zip(market.names, market.exists[born - 1], strict=True) if not there]
    return f"{' and '.join(absent)} exists from {market.dates[born]}{need}"


def _ends(market: Market, last: int, inside: Flags) -> str:
    """Why trading ends before the window does."""
    if last + 1 >= len(market.dates) or not inside[last + 1]:
        return ""
    absent = [name for name, there in zip(market.names, market.exists[last + 1], strict=True) if not there]
    return f"{' and '.join(absent)} ends {market.dates[last]}"


def _history(market: Market, name: str) -> str:
    exists = market.exists[:, market.column(name)]
    if not exists.any():
        return f"{name} has no history"
    edges = np.flatnonzero(np.diff(np.concatenate([[0], exists.astype(int), [0]])))
    stretches = [f"{market.dates[a]} to {market.dates[b - 1]}" for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return f"{name} has history from {' and from '.join(stretches)}"


def terms(variant: Variant, config: Config, market: Market) -> Terms:
    """Return a variant's terms in the engines' units."""
    account = config.account
    return Terms(
        capital=account.capital,
        size_on=account.size_on,
        max_gross=account.max_gross,
        cash_interest=account.cash_interest,
        margin_spread=account.margin_spread_bp * BP,
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
    return "same_close" if market.periods_per_year <= 52.5 else "next_close"


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
    return VariantRun(variant, market, window, fill_of(variant, market), result, figures, {}, gap)


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
