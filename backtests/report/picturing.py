"""From a report's content to what its pictures show."""

from __future__ import annotations

import numpy as np

from backtests.performance.attribution import TRADED
from backtests.report import traded as words
from backtests.report.palette import Style, styles
from backtests.report.panels import MANY, Panels, VariantPanel
from backtests.report.pictures import Bar, Days, Line, Pictures, Position
from backtests.report.tables import LINE_NAMES, lead


def pictures(panels: Panels) -> Pictures:
    """Return what the pictures of a report show."""
    manifest, chosen = panels.run.manifest, styles(panels)
    first = lead(panels.run.metrics, manifest["benchmarks"])
    led = next(variant for variant in panels.variants if variant.name == first)
    position = _position(panels, led, chosen[first])
    return Pictures(
        run=manifest["name"],
        note=f"{manifest['data']['source']} data to {manifest['data']['last']}",
        thesis_date=manifest["thesis_date"],
        window_name=panels.window_name,
        lines=[_line(variant, chosen[variant.name]) for variant in panels.variants if chosen[variant.name].shown],
        bands=panels.bands,
        bars=[Bar(variant.name, variant.lines, variant.figures["trading_pnl"]) for variant in panels.variants[:MANY]],
        bar_names={line: LINE_NAMES[line] for line in TRADED},
        variants=len(panels.variants),
        lead=first,
        position=position,
        unquoted="" if position else words.sentences(panels, [led])[0].spread,
    )


def _line(variant: VariantPanel, style: Style) -> Line:
    return Line(
        name=variant.name,
        colour=style.colour,
        dash=style.dash,
        dates=_days(variant),
        excess=variant.excess,
        underwater=variant.underwater,
        sharpe=variant.sharpe,
        volatility=variant.volatility,
        years={year: excess for year, (_, excess) in variant.years.items()},
    )


def _position(panels: Panels, variant: VariantPanel, style: Style) -> Position | None:
    traded = variant.traded
    if traded is None or not traded.quote.weights:
        return None
    return Position(
        colour=style.colour,
        label=words.label(panels, variant),
        what=words.kind(traded),
        rises=traded.quote.rises,
        dates=_days(variant),
        spread=traded.spread,
        score=traded.score,
        position=traded.position,
    )


def _days(variant: VariantPanel) -> Days:
    return np.array(variant.dates, dtype="datetime64[D]")
