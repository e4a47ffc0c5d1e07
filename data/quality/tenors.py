"""Tenors: holes inside a tenor's own history, tenors that end early, and the traps known by name."""

from __future__ import annotations

import numpy as np

from data.quality.finding import Finding, Level, count, largest
from data.quality.table import Days, Flags, Table
from data.series import ESTIMATED, REBASED, UNPUBLISHED, unpublished

SAME_LEVEL = 1.0  # percentage points between the yields on both sides of a hole; more would be a large false return
ENDED = 10  # days a tenor may lag the curve's last date


def holes(table: Table) -> list[Finding]:
    """Return the stretches on which a tenor is missing although it was quoted before and is again after."""
    findings = []
    for column, rows, values in table.lists():
        for i in np.flatnonzero(np.diff(rows) > 1).tolist():
            first, last = int(rows[i]) + 1, int(rows[i + 1]) - 1
            n, change = last - first + 1, values[i + 1] - values[i]
            message = (
                f"the {column}-year is missing on {count(n, 'row')}, {values[i]:g} before and {values[i + 1]:g} after "
                f"({100 * change:+.1f} bp)"
            )
            unquoted = unpublished(table.spec.name, column, table.days[[first, last]]).all()
            level: Level = "note" if unquoted or abs(change) <= SAME_LEVEL else "warning"
            why = ": it was not published then" if unquoted else "; no bar may span it"
            findings.append((n, table.finding(level, first, last, message + why, "hole")))
    return largest(findings, "holes inside a tenor's history")


def ended(table: Table) -> list[Finding]:
    """Return the tenors that stop before the curve does."""
    findings = []
    for column, rows, _ in table.lists():
        if not rows.size:
            findings.append(table.finding("note", 0, -1, f"the {column}-year has no value at all", "ended"))
        elif table.days[-1] - table.days[rows[-1]] > np.timedelta64(ENDED, "D"):
            message = f"the {column}-year ends here, the curve on {table.days[-1]}; update, or take another tenor"
            findings.append(table.finding("note", rows[-1], rows[-1], message, "ended"))
    return findings


def estimated(table: Table) -> list[Finding]:
    """Return an error for estimates, such as those of the 30-year Treasury from the years when none was published."""
    findings = []
    for series, tenor in ESTIMATED:
        if table.spec.name != series or tenor not in table.columns:
            continue
        rows = np.flatnonzero(unpublished(series, tenor, table.days) & ~np.isnan(table.get(tenor)))
        if rows.size:
            since, until = UNPUBLISHED[series, tenor]
            message = (
                f"{count(len(rows), 'value')} of the {tenor}-year, the first {table.get(tenor)[rows[0]]:g}: an "
                f"estimate, none was quoted from {since} to {until}; import again from FRED, which masks them"
            )
            findings.append(table.finding("error", rows[0], rows[-1], message, "estimated"))
    return findings


def rebased(table: Table) -> list[Finding]:
    """Return a note for each tenor whose level the source broke on a known day."""
    findings = []
    for column in table.columns:
        for row in np.flatnonzero(rebased_rows(table.spec.name, column, table.days)).tolist():
            change = 100 * (table.get(column)[row] - table.get(column)[row - 1]) if row else np.nan
            if np.isfinite(change):
                message = f"the {column}-year changes by {change:+.1f} bp, other bonds stand behind it; no bar spans it"
                findings.append(table.finding("note", row, row, message, "rebased"))
    return findings


def rebased_rows(name: str, column: str, days: Days) -> Flags:
    """Return on which days (T,) the source went over to other bonds."""
    day_of_change = REBASED.get((name, column))
    return np.zeros(len(days), dtype=bool) if day_of_change is None else np.equal(days, np.datetime64(day_of_change))
