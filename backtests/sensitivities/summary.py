"""A sensitivity in plain values: which conventions change the sign, which moves it most, and every figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from backtests.config import Config
from backtests.sensitivities.judge import ScenarioResult, Sensitivity, VariantSensitivity, world
from backtests.sensitivities.scenarios import ABROAD, GROUPS, SCENARIOS, About, Scenario
from data.countries import BASE


def flips(variant: VariantSensitivity, about: About = "world") -> list[ScenarioResult]:
    """Return, of each group about one thing, the mildest row that changes the sign of the excess return."""
    if variant.excess_return is None:
        return []
    by_group: dict[str, ScenarioResult] = {}
    rows = [row for row in variant.rows if GROUPS[row.scenario.group].about == about]
    for row in sorted(rows, key=lambda row: abs(row.return_change)):
        if (row.excess_return > 0) != (variant.excess_return > 0):
            by_group.setdefault(row.scenario.group, row)
    return list(by_group.values())


def largest(variant: VariantSensitivity) -> ScenarioResult | None:
    """Return the row about how markets work that moves the excess return most."""
    return max(world(variant.rows), key=lambda row: abs(row.return_change), default=None)


def _ranges(variant: VariantSensitivity) -> list[dict[str, Any]]:
    """The range of the Sharpe ratio over each group, widest first; the base is always inside."""
    groups: dict[str, list[ScenarioResult]] = {}
    for row in variant.rows:
        groups.setdefault(row.scenario.group, []).append(row)
    ranges = []
    for group, rows in groups.items():
        low, high = min(rows, key=lambda row: row.change), max(rows, key=lambda row: row.change)
        mover = max((low, high), key=lambda row: abs(row.change))
        assert variant.sharpe is not None
        ranges.append(
            {
                "group": group,
                "low": variant.sharpe + min(0.0, low.change),
                "lowest": low.scenario.key if low.change < 0 else None,
                "high": variant.sharpe + max(0.0, high.change),
                "highest": high.scenario.key if high.change > 0 else None,
                "mover": mover.scenario.key,
                "change": mover.change,
            }
        )
    return sorted(ranges, key=lambda range_: range_["low"] - range_["high"])


def _recorded(variant: VariantSensitivity) -> dict[str, Any]:
    most = largest(variant)
    worst, best = (
        {
            "cases": [scenario.key for scenario in combined.scenarios],
            "sharpe": combined.sharpe,
            "excess_return": combined.excess_return,
        }
        for combined in (variant.worst, variant.best)
    )
    return {
        "benchmark": variant.benchmark,
        "base": {
            "sharpe": variant.sharpe, "excess_return": variant.excess_return,
            "first": variant.first.isoformat(), "last": variant.last.isoformat(), "bars": variant.bars,
        },
        "cases": {
            row.scenario.key: {
                "sharpe": row.sharpe, "excess_return": row.excess_return, "change": row.change,
                "return_change": row.return_change, "bars": row.bars,
            }
            for row in variant.rows
        },
        "absent": dict(variant.absent),
        "groups": _ranges(variant),
        "worst": worst,
        "best": best,
        "flips": [row.scenario.key for row in flips(variant)],
        "own_flips": [row.scenario.key for row in flips(variant, "trade")],
        "largest": most.scenario.key if most else None,
        "share": -most.return_change / variant.excess_return if most and variant.excess_return else None,
        "breakeven_cost": {"value": variant.cost.value, "reason": variant.cost.reason},
        "breakeven_borrow": {"value": variant.borrow.value, "reason": variant.borrow.reason},
    }  # fmt: skip


def _label(scenario: Scenario, config: Config) -> str:
    """The label of a scenario; bonds abroad by name where those of a run are of one country."""
    legs = {leg for variant in config.variants for leg in variant.strategy.legs}
    abroad = {config.countries.of(config.library[leg]).bonds for leg in legs if config.library[leg].currency != BASE}
    return scenario.label.replace(ABROAD, abroad.pop()) if len(abroad) == 1 else scenario.label


def record(sensitivity: Sensitivity) -> dict[str, Any]:
    """Return plain values for JSON: the scenarios, and every variant under them. Fractions are decimals."""
    return {
        "name": sensitivity.config.name,
        "groups": {key: {"label": group.label, "about": group.about} for key, group in GROUPS.items()},
        "cases": {
            scenario.key: {"group": scenario.group, "label": _label(scenario, sensitivity.config)}
            for scenario in SCENARIOS
        },
        "variants": {variant.name: _recorded(variant) for variant in sensitivity.variants},
    }


def tidy(sensitivity: Sensitivity) -> pd.DataFrame:
    """Return a row per variant and scenario that applies: the base, every scenario, the worst and the best combined."""
    rows = []
    for variant in sensitivity.variants:
        none = {"change": np.nan, "return_change": np.nan, "bars": variant.bars}
        rows.append((variant.name, "base", "base", "", variant.sharpe, variant.excess_return, *none.values()))
        rows += [
            (
                variant.name, row.scenario.key, row.scenario.group, row.scenario.label, row.sharpe, row.excess_return,
                row.change, row.return_change, row.bars,
            )
            for row in variant.rows
        ]  # fmt: skip
        for name, combined in (("worst", variant.worst), ("best", variant.best)):
            label = ", ".join(scenario.key for scenario in combined.scenarios)
            figures = (combined.sharpe, combined.excess_return, *none.values())
            rows.append((variant.name, name, "together", label, *figures))
    columns = ("variant", "case", "group", "label", "sharpe", "excess_return", "change", "return_change", "bars")
    return pd.DataFrame(rows, columns=list(columns)).astype({"sharpe": float, "excess_return": float})
