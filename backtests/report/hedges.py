"""What hedged what, where that is estimated: the table under what was held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backtests.report.format import ABSENT, Row, number
from backtests.report.panels import Panels


def rows(panels: Panels) -> list[Row]:
    """Return a row per hedging leg of every variant whose hedge is estimated; none where a run stored none."""
    return [
        Row(variant.name, _cells(leg)) for variant in panels.variants for leg in variant.described.get("hedge_legs", [])
    ]


def _cells(leg: Mapping[str, Any]) -> list[str]:
    part = f"{leg['part']}: " if leg["part"] else ""
    span = (
        f"{number(leg['mean'])} ({number(leg['low'])} to {number(leg['high'])})" if leg["mean"] is not None else ABSENT
    )
    return [
        f"{part}{leg['leg']} against {leg['anchor']}", f"{leg['rule']}, {leg['window']}",
        f"{leg['first']} to {leg['last']}", number(leg["ratio"]), number(leg["dv01"]), span,
        loadings(leg["loadings"]), loadings(leg["anchor_loadings"]),
    ]  # fmt: skip


def loadings(values: Sequence[float | None]) -> str:
    """Return loadings on the components, the first first.

    >>> loadings([0.412, -0.3]), loadings([None])
    ('0.41; −0.30', '–')
    """
    return "; ".join(number(value) for value in values)
