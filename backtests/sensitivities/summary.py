"""What the figures come to: which conventions turn the sign, which moves it most, and all of it as plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from backtests.sensitivities.judge import ScenarioResult, Sensitivity, VariantSensitivity, world
from backtests.sensitivities.scenarios import GROUPS, SCENARIOS


def flips(one: VariantSensitivity) -> list[ScenarioResult]:
    """Return, of each group about the world, the mildest row that changes the sign of the excess return."""
    if one.excess_return is None:
        return []
    found: dict[str, ScenarioResult] = {}
    for row in sorted(world(one.rows), key=lambda row: abs(row.return_change)):
        if (row.excess_return > 0) != (one.excess_return > 0):
            found.setdefault(row.scenario.group, row)
    return list(found.values())


def largest(one: VariantSensitivity) -> ScenarioResult | None:
    """Return the row about the world that moves the excess return most."""
    return max(world(one.rows), key=lambda row: abs(row.return_change), default=None)


def _ranges(one: VariantSensitivity) -> list[dict[str, Any]]:
    """From which Sharpe ratio to which each group moves a variant, widest first; the base is always inside."""
    groups: dict[str, list[ScenarioResult]] = {}
    for row in one.rows:
        groups.setdefault(row.scenario.group, []).append(row)
    found = []
    for group, rows in groups.items():
        low, high = min(rows, key=lambda row: row.change), max(rows, key=lambda row: row.change)
        mover = max((low, high), key=lambda row: abs(row.change))
        assert one.sharpe is not None
        found.append(
            {
                "group": group,
                "low": one.sharpe + min(0.0, low.change),
                "lowest": low.scenario.key if low.change < 0 else None,
                "high": one.sharpe + max(0.0, high.change),
                "highest": high.scenario.key if high.change > 0 else None,
                "mover": mover.scenario.key,
                "change": mover.change,
            }
        )
    return sorted(found, key=lambda range_: range_["low"] - range_["high"])


def _recorded(one: VariantSensitivity) -> dict[str, Any]:
    most = largest(one)
    worst, best = (
        {
            "cases": [scenario.key for scenario in both.scenarios],
            "sharpe": both.sharpe,
            "excess_return": both.excess_return,
        }
        for both in (one.worst, one.best)
    )
    return {
        "benchmark": one.benchmark,
        "base": {
            "sharpe": one.sharpe, "excess_return": one.excess_return,
            "first": one.first.isoformat(), "last": one.last.isoformat(), "bars": one.bars,
        },
        "cases": {
            row.scenario.key: {
                "sharpe": row.sharpe, "excess_return": row.excess_return, "change": row.change,
                "return_change": row.return_change, "bars": row.bars,
            }
            for row in one.rows
        },
        "absent": dict(one.absent),
        "groups": _ranges(one),
        "worst": worst,
        "best": best,
        "flips": [row.scenario.key for row in flips(one)],
        "largest": most.scenario.key if most else None,
        "share": -most.return_change / one.excess_return if most and one.excess_return else None,
        "breakeven_cost": {"value": one.cost.value, "reason": one.cost.reason},
        "breakeven_borrow": {"value": one.borrow.value, "reason": one.borrow.reason},
    }  # fmt: skip


def record(done: Sensitivity) -> dict[str, Any]:
    """Return plain values for JSON: what the cases are, and every variant under them. Fractions are decimals."""
    return {
        "name": done.config.name,
        "groups": {key: {"label": group.label, "about": group.about} for key, group in GROUPS.items()},
        "cases": {scenario.key: {"group": scenario.group, "label": scenario.label} for scenario in SCENARIOS},
        "variants": {one.name: _recorded(one) for one in done.variants},
    }


def tidy(done: Sensitivity) -> pd.DataFrame:
    """Return a row per variant and case that applies: base, every case, worst and best together."""
    found = []
    for one in done.variants:
        none = {"change": np.nan, "return_change": np.nan, "bars": one.bars}
        found.append((one.name, "base", "base", "", one.sharpe, one.excess_return, *none.values()))
        found += [
            (
                one.name, row.scenario.key, row.scenario.group, row.scenario.label, row.sharpe, row.excess_return,
                row.change, row.return_change, row.bars,
            )
            for row in one.rows
        ]  # fmt: skip
        for name, both in (("worst", one.worst), ("best", one.best)):
            label = ", ".join(scenario.key for scenario in both.scenarios)
            found.append((one.name, name, "together", label, both.sharpe, both.excess_return, *none.values()))
    columns = ("variant", "case", "group", "label", "sharpe", "excess_return", "change", "return_change", "bars")
    return pd.DataFrame(found, columns=list(columns)).astype({"sharpe": float, "excess_return": float})
