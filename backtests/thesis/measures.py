"""What a claim is judged by: causal series (T,) in decimals, NaN where not known; row t rests on rows up to t only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from data.countries import COUNTRIES, REAL, Countries, Country, is_real
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.pricing.forwards import forward_par
from strategies.base import Window
from strategies.signals import change, local_excess_returns, rolling_deviation

Series = Callable[[Market], Array]
Unit = Literal["bp", "%", "% of GDP", "% of federal debt", "times"]

WORST = 0.1  # share of bars that count as a sell-off
LEARNING = 60  # bars; with fewer a share of them means little
CONFIDENCE = 0.95
A_YEAR = Window("12M")


@dataclass(frozen=True)
class Evidence:
    """How much a figure rests on, and how well that fixes it."""

    count: int
    of: str  # what is counted
    low: float | None = None  # 95 % interval of the figure; None where none is worked out
    high: float | None = None


@dataclass(frozen=True)
class Measure:
    """What a claim is judged by."""

    about: str  # its definition, a sentence for the reader
    unit: Unit
    series: Series  # market -> (T,) decimals
    forward: Callable[[Market, float], Array] | None = None  # (market, years ahead) -> (T,) its forward
    evidence: Callable[[Market], Evidence] | None = None  # of the market's last row
    legs: tuple[str, ...] = ()  # instruments it reads


def missing(market: Market) -> Array:
    """Return NaN on every row, for a market without the series."""
    return np.full(len(market.dates), np.nan)


def _of(curve: str, countries: Countries) -> str:
    """What a curve is of; an unknown name is refused when the measure is created."""
    country = countries.of_curve(curve)
    return country.linkers if is_real(curve) else country.bonds


def _yield(market: Market, curve: str, maturity: float) -> Array:
    return market.curves[curve].at(maturity) if curve in market.curves else missing(market)


def _forward(market: Market, ahead: float, curve: str, maturity: float) -> Array:
    return forward_par(market.curves[curve], ahead, maturity) if curve in market.curves else missing(market)


def _less(curve: str, maturity: float, less_curve: str, less_maturity: float, about: str) -> Measure:
    """The yield of one point less that of another, with the forward of the same."""

    def series(market: Market) -> Array:
        return _yield(market, curve, maturity) - _yield(market, less_curve, less_maturity)

    def forward(market: Market, ahead: float) -> Array:
        return _forward(market, ahead, curve, maturity) - _forward(market, ahead, less_curve, less_maturity)

    return Measure(about, "bp", series, forward)


def slope(curve: str, short: float, long: float, countries: Countries = COUNTRIES) -> Measure:
    """Par yield of the longer maturity less that of the shorter."""
    about = f"par yield of {_of(curve, countries)} at {long:g} years less that at {short:g}"
    return _less(curve, long, curve, short, about)


def breakeven(maturity: float, country: Country = COUNTRIES.home) -> Measure:
    """Nominal less real par yield of a maturity."""
    about = f"nominal less real {country.label} par yield at {maturity:g} years"
    return _less(country.code, maturity, f"{country.code}{REAL}", maturity, about)


def _known(market: Market, name: str) -> Array:
    return np.asarray(market.macro.get(name, missing(market)))


def macro(name: str, about: str, unit: Unit = "%") -> Measure:
    """A macro series as known on each row: the last value published by then, at most 400 days ago."""
    return Measure(about, unit, partial(_known, name=name))


def difference(name: str, less: str, about: str, unit: Unit) -> Measure:
    """One annual macro series less another; its evidence counts how often it has crossed its own mean."""

    def series(market: Market) -> Array:
        return _known(market, name) - _known(market, less)

    def evidence(market: Market) -> Evidence:
        points = distinct(series(market))
        crossed, turned = sign_changes(points - points.mean()), sign_changes(np.diff(points))
        return Evidence(
            crossed,
            f"crossings of its own mean in {len(points)} annual points (its yearly change turns {turned} times)",
        )

    return Measure(about, unit, series, evidence=evidence)


def distinct(values: Array) -> Array:
    """Return the values of a stepped series, one a step."""
    known = values[~np.isnan(values)]
    return known[np.concatenate([[True], known[1:] != known[:-1]])] if len(known) else known


def sign_changes(values: Array) -> int:
    """Count how often values change sign; zeros have none."""
    signs = np.sign(values)
    signs = signs[signs != 0]
    return int((signs[1:] != signs[:-1]).sum())


def out_of_step(rising: str, falling: str, about: str) -> Measure:
    """The smaller of one series' rise and another's fall over 12 months: above 0 only where they go opposite ways."""

    def series(market: Market) -> Array:
        n = A_YEAR.bars(market)
        up = change(_known(market, rising), n)
        down = -change(_known(market, falling), n)
        return np.asarray(np.minimum(up, down))

    return Measure(about, "bp", series)


def _price_moves(market: Market, name: str) -> Array:
    return local_excess_returns(market, name) if name in market.names else missing(market)


def _yield_moves(market: Market, curve: str, maturity: float) -> Array:
    return market.curves[curve].moves(maturity) if curve in market.curves else missing(market)


def _volatility(moves: Series, about: str, unit: Unit) -> Measure:
    """Annualised deviation of the moves of the last 12 months, with its chi-square interval."""

    def series(market: Market) -> Array:
        deviation = rolling_deviation(moves(market), A_YEAR.bars(market))
        return np.asarray(deviation * np.sqrt(market.periods_per_year))

    def evidence(market: Market) -> Evidence:
        from scipy.stats import chi2

        n = A_YEAR.bars(market)
        tails = chi2.ppf([(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2], n - 1)
        low, high = float(series(market)[-1]) * np.sqrt((n - 1) / tails)
        return Evidence(n, "moves", float(low), float(high))

    return Measure(about, unit, series, evidence=evidence)


def volatility(name: str) -> Measure:
    """Annualised volatility of an instrument's local return in excess of funding, last 12 months."""
    about = f"annualised deviation of the bar returns of {name}, local and in excess of funding, last 12 months"
    return replace(_volatility(partial(_price_moves, name=name), about, "%"), legs=(name,))


