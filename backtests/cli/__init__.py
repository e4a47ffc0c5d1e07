"""The `divergence` command. Commands import what they need when they run, so that help and errors come at once."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
from types import FrameType

import typer

from backtests.cli import catalogue, compare, config, data, run, runs, sensitivity, terminal, thesis, ticket
from backtests.cli.help import or_command
from data.errors import ConfigError, DivergenceError

app = typer.Typer(
    name="divergence",
    help="Backtests of US Treasuries against Japanese government bonds.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    callback=or_command,
    invoke_without_command=True,
)
app.command("run")(run.run)
app.command("compare")(compare.compare)
app.command("sensitivity")(sensitivity.sensitivity)
app.command("thesis")(thesis.thesis)
app.command("ticket")(ticket.ticket)
app.command("report")(runs.report)
app.command("runs")(runs.runs)
app.command("strategies")(catalogue.strategies)
app.command("instruments")(catalogue.instruments)
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")

LEVELS = ("debug", "info", "warning", "error")

INTERRUPTED = 130  # as the shell says of it
INTERNAL = 70  # EX_SOFTWARE of sysexits.h: neither the user's nor the disk's fault


def main() -> None:
    """Run the command line; every error is one line on stderr and an exit status."""
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a minus shows a question mark
    try:
        _log()
        status = _parsed()
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.exit(status)
    except DivergenceError as error:
        _end(str(error), error.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        _end("interrupted; nothing was kept", INTERRUPTED)
    except BrokenPipeError:
        _discard_output()
        sys.exit(141)  # as the shell says of a process whose reader left
    except Exception as error:
        if hasattr(error, "format_message"):
            told = error.format_message().rstrip(".")  # what was typed, as the parser puts it
            _end(f"{told}. See divergence --help.", 2)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _discard_output()
            _end("the output cannot be written: no space left on device", 3)
        if os.environ.get("DIVERGENCE_DEBUG"):
            raise
        _end(f"internal error: {type(error).__name__}: {error}; set DIVERGENCE_DEBUG=1 for the whole story", INTERNAL)


def _log() -> None:
    """Write what the code logs to stderr, from the level that DIVERGENCE_LOG names; nothing without it.

    Raises
    ------
    ConfigError
        A level there is not.
    """
    level = os.environ.get("DIVERGENCE_LOG")
    if not level:
        return
    if level.lower() not in LEVELS:
        raise ConfigError(f"DIVERGENCE_LOG is '{level[:20]}'; expected one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(terminal.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for library in ("matplotlib", "PIL", "httpx", "httpcore", "yfinance", "asyncio"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _parsed() -> int:
    """Run the command typed and return its status; the parser's own ends are made exceptions again."""
    try:
        status = int(app(standalone_mode=False) or 0)
    except SystemExit:  # the parser's answer to a reader that left
        raise BrokenPipeError from None
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    return status


def _stop(number: int, frame: FrameType | None) -> None:
    """Let a polite kill clean up as an interrupt does."""
    raise KeyboardInterrupt


def _discard_output() -> None:
    """Keep the interpreter from trying to flush, as it leaves, what cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(message: str, status: int) -> None:
    """Print one line, whatever the message holds, and leave."""
    terminal.complain(message)
    sys.exit(status)
