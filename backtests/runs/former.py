"""Manifests and figures of earlier versions, brought to the form of this one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from backtests.runs.manifest import FORMAT
from data.errors import ConfigError

NEEDED = ("name", "created", "data", "capital", "benchmarks", "variants", "legs")


def current(manifest: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a manifest as this version writes it, as far as it states what is in it.

    Raises
    ------
    ConfigError
        A manifest of a later version, or one that lacks what every version states.
    """
    if manifest.get("format", 1) > FORMAT:
        raise ConfigError(
            f"{where}: was written by a later version (format {manifest['format']}, this one reads up to {FORMAT}); "
            "update divergence, or run its config.yaml again"
        )
    missing = [key for key in NEEDED if key not in manifest]
    if missing:
        raise ConfigError(f"{where}: its manifest.json lacks {', '.join(missing)}; run its config.yaml again")
    return {**manifest, "legs": {name: _leg(leg) for name, leg in manifest["legs"].items()}}


def _leg(leg: dict[str, Any]) -> dict[str, Any]:
    """The first version stated one stretch by proxy or none, and not what was traded."""
    proxy = leg.get("proxy") or []
    return {**leg, "proxy": [proxy] if isinstance(proxy, dict) else proxy, "traded": leg.get("traded", [])}


def figures(stored: dict[str, dict[str, Any]], attribution: pd.DataFrame, day: str | None) -> dict[str, dict[str, Any]]:
    """Return a run's figures by variant with its trading P&L, which earlier versions stated with the interest in it.

    `attribution` are the run's lines, `day` is its thesis date.
    """
    cash = attribution[attribution["line"] == "cash"]
    return {
        name: own if "trading_pnl" in own else _trading(own, cash[cash["variant"] == name], day)
        for name, own in stored.items()
    }


def _trading(own: dict[str, Any], cash: pd.DataFrame, day: str | None) -> dict[str, Any]:
    interest = float(cash["usd"].sum())
    known = {**own, "trading_pnl": own["pnl"] - interest, "interest": interest}
    if day and own.get("thesis_pnl") is not None:
        late = float(cash.loc[cash["date"] >= pd.Timestamp(day), "usd"].sum())
        known["thesis_trading_pnl"] = own["thesis_pnl"] - late
    return known
