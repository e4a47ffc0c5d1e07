"""How far something is, as a bar in a notebook; where no notebook shows it, nothing."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


@contextmanager
def waiting(title: str) -> Iterator[Progress]:
    """Give a progress that a notebook shows until it is over."""
    shown = _place()
    if shown is None:
        yield lambda what, count, of: None
        return
    place, page = shown

    def told(what: str, count: int, of: int) -> None:
        if what:
            place.update(page(bar(title, what, count, of)))

    try:
        yield told
    finally:
        place.update(page(""))


def bar(title: str, what: str, count: int, of: int) -> str:
    """Return a bar and its words as HTML.

    >>> bar("run", "a & b", 3, 15)
    '<progress aria-label="run" max="15" value="3"></progress> run: a &amp; b, 3 of 15'
    """
    name = html.escape(title)
    words = f"{name}: {html.escape(what)}, {count:,} of {of:,}"
    return f'<progress aria-label="{name}" max="{of}" value="{count}"></progress> {words}'


def _place() -> tuple[Any, Callable[[str], Any]] | None:
    """A place in the notebook that is running, to be written over, and what makes a page of text; None elsewhere."""
    notebook: Any = sys.modules.get("IPython")
    shell = notebook.get_ipython() if notebook else None
    if getattr(shell, "kernel", None) is None:
        return None
    display = notebook.display
    return display.display(display.HTML(""), display_id=True), display.HTML
