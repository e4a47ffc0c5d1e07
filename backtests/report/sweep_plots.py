"""The plots of a sweep's page that no script draws: where everything goes, geometry only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import numpy as np

from backtests.report.format import ABSENT, number
from data.pricing.bonds import Array

WIDE, HIGH, LEFT, TOP, BOTTOM = 360.0, 190.0, 44.0, 10.0, 28.0
LABELS = 7  # under a plot of effects
LETTERS = 9  # of a label
BINS = 40
BROAD, LOW = 880.0, 240.0  # the histogram


@dataclass(frozen=True)
class Tick:
    """A label on an axis, and where it stands."""

    at: float
    label: str


@dataclass(frozen=True)
class Effect:
    """What a setting moves by itself: a line of medians, and a bar of the middle 80 % at every value."""

    name: str
    moves: str  # from the lowest median to the highest
    line: str
    bars: list[tuple[float, float, float, float, str]]  # x, top, bottom, median, words
    x: list[Tick]
    y: list[Tick]


@dataclass(frozen=True)
class Histogram:
    """How many ideas have which Sharpe ratio, and what the best of as many without skill would have."""

    bars: list[tuple[float, float, float, float, str]]  # x, y, width, height, words
    x: list[Tick]
    y: list[Tick]
    noise: tuple[float, float, float] | None  # left, right, mean
    best: float | None
    plateau: float | None


def effects(rows: Sequence[Mapping[str, Any]]) -> list[Effect]:
    """Return a plot per setting, of the rows of `effects.parquet`; all have one scale."""
    some = [row[key] for row in rows if row["median"] is not None for key in ("low", "high")]
    ticks = _ticks(min([0.0, *some]), max([0.0, *some]))
    low, high = ticks[0], ticks[-1]
    names = dict.fromkeys(row["setting"] for row in rows)
    return [_effect(name, [row for row in rows if row["setting"] == name], ticks, low, high) for name in names]


def _effect(name: str, rows: Sequence[Mapping[str, Any]], ticks: list[float], low: float, high: float) -> Effect:
    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HIGH - TOP - BOTTOM), 1)

    step = (WIDE - LEFT) / len(rows)
    at = [round(LEFT + step * (i + 0.5), 1) for i in range(len(rows))]
    known = [(x, row) for x, row in zip(at, rows, strict=True) if row["median"] is not None]
    medians = [row["median"] for _, row in known]
    every = ceil(len(rows) / LABELS)
    return Effect(
        name,
        number(max(medians) - min(medians)) if medians else ABSENT,
        " ".join(f"{x},{y(row['median'])}" for x, row in known),
        [(x, y(row["high"]), y(row["low"]), y(row["median"]), _words(row)) for x, row in known],
        [Tick(x, _brief(row["value"])) for x, row in list(zip(at, rows, strict=True))[::every]],
        [Tick(y(value), number(value, _digits(ticks))) for value in ticks],
    )


def _words(row: Mapping[str, Any]) -> str:
    low, median, high = (number(row[key]) for key in ("low", "median", "high"))
    return f"{_brief(row['value'])}: median {median}, {low} to {high} in the middle 80 % of {row['cells']:,} cells"


def _brief(value: str | None) -> str:
    if value is None:
        return "none"
    short = value.removesuffix(".0") if value.replace(".", "", 1).isdigit() else value
    return short if len(short) <= LETTERS else short[: LETTERS - 1] + "…"


def histogram(sharpe: Array, judged: Mapping[str, Any]) -> Histogram | None:
    """Return the histogram of Sharpe ratios (K,), of which some may be NaN; None where all are."""
    known = sharpe[~np.isnan(sharpe)]
    if not len(known):
        return None
    best, plateau = judged["best"], judged["plateau"]
    band = None if best is None or best["noise"] is None else [best[k] for k in ("noise_low", "noise_high", "noise")]
    values = [float(known.min()), float(known.max()), *(band or ())]
    ticks = _ticks(min(values), max(values))
    counts, edges = np.histogram(known, bins=BINS, range=(ticks[0], ticks[-1]))
    levels = [level for level in _ticks(0.0, float(counts.max())) if level == int(level)]
    top = max(levels[-1], float(counts.max()))

    def x(value: float) -> float:
        return round(LEFT + (value - ticks[0]) / (ticks[-1] - ticks[0]) * (BROAD - LEFT - 12.0), 1)

    def y(value: float) -> float:
        return round(TOP + (top - value) / top * (LOW - TOP - BOTTOM), 1)

    bars = [
        (x(a), y(n), max(1.0, round(x(b) - x(a) - 1.0, 1)), round(y(0) - y(n), 1), f"{n:,}: {number(a)} to {number(b)}")
        for n, a, b in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        if n
    ]
    return Histogram(
        bars,
        [Tick(x(value), number(value, _digits(ticks))) for value in ticks],
        [Tick(y(level), f"{level:,.0f}") for level in levels],
        (x(band[0]), x(band[1]), x(band[2])) if band else None,
        x(best["sharpe"]) if best else None,
        x(plateau["score"]) if plateau else None,
    )


def _ticks(low: float, high: float) -> list[float]:
    """Return round levels from at or below the low to at or above the high, about five."""
    width = max(high - low, 1e-6) / 4
    size = 10.0 ** floor(log10(width))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= width)
    return [k * step for k in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]


def _digits(ticks: list[float]) -> int:
    return max(1, -floor(log10(ticks[1] - ticks[0]) + 1e-9)) if len(ticks) > 1 else 1
