"""What the terminal shows: tables on stdout, talk on stderr; bars of progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

ROOM = 180  # a table takes what it needs; a narrow terminal wraps it rather than cutting figures off


def console() -> Console:
    """Return stdout, wide enough that a row stays a line."""
    found = Console(highlight=False)
    return Console(highlight=False, width=max(ROOM, found.width), soft_wrap=False)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say(text: str) -> None:
    """Print a plain line on stdout, never wrapped and never read as markup."""
    print(text)


def talk(text: str) -> None:
    """Print a plain line on stderr."""
    if sys.stderr is not None:
        print(text, file=sys.stderr)


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,), faint: Sequence[int] = ()
) -> None:
    """Print a table; columns in `left` hold text, the others figures; rows in `faint` are set apart by weight."""
    shown = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for i, heading in enumerate(headings):
        shown.add_column(heading, justify="left" if i in left else "right", no_wrap=True, overflow="ellipsis")
    for n, row in enumerate(rows):
        shown.add_row(*(Text(cell) for cell in row), style="dim" if n in faint else "")
    console().print(shown)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback that shows what is being done, of how much."""
    if quiet:
        yield lambda what, done, of: None
    elif sys.stderr is None or not sys.stderr.isatty():
        yield _plain
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("")

            def show(what: str, done: int, of: int) -> None:
                bar.update(task, description=what, completed=done, total=of)

            yield show


def _plain(what: str, done: int, of: int) -> None:
    if what:
        talk(f"[{done + 1}/{of}] {what}")
