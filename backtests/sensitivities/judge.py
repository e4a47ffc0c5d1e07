"""Rerun every variant under every case, one at a time and the worst and best together, and say what it hangs on.

Every run is the plain ledger's; the base is the configuration's own. Judged by the Sharpe ratio, which a mere change
of size leaves alone; the excess return stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from backtests.config import Config, Variant
from backtests.performance import metrics
from backtests.runs import runner
from backtests.runs.window import check_dates, span
from backtests.sensitivities.rerun import Bench, Outcome
from backtests.sensitivities.scenarios import CASES, GROUPS, Case, Conventions
from data.build import build
from data.errors import ConfigError, DataError, did_you_mean
from data.pricing.curves import Interpolation

Progress = Callable[[str, int, int], None]

INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "pchip")
COSTS = (0.0, 1.0, 2.0, 4.0, 10.0, 25.0, 100.0)  # times; between two of them the excess return crosses 0
EXTRA_BORROW = (0.0, 0.0025, 0.01, 0.05, 0.25, 1.0)  # a year
SAME = 1e-12  # of equity: a case that moves it by less does not move it
CLOSE = 1e-6  # excess return a year that counts as none


@dataclass(frozen=True)
class Row:
    """A variant under one case. Changes are against the base on the same bars."""

    case: Case
    sharpe: float
    excess_return: float  # a year
    change: float  # of the Sharpe ratio
    return_change: float  # of the excess return, a year
    bars: int


@dataclass(frozen=True)
class Together:
    """Several cases at once, of each group one at most."""

    cases: tuple[Case, ...]
    sharpe: float | None
    excess_return: float | None


@dataclass(frozen=True)
class BreakEven:
    """Where the excess return is 0, or why that is nowhere."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class VariantSensitivity:
    """One variant under every case that applies to it, and why the others do not."""

    name: str
    benchmark: bool
    first: date
    last: date
    bars: int
    sharpe: float | None  # of the configuration as it is
    excess_return: float | None
    rows: tuple[Row, ...]
    absent: Mapping[str, str]  # case key -> reason
    worst: Together  # every convention about the world at its worst
    best: Together
    cost: BreakEven  # times all trading and roll costs
    borrow: BreakEven  # a year, paid by every short on top of what it pays


@dataclass(frozen=True)
class Sensitivity:
    """Variants of a configuration under every case."""

    config: Config
    variants: tuple[VariantSensitivity, ...]
    seconds: float


def measure(
    config: Config,
    names: Sequence[str] = (),
    progress: Progress = lambda what, done, of: None,
) -> Sensitivity:
    """Return the sensitivity of the variants named, or of all.

    Raises
    ------
    ConfigError, DataError
        A variant there is not, or what `run` would refuse.
    """
    start = time.perf_counter()
    known = [one.name for one in config.variants]
    for name in names:
        if name not in known:
            raise ConfigError(f"'{name}' is not a variant of {config.name}{did_you_mean(name, known)}")
    chosen = [one for one in config.variants if not names or one.name in names]
    benches = _benches(config, chosen)
    done = []
    for i, bench in enumerate(benches):
        progress(bench.variant.name, i, len(benches))
        done.append(judge(bench))
    progress("", len(done), len(done))
    return Sensitivity(config, tuple(done), time.perf_counter() - start)


def _benches(config: Config, variants: Sequence[Variant]) -> list[Bench]:
    """Every variant with its markets; the data is read once, and the market of each interpolation built once."""
    instruments = runner.instruments_of(config)
    tables = runner.tables_of(config, instruments)
    markets = {one: build(tables, instruments, one) for one in INTERPOLATIONS}
    check_dates(config, markets[config.data.interpolation])
    benches = []
    for variant in variants:
        legs = {one: runner.legs_of(market, variant, config) for one, market in markets.items()}
        own = legs[config.data.interpolation]
        runner.check_clock(variant, own, span(variant, own, config))
        benches.append(Bench(config, variant, legs))
    return benches


def judge(bench: Bench) -> VariantSensitivity:
    """Return one variant under every case."""
    outcome = bench.run(bench.base)
    rows, absent = [], {}
    for case in CASES:
        found = _row(case, bench, outcome)
        if isinstance(found, Row):
            rows.append(found)
        else:
            absent[case.key] = found
    dates = outcome.result.dates
    return VariantSensitivity(
        name=bench.variant.name,
        benchmark=bench.variant.name in bench.config.benchmarks,
        first=dates[0].astype(object),
        last=dates[-1].astype(object),
        bars=len(dates),
        sharpe=outcome.sharpe,
        excess_return=outcome.excess_return,
        rows=tuple(rows),
        absent=absent,
        worst=_together(bench, [one for one in _extremes(rows, min) if one.change < 0]),
        best=_together(bench, [one for one in _extremes(rows, max) if one.change > 0]),
        cost=_breakeven_cost(bench),
        borrow=_breakeven_borrow(bench),
    )


# ---- one case at a time


def _row(case: Case, bench: Bench, base: Outcome) -> Row | str:
    """Return a variant under a case, or why it does not apply."""
    if base.sharpe is None:
        return "its return never varies"
    if case.keep is not None:
        return _cut(case, bench, base)
    chosen = case.apply(bench.base)
    reason = _inapplicable(case, chosen, bench, base)
    if reason:
        return reason
    try:
        rows = bench.decided(chosen).rows
        outcome, before = bench.run(chosen), bench.run(bench.base, rows)
    except (ConfigError, DataError) as error:
        return str(error)
    if np.allclose(outcome.result.equity, before.result.equity, rtol=SAME, atol=0.0):
        return case.unmoved or GROUPS[case.group].unmoved
    return _against(case, outcome, before, len(outcome.result.dates))


