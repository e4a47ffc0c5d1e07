"""Trades on slopes that rest on a reason or a signal: trends, the front against the long end, the ultra-long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Duration, Invariants, Leg, Lookback, Meaning, RateMove, Window
from strategies.curve import Back, CurveTrade, DurationNeutral, Front
from strategies.signals import STILL, change, overnight, yield_of
from strategies.sizing import book, different, one_of, positive, sized, years_of_duration


class SignalledSlope:
    """A steepener, or the reverse, at equal duration, by a signal on a change over `lookback`."""

    front: Leg
    back: Leg
    lookback: Window
    duration: float

    @property
    def legs(self) -> tuple[str, ...]:
        """The front leg, then the back one."""
        return (self.front, self.back)

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter leg first."""
        return ((self.front, self.back),)

    @property
    def invariants(self) -> Invariants:
        """Equal years of duration in both legs."""
        return Invariants(scales_with="duration", neutral=True)

    def warmup(self, market: Market) -> int:
        """One row more than the change spans."""
        return self.lookback.bars(market) + 1

    def signal(self, market: Market) -> Array:
        """Between -1, a flattener, and 1, a steepener (T,)."""
        raise NotImplementedError

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the front leg of a steepener."""
        years = self.duration * self.signal(market)
        front, back = (years_of_duration(market, leg, 1.0) for leg in self.legs)
        return book(market, {self.front: years * front, self.back: -years * back})


@dataclass(frozen=True)
class TrendCurve(SignalledSlope):
    """Follow the slope: a steepener while it has steepened over `lookback`, a flattener while it has flattened.

    Moskowitz, Ooi and Pedersen, J. Financial Economics 104, 2012, applied to a slope.
    """

    front: Front = "UST2"
    back: Back = "UST10"
    lookback: Annotated[Lookback, Meaning("time over which the slope moved")] = Window("12M")
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.front, self.back)
        sized("duration", self.duration)

    def signal(self, market: Market) -> Array:
        """1 while the slope has risen over the window, -1 while it has fallen (T,)."""
        slope = yield_of(market, self.back) - yield_of(market, self.front)
        moved = change(slope, self.lookback.bars(market))
        return np.where(np.abs(moved) < STILL, 0.0, np.sign(moved))


@dataclass(frozen=True)
class PolicyCurve(SignalledSlope):
    """A steepener only while the central bank eases, or a flattener only while it tightens; flat otherwise.

    It eases while the overnight rate has fallen by `least` or more over `lookback`, and tightens while it has risen by
    as much. A cut takes the front end down first; the long end follows in part.
    Brooks, *A Half Century of Macro Momentum*, AQR, 2017; Ilmanen, *Expected Returns*, 2011, ch. 9.
    """

    front: Front = "UST2"
    back: Back = "UST10"
    trade: Annotated[
        Literal["steepener", "flattener"],
        Meaning("steepener: held while the central bank eases; flattener: while it tightens"),
    ] = "steepener"
    lookback: Annotated[Lookback, Meaning("time over which the overnight rate moved")] = Window("3M")
    least: Annotated[RateMove, Meaning("smallest move of the overnight rate that counts")] = 0.0025
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.front, self.back)
        one_of("trade", self.trade, ("steepener", "flattener"))
        positive("least", self.least)
        sized("duration", self.duration)

    def signal(self, market: Market) -> Array:
        """1 while policy eases, for a steepener, -1 while it tightens, for a flattener (T,); 0 otherwise."""
        moved = change(overnight(market, self.front), self.lookback.bars(market))
        side = 1.0 if self.trade == "steepener" else -1.0
        return np.where(np.isnan(moved), np.nan, np.where(-side * moved >= self.least - STILL, side, 0.0))


@dataclass(frozen=True)
class MaturityPreference(CurveTrade):
    """Own Japan's front end against its long end, as money locks in short bonds: a steepener of JGBs.

    Vayanos and Vila, Econometrica 89, 2021; Greenwood and Vayanos, American Economic Review 100(2), 2010.
    """

    front: Front = "JGB5"
    back: Back = "JGB30"


@dataclass(frozen=True)
class UltraLong(DurationNeutral):
    """Sell Japan's ultra-long bonds: against its own tens, against the US long bond, or 10s30s against 10s30s.

    `tens`: long `jp_ten`, short `jp_ultra`. `across`: long `us_ultra`, short `jp_ultra`. `box`: US 10s30s flattener
    and Japanese 10s30s steepener. Every leg at equal duration.
    Greenwood and Vayanos, American Economic Review 100(2), 2010, on price pressure at the long end.
    """

    trade: Annotated[
        Literal["tens", "across", "box"],
        Meaning("what the ultra-long bond is sold against: its own tens, the US ultra, or 10s30s in both"),
    ] = "across"
    us_ten: Annotated[Leg, Meaning("the US leg of 10 years, of the box")] = "UST10"
    us_ultra: Annotated[Leg, Meaning("the US ultra-long leg")] = "UST30"
    jp_ten: Annotated[Leg, Meaning("the Japanese leg of 10 years")] = "JGB10"
    jp_ultra: Annotated[Leg, Meaning("the Japanese ultra-long leg, sold")] = "JGB30"
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        one_of("trade", self.trade, ("tens", "across", "box"))
        different(self.us_ten, self.us_ultra, self.jp_ten, self.jp_ultra)
        sized("duration", self.duration)

    @property
    def by_maturity(self) -> tuple[tuple[str, ...], ...]:
        """The shorter legs first."""
        return ((self.us_ten, self.us_ultra), (self.jp_ten, self.jp_ultra))

    @property
    def multiples(self) -> Mapping[str, float]:
        """Only the legs that the trade holds; - on Japan's ultra-long bond."""
        return {
            "tens": {self.jp_ten: 1.0, self.jp_ultra: -1.0},
            "across": {self.us_ultra: 1.0, self.jp_ultra: -1.0},
            "box": {self.us_ultra: 1.0, self.us_ten: -1.0, self.jp_ten: 1.0, self.jp_ultra: -1.0},
        }[self.trade]
