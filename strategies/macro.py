"""Trade one market against the other on what is known of policy, prices, risk, debt and the price of a hedge.

Every signal knows the countries from the legs: with the legs swapped it turns round, and the book is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import numpy as np

from data.errors import ConfigError
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Invariants, Lookback, Meaning, ParameterError, Scale, Window
from strategies.pairs import SignalledPair, two_countries
from strategies.signals import (
    change,
    country,
    expanding_score,
    macro,
    overnight,
    rolling_deviation,
    scaled,
    yield_moves,
    yield_of,
)
from strategies.sizing import one_of, positive

SHARE = "fed_treasuries_share"  # no series of the Bank of Japan's share comes along
FULL_SCORE = 2.0  # standard deviations at which a score is a whole position


@dataclass(frozen=True)
class SymmetricPair(SignalledPair):
    """A signalled pair between two countries that treats both alike."""

    @property
    def invariants(self) -> Invariants:
        """Neither country is preferred, unless the sizing rule does (a hedge ratio is one leg's on the other)."""
        return replace(super().invariants, symmetric=not self.estimated)


@dataclass(frozen=True)
class Policy(SymmetricPair):
    """Cycles out of step: own the market whose central bank is cutting against the one that is hiking.

    `overnight`: the short country's overnight rate less the long one's, changed over `lookback`. `market`: what
    the 2-year yield says is still to come, 2-year less overnight, short country less long one: the bet that too little
    is priced, and against carry. Over `scale`, clipped.
    Brooks, *A Half Century of Macro Momentum*, AQR, 2017; Ilmanen, *Expected Returns*, 2011, ch. 9.
    """

    measure: Annotated[
        Literal["overnight", "market"],
        Meaning("overnight: how the two overnight rates moved; market: what 2-year yields say is to come"),
    ] = "overnight"
    lookback: Annotated[Lookback, Meaning("time over which the overnight rates moved")] = Window("6M")
    scale: Scale = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("measure", self.measure, ("overnight", "market"))
        positive("scale", self.scale)

    def lookback_bars(self, market: Market) -> int:
        """One row more than the change spans."""
        return 1 if self.measure == "market" else self.lookback.bars(market) + 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + where the short country tightens against the long one."""
        two_countries(market, self.long, self.short)
        if self.measure == "market":
            return scaled(self._to_come(market, self.short) - self._to_come(market, self.long), self.scale)
        gap = overnight(market, self.short) - overnight(market, self.long)
        return scaled(change(gap, self.lookback.bars(market)), self.scale)

    def _to_come(self, market: Market, leg: str) -> Array:
        return market.curves[country(market, leg)].at(2.0) - overnight(market, leg)


@dataclass(frozen=True)
class Inflation(SymmetricPair):
    """The inflation gap: own the market whose core inflation falls against the other's.

    Core inflation over twelve months as published, short country less long one: its change over `lookback`, or
    its level (close to a static position). Over `scale`, clipped.
    Ang and Piazzesi, J. Monetary Economics 50, 2003; Campbell, Sunderam and Viceira, Critical Finance Review 6, 2017.
    """

    measure: Annotated[
        Literal["change", "level"], Meaning("change: of the gap in core inflation; level: the gap itself")
    ] = "change"
    lookback: Annotated[Lookback, Meaning("time over which the gap changed")] = Window("3M")
    scale: Scale = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("measure", self.measure, ("change", "level"))
        positive("scale", self.scale)

    def lookback_bars(self, market: Market) -> int:
        """One row more than the change spans."""
        return 1 if self.measure == "level" else self.lookback.bars(market) + 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + where inflation is higher, or rises, in the short country against the long one."""
        long, short = two_countries(market, self.long, self.short)
        gap = macro(market, f"{short}_core_cpi_yoy") - macro(market, f"{long}_core_cpi_yoy")
        return scaled(gap if self.measure == "level" else change(gap, self.lookback.bars(market)), self.scale)


@dataclass(frozen=True)
class SafeHaven(SymmetricPair):
    """Own the calmer market against the rougher, by volatility of yields in basis points: nearly always Japan's.

    A market that its central bank holds still is the calm one. Volatility of the two yields' changes over `lookback`.
    `sign`: wholly long the calmer. `inverse`: by the difference of the two inverse-volatility weights,
    (s_short - s_long) / (s_short + s_long).
    Frazzini and Pedersen, J. Financial Economics 111, 2014; Baele and others, Review of Financial Studies 33, 2020.
    """

    measure: Annotated[
        Literal["sign", "inverse"],
        Meaning("sign: wholly long the calmer market; inverse: by the two inverse volatilities"),
    ] = "sign"
    lookback: Annotated[Lookback, Meaning("history of yield changes that volatility is taken from")] = Window("12M")

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("measure", self.measure, ("sign", "inverse"))

    def lookback_bars(self, market: Market) -> int:
        """One row more than the window has changes."""
        return self.lookback.bars(market) + 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + where the long leg's yield is the calmer."""
        n = self.lookback.bars(market)
        long, short = (rolling_deviation(yield_moves(market, leg), n) for leg in self.legs)
        total = long + short
        still = np.where(np.isnan(total), np.nan, 0.0)
        tilt = np.divide(short - long, total, out=still, where=total > 0)
        return tilt if self.measure == "inverse" else np.sign(tilt)


@dataclass(frozen=True)
class DebtCapacity(SymmetricPair):
    """Own the market of the country whose debt weighs less against its own past; a central bank's bonds count too.

    Mean of two scores against all history known, over 2 and clipped: general government debt over GDP, and the central
    bank's footprint, both short country less long one. Whether a large footprint is a `support` (own that market) or
    a `distortion` that must end (sell it) is for the user to say; `ignored` leaves it out. `measure: share` takes the
    share of federal debt that the Fed holds, alone, for no such series of the Bank of Japan comes along.
    Krishnamurthy and Vissing-Jorgensen, Brookings Papers, 2011, on purchases as support. Greenwood and Vayanos, Review
    of Financial Studies 27, 2014, find higher returns after more supply: evidence against the sign of debt here.
    """

    footprint: Annotated[
        Literal["support", "distortion", "ignored"],
        "support | distortion | ignored",
        Meaning("what a central bank's large holding of bonds is to their market"),
    ] = field(kw_only=True)
    measure: Annotated[
        Literal["assets", "share"],
        Meaning("assets: of the central banks, over GDP; share: of federal debt that the Fed holds"),
    ] = "assets"
    history: Annotated[Lookback, Meaning("least history that a score needs")] = Window("5Y")

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("footprint", self.footprint, ("support", "distortion", "ignored"))
        one_of("measure", self.measure, ("assets", "share"))
        if self.footprint == "ignored" and self.measure != "assets":
            raise ParameterError("measure", "is not used by footprint: ignored")

    @property
    def invariants(self) -> Invariants:
        """One country's share alone is not symmetric."""
        alike = self.footprint == "ignored" or self.measure == "assets"
        return replace(super().invariants, symmetric=super().invariants.symmetric and alike)

    def lookback_bars(self, market: Market) -> int:
        """One row: the history needed is the macro series' own."""
        return 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + where debt, and a distorting footprint, grow in the short country against the long one."""
        long, short = two_countries(market, self.long, self.short)
        least = self.history.bars(market)
        debt = expanding_score(macro(market, f"{short}_debt_gdp") - macro(market, f"{long}_debt_gdp"), least)
        if self.footprint == "ignored":
            return scaled(debt, FULL_SCORE)
        sign = 1.0 if self.footprint == "distortion" else -1.0
        return scaled((debt + sign * expanding_score(self._footprint(market, long, short), least)) / 2.0, FULL_SCORE)

    def _footprint(self, market: Market, long: str, short: str) -> Array:
        if self.measure == "assets":
            banks = (market.countries[code].central_bank for code in (short, long))
            of_short, of_long = (macro(market, f"{bank}_assets_gdp") for bank in banks)
            return of_short - of_long
        home = market.countries.home.code
        if home not in (long, short):
            raise ConfigError(f"measure: share is the Fed's share, and neither leg is of {market.countries.home.place}")
        return macro(market, SHARE) * (1.0 if short == home else -1.0)


@dataclass(frozen=True)
class HedgedPickup(SymmetricPair):
    """Follow Japanese money: own Treasuries while they yield more than JGBs after the currency is hedged.

    Treasury yield less the hedge (US 3-month less the yen overnight rate) less the JGB yield: its level over `scale`,
    or its change over `lookback`, clipped. The cross-currency basis, which makes a hedge dearer when it is negative, is
    left out: no series of it comes along. Du, Tepper and Verdelhan, J. Finance 73, 2018; the rule is our own.
    """

    measure: Annotated[Literal["level", "change"], Meaning("level: the pickup itself; change: how it moved")] = "level"
    lookback: Annotated[Lookback, Meaning("time over which the pickup changed")] = Window("6M")
    scale: Scale = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("measure", self.measure, ("level", "change"))
        positive("scale", self.scale)

    @property
    def invariants(self) -> Invariants:
        """The hedge is a Japanese investor's."""
        return replace(super().invariants, symmetric=False)

    def lookback_bars(self, market: Market) -> int:
        """One row more than the change spans."""
        return 1 if self.measure == "level" else self.lookback.bars(market) + 1

    def signal(self, market: Market) -> Array:
        """Signal (T,), + on the Treasury leg while the pickup is positive, or rises."""
        value = pickup(market, self.long, self.short)
        return scaled(value if self.measure == "level" else change(value, self.lookback.bars(market)), self.scale)


def pickup(market: Market, long: str, short: str) -> Array:
    """FX-hedged pickup (T,) of a Treasury over a JGB for a yen investor, a year; negated where `long` is the JGB.

    Any country's bond may stand for the JGB, and its investor for the yen's.

    Raises
    ------
    ConfigError
        An inflation bond, or legs of which neither is a Treasury.
    """
    home = market.countries.home
    countries = two_countries(market, long, short)
    if home.code not in countries:
        raise ConfigError(f"neither {long} nor {short} is of {home.place}; a pickup is that of a Treasury, like UST10")
    treasury, jgb, sign = (long, short, 1.0) if countries[0] == home.code else (short, long, -1.0)
    if market.instruments[market.column(treasury)].indexed:
        raise ConfigError(f"{treasury} is inflation-linked; a pickup compares nominal yields, like UST10's and JGB10's")
    hedge = market.curves[home.code].at(0.25) - overnight(market, jgb)
    return sign * (yield_of(market, treasury) - hedge - yield_of(market, jgb))
