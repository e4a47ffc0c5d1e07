"""`divergence data`: fetch, import, list and check market data."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backtests.cli.dates import day
from backtests.cli.help import or_command

if TYPE_CHECKING:
    from data.series import Delivery
    from data.status import Extent
    from data.store import Change, Store, Stored

app = typer.Typer(
    help="Fetch, import and check market data.", rich_markup_mode=None, callback=or_command, invoke_without_command=True
)


@app.command()
def status() -> None:
    """List every series, stored and bundled, with its span, rows, age, source and hash."""
    from backtests.cli import terminal
    from data import status as contents
    from data.sources import bundled
    from data.store import Store, home

    store = Store(home())
    histories, failed = _readable(store)
    rows = [contents.stored(history) for history in histories]
    if rows:
        terminal.say(f"stored in {store.folder}")
        terminal.table(
            ("series", "first", "last", "rows", "gaps", "days old", "restated", "sha256", "source"),
            [(*_extent(row), str(row.restated), row.sha256, row.source) for row in rows],
            left=(0, 1, 2, 7, 8),
        )
    else:
        terminal.say(f"nothing is stored in {store.folder}; fetch with `divergence data update`")
    terminal.say("")
    tables = bundled.load()
    terminal.say("bundled month ends")
    terminal.table(
        ("series", "first", "last", "rows", "gaps", "days old"),
        [_extent(row) for row in contents.bundled(tables)],
        left=(0, 1, 2),
    )
    for record in tables.records:
        terminal.say(f"{record.series}: sha256 {record.sha256}")
    terminal.say(
        "gaps: rows without a value between the first and the last; of daily series, weekdays, holidays included"
    )
    if failed:
        raise typer.Exit(3)


def _extent(row: Extent) -> tuple[str, ...]:
    return row.name, str(row.first), str(row.last), str(row.rows), str(row.gaps), str(row.age_days)


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files; what they are is recognised by their content.")],
    restated: Annotated[
        bool, typer.Option("--restated", help="Accept a file that changes much of what is stored.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="Take countries from this configuration.")] = None,
) -> None:
    """Add files to the store: MoF, Treasury, FRED and Yahoo-style CSVs, our own month-end tables, other countries'."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from data.countries import COUNTRIES
    from data.errors import DivergenceError
    from data.sources import files
    from data.store import Store, home

    countries = configuration.load(config).countries if config else COUNTRIES
    store = Store(home(), countries)
    failed = []
    for path in paths:
        try:
            deliveries = files.read(path, countries=countries)
            terminal.say(f"{path}: {', '.join(delivery.series for delivery in deliveries)}")
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
    config: Annotated[
        Path | None, typer.Option(help="Take source addresses and listed names from this configuration.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Fetch series from their sources and add what is new to the store; what is stored is never lost."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.runs.setup import fetched_of
    from data.countries import COUNTRIES
    from data.errors import DivergenceError
    from data.sources import registry
    from data.store import Store, home

    loaded = configuration.load(config) if config else None
    store = Store(home(), loaded.countries if loaded else COUNTRIES)
    jobs = registry.jobs(series or [], loaded.addresses if loaded else {}, fetched_of(loaded) if loaded else None)
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
    for name, reason in failed:
        terminal.talk(f"error: {name}: {reason}")
    terminal.say(f"{len(jobs) - len(failed)} of {len(jobs)} sources answered; the store is {store.folder}")
    if failed:
        terminal.talk(f"failed: {', '.join(name for name, _ in failed)}; what was stored before is unharmed")
        raise typer.Exit(3)


@app.command()
def verify(
    since: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DATE", help="List what is about this day or later; older errors too."),
    ] = None,
) -> None:
    """Check every stored series: gaps, outliers, stale runs, units; status 1 where something cannot be true.

    The total comes first, then errors, then the rest from the latest to the oldest.
    """
    from datetime import UTC, datetime

    from backtests.cli import terminal
    from data.quality import check
    from data.quality.finding import LEVELS
    from data.store import Store, home

    store = Store(home())
    today = datetime.now(UTC).date()
    histories, failed = _readable(store)
    if not histories and not failed:
        terminal.say(f"nothing is stored in {store.folder}; fetch with `divergence data update`")
    findings = [finding for history in histories for finding in check(history.spec, history.frame, today)]
    levels = [finding.level for finding in findings]
    total = ", ".join(terminal.count(levels.count(level), level) for level in LEVELS)
    terminal.say(f"{len(histories)} series: {total}")
    shown = [f for f in findings if f.level == "error" or since is None or f.last is None or f.last >= since]
    for finding in sorted(shown, key=lambda f: (f.level != "error", -(f.last or date.max).toordinal())):
        terminal.say(f"{finding} [{finding.key}]" if finding.level == "error" else str(finding))
    if len(shown) < len(findings):
        terminal.say(f"{terminal.count(len(findings) - len(shown), 'older finding')} before {since} not listed")
    if failed or "error" in levels:
        raise typer.Exit(3 if failed else 1)


def _readable(store: Store) -> tuple[list[Stored], int]:
    """Return the series that can be read, and how many cannot; print why."""
    from backtests.cli import terminal
    from data.errors import SourceError

    histories, failed = [], 0
    for name in store.names():
        try:
            histories.append(store.read(name))
        except SourceError as error:
            failed += 1
            terminal.talk(f"error: {error}")
    return histories, failed


def _put(store: Store, delivery: Delivery, restated_share: float | None) -> None:
    """Store a delivery and print what changed."""
    from datetime import UTC, datetime

    from backtests.cli import terminal
    from data.store import RESTATED_SHARE

    change = store.put(delivery, datetime.now(UTC), RESTATED_SHARE if restated_share is None else restated_share)
    terminal.say(f"  {_summary(change)}")
    for note in change.notes:
        terminal.say(f"  {change.series}: {note}")
    for finding in change.findings:
        terminal.say(f"  left out: {finding}")


def _summary(change: Change) -> str:
    from backtests.cli import terminal

    span = f"{change.first} to {change.last}" if change.first else "no rows"
    words = [f"{change.series} {span}: {terminal.count(change.added, 'new value')}"]
    if change.restated:
        words.append(f"{change.restated:,} restated (the old ones are kept as an earlier vintage)")
    if change.kept:
        words.append(f"{change.kept:,} no longer published, kept")
    return ", ".join(words)
