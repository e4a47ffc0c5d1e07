"""A comparison as plain data: what is written, and what pages and tables are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from backtests.comparison.rows import ComparedVariant, Comparison
from backtests.performance import metrics

ALIKE = 1.0 - 1e-9  # correlation of variants that are one and the same


def record(done: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON has it. Fractions are decimals, dates ISO, absent is null."""
    names = [row.candidate.name for row in done.rows]
    return {
        "at_volatility": done.target,
        "window": _window(done),
        "runs": [_source(source) for source in done.sources],
        "differences": [
            {"group": one.group, "what": one.what, "values": dict(zip(_labels(done), one.values, strict=True))}
            for one in done.differences
        ],
        "shared_variants": [asdict(one) for one in done.twins],
        "left_out": dict(done.windows.left_out),
        "benchmarks": list(done.benchmarks),
        "variants": {row.candidate.name: _variant(row) for row in done.rows},
        "correlation": {"names": names, "values": [list(line) for line in done.correlation]},
        "drawdown_overlap": {"names": names, "values": [list(line) for line in done.overlap]},
        "pairs": _pairs(done),
    }


def _labels(done: Comparison) -> list[str]:
    return [source.label for source in done.sources]


def _window(done: Comparison) -> dict[str, Any]:
    days = done.windows.days
    candidates = [placed.candidate for placed in done.windows.placed]
    if days is None:
        return {"kind": "own"}
    first, last = days[0], days[-1]
    return {
        "kind": "common",
        "first": str(first.astype("datetime64[D]")),
        "last": str(last.astype("datetime64[D]")),
        "rows": len(days),
        "mixed": done.windows.mixed,
        "starts_with": _deciding([(one.name, one.history.dates[0]) for one in candidates], first),
        "ends_with": _deciding([(one.name, one.history.dates[-1]) for one in candidates], last),
    }


def _deciding(ends: list[tuple[str, Any]], day: Any) -> list[str]:
    """Return whose own window begins or ends there; none where everyone's does."""
    found = [name for name, end in ends if end == day]
    return [] if len(found) == len(ends) else found


def _source(source: Any) -> dict[str, Any]:
    manifest = source.manifest
    data = manifest.get("data", {})
    return {
        "label": source.label,
        "where": source.where,
        "name": str(manifest.get("name")),
        "created": str(manifest.get("created")),
        "thesis_date": str(manifest["thesis_date"]) if manifest.get("thesis_date") else None,
        **{key: str(data.get(key)) for key in ("source", "frequency", "last")},
        "engine": str(manifest.get("engine")),
        "interpolation": str(manifest.get("interpolation")),
        "capital": manifest.get("capital"),
    }


def _variant(row: ComparedVariant) -> dict[str, Any]:
    one = row.candidate
    return {
        "run": one.label,
        "variant": one.variant,
        "benchmark": one.benchmark,
        "factor": row.placed.factor,
        "thesis_date": str(one.thesis_date) if one.thesis_date else None,
        "figures": dict(row.figures),
        "own": {key: value for key, value in one.figures.items() if not isinstance(value, dict)},
        "against": {name: asdict(versus) for name, versus in row.against.items()},
        "years": {str(year): value for year, value in row.years.items()},
    }


def _pairs(done: Comparison) -> dict[str, Any]:
    """Return the two variants most alike, and the two least, by correlation; benchmarks and copies set aside."""
    own = [i for i, row in enumerate(done.rows) if not row.candidate.benchmark]
    known = [
        (value, i, j)
        for i in own
        for j in own
        if i < j and (value := done.correlation[i][j]) is not None and value < ALIKE
    ]
    if not known:
        return {}

    def told(value: float, i: int, j: int) -> dict[str, Any]:
        names = [done.rows[i].candidate.name, done.rows[j].candidate.name]
        return {"names": names, "correlation": value, "drawdown_overlap": done.overlap[i][j]}

    return {"most_alike": told(*max(known)), "least_alike": told(*min(known))}


def table(done: Comparison) -> pd.DataFrame:
    """Return a row per variant: its figures, and those against each benchmark as `figure less benchmark`."""
    return pd.DataFrame([dict(_cells(row)) for row in done.rows])


def _cells(row: ComparedVariant) -> Iterator[tuple[str, Any]]:
    one = row.candidate
    yield from {"name": one.name, "run": one.label, "variant": one.variant, "benchmark": one.benchmark}.items()
    yield "factor", row.placed.factor
    yield from row.figures.items()
    for name, versus in row.against.items():
        for key, value in asdict(versus).items():
            yield f"{key} against {name}", value


def series(done: Comparison) -> dict[str, Any]:
    """Return the returns a page recomputes figures from, in full precision: one calendar for all that share it."""
    calendars: dict[tuple[str, ...], int] = {}
    variants = []
    for row in done.rows:
        history = row.placed.history
        days = tuple(str(day) for day in history.dates.astype("datetime64[D]"))
        variants.append(
            {
                "name": row.candidate.name,
                "benchmark": row.candidate.benchmark,
                "calendar": calendars.setdefault(days, len(calendars)),
                "ppy": row.placed.market_ppy,
                "thesis": str(row.candidate.thesis_date) if row.candidate.thesis_date else None,
                "x": metrics.excess_returns(history).tolist(),
                "r": metrics.returns(history).tolist(),
            }
        )
    return {"calendars": [list(days) for days in calendars], "variants": variants}
