"""What a run rests on: versions, data, engines, windows, what is modelled. Plain values, as JSON has them."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from backtests.config import dump, idea
from backtests.performance.financing import by_contract
from backtests.runs import exposure, hedged, significance
from backtests.runs.notices import notices
from backtests.runs.runner import Run, VariantRun
from data.instruments import Instrument

FORMAT = 2  # of a run folder; those of 0.1 state none
PACKAGES = ("divergence", "backtrader", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "matplotlib")


def manifest(run: Run, now: datetime) -> dict[str, Any]:
    """Return what a run rests on: versions, data, engines, windows, what is modelled."""
    stated = {
        "format": FORMAT,
        "name": run.config.name,
        "created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "git_commit": commit(),
        "config_sha256": hashlib.sha256(dump(run.config).encode()).hexdigest(),
        "data": {
            "source": run.tables.source,
            "frequency": run.tables.frequency,
            "first": str(run.market.dates[0]),
            "last": str(run.market.dates[-1]),
            "series": [asdict(record) for record in run.tables.records],
            "tracking": [str(tracking) for tracking in run.tracking],
        },
        "engine": run.config.engine,
        "fill": run.config.fill,
        "interpolation": run.config.data.interpolation,
        "reconciliation": max(variant_run.gap for variant_run in run.variants),
        "seed": significance.SEED,
        "seconds": round(run.seconds, 3),
        "capital": run.config.account.capital,
        "thesis_date": run.config.thesis_date,
        "benchmarks": list(run.config.benchmarks),
        "variants": {
            variant_run.variant.name: {"idea": idea(variant_run.variant, run.config), **_described(variant_run)}
            for variant_run in run.variants
        },
        "notices": notices(run),
        "legs": {name: _leg(run, name) for name in run.market.names},
    }
    return {key: plain(value) for key, value in stated.items()}


def plain(value: Any) -> Any:
    """Return a value as JSON gives it back: days as ISO text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _described(run: VariantRun) -> dict[str, Any]:
    rows = run.span.rows
    return {
        "strategy": run.variant.strategy_name,
        "params": dict(run.variant.params),
        "overlays": [dict(overlay) for overlay in run.variant.overlays],
        "legs": list(run.market.names),
        "currency": run.variant.currency.kind,
        "borrow_bp": {name: _borrow(leg) for name, leg in run.variant.shorts.items()},
        "fill": run.fill,
        "rebalance": run.variant.rebalance.model_dump(),
        "start": run.span.first,
        "end": run.span.last,
        "window_reason": run.span.reason,
        "reconciliation": run.gap,
        "bars_without_rolldown": {
            name: int(count)
            for name, count in zip(run.market.names, run.market.no_rolldown[rows].sum(axis=0), strict=True)
        },
        "ruined": run.figures["ruined"],
        "spread": exposure.described(run),
        "hedge_legs": hedged.described(run),
    }


def _leg(run: Run, name: str) -> dict[str, Any]:
    """What an instrument is and costs, and which part of the history traded is modelled from a curve."""
    column = run.market.column(name)
    instrument = run.market.instruments[column]
    users = [variant_run.span.rows for variant_run in run.variants if name in variant_run.market.names]
    window = slice(min(rows.start for rows in users), max(rows.stop for rows in users))
    return {
        "kind": instrument.kind,
        "currency": instrument.currency,
        "curve": instrument.curve,
        "maturity": instrument.maturity,
        "half_spread_bp": instrument.half_spread * 1e4,
        "rolls_per_year": instrument.rolls_per_year,
        **_borrow(instrument),
        "initial_margin": instrument.initial_margin if by_contract(instrument) else instrument.margin_rate,
        "fee_bp": instrument.fee * 1e4,
        "listed_on": instrument.listed_on,
        **({"duration": instrument.duration} if instrument.unmodelled else {}),
        **({"face": instrument.face, "lot": instrument.lot} if instrument.kind == "future" else {}),
        "proxy": _stretches(run.market.dates[window], run.market.proxy[window, column]),
        "traded": _stretches(run.market.dates[window], (run.market.exists & ~run.market.proxy)[window, column]),
    }


def _borrow(leg: Instrument) -> dict[str, Any]:
    """What being short of an instrument costs."""
    steps = [{"from": step.since, "bp": step.rate * 1e4} for step in leg.borrow_steps]
    return {"borrow_bp": leg.borrow * 1e4, "borrow_steps": steps}


def _stretches(dates: np.ndarray, flags: np.ndarray) -> list[dict[str, str]]:
    """First and last date of every run of flagged rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [{"first": str(dates[a]), "last": str(dates[b - 1])} for a, b in zip(edges[::2], edges[1::2], strict=True)]


def commit() -> str | None:
    """The checkout's commit, where the code runs from one."""
    here = Path(__file__).resolve().parent.parent.parent
    if not (here / ".git").exists() or shutil.which("git") is None:
        return None
    answer = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
