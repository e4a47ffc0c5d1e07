"""What was known when: closes, publication lags of the macro series, a month's price index on a given day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.countries import COUNTRIES, Countries
from data.errors import DataError
from data.instruments import Instrument
from data.pricing.bonds import Array

# Days from the end of the reference period until a figure may be used.
PUBLICATION_LAG_DAYS = {
    "us_cpi": 15,
    "us_core_cpi_yoy": 15,
    "jp_core_cpi_yoy": 25,
    "us_debt_gdp": 365,  # IMF WEO, annual
    "jp_debt_gdp": 365,
    "fed_assets_gdp": 120,
    "boj_assets_gdp": 120,
    "fed_treasuries_share": 120,
    "boj_jgb_share": 85,  # flow of funds, quarterly
    "jp_net_foreign_bonds": 45,  # balance of payments
    "foreign_net_jp_bonds": 45,
}
# Of periods that ended before a day, where that differs: Japan's CPI often came out after the 25th before 2018.
FORMER_LAG_DAYS = {"jp_core_cpi_yoy": (np.datetime64("2018-01-01"), 32)}
# Releases that came late: month of reference -> day. The US government was shut; October 2025 was never published.
_SHUTDOWN = {
    np.datetime64("2025-09"): np.datetime64("2025-10-24"),
    np.datetime64("2025-11"): np.datetime64("2025-12-18"),
}
LATE = {"us_cpi": _SHUTDOWN, "us_core_cpi_yoy": _SHUTDOWN}
STALE_AFTER_DAYS = 400
STALE_MONTHS = 14  # as many, or more


def require_known(what: str, stamped: datetime, use: str, used: datetime) -> None:
    """Raise DataError where something is used before it is stamped; the message names both times.

    >>> noon = datetime(2024, 1, 4, 12)
    >>> require_known("UST10", noon, "JGB10", noon)
    """
    if stamped > used:
        raise DataError(
            f"{what} is stamped {stamped:%Y-%m-%d %H:%M %Z} ({stamped.astimezone(used.tzinfo):%Y-%m-%d %H:%M %Z}), "
            f"after {use} at {used:%Y-%m-%d %H:%M %Z}"
        )


def check_same_close(variant: str, legs: Sequence[Instrument], day: date, countries: Countries = COUNTRIES) -> None:
    """Raise DataError where a leg would fill at a close before another leg's price of that day is stamped."""
    stamped = [(leg.name, countries.of(leg).closes(day)) for leg in legs]
    for leg, used in stamped:
        for other, known in stamped:
            try:
                require_known(f"{other} of {day}", known, f"{leg} fills", used)
            except DataError as error:
                raise DataError(
                    f"variant '{variant}' looks ahead: {error}; on daily rows set fill: next_close"
                ) from None


