"""Sensitivity: every variant rerun under every scenario, one at a time, and under the worst and the best combined.

Every run is the ledger's, plain or compiled; the base is the configuration's own. Judged by the Sharpe ratio, which a
change of size alone leaves as it is; the excess return stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from backtests.config import Config
from backtests.engine import kernel
from backtests.performance import metrics
from backtests.runs import gate
from backtests.runs.setup import Prepared, Setup, instruments_of, legs_of, set_up
from backtests.sensitivities.markets import foreign_bonds
from backtests.sensitivities.rerun import Outcome, Rerun
from backtests.sensitivities.scenarios import GROUPS, LEFT_OUT, SCENARIOS, Conventions, Scenario
from data.build import build
from data.countries import BASE
from data.errors import ConfigError, DataError, did_you_mean
from data.pricing.curves import Interpolation

Progress = Callable[[str, int, int], None]

INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "pchip")
COSTS = (0.0, 1.0, 2.0, 4.0, 10.0, 25.0, 100.0)  # times; between two of them the excess return crosses 0
EXTRA_BORROW = (0.0, 0.0025, 0.01, 0.05, 0.25, 1.0)  # a year
SAME = 1e-12  # of equity: a scenario that moves it by less does not move it
RERUNS = 24  # of a variant, in the mean
CLOSE = 1e-6  # excess return a year that counts as none


@dataclass(frozen=True)
class ScenarioResult:
    """A variant under one scenario. Changes are against the base on the same bars."""

    scenario: Scenario
    sharpe: float
    excess_return: float  # a year
    change: float  # of the Sharpe ratio
    return_change: float  # of the excess return, a year
    bars: int


@dataclass(frozen=True)
class Combined:
    """Several scenarios at once, at most one of each group."""

    scenarios: tuple[Scenario, ...]
    sharpe: float | None
    excess_return: float | None


@dataclass(frozen=True)
class BreakEven:
    """Where the excess return is 0, or why there is no such value."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class VariantSensitivity:
    """One variant under every scenario that applies to it, and why the others do not."""

    name: str
    benchmark: bool
    first: date
    last: date
    bars: int
    sharpe: float | None  # of the configuration as it is
    excess_return: float | None
    rows: tuple[ScenarioResult, ...]
    absent: Mapping[str, str]  # scenario key -> reason
    worst: Combined  # of each group about how markets work the scenario that lowers the Sharpe ratio most
    best: Combined
    cost: BreakEven  # times all trading and roll costs
    borrow: BreakEven  # a year, paid by every short on top of what it pays


@dataclass(frozen=True)
class Sensitivity:
    """Variants of a configuration under every scenario."""

    config: Config
    variants: tuple[VariantSensitivity, ...]
    seconds: float


def measure(
    config: Config,
    names: Sequence[str] = (),
    progress: Progress = lambda what, count, of: None,
    setup: Setup | None = None,
    scenarios: Sequence[Scenario] = SCENARIOS,
) -> Sensitivity:
    """Return the sensitivity of the variants named, or of all; `setup` is that of a run, where there was one.

    Scenarios that apply but are not among `scenarios` are left out, and said to be.

    Raises
    ------
    ConfigError, DataError
        An unknown variant, or what `run` would refuse.
    """
    start = time.perf_counter()
    known = [variant.name for variant in config.variants]
    for name in names:
        if name not in known:
            raise ConfigError(f"'{name}' is not a variant of {config.name}{did_you_mean(name, known)}")
    setup = setup or set_up(config)
    wanted = [prepared for name, prepared in setup.variants.items() if not names or name in names]
    variants: list[VariantSensitivity] = []
    for rerun in _reruns(config, setup, wanted):
        progress(rerun.variant.name, len(variants), len(wanted))
        variants.append(judge(rerun, scenarios))
    progress("", len(variants), len(variants))
    return Sensitivity(config, tuple(variants), time.perf_counter() - start)


def _reruns(config: Config, setup: Setup, wanted: Sequence[Prepared]) -> Iterator[Rerun]:
    """Yield variants with their markets; the market of each interpolation is built once."""
    own = config.data.interpolation
    instruments = instruments_of(config)
    markets = {kind: setup.market if kind == own else build(setup.tables, instruments, kind) for kind in INTERPOLATIONS}
    engine = kernel.engine(RERUNS * sum(prepared.size for prepared in wanted))
    for prepared in wanted:
        legs = {kind: legs_of(market, prepared.variant) for kind, market in markets.items()}
        check = partial(gate.check, tables=setup.tables, instruments=prepared.market.instruments)
        yield Rerun(config, prepared, {**legs, own: prepared.market}, engine, check)


