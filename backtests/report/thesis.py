"""The scorecard as people read it: the terminal's lines, and a page with a small plot of every claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, isfinite, log10
from typing import Any

from backtests.report import html
from backtests.report.format import ABSENT, MINUS, millions, month, number, percent
from backtests.thesis.claims import Claim
from backtests.thesis.measures import Evidence, Unit
from backtests.thesis.scorecard import CANNOT, Card, Path, Profit, Reading, ScoredClaim, Verdict

HEADINGS = ("claim", "thesis says", "we measure", "window", "it happened", "beat forward, bp", "trade paid, %")
SCALE: dict[Unit, float] = {"bp": 1e4, "times": 1.0}  # the others are percent
DIGITS: dict[Unit, int] = {"bp": 0, "times": 2}
WIDE, HIGH = 420.0, 190.0  # of a plot, in its own units
NARROW = 8.0  # least width of a window
LEFT, RIGHT, TOP, BOTTOM = 44.0, 14.0, 22.0, 22.0  # its margins


# ---- words


def figure(value: float | None, unit: Unit) -> str:
    """Return a figure in its unit's scale, without the unit."""
    return number(value, DIGITS.get(unit, 1), SCALE.get(unit, 100.0))


def measured(row: ScoredClaim, reading: Reading) -> str:
    """Return what was measured: the value with its interval, or from where to where it went and by how many bp."""
    measure, condition, evidence = row.claim.measure, row.claim.condition, reading.evidence
    if measure is None or reading.end is None:
        return ABSENT
    unit = measure.unit
    suffix = " ×" if unit == "times" else f" {unit}"
    if condition and condition.reads == "change":
        moved = number(reading.change, 0, 1e4)
        moved = moved if moved.startswith((MINUS, ABSENT)) else f"+{moved}"
        if unit == "bp":
            return f"{figure(reading.start, unit)} → {figure(reading.end, unit)} bp ({moved})"
        return f"{percent(reading.start, 2)} → {percent(reading.end, 2)}{suffix} ({moved} bp)"
    text = f"{figure(reading.end, unit)}{suffix}"
    if evidence and evidence.low is not None:
        text += f" ({figure(evidence.low, unit)} to {figure(evidence.high, unit)})"
    return text


def window(reading: Reading) -> str:
    """Return from which month to which a reading goes, or the one month it is of."""
    first, last = month(reading.first), month(reading.last)
    return last if first == last else f"{first}–{last}"


def lines(row: ScoredClaim, thesis_date: date) -> list[list[str]]:
    """Return a claim's lines for the terminal: over its own window, and since the thesis."""
    rows = [[row.claim.text, row.claim.number, *_cells(row, row.stated)]]
    if row.since:
        rows.append([f"  since {thesis_date}", "", *_cells(row, row.since)])
    return rows


def _cells(row: ScoredClaim, reading: Reading) -> list[str]:
    forward, trade = reading.forward, reading.trade
    return [
        measured(row, reading),
        window(reading),
        reading.verdict.word,
        f"{_short(forward.verdict)} ({figure(forward.value, 'bp')})" if forward else "",
        f"{_short(trade.verdict)} ({percent(trade.excess)})" if trade else "",
    ]


def _short(verdict: Verdict) -> str:
    return "cannot" if verdict.word == CANNOT else verdict.word


def reasons(card: Card) -> list[str]:
    """Return why each claim that cannot be tested cannot, a line each."""
    lines_ = []
    for row in card.rows:
        whys = {reading.verdict.why: None for reading in (row.stated, row.since) if reading and reading.verdict.why}
        lines_ += [f"{row.claim.text}: {why}." for why in whys]
    return lines_


def profits(card: Card) -> list[tuple[str, str, str]]:
    """Return trading P&L since the thesis by variant and by leg, USD m."""
    return [(profit.variant, millions(profit.pnl), ", ".join(_legs(profit))) for profit in card.profits]