def available_on(name: str, periods: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return the day (k,) from which each figure of a macro series may be used, by the last day of its period (k,).

    Raises
    ------
    DataError
        A series whose publication is not known here.

    >>> periods = np.array(["2015-03-31", "2024-03-31"], dtype="datetime64[D]")
    >>> available_on("jp_core_cpi_yoy", periods).tolist()
    [datetime.date(2015, 5, 2), datetime.date(2024, 4, 25)]
    """
    if name not in PUBLICATION_LAG_DAYS:
        raise DataError(f"macro series '{name}' has no publication lag; add it to data/calendars.py")
    ends = periods.astype("datetime64[D]")
    lag = np.full(len(ends), PUBLICATION_LAG_DAYS[name])
    if name in FORMER_LAG_DAYS:
        since, former = FORMER_LAG_DAYS[name]
        lag[ends < since] = former
    available: NDArray[np.datetime64] = ends + lag.astype("timedelta64[D]")
    for month, day in LATE.get(name, {}).items():
        available[ends.astype("datetime64[M]") == month] = day
    return available


def known_at(name: str, values: pd.Series, dates: NDArray[np.datetime64]) -> Array:
    """Return the value (T,) of a series known on each of `dates`, NaN before the first and where it is stale.

    `values` is indexed by the last day of each reference period. A value enters on the first date on or after
    the day it is available, and is missing once it has been so for more than 400 days.
    """
    values = values.dropna()
    available = available_on(name, values.index.to_numpy())
    row = np.searchsorted(available, dates, side="right") - 1
    if not len(available):
        return np.full(len(dates), np.nan)
    age = (dates - available[np.maximum(row, 0)]).astype("timedelta64[D]").astype(int)
    fresh = (row >= 0) & (age <= STALE_AFTER_DAYS)
    return np.where(fresh, values.to_numpy(dtype=float)[np.maximum(row, 0)], np.nan)


def reference_cpi(cpi: pd.Series, dates: NDArray[np.datetime64]) -> Array:
    """Return the index ratio base (T,) an inflation-linked bond carries at the close of each date; NaN if unknown.

    Settled the next day: on the first of a month it is the CPI of three months before, on other days it moves in
    a straight line to that of two months before (31 CFR 356 App. B). Between month ends m-1 and m it therefore
    grows by CPI[m-2] / CPI[m-3]. `cpi` is not seasonally adjusted and indexed by month end; a month that was
    never published is `CPI[m-1] * (CPI[m-1] / CPI[m-13]) ** (1/12)`, the rule for such a month in the same appendix.
    """
    monthly = _without_holes(cpi)
    settle = dates.astype("datetime64[D]") + np.timedelta64(1, "D")
    month = settle.astype("datetime64[M]")
    into = (settle - month.astype("datetime64[D]")).astype(float)
    length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(float)
    earlier, later = _look_up(monthly, month - 3), _look_up(monthly, month - 2)
    return np.where(into == 0, earlier, earlier + into / length * (later - earlier))


def reference_ahead(cpi: pd.Series, dates: NDArray[np.datetime64]) -> tuple[Array, Array]:
    """Return the reference CPI (T, 3) already known on each date, and the growth (T,) of CPI over a year, as published.

    The columns are the firsts of the month in which the date settles, the next day, and of the two months after: the
    CPI of three, two and one months before, NaN where it was not out by then. A month not published by the end of the
    month after it is put in from that day by the rule of `reference_cpi`. Both are missing once the last print has been
    out for more than 400 days.
    """
    published = cpi.dropna()
    if published.empty:
        return np.full((len(dates), 3), np.nan), np.full(len(dates), np.nan)
    monthly = _without_holes(cpi, STALE_MONTHS)
    months = monthly.index.to_numpy().astype("datetime64[M]")
    available = (months + 2).astype("datetime64[D]") - np.timedelta64(1, "D")  # of what is put in by the rule
    out = available_on("us_cpi", published.index.to_numpy())
    place = (published.index.to_numpy().astype("datetime64[M]") - months[0]).astype(int)
    available[place] = out
    last = np.searchsorted(out, dates.astype("datetime64[D]"), side="right") - 1
    age = (dates - out[np.maximum(last, 0)]).astype("timedelta64[D]").astype(int)
    fresh = (last >= 0) & (age <= STALE_AFTER_DAYS)

    settle = (dates.astype("datetime64[D]") + np.timedelta64(1, "D")).astype("datetime64[M]")
    known_from = pd.Series(available.astype("datetime64[D]").astype(float), index=monthly.index)
    ahead = np.full((len(dates), 3), np.nan)
    for column, before in enumerate((3, 2, 1)):
        known = fresh & (_look_up(known_from, settle - before) <= dates.astype("datetime64[D]").astype(float))
        ahead[known, column] = _look_up(monthly, settle - before)[known]
    newest = months[place[np.maximum(last, 0)]]
    pace = _look_up(monthly, newest) / _look_up(monthly, newest - 12) - 1.0
    return ahead, np.where(fresh, pace, np.nan)


def _without_holes(cpi: pd.Series, more: int = 0) -> pd.Series:
    """Return CPI by month, with months that were skipped, and `more` after the last, put in by the rule."""
    published = cpi.dropna()
    months = published.index.to_numpy().astype("datetime64[M]")
    if not len(months):
        return pd.Series(dtype=float)
    every = np.arange(months[0], months[-1] + 1 + more)
    monthly = pd.Series(published.to_numpy(dtype=float), index=months).reindex(every)
    values = monthly.to_numpy(dtype=float, copy=True)
    for i in np.flatnonzero(np.isnan(values)):
        if i >= 13:
            values[i] = values[i - 1] * (values[i - 1] / values[i - 13]) ** (1 / 12)
    return pd.Series(values, index=monthly.index)


def _look_up(monthly: pd.Series, months: NDArray[np.datetime64]) -> Array:
    if monthly.empty:
        return np.full(len(months), np.nan)
    first = monthly.index.to_numpy().astype("datetime64[M]")[0]
    at = (months - first).astype(int)
    inside = (at >= 0) & (at < len(monthly))
    return np.where(inside, monthly.to_numpy(dtype=float)[np.clip(at, 0, len(monthly) - 1)], np.nan)
