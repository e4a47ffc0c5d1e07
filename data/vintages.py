"""Vintages: what a delivery adds to the values of a series that are stored, and what it may not do to them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from data.errors import DataError
from data.quality import Finding, quarantine
from data.series import MONTH, Delivery, Spec
from data.sources.periods import spacing

logger = logging.getLogger(__name__)

HOME = "DIVERGENCE_HOME"
SAME = 1e-9  # relative: values this near are one value, printed twice
BESIDE = 10  # stored rows on each side of a delivery that it is judged beside


@dataclass(frozen=True)
class Change:
    """What a delivery did to a series."""

    series: str
    added: int
    restated: int
    kept: int  # values stored earlier that the delivery no longer holds
    first: date | None
    last: date | None
    notes: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)  # of what was left out
    warnings: list[Finding] = field(default_factory=list)  # of what is stored all the same


def check_spacing(delivery: Delivery, rows: pd.DataFrame, spec: Spec) -> None:
    """Refuse month ends into a daily series, and the reverse: each would put days into the other that never were."""
    index = pd.DatetimeIndex(rows["date"].drop_duplicates().sort_values())
    given, stored = spacing(delivery.frame.index), spacing(index)
    if given is not None and stored is not None and given != stored and spec.calendar != MONTH:
        words = {"daily": "daily rows", "weekly": "weekly rows", "monthly": "month ends", "longer": "rows far apart"}
        raise DataError(
            f"{delivery.source}: {words[given]} of {delivery.series}, of which the store holds {words[stored]}; keep "
            "them "
            f"apart with another {HOME}"
        )


def monthly(index: pd.Index) -> bool | None:
    """Whether dates are about a month apart; None where there are too few to tell."""
    return None if len(index) < 3 else bool(pd.Series(index).diff().dt.days.median() > 20)


def latest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the latest vintage of every value, dates x columns."""
    latest = rows.drop_duplicates(["date", "column"], keep="last")
    frame = latest.set_index(["date", "column"])["value"].unstack().rename_axis(None, axis=1)
    return frame[_ordered(frame.columns)].sort_index()


def judged(delivery: Delivery, rows: pd.DataFrame, spec: Spec) -> tuple[pd.DataFrame, list[Finding]]:
    """Return what of a delivery can be true, judged beside the stored rows next to it: a few prove little alone."""
    given = delivery.frame
    if rows.empty or given.empty:
        return quarantine(spec, given)
    stored = latest(rows)
    beside = pd.concat(
        [stored[stored.index < given.index[0]].tail(BESIDE), stored[stored.index > given.index[-1]].head(BESIDE)]
    )
    frame, findings = quarantine(spec, pd.concat([beside, given]).sort_index())
    first, last = given.index[0].date(), given.index[-1].date()
    relevant = [f for f in findings if f.last is None or f.first is None or (f.last >= first and f.first <= last)]
    return frame.reindex(index=frame.index.intersection(given.index), columns=given.columns), relevant


def on_one_basis(delivery: Delivery, frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return prices with the adjusted ones that only the store has, brought to the basis of the delivery.

    Adjusted prices are rescaled whole with every distribution; joined as they are, two bases would make a return.
    """
    if rows.empty or "adjusted" not in frame or "adjusted" not in rows["column"].to_numpy():
        return frame
    stored, given = latest(rows)["adjusted"].dropna(), frame["adjusted"].dropna()
    only = stored.index.difference(given.index)
    both = stored.index.intersection(given.index)
    if only.empty:
        return frame
    if both.empty:
        raise DataError(
            f"{delivery.source}: adjusted prices of {delivery.series} that share no day with those stored "
            f"({stored.index[0].date()} to {stored.index[-1].date()}); import a file that overlaps them"
        )
    factor = (given[both] / stored[both]).reindex(stored.index).ffill().bfill()
    if np.allclose(factor[only], 1.0, rtol=SAME, atol=0.0):
        return frame
    logger.info(
        "%s: adjusted prices of %d stored days brought to the basis of %s", delivery.series, len(only), delivery.source
    )
    moved = pd.DataFrame({"adjusted": (stored * factor)[only]})
    return frame.combine_first(moved)


def no_rows() -> pd.DataFrame:
    """Return the values of a series of which nothing is stored."""
    return pd.DataFrame(
        {
            "date": pd.Series(dtype="datetime64[ns]"),
            "column": pd.Series(dtype="str"),
            "value": pd.Series(dtype=float),
            "vintage": pd.Series(dtype="int32"),
        }
    )


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per value that is there."""
    rows, columns = frame.shape
    table = pd.DataFrame(
        {
            "date": np.repeat(frame.index.to_numpy(dtype="datetime64[ns]"), columns),
            "column": np.tile(frame.columns.to_numpy(dtype=object), rows),
            "value": frame.to_numpy(dtype=float).reshape(-1),
        }
    ).astype({"column": "str"})
    return table.dropna(subset="value").reset_index(drop=True)


def compared(
    delivery: Delivery, frame: pd.DataFrame, rows: pd.DataFrame, findings: list[Finding]
) -> tuple[pd.DataFrame, Change]:
    """Return the values worth adding, and what they do: new ones, and those that differ from what is stored."""
    given = _long(frame)
    stored = rows.drop_duplicates(["date", "column"], keep="last")[["date", "column", "value"]]
    both = given.merge(stored, how="left", on=["date", "column"], suffixes=("", "_stored"))
    known = both["value_stored"].notna().to_numpy()
    apart = ~np.isclose(both["value"], both["value_stored"], rtol=SAME, atol=0.0) & known
    fresh = both.loc[~known | apart, ["date", "column", "value"]].reset_index(drop=True)
    spanned = stored["date"].between(frame.index[0], frame.index[-1]) if len(frame) else stored["date"].isna()
    kept = int((spanned & stored["column"].isin(frame.columns)).sum()) - int(known.sum())
    return fresh, Change(
        series=delivery.series,
        added=int((~known).sum()),
        restated=int(apart.sum()),
        kept=kept,
        first=frame.index[0].date() if len(frame) else None,
        last=frame.index[-1].date() if len(frame) else None,
        notes=delivery.notes,
        findings=findings,
    )


def overlap(frame: pd.DataFrame, rows: pd.DataFrame) -> int:
    """Return how many values of a delivery are stored already."""
    stored = rows.drop_duplicates(["date", "column"], keep="last")
    return len(_long(frame).merge(stored, on=["date", "column"]))


def _ordered(columns: pd.Index) -> list[str]:
    """Tenors by length, other columns as they come."""

    def key(name: str) -> tuple[float, str]:
        try:
            return (float(name), "")
        except ValueError:
            return (np.inf, name)

    return sorted((str(name) for name in columns), key=key)
