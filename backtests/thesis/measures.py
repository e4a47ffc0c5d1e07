"""What a claim is judged by: causal series (T,) in decimals, NaN where not known; row t rests on rows up to t only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import singledispatch

import numpy as np
import pandas as pd

from backtests.config.claims import (
    Beta,
    Change,
    Correlation,
    Macro,
    Measure,
    PolicyRate,
    Ratio,
    SellOff,
    Spread,
    Volatility,
    Yield,
    inside,
)
from backtests.performance import inference
from backtests.runs.inputs import MARKET_LIMIT, Input, published
from backtests.thesis.history import History
from data.calendars import STALE_AFTER_DAYS, available_on
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.pricing.forwards import forward_par
from strategies.signals import change, local_excess_returns, rolling_beta, rolling_covariance, rolling_deviation

WORST = 0.1  # share of bars that count as a sell-off
LEARNING = 60  # bars; with fewer a share of them means little
CONFIDENCE = 0.95
SEED = 20260101


@dataclass(frozen=True)
class Evidence:
    """How much a figure rests on, and how well that fixes it."""

    count: int
    of: str  # what is counted
    low: float | None = None  # 95 % interval of the figure; None where none is worked out
    high: float | None = None
    decides: bool = False  # whether the interval, and not the figure alone, must lie between the bounds


def missing(market: Market) -> Array:
    """Return NaN on every row, for a market without the series."""
    return np.full(len(market.dates), np.nan)


# ---- levels


@singledispatch
def series(measure: Measure, history: History) -> Array:
    """Return a measure (T,) on the rows of a history; NaN throughout for a fact, and for a variant's return."""
    return missing(history.market)


@series.register
def _(measure: Yield, history: History) -> Array:
    curves = history.market.curves
    return curves[measure.curve].at(measure.maturity) if measure.curve in curves else missing(history.market)


@series.register
def _(measure: Spread, history: History) -> Array:
    return series(measure.first, history) - series(measure.less, history)


@series.register
def _(measure: PolicyRate, history: History) -> Array:
    market = history.market
    return np.asarray(market.macro.get(f"{measure.country}_overnight", missing(market)))


@series.register
def _(measure: Macro, history: History) -> Array:
    market = history.market
    if measure.total is None:
        return np.asarray(market.macro.get(measure.series, missing(market)))
    return _total(measure, history)


def _total(measure: Macro, history: History) -> Array:
    """Sum (T,) of the figures of the last `total` of periods of which one is known, as known on each row."""
    market, values = history.market, history.tables.macro.get(measure.series, pd.Series(dtype=float)).dropna()
    if values.empty or measure.total is None:
        return missing(market)
    periods = values.index.to_numpy().astype("datetime64[D]")
    out = available_on(measure.series, periods)
    apart = float(np.median(np.diff(periods).astype(float))) if len(periods) > 1 else 365.0
    n = max(
        1, round(float(measure.total.text[:-1]) * {"D": 1.0, "M": 30.44, "Y": 365.25}[measure.total.text[-1]] / apart)
    )
    sums = values.rolling(n).sum().to_numpy()
    row = np.searchsorted(out, market.dates, side="right") - 1
    age = (market.dates - out[np.maximum(row, 0)]).astype("timedelta64[D]").astype(int)
    return np.where((row >= 0) & (age <= STALE_AFTER_DAYS), sums[np.maximum(row, 0)], np.nan)


@series.register
def _(measure: Beta, history: History) -> Array:
    n = measure.window.bars(history.market)
    return rolling_beta(moves(measure.first, history), moves(measure.on, history), n)


@series.register
def _(measure: Correlation, history: History) -> Array:
    n = measure.window.bars(history.market)
    both = np.column_stack([moves(measure.first, history), moves(measure.other, history)])
    covariance = rolling_covariance(both, n)
    below = np.sqrt(covariance[:, 0, 0] * covariance[:, 1, 1])
    return np.asarray(covariance[:, 0, 1] / np.where(below > 0, below, np.nan))


@series.register
def _(measure: Ratio, history: History) -> Array:
    below = series(measure.over, history)
    return np.asarray(series(measure.first, history) / np.where(below == 0, np.nan, below))


@series.register
def _(measure: Volatility, history: History) -> Array:
    deviation = rolling_deviation(moves(measure, history), measure.window.bars(history.market))
    return np.asarray(deviation * np.sqrt(history.market.periods_per_year))


@series.register
def _(measure: Change, history: History) -> Array:
    return change(series(measure.of, history), measure.over.bars(history.market))


@series.register
def _(measure: SellOff, history: History) -> Array:
    own, other = (_returns(history.market, name) for name in (measure.name, measure.against))
    both = np.flatnonzero(~np.isnan(own + other))
    mean = missing(history.market)
    for n in range(LEARNING, len(both) + 1):
        seen = both[:n]
        mean[seen[-1]] = own[seen][_worst(other[seen])].mean()
    return mean


def _worst(returns: Array) -> Flags:
    """Flags (T,) of the worst tenth."""
    return np.asarray(returns <= np.quantile(returns, WORST))


def _returns(market: Market, name: str) -> Array:
    return local_excess_returns(market, name) if name in market.names else missing(market)


