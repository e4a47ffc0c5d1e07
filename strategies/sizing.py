"""From a trade's legs to weights: how large each leg is, and one builder that puts legs into a book.

A sizing rule answers with two magnitudes, for the leg held long and the leg held short, both positive.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from data.errors import ConfigError
from data.market import Market
from data.pricing.bonds import Array
from strategies import hedges
from strategies.base import ParameterError, Window
from strategies.hedges import Hedge
from strategies.signals import local_excess_returns, rolling_beta, rolling_deviation

LARGEST = 1000.0  # of any parameter: beyond it a slip of the pen
LARGEST_OF = {  # of a size, and what is likely meant
    "duration": (40.0, "5 is the duration of a five-year bond held once"),
    "volatility": (1.0, "0.05 is 5 % a year"),
    "weight": (40.0, "1 is the whole of equity"),
}
Rule = Literal["notional", "duration", "volatility", "beta"]


class Sizing(Protocol):
    """How large the two legs of a pair are."""

    def magnitudes(self, market: Market, long: str, short: str) -> tuple[Array, Array]:
        """Weights (T,) of the long and of the short leg, both positive; NaN while cold."""

    def warmup(self, market: Market) -> int:
        """Rows of history, the current one included, that the rule needs."""


@dataclass(frozen=True)
class ByNotional:
    """Equal money in both legs."""

    weight: float  # fraction of equity

    def magnitudes(self, market: Market, long: str, short: str) -> tuple[Array, Array]:
        """Return the same constant weight for both legs."""
        weight = np.full(len(market.dates), self.weight)
        return weight, weight

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1


@dataclass(frozen=True)
class ByDuration:
    """Equal DV01: each leg contributes the same years of duration."""

    duration: float  # years

    def magnitudes(self, market: Market, long: str, short: str) -> tuple[Array, Array]:
        """Return years / D of each leg."""
        return years_of_duration(market, long, self.duration), years_of_duration(market, short, self.duration)

    def warmup(self, market: Market) -> int:
        """One row: no history."""
        return 1


@dataclass(frozen=True)
class ByHedge:
    """The long leg by duration, the short leg by what hedges it."""

    duration: float  # years
    hedge: Hedge

    def magnitudes(self, market: Market, long: str, short: str) -> tuple[Array, Array]:
        """Return years / D of the long leg, and years times the hedge's ratio / D of the short one."""
        size, against = (years_of_duration(market, leg, self.duration) for leg in (long, short))
        return size, against * self.hedge.ratios(market, long, {short: 1.0})[short]

    def warmup(self, market: Market) -> int:
        """Whatever the hedge needs."""
        return self.hedge.warmup(market)


@dataclass(frozen=True)
class ByVolatility:
    """Equal risk: each leg has the same volatility of its own past local excess return."""

    volatility: float  # a year
    window: Window

    def magnitudes(self, market: Market, long: str, short: str) -> tuple[Array, Array]:
        """Return volatility / sigma of each leg; 0 where a leg did not move."""
        return self._one(market, long), self._one(market, short)

    def _one(self, market: Market, name: str) -> Array:
        deviation = rolling_deviation(local_excess_returns(market, name), self.window.bars(market))
        sigma = deviation * np.sqrt(market.periods_per_year)
        still = np.where(np.isnan(sigma), np.nan, 0.0)
        return np.asarray(np.divide(self.volatility, sigma, out=still, where=sigma > 0))

    def warmup(self, market: Market) -> int:
        """One row more than the window has returns."""
        return self.window.bars(market) + 1


@dataclass(frozen=True)
class ByBeta:
    """Long by duration, short by the hedge ratio: half the estimated beta, half the ratio of durations."""

    duration: float  # years
    window: Window

    def magnitudes(self, market: Market, long: str, short: str) -> tuple[Array, Array]:
        """Long years / D; short that times clip((beta + D_long/D_short) / 2, 0, 3 D_long/D_short).

        Beta is that of the long leg's excess return on the short leg's (shrinkage: Vasicek, J. Finance 28, 1973).
        """
        ratio = duration_of(market, long) / duration_of(market, short)
        n = self.window.bars(market)
        beta = rolling_beta(local_excess_returns(market, long), local_excess_returns(market, short), n)
        size = years_of_duration(market, long, self.duration)
        return size, size * np.clip((beta + ratio) / 2.0, 0.0, 3.0 * ratio)

    def warmup(self, market: Market) -> int:
        """One row more than the window has returns."""
        return self.window.bars(market) + 1


DEFAULTS: dict[Rule, dict[str, float | Window]] = {
    "notional": {"weight": 1.0},
    "duration": {"duration": 5.0},
    "volatility": {"volatility": 0.05, "window": Window("36M")},
    "beta": {"duration": 5.0, "window": Window("36M")},
}
_RULES: dict[Rule, type[ByNotional | ByDuration | ByVolatility | ByBeta]] = {
    "notional": ByNotional, "duration": ByDuration, "volatility": ByVolatility, "beta": ByBeta,
}  # fmt: skip