def judge(rerun: Rerun, scenarios: Sequence[Scenario] = SCENARIOS) -> VariantSensitivity:
    """Return one variant under every scenario, or under some."""
    outcome = rerun.run(rerun.base)
    rows, absent = [], {}
    for scenario in SCENARIOS:
        row = (_row if scenario in scenarios else _left_out)(scenario, rerun, outcome)
        if isinstance(row, ScenarioResult):
            rows.append(row)
        else:
            absent[scenario.key] = row
    dates = outcome.dates
    return VariantSensitivity(
        name=rerun.variant.name,
        benchmark=rerun.variant.name in rerun.config.benchmarks,
        first=dates[0].astype(object),
        last=dates[-1].astype(object),
        bars=len(dates),
        sharpe=outcome.sharpe,
        excess_return=outcome.excess_return,
        rows=tuple(rows),
        absent=absent,
        worst=_combined(rerun, [row for row in _by_group(rows, min) if row.change < 0]),
        best=_combined(rerun, [row for row in _by_group(rows, max) if row.change > 0]),
        cost=_breakeven_cost(rerun),
        borrow=_breakeven_borrow(rerun),
    )


# ---- one scenario at a time


def _row(scenario: Scenario, rerun: Rerun, base: Outcome) -> ScenarioResult | str:
    """Return a variant under a scenario, or why it does not apply."""
    if base.sharpe is None:
        return "its return never varies"
    if scenario.keep is not None:
        return _cut(scenario, rerun, base)
    chosen = scenario.apply(rerun.base)
    reason = _inapplicable(scenario, chosen, rerun, base)
    if reason:
        return reason
    try:
        if scenario.group == "start":
            return _started(scenario, rerun, base)
        rows = rerun.decided(chosen).rows
        if rerun.holds_the_same(chosen):
            return scenario.unmoved or GROUPS[scenario.group].unmoved
        outcome, before = rerun.run(chosen), rerun.run(rerun.base, rows)
    except (ConfigError, DataError) as error:
        return str(error)
    if np.allclose(outcome.equity, before.equity, rtol=SAME, atol=0.0):
        return scenario.unmoved or GROUPS[scenario.group].unmoved
    return _against(scenario, outcome, before, len(outcome.dates))


def _left_out(scenario: Scenario, rerun: Rerun, base: Outcome) -> str:
    """Why a variant has no row under a scenario that is not worked out."""
    still = "" if base.sharpe is not None else "its return never varies"
    return still or _inapplicable(scenario, scenario.apply(rerun.base), rerun, base) or LEFT_OUT


def _cut(scenario: Scenario, rerun: Rerun, base: Outcome) -> ScenarioResult | str:
    """Return the base's figures on a part of its bars."""
    assert scenario.keep is not None
    x, ends = base.x, base.dates[1:]
    kept = scenario.keep(ends)
    if kept.all() or kept.sum() < 2:
        return GROUPS["window"].unmoved if kept.all() else "too few bars are left"
    market = rerun.decided(rerun.base).market
    ppy = metrics.periods_per_year(base.dates, market.periods_per_year)
    part = base._replace(sharpe=metrics.sharpe(x[kept], ppy), excess_return=float(x[kept].mean()) * ppy)
    return _against(scenario, part, base, int(kept.sum()) + 1)


def _started(scenario: Scenario, rerun: Rerun, base: Outcome) -> ScenarioResult | str:
    """Return a variant that starts on another day, against the base on all of its own bars."""
    chosen = scenario.apply(rerun.base)
    if rerun.decided(chosen).rows == rerun.decided(rerun.base).rows:
        return GROUPS["start"].unmoved
    outcome = rerun.run(chosen)
    return _against(scenario, outcome, base, len(outcome.dates))


def _against(scenario: Scenario, outcome: Outcome, before: Outcome, bars: int) -> ScenarioResult | str:
    if outcome.sharpe is None or before.sharpe is None:
        return "its return never varies"
    assert outcome.excess_return is not None
    assert before.excess_return is not None
    return ScenarioResult(
        scenario=scenario,
        sharpe=outcome.sharpe,
        excess_return=outcome.excess_return,
        change=outcome.sharpe - before.sharpe,
        return_change=outcome.excess_return - before.excess_return,
        bars=bars,
    )


