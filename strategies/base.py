"""What a strategy is: frozen parameters, the legs they name, and one pure method from a market to weights."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Protocol, runtime_checkable

import numpy as np

from data.bonds import Array
from data.market import Market

_A_YEAR = {"D": 252, "M": 12, "Y": 1}
_FORM = re.compile(r"(\d+(?:\.\d+)?)([DMY])")


@dataclass(frozen=True)
class Window:
    """A length of history, `12M`, `60D` (trading days) or `3Y`, that becomes a number of rows on a market."""

    text: str

    def __post_init__(self) -> None:
        match = _FORM.fullmatch(self.text)
        if not match or float(match[1]) <= 0:
            raise ValueError(f"{self.text!r} is not a window; write a number and D, M or Y, like 60D, 36M or 3Y")

    def bars(self, market: Market) -> int:
        """Rows (levels) or returns the window holds on this market: rounded half up, at least 2."""
        number, unit = float(self.text[:-1]), _A_YEAR[self.text[-1]]
        return max(2, math.floor(number * market.periods_per_year / unit + 0.5))


# The unit of a parameter, for `divergence strategies` and the docs.
Leg = Annotated[str, "instrument"]
Duration = Annotated[float, "years of duration contribution of a leg, fraction of equity x duration"]
Volatility = Annotated[float, "annual volatility of a leg, 0.05 is 5 %"]
Weight = Annotated[float, "fraction of equity"]
Lookback = Annotated[Window, "window: 60D, 36M, 3Y"]


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


def keeps_prefix_law(strategy: Strategy, market: Market, t: int) -> bool:
    """Whether the decision on row t is the same when everything later is cut away."""
    return np.array_equal(strategy.targets(market.until(t))[-1], strategy.targets(market)[t])
