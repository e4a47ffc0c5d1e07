"""What is compared, in one type: variants of a fresh run, and those of run folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.comparison.history import History
from backtests.config import resolved
from backtests.engine.result import Result
from backtests.runs.manifest import manifest
from backtests.runs.runner import Run
from backtests.runs.snapshot import StoredRun
from data.errors import ConfigError


@dataclass(frozen=True)
class Candidate:
    """A variant to compare."""

    name: str  # the variant's, with its run's label before it where two runs have a variant of that name
    label: str  # of its run
    variant: str
    benchmark: bool
    thesis_date: date | None
    market_ppy: float
    history: History  # its own window
    figures: Mapping[str, Any]  # as its run gave them


@dataclass(frozen=True)
class Source:
    """A run, with its manifest and configuration."""

    label: str
    where: str  # configuration or folder
    manifest: Mapping[str, Any]
    config: Mapping[str, Any]  # resolved, as plain data
    candidates: tuple[Candidate, ...]


def labels(places: Sequence[Path]) -> list[str]:
    """Return a short name for each run: the shortest end of its file's or folder's name that no other shares.

    >>> labels([Path("runs/pair-20260101T000000Z-a1b2c3"), Path("runs/pair-20260102T000000Z-d4e5f6")])
    ['a1b2c3', 'd4e5f6']
    >>> labels([Path("config.yaml"), Path("config/thesis.yaml")]), labels([Path("a.yaml"), Path("a.yaml")])
    (['config', 'thesis'], ['a', 'a-2'])
    """
    names = [place.stem if place.suffix in (".yaml", ".yml") else place.absolute().name for place in places]
    if len(set(names)) < len(names):
        return _numbered(names)
    for parts in range(1, max(name.count("-") for name in names) + 2):
        short = ["-".join(name.split("-")[-parts:]) for name in names]
        if len(set(short)) == len(short):
            return short
    return names


def _numbered(names: Sequence[str]) -> list[str]:
    taken = set(names)
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name}-{seen[name]}"
        while seen[name] > 1 and label in taken:
            seen[name] += 1
            label = f"{name}-{seen[name]}"
        taken.add(label)
        numbered.append(label)
    return numbered


def from_run(run: Run, label: str, where: Path, now: datetime) -> Source:
    """Return a fresh run's variants; nothing is written."""
    config = run.config
    candidates = tuple(
        Candidate(
            name=variant_run.variant.name,
            label=label,
            variant=variant_run.variant.name,
            benchmark=variant_run.variant.name in config.benchmarks,
            thesis_date=config.thesis_date,
            market_ppy=variant_run.market.periods_per_year,
            history=_history(variant_run.result),
            figures=variant_run.figures,
        )
        for variant_run in run.variants
    )
    return Source(label, str(where), manifest(run, now), resolved(config), candidates)


def _history(result: Result) -> History:
    return History(**{field.name: getattr(result, field.name) for field in fields(History)})


def from_stored(run: StoredRun, label: str) -> Source:
    """Return the variants of a run as its folder keeps them.

    Raises
    ------
    ConfigError
        Tables that do not belong together.
    """
    where = str(run.folder or label)
    day = run.manifest.get("thesis_date")
    try:
        tables = _Tables(run)
        candidates = tuple(
            Candidate(
                name=name,
                label=label,
                variant=name,
                benchmark=name in run.manifest["benchmarks"],
                thesis_date=date.fromisoformat(str(day)) if day else None,
                market_ppy=float(figures["periods_per_year"]),
                history=tables.history(name, figures),
                figures=figures,
            )
            for name, figures in run.metrics.items()
        )
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ConfigError(f"{where}: the run cannot be compared ({error!r}); run it again") from None
    if not candidates:
        raise ConfigError(f"{where}: the run has no variants; run it again")
    return Source(label, where, run.manifest, run.config, candidates)


class _Tables:
    """A run's tables by variant."""

    def __init__(self, run: StoredRun) -> None:
        self.run = run
        self.lines = dict(iter(run.attribution.groupby("variant")))
        self.trades = dict(iter(run.trades.groupby("variant")))
        self.positions = dict(iter(run.positions.groupby("variant")))

    def history(self, name: str, figures: Mapping[str, Any]) -> History:
        """Return a variant's path; its legs are kept apart as its run had them."""
        equity = self.run.equity[name].dropna()
        days = equity.index
        legs = list(self.run.manifest["variants"][name]["legs"])
        dates = days.to_numpy().astype("datetime64[D]")
        ruined = figures.get("ruined")
        lines = self.lines.get(name, self.run.attribution.iloc[:0])
        return History(
            dates=dates,
            capital=float(self.run.manifest["capital"]),
            equity=equity.to_numpy(dtype=float, copy=True),
            cash=_wide(lines[lines["line"] == "cash"], "usd", days, ["book"])[:, 0],
            notional=_wide(self.trades.get(name), "notional_usd", days, legs),
            cost=_wide(lines[lines["line"] == "cost"], "usd", days, legs),
            roll=_wide(lines[lines["line"] == "roll"], "usd", days, legs),
            weights=None if self.run.positions.empty else _wide(self.positions.get(name), "weight", days, legs),
            ruined=int(np.searchsorted(dates, np.datetime64(ruined))) if ruined else None,
        )


def _wide(table: pd.DataFrame | None, column: str, days: pd.Index, legs: list[str]) -> np.ndarray:
    """One column of a tidy table as (T, n), 0 where it has no row."""
    if table is None or table.empty:
        return np.zeros((len(days), len(legs)))
    wide = table.pivot_table(index="date", columns="instrument", values=column, aggfunc="sum")
    return wide.reindex(index=days, columns=legs).fillna(0.0).to_numpy(dtype=float, copy=True)


def named(sources: Sequence[Source]) -> list[Candidate]:
    """Return all candidates; a name that several runs have gets its run's label before it."""
    candidates = [candidate for source in sources for candidate in source.candidates]
    times = Counter(candidate.variant for candidate in candidates)
    return [
        replace(candidate, name=f"{candidate.label}/{candidate.variant}") if times[candidate.variant] > 1 else candidate
        for candidate in candidates
    ]
