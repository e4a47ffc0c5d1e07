"""What of a run is significant: worked out when it is stored, with everything tried beside it counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from backtests.config import idea
from backtests.performance import clusters, inference, metrics, selection
from backtests.performance.best_of_many import Maxima, best_of_many
from backtests.performance.overfitting import overfitting
from backtests.performance.refusals import CONSTANT, MINIMUM, moved
from backtests.performance.verdicts import DeflatedSharpe, Hac, Interval, Intervals, TrackRecord
from backtests.performance.verdicts_many import BestOfMany, OneOfMany, Overfitting, SpaTest
from backtests.runs.runner import Run
from backtests.runs.trials import NO_TRIALS, Trials, monthly
from data.pricing.bonds import Array

SEED = 19990930  # of every draw
CASH = "cash"  # in earlier versions stood among the benchmarks of the SPA test
MONTHS = 12.0  # a year: what was tried is judged on months, which every trial has


@dataclass(frozen=True)
class Significance:
    """What can be said of one variant."""

    excess_return: Interval
    sharpe: Interval
    excess_drawdown: Interval
    block: float | None  # mean block of the draws, bars
    hac: Hac
    probabilistic_sharpe: DeflatedSharpe
    deflated_sharpe: DeflatedSharpe  # of the path of its cluster, against everything tried
    one_of_many: OneOfMany | None = None  # None where an earlier version judged it
    track_record: TrackRecord | None = None  # likewise


@dataclass(frozen=True)
class Choice:
    """What can be said of choosing one variant of the run: benchmarks are not chosen from, but count as trials."""

    trials: int  # distinct ideas: of this run, and of everything registered in its folder
    here: int  # of them in this run
    overfitting: Overfitting
    spa: dict[str, SpaTest]  # by benchmark
    best: dict[str, str]  # the variant that looks best against each
    best_of_many: BestOfMany | None = None  # None where an earlier version judged it


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


def judge(run: Run, trials: Trials = NO_TRIALS) -> Judged:
    """Return what is significant of each variant of a run, and of the best of them.

    `trials` is everything registered where the run is kept, whether this run is among it or not.
    """
    judged = samples(run)
    ideas = {each.variant.name: idea(each.variant, run.config) for each in run.variants}
    field = _field(judged, ideas, trials)
    records = [(metrics.excess_returns(sample), sample.periods_per_year) for sample in judged.values()]
    ranges = dict(zip(judged, inference.together(records, SEED), strict=True))
    by_variant = {name: _variant(sample, ranges[name], field.of(name)) for name, sample in judged.items()}
    return Judged(by_variant, _choice(judged, by_variant, run.config.benchmarks, field))


# ---- everything tried


@dataclass(frozen=True)
class Field:
    """Everything tried, by idea: paths (M, K) of months, NaN where absent, and how they were tested."""

    ideas: Mapping[str, str]  # of each variant of the run
    here: int  # ideas of the run
    count: int  # ideas in all, those without a path included
    columns: Mapping[str, int]  # of the ideas that can be tested
    table: Array
    labels: NDArray[np.int64]  # cluster of each column
    paths: Array  # (M, C) of the clusters
    joint: Maxima  # of the clusters
    each: Maxima  # of the ideas
    reasons: Mapping[str, str]  # of the ideas of the run that cannot be

    def of(self, name: str) -> tuple[OneOfMany, DeflatedSharpe]:
        """Return a variant of the run as one of everything tried, and its cluster's deflated Sharpe ratio."""
        own, count = self.ideas[name], self.paths.shape[1]
        if own not in self.columns:
            reason = self.reasons[own]
            return (
                OneOfMany(0, None, None, None, None, None, 0, reason),
                DeflatedSharpe(None, None, 0.0, count, 0, reason),
            )
        column = self.columns[own]
        cluster = int(self.labels[column])
        path = self.paths[np.isfinite(self.paths[:, cluster]), cluster]
        deflated = selection.deflated_sharpe(
            path, MONTHS, self.joint.mean_maximum or 0.0, count, self.joint.block or 1.0
        )
        t, p, consistent = (float(part[cluster]) for part in (self.joint.t, self.joint.p, self.joint.consistent))
        haircut = selection.haircut_sharpe(deflated.sharpe or 0.0, p, len(path) / MONTHS)
        members = int((self.labels == cluster).sum())
        step_down = float(self.each.step_down[column])
        return OneOfMany(members, t, p, consistent, step_down, haircut, len(path)), deflated


