"""A sweep, a ticket and a journal as tables and figures, for use from Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backtests.report import display
from backtests.report import journal_rows as journaled
from backtests.report import ticket_words as words
from backtests.thesis.chain import Chain
from backtests.ticket import Ticket, output
from backtests.ticket.sheet import Sheet
from data.disk import replace_text
from data.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from backtests.report.canvas import Figure

FIGURES = ("excess_return", "volatility", "excess_drawdown", "sharpe", "plateau")  # of each
FIRST = 10  # ideas of a sweep that it says of itself
TICKET = "DV01 in USD k a basis point, net carry over three months and break-even in bp, worst of 60 months in %."


class Sweep(pd.DataFrame):
    """A row per cell. What is made of it is an ordinary frame; whole, it says its sentence and its best ideas."""

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    @property
    def sentence(self) -> str:
        """What the best of so many ideas is worth."""
        return str(self.attrs["sentence"])

    @property
    def best(self) -> pd.DataFrame:
        """The ideas with the highest score, a cell each: settings and headline figures, in their own units."""
        score = self.attrs["score"] if self[self.attrs["score"]].notna().any() else "sharpe"
        ranked = self.dropna(subset=[score]).sort_values(score, ascending=False, kind="stable")
        return ranked.drop_duplicates("idea").head(FIRST).set_index("cell")[[*self.attrs["settings"], *FIGURES]]

    def figure(self) -> Figure:
        """Return the median Sharpe ratio by the two settings with most values."""
        from backtests.report import glances

        return glances.sweep(self, self.attrs["settings"])

    def _whole(self) -> bool:
        """Whether it still has what its words are made of: a frame can lose columns where it stands."""
        needed = {"cell", "idea", *FIGURES, *self.attrs.get("settings", ())}
        return "sentence" in self.attrs and needed <= set(self.columns)

    def _told(self) -> tuple[str, pd.DataFrame]:
        best = self.best
        percent = {name: 100 * best[name] for name in ("excess_return", "volatility", "excess_drawdown")}
        shown = best.assign(**percent).round(2)
        return f"{len(self):,} cells. {self.sentence}", shown

    def __repr__(self) -> str:
        """The sentence and the best ideas."""
        if not self._whole():
            return super().__repr__()
        return display.text(*self._told(), "Excess return, volatility and drawdown in %; the frame holds every cell.")

    def _repr_html_(self) -> str:
        if not self._whole():
            return str(self.to_html(max_rows=display.MOST))
        title, table = self._told()
        drawn = display.picture(self.figure(), "the median Sharpe ratio by the two settings with most values")
        return display.block(f"{title} Excess return, volatility and drawdown in %.", table, [drawn])


@dataclass(frozen=True)
class TradeTicket:
    """What every variant asked for would hold on a day. Fractions are decimals, money is USD."""

    ticket: Ticket

    @property
    def positions(self) -> pd.DataFrame:
        """A row per position that the ticket leaves, as `divergence ticket --out` writes it."""
        return pd.DataFrame(output.positions(self.ticket), columns=list(output.COLUMNS))

    @property
    def document(self) -> dict[str, Any]:
        """Positions and every figure, as `divergence ticket --json` prints them."""
        return output.document(self.ticket)

    @property
    def summary(self) -> pd.DataFrame:
        """A row per variant: what is bought and sold, DV01, net carry, break-even, the worst of the last 60 months."""
        rows = {sheet.variant.name: _row(sheet) for sheet in self.ticket.sheets}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    @property
    def stale(self) -> list[str]:
        """The inputs that are older than they may be."""
        return [f"{input_.series}, last {input_.last}" for input_ in self.ticket.inputs if input_.stale]

    def report(self, path: str | Path) -> Path:
        """Write the page that `divergence ticket --html` writes."""
        from backtests.report import ticket as page

        replace_text(Path(path), page.page(self.ticket))
        return Path(path)

    def figure(self, *variants: str) -> Figure:
        """Return the spreads of these variants, or of the first four that have one, with their levels.

        Raises
        ------
        ConfigError
            A variant that the ticket has not.
        """
        from backtests.report import glances

        known = [sheet.variant.name for sheet in self.ticket.sheets]
        for name in variants:
            if name not in known:
                raise ConfigError(f"'{name}' is not a variant of this ticket{did_you_mean(name, known)}")
        return glances.ticket(self.ticket, variants)

    def _title(self) -> str:
        of, count = self.ticket, len(self.stale)
        old = f"; {count} input{'s are' if count > 1 else ' is'} stale" if count else ""
        return f"{of.config.name}: ticket of {of.asked}, on data to {of.day}{old}"

    def _table(self) -> pd.DataFrame:
        scales = {"dv01_long": 1e-3, "dv01_short": 1e-3, "net_3m": 1e4, "breakeven_bp": 1.0, "worst_month": 100.0}
        table = self.summary
        figures = {name: table[name].astype(float) * scale for name, scale in scales.items()}
        return table.assign(**figures).round(1)

    def __repr__(self) -> str:
        """A line and a row per variant."""
        return display.text(self._title(), self._table(), TICKET)

    def _repr_html_(self) -> str:
        drawn = display.picture(self.figure(), "spreads and their levels")
        return display.block(f"{self._title()}. {TICKET}", self._table(), [drawn])


def _row(sheet: Sheet) -> dict[str, Any]:
    """What a ticket says of a variant in a line."""
    (long, short), breakeven, worst = sheet.dv01, sheet.breakeven[0], sheet.marks.worst
    told = not sheet.missing
    return {
        "to_do": words.headline(sheet) if told else f"no target: {sheet.missing}",
        "dv01_long": long if told else None,
        "dv01_short": 0.0 - short if told else None,
        "net_3m": sheet.net[1] if told else None,
        "breakeven_bp": 1e4 * breakeven if told and breakeven is not None else None,
        "worst_month": worst.value if told and worst else None,
    }


@dataclass(frozen=True)
class Journal:
    """What a journal holds: claims and dated trades as registered, and every verdict as it changed."""

    chain: Chain

    @cached_property
    def _rows(self) -> list[journaled.Item]:
        from backtests.report import journal

        return journal.rows_of(self.chain)

    @property
    def claims(self) -> pd.DataFrame:
        """A row per claim and trade with its last verdict, as `divergence journal show` prints it."""
        return pd.DataFrame(journaled.table(self._rows), columns=list(journaled.HEADINGS)).set_index("claim or trade")

    @property
    def lines(self) -> pd.DataFrame:
        """A row per line: what was registered or judged, as of which day, when it was written, and its hash."""
        rows = [
            (line["body"]["as_of"], line["time"], bool(line.get("replay")), *journaled.what(line), line["hash"])
            for line in self.chain.lines
        ]
        seq = pd.Index([line["seq"] for line in self.chain.lines], name="seq")
        return pd.DataFrame(rows, seq, ["as_of", "written", "replay", "what", "says", "hash"])

    @property
    def sentence(self) -> str:
        """The claims counted by verdict."""
        return journaled.verdict(self._rows, self.chain.lines)

    @property
    def head(self) -> str:
        """The hash of the last line, to be kept elsewhere."""
        return self.chain.head

    @property
    def complaint(self) -> str:
        """The first line at which the chain is broken, and how; empty where it is whole."""
        return self.chain.complaint

    def report(self, path: str | Path) -> Path:
        """Write the page that `divergence journal show` writes."""
        from backtests.report import journal

        replace_text(Path(path), journal.page(self.chain))
        return Path(path)

    def figure(self) -> Figure:
        """Return every verdict of the first claims and trades, where it was made."""
        from backtests.report import glances

        return glances.journal(self._rows)

    def _title(self) -> str:
        broken = f" BROKEN: {self.complaint}." if self.complaint else ""
        return f"{self.chain.path}, {len(self.chain.lines)} lines.{broken} {self.sentence}"

    def __repr__(self) -> str:
        """The sentence and a row per claim."""
        return display.text(self._title(), self.claims)

    def _repr_html_(self) -> str:
        return display.block(self._title(), self.claims, [display.picture(self.figure(), "verdicts through time")])