def sizing(rule: Rule, given: Mapping[str, float | Window | None], against: hedges.Rule | None = None) -> Sizing:
    """Return the rule with its parameters: those given, defaults for the rest; `against` is how the short leg hedges.

    Raises
    ------
    ParameterError
        A rule there is not, a parameter the rule does not use, or one that is not positive.
    """
    one_of("sizing", rule, DEFAULTS)
    chosen = {name: value for name, value in given.items() if value is not None}
    if against is not None:
        if rule != "duration":
            raise ParameterError("hedge", f"is not used by sizing: {rule}; it is for legs sized by duration")
        window = chosen.pop("window", None)
        assert window is None or isinstance(window, Window)
        hedge, plain = hedged(against, window), sizing(rule, chosen)
        return ByHedge(plain.duration, hedge) if isinstance(plain, ByDuration) and against != "dv01" else plain
    for name, value in chosen.items():
        if name not in DEFAULTS[rule]:
            raise ParameterError(name, f"is not used by sizing: {rule}, which takes {', '.join(DEFAULTS[rule])}")
        if not isinstance(value, Window):
            sized(name, value)
    return _RULES[rule](**{**DEFAULTS[rule], **chosen})  # type: ignore[arg-type]  # the table above pairs them


def hedged(rule: hedges.Rule, window: Window | None) -> Hedge:
    """Return the hedge, over 36 months where no window is given.

    Raises
    ------
    ParameterError
        A rule there is not, or a window for one that estimates nothing.
    """
    one_of("hedge", rule, hedges.RULES)
    if rule == "dv01" and window is not None:
        raise ParameterError("window", "is not used by hedge: dv01, which estimates nothing; set hedge: beta or pca")
    return Hedge(rule, window or hedges.WINDOW)


def positive(name: str, value: float) -> None:
    """Raise ParameterError where a parameter is not a number above 0."""
    most, meant = LARGEST_OF.get(name, (LARGEST, ""))
    if not 0 < value <= most:
        hint = f": {meant}" if meant and value > most else ""
        raise ParameterError(name, f"is {value:g}; expected a number above 0, {most:g} at most{hint}")


def sized(name: str, value: float) -> None:
    """Raise ParameterError where a size is not a number above 0: direction is said by the legs, not by a sign."""
    try:
        positive(name, value)
    except ParameterError as error:
        turn = "" if value > 0 else " (swap the legs to turn the trade)"
        raise ParameterError(name, f"{error.message}{turn}") from None


def one_of(name: str, value: str, choices: Collection[str]) -> None:
    """Raise ParameterError where a word is not among its choices."""
    if value not in choices:
        raise ParameterError(name, f"is {value!r}; expected one of {', '.join(choices)}")


def different(*legs: str) -> None:
    """Raise ValueError where a leg is named twice: it would only trade against itself."""
    twice = sorted({leg for leg in legs if legs.count(leg) > 1})
    if twice:
        raise ValueError(f"{twice[0]} is named twice; the legs must differ")


def duration_of(market: Market, name: str) -> Array:
    """Modified duration (T,) of a leg, NaN where it does not exist.

    Raises
    ------
    ConfigError
        A leg without duration, which no amount can size.
    """
    instrument = market.instruments[market.column(name)]
    if instrument.unmodelled and instrument.duration is None:
        raise ConfigError(
            f"{name} has no duration to be sized by; give instruments.{name}.duration in years, or use "
            "sizing: notional or volatility"
        )
    if instrument.kind == "cash":
        raise ConfigError(f"{name} is cash and has no duration; size it with sizing: notional or strategy: hold")
    return market.duration[:, market.column(name)]


def years_of_duration(market: Market, name: str, years: float | Array) -> Array:
    """Weight (T,) at which a leg contributes `years` of duration."""
    return years / duration_of(market, name)


def book(market: Market, legs: Mapping[str, Array]) -> Array:
    """Put each leg's signed weights (T,) into its column of a (T, n) book.

    A trade stands on all its legs: where one is cold or does not exist, all are 0.
    """
    weights = np.zeros((len(market.dates), len(market.instruments)))
    for name, weight in legs.items():
        weights[:, market.column(name)] += weight
    columns = [market.column(name) for name in legs]
    missing = np.isnan(weights).any(axis=1) | ~market.exists[:, columns].all(axis=1)
    weights[missing] = 0.0
    return weights


def pair(market: Market, long: str, short: str, direction: Array | float, rule: Sizing) -> Array:
    """Long one leg, short the other (T, n), times `direction`: +1 as named, -1 the reverse, 0 flat."""
    plus, minus = rule.magnitudes(market, long, short)
    return book(market, {long: direction * plus, short: -direction * minus})
