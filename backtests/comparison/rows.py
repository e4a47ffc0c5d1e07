"""Variants side by side: figures, differences to the benchmarks, likeness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backtests.comparison.candidates import Candidate, Source, named
from backtests.comparison.differences import Difference, Twin, differences, identical, twins
from backtests.comparison.history import History, correlation, figures, overlap, together
from backtests.comparison.windows import MIXED, Placed, Windows, at_volatility, on_common, rows_between
from backtests.performance import inference, metrics
from backtests.performance.metrics import Metric
from data.errors import ConfigError

SEED = 1

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Versus:
    """A variant less a benchmark, on the days both have."""

    excess_return: float | None
    volatility: float | None
    sharpe: float | None
    excess_drawdown: float | None
    low: float | None  # 95 % interval of the difference of Sharpe ratios
    high: float | None
    ahead: float | None  # share of draws in which the variant's Sharpe ratio is the higher
    reason: str | None  # why there is no interval
    alpha: float | None  # a year
    beta: float | None
    correlation: float | None
    bars: int


NOTHING = Versus(None, None, None, None, None, None, None, "no bar in common", None, None, None, 0)


@dataclass(frozen=True)
class ComparedVariant:
    """One variant, measured."""

    placed: Placed
    figures: Mapping[str, Metric]
    against: Mapping[str, Versus]  # by benchmark; {} of a benchmark
    years: Mapping[int, float]  # return in excess of cash

    @property
    def candidate(self) -> Candidate:
        """What is measured."""
        return self.placed.candidate


@dataclass(frozen=True)
class Comparison:
    """Variants side by side: by Sharpe ratio, benchmarks at the end."""

    sources: tuple[Source, ...]
    rows: tuple[ComparedVariant, ...]
    benchmarks: tuple[str, ...]  # those the others are measured against; a benchmark two runs share counts once
    windows: Windows
    target: float | None  # volatility a year that all are scaled to
    correlation: tuple[tuple[float | None, ...], ...]  # rows by rows
    overlap: tuple[tuple[float | None, ...], ...]
    differences: tuple[Difference, ...]
    twins: tuple[Twin, ...]


def compare(
    sources: Sequence[Source],
    place: Callable[[Sequence[Candidate]], Windows] = on_common,
    target: float | None = None,
    progress: Progress = lambda what, done, of: None,
) -> Comparison:
    """Compare the variants of runs, on the windows `place` gives, scaled to a volatility where one is given.

    Raises
    ------
    ConfigError
        Variants without a common window, or none that can be scaled.
    """
    windows = place(named(sources))
    if target is not None:
        windows = at_volatility(windows, target)
    if not windows.placed:
        raise ConfigError(f"nothing is left to compare: {next(iter(windows.left_out.items()))}")
    measured = [_row(one, {}) for one in windows.placed]
    benchmarks = _distinct([row.placed for row in measured if row.candidate.benchmark])
    rows = []
    for i, row in enumerate(measured):
        progress(row.candidate.name, i, len(measured))
        marks = [] if row.candidate.benchmark else benchmarks
        rows.append(_row(row.placed, {mark.candidate.name: versus(row.placed, mark) for mark in marks}))
    progress("", len(rows), len(rows))
    rows.sort(key=_rank)
    return Comparison(
        sources=tuple(sources),
        rows=tuple(rows),
        benchmarks=tuple(mark.candidate.name for mark in benchmarks),
        windows=windows,
        target=target,
        correlation=_matrix(rows, correlation),
        overlap=_matrix(rows, overlap),
        differences=tuple(differences(sources)),
        twins=tuple(twins(sources)),
    )


def _rank(row: ComparedVariant) -> tuple[bool, bool, float]:
    sharpe = row.figures["sharpe"]
    return row.candidate.benchmark, sharpe is None, -float(sharpe or 0.0)


def _row(placed: Placed, against: Mapping[str, Versus]) -> ComparedVariant:
    found = figures(placed.history, placed.market_ppy)
    day = placed.candidate.thesis_date
    if day:
        found |= metrics.since(placed.history, day)
    years = {year: excess for year, (_, excess) in metrics.calendar_years(placed.history).items()}
    return ComparedVariant(placed, found, against, years)


def _distinct(marks: Sequence[Placed]) -> list[Placed]:
    """Benchmarks, without those that repeat another's equity under another run's label."""
    kept: list[Placed] = []
    for mark in marks:
        own = mark.candidate
        same = [one for one in kept if one.candidate.variant == own.variant]
        if not any(identical(one.candidate.history, own.history) for one in same):
            kept.append(mark)
    return kept


def versus(one: Placed, mark: Placed) -> Versus:
    """Measure a variant against a benchmark, on the days both have."""
    both = together(one.history, mark.history)
    if both is None:
        return NOTHING
    a, b = both
    ppy_market = _shared(one, mark, len(a.dates))
    ppy = metrics.periods_per_year(a.dates, ppy_market)
    found = metrics.against(a, b, ppy_market)
    luck = inference.better(metrics.excess_returns(a), metrics.excess_returns(b), ppy, SEED)
    ours, theirs = figures(a, ppy_market), figures(b, ppy_market)
    return Versus(
        excess_return=_less(ours["excess_return"], theirs["excess_return"]),
        volatility=_less(ours["volatility"], theirs["volatility"]),
        sharpe=_less(ours["sharpe"], theirs["sharpe"]),
        excess_drawdown=_less(ours["excess_drawdown"], theirs["excess_drawdown"]),
        low=_plain(luck.sharpe.low),
        high=_plain(luck.sharpe.high),
        ahead=_plain(luck.ahead_sharpe),
        reason=luck.sharpe.reason,
        alpha=_plain(found["alpha"]),
        beta=_plain(found["beta"]),
        correlation=_plain(found["correlation"]),
        bars=len(a.dates) - 1,
    )


def _plain(value: Metric) -> float | None:
    return None if value is None else float(value)


def _less(ours: Metric, theirs: Metric) -> float | None:
    return None if ours is None or theirs is None else float(ours) - float(theirs)


def _shared(one: Placed, mark: Placed, rows: int) -> float:
    """Periods per year of the days two have in common, as `metrics.periods_per_year` takes them."""
    first = max(one.history.dates[0], mark.history.dates[0])
    last = min(one.history.dates[-1], mark.history.dates[-1])
    whole = all(rows_between(two.history, first, last) == rows for two in (one, mark))
    return one.market_ppy if whole and one.market_ppy == mark.market_ppy else MIXED


def _matrix(
    rows: Sequence[ComparedVariant], measure: Callable[[History, History], float | None]
) -> tuple[tuple[float | None, ...], ...]:
    """Return a symmetric measure of every pair of variants."""
    histories = [row.placed.history for row in rows]
    found: dict[tuple[int, int], float | None] = {}
    for i, a in enumerate(histories):
        for j, b in enumerate(histories[: i + 1]):
            found[i, j] = found[j, i] = measure(a, b)
    every = range(len(rows))
    return tuple(tuple(found[i, j] for j in every) for i in every)
