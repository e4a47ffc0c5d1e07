"""The `divergence` command: it runs what was typed, and every end is one line on stderr and an exit status.

Nothing but the standard library stands above, so that an interrupt is answered from the first moment.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import logging
import os
import sys

from backtests.cli import interrupt, limits
from data.errors import ConfigError, DivergenceError

LEVELS = ("debug", "info", "warning", "error")

INTERNAL = 70  # EX_SOFTWARE of sysexits.h: neither the user's nor the disk's fault


def main() -> None:
    """Run the command line and leave."""
    interrupt.listen()
    atexit.register(gc.freeze)  # what is left goes with the process, unlooked at
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own keeps 70 MB of what a daily run gives back
    try:
        message, status = _answer()
        interrupt.ignore()
    except interrupt.Interrupted as stop:  # while it was ending
        interrupt.ignore()
        message, status = str(stop), stop.exit_status
    if message:
        from backtests.cli import terminal

        terminal.complain(message)
    sys.exit(status)


def _answer() -> tuple[str, int]:
    """Return what is wrong, blank where nothing is, and the exit status."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal that cannot show a minus shows a question mark
        _log()
        limits.check_limit()
        status = _parsed()
        if sys.stdout is not None:
            sys.stdout.flush()
        return "", status
    except DivergenceError as error:
        return str(error), error.exit_status
    except interrupt.Interrupted as stop:
        return str(stop), stop.exit_status
    except BrokenPipeError:
        _discard_output()
        return "", 141  # as the shell says of a process whose reader left
    except Exception as error:
        if hasattr(error, "format_message"):
            told = error.format_message().rstrip(".")  # what was typed, as the parser puts it
            return f"{told}. See divergence --help.", 2
        if limits.is_short(error):
            return limits.SHORT, ConfigError.exit_status
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _discard_output()
            return "the output cannot be written: no space left on device", 3
        if os.environ.get("DIVERGENCE_DEBUG"):
            raise
        told = f"{type(error).__name__}: {error}"
        return f"internal error: {told}; set DIVERGENCE_DEBUG=1 for the whole story", INTERNAL


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
    from backtests.cli import terminal

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(terminal.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for library in ("matplotlib", "PIL", "httpx", "httpcore", "yfinance", "asyncio"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _parsed() -> int:
    """Run the command typed and return its status; the parser's own ends are made exceptions again."""
    from backtests.cli.app import app

    if "_DIVERGENCE_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    try:
        return int(app(standalone_mode=False) or 0)
    except SystemExit as end:
        if not end.code:  # words offered to a shell
            return 0
        raise BrokenPipeError from None  # the parser's answer to a reader that left


def _discard_output() -> None:
    """Keep the interpreter from trying to flush, as it leaves, what cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
