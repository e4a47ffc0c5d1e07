"""What a strategy is: frozen parameters, the legs they name, and one pure method from a market to weights."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from data.errors import shortened
from data.market import Flags, Market
from data.pricing.bonds import Array

_A_YEAR = {"D": 260, "M": 12, "Y": 1}
_FORM = re.compile(r"(\d{1,5}(?:\.\d{1,6})?)([DMY])", re.ASCII)


@dataclass(frozen=True)
class Window:
    """A length of history, `12M`, `60D` (trading days) or `3Y`, that becomes a number of rows on a market."""

    text: str

    def __post_init__(self) -> None:
        match = _FORM.fullmatch(self.text)
        if not match or float(match[1]) <= 0:
            raise ValueError(
                f"{shortened(self.text)!r} is not a window; write a number and D, M or Y, like 60D, 36M or 3Y"
            )

    def bars(self, market: Market) -> int:
        """Rows (levels) or returns the window holds on this market: rounded half up, at least 2."""
        number, unit = float(self.text[:-1]), _A_YEAR[self.text[-1]]
        return max(2, math.floor(number * market.periods_per_year / unit + 0.5))


@dataclass(frozen=True)
class Meaning:
    """What a parameter is for, in a phrase, beside its unit: `Annotated[float, "a year", Meaning("...")]`."""

    text: str


# The unit of a parameter, for `divergence strategies`, `divergence docs`, editors and the pages; and what it means
# where that is the same wherever it stands.
INSTRUMENT = "instrument"
Leg = Annotated[str, INSTRUMENT]
Duration = Annotated[
    float, "years of duration contribution", Meaning("size of a leg: fraction of equity times its duration")
]
Volatility = Annotated[float, "a year, 0.05 is 5 %", Meaning("volatility that each leg is to have")]
Weight = Annotated[float, "fraction of equity", Meaning("size of each leg in money")]
Lookback = Annotated[Window, "window: 60D, 36M, 3Y"]
Scale = Annotated[float, "a year, 0.01 is 100 bp", Meaning("size of the signal at which the position is whole")]
RateMove = Annotated[float, "a year, 0.0025 is 25 bp"]


def is_leg(hint: Any) -> bool:
    """Whether an annotation is that of a leg, whatever it says besides."""
    return INSTRUMENT in getattr(hint, "__metadata__", ())


class ParameterError(ValueError):
    """A parameter that a strategy or an overlay refuses; says its name, then what is wrong with it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name} {message}")
        self.name = name
        self.message = message


@runtime_checkable
class Strategy(Protocol):
    """Frozen parameters and one pure method.

    The prefix law holds for every strategy: `s.targets(m.until(t))[-1]` equals `s.targets(m)[t]` for every t,
    so no decision can rest on anything later than its own row.
    """

    @property
    def legs(self) -> tuple[str, ...]:
        """Names of the instruments it trades."""

    def warmup(self, market: Market) -> int:
        """Rows of history, the current one included, that its signals need."""

    def targets(self, market: Market) -> Array:
        """Weights (T, n): USD notional as a fraction of the sizing base, + long; 0 while cold, never NaN."""


@runtime_checkable
class Signalled(Protocol):
    """A strategy that can say what its decision rests on."""

    def signal(self, market: Market) -> Array:
        """Signal (T,): + as the trade is named, 0 flat, - the reverse; NaN while it is not known."""


@runtime_checkable
class Composed(Protocol):
    """A strategy that is the sum of others in one book."""

    def components(self, market: Market) -> Mapping[str, Array]:
        """Targets (T, n) of each component before netting, by its name; they sum to the strategy's own."""

    def signals(self, market: Market) -> Mapping[str, Array]:
        """Signal (T,) of each component that has one."""


@runtime_checkable
class Wrapped(Protocol):
    """A strategy around another, linear in its targets."""

    @property
    def inner(self) -> Strategy:
        """The strategy inside."""

    def applied(self, market: Market, weights: Array) -> Array:
        """Return the inner targets (T, n), or a component of them, as the outer strategy leaves them."""


