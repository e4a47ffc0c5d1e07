"""`divergence run`: from a configuration to a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from backtests.cli.worker import Worker
    from backtests.report.pictures import Pictures
    from backtests.runs.runner import Begun, Progress, Run
    from backtests.runs.significance import Choice
    from backtests.runs.tried import Tried

    Measured = dict[str, Any]  # sensitivity, as it is stored

HEADINGS = (
    "variant", "excess", "vol", "Sharpe", "drawdown", "from – to", "CAGR", "trading", "turnov.", "next bar",
)  # fmt: skip

BROKER = "backtests.engine.backtrader_engine"
PICTURES = "backtests.report.plots"
LONG = 30_000  # bars times legs, whose proof takes longer than pictures do: sensitivity is measured beside the longer


def run(
    config: Annotated[Path, typer.Argument(help="The configuration to run.")] = Path("config.yaml"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write; by default a new one under runs/.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Run every variant of CONFIG, print a line for each, and write a report."""
    import time

    from backtests.cli import interrupt, terminal
    from backtests.cli.memory import loading
    from backtests.cli.worker import worker

    start = time.perf_counter()
    with worker() as beside:
        beside.warm((BROKER, PICTURES))
        with loading():
            from backtests import config as configuration
            from backtests.runs import folder as run_folder
            from backtests.runs import runner

        settings = configuration.load(config, set_ or [])
        now = run_folder.utc_now()
        folder = run_folder.destination(settings, out, now)
        with writing(folder, quiet) as (place, progress):
            finished, measured = proved(runner.begin(settings, beside.start, progress), progress)
            source = "run --set" if set_ else "run"
            told, choice = keep(finished, measured, place, source, now, progress, beside)
    with interrupt.telling(interrupt.whole(folder)), terminal.answering(json_) as answer:
        register(told, folder)
        if out is None:
            index(folder.parent)
        _show(finished, time.perf_counter() - start)
        _tell(choice)
        terminal.say(f"report: {folder / 'report.html'}")
        answer(_record(folder))


def _record(folder: Path) -> dict[str, Any]:
    """What a run answers in JSON: its folder, notices, and metrics.json."""
    import json

    metrics, manifest = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("metrics", "manifest"))
    stated = {key: manifest[key] for key in ("name", "created", "reconciliation", "notices")}
    return {"folder": str(folder), "report": str(folder / "report.html"), **stated, **metrics}


@contextmanager
def writing(folder: Path, quiet: bool) -> Iterator[tuple[Path, Progress]]:
    """Give a place to write a run's folder in, and a progress; an interrupt is told whether the folder is whole."""
    from backtests.cli import interrupt, terminal
    from backtests.runs import folder as run_folder

    with (
        interrupt.telling(interrupt.whole(folder)),
        run_folder.writing(folder) as place,
        terminal.progress(quiet) as progress,
    ):
        yield place, progress


def proved(begun: Begun, progress: Progress) -> tuple[Run, Measured | None]:
    """Return a run that two engines agree on, and its sensitivity where that is measured beside the proof."""
    measured = measure(begun, progress) if begun.setup.size > LONG else None
    return begun.finish(phase(progress, "two engines")), measured


def measure(run: Begun | Run, progress: Progress) -> Measured:
    """Return the sensitivity of what is being run, as it is stored."""
    from backtests import sensitivities

    measured = sensitivities.measure(
        run.config, progress=phase(progress, "sensitivity"), setup=run.setup, scenarios=sensitivities.QUICK
    )
    return sensitivities.record(measured)


def keep(
    run: Run, known: Measured | None, folder: Path, source: str, now: datetime, progress: Progress, beside: Worker
) -> tuple[Tried, Choice]:
    """Write a run, its report and its pictures, which are drawn beside the rest, to a folder.

    Its sensitivity is measured meanwhile where it is not `known`. What was tried before, as the registry beside the
    runs of the current folder has it, counts as trials; what is damaged there is said. Returns what is then to be
    registered, `source` being what tried it, and how the best variant was chosen.
    """
    from dataclasses import replace

    from backtests.cli import terminal
    from backtests.cli.memory import give_back
    from backtests.report import html
    from backtests.report.panels import complete, panels
    from backtests.report.picturing import pictures
    from backtests.runs import folder as run_folder
    from backtests.runs import significance, tried
    from backtests.runs.snapshot import judged, tables

    told = tried.tried(run_folder.RUNS, tried.of_run(run, source, now), now)
    for line in told.complaints:
        terminal.talk(line)
    stored = replace(tried.with_trials(tables(run, now), told), folder=folder)
    content = panels(stored)
    drawn = beside.start(_draw, pictures(content), folder / "plots")
    give_back()
    judgement = significance.judge(run, told.trials)
    give_back()
    measured = measure(run, progress) if known is None else known
    stored = replace(judged(stored, judgement), sensitivity=measured)
    run_folder.write(stored, folder)
    progress("report", 0, 1)
    (folder / "report.html").write_text(html.page(complete(content, stored)), encoding="utf-8")
    drawn()
    progress("", 1, 1)
    return told, judgement.choice