def _inapplicable(scenario: Scenario, chosen: Conventions, rerun: Rerun, base: Outcome) -> str:
    """Why a scenario does not apply to a variant; empty where it may."""
    own = rerun.base
    legs = rerun.decided(own).market.instruments
    foreign = np.array([leg.currency != BASE and leg.funded for leg in legs])
    short, stepped = base.short, np.array([bool(leg.borrow_steps) for leg in legs])
    abroad = foreign_bonds(rerun.decided(own).market)
    cash = any(leg.kind == "cash" for leg in legs if leg.currency != BASE)
    long_abroad = bool(base.long[foreign].any())
    reasons = {
        "it is the configuration's own": chosen == own,
        "it is not funded by a currency swap": scenario.group == "basis" and own.currency != "fx_swap",
        "its foreign legs are futures, which no treatment touches": (
            scenario.group == "currency" and not foreign.any() and any(leg.currency != BASE for leg in legs)
        ),
        "it holds no foreign leg": scenario.group == "currency" and not foreign.any(),
        "it holds foreign cash, which is nothing but its currency": scenario.group == "currency" and cash,
        "it is never long a foreign leg, so that fx_swap is repo": (
            scenario.group == "currency" and not long_abroad
            and (chosen.currency == "fx_swap" or (own.currency, chosen.currency) == ("fx_swap", "repo"))
        ),
        "it holds no listed fund": scenario.group == "duration" and not any(leg.kind == "listed" for leg in legs),
        "it has no sizing rule": scenario.group == "sizing" and own.sizing is None,
        "it hedges no leg with another by a rule": scenario.group == "hedge" and own.hedge is None,
        "it is never short": scenario.group == "borrow" and not short.any(),
        "it is never short of a government bond abroad": chosen.special > 0.0 and not (short & abroad).any(),
        "no leg that it shorts has dated steps": not chosen.stepped and not (short & stepped).any(),
    }  # fmt: skip
    return next((reason for reason, holds in reasons.items() if holds), "")


# ---- all at once, and break-even values


def world(rows: Sequence[ScenarioResult]) -> list[ScenarioResult]:
    """Return the rows about how markets work rather than about the trade or the window."""
    return [row for row in rows if GROUPS[row.scenario.group].about == "world"]


def _by_group(rows: Sequence[ScenarioResult], pick: Callable[..., ScenarioResult]) -> list[ScenarioResult]:
    """Of each group about how markets work, the row of the lowest or highest change."""
    groups: dict[str, list[ScenarioResult]] = {}
    for row in world(rows):
        groups.setdefault(row.scenario.group, []).append(row)
    return [pick(members, key=lambda row: row.change) for members in groups.values()]


def _combined(rerun: Rerun, rows: Sequence[ScenarioResult]) -> Combined:
    chosen = rerun.base
    for row in rows:
        chosen = row.scenario.apply(chosen)
    outcome = rerun.run(chosen)
    return Combined(tuple(row.scenario for row in rows), outcome.sharpe, outcome.excess_return)


def _breakeven_cost(rerun: Rerun) -> BreakEven:
    """Multiple of all trading and roll costs at which the excess return is 0."""

    def earned(times: float) -> float:
        return rerun.run(replace(rerun.base, costs=times)).excess_return or 0.0

    if earned(0.0) == earned(1.0):
        return BreakEven(None, "it pays no trading costs")
    if earned(0.0) <= 0:
        return BreakEven(None, "it loses before costs")
    return _crossing(earned, COSTS, f"it still gains at {COSTS[-1]:.0f} times its costs")


def _breakeven_borrow(rerun: Rerun) -> BreakEven:
    """Extra borrow a year on all shorts at which the excess return is 0."""

    def earned(rate: float) -> float:
        return rerun.run(replace(rerun.base, extra_borrow=rate)).excess_return or 0.0

    short = rerun.run(rerun.base).short
    if not short.any():
        return BreakEven(None, "it is never short")
    if not any(
        leg.funded for leg, held in zip(rerun.decided(rerun.base).market.instruments, short, strict=True) if held
    ):
        return BreakEven(None, "it is short of futures alone, for which nothing is borrowed")
    if earned(0.0) <= 0:
        return BreakEven(None, "it loses without it")
    return _crossing(earned, EXTRA_BORROW, f"it still gains at {EXTRA_BORROW[-1]:.0%} a year")


def _crossing(earned: Callable[[float], float], grid: Sequence[float], otherwise: str) -> BreakEven:
    """Return where a function that is positive at the grid's first point is first 0; `otherwise` is why it never is."""
    for low, high in pairwise(grid):
        if earned(high) <= 0:
            value = float(brentq(earned, low, high, xtol=1e-10, rtol=1e-10))
            return BreakEven(value) if abs(earned(value)) < CLOSE else BreakEven(None, "it is ruined first")
    return BreakEven(None, otherwise)
