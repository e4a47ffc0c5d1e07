"""One picture each of a sweep, a ticket and a journal, for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from backtests.report import journal_rows
from backtests.report import ticket_words as words
from backtests.report.canvas import GAIN, GRID, INK, LOSS, SOFT, Figure
from backtests.report.format import number
from backtests.report.journal_rows import Item
from backtests.ticket.levels import Levels
from backtests.ticket.sheet import Sheet
from backtests.ticket.ticket import Ticket

SCALE = LinearSegmentedColormap.from_list("scale", [LOSS, "white", GAIN])
TOLD = 12  # values of a setting up to which squares carry their figure
PANELS = 4  # of a ticket
APART = 0.07  # of the height, two labels
CLAIMS = 24  # of a journal
LETTERS = 48  # of a claim
MARKS = {
    "holds": ("holds", GAIN),
    "fails": ("fails", LOSS),
    "killed": ("given up", INK),
    "cannot": ("cannot be tested", SOFT),
}


def _figure(wide: float, high: float) -> Figure:
    return Figure(figsize=(wide, high), layout="constrained", facecolor="white")


def _plain(axis: Axes) -> None:
    axis.tick_params(colors=SOFT, length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.set_axisbelow(True)


def sweep(cells: pd.DataFrame, settings: Sequence[str]) -> Figure:
    """Draw the median Sharpe ratio of all cells by the two settings with most values, or the only one that varies."""
    figure = _figure(10, 5)
    axis = figure.subplots()
    _plain(axis)
    count = {name: cells[name].nunique() for name in settings}
    most = sorted(settings, key=lambda name: -count[name])
    named = [name for name in most if count[name] > 1][:2] or most[:1]
    of = ", the median over all others" if len(settings) > len(named) else ""
    figure.suptitle(f"Sharpe ratio by {' and '.join(named)}{of}", x=0.01, ha="left", color=INK)
    if len(named) < 2:
        by = cells.groupby(named[0], sort=False, observed=True)["sharpe"].median()
        axis.plot(range(len(by)), by.to_numpy(), color=GAIN, marker="o")
        axis.set_xticks(range(len(by)), [f"{value}" for value in by.index])
        axis.grid(axis="y", color=GRID)
        axis.set_xlabel(named[0], color=INK)
        return figure
    table = cells.pivot_table(
        index=named[1], columns=named[0], values="sharpe", aggfunc="median", sort=False, dropna=False, observed=True
    )
    _squares(axis, table)
    return figure


def _squares(axis: Axes, table: pd.DataFrame) -> None:
    values = table.to_numpy(dtype=float)
    known = values[np.isfinite(values)]
    limit = float(np.abs(known).max()) if len(known) and known.any() else 1.0
    axis.imshow(values, cmap=SCALE, vmin=-limit, vmax=limit, aspect="auto", origin="lower")
    axis.set_xticks(range(values.shape[1]), [f"{value}" for value in table.columns])
    axis.set_yticks(range(values.shape[0]), [f"{value}" for value in table.index])
    axis.set_xlabel(str(table.columns.name), color=INK)
    axis.set_ylabel(str(table.index.name), color=INK)
    if max(values.shape) <= TOLD:
        for (y, x), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if abs(value) > 0.7 * limit else INK
                axis.text(x, y, number(value), ha="center", va="center", color=colour)


def ticket(of: Ticket, names: Sequence[str] = ()) -> Figure:
    """Draw the spreads of these variants, or of the first four that have one, with their levels to the horizon."""
    sheets = [sheet for sheet in of.sheets if not names or sheet.variant.name in names]
    shown = ([sheet for sheet in sheets if isinstance(sheet.levels, Levels)] or sheets)[:PANELS]
    figure = _figure(10, 3.2 * ((len(shown) + 1) // 2))
    axes = list(figure.subplots((len(shown) + 1) // 2, min(2, len(shown)), squeeze=False).flat)
    for axis in axes:
        axis.set_visible(False)
    for axis, sheet in zip(axes, shown, strict=False):
        axis.set_visible(True)
        _plain(axis)
        _spread(axis, sheet)
    figure.suptitle(f"{of.config.name}: spreads and their levels on {of.day}, bp", x=0.01, ha="left", color=INK)
    return figure


def _spread(axis: Axes, sheet: Sheet) -> None:
    levels = sheet.levels
    if not isinstance(levels, Levels):
        axis.set_title(sheet.variant.name, loc="left", fontsize=9, color=INK)
        axis.set_axis_off()
        axis.text(0.0, 0.5, f"no spread: {sheet.missing or levels}", transform=axis.transAxes, color=SOFT, wrap=True)
        return
    axis.set_title(f"{sheet.variant.name}: {words.spread_name(levels)}", loc="left", fontsize=9, color=INK)
    axis.plot(np.array(levels.days, dtype="datetime64[D]"), levels.history, color=GAIN)
    ends = [np.datetime64(day, "D") for day in (levels.days[-1], max(levels.horizon, levels.days[-1]))]
    axis.update_datalim([(0.0, level.spread_bp) for level in levels.levels], updatex=False)
    axis.autoscale_view()
    low, high = axis.get_ylim()
    place = low
    for level in sorted(levels.levels, key=lambda level: level.spread_bp):
        place = max(level.spread_bp, place + APART * (high - low))  # no label covers another
        colour = LOSS if level.name in ("Stop", "Trail") else SOFT
        axis.plot(ends, [level.spread_bp, level.spread_bp], color=colour, linewidth=1)
        axis.annotate(
            f"{level.name.lower()} {number(level.spread_bp, 1)}", (1.0, place), (3, 0), va="center",
            xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=8, color=colour,
        )  # fmt: skip
    named = (levels.days[0], levels.days[-1])
    axis.set_xticks([np.datetime64(day, "D") for day in named], [f"{day:%Y-%m}" for day in named])
    axis.grid(axis="y", color=GRID)


def journal(rows: Sequence[Item]) -> Figure:
    """Draw every verdict of the first claims and trades where it was made; hollow where it was replayed."""
    shown = rows[:CLAIMS]
    figure = _figure(10, 1.4 + 0.28 * max(len(shown), 1))
    axis = figure.subplots()
    _plain(axis)
    for y, item in enumerate(shown):
        days = [date.fromisoformat(line["body"]["as_of"]) for line in (item.begun, *item.verdicts)]
        axis.plot(np.array([min(days), max(days)], dtype="datetime64[D]"), [y, y], color=GRID, zorder=1)
    for mark, (word, colour) in MARKS.items():
        for replayed, face in ((False, colour), (True, "white")):
            at = _where(shown, mark, replayed)
            when, places = np.array([day for day, _ in at], dtype="datetime64[D]"), [y for _, y in at]
            label = f"{word}, replayed" if replayed else word
            if at:
                axis.scatter(when, places, 30, facecolors=face, edgecolors=colour, label=label)
    axis.set_yticks(range(len(shown)), [_short(item.name) for item in shown], color=INK)
    axis.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    if axis.get_legend_handles_labels()[0]:
        figure.legend(loc="outside upper right", frameon=False, ncols=4, fontsize=9, labelcolor=INK)
    return figure


def _where(rows: Sequence[Item], mark: str, replayed: bool) -> list[tuple[str, int]]:
    return [
        (line["body"]["as_of"], y)
        for y, item in enumerate(rows)
        for line in item.verdicts
        if journal_rows.mark(line["body"]) == mark and bool(line.get("replay")) == replayed
    ]


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 3].rstrip()}..."
