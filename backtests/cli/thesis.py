"""`divergence thesis`: every claim of a thesis against the data, and what its trades made since."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backtests.cli.dates import day

if TYPE_CHECKING:
    from backtests.config import Config
    from backtests.thesis.scorecard import Card


def thesis(
    config: Annotated[Path, typer.Argument(help="The configuration: its claims, data and variants.")] = Path(
        "config/thesis.yaml"
    ),
    as_of: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DATE", help="Test on what was known that day; by default at the end."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write; by default a new one under runs/.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Run CONFIG, test every claim that it states on its data, print the scorecard, and write report and scorecard."""
    import json
    from dataclasses import replace

    from backtests.cli import interrupt, terminal
    from backtests.cli import run as run_command
    from backtests.cli.memory import loading
    from backtests.cli.worker import worker

    with worker() as beside:
        beside.warm((run_command.BROKER, run_command.PICTURES))
        with loading():
            from backtests import config as configuration
            from backtests.report import thesis as page
            from backtests.runs import folder as run_folder
            from backtests.runs import runner
            from backtests.runs.manifest import manifest
            from backtests.runs.window import OutsideDataError
            from backtests.thesis import journal, scorecard

        settings = _stated(configuration.load(config), config)
        if as_of:
            settings = _until(settings, as_of)
        now = run_folder.utc_now()
        folder = run_folder.destination(settings, out, now)
        with run_command.writing(folder, quiet) as (place, progress):
            try:
                begun = runner.begin(settings, beside.start, progress)
            except OutsideDataError as error:
                raise error.as_written("--as-of") if as_of and error.setting == "data.end" else error from None
            run, measured = run_command.proved(begun, progress)
            card = replace(scorecard.card(run), in_sample=journal.told_late(settings))
            text = json.dumps(scorecard.record(card), indent=2, ensure_ascii=False, allow_nan=False)
            (place / "scorecard.json").write_text(f"{text}\n", encoding="utf-8")
            (place / "thesis.html").write_text(page.page(card, manifest(run, now)), encoding="utf-8")
            source = "thesis --as-of" if as_of else "thesis"
            told, _ = run_command.keep(run, measured, place, source, now, progress, beside)
    with interrupt.telling(interrupt.whole(folder)), terminal.answering(json_) as answer:
        run_command.register(told, folder)
        if out is None:
            run_command.index(folder.parent)
        _show(card)
        terminal.say(f"scorecard: {folder / 'thesis.html'}")
        answer({"folder": str(folder), **scorecard.record(card)})


def _stated(settings: Config, path: Path) -> Config:
    """Return the configuration, which must state a claim."""
    from data.errors import ConfigError

    if not settings.claims:
        raise ConfigError(
            f"{path}: states no claims; add some, like claims: {{us_falls: {{text: US yields fall, measure: {{yield: "
            "UST10}, says: falls, from: 2025-12-31}}, or run it with `divergence run`"
        )
    return settings


def _until(settings: Config, day: date) -> Config:
    """Return the configuration with its data ending on a day."""
    from dataclasses import replace

    from data.errors import ConfigError

    start = settings.data.start
    if start and day <= start:
        raise ConfigError(f"--as-of is {day}, not after data.start, {start}; choose a later day")
    return replace(settings, data=settings.data.model_copy(update={"end": day}))


def _show(card: Card) -> None:
    from backtests.cli import terminal
    from backtests.report import claim_words as words

    lines = [line for row in card.rows for line in words.lines(row, card.thesis_date)]
    terminal.table(words.HEADINGS, lines, left=range(len(words.HEADINGS)))
    terminal.say("beat forward: ended beyond what the curve of the window's first day implied, bp; trade paid: return")
    terminal.say(
        "over cash, costs paid, %; cannot: cannot be tested here; so far: its window is open. In brackets: change,"
    )
    terminal.say(
        "or 95 % interval. A curve can beat its forward and the trade lose: it rolls, and pays carry and roll-down."
    )
    for reason in words.reasons(card):
        terminal.say(reason)
    trades = words.trades(card)
    if trades:
        terminal.say("")
        terminal.table(words.TRADE_HEADINGS, trades, left=(0, 1, 2))
        terminal.say(
            "carry: net of funding; FX: currency moves; rest: convexity, inflation, borrow, rolling and other costs."
        )
    for sentence in filter(None, (*card.books, card.in_sample)):
        terminal.say(sentence)
    if card.profits:
        terminal.say("")
        headings = ("variant", f"trading P&L since {card.thesis_date}, USD m", "by leg; book is margin")
        terminal.table(headings, words.profits(card), left=(0, 2))
    else:
        terminal.say(f"No bar ends between the thesis, {card.thesis_date}, and {card.as_of}: no P&L since.")
