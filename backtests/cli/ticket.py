"""`divergence ticket`: what the variants asked for would hold now, earn and risk, and what would be traded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backtests.cli.dates import day

if TYPE_CHECKING:
    from backtests.ticket import Ticket
    from backtests.ticket.marks import Mark
    from backtests.ticket.orders import Line
    from backtests.ticket.sheet import Sheet

LINES_SHOWN = 4
ROWS = {"daily": "days", "weekly": "week ends", "monthly": "month ends"}


def ticket(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = Path("config.yaml"),
    as_of: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DATE", help="The day; by default the last of the data."),
    ] = None,
    holdings: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is held now: what --out wrote, or a CSV of variant,instrument,units."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="The ticket of this variant only; repeatable.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the positions it leaves: a .csv or .json file.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a page that needs no network.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Print what the variants of CONFIG would hold now; with --out and --html write it too."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.ticket import make, output
    from data.errors import ConfigError, did_you_mean

    settings = configuration.load(config, set_ or [])
    names = [configured.name for configured in settings.variants]
    for name in variant or []:
        if name not in names:
            raise ConfigError(f"--variant: '{name}' is not a variant of {config}{did_you_mean(name, names)}")
    if out is not None:
        output.check(out)
    for option, path in (("--out", out), ("--html", html)):
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigError(f"{option}: there is no folder {path.absolute().parent}; make it, or name another")
    with terminal.progress(quiet) as progress:
        ticket = make(settings, as_of, holdings, progress, variant or [])
    if out is not None:
        _write("--out", out, output.text(ticket, out))
    if html is not None:
        from backtests.report import ticket as page

        _write("--html", html, page.page(ticket))
    with terminal.answering(json_) as answer:
        _show(ticket)
        for what, path in (("positions", out), ("page", html)):
            if path is not None:
                terminal.say(f"{what}: {path}")
        answer(output.document(ticket))


def _show(ticket: Ticket) -> None:
    from backtests.cli.sheet import details

    _head(ticket)
    _summary(ticket)
    for sheet, outcome in zip(ticket.sheets, ticket.outcomes, strict=True):
        details(sheet, outcome, ticket)
    _legend(ticket)
    _analogues(ticket)
    _inputs(ticket)


def _write(option: str, path: Path, text: str) -> None:
    from data.disk import replace_text
    from data.errors import ConfigError

    try:
        replace_text(path, text)
    except OSError as error:
        raise ConfigError(f"{option}: {path} cannot be written ({error.strerror}); name another file") from None


def _head(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number

    capital = number(ticket.config.account.capital, 0)
    terminal.say(f"{ticket.config.name}: ticket of {ticket.asked}")
    terminal.say(f"Last row of the data: {ticket.day} ({ROWS[ticket.frequency]}). Sized on a capital of USD {capital}.")
    for line in ticket.allowed:
        terminal.say(f"ALLOWED: {line}")
    for input_ in ticket.inputs:
        if input_.stale:
            known = f"last known {input_.last}, {input_.days} days old (limit {input_.limit})"
            used = terminal.count(len(input_.used_by), "variant")
            terminal.say(f"STALE: {input_.series}: {known if input_.last else 'never known'}; used by {used}.")


def _summary(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, number, signed

    rows, faint = [], []
    for i, sheet in enumerate(ticket.sheets):
        long, short = sheet.dv01
        if sheet.missing:
            rows.append((sheet.variant.name, _signal(sheet), "no target now", *(ABSENT,) * 6))
            faint.append(i)
            continue
        month, quarter = sheet.net
        rows.append(
            (
                sheet.variant.name, _signal(sheet), _traded(sheet.lines), number(long, 1, 1e-3),
                number(-short, 1, 1e-3), signed(month, 1, 1e4), signed(quarter, 1, 1e4),
                signed(sheet.breakeven[0], 1, 1e4), _mark(sheet.marks.worst),
            )
        )  # fmt: skip
    terminal.say("")
    headings = (
        "variant", "signal", "to hold", "DV01 long", "short", "net 1m", "net 3m", "break-even", "worst month %",
    )  # fmt: skip
    terminal.table(headings, rows, left=(0, 2), faint=faint)
    terminal.say(
        "DV01: thousand USD gained as yields fall by a basis point; net: carry and roll-down over one and three months,"
    )
    terminal.say(
        "less borrow, rolling and financing, bp of capital; break-even: bp the DV01-weighted spread may move against"
    )
    terminal.say("it by then, where negative must move in its favour; worst month: of the last 60, at this size.")


def _legend(ticket: Ticket) -> None:
    """Say once what the tables of each variant mean."""
    from backtests.cli import terminal
    from backtests.cli.sheet import idle
    from backtests.report import ticket_words as words

    if all(sheet.missing or idle(sheet) for sheet in ticket.sheets):
        return
    terminal.say("")
    for line in (*words.BUCKETS_MEAN, *words.LEVELS_MEAN):
        terminal.say(line)


def _analogues(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report import ticket_words as words
    from backtests.report.format import number, signed
    from backtests.ticket.analogues import HORIZONS

    analogues = ticket.analogues
    terminal.say("")
    if analogues.missing:
        terminal.say(f"Analogues: none; {analogues.missing}.")
        return
    effective = "" if analogues.effective is None else f"; its five figures count for {analogues.effective:.1f}"
    terminal.say(
        f"The {len(analogues.closest)} closest analogues of {analogues.day}, of {analogues.rows:,} rows{effective}; "
        "levels in %"
    )
    now = [("now", "", *(signed(x, 2, 100) for x in analogues.state)), ("z-score", "", *map(signed, analogues.scores))]
    past = [
        (str(analogue.day), f"{analogue.distance:.2f}", *(signed(x, 2, 100) for x in analogue.state))
        for analogue in analogues.closest
    ]
    terminal.table(("date", "distance", *analogues.names), [*now, *past])
    terminal.say("")
    terminal.say("What the variants did after them, and after any row: return in excess of cash, %")
    rows: list[tuple[str, ...]] = []
    for sheet, outcome in zip(ticket.sheets, ticket.outcomes, strict=True):
        if outcome is None:
            continue
        rows.append((sheet.variant.name, *(signed(x, 2, 100) for x in outcome.average), str(outcome.count)))
        rows.append(("  standard error", *(number(x, 2, 100) for x in outcome.error), ""))
        rows.append(("  after any row", *(signed(x, 2, 100) for x in outcome.usual), f"{outcome.rows:,}"))
    terminal.table(("variant", *(f"next {m}m" for m in HORIZONS), "worst mark", "rows"), rows)
    terminal.say(
        f"{len(analogues.closest)} analogues are few: a reminder of what has happened, no forecast and no test;"
    )
    terminal.say(f"{words.overlapping(ticket.outcomes)}. Worst mark: lowest cumulative return")
    terminal.say(
        "within six months. Standard error: deviation over the root of the count; any row: every row of its own run."
    )


def _inputs(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report import ticket_words as words
    from backtests.report.format import ABSENT, number

    terminal.say("")
    terminal.table(
        ("input", "last", "days old", "limit", "", "variants"),
        [
            (
                input_.series, str(input_.last or ABSENT), number(input_.days, 0), str(input_.limit),
                "STALE" if input_.stale else "", str(len(input_.used_by)),
            )
            for input_ in ticket.inputs
        ],
        left=(0, 1, 4),
    )  # fmt: skip
    for quote in ticket.futures:
        terminal.say(words.contract(quote))


def _mark(mark: Mark | None) -> str:
    from backtests.report.format import ABSENT, signed

    return f"{signed(mark.value, 1, 100)} ({mark.when})" if mark else ABSENT


def _signal(sheet: Sheet) -> str:
    from backtests.report.format import ABSENT, signed

    if len(sheet.signals) > 1:
        return f"{len(sheet.signals)} signals"
    return signed(sheet.signals[0].value) if sheet.signals else ABSENT


def _traded(lines: Sequence[Line]) -> str:
    from backtests.report import ticket_words as words

    held = [words.signed_size(line) for line in lines if line.quantity]
    more = [f"{len(held) - LINES_SHOWN} more"] if len(held) > LINES_SHOWN else []
    return ", ".join([*held[:LINES_SHOWN], *more]) or "flat"
