"""`divergence sweep`: every combination of settings around one variant, and what the best of them is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backtests.runs.runner import Progress
    from backtests.sweeps.conclude import Swept
    from backtests.sweeps.run import Elsewhere, Outlook
    from backtests.sweeps.store import Folder

STEPS = 10  # lines of progress where there is no terminal


def sweep(
    config: Annotated[Path, typer.Argument(help="The configuration, with a sweep.")] = Path("config.yaml"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write, or to go on with; by default a new one under runs/.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with a sweep that was not finished.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, max=256, help="Threads; 0: one a processor.")] = 0,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Walk the cells on a running dask cluster: tls://HOST:PORT.")
    ] = None,
    shared_folder: Annotated[
        Path | None,
        typer.Option("--shared", metavar="DIR", help="A folder that every worker sees too; with --dask."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many of the best to prove and to show.")] = 5,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Run every combination of the settings under `sweep` of CONFIG, score them, and prove the best in both engines."""
    from backtests import config as configuration
    from backtests.cli import interrupt, terminal
    from backtests.report import sweep as sweep_page
    from backtests.sweeps import conclude, run, store
    from backtests.sweeps.banks import banks

    settings = configuration.load(config, set_ or [])
    grid = configuration.grid(settings)
    run.check_size(grid)
    conclude.check_place(out, resume)
    with _where(dask, shared_folder, threads) as (count, elsewhere):
        shared = banks(grid)
        if run.compiles() and not quiet:
            terminal.talk("compiling the ledger, which is needed once on this machine: about 15 s")
        expected = run.outlook(grid, shared, count)
        if not quiet:
            terminal.talk(_expected(expected))
        folder = conclude.opened(grid, shared, out, resume)
        with (
            interrupt.telling(lambda: _kept(folder)),
            store.failing(folder.path),
            terminal.progress(quiet) as progress,
        ):
            swept = conclude.conclude(grid, shared, folder, count, top, _Rate(progress), elsewhere, _register)
    with terminal.answering(json_) as answer:
        _show(swept)
        terminal.say(f"table: {folder.path / store.TABLE}")
        terminal.say(f"page: {sweep_page.write(folder.path, grid)}")
        answer({"folder": str(folder.path), "sentence": swept.sentence, "best": swept.best})


@contextmanager
def _where(dask: str | None, shared: Path | None, threads: int) -> Iterator[tuple[int, Elsewhere | None]]:
    """Give the number of threads that walk, here or on a cluster, and what walks there."""
    from data.errors import ConfigError

    if dask is None:
        if shared:
            raise ConfigError("--shared is for a cluster's workers; give --dask ADDRESS with it")
        from backtests.sweeps import run

        yield threads or run.cores(), None
        return
    if threads:
        raise ConfigError("--threads are of this machine, where --dask walks nothing; a cluster's are its workers'")
    try:
        from backtests.sweeps import cluster
    except ModuleNotFoundError as error:
        raise ConfigError(f"--dask needs {error.name}; pip install 'divergence[cluster]'") from None
    with cluster.connected(dask) as client:
        yield sum(client.nthreads().values()), partial(cluster.tables, client, shared)


def _register(swept: Swept) -> None:
    """Enter every idea in the registry beside the runs of the current folder; what is wrong with it is a line."""
    from backtests.cli import run as run_command
    from backtests.cli import terminal
    from backtests.runs import folder as run_folder
    from backtests.runs import tried
    from backtests.sweeps.conclude import at

    now = run_folder.utc_now()
    told = tried.tried(run_folder.RUNS, at(swept.trials, now), now)
    for line in told.complaints:
        terminal.talk(line)
    run_command.register(told)


def _expected(outlook: Outlook) -> str:
    from backtests.cli.terminal import count

    ideas, threads = count(outlook.ideas, "idea"), count(outlook.threads, "thread")
    duration, megabytes = _time(outlook.seconds), outlook.bytes_held / 2**20
    return f"{outlook.cells:,} cells of {ideas} at most: about {duration} on {threads}, {megabytes:,.0f} MB"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _kept(folder: Folder) -> str:
    from backtests.cli.terminal import count
    from backtests.sweeps import store

    if (folder.path / store.TABLE).exists():
        return f"{folder.path} is whole"
    parts = len(list((folder.path / store.PARTS).glob("cells-*.parquet")))
    return f"{folder.path} holds {count(parts, 'part')}; go on with --resume {folder.path}"


class _Rate:
    """Progress with cells a second and the time left; where there is no terminal, in ten lines."""

    def __init__(self, progress: Progress) -> None:
        import sys
        import time

        self._progress, self._clock = progress, time.perf_counter
        self._start, self._from, self._step = time.perf_counter(), -1, -1
        self._steadily = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, what: str, completed: int, total: int) -> None:
        if what == "cells":
            if self._from < 0:
                self._start, self._from = self._clock(), completed
            step = completed * STEPS // max(total, 1)
            if not self._steadily and (step == self._step or completed == total):
                return
            self._step = step
            rate = (completed - self._from) / max(self._clock() - self._start, 1e-9)
            what = f"{rate:,.0f} cells a second, {_time((total - completed) / rate)} left" if rate else what
        self._progress(what, completed, total)


def _show(swept: Swept) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number, percent

    shown: dict[str, Any] = {
        "sharpe": number, "plateau": number, "excess_return": percent, "volatility": percent,
        "excess_drawdown": percent, "turnover": number, "bars": lambda value: f"{value:,}",
    }  # fmt: skip
    headings = ["cell", *swept.grid.names, "Sharpe", "plateau", "excess", "vol", "drawdown", "turnov.", "bars"]
    lines = []
    for row in swept.best:
        settings = [_setting(row[name]) for name in swept.grid.names]
        lines.append([f"{row['cell']:,}", *settings, *(form(row[name]) for name, form in shown.items())])
    terminal.table([heading.removeprefix("params.") for heading in headings], lines, left=())
    for why, count in swept.notes.items():
        terminal.say(f"{terminal.count(count, 'cell')} {why}")
    if swept.proofs:
        gap, difference = (max(getattr(proof, name) for proof in swept.proofs) for name in ("gap", "difference"))
        terminal.say(
            f"{len(swept.proofs)} cells in two engines, which agree to {gap:.0e} of capital; the sweep's figures are a "
            f"run's to {difference:.0e}."
        )
    terminal.say(swept.sentence)
    cells, ideas = (terminal.count(*of) for of in ((len(swept.grid.cells), "cell"), (swept.judged.ideas, "idea")))
    terminal.say(f"{cells} of {ideas}, {swept.seconds:.1f} s; what the best is worth {swept.judging:.1f} s.")


def _setting(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
