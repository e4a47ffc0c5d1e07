"""Two histories for laws about time: the bundled month ends, and days made up around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from data.sources import bundled
from data.tables import Tables

FIRST, LAST = "2003-01-01", "2024-12-31"


def days() -> Tables:
    """Days around the bundled month ends, with four to a week up to 2012 and five after it.

    Yields and the yen wander about a line from month end to month end. The yen's overnight rate is a month's average
    for each of its days, known when the month is over. TLT trades from 2014 and pays in April and October.
    """
    months = bundled.load()
    every = pd.bdate_range(FIRST, LAST)
    rows = every[(every >= "2013") | (every.day_of_week != 2)]
    noise = np.random.default_rng(11)

    def between(values: pd.DataFrame, size: float) -> pd.DataFrame:
        line = values.reindex(values.index.union(rows)).interpolate("time", limit_area="inside").reindex(rows)
        return line + noise.normal(0, size, line.shape)

    yields = {name: between(frame, 0.0004) for name, frame in months.yields.items()}
    yields["us"].loc[noise.random(len(rows)) < 0.02] = np.nan  # holidays of one market
    dollars = months.overnight["USD"].reindex(rows, method="bfill")
    average = months.overnight["JPY"]
    yen = average.reindex(rows, method="bfill")
    before = average.shift(1).reindex(rows, method="bfill")
    traded = rows[rows >= "2014"]
    price = 100 * np.cumprod(1 + noise.normal(0, 0.008, len(traded)))
    paid = np.where((np.arange(len(traded)) % 130) == 0, 1.5, 0.0)
    return dataclasses.replace(
        months,
        source="made up",
        frequency="daily",
        yields=yields,
        fx={"JPY": between(months.fx["JPY"].to_frame(), 0.3).iloc[:, 0]},
        overnight={"USD": dollars, "JPY": yen},
        known_overnight={"USD": dollars, "JPY": before},
        prices={"TLT": pd.DataFrame({"price": price, "income": paid}, traded)},
        records=(),
    )


def _changed(tables: Tables, change: Callable[[Any], Any]) -> Tables:
    grouped = ("yields", "fx", "overnight", "known_overnight", "macro", "prices")
    changed = {key: {name: change(one) for name, one in getattr(tables, key).items()} for key in grouped}
    return dataclasses.replace(tables, cpi=change(tables.cpi), **changed)


def _over(index: pd.DatetimeIndex, months_ago: int) -> pd.DatetimeIndex:
    """When the month that was so many months ago on each day ended."""
    return (index.to_period("M") - months_ago).to_timestamp(how="end").normalize()


def cut(tables: Tables, day: date) -> Tables:
    """Return the history without anything after a day."""
    return _changed(tables, lambda values: values.loc[: pd.Timestamp(day)])


def disturbed(tables: Tables, day: date) -> Tables:
    """Return the history with every figure after a day another, and on days the average of the month it is in."""
    noise = np.random.default_rng(5)

    def later(values: Any) -> Any:
        return _other(values, values.index > pd.Timestamp(day), noise)

    other = _changed(tables, later)
    if tables.frequency != "monthly":
        for months_ago, rates in enumerate((other.overnight, other.known_overnight)):
            average = (tables.overnight, tables.known_overnight)[months_ago]["JPY"]
            after = _over(pd.DatetimeIndex(average.index), months_ago) > pd.Timestamp(day)
            rates["JPY"] = _other(average, np.asarray(after), noise)
    return other


def _other(values: Any, after: np.ndarray, noise: np.random.Generator) -> Any:
    changed = values.copy()
    changed[after] *= noise.uniform(0.8, 1.25, changed[after].shape)
    return changed
