"""A comparison in words, in the terminal's tables and as a page, from what `backtests.comparison.record` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.report import html
from backtests.report.format import ABSENT, MINUS, drawdown, millions, number, percent
from backtests.report.palette import COLOURS, DASHES, SHOWN

WIDEST = 38  # characters of a name in the terminal
MOST = 24  # differences between runs that the terminal shows; the page and compare.json have them all
HEADINGS = (
    "variant", "excess", "vol", "Sharpe", "own", "drawdown", "from – to", "worst bar", "turnov.", "costs", "since %",
    "P&L since", "own since",
)  # fmt: skip
LEGEND = (
    "% a year: excess return over cash, vol, costs (trading and rolling); drawdown: largest in excess of cash, %;",
    "own: Sharpe on the variant's own window, at its own size; worst bar: %; turnov.: times equity a year, one side;",
    "since %: over cash since the thesis date, on this window; P&L: USD m since then, and on the variant's own window.",
    "Ordered by Sharpe ratio, benchmarks last.",
)
AGAINST = (
    "Sharpe", "95 % interval", "ahead", "excess", "vol", "drawdown", "alpha", "beta", "corr.", "bars",
)  # fmt: skip
AGAINST_LEGEND = (
    "Sharpe, excess, vol, drawdown: the variant's less the benchmark's, % but for Sharpe; ahead: % of paired draws in",
    "which its Sharpe is the higher; alpha: % a year. Where the interval holds 0, luck alone can explain it.",
)


def signed(value: Any, digits: int = 2, scale: float = 1.0) -> str:
    """Return a figure with its sign, plus too.

    >>> signed(0.0123, 1, 100), signed(-1.0), signed(0.0), signed(None)
    ('+1.2', '−1.00', '0.00', '–')
    """
    text = number(value, digits, scale)
    return f"+{text}" if not text.startswith(MINUS) and any(c in "123456789" for c in text) else text


def short(name: str) -> str:
    """Return a name that fits the terminal; what is left out is in its middle.

    >>> short("a" * 30 + "b" * 30)
    'aaaaaaaaaaaaaaaaaaa…bbbbbbbbbbbbbbbbbb'
    """
    if len(name) <= WIDEST:
        return name
    return f"{name[: WIDEST // 2]}…{name[len(name) - (WIDEST - WIDEST // 2 - 1) :]}"


# ---- tables


def rows(record: dict[str, Any]) -> list[list[str]]:
    """Return the summary's rows, in the terminal's columns."""
    return [_row(name, one["figures"], one["own"]) for name, one in record["variants"].items()]


def _row(name: str, figures: dict[str, Any], own: dict[str, Any]) -> list[str]:
    return [
        short(name), percent(figures["excess_return"], 2), percent(figures["volatility"]), number(figures["sharpe"]),
        number(own["sharpe"]), percent(figures["excess_drawdown"]), drawdown(figures).replace(" to ", "–"),
        percent(figures["worst_bar"]), number(figures["turnover"]), percent(figures["cost_drag"], 2),
        percent(figures.get("thesis_excess_return"), 2), millions(figures.get("thesis_pnl")),
        millions(own.get("thesis_pnl")),
    ]  # fmt: skip


def against(record: dict[str, Any], benchmark: str) -> list[list[str]]:
    """Return every variant against a benchmark."""
    return [
        [short(name), *_against(one["against"][benchmark])]
        for name, one in record["variants"].items()
        if benchmark in one["against"]
    ]


def _against(one: dict[str, Any]) -> list[str]:
    interval = ABSENT if one["low"] is None else f"{signed(one['low'])} to {signed(one['high'])}"
    return [
        signed(one["sharpe"]), interval, percent(one["ahead"], 0), signed(one["excess_return"], 2, 100),
        signed(one["volatility"], 1, 100), signed(one["excess_drawdown"], 1, 100), signed(one["alpha"], 2, 100),
        number(one["beta"]), number(one["correlation"]), number(one["bars"], 0),
    ]  # fmt: skip


# ---- sentences


def sentences(record: dict[str, Any]) -> list[str]:
    """Say what was compared, how, and what can be told apart."""
    return [*_measured(record), *_left_out(record), *_apart(record), *_alike(record), *_shared(record)]


def _measured(record: dict[str, Any]) -> Iterator[str]:
    window = record["window"]
    if window["kind"] == "own":
        yield "Each variant on its own window: what lies side by side are figures of different years."
    else:
        decided = [
            f"{verb} with {_names(window[key])}"
            for verb, key in (("starts", "starts_with"), ("ends", "ends_with"))
            if window[key]
        ]
        why = f"; it {' and '.join(decided)}" if decided else ""
        yield f"Common window {window['first']} to {window['last']}, {window['rows']:,} rows{why}."
        if decided:
            yield "What was paid on its first row, the opening trades included, stays outside."
        if window["mixed"]:
            yield "The runs have rows of different days: a bar here spans those between two days that all have."
    target = record["at_volatility"]
    if target is not None:
        yield (
            f"Every variant is scaled by one constant to {percent(target)} % volatility of excess returns over its "
            "window, which is known only afterwards; positions, financing and costs grow with it, and P&L is over cash."
        )


def _left_out(record: dict[str, Any]) -> Iterator[str]:
    for name, why in record["left_out"].items():
        yield f"{name} is left out: it {why}."
    for name, one in record["variants"].items():
        if one["figures"]["ruined"]:
            yield f"{name} LOST ALL ITS CAPITAL by {one['figures']['ruined']}; the dead years after count."


def _apart(record: dict[str, Any]) -> Iterator[str]:
    for mark in record["benchmarks"]:
        found = {name: one["against"][mark] for name, one in record["variants"].items() if mark in one["against"]}
        known = {name: one for name, one in found.items() if one["low"] is not None}
        better = [name for name, one in known.items() if one["low"] > 0]
        worse = [name for name, one in known.items() if one["high"] < 0]
        if not known:
            if found:
                yield f"Against {mark} nothing can be said: {next(iter(found.values()))['reason']}."
            continue
        parts = [f"{_names(better)} above"] if better else []
        parts += [f"{_names(worse)} below"] if worse else []
        verdict = " and ".join(parts) if parts else "none"
        yield f"Sharpe ratios told apart from {mark}'s at 95 %: {verdict}, of {len(known)}{_luck(len(known))}."


def _luck(count: int) -> str:
    return f"; by luck alone about {count // 20} would be" if count >= 20 else ""


def _alike(record: dict[str, Any]) -> Iterator[str]:
    most, least = (record["pairs"].get(key) for key in ("most_alike", "least_alike"))
    shown = (("Alike", most),) if most == least else (("Most alike", most), ("Least alike", least))
    for words, pair in shown:
        if pair:
            met = (
                f"; their deep falls overlap {percent(pair['drawdown_overlap'], 0)} %"
                if pair["drawdown_overlap"]
                else ""
            )
            yield f"{words}: {' and '.join(pair['names'])}, correlation {number(pair['correlation'])}{met}."


def _shared(record: dict[str, Any]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in record["shared_variants"]:
        groups.setdefault((one["first"], one["second"]), []).append(one)
    for (first, second), shared in groups.items():
        other = [one for one in shared if not one["identical"]]
        same = len(shared) - len(other)
        if not other:
            which = f"All {same} variants they share are" if same > 1 else "The variant they share is"
            yield f"{first} and {second}: identical. {which} equal in equity to 1e-9 of capital."
            continue
        yield f"{first} and {second}: {same} of {len(shared)} variants they share are identical, to 1e-9 of capital."
        for one in other:
            yield f"  {one['variant']} differs: {_strayed(one)}."


def _strayed(one: dict[str, Any]) -> str:
    if one["gap"] is None:
        return "no day in common"
    days = "" if one["same_days"] else "; they do not trade on the same days"
    if one["since"] is None:
        return f"equal on the days both have{days or '; the capital is another'}"
    return f"by up to {percent(one['gap'], 4)} % of capital, from {one['since']}{days}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def runs(record: dict[str, Any]) -> list[str]:
    """Say what each label stands for, where there are several."""
    if len(record["runs"]) < 2:
        return []
    return [
        f"{one['label']}: {one['where']}, {one['name']}, {one['source']} data to {one['last']}, made {one['created']}"
        for one in record["runs"]
    ]


def differing(record: dict[str, Any]) -> list[str]:
    """Say what differs between the runs, a line each."""
    if len(record["runs"]) < 2:
        return []
    if not record["differences"]:
        return ["The runs rest on the same data, versions and conventions."]
    return [f"{one['group']} differ: {one['what']}: {_by_run(one['values'])}" for one in record["differences"]]


def _by_run(values: dict[str, str]) -> str:
    return "; ".join(f"{value} ({label})" for label, value in values.items())


# ---- the page


@dataclass(frozen=True)
class Column:
    """One column of a table of the page; `key` is a figure's, and the script's where it recomputes it."""

    key: str
    heading: str
    unit: str
    cell: Callable[[Any], str]


LIVE = (
    Column("excess_return", "Excess return", "% a year", lambda v: percent(v, 2)),
    Column("volatility", "Volatility", "% a year", percent),
    Column("sharpe", "Sharpe", "", number),
    Column("excess_drawdown", "Excess drawdown", "%", percent),
    Column("excess_drawdown_peak", "Peak", "", lambda v: v or ABSENT),
    Column("excess_drawdown_trough", "Trough", "", lambda v: v or ABSENT),
    Column("worst_bar", "Worst bar", "%", percent),
    Column("best_bar", "Best bar", "%", percent),
    Column("bars", "Rows", "", lambda v: number(v, 0)),
)
STILL = (
    Column("thesis_excess_return", "Since thesis", "% over cash", lambda v: percent(v, 2)),
    Column("thesis_pnl", "P&L since thesis", "USD m", millions),
    Column("pnl", "P&L", "USD m", millions),
    Column("cagr", "CAGR", "% a year", percent),
    Column("sortino", "Sortino", "", number),
    Column("skew", "Skew", "", number),
    Column("kurtosis", "Kurtosis", "excess", number),
    Column("es_95", "Shortfall, worst 5 %", "% a bar", percent),
    Column("hit_rate", "Hit rate", "% of bars", lambda v: percent(v, 0)),
    Column("gross_leverage", "Gross leverage", "×", number),
    Column("turnover", "Turnover", "× a year", number),
    Column("cost_drag", "Cost drag", "% a year", lambda v: percent(v, 2)),
)
OWN = (
    Column("sharpe", "Sharpe, own window", "", number),
    Column("sharpe_next_bar", "filled a bar later", "", number),
    Column("thesis_pnl", "P&L since thesis, own", "USD m", millions),
    Column("start", "Own start", "", lambda v: v or ABSENT),
    Column("end", "Own end", "", lambda v: v or ABSENT),
)
VERSUS = (
    Column("sharpe", "Sharpe", "difference", signed),
    Column("low", "95 % from", "", signed),
    Column("high", "to", "", signed),
    Column("ahead", "Ahead", "% of draws", lambda v: percent(v, 0)),
    Column("excess_return", "Excess return", "difference, %", lambda v: signed(v, 2, 100)),
    Column("volatility", "Volatility", "difference, %", lambda v: signed(v, 1, 100)),
    Column("excess_drawdown", "Drawdown", "difference, %", lambda v: signed(v, 1, 100)),
    Column("alpha", "Alpha", "% a year", lambda v: signed(v, 2, 100)),
    Column("beta", "Beta", "", number),
    Column("correlation", "Correlation", "", number),
    Column("bars", "Bars", "", lambda v: number(v, 0)),
)


def page(record: dict[str, Any], series: dict[str, Any]) -> str:
    """Return the comparison as one HTML document that needs nothing from outside."""
    variants = record["variants"]
    return html.render(
        "compare.html",
        title=" and ".join(dict.fromkeys(one["name"] for one in record["runs"])),
        record=record,
        said=sentences(record),
        runs=runs(record),
        differing=differing(record),
        live=_table(record, LIVE, lambda one: one["figures"]),
        still=_table(record, STILL, lambda one: one["figures"]),
        own=_table(record, OWN, lambda one: one["own"]),
        versus={mark: _versus(record, mark) for mark in record["benchmarks"]},
        calendar=_calendar(record),
        matrices=[
            ("correlation", "Correlation of excess returns", _matrix(record["correlation"], number)),
            ("overlap", "Drawdown overlap, %", _matrix(record["drawdown_overlap"], lambda v: percent(v, 0))),
        ],
        names=list(variants),
        data=html.embedded({**series, "styles": _styles(variants), "target": record["at_volatility"]}),
        plotly=html.plotly_script(),
        css=html.asset("report.css"),
        script=html.asset("compare.js"),
    )


def _versus(record: dict[str, Any], mark: str) -> dict[str, Any]:
    return _table(record, VERSUS, lambda one: one["against"].get(mark))


def _table(record: dict[str, Any], columns: Sequence[Column], of: Callable[[Any], Any]) -> dict[str, Any]:
    """Return columns, and rows of cells with the figures they show."""
    found = [(name, one["benchmark"], of(one)) for name, one in record["variants"].items()]
    rows_ = [
        {"name": name, "benchmark": mark, "cells": [_figure(column, values.get(column.key)) for column in columns]}
        for name, mark, values in found
        if values is not None
    ]
    return {"columns": columns, "rows": rows_}


def _figure(column: Column, value: Any) -> tuple[str, str, str]:
    return column.key, _raw(value), column.cell(value)


def _raw(value: Any) -> str:
    """Return a figure as the script reads it."""
    return "" if value is None else str(value) if isinstance(value, str) else repr(float(value))


def _calendar(record: dict[str, Any]) -> dict[str, Any]:
    variants = record["variants"]
    years = sorted({year for one in variants.values() for year in one["years"]})
    sizes = sorted(abs(value) for one in variants.values() for value in one["years"].values())
    limit = (sizes[int(0.95 * (len(sizes) - 1))] if sizes else 0.0) or 1.0
    rows_ = [
        (name, [_cell(one["years"].get(year), percent, limit) for year in years]) for name, one in variants.items()
    ]
    return {"years": years, "rows": rows_}


def _matrix(matrix: dict[str, Any], shown: Callable[[Any], str]) -> list[tuple[str, list[dict[str, Any]]]]:
    lines = zip(matrix["names"], matrix["values"], strict=True)
    return [(name, [_cell(value, shown, 1.0) for value in line]) for name, line in lines]


def _cell(value: float | None, shown: Callable[[Any], str], limit: float) -> dict[str, Any]:
    return {"text": "" if value is None else shown(value), "raw": _raw(value), "shade": _shade(value, limit)}


def _shade(value: float | None, limit: float) -> float:
    return max(-1.0, min(1.0, (value or 0.0) / limit))


def _styles(variants: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return colour, dash and whether it is drawn at first, by variant; benchmarks are ink."""
    found: dict[str, dict[str, Any]] = {}
    counts = {True: 0, False: 0}
    for name, one in variants.items():
        mark = one["benchmark"]
        i = counts[mark]
        counts[mark] += 1
        colour = "ink" if mark else COLOURS[i % len(COLOURS)]
        dash = DASHES[(i if mark else i // len(COLOURS)) % len(DASHES)]
        found[name] = {"colour": colour, "dash": dash, "shown": i < (1 if mark else SHOWN - 1)}
    return found
