"""The commands of `divergence`. They import what they need when they run, so that help and errors come at once."""

from __future__ import annotations

import typer

from backtests.cli import (
    catalogue,
    compare,
    completion,
    config,
    data,
    docs,
    export,
    init,
    journal,
    run,
    runs,
    sensitivity,
    sweep,
    thesis,
    ticket,
    walkforward,
)
from backtests.cli.help import start

app = typer.Typer(
    name="divergence",
    help="Backtests of US Treasuries against Japanese government bonds.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    callback=start,
    invoke_without_command=True,
)
app.command("init")(init.init)
app.command("run")(run.run)
app.command("compare")(compare.compare)
app.command("sensitivity")(sensitivity.sensitivity)
app.command("sweep")(sweep.sweep)
app.command("walkforward")(walkforward.walkforward)
app.command("thesis")(thesis.thesis)
app.command("ticket")(ticket.ticket)
app.command("report")(runs.report)
app.command("runs")(runs.runs)
app.command("note")(runs.note)
app.command("export")(export.export)
app.command("strategies")(catalogue.strategies)
app.command("instruments")(catalogue.instruments)
app.command("docs")(docs.docs)
app.command("completion")(completion.completion)
app.add_typer(journal.app, name="journal")
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")
