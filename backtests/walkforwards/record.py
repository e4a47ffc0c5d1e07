"""A walk-forward in plain values: what JSON, the terminal, the page and Python show. Fractions are decimals."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from backtests.performance import metrics
from backtests.sweeps.store import text
from backtests.walkforwards import cpcv
from backtests.walkforwards.choose import sharpes, stability
from backtests.walkforwards.walk import Track, Walked
from data.pricing.bonds import Array

SHOWN = ("sharpe", "excess_return", "volatility", "excess_drawdown", "turnover", "cost_drag", "trading_pnl", "start",
         "end", "bars", "ruined")  # fmt: skip
INDEX = {"walkforward": "chosen as it goes", "best": "in-sample best", "default": "default", "benchmark": "benchmark"}


def record(walked: Walked) -> dict[str, Any]:
    """Return a walk-forward as JSON has it."""
    scale = float(np.sqrt(_ppy(walked)))
    inside = [choice.sharpe * scale for choice in walked.choices]
    outside = walked.tracks["walkforward"].figures["sharpe"]
    mean = float(np.mean(inside))
    return {
        "name": walked.grid.config.name,
        "base": walked.grid.base.name,
        "data": {
            "source": walked.shared.tables.source,
            "frequency": walked.shared.tables.frequency,
            "last": str(walked.shared.market.dates[-1]),
        },
        "plan": asdict(walked.plan),
        "window": _window(walked),
        "cells": len(walked.grid.cells),
        "ideas": len(set(walked.cells.ideas) - {""}),
        "axes": {axis.name: [text(value) for value in axis.values] for axis in _axes(walked)},
        "embargo": walked.embargo,
        "folds": folds(walked),
        "results": {key: _result(walked, key, track) for key, track in walked.tracks.items()},
        "in_sample_mean": mean,
        "efficiency": outside / mean if outside is not None and mean > 0 else None,
        "stability": _stability(walked),
        "cpcv": _cpcv(walked, scale),
        "reconciliation": walked.gap,
        "no_benchmark": walked.why_no_benchmark or None,
    }


def _ppy(walked: Walked) -> float:
    return metrics.periods_per_year(walked.dates, walked.shared.market.periods_per_year)


def _axes(walked: Walked) -> list[Any]:
    by_name = {axis.name: axis for axis in walked.grid.axes}
    return [by_name[name] for name in walked.grid.names]


def settings(walked: Walked, row: int) -> dict[str, str | None]:
    """Return a cell's settings as text, by name."""
    own = walked.grid.settings(walked.grid.cells[row])
    return {name: None if value is None else text(value) for name, value in own.items()}


def _window(walked: Walked) -> dict[str, Any]:
    begins, ends = walked.decided_by
    bars = np.flatnonzero(~np.isnan(walked.cells.x).all(axis=1))
    days = walked.shared.market.dates
    return {
        "first": str(walked.dates[0]),
        "last": str(walked.dates[-1]),
        "bars": len(walked.dates) - 1,
        "earliest": str(days[bars[0] - 1]),
        "latest": str(days[bars[-1]]),
        "begins_with": int(walked.grid.cells[begins]),
        "begins_settings": settings(walked, begins),
        "ends_with": int(walked.grid.cells[ends]),
        "ends_settings": settings(walked, ends),
    }


def folds(walked: Walked) -> list[dict[str, Any]]:
    """Return a row per fold: when, on what, which cell, and what it did in its training and after."""
    scale = float(np.sqrt(_ppy(walked)))
    chained = metrics.excess_returns(walked.tracks["walkforward"].result)
    start = walked.folds[0].decided
    rows = []
    for fold, choice in zip(walked.folds, walked.choices, strict=True):
        after = chained[fold.held.start - start - 1 : fold.held.stop - start - 1]
        rows.append(
            {
                "fold": fold.number + 1,
                "decided": str(walked.dates[fold.decided]),
                "train_first": str(walked.dates[fold.train.start]),
                "train_last": str(walked.dates[fold.train.stop - 1]),
                "train_bars": fold.train.stop - fold.train.start,
                "test_last": str(walked.dates[fold.held.stop - 1]),
                "test_bars": len(after),
                "cell": int(walked.grid.cells[choice.row]),
                "settings": settings(walked, choice.row),
                "changed": int(walked.changed[choice.row]),
                "in_sample": choice.sharpe * scale,
                "plateau": choice.score * scale,
                "out_of_sample": metrics.sharpe(after, scale**2),
                "return": float(np.prod(1.0 + after) - 1.0),
                "share_below": _below(walked.x[fold.held], choice.row),
            }
        )
    return rows


