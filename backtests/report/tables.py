"""What the tables say: columns, words and cells, from panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.performance.attribution import STORED
from backtests.performance.verdicts import Interval
from backtests.report.format import ABSENT, drawdown, millions, month, number, percent
from backtests.report.panels import Panels, VariantPanel

LINE_NAMES = {
    "price": "price", "income": "income",
    "carry": "carry", "rolldown": "roll-down", "level": "level", "curve": "curve", "convexity": "convexity",
    "inflation": "inflation", "fee": "fund fee", "tracking": "tracking", "fx": "currency", "funding": "funding",
    "borrow": "borrow", "roll": "roll cost", "cost": "trading cost", "cash": "cash interest", "margin": "margin",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of the summary: its heading, what it means, and its cell."""

    key: str
    heading: str
    unit: str
    meaning: str
    cell: Callable[[Any], str]


SUMMARY = (
    Column(
        "excess_return",
        "Excess return",
        "% a year",
        "mean bar return in excess of cash, a year",
        lambda v: percent(v, 2),
    ),
    Column("volatility", "Volatility", "% a year", "standard deviation of bar returns, a year", percent),
    Column(
        "sharpe",
        "Sharpe",
        "95 % interval",
        "excess return over the volatility of excess returns; below it its 95 % confidence interval",
        number,
    ),
    Column(
        "excess_drawdown", "Excess drawdown", "%", "largest drawdown of growth in excess of cash, positive", percent
    ),
    Column("", "From peak to trough", "", "of that drawdown", str),
    Column("sharpe_next_bar", "Sharpe, next bar", "", "with every order filled one bar later", number),
    Column("cagr", "CAGR", "% a year", "compound growth, cash interest included", percent),
    Column("pnl", "P&L", "USD m", "profit and loss, cash interest included", millions),
    Column("thesis_pnl", "P&L since thesis", "USD m", "of the bars that end on or after the thesis date", millions),
    Column("turnover", "Turnover", "× a year", "one side of traded notional over equity", number),
    Column("cost_drag", "Cost drag", "% a year", "trading and roll costs over equity", lambda v: percent(v, 2)),
)


def verdict(panels: Panels) -> str:
    """One sentence on the first variant that is no benchmark, from its figures."""
    name = lead(panels.run.metrics, panels.run.manifest["benchmarks"])
    return sentence(name, panels.run.metrics[name])


def lead(figures: dict[str, Any], benchmarks: Sequence[str]) -> str:
    """Return the first variant that is no benchmark, or the first."""
    return next((name for name in figures if name not in benchmarks), next(iter(figures)))


def sentence(name: str, figures: dict[str, Any]) -> str:
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


def _closest(benchmarks: dict[str, Any]) -> str:
    correlated = {name: figures for name, figures in benchmarks.items() if figures["correlation"] is not None}
    if not correlated:
        return ""
    name = max(correlated, key=lambda figures: abs(correlated[figures]["correlation"]))
    share = correlated[name]["correlation"] ** 2
    return f"{percent(share, 0)} % of its variance is shared with {name}"


def summary(panels: Panels) -> list[dict[str, Any]]:
    """Return a row per variant: name, cells, and the magnitudes that the bars show."""
    return [
        {
            "name": variant.name,
            "benchmark": variant.benchmark,
            "ruined": variant.figures["ruined"],
            "cells": [
                column.cell(variant.figures.get(column.key)) if column.key else drawdown(variant.figures)
                for column in SUMMARY
            ],
            "notes": [_note(column.key, variant) for column in SUMMARY],
            "bars": [_share(panels, column.key, variant) for column in SUMMARY],
        }
        for variant in panels.variants
    ]


def _note(key: str, variant: VariantPanel) -> str:
    """What stands small under a cell."""
    return span(variant.significance.sharpe) if key == "sharpe" and variant.significance else ""


def span(interval: Interval) -> str:
    """Return from where to where a figure may be, in its own unit; nothing where that is not known."""
    if interval.low is None or interval.high is None:
        return ""
    shown = number if interval.figure == "sharpe" else percent
    return f"{shown(interval.low)} to {shown(interval.high)}"


def _share(panels: Panels, key: str, variant: VariantPanel) -> float | None:
    """How long a cell's bar is, -1 to 1, against the largest of its column; None where the column has no bars."""
    if key not in ("excess_return", "sharpe", "excess_drawdown", "sharpe_next_bar"):
        return None
    values = [abs(other.figures.get(key) or 0.0) for other in panels.variants]
    return float((variant.figures.get(key) or 0.0) / max(*values, 1e-12))


