"""What was traded and what was at risk, row by row: the spread held, DV01 by country and tenor, carry, leverage.

DV01 is USD per basis point, + long duration: it gains when yields fall. Funds count as their proxy's bond, inflation
bonds by their real yield; cash has neither yield nor DV01, nor has a listed name without a proxy unless its duration is
given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtests.config import CurrencyTreatment
from backtests.engine.carry import carry_ahead
from backtests.performance import financing
from backtests.performance.metrics import Track, excess_returns
from backtests.runs.runner import VariantRun
from data.countries import COUNTRIES, Countries, code_of
from data.instruments import BP, Instrument
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import signals_of
from strategies.signals import expanding_score, rolling_beta, yield_of

BUCKETS = ((3.0, "0-3"), (7.0, "3-7"), (12.0, "7-12"), (22.0, "12-22"), (np.inf, "22+"))  # years, the end included
HORIZON = 0.25  # years over which carry and roll-down are reckoned
SCORE_YEARS = 3  # of history before a spread has a score
STEP = 0.05  # to which the weights of three legs and more are rounded, of the largest
BOX = 4  # legs: more are a blend, which has no usual direction
FEW = 0.05  # of the larger side: what nets to less than this in every country is a slope
LEVEL = 10.0  # years: the maturity whose yields, averaged over the countries, are the level of rates
NEVER = "it never held anything"
NO_YIELD = "it held cash alone, which has no yield"
NO_CURVE = "it held nothing that is priced on a curve, so no yield"


@dataclass(frozen=True)
class Quote:
    """A combination of par yields, as the field quotes the trade last held.

    A position in it is + where the trade gains as the combination rises (`rises`), or else as it falls.
    """

    weights: Mapping[str, float]  # by leg, of its par yield; {} where there is no such combination
    rises: bool = False
    why_none: str = ""
    of: int = 1  # how many combinations it traded in all: a row has the one last held by then


@dataclass(frozen=True)
class Traded:
    """One variant's exposures (T,) on its own rows; NaN where not known."""

    quote: Quote
    spread: Array  # bp, of the combination last held on each row or before it
    score: Array  # standard deviations from the mean of all known at the time
    position: Array  # USD per bp of the spread
    signals: dict[str, Array]
    dv01: dict[tuple[str, str], Array]  # by curve and bucket, USD per bp, + long duration
    net: dict[str, float]  # by curve, on the last row, USD per bp
    carry: Array  # with roll-down, ex ante, bp of equity a year
    gross: Array  # sum of absolute weights
    margin: Array  # listed longs above equity, fraction of equity
    initial_margin: Array  # what the book ties up, fraction of equity
    beta: Array  # years of duration, as returns had it


def dv01(market: Market, rows: slice, units: Array) -> Array:
    """DV01 (T, n) of `units (T, n)` held on `rows` of a market: units x price x fx x duration x 1e-4."""
    each = (market.price * market.fx * market.duration)[rows] * BP
    return np.where(units == 0.0, 0.0, units * np.nan_to_num(each))


def quote(run: VariantRun) -> Quote:
    """Return the combination a variant traded: legs and proportions of DV01 where it last traded into a position."""
    rows, quotes = quoted_on(run)
    if not quotes:
        held = run.result.units.any(axis=0)
        cash = all(run.market.instruments[i].kind == "cash" for i in np.flatnonzero(held))
        return Quote({}, why_none=NEVER if not held.any() else NO_YIELD if cash else NO_CURVE)
    return replace(quotes[int(rows[-1])], of=len(quotes))


