"""Claims resolved: what is said, how it is measured, when, and what trades it. Figures are decimals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Literal

from data.series import MACRO, MacroKind
from strategies.base import Window

Moves = Literal["yields", "prices"]


@dataclass(frozen=True)
class Unit:
    """How a figure in decimals is shown, and its change, and by what a level is multiplied as it is written."""

    level: str
    scale: float
    change: str
    moves: float
    written: float
    digits: int = 1


RATE = Unit("%", 100.0, "bp", 1e4, 100.0, 2)
GAP = Unit("bp", 1e4, "bp", 1e4, 100.0, 0)
BP_A_YEAR = Unit("bp", 1e4, "bp", 1e4, 1e4, 0)
PERCENT = Unit("%", 100.0, "points", 100.0, 100.0, 1)
PLAIN = Unit("", 1.0, "", 1.0, 1.0, 2)
TRILLIONS = Unit("JPY trn", 1.0, "JPY trn", 1.0, 1.0, 1)
OF_GDP = Unit("% of GDP", 100.0, "points", 100.0, 100.0, 1)
MACRO_UNITS: dict[MacroKind, Unit] = {
    "rate": RATE,
    "index": Unit("index", 1.0, "index", 1.0, 1.0, 1),
    "debt": OF_GDP,
    "assets": OF_GDP,
    "federal": Unit("% of federal debt", 100.0, "points", 100.0, 100.0, 1),
    "bonds": Unit("% of JGBs", 100.0, "points", 100.0, 100.0, 2),
    "flow": TRILLIONS,
}


@dataclass(frozen=True)
class Yield:
    """Par yield of an instrument: of its curve at its maturity, real where that is."""

    name: str
    curve: str
    maturity: float  # years


@dataclass(frozen=True)
class Spread:
    """One measure less another; a slope is the longer yield less the shorter, a breakeven the nominal less the real."""

    kind: Literal["spread", "slope", "breakeven"]
    first: Measure
    less: Measure


@dataclass(frozen=True)
class Beta:
    """Least-squares slope of the moves of one measure on those of another, over the last `window`."""

    first: Measure
    on: Measure
    window: Window


@dataclass(frozen=True)
class Correlation:
    """Correlation of the moves of two measures over the last `window`."""

    first: Measure
    other: Measure
    window: Window


@dataclass(frozen=True)
class Ratio:
    """One measure over another."""

    first: Measure
    over: Measure


@dataclass(frozen=True)
class Volatility:
    """Annualised deviation of the moves of an instrument's yield, or of its local excess returns, as realised."""

    name: str
    at: Yield | None  # of yields
    of: Moves
    window: Window


@dataclass(frozen=True)
class Macro:
    """A macro series as known on each row; `total`: the sum of the figures of the last so many months known."""

    series: str
    total: Window | None


@dataclass(frozen=True)
class PolicyRate:
    """Overnight rate of a country, as paid up to each row."""

    country: str


@dataclass(frozen=True)
class Return:
    """Return of a variant over cash since the first row of the claim's window, costs paid."""

    variant: str


@dataclass(frozen=True)
class SellOff:
    """Mean excess return of one bond on the worst tenth of the bars of another, all history."""

    name: str
    against: str


@dataclass(frozen=True)
class Fact:
    """A dated statement with its source."""

    states: str
    holds: bool | None
    value: float | None  # in `unit`
    unit: str
    day: date
    known: date
    source: str


@dataclass(frozen=True)
class Change:
    """Change of a measure over a time that ends on each row."""

    of: Measure
    over: Window


Measure = (
    Yield | Spread | Beta | Correlation | Ratio | Volatility | Macro | PolicyRate | Return | SellOff | Fact | Change
)


@dataclass(frozen=True)
class Says:
    """True of a figure between two bounds, decimals: the value at the window's end, or its change over the window."""

    word: Literal["rises", "falls", "neither", "above", "below", "between", "equals"]
    low: float
    high: float
    closed: bool  # whether the bounds themselves count
    reads: Literal["end", "change"]  # what it is true of

    @property
    def direction(self) -> int:
        """+1 where more makes it true, -1 where less does, 0 where it is a range."""
        return int(self.low > -math.inf) - int(self.high < math.inf)

    def holds(self, figure: float) -> bool:
        """Whether it is true of a figure."""
        if self.closed:
            return self.low - ROUNDING <= figure <= self.high + ROUNDING
        return self.low < figure < self.high


ROUNDING = 1e-9  # decimals: a change below it is none, and a bound as near is reached


@dataclass(frozen=True)
class Kill:
    """A level, decimals, at which a claim is given up once it is reached or passed."""

    side: Literal["above", "below"]
    level: float

    def reached(self, value: float) -> bool:
        """Whether a value has reached or passed it."""
        return value >= self.level - ROUNDING if self.side == "above" else value <= self.level + ROUNDING


@dataclass(frozen=True)
class Claim:
    """One sentence of a thesis, resolved. `first` and `last` bound its window; without `last` it stays open."""

    key: str
    text: str
    number: str  # the figure the sentence gives, with its unit
    definition: str
    measure: Measure
    says: Says | None  # None: a fact that is true or false, or what cannot be judged
    first: date
    last: date | None
    hurdle: Literal["forward"] | None
    trade: str | None  # a variant
    kill: Kill | None
    needs: int
    cannot: str
    note: str


def unit_of(measure: Measure) -> Unit:
    """Return how a measure's figures are written and shown."""
    if isinstance(measure, Yield | PolicyRate):
        return RATE
    if isinstance(measure, Spread):
        inner = unit_of(measure.first)
        return GAP if inner is RATE else inner
    if isinstance(measure, Volatility):
        return BP_A_YEAR if measure.of == "yields" else PERCENT
    if isinstance(measure, Macro):
        return MACRO_UNITS[MACRO[measure.series].kind] if measure.series in MACRO else RATE
    if isinstance(measure, Return):
        return PERCENT
    if isinstance(measure, SellOff):
        return BP_A_YEAR
    if isinstance(measure, Change):
        unit = unit_of(measure.of)
        digits = 0 if unit.change == "bp" else unit.digits
        return Unit(unit.change, unit.moves, unit.change, unit.moves, unit.moves, digits)
    if isinstance(measure, Fact):
        return Unit(measure.unit, 1.0, measure.unit, 1.0, 1.0, 1)
    return PLAIN


def inside(measure: Measure) -> Iterator[Measure]:
    """Return a measure and all that it is made of."""
    yield measure
    for part in fields(measure):
        value = getattr(measure, part.name)
        if is_dataclass(value) and not isinstance(value, Window | type):
            yield from inside(value)  # type: ignore[arg-type]  # only measures hold measures
