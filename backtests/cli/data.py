"""`divergence data`: fetch, import, list and check market data."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backtests.cli.dates import day
from backtests.cli.help import or_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from data.series import Delivery
    from data.status import Extent
    from data.store import Change, Store, Stored

app = typer.Typer(
    help="Fetch, import and check market data.", rich_markup_mode=None, callback=or_command, invoke_without_command=True
)


@app.command()
def status(
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """List every series, stored and bundled, with its span, rows, age, source and hash."""
    from backtests.cli import terminal
    from data import status as contents
    from data.sources import bundled
    from data.sources.said import Said
    from data.store import Store, home

    with terminal.answering(json_) as answer:
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
        shipped = contents.bundled(tables)
        terminal.say("bundled month ends")
        terminal.table(
            ("series", "first", "last", "rows", "gaps", "days old"),
            [_extent(row) for row in shipped],
            left=(0, 1, 2),
        )
        for record in tables.records:
            terminal.say(f"{record.series}: sha256 {record.sha256}")
        terminal.say(
            "gaps: rows without a value between the first and the last; of daily series, weekdays, holidays included"
        )
        for history in histories:
            if history.said:
                terminal.say(f"{history.series}: imported with {Said.from_plain(history.said).shown()}")
        extents = {"stored": [vars(row) for row in rows], "bundled": [vars(row) for row in shipped]}
        answer({"folder": str(store.folder), **extents})
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
    config: Annotated[
        Path | None, typer.Option(help="Take countries and listed names from this configuration.")
    ] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="What it is: TLT, jgb, EDV.")] = None,
    columns: Annotated[str | None, typer.Option(help="Which column is which: close=Price, or 10=Yield.")] = None,
    dates: Annotated[str | None, typer.Option(help="The order in dates: ymd, dmy or mdy.")] = None,
    unit: Annotated[str | None, typer.Option(help="Of yields and rates: percent, decimal or bp.")] = None,
    quotes: Annotated[str | None, typer.Option(help="Of a curve: par yields or spot rates.")] = None,
    compounding: Annotated[str | None, typer.Option(help="Of spot rates: 1, 2 or continuous.")] = None,
    decimal: Annotated[str | None, typer.Option(help="The decimal mark: point or comma.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of a listed name of your own: USD.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Likewise, by its code: XNYS, XTKS, XLON.")] = None,
) -> None:
    """Add files to the store: tables of yields, rates, exchange rates or prices, recognised by their content.

    What stays ambiguous is asked, and the option that settles it is named; what you say is kept for the next file.
    """
    from backtests import config as configuration
    from backtests.cli import interrupt, terminal
    from backtests.runs.setup import listed_of
    from data.countries import COUNTRIES
    from data.errors import DivergenceError
    from data.sources import files
    from data.sources.said import Said
    from data.store import Store, home

    loaded = configuration.load(config) if config else None
    countries = loaded.countries if loaded else COUNTRIES
    said = Said.of(
        name, columns, dates=dates, unit=unit, quotes=quotes, compounding=compounding, decimal=decimal, sheet=sheet,
        currency=currency, exchange=exchange,
    )  # fmt: skip
    store = Store(home(), countries)
    failed = []
    with interrupt.telling(_kept(store)):
        for path in paths:
            try:
                known = store.known(listed_of(loaded) if loaded else None)
                deliveries = files.read(path, countries=countries, said=said, known=known)
                _put(store, deliveries, 1.0 if restated else None, str(path))
            except DivergenceError as error:
                failed.append(error)
                terminal.complain(str(error))
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
    from backtests.cli import interrupt, terminal
    from backtests.runs.setup import fetched_of
    from data.countries import COUNTRIES
    from data.errors import DivergenceError
    from data.sources import registry
    from data.store import Store, home

    loaded = configuration.load(config) if config else None
    store = Store(home(), loaded.countries if loaded else COUNTRIES)
    jobs = registry.jobs(series or [], loaded.addresses if loaded else {}, fetched_of(loaded) if loaded else None)
    failed: list[tuple[str, DivergenceError]] = []
    with interrupt.telling(_kept(store)), terminal.progress(quiet) as progress:
        for i, job in enumerate(jobs):
            progress(job.name, i, len(jobs))
            try:
                for delivery in job.fetch():
                    _put(store, [delivery], None)
            except DivergenceError as error:
                failed.append((job.name, error))
        progress("", len(jobs), len(jobs))
    for name, reason in failed:
        terminal.complain(f"{name}: {reason}")
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
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Check every stored series: gaps, outliers, stale runs, units; status 1 where something cannot be true.

    The total comes first, then errors, then the rest from the latest to the oldest.
    """
    from datetime import UTC, datetime

    from backtests.cli import terminal
    from data.quality import check
    from data.quality.finding import LEVELS
    from data.store import Store, home

    with terminal.answering(json_) as answer:
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
        answer({"series": len(histories), "findings": [{**vars(f), "key": f.key} for f in shown]})
        if failed or "error" in levels:
            raise typer.Exit(3 if failed else 1)


