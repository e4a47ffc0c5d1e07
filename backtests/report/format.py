"""Figures as people read them: percent at the edge, a true minus, one precision a column, a dash for none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]  # of a variant, by the names that metrics.json has
Payload = dict[str, Any]  # what a script reads, by its own keys

NOTHING = 1e-9  # a return below this is rounding
ABSENT = "–"
MINUS = "−"
RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # how a formula begins


@dataclass(frozen=True)
class Row:
    """A variant's row of a table: its cells as text."""

    name: str
    cells: list[str]


@dataclass(frozen=True)
class Cell:
    """A figure as text, and its shade from -1, a loss, to 1, a gain; empty where there is none."""

    text: str = ""
    shade: float = 0.0
    raw: str = ""  # unrounded, where a script reads it


@dataclass(frozen=True)
class ShadedRow:
    """A variant's row of a shaded table."""

    name: str
    cells: list[Cell]


def darkest(values: Iterable[float | None], share: float) -> float:
    """Return the size from which a cell is as dark as can be: that of the `share` quantile of those that are not 0."""
    sizes = sorted(abs(value) for value in values if value is not None and abs(value) > NOTHING)
    return (sizes[int(share * (len(sizes) - 1))] if sizes else 0.0) or 1.0


def shade(value: float | None, limit: float) -> float:
    """Return a figure over the size that is darkest, from -1 to 1."""
    return max(-1.0, min(1.0, (value or 0.0) / limit))


def number(value: Any, digits: int = 2, scale: float = 1.0) -> str:
    """Return a figure times `scale` with a fixed number of digits.

    >>> number(-0.0123, 1, 100), number(None), number(1234567.0, 0), number(-0.001, 1)
    ('−1.2', '–', '1,234,567', '0.0')
    """
    if value is None:
        return ABSENT
    text = f"{float(value) * scale:,.{digits}f}"
    if text.startswith("-"):
        text = MINUS + text[1:] if any(c in "123456789" for c in text) else text[1:]
    return text


def guarded(value: Any) -> Any:
    """Return a value as a CSV may hold it: words that a spreadsheet would run get an apostrophe, figures nothing.

    >>> guarded("=1+1"), guarded("-x"), guarded("-1.5"), guarded(-1.5), guarded("a=b")
    ("'=1+1", "'-x", '-1.5', -1.5, 'a=b')
    """
    if not isinstance(value, str) or not value.startswith(RUN):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def signed(value: Any, digits: int = 2, scale: float = 1.0) -> str:
    """Return a figure with its sign, plus too.

    >>> signed(0.0123, 1, 100), signed(-1.0), signed(0.0), signed(None)
    ('+1.2', '−1.00', '0.00', '–')
    """
    text = number(value, digits, scale)
    return f"+{text}" if not text.startswith(MINUS) and any(c in "123456789" for c in text) else text


def percent(value: Any, digits: int = 1) -> str:
    """Return a decimal fraction in percent, without the sign."""
    return number(value, digits, 100.0)


def millions(value: Any, digits: int = 2) -> str:
    """Return USD in millions."""
    return number(value, digits, 1e-6)


def month(day: str | None) -> str:
    """Return year and month of an ISO date.

    >>> month("2020-07-31"), month(None)
    ('2020-07', '–')
    """
    return day[:7] if day else ABSENT


def drawdown(figures: Figures) -> str:
    """Return from when to when the largest drawdown in excess of cash lasted."""
    peak, trough = figures["excess_drawdown_peak"], figures["excess_drawdown_trough"]
    return f"{month(peak)} to {month(trough)}" if peak else ABSENT


def registered(trials: Mapping[str, Any], day: str) -> str:
    """Return how large and how old the registry of trials was on a day, ISO, from what a manifest says of it.

    >>> registered({"ideas": 41, "evaluations": 60, "first": "2026-11-03", "began": "2026-11-26"}, "2026-11-26")
    '41 ideas since 2026-11-03; registry began today, 2026-11-26'
    >>> registered({"ideas": 1, "evaluations": 1, "first": "2026-11-03", "began": "2026-11-03"}, "2026-11-26")
    '1 idea since 2026-11-03'
    """
    since = f"{trials['ideas']:,} idea{'s' if trials['ideas'] != 1 else ''} since {trials['first']}"
    if trials["began"] == day:
        return f"{since}; registry began today, {day}"
    return since if trials["began"] == trials["first"] else f"{since}; registry began on {trials['began']}"
