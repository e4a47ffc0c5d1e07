"""Units: percent against decimals, yen against dollars, values outside what a series has ever been."""

from __future__ import annotations

import numpy as np

from data.quality.finding import Finding, Level, count
from data.quality.table import Days, Flags, Table
from data.series import AVERAGES

YIELDS = (-2.0, 20.0)  # percent; the Treasury curve reached 17.3 in 1981
OVERNIGHT = (-2.0, 25.0)  # percent; federal funds were 22.4 on a day of 1981
FX = {"usdjpy": (50.0, 500.0)}  # as quoted; 358 in 1971, 75.7 in 2011
LOWEST_FX = {"gbpusd": 1.0, "eurusd": 0.82}  # dollars per unit, since 1985 and 1999: below, it is upside down
CPI = (20.0, 1000.0)  # 1982-84 = 100
CPI_SINCE = np.datetime64("1947-01-01")  # before, it was lower and fell by more
CPI_DECLINE = 0.02  # a month; 1.9 % in 2008-11

DECIMALS = 0.3  # a curve or rate that is less in absolute value on days it cannot have been so low is in decimals
PROOF = {"month": 3}  # rows that prove it; 20 of a daily series
LONG, MIDDLE = 20.0, 10.0  # years: longer yields were above DECIMALS, these outside LOW_YIELDS
LOW_YIELDS = (("2009-01-01", "2023-12-31"),)
# When overnight rates were below DECIMALS, and years not known yet; of other countries' rates that cannot be said.
_LOW_DOLLAR = (("2008-09-01", "2016-02-29"), ("2020-03-01", "2022-03-31"), ("2027-01-01", "2200-01-01"))
_LOW_YEN = (("1998-09-01", "2025-02-28"), ("2027-01-01", "2200-01-01"))
LOW_RATES = {
    "fed_funds": _LOW_DOLLAR, "fed_funds_month": _LOW_DOLLAR, "sofr": _LOW_DOLLAR,
    "yen_call": _LOW_YEN, "yen_call_month": _LOW_YEN,
}  # fmt: skip
LONG_POSITIVE = ("ust", "tips", "jgb")  # whose longest yields were always above DECIMALS
BELIEVED = ("jgb",)  # a level that is impossible rather than odd


def of_curve(table: Table) -> list[Finding]:
    """Return an error for rows in decimals, and what lies outside -2 to 20 %."""
    longest = np.where(np.isnan(table.values), 0.0, table.tenors).max(axis=1)
    long = (longest >= LONG) & (table.spec.name in LONG_POSITIVE)
    judged = long | ((longest >= MIDDLE) & ~_within(table.days, LOW_YIELDS))
    level: Level = "error" if table.spec.name in BELIEVED else "warning"
    return [*_decimals(table, judged), *_outside(table, YIELDS, "percent", level)]


def averages(table: Table) -> list[Finding]:
    """Return a warning where a curve holds averages of months: levels of no day."""
    if table.spec.name not in AVERAGES:
        return []
    message = "averages of months: their changes are smaller and later than those from month end to month end"
    return [table.finding("warning", 0, -1, message)]


def of_rate(table: Table) -> list[Finding]:
    """Return an error for an overnight rate in decimals, or outside -2 to 25 %."""
    low = LOW_RATES.get(table.spec.name)
    decimals = _decimals(table, ~_within(table.days, low)) if low else []
    return [*decimals, *_outside(table, OVERNIGHT, "percent", "error")]


def of_fx(table: Table) -> list[Finding]:
    """Return an error for rates outside what is known of them: 50 to 500 yen per dollar."""
    limits = FX.get(table.spec.name)
    return _outside(table, limits, table.spec.unit.replace("US ", ""), "error") if limits else []


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
