"""Hold one market's bond against the other's."""

from __future__ import annotations

from dataclasses import dataclass

from data.market import Market
from data.pricing.bonds import Array
from strategies.pairs import Pair
from strategies.sizing import pair


@dataclass(frozen=True)
class Divergence(Pair):
    """Long one bond, short another, all the time: the plain trade behind the thesis."""

    def warmup(self, market: Market) -> int:
        """Whatever the sizing rule needs."""
        return self.rule.warmup(market)

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the long leg."""
        return pair(market, self.long, self.short, 1.0, self.rule)
