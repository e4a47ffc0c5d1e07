"""One colour and dash per variant through the whole page, and the same in its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backtests.report.panels import Panels

# Okabe and Ito, Color Universal Design, 2008; yellow last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
DASHES = ("solid", "dash", "dot", "dashdot")
SHOWN = 6  # lines drawn at first; more can be switched on


@dataclass(frozen=True)
class Style:
    """How a variant is drawn. Benchmarks are `ink`: black or white."""

    colour: str
    dash: str
    shown: bool  # whether it is drawn at first


def styles(panels: Panels) -> dict[str, Style]:
    """Return the style of each variant of a report; one of the lines drawn at first is a benchmark, if there is one."""
    benchmarks = {variant.name: variant.benchmark for variant in panels.variants}
    return styled(benchmarks, SHOWN - min(1, sum(benchmarks.values())))


def styled(benchmarks: Mapping[str, bool], shown: int) -> dict[str, Style]:
    """Return the style of variants, given whether each is a benchmark; so many that are none are drawn at first."""
    result: dict[str, Style] = {}
    own = marked = 0
    for name, benchmark in benchmarks.items():
        if benchmark:
            result[name] = Style("ink", DASHES[marked % len(DASHES)], shown=marked == 0)
            marked += 1
        else:
            dash = DASHES[own // len(COLOURS) % len(DASHES)]
            result[name] = Style(COLOURS[own % len(COLOURS)], dash, shown=own < shown)
            own += 1
    return result
