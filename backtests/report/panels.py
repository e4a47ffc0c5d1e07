"""What a report shows, worked out from a stored run: the arithmetic stays here, the drawing does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import fsum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtests.performance import extremes, metrics, periods
from backtests.performance.attribution import TRADED
from backtests.performance.events import EVENTS, REGIMES, EventPnl, RegimePnl, event_pnl, regime_pnl
from backtests.performance.extremes import ExtremeBar
from backtests.performance.periods import Spread
from backtests.report.format import Figures
from backtests.report.pictures import Band
from backtests.runs import exposure
from backtests.runs.exposure import Traded
from backtests.runs.significance import Choice, Significance
from backtests.runs.snapshot import StoredRun
from data.pricing.bonds import Array

DEEPEST = 5
MANY = 30  # variants above which a report ranks them, and shows so many until asked for the rest


@dataclass(frozen=True)
class EquityPath:
    """One variant's equity (T,) and the interest credited on it (T,), USD."""

    dates: NDArray[np.datetime64]
    capital: float
    equity: Array
    cash: Array


@dataclass(frozen=True)
class DrawdownRow:
    """One row of the drawdown table."""

    depth: float
    peak: str
    trough: str
    recovery: str | None
    days: int


@dataclass(frozen=True)
class ShockPnl:
    """What an instantaneous shock does to the positions of the last row."""

    legs: dict[str, float]  # USD; NaN: no curve
    total: float  # USD, of the legs with a curve
    share: float | None  # of equity; None where nothing is left


@dataclass(frozen=True)
class VariantPanel:
    """Everything the page shows of one variant. Fractions are decimals; drawdowns on paths are negative."""

    name: str
    benchmark: bool
    figures: Figures
    described: Mapping[str, Any]  # by the manifest
    dates: list[str]
    total: Array  # growth of 1
    excess: Array  # growth of 1 in excess of cash
    underwater: Array  # of `excess`
    sharpe: Array  # rolling, one shorter than the paths
    volatility: Array
    betas: dict[str, Array]  # rolling, by benchmark, likewise; {} of many variants
    to_date: dict[str, float | None]  # in excess of cash, by period
    spread: Spread  # of bars in excess of cash
    years: dict[int, tuple[float, float]]  # total, in excess of cash
    lines: dict[str, float]  # of trading P&L, USD over the window
    legs: dict[str, Array]  # cumulative USD
    components: dict[str, Array]  # of a blend, cumulative USD; {} of any other
    drawdowns: list[DrawdownRow]
    events: dict[str, EventPnl]  # by name, of those its history reaches
    regimes: dict[str, RegimePnl]
    shocks: dict[str, ShockPnl]
    traded: Traded | None  # None in the folder of a version that stored none
    months: dict[int, dict[int, float]]  # in excess of cash, by year and month
    best: list[ExtremeBar]
    worst: list[ExtremeBar]
    significance: Significance | None  # None in the folder of a version that had none


@dataclass(frozen=True)
class Panels:
    """A report's content."""

    run: StoredRun
    variants: list[VariantPanel]
    window_bars: int  # of the rolling figures
    window_name: str
    bands: list[Band]  # events for plots of time
    choice: Choice | None  # how far the best variant was chosen from many; None as above


def panels(run: StoredRun) -> Panels:
    """Work out what a report shows."""
    longest = max(int(figures["bars"]) for figures in run.metrics.values())
    ppy = max(float(figures["periods_per_year"]) for figures in run.metrics.values())
    years = 3 if longest > 4 * ppy else 1
    bars = max(3, round(years * ppy))
    lines = run.attribution.groupby("variant", sort=False)
    empty = run.attribution.iloc[:0]
    groups = {str(name): frame for name, frame in lines}
    variants = [_variant(run, name, groups.get(name, empty), bars) for name in run.metrics]
    if len(variants) <= MANY:
        variants = _with_betas(variants, run.manifest["benchmarks"], bars)
    return Panels(run, ranked(variants), bars, f"{years}-year", _bands(variants), run.choice)


def ranked(variants: list[VariantPanel]) -> list[VariantPanel]:
    """Return many variants by Sharpe ratio, the highest first, benchmarks last; a few in the order given."""
    if len(variants) <= MANY:
        return variants

    def rank(variant: VariantPanel) -> tuple[bool, float]:
        sharpe = variant.figures["sharpe"]
        return variant.benchmark, np.inf if sharpe is None else -sharpe

    return sorted(variants, key=rank)


def _with_betas(variants: list[VariantPanel], benchmarks: list[str], bars: int) -> list[VariantPanel]:
    x = {variant.name: variant.excess[1:] / variant.excess[:-1] - 1.0 for variant in variants}
    dates = {variant.name: np.array(variant.dates, dtype="datetime64[D]") for variant in variants}
    betas = periods.rolling_betas(x, dates, benchmarks, bars)
    return [replace(variant, betas=betas[variant.name]) for variant in variants]


def complete(panels: Panels, run: StoredRun) -> Panels:
    """Return the content of a run's tables with what was judged of it since."""
    variants = [replace(variant, significance=run.significance.get(variant.name)) for variant in panels.variants]
    return replace(panels, run=run, variants=variants, choice=run.choice)


def _bands(variants: list[VariantPanel]) -> list[Band]:
    """Return the events that have a short name, from the first day to the last on which any variant has a bar of it."""
    bands = []
    for event in EVENTS:
        event_pnls = [variant.events[event.name] for variant in variants if event.name in variant.events]
        if event.short and event_pnls:
            first, last = min(pnl.first for pnl in event_pnls), max(pnl.last for pnl in event_pnls)
            bands.append(Band(event.short, first, last))
    return bands


