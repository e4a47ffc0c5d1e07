"""Where the command starts: an interrupt while Python still loads the rest ends it in one line too."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from types import FrameType


def _stop(number: int, frame: FrameType | None) -> None:
    what = "interrupted" if number == signal.SIGINT else "terminated"
    os.write(2, f"error: {what}; nothing was kept\n".encode())
    os._exit(128 + number)


def main() -> None:
    """Run the command line and leave at once: taking half a gigabyte apart first takes half a second."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    from backtests.cli import main as command

    status = 0
    try:
        command()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    atexit._run_exitfuncs()  # what libraries have to put away: logs, semaphores, temporary files
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):  # a reader that left was told of by the status
                stream.flush()
    os._exit(status)
