"""Trades on the shape of a curve, every leg measured in years of duration so that a parallel shift does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Duration, Invariants, Leg
from strategies.sizing import book, different, one_of, sized, years_of_duration


@dataclass(frozen=True)
class CurveTrade:
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
    def legs(self) -> tuple[str, ...]:
        """The front leg, then the back one."""
        return (self.front, self.back)

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1

    @property
    def invariants(self) -> Invariants:
        """Equal years of duration, long and short."""
        return Invariants(scales_with="duration", neutral=True)

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the front leg of a steepener."""
        years = self.duration if self.trade == "steepener" else -self.duration
        return book(
            market,
            {
                self.front: years_of_duration(market, self.front, years),
                self.back: years_of_duration(market, self.back, -years),
            },
        )


@dataclass(frozen=True)
class Butterfly:
    """Long the belly against half its duration in each wing; it gains when the belly richens against the wings."""

    front: Leg = "UST2"
    belly: Leg = "UST5"
    back: Leg = "UST10"
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.front, self.belly, self.back)
        sized("duration", self.duration)

    @property
    def legs(self) -> tuple[str, ...]:
        """Front wing, belly, back wing."""
        return (self.front, self.belly, self.back)

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1

    @property
    def invariants(self) -> Invariants:
        """Equal years of duration, long and short."""
        return Invariants(scales_with="duration", neutral=True)

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the belly."""
        return book(
            market,
            {
                self.front: years_of_duration(market, self.front, -self.duration / 2),
                self.belly: years_of_duration(market, self.belly, self.duration),
                self.back: years_of_duration(market, self.back, -self.duration / 2),
            },
        )


@dataclass(frozen=True)
class Box:
    """A US steepener and a Japanese flattener at once; it gains when the US curve steepens more than Japan's."""

    us_front: Leg = "UST2"
    us_back: Leg = "UST10"
    jp_front: Leg = "JGB2"
    jp_back: Leg = "JGB10"
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(*self.legs)
        sized("duration", self.duration)

    @property
    def legs(self) -> tuple[str, ...]:
        """US front and back, Japanese front and back."""
        return (self.us_front, self.us_back, self.jp_front, self.jp_back)

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1

    @property
    def invariants(self) -> Invariants:
        """Equal years of duration, long and short."""
        return Invariants(scales_with="duration", neutral=True)

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the US front and the Japanese back."""
        signs = (1.0, -1.0, -1.0, 1.0)
        return book(
            market,
            {
                leg: years_of_duration(market, leg, sign * self.duration)
                for leg, sign in zip(self.legs, signs, strict=True)
            },
        )
