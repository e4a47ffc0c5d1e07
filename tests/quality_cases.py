"""Small series that the quality tests bend: curves, funds and yen without a fault."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from data.quality import Finding

TODAY = date(2026, 9, 1)
REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


def noise(n: int, columns: int = 1, seed: int = 0) -> np.ndarray:
    """Random walks that never repeat a value, a few basis points or per mille a day."""
    return np.random.default_rng(seed).normal(0, 0.03, (n, columns)).cumsum(axis=0)


def frame(days: pd.DatetimeIndex, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({name.removeprefix("y"): values for name, values in columns.items()}, days, dtype=float)


def curve(start: str, end: str, freq: str = "B", seed: int = 0) -> pd.DataFrame:
    """A curve of 2, 10 and 30 years that drifts around 3, 4 and 5 %."""
    days = pd.date_range(start, end, freq=freq)
    walks = noise(len(days), 3, seed) + np.array([3.0, 4.0, 5.0])
    return frame(days, y2=walks[:, 0], y10=walks[:, 1], y30=walks[:, 2])


def fund(start: str = "2024-02-20", end: str = "2024-03-28", price: float = 90.0) -> pd.DataFrame:
    """A fund without distributions, on the stock exchange's days if the span holds no holiday."""
    days = pd.date_range(start, end, freq="B")
    close = price * np.exp(noise(len(days))[:, 0] / 10)
    return frame(
        days, open=close, high=close, low=close, close=close, adjusted=close / 2,
        volume=1e6, dividend=0.0, split=0.0,
    )  # fmt: skip


def one(days: pd.DatetimeIndex, values: object) -> pd.DataFrame:
    return frame(days, value=values)


def yen(start: str = "2008-01-01", end: str = "2008-12-31") -> pd.DataFrame:
    days = pd.date_range(start, end, freq="B")
    return one(days, 105 + noise(len(days))[:, 0] * 5)


def about(findings: list[Finding], words: str) -> list[Finding]:
    return [finding for finding in findings if words in finding.message]


def spans(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f.level, str(f.first), str(f.last)) for f in findings]


def with_row(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    return pd.concat([rows, rows.iloc[[0]].set_axis(pd.DatetimeIndex([day]))]).sort_index()


def paying(amount: float = 0.3) -> pd.DataFrame:
    """A fund with a distribution on 2024-03-01, adjusted as Yahoo does: by 1 - dividend / close of the day before."""
    prices = fund()
    day = prices.index.get_loc(pd.Timestamp("2024-03-01"))
    prices.iloc[day, prices.columns.get_loc("dividend")] = amount
    factor = np.where(np.arange(len(prices)) < day, 1 - amount / prices["close"].iloc[day - 1], 1.0)
    return prices.assign(adjusted=prices["close"] * factor)
