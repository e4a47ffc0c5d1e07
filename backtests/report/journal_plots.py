"""The timelines of a journal: where everything of a claim's goes, geometry only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backtests.report.format import number, signed
from backtests.report.journal_rows import Item, mark, says, word

WIDE, HIGH, LEFT, PAD = 440.0, 64.0, 44.0, 8.0  # of a timeline, in its own units
BEFORE = timedelta(days=365)  # of a window that began before it was registered
Point = tuple[str, float]  # a day, ISO, and a value
LABELS = 5  # days named along the top at most


@dataclass(frozen=True)
class Axis:
    """Days across all timelines."""

    first: date
    last: date
    live: date | None  # from which day on lines are live; None: none is

    def x(self, day: str | date) -> float:
        """Where a day stands, held inside."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        share = (day - self.first) / (self.last - self.first) if self.last > self.first else 1.0
        return round(LEFT + (WIDE - LEFT - PAD) * min(max(share, 0.0), 1.0), 1)


@dataclass(frozen=True)
class Tick:
    """A day named along the top, and where it stands."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A verdict, and where it stands."""

    x: float
    y: float
    kind: str
    replayed: bool
    text: str


@dataclass(frozen=True)
class Label:
    """The value that a path starts from, and where its text ends."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Timeline:
    """A claim's path against its hurdle, in units of the drawing."""

    replayed: list[str]  # pieces of the path, dashed
    live: list[str]
    after: list[str]  # once it was given up, or since the last verdict that a line holds
    hurdles: list[str]
    kill: float | None
    marks: list[Mark]
    start: Label | None
    text: str
    shade: float  # up to where lines are replayed
    left: float = LEFT
    wide: float = WIDE
    high: float = HIGH


def axis(rows: Sequence[Item]) -> Axis | None:
    """Return the days of a journal: from its windows, a year before it began at most, to its last verdict."""
    bodies = [
        body for item in rows for body in (item.body, *(line["body"] for line in item.verdicts), item.now) if body
    ]
    if not bodies:
        return None
    days = [date.fromisoformat(body["as_of"]) for body in bodies]
    began, last = min(date.fromisoformat(item.body["as_of"]) for item in rows), max(days)
    first = max(min(date.fromisoformat(item.body["window"][0]) for item in rows), began - BEFORE)
    live = [line["body"]["as_of"] for item in rows for line in item.verdicts if not line.get("replay")]
    return Axis(min(first, began), last, date.fromisoformat(min(live)) if live else None)


