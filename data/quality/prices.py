"""Prices: whether close, distributions and the adjusted price agree."""

from __future__ import annotations

import numpy as np

from data.quality.finding import Finding, count, largest
from data.quality.table import Table, ratio

TRADED = ("close", "adjusted")
TOLERANCE = 5e-4  # of a day's total return; the ways to adjust differ by less than 2 bp
LARGE_DIVIDEND = 0.2  # fraction of the price


def main(table: Table) -> str:
    """Return the column that the others stand beside: the close, or the adjusted price where it is alone."""
    return next(name for name in TRADED if name in table.columns)


def distributions(table: Table) -> list[Finding]:
    """Return a warning where closes are all there is: what was distributed is in no price."""
    paid = "dividend" in table.columns and bool((np.nan_to_num(table.get("dividend")) > 0).any())
    adjusted_too = "adjusted" in table.columns and not np.isnan(table.get("adjusted")).all()
    if paid or adjusted_too or not len(table.days):
        return []
    message = (
        "closes alone: a price return, without what was distributed; bring adjusted prices too, or set "
        f"distributions: none, of {table.spec.name} under instruments or of all names under data"
    )
    return [table.finding("warning", 0, -1, message, "no_distributions")]


def adjusted(table: Table) -> list[Finding]:
    """Return a warning when returns of the adjusted price are not those of close and dividend.

    The total return is (close + dividend) / previous close - 1, on rows whose previous row has prices too.
    """
    if not {"close", "adjusted", "dividend"} <= set(table.columns):
        return []
    price, close, paid = table.get("adjusted"), table.get("close"), np.nan_to_num(table.get("dividend"))
    difference = ratio(price[1:], price[:-1]) - ratio(close[1:] + paid[1:], close[:-1])
    off = np.flatnonzero(np.abs(difference) > TOLERANCE)
    if not off.size:
        return []
    worst = off[np.abs(difference[off]).argmax()]
    message = (
        f"adjusted differs from close and dividend by more than {1e4 * TOLERANCE:g} bp on {len(off)} of "
        f"{count((~np.isnan(difference)).sum(), 'day')}, the most by {1e4 * difference[worst]:+.1f} bp on "
        f"{table.days[worst + 1]}: distributions are missing, or it was adjusted at different times; download all again"
    )
    return [table.finding("warning", off[0] + 1, off[-1] + 1, message, "adjustment")]


def dividends(table: Table) -> list[Finding]:
    """Return an error for each distribution that is negative or above a fifth of the price."""
    if not {"close", "dividend"} <= set(table.columns):
        return []
    paid, close = table.get("dividend"), table.get("close")
    findings = []
    for row in np.flatnonzero((paid < 0) | (paid > LARGE_DIVIDEND * close)).tolist():
        message = f"dividend {paid[row]:g} on a price of {close[row]:g}, expected 0 to 20 % of it; download all again"
        findings.append((abs(paid[row]), table.finding("error", row, row, message, "dividend")))
    return largest(findings, "impossible dividends")


def splits(table: Table) -> list[Finding]:
    """Return a note for each split: prices before it must have been restated."""
    if "split" not in table.columns:
        return []
    split = table.get("split")
    findings = []
    for row in np.flatnonzero(~np.isnan(split) & (split != 0) & (split != 1)).tolist():
        message = f"split, {split[row]:g} for 1: the source restates all prices before it; download all again"
        findings.append((split[row], table.finding("note", row, row, message, "stated_split")))
    return largest(findings, "splits")