def _legs(profit: Profit) -> list[str]:
    return [f"{leg} {millions(usd)}" for leg, usd in profit.legs.items()]


def verdict(card: Card) -> str:
    """Return the scorecard in a sentence."""
    words = Counter(row.stated.verdict.word for row in card.rows)
    held = [row for row in card.rows if row.stated.verdict.word == "holds" and row.since]
    later = sum(row.since is not None and row.since.verdict.word == "fails" for row in held)
    turned = f"; of those that hold, {later} no longer do since {card.thesis_date}" if later else ""
    return (
        f"Of {len(card.rows)} claims {words['holds']} hold, {words['fails']} fail and {words[CANNOT]} cannot be tested "
        f"on this data, as known on {card.as_of}{turned}."
    )


# ---- the page


@dataclass(frozen=True)
class ProfitRow:
    """P&L of a variant since the thesis, and of its legs by name, as text."""

    name: str
    pnl: str
    legs: list[str]


@dataclass(frozen=True)
class Answer:
    """A verdict beside the figure it is about: the forward, or the trade's return."""

    verdict: Verdict
    value: str
    no_rolldown: int = 0  # bars of the trade on which a leg could not age along its curve


@dataclass(frozen=True)
class ReadingRow:
    """A claim over one window, as text."""

    label: str  # empty over the claim's own window
    measured: str
    months: str
    window: str
    verdict: Verdict
    held_since: str | None
    evidence: Evidence | None
    forward: Answer | None
    trade: Answer | None


@dataclass(frozen=True)
class ClaimRow:
    """A claim with its readings, its plot, and the run's variants that trade it."""

    claim: Claim
    readings: list[ReadingRow]
    condition: str
    variants: list[str]
    plot: Plot | None


def page(card: Card, manifest: Mapping[str, Any]) -> str:
    """Return the scorecard as one HTML document; `manifest` is the run's, for its name, data and variants."""
    return html.render(
        "thesis.html",
        title=manifest["name"],
        data=manifest["data"],
        card=card,
        verdict=verdict(card),
        rows=[_row(row, card, manifest["variants"]) for row in card.rows],
        profits=[ProfitRow(profit.variant, millions(profit.pnl), _legs(profit)) for profit in card.profits],
        css=html.asset("report.css"),
        script=html.plain_script(),
    )


def _row(row: ScoredClaim, card: Card, variants: Mapping[str, Any]) -> ClaimRow:
    claim = row.claim
    readings = [("", row.stated), *([(f"since {card.thesis_date}", row.since)] if row.since else [])]
    return ClaimRow(
        claim=claim,
        readings=[_reading(row, label, reading) for label, reading in readings],
        condition=condition_of(claim),
        variants=_variants(row, variants),
        plot=_plot(row, row.path, card) if row.path else None,
    )


def _reading(row: ScoredClaim, label: str, reading: Reading) -> ReadingRow:
    forward, trade = reading.forward, reading.trade
    return ReadingRow(
        label=label,
        measured=measured(row, reading),
        months=window(reading),
        window=reading.last if reading.first == reading.last else f"{reading.first} to {reading.last}",
        verdict=reading.verdict,
        held_since=reading.held_since,
        evidence=reading.evidence,
        forward=Answer(forward.verdict, figure(forward.value, "bp")) if forward else None,
        trade=Answer(trade.verdict, percent(trade.excess, 2), trade.no_rolldown) if trade else None,
    )


def condition_of(claim: Claim) -> str:
    """Return what would make a claim true, in words."""
    measure, condition = claim.measure, claim.condition
    if measure is None or condition is None:
        return "none is declared"
    what = "its change over the window" if condition.reads == "change" else "its value at the end"
    unit: Unit = "bp" if condition.reads == "change" else measure.unit
    tail = "" if unit == "times" else f" {unit}"
    scale = SCALE.get(unit, 100.0)
    low, high = (f"{round(bound * scale, 3) + 0.0:g}".replace("-", MINUS) for bound in (condition.low, condition.high))
    if condition.direction > 0:
        return f"{what} above {low}{tail}"
    return f"{what} below {high}{tail}" if condition.direction < 0 else f"{what} between {low} and {high}{tail}"