@runtime_checkable
class Deciding(Protocol):
    """A strategy with rows of its own on which it must be followed, whatever the rebalance clock and the band."""

    def decisions(self, market: Market) -> Flags:
        """Rows (T,), each resting on nothing later than itself."""


@dataclass(frozen=True)
class Invariants:
    """What a strategy promises beyond the prefix law, for the tests to hold it to."""

    scales_with: str | None = None  # the parameter whose double doubles every weight
    symmetric: bool = False  # exchange the two countries' histories, and the positions are exchanged too
    neutral: bool = False  # weights times durations sum to 0: a parallel shift of all curves does nothing


def invariants_of(strategy: Strategy) -> Invariants:
    """Return what a strategy declares in its attribute `invariants`, or `laws` as it was called before; else none."""
    declared = getattr(strategy, "invariants", getattr(strategy, "laws", Invariants()))
    assert isinstance(declared, Invariants)
    return declared


def signals_of(strategy: Strategy, market: Market) -> dict[str, Array]:
    """Return every signal (T,) behind a strategy by name: of its components, or its own as `signal`; {} if none."""
    if isinstance(strategy, Wrapped):
        return signals_of(strategy.inner, market)
    if isinstance(strategy, Composed):
        return dict(strategy.signals(market))
    return {"signal": strategy.signal(market)} if isinstance(strategy, Signalled) else {}


def components_of(strategy: Strategy, market: Market) -> dict[str, Array]:
    """Return the targets (T, n) of every component of a blend, overlays applied; {} where it is no blend."""
    if isinstance(strategy, Wrapped):
        inner = components_of(strategy.inner, market)
        return {name: strategy.applied(market, weights) for name, weights in inner.items()}
    return dict(strategy.components(market)) if isinstance(strategy, Composed) else {}


def lead_of(strategy: Strategy) -> str:
    """Return the leg whose side is the trade's: the one a strategy calls its `lead`, else its first."""
    if isinstance(strategy, Wrapped):
        return lead_of(strategy.inner)
    return str(getattr(strategy, "lead", strategy.legs[0]))


def known(strategy: Strategy, market: Market) -> Flags:
    """Rows (T,) on which everything a strategy rests on is known; true throughout where it has no signal."""
    rows = np.ones(len(market.dates), dtype=bool)
    for signal in signals_of(strategy, market).values():
        rows &= ~np.isnan(signal)
    return rows


def ready(strategy: Strategy, market: Market, start: date | None = None) -> Flags:
    """Rows (T,) from `start` on where all legs exist, have for the warm-up, and all that is rested on is known."""
    columns = [market.column(leg) for leg in strategy.legs]
    warm = streak(np.asarray(market.exists[:, columns].all(axis=1))) >= strategy.warmup(market)
    rows = warm & known(strategy, market)
    return np.asarray(rows & (market.dates >= np.datetime64(start))) if start else rows


def streak(flags: Flags) -> NDArray[np.int64]:
    """Length (T,) of the run of True that ends at each row."""
    rows = np.arange(len(flags))
    last_false = np.maximum.accumulate(np.where(flags, -1, rows))
    return rows - last_false


def decisions_of(strategy: Strategy, market: Market) -> Flags:
    """Rows (T,) on which a strategy decides whatever the rebalance clock says; none of one that does not say."""
    if isinstance(strategy, Deciding):
        return strategy.decisions(market)
    return np.zeros(len(market.dates), dtype=bool)


def keeps_prefix_law(strategy: Strategy, market: Market, t: int) -> bool:
    """Whether the decision on row t is the same when everything later is cut away."""
    return np.array_equal(strategy.targets(market.until(t))[-1], strategy.targets(market)[t])


def __getattr__(name: str) -> Any:
    if name == "Laws":
        warnings.warn(
            "strategies.base.Laws is now Invariants (impartial: symmetric); the old name goes with the next release",
            DeprecationWarning,
            stacklevel=2,
        )
        return _laws
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _laws(scales_with: str | None = None, impartial: bool = False, neutral: bool = False) -> Invariants:
    return Invariants(scales_with, impartial, neutral)