# ---- moves


def moves(measure: Measure, history: History) -> Array:
    """Return what a measure moved by over each bar (T,): of a yield, on the tenors quoted at both its ends."""
    if isinstance(measure, Spread):
        return moves(measure.first, history) - moves(measure.less, history)
    if isinstance(measure, Volatility):
        return moves(measure.at, history) if measure.at else _returns(history.market, measure.name)
    if isinstance(measure, Yield):
        curves = history.market.curves
        return curves[measure.curve].moves(measure.maturity) if measure.curve in curves else missing(history.market)
    return np.diff(series(measure, history), prepend=np.nan)


# ---- forwards


def forward(measure: Measure, market: Market, ahead: float) -> Array:
    """Return the forward (T,) of a yield, or of a spread of yields, `ahead` years from each row; else NaN."""
    if isinstance(measure, Spread):
        return forward(measure.first, market, ahead) - forward(measure.less, market, ahead)
    if isinstance(measure, Yield) and measure.curve in market.curves:
        return forward_par(market.curves[measure.curve], ahead, measure.maturity)
    return missing(market)


# ---- how much it rests on


def evidence(measure: Measure, history: History, needs: int) -> Evidence | None:
    """Return what a measure's figure on the last row rests on; None where it is read off directly."""
    if isinstance(measure, SellOff):
        return _sell_offs(measure, history)
    if isinstance(measure, Volatility | Beta | Correlation):
        return Evidence(measure.window.bars(history.market), "moves, as realised")
    if isinstance(measure, Ratio) and isinstance(measure.first, Volatility) and isinstance(measure.over, Volatility):
        return _of_volatilities(measure.first, measure.over, history)
    return _crossings(series(measure, history)) if needs else None


def _sell_offs(measure: SellOff, history: History) -> Evidence:
    from scipy.stats import t

    own, other = (_returns(history.market, name) for name in (measure.name, measure.against))
    both = ~np.isnan(own + other)
    bad = _worst(other[both])
    returns = own[both][bad]
    sell_offs = int(bad[0]) + int((bad[1:] & ~bad[:-1]).sum())
    wide = float(t.ppf((1 + CONFIDENCE) / 2, sell_offs - 1) * returns.std(ddof=1) / np.sqrt(sell_offs))
    mean = float(returns.mean())
    return Evidence(sell_offs, f"sell-offs ({len(returns)} bars)", mean - wide, mean + wide, decides=True)


def _of_volatilities(first: Volatility, over: Volatility, history: History) -> Evidence:
    """Pairs of moves behind a ratio of two volatilities; with 60 or more, an interval of what may be behind it."""
    n = min(first.window.bars(history.market), over.window.bars(history.market))
    what = "pairs of moves, as realised"
    if n < inference.ENOUGH_MOVES or first.window != over.window:
        return Evidence(n, what)
    pairs = np.column_stack([moves(part, history)[-n:] for part in (first, over)])
    if np.isnan(pairs).any():
        return Evidence(n, what)
    ratio = inference.volatility_ratio(pairs[:, 0], pairs[:, 1], SEED)
    return Evidence(n, what, ratio.low, ratio.high)


def _crossings(values: Array) -> Evidence:
    points = distinct(values)
    crossed, turned = sign_changes(points - points.mean()), sign_changes(np.diff(points))
    what = f"crossings of its own mean in {len(points)} figures (its change from one to the next turns {turned} times)"
    return Evidence(crossed, what)


def distinct(values: Array) -> Array:
    """Return the values of a stepped series, one a step."""
    known = values[~np.isnan(values)]
    return known[np.concatenate([[True], known[1:] != known[:-1]])] if len(known) else known


def sign_changes(values: Array) -> int:
    """Count how often values change sign; zeros have none."""
    signs = np.sign(values)
    signs = signs[signs != 0]
    return int((signs[1:] != signs[:-1]).sum())


# ---- how old what it rests on is


def stale(measure: Measure, history: History, day: date) -> tuple[Input, ...]:
    """Return the inputs of a measure that are older on a day than they may be; the history's market ends by then."""
    return tuple(dict.fromkeys(age for part in inside(measure) if (age := _age(part, history, day)) and age.stale))


def _age(part: Measure, history: History, day: date) -> Input | None:
    market = history.market
    if isinstance(part, Macro):
        values = history.tables.macro.get(part.series)
        return published(part.series, values, day, ()) if values is not None else None
    if isinstance(part, Yield):
        known, what = series(part, history), f"{part.name}, curve {part.curve}"
        if part.curve in market.curves:
            known = np.where(market.curves[part.curve].sessions(), known, np.nan)
    elif isinstance(part, PolicyRate):
        known, what = series(part, history), f"overnight rate of {history.countries[part.country].place}"
    elif isinstance(part, Volatility | SellOff):
        known, what = _returns(market, part.name), part.name
    else:
        return None
    rows = np.flatnonzero(~np.isnan(known))
    last = market.dates[rows[-1]].astype(object) if rows.size else None
    age = (day - last).days if last else None
    return Input(what, last, age, MARKET_LIMIT[history.tables.frequency], ())