def _variants(row: ScoredClaim, variants: Mapping[str, Any]) -> list[str]:
    """The run's variants of the claim's strategy, those with its trade's legs where there are any."""
    same = [name for name, variant in variants.items() if variant["strategy"] == row.claim.strategy]
    legs = set(row.claim.trade.legs) if row.claim.trade else set()
    exact = [name for name in same if set(variants[name]["legs"]) == legs]
    return exact or same


# ---- the plot: geometry only


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
    text: str
    wide: float = WIDE
    high: float = HIGH
    left: float = LEFT
    right: float = WIDE - RIGHT
    top: float = TOP
    bottom: float = HIGH - BOTTOM


def _plot(row: ScoredClaim, path: Path, card: Card) -> Plot:
    """Where everything of a claim's plot goes."""
    assert row.claim.measure is not None  # a path is one of a measure
    unit, last = row.claim.measure.unit, row.claim.last or card.as_of
    bounds, forwards = _bounds(row), _forwards(row)
    shown = [value for value in (*path.values, *bounds, *forwards.values()) if value is not None]
    scale = SCALE.get(unit, 100.0)
    ticks = _ticks(*(scale * edge(value for value in shown if isfinite(value)) for edge in (min, max)))
    end = max(date.fromisoformat(path.dates[-1]), last)
    frame = Frame(date.fromisoformat(path.dates[0]), end, ticks, scale)
    left, right = frame.x(row.claim.first), frame.x(last)
    digits = next(d for d in range(10) if round(ticks[1] - ticks[0], d) == round(ticks[1] - ticks[0], 10))
    judged = {reading.last: reading.end for reading in (row.stated, row.since) if reading and reading.end is not None}
    return Plot(
        unit="ratio" if unit == "times" else unit,
        paths=_polylines(path, frame),
        x=_years(frame),
        y=[Tick(frame.y(tick / scale), number(tick, digits)) for tick in ticks],
        zero=frame.y(0.0) if ticks[0] < 0 < ticks[-1] else None,
        window=Extent(left, right - left) if right - left > NARROW else Extent(right - NARROW, NARROW),
        true=Extent(frame.y(bounds[1]), frame.y(bounds[0]) - frame.y(bounds[1])) if bounds else None,
        dots=[Dot(frame.x(day), frame.y(value)) for day, value in judged.items()],
        forwards=[Dot(frame.x(day), frame.y(value)) for day, value in forwards.items()],
        thesis=frame.x(card.thesis_date) if frame.first <= card.thesis_date <= frame.last else None,
        text=_text(row, path, unit),
    )


def _bounds(row: ScoredClaim) -> tuple[float, ...]:
    """Between which values of its measure the claim would be true at its window's end; none where that is not known."""
    condition, start = row.claim.condition, row.stated.start
    if condition is None or row.claim.why_not or (condition.reads == "change" and start is None):
        return ()
    base = start or 0.0 if condition.reads == "change" else 0.0
    return (base + condition.low, base + condition.high)


def _forwards(row: ScoredClaim) -> dict[str, float]:
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


def _text(row: ScoredClaim, path: Path, unit: Unit) -> str:
    """The line in words: where it begins, what was judged, where it ends."""
    known = [(day, value) for day, value in zip(path.dates, path.values, strict=True) if value is not None]
    judged = [(reading.last, reading.end) for reading in (row.stated, row.since) if reading and reading.end is not None]
    points = dict(sorted([known[0], *judged, known[-1]]))
    return "; ".join(f"{day}: {figure(value, unit)} {unit}" for day, value in points.items())