def calendar(panels: Panels, kind: int) -> dict[str, Any]:
    """Return calendar years by variant, with a shade from -1 to 1; kind 0 is total, 1 in excess of cash."""
    years = sorted({year for variant in panels.variants for year in variant.years})
    values = [abs(variant.years[year][kind]) for variant in panels.variants for year in variant.years]
    limit = sorted(values)[int(0.95 * (len(values) - 1))] if values else 1.0
    rows = [
        {"name": variant.name, "cells": [_year(variant, year, kind, limit) for year in years]}
        for variant in panels.variants
    ]
    return {"years": years, "rows": rows}


def _year(variant: VariantPanel, year: int, kind: int, limit: float) -> dict[str, Any]:
    if year not in variant.years:
        return {"text": "", "shade": 0.0}
    value = variant.years[year][kind]
    return {"text": percent(value), "shade": max(-1.0, min(1.0, value / (limit or 1.0)))}


def lines(panels: Panels) -> dict[str, Any]:
    """Return P&L by line and variant, USD m; lines that are 0 everywhere are left out."""
    used = [line for line in STORED if any(variant.lines[line] for variant in panels.variants)]
    rows = [
        {
            "name": variant.name,
            "cells": [millions(variant.figures["pnl"])] + [millions(variant.lines[line]) for line in used],
        }
        for variant in panels.variants
    ]
    return {"headings": ["P&L"] + [LINE_NAMES[line] for line in used], "rows": rows}


def components(panels: Panels) -> list[dict[str, Any]]:
    """Return P&L by component of every blend, USD m; the components and the book's own lines sum to P&L."""
    return [
        {
            "name": variant.name,
            "headings": [*(name for name in variant.components if name != "book"), "cash and margin", "P&L"],
            "cells": [*(millions(path[-1]) for path in variant.components.values()), millions(variant.figures["pnl"])],
        }
        for variant in panels.variants
        if variant.components
    ]


def against(panels: Panels) -> dict[str, Any]:
    """Return alpha, beta and correlation of every variant to every benchmark."""
    names = panels.run.manifest["benchmarks"]
    rows = []
    for variant in panels.variants:
        if not variant.benchmark:
            cells = []
            for name in names:
                figures = variant.figures["against"][name]
                cells += [percent(figures["alpha"]), number(figures["beta"]), number(figures["correlation"])]
            rows.append({"name": variant.name, "cells": cells})
    return {"benchmarks": names, "rows": rows}


def drawdowns(panels: Panels) -> list[dict[str, Any]]:
    """Return the deepest drawdowns in excess of cash of each variant."""
    return [
        {
            "name": variant.name,
            "rows": [
                [percent(f.depth), f.peak, f.trough, f.recovery or "not yet", number(f.days, 0)]
                for f in variant.drawdowns
            ],
        }
        for variant in panels.variants
    ]


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


def _priced(leg: dict[str, Any]) -> str:
    return f"{leg['curve']} {leg['maturity']:g}y par yield" if leg["curve"] else f"{leg['currency']} overnight rate"


def _modelled(leg: dict[str, Any]) -> str:
    if leg["kind"] == "cash":
        return "the rate is official; the index compounds it"
    if leg["kind"] != "listed":
        return "the yields are official; the index is modelled from them"
    spans = {
        kind: ", ".join(f"{month(s['first'])} to {month(s['last'])}" for s in leg[kind]) for kind in ("proxy", "traded")
    }
    parts = [f"PROXY {spans['proxy']}"] if spans["proxy"] else []
    parts += [f"traded prices {spans['traded']}"] if spans["traded"] else []
    listed = f"; listed {leg['listed_on']}" if leg["listed_on"] else ""
    return f"{'; '.join(parts)}{listed}; duration by proxy, ±10 %"


def _borrow(leg: dict[str, Any]) -> str:
    if leg["kind"] == "cash":
        return ABSENT
    steps = [f"{step['bp']:g} from {step['from']}" for step in leg["borrow_steps"]]
    text = ", ".join([f"{leg['borrow_bp']:g}", *steps])
    return f"{text} (hypothetical)" if leg["kind"] == "listed" else text
