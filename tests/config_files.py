"""A configuration as text, loaded or refused, for the tests of backtests/config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backtests import config
from backtests.config import Config, Variant
from data.errors import ConfigError

BASE = "name: run\nvariants: {a: {strategy: policy}}\n"  # what a test adds starts on line 3

EVERYTHING = """
name: everything
thesis_date: 2020-01-02
data: {source: prices, start: 2000-01-31, end: 2020-01-31, frequency: weekly, interpolation: pchip, distributions: paid}
account:
  {capital: 5, size_on: capital, max_gross: 3, cash_interest: false, margin_spread_bp: 6, repo_spread_bp: 7,
  withholding: 0.1}
engine: ledger
fill: same_close
rebalance: {every: quarter, band: 0.1}
instruments:
  UST10: {borrow_bp: [{from: 2020-01-01, bp: 5}, {from: 2021-01-01, bp: 0.5}]}
  JGB10: {borrow_bp: 3, maturity: 9.5, rolls_per_year: 1}
  EDV: {kind: listed, currency: USD, curve: us, maturity: 24, half_spread_bp: 3, borrow_bp: 60, fee_bp: 6, lot: 2,
    exchange: ARCX, listed_on: 2008-01-29, multiplier: 2, rolldown: false}
sources: {fred: "https://x.org/{id}"}
variants:
  blend:
    strategy: blend
    params:
      parts:
        p: {strategy: hold, params: {weights: {EDV: -1}}, weight: -2}
        q: {strategy: divergence, params: {sizing: volatility, window: 3Y}}
        r: {strategy: blend}
    overlays: [{smooth: }, {gross_cap: {gross: 2}}]
    currency: {fx_swap: {basis_bp: 3}}
    rebalance: {every: bar}
    fill: next_close
  thesis: {extends: blend, strategy: thesis, params: {without: tips}, currency: unhedged}
  swap: {strategy: debt_capacity, params: {footprint: ignored, weight: 0.5, sizing: notional}, currency: fx_swap}
  pair: {strategy: divergence}
benchmarks: [pair, thesis]
"""

BOUNDS = {  # the lowest and the highest that are accepted; what lies just beyond each, with the words
    "account.capital": (1e-9, 1e15, (0, "above 0"), (1000000000000000.1, "at most 1e+15")),
    "account.max_gross": (1e-9, 50, (0, "above 0"), (50.000001, "at most 50")),
    "account.margin_spread_bp": (0, 10_000, (-1e-9, "at least 0"), (10_000.001, "at most 10000")),
    "account.repo_spread_bp": (0, 10_000, (-1e-9, "at least 0"), (10_000.001, "at most 10000")),
    "account.withholding": (0, 0.999999, (-1e-9, "at least 0"), (1, "below 1")),
    "rebalance.band": (0, 0.999999, (-1e-9, "at least 0"), (1, "below 1")),
    "variants.a.rebalance.band": (0, 0.999999, (-1e-9, "at least 0"), (1, "below 1")),
    "instruments.UST10.maturity": (0.5, 100, (0, "above 0"), (100.5, "at most 100")),
    "instruments.UST10.half_spread_bp": (0, 10_000, (-1e-9, "at least 0"), (10_000.001, "at most 10000")),
    "instruments.UST10.rolls_per_year": (0, 366, (-1e-9, "at least 0"), (366.001, "at most 366")),
    "instruments.UST10.borrow_bp": (0, 10_000, (-1e-9, "at least 0"), (10_000.001, "at most 10000")),
    "instruments.TLT.fee_bp": (0, 10_000, (-1e-9, "at least 0"), (10_000.001, "at most 10000")),
    "instruments.TLT.lot": (0, 1e12, (-1e-9, "at least 0"), None),
    "instruments.TLT.multiplier": (1e-9, 1e12, (0, "above 0"), (1000000000000.1, "at most 1e+12")),
    "instruments.TY.face": (1e-9, 1e12, (0, "above 0"), (1000000000000.1, "at most 1e+12")),
}  # fmt: skip


def load(folder: Path, text: str, *settings: str) -> Config:
    """Load a configuration of this text; `settings` are `a.b=value`."""
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, settings)


def variants(folder: Path, text: str, *settings: str) -> dict[str, Variant]:
    """Load variants, one key of two spaces each, and return them by name."""
    return {variant.name: variant for variant in load(folder, f"name: run\nvariants:\n{text}", *settings).variants}


def refusal(folder: Path, text: str, *settings: str) -> str:
    """Return the message, one line, that refuses a configuration; what it says of the folder is cut off."""
    with pytest.raises(ConfigError) as refused:
        load(folder, text, *settings)
    message = str(refused.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


def at(data: Any, dotted: str) -> Any:
    """Return the value at `a.b` of nested mappings."""
    for key in dotted.split("."):
        data = data[key]
    return data
