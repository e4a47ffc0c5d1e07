"""A run on one sheet of paper: verdict, notices, summary, growth and drawdown, attribution. It has no script."""

from __future__ import annotations

import base64
import io

from backtests.report import html, plots, summary
from backtests.report.canvas import Figure
from backtests.report.format import number
from backtests.report.panels import Panels
from backtests.report.picturing import pictures
from backtests.report.summary import SummaryRow
from backtests.report.verdict import verdict

MOST_ROWS, MOST_BENCHMARKS = 16, 3  # of the summary
MOST_NOTICES = 6
WIDTH, DOTS = 16.0, 200  # inches of a picture as it is drawn, and dots an inch; the sheet scales it to less than half
PICTURES = {"equity": 6.9, "attribution": 6.7}  # heights


def page(panels: Panels) -> str:
    """Return the sheet as HTML that prints on one page of A4, whatever it holds."""
    manifest, shown = panels.run.manifest, pictures(panels)
    notices = manifest.get("notices", [])
    rows = _rows(panels)
    return html.render(
        "onepage.html",
        title=manifest["name"],
        manifest=manifest,
        capital=number(manifest["capital"], 0),
        verdict=verdict(panels),
        columns=summary.columns(panels),
        rows=rows,
        left_out=len(panels.variants) - len(rows),
        notices=notices[:MOST_NOTICES],
        more=max(0, len(notices) - MOST_NOTICES),
        pictures={name: _drawn(plots.PICTURES[name](shown), height) for name, height in PICTURES.items()},
        reconciliation=f"{manifest['reconciliation']:.0e}",
    )


def _rows(panels: Panels) -> list[SummaryRow]:
    """The summary's rows, the first where there are too many; some benchmarks at the end."""
    rows = summary.figures(panels)
    benchmarks = [row for row in rows if row.benchmark][:MOST_BENCHMARKS]
    return [*[row for row in rows if not row.benchmark][: MOST_ROWS - len(benchmarks)], *benchmarks]


def _drawn(figure: Figure, height: float) -> str:
    """Return a picture as an address that holds it."""
    figure.set_size_inches(WIDTH, height)
    drawing = io.BytesIO()
    figure.savefig(drawing, format="png", dpi=DOTS)
    return f"data:image/png;base64,{base64.b64encode(drawing.getvalue()).decode('ascii')}"
