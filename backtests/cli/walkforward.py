"""`divergence walkforward`: settings chosen on the past alone, again and again, and what they earned after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backtests.config import Config
    from backtests.walkforwards.folds import Plan
    from backtests.walkforwards.walk import Walked


def walkforward(
    config: Annotated[Path, typer.Argument(help="The configuration, with a sweep.")] = Path("config.yaml"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    train: Annotated[str | None, typer.Option(metavar="10Y", help="History that a choice is made on.")] = None,
    test: Annotated[str | None, typer.Option(metavar="12M", help="How long after a choice it is tested.")] = None,
    step: Annotated[str | None, typer.Option(metavar="12M", help="From one choice to the next.")] = None,
    window: Annotated[str | None, typer.Option(metavar="anchored|rolling", help="What a choice looks back on.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write; by default a new one under runs/.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Choose among the settings under `sweep` of CONFIG on the past alone, and say what the choices earned after."""
    from backtests import config as configuration
    from backtests.cli import interrupt, terminal
    from backtests.report import walkforward as words
    from backtests.runs import folder as run_folder
    from backtests.runs.manifest import plain
    from backtests.walkforwards import keep, walk
    from backtests.walkforwards.record import record
    from backtests.walking import drawn

    given = {"train": train, "test": test, "step": step, "window": window}
    settings = configuration.load(
        config, [*(set_ or []), *(f"walkforward.{key}={value}" for key, value in given.items() if value is not None)]
    )
    now = run_folder.utc_now()
    grid = walk.ideas_of(settings)
    folder = keep.destination(settings, out, now)
    with (
        interrupt.telling(interrupt.whole(folder)),
        run_folder.writing(folder) as beside,
        terminal.progress(quiet) as progress,
    ):
        walked = walk.run(grid, plan_of(settings), progress)
        stated = record(walked)
        stated["sentence"] = words.sentence(stated)
        keep.write(walked, stated, beside, now)
        (beside / "walkforward.html").write_text(drawn(walked, stated), encoding="utf-8")
    _register(walked, folder)
    if json_:
        terminal.answer(plain(stated))
    else:
        _show(stated)
        terminal.say(f"page: {folder / 'walkforward.html'}")


def plan_of(settings: Config) -> Plan:
    """Return how a configuration walks forward."""
    from backtests.walkforwards.folds import Plan

    return Plan(**settings.walkforward.model_dump())


def _register(walked: Walked, folder: Path) -> None:
    """Register every idea that was looked at."""
    from backtests.cli import run as run_command
    from backtests.cli import terminal
    from backtests.runs import folder as run_folder
    from backtests.runs import tried
    from backtests.walkforwards import keep

    now = run_folder.utc_now()
    told = tried.tried(run_folder.RUNS, keep.trials(walked, now), now)
    for line in told.complaints:
        terminal.talk(line)
    run_command.register(told, folder)


def _show(stated: dict[str, Any]) -> None:
    from backtests.cli import terminal
    from backtests.report import walkforward as words

    headings = [heading for heading, _ in words.fold_headings(stated)]
    terminal.table([h.lower() for h in headings], [[row.name, *row.cells] for row in words.folds(stated)])
    for line in words.LEGEND:
        terminal.say(line)
    terminal.say("")
    rows = [[row.name, *row.cells] for row in words.results(stated)]
    terminal.table([h if h == "Sharpe" else h[0].lower() + h[1:] for h, _ in words.HEADINGS], rows, left=(0, 2))
    for line in words.RESULTS_LEGEND:
        terminal.say(line)
    terminal.say("")
    terminal.say(stated["sentence"])
    for line in words.notes(stated):
        terminal.say(line)
