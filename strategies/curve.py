"""Trades on the shape of a curve, every leg measured in years of duration.

By default a parallel shift does nothing; `hedge` sizes the other legs by what moved against the anchor instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from data.market import Market
from data.pricing.bonds import Array
from strategies import hedges
from strategies.base import Duration, Invariants, Leg, Lookback, Meaning
from strategies.hedges import Hedge
from strategies.sizing import book, different, hedged, one_of, sized, years_of_duration

Front = Annotated[Leg, Meaning("the leg of the shorter maturity")]
Back = Annotated[Leg, Meaning("the leg of the longer maturity")]
HedgeRule = Annotated[
    hedges.Rule, Meaning("what sizes the legs that hedge: equal DV01, a regression, or principal components")
]
HedgeWindow = Annotated[Lookback, Meaning("history that the hedge is estimated on")]


class DurationNeutral:
    """A trade of legs at fixed multiples of `duration` years, long and short, that sum to 0."""

    duration: float

    @property
    def multiples(self) -> Mapping[str, float]:
        """Years of duration per year of `duration`, by leg, + long."""
        raise NotImplementedError

    @property
    def legs(self) -> tuple[str, ...]:
        """The legs, in the order of `multiples`."""
        return tuple(self.multiples)

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """Legs of one curve, each no longer than the next: with them the wrong way round the trade is its reverse."""
        return ()

    @property
    def invariants(self) -> Invariants:
        """Equal years of duration, long and short."""
        return Invariants(scales_with="duration", neutral=True)

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the legs whose multiple is."""
        years = {leg: multiple * self.duration for leg, multiple in self.multiples.items()}
        return book(market, {leg: years_of_duration(market, leg, size) for leg, size in years.items()})


class HedgedTrade(DurationNeutral):
    """A trade whose anchors keep `duration` while the legs that hedge them are sized by `hedge`."""

    hedge: hedges.Rule
    window: Lookback | None

    @property
    def anchors(self) -> Mapping[str, tuple[str, ...]]:
        """The legs that hedge each anchor."""
        raise NotImplementedError

    @property
    def rule(self) -> Hedge:
        """How the other legs are sized."""
        return hedged(self.hedge, self.window)

    @property
    def invariants(self) -> Invariants:
        """Neutral to a parallel shift only where nothing is estimated."""
        return Invariants(scales_with="duration", neutral=self.hedge == "dv01")

    def warmup(self, market: Market) -> int:
        """Whatever the hedge needs."""
        return self.rule.warmup(market)

    def ratios(self, market: Market) -> dict[str, Array]:
        """Years of duration (T,) of each hedging leg per year of its anchor, positive where opposed; NaN while cold."""
        multiples = self.multiples
        ratios: dict[str, Array] = {}
        for anchor, others in self.anchors.items():
            ratios |= self.rule.ratios(market, anchor, {leg: -multiples[leg] / multiples[anchor] for leg in others})
        return ratios

    def loadings(self, market: Market) -> dict[str, Array]:
        """Loadings (T, k) of each leg on the components that `pca` is flat to, whatever the hedge; see `components`."""
        result: dict[str, Array] = {}
        for anchor, others in self.anchors.items():
            legs = (anchor, *others)
            loadings, _ = hedges.components(market, legs, self.rule.window, len(others))
            result |= dict(zip(legs, loadings.transpose(1, 0, 2), strict=True))
        return result

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the legs whose multiple is."""
        ratios, sides = self.ratios(market), self.multiples
        weights = {}
        for anchor, others in self.anchors.items():
            weights[anchor] = years_of_duration(market, anchor, sides[anchor] * self.duration)
            for leg in others:
                weights[leg] = years_of_duration(market, leg, -sides[anchor] * ratios[leg] * self.duration)
        return book(market, weights)


@dataclass(frozen=True)
class CurveTrade(HedgedTrade):
    """Steepener: long the front, short the back, at equal DV01, to gain as it steepens; flattener: the reverse."""

    front: Front = "UST2"
    back: Back = "UST10"
    trade: Annotated[
        Literal["steepener", "flattener"], Meaning("steepener: long the front, short the back; flattener: the reverse")
    ] = "steepener"
    duration: Duration = 5.0
    hedge: HedgeRule = "dv01"
    window: HedgeWindow | None = None

    def __post_init__(self) -> None:
        different(self.front, self.back)
        one_of("trade", self.trade, ("steepener", "flattener"))
        sized("duration", self.duration)
        self.rule  # noqa: B018  # a hedge that cannot be built is an error of the parameters, here

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.front, self.back),)

    @property
    def multiples(self) -> Mapping[str, float]:
        """The front leg, then the back one; + on the front of a steepener."""
        sign = 1.0 if self.trade == "steepener" else -1.0
        return {self.front: sign, self.back: -sign}

    @property
    def anchors(self) -> Mapping[str, tuple[str, ...]]:
        """The front leg keeps its size."""
        return {self.front: (self.back,)}


@dataclass(frozen=True)
class Butterfly(HedgedTrade):
    """Long the belly against half its duration in each wing; it gains when the belly richens against the wings."""

    front: Annotated[Leg, Meaning("the wing of the shorter maturity")] = "UST2"
    belly: Annotated[Leg, Meaning("the leg between, held long")] = "UST5"
    back: Annotated[Leg, Meaning("the wing of the longer maturity")] = "UST10"
    duration: Duration = 5.0
    hedge: HedgeRule = "dv01"
    window: HedgeWindow | None = None

    def __post_init__(self) -> None:
        different(self.front, self.belly, self.back)
        sized("duration", self.duration)
        self.rule  # noqa: B018  # a hedge that cannot be built is an error of the parameters, here

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.front, self.belly, self.back),)

    @property
    def multiples(self) -> Mapping[str, float]:
        """Front wing, belly, back wing; + on the belly."""
        return {self.front: -0.5, self.belly: 1.0, self.back: -0.5}

    @property
    def lead(self) -> str:
        """A butterfly is long where its belly is."""
        return self.belly

    @property
    def anchors(self) -> Mapping[str, tuple[str, ...]]:
        """The belly keeps its size; both wings hedge it."""
        return {self.belly: (self.front, self.back)}


@dataclass(frozen=True)
class Box(HedgedTrade):
    """A US steepener and a Japanese flattener at once; it gains when the US curve steepens more than Japan's."""

    us_front: Annotated[Leg, Meaning("the shorter leg of the steepener")] = "UST2"
    us_back: Annotated[Leg, Meaning("its longer leg")] = "UST10"
    jp_front: Annotated[Leg, Meaning("the shorter leg of the flattener")] = "JGB2"
    jp_back: Annotated[Leg, Meaning("its longer leg")] = "JGB10"
    duration: Duration = 5.0
    hedge: HedgeRule = "dv01"
    window: HedgeWindow | None = None

    def __post_init__(self) -> None:
        different(self.us_front, self.us_back, self.jp_front, self.jp_back)
        sized("duration", self.duration)
        self.rule  # noqa: B018  # a hedge that cannot be built is an error of the parameters, here

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.us_front, self.us_back), (self.jp_front, self.jp_back))

    @property
    def multiples(self) -> Mapping[str, float]:
        """US front and back, Japanese front and back; + on the US front and the Japanese back."""
        return {self.us_front: 1.0, self.us_back: -1.0, self.jp_front: -1.0, self.jp_back: 1.0}

    @property
    def anchors(self) -> Mapping[str, tuple[str, ...]]:
        """Both front legs keep their size; each country is hedged by its own."""
        return {self.us_front: (self.us_back,), self.jp_front: (self.jp_back,)}
