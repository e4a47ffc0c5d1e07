"""Finding: one thing that is wrong with a series, or that explains what looks wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")

MOST = 20  # findings of one kind that are listed; the rest are counted


@dataclass(frozen=True)
class Finding:
    """What is wrong, where, and what to do about it.

    >>> print(Finding("note", "jgb", date(2019, 4, 26), date(2019, 5, 7), "no row for 11 days: holidays"))
    note jgb 2019-04-26 to 2019-05-07: no row for 11 days: holidays
    """

    level: Level
    series: str
    first: date | None
    last: date | None
    message: str  # one line: column, value, what it was compared with, the remedy

    def __str__(self) -> str:
        ends = dict.fromkeys(day.isoformat() for day in (self.first, self.last) if day is not None)
        return f"{self.level} {self.series} {' to '.join(ends)}".rstrip() + f": {self.message}"


def by_level_then_date(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, errors first, and by date among equals."""
    return sorted(findings, key=lambda f: (LEVELS.index(f.level), f.first or date.min, f.last or date.min))


def largest(weighed: Sequence[tuple[float, Finding]], what: str) -> list[Finding]:
    """Return the heaviest of findings that are all of one kind, `what`, and one more that counts the others."""
    ranked = [finding for _, finding in sorted(weighed, key=lambda pair: -pair[0])]
    kept, rest = ranked[:MOST], ranked[MOST:]
    if rest:
        first = min((f.first for f in rest if f.first), default=None)
        last = max((f.last for f in rest if f.last), default=None)
        level = min((f.level for f in rest), key=LEVELS.index)
        kept.append(Finding(level, rest[0].series, first, last, f"{len(rest)} more {what}, none of them larger"))
    return kept


def count(n: int, thing: str) -> str:
    """Return a number with its noun.

    >>> count(1, "row"), count(11, "row")
    ('1 row', '11 rows')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
