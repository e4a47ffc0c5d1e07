"""Units: percent against decimals, yen against dollars, values outside what a series has ever been."""

from __future__ import annotations

import numpy as np

from data.quality.finding import Finding, Level, count
from data.quality.table import Days, Flags, Table

YIELDS = (-2.0, 20.0)  # percent; the Treasury curve reached 17.3 in 1981
OVERNIGHT = (-2.0, 25.0)  # percent; federal funds were 22.4 on a day of 1981
YEN = (50.0, 500.0)  # per dollar; 358 in 1971, 75.7 in 2011
CPI = (20.0, 1000.0)  # 1982-84 = 100
CPI_SINCE = np.datetime64("1947-01-01")  # before, it was lower and fell by more
CPI_DECLINE = 0.02  # a month; 1.9 % in 2008-11

DECIMALS = 0.3  # a curve or rate that is less in absolute value on days it cannot have been so low is in decimals
PROOF = {"month": 3}  # rows that prove it; 20 of a daily series
LONG, MIDDLE = 20.0, 10.0  # years: longer yields were always above DECIMALS, these outside LOW_YIELDS
LOW_YIELDS = (("2009-01-01", "2023-12-31"),)
LOW_RATES = {  # when overnight rates were below DECIMALS, and years not known yet
    "US": (("2008-09-01", "2016-02-29"), ("2020-03-01", "2022-03-31"), ("2027-01-01", "2200-01-01")),
    "JP": (("1998-09-01", "2025-02-28"), ("2027-01-01", "2200-01-01")),
}


def of_curve(table: Table) -> list[Finding]:
    """Return an error for rows in decimals, and what lies outside -2 to 20 %."""
    longest = np.where(np.isnan(table.values), 0.0, table.tenors).max(axis=1)
    judged = (longest >= LONG) | ((longest >= MIDDLE) & ~_within(table.days, LOW_YIELDS))
    level: Level = "error" if table.spec.name == "jgb" else "warning"
    return [*_decimals(table, judged), *_outside(table, YIELDS, "percent", level)]


def of_rate(table: Table) -> list[Finding]:
    """Return an error for an overnight rate in decimals, or outside -2 to 25 %."""
    low = LOW_RATES["JP" if table.spec.name.startswith("yen") else "US"]
    return [*_decimals(table, ~_within(table.days, low)), *_outside(table, OVERNIGHT, "percent", "error")]


def of_fx(table: Table) -> list[Finding]:
    """Return an error for rates outside 50 to 500 yen per dollar."""
    return _outside(table, YEN, "yen per dollar", "error")


def of_index(table: Table) -> list[Finding]:
    """Return a warning for a price index outside 20 to 1000, or that falls by more than 2 % in a month."""
    recent = table.rows(table.days >= CPI_SINCE)
    findings = _outside(recent, CPI, "index points", "warning")
    for _, rows, values in recent.lists():
        change = values[1:] / values[:-1] - 1
        declines = np.flatnonzero(change < -CPI_DECLINE)
        if declines.size:
            largest = declines[change[declines].argmin()]
            message = (
                f"falls by more than {CPI_DECLINE:.0%} in {count(len(declines), 'month')}, "
                f"the most by {-change[largest]:.1%} to {values[largest + 1]:g} on {recent.days[rows[largest + 1]]}; "
                "another base year? import it whole"
            )
            findings.append(recent.finding("warning", rows[declines[0] + 1], rows[declines[-1] + 1], message))
    return findings


def _within(days: Days, spans: tuple[tuple[str, str], ...]) -> Flags:
    inside = np.zeros(len(days), dtype=bool)
    for first, last in spans:
        inside |= (days >= np.datetime64(first)) & (days <= np.datetime64(last))
    return inside


def _decimals(table: Table, judged: Flags) -> list[Finding]:
    largest = np.abs(np.nan_to_num(table.values)).max(axis=1)
    rows = np.flatnonzero(judged & ~table.blank & (largest < DECIMALS))
    if len(rows) < PROOF.get(table.spec.calendar, 20):
        return []
    message = (
        f"{count(len(rows), 'row')} below {DECIMALS} in absolute value, the largest {largest[rows].max():g}: decimals; "
        f"expected {table.spec.unit} (4.25, not 0.0425); multiply by 100 and import again"
    )
    return [table.finding("error", rows[0], rows[-1], message)]


def _outside(table: Table, limits: tuple[float, float], unit: str, level: Level) -> list[Finding]:
    low, high = limits
    findings = []
    for column, rows, values in table.lists():
        wrong = np.flatnonzero((values < low) | (values > high))
        if wrong.size:
            worst = wrong[np.abs(values[wrong] - (low + high) / 2).argmax()]
            message = (
                f"{table.label(column)} is {values[worst]:g} on {table.days[rows[worst]]}, "
                f"{count(len(wrong), 'value')} outside {low:g} to {high:g} {unit}; check the unit, import again"
            )
            findings.append(table.finding(level, rows[wrong[0]], rows[wrong[-1]], message))
    return findings
