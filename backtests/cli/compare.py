"""`divergence compare`: variants side by side, of one configuration or of several runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backtests.comparison import Comparison, Source
    from backtests.runs.runner import Progress, Run

FIRST, LAST = 8, 2  # of several runs: variants shown from the top and from the bottom
FEW, FEW_RUNS = 4, 4  # lines of a kind, likewise
VOLATILITY = re.compile(r"(\d{1,3}(?:\.\d*)?|\.\d+) ?(%?)", re.ASCII)


def compare(
    what: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CONFIG | RUN]...", help="Configurations, which are run, and run folders."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=V", help="Override one value of the configurations; repeatable."),
    ] = None,
    own_window: Annotated[
        bool, typer.Option("--own-window", help="Each variant on its own window instead of the common one.")
    ] = False,
    at_vol: Annotated[
        str | None, typer.Option("--at-vol", metavar="5%", help="Scale every variant to this volatility a year.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder to write the page and the figures to.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Compare variants side by side: figures, differences to the benchmarks, and what differs between runs."""
    from backtests import comparison as comparing
    from backtests.cli import interrupt, terminal
    from backtests.runs import folder as run_folder

    target = None if at_vol is None else volatility(at_vol)
    place = comparing.on_own if own_window else comparing.on_common
    places = what or [Path("config.yaml")]
    ran: list[Run] = []

    def compared() -> Comparison:
        with terminal.progress(quiet) as progress:
            return comparing.compare(_sources(places, set_ or [], progress, ran), place, target, progress)

    if out is None:
        record = comparing.record(compared())
    else:
        run_folder.check_free(out)
        with interrupt.telling(interrupt.whole(out)), run_folder.writing(out) as beside:
            comparison = compared()
            record = comparing.record(comparison)
            _write(comparison, record, beside)
    with terminal.answering(json_) as answer:
        if ran:
            _register(ran)
        _show(record)
        if out is not None:
            terminal.say(f"page: {out / 'compare.html'}")
        answer(record)


def volatility(text: str) -> float:
    """Return an annual volatility as a fraction: `5%`, `5 %` or `0.05`.

    Raises
    ------
    ConfigError
        Any other text, or a volatility that is not above 0 and at most 100 %.
    """
    from data.errors import ConfigError

    match = VOLATILITY.fullmatch(text.strip())
    value = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < value <= 1:
        raise ConfigError(f"--at-vol '{text[:20]}': expected a volatility a year, such as 5% or 0.05, 100% at most")
    return value


def _register(ran: list[Run]) -> None:
    """Register every variant that was run to be compared."""
    from backtests.cli import run as run_command
    from backtests.cli import terminal
    from backtests.runs import folder as run_folder
    from backtests.runs import tried

    now = run_folder.utc_now()
    own = [trial for run in ran for trial in tried.of_run(run, "compare", now)]
    told = tried.tried(run_folder.RUNS, own, now)
    for line in told.complaints:
        terminal.talk(line)
    run_command.register(told)


def _sources(places: list[Path], settings: list[str], progress: Progress, ran: list[Run]) -> list[Source]:
    """Run the configurations, which go to `ran`, and read the run folders, in the order given."""
    from backtests import comparison as comparing
    from backtests import config as configuration
    from backtests.runs import folder as run_folder
    from backtests.runs import runner
    from data.disk import is_folder
    from data.errors import ConfigError

    if settings and all(is_folder(place) for place in places):
        raise ConfigError("--set changes configurations, but only run folders are given; leave it out")
    configs = {place: configuration.load(place, settings) for place in places if not is_folder(place)}
    sources = []
    for label, place in zip(comparing.labels(places), places, strict=True):
        if place in configs:
            run = runner.run(configs[place], progress)
            ran.append(run)
            sources.append(comparing.from_run(run, label, place, run_folder.utc_now()))
        else:
            sources.append(comparing.from_stored(run_folder.load(place), label))
    return sources


def _write(comparison: Comparison, record: dict[str, Any], folder: Path) -> None:
    import json

    from backtests.comparison import series, table
    from backtests.report import compare as words
    from backtests.report.format import guarded

    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False, default=float)
    (folder / "compare.json").write_text(f"{text}\n", encoding="utf-8")
    table(comparison).map(guarded).rename(columns=guarded).to_csv(folder / "compare.csv", index=False)
    (folder / "compare.html").write_text(words.page(record, series(comparison)), encoding="utf-8")


def _show(record: dict[str, Any]) -> None:
    """Show one run's variants whole; of several runs what fits on a screen, the rest being on the page."""
    if len(record["runs"]) > 1:
        _show_several(record)
    else:
        _show_one(record)


def _show_one(record: dict[str, Any]) -> None:
    from backtests.cli import terminal
    from backtests.report import compare as words

    faint = [i for i, variant in enumerate(record["variants"].values()) if variant["benchmark"]]
    terminal.table(words.HEADINGS, words.rows(record), left=(0, 6), faint=faint)
    for line in words.LEGEND:
        terminal.say(line)
    for benchmark in record["benchmarks"]:
        rows = words.against(record, benchmark)
        if rows:
            terminal.say("")
            terminal.table((f"against {benchmark}", *words.AGAINST), rows, left=(0, 2))
    if record["benchmarks"]:
        for line in words.AGAINST_LEGEND:
            terminal.say(line)
    terminal.say("")
    for line in words.sentences(record):
        terminal.say(line)


def _show_several(record: dict[str, Any]) -> None:
    from backtests.cli import terminal
    from backtests.report import compare as words

    for line in (*words.some(words.runs(record), FEW_RUNS, "runs"), ""):
        terminal.say(line)
    shown = list(zip(words.rows(record), record["variants"].values(), strict=True))
    own = [row for row, variant in shown if not variant["benchmark"]]
    marks = [row for row, variant in shown if variant["benchmark"]]
    kept = own if len(own) <= FIRST + LAST else [*own[:FIRST], *own[-LAST:]]
    terminal.table(words.HEADINGS, [*kept, *marks[:LAST]], left=(0, 6), faint=range(len(kept), len(kept) + LAST))
    if len(own) > len(kept):
        terminal.say(f"{len(own) - len(kept)} more between the first {FIRST} and the last {LAST}")
    for line in words.LEGEND:
        terminal.say(line)
    for benchmark in record["benchmarks"][:1]:
        terminal.say("")
        terminal.table((f"against {benchmark}", *words.AGAINST), words.against(record, benchmark)[:FEW], left=(0, 2))
    terminal.say("")
    for line in (*words.some(words.sentences(record), FEW, "findings"), *words.some(words.differing(record), FEW)):
        terminal.say(line)
    terminal.say("All variants, benchmarks and differences: --out FOLDER, whose compare.html is the page.")
