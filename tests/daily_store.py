"""A store of made-up daily history, and the market it makes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data import assemble
from data.build import build
from data.instruments import LIBRARY
from data.series import Delivery
from data.store import Store

NOW = datetime(2024, 6, 1, tzinfo=UTC)
TODAY = date(2024, 6, 1)
US = pd.bdate_range("2023-01-02", "2024-05-31")
JP = US.drop(pd.to_datetime(["2023-05-03", "2023-05-04", "2023-05-05"]))  # Golden Week
US_OPEN = US.drop(pd.to_datetime(["2023-07-04"]))


def wave(index: pd.DatetimeIndex, level: float, size: float, seed: int) -> np.ndarray:
    return level + size * np.cumsum(np.random.default_rng(seed).normal(size=len(index)))


def filled(folder: Path) -> Store:
    """A year and a half of made-up history on which New York and Tokyo have different holidays."""
    store = Store(folder)
    us = {tenor: wave(US_OPEN, level, 0.03, 1) for tenor, level in (("20", 4.2), ("30", 4.3), ("10", 4.0), ("5", 3.9))}
    jp = {tenor: wave(JP, level, 0.01, 2) for tenor, level in (("5", 0.3), ("10", 0.7), ("20", 1.4))}
    deliveries = {
        "ust": pd.DataFrame(us, index=US_OPEN),
        "jgb": pd.DataFrame(jp, index=JP),
        "usdjpy": pd.DataFrame({"value": wave(US_OPEN, 140, 0.5, 3)}, index=US_OPEN),
        "fed_funds": pd.DataFrame({"value": 5.0}, index=pd.date_range("2023-01-01", "2024-05-31")),
        "yen_call_month": pd.DataFrame(
            {"value": np.arange(17) / 100}, index=pd.date_range("2023-01-31", periods=17, freq="ME")
        ),
    }
    for name, frame in deliveries.items():
        store.put(Delivery(name, "a test", frame), NOW)
    return store


def put_prices(store: Store, days: pd.DatetimeIndex, seed: int = 5) -> pd.DataFrame:
    """Store prices of TLT that pay 0.30 on the first day of each month; return them."""
    close = 95 * np.cumprod(1 + np.random.default_rng(seed).normal(0, 0.008, len(days)))
    paid = np.where(pd.Series(days).dt.month.diff().fillna(0) != 0, 0.30, 0.0)
    growth = np.concatenate([[1.0], (close[1:] + paid[1:]) / close[:-1]])
    adjusted = close[0] * np.cumprod(growth)
    frame = pd.DataFrame({"close": close, "adjusted": adjusted, "dividend": paid}, index=days)
    store.put(Delivery("TLT", "a test", frame), NOW)
    return frame


def market(store: Store, names: list[str], frequency="daily", **options):
    listed = [name for name in names if LIBRARY[name].kind == "listed"]
    tables = assemble.load(store, frequency, listed, TODAY, **options)
    return build(tables, [LIBRARY[name] for name in names])


def at(market, day: str) -> int:
    return int(np.flatnonzero(market.dates == np.datetime64(day))[0])
