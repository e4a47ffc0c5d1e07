"""Levels: what yields, rates and exchange rates were, month by month, to tell a unit or a mistaken country by."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.series import IN_PERCENT, VALUE, Spec
from data.sources import bundled

Array = NDArray[np.float64]
OVERNIGHT = {"USD": ("fed_funds", "sofr", "fed_funds_month"), "JPY": ("yen_call", "yen_call_month")}
NEAR = 1.35  # factor between tenors that are compared
TELLS = 0.02  # percent: of what is smaller a hundredfold cannot be told


@lru_cache
def known(series: str) -> pd.DataFrame | None:
    """Return the bundled month ends of a series, as published; None where there are none."""
    tables = bundled.load()
    base = (
        series.removesuffix("_month") if series in ("ust_month", "tips_month", "jgb_month", "usdjpy_month") else series
    )
    for curve, name in bundled.CURVES.items():
        if name == base:
            frame = tables.yields[curve] * IN_PERCENT
            return frame.set_axis([f"{tenor:g}" for tenor in frame], axis=1)
    for currency, names in OVERNIGHT.items():
        if base in names:
            return (tables.overnight[currency] * IN_PERCENT).to_frame(VALUE)
    return tables.fx["JPY"].to_frame(VALUE) if base == "usdjpy" else None


def pairs(spec: Spec, frame: pd.DataFrame, stored: pd.DataFrame | None) -> tuple[Array, Array]:
    """Return a delivery's monthly medians and what the same months' are known to have been, (n,) each.

    Stored rows go before the bundled ones; of curves the nearest tenor is compared.
    """
    references = [reference for reference in (stored, known(spec.name)) if reference is not None and len(reference)]
    own = _monthly(frame)
    for reference in references:
        other = _monthly(reference)
        months = own.index.intersection(other.index)
        values, levels = [], []
        for column in own:
            match = _nearest(str(column), [str(name) for name in other], spec.kind)
            if match is not None:
                values.append(own[column].reindex(months).to_numpy(dtype=float))
                levels.append(other[match].reindex(months).to_numpy(dtype=float))
        if values:
            v, r = np.concatenate(values), np.concatenate(levels)
            there = ~(np.isnan(v) | np.isnan(r))
            if there.any():
                return v[there], r[there]
    return np.empty(0), np.empty(0)


def _monthly(frame: pd.DataFrame) -> pd.DataFrame:
    index = pd.DatetimeIndex(frame.index)
    return frame.groupby([index.year, index.month]).median()


def _nearest(column: str, others: list[str], kind: str) -> str | None:
    if kind != "curve":
        return column if column in others else None
    best = min(others, key=lambda other: abs(np.log(float(other) / float(column))))
    factor = float(best) / float(column)
    return best if 1 / NEAR <= factor <= NEAR else None


def scale(values: Array, levels: Array) -> float | None:
    """Return by what factor values are off what they are known to have been; None where it cannot be told."""
    if not len(values) or np.median(np.abs(levels)) < TELLS:
        return None
    return float(np.median(np.abs(values)) / np.median(np.abs(levels)))
