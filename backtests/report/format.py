"""Figures as people read them: percent at the edge, a true minus, one precision a column, a dash for none."""

from __future__ import annotations

from typing import Any

ABSENT = "–"
MINUS = "−"


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


def drawdown(figures: dict[str, Any]) -> str:
    """Return from when to when the largest drawdown in excess of cash lasted."""
    peak, trough = figures["excess_drawdown_peak"], figures["excess_drawdown_trough"]
    return f"{month(peak)} to {month(trough)}" if peak else ABSENT
