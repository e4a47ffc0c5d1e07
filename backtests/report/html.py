"""The page: tables from `tables`, series for the script to draw, one self-contained file."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from backtests.config import as_yaml
from backtests.report import blotter, detail, hedges, margin, regimes, sensitivity, summary, tables, traded
from backtests.report.format import Payload, number
from backtests.report.palette import buckets, countries, styles
from backtests.report.panels import MANY, Panels, VariantPanel
from backtests.report.series import Calendar
from backtests.report.verdict import verdict

SCRIPTS = (
    "page", "table", "rail", "kit", "readout", "report", "traded", "tornado", "trips", "detail", "months", "link",
)  # fmt: skip
NOTICES = 6  # of more, the page opens with their number
DIGITS = 6  # significant, more than any screen shows


def page(panels: Panels) -> str:
    """Return the report as one HTML document that needs nothing from outside."""
    manifest, series = panels.run.manifest, _series(panels)
    return render(
        "report.html",
        title=manifest["name"],
        manifest=manifest,
        thesis=panels.run.folder is not None and (panels.run.folder / "thesis.html").is_file(),
        verdict=verdict(panels),
        columns=summary.columns(panels),
        figures=summary.figures(panels),
        periods=summary.periods(panels),
        tabs=summary.tabs(panels),
        swatches=styles(panels),
        calendar_excess=tables.calendar(panels, 1),
        calendar_total=tables.calendar(panels, 0) if len(panels.variants) <= MANY else None,
        lines=tables.lines(panels),
        components=tables.components(panels),
        against=tables.against(panels),
        drawdowns=tables.drawdowns(panels),
        events=regimes.events(panels),
        regimes=regimes.regimes(panels),
        shocks=regimes.shocks(panels),
        regime_detail=regimes.detail(panels),
        named=regimes.named(panels),
        month_names=detail.MONTHS,
        bars=detail.bars(panels),
        inference=detail.inference(panels),
        choice=detail.choice(panels),
        sensitivity=sensitivity.page(panels.run.sensitivity) if panels.run.sensitivity else [],
        traded_words=traded.sentences(panels, panels.variants),
        traded_rows=traded.last_rows(panels),
        margin=margin.rows(panels),
        hedges=hedges.rows(panels),
        windows=tables.windows(panels),
        legs=tables.legs(panels),
        variants=[variant.name for variant in panels.variants],
        window=panels.window_name,
        reconciliation=f"{manifest['reconciliation']:.1e}",
        capital=number(manifest["capital"], 0),
        config=as_yaml(panels.run.config),
        thinned=series["thinned"],
        data=embedded(series),
        detail=embedded(detail.data(panels)),
        trips=blotter.words(panels),
        trips_data=embedded(blotter.payload(panels, series["dates"])),
        plotly=plotly_script(),
        css=asset("report.css"),
        script=script(*SCRIPTS) + "page.ready();",
        first=MANY,
        few=NOTICES,
    )


@cache
def _environment() -> Environment:
    loader = PackageLoader("backtests.report")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["breakable"] = _breakable
    environment.filters["stroke"] = _stroke
    return environment


def _breakable(name: str) -> Markup:
    """Let a long name break after its underscores on a narrow screen."""
    return Markup("_<wbr>").join(name.split("_"))


def _stroke(colour: str) -> str:
    """Return a line's colour as a mark in a table has it: that of the theme, where the style sheet has one."""
    return "currentColor" if colour == "ink" else f"var(--hue-{colour[1:].lower()}, {colour})"


def render(template: str, **content: Any) -> str:
    """Return a template filled in; every value is escaped."""
    return str(_environment().get_template(template).render(**content))


def asset(name: str) -> str:
    """Return the text of a style or script that pages carry inside."""
    return files("backtests.report").joinpath("templates", name).read_text(encoding="utf-8")


def script(*names: str) -> str:
    """Return scripts of ours, in order, as a page carries them."""
    return inert("".join(asset(f"{name}.js") for name in names))


def plain_script() -> str:
    """Return the script of a page that has tables and no plots."""
    return script("page", "table") + "page.theme(() => {}); page.ready();"


@cache
def plotly_script() -> str:
    """Return the library that draws, with nothing in it that could end the script element it stands in."""
    text = files("backtests.report").joinpath("vendor", "plotly-basic.min.js").read_text(encoding="utf-8")
    return inert(text)


def inert(script: str) -> str:
    """Return a script that means the same and can neither end its element nor open a comment in it.

    >>> print(inert("x = '</script><!--'"))
    x = '<\\/script><\\!--'
    """
    return re.sub("<(?=/script|!--)", r"<\\", script, flags=re.IGNORECASE)


def embedded(value: Payload) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), default=asdict)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _series(panels: Panels) -> Payload:
    few = len(panels.variants) <= MANY
    calendar = Calendar(sorted({day for variant in panels.variants for day in variant.dates}))
    row = {day: i for i, day in enumerate(calendar.days)}
    return {
        "dates": calendar.days,
        "thinned": calendar.width > 1,
        "thesis": panels.run.manifest["thesis_date"],
        "window": panels.window_name,
        "styles": styles(panels),
        "countries": countries(panels),
        "buckets": buckets(panels),
        "lines": tables.LINE_NAMES,
        "tornado": sensitivity.tornado(panels.run.sensitivity) if panels.run.sensitivity else {},
        "bands": panels.bands,
        "variants": [
            {**_variant(variant), **_paths(variant, calendar, row[variant.dates[0]])}
            | ({"total": calendar.growth(variant.total, row[variant.dates[0]])} if few else {})
            | {"traded": calendar.coded(traded.series(panels, variant), row[variant.dates[0]])}
            for variant in panels.variants
        ],
    }


def _variant(variant: VariantPanel) -> Payload:
    used = {line: float(f"{value:.{DIGITS}g}") for line, value in variant.lines.items() if value}
    spread = {"width": float(f"{100 * variant.spread.width:.{DIGITS}g}"), "counts": variant.spread.counts}
    return {"name": variant.name, "benchmark": variant.benchmark, "lines": used, "spread": spread}


def _paths(variant: VariantPanel, calendar: Calendar, start: int) -> Payload:
    """Return a variant's paths, whose first row is row `start` of the calendar, in percent and USD m."""
    return {
        "excess": calendar.growth(variant.excess, start),
        "underwater": calendar.path(variant.underwater * 100, start),
        "sharpe": calendar.path(variant.sharpe, start + 1),
        "volatility": calendar.path(variant.volatility * 100, start + 1),
        "betas": {name: calendar.path(beta, start + 1) for name, beta in variant.betas.items()},
        "legs": {leg: calendar.path(path / 1e6, start) for leg, path in variant.legs.items()},
        "components": {name: calendar.path(path / 1e6, start) for name, path in variant.components.items()},
    }
