"""One cell: what a value of a run is in a spreadsheet. Days are days, figures figures, and no text is a formula."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from backtests.export.columns import Kind
from backtests.export.tables import Table
from backtests.report.format import RUN, guarded

Value = str | float | int | bool | date | None


def value(kind: Kind, held: Any) -> Value:
    """Return a value as a cell has it; None where there is none.

    >>> value("date", "2026-01-31"), value("number", float("nan")), value("text", "=1+1"), value("text", "-1")
    (datetime.date(2026, 1, 31), None, "'=1+1", "'-1")
    """
    if held is None or held is pd.NaT:
        return None
    if isinstance(held, datetime):
        return held.date()
    if isinstance(held, bool | np.bool_):
        return bool(held)
    if isinstance(held, int | np.integer):
        return int(held)
    if isinstance(held, float | np.floating):
        return float(held) if math.isfinite(held) else None
    if isinstance(held, str):
        return _day(held) if kind == "date" else _text(held)
    return held if isinstance(held, date) else _text(str(held))


def rows(table: Table) -> Iterator[list[Value]]:
    """Give a table's rows of cells."""
    kinds = [column.kind for column in table.columns]
    for row in zip(*table.values, strict=True):
        yield [value(kind, held) for kind, held in zip(kinds, row, strict=True)]


def _text(held: str) -> str:
    text = str(guarded(held))
    return f"'{text}" if text.startswith(RUN) else text  # a figure in a text too


def _day(text: str) -> Value:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return _text(text)
