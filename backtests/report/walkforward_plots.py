"""The plots of a walk-forward's page: where everything goes, geometry only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10
from typing import Any

from backtests.report.format import ABSENT, number

WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM = 720.0, 260.0, 48.0, 132.0, 12.0, 24.0
STEP = 20.0  # from one value of a setting to the next
TALLEST = 240.0  # of a setting's plot: more values stand closer
APART = 15.0  # between two labels
STRIP = 72.0  # height of the paths' plot
NAMES = {"walkforward": "as it goes", "best": "in-sample best", "default": "default", "benchmark": "benchmark"}


@dataclass(frozen=True)
class Tick:
    """A label on an axis, and where it stands."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A history of growth: its kind, its points, and its name at the right end."""

    kind: str
    points: str
    y: float
    label: str


@dataclass(frozen=True)
class Growth:
    """Growth over cash of the chain and what stands beside it."""

    lines: list[Line]
    x: list[Tick]
    y: list[Tick]
    seams: list[float]  # where a choice was another than before


@dataclass(frozen=True)
class Choices:
    """Which value of a setting was chosen when."""

    name: str
    high: float
    steps: str  # the path of the chosen value
    y: list[Tick]
    x: list[Tick]


@dataclass(frozen=True)
class Strip:
    """Sharpe ratios of the paths, and the chain's."""

    dots: list[tuple[float, float, str]]
    zero: float | None
    chain: float | None
    x: list[Tick]


def _x(day: str, first: str, last: str) -> float:
    start, end, own = (date.fromisoformat(d).toordinal() for d in (first, last, day))
    return round(LEFT + (WIDE - LEFT - RIGHT) * (own - start) / max(end - start, 1), 1)


def _years(first: str, last: str) -> list[Tick]:
    begin, end = int(first[:4]) + 1, int(last[:4])
    every = max(1, ceil((end - begin + 1) / 8))
    return [Tick(_x(f"{year}-01-01", first, last), str(year)) for year in range(begin, end + 1, every)]


def _round(low: float, high: float, about: int = 5) -> list[float]:
    """Round values that span a range, ascending."""
    width = max(high - low, 1e-9)
    power = 10.0 ** floor(log10(width / about))
    step = next((m * power for m in (1.0, 2.0, 2.5, 5.0) if m * power * about >= width), 10.0 * power)
    return [k * step for k in range(floor(low / step), ceil(high / step) + 1)]


def growth(days: Sequence[str], paths: Mapping[str, Sequence[float | None]], seams: Sequence[str]) -> Growth:
    """Return the plot of growth of 1 over cash, of the days that each has."""
    known = [value for path in paths.values() for value in path if value is not None]
    ticks = _round(min(known), max(known))
    low, top = ticks[0], ticks[-1]

    def y(value: float) -> float:
        return round(TOP + (HIGH - TOP - BOTTOM) * (top - value) / (top - low), 1)

    lines = []
    for key, path in paths.items():
        points = [(_x(d, days[0], days[-1]), y(v)) for d, v in zip(days, path, strict=True) if v is not None]
        lines.append(Line(key, " ".join(f"{a},{b}" for a, b in points), points[-1][1], NAMES[key]))
    return Growth(
        _apart(lines),
        _years(days[0], days[-1]),
        [Tick(y(value), number(value, 2)) for value in ticks],
        [_x(day, days[0], days[-1]) for day in seams],
    )


def _apart(lines: Sequence[Line]) -> list[Line]:
    """Push the labels at the right ends apart."""
    placed: list[Line] = []
    for line in sorted(lines, key=lambda line: line.y):
        at = max(line.y, placed[-1].y + APART) if placed else line.y
        placed.append(Line(line.kind, line.points, at, line.label))
    return placed


def choices(record: Mapping[str, Any], name: str) -> Choices:
    """Return the plot of a setting: its values upwards, the choices from left to right."""
    folds = record["folds"]
    values: list[str] = record["axes"][name]
    step = min(STEP, TALLEST / max(len(values), 1))
    high = TOP + step * len(values) + BOTTOM
    first, last = folds[0]["decided"], folds[-1]["test_last"]

    def y(value: str | None) -> float:
        return round(TOP + step * (len(values) - values.index(value if value is not None else "null") - 0.5), 1)

    points = []
    for fold in folds:
        at = y(fold["settings"][name])
        points += [(_x(fold["decided"], first, last), at), (_x(fold["test_last"], first, last), at)]
    every = max(1, ceil(APART / step))
    return Choices(
        name=name,
        high=round(high, 1),
        steps=" ".join(f"{a},{b}" for a, b in points),
        y=[Tick(y(value), "none" if value == "null" else value) for value in values[::every]],
        x=_years(first, last),
    )


def strip(record: Mapping[str, Any]) -> Strip:
    """Return the plot of the paths' Sharpe ratios."""
    values = [value for value in record["cpcv"]["paths"] if value is not None]
    chain = record["results"]["walkforward"]["sharpe"]
    ticks = _round(min([*values, chain or 0.0, 0.0]), max([*values, chain or 0.0, 0.0]))
    low, top = ticks[0], ticks[-1]

    def x(value: float) -> float:
        return round(LEFT + (WIDE - LEFT - RIGHT) * (value - low) / (top - low), 1)

    return Strip(
        dots=[(x(value), STRIP / 2 - 8 + 4 * (k % 3), number(value)) for k, value in enumerate(values)],
        zero=x(0.0),
        chain=None if chain is None else x(chain),
        x=[Tick(x(value), number(value, 1) if value else "0") for value in ticks] or [Tick(LEFT, ABSENT)],
    )
