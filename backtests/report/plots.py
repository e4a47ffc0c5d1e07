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

from backtests.performance.attribution import TRADED
from backtests.report import traded as words
from backtests.report.canvas import GRID, INK, SOFT, Figure
from backtests.report.palette import Style, styles
from backtests.report.panels import MANY, Panels, VariantPanel
from backtests.report.tables import LINE_NAMES, lead

DASH: dict[str, Any] = {"solid": "-", "dash": (0, (5, 2)), "dot": (0, (1, 1.5)), "dashdot": (0, (5, 2, 1, 2))}
# Of the attribution: what bonds did is plain, what money cost or earned is hatched.
FILLS = {
    "price": (INK, ""), "income": (INK, "///"),
    "carry": ("#0072B2", ""), "rolldown": ("#56B4E9", ""), "level": ("#D55E00", ""), "curve": ("#E69F00", ""),
    "convexity": ("#009E73", ""), "inflation": ("#CC79A7", ""), "fee": ("#F0E442", ""), "tracking": (SOFT, ""),
    "fx": ("#CC79A7", "///"), "funding": ("#0072B2", "///"), "borrow": ("#56B4E9", "///"), "roll": ("#E69F00", "///"),
    "cost": ("#D55E00", "///"), "margin": (SOFT, "///"),
}  # fmt: skip


def save(panels: Panels, folder: Path) -> None:
    """Write the pictures of a report into a folder."""
    folder.mkdir(exist_ok=True)
    gc.freeze()  # what is there already is not looked through for each picture
    try:
        for name, draw in PICTURES.items():
            draw(panels).savefig(folder / f"{name}.png", dpi=200, pil_kwargs={"compress_level": 3})
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


def _title(figure: Figure, text: str, panels: Panels) -> None:
    manifest = panels.run.manifest
    figure.suptitle(f"{manifest['name']}: {text}", x=0.01, ha="left", fontsize=20, color=INK)
    note = f"{manifest['data']['source']} data to {manifest['data']['last']}"
    figure.supxlabel(note, x=0.99, ha="right", fontsize=11, color=SOFT)


def _drawn(panels: Panels) -> list[VariantPanel]:
    chosen = styles(panels)
    return [variant for variant in panels.variants if chosen[variant.name].shown]


def _line(axis: Axes, panels: Panels, variant: VariantPanel, values: Any, skip: int = 0) -> None:
    style = styles(panels)[variant.name]
    dates = np.array(variant.dates[skip:], dtype="datetime64[D]")
    axis.plot(dates, values, color=_colour(style), linestyle=DASH[style.dash], linewidth=2, label=variant.name)


def _colour(style: Style) -> str:
    return INK if style.colour == "ink" else style.colour


def _thesis(axes: list[Axes], panels: Panels) -> None:
    day = panels.run.manifest["thesis_date"]
    if day:
        for axis in axes:
            axis.axvline(_number(day), color=SOFT, linewidth=1, linestyle=DASH["dash"])


def _bands(above: Axes, below: Axes, panels: Panels) -> None:
    """Mark events with pale bands and name them over the upper panel."""
    for band in panels.bands:
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


def equity(panels: Panels) -> Figure:
    """Growth of 1 in excess of cash, over its drawdown from the running peak."""
    figure, (above, below) = _figure([5, 3])
    for variant in _drawn(panels):
        _line(above, panels, variant, variant.excess)
        _line(below, panels, variant, variant.underwater * 100)
    _bands(above, below, panels)
    _thesis([above, below], panels)
    _legend(above)
    above.set_ylabel("growth of 1 over cash", fontsize=13, color=INK)
    below.set_ylabel("drawdown, %", fontsize=13, color=INK)
    _title(figure, "growth in excess of cash, and drawdown", panels)
    return figure


def rolling(panels: Panels) -> Figure:
    """Rolling Sharpe ratio over rolling volatility."""
    figure, (above, below) = _figure([1, 1])
    for variant in _drawn(panels):
        _line(above, panels, variant, variant.sharpe, 1)
        _line(below, panels, variant, variant.volatility * 100, 1)
    above.axhline(0, color=SOFT, linewidth=1)
    below.set_ylim(bottom=0)
    _thesis([above, below], panels)
    _legend(above)
    above.set_ylabel(f"Sharpe, {panels.window_name}", fontsize=13, color=INK)
    below.set_ylabel("volatility, % a year", fontsize=13, color=INK)
    _title(figure, f"{panels.window_name} rolling Sharpe ratio and volatility", panels)
    return figure


