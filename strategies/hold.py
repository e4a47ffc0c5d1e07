"""Hold fixed weights: the benchmark every idea must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

import numpy as np

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Meaning, ParameterError
from strategies.sizing import LARGEST_OF, book


@dataclass(frozen=True)
class Hold:
    """Hold each instrument at a fixed fraction of equity, + long, - short."""

    weights: Annotated[
        Mapping[str, float], "instrument: fraction of equity, + long", Meaning("what is held of each instrument")
    ] = field(default_factory=lambda: MappingProxyType({"UST10": 1.0}))

    def __post_init__(self) -> None:
        if not self.weights:
            raise ParameterError("weights", "is empty; name at least one instrument, like {UST10: 1.0}")
        most, meant = LARGEST_OF["weight"]
        for name, weight in self.weights.items():
            if not 0 < abs(weight) <= most:
                raise ValueError(
                    f"the weight of {name} is {weight:g}; expected a number other than 0, {most:g} at most: {meant}"
                )
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))

    @property
    def legs(self) -> tuple[str, ...]:
        """The instruments named."""
        return tuple(self.weights)

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1

    def targets(self, market: Market) -> Array:
        """Weights (T, n), constant wherever all the instruments exist."""
        rows = len(market.dates)
        return book(market, {name: np.full(rows, weight) for name, weight in self.weights.items()})