def _readable(store: Store) -> tuple[list[Stored], int]:
    """Return the series that can be read, and how many are damaged, or none of shipped; print why."""
    from backtests.cli import terminal
    from data.errors import DivergenceError

    histories, failed = [], 0
    for name in store.names():
        try:
            histories.append(store.read(name))
            store.check_before(name)
        except DivergenceError as error:
            failed += 1
            terminal.complain(str(error))
    return histories, failed


def _kept(store: Store) -> Callable[[], str]:
    """Return what says, at an interrupt, to which series something was added since now."""
    before = store.states()

    def words() -> str:
        changed = [name for name, state in store.states().items() if before.get(name) != state]
        return f"kept, each whole: {', '.join(changed)}" if changed else ""

    return words


def _put(store: Store, deliveries: Sequence[Delivery], restated_share: float | None, path: str = "") -> None:
    """Store deliveries, all or none, and print what changed."""
    from datetime import UTC, datetime

    from backtests.cli import terminal
    from data.store import RESTATED_SHARE

    share = RESTATED_SHARE if restated_share is None else restated_share
    changes = store.admit(deliveries, datetime.now(UTC), share)
    if path:
        terminal.say(f"{path}: {', '.join(change.series for change in changes)}")
    for change in changes:
        terminal.say(f"  {_summary(change)}")
        for note in change.notes:
            terminal.say(f"  {change.series}: {note}")
        for finding in change.findings:
            terminal.say(f"  left out: {finding}")
        for finding in change.warnings:
            terminal.say(f"  {finding}")


@app.command()
def template(
    name: Annotated[str, typer.Argument(help="A series, like ust, gilt or usdjpy, or a listed name.")],
    out: Annotated[Path | None, typer.Option(help="The file to write; NAME.csv here by default.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Take countries and listed names from this configuration.")
    ] = None,
) -> None:
    """Write a file with the header that a series' file wants, for you to fill in."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.runs.setup import listed_of
    from data.countries import COUNTRIES
    from data.errors import DataError
    from data.sources import templates
    from data.store import Store, home

    loaded = configuration.load(config) if config else None
    countries = loaded.countries if loaded else COUNTRIES
    known = Store(home(), countries).known(listed_of(loaded) if loaded else None)
    text = templates.of(known.spec(name), countries)
    path = out or Path(f"{name}.csv")
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise DataError(f"{path}: is there already; name another with --out") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error}); name another with --out") from None
    terminal.say(f"{path}: fill it in, then `divergence data import {path}`")


def _summary(change: Change) -> str:
    from backtests.cli import terminal

    span = f"{change.first} to {change.last}" if change.first else "no rows"
    words = [f"{change.series} {span}: {terminal.count(change.added, 'new value')}"]
    if change.restated:
        words.append(f"{change.restated:,} restated (the old ones are kept as an earlier vintage)")
    if change.kept:
        words.append(f"{change.kept:,} no longer published, kept")
    return ", ".join(words)
