"""What the registry of trials is told: the variants of a run, and once those of the run folders that lie beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtests.config import Config, idea, resolve
from backtests.performance import metrics
from backtests.runs import trials as registry
from backtests.runs.folder import UNREADABLE, paths
from backtests.runs.listing import Listing, Skipped, listed, named
from backtests.runs.runner import Run
from backtests.runs.snapshot import StoredRun
from backtests.runs.trials import Trial, Trials
from data.errors import ConfigError, DataError, SourceError
from data.pricing.bonds import Array

STORED = "run folder"  # what tried a variant that was run before there was a registry


@dataclass(frozen=True)
class Tried:
    """A run's trials, and the registry as it is with them in it: nothing is written yet."""

    runs: Path  # the folder that holds runs
    trials: Trials  # with this run's
    own: tuple[Trial, ...]
    former: tuple[tuple[str, tuple[Trial, ...]], ...]  # by the name of a run folder that is new to the registry
    complaints: tuple[str, ...]  # a line each
    now: datetime


def stated(trials: Trials) -> dict[str, Any]:
    """Return how large and how old a registry is, as JSON has it; days are UTC."""
    return {
        "ideas": trials.count,
        "evaluations": sum(row.evaluations for row in trials.rows),
        "first": f"{trials.first:%Y-%m-%d}" if trials.first else None,
        "began": f"{trials.since:%Y-%m-%d}" if trials.since else None,
    }


def with_trials(run: StoredRun, told: Tried) -> StoredRun:
    """Return a stored run whose manifest says how large and how old the registry was that it was judged by."""
    return replace(run, manifest={**run.manifest, "trials": stated(told.trials)})


def of_run(run: Run, source: str, now: datetime) -> tuple[Trial, ...]:
    """Return the variants of a run as trials."""
    return tuple(
        _trial(
            idea(each.variant, run.config), each.variant.name, each.variant.strategy_name, source,
            each.figures["sharpe"], now, each.result.dates, metrics.excess_returns(each.result),
        )
        for each in run.variants
    )  # fmt: skip


def _trial(
    own: str, name: str, strategy: str, source: str, sharpe: Any, at: datetime,
    dates: NDArray[np.datetime64], x: Array,
) -> Trial:  # fmt: skip
    month, path = registry.monthly(dates, x)
    seconds = int(at.timestamp())
    return Trial(
        own, name, strategy, source, nan if sharpe is None else float(sharpe), seconds, seconds, month=month, x=path
    )


def tried(runs: Path, own: Iterable[Trial], now: datetime) -> Tried:
    """Return what trials there are with a run's own, and with those of the run folders that are not registered yet."""
    before, listing = registry.known(runs), listed(runs)
    former, skipped = _former(listing, before.entered)
    lines = [*before.complaints, listing.complaint]
    if skipped:
        count = len(skipped)
        what = "the trials of a run are" if count == 1 else f"the trials of {count:,} runs are"
        lines.append(f"{runs}: {what} not counted: {named(skipped)}")
    mine = tuple(own)
    entered = [name for name, _ in former]
    after = registry.joined(before, [*(trial for _, trials in former for trial in trials), *mine], entered, now)
    return Tried(runs, after, mine, former, tuple(line for line in lines if line), now)


def register(told: Tried, folder: Path | None = None) -> tuple[str, ...]:
    """Write a run's trials to the registry, and return a line for each thing wrong with it that was not said before.

    `folder` is the run's own, where it has one. A registry that cannot be written to costs no run: that is a line too.
    """
    mine = [folder.name] if folder and folder.absolute().parent == told.runs.absolute() else []
    try:
        after = registry.register(told.runs, told.own, mine, told.former, told.now)
    except SourceError as error:
        lines: tuple[str, ...] = (f"{error}; this run's trials are not registered",)
        return tuple(line for line in lines if line not in told.complaints)
    return tuple(line for line in after.complaints if line not in told.complaints)


# ---- run folders of before


def _former(
    listing: Listing, entered: frozenset[str]
) -> tuple[tuple[tuple[str, tuple[Trial, ...]], ...], list[Skipped]]:
    """Return the trials of every run folder that is new to the registry, and what cannot be read."""
    former, skipped = [], []
    for path, manifest, figures, _ in reversed(listing.runs):  # the oldest first
        if path.name in entered:
            continue
        try:
            former.append((path.name, _of_folder(path, manifest, figures)))
        except (ConfigError, DataError, *UNREADABLE) as error:
            why = " ".join(str(error).split())
            skipped.append(Skipped(path.name, why.removeprefix(f"{path}/") or type(error).__name__))
    return tuple(former), skipped


def _of_folder(path: Path, manifest: Mapping[str, Any], figures: Mapping[str, Any]) -> tuple[Trial, ...]:
    document, equity, lines = paths(path)
    document.data["data"]["source"] = "bundled"  # its own may be gone; what was tried does not hang on it
    config: Config = resolve(document)
    at = datetime.fromisoformat(manifest["created"]).astimezone(UTC)
    cash = lines[lines["line"] == "cash"]
    return tuple(
        _trial(
            idea(variant, config), variant.name, variant.strategy_name, STORED, figures[variant.name]["sharpe"], at,
            *_path(equity[variant.name].dropna(), cash[cash["variant"] == variant.name], manifest),
        )
        for variant in config.variants
    )  # fmt: skip


def _path(equity: pd.Series, cash: pd.DataFrame, manifest: Mapping[str, Any]) -> tuple[NDArray[np.datetime64], Array]:
    credited = cash.groupby("date")["usd"].sum().reindex(equity.index).fillna(0.0)
    dates = equity.index.to_numpy().astype("datetime64[D]")
    track = _Track(dates, float(manifest["capital"]), equity.to_numpy(dtype=float), credited.to_numpy(dtype=float))
    return dates, metrics.excess_returns(track)


@dataclass(frozen=True)
class _Track:
    """Enough of a stored run to measure its path."""

    dates: NDArray[np.datetime64]
    capital: float
    equity: Array
    cash: Array
