"""The series the store keeps: what each is, in which unit it is published, and whose days it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import DataError, did_you_mean
from data.instruments import LIBRARY

SeriesKind = Literal["curve", "rate", "fx", "index", "price", "macro"]
Calendar = Literal["US", "JP", "month", "any"]  # whose business days it has; prices have their exchange's

# Columns of a price series. Prices and dividends are per share, adjusted for splits as the source publishes them.
PRICE_COLUMNS = ("open", "high", "low", "close", "adjusted", "volume", "dividend", "split")
VALUE = "value"  # the one column of a series that has only one
IN_PERCENT = 100.0  # yields, rates and macro figures are published in percent

CURVES = {"us": "ust", "us_real": "tips", "jp": "jgb"}  # the series that holds each curve of a market

# When the Treasury published no such maturity (FRED's notes to DGS20 and DGS30); FRED shows an estimate of the 30-year.
UNPUBLISHED = {
    ("ust", "20"): (date(1987, 1, 1), date(1993, 9, 30)),
    ("ust", "30"): (date(2002, 2, 19), date(2006, 2, 8)),
}

# Days on which the source went over to other bonds: a change that no holder of a bond has earned.
# DFII5 and DFII7 fall by 2.1 and 1.6 points that day, prices did not.
REBASED = {("tips", "5"): date(2008, 12, 1), ("tips", "7"): date(2008, 12, 1)}


@dataclass(frozen=True)
class Spec:
    """One series. A curve's columns are tenors in years as text, `0.25` or `10`."""

    name: str
    kind: SeriesKind
    calendar: Calendar
    unit: str  # as published: percent a year, yen per dollar, index points, currency
    about: str


@dataclass(frozen=True)
class Delivery:
    """What a source or a file handed over: one series, as published."""

    series: str
    source: str  # address or path it came from
    frame: pd.DataFrame  # index: ascending unique dates; columns: text; float64, NaN where missing
    notes: tuple[str, ...] = field(default=())  # what was noticed or left out while reading

    def __post_init__(self) -> None:
        index = self.frame.index
        if not (isinstance(index, pd.DatetimeIndex) and index.is_monotonic_increasing and index.is_unique):
            raise DataError(f"{self.source}: the dates of {self.series} are not ascending and unique")


SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec("ust", "curve", "US", "percent a year", "US Treasury par yields, semiannual"),
        Spec("tips", "curve", "US", "percent a year", "US Treasury par real yields, semiannual"),
        Spec("jgb", "curve", "JP", "percent a year", "JGB constant-maturity yields, semiannual"),
        Spec("usdjpy", "fx", "US", "yen per US dollar", "New York noon, Federal Reserve H.10"),
        Spec("fed_funds", "rate", "any", "percent a year", "effective federal funds rate, calendar days"),
        Spec("fed_funds_month", "rate", "month", "percent a year", "effective federal funds rate, month average"),
        Spec("sofr", "rate", "US", "percent a year", "secured overnight financing rate"),
        Spec("yen_call", "rate", "JP", "percent a year", "uncollateralised overnight call rate, daily"),
        Spec("yen_call_month", "rate", "month", "percent a year", "overnight call rate, month average"),
        Spec("us_cpi", "index", "month", "index points", "CPI-U, all items, not seasonally adjusted"),
        Spec("macro", "macro", "month", "percent", "macro figures by reference period"),
    )
}  # fmt: skip


def spec_of(name: str) -> Spec:
    """Return what a series is; a listed instrument's name is the series of its prices.

    Raises
    ------
    DataError
        A name that is neither; the message says what was probably meant.
    """
    if name in SPECS:
        return SPECS[name]
    listed = {i.name: i for i in LIBRARY.values() if i.kind == "listed"}
    if name in listed:
        return Spec(name, "price", "any", listed[name].currency, f"prices on {listed[name].exchange}")
    raise DataError(f"unknown series '{name}'{did_you_mean(name, [*SPECS, *listed])}")


def unpublished(series: str, tenor: str, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return on which days (T,) the publisher quoted no such maturity, whatever a copy shows."""
    if (series, tenor) not in UNPUBLISHED:
        return np.zeros(len(days), dtype=bool)
    first, last = UNPUBLISHED[series, tenor]
    return (days >= np.datetime64(first)) & (days <= np.datetime64(last))


def listed_names() -> list[str]:
    """Return the built-in instruments whose prices can be stored."""
    return [instrument.name for instrument in LIBRARY.values() if instrument.kind == "listed"]
