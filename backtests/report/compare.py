"""A comparison in words, in the terminal's tables and as a page, from what `backtests.comparison.record` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.report import alike, html
from backtests.report.format import (
    ABSENT,
    Figures,
    Payload,
    ShadedRow,
    darkest,
    drawdown,
    millions,
    number,
    percent,
    signed,
)  # fmt: skip
from backtests.report.palette import SHOWN, styled
from backtests.report.panels import MANY

Record = Mapping[str, Any]  # what `backtests.comparison.record` gives

HEADINGS = (
    "variant", "excess", "vol", "Sharpe", "own", "drawdown", "from – to", "worst bar", "turnov.", "costs", "since %",
    "P&L since", "own since",
)  # fmt: skip
LEGEND = (
    "% a year: excess return over cash, vol, costs (trading and rolling); drawdown: largest in excess of cash, %;",
    "own: Sharpe on the variant's own window, at its own size; worst bar: %; turnov.: times equity a year, one side;",
    "since %: over cash since the thesis date, on this window; P&L: trading P&L since then, USD m, and on the",
    "variant's own window. Ordered by Sharpe ratio, benchmarks last.",
)
AGAINST = (
    "Sharpe", "95 % interval", "ahead", "excess", "vol", "drawdown", "alpha", "beta", "corr.", "bars",
)  # fmt: skip
AGAINST_LEGEND = (
    "Sharpe, excess, vol, drawdown: the variant's less the benchmark's, % but for Sharpe; ahead: % of paired draws in",
    "which its Sharpe is the higher; alpha: % a year. Where the interval holds 0, the difference is not significant.",
)


# ---- tables


def rows(record: Record) -> list[list[str]]:
    """Return the summary's rows, in the terminal's columns."""
    return [_row(name, variant["figures"], variant["own"]) for name, variant in record["variants"].items()]


def _row(name: str, figures: Figures, own: Figures) -> list[str]:
    return [
        name, percent(figures["excess_return"], 2), percent(figures["volatility"]), number(figures["sharpe"]),
        number(own["sharpe"]), percent(figures["excess_drawdown"]), drawdown(figures).replace(" to ", "–"),
        percent(figures["worst_bar"]), number(figures["turnover"]), percent(figures["cost_drag"], 2),
        percent(figures.get("thesis_excess_return"), 2), millions(figures.get("thesis_trading_pnl")),
        millions(own.get("thesis_trading_pnl")),
    ]  # fmt: skip


def against(record: Record, benchmark: str) -> list[list[str]]:
    """Return every variant against a benchmark."""
    return [
        [name, *_against(variant["against"][benchmark])]
        for name, variant in record["variants"].items()
        if benchmark in variant["against"]
    ]


def _against(versus: Figures) -> list[str]:
    interval = ABSENT if versus["low"] is None else f"{signed(versus['low'])} to {signed(versus['high'])}"
    return [
        signed(versus["sharpe"]), interval, percent(versus["ahead"], 0), signed(versus["excess_return"], 2, 100),
        signed(versus["volatility"], 1, 100), signed(versus["excess_drawdown"], 1, 100),
        signed(versus["alpha"], 2, 100), number(versus["beta"]), number(versus["correlation"]),
        number(versus["bars"], 0),
    ]  # fmt: skip


# ---- sentences


def sentences(record: Record) -> list[str]:
    """Say what was compared, how, and which differences are significant."""
    return [*_measured(record), *_left_out(record), *_significant(record), *_alike(record), *_shared(record)]


def _measured(record: Record) -> Iterator[str]:
    window = record["window"]
    if window["kind"] == "own":
        yield "Each variant on its own window: the figures side by side are of different years."
    else:
        decided = [
            f"{verb} with {_names(window[key])}"
            for verb, key in (("starts", "starts_with"), ("ends", "ends_with"))
            if window[key]
        ]
        why = f"; it {' and '.join(decided)}" if decided else ""
        yield f"Common window {window['first']} to {window['last']}, {window['rows']:,} rows{why}."
        if decided:
            yield "Costs of its first row, the opening trades included, are left out."
        if window["mixed"]:
            yield "The runs have rows of different days: a bar here spans those between two days that all have."
    target = record["at_volatility"]
    if target is not None:
        yield (
            f"Every variant is scaled by one constant to {percent(target)} % volatility of excess returns over its "
            "window, which is known only afterwards; positions, financing and costs grow with it, and P&L is over cash."
        )


def _left_out(record: Record) -> Iterator[str]:
    for name, why in record["left_out"].items():
        yield f"{name} is left out: it {why}."
    for name, variant in record["variants"].items():
        if variant["figures"]["ruined"]:
            yield f"{name} LOST ALL ITS CAPITAL by {variant['figures']['ruined']}; its figures include the time after."


def _significant(record: Record) -> Iterator[str]:
    for benchmark in record["benchmarks"]:
        against_it = {
            name: variant["against"][benchmark]
            for name, variant in record["variants"].items()
            if benchmark in variant["against"]
        }
        known = {name: versus for name, versus in against_it.items() if versus["low"] is not None}
        better = [name for name, versus in known.items() if versus["low"] > 0]
        worse = [name for name, versus in known.items() if versus["high"] < 0]
        if not known:
            if against_it:
                yield f"Against {benchmark} nothing can be said: {next(iter(against_it.values()))['reason']}."
            continue
        parts = [f"{_names(names)} {side}" for names, side in ((better, "above"), (worse, "below")) if names]
        verdict = " and ".join(parts) or "none"
        yield (
            f"Sharpe ratios significantly different from {benchmark}'s at the 5 % level: {verdict}, of {len(known)}"
            f"{_by_chance(len(known))}."
        )


def _by_chance(count: int) -> str:
    return f"; about {count // 20} would be by chance" if count >= 20 else ""


def _alike(record: Record) -> Iterator[str]:
    most, least = (record["pairs"].get(key) for key in ("most_alike", "least_alike"))
    shown = (("Alike", most),) if most == least else (("Most alike", most), ("Least alike", least))
    for words, pair in shown:
        if pair:
            share = pair["drawdown_overlap"]
            overlap = f"; their deep drawdowns overlap {percent(share, 0)} %" if share else ""
            yield f"{words}: {' and '.join(pair['names'])}, correlation {number(pair['correlation'])}{overlap}."


def _shared(record: Record) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for twin in record["shared_variants"]:
        groups.setdefault((twin["first"], twin["second"]), []).append(twin)
    for (first, second), shared in groups.items():
        different = [twin for twin in shared if not twin["identical"]]
        same = len(shared) - len(different)
        if not different:
            which = f"All {same} variants they share are" if same > 1 else "The variant they share is"
            yield f"{first} and {second}: identical. {which} equal in equity to 1e-9 of capital."
            continue
        yield f"{first} and {second}: {same} of {len(shared)} variants they share are identical, to 1e-9 of capital."
        for twin in different:
            yield f"  {twin['variant']} differs: {_gap(twin)}."


def _gap(twin: Mapping[str, Any]) -> str:
    if twin["gap"] is None:
        return "no day in common"
    days = "" if twin["same_days"] else "; they do not trade on the same days"
    if twin["since"] is None:
        return f"equal on the days both have{days or '; the capital differs'}"
    return f"by up to {percent(twin['gap'], 4)} % of capital, from {twin['since']}{days}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def runs(record: Record) -> list[str]:
    """Say what each label stands for, where there are several."""
    if len(record["runs"]) < 2:
        return []
    return [
        f"{run['label']}: {run['where']}, {run['name']}, {run['source']} data to {run['last']}, made {run['created']}"
        for run in record["runs"]
    ]


def some(lines: Sequence[str], most: int, what: str = "differences") -> list[str]:
    """Return the first lines, and a line on how many more there are.

    >>> some(["a", "b", "c"], 2)
    ['a', 'b', '… and 1 more differences']
    """
    rest = len(lines) - most
    return [*lines[:most], *([f"… and {rest} more {what}"] if rest > 0 else [])]


def differing(record: Record) -> list[str]:
    """Say what differs between the runs, a line each."""
    if len(record["runs"]) < 2:
        return []
    if not record["differences"]:
        return ["The runs rest on the same data, versions and conventions."]
    return [
        f"{difference['group']} differ: {difference['what']}: "
        + "; ".join(f"{value} ({label})" for label, value in difference["values"].items())
        for difference in record["differences"]
    ]


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
    Column("thesis_trading_pnl", "Trading P&L since thesis", "USD m", millions),
    Column("trading_pnl", "Trading P&L", "USD m", millions),
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
    Column("thesis_trading_pnl", "Trading P&L since thesis, own", "USD m", millions),
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


@dataclass(frozen=True)
class LiveCell:
    """A figure as text, and unrounded as the script reads it, by its column's key."""

    key: str
    raw: str
    text: str


