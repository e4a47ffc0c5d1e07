"""`divergence runs` and `divergence report`: look at what was run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import shortened

if TYPE_CHECKING:
    from backtests.report.index import Stored
    from backtests.runs.trials import Trial, Trials

IDEAS = ("idea", "last name", "strategy", "Sharpe", "months", "tried", "first", "last", "first by")
HEADINGS = ("run", "created", "variant", "excess", "vol", "Sharpe", "drawdown", "trading P&L", "note")
NEWEST = 10  # runs listed
NOTE = 60  # characters of a note in a table
MOST = 50  # ideas in a table


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that holds runs.")] = Path("runs"),
    trials: Annotated[
        bool, typer.Option("--trials", help="List the ideas that were tried instead, by Sharpe ratio.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="All of them, as JSON.")] = False,
    all_: Annotated[bool, typer.Option("--all", help=f"Every run, not the newest {NEWEST}.")] = False,
) -> None:
    """List every variant of the runs in a folder, newest run first; or what was tried."""
    from backtests.cli import terminal
    from backtests.runs.listing import listed
    from data.disk import is_folder
    from data.errors import ConfigError

    if not is_folder(folder) and (folder != Path("runs") or os.path.lexists(folder)):
        raise ConfigError(f"{shortened(folder, 200)}: no such folder; give the one that holds runs, like runs")
    if trials:
        _tried(folder, _as_json if json_ else _as_table)
        return
    listing = listed(folder)
    if listing.complaint:
        terminal.talk(listing.complaint)
    if json_:
        _runs_as_json(listing.runs)
        return
    if not listing.runs:
        terminal.say(f"no runs in {folder}; `divergence run` makes one")
        return
    _list(listing.runs if all_ else listing.runs[:NEWEST])
    if not all_ and len(listing.runs) > NEWEST:
        terminal.say(f"… and {len(listing.runs) - NEWEST:,} earlier runs; --all lists them")


def _list(stored: Sequence[Stored]) -> None:
    """Show every variant of these runs, the run's own words once."""
    from backtests.cli import terminal
    from backtests.report import index

    rows = index.rows(stored)
    cells = [
        [
            row.folder if fresh else "", row.created if fresh else "", row.variant, *row.cells,
            " ".join([shortened(row.note, NOTE), *(f"[{tag}]" for tag in row.tags)]).strip() if fresh else "",
        ]
        for row, fresh in ((row, i == 0 or rows[i - 1].folder != row.folder) for i, row in enumerate(rows))
    ]  # fmt: skip
    terminal.table(HEADINGS, cells, left=(0, 1, 2, 8), faint=[i for i, row in enumerate(rows) if row.benchmark])


def note(
    run: Annotated[Path, typer.Argument(help="A run folder, like those `divergence runs` lists.")],
    text: Annotated[str | None, typer.Argument(help="What to say of it, in place of what was said.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A word to find it by; repeatable.")] = None,
) -> None:
    """Write a note beside a run, or show the one there is; `divergence runs` and the page of runs show it."""
    from backtests.cli import terminal
    from backtests.cli.run import index
    from backtests.runs import note as notes

    if text is None and not tag:
        notes.write(run, None, ())
        own = notes.read(run)
    else:
        own = notes.write(run, text, tag or [])
        index(run.resolve().parent)
    terminal.say(" ".join([own.text, *(f"[{each}]" for each in own.tags)]).strip() or f"{run} has no note")


def _runs_as_json(stored: Sequence[Stored]) -> None:
    import json
    from dataclasses import asdict

    from backtests.report import index

    figures = dict.fromkeys(("cells", "raw"))
    rows = [
        {
            **{key: value for key, value in asdict(row).items() if key not in figures},
            **{key: float(raw) if raw else None for key, raw in zip(index.FIGURES, row.raw, strict=True)},
        }
        for row in index.rows(stored)
    ]
    print(json.dumps({"runs": rows}, indent=2, allow_nan=False))


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
    run: Annotated[Path, typer.Argument(help="A run folder, like those `divergence runs` lists, or a sweep's.")],
) -> None:
    """Draw the report and the pictures of a finished run again, or the page of a sweep."""
    from backtests.cli import interrupt, terminal
    from backtests.report import html, plots
    from backtests.report.panels import panels
    from backtests.report.picturing import pictures
    from backtests.runs import folder as run_folder
    from data.disk import is_folder

    if is_folder(run) and (run / "sweep.parquet").is_file():
        _sweep(run)
        return
    stored = run_folder.load(run)
    try:
        content = panels(stored)
        page = html.page(content)
    except run_folder.UNREADABLE as error:
        raise run_folder.unreadable(run, "drawn", error) from error
    as_it_was = f"what of {run} was not drawn again is as it was"
    with interrupt.telling(lambda: as_it_was), run_folder.redrawing(run) as beside:
        (beside / "report.html").write_text(page, encoding="utf-8")
        plots.save(pictures(content), beside / "plots")
    terminal.say(f"report: {run / 'report.html'}")


def _sweep(folder: Path) -> None:
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.report import sweep
    from backtests.sweeps import store
    from data.errors import ConfigError

    if store.read_manifest(folder)["state"] != "complete":
        raise ConfigError(f"{folder}: is not finished; go on with `divergence sweep --resume {folder}`")
    grid = configuration.grid(configuration.load(folder / "config.yaml", []))
    terminal.say(f"page: {sweep.write(folder, grid)}")