def _below(x: Array, row: int) -> float | None:
    """Share of the other cells whose Sharpe ratio after the choice was lower than the chosen cell's, ties half.

    A cell that did not move has one of 0 here; one that is not run has no part in it.
    """
    own = np.where(np.isnan(x).any(axis=0), np.nan, np.nan_to_num(sharpes(x)))
    others = np.delete(own, row)
    others = others[~np.isnan(others)]
    return float(np.mean((others < own[row]) + 0.5 * (others == own[row]))) if len(others) else None


def _result(walked: Walked, key: str, track: Track) -> dict[str, Any]:
    low, high = (walked.interval.low, walked.interval.high) if key == "walkforward" else (None, None)
    own = settings(walked, track.cell) if track.cell is not None else None
    return {
        "variant": track.variant,
        **{name: track.figures[name] for name in SHOWN},
        "sharpe_low": low,
        "sharpe_high": high,
        "cell": None if track.cell is None else int(walked.grid.cells[track.cell]),
        "settings": own,
    }


def _stability(walked: Walked) -> dict[str, Any]:
    chosen = np.array([choice.row for choice in walked.choices])
    places = walked.grid.places([walked.grid.cells[row] for row in chosen])
    cells, kept, by_axis = stability(chosen, places)
    names = [axis.name for axis in walked.grid.axes]
    share = dict(zip(names, by_axis.tolist(), strict=True))
    return {"cells": cells, "kept": kept, "axes": {name: share[name] for name in walked.grid.names}}


def _cpcv(walked: Walked, scale: float) -> dict[str, Any]:
    of_paths = sharpes(walked.paths.x) * scale
    known = np.sort(of_paths[~np.isnan(of_paths)])
    return {
        "groups": cpcv.GROUPS,
        "out": cpcv.OUT,
        "splits": len(walked.paths.chosen),
        "paths": [None if np.isnan(value) else float(value) for value in of_paths],
        "low": float(known[0]) if len(known) else None,
        "median": float(np.median(known)) if len(known) else None,
        "high": float(known[-1]) if len(known) else None,
        "cells": len(set(walked.paths.chosen.tolist())),
    }


# ---- tables


def folds_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the folds, a row each, a column for every setting."""
    flat = []
    for row in rows:
        plain = {name: value for name, value in row.items() if name != "settings"}
        flat.append({**plain, **row["settings"]})
    return pd.DataFrame(flat)


def growth(walked: Walked) -> pd.DataFrame:
    """Return growth of 1 over cash of the chain and of what stands beside it, on the chain's days."""
    columns = {
        key: pd.Series(metrics.excess_index(track.result), index=pd.DatetimeIndex(track.result.dates).as_unit("ms"))
        for key, track in walked.tracks.items()
    }
    return pd.DataFrame(columns).rename_axis("date")


def equity(walked: Walked) -> pd.DataFrame:
    """Return equity in USD likewise."""
    columns = {
        key: pd.Series(track.result.equity, index=pd.DatetimeIndex(track.result.dates).as_unit("ms"))
        for key, track in walked.tracks.items()
    }
    return pd.DataFrame(columns).rename_axis("date")


def crossed(walked: Walked) -> pd.DataFrame:
    """Return the excess returns of the paths of the cross-validation, bars by paths."""
    days = pd.DatetimeIndex(walked.dates[1:]).as_unit("ms")
    names = [f"path_{k + 1}" for k in range(walked.paths.x.shape[1])]
    return pd.DataFrame(walked.paths.x, index=days, columns=names).rename_axis("date")
