"""Every convention that could be disputed and the scenarios tried for it, as data.

A scenario is a pure change of the conventions a variant is run under, so those of different groups can be combined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backtests.config import Config, Variant
from backtests.engine.book import Every
from backtests.engine.carry import Basis, Treatment
from backtests.sensitivities.choices import hedge_of, rule_of
from data.instruments import BP
from data.market import Flags
from data.pricing.curves import Interpolation
from strategies import hedges
from strategies.sizing import Rule

Dates = NDArray[np.datetime64]
About = Literal["world", "trade", "window"]

ABROAD = "bonds abroad"  # in a label: of another government than the book's currency is of


@dataclass(frozen=True)
class Conventions:
    """All that a variant is run under and could be disputed."""

    interpolation: Interpolation
    basis: Basis  # a year, of fx_swap
    currency: Treatment
    every: Every
    repo: float  # a year, on bond longs that equity cannot pay for
    sizing: Rule | None  # of a pair, under whatever is laid over it; None of any other strategy
    later: int = 0  # bars by which every fill is late
    costs: float = 1.0  # times every half-spread, so what rolling costs too
    rolls: float = 1.0  # times a bond's rolls a year
    borrow: float = 1.0  # times what a short pays
    stepped: bool = True  # whether borrow follows its dated steps; else the rate before the first, throughout
    extra_borrow: float = 0.0  # a year, that every short pays on top
    funding: float = 0.0  # a year: longs pay it over the overnight rate, shorts receive that much less
    duration: float = 1.0  # times the duration by which listed funds are sized
    special: float = 0.0  # a year, that shorts of government bonds abroad pay at the least
    published: int = 0  # months by which every published figure is known later
    hedge: hedges.Rule | None = None  # of the other legs; None of a strategy that does not say
    lookback: float = 1.0  # times every look-back and window
    scale: float = 1.0  # times how large a signal must be
    stops: float = 1.0  # times the distance of stops and targets
    start: int = 0  # years by which it starts later; negative: earlier


def conventions_of(config: Config, variant: Variant) -> Conventions:
    """Return the conventions that a configuration runs a variant under."""
    return Conventions(
        interpolation=config.data.interpolation,
        basis=variant.currency.basis,
        currency=variant.currency.kind,
        every=variant.rebalance.every,
        repo=config.account.repo_spread_bp * BP,
        sizing=rule_of(variant.strategy),
        hedge=hedge_of(variant.strategy),
    )


@dataclass(frozen=True)
class Group:
    """Scenarios that exclude each other. `world`: how markets work; `trade`: what the trader may choose.

    `window`: the part of the same run that is judged.
    """

    label: str
    about: About
    unmoved: str  # why a scenario of it may change nothing


GROUPS: dict[str, Group] = {
    "interpolation": Group("interpolation", "world", "no leg is priced between quoted tenors"),
    "fill": Group("fill", "world", "it never trades"),
    "costs": Group("costs", "world", "it pays no trading costs"),
    "rolls": Group("rolls", "world", "no leg is rolled"),
    "borrow": Group("borrow", "world", "its shorts pay no borrow"),
    "funding": Group("funding", "world", "it never holds a position overnight"),
    "repo": Group("repo spread", "world", "its equity pays for its bond longs"),
    "basis": Group("basis", "world", "it is never long a foreign leg"),
    "duration": Group("fund duration", "world", "its sizes do not rest on duration"),
    "published": Group("publication lags", "world", "it rests on no published figure"),
    "currency": Group("currency", "trade", "it holds no foreign leg"),
    "sizing": Group("sizing", "trade", "its sizes come out the same"),
    "hedge": Group("hedge", "trade", "its sizes come out the same"),
    "lookback": Group("look-backs", "trade", "it looks back on nothing"),
    "scale": Group("signal scale", "trade", "its signal has no scale"),
    "stops": Group("stops and targets", "trade", "it has neither stop nor target"),
    "rebalance": Group("rebalance", "trade", "its positions come out the same"),
    "start": Group("start", "trade", "its history begins with its first bar"),
    "window": Group("window", "window", "there are no such bars"),
}


@dataclass(frozen=True)
class Scenario:
    """One change of the conventions or, of a window, the choice of the bars that are judged."""

    key: str
    group: str
    label: str
    change: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    keep: Callable[[Dates], Flags] | None = None  # of the days on which bars end
    unmoved: str = ""  # why it may change nothing, where that is not its group's reason

    def apply(self, conventions: Conventions) -> Conventions:
        """Return the conventions with this change."""
        return replace(conventions, **self.change)


def _first_half(ends: Dates) -> Flags:
    return np.arange(len(ends)) < len(ends) // 2


def _second_half(ends: Dates) -> Flags:
    return ~_first_half(ends)


def _without_2022(ends: Dates) -> Flags:
    return np.asarray(ends.astype("datetime64[Y]") != np.datetime64("2022", "Y"))


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("linear", "interpolation", "linear", {"interpolation": "linear"}),
    Scenario("pchip", "interpolation", "pchip", {"interpolation": "pchip"}),
    Scenario("next_bar", "fill", "one bar later", {"later": 1}),
    Scenario("costs_0", "costs", "×0", {"costs": 0.0}),
    Scenario("costs_2", "costs", "×2", {"costs": 2.0}),
    Scenario("costs_4", "costs", "×4", {"costs": 4.0}),
    Scenario("rolls_half", "rolls", "×0.5", {"rolls": 0.5}),
    Scenario("rolls_2", "rolls", "×2", {"rolls": 2.0}),
    Scenario("borrow_0", "borrow", "×0", {"borrow": 0.0}),
    Scenario("borrow_2", "borrow", "×2", {"borrow": 2.0}),
    Scenario(
        "borrow_flat", "borrow", "without steps", {"stepped": False}, unmoved="it is not short while a step applies"
    ),
    Scenario(
        "special_50",
        "borrow",
        f"{ABROAD} 50 bp special",
        {"special": 50 * BP},
        unmoved="its bonds abroad pay as much already",
    ),
    Scenario("funding_less_10", "funding", "−10 bp", {"funding": -10 * BP}),
    Scenario("funding_10", "funding", "+10 bp", {"funding": 10 * BP}),
    Scenario("funding_25", "funding", "+25 bp", {"funding": 25 * BP}),
    Scenario("repo_0", "repo", "0 bp", {"repo": 0.0}),
    Scenario("repo_25", "repo", "25 bp", {"repo": 25 * BP}),
    Scenario("basis_0", "basis", "0 bp", {"basis": 0.0}),
    Scenario("basis_50", "basis", "−50 bp", {"basis": -50 * BP}),
    Scenario("basis_100", "basis", "−100 bp", {"basis": -100 * BP}),
    Scenario("duration_less", "duration", "−10 %", {"duration": 0.9}),
    Scenario("duration_more", "duration", "+10 %", {"duration": 1.1}),
    Scenario("published_1M", "published", "+1 month", {"published": 1}),
    Scenario("currency_repo", "currency", "repo", {"currency": "repo"}),
    Scenario("currency_unhedged", "currency", "unhedged", {"currency": "unhedged"}),
    Scenario("currency_fx_swap", "currency", "fx_swap", {"currency": "fx_swap"}),
    Scenario("sizing_notional", "sizing", "notional", {"sizing": "notional"}),
    Scenario("sizing_duration", "sizing", "duration", {"sizing": "duration"}),
    Scenario("sizing_volatility", "sizing", "volatility", {"sizing": "volatility"}),
    Scenario("sizing_beta", "sizing", "beta", {"sizing": "beta"}),
    Scenario("hedge_dv01", "hedge", "dv01", {"hedge": "dv01"}),
    Scenario("hedge_beta", "hedge", "beta", {"hedge": "beta"}),
    Scenario("hedge_pca", "hedge", "pca", {"hedge": "pca"}),
    Scenario("lookback_half", "lookback", "−50 %", {"lookback": 0.5}),
    Scenario("lookback_more", "lookback", "+50 %", {"lookback": 1.5}),
    Scenario("scale_half", "scale", "−50 %", {"scale": 0.5}),
    Scenario("scale_more", "scale", "+50 %", {"scale": 1.5}),
    Scenario("stops_half", "stops", "×0.5", {"stops": 0.5}),
    Scenario("stops_2", "stops", "×2", {"stops": 2.0}),
    Scenario("every_month", "rebalance", "monthly", {"every": "month"}),
    Scenario("every_quarter", "rebalance", "quarterly", {"every": "quarter"}),
    Scenario("every_year", "rebalance", "yearly", {"every": "year"}),
    Scenario("start_earlier", "start", "1 year earlier", {"start": -1}),
    Scenario("start_later", "start", "1 year later", {"start": 1}),
    Scenario("first_half", "window", "first half", keep=_first_half),
    Scenario("second_half", "window", "second half", keep=_second_half),
    Scenario("without_2022", "window", "without 2022", keep=_without_2022),
)

# What takes long to work out is left to `divergence sensitivity`.
QUICK: tuple[Scenario, ...] = tuple(scenario for scenario in SCENARIOS if scenario.group != "hedge")
LEFT_OUT = "`divergence sensitivity` works it out"
