"""A comparison as plain data: the JSON and CSV written, and what the page and the tables show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from backtests.comparison.candidates import Source
from backtests.comparison.rows import ComparedVariant, Comparison
from backtests.performance import metrics

ALIKE = 1.0 - 1e-9  # correlation from which two variants are the same
PAIRS = 30  # variants up to which every pair is kept; of more, the pairs of so many, and the nearest of each
NEAREST, FARTHEST = 3, 1


def record(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON has it. Fractions are decimals, dates ISO, absent is null."""
    many = len(comparison.rows) > PAIRS
    labels = [source.label for source in comparison.sources]
    return {
        "at_volatility": comparison.target,
        "window": _window(comparison),
        "runs": [_source(source) for source in comparison.sources],
        "differences": [
            asdict(difference) | {"values": dict(zip(labels, difference.values, strict=True))}
            for difference in comparison.differences
        ],
        "shared_variants": [asdict(twin) for twin in comparison.twins],
        "left_out": dict(comparison.windows.left_out),
        "benchmarks": list(comparison.benchmarks),
        "variants": {
            row.candidate.name: _variant(row) | (_nearest(comparison, i) if many else {})
            for i, row in enumerate(comparison.rows)
        },
        "correlation": _matrix(comparison, comparison.correlation),
        "drawdown_overlap": _matrix(comparison, comparison.overlap),
        "pairs": _pairs(comparison),
    }


def _window(comparison: Comparison) -> dict[str, Any]:
    days = comparison.windows.days
    if days is None:
        return {"kind": "own"}
    first, last = days[0], days[-1]
    own_dates = {placed.candidate.name: placed.candidate.history.dates for placed in comparison.windows.placed}
    return {
        "kind": "common",
        "first": str(first.astype("datetime64[D]")),
        "last": str(last.astype("datetime64[D]")),
        "rows": len(days),
        "mixed": comparison.windows.mixed,
        "starts_with": _deciding({name: dates[0] for name, dates in own_dates.items()}, first),
        "ends_with": _deciding({name: dates[-1] for name, dates in own_dates.items()}, last),
    }


def _deciding(ends: Mapping[str, np.datetime64], day: np.datetime64) -> list[str]:
    """Return the variants whose own window begins or ends on a day; none where all do."""
    names = [name for name, end in ends.items() if end == day]
    return [] if len(names) == len(ends) else names


def _source(source: Source) -> dict[str, Any]:
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
    candidate = row.candidate
    return {
        "run": candidate.label,
        "variant": candidate.variant,
        "benchmark": candidate.benchmark,
        "factor": row.placed.factor,
        "thesis_date": str(candidate.thesis_date) if candidate.thesis_date else None,
        "figures": dict(row.figures),
        "own": {key: value for key, value in candidate.figures.items() if not isinstance(value, dict)},
        "against": {name: asdict(versus) for name, versus in row.against.items()},
        "years": {str(year): value for year, value in row.years.items()},
    }


def _matrix(comparison: Comparison, values: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    """Return a measure of the pairs of the first variants: of all would grow with the square of their number."""
    names = [row.candidate.name for row in comparison.rows[:PAIRS]]
    return {"names": names, "values": [list(line[:PAIRS]) for line in values[:PAIRS]]}


def _nearest(comparison: Comparison, i: int) -> dict[str, Any]:
    """Return the variants most and least correlated with one, the nearest and the farthest first; no benchmarks."""
    known = [
        (value, j)
        for j, (row, value) in enumerate(zip(comparison.rows, comparison.correlation[i], strict=True))
        if j != i and value is not None and not row.candidate.benchmark
    ]
    order = sorted(known, key=lambda pair: (-pair[0], pair[1]))

    def other(value: float, j: int) -> dict[str, Any]:
        overlap = comparison.overlap[i][j]
        return {"name": comparison.rows[j].candidate.name, "correlation": value, "drawdown_overlap": overlap}

    return {
        "most_alike": [other(*pair) for pair in order[:NEAREST]],
        "least_alike": [other(*pair) for pair in order[::-1][:FARTHEST]],
    }


def _pairs(comparison: Comparison) -> dict[str, Any]:
    """Return the two variants most alike, and the two least, by correlation; benchmarks and copies set aside."""
    variants = [i for i, row in enumerate(comparison.rows) if not row.candidate.benchmark]
    known = [
        (value, i, j)
        for i in variants
        for j in variants
        if i < j and (value := comparison.correlation[i][j]) is not None and value < ALIKE
    ]
    if not known:
        return {}

    def pair(value: float, i: int, j: int) -> dict[str, Any]:
        names = [comparison.rows[i].candidate.name, comparison.rows[j].candidate.name]
        return {"names": names, "correlation": value, "drawdown_overlap": comparison.overlap[i][j]}

    return {"most_alike": pair(*max(known)), "least_alike": pair(*min(known))}


def table(comparison: Comparison) -> pd.DataFrame:
    """Return a row per variant: its figures, and those against each benchmark as `figure less benchmark`."""
    return pd.DataFrame([dict(_cells(row)) for row in comparison.rows])


def _cells(row: ComparedVariant) -> Iterator[tuple[str, Any]]:
    candidate = row.candidate
    yield "name", candidate.name
    yield "run", candidate.label
    yield "variant", candidate.variant
    yield "benchmark", candidate.benchmark
    yield "factor", row.placed.factor
    yield from row.figures.items()
    for name, versus in row.against.items():
        for key, value in asdict(versus).items():
            yield f"{key} against {name}", value


def series(comparison: Comparison) -> dict[str, Any]:
    """Return the returns a page recomputes figures from, in full precision: one calendar for all that share it."""
    calendars: dict[tuple[str, ...], int] = {}
    variants = []
    for row in comparison.rows:
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
