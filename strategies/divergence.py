"""Hold one market's bond against the other's."""

from __future__ import annotations

from dataclasses import dataclass

from data.bonds import Array
from data.market import Market
from strategies.base import Duration, Leg, Lookback, Volatility, Weight
from strategies.sizing import Rule, Sizing, different, pair, sizing


@dataclass(frozen=True)
class Divergence:
    """Long one bond, short another, all the time: the plain trade behind the thesis."""

    long: Leg = "UST10"
    short: Leg = "JGB10"
    sizing: Rule = "duration"
    weight: Weight | None = None
    duration: Duration | None = None
    volatility: Volatility | None = None
    window: Lookback | None = None

    def __post_init__(self) -> None:
        different(self.long, self.short)
        self._rule  # noqa: B018  # a rule that cannot be built is an error of the parameters, here

    @property
    def _rule(self) -> Sizing:
        names = ("weight", "duration", "volatility", "window")
        return sizing(self.sizing, {name: getattr(self, name) for name in names})

    @property
    def legs(self) -> tuple[str, ...]:
        """The long leg, then the short one."""
        return (self.long, self.short)

    def warmup(self, market: Market) -> int:
        """Whatever the sizing rule needs."""
        return self._rule.warmup(market)

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the long leg."""
        return pair(market, self.long, self.short, 1.0, self._rule)
