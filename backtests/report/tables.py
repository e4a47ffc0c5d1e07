"""What the tables say: columns, words and cells, from panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.performance.attribution import TRADED
from backtests.performance.verdicts import Interval
from backtests.report.format import (
    ABSENT,
    Cell,
    Figures,
    Row,
    ShadedRow,
    darkest,
    drawdown,
    millions,
    month,
    number,
    percent,
    shade,
)
from backtests.report.panels import DrawdownRow, Panels, VariantPanel

Leg = Mapping[str, Any]  # an instrument of the run, as its manifest has it

LINE_NAMES = {
    "price": "price", "income": "income",
    "carry": "carry", "rolldown": "roll-down", "level": "level", "curve": "curve", "convexity": "convexity",
    "inflation": "inflation", "fee": "fund fee", "tracking": "tracking", "fx": "currency", "funding": "funding",
    "borrow": "borrow", "roll": "roll cost", "cost": "trading cost", "cash": "cash interest", "margin": "margin",
}  # fmt: skip


@dataclass(frozen=True)
class Years:
    """Calendar years by variant, the latest first; a cell is empty where it has no bar in the year."""

    years: list[int]
    rows: list[ShadedRow]


@dataclass(frozen=True)
class Lines:
    """P&L by line, or by component, and variant."""

    headings: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class AgainstBenchmarks:
    """Alpha, beta and correlation of every variant to each benchmark, three cells each."""

    benchmarks: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class Drawdowns:
    """The deepest drawdowns of a variant: depth, peak, trough, recovery and days of each."""

    name: str
    rows: list[list[str]]


def lead(figures: Mapping[str, Figures], benchmarks: Sequence[str]) -> str:
    """Return the first variant that is no benchmark, or the first."""
    return next((name for name in figures if name not in benchmarks), next(iter(figures)))


def sentence(name: str, figures: Figures) -> str:
    """Return what one variant's figures come to."""
    if figures["ruined"]:
        return f"{name} lost all its capital by {figures['ruined']}."
    if figures["sharpe"] is None:
        return f"{name} has {figures['bars']} rows and no Sharpe ratio: too little to judge."
    verb = "made" if figures["excess_return"] >= 0 else "lost"
    text = (
        f"{name} {verb} {percent(abs(figures['excess_return']))} % a year over cash at "
        f"{percent(figures['volatility'])} % volatility, a Sharpe ratio of {number(figures['sharpe'])}; "
        f"its largest drawdown was {percent(figures['excess_drawdown'])} %"
    )
    text += f", {drawdown(figures)}" if figures["excess_drawdown_peak"] else ""
    closest = _closest(figures["against"])
    return f"{text}; {closest}." if closest else f"{text}."


def _closest(benchmarks: Mapping[str, Figures]) -> str:
    correlated = {name: figures for name, figures in benchmarks.items() if figures["correlation"] is not None}
    if not correlated:
        return ""
    name = max(correlated, key=lambda name: abs(correlated[name]["correlation"]))
    share = correlated[name]["correlation"] ** 2
    return f"{percent(share, 0)} % of its variance is shared with {name}"


def span(interval: Interval) -> str:
    """Return from where to where a figure may be, in its own unit; nothing where that is not known."""
    if interval.low is None or interval.high is None:
        return ""
    shown = number if interval.figure == "sharpe" else percent
    return f"{shown(interval.low)} to {shown(interval.high)}"


def calendar(panels: Panels, kind: int) -> Years:
    """Return calendar years by variant; kind 0 is total, 1 in excess of cash."""
    years = sorted({year for variant in panels.variants for year in variant.years}, reverse=True)
    limit = darkest((variant.years[year][kind] for variant in panels.variants for year in variant.years), 0.95)
    rows = [
        ShadedRow(variant.name, [_year(variant, year, kind, limit) for year in years]) for variant in panels.variants
    ]
    return Years(years, rows)


def _year(variant: VariantPanel, year: int, kind: int, limit: float) -> Cell:
    if year not in variant.years:
        return Cell()
    value = variant.years[year][kind]
    return Cell(percent(value), shade(value, limit))


def lines(panels: Panels) -> Lines:
    """Return trading P&L, its lines and the interest beside it by variant, USD m; lines 0 everywhere are left out."""
    used = [line for line in TRADED if any(variant.lines[line] for variant in panels.variants)]

    def cells(variant: VariantPanel) -> list[float]:
        figures = variant.figures
        lines = (variant.lines[line] for line in used)
        return [figures["trading_pnl"], *lines, figures["interest"], figures["pnl"]]

    rows = [Row(variant.name, list(map(millions, cells(variant)))) for variant in panels.variants]
    return Lines(["Trading P&L", *(LINE_NAMES[line] for line in used), "interest", "P&L in all"], rows)


