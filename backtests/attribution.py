"""Where each dollar came from: the ledger's lines by leg and by day, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from backtests.result import BOOK_LINES, LEG_LINES, Result
from data.bonds import Array

BOOK = "book"  # stands for the instrument of a line that belongs to no leg


def by_line(result: Result) -> dict[str, float]:
    """Sum of each ledger line over the window, USD; together the P&L."""
    return {name: float(result.line(name).sum()) for name in (*LEG_LINES, *BOOK_LINES)}


def by_leg(result: Result, legs: Sequence[str]) -> dict[str, Array]:
    """Cumulative P&L (T,) of each leg after all its own lines, and of the book's cash and margin, USD."""
    total = sum(result.line(name) for name in LEG_LINES)
    paths = {leg: np.cumsum(np.asarray(total)[:, i]) for i, leg in enumerate(legs)}
    return {**paths, BOOK: np.cumsum(result.cash + result.margin)}


def tidy(variant: str, result: Result, legs: Sequence[str]) -> pd.DataFrame:
    """One row per date, instrument and line that is not 0: date, variant, instrument, line, usd."""
    parts = []
    for name in LEG_LINES:
        frame = pd.DataFrame(result.line(name), index=result.dates, columns=list(legs))
        parts.append(_long(frame, name))
    for name in BOOK_LINES:
        parts.append(_long(pd.DataFrame({BOOK: result.line(name)}, index=result.dates), name))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["usd"] != 0.0]
    table.insert(1, "variant", variant)
    return table.sort_values(["date", "instrument", "line"], ignore_index=True)


def _long(frame: pd.DataFrame, line: str) -> pd.DataFrame:
    frame = frame.rename_axis(index="date", columns="instrument")
    table = frame.reset_index().melt(id_vars="date", value_name="usd")
    table.insert(2, "line", line)
    return table