def quoted_on(run: VariantRun) -> tuple[NDArray[np.int64], tuple[Quote, ...]]:
    """Return which of the combinations it traded (T,) is in force on each row, -1 before the first, and these.

    That of the last row, up to and including each, on which it traded into a position.
    """
    priced = np.array([leg.curve is not None for leg in run.market.instruments])
    held = np.where(priced, dv01(run.market, run.span.rows, run.result.units), 0.0)
    into = np.flatnonzero((held != 0.0).any(axis=1) & (run.result.traded > 0).any(axis=1))
    places: dict[tuple[object, ...], int] = {}
    quotes: list[Quote] = []
    rows = np.full(len(held), -1)
    pairs: dict[bytes, Quote] = {}  # two legs, one against the other: only their signs count
    for t in into:
        signs = np.sign(held[t])
        two = signs.sum() == 0.0 and np.count_nonzero(signs) == 2
        known = pairs.get(signs.tobytes()) if two else None
        into_it = known or combination(run.market.instruments, held[t], run.market.countries)
        if two:
            pairs[signs.tobytes()] = into_it
        place = places.setdefault((*into_it.weights.items(), into_it.rises), len(quotes))
        if place == len(quotes):
            quotes.append(into_it)
        rows[t:] = place
    return rows, tuple(quotes)


def combination(instruments: Sequence[Instrument], held: Array, countries: Countries = COUNTRIES) -> Quote:
    """Quote a position of DV01s `held (n,)` as the field does.

    One leg: its yield. All legs long, or all short: the average yield, weighted by DV01. Two legs, one against the
    other: their difference, whatever their sizes. Three and more: by DV01, the largest 1. Its sign is that of a
    butterfly's belly, or else of the longest bond on the first of the table's curves: US less Japan, back less front,
    nominal less real. What nets to nothing in every country (a slope, a breakeven, a box) is held to rise.
    """
    legs = {instrument.name: instrument for instrument in instruments}
    size = {name: float(usd) for name, usd in zip(legs, held, strict=True) if usd != 0.0}
    if min(size.values()) > 0 or max(size.values()) < 0:
        total = sum(size.values())
        return Quote(MappingProxyType({name: usd / total for name, usd in size.items()}))
    if len(size) == 2:
        weights = {name: float(np.sign(usd)) for name, usd in size.items()}
    else:
        largest = max(abs(usd) for usd in size.values())
        rounded = {name: round(round(usd / largest / STEP) * STEP, 2) for name, usd in size.items()}
        weights = {name: weight for name, weight in rounded.items() if weight}
    belly = _belly(legs, weights)
    order = list(countries.curves)
    first = min(weights, key=lambda name: (_place(order, legs[name].curve), -legs[name].maturity))
    sign = np.sign(weights[belly or first])
    weights = {name: float(sign * weight) for name, weight in weights.items()}
    return Quote(MappingProxyType(weights), rises=belly is None and len(weights) <= BOX and _nets(legs, weights))


def _place(order: Sequence[str], curve: str | None) -> int:
    """Which of the curves in order it is: the last place for one that is not among them."""
    return order.index(curve) if curve in order else len(order)


def _belly(legs: Mapping[str, Instrument], weights: Mapping[str, float]) -> str | None:
    """The middle of three bonds of one curve that is held against both others."""
    if len(weights) != 3 or len({legs[name].curve for name in weights}) != 1:
        return None
    front, belly, back = sorted(weights, key=lambda name: legs[name].maturity)
    return belly if weights[belly] * weights[front] < 0 and weights[belly] * weights[back] < 0 else None


def _nets(legs: Mapping[str, Instrument], weights: Mapping[str, float]) -> bool:
    by_country: dict[str, float] = {}
    for name, weight in weights.items():
        country = code_of(legs[name].curve or "")
        by_country[country] = by_country.get(country, 0.0) + weight
    return all(abs(net) <= FEW * max(abs(weight) for weight in weights.values()) for net in by_country.values())


def spread(market: Market, weights: Mapping[str, float]) -> Array:
    """Combination (T,) of par yields, decimals, over all of a market's history; NaN where a maturity is not quoted."""
    return _combined({name: yield_of(market, name) for name in weights}, weights)


