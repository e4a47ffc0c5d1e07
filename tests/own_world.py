"""A made-up world as files: Treasuries, a gilt from spot rates, a Bund with annual coupons, and listed names.

EDV is closes without a proxy, GLD pays nothing, FXY is adjusted closes alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

DAYS = pd.bdate_range("2021-01-04", "2023-12-29")
T = np.arange(len(DAYS))
TENORS = (1, 2, 3, 5, 7, 10)
RATE = 0.00012  # a day, of what EDV distributes

INSTRUMENTS = """
instruments:
  EDV: {kind: listed, currency: USD, half_spread_bp: 3, borrow_bp: 60, duration: 24}
  GLD: {kind: listed, currency: USD, half_spread_bp: 1, borrow_bp: 50, distributions: none}
  FXY: {kind: listed, currency: USD, half_spread_bp: 2, borrow_bp: 80}
"""
COUNTRIES = """
countries:
  uk: {quotes: spot, compounding: continuous}
"""
VARIANTS = """
fill: next_close
variants:
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
  edv_vs_ust: {strategy: divergence, params: {long: UST10, short: EDV, duration: 4}}
  gold: {strategy: hold, params: {weights: {GLD: 0.5, FXY: -0.2}}}
  gilt_vs_bund: {strategy: divergence, params: {long: UKT10, short: DBR10, duration: 4}}
  bund_unhedged: {strategy: hold, currency: unhedged, params: {weights: {DBR10: 0.5}}}
benchmarks: [bond]
"""


def config(source: str) -> str:
    """The whole configuration on a source."""
    return f"name: own\ndata: {{source: {source}}}\n{COUNTRIES}{INSTRUMENTS}{VARIANTS}"


def edv() -> pd.DataFrame:
    """Closes and adjusted closes, under the names of a broker's export."""
    close = np.round(120.0 + 12.0 * np.sin(T / 75) + 0.6 * np.cos(1.3 * T), 2)
    return pd.DataFrame({"Close": close, "Adj Close": np.round(close * np.exp(RATE * (T - T[-1])), 6)}, DAYS)


def gld() -> pd.DataFrame:
    return pd.DataFrame({"Close": np.round(170.0 + 9.0 * np.sin(T / 40) + 0.5 * np.cos(2.3 * T), 2)}, DAYS)


def fxy() -> pd.DataFrame:
    """Adjusted closes alone, a year shorter at the start."""
    adjusted = np.round(65.0 + 4.0 * np.sin(T / 55) + 0.2 * np.cos(1.9 * T), 4)
    return pd.DataFrame({"Adj Close": adjusted}, DAYS).loc["2021-10-01":]


def curve(level: float, slope: float, speed: float) -> pd.DataFrame:
    """Percent, a column a tenor."""
    moving = level + 0.7 * np.sin(T / speed) + 0.03 * np.cos(1.7 * T)
    return pd.DataFrame({f"{years}Y": np.round(moving + slope * np.log(years), 4) for years in TENORS}, DAYS)


def value(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"value": values}, DAYS)


def series() -> dict[str, pd.DataFrame]:
    """Every series but the Treasury's, by its name."""
    return {
        "EDV": edv(),
        "GLD": gld(),
        "FXY": fxy(),
        "bund": curve(1.6, 0.25, 95.0),
        "gilt": curve(2.4, 0.35, 80.0),
        "estr": value(np.round(0.4 + T / 420, 3)),
        "sonia": value(np.round(0.3 + T / 300, 3)),
        "eurusd": value(np.round(1.09 + 0.06 * np.sin(T / 60), 4)),
        "gbpusd": value(np.round(1.27 + 0.07 * np.cos(T / 66), 4)),
    }


def treasury() -> dict[str, pd.DataFrame]:
    """The home curve and its overnight rate, as their publishers have them."""
    level = 2.5 + 0.8 * np.sin(T / 110) + 0.04 * np.cos(2.1 * T)
    yields = {f"{years} Yr": np.round(level + 0.3 * np.log(years), 2) for years in (*TENORS, 20, 30)}
    ust = pd.DataFrame({"3 Mo": np.round(level - 0.4, 2), **yields}, DAYS.strftime("%m/%d/%Y")).rename_axis("Date")
    funds = pd.DataFrame({"DFF": np.round(0.1 + T / 160, 2)}, DAYS).rename_axis("observation_date")
    return {"ust": ust, "fed_funds": funds}


def write(folder: Path) -> None:
    """Write every series into a file of its name."""
    folder.mkdir()
    for name, frame in series().items():
        frame.rename_axis("Date" if frame.columns[0].endswith("lose") else "date").to_csv(folder / f"{name}.csv")
    for name, frame in treasury().items():
        frame.to_csv(folder / f"{name}.csv")
