"""Variants side by side: figures, differences to the benchmarks, correlation and drawdown overlap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backtests.comparison.candidates import Candidate, Source, named
from backtests.comparison.differences import Difference, Twin, differences, identical, twins
from backtests.comparison.history import History, correlation, figures, overlap, together
from backtests.comparison.windows import MIXED, Placed, Windows, at_volatility, on_common, rows_between
from backtests.performance import metrics, selection
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


NO_COMMON_BAR = Versus(None, None, None, None, None, None, None, "no bar in common", None, None, None, 0)


@dataclass(frozen=True)
class ComparedVariant:
    """A variant with its figures."""

    placed: Placed
    figures: Mapping[str, Metric]
    against: Mapping[str, Versus]  # by benchmark; {} of a benchmark
    years: Mapping[int, float]  # return in excess of cash

    @property
    def candidate(self) -> Candidate:
        """The variant compared."""
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
    progress: Progress = lambda what, completed, total: None,
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
    benchmarks = _distinct([placed for placed in windows.placed if placed.candidate.benchmark])
    rows = []
    for i, placed in enumerate(windows.placed):
        progress(placed.candidate.name, i, len(windows.placed))
        against = [] if placed.candidate.benchmark else benchmarks
        rows.append(_row(placed, {benchmark.candidate.name: versus(placed, benchmark) for benchmark in against}))
    progress("", len(rows), len(rows))
    rows.sort(key=_rank)
    return Comparison(
        sources=tuple(sources),
        rows=tuple(rows),
        benchmarks=tuple(benchmark.candidate.name for benchmark in benchmarks),
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
    values = figures(placed.history, placed.market_ppy)
    day = placed.candidate.thesis_date
    if day:
        values |= metrics.since(placed.history, day)
    years = {year: excess for year, (_, excess) in metrics.calendar_years(placed.history).items()}
    return ComparedVariant(placed, values, against, years)


def _distinct(benchmarks: Sequence[Placed]) -> list[Placed]:
    """Benchmarks, without those that repeat another's equity under another run's label."""
    kept: list[Placed] = []
    for benchmark in benchmarks:
        own = benchmark.candidate
        namesakes = [placed.candidate for placed in kept if placed.candidate.variant == own.variant]
        if not any(identical(namesake.history, own.history) for namesake in namesakes):
            kept.append(benchmark)
    return kept


def versus(variant: Placed, benchmark: Placed) -> Versus:
    """Measure a variant against a benchmark, on the days both have."""
    both = together(variant.history, benchmark.history)
    if both is None:
        return NO_COMMON_BAR
    a, b = both
    market_ppy = _common_ppy(variant, benchmark, len(a.dates))
    ppy = metrics.periods_per_year(a.dates, market_ppy)
    regression = metrics.against(a, b, market_ppy)
    paired = selection.better(metrics.excess_returns(a), metrics.excess_returns(b), ppy, SEED)
    figures_a, figures_b = figures(a, market_ppy), figures(b, market_ppy)
    return Versus(
        excess_return=_less(figures_a["excess_return"], figures_b["excess_return"]),
        volatility=_less(figures_a["volatility"], figures_b["volatility"]),
        sharpe=_less(figures_a["sharpe"], figures_b["sharpe"]),
        excess_drawdown=_less(figures_a["excess_drawdown"], figures_b["excess_drawdown"]),
        low=_plain(paired.sharpe.low),
        high=_plain(paired.sharpe.high),
        ahead=_plain(paired.ahead_sharpe),
        reason=paired.sharpe.reason,
        alpha=_plain(regression["alpha"]),
        beta=_plain(regression["beta"]),
        correlation=_plain(regression["correlation"]),
        bars=len(a.dates) - 1,
    )


def _plain(value: Metric) -> float | None:
    return None if value is None else float(value)


def _less(a: Metric, b: Metric) -> float | None:
    return None if a is None or b is None else float(a) - float(b)


def _common_ppy(a: Placed, b: Placed, rows: int) -> float:
    """Periods per year of the `rows` days two have in common, as `metrics.periods_per_year` takes them."""
    first = max(a.history.dates[0], b.history.dates[0])
    last = min(a.history.dates[-1], b.history.dates[-1])
    whole = all(rows_between(placed.history, first, last) == rows for placed in (a, b))
    return a.market_ppy if whole and a.market_ppy == b.market_ppy else MIXED


def _matrix(
    rows: Sequence[ComparedVariant], measure: Callable[[History, History], float | None]
) -> tuple[tuple[float | None, ...], ...]:
    """Return a symmetric measure of every pair of variants."""
    histories = [row.placed.history for row in rows]
    values: dict[tuple[int, int], float | None] = {}
    for i, a in enumerate(histories):
        for j, b in enumerate(histories[: i + 1]):
            values[i, j] = values[j, i] = measure(a, b)
    order = range(len(rows))
    return tuple(tuple(values[i, j] for j in order) for i in order)
