"""The `divergence` command. Commands import what they need when they run, so that help and errors come at once."""

from __future__ import annotations

import os
import sys

import typer

from backtests.cli import catalogue, config, data, run, runs
from data.errors import DivergenceError

app = typer.Typer(
    name="divergence",
    help="Backtests of US Treasuries against Japanese government bonds.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
app.command("run")(run.run)
app.command("report")(runs.report)
app.command("runs")(runs.runs)
app.command("strategies")(catalogue.strategies)
app.command("instruments")(catalogue.instruments)
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")

INTERNAL = 70  # EX_SOFTWARE of sysexits.h: neither the user's nor the disk's fault


def main() -> None:
    """Run the command line; every error is one line on stderr and an exit status."""
    try:
        app()
    except DivergenceError as error:
        _end(str(error), error.exit_status)
    except KeyboardInterrupt:
        _end("interrupted; nothing was kept", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("DIVERGENCE_DEBUG"):
            raise
        _end(f"internal error: {type(error).__name__}: {error}; set DIVERGENCE_DEBUG=1 for the whole story", INTERNAL)


def _end(message: str, status: int) -> None:
    """Print one line, whatever the message holds, and leave."""
    line = "".join(c if c.isprintable() else " " for c in message)
    print(f"error: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(status)