def ticks(days: Axis) -> list[Tick]:
    """Return days to name, equally apart."""
    span = (days.last - days.first).days
    count = min(LABELS, max(2, span // 60 + 1)) if span else 1
    named = [days.first + timedelta(days=round(span * i / max(count - 1, 1))) for i in range(count)]
    return [Tick(days.x(day), f"{day:%Y-%m}") for day in named]


def timeline(item: Item, days: Axis) -> Timeline | None:
    """Return a claim's timeline; None where it has not been judged on any figure."""
    points = _points(item)
    bounds = _hurdle(item)
    stated = item.body["states"].get("kill")
    level = stated["level"] if stated else None
    path = _from(points, str(days.first))
    drawn = path + [point for bound in bounds for point in _from(bound, str(days.first))]
    ends = [(verdict, _end(verdict["body"])) for verdict in item.verdicts]
    judged = [(verdict, point) for verdict, point in ends if point and point[0] >= str(days.first)]
    shown = [value for _, value in (*drawn, *(point for _, point in judged))] + ([] if level is None else [level])
    if not drawn:
        return None
    low, high = min(shown), max(shown)

    def y(value: float) -> float:
        share = (high - value) / (high - low) if high > low else 0.5
        return round(PAD + (HIGH - 2 * PAD) * share, 1)

    def line(part: Sequence[Point]) -> list[str]:
        inside = _from(part, str(days.first))
        return [" ".join(f"{days.x(day)},{y(value)}" for day, value in inside)] if len(inside) > 1 else []

    live = str(days.live) if days.live else str(days.last + timedelta(days=1))
    before, after = _split(points, _known(item))
    dashed, solid = _split(before, live)
    marks = [
        Mark(days.x(point[0]), y(point[1]), mark(verdict["body"]), bool(verdict.get("replay")), _said(verdict["body"]))
        for verdict, point in judged
    ]
    return Timeline(
        replayed=line(dashed),
        live=line(solid),
        after=line(after),
        hurdles=[piece for bound in bounds for piece in line(bound)],
        kill=y(level) if level is not None else None,
        marks=marks,
        start=Label(days.x(path[0][0]) - 4, y(path[0][1]) + 4, _figure(item, path[0][1])) if path else None,
        text="; ".join(verdict.text for verdict in marks),
        shade=days.x(live) if days.live else WIDE,
    )


def _figure(item: Item, value: float) -> str:
    if "variant" in item.body:
        return signed(value, 0)
    return number(value, item.unit.digits, item.unit.scale)


def _known(item: Item) -> str:
    """Return the day up to which a path is a claim's: given up, or to the last verdict that a line holds."""
    ends = [str(item.last["killed"])] if item.last and item.last["killed"] else []
    ends += [item.verdicts[-1]["body"]["rows"][1]] if item.now and item.verdicts else []
    return min(ends, default="9999-12-31")


def _said(body: Mapping[str, Any]) -> str:
    return f"{body['as_of']} {word(body)}"


def _points(item: Item) -> list[Point]:
    """Return the path of the last verdict."""
    body = item.last
    if body is None:
        return []
    return _of_trips(body) if "trips" in body else [(day, value) for day, value in body["path"] if value is not None]


def _of_trips(body: Mapping[str, Any]) -> list[Point]:
    """Return the gain of a trade's trips, each from its opening on."""
    return [
        (str(date.fromisoformat(trip["open"]) + timedelta(days=days)), gain)
        for trip in body["trips"]
        for days, gain in trip["path"]
    ]


def _end(body: Mapping[str, Any]) -> Point | None:
    """Return where a verdict is marked: on the last row that it judged."""
    if "trips" in body:
        path = _of_trips(body)
        return path[-1] if path else None
    return (body["rows"][1], body["end"]) if body["end"] is not None else None


def _from(points: Sequence[Point], first: str) -> list[Point]:
    """Return the points from a day on, with the value on that day between the two around it."""
    inside = [point for point in points if point[0] >= first]
    before = [point for point in points if point[0] < first]
    if not before or not inside or inside[0][0] == first:
        return inside
    (day, value), (then, other) = before[-1], inside[0]
    days = [date.fromisoformat(each).toordinal() for each in (day, first, then)]
    share = (days[1] - days[0]) / (days[2] - days[0])
    return [(first, value + (other - value) * share), *inside]


def _hurdle(item: Item) -> list[list[Point]]:
    """Return the hurdle as lines: through the forwards that verdicts were held against, else along what is said."""
    body = item.last
    if body is None:
        return []
    if "trips" in body:
        return [
            [(trip["open"], 0.0), (trip["close"], trip["hurdle_bp"])]
            for trip in body["trips"] if trip["hurdle_bp"] is not None and trip["path_unit"] == "bp"
        ]  # fmt: skip
    bodies = [*(line["body"] for line in item.verdicts), body]
    forwards = {
        own["rows"][1]: own["beat_forward"]["forward"]
        for own in bodies
        if own["beat_forward"] and own["beat_forward"]["forward"] is not None
    }
    if forwards and body["start"] is not None:
        return [[(body["rows"][0], body["start"]), *sorted(forwards.items())]]
    if body["rows"][0] == body["rows"][1]:
        return []
    return [[(body["rows"][0], bound), (body["rows"][1], bound)] for bound in says(item)]


def _split(points: list[Point], day: str) -> tuple[list[Point], list[Point]]:
    """Return the points up to a day, and those from the last of them on."""
    before = [point for point in points if point[0] <= day]
    return before, [*before[-1:], *(point for point in points if point[0] > day)]
