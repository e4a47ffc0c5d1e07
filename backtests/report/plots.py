"""The page's key plots as pictures: 1600 x 900 at 2x, legible when pasted into a slide."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes

from backtests.report.canvas import GRID, INK, SOFT, Figure
from backtests.report.pictures import Line, Pictures

DASH: dict[str, Any] = {"solid": "-", "dash": (0, (5, 2)), "dot": (0, (1, 1.5)), "dashdot": (0, (5, 2, 1, 2))}
# Of the attribution: what bonds did is plain, what money cost or earned is hatched.
FILLS = {
    "price": (INK, ""), "income": (INK, "///"),
    "carry": ("#0072B2", ""), "rolldown": ("#56B4E9", ""), "level": ("#D55E00", ""), "curve": ("#E69F00", ""),
    "convexity": ("#009E73", ""), "inflation": ("#CC79A7", ""), "fee": ("#F0E442", ""), "tracking": (SOFT, ""),
    "fx": ("#CC79A7", "///"), "funding": ("#0072B2", "///"), "borrow": ("#56B4E9", "///"), "roll": ("#E69F00", "///"),
    "cost": ("#D55E00", "///"), "margin": (SOFT, "///"),
}  # fmt: skip


def save(shown: Pictures, folder: Path) -> None:
    """Write the pictures of a report into a folder."""
    folder.mkdir(exist_ok=True)
    gc.freeze()  # what is there already is not looked through for each picture
    try:
        for name, draw in PICTURES.items():
            draw(shown).savefig(folder / f"{name}.png", dpi=200, pil_kwargs={"compress_level": 3})
            gc.collect()  # a figure refers to itself, and holds 23 MB of pixels
    finally:
        gc.unfreeze()


def _figure(rows: list[int]) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(16, 9), layout="constrained", facecolor="white")
    axes = figure.subplots(len(rows), 1, sharex=True, height_ratios=rows, squeeze=False)[:, 0]
    for axis in axes:
        axis.grid(axis="y", color=GRID, linewidth=0.8)
        axis.tick_params(colors=SOFT, labelsize=13, length=0)
        for side in axis.spines.values():
            side.set_visible(False)
        axis.set_axisbelow(True)
    return figure, list(axes)


def _title(figure: Figure, text: str, shown: Pictures) -> None:
    figure.suptitle(f"{shown.run}: {text}", x=0.01, ha="left", fontsize=20, color=INK)
    figure.supxlabel(shown.note, x=0.99, ha="right", fontsize=11, color=SOFT)


def _line(axis: Axes, line: Line, values: Any, skip: int = 0) -> None:
    colour, dash = _colour(line.colour), DASH[line.dash]
    axis.plot(line.dates[skip:], values, color=colour, linestyle=dash, linewidth=2, label=line.name)


def _colour(colour: str) -> str:
    return INK if colour == "ink" else colour


def _thesis(axes: list[Axes], shown: Pictures) -> None:
    if shown.thesis_date:
        for axis in axes:
            axis.axvline(_number(shown.thesis_date), color=SOFT, linewidth=1, linestyle=DASH["dash"])


def _bands(above: Axes, below: Axes, shown: Pictures) -> None:
    """Mark events with pale bands and name them over the upper panel."""
    for band in shown.bands:
        first, last = _number(band.first), _number(band.last)
        for axis in (above, below):
            axis.axvspan(first, last, facecolor=GRID, edgecolor=GRID, linewidth=1, alpha=0.6, zorder=0)
        middle = (first + last) / 2
        transform = above.get_xaxis_transform()
        above.text(middle, 1.01, band.label, transform=transform, ha="center", va="bottom", fontsize=11, color=SOFT)


def _number(day: str) -> float:
    """Days since 1970, which is how matplotlib counts."""
    return float(np.datetime64(day, "D").astype(int))


def _legend(axis: Axes) -> None:
    axis.legend(loc="upper left", frameon=False, fontsize=13, ncols=2, labelcolor=INK)


def equity(shown: Pictures) -> Figure:
    """Growth of 1 in excess of cash, over its drawdown from the running peak."""
    figure, (above, below) = _figure([5, 3])
    for line in shown.lines:
        _line(above, line, line.excess)
        _line(below, line, line.underwater * 100)
    _bands(above, below, shown)
    _thesis([above, below], shown)
    _legend(above)
    above.set_ylabel("growth of 1 over cash", fontsize=13, color=INK)
    below.set_ylabel("drawdown, %", fontsize=13, color=INK)
    _title(figure, "growth in excess of cash, and drawdown", shown)
    return figure


def rolling(shown: Pictures) -> Figure:
    """Rolling Sharpe ratio over rolling volatility."""
    figure, (above, below) = _figure([1, 1])
    for line in shown.lines:
        _line(above, line, line.sharpe, 1)
        _line(below, line, line.volatility * 100, 1)
    above.axhline(0, color=SOFT, linewidth=1)
    below.set_ylim(bottom=0)
    _thesis([above, below], shown)
    _legend(above)
    above.set_ylabel(f"Sharpe, {shown.window_name}", fontsize=13, color=INK)
    below.set_ylabel("volatility, % a year", fontsize=13, color=INK)
    _title(figure, f"{shown.window_name} rolling Sharpe ratio and volatility", shown)
    return figure


def calendar(shown: Pictures) -> Figure:
    """Return in excess of cash by calendar year, of the lines drawn at first."""
    figure, (axis,) = _figure([1])
    years = sorted({year for line in shown.lines for year in line.years})
    width = 0.8 / max(1, len(shown.lines))
    for i, line in enumerate(shown.lines):
        at = [year - 0.4 + width * (i + 0.5) for year in line.years]
        heights = [100 * excess for excess in line.years.values()]
        axis.bar(at, heights, width * 0.9, color=_colour(line.colour), label=line.name)
    axis.axhline(0, color=SOFT, linewidth=1)
    axis.set_xticks(years, [str(year) if len(years) <= 16 or year % 2 == 0 else "" for year in years])
    _legend(axis)
    axis.set_ylabel("excess return, %", fontsize=13, color=INK)
    _title(figure, "calendar years, in excess of cash", shown)
    return figure


def attribution(shown: Pictures) -> Figure:
    """Trading P&L by line, a bar per variant: gains to the right, losses to the left."""
    figure, (axis,) = _figure([1])
    axis.grid(axis="x", color=GRID, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    bars = list(reversed(shown.bars))
    right, left = np.zeros(len(bars)), np.zeros(len(bars))
    for line, name in shown.bar_names.items():
        values = np.array([bar.lines[line] for bar in bars]) / 1e6
        if values.any():
            axis.barh(
                range(len(bars)),
                values,
                0.6,
                left=np.where(values > 0, right, left),
                color=FILLS[line][0],
                hatch=FILLS[line][1],
                edgecolor="white",
                linewidth=0,
                label=name,
            )
            right += np.maximum(values, 0)
            left += np.minimum(values, 0)
    totals = [bar.total / 1e6 for bar in bars]
    axis.plot(totals, range(len(bars)), "D", color="white", markeredgecolor=INK, markersize=9, label="trading P&L")
    axis.axvline(0, color=SOFT, linewidth=1)
    axis.set_yticks(range(len(bars)), [bar.name for bar in bars], color=INK)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=13, labelcolor=INK)
    axis.set_xlabel("USD m", fontsize=13, color=INK)
    few = f", the first {len(bars)} of {shown.variants} by Sharpe ratio" if len(bars) < shown.variants else ""
    _title(figure, f"trading profit and loss by line{few}", shown)
    return figure


def traded(shown: Pictures) -> Figure:
    """The lead variant's spread over its z-score over the position held in it; a sentence where it has no spread."""
    held = shown.position
    if held is None:
        return _unquoted(shown)
    figure, axes = _figure([4, 2, 3])
    colour = _colour(held.colour)
    headings = (
        f"{held.label}, bp",
        "z-score: standard deviations from its mean until then",
        f"position, USD a bp: + gains as the {held.what} {'rises' if held.rises else 'falls'}",
    )
    for axis, heading in zip(axes, headings, strict=True):
        axis.set_title(heading, loc="left", fontsize=14, color=INK)
    mark = "o" if len(held.dates) < 3 else ""
    axes[0].plot(held.dates, held.spread, color=colour, linewidth=2, marker=mark)
    axes[1].plot(held.dates, held.score, color=INK, linewidth=1.5, marker=mark)
    axes[2].fill_between(held.dates, held.position, step="post", color=colour, alpha=0.5)
    axes[2].step(held.dates, held.position, where="post", color=colour, linewidth=1.5, marker=mark)
    axes[2].yaxis.set_major_formatter("{x:,.0f}")
    for axis in axes[1:]:
        axis.axhline(0, color=SOFT, linewidth=1)
    _thesis(axes, shown)
    _title(figure, f"what {shown.lead} traded", shown)
    return figure


def _unquoted(shown: Pictures) -> Figure:
    figure, (axis,) = _figure([1])
    axis.set_axis_off()
    axis.text(0.5, 0.5, shown.unquoted, transform=axis.transAxes, ha="center", fontsize=20, color=SOFT)
    _title(figure, f"what {shown.lead} traded", shown)
    return figure


PICTURES: dict[str, Callable[[Pictures], Figure]] = {
    "equity": equity, "rolling": rolling, "calendar": calendar, "attribution": attribution, "traded": traded,
}  # fmt: skip