def yield_volatility(curve: str, maturity: float, countries: Countries = COUNTRIES) -> Measure:
    """Annualised volatility of a par yield's bar changes, last 12 months."""
    rate = f"{maturity:g}-year par yield of {_of(curve, countries)}"
    about = f"annualised deviation of the bar changes of the {rate}, last 12 months"
    return _volatility(partial(_yield_moves, curve=curve, maturity=maturity), about, "bp")


def _volatility_ratio(moves: Series, others: Series, about: str) -> Measure:
    """One volatility over another, last 12 months, with the interval of Pitman and Morgan for paired normals.

    Biometrika 31, 1939: variance ratios w (K -+ sqrt(K^2 - 1)), K = 1 + 2 (1 - r^2) t^2 / (n - 2).
    """

    def series(market: Market) -> Array:
        n = A_YEAR.bars(market)
        below = rolling_deviation(others(market), n)
        return np.asarray(rolling_deviation(moves(market), n) / np.where(below > 0, below, np.nan))

    def evidence(market: Market) -> Evidence:
        from scipy.stats import t

        n = A_YEAR.bars(market)
        r = np.corrcoef(moves(market)[-n:], others(market)[-n:])[0, 1]
        k = 1.0 + 2.0 * (1.0 - r**2) * t.ppf((1 + CONFIDENCE) / 2, n - 2) ** 2 / (n - 2)
        wide = np.sqrt(k + np.sqrt(k**2 - 1.0))
        ratio = float(series(market)[-1])
        return Evidence(n, "pairs of moves", float(ratio / wide), float(ratio * wide))

    return Measure(about, "times", series, evidence=evidence)


def volatility_ratio(name: str, other: str) -> Measure:
    """Volatility of one instrument's returns over another's; below 1 the first is the calmer."""
    about = f"volatility of {name} over that of {other}, of bar returns, last 12 months; below 1, {name} is the calmer"
    ratio = _volatility_ratio(partial(_price_moves, name=name), partial(_price_moves, name=other), about)
    return replace(ratio, legs=(name, other))


def yield_volatility_ratio(curve: str, other: str, maturity: float, countries: Countries = COUNTRIES) -> Measure:
    """Volatility of one curve's par yield over another's at the same maturity."""
    names = f"{_of(curve, countries)} over that of {_of(other, countries)}"
    about = f"volatility of the {maturity:g}-year yield of {names}, of bar changes in bp, last 12 months"
    return _volatility_ratio(
        partial(_yield_moves, curve=curve, maturity=maturity), partial(_yield_moves, curve=other, maturity=maturity),
        about,
    )  # fmt: skip


def haven(name: str, against: str) -> Measure:
    """Mean excess return of one leg on the worst tenth of another's bars, all history up to each row."""

    def series(market: Market) -> Array:
        own, other = _price_moves(market, name), _price_moves(market, against)
        both = np.flatnonzero(~np.isnan(own + other))
        mean = missing(market)
        for n in range(LEARNING, len(both) + 1):
            seen = both[:n]
            mean[seen[-1]] = own[seen][_worst(other[seen])].mean()
        return mean

    def evidence(market: Market) -> Evidence:
        from scipy.stats import t

        own, other = _price_moves(market, name), _price_moves(market, against)
        both = ~np.isnan(own + other)
        bad = _worst(other[both])
        returns = own[both][bad]
        sell_offs = int(bad[0]) + int((bad[1:] & ~bad[:-1]).sum())
        wide = t.ppf((1 + CONFIDENCE) / 2, sell_offs - 1) * returns.std(ddof=1) / np.sqrt(sell_offs)
        mean = float(returns.mean())
        return Evidence(sell_offs, f"sell-offs ({len(returns)} bars)", mean - float(wide), mean + float(wide))

    about = f"mean excess return of {name} on the worst tenth of the bars of {against}, all history, bp of value a bar"
    return Measure(about, "bp", series, evidence=evidence, legs=(name, against))


def _worst(returns: Array) -> Flags:
    """Flags (T,) of the worst tenth."""
    return np.asarray(returns <= np.quantile(returns, WORST))
