"""The figure that every picture is drawn on; a notebook shows it without being told to."""

from __future__ import annotations

import io

from matplotlib.figure import Figure as _Figure

INK, SOFT, GRID = "#16191d", "#5b6570", "#d9dee3"  # of every picture
LOSS, GAIN = "#D55E00", "#0072B2"  # Okabe and Ito

DOTS = 75  # an inch, in a notebook


class Figure(_Figure):
    """A matplotlib figure that is its own picture."""

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        self.savefig(drawn, format="png", dpi=DOTS)
        return drawn.getvalue()
