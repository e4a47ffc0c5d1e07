"""Trade one bond against another on prices alone: reversion, momentum, carry, value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Invariants, Lookback, Meaning, ParameterError, Scale, Window
from strategies.pairs import Pair, SignalledPair, two_countries
from strategies.signals import (
    carry_and_roll,
    country,
    hysteresis,
    local_excess_returns,
    macro,
    momentum,
    rolling_deviation,
    rolling_score,
    scaled,
    yield_of,
)
from strategies.sizing import book, positive

QUARTER = 0.25  # years


@dataclass(frozen=True)
class Reversion(SignalledPair):
    """Fade the yield gap when it is far from its own recent history, until it is back.

    Score of the long leg's yield less the short one's against `lookback`; entered beyond `enter`, left within `leave`.
    Gatev, Goetzmann and Rouwenhorst, Review of Financial Studies 19, 2006.
    """

    lookback: Annotated[Lookback, Meaning("history that the gap's score is against")] = Window("12M")
    enter: Annotated[float, "standard deviations", Meaning("score beyond which the gap is faded")] = 2.0
    leave: Annotated[float, "standard deviations", Meaning("score within which the position is closed")] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("enter", self.enter)
        if not 0 <= self.leave < self.enter:
            raise ParameterError("leave", f"is {self.leave:g}; expected at least 0 and below enter, {self.enter:g}")

    @property
    def invariants(self) -> Invariants:
        """Each leg's own yield, whichever country's."""
        return replace(super().invariants, symmetric=not self.estimated)

    def lookback_bars(self, market: Market) -> int:
        """The window's rows."""
        return self.lookback.bars(market)

    def signal(self, market: Market) -> Array:
        """1 while the long leg is unusually cheap, -1 while it is dear, else 0."""
        gap = yield_of(market, self.long) - yield_of(market, self.short)
        return hysteresis(rolling_score(gap, self.lookback.bars(market)), self.enter, self.leave)


@dataclass(frozen=True)
class Trend(Pair):
    """Horizons of a trend: a month, a quarter, a year; two rows at least, so on month ends the fast is two months."""

    fast: Annotated[Lookback, Meaning("the shortest horizon")] = Window("1M")
    middle: Annotated[Lookback, Meaning("the middle horizon")] = Window("3M")
    slow: Annotated[Lookback, Meaning("the longest horizon")] = Window("12M")

    @property
    def invariants(self) -> Invariants:
        """Each leg's own returns, whichever country's."""
        return replace(super().invariants, symmetric=not self.estimated)

    def bars(self, market: Market) -> int:
        """Returns that the slowest horizon has."""
        return max(window.bars(market) for window in (self.fast, self.middle, self.slow))

    def score(self, market: Market, returns: Array) -> Array:
        """Mean (T,) over the horizons of the return in its deviations, each from -1 to 1."""
        year = self.slow.bars(market)
        scores = [momentum(returns, window.bars(market), year) for window in (self.fast, self.middle, self.slow)]
        return np.asarray(sum(scores) / len(scores))


@dataclass(frozen=True)
class Momentum(Trend, SignalledPair):
    """Follow the pair where it has been winning, over a month, a quarter and a year.

    Mean over the horizons of the pair's own return, at the sizes it had, in its deviations, each from -1 to 1.
    Moskowitz, Ooi and Pedersen, J. Financial Economics 104, 2012; Asness and others, J. Finance 68, 2013.
    """

    def lookback_bars(self, market: Market) -> int:
        """The slowest horizon's returns, after the row that sizes the first of them."""
        return self.bars(market) + self.rule.warmup(market)

    def signal(self, market: Market) -> Array:
        """Score (T,) of the pair's returns over funding."""
        plus, minus = self.rule.magnitudes(market, self.long, self.short)
        earned = np.full(len(market.dates), np.nan)
        long, short = (local_excess_returns(market, leg)[1:] for leg in self.legs)
        earned[1:] = plus[:-1] * long - minus[:-1] * short
        return self.score(market, earned)


