"""Several strategies in one book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

import numpy as np

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Meaning, ParameterError, Strategy, signals_of
from strategies.macro import Policy
from strategies.relative_value import Carry
from strategies.sizing import LARGEST_OF


@dataclass(frozen=True)
class Part:
    """One strategy of a blend and what its weights are multiplied by."""

    strategy: Strategy
    weight: float = 1.0

    def __post_init__(self) -> None:
        most, _ = LARGEST_OF["weight"]
        if not 0 < abs(self.weight) <= most:
            raise ParameterError("weight", f"is {self.weight:g}; expected a number other than 0, {most:g} at most")


def _halves() -> Mapping[str, Part]:
    return {"policy": Part(Policy(), 0.5), "carry": Part(Carry(), 0.5)}


@dataclass(frozen=True)
class Blend:
    """Hold the weighted sum of several strategies in one book, where their legs net.

    It trades once everything its parts rest on is known. Its profit is split among them by each part's own target.
    """

    parts: Annotated[
        Mapping[str, Part], "name: {strategy, params, weight}", Meaning("the strategies, each with its weight")
    ] = field(default_factory=_halves)

    def __post_init__(self) -> None:
        if not self.parts:
            raise ParameterError("parts", "is empty; name at least one, like {policy: {strategy: policy, weight: 0.5}}")
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    @property
    def legs(self) -> tuple[str, ...]:
        """Every part's legs, each once."""
        return tuple(dict.fromkeys(leg for part in self.parts.values() for leg in part.strategy.legs))

    def warmup(self, market: Market) -> int:
        """The longest of its parts'."""
        return max(part.strategy.warmup(market) for part in self.parts.values())

    def components(self, market: Market) -> dict[str, Array]:
        """Targets (T, n) of each part times its weight, before netting."""
        return {name: part.weight * part.strategy.targets(market) for name, part in self.parts.items()}

    def signals(self, market: Market) -> dict[str, Array]:
        """Signal (T,) of each part that has one; of a blend within, each under both names."""
        signals = {}
        for name, part in self.parts.items():
            for inner, signal in signals_of(part.strategy, market).items():
                signals[name if inner == "signal" else f"{name}.{inner}"] = signal
        return signals

    def targets(self, market: Market) -> Array:
        """Weights (T, n): the sum of the parts'."""
        return np.asarray(sum(self.components(market).values()))


class InOneBook:
    """A strategy that is a blend: what its `blend` answers is its own answer."""

    @property
    def blend(self) -> Blend:
        """The parts that are in, with their weights."""
        raise NotImplementedError

    @property
    def legs(self) -> tuple[str, ...]:
        """Every part's legs, each once."""
        return self.blend.legs

    def warmup(self, market: Market) -> int:
        """The longest of its parts'."""
        return self.blend.warmup(market)

    def components(self, market: Market) -> dict[str, Array]:
        """Targets (T, n) of each part, before netting."""
        return self.blend.components(market)

    def signals(self, market: Market) -> dict[str, Array]:
        """Signal (T,) of each part that has one."""
        return self.blend.signals(market)

    def targets(self, market: Market) -> Array:
        """Weights (T, n): the sum of the parts'."""
        return self.blend.targets(market)
