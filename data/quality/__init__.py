"""What is wrong with a series, and where: findings for a reader, and a gate that keeps bad ticks out of the store."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from data.quality import days, moves, prices, tenors, ticks, units
from data.quality.finding import Finding, by_level_then_date
from data.quality.table import Table
from data.series import MONTH, Spec, spec_of

logger = logging.getLogger(__name__)

__all__ = ["Finding", "check", "quarantine"]


def check(series: str | Spec, frame: pd.DataFrame, today: date) -> list[Finding]:
    """Return every finding about a stored series, errors first.

    Parameters
    ----------
    series
        Its name, or what it is where it is a configured country's own.
    frame
        Values as published (T, k), by ascending unique dates; NaN where missing.
    today
        The date in UTC, which Tokyo's date is never ahead of while it trades.

    Raises
    ------
    DataError
        A name that is no series.
    """
    spec = series if isinstance(series, Spec) else spec_of(series)
    broken = _unusable(spec.name, frame)
    if broken:
        return broken
    table = Table.of(spec, frame)
    findings = days.future(table, today)
    past = table.rows(table.days <= np.datetime64(today))
    findings += ticks.errors(past, "update or import the series again")
    sound = replace(past, values=np.where(ticks.impossible(past)[0], np.nan, past.values))
    if not np.isnan(sound.values).all():
        findings += _dates(sound, today) + _values(sound)
    logger.debug("%s: %d findings on %d rows", spec.name, len(findings), len(frame))
    return by_level_then_date(findings)


def quarantine(series: str | Spec, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return what has arrived without its impossible values, and an error for each run of rows that had some.

    Impossible is what is not above 0 and must be, what is infinite, and what is far off the five values before it and
    the five after it, in one direction. A level that changes and stays is kept: `check` reports it. At the end of a
    series nothing confirms a change yet: one that is far off is held back until it has lasted three rows. A delivery
    of fewer rows cannot be judged alone: join it to the rows before it first.

    Raises
    ------
    DataError
        A name that is no series.
    """
    table = Table.of(series if isinstance(series, Spec) else spec_of(series), frame)
    bad, _ = ticks.impossible(table)
    clean = frame.mask(bad)
    gone = bad.any(axis=1) & ticks.empty(Table.of(table.spec, clean))
    return clean.loc[~gone], ticks.errors(table, "removed")


def _unusable(name: str, frame: pd.DataFrame) -> list[Finding]:
    """Errors that leave nothing else to check."""
    if frame.isna().to_numpy().all():
        return [Finding("error", name, None, None, "there are no values; import the series again")]
    dates = [stamp.date() for stamp in pd.DatetimeIndex(frame.index)]
    findings = []
    twice = [b for a, b in pairwise(sorted(dates)) if a == b]
    if twice:
        message = f"dates that come twice: {len(twice)}; drop the older rows, import again"
        findings.append(Finding("error", name, twice[0], twice[-1], message))
    back = [b for a, b in pairwise(dates) if b < a]
    if back:
        message = f"rows earlier than the row before them: {len(back)}; sort the dates, import again"
        findings.append(Finding("error", name, min(back), max(back), message))
    return findings


def _dates(table: Table, today: date) -> list[Finding]:
    judged = table.only("close") if table.spec.kind == "price" else table
    quoted = judged.rows(~judged.blank)
    if not len(quoted.days):
        return []
    if table.spec.kind == "macro":
        return days.age(quoted, today)
    if table.spec.calendar == MONTH:
        return [*days.blank_months(quoted), *days.age(quoted, today)]
    return [*days.market_days(quoted, today), *days.age(quoted, today)]


def _values(table: Table) -> list[Finding]:
    match table.spec.kind:
        case "curve":
            named = [*tenors.holes(table), *tenors.ended(table), *tenors.estimated(table), *tenors.rebased(table)]
            moved = [*moves.outliers(table), *moves.stale(table), *moves.repeated(table), *moves.shifts(table)]
            return [*units.of_curve(table), *named, *moved, *units.averages(table)]
        case "rate":
            jumps = moves.outliers(table) if table.spec.calendar != MONTH else []
            return [*units.of_rate(table), *moves.shifts(table), *jumps]
        case "fx":
            return [*units.of_fx(table), *moves.outliers(table), *moves.stale(table)]
        case "index":
            return [*units.of_index(table), *moves.shifts(table)]
        case "price":
            close = table.only("close")
            consistency = [*prices.adjusted(table), *prices.dividends(table), *prices.splits(table)]
            return [*consistency, *moves.outliers(close), *moves.stale(close), *moves.shifts(close)]
        case "macro":
            return []
