"""What a walk-forward leaves: its folder, and its ideas in the registry of trials."""

from __future__ import annotations

import json
import math
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from backtests.config import Config, dump, idea
from backtests.performance import metrics
from backtests.runs import trials as registry
from backtests.runs.folder import destination as place
from backtests.runs.manifest import plain
from backtests.runs.trials import Trial
from backtests.sweeps.store import identity
from backtests.walkforwards.record import crossed, equity, folds_table, settings
from backtests.walkforwards.walk import Walked

SOURCE = "walkforward"
MOST_PATHS = 2000  # that the registry is given
FORMAT = 1


def destination(config: Config, out: Path | None, now: datetime) -> Path:
    """Return the folder a walk-forward will be written to; raises ConfigError where one given holds something."""
    return place(config, out, now, "walkforward")


def write(walked: Walked, stated: dict[str, Any], folder: Path, now: datetime) -> None:
    """Write a walk-forward's tables and what they rest on."""
    (folder / "config.yaml").write_text(dump(walked.grid.config), encoding="utf-8")
    manifest = {
        "format": FORMAT,
        "kind": "walkforward",
        "created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "identity": identity(walked.grid, walked.shared.tables),
        "over": walked.grid.section.model_dump(),
        **{key: stated[key] for key in ("name", "base", "data", "plan", "window", "cells", "ideas", "reconciliation")},
    }
    for name, value in (("manifest.json", manifest), ("walkforward.json", stated)):
        text = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    folds_table(stated["folds"]).to_parquet(folder / "folds.parquet", index=False)
    equity(walked).to_parquet(folder / "equity.parquet")
    crossed(walked).to_parquet(folder / "paths.parquet")


def trials(walked: Walked, now: datetime) -> list[Trial]:
    """Return every idea that was looked at: paths of the chosen ones and of a sample, Sharpe ratios of all."""
    count = len(walked.grid.cells)
    chosen = {choice.row for choice in walked.choices} | {track.cell for track in walked.tracks.values()}
    kept = set(range(count)) if count <= MOST_PATHS else set(random.Random(0).sample(range(count), MOST_PATHS)) | chosen
    tried = [_cell(walked, row, row in kept, now) for row in range(count) if walked.cells.ideas[row]]
    for key in ("default", "benchmark"):
        if key in walked.tracks:
            track = walked.tracks[key]
            variant = next(v for v in walked.grid.config.variants if v.name == track.variant)
            month, x = registry.monthly(track.result.dates, metrics.excess_returns(track.result))
            stamp = int(now.timestamp())
            tried.append(
                Trial(
                    idea(variant, walked.grid.config), variant.name, variant.strategy_name, SOURCE,
                    _or_nan(track.figures["sharpe"]), stamp, stamp, month=month, x=x,
                )
            )  # fmt: skip
    return list({trial.idea: trial for trial in reversed(tried)}.values())


def _cell(walked: Walked, row: int, kept: bool, now: datetime) -> Trial:
    own = walked.cells.x[:, row]
    there = np.flatnonzero(~np.isnan(own))
    dates = walked.shared.market.dates[there[0] - 1 : there[-1] + 1]
    ppy = metrics.periods_per_year(dates, walked.shared.market.periods_per_year)
    stamp = int(now.timestamp())
    month, x = registry.monthly(dates, own[there]) if kept else (0, registry.NO_PATH)
    base = walked.grid.base
    said = ", ".join(f"{name.rpartition('.')[2]} {value}" for name, value in settings(walked, row).items())
    return Trial(
        walked.cells.ideas[row], f"{base.name}: {said}"[: registry.LONGEST], base.strategy_name, SOURCE,
        _or_nan(metrics.sharpe(own[there], ppy)), stamp, stamp, month=month, x=x,
    )  # fmt: skip


def _or_nan(value: Any) -> float:
    return math.nan if value is None else float(value)
