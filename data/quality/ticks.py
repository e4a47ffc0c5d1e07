"""Ticks: values that no market made, recognised by the values on both sides of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.pricing.bonds import Array
from data.quality.finding import Finding
from data.quality.table import Days, Flags, Table, ratio
from data.series import MONTH, SeriesKind, Spec

NEIGHBOURS = 5  # values on each side; their median withstands two bad ones
ENOUGH = 3  # of them that must be there; at the ends of a series one side is enough
RECENT = {True: np.timedelta64(100, "D"), False: np.timedelta64(20, "D")}  # within which they lie, monthly and daily:
# the level before a hole of years proves nothing, and month ends of a daily series truly move by this much

FACTOR = 5.0  # of a price or an index off its neighbours
FX = 0.08  # fraction off its neighbours; Yahoo's yen has ticks of 10-16 on 100 in 2008
POINTS = 3.0  # percentage points off its neighbours; the largest true one-day change of either curve is 1.1
HUNDREDFOLD = (80.0, 125.0)  # factor of a rate in percent among rates in decimals, or the reverse
A_REAL_CHANGE = 0.5  # percentage points that a hundredfold must also be: near 0 a factor has no meaning

PRICES = ("open", "high", "low", "close", "adjusted")
FACTS = ("dividend", "split")  # what a row holds beside its prices
Reasons = dict[int, dict[int, str]]  # by row and column

POSITIVE: tuple[SeriesKind, ...] = ("price", "fx", "index")


def around(spec: Spec, values: Array, days: Days) -> tuple[Array, Array]:
    """Return the medians of the 5 values before and of the 5 after each, NaN where fewer than 3 of them are near."""
    before = _earlier(values)
    after = _earlier(values[::-1])[::-1].copy()
    apart = days[ENOUGH:] - days[:-ENOUGH] > RECENT[spec.calendar == MONTH]
    before[ENOUGH:][apart] = np.nan
    after[: len(apart)][apart] = np.nan
    return before, after


def _earlier(values: Array) -> Array:
    median = pd.Series(values).rolling(NEIGHBOURS, min_periods=ENOUGH).median().shift()
    return median.to_numpy(dtype=float, copy=True)


def off(kind: SeriesKind, values: Array, near: Array) -> Flags:
    """Return whether each value is too far off the median of its neighbours to be true; not where that is NaN."""
    if kind in ("price", "index"):
        factor = ratio(values, near)
        return (factor > FACTOR) | (factor < 1 / FACTOR)
    points = np.abs(values - near)
    if kind == "fx":
        return points > FX * near
    factor = ratio(np.abs(values), np.abs(near))
    low, high = HUNDREDFOLD
    hundredfold = ((factor > low) & (factor < high)) | ((factor > 1 / high) & (factor < 1 / low))
    return (hundredfold & (points > A_REAL_CHANGE)) | ((points > POINTS) & (kind == "curve"))


def impossible(table: Table) -> tuple[Flags, Reasons]:
    """Return which values (T, k) no market made, and why, of each that is judged alone.

    Where half of a curve's tenors are impossible the whole row is: in decimals its small yields look like yields.
    """
    bad = np.zeros(table.values.shape, dtype=bool)
    why: Reasons = {}
    for k, (column, rows, values) in enumerate(table.lists()):
        if table.spec.kind != "price" or column in PRICES:
            for i, reason in _reasons(table.spec, values, table.days[rows]).items():
                bad[rows[i], k] = True
                why.setdefault(int(rows[i]), {})[k] = reason
    if table.spec.kind == "curve":
        quoted = ~np.isnan(table.values)
        doubtful = bad.any(axis=1) & (2 * bad.sum(axis=1) >= quoted.sum(axis=1))
        bad |= quoted & doubtful[:, None]
    return bad, why


def _reasons(spec: Spec, values: Array, days: Days) -> dict[int, str]:
    """Which of a column's values are impossible, and why; those are left out and the rest checked again."""
    infinite = np.isinf(values)
    negative = (values <= 0) & ~infinite & (spec.kind in POSITIVE)
    why = {i: f"{values[i]:g} is no number" for i in np.flatnonzero(infinite).tolist()}
    why |= {i: f"{values[i]:g}, expected above 0" for i in np.flatnonzero(negative).tolist()}
    rest = np.flatnonzero(~(infinite | negative))
    while True:
        before, after = around(spec, values[rest], days[rest])
        ticks = _ticks(spec.kind, values[rest], before, after)
        if not ticks.any():
            return why
        for i in np.flatnonzero(ticks).tolist():
            why[int(rest[i])] = f"{values[rest[i]]:g} against {_sides(before[i], after[i])}"
        rest = rest[~ticks]


def _sides(before: float, after: float) -> str:
    if np.isnan(after):
        return f"{before:g} before, nothing yet to confirm it"
    return f"{after:g} after" if np.isnan(before) else f"{before:g} before and {after:g} after"


def _ticks(kind: SeriesKind, values: Array, before: Array, after: Array) -> Flags:
    """Whether each value is far off both its sides, in one direction: a level that changes and stays is not.

    Where a side has too few values the nearest value that has enough of them stands in for it, but not for currencies:
    8 % in a day has happened and stayed.
    """
    few_before, few_after = np.isnan(before), np.isnan(after)
    unjudged = few_before | few_after if kind == "fx" else few_before & few_after
    before = np.where(few_before, _nearest(values, few_before, backwards=True), before)
    after = np.where(few_after, _nearest(values, few_after, backwards=False), after)
    between = (values - before) * (values - after) < 0
    return off(kind, values, before) & off(kind, values, after) & ~between & ~unjudged


def _nearest(values: Array, few: Flags, backwards: bool) -> Array:
    known = pd.Series(np.where(few, np.nan, values))
    return np.asarray(known.bfill() if backwards else known.ffill(), dtype=float)


def errors(table: Table, remedy: str) -> list[Finding]:
    """Return an error for each row, or run of rows, with an impossible value."""
    bad, why = impossible(table)
    runs: list[list[int]] = []
    for row in np.flatnonzero(bad.any(axis=1)).tolist():
        if runs and runs[-1][-1] == row - 1 and (bad[row] == bad[row - 1]).all():
            runs[-1].append(row)
        else:
            runs.append([row])
    return [
        table.finding("error", run[0], run[-1], f"{_describe(table, bad, why, run)}; {remedy}", "tick") for run in runs
    ]


def _describe(table: Table, bad: Flags, why: Reasons, run: list[int]) -> str:
    first, reason = next(iter(why[run[0]].items()))
    others = [table.columns[k] for k in np.flatnonzero(bad[run[0]]).tolist() if k != first]
    also = f", and {', '.join(others)} with it" if others else ""
    more = f", and so on for {len(run)} rows" if len(run) > 1 else ""
    return f"{table.label(table.columns[first])} {reason}{also}{more}"


def empty(table: Table) -> Flags:
    """Return which rows (T,) hold nothing; a dividend or a split counts where there are no prices."""
    if table.spec.kind != "price":
        return table.blank
    prices = table.only(*(c for c in table.columns if c in PRICES))
    facts = table.only(*(c for c in table.columns if c in FACTS))
    return prices.blank & ~np.nan_to_num(facts.values).any(axis=1)
