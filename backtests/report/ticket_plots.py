"""Where everything of a ticket's two plots goes: the spread with its levels, and a dot for each of the last months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, floor, log10

from backtests.report.format import number, signed
from backtests.ticket.levels import Levels
from backtests.ticket.sheet import Sheet

WIDE, HIGH, LEFT, TOP, BOTTOM, NAMES = 440.0, 240.0, 40.0, 12.0, 24.0, 128.0  # of a plot; NAMES: room at the right
APART = 15.0  # between two labels
ROUNDING = 1e-6  # a smaller range is none
DOT, COLUMNS = 7.0, 56  # of the months' plot: a dot's room, and how many columns of them there are


@dataclass(frozen=True)
class Label:
    """A level at the right of the plot."""

    text: str
    kind: str
    y: float  # of the level
    at: float  # of its words


@dataclass(frozen=True)
class Plot:
    """Where everything of the levels' plot goes."""

    path: str
    ticks: Sequence[tuple[float, str]]
    zero: float | None
    labels: Sequence[Label]
    now: tuple[float, float]
    forward: tuple[float, float] | None
    end: float
    first: str
    last: str
    text: str


@dataclass(frozen=True)
class Dots:
    """Where the last months' dots go."""

    dots: Sequence[tuple[float, float, bool, str]]  # x, y, whether it gained, month and value
    ticks: Sequence[tuple[float, str]]
    zero: float
    stop: float | None
    worst: tuple[float, str]
    high: float
    unit: str
    about: str


def _ticks(low: float, high: float) -> list[float]:
    """Two to seven round values that enclose a range.

    >>> _ticks(-1e-13, 0.0), _ticks(0.0, 0.0)
    ([-0.2, 0.0], [0.0, 0.2])
    """
    spacing = next(size for size in (high - low, abs(high), 1.0) if size > ROUNDING) / 5
    power = 10.0 ** floor(log10(spacing))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= spacing)
    first = floor(low / step)
    return [round(step * k, 9) for k in range(first, max(ceil(high / step), first + 1) + 1)]


def plot(levels: Levels) -> Plot:
    """Where the spread's history, its levels and its forward go."""
    now = levels.days[-1]
    drawn = max(levels.horizon, now + timedelta(days=max(30, (now - levels.days[0]).days // 8)))
    values = [*levels.history, *(level.spread_bp for level in levels.levels)]
    ticks = _ticks(min(values), max(values))
    right = WIDE - NAMES

    def x(day: date) -> float:
        return round(LEFT + (right - LEFT) * (day - levels.days[0]).days / max(1, (drawn - levels.days[0]).days), 1)

    def y(value: float) -> float:
        return round(TOP + (HIGH - TOP - BOTTOM) * (ticks[-1] - value) / (ticks[-1] - ticks[0]), 1)

    digits = next(d for d in range(10) if all(round(tick, d) == tick for tick in ticks))
    kinds = {"Target": "target", "Stop": "stop", "Trail": "stop", "Forward": "ahead"}
    marked = [(level, kinds.get(level.name.split(",")[0], "entry"), y(level.spread_bp)) for level in levels.levels]
    at = _spread([place for _, _, place in marked])
    labels = [
        Label(f"{level.name.lower()} {number(level.spread_bp, 1)} bp", kind, place, words_at)
        for (level, kind, place), words_at in zip(marked, at, strict=True)
    ]
    return Plot(
        path=" ".join(f"{x(day)},{y(value)}" for day, value in zip(levels.days, levels.history, strict=True)),
        ticks=[(y(tick), number(tick, digits)) for tick in ticks],
        zero=y(0.0) if ticks[0] < 0 < ticks[-1] else None,
        labels=labels,
        now=(x(now), y(levels.spread_bp)),
        forward=None if levels.forward_bp is None else (x(levels.horizon), y(levels.forward_bp)),
        end=right,
        first=f"{levels.days[0]:%Y-%m}",
        last=f"{now:%Y-%m}",
        text="; ".join(f"{label.text}" for label in labels),
    )


def _spread(places: Sequence[float]) -> list[float]:
    """Return where labels go so that none covers another: as near their own places as that allows."""
    order = sorted(range(len(places)), key=lambda k: places[k])
    at = list(places)
    for before, k in pairwise(order):
        at[k] = max(at[k], at[before] + APART)
    below = max(0.0, max(at, default=0.0) - (HIGH - BOTTOM))
    return [round(value - below + 4, 1) for value in at]


def dots(sheet: Sheet, levels: Levels | None) -> Dots | None:
    """Where a dot a month goes, stacked where they share a column."""
    months = sheet.marks.months
    if not months:
        return None
    worst = sheet.marks.worst
    assert worst is not None
    stops = [level for level in levels.levels if level.name == "Stop"] if levels else []
    shown = [mark.value * sheet.base / 1e3 for mark in months]
    stop = stops[0].usd / 1e3 if stops else None
    reach = [0.0, *shown, *([stop] if stop is not None else [])]
    ticks = _ticks(min(reach), max(reach))
    left, right = 16.0, WIDE - 16.0

    def x(value: float) -> float:
        return left + (right - left) * (value - ticks[0]) / (ticks[-1] - ticks[0])

    column = [round((x(value) - left) / ((right - left) / COLUMNS)) for value in shown]
    stacks: dict[int, int] = {}
    heights = []
    for place in column:
        heights.append(stacks.get(place, 0))
        stacks[place] = heights[-1] + 1
    high = max(stacks.values()) * DOT + 56.0
    base = high - 24.0
    placed = [
        (
            round(left + place * (right - left) / COLUMNS, 1), round(base - DOT / 2 - DOT * height, 1), mark.value >= 0,
            f"{mark.when}: {signed(value, 1)}",
        )
        for place, height, mark, value in zip(column, heights, months, shown, strict=True)
    ]  # fmt: skip
    digits = next(d for d in range(10) if all(round(tick, d) == tick for tick in ticks))
    passed = "" if stop is None else f"; {sum(value < stop for value in shown)} of {len(shown)} pass the stop"
    return Dots(
        dots=placed,
        ticks=[(round(x(tick), 1), number(tick, digits)) for tick in ticks],
        zero=round(x(0.0), 1),
        stop=None if stop is None else round(x(stop), 1),
        worst=(
            round(x(worst.value * sheet.base / 1e3), 1),
            f"{worst.when} worst {signed(worst.value * sheet.base, 1, 1e-3)}",
        ),
        high=high,
        unit="USD k",
        about=f"USD k at today's size, a dot a month, before costs{passed}.",
    )
