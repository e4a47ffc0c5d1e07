"""What each variant ties up, and what its shorts cost and could bear: the table under risk through time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backtests.report.format import ABSENT, Row, millions, number, percent
from backtests.report.panels import Panels, VariantPanel


@dataclass(frozen=True)
class MarginRow(Row):
    """A variant's row, and whether its equity was once below its initial margin."""

    called: bool


def rows(panels: Panels) -> list[MarginRow]:
    """Return a row per variant; none where a run stored no margin."""
    return [_row(panels, variant) for variant in panels.variants if "initial_margin" in variant.figures]


def _row(panels: Panels, variant: VariantPanel) -> MarginRow:
    own = variant.figures
    cells = [
        percent(own["initial_margin"]), percent(own["initial_margin_max"]), millions(own["free_margin_least"]),
        own["free_margin_day"], number(own["breakeven_borrow"], 0, 1e4), _borrow(panels, variant),
    ]  # fmt: skip
    return MarginRow(variant.name, cells, own["free_margin_least"] < 0)


def _borrow(panels: Panels, variant: VariantPanel) -> str:
    """What the legs that it was short of cost, by leg; what a variant states itself is said to be its own."""
    legs, own = panels.run.manifest["legs"], variant.described.get("borrow_bp", {})
    table = panels.run.positions
    held = table[(table["variant"] == variant.name) & (table["units"].astype(float) < 0)]
    short = [name for name in variant.described["legs"] if (held["instrument"] == name).any()]
    rates = [f"{name} {rate(own.get(name, legs[name]))}{' (its own)' if name in own else ''}" for name in short]
    return "; ".join(rates) or ABSENT


def rate(borrow: Mapping[str, Any]) -> str:
    """Return a borrow rate, or its dated steps, in basis points a year.

    >>> rate({"borrow_bp": 10.0, "borrow_steps": [{"from": "2022-06-01", "bp": 25.0}]})
    '10, 25 from 2022-06-01'
    """
    return ", ".join([f"{borrow['borrow_bp']:g}", *(f"{s['bp']:g} from {s['from']}" for s in borrow["borrow_steps"])])