def _field(judged: Mapping[str, Sample], ideas: Mapping[str, str], trials: Trials) -> Field:
    """Join the run's variants and what was registered; of an idea of both, the run's own path is judged."""
    own: dict[str, tuple[int, Array]] = {}
    for name, sample in judged.items():
        path = monthly(sample.dates, metrics.excess_returns(sample))
        if ideas[name] not in own or len(path[1]) > len(own[ideas[name]][1]):
            own[ideas[name]] = path
    known = {row.idea for row in trials.rows if np.isfinite(row.sharpe)}
    here = {ideas[name] for name, sample in judged.items() if sample.sharpe is not None and np.isfinite(sample.sharpe)}
    paths = {row.idea: (row.month, row.x) for row in trials.rows if len(row.x)} | own
    reasons = {key: why for key, (_, x) in paths.items() if (why := _unfit(x))}
    tested = [key for key in paths if key not in reasons]
    table = _table([paths[key] for key in tested])
    labels = clusters.clusters(table)
    of_clusters = clusters.paths(table, labels)
    joint = best_of_many(of_clusters, SEED)
    return Field(
        ideas=ideas,
        here=len(here),
        count=len(known - set(own) | here),
        columns={key: i for i, key in enumerate(tested)},
        table=table,
        labels=labels,
        paths=of_clusters,
        joint=joint,
        each=joint if of_clusters.shape == table.shape else best_of_many(table, SEED),
        reasons={key: why for key, why in reasons.items() if key in own},
    )


def _unfit(x: Array) -> str | None:
    """Why a path of months cannot be tested, or None."""
    there = x[np.isfinite(x)]
    if len(there) < MINIMUM:
        return f"only {len(there)} month{'s' * (len(there) != 1)}: at least {MINIMUM} are needed"
    if there.std() <= metrics.SMALL:
        return CONSTANT
    active = int(moved(there))
    few = f"in the market in only {active} month{'s' * (active != 1)}: at least {MINIMUM} are needed"
    return few if active < MINIMUM else None


def _table(paths: Sequence[tuple[int, Array]]) -> Array:
    """Return paths (M, K) from the first month of any to the last, NaN where one has none."""
    start = min((month for month, _ in paths), default=0)
    end = max((month + len(x) for month, x in paths), default=0)
    table = np.full((end - start, len(paths)), np.nan)
    for column, (month, x) in enumerate(paths):
        table[month - start : month - start + len(x), column] = x
    return table


# ---- verdicts


def _variant(sample: Sample, ranges: Intervals, of_many: tuple[OneOfMany, DeflatedSharpe]) -> Significance:
    x, ppy = metrics.excess_returns(sample), sample.periods_per_year
    one_of_many, deflated = of_many
    return Significance(
        ranges.excess_return,
        ranges.sharpe,
        ranges.excess_drawdown,
        ranges.block,
        inference.hac(x),
        inference.probabilistic_sharpe(x, ppy),
        deflated,
        one_of_many,
        inference.track_record(x, ppy),
    )


def _choice(
    samples: Mapping[str, Sample], judged: Mapping[str, Significance], benchmarks: Sequence[str], field: Field
) -> Choice:
    """Judge the variants that are no benchmark on the bars all have."""
    names = list(samples)
    _, table = selection.common(list(samples.values()))
    chosen_from = [name for name in names if name not in benchmarks]
    candidates = table[:, [names.index(name) for name in chosen_from]]
    rivals = {name: table[:, names.index(name)] for name in benchmarks}
    spa = {name: selection.spa_test(candidates, rival, SEED) for name, rival in rivals.items()}
    best = {name: chosen_from[test.best] for name, test in spa.items() if test.best is not None}
    return Choice(
        trials=field.count,
        here=field.here,
        overfitting=overfitting(candidates, SEED),
        spa=spa,
        best=best,
        best_of_many=_best_of_many({name: judged[name] for name in chosen_from}, field),
    )


def _best_of_many(chosen_from: Mapping[str, Significance], field: Field) -> BestOfMany:
    """Judge the variant, of those chosen from, whose cluster has the largest t."""
    of_many = {name: own.one_of_many for name, own in chosen_from.items() if own.one_of_many}
    tested = {name: own.t for name, own in of_many.items() if own.t is not None}
    joint = field.joint
    best = max(tested, key=lambda name: tested[name], default=None)
    reason = None if best else next((own.reason for own in of_many.values()), "no variant to test")
    return BestOfMany(
        variant=best,
        p=of_many[best].p if best else None,
        ideas=field.count,
        here=field.here,
        tested=len(field.columns),
        clusters=field.paths.shape[1],
        effective=joint.effective,
        mean_maximum=joint.mean_maximum,
        block=joint.block,
        bars=joint.bars,
        draws=joint.draws,
        alone=_above_zero(chosen_from[best].sharpe) if best else None,
        reason=reason,
    )


def _above_zero(interval: Interval) -> bool | None:
    return None if interval.low is None else interval.low > 0.0


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
        one_of_many=OneOfMany(**stored["one_of_many"]) if stored.get("one_of_many") else None,
        track_record=TrackRecord(**stored["track_record"]) if stored.get("track_record") else None,
    )


def read_choice(stored: dict[str, Any] | None) -> Choice | None:
    """Return what `asdict` made of a choice; None where a run stored none."""
    if not stored:
        return None
    spa = {name: SpaTest(**test) for name, test in (stored["spa"] if "spa" in stored else stored["superior"]).items()}
    many = stored.get("best_of_many")
    return Choice(
        trials=stored["trials"],
        here=stored["here"],
        overfitting=Overfitting(**stored["overfitting"]),
        spa=spa,
        best=stored["best"],
        best_of_many=BestOfMany(**many) if many else None,
    )
