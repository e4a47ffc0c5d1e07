"""`divergence runs` and `divergence report`: look at what was run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backtests.runs.trials import Trial, Trials

IDEAS = ("idea", "last name", "strategy", "Sharpe", "months", "tried", "first", "last", "first by")
MOST = 50  # ideas in a table


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that holds runs.")] = Path("runs"),
    trials: Annotated[
        bool, typer.Option("--trials", help="List the ideas that were tried instead, by Sharpe ratio.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="With --trials: all of them, as JSON.")] = False,
) -> None:
    """List runs, newest first, with the figures of each one's first variant; or what was tried."""
    from backtests.cli import terminal
    from backtests.report import html
    from backtests.runs.listing import listed
    from data.disk import is_folder
    from data.errors import ConfigError, shortened

    if not is_folder(folder) and (folder != Path("runs") or os.path.lexists(folder)):
        raise ConfigError(f"{shortened(folder, 200)}: no such folder; give the one that holds runs, like runs")
    if json_ and not trials:
        raise ConfigError("--json lists what was tried; add --trials")
    if trials:
        _tried(folder, _as_json if json_ else _as_table)
        return
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


def _tried(folder: Path, show: Callable[[Path, Trials], None]) -> None:
    """Show the registry of a folder of runs; run folders that are not in it yet enter with the next run."""
    from backtests.cli import terminal
    from backtests.runs.trials import known

    told = known(folder)
    for line in told.complaints:
        terminal.talk(line)
    show(folder, told)


def _as_json(folder: Path, told: Trials) -> None:
    import json

    from backtests.runs.tried import stated

    record = {**stated(told), "trials": [_plain(row) for row in told.rows]}
    print(json.dumps(record, indent=2, allow_nan=False))


def _plain(row: Trial) -> dict[str, Any]:
    from datetime import UTC, datetime

    first, last = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (row.first, row.last))
    return {
        "idea": row.idea, "name": row.name, "strategy": row.strategy,
        "sharpe": None if row.sharpe != row.sharpe else row.sharpe, "months": len(row.x),
        "evaluations": row.evaluations, "first": first, "last": last, "source": row.source,
    }  # fmt: skip


def _as_table(folder: Path, told: Trials) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number, registered
    from backtests.runs.folder import utc_now
    from backtests.runs.tried import stated

    if not told.rows:
        terminal.say(f"no trials are registered in {folder}; `divergence run` registers what it runs")
        return
    rows = sorted((_plain(row) for row in told.rows), key=lambda row: (row["sharpe"] is None, -(row["sharpe"] or 0.0)))
    terminal.table(
        IDEAS,
        [
            [
                row["idea"], row["name"], row["strategy"], number(row["sharpe"]), str(row["months"]),
                str(row["evaluations"]), row["first"][:10], row["last"][:10], row["source"],
            ]
            for row in rows[:MOST]
        ],
        left=(0, 1, 2, 6, 7, 8),
    )  # fmt: skip
    if len(rows) > MOST:
        terminal.say(f"… and {len(rows) - MOST:,} more, all in --json")
    times = terminal.count(sum(row.evaluations for row in told.rows), "evaluation")
    terminal.say(f"{registered(stated(told), f'{utc_now():%Y-%m-%d}')}; {times}.")


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
