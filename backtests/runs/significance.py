"""What of a run is significant: worked out when it is stored, with everything tried beside it counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from backtests.config import idea
from backtests.performance import inference, metrics, selection
from backtests.performance.verdicts import DeflatedSharpe, Hac, Interval, Intervals, TrackRecord
from backtests.performance.verdicts_many import Overfitting, SpaTest
from backtests.runs.runner import Run
from data.pricing.bonds import Array

SEED = 19990930  # of every draw
CASH = "cash"  # stands for the benchmark that earns nothing over cash
DIGITS = 9  # of a trial's Sharpe ratio after the point


@dataclass(frozen=True)
class Significance:
    """What can be said of one variant."""

    excess_return: Interval
    sharpe: Interval
    excess_drawdown: Interval
    block: float | None  # mean block of the draws, bars
    hac: Hac
    probabilistic_sharpe: DeflatedSharpe
    deflated_sharpe: DeflatedSharpe  # against every idea that was tried
    track_record: TrackRecord | None = None  # None in the folder of a version that had none


@dataclass(frozen=True)
class Choice:
    """What can be said of choosing one variant of the run: benchmarks are not chosen from, but count as trials."""

    trials: int  # ideas with a Sharpe ratio: of this run, and of every other that the registry knows
    here: int  # of them in this run
    overfitting: Overfitting
    spa: dict[str, SpaTest]  # by benchmark, cash first
    best: dict[str, str]  # the variant that looks best against each


class Judged(NamedTuple):
    """What is significant of a run."""

    variants: dict[str, Significance]
    choice: Choice


@dataclass(frozen=True)
class Sample:
    """What is judged of a variant: its path (T,), USD, and its annual Sharpe ratio."""

    dates: NDArray[np.datetime64]
    capital: float
    equity: Array
    cash: Array
    sharpe: float | None
    periods_per_year: float


def samples(run: Run) -> dict[str, Sample]:
    """Return what is judged of each variant of a run."""
    return {
        variant_run.variant.name: Sample(
            dates=variant_run.result.dates,
            capital=variant_run.result.capital,
            equity=variant_run.result.equity,
            cash=variant_run.result.cash,
            sharpe=cast("float | None", variant_run.figures["sharpe"]),
            periods_per_year=float(variant_run.figures["periods_per_year"] or 0.0),
        )
        for variant_run in run.variants
    }


def judge(run: Run, earlier: Mapping[str, float]) -> Judged:
    """Return what is significant of each variant of a run, and of the best of them.

    `earlier` are the annual Sharpe ratios of what was tried before, by idea; those of this run's own are not looked at.
    """
    judged = samples(run)
    here = {idea(each.variant, run.config): judged[each.variant.name].sharpe for each in run.variants}
    tried = _known({**earlier, **here})
    records = [(metrics.excess_returns(sample), sample.periods_per_year) for sample in judged.values()]
    ranges = dict(zip(judged, inference.together(records, SEED), strict=True))
    by_variant = {name: _variant(sample, ranges[name], tried) for name, sample in judged.items()}
    return Judged(by_variant, _choice(judged, run.config.benchmarks, len(tried), len(_known(here))))


def _known(sharpes: Mapping[str, float | None]) -> list[float]:
    values = [float(value) for value in sharpes.values() if value is not None]
    return sorted(round(value, DIGITS) for value in values if np.isfinite(value))


def _variant(sample: Sample, ranges: Intervals, tried: Sequence[float]) -> Significance:
    x, ppy = metrics.excess_returns(sample), sample.periods_per_year
    return Significance(
        ranges.excess_return,
        ranges.sharpe,
        ranges.excess_drawdown,
        ranges.block,
        inference.hac(x),
        inference.probabilistic_sharpe(x, ppy),
        selection.deflated_sharpe(x, ppy, tried or [0.0]),
        inference.track_record(x, ppy),
    )


def _choice(samples: Mapping[str, Sample], benchmarks: Sequence[str], trials: int, here: int) -> Choice:
    """Judge the variants that are no benchmark on the bars all have."""
    names = list(samples)
    _, table = selection.common(list(samples.values()))
    field = [name for name in names if name not in benchmarks]
    candidates = table[:, [names.index(name) for name in field]]
    rivals = {CASH: np.zeros(len(table)), **{name: table[:, names.index(name)] for name in benchmarks}}
    spa = {name: selection.spa_test(candidates, rival, SEED) for name, rival in rivals.items()}
    best = {name: field[test.best] for name, test in spa.items() if test.best is not None}
    return Choice(trials, here, selection.overfitting(candidates), spa, best)


def read(stored: dict[str, Any] | None) -> Significance | None:
    """Return what `asdict` made of a variant's significance; None where a run stored none."""
    if not stored:
        return None
    return Significance(
        excess_return=Interval(**stored["excess_return"]),
        sharpe=Interval(**stored["sharpe"]),
        excess_drawdown=Interval(**stored["excess_drawdown"]),
        block=stored["block"],
        hac=Hac(**stored["hac"]),
        probabilistic_sharpe=DeflatedSharpe(**stored["probabilistic_sharpe"]),
        deflated_sharpe=DeflatedSharpe(**stored["deflated_sharpe"]),
        track_record=TrackRecord(**stored["track_record"]) if stored.get("track_record") else None,
    )


def read_choice(stored: dict[str, Any] | None) -> Choice | None:
    """Return what `asdict` made of a choice; None where a run stored none."""
    if not stored:
        return None
    spa = {name: SpaTest(**test) for name, test in (stored.get("spa") or stored["superior"]).items()}
    overfitting = Overfitting(**stored["overfitting"])
    return Choice(stored["trials"], stored["here"], overfitting, spa, stored["best"])