@dataclass(frozen=True)
class LegMomentum(Trend):
    """Follow each of two bonds on its own, long or short, over a month, a quarter and a year.

    Moskowitz, Ooi and Pedersen, J. Financial Economics 104, 2012.
    """

    @property
    def invariants(self) -> Invariants:
        """Legs on their own are not neutral."""
        return replace(super().invariants, neutral=False)

    def warmup(self, market: Market) -> int:
        """One row more than the slowest horizon has returns, or what the sizing rule needs, if that is more."""
        return max(self.bars(market) + 1, self.rule.warmup(market))

    def signals(self, market: Market) -> dict[str, Array]:
        """Score (T,) of each leg's returns over funding."""
        return {leg: self.score(market, local_excess_returns(market, leg)) for leg in self.legs}

    def components(self, market: Market) -> dict[str, Array]:
        """Weights (T, n) of each leg by itself; it stands only while both do."""
        sizes = dict(zip(self.legs, self.rule.magnitudes(market, self.long, self.short), strict=True))
        scores = self.signals(market)
        whole = book(market, {leg: sizes[leg] * scores[leg] for leg in self.legs})
        return {leg: whole * (np.arange(whole.shape[1]) == market.column(leg)) for leg in self.legs}

    def targets(self, market: Market) -> Array:
        """Weights (T, n), each leg by its own score."""
        return np.asarray(sum(self.components(market).values()))


@dataclass(frozen=True)
class Carry(SignalledPair):
    """Own what pays more for its risk if nothing happens: carry plus roll-down a year over volatility.

    Long leg less short one, over `scale` (a ratio like a Sharpe ratio), clipped; volatility of `lookback`. What it
    ranks by risk is held at equal risk with `sizing: volatility`.
    Koijen, Moskowitz, Pedersen and Vrugt, J. Financial Economics 127, 2018.
    """

    lookback: Annotated[Lookback, Meaning("history of returns that risk is taken from")] = Window("36M")
    scale: Annotated[
        float,
        "carry a year over volatility, long leg less short one",
        Meaning("size of the signal at which the position is whole"),
    ] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("scale", self.scale)

    def lookback_bars(self, market: Market) -> int:
        """One row more than the window has returns."""
        return self.lookback.bars(market) + 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + where the long leg pays more for its risk."""
        return scaled(self._paid(market, self.long) - self._paid(market, self.short), self.scale)

    def _paid(self, market: Market, leg: str) -> Array:
        risk = rolling_deviation(local_excess_returns(market, leg), self.lookback.bars(market))
        risk = risk * np.sqrt(market.periods_per_year)
        still = np.where(np.isnan(risk), np.nan, 0.0)
        return np.asarray(np.divide(carry_and_roll(market, leg, QUARTER) / QUARTER, risk, out=still, where=risk > 0))


@dataclass(frozen=True)
class Value(SignalledPair):
    """Own the bond with the higher real yield: yield less the core inflation last published, or a linker's own.

    Long leg less short one, over `scale`, clipped.
    Asness, Moskowitz and Pedersen, J. Finance 68, 2013; Ilmanen, *Expected Returns*, 2011, ch. 9.
    """

    scale: Scale = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("scale", self.scale)

    @property
    def invariants(self) -> Invariants:
        """Each leg's own yield and inflation, whichever country's."""
        return replace(super().invariants, symmetric=not self.estimated)

    def lookback_bars(self, market: Market) -> int:
        """One row: no history."""
        return 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + where the long leg's real yield is the higher."""
        two_countries(market, self.long, self.short)
        long, short = (self._real(market, leg) for leg in self.legs)
        return scaled(long - short, self.scale)

    def _real(self, market: Market, leg: str) -> Array:
        if market.instruments[market.column(leg)].indexed:
            return yield_of(market, leg)
        return yield_of(market, leg) - macro(market, f"{country(market, leg)}_core_cpi_yoy")
