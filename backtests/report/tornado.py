"""Tornado pictures: how far each disputable convention moves the Sharpe ratio, a panel per variant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from backtests.report.canvas import GAIN, GRID, INK, LOSS, SOFT, Figure
from backtests.report.format import number
from backtests.report.sensitivity import Record

GRIDS = {1: (1, 1), 2: (1, 2), 3: (1, 3), 4: (2, 2)}
PANELS = 6  # to a picture
GROUPS = 10  # to a panel, those that change it most


def save(record: Record, folder: Path) -> None:
    """Write `tornado.png` into a folder and, for more variants than one picture holds, `tornado-2.png` and on."""
    names = list(record["variants"])
    for page, first in enumerate(range(0, len(names), PANELS), 1):
        path = folder / ("tornado.png" if page == 1 else f"tornado-{page}.png")
        draw(record, names[first : first + PANELS]).savefig(path, dpi=200)


def draw(record: Record, names: Sequence[str]) -> Figure:
    """Draw up to six variants: a bar per group from its lowest to its highest Sharpe ratio, the widest on top."""
    figure = Figure(figsize=(16, 9), layout="constrained", facecolor="white")
    down, across = GRIDS.get(len(names), (2, 3))
    axes = list(figure.subplots(down, across, squeeze=False, sharex=True).flat)
    for axis in axes:
        axis.set_visible(False)
    for axis, name in zip(axes, names, strict=False):
        axis.set_visible(True)
        _panel(axis, record, name)
    figure.suptitle(f"{record['name']}: what the Sharpe ratio depends on", x=0.01, ha="left", fontsize=20, color=INK)
    note = "black line and title: as run; plain: assumptions about the world; hatched: its own choices, its window"
    figure.supxlabel(f"Sharpe ratio; {note}", x=0.99, ha="right", fontsize=12, color=SOFT)
    return figure


def _panel(axis: Axes, record: Record, name: str) -> None:
    variant = record["variants"][name]
    base = variant["base"]["sharpe"]
    axis.set_title(f"{name}: {number(base)}", loc="left", fontsize=13, color=INK)
    axis.tick_params(colors=SOFT, labelsize=11, length=0, labelbottom=True)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.grid(axis="x", color=GRID, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.margins(x=0.28)
    if base is None:
        axis.set_yticks([])
        axis.text(0.5, 0.5, "never traded", transform=axis.transAxes, ha="center", fontsize=12, color=SOFT)
        return
    groups = variant["groups"][:GROUPS]
    _bar(axis, 0, base, (variant["worst"]["sharpe"], variant["best"]["sharpe"]), ("worst", "best"), "")
    for y, group in enumerate(groups, 1):
        ends = tuple(record["cases"][key]["label"] if key else "" for key in (group["lowest"], group["highest"]))
        hatch = "" if record["groups"][group["group"]]["about"] == "world" else "///"
        _bar(axis, y, base, (group["low"], group["high"]), ends, hatch)
    labels = ["all together", *(record["groups"][group["group"]]["label"] for group in groups)]
    axis.set_yticks(range(len(labels)), labels, color=INK)
    axis.set_ylim(max(len(labels), 6) - 0.4, -0.6)
    axis.axvline(0.0, color=SOFT, linewidth=1)
    axis.axvline(base, color=INK, linewidth=1.5)


def _bar(axis: Axes, y: int, base: float, ends: Sequence[float], labels: Sequence[str], hatch: str) -> None:
    """One bar: to the left of the base what lowers it, to the right what raises it, each named at its end."""
    for end, label, colour, side in zip(ends, labels, (LOSS, GAIN), ("right", "left"), strict=True):
        pale = 0.55 if hatch else 1.0
        axis.barh(y, end - base, 0.62, left=base, color=colour, alpha=pale, hatch=hatch, edgecolor="white", linewidth=0)
        if label and end != base:
            gap = -3 if side == "right" else 3
            axis.annotate(
                label, (end, y), (gap, 0), textcoords="offset points", ha=side, va="center", fontsize=9, color=SOFT
            )