def _cut(case: Case, bench: Bench, base: Outcome) -> Row | str:
    """Return the base's figures on a part of its bars."""
    assert case.keep is not None
    x, ends = metrics.excess_returns(base.result), base.result.dates[1:]
    kept = case.keep(ends)
    if kept.all() or kept.sum() < 2:
        return GROUPS["window"].unmoved if kept.all() else "too few bars are left"
    market = bench.decided(bench.base).market
    ppy = metrics.periods_per_year(base.result.dates, market.periods_per_year)
    part = Outcome(base.result, metrics.sharpe(x[kept], ppy), float(x[kept].mean()) * ppy)
    return _against(case, part, base, int(kept.sum()) + 1)


def _against(case: Case, outcome: Outcome, before: Outcome, bars: int) -> Row | str:
    if outcome.sharpe is None or before.sharpe is None:
        return "its return never varies"
    assert outcome.excess_return is not None
    assert before.excess_return is not None
    return Row(
        case=case,
        sharpe=outcome.sharpe,
        excess_return=outcome.excess_return,
        change=outcome.sharpe - before.sharpe,
        return_change=outcome.excess_return - before.excess_return,
        bars=bars,
    )


def _inapplicable(case: Case, chosen: Conventions, bench: Bench, base: Outcome) -> str:
    """Why a case says nothing about a variant; empty where it may."""
    own, units = bench.base, base.result.units
    legs = bench.decided(own).market.instruments
    foreign = np.array([one.currency != "USD" for one in legs])
    short, stepped = (units < 0).any(axis=0), np.array([bool(one.borrow_steps) for one in legs])
    cash = any(one.kind == "cash" for one in legs if one.currency != "USD")
    long_abroad = bool((units > 0)[:, foreign].any())
    reasons = {
        "it is the configuration's own": chosen == own,
        "it is not funded by a currency swap": case.group == "basis" and own.currency != "fx_swap",
        "it holds no foreign leg": case.group == "currency" and not foreign.any(),
        "it holds foreign cash, which is nothing but its currency": case.group == "currency" and cash,
        "it is never long a foreign leg, so that fx_swap is repo": (
            case.group == "currency" and not long_abroad
            and (chosen.currency == "fx_swap" or (own.currency, chosen.currency) == ("fx_swap", "repo"))
        ),
        "it holds no listed fund": case.group == "duration" and not any(one.kind == "listed" for one in legs),
        "it has no sizing rule": case.group == "sizing" and own.sizing is None,
        "it is never short": case.group == "borrow" and not short.any(),
        "no leg that it shorts has dated steps": not chosen.stepped and not (short & stepped).any(),
    }  # fmt: skip
    return next((reason for reason, holds in reasons.items() if holds), "")


# ---- all at once, and where nothing is left


def world(rows: Sequence[Row]) -> list[Row]:
    """Return the rows about how the world works rather than about the trade or the window."""
    return [row for row in rows if GROUPS[row.case.group].about == "world"]


def _extremes(rows: Sequence[Row], pick: Callable[..., Row]) -> list[Row]:
    """Each group's lowest or highest row, of the groups about the world."""
    groups: dict[str, list[Row]] = {}
    for row in world(rows):
        groups.setdefault(row.case.group, []).append(row)
    return [pick(members, key=lambda row: row.change) for members in groups.values()]


def _together(bench: Bench, rows: Sequence[Row]) -> Together:
    chosen = bench.base
    for row in rows:
        chosen = row.case.apply(chosen)
    outcome = bench.run(chosen)
    return Together(tuple(row.case for row in rows), outcome.sharpe, outcome.excess_return)


def _breakeven_cost(bench: Bench) -> BreakEven:
    """Multiple of all trading and roll costs at which the excess return is 0."""

    def earned(times: float) -> float:
        return bench.run(replace(bench.base, costs=times)).excess_return or 0.0

    if earned(0.0) == earned(1.0):
        return BreakEven(None, "it pays no trading costs")
    if earned(0.0) <= 0:
        return BreakEven(None, "it loses before costs")
    return _crossing(earned, COSTS, f"it still gains at {COSTS[-1]:.0f} times its costs")


def _breakeven_borrow(bench: Bench) -> BreakEven:
    """Extra borrow a year on all shorts at which the excess return is 0."""

    def earned(rate: float) -> float:
        return bench.run(replace(bench.base, extra_borrow=rate)).excess_return or 0.0

    if not (bench.run(bench.base).result.units < 0).any():
        return BreakEven(None, "it is never short")
    if earned(0.0) <= 0:
        return BreakEven(None, "it loses without it")
    return _crossing(earned, EXTRA_BORROW, f"it still gains at {EXTRA_BORROW[-1]:.0%} a year")


def _crossing(earned: Callable[[float], float], grid: Sequence[float], otherwise: str) -> BreakEven:
    """Return where a function that is positive at the grid's first point is first 0; `otherwise` is why nowhere."""
    for low, high in pairwise(grid):
        if earned(high) <= 0:
            value = float(brentq(earned, low, high, xtol=1e-10, rtol=1e-10))
            return BreakEven(value) if abs(earned(value)) < CLOSE else BreakEven(None, "it is ruined first")
    return BreakEven(None, otherwise)
