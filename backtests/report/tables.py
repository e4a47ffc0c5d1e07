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
        "95 % range",
        "excess return over the volatility of excess returns; below it the range that holds the true one, 95 %",
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
    made = "made" if figures["excess_return"] >= 0 else "lost"
    text = (
        f"{name} {made} {percent(abs(figures['excess_return']))} % a year over cash at "
        f"{percent(figures['volatility'])} % volatility, a Sharpe ratio of {number(figures['sharpe'])}; "
        f"its largest drawdown was {percent(figures['excess_drawdown'])} %"
    )
    text += f", {drawdown(figures)}" if figures["excess_drawdown_peak"] else ""
    closest = _closest(figures["against"])
    return f"{text}; {closest}." if closest else f"{text}."


def _closest(against_: dict[str, Any]) -> str:
    known = {name: one for name, one in against_.items() if one["correlation"] is not None}
    if not known:
        return ""
    name = max(known, key=lambda one: abs(known[one]["correlation"]))
    share = known[name]["correlation"] ** 2
    return f"{percent(share, 0)} % of its variance is shared with {name}"


def summary(panels: Panels) -> list[dict[str, Any]]:
    """Return a row per variant: name, cells, and the magnitudes that the bars show."""
    return [
        {
            "name": one.name,
            "benchmark": one.benchmark,
            "ruined": one.figures["ruined"],
            "cells": [
                column.cell(one.figures.get(column.key)) if column.key else drawdown(one.figures) for column in SUMMARY
            ],
            "notes": [_note(column.key, one) for column in SUMMARY],
            "bars": [_share(panels, column.key, one) for column in SUMMARY],
        }
        for one in panels.variants
    ]


def _note(key: str, one: VariantPanel) -> str:
    """What stands small under a cell."""
    return span(one.significance.sharpe) if key == "sharpe" and one.significance else ""


def span(one: Interval) -> str:
    """Return from where to where a figure may be, in its own unit; nothing where that is not known."""
    if one.low is None or one.high is None:
        return ""
    shown = number if one.figure == "sharpe" else percent
    return f"{shown(one.low)} to {shown(one.high)}"


def _share(panels: Panels, key: str, one: VariantPanel) -> float | None:
    """How long a cell's bar is, -1 to 1, against the largest of its column; None where the column has no bars."""
    if key not in ("excess_return", "sharpe", "excess_drawdown", "sharpe_next_bar"):
        return None
    values = [abs(v.figures.get(key) or 0.0) for v in panels.variants]
    return float((one.figures.get(key) or 0.0) / max(*values, 1e-12))


def calendar(panels: Panels, kind: int) -> dict[str, Any]:
    """Return calendar years by variant, with a shade from -1 to 1; kind 0 is total, 1 in excess of cash."""
    years = sorted({year for one in panels.variants for year in one.years})
    values = [abs(one.years[year][kind]) for one in panels.variants for year in one.years]
    limit = sorted(values)[int(0.95 * (len(values) - 1))] if values else 1.0
    rows = [{"name": one.name, "cells": [_year(one, year, kind, limit) for year in years]} for one in panels.variants]
    return {"years": years, "rows": rows}


def _year(one: VariantPanel, year: int, kind: int, limit: float) -> dict[str, Any]:
    if year not in one.years:
        return {"text": "", "shade": 0.0}
    value = one.years[year][kind]
    return {"text": percent(value), "shade": max(-1.0, min(1.0, value / (limit or 1.0)))}


def lines(panels: Panels) -> dict[str, Any]:
    """Return P&L by line and variant, USD m; lines that are 0 everywhere are left out."""
    used = [line for line in STORED if any(one.lines[line] for one in panels.variants)]
    rows = [
        {"name": one.name, "cells": [millions(one.figures["pnl"])] + [millions(one.lines[line]) for line in used]}
        for one in panels.variants
    ]
    return {"headings": ["P&L"] + [LINE_NAMES[line] for line in used], "rows": rows}


def components(panels: Panels) -> list[dict[str, Any]]:
    """Return P&L by component of every blend, USD m; the components and the book's own lines sum to P&L."""
    return [
        {
            "name": one.name,
            "headings": [*(name for name in one.components if name != "book"), "cash and margin", "P&L"],
            "cells": [*(millions(path[-1]) for path in one.components.values()), millions(one.figures["pnl"])],
        }
        for one in panels.variants
        if one.components
    ]


def against(panels: Panels) -> dict[str, Any]:
    """Return alpha, beta and correlation of every variant to every benchmark."""
    names = panels.run.manifest["benchmarks"]
    rows = []
    for one in panels.variants:
        if not one.benchmark:
            cells = []
            for name in names:
                figures = one.figures["against"][name]
                cells += [percent(figures["alpha"]), number(figures["beta"]), number(figures["correlation"])]
            rows.append({"name": one.name, "cells": cells})
    return {"benchmarks": names, "rows": rows}


def drawdowns(panels: Panels) -> list[dict[str, Any]]:
    """Return the deepest falls in excess of cash of each variant."""
    return [
        {
            "name": one.name,
            "rows": [
                [percent(f.depth), f.peak, f.trough, f.recovery or "not yet", number(f.days, 0)] for f in one.drawdowns
            ],
        }
        for one in panels.variants
    ]


def windows(panels: Panels) -> list[list[str]]:
    """Return from when to when each variant trades, and why."""
    rows = []
    for one in panels.variants:
        described = one.described
        flat = [f"{name} {count}" for name, count in described["bars_without_rolldown"].items() if count]
        rows.append(
            [
                one.name, str(described["start"]), str(described["end"]), number(one.figures["bars"], 0),
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
