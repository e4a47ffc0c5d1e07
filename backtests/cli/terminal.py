"""Terminal output: tables on stdout, messages on stderr; progress bars on a terminal, plain lines elsewhere.

Whatever files, servers and names of folders hold is printed so that it can be seen: nothing of it steers the terminal.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Literal

from data.errors import redacted, shortened, visible

if TYPE_CHECKING:
    from rich.console import Console

PHASES = ("sensitivity", "report", "significance")  # of a command; what else has progress is a variant
LONGEST = 1000  # characters of a message: half a screen
WIDTH = 10_000  # of a table at most: a narrow terminal wraps it; no name is cut, and a pipe gets the same


def line(text: str) -> str:
    """Return a text as it is printed: what steers a terminal spelt out, passwords in addresses left out."""
    return visible(redacted(text))


class Formatter(logging.Formatter):
    """Lines of the log, in which everything can be seen."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        return line(super().format(record))


def console() -> Console:
    """Return stdout, wide enough that a row stays a line; plain where NO_COLOR is set (no-color.org)."""
    from rich.console import Console

    return Console(highlight=False, width=WIDTH, soft_wrap=False, color_system=_colours())


def _colours() -> Literal["auto"] | None:
    return None if os.environ.get("NO_COLOR") else "auto"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say(text: str) -> None:
    """Print a plain line on stdout, never wrapped and never read as markup."""
    print(line(text))


@contextmanager
def answering(wanted: bool) -> Iterator[Callable[[Any], None]]:
    """Give what takes a command's answer: where JSON is wanted, it alone goes to stdout and what is said to stderr."""
    held: list[Any] = []
    if not wanted:
        yield held.append
        return
    try:
        with redirect_stdout(sys.stderr):
            yield held.append
    finally:
        for value in held:
            answer(value)


def answer(value: Any) -> None:
    """Print plain data as JSON on stdout: figures in full, days as ISO has them, null for what is not known."""
    print(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False, default=str))


def _finite(value: Any) -> Any:
    """Plain data with null where a figure is not finite."""
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def talk(text: str) -> None:
    """Print a plain line on stderr."""
    if sys.stderr is not None:
        print(line(text), file=sys.stderr)


def complain(message: str) -> None:
    """Print an error as one line on stderr, whatever the message holds."""
    talk(f"error: {shortened(line(message), LONGEST)}")


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,), faint: Sequence[int] = ()
) -> None:
    """Print a table; columns in `left` hold text, the others figures; rows in `faint` are dimmed."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for i, heading in enumerate(headings):
        grid.add_column(
            Text(line(heading)), justify="left" if i in left else "right", no_wrap=True, overflow="ellipsis"
        )
    for n, row in enumerate(rows):
        grid.add_row(*(Text(line(cell)) for cell in row), style="dim" if n in faint else "")
    console().print(grid)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback that shows progress: what runs, how many are completed, of how many."""
    if quiet:
        yield lambda what, completed, total: None
    elif sys.stderr is None or not sys.stderr.isatty():
        yield _Lines()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True, color_system=_colours()), transient=True) as bar:
            task = bar.add_task("")

            def show(what: str, completed: int, total: int) -> None:
                bar.update(task, description=line(what), completed=completed, total=total)

            yield show


class _Lines:
    """A line for each variant that runs, and one for each phase after."""

    def __init__(self) -> None:
        self.last = ""

    def __call__(self, what: str, completed: int, total: int) -> None:
        if what and what != self.last:
            talk(what if what in PHASES else f"[{completed + 1}/{total}] {what}")
        self.last = what or self.last
