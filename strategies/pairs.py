"""What every trade of one bond against another shares: two legs, a rule for their sizes, and perhaps a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from data.errors import ConfigError
from data.market import Market
from data.pricing.bonds import Array
from strategies import hedges
from strategies.base import Duration, Invariants, Leg, Lookback, Meaning, Volatility, Weight
from strategies.signals import country
from strategies.sizing import DEFAULTS, Rule, Sizing, different, pair, sizing


@dataclass(frozen=True)
class Pair:
    """Long one leg, short the other, sized by one of four rules; `window` is the rule's, or its hedge's.

    `hedge` says how much of the short leg stands against the long one where both are sized by duration: see Hedge.
    """

    long: Annotated[Leg, Meaning("the leg held long, while a signal is positive where there is one")] = "UST10"
    short: Annotated[Leg, Meaning("the leg held short against it")] = "JGB10"
    sizing: Annotated[
        Rule, Meaning("the rule for sizes: equal money, equal duration, equal risk, or the short leg by its beta")
    ] = "duration"
    weight: Weight | None = None
    duration: Duration | None = None
    volatility: Volatility | None = None
    window: Annotated[Lookback, Meaning("history that sizes, or the hedge, are estimated on")] | None = None
    hedge: (
        Annotated[
            hedges.Rule,
            Meaning(
                "with equal duration: what sizes the short leg against the long one: DV01, a regression, or components"
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        different(self.long, self.short)
        self.rule  # noqa: B018  # a rule that cannot be built is an error of the parameters, here

    @property
    def rule(self) -> Sizing:
        """How large the legs are."""
        names = ("weight", "duration", "volatility", "window")
        return sizing(self.sizing, {name: getattr(self, name) for name in names}, self.hedge)

    @property
    def legs(self) -> tuple[str, ...]:
        """The long leg, then the short one."""
        return (self.long, self.short)

    @property
    def invariants(self) -> Invariants:
        """Weights follow the rule's size; legs of equal duration are neutral."""
        neutral = self.sizing == "duration" and not self.estimated
        return Invariants(scales_with=next(iter(DEFAULTS[self.sizing])), neutral=neutral)

    @property
    def estimated(self) -> bool:
        """Whether the short leg is sized by an estimate of what hedges the long one, so that swapped legs differ."""
        return self.sizing == "beta" or self.hedge in ("beta", "pca")

    def loadings(self, market: Market) -> dict[str, Array]:
        """Loading (T, 1) of each leg on the level of the legs' curves, whatever the hedge; see `components`."""
        window = self.window or hedges.WINDOW
        loadings, _ = hedges.components(market, self.legs, window, 1)
        return dict(zip(self.legs, loadings.transpose(1, 0, 2), strict=True))


@dataclass(frozen=True)
class SignalledPair(Pair):
    """A pair held as far, and in the direction, that a signal from -1 to 1 says: + as the legs are named."""

    def lookback_bars(self, market: Market) -> int:
        """Rows of history, the current one included, that the signal needs."""
        former = getattr(self, "memory", None)  # what it was called before
        if former is None:
            raise NotImplementedError(f"{type(self).__name__} needs a method lookback_bars(market)")
        return int(former(market))

    def signal(self, market: Market) -> Array:
        """Signal (T,), NaN while it is not known."""
        raise NotImplementedError

    def warmup(self, market: Market) -> int:
        """Whatever the signal or the sizing rule needs, if that is more."""
        return max(self.lookback_bars(market), self.rule.warmup(market))

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the long leg while the signal is positive."""
        return pair(market, self.long, self.short, self.signal(market), self.rule)


def two_countries(market: Market, long: str, short: str) -> tuple[str, str]:
    """Return the codes of the two legs' countries, such as `us` and `jp`.

    Raises
    ------
    ConfigError
        Legs of one country, between which there is nothing to compare.
    """
    countries = country(market, long), country(market, short)
    if countries[0] == countries[1]:
        raise ConfigError(f"{long} and {short} are of one country; this strategy compares two, like UST10 and JGB10")
    return countries
