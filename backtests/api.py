"""The commands' answers as tables and figures, for use from Python: the same numbers, nothing left on disk."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backtests.comparison import Comparison, Source, from_run, from_stored, labels, on_common, on_own
from backtests.comparison import compare as side_by_side
from backtests.comparison.rows import Versus
from backtests.config import Config, grid, section_of
from backtests.config import load as read_config
from backtests.export.answers import Journal, Sweep, TradeTicket
from backtests.export.results import HEADLINE, Results, flat, headline
from backtests.report import display
from backtests.report.waiting import waiting
from backtests.runs import tried
from backtests.runs.folder import load as read_run
from backtests.runs.given import with_given
from backtests.runs.runner import Run
from backtests.runs.runner import run as run_variants
from backtests.runs.snapshot import snapshot
from backtests.runs.tried import Tried, with_trials
from backtests.sensitivities import Sensitivity, measure, record, tidy
from data.disk import is_folder

if TYPE_CHECKING:
    from backtests.report.canvas import Figure


def load(
    path: str | Path | Mapping[str, Any] = "config.yaml",
    *settings: str,
    prices: Mapping[str, pd.DataFrame | pd.Series] | None = None,
    curves: Mapping[str, pd.DataFrame] | None = None,
    fx: Mapping[str, pd.Series] | None = None,
    rates: Mapping[str, pd.Series] | None = None,
) -> Config:
    """Read and check a configuration, and lay series of your own beside those of its source.

    Parameters
    ----------
    path
        The configuration: a file, or a dict of what one would hold.
    *settings
        `a.b=value`, as `divergence run --set` takes them.
    prices
        By listed name: a frame on dates with `close`, `adjusted` or both (`dividend` too), or a series of closes, of
        adjusted ones where it is called `adjusted`.
    curves
        By series or curve (`bund`, `de`): percent a year, a column a tenor in years.
    fx, rates
        By series or currency (`eurusd`, `EUR`): the exchange rate as its country's row quotes it; percent a year.

    Raises
    ------
    ConfigError
        The first thing wrong with it, by line; or with a series, by its name.
    """
    return with_given(
        read_config(path if isinstance(path, Mapping) else Path(path), settings), prices, curves, fx, rates
    )


def run(what: Config | str | Path = "config.yaml", runs: str | Path | None = None) -> Results:
    """Run every variant of a configuration in both engines.

    `runs` is a folder that holds runs: what its registry of trials knows counts, and this run is registered there.
    """
    settings = what if isinstance(what, Config) else load(what)
    with waiting("run") as progress:
        ran = run_variants(settings, progress)
    now = datetime.now(UTC)
    if runs is None:
        return Results(snapshot(ran, now=now))
    told = _registered(Path(runs), [ran], "run", now)
    return Results(with_trials(snapshot(ran, trials=told.trials, now=now), told))


def _registered(runs: Path, ran: Sequence[Run], source: str, now: datetime) -> Tried:
    """Register runs; whatever is wrong with the registry warns."""
    return _told(tried.tried(runs, [trial for run in ran for trial in tried.of_run(run, source, now)], now))


def _told(told: Tried) -> Tried:
    for line in (*told.complaints, *tried.register(told)):
        warnings.warn(line, stacklevel=4)
    return told


def read(folder: str | Path) -> Results:
    """Return a finished run from its folder.

    Raises
    ------
    ConfigError
        A folder that is not a run's, or one that this version cannot read.
    """
    return Results(read_run(Path(folder)))


def compare(
    *what: Config | Results | str | Path,
    own_window: bool = False,
    at_volatility: float | None = None,
    runs: str | Path | None = None,
) -> Compared:
    """Set variants side by side: of one configuration, or of several runs; on one window, or each on its own.

    `runs` is a folder that holds runs, in whose registry of trials what is run here counts.

    Raises
    ------
    ConfigError
        Variants without a common window.
    """
    names = labels([_place(source, i) for i, source in enumerate(what)])
    ran: list[Run] = []
    sources = [_source(source, name, ran) for source, name in zip(what, names, strict=True)]
    if runs is not None and ran:
        _registered(Path(runs), ran, "compare", datetime.now(UTC))
    place = on_own if own_window else on_common
    return Compared(side_by_side(sources, place, at_volatility))


def _place(what: Config | Results | str | Path, i: int) -> Path:
    """What a run is called: its path, or its name and place among those given."""
    if isinstance(what, Config):
        return Path(f"{what.name}-{i + 1}")
    if isinstance(what, Results):
        return what.stored.folder or Path(f"{what.stored.manifest['name']}-{i + 1}")
    return Path(what)


def _source(what: Config | Results | str | Path, label: str, ran: list[Run]) -> Source:
    """Return what is compared; what has to be run for it goes to `ran`."""
    if isinstance(what, Results):
        return from_stored(what.stored, label)
    if isinstance(what, str | Path) and is_folder(Path(what)):
        return from_stored(read_run(Path(what)), label)
    settings = what if isinstance(what, Config) else load(what)
    with waiting(label) as progress:
        ran.append(run_variants(settings, progress))
    return from_run(ran[-1], label, Path(label), datetime.now(UTC))


@dataclass(frozen=True)
class Compared:
    """Variants side by side, by Sharpe ratio, benchmarks last."""

    comparison: Comparison

    @property
    def metrics(self) -> pd.DataFrame:
        """A row per variant, a column per figure, on the window compared."""
        rows = {row.candidate.name: flat(row.figures) for row in self.comparison.rows}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    @property
    def correlation(self) -> pd.DataFrame:
        """Correlation of excess returns, variants by variants."""
        names = [row.candidate.name for row in self.comparison.rows]
        return pd.DataFrame(self.comparison.correlation, index=names, columns=names, dtype=float)

    @property
    def against(self) -> pd.DataFrame:
        """A row per variant and benchmark: differences, alpha, beta, correlation."""
        rows = {
            (row.candidate.name, name): vars(versus)
            for row in self.comparison.rows
            for name, versus in row.against.items()
        }
        pairs = pd.MultiIndex.from_tuples(list(rows), names=["variant", "benchmark"])
        return pd.DataFrame(list(rows.values()), index=pairs, columns=[each.name for each in fields(Versus)])

    def __repr__(self) -> str:
        """A line and the headline figures, on the window compared."""
        return display.text(self._title(), headline(self.metrics), HEADLINE)

    def _repr_html_(self) -> str:
        return display.block(f"{self._title()}. {HEADLINE}", headline(self.metrics))

    def _title(self) -> str:
        return f"{len(self.comparison.rows)} variants side by side, by Sharpe ratio, benchmarks last"

    @property
    def identical(self) -> bool:
        """Whether every variant that two runs share has the same equity in both."""
        return bool(self.comparison.twins) and all(twin.identical for twin in self.comparison.twins)


def sweep(
    what: Config | str | Path = "config.yaml",
    over: Mapping[str, Any] | None = None,
    base: str | None = None,
    sample: Mapping[str, int] | None = None,
    score: str | None = None,
    out: str | Path | None = None,
    threads: int | None = None,
    runs: str | Path | None = None,
) -> Sweep:
    """Run every combination of settings of one variant, and prove the best in both engines: a row per cell.

    Parameters
    ----------
    what
        A configuration; what it says under `sweep` holds where nothing is said here.
    over
        Setting: values, such as `{"params.enter": [1, 2], "costs": {"from": 1, "to": 3, "step": 0.5}}`.
    base
        The variant whose settings are changed; a configuration's only one needs not be named.
    sample
        `{"n": 10_000, "seed": 7}`: so many of the combinations.
    score
        `plateau` or `sharpe`: what ranks them.
    out
        A folder to keep the sweep in, or to go on with; without one nothing is left on disk.
    threads
        One a processor where not given.
    runs
        A folder of runs, whose registry of trials every idea enters; that around `out` where not given.

    Raises
    ------
    ConfigError, DataError
        What `divergence sweep` refuses.
    """
    from backtests.sweeps import conclude

    settings = what if isinstance(what, Config) else load(what)
    whole = grid(settings, section_of(settings, over, base, sample, score))
    folder = runs or (Path(out).absolute().parent if out else None)
    complaints: list[str] = []

    def register(swept: conclude.Swept) -> None:
        if folder:
            now = datetime.now(UTC)
            told = tried.tried(Path(folder), conclude.at(swept.trials, now), now)
            complaints.extend((*told.complaints, *tried.register(told)))

    with waiting("sweep") as progress:
        swept, table = conclude.to_table(whole, Path(out) if out else None, threads, register, progress)
    for line in complaints:
        warnings.warn(line, stacklevel=2)
    if out:
        from backtests.report import sweep as report

        report.write(Path(out), whole)
    frame = Sweep(table.to_pandas())
    frame.attrs |= {"sentence": swept.sentence, "score": whole.section.score, "settings": list(whole.names)}
    return frame


def trade_ticket(
    what: Config | str | Path = "config.yaml",
    *variants: str,
    as_of: date | str | None = None,
    holdings: str | Path | None = None,
) -> TradeTicket:
    """Return what these variants, or all, would hold now or on a day, and the orders that lead there from holdings.

    Raises
    ------
    ConfigError, DataError
        What `divergence ticket` refuses.
    """
    from backtests.ticket import make

    settings = what if isinstance(what, Config) else load(what)
    day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    return TradeTicket(make(settings, day, Path(holdings) if holdings else None, only=variants))


def journal(name: str | Path) -> Journal:
    """Read a journal: by its name, which stands in `journal/`, or by its file.

    Raises
    ------
    ConfigError
        None of that name.
    """
    from backtests.thesis import journal

    return Journal(journal.opened(str(name)))


def sensitivity(what: Config | str | Path = "config.yaml", variants: Sequence[str] = ()) -> Sensitive:
    """Rerun variants under every disputable convention, one at a time and the worst and best together."""
    settings = what if isinstance(what, Config) else load(what)
    with waiting("sensitivity") as progress:
        return Sensitive(measure(settings, variants, progress))


@dataclass(frozen=True)
class Sensitive:
    """What every variant's result hangs on."""

    measured: Sensitivity

    @property
    def table(self) -> pd.DataFrame:
        """One row per variant and case: Sharpe ratio, excess return, and their changes."""
        return tidy(self.measured)

    @property
    def sentences(self) -> dict[str, str]:
        """One plain sentence per variant."""
        from backtests.report import sensitivity as words

        stated = record(self.measured)
        return {name: words.sentence(stated, name) for name in stated["variants"]}

    def _summary(self) -> pd.DataFrame:
        """A row per variant: its Sharpe ratio as run, and between which its cases are."""
        table = self.table.dropna(subset=["sharpe"]).groupby("variant", sort=False)["sharpe"]
        return pd.DataFrame({"lowest": table.min(), "highest": table.max(), "cases": table.size()}).round(2)

    def __repr__(self) -> str:
        """The Sharpe ratios under every case, lowest and highest."""
        return display.text("Sharpe ratio by variant, over every case", self._summary())

    def _repr_html_(self) -> str:
        drawn = display.picture(self.figure(), "what the Sharpe ratio depends on")
        return display.block("Sharpe ratio by variant, over every case", self._summary(), [drawn])

    def figure(self, *variants: str) -> Figure:
        """Return the tornado of these variants, or of the first six."""
        from backtests.report import tornado

        stated = record(self.measured)
        return tornado.draw(stated, variants or list(stated["variants"])[:6])
