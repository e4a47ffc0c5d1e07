"""Variants whose sensitivity is measured: a pair, a swap, funds, a signal, a bond, a currency, one that starts late."""

from __future__ import annotations

import pytest

from backtests import config

HEAD = "name: s\nengine: ledger\ndata: {start: 1999-09-30, end: 2026-06-30}\n"
FUNDS = "funds: {strategy: divergence, params: {long: TLT, short: JGB20}}"
PAIR = "pair: {strategy: divergence, params: {long: UST10, short: JGB10, sizing: duration, duration: 5.0}}"
SWAPPED = "swapped: {strategy: curve, params: {front: JGB10, back: JGB30}, currency: {fx_swap: {basis_bp: -20}}}"
VARIANTS = f"""
variants:
  {PAIR}
  {SWAPPED}
  {FUNDS}
  policy: {{strategy: policy, overlays: [{{smooth: {{window: 3M}}}}], rebalance: {{every: quarter}}}}
  bond: {{strategy: hold, params: {{weights: {{UST10: 0.6}}}}}}
  yen: {{strategy: hold, params: {{weights: {{JPY: -0.5}}}}, currency: unhedged}}
  late: {{strategy: divergence, params: {{long: UST30, short: JGB30}}}}
benchmarks: [bond]
"""


def one_variant(text: str) -> str:
    return f"variants:\n  {text}\n"


def loaded(places: pytest.TempPathFactory, text: str, *settings: str) -> config.Config:
    """Variants of a text, read with the head before it."""
    path = places.mktemp("s") / "s.yaml"
    path.write_text(HEAD + text)
    return config.load(path, settings)
