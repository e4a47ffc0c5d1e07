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
    own = marked = 0
    benchmarks = sum(variant.benchmark for variant in panels.variants)
    free = SHOWN - min(1, benchmarks)
    for variant in panels.variants:
        if variant.benchmark:
            style = {"colour": "ink", "dash": DASHES[marked % len(DASHES)], "shown": marked == 0}
            marked += 1
        else:
            dash = DASHES[own // len(COLOURS) % len(DASHES)]
            style = {"colour": COLOURS[own % len(COLOURS)], "dash": dash, "shown": own < free}
            own += 1
        result[variant.name] = style
    return result
