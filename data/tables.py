"""Tables: what a source of history hands to `build`. Decimals; on the market's own rows, or on each series' days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, reduce
from typing import Literal, Protocol

import pandas as pd

from data.countries import COUNTRIES, Countries, is_real

Frequency = Literal["daily", "weekly", "monthly"]
# The days on which New York or Tokyo trades are 259.8 a year, 2006-2025.
PERIODS_PER_YEAR: dict[Frequency, float] = {"daily": 260.0, "weekly": 52.0, "monthly": 12.0}


@dataclass(frozen=True)
class Record:
    """One series of a run's data certificate."""

    series: str
    source: str
    first: date
    last: date
    rows: int
    sha256: str
    fetched: str | None = None  # ISO time; None for what comes with the project
    restated: int = 0
    findings: tuple[str, ...] = ()  # of levels error and warning


class Doubt(Protocol):
    """What a check found in a series, as `data.quality` has it; its text is one line."""

    @property
    def level(self) -> str:
        """Error, warning or note, for a run on these tables."""

    @property
    def series(self) -> str:
        """The series it is about."""

    @property
    def first(self) -> date | None:
        """The first day it is about."""

    @property
    def last(self) -> date | None:
        """The last."""

    @property
    def key(self) -> str:
        """What `data.allow` calls it: usdjpy:inverted."""


@dataclass(frozen=True)
class Tables:
    """History, by series; every frame and series is indexed by ascending dates.

    `yields` maps a curve's name to a frame of par yields whose columns are tenors in years, on the days the curve has.
    `fx` and `overnight`, by currency, are on the market's rows: the last fixing known, quoted as the
    country's row says, and the annual rate over the bar that ends on the row.
    `prices` holds, by listed instrument, `price` and `income` (local, per unit) on the days it traded, and `close`,
    what a share cost, where that is known. `macro` is indexed by reference period.
    """

    source: str
    frequency: Frequency
    yields: dict[str, pd.DataFrame]
    fx: dict[str, pd.Series]  # of every currency but the base
    overnight: dict[str, pd.Series]
    cpi: pd.Series  # US, not seasonally adjusted, by reference month
    macro: dict[str, pd.Series]
    prices: dict[str, pd.DataFrame] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    known_overnight: dict[str, pd.Series] = field(default_factory=dict)  # as known on each row, where that differs
    countries: Countries = COUNTRIES
    doubts: tuple[Doubt, ...] = ()

    @cached_property
    def dates(self) -> pd.DatetimeIndex:
        """The rows of the market: every date on which a country's curve is quoted."""
        return rows_of(self.yields)

    @property
    def carried_days(self) -> int:
        """Longest stretch of days between two prices of a fund that is a holiday and not a hole."""
        return {"daily": 10, "weekly": 17, "monthly": 41}[self.frequency]

    @property
    def periods_per_year(self) -> float:
        """What whatever decides counts a year as; the same for every history, so that its end decides nothing."""
        return PERIODS_PER_YEAR[self.frequency]


def rows_of(yields: dict[str, pd.DataFrame]) -> pd.DatetimeIndex:
    """Return every date on which the nominal curve of a country is quoted."""
    nominal = [frame for curve, frame in yields.items() if not is_real(curve)] or list(yields.values())
    quoted = (pd.DatetimeIndex(frame.dropna(how="all").index) for frame in nominal)
    return reduce(pd.DatetimeIndex.union, quoted)
