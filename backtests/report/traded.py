"""What was traded and what was at risk: the spread in words, the table of last rows, the series the script draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.report.format import ABSENT, MINUS, Payload, number
from backtests.report.panels import MANY, Panels, VariantPanel
from backtests.runs.exposure import Traded
from data.countries import Countries, is_real
from data.pricing.bonds import Array

UNSTORED = "This run stored no exposures; run it again to see them."
HEADINGS = (("Variant", ""), ("Spread", ""), ("Level", "bp"), ("z-score", ""), ("Position", "USD a bp"))
AFTER = (("Carry and roll", "bp a year"), ("Gross", "× equity"), ("Beta", "years"))


@dataclass(frozen=True)
class Sentences:
    """Where a variant's spread stood on its last row, and what it held."""

    name: str
    spread: str
    held: str


@dataclass(frozen=True)
class LastRow:
    """What a variant's last row shows: its spread by name, and figures."""

    name: str
    spread: str
    cells: list[str]


@dataclass(frozen=True)
class LastRows:
    """The table of last rows; a heading has its unit, or none."""

    headings: list[tuple[str, str]]
    rows: list[LastRow]
    places: str  # over which the level of rates is averaged


def label(panels: Panels, variant: VariantPanel) -> str:
    """Return the combination of yields in words, like `UST10 − JGB10`; a dash where there is none."""
    if variant.traded is None or not variant.traded.quote.weights:
        return ABSENT
    weights = variant.traded.quote.weights
    if len(weights) == 1:
        return f"{next(iter(weights))} yield"
    curve = {name: panels.run.manifest["legs"][name]["curve"] for name in weights}
    by_curve = [[name for name in weights if curve[name] == key] for key in dict.fromkeys(curve.values())]
    if len(weights) == 4 and {abs(weight) for weight in weights.values()} == {1.0} and len(by_curve) == 2:
        boxes = [sorted(legs, key=lambda name: -weights[name]) for legs in by_curve]
        if all(weights[legs[0]] > 0 > weights[legs[1]] for legs in boxes if len(legs) == 2):
            (domestic, foreign) = boxes
            return f"({domestic[0]} {MINUS} {domestic[1]}) {MINUS} ({foreign[1]} {MINUS} {foreign[0]})"
    plus = [_term(name, weight) for name, weight in weights.items() if weight > 0]
    minus = [_term(name, -weight) for name, weight in weights.items() if weight < 0]
    return f" {MINUS} ".join([" + ".join(plus), *minus])


def _term(name: str, weight: float) -> str:
    return name if round(weight, 2) == 1.0 else f"{weight:.2f}".rstrip("0") + f" {name}"


def kind(traded: Traded) -> str:
    """Return what a combination is: a yield, or the average of some, or a spread."""
    return "yield" if all(weight > 0 for weight in traded.quote.weights.values()) else "spread"


def sentences(panels: Panels, variants: Sequence[VariantPanel]) -> list[Sentences]:
    """Return what each variant traded and held on its last row, in words."""
    countries = panels.run.countries
    return [Sentences(variant.name, _spread(panels, variant), _held(variant, countries)) for variant in variants]


def _spread(panels: Panels, variant: VariantPanel) -> str:
    traded, day = variant.traded, variant.dates[-1]
    if traded is None:
        return UNSTORED
    if not traded.quote.weights:
        return f"There is no spread to draw: {traded.quote.why_none}."
    spread, score, held = traded.spread[-1], traded.score[-1], traded.position[-1]
    stood = f"stood at {number(spread, 0)} bp" if np.isfinite(spread) else "was not quoted"
    compared = ""
    if np.isfinite(score):
        side = "above" if score >= 0 else "below"
        compared = f", {number(abs(score), 1)} standard deviations {side} the mean of all rows of the data until then"
    position = f"The position then held, {number(abs(held), 0)} USD a bp, gains as it {_gains(traded)}."
    position = position if held else "Nothing was held on it that day."
    several = " On an earlier row it is what was last held by then." if traded.quote.of > 1 else ""
    return f"{label(panels, variant)} {stood} on {day}{compared}. {position}{several}"


def _gains(traded: Traded) -> str:
    """Which way the spread must go for what is held on the last row to gain."""
    return "rises" if (traded.position[-1] > 0) == traded.quote.rises else "falls"


