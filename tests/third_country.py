"""A country that is made up, as files of its own and a configuration that trades its bonds against Treasuries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

DAYS = pd.bdate_range("2021-01-04", "2023-12-29")
TENORS = (1, 2, 3, 5, 7, 10)
COUNTRY = """
countries:
  nz:
    label: Southland
    currency: NZD
    money: kiwi
    day_count: 360
    coupons: 1
    quotes: spot
    compounding: continuous
    close: 16:45 Pacific/Auckland
    nominal: southland
    overnight: southland_cash
    fx: usdnzd
    fx_quoted: units_per_usd
    basis_bp: 12
    colour: "#117733"
"""
TRADES = """
name: third
data: {source: csv}
fill: next_close
instruments:
  NZ10:
    {kind: par_bond, currency: NZD, curve: nz, maturity: 10, half_spread_bp: 1, rolls_per_year: 2, borrow_bp: 20}
variants:
  pair: {strategy: divergence, params: {long: NZ10, short: UST10, duration: 4}}
  pair_unhedged: {extends: pair, currency: unhedged}
  pair_swapped: {extends: pair, currency: fx_swap}
  pair_dear: {extends: pair, currency: {fx_swap: {basis_bp: 40}}}
  bond: {strategy: hold, params: {weights: {NZ10: 0.5}}}
benchmarks: [bond]
"""


def spot() -> pd.DataFrame:
    """Spot rates, percent, on the country's days: it keeps a holiday of its own, and New York's are not known to it."""
    t = np.arange(len(DAYS))
    level = 3.0 + np.sin(t / 90) + 0.05 * np.sin(1.7 * t)
    slope = 0.6 + 0.3 * np.cos(t / 140)
    values = {f"{years}Y": np.round(level + slope * np.log(years) / 2.3, 4) for years in TENORS}
    return pd.DataFrame(values, DAYS).drop(pd.Timestamp("2022-06-24"))


def write(folder: Path) -> None:
    """Write the country's series, each into a file of its name, and the US's as its publishers have them."""
    folder.mkdir()
    t = np.arange(len(DAYS))
    spot().rename_axis("date").to_csv(folder / "southland.csv")
    _value(1.5 + np.round(t / 400, 3)).to_csv(folder / "southland_cash.csv")
    _value(np.round(1.55 + 0.1 * np.sin(t / 60), 4)).to_csv(folder / "usdnzd.csv")
    level = 2.5 + 0.8 * np.sin(t / 110) + 0.04 * np.cos(2.1 * t)
    treasury = {f"{years} Yr": np.round(level + 0.3 * np.log(years), 2) for years in (*TENORS, 20, 30)}
    months = {"3 Mo": np.round(level - 0.4, 2)}
    pd.DataFrame({**months, **treasury}, DAYS.strftime("%m/%d/%Y")).rename_axis("Date").to_csv(folder / "ust.csv")
    funds = pd.DataFrame({"DFF": np.round(0.1 + t / 160, 2)}, DAYS).rename_axis("observation_date")
    funds.to_csv(folder / "fed_funds.csv")


def place(folder: Path) -> Path:
    """Fill a folder with the country's files, a configuration that knows it and one that does not."""
    write(folder / "csv")
    (folder / "third.yaml").write_text(COUNTRY + TRADES)
    (folder / "unknown.yaml").write_text(TRADES)
    return folder


def _value(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"value": values}, DAYS).rename_axis("date")
