"""The rows of a stored series: date, column, value, vintage; every value it was ever given, the latest last."""

from __future__ import annotations

import numpy as np
import pandas as pd


def none() -> pd.DataFrame:
    """Return no rows."""
    return pd.DataFrame(
        {
            "date": pd.Series(dtype="datetime64[ns]"),
            "column": pd.Series(dtype="str"),
            "value": pd.Series(dtype=float),
            "vintage": pd.Series(dtype="int32"),
        }
    )


def latest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the latest vintage of every value, dates x columns."""
    last = rows.drop_duplicates(["date", "column"], keep="last")
    frame = last.set_index(["date", "column"])["value"].unstack().rename_axis(None, axis=1)
    return frame[ordered(frame.columns)].sort_index()


def long(frame: pd.DataFrame) -> pd.DataFrame:
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


def ordered(columns: pd.Index) -> list[str]:
    """Tenors by length, other columns as they come."""

    def key(name: str) -> tuple[float, str]:
        try:
            return (float(name), "")
        except ValueError:
            return (np.inf, name)

    return sorted((str(name) for name in columns), key=key)
