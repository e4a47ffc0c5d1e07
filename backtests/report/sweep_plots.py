"""The plots of a sweep's page that no script draws: where everything goes, geometry only; and a histogram's counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import numpy as np

from backtests.report.format import ABSENT, Payload, number
from backtests.sweeps.fan import Fan
from data.pricing.bonds import Array

WIDE, HIGH, LEFT, TOP, BOTTOM = 360.0, 190.0, 44.0, 10.0, 28.0
LABELS = 7  # under a plot of effects
LETTERS = 9  # of a label
THICK = 6.0  # at most, a bar
MANY = 200  # values of a setting; of more, so many are drawn
BINS = 40
FIRST = 5  # of the ranking, whose growth is drawn


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
    width: float  # of a bar
    bars: list[tuple[float, float, float, float, str]]  # x, top, bottom, median, words
    x: list[Tick]
    y: list[Tick]


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

    medians = [row["median"] for row in rows if row["median"] is not None]
    rows = rows[:: ceil(len(rows) / MANY)]
    step = (WIDE - LEFT) / len(rows)
    at = [round(LEFT + step * (i + 0.5), 1) for i in range(len(rows))]
    known = [(x, row) for x, row in zip(at, rows, strict=True) if row["median"] is not None]
    every = ceil(len(rows) / LABELS)
    return Effect(
        name,
        number(max(medians) - min(medians)) if medians else ABSENT,
        " ".join(f"{x},{y(row['median'])}" for x, row in known),
        round(min(THICK, 0.6 * step), 2),
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


def histogram(sharpe: Array, judged: Mapping[str, Any]) -> Payload | None:
    """Return how many of the Sharpe ratios (K,) are where, and what the best is beside; None where all are NaN."""
    known = sharpe[~np.isnan(sharpe)]
    if not len(known):
        return None
    counts, edges = np.histogram(known, bins=BINS)
    best, plateau = judged["best"], judged["plateau"]
    noise = None if best is None or best["noise"] is None else [best[k] for k in ("noise_low", "noise_high", "noise")]
    return {
        "counts": counts.tolist(),
        "edges": [round(edge, 6) for edge in edges.tolist()],
        "noise": noise,
        "best": best and best["sharpe"],
        "plateau": plateau and plateau["score"],
    }


def growth(fan: Fan) -> Payload:
    """Return the growth of the first of the ranking, of the median idea, and the band of the sample, by month."""
    return {
        "dates": [str(day) for day in fan.dates],
        "edges": [_rounded(edge) for edge in fan.edges],
        "best": [{"cell": cell, "y": _rounded(y)} for cell, y in zip(fan.best, fan.growth.T, strict=True)],
        "median": None if fan.middle is None else {"cell": fan.median, "y": _rounded(fan.middle)},
    }


def growth_words(fan: Fan, ideas: int) -> Iterator[str]:
    """Yield what the plot of growth shows, of so many ideas."""
    lowest, low, high, highest = (number(edge) for edge in fan.edges[:, -1])
    count = f"{fan.sampled:,} ideas" + (f" of {ideas:,}, drawn by the seed" if fan.sampled < ideas else "")
    month = fan.dates[-1].astype("datetime64[M]")
    yield f"At the end of {month}, {count}: {lowest} to {highest} in nine of ten, {low} to {high} in half."
    if len(fan.best):
        yield f"The first of the ranking, cell {fan.best[0]:,}: {number(fan.growth[-1, 0])}."
    if fan.middle is not None:
        yield f"The idea of the median Sharpe ratio, cell {fan.median:,}: {number(fan.middle[-1])}."
    yield "The first were chosen on these very months: they stand high with skill or without."
    if fan.late:
        yield f"Of the ideas {fan.late:,} begin later than others: until then they are drawn at 1."


def _rounded(values: Array) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def _ticks(low: float, high: float) -> list[float]:
    """Return round levels from at or below the low to at or above the high, about five."""
    width = max(high - low, 1e-6) / 4
    size = 10.0 ** floor(log10(width))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= width)
    first = floor(low / step + 1e-9)
    return [k * step for k in range(first, max(first + 1, ceil(high / step - 1e-9)) + 1)]


def _digits(ticks: list[float]) -> int:
    return max(1, -floor(log10(ticks[1] - ticks[0]) + 1e-9))