def register(told: Tried, folder: Path | None = None) -> None:
    """Register the trials of a run that is whole; where they cannot be, that is one line and no more."""
    from backtests.cli import terminal
    from backtests.runs import tried

    for line in tried.register(told, folder):
        terminal.talk(line)


def phase(progress: Progress, name: str) -> Progress:
    """Return a progress that says the name of a phase in place of what is done in it."""
    return lambda what, count, of: progress(name if what else "", count, of)


def _draw(content: Pictures, folder: Path) -> None:
    from backtests.cli.memory import give_back
    from backtests.report import plots

    give_back()
    plots.save(content, folder)


def index(folder: Path) -> None:
    """List the runs of a folder in its `index.html`; a run is none the worse where that cannot be written."""
    from backtests.cli import terminal
    from backtests.report import index as runs
    from backtests.report.panels import MANY
    from backtests.runs.listing import listed
    from data.disk import replace_text

    try:
        replace_text(folder / "index.html", runs.page(runs.rows(listed(folder).runs), MANY))
    except OSError as error:
        terminal.talk(f"{folder / 'index.html'}: cannot be written ({error.strerror or error}); the run is whole")


def _tell(choice: Choice) -> None:
    """Say whether the best variant is significant as the best of everything tried."""
    from backtests.cli import terminal
    from backtests.performance.verdicts import sentence

    if choice.best_of_many and choice.best_of_many.clusters > 1:
        terminal.say(sentence(choice.best_of_many))


def _show(run: Run, seconds: float) -> None:
    from backtests.cli import terminal
    from backtests.runs.notices import headed, notices

    rows = [_row(variant.variant.name, variant.figures) for variant in run.variants]
    faint = [i for i, variant in enumerate(run.variants) if variant.variant.name in run.config.benchmarks]
    terminal.table(HEADINGS, rows, left=(0, 5), faint=faint)
    terminal.say(
        "% a year: return in excess of cash, volatility of returns, CAGR in all; drawdown: largest, excess of cash, %;"
    )
    terminal.say("trading: P&L without interest on equity, USD m; turnov.: times equity a year, one side;")
    terminal.say("next bar: Sharpe filled one bar later.")
    for line in (*_dated(run), *headed(notices(run))):
        terminal.say(line)
    for variant in run.variants:
        name, figures = variant.variant.name, variant.figures
        if figures["ruined"]:
            terminal.say(
                f"{name} LOST ALL ITS CAPITAL by {figures['ruined']}; its figures include the dead years after."
            )
        if not figures["turnover"]:
            terminal.say(f"{name} never traded: its units round to nothing, or its signal stayed at 0.")
    for tracking in run.tracking:
        terminal.say(f"{tracking}.")
    for record in run.tables.records:
        if record.findings:
            findings = terminal.count(len(record.findings), "finding")
            terminal.say(f"{record.series}: {findings} in the window; see the report's data certificate.")
    widest = max(variant.gap for variant in run.variants)
    variants = terminal.count(len(rows), "variant")
    terminal.say(f"Two engines agree to {widest:.0e} of capital. {variants}, {seconds:.1f} s.")


def _dated(run: Run) -> list[str]:
    """Return a line for each variant with a dated trade: its round trips, and the one that is open."""
    from backtests.performance.round_trips import tidy
    from backtests.report import blotter

    dated = [each for each in run.variants if each.variant.trade]
    return [f"{each.variant.name}: {blotter.line(each.figures, tidy('', each.trips))}" for each in dated]


def _row(name: str, figures: dict[str, Any]) -> list[str]:
    from backtests.report.format import ABSENT, millions, month, number, percent

    peak, trough = figures["excess_drawdown_peak"], figures["excess_drawdown_trough"]
    return [
        name, percent(figures["excess_return"], 2), percent(figures["volatility"]), number(figures["sharpe"]),
        percent(figures["excess_drawdown"]), f"{month(peak)}–{month(trough)}" if peak else ABSENT,
        percent(figures["cagr"], 2), millions(figures["trading_pnl"]), number(figures["turnover"]),
        number(figures["sharpe_next_bar"]),
    ]  # fmt: skip