def _variant(run: StoredRun, name: str, lines: pd.DataFrame, bars: int) -> VariantPanel:
    figures = run.metrics[name]
    equity = run.equity[name].dropna()
    usd = lines.pivot_table(index="date", columns=["line", "instrument"], values="usd", aggfunc="sum", fill_value=0.0)
    usd = usd.reindex(equity.index, fill_value=0.0)
    by_line = usd.T.groupby(level="line").sum().T if len(usd.columns) else pd.DataFrame(index=equity.index)
    cash = by_line["cash"].to_numpy() if "cash" in by_line else np.zeros(len(equity))
    track = EquityPath(equity.index.to_numpy(), float(run.manifest["capital"]), equity.to_numpy(), cash)
    excess = metrics.excess_index(track)
    best, worst = extremes.extremes(track, usd)
    by_leg, ppy = _pnl_by_leg(usd, run.manifest["variants"][name]["legs"]), float(figures["periods_per_year"])
    x = metrics.excess_returns(track)
    sharpe, volatility = metrics.rolling(x, bars, ppy)
    return VariantPanel(
        name=name,
        benchmark=name in run.manifest["benchmarks"],
        figures=figures,
        described=run.manifest["variants"][name],
        dates=[str(day) for day in track.dates.astype("datetime64[D]")],
        total=track.equity / track.capital,
        excess=excess,
        underwater=metrics.underwater(excess, 1.0),
        sharpe=sharpe,
        volatility=volatility,
        betas={},
        to_date=periods.to_date(track.dates, x),
        spread=periods.spread(x),
        years=metrics.calendar_years(track),
        lines={line: float(by_line[line].sum()) if line in by_line else 0.0 for line in TRADED},
        legs=_legs(usd, run.manifest["variants"][name]["legs"]),
        components=_components(run.components[run.components["variant"] == name], usd),
        drawdowns=_drawdowns(track, excess),
        events={event.name: during for event in EVENTS if (during := event_pnl(track, by_leg, event))},
        regimes={regime.name: under for regime in REGIMES if (under := regime_pnl(track, by_leg, ppy, regime))},
        months=extremes.months(track),
        best=best,
        worst=worst,
        significance=run.significance.get(name),
        traded=_traded(run, name, track, bars),
        shocks=_shocks(run, name, float(equity.iloc[-1])),
    )


def _pnl_by_leg(usd: pd.DataFrame, legs: list[str]) -> dict[str, Array]:
    """P&L (T,) of each leg and of the book's margin on every row, without the interest on equity."""
    own = usd.loc[:, usd.columns.get_level_values("line") != "cash"] if len(usd.columns) else usd
    by_leg = own.T.groupby(level="instrument").sum().T if len(own.columns) else own
    return {leg: by_leg[leg].to_numpy() if leg in by_leg else np.zeros(len(usd)) for leg in [*legs, "book"]}


def _traded(run: StoredRun, name: str, track: EquityPath, bars: int) -> Traded | None:
    stored = run.exposure[run.exposure["variant"] == name]
    return exposure.read(stored, run.manifest["variants"][name].get("spread", {}), track, bars, run.countries)


def _known_sum(values: Iterable[float]) -> float:
    """Sum of what is known: a leg without a curve has no P&L in a shock of rates."""
    return fsum(value for value in values if not np.isnan(value))


def _shocks(run: StoredRun, name: str, equity: float) -> dict[str, ShockPnl]:
    by_shock: dict[str, dict[str, float]] = {}
    table = run.stress[run.stress["variant"] == name]
    for shock, leg, usd in zip(table["shock"], table["instrument"], table["usd"].astype(float), strict=True):
        by_shock.setdefault(str(shock), {})[str(leg)] = float(usd)
    return {
        shock.name: ShockPnl(legs, total := _known_sum(legs.values()), total / equity if equity > 0 else None)
        for shock in run.shocks
        if (legs := by_shock.get(shock.name))
    }


def _components(table: pd.DataFrame, usd: pd.DataFrame) -> dict[str, Array]:
    """Cumulative P&L (T,) of a blend's components, and of the book's margin, USD."""
    if table.empty:
        return {}
    split = table.groupby(["date", "component"], sort=False)["usd"].sum().unstack()
    split = split.reindex(usd.index).fillna(0.0)
    return {**{str(name): split[name].cumsum().to_numpy() for name in split}, "book": _legs(usd, [])["book"]}


def _legs(usd: pd.DataFrame, legs: list[str]) -> dict[str, Array]:
    """Cumulative P&L (T,) of each leg and of the book's margin, USD; together the trading P&L."""
    return {leg: np.cumsum(earned) for leg, earned in _pnl_by_leg(usd, legs).items()}


def _drawdowns(track: EquityPath, excess: Array) -> list[DrawdownRow]:
    deepest = sorted(metrics.drawdowns(excess, 1.0), key=lambda drawdown: -drawdown.depth)[:DEEPEST]
    days = track.dates.astype("datetime64[D]")
    return [
        DrawdownRow(
            depth=drawdown.depth,
            peak=str(days[drawdown.peak]),
            trough=str(days[drawdown.trough]),
            recovery=None if drawdown.recovery is None else str(days[drawdown.recovery]),
            days=int((days[-1 if drawdown.recovery is None else drawdown.recovery] - days[drawdown.peak]).astype(int)),
        )
        for drawdown in deepest
    ]
