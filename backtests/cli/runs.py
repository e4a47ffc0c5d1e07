"""`divergence runs` and `divergence report`: look at what was run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that holds runs.")] = Path("runs"),
) -> None:
    """List runs, newest first, with the figures of each one's first variant."""
    from backtests.cli import terminal
    from backtests.report import html
    from backtests.runs.listing import listed
    from data.disk import is_folder
    from data.errors import ConfigError, shortened

    if not is_folder(folder) and (folder != Path("runs") or os.path.lexists(folder)):
        raise ConfigError(f"{shortened(folder, 200)}: no such folder; give the one that holds runs, like runs")
    listing = listed(folder)
    rows = html.rows(listing.runs)
    if listing.complaint:
        terminal.talk(listing.complaint)
    if not rows:
        terminal.say(f"no runs in {folder}; `divergence run` makes one")
        return
    headings = ("run", "created", "variants", "first variant", "excess", "vol", "Sharpe", "drawdown", "trading P&L")
    terminal.table(
        headings,
        [[r["folder"], r["created"], str(r["variants"]), r["lead"], *r["cells"]] for r in rows],
        left=(0, 1, 3),
    )


def report(
    run: Annotated[Path, typer.Argument(help="A run folder, like those `divergence runs` lists.")],
) -> None:
    """Draw the report and the pictures of a finished run again."""
    from backtests.cli import interrupt, terminal
    from backtests.report import html, plots
    from backtests.report.panels import panels
    from backtests.runs import folder as run_folder

    stored = run_folder.load(run)
    try:
        content = panels(stored)
        page = html.page(content)
    except run_folder.UNREADABLE as error:
        raise run_folder.unreadable(run, "drawn", error) from error
    as_it_was = f"what of {run} was not drawn again is as it was"
    with interrupt.telling(lambda: as_it_was), run_folder.redrawing(run) as beside:
        (beside / "report.html").write_text(page, encoding="utf-8")
        plots.save(content, beside / "plots")
    terminal.say(f"report: {run / 'report.html'}")
