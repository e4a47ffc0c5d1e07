"""`divergence data`: fetch, import, look at and check market data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from data.series import Delivery
    from data.store import Change, Store, Stored

app = typer.Typer(help="Fetch, import and check market data.", rich_markup_mode=None, no_args_is_help=True)


@app.command()
def status() -> None:
    """List every series with its span, rows, age, source and hash: those in the store, and those that come along."""
    from backtests.cli import terminal
    from data import status as contents
    from data.sources import bundled
    from data.store import Store, home

    store = Store(home())
    good, failed = _readable(store)
    rows = [contents.stored(one) for one in good]
    if rows:
        terminal.say(f"stored in {store.folder}")
        terminal.table(
            ("series", "first", "last", "rows", "gaps", "days old", "restated", "sha256", "source"),
            [
                (
                    r.name,
                    str(r.first),
                    str(r.last),
                    str(r.rows),
                    str(r.gaps),
                    str(r.age_days),
                    str(r.restated),
                    r.sha256,
                    r.source,
                )
                for r in rows
            ],
            left=(0, 1, 2, 7, 8),
        )
    else:
        terminal.say(f"nothing is stored in {store.folder}; fetch with `divergence data update`")
    terminal.say("")
    tables = bundled.load()
    terminal.say("bundled month ends")
    terminal.table(
        ("series", "first", "last", "rows", "gaps", "days old"),
        [
            (r.name, str(r.first), str(r.last), str(r.rows), str(r.gaps), str(r.age_days))
            for r in contents.bundled(tables)
        ],
        left=(0, 1, 2),
    )
    for record in tables.records:
        terminal.say(f"{record.series}: sha256 {record.sha256}")
    terminal.say(
        "gaps: rows without a value between the first and the last; of daily series, weekdays, holidays included"
    )
    if failed:
        raise typer.Exit(3)


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files; what they are is recognised by their content.")],
    restated: Annotated[
        bool, typer.Option("--restated", help="Accept a file that changes much of what is stored.")
    ] = False,
) -> None:
    """Add files to the store: MoF, Treasury, FRED and Yahoo-style CSVs, and our own month-end tables."""
    from backtests.cli import terminal
    from data.errors import DivergenceError
    from data.sources import files
    from data.store import Store, home

    store = Store(home())
    failed = []
    for path in paths:
        try:
            deliveries = files.read(path)
            terminal.say(f"{path}: {', '.join(one.series for one in deliveries)}")
            for delivery in deliveries:
                _put(store, delivery, 1.0 if restated else None)
        except DivergenceError as error:
            failed.append(error)
            terminal.talk(f"error: {error}")
    if failed:
        raise typer.Exit(max(error.exit_status for error in failed))


@app.command()
def update(
    series: Annotated[list[str] | None, typer.Argument(help="Series to fetch; all official ones by default.")] = None,
    config: Annotated[Path | None, typer.Option(help="Take source addresses from this configuration.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Fetch series from their sources and add what is new to the store; what is stored is never lost."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from data.errors import DivergenceError
    from data.sources import registry
    from data.store import Store, home

    addresses = configuration.load(config).addresses if config else {}
    store = Store(home())
    jobs = registry.jobs(series or [], addresses)
    failed: list[tuple[str, DivergenceError]] = []
    with terminal.progress(quiet) as progress:
        for i, job in enumerate(jobs):
            progress(job.name, i, len(jobs))
            try:
                for delivery in job.fetch():
                    _put(store, delivery, None)
            except DivergenceError as error:
                failed.append((job.name, error))
        progress("", len(jobs), len(jobs))
    for name, why in failed:
        terminal.talk(f"error: {name}: {why}")
    terminal.say(f"{len(jobs) - len(failed)} of {len(jobs)} sources answered; the store is {store.folder}")
    if failed:
        terminal.talk(f"failed: {', '.join(name for name, _ in failed)}; what was stored before is unharmed")
        raise typer.Exit(3)


@app.command()
def verify() -> None:
    """Check every stored series: gaps, outliers, stale runs, units; status 1 where something cannot be true."""
    from datetime import UTC, datetime

    from backtests.cli import terminal
    from data.quality import check
    from data.store import Store, home

    store = Store(home())
    today = datetime.now(UTC).date()
    counts = {"error": 0, "warning": 0, "note": 0}
    good, failed = _readable(store)
    for one in good:
        for finding in check(one.series, one.frame, today):
            counts[finding.level] += 1
            terminal.say(str(finding))
    if not good and not failed:
        terminal.say(f"nothing is stored in {store.folder}; fetch with `divergence data update`")
    told = ", ".join(terminal.count(number, level) for level, number in counts.items())
    terminal.say(f"{len(good)} series: {told}")
    if failed or counts["error"]:
        raise typer.Exit(3 if failed else 1)


def _readable(store: Store) -> tuple[list[Stored], int]:
    """Return the series that can be read, and how many cannot, having said why."""
    from backtests.cli import terminal
    from data.errors import SourceError

    good, failed = [], 0
    for name in store.names():
        try:
            good.append(store.read(name))
        except SourceError as error:
            failed += 1
            terminal.talk(f"error: {error}")
    return good, failed


def _put(store: Store, delivery: Delivery, restated_share: float | None) -> None:
    """Store a delivery and say what it did."""
    from datetime import UTC, datetime

    from backtests.cli import terminal
    from data.store import RESTATED_SHARE

    change = store.put(delivery, datetime.now(UTC), RESTATED_SHARE if restated_share is None else restated_share)
    terminal.say(f"  {_told(change)}")
    for note in change.notes:
        terminal.say(f"  {change.series}: {note}")
    for finding in change.findings:
        terminal.say(f"  left out: {finding}")


def _told(change: Change) -> str:
    from backtests.cli import terminal

    span = f"{change.first} to {change.last}" if change.first else "no rows"
    words = [f"{change.series} {span}: {terminal.count(change.added, 'new value')}"]
    if change.restated:
        words.append(f"{change.restated:,} restated (the old ones are kept as an earlier vintage)")
    if change.kept:
        words.append(f"{change.kept:,} no longer published, kept")
    return ", ".join(words)
