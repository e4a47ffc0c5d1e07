"""The bundled columns as decimals, and a strategy's signal beside them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data.market import Market

BUNDLED = Path(__file__).resolve().parent.parent / "data" / "bundled"


def columns(name: str) -> pd.DataFrame:
    return pd.read_csv(BUNDLED / name, index_col="date", parse_dates=["date"]) / 100


M, MACRO = columns("month_end_markets.csv"), columns("month_end_macro.csv")


def signal(strategy, market: Market) -> pd.Series:
    assert (market.dates == M.index[: len(market.dates)].to_numpy()).all()
    return pd.Series(strategy.signal(market), M.index[: len(market.dates)])
