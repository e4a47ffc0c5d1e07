"""One colour and dash per variant through the whole page, and the same in its pictures."""

from __future__ import annotations

from typing import Any

from backtests.report.panels import Panels

# Okabe and Ito, Color Universal Design, 2008; yellow last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
DASHES = ("solid", "dash", "dot", "dashdot")
SHOWN = 6  # lines drawn at first; more can be switched on


def styles(panels: Panels) -> dict[str, dict[str, Any]]:
    """Return colour, dash and whether it is drawn at first, by variant. Benchmarks are `ink`: black or white."""
    result: dict[str, dict[str, Any]] = {}
    own = marks = 0
    benchmarks = sum(one.benchmark for one in panels.variants)
    room = SHOWN - min(1, benchmarks)
    for one in panels.variants:
        if one.benchmark:
            style = {"colour": "ink", "dash": DASHES[marks % len(DASHES)], "shown": marks == 0}
            marks += 1
        else:
            dash = DASHES[own // len(COLOURS) % len(DASHES)]
            style = {"colour": COLOURS[own % len(COLOURS)], "dash": dash, "shown": own < room}
            own += 1
        result[one.name] = style
    return result
