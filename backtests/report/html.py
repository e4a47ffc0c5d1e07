"""The page: tables from `tables`, series for the script to draw, one self-contained file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from backtests.config import as_yaml
from backtests.report import detail, regimes, sensitivity, tables, traded
from backtests.report.format import Figures, Payload, millions, number, percent
from backtests.report.palette import countries, styles
from backtests.report.panels import Panels, VariantPanel
from data.pricing.bonds import Array

DIGITS = 6  # significant, more than any screen shows


def page(panels: Panels) -> str:
    """Return the report as one HTML document that needs nothing from outside."""
    manifest = panels.run.manifest
    return render(
        "report.html",
        title=manifest["name"],
        manifest=manifest,
        thesis=panels.run.folder is not None and (panels.run.folder / "thesis.html").is_file(),
        verdict=tables.verdict(panels),
        columns=tables.columns(panels),
        summary=tables.summary(panels),
        calendar_excess=tables.calendar(panels, 1),
        calendar_total=tables.calendar(panels, 0),
        lines=tables.lines(panels),
        components=tables.components(panels),
        against=tables.against(panels),
        drawdowns=tables.drawdowns(panels),
        events=regimes.events(panels),
        regimes=regimes.regimes(panels),
        shocks=regimes.shocks(panels),
        regime_detail=regimes.detail(panels),
        named=regimes.named(panels),
        months=detail.months(panels),
        month_names=detail.MONTHS,
        bars=detail.bars(panels),
        inference=detail.inference(panels),
        choice=detail.choice(panels),
        sensitivity=sensitivity.page(panels.run.sensitivity) if panels.run.sensitivity else [],
        traded_words=traded.sentences(panels, panels.variants),
        traded_rows=traded.last_rows(panels),
        windows=tables.windows(panels),
        legs=tables.legs(panels),
        variants=[variant.name for variant in panels.variants],
        window=panels.window_name,
        reconciliation=f"{manifest['reconciliation']:.1e}",
        capital=number(manifest["capital"], 0),
        config=as_yaml(panels.run.config),
        data=embedded(_series(panels)),
        detail=embedded(detail.data(panels)),
        plotly=plotly_script(),
        css=asset("report.css"),
        script=asset("report.js") + asset("traded.js") + asset("tornado.js"),
        detail_script=asset("sort.js") + asset("detail.js"),
    )


class RunRow(TypedDict):
    """What the list of runs says of a run; the figures are those of its first variant that is no benchmark."""

    folder: str
    name: str
    created: str
    variants: int
    last: str
    lead: str
    verdict: str
    cells: list[str]


def index(runs: Sequence[RunRow]) -> str:
    """Return the page that lists runs."""
    return render("index.html", runs=runs, css=asset("report.css"), script=asset("sort.js") + asset("index.js"))


def rows(runs: Sequence[tuple[Path, Mapping[str, Any], Mapping[str, Figures]]]) -> list[RunRow]:
    """Return a row per run: its folder, manifest and figures by variant are given."""
    return [_run(folder.name, manifest, figures) for folder, manifest, figures in runs]


def _run(folder: str, manifest: Mapping[str, Any], figures: Mapping[str, Figures]) -> RunRow:
    lead = tables.lead(figures, manifest["benchmarks"])
    leading = figures[lead]
    return {
        "folder": folder,
        "name": manifest["name"],
        "created": manifest["created"].replace("T", " ")[:16],
        "variants": len(figures),
        "last": manifest["data"]["last"],
        "lead": lead,
        "verdict": tables.sentence(lead, leading),
        "cells": [
            percent(leading["excess_return"], 2), percent(leading["volatility"]), number(leading["sharpe"]),
            percent(leading["excess_drawdown"]), millions(leading["pnl"]),
        ],
    }  # fmt: skip


@cache
def _environment() -> Environment:
    loader = PackageLoader("backtests.report")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(name: str) -> Markup:
    """Let a long name break after its underscores on a narrow screen."""
    return Markup("_<wbr>").join(name.split("_"))


def render(template: str, **content: Any) -> str:
    """Return a template filled in; every value is escaped."""
    return str(_environment().get_template(template).render(**content))


def asset(name: str) -> str:
    """Return the text of a style or script that pages carry inside."""
    return files("backtests.report").joinpath("templates", name).read_text(encoding="utf-8")


def plotly_script() -> str:
    """Return plotly's script, without importing plotly's figure library."""
    spec = find_spec("plotly")
    assert spec is not None and spec.origin is not None  # a declared dependency
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def embedded(value: Payload) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), default=asdict)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _series(panels: Panels) -> Payload:
    dates = sorted({day for variant in panels.variants for day in variant.dates})
    start = {day: row for row, day in enumerate(dates)}
    return {
        "dates": dates,
        "thesis": panels.run.manifest["thesis_date"],
        "window": panels.window_name,
        "styles": styles(panels),
        "countries": countries(panels),
        "lines": tables.LINE_NAMES,
        "tornado": sensitivity.tornado(panels.run.sensitivity) if panels.run.sensitivity else {},
        "bands": panels.bands,
        "variants": [
            {**_variant(variant, start[variant.dates[0]]), "traded": traded.series(panels, variant)}
            for variant in panels.variants
        ],
    }


def _variant(variant: VariantPanel, start: int) -> Payload:
    return {
        "name": variant.name,
        "benchmark": variant.benchmark,
        "start": start,
        "total": _compact(variant.total),
        "excess": _compact(variant.excess),
        "underwater": _compact(variant.underwater),
        "sharpe": _compact(variant.sharpe),
        "volatility": _compact(variant.volatility),
        "lines": {line: value for line, value in variant.lines.items() if value},
        "legs": {leg: _compact(path) for leg, path in variant.legs.items()},
        "components": {name: _compact(path) for name, path in variant.components.items()},
    }


def _compact(values: Array) -> list[float | None]:
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values]
