"""An interrupt, or a polite kill, as one exception that says what was kept."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from types import FrameType

from data.disk import is_folder

STOPS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
AGAIN = 0.01  # seconds


class Interrupted(BaseException):  # not KeyboardInterrupt, which libraries have answers of their own to
    """The command was asked to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.kept = ""  # blank: nothing

    @property
    def exit_status(self) -> int:
        """As a shell says of what a signal ended."""
        return 128 + self.number

    def __str__(self) -> str:
        return f"{STOPS[signal.Signals(self.number)]}; {self.kept or 'nothing was kept'}"


def listen() -> None:
    """Raise Interrupted from now on when a signal asks the command to stop."""
    sys.unraisablehook = _again
    for number in STOPS:
        signal.signal(number, _raise)


def ignore() -> None:
    """Hear no more signals: the command has ended, and only cleans up."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


def _again(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal once more whose exception was lost where none can be raised, as in a destructor."""
    if isinstance(lost.exc_value, Interrupted):
        timer = Timer(AGAIN, signal.raise_signal, (lost.exc_value.number,))  # not here: it would be lost as well
        timer.daemon = True
        timer.start()
    else:
        sys.__unraisablehook__(lost)


@contextmanager
def telling(kept: Callable[[], str]) -> Iterator[None]:
    """Let an interrupt of what is done inside say what was kept: what `kept` answers then, blank for nothing."""
    try:
        yield
    except Interrupted as interrupt:
        if not interrupt.kept:
            interrupt.kept = kept()
        raise


def whole(place: Path) -> Callable[[], str]:
    """Return what says, at an interrupt, whether a file or folder was written: it is there at once, or not at all."""
    return lambda: f"{place} is whole" if place.is_file() or (is_folder(place) and any(place.iterdir())) else ""
