"""One colour and dash per variant through the whole page, and the same in its pictures; a country's own colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backtests.report.panels import Panels
from backtests.runs.exposure import BUCKETS
from data.countries import Countries, is_real

# Okabe and Ito, Color Universal Design, 2008; yellow last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
DASHES = ("solid", "dash", "dot", "dashdot")

# Shades by bucket of maturity, from short to long, chosen by eye for the colours of the US and Japan.
SHADES = {
    "#0072B2": ("#b7dcf2", "#6db7e3", "#0072b2", "#045280", "#4d6f8f"),
    "#D55E00": ("#fbd3b4", "#f2a065", "#d55e00", "#9c4500", "#a8704a"),
}
MIDDLE = 2  # the shade that is the colour itself; of a real curve a paler one
REAL_MIDDLE, PALER = {"#0072B2": "#3d95cc"}, 0.25
MIXED = ((255, 0.7), (255, 0.4), (255, 0.0), (0, 0.3), (128, 0.5))  # likewise: grey level, and how much of it
PATTERNS = ("", "/", "\\", "x", "-", "|", "+")  # which country, in the order of the table; dots are real yields
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


def countries(panels: Panels) -> dict[str, str]:
    """Return the colour of each leg's country."""
    table, legs = panels.run.countries, panels.run.manifest["legs"]
    of_curve = {name: table.of_curve(leg["curve"]) for name, leg in legs.items() if leg["curve"]}
    return {name: (of_curve.get(name) or table.of_currency(leg["currency"])).colour for name, leg in legs.items()}


def buckets(panels: Panels) -> dict[str, dict[str, str]]:
    """Return how each curve that is held is drawn: a colour by bucket of maturity, and its `pattern`."""
    held = {key for variant in panels.variants if variant.traded for key in variant.traded.dv01}
    table = panels.run.countries
    drawn = {curve: {"pattern": pattern(curve, table)} for curve, _ in sorted(held)}
    for curve, bucket in sorted(held):
        drawn[curve][bucket] = fill(curve, bucket, table)
    return drawn


def fill(curve: str, bucket: str, countries: Countries) -> str:
    """Return the colour of a bucket of maturity of a curve: a shade of its country's."""
    colour = countries.of_curve(curve).colour
    place = [name for _, name in BUCKETS].index(bucket)
    if is_real(curve) and place == MIDDLE:
        return REAL_MIDDLE.get(colour.upper()) or _mixed(colour, 255, PALER)
    shades = SHADES.get(colour.upper())
    return shades[place] if shades else _mixed(colour, *MIXED[place])


def pattern(curve: str, countries: Countries) -> str:
    """Return the pattern that tells a curve where colours cannot: dots of a real one, else its country's own."""
    if is_real(curve):
        return "."
    return PATTERNS[[country.code for country in countries].index(curve) % len(PATTERNS)]


def _mixed(colour: str, grey: int, share: float) -> str:
    """Return a colour with a share of grey in it.

    >>> _mixed("#0072B2", 255, 0.5)
    '#80b8d8'
    """
    levels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(level + (grey - level) * share):02x}" for level in levels)
