"""A run as tables and figures, for use from Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backtests.export import paths
from backtests.export.write import export, form_of
from backtests.report import display
from backtests.report.display import Interactive
from backtests.report.panels import Panels, panels
from backtests.runs.snapshot import StoredRun
from data.disk import replace_text
from data.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from backtests.report.canvas import Figure

HEADLINE = "Excess return, volatility and drawdown in %, trading P&L in USD m."
SECTIONS = {"calendar": "years", "attribution": "from"}  # of the report, by the picture whose name is another


@dataclass(frozen=True)
class Results:
    """A run: what its folder would hold, as tables. Fractions are decimals, money is USD."""

    stored: StoredRun

    @property
    def metrics(self) -> pd.DataFrame:
        """A row per variant, a column per figure of docs/conventions.md."""
        rows = {name: flat(figures) for name, figures in self.stored.metrics.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    @property
    def equity(self) -> pd.DataFrame:
        """Dates by variants; NaN where a variant does not trade."""
        return self.stored.equity

    @property
    def returns(self) -> pd.DataFrame:
        """Total return of every bar, cash interest included: dates by variants, NaN where a variant does not trade.

        A column is what quantstats and others take: `results.returns["pair"]`.
        """
        return paths.total_returns(self.stored)

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Return of every bar over the cash credited on it, which Sharpe ratios are of; dates by variants."""
        return paths.excess_returns(self.stored)

    @property
    def drawdowns(self) -> pd.DataFrame:
        """Drawdown of growth in excess of cash from its running peak, 0 or negative; dates by variants."""
        return paths.underwater(self.stored)

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
        from backtests.report.picturing import pictures

        return plots.PICTURES[name](pictures(self._panels))

    def _title(self) -> str:
        manifest, days = self.stored.manifest, self.stored.equity.index
        variants = len(self.stored.metrics)
        what = f"{manifest['name']}: {variants} variant{'s' * (variants != 1)}"
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
        return export(self.stored, form_of(Path(path)), Path(path), variants)


def headline(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that say the most, in the units of `HEADLINE`, rounded; those that are there."""
    scaled = {
        "excess_return": 100.0, "volatility": 100.0, "sharpe": 1.0, "excess_drawdown": 100.0, "trading_pnl": 1e-6,
    }  # fmt: skip
    columns = {key: metrics[key].astype(float) * scale for key, scale in scaled.items() if key in metrics}
    return pd.DataFrame(columns, index=metrics.index).round(2)


def flat(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures that are no tables of their own."""
    return {name: value for name, value in figures.items() if not isinstance(value, Mapping)}