def components(panels: Panels) -> Lines:
    """Return trading P&L by component of every blend, USD m, to which they sum with margin; "" where it has none."""
    blends = [variant for variant in panels.variants if variant.components]
    names = list(dict.fromkeys(name for blend in blends for name in blend.components if name != "book"))

    def cells(blend: VariantPanel) -> list[str]:
        last = {name: millions(float(path[-1])) for name, path in blend.components.items()}
        return [millions(blend.figures["trading_pnl"]), *(last.get(name, "") for name in (*names, "book"))]

    return Lines(["Trading P&L", *names, "margin"], [Row(blend.name, cells(blend)) for blend in blends])


def against(panels: Panels) -> AgainstBenchmarks:
    """Return alpha, beta and correlation of every variant to every benchmark."""
    names = panels.run.manifest["benchmarks"]
    rows = []
    for variant in panels.variants:
        if not variant.benchmark:
            cells = []
            for name in names:
                figures = variant.figures["against"][name]
                cells += [percent(figures["alpha"]), number(figures["beta"]), number(figures["correlation"])]
            rows.append(Row(variant.name, cells))
    return AgainstBenchmarks(names, rows)


def drawdowns(panels: Panels) -> list[Drawdowns]:
    """Return the deepest drawdowns in excess of cash of each variant."""
    return [Drawdowns(variant.name, [_drawdown(row) for row in variant.drawdowns]) for variant in panels.variants]


def _drawdown(row: DrawdownRow) -> list[str]:
    return [percent(row.depth), row.peak, row.trough, row.recovery or "not yet", number(row.days, 0)]


def windows(panels: Panels) -> list[list[str]]:
    """Return from when to when each variant trades, and why."""
    rows = []
    for variant in panels.variants:
        described = variant.described
        flat = [f"{name} {count}" for name, count in described["bars_without_rolldown"].items() if count]
        rows.append(
            [
                variant.name, str(described["start"]), str(described["end"]), number(variant.figures["bars"], 0),
                described["window_reason"] or "the configuration", ", ".join(flat) or "none",
                described["currency"].replace("_", " "), described["fill"].replace("_", " "),
                f"{described['reconciliation']:.0e}",
            ]
        )  # fmt: skip
    return rows


def legs(panels: Panels) -> list[list[str]]:
    """Return what each leg is, costs, and which part of its history is modelled."""
    return [
        [
            name, leg["kind"].replace("_", " "), leg["currency"], _priced(leg), _modelled(leg),
            number(leg["half_spread_bp"]), number(leg["rolls_per_year"], 0), _borrow(leg), number(leg["fee_bp"], 1),
        ]
        for name, leg in panels.run.manifest["legs"].items()
    ]  # fmt: skip


def _priced(leg: Leg) -> str:
    if leg["kind"] == "listed" and not leg["curve"]:
        return "its own prices"
    if leg["kind"] == "future":
        size = f"contracts of {number(leg['face'], 0)}" if leg["lot"] else "any amount"
        return f"{leg['curve']} {leg['maturity']:g}y par yield; {size}"
    return f"{leg['curve']} {leg['maturity']:g}y par yield" if leg["curve"] else f"{leg['currency']} overnight rate"


def _modelled(leg: Leg) -> str:
    if leg["kind"] == "cash":
        return "the rate is official; the index compounds it"
    if leg["kind"] == "future":
        return "future by its cheapest bond; no delivery option, no calendar-spread moves"
    if leg["kind"] != "listed":
        return "the yields are official; the index is modelled from them"
    spans = {
        kind: ", ".join(f"{month(s['first'])} to {month(s['last'])}" for s in leg[kind]) for kind in ("proxy", "traded")
    }
    parts = [f"PROXY {spans['proxy']}"] if spans["proxy"] else []
    parts += [f"traded prices {spans['traded']}"] if spans["traded"] else []
    listed = f"; listed {leg['listed_on']}" if leg["listed_on"] else ""
    if not leg["curve"]:
        years = leg.get("duration")
        return f"{'; '.join(parts)}{listed}; no proxy, {f'duration given as {years:g}' if years else 'no duration'}"
    return f"{'; '.join(parts)}{listed}; duration by proxy, ±10 %"


def _borrow(leg: Leg) -> str:
    if leg["kind"] in ("cash", "future"):
        return ABSENT
    steps = [f"{step['bp']:g} from {step['from']}" for step in leg["borrow_steps"]]
    text = ", ".join([f"{leg['borrow_bp']:g}", *steps])
    return f"{text} (hypothetical)" if leg["kind"] == "listed" else text
