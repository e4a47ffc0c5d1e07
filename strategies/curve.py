"""Trades on the shape of a curve, every leg measured in years of duration so that a parallel shift does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Duration, Invariants, Leg
from strategies.sizing import book, different, one_of, sized, years_of_duration


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


@dataclass(frozen=True)
class CurveTrade(DurationNeutral):
    """Steepener: long the front, short the back, at equal DV01, to gain as it steepens; flattener: the reverse."""

    front: Leg = "UST2"
    back: Leg = "UST10"
    trade: Literal["steepener", "flattener"] = "steepener"
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.front, self.back)
        one_of("trade", self.trade, ("steepener", "flattener"))
        sized("duration", self.duration)

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.front, self.back),)

    @property
    def multiples(self) -> Mapping[str, float]:
        """The front leg, then the back one; + on the front of a steepener."""
        sign = 1.0 if self.trade == "steepener" else -1.0
        return {self.front: sign, self.back: -sign}


@dataclass(frozen=True)
class Butterfly(DurationNeutral):
    """Long the belly against half its duration in each wing; it gains when the belly richens against the wings."""

    front: Leg = "UST2"
    belly: Leg = "UST5"
    back: Leg = "UST10"
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.front, self.belly, self.back)
        sized("duration", self.duration)

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.front, self.belly, self.back),)

    @property
    def multiples(self) -> Mapping[str, float]:
        """Front wing, belly, back wing; + on the belly."""
        return {self.front: -0.5, self.belly: 1.0, self.back: -0.5}


@dataclass(frozen=True)
class Box(DurationNeutral):
    """A US steepener and a Japanese flattener at once; it gains when the US curve steepens more than Japan's."""

    us_front: Leg = "UST2"
    us_back: Leg = "UST10"
    jp_front: Leg = "JGB2"
    jp_back: Leg = "JGB10"
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.us_front, self.us_back, self.jp_front, self.jp_back)
        sized("duration", self.duration)

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.us_front, self.us_back), (self.jp_front, self.jp_back))

    @property
    def multiples(self) -> Mapping[str, float]:
        """US front and back, Japanese front and back; + on the US front and the Japanese back."""
        return {self.us_front: 1.0, self.us_back: -1.0, self.jp_front: -1.0, self.jp_back: 1.0}