def calendar(panels: Panels) -> Figure:
    """Return in excess of cash by calendar year, of the lines drawn at first."""
    figure, (axis,) = _figure([1])
    drawn = _drawn(panels)
    years = sorted({year for variant in drawn for year in variant.years})
    width = 0.8 / max(1, len(drawn))
    chosen = styles(panels)
    for i, variant in enumerate(drawn):
        at = [year - 0.4 + width * (i + 0.5) for year in variant.years]
        heights = [100 * excess for _, excess in variant.years.values()]
        axis.bar(at, heights, width * 0.9, color=_colour(chosen[variant.name]), label=variant.name)
    axis.axhline(0, color=SOFT, linewidth=1)
    axis.set_xticks(years, [str(year) if len(years) <= 16 or year % 2 == 0 else "" for year in years])
    _legend(axis)
    axis.set_ylabel("excess return, %", fontsize=13, color=INK)
    _title(figure, "calendar years, in excess of cash", panels)
    return figure


def attribution(panels: Panels) -> Figure:
    """Trading P&L by line, a bar per variant: gains to the right, losses to the left."""
    figure, (axis,) = _figure([1])
    axis.grid(axis="x", color=GRID, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    variants = panels.variants[MANY - 1 :: -1]
    right, left = np.zeros(len(variants)), np.zeros(len(variants))
    for line in TRADED:
        values = np.array([variant.lines[line] for variant in variants]) / 1e6
        if values.any():
            axis.barh(
                range(len(variants)),
                values,
                0.6,
                left=np.where(values > 0, right, left),
                color=FILLS[line][0],
                hatch=FILLS[line][1],
                edgecolor="white",
                linewidth=0,
                label=LINE_NAMES[line],
            )
            right += np.maximum(values, 0)
            left += np.minimum(values, 0)
    totals = [variant.figures["trading_pnl"] / 1e6 for variant in variants]
    axis.plot(totals, range(len(variants)), "D", color="white", markeredgecolor=INK, markersize=9, label="trading P&L")
    axis.axvline(0, color=SOFT, linewidth=1)
    axis.set_yticks(range(len(variants)), [variant.name for variant in variants], color=INK)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=13, labelcolor=INK)
    axis.set_xlabel("USD m", fontsize=13, color=INK)
    count = len(panels.variants)
    few = "" if count <= MANY else f", the first {MANY} of {count} by Sharpe ratio"
    _title(figure, f"trading profit and loss by line{few}", panels)
    return figure


def traded(panels: Panels) -> Figure:
    """The lead variant's spread over its z-score over the position held in it; a sentence where it has no spread."""
    name = lead(panels.run.metrics, panels.run.manifest["benchmarks"])
    variant = next(panel for panel in panels.variants if panel.name == name)
    if variant.traded is None or not variant.traded.quote.weights:
        return _unquoted(panels, variant)
    figure, axes = _figure([4, 2, 3])
    colour = _colour(styles(panels)[name])
    dates = np.array(variant.dates, dtype="datetime64[D]")
    gains = "rises" if variant.traded.quote.rises else "falls"
    headings = (
        f"{words.label(panels, variant)}, bp",
        "z-score: standard deviations from its mean until then",
        f"position, USD a bp: + gains as the {words.kind(variant.traded)} {gains}",
    )
    for axis, heading in zip(axes, headings, strict=True):
        axis.set_title(heading, loc="left", fontsize=14, color=INK)
    mark = "o" if len(dates) < 3 else ""
    axes[0].plot(dates, variant.traded.spread, color=colour, linewidth=2, marker=mark)
    axes[1].plot(dates, variant.traded.score, color=INK, linewidth=1.5, marker=mark)
    axes[2].fill_between(dates, variant.traded.position, step="post", color=colour, alpha=0.5)
    axes[2].step(dates, variant.traded.position, where="post", color=colour, linewidth=1.5, marker=mark)
    axes[2].yaxis.set_major_formatter("{x:,.0f}")
    for axis in axes[1:]:
        axis.axhline(0, color=SOFT, linewidth=1)
    _thesis(axes, panels)
    _title(figure, f"what {name} traded", panels)
    return figure


def _unquoted(panels: Panels, variant: VariantPanel) -> Figure:
    figure, (axis,) = _figure([1])
    axis.set_axis_off()
    text = words.sentences(panels, [variant])[0].spread
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", fontsize=20, color=SOFT)
    _title(figure, f"what {variant.name} traded", panels)
    return figure


PICTURES: dict[str, Callable[[Panels], Figure]] = {
    "equity": equity, "rolling": rolling, "calendar": calendar, "attribution": attribution, "traded": traded,
}  # fmt: skip