@dataclass(frozen=True)
class LiveRow:
    """A variant's row of a table that the script sorts, recomputes and downloads."""

    name: str
    benchmark: bool
    cells: list[LiveCell]


@dataclass(frozen=True)
class LiveTable:
    """Columns, and a row per variant that has such figures."""

    columns: Sequence[Column]
    rows: list[LiveRow]


@dataclass(frozen=True)
class Calendar:
    """Excess return by calendar year, the latest first."""

    years: list[str]
    rows: list[ShadedRow]


def page(record: Record, series: Payload) -> str:
    """Return the comparison as one HTML document that needs nothing from outside."""
    variants = record["variants"]
    styles = styled({name: variant["benchmark"] for name, variant in variants.items()}, SHOWN - 1)
    return html.render(
        "compare.html",
        title=" and ".join(dict.fromkeys(run["name"] for run in record["runs"])),
        record=record,
        sentences=sentences(record),
        runs=runs(record),
        differing=differing(record),
        live=_table(record, LIVE, lambda variant: variant["figures"]),
        still=_table(record, STILL, lambda variant: variant["figures"]),
        own=_table(record, OWN, lambda variant: variant["own"]),
        versus={benchmark: _versus(record, benchmark) for benchmark in record["benchmarks"]},
        calendar=_calendar(record),
        matrices=alike.matrices(record),
        nearest=alike.nearest(record),
        names=list(variants),
        data=html.embedded({**series, "styles": styles, "target": record["at_volatility"]}),
        plotly=html.plotly_script(),
        css=html.asset("report.css"),
        script=html.script("page", "table", "kit", "compare"),
        first=MANY,
    )


def _versus(record: Record, benchmark: str) -> LiveTable:
    return _table(record, VERSUS, lambda variant: variant["against"].get(benchmark))


def _table(
    record: Record, columns: Sequence[Column], figures_of: Callable[[Mapping[str, Any]], Figures | None]
) -> LiveTable:
    """Return a row per variant, without those that have no such figures."""
    rows = []
    for name, variant in record["variants"].items():
        figures = figures_of(variant)
        if figures is not None:
            cells = [_live(column, figures.get(column.key)) for column in columns]
            rows.append(LiveRow(name, variant["benchmark"], cells))
    return LiveTable(columns, rows)


def _live(column: Column, value: Any) -> LiveCell:
    return LiveCell(column.key, alike.raw(value), column.cell(value))


def _calendar(record: Record) -> Calendar:
    by_name = {name: variant["years"] for name, variant in record["variants"].items()}
    years = sorted({year for values in by_name.values() for year in values}, reverse=True)
    limit = darkest((value for values in by_name.values() for value in values.values()), 0.95)
    rows = [
        ShadedRow(name, [alike.heat(own.get(year), percent, limit) for year in years]) for name, own in by_name.items()
    ]
    return Calendar(years, rows)
