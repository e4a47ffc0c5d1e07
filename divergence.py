"""Where the command starts: an interrupt while Python still loads the rest ends it in one line too."""

from __future__ import annotations

import os
import signal
from types import FrameType


def _stop(number: int, frame: FrameType | None) -> None:
    what = "interrupted" if number == signal.SIGINT else "terminated"
    os.write(2, f"error: {what}; nothing was kept\n".encode())
    os._exit(128 + number)


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    from backtests.cli import main as command

    command()
