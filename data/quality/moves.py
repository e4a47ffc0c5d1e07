"""Moves: changes far out of proportion, values that do not move, levels that shift and stay."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from data.pricing.bonds import Array
from data.quality.finding import Finding, Level, count, largest
from data.quality.table import Flags, Table, ratio, stretches
from data.quality.tenors import rebased_rows
from data.quality.ticks import HUNDREDFOLD, around, off
from data.series import SeriesKind

WINDOW = 251  # rows around a change that say what is usual: half a year before and after
ENOUGH = 60  # of them that must be there
OUTLIER = 10.0  # robust standard deviations

# The least that counts as a standard deviation, in bp of yield or of price. JGBs before 1986 are interpolated from
# few quotes and most of their changes are 0 or nearly; so are those of bills at the zero bound.
FLOOR: dict[SeriesKind, float] = {"curve": 1.0, "rate": 10.0, "fx": 10.0, "price": 2.0}

CHANCE = 1e-8  # of a run of equal values as long as this, in a series that repeats a value as often as this one
STILL = 0.5  # share of unchanged values above which a tenor seldom moves: JGBs of 1 and 2 years, 2012-2014
SITTING = 20  # rows: a value that does not move for longer is mentioned even where that is usual
FROZEN = 5  # rows: a price that does not move for longer is not a price
REPEATED = 3  # equal rows of a whole curve that are no chance, where it has
SEVERAL = 3  # tenors or more

SHIFT = math.log(1.5)  # of a price or an index: more than any day or month brings
SPLITS = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 25.0, 50.0, 100.0)  # for 1, or 1 for so many
NEAR_SPLIT = 0.06  # of the ratio: the day's own move
LIKELY_CAUSE: dict[SeriesKind, str] = {
    "price": "a split that is not adjusted for",
    "index": "another base year",
    "curve": "percent and decimals mixed",
    "rate": "percent and decimals mixed",
}


def outliers(table: Table) -> list[Finding]:
    """Return the changes beyond 10 robust standard deviations of the rows around them, one finding for each year.

    The deviation is 1.4826 times the median absolute difference from the median, over 251 rows of one column.
    """
    changes = _changes(table)
    z = np.nan_to_num(_deviations(changes, FLOOR[table.spec.kind]))
    size = np.where(np.abs(z) > OUTLIER, np.abs(z), 0.0)
    rows = np.flatnonzero(size.any(axis=1))
    if not rows.size:
        return []
    level: Level = "note" if table.spec.kind == "rate" else "warning"  # overnight rates do jump as periods end
    findings = []
    for year in np.split(rows, np.flatnonzero(np.diff(table.days[rows].astype("datetime64[Y]")).astype(int)) + 1):
        at, k = np.unravel_index(size[year].argmax(), size[year].shape)
        message = _extent(table, size[year]) + _largest_change(table, changes, z, int(year[at]), int(k))
        findings.append((float(size[year].max()), table.finding(level, year[0], year[-1], message, "outlier")))
    return largest(findings, "years of outlying changes")


def _changes(table: Table) -> Array:
    """Changes (T, k) between neighbouring rows in bp of yield or of price; NaN where one of the two is missing."""
    changes = np.full(table.values.shape, np.nan)
    if table.spec.kind in ("fx", "price"):
        changes[1:] = 1e4 * np.log(ratio(table.values[1:], table.values[:-1]))
        return changes
    changes[1:] = 100 * np.diff(table.values, axis=0)
    for k, column in enumerate(table.columns):
        changes[rebased_rows(table.spec.name, column, table.days), k] = np.nan  # reported by its own name
    return changes


def _deviations(changes: Array, floor: float) -> Array:
    table = pd.DataFrame(changes)
    from_usual = table - table.rolling(WINDOW, center=True, min_periods=ENOUGH).median()
    usual_size = 1.4826 * from_usual.abs().rolling(WINDOW, center=True, min_periods=ENOUGH).median()
    return (from_usual / usual_size.clip(lower=floor)).to_numpy(dtype=float)


def _extent(table: Table, size: Array) -> str:
    """On how many days and in which tenors, where it is more than one change."""
    if (size > 0).sum() == 1:
        return ""
    tenors = [table.columns[k] for k in np.flatnonzero(size.max(axis=0)).tolist()]
    where = f" in the tenors {', '.join(tenors)}" if table.spec.kind == "curve" else ""
    return f"outlying changes on {count(len(size), 'day')}{where}, the largest: "


def _largest_change(table: Table, changes: Array, z: Array, row: int, k: int) -> str:
    change, value = changes[row, k], table.values[row, k]
    after = changes[row + 1, k] if row + 1 < len(changes) else np.nan
    back = ", and back on the next row" if abs(change + after) < abs(change) / 2 else ""
    size = f"{change:+.1f} bp" if table.spec.kind in ("curve", "rate") else f"{change / 100:+.2f} %"
    return (
        f"{table.label(table.columns[k])} {size} to {value:g} on {table.days[row]}, "
        f"{abs(z[row, k]):.0f} robust deviations of the {WINDOW} rows around{back}"
    )


def stale(table: Table) -> list[Finding]:
    """Return the runs of one value that are too long for a series that moves as much as this one.

    A run of n values is n - 1 unchanged ones in a row. Where a share p of the changes around it is 0, the chance of
    that is p ** (n - 1).
    """
    findings = []
    for column, rows, values in table.lists():
        unchanged = np.diff(values) == 0
        for start, stop in stretches(unchanged):
            n = stop - start + 2
            if n <= FROZEN:
                continue
            share = _share(unchanged, start, stop)
            odd = table.spec.kind == "price" or (share < STILL and (n - 1) * math.log(share) < math.log(CHANCE))
            if odd or n > SITTING:
                verdict = "; compare with another source" if odd else ": it sits still in such years"
                message = (
                    f"{table.label(column)} stays at {values[start]:g} for {n} rows, where {share:.0%} of the changes "
                    f"around are 0{verdict}"
                )
                level: Level = "warning" if odd else "note"
                findings.append((n, table.finding(level, rows[start], rows[stop + 1], message, "stale")))
    return largest(findings, "runs of one value")


def _share(unchanged: Flags, start: int, stop: int) -> float:
    """Share of unchanged values in the window around a run and outside it, at least 1 %."""
    others = np.concatenate([unchanged[max(0, start - WINDOW // 2) : start], unchanged[stop + 1 :][: WINDOW // 2]])
    return max(float(others.mean()), 0.01) if others.size else 0.01


def repeated(table: Table) -> list[Finding]:
    """Return the stretches on which a curve of several tenors repeats itself whole: filled forward."""
    new, old = table.values[1:], table.values[:-1]
    same = ((new == old) | (np.isnan(new) & np.isnan(old))).all(axis=1)
    findings = []
    for start, stop in stretches(same & ((~np.isnan(new)).sum(axis=1) >= SEVERAL)):
        n = stop - start + 2
        if n >= REPEATED:
            message = f"the whole curve is the same on {n} rows: filled forward? drop the copies, import again"
            findings.append((n, table.finding("warning", start, stop + 1, message, "repeated")))
    return largest(findings, "repeated curves")


def shifts(table: Table) -> list[Finding]:
    """Return the days on which a level changes out of all proportion and stays: a split, or a change of unit."""
    findings = []
    for column, rows, values in table.lists():
        before, after = around(table.spec, values, table.days[rows])
        shifted = _shifted(table.spec.kind, values, before) & ~_shifted(table.spec.kind, values, after)
        for start, _ in stretches(shifted & ~np.isnan(after)):
            old, new = before[start], values[start]
            message = (
                f"{table.label(column)} goes from {old:g} to {new:g} and stays: {LIKELY_CAUSE[table.spec.kind]}? "
                "import the whole series again"
            )
            level, name = _verdict(table.spec.kind, old, new)
            findings.append((abs(new - old), table.finding(level, rows[start], rows[start], message, name)))
    return largest(findings, "shifts of level")


def _verdict(kind: SeriesKind, old: float, new: float) -> tuple[Level, str]:
    """Level and name of a shift: a split's ratio is an error, and so is a hundredfold of what is in percent."""
    factor = max(abs(new / old), abs(old / new)) if old and new else 1.0
    if kind == "price" and any(abs(factor / ratio - 1.0) < NEAR_SPLIT for ratio in SPLITS):
        return "error", "split"
    if kind in ("curve", "rate") and HUNDREDFOLD[0] < factor < HUNDREDFOLD[1]:
        return "error", "decimals"
    return "warning", "shift"


def _shifted(kind: SeriesKind, values: Array, near: Array) -> Flags:
    if kind in ("price", "index"):
        return np.abs(np.log(ratio(values, near))) > SHIFT
    return off(kind, values, near)
