"""What each series holds: its span, rows, gaps and age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from data.series import MONTH
from data.store import Stored
from data.tables import Tables


@dataclass(frozen=True)
class Extent:
    """One series' extent."""

    name: str
    first: date
    last: date
    rows: int
    gaps: int  # rows without a value between the first and the last
    age_days: int
    source: str = "bundled"
    sha256: str = ""
    restated: int = 0


def bundled(tables: Tables, today: date | None = None) -> list[Extent]:
    """Return the extent of every bundled series, in the tables' order."""
    today = today or datetime.now(UTC).date()
    named: dict[str, pd.Series] = {}
    for curve, frame in tables.yields.items():
        named |= {f"{curve} {tenor:g}y": frame[tenor] for tenor in frame}
    named |= {str(tables.countries.of_currency(currency).fx): quoted for currency, quoted in tables.fx.items()}
    named |= {f"{currency} overnight": rate for currency, rate in tables.overnight.items()}
    named |= tables.macro
    return [_extent(name, values, today) for name, values in named.items() if values.notna().any()]


def _extent(name: str, values: pd.Series, today: date) -> Extent:
    known = values.dropna()
    first, last = known.index[0], known.index[-1]
    step = int(pd.Series(known.index).diff().dt.days.median()) if len(known) > 1 else 1
    published = round((last - first).days / step) + 1 if step > 31 else len(values.loc[first:last])
    gaps = max(0, published - len(known))
    return Extent(name, first.date(), last.date(), len(known), gaps, (today - last.date()).days)


def stored(history: Stored, today: date | None = None) -> Extent:
    """Return the extent of a stored series; the gaps are weekdays (or months) without a row."""
    today = today or datetime.now(UTC).date()
    index = pd.DatetimeIndex(history.frame.index)
    step = "ME" if history.spec.calendar == MONTH else "B"
    gaps = len(pd.date_range(index[0], index[-1], freq=step).difference(index))
    first, last = index[0].date(), index[-1].date()
    age = (today - last).days
    return Extent(
        history.series, first, last, len(index), gaps, age, history.source, history.sha256[:12], history.restated
    )
