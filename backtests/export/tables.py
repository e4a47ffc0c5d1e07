"""The tables of a finished run, as a workbook or a folder of files holds them: one value a cell, one unit a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from backtests.export.columns import Column, column, words
from backtests.export.paths import candidates, excess_returns, total_returns
from backtests.performance import metrics
from backtests.performance.extremes import months
from backtests.performance.round_trips import LISTS
from backtests.report.detail import MONTHS
from backtests.report.tables import LINE_NAMES
from backtests.runs.snapshot import StoredRun
from data.countries import BASE
from data.errors import ConfigError, did_you_mean

RANGES = ("excess_return", "sharpe", "excess_drawdown")  # figures with a 95 % interval
HELD = ("date", "variant", "instrument", "units")
FILLS = (*HELD, "price", "fx", "notional_usd", "cost_usd", "quantity", "quoted_price")
POSITIONS = (*HELD, "weight", "quantity", "quoted_price")
TABLES = ("positions", "trades", "attribution", "components", "stress", "exposure", "round_trips")  # by variant


@dataclass(frozen=True)
class Table:
    """A table: its name, what it holds, and a list of values for each of its columns."""

    name: str
    columns: tuple[Column, ...]
    values: tuple[Sequence[Any], ...]  # by column, all of one length

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.values[0]) if self.values else 0

    def head(self, count: int) -> Table:
        """Return its first rows."""
        return replace(self, values=tuple(held[:count] for held in self.values))


def chosen(run: StoredRun, variants: Sequence[str]) -> StoredRun:
    """Return a run with these variants alone, or as it is where none is named.

    Raises
    ------
    ConfigError
        A variant that the run has not.
    """
    for name in variants:
        if name not in run.metrics:
            raise ConfigError(f"the run has no variant '{name}'{did_you_mean(name, run.metrics)}")
    if not variants:
        return run
    kept = [name for name in run.metrics if name in variants]
    by_variant = {name: getattr(run, name) for name in TABLES}
    return replace(
        run,
        metrics={name: run.metrics[name] for name in kept},
        significance={name: judged for name, judged in run.significance.items() if name in kept},
        equity=run.equity[kept].dropna(how="all"),
        **{name: table[table["variant"].isin(kept)] for name, table in by_variant.items()},
    )


def tables(run: StoredRun) -> list[Table]:
    """Return every table of a run, in the order in which a reader wants them."""
    return [
        _summary(run),
        _by_date("returns", total_returns(run), "fraction"),
        _by_date("excess returns", excess_returns(run), "fraction"),
        _by_date("equity", run.equity, "usd", BASE),
        _of_frame("positions", run.positions[list(POSITIONS)]),
        _of_frame("fills", run.trades[list(FILLS)]),
        _of_frame("round trips", run.round_trips.drop(columns=[*LISTS, "path_unit"], errors="ignore")),
        _attribution("attribution", run.attribution, ["variant", "instrument"]),
        _attribution("attribution by bar", run.attribution, ["date", "variant", "instrument"]),
        _months(run),
        _inputs(run),
        _benchmarks(run),
        _legs(run),
        _pairs("run", _about(run)),
        _pairs("configuration", _flat(run.config)),
    ]


def _of_rows(name: str, columns: Iterable[Column], rows: Sequence[Sequence[Any]]) -> Table:
    columns = tuple(columns)
    return Table(name, columns, tuple([row[i] for row in rows] for i in range(len(columns))))


def _of_frame(name: str, frame: pd.DataFrame) -> Table:
    return Table(name, tuple(column(str(key)) for key in frame), tuple(frame[key].tolist() for key in frame))


def _by_date(name: str, frame: pd.DataFrame, kind: Any, unit: str = "") -> Table:
    """A table with a row a date and a column a variant."""
    columns = (column("date"), *(Column(str(key), kind, unit, str(key)) for key in frame))
    return Table(name, columns, (frame.index.tolist(), *(frame[key].tolist() for key in frame)))


def _pairs(name: str, pairs: Iterable[tuple[str, Any]]) -> Table:
    return _of_rows(name, (Column("key", "text"), Column("value", "text")), list(pairs))


def _summary(run: StoredRun) -> Table:
    """Every figure of every variant, and how far it may be from the truth."""
    figures = {
        name: {key: value for key, value in own.items() if not isinstance(value, Mapping)}
        for name, own in run.metrics.items()
    }
    keys = list(dict.fromkeys(key for own in figures.values() for key in own))
    ranges = [(figure, end) for figure in RANGES for end in ("low", "high")] if run.significance else []
    columns = [column("variant"), column("benchmark"), *map(column, keys)]
    columns += [replace(column(figure), name=f"{words(figure)}, 95 % {end}") for figure, end in ranges]
    if run.significance:
        columns.append(Column("deflated_sharpe", "fraction", "", "deflated Sharpe, probability"))
    rows = []
    for name, own in figures.items():
        judged = run.significance.get(name)
        row = [name, "yes" if name in run.manifest["benchmarks"] else "no", *(own.get(key) for key in keys)]
        row += [getattr(getattr(judged, figure), end) if judged else None for figure, end in ranges]
        if run.significance:
            row.append(judged.deflated_sharpe.probability if judged else None)
        rows.append(row)
    return _of_rows("summary", columns, rows)


def _attribution(name: str, lines: pd.DataFrame, by: list[str]) -> Table:
    """P&L by line, a row per variant and instrument, by bar or in all; interest and sums last. Blank is no line."""
    sums = lines.groupby([*by, "line"], sort=False, observed=True)["usd"].sum().unstack("line")
    known = [line for line in LINE_NAMES if line in sums and line != "cash"]
    own = [*known, *(line for line in sums if line not in LINE_NAMES)]
    last = ["cash"] if "cash" in sums else []
    columns = [column(key) for key in by]
    columns += [Column(str(line), "usd", BASE, LINE_NAMES.get(str(line), str(line))) for line in [*own, *last]]
    columns += [Column("trading_pnl", "usd", BASE), Column("pnl", "usd", BASE)]
    keys = sums.index.to_frame(index=False)
    values = [keys[key].tolist() for key in by] + [sums[line].tolist() for line in [*own, *last]]
    return Table(name, tuple(columns), (*values, sums[own].sum(axis=1).tolist(), sums.sum(axis=1).tolist()))


def _months(run: StoredRun) -> Table:
    """Returns in excess of cash by month and year, the latest year first, and the total return of the year."""
    names = ("year, in excess of cash", "year, in all")
    columns = [column("variant"), Column("year", "count")]
    columns += [Column(month, "fraction", "", month) for month in (*MONTHS, *names)]
    rows = []
    for candidate in candidates(run):
        by_year, years = months(candidate.history), metrics.calendar_years(candidate.history)
        for year in sorted(by_year, reverse=True):
            total, excess = years[year]
            cells = [by_year[year].get(month) for month in range(1, 13)]
            rows.append([candidate.variant, year, *cells, excess, total])
    return _of_rows("months", columns, rows)


def _benchmarks(run: StoredRun) -> Table:
    keys = ("alpha", "beta", "correlation", "bars")
    rows = [
        [name, benchmark, *(figures.get(key) for key in keys)]
        for name, own in run.metrics.items()
        for benchmark, figures in own.get("against", {}).items()
    ]
    return _of_rows("against benchmarks", map(column, ("variant", "benchmark", *keys)), rows)


def _inputs(run: StoredRun) -> Table:
    """Every series used: from when to when, how many rows, where from and when it was fetched."""
    columns = (
        Column("series", "text"), Column("first", "date"), Column("last", "date"), Column("rows", "count"),
        Column("restated", "count", "rows"), Column("source", "text"), Column("fetched", "text"),
        Column("sha256", "text"), Column("findings", "text"),
    )  # fmt: skip
    rows = []
    for series in run.manifest["data"].get("series", []):
        findings = "; ".join(map(str, series.get("findings") or []))
        rows.append([*(series.get(each.key) for each in columns[:-1]), findings])
    return _of_rows("inputs", columns, rows)


def _legs(run: StoredRun) -> Table:
    """What each leg is, what it costs, and when it was modelled and when priced."""
    columns = (
        Column("instrument", "text"), Column("kind", "text"), Column("currency", "text"), Column("curve", "text"),
        Column("maturity", "number", "years"), Column("half_spread_bp", "number", "bp"),
        Column("rolls_per_year", "number"), Column("borrow_bp", "number", "bp a year"),
        Column("fee_bp", "number", "bp a year"), Column("listed_on", "date"),
        Column("proxy", "text", "", "by proxy"), Column("traded", "text", "", "by its own prices or yields"),
    )  # fmt: skip
    rows = []
    for name, leg in run.manifest["legs"].items():
        spans = ["; ".join(f"{span['first']} to {span['last']}" for span in leg[key]) for key in ("proxy", "traded")]
        rows.append([name, *(leg.get(each.key) for each in columns[1:-2]), *spans])
    return _of_rows("legs", columns, rows)


def _about(run: StoredRun) -> list[tuple[str, Any]]:
    """What the run rests on, and its notices."""
    shown = {key: value for key, value in run.manifest.items() if key not in ("variants", "legs", "notices", "data")}
    data = {key: value for key, value in run.manifest["data"].items() if not isinstance(value, list)}
    notices = [("notice", line) for line in run.manifest.get("notices", [])]
    return [*notices, *_flat({**shown, "data": data})]


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Every value of nested plain data with its dotted key."""
    if isinstance(value, Mapping) and value:
        within = f"{prefix}." if prefix else ""
        return [pair for key, inner in value.items() for pair in _flat(inner, f"{within}{key}")]
    if isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
        return [pair for i, inner in enumerate(value, 1) for pair in _flat(inner, f"{prefix}.{i}")]
    if isinstance(value, list):
        return [(prefix, ", ".join(map(str, value)))]
    return [(prefix, None if isinstance(value, Mapping) else value)]
