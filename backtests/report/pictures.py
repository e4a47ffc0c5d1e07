"""What the pictures of a run show: paths, figures and words, so that drawing needs no table, and no run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Path = NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """An event as a plot marks it: the bars that count towards it."""

    label: str
    first: str
    last: str


@dataclass(frozen=True)
class Line:
    """A variant that is drawn as a line. Fractions are decimals; drawdowns are negative."""

    name: str
    colour: str  # `ink` of a benchmark
    dash: str
    dates: Days  # (T,)
    excess: Path  # (T,), growth of 1 in excess of cash
    underwater: Path  # (T,), of `excess`
    sharpe: Path  # (T - 1,), rolling
    volatility: Path  # (T - 1,), rolling
    years: Mapping[int, float]  # in excess of cash


@dataclass(frozen=True)
class Bar:
    """A variant's trading P&L, and its lines, USD."""

    name: str
    lines: Mapping[str, float]
    total: float


@dataclass(frozen=True)
class Position:
    """The spread that a variant traded, and what it held; paths (T,)."""

    colour: str
    label: str
    what: str  # a yield, or a spread
    rises: bool  # whether a position above 0 gains as it rises
    dates: Days
    spread: Path  # bp
    score: Path
    position: Path  # USD a bp


@dataclass(frozen=True)
class Pictures:
    """What all pictures of a run show."""

    run: str
    note: str  # on the data
    thesis_date: str | None
    window_name: str  # of the rolling figures
    lines: Sequence[Line]
    bands: Sequence[Band]
    bars: Sequence[Bar]  # from the top down, the first of all variants
    bar_names: Mapping[str, str]  # of the lines of trading P&L
    variants: int
    lead: str  # the variant whose position is shown
    position: Position | None
    unquoted: str  # why there is no position, blank where there is one
