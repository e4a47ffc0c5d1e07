"""The small plot of a claim: where everything goes, geometry only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil, floor, isfinite, log10

from backtests.config.claims import Unit
from backtests.report.format import number
from backtests.thesis.claims import Judged, Path

WIDE, HIGH = 420.0, 190.0  # of a plot, in its own units
NARROW = 8.0  # least width of a window
LEFT, RIGHT, TOP, BOTTOM = 44.0, 14.0, 22.0, 22.0  # its margins


def figure(value: float | None, unit: Unit) -> str:
    """Return a figure in its unit's scale, without the unit."""
    return number(value, unit.digits, unit.scale)


@dataclass(frozen=True)
class Frame:
    """A plot's axes: days across, values in their unit's scale upwards."""

    first: date
    last: date
    ticks: list[float]  # ascending; the first and the last are the edges
    scale: float

    def x(self, day: str | date) -> float:
        """Where a day stands, held inside the frame."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        share = (day - self.first) / (self.last - self.first) if self.last > self.first else 0.0
        return round(LEFT + (WIDE - LEFT - RIGHT) * min(max(share, 0.0), 1.0), 1)

    def y(self, value: float) -> float:
        """Where a value, a decimal, stands, held inside the frame."""
        bottom, top = self.ticks[0], self.ticks[-1]
        inside = min(max(value * self.scale, bottom), top)
        return round(TOP + (HIGH - TOP - BOTTOM) * (top - inside) / (top - bottom), 1)


@dataclass(frozen=True)
class Tick:
    """A label on an axis, and where it stands."""

    at: float
    label: str


@dataclass(frozen=True)
class Dot:
    """A point, and where it stands."""

    x: float
    y: float


@dataclass(frozen=True)
class Extent:
    """Where a band starts, and its size."""

    start: float
    size: float


@dataclass(frozen=True)
class Plot:
    """A claim's plot, in its own units."""

    unit: str
    paths: list[str]  # the measure's line, a piece each
    x: list[Tick]
    y: list[Tick]
    zero: float | None
    window: Extent  # of the claim
    true: Extent | None  # where the measure would have to end
    dots: list[Dot]  # the values judged
    forwards: list[Dot]
    thesis: float | None
    kill: float | None  # level at which the claim is given up
    text: str
    wide: float = WIDE
    high: float = HIGH
    left: float = LEFT
    right: float = WIDE - RIGHT
    top: float = TOP
    bottom: float = HIGH - BOTTOM


def plot(row: Judged, path: Path, as_of: date, thesis_date: date) -> Plot:
    """Return where everything of a claim's plot goes."""
    unit, last = row.unit, row.claim.last or as_of
    bounds, forwards = _bounds(row), _forwards(row)
    kill = [row.claim.kill.level] if row.claim.kill else []
    shown = [value for value in (*path.values, *bounds, *forwards.values(), *kill) if value is not None]
    scale = unit.scale
    ticks = _ticks(*(scale * edge(value for value in shown if isfinite(value)) for edge in (min, max)))
    end = max(date.fromisoformat(path.dates[-1]), last)
    frame = Frame(date.fromisoformat(path.dates[0]), end, ticks, scale)
    left, right = frame.x(row.claim.first), frame.x(last)
    digits = next(d for d in range(10) if round(ticks[1] - ticks[0], d) == round(ticks[1] - ticks[0], 10))
    judged = {reading.last: reading.end for reading in (row.stated, row.since) if reading and reading.end is not None}
    return Plot(
        unit=unit.level or "ratio",
        paths=_polylines(path, frame),
        x=_years(frame),
        y=[Tick(frame.y(tick / scale), number(tick, digits)) for tick in ticks],
        zero=frame.y(0.0) if ticks[0] < 0 < ticks[-1] else None,
        window=Extent(left, right - left) if right - left > NARROW else Extent(right - NARROW, NARROW),
        true=Extent(frame.y(bounds[1]), frame.y(bounds[0]) - frame.y(bounds[1])) if bounds else None,
        dots=[Dot(frame.x(day), frame.y(value)) for day, value in judged.items()],
        forwards=[Dot(frame.x(day), frame.y(value)) for day, value in forwards.items()],
        thesis=frame.x(thesis_date) if frame.first <= thesis_date <= frame.last else None,
        kill=frame.y(row.claim.kill.level) if row.claim.kill else None,
        text=_text(row, path, unit),
    )


def _bounds(row: Judged) -> tuple[float, ...]:
    """Between which values of its measure the claim would be true at its window's end; none where that is not known."""
    says, start = row.claim.says, row.stated.start
    if says is None or row.claim.cannot or (says.reads == "change" and start is None):
        return ()
    base = start or 0.0 if says.reads == "change" else 0.0
    return (base + says.low, base + says.high)


def _forwards(row: Judged) -> dict[str, float]:
    """The forwards of the windows' starts, by the day they are for."""
    readings = [reading for reading in (row.stated, row.since) if reading and reading.forward]
    return {
        reading.last: reading.forward.value
        for reading in readings
        if reading.forward and reading.forward.value is not None
    }


def _polylines(path: Path, frame: Frame) -> list[str]:
    """The measure's line, broken where it is not known."""
    pieces: list[list[str]] = [[]]
    for day, value in zip(path.dates, path.values, strict=True):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{frame.x(day)},{frame.y(value)}")
    return [" ".join(piece) for piece in pieces if piece]


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round values that enclose a range."""
    spacing = (high - low or abs(high) or 1.0) / 4
    power = 10.0 ** floor(log10(spacing))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= spacing)
    first, last = floor(low / step), ceil(high / step)
    return [round(step * k, 10) for k in range(first, max(last, first + 1) + 1)]


def _years(frame: Frame) -> list[Tick]:
    """Labels of years at their first day, as many as fit."""
    years = range(frame.first.year + 1, frame.last.year + 1)
    step = max(1, -(-len(years) // 7))
    return [Tick(frame.x(date(year, 1, 1)), str(year)) for year in years[::step]]


def _text(row: Judged, path: Path, unit: Unit) -> str:
    """The line in words: where it begins, what was judged, where it ends."""
    known = [(day, value) for day, value in zip(path.dates, path.values, strict=True) if value is not None]
    judged = [(reading.last, reading.end) for reading in (row.stated, row.since) if reading and reading.end is not None]
    points = dict(sorted([known[0], *judged, known[-1]]))
    return "; ".join(f"{day}: {figure(value, unit)} {unit.level}" for day, value in points.items())
