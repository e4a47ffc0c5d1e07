"""How alike the variants of a comparison are: pair by pair of the first, and of more the nearest of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.comparison.record import FARTHEST, NEAREST
from backtests.report.format import ABSENT, Cell, Row, ShadedRow, number, percent, shade


@dataclass(frozen=True)
class Matrix:
    """Variants by variants."""

    id: str
    heading: str
    rows: list[ShadedRow]


def matrices(record: Mapping[str, Any]) -> list[Matrix]:
    """Return correlation and drawdown overlap of the pairs that the record keeps."""
    return [
        Matrix("correlation", "Correlation of excess returns", _rows(record["correlation"], number)),
        Matrix("overlap", "Drawdown overlap, %", _rows(record["drawdown_overlap"], lambda v: percent(v, 0))),
    ]


def nearest(record: Mapping[str, Any]) -> list[Row]:
    """Return by variant the most alike and the least, each with its correlation and its overlap; none of a few."""
    return [
        Row(name, [*_cells(variant["most_alike"], NEAREST), *_cells(variant["least_alike"], FARTHEST)])
        for name, variant in record["variants"].items()
        if "most_alike" in variant
    ]


def _cells(others: Sequence[Mapping[str, Any]], count: int) -> list[str]:
    return [*map(_pair, others), *[ABSENT] * (count - len(others))]


def _pair(other: Mapping[str, Any]) -> str:
    share = other["drawdown_overlap"]
    overlap = "" if share is None else f", {percent(share, 0)} %"
    return f"{other['name']} ({number(other['correlation'])}{overlap})"


def _rows(matrix: Mapping[str, Any], shown: Callable[[Any], str]) -> list[ShadedRow]:
    lines = zip(matrix["names"], matrix["values"], strict=True)
    return [ShadedRow(name, [heat(value, shown, 1.0) for value in line]) for name, line in lines]


def heat(value: float | None, shown: Callable[[Any], str], limit: float) -> Cell:
    """Return a figure as a shaded cell; nothing where there is none."""
    return Cell("" if value is None else shown(value), shade(value, limit), raw(value))


def raw(value: Any) -> str:
    """Return a figure as the script reads it."""
    return "" if value is None else str(value) if isinstance(value, str) else repr(float(value))
