"""`divergence journal`: claims registered before they are judged, and every verdict as it changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backtests.cli.dates import day
from backtests.cli.help import or_command

if TYPE_CHECKING:
    from backtests.thesis.chain import Chain, Line
    from backtests.thesis.journal import Outcome

app = typer.Typer(
    help="Register claims, judge them as data come, show and verify the record.",
    rich_markup_mode=None,
    callback=or_command,
    invoke_without_command=True,
)
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
AsOf = Annotated[
    date | None,
    typer.Option(parser=day, metavar="DATE", help="On what was known that day, each line marked replay."),
]
Name = Annotated[str, typer.Argument(help="The journal: its name, its .jsonl file, or the configuration registered.")]


@app.command()
def register(
    config: Annotated[Path, typer.Argument(help="The configuration: its claims and dated trades.")],
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Write each claim and dated trade of CONFIG to journal/NAME.jsonl; one whose window has begun is in-sample."""
    from backtests import config as configuration
    from backtests.thesis import journal

    settings = configuration.load(config)
    _told(journal.register(journal.place(settings.name), settings, journal.moment(settings, as_of)), json, "registered")


@app.command()
def judge(
    config: Annotated[Path, typer.Argument(help="The configuration that was registered.")],
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Judge what CONFIG registered, and write each verdict that changed or whose data were restated."""
    from backtests import config as configuration
    from backtests.thesis import journal

    settings = configuration.load(config)
    _told(journal.judge(journal.place(settings.name), settings, journal.moment(settings, as_of)), json, "written")


@app.command()
def show(
    name: Name,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page to write; by default beside the journal.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="CONFIG", help="Draw what came after the last line, too, from its data.")
    ] = None,
    json: Json = False,
) -> int:
    """Print what NAME holds, claim by claim, and write its page."""
    from backtests.cli import terminal
    from backtests.report import journal as page
    from backtests.report import journal_rows as words
    from backtests.thesis import journal

    chain = journal.opened(name)
    now = _now(chain, config) if config else None
    rows = page.rows_of(chain, now)
    place = out or chain.path.with_suffix(".html")
    _write(place, page.page(chain, now))
    if json:
        terminal.answer({
            "journal": str(chain.path), "page": str(place), "lines": len(chain.lines), "head": chain.head,
            "complaint": chain.complaint or None,
            "claims": [{"registered": row.body, "verdict": row.last, "seq": [line["seq"] for line in row.verdicts]}
                       for row in rows],
        })  # fmt: skip
    else:
        terminal.table(words.HEADINGS, words.table(rows), left=(0, 1, 2, 3, 8))
        terminal.say(words.verdict(rows, chain.lines))
        terminal.say(f"journal: {place}")
    if chain.complaint:
        terminal.complain(chain.complaint)
    return int(bool(chain.complaint))


@app.command()
def verify(
    name: Name,
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="The head kept elsewhere: tells a cut or rewritten chain.")
    ] = None,
    json: Json = False,
) -> int:
    """Walk the chain of NAME and name the first line that is broken; exit 1 where one is."""
    from backtests.cli import terminal
    from backtests.thesis import chain as chains
    from backtests.thesis import journal

    chain = journal.opened(name)
    told = chain.complaint or (chains.against(chain, head) if head is not None else "")
    if json:
        terminal.answer(
            {"journal": str(chain.path), "lines": len(chain.lines), "head": chain.head, "complaint": told or None}
        )
    elif not told:
        terminal.say(f"{chain.path}: {terminal.count(len(chain.lines), 'line')} chain; head {chain.head}")
    if told:
        terminal.complain(told)
    return int(bool(told))


def _now(chain: Chain, config: Path) -> dict[str, dict[str, Any]]:
    """Return today's verdicts by key, which are not written."""
    from backtests import config as configuration
    from backtests.thesis import journal

    settings = configuration.load(config)
    known = journal.registered(chain.lines)
    journal.check_stated(chain.path, known, settings)
    bodies = journal.judged(settings, journal.moment(settings), known)
    return {key: body for key, (body, _) in bodies.items()}


def _told(outcome: Outcome, json: bool, what: str) -> None:
    """Print what was added to a journal, and the head to keep."""
    from backtests.cli import terminal
    from backtests.report import journal_rows as words

    chain = outcome.chain
    if outcome.torn:
        terminal.talk(f"{outcome.torn}; it is {'replaced' if outcome.added else 'left to the next write to replace'}")
    for key in outcome.unregistered:
        terminal.talk(f"{key}: not registered, so not judged; `divergence journal register` it")
    if json:
        terminal.answer({
            "journal": str(chain.path), "as_of": str(outcome.day), "head": chain.head, "lines": len(chain.lines),
            "added": list(outcome.added), "unregistered": list(outcome.unregistered), "torn": outcome.torn or None,
        })  # fmt: skip
        return
    terminal.table(
        ("line", "as of", "how", "what", "it says"), [_cells(line, words) for line in outcome.added], left=(1, 2, 3, 4)
    )
    terminal.say(f"{chain.path}: {terminal.count(len(outcome.added), 'line')} {what} as of {outcome.day}")
    terminal.say(f"head {chain.head}")
    terminal.say("Keep the head elsewhere: `divergence journal verify --head` then tells a cut or rewritten chain.")


def _cells(line: Line, words: Any) -> tuple[str, ...]:
    return (str(line["seq"]), line["body"]["as_of"], "replay" if line.get("replay") else "live", *words.what(line))


def _write(place: Path, text: str) -> None:
    from data.disk import replace_text
    from data.errors import ConfigError

    try:
        replace_text(place, text)
    except OSError as error:
        raise ConfigError(f"--out: {place} cannot be written ({error.strerror}); name another file") from None
