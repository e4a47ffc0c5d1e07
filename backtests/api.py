"""The commands' answers as tables and figures, for use from Python: the same numbers, nothing left on disk."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backtests.comparison import Comparison, Source, from_run, from_stored, labels, on_common, on_own
from backtests.comparison import compare as side_by_side
from backtests.config import Config, grid, section_of
from backtests.config import load as read_config
from backtests.report import display
from backtests.report.display import Interactive
from backtests.report.panels import Panels, panels
from backtests.runs import tried
from backtests.runs.folder import load as read_run
from backtests.runs.given import with_given
from backtests.runs.runner import Run
from backtests.runs.runner import run as run_variants
from backtests.runs.snapshot import StoredRun, snapshot
from backtests.runs.tried import Tried, with_trials
from backtests.sensitivities import Sensitivity, measure, record, tidy
from data.disk import is_folder, replace_text
from data.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from backtests.report.canvas import Figure

HEADLINE = "Excess return, volatility and drawdown in %, trading P&L in USD m."
SECTIONS = {"calendar": "years", "attribution": "from"}  # of the report, by the picture whose name is another


def load(
    path: str | Path = "config.yaml",
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
        The configuration.
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
    return with_given(read_config(Path(path), settings), prices, curves, fx, rates)


def run(what: Config | str | Path = "config.yaml", runs: str | Path | None = None) -> Results:
    """Run every variant of a configuration in both engines.

    `runs` is a folder that holds runs: what its registry of trials knows counts, and this run is registered there.
    """
    settings = what if isinstance(what, Config) else load(what)
    ran, now = run_variants(settings), datetime.now(UTC)
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


@dataclass(frozen=True)
class Results:
    """A run: what its folder would hold, as tables. Fractions are decimals, money is USD."""

    stored: StoredRun

    @property
    def metrics(self) -> pd.DataFrame:
        """A row per variant, a column per figure of docs/conventions.md."""
        rows = {name: _flat(figures) for name, figures in self.stored.metrics.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    @property
    def equity(self) -> pd.DataFrame:
        """Dates by variants; NaN where a variant does not trade."""
        return self.stored.equity

    @property
    def positions(self) -> pd.DataFrame:
        """One row per date, variant and instrument: units and weight."""
        return self.stored.positions

    @property
    def trades(self) -> pd.DataFrame:
        """One row per fill: units, price, fx, notional_usd, cost_usd."""
        return self.stored.trades

    @property
    def attribution(self) -> pd.DataFrame:
        """One row per date, variant, instrument and line that is not 0."""
        return self.stored.attribution

    @property
    def components(self) -> pd.DataFrame:
        """One row per date, variant, component of a blend and instrument."""
        return self.stored.components

    @property
    def round_trips(self) -> pd.DataFrame:
        """One row per round trip of a variant, in the order of time: what docs/blotter.md says of each."""
        return self.stored.round_trips

    @cached_property
    def _panels(self) -> Panels:
        return panels(self.stored)

    def figure(self, name: str = "equity", *, interactive: bool = False) -> Figure | Interactive:
        """Return one of the run folder's pictures, by its name: equity, rolling, calendar, attribution, ...

        Interactive it is the report at that place, which a notebook shows in a frame.

        Raises
        ------
        ConfigError
            A picture there is not.
        """
        from backtests.report import html, plots

        if name not in plots.PICTURES:
            raise ConfigError(f"no picture '{name}'{did_you_mean(name, plots.PICTURES)}")
        return Interactive(html.page(self._panels), SECTIONS.get(name, name)) if interactive else self._drawn(name)

    def _drawn(self, name: str) -> Figure:
        from backtests.report import plots

        return plots.PICTURES[name](self._panels)

    def _title(self) -> str:
        manifest, days = self.stored.manifest, self.stored.equity.index
        what = f"{manifest['name']}: {len(self.stored.metrics)} variants"
        return f"{what}, {days[0].date()} to {days[-1].date()}, {manifest['data']['source']} data"

    def __repr__(self) -> str:
        """A line and the headline figures."""
        return display.text(self._title(), headline(self.metrics), HEADLINE)

    def _repr_html_(self) -> str:
        drawn = display.picture(self._drawn("equity"), "growth and drawdown of the variants")
        return display.block(f"{self._title()}. {HEADLINE}", headline(self.metrics), [drawn])

    def report(self, path: str | Path) -> Path:
        """Write the report, one HTML file."""
        from backtests.report import html

        replace_text(Path(path), html.page(self._panels))
        return Path(path)

    def export(self, path: str | Path, *variants: str) -> Path:
        """Write these variants, or all, to a workbook (.xlsx), a page (.pdf) or, by another name, a folder of CSVs.

        Raises
        ------
        ConfigError
            A place that is taken, a variant that the run has not, or more rows than a sheet holds.
        """
        from backtests.export import export, form_of

        return export(self.stored, form_of(Path(path)), Path(path), variants)


def headline(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that say the most, in the units of `HEADLINE`, rounded; those that are there."""
    scaled = {
        "excess_return": 100.0, "volatility": 100.0, "sharpe": 1.0, "excess_drawdown": 100.0, "trading_pnl": 1e-6,
    }  # fmt: skip
    columns = {key: metrics[key].astype(float) * scale for key, scale in scaled.items() if key in metrics}
    return pd.DataFrame(columns, index=metrics.index).round(2)


def _flat(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if not isinstance(value, Mapping)}


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
    ran.append(run_variants(settings))
    return from_run(ran[-1], label, Path(label), datetime.now(UTC))


@dataclass(frozen=True)
class Compared:
    """Variants side by side, by Sharpe ratio, benchmarks last."""

    comparison: Comparison

    @property
    def metrics(self) -> pd.DataFrame:
        """A row per variant, a column per figure, on the window compared."""
        rows = {row.candidate.name: _flat(row.figures) for row in self.comparison.rows}
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
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["variant", "benchmark"])

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
) -> pd.DataFrame:
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
    swept, table = conclude.to_table(whole, Path(out) if out else None, threads)
    now, folder = datetime.now(UTC), runs or (Path(out).absolute().parent if out else None)
    if folder:
        _told(tried.tried(Path(folder), conclude.at(swept.trials, now), now))
    frame = pd.DataFrame(table.to_pandas())
    frame.attrs["sentence"] = swept.sentence
    return frame


def sensitivity(what: Config | str | Path = "config.yaml", variants: Sequence[str] = ()) -> Sensitive:
    """Rerun variants under every disputable convention, one at a time and the worst and best together."""
    settings = what if isinstance(what, Config) else load(what)
    return Sensitive(measure(settings, variants))


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
