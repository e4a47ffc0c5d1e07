"""Finding: one thing that is wrong with a series, or that explains what looks wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")

# What a finding is called, for `data.allow`: these names stay.
NAMES = {
    "adjustment": "adjusted prices are not closes and distributions reinvested",
    "another_base": "a price index that falls too fast to be one",
    "averages": "averages of months in place of a day's levels",
    "blank_months": "months left out",
    "decimals": "decimals where percent is meant",
    "dividend": "a distribution that is negative or too large",
    "ended": "a tenor that ends before its curve",
    "estimated": "estimates where nothing was published",
    "future": "rows after today",
    "gap": "a long gap that no holidays explain",
    "hole": "a tenor missing inside its history",
    "holidays": "gaps that holidays explain",
    "inverted": "an exchange rate quoted the other way",
    "missing": "sessions without a row",
    "no_distributions": "closes alone: a price return, without what was distributed",
    "no_values": "nothing stored",
    "old": "the last row is old",
    "outlier": "a change out of all proportion",
    "outside": "values outside what such a series has ever been",
    "rebased": "a day on which the source went over to other bonds",
    "repeated": "a whole curve filled forward",
    "saturdays": "Saturdays on which Japan traded",
    "shift": "a level that changes and stays",
    "shut": "rows on days when the exchange was shut",
    "sparse": "rows on fewer than half the sessions",
    "split": "a price that changes by a split's ratio and stays",
    "stale": "a value that does not move",
    "stated_split": "a split that the source states",
    "tick": "a value that no market made",
    "twice": "dates that come twice",
    "unsorted": "dates out of order",
    "weekend": "rows on weekends",
    "weekly": "a row a week where days are expected",
}

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
    name: str = ""  # of NAMES

    @property
    def key(self) -> str:
        """What `data.allow` calls it: usdjpy:inverted."""
        return f"{self.series}:{self.name}"

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
        kept.append(
            Finding(level, rest[0].series, first, last, f"{len(rest)} more {what}, none of them larger", rest[0].name)
        )
    return kept


def count(n: int, thing: str) -> str:
    """Return a number with its noun.

    >>> count(1, "row"), count(11, "row")
    ('1 row', '11 rows')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
