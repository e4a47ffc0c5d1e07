"""What an object says of itself in a notebook and at a prompt: a few lines of words, a table, a picture."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 24  # rows of a table at a prompt; the others are counted
DOTS = 60  # an inch, of a picture beside a table
HEIGHT = 640  # pixels of a page inside a notebook


def text(title: str, table: pd.DataFrame, *after: str) -> str:
    """Return words and a table for a prompt, under 40 lines.

    >>> print(text("two", pd.DataFrame({"sharpe": [0.5, -0.25]}, index=["a", "b"])))
    two
       sharpe
    a    0.50
    b   -0.25
    """
    rest = len(table) - MOST
    more = [f"... and {rest:,} more rows"] if rest > 0 else []
    return "\n".join([title, table.head(MOST).to_string(na_rep="–"), *more, *after])


def block(title: str, table: pd.DataFrame, pictures: Sequence[str] = ()) -> str:
    """Return words, a table and pictures as HTML; every word is escaped."""
    rest = len(table) - MOST
    more = f"<p>... and {rest:,} more rows</p>" if rest > 0 else ""
    with pd.option_context("display.max_colwidth", None):
        shown = table.head(MOST).to_html(na_rep="–", escape=True, border=0)
    return f"<div><p>{html.escape(title)}</p>{shown}{more}{''.join(pictures)}</div>"


def picture(figure: Figure, words: str) -> str:
    """Return a figure as an image that stands in the page."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS)
    data = base64.b64encode(drawn.getvalue()).decode("ascii")
    return f'<img alt="{html.escape(words, quote=True)}" style="max-width:100%" src="data:image/png;base64,{data}">'


class Interactive:
    """A page that a notebook shows as it is: it zooms, sorts and says what stands under the mouse."""

    def __init__(self, page: str, section: str) -> None:
        self.page = page
        self.section = section

    def __repr__(self) -> str:
        """Say what it is, not what it holds."""
        return f"<page at {self.section}, {len(self.page) / 1e6:.1f} MB: shown by a notebook>"

    def _repr_html_(self) -> str:
        to = f"<script>document.getElementById('h-{self.section}').scrollIntoView()</script></body>"
        page = html.escape(self.page.replace("</body>", to), quote=True)
        return (
            f'<iframe style="width:100%;height:{HEIGHT}px;border:0" sandbox="allow-scripts" srcdoc="{page}"></iframe>'
        )
