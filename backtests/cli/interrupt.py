"""An interrupt, or a polite kill, as one exception that says what was kept."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from data.disk import is_folder

STOPS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


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
    for number in STOPS:
        signal.signal(number, _raise)


def ignore() -> None:
    """Hear no more signals: the command has ended, and only cleans up."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


@contextmanager
def telling(kept: Callable[[], str]) -> Iterator[None]:
    """Let an interrupt of what is done inside say what was kept: what `kept` answers then, blank for nothing."""
    try:
        yield
    except Interrupted as interrupt:
        if not interrupt.kept:
            interrupt.kept = kept()
        raise


def whole(folder: Path) -> Callable[[], str]:
    """Return what says, at an interrupt, whether a folder was written: it is there at once, or not at all."""
    return lambda: f"{folder} is whole" if is_folder(folder) and any(folder.iterdir()) else ""