def _combined(yields: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    return np.asarray(sum(weight * yields[name] for name, weight in weights.items()))


def score(market: Market, values: Array) -> Array:
    """Distance (T,) from the mean of all rows up to each, in their deviations; NaN before three years are known."""
    return expanding_score(values, max(2, round(SCORE_YEARS * market.periods_per_year)))


def position(names: Sequence[str], held: Array, of: Quote) -> Array:
    """USD per bp of the spread (T,): the part of `held (T, n)`, DV01 by leg, that lies along the combination.

    Of legs in the combination's own proportions it is all of it; of two unequal legs it is their mean, and the rest
    is a view on one of them. + gains as `of.rises` says.
    """
    weights = np.array([of.weights.get(name, 0.0) for name in names])
    along = held @ weights / float(weights @ weights)
    return np.asarray(-along if of.rises else along) + 0.0


def followed(run: VariantRun) -> dict[str, Array]:
    """Return `spread`, `score` and `position` (T,) of a variant, each row's of the combination in force on it.

    Nothing later than a row, legs held later included, changes what stands on it. NaN before it first held a position.
    """
    market, window, held = run.market, run.span.rows, dv01(run.market, run.span.rows, run.result.units)
    rows, quotes = quoted_on(run)
    series = {name: np.full(len(held), np.nan) for name in ("spread", "score", "position")}
    series["position"][rows < 0] = 0.0
    yields = {
        name: yield_of(market, name) for name in dict.fromkeys(leg for quoted in quotes for leg in quoted.weights)
    }
    for place, quoted in enumerate(quotes):
        on, combined = rows == place, _combined(yields, quoted.weights)
        series["spread"][on] = combined[window][on]
        series["score"][on] = score(market, combined)[window][on]
        series["position"][on] = position(market.names, held[on], quoted)
    return series


def grouped(
    instruments: Sequence[Instrument], held: Array, countries: Countries = COUNTRIES
) -> dict[tuple[str, str], Array]:
    """DV01 (T,) by curve and bucket of maturity; together the legs'. What never held any is left out."""
    by_bucket: dict[tuple[str, str], Array] = {}
    for i, instrument in enumerate(instruments):
        if instrument.curve is not None and held[:, i].any():
            bucket = next(name for longest, name in BUCKETS if instrument.maturity <= longest)
            key = instrument.curve, bucket
            by_bucket[key] = by_bucket.get(key, np.zeros(len(held))) + held[:, i]
    return _in_order(by_bucket, countries)


def _in_order(by_bucket: Mapping[tuple[str, str], Array], countries: Countries) -> dict[tuple[str, str], Array]:
    """The same by the table's order of curves, then from short to long."""
    order, buckets = list(countries.curves), [name for _, name in BUCKETS]
    keys = sorted(by_bucket, key=lambda key: (_place(order, key[0]), buckets.index(key[1])))
    return {key: by_bucket[key] for key in keys}


def carry(market: Market, rows: slice, weights: Array, currency: CurrencyTreatment) -> Array:
    """Carry plus roll-down (T,) ex ante of `weights (T, n)` held on `rows`, fraction of equity a year.

    What each leg earns over a quarter if its curve and the exchange rate stand still, financed in that currency
    treatment, before borrow, rolls, costs and the interest on equity. NaN where a leg's is not known.
    """
    total = np.zeros(len(weights))
    for i, name in enumerate(market.names):
        if weights[:, i].any():
            held = np.zeros(len(market.dates))
            held[rows] = weights[:, i]
            earned = carry_ahead(market, name, HORIZON, held, currency.kind, currency.basis)[rows] / HORIZON
            total += np.where(weights[:, i] == 0.0, 0.0, weights[:, i] * earned)
    return total


def margin(instruments: Sequence[Instrument], weights: Array) -> Array:
    """Listed longs above equity (T,), fraction of equity: what the margin spread is paid on."""
    listed = np.array([instrument.kind == "listed" for instrument in instruments])
    return np.asarray(np.maximum(0.0, np.where(listed & (weights > 0), weights, 0.0).sum(axis=1) - 1.0))


def level(market: Market) -> Array:
    """Change (T,) over each bar of the 10-year par yield, averaged over the market's countries; NaN where not quoted.

    Of a market with one country's curve it is that one's, with none it is not known.
    """
    codes = [country.code for country in market.countries if country.code in market.curves]
    moves = [market.curves[code].moves(LEVEL) for code in codes]
    return np.asarray(np.mean(moves, axis=0)) if moves else np.full(len(market.dates), np.nan)


def empirical_duration(excess: Array, moves: Array, bars: int) -> Array:
    """Years of duration (T,) that returns had: slope of the last `bars` excess returns (T-1,) on minus `moves (T,)`."""
    return np.concatenate([[np.nan], rolling_beta(excess, -moves[1:], bars)])


def described(run: VariantRun) -> dict[str, Any]:
    """Return the combination traded, as a manifest holds it."""
    traded = quote(run)
    return {
        "weights": dict(traded.weights),
        "rises": traded.rises,
        "why_none": traded.why_none or None,
        "of": traded.of,
    }


def table(run: VariantRun) -> pd.DataFrame:
    """One row per date: date, variant, and a column of float32 per series; what a variant has not is no column.

    `spread` is in decimals, `position` and the columns `dv01 CURVE BUCKET` in USD per bp, `carry` a fraction of equity
    a year, `gross`, `margin` and `initial_margin` fractions of equity, `level` the change of the 10-year yields' mean
    over the bar, decimals; `signal NAME` is as the strategy has it.
    """
    market, rows, result = run.market, run.span.rows, run.result
    held, of = dv01(market, rows, result.units), quote(run)
    series = followed(run) if of.weights else {}
    series["carry"] = carry(market, rows, result.weights, run.variant.currency)
    series["gross"] = np.abs(result.weights).sum(axis=1)
    series["margin"] = margin(market.instruments, result.weights)
    series["initial_margin"] = financing.margin(market, rows, result).share
    series["level"] = level(market)[rows]
    by_bucket = grouped(market.instruments, held, market.countries)
    series |= {f"dv01 {curve} {bucket}": usd for (curve, bucket), usd in by_bucket.items()}
    signals = signals_of(run.variant.strategy, market)
    series |= {f"signal {name}": values[rows] for name, values in signals.items()}
    frame = pd.DataFrame({name: values.astype(np.float32) for name, values in series.items()})
    frame.insert(0, "date", result.dates)
    frame.insert(1, "variant", run.variant.name)
    return frame


def read(
    stored: pd.DataFrame, quoted: Mapping[str, Any], track: Track, bars: int, countries: Countries = COUNTRIES
) -> Traded | None:
    """Return a variant's exposures from its rows of a run's table; None in the folder of a version that had none.

    `quoted` is what the manifest says of the combination; `bars` is the length of the rolling figures; `countries` is
    the table of the run's configuration.
    """
    if stored.empty:
        return None
    columns = {str(name): stored[name].to_numpy(dtype=float) for name in stored.columns.drop(["date", "variant"])}
    known = {name: values for name, values in columns.items() if not np.isnan(values).all()}
    nothing = np.full(len(stored), np.nan)
    dv01s = {_key(name): values for name, values in known.items() if name.startswith("dv01 ")}
    sizes = _in_order(dv01s, countries)
    net = {curve: sum(float(usd[-1]) for (c, _), usd in sizes.items() if c == curve) for curve, _ in sizes}
    return Traded(
        quote=Quote(dict(quoted["weights"]), quoted["rises"], quoted["why_none"] or "", quoted.get("of", 1)),
        spread=known.get("spread", nothing) / BP,
        score=known.get("score", nothing),
        position=known.get("position", nothing),
        signals={name.removeprefix("signal "): values for name, values in known.items() if name.startswith("signal ")},
        dv01=sizes,
        net=net,
        carry=known.get("carry", nothing) / BP,
        gross=known.get("gross", nothing),
        margin=known.get("margin", nothing),
        initial_margin=known.get("initial_margin", nothing),
        beta=empirical_duration(excess_returns(track), columns["level"], bars),
    )


def _key(column: str) -> tuple[str, str]:
    _, curve, bucket = column.split()
    return curve, bucket