def curve_name(curve: str, countries: Countries) -> str:
    """Return how a heading or a legend calls a curve, like `US real`."""
    country = countries.of_curve(curve)
    return f"{country.label} real" if is_real(curve) else country.label


def _place(curve: str, countries: Countries) -> str:
    """Return how a sentence calls where a curve is at home."""
    country = countries.of_curve(curve)
    return f"{country.label} real yields" if is_real(curve) else country.place


def _held(variant: VariantPanel, countries: Countries) -> str:
    traded, day = variant.traded, variant.dates[-1]
    if traded is None:
        return UNSTORED
    if not traded.gross[-1]:
        return f"Nothing was held on {day}." if traded.gross.any() else "It never held anything."
    sizes = [f"{number(usd, 0)} in {_place(curve, countries)}" for curve, usd in traded.net.items()]
    risk = f"DV01, in USD a bp, of {', '.join(sizes)}" if sizes else "no DV01"
    earns = f"carry and roll-down {_last(traded.carry, 0)} bp of equity a year, {_last(traded.gross, 2)} × equity gross"
    beta = f", a beta of {_last(traded.beta, 1)} years" if np.isfinite(traded.beta[-1]) else ""
    return f"On {day} it held {risk}; {earns}{beta}."


def last_rows(panels: Panels) -> LastRows:
    """Return the table of every variant's last row; no rows where a run stored no exposures."""
    exposed = [(variant, variant.traded) for variant in panels.variants if variant.traded is not None]
    countries = panels.run.countries
    curves = [curve for curve in countries.curves if any(curve in traded.net for _, traded in exposed)]
    headings = [*HEADINGS, *((f"DV01 {curve_name(curve, countries)}", "USD a bp") for curve in curves), *AFTER]
    rows = [_row(panels, variant, traded, curves) for variant, traded in exposed]
    return LastRows(headings, rows, _listed([country.place for country in panels.run.shocked]))


def _listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them, like `the US, Japan and Germany`."""
    if len(words) < 2:
        return words[0] if words else "the countries of the data"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _row(panels: Panels, variant: VariantPanel, traded: Traded, curves: list[str]) -> LastRow:
    cells = [_last(traded.spread, 0), _last(traded.score, 1)]
    held = traded.position[-1]
    arrow = {"rises": " ↑", "falls": " ↓"}[_gains(traded)] if held and np.isfinite(held) else ""
    cells.append(_last(np.abs(traded.position), 0) + arrow)
    cells += [number(traded.net.get(curve), 0) for curve in curves]
    cells += [_last(traded.carry, 0), _last(traded.gross, 2), _last(traded.beta, 1)]
    return LastRow(variant.name, label(panels, variant), cells)


def _last(values: Array, digits: int) -> str:
    value = float(values[-1])
    return number(value if np.isfinite(value) else None, digits)


def series(panels: Panels, variant: VariantPanel) -> Payload | None:
    """Return what the script draws of a variant: words, and paths (T,) in the units that they are drawn in.

    DV01 is (K, T), a path per bucket.
    """
    traded, countries = variant.traded, panels.run.countries
    if traded is None:
        return None
    drawn: Payload = {
        "label": label(panels, variant),
        "what": kind(traded),
        "gains": "rises" if traded.quote.rises else "falls",
        "signals": dict(traded.signals),
        "buckets": [
            {"curve": curve, "bucket": bucket, "name": bucket_name(curve, bucket, countries)}
            for curve, bucket in traded.dv01
        ],
        "dv01": np.array(list(traded.dv01.values())).reshape(len(traded.dv01), len(traded.gross)),
        "carry": traded.carry,
        "gross": traded.gross,
        "beta": traded.beta,
    }
    if traded.quote.weights:
        drawn |= {"spread": traded.spread, "score": traded.score, "position": traded.position}
    if traded.margin.any():
        drawn["margin"] = traded.margin
    if len(panels.variants) <= MANY and np.isfinite(traded.initial_margin).any():
        drawn["tied"] = 100 * traded.initial_margin
    return drawn


def bucket_name(curve: str, bucket: str, countries: Countries) -> str:
    """Return how a legend calls a bucket, like `US 7–12`."""
    return f"{curve_name(curve, countries)} {bucket.replace('-', '–')}"
