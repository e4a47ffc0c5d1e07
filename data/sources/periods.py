"""Periods: whether rows are days, weeks or months, and when what they say of a week or a month was known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from data.countries import ANY_DAY
from data.errors import DataError
from data.series import AVERAGES, MONTH, SPECS, Spec, spec_of
from data.sources.rows import Flags, weekday

Spacing = Literal["daily", "weekly", "monthly", "longer"]
DAILY, WEEKLY, MONTHLY = 4, 9, 35  # days between rows, at most
LATEST_SATURDAYS = np.datetime64("1989-12-31")  # Japan's bond market traded on Saturdays until 1989
SHUT = 0.1  # share of rows on weekends that no market explains
APART = {"daily": "days", "weekly": "weeks", "monthly": "months"}
RUN = 8  # rows in a row a week or a month apart, in a history of days, that are another history
FEW = 6  # distances that prove nothing unless they are all alike
REGULAR = ((1, DAILY), (5, WEEKLY), (26, MONTHLY))
KINDS = ("curve", "rate", "fx", "price")  # whose rows are markets'
AVERAGE_OF = {"fed_funds": "fed_funds_month", "yen_call": "yen_call_month"}


MONTHLY_NOTE = "figures of months, known when the month is over: dated on its last day, never traded as days"


def spacing(index: pd.Index) -> Spacing | None:
    """Return how far apart dates are; None where there are too few to tell.

    >>> spacing(pd.bdate_range("2024-01-01", periods=5)), spacing(pd.date_range("2024-01-31", periods=4, freq="ME"))
    ('daily', 'monthly')
    """
    if len(index) < 3:
        return None
    days = np.diff(index.to_numpy().astype("datetime64[D]")).astype(int)
    if len(days) < FEW and not any(((low <= days) & (days <= high)).all() for low, high in REGULAR):
        return None
    median = float(np.median(days))
    return (
        "daily" if median <= DAILY else "weekly" if median <= WEEKLY else "monthly" if median <= MONTHLY else "longer"
    )


def settled(
    spec: Spec, frame: pd.DataFrame, source: str, today: date, months: bool = False, clocks: bool = False
) -> tuple[Spec, pd.DataFrame, tuple[str, ...]]:
    """Return a series with each row on the day on which it was known, and as which series; and notes.

    `months`: only months are named. `clocks`: stamps without a zone have times of day.

    Raises
    ------
    DataError
        Rows further apart than months, or of two kinds; rows on weekends; weeks or months that may be two things.
    """
    index = pd.DatetimeIndex(frame.index)
    apart = spacing(index)
    if spec.calendar == MONTH:
        return _months(spec, frame, source, today, apart)
    if spec.kind not in KINDS or not len(frame):
        return spec, frame, ()
    if apart == "longer":
        raise DataError(
            f"{source}: the rows of {spec.name} are more than a month apart; expected days, weeks or months"
        )
    if apart is not None:
        _check_runs(spec, index, source, apart)
    if apart in ("daily", None):
        _check_weekdays(spec, index, source, clocks)
        return spec, frame, ()
    if apart == "weekly":
        return _weeks(spec, frame, source, today)
    return _ends_of_months(spec, frame, source, today, months)


def _months(
    spec: Spec, frame: pd.DataFrame, source: str, today: date, apart: Spacing | None
) -> tuple[Spec, pd.DataFrame, tuple[str, ...]]:
    """Stamp figures of months on their last days; those of a month that is not over are not known."""
    if apart in ("daily", "weekly"):
        raise DataError(f"{source}: {apart} rows of {spec.name}, which has one figure a month; import the daily series")
    index = pd.DatetimeIndex(frame.index) + pd.offsets.MonthEnd(0)
    twice = index[index.duplicated()]
    if len(twice):
        raise DataError(f"{source}: {twice[0]:%Y-%m} stands there twice; expected one figure a month")
    notes = (MONTHLY_NOTE,) if apart == "monthly" and (pd.DatetimeIndex(frame.index).day == 1).all() else ()
    return _over(spec, frame.set_axis(index.rename("date")), today, "month", notes)


def _over(
    spec: Spec, frame: pd.DataFrame, today: date, period: str, notes: tuple[str, ...]
) -> tuple[Spec, pd.DataFrame, tuple[str, ...]]:
    """Leave out a last period that is not over."""
    known = frame.index <= pd.Timestamp(today)
    if not known.all():
        notes = (*notes, f"the {period} that ends on {frame.index[-1].date()} is left out: it is not over")
    return spec, frame[known], notes


def _check_runs(spec: Spec, index: pd.DatetimeIndex, source: str, apart: Spacing) -> None:
    """Refuse a history that is of days here and of weeks or months there."""
    days = np.diff(index.to_numpy().astype("datetime64[D]")).astype(int)
    kinds: dict[Spacing, Flags] = {
        "daily": days <= DAILY, "weekly": (days >= 6) & (days <= 8), "monthly": (days > 20) & (days < 40),
    }  # fmt: skip
    for name, own in kinds.items():
        edges = np.flatnonzero(np.diff(np.concatenate([[0], own.astype(int), [0]])))
        for start, stop in edges.reshape(-1, 2).tolist():
            if name != apart and stop - start >= RUN:
                first, last = index[start].date(), index[stop].date()
                raise DataError(
                    f"{source}: {spec.name} has {apart} rows, but from {first} to {last} they are {APART[name]} "
                    "apart; put "
                    "the two into files of their own"
                )


def _check_weekdays(spec: Spec, index: pd.DatetimeIndex, source: str, clocks: bool) -> None:
    """Refuse days on which no market is open: dates read in a wrong order, or shifted by a zone."""
    if spec.calendar == ANY_DAY and spec.kind == "rate":
        return
    days = index.to_numpy().astype("datetime64[D]")
    on = weekday(days)
    shut = (on == 6) | ((on == 5) & ((days > LATEST_SATURDAYS) | (spec.name != "jgb")))
    if shut.mean() > SHUT:
        first = index[shut][0]
        sundays, fridays = int((on == 6).sum()), int((on == 4).sum())
        if sundays and not fridays:
            raise DataError(
                f"{source}: the rows of {spec.name} fall on Sundays to Thursdays (first {first.date()}, a Sunday): "
                "stamps of "
                "another zone without their offset, a day early; export the exchange's own dates, or stamps with "
                "their offset"
            )
        raise DataError(
            f"{source}: {int(shut.sum())} of {len(days)} rows of {spec.name} fall on weekends, the first on "
            f"{first.date()}; is the "
            "order of day and month right (--dates)? if days are filled in, leave weekends out"
        )
    if clocks and 4 not in on and not np.isin(on, (4, 5)).any():
        raise DataError(
            f"{source}: stamps of {spec.name} have times of day and no zone, and no row is a Friday: they may be a "
            "day early; "
            "export the exchange's own dates, or stamps with their offset"
        )


def _weeks(spec: Spec, frame: pd.DataFrame, source: str, today: date) -> tuple[Spec, pd.DataFrame, tuple[str, ...]]:
    """Bars stamped on the Monday they begin with are known on the Friday they end with."""
    index = pd.DatetimeIndex(frame.index)
    on = weekday(index.to_numpy())
    note = (f"weekly rows, of {spec.name}: traded on weekly or monthly rows only",)
    if (on == 6).mean() > 0.5:
        raise DataError(
            f"{source}: weekly rows of {spec.name} on Sundays may be of the week that ends or of that which begins "
            "there; stamp "
            "them on the week's Friday"
        )
    if (on <= 1).mean() <= 0.5 or spec.kind not in ("price", "fx"):
        return spec, frame, note
    ends = index + pd.to_timedelta((4 - index.day_of_week) % 7, unit="D")
    twice = ends[ends.duplicated()]
    if len(twice):
        raise DataError(f"{source}: two rows of {spec.name} in the week that ends on {twice[0].date()}; remove one")
    moved = frame.set_axis(ends.rename("date"))
    return _over(
        spec, moved, today, "week", (*note, "bars of weeks stamped on their first day are dated on their Friday")
    )


def _ends_of_months(
    spec: Spec, frame: pd.DataFrame, source: str, today: date, months: bool
) -> tuple[Spec, pd.DataFrame, tuple[str, ...]]:
    """Rows stamped on a month's first day are of the whole month, and known when it is over."""
    index = pd.DatetimeIndex(frame.index)
    if months or (index.day == 1).all():
        target = _average_of(spec)
        moved = frame.set_axis((index + pd.offsets.MonthEnd(0)).rename("date"))
        what = "bars of months" if spec.kind == "price" else "month averages"
        note = f"{what}, read as known when the month is over: dated on its last day, never traded as days"
        return _over(target, moved, today, "month", (note,))
    if (index.day <= 4).mean() > 0.9:
        raise DataError(
            f"{source}: rows of {spec.name} on each month's first days may be of that day or of the month; stamp what "
            "is of the "
            "month on its last day"
        )
    return spec, frame, (f"monthly rows, of {spec.name}: traded on monthly rows only",)


def _average_of(spec: Spec) -> Spec:
    """Return the series that keeps averages of months apart from days, where there is one."""
    name = AVERAGE_OF.get(spec.name, f"{spec.name}_month")
    return spec_of(name) if name in AVERAGES or name in SPECS else replace(spec)
