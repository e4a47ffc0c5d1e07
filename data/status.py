"""What each series of a set of tables holds: its span, rows, gaps and age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from data.tables import Tables


@dataclass(frozen=True)
class Series:
    """One series' extent."""

    name: str
    first: date
    last: date
    rows: int
    gaps: int  # rows without a value between the first and the last
    age_days: int


def status(tables: Tables, today: date | None = None) -> list[Series]:
    """Return the extent of every series, in the tables' order."""
    today = today or datetime.now(UTC).date()
    named: dict[str, pd.Series] = {}
    for curve, frame in tables.yields.items():
        named |= {f"{curve} {tenor:g}y": frame[tenor] for tenor in frame}
    named |= {"usdjpy": tables.usdjpy} | {f"{currency} overnight": rate for currency, rate in tables.overnight.items()}
    named |= tables.macro
    return [_extent(name, values, today) for name, values in named.items() if values.notna().any()]


def _extent(name: str, values: pd.Series, today: date) -> Series:
    known = values.dropna()
    first, last = known.index[0], known.index[-1]
    step = int(pd.Series(known.index).diff().dt.days.median()) if len(known) > 1 else 1
    expected = (
        max(len(known), round((last - first).days / max(step, 1)) + 1) if step > 31 else len(values.loc[first:last])
    )
    return Series(name, first.date(), last.date(), len(known), expected - len(known), (today - last.date()).days)
