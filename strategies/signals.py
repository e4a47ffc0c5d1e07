"""Causal array functions: row t of a result rests on rows up to t only. NaN while the window is not full."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from data.countries import CPI_PACE, KNOWN_FUNDING, REFERENCE_AHEAD
from data.errors import ConfigError, DataError
from data.market import Market
from data.pricing.bonds import Array, price
from data.pricing.curves import DAYS_A_YEAR
from strategies import compiled
from strategies.compiled import STILL as STILL
from strategies.compiled import scanned
from strategies.shared import shared

BLOCK = 2**17  # values of all windows taken at once: a megabyte, which the processor keeps near
PIECE = 128  # rows multiplied at once: short of where threads, which wait for each other, would share a small product

# ---- what is read off a market


def macro(market: Market, name: str) -> Array:
    """Series (T,) as known on each row, NaN while it is not.

    Raises
    ------
    DataError
        A series the data does not hold.
    """
    if name not in market.macro:
        raise DataError(f"the data holds no series '{name}' for a signal; import it, or use the bundled figures")
    return market.macro[name]


def country(market: Market, name: str) -> str:
    """Return the code of an instrument's country, such as `us`, as curves and macro series call it."""
    return market.country(name).code


def overnight(market: Market, name: str) -> Array:
    """Overnight rate (T,) of an instrument's currency, a year, as paid up to each row."""
    return macro(market, f"{country(market, name)}_overnight")


@shared
def yield_of(market: Market, name: str) -> Array:
    """Par yield (T,) of a bond, of a listed fund's proxy; NaN where its maturity does not exist.

    Raises
    ------
    ConfigError
        Cash, or a listed name without a proxy, which have no yield.
    """
    instrument = market.instruments[market.column(name)]
    if instrument.unmodelled:
        raise ConfigError(f"{name} has no curve, so no yield; give it curve and maturity, or name a bond")
    if instrument.curve is None:
        raise ConfigError(f"{name} is cash and has no yield; name a bond or a fund of bonds")
    return market.curves[instrument.curve].at(instrument.maturity)


def yield_moves(market: Market, name: str) -> Array:
    """Change (T,) of a bond's par yield over each bar, on the tenors quoted at both its ends; NaN without."""
    yield_of(market, name)  # refuses cash
    instrument = market.instruments[market.column(name)]
    return market.curves[str(instrument.curve)].moves(instrument.maturity)


@shared
def carry_and_roll(market: Market, name: str, horizon: float) -> Array:
    """What a leg earns (T,) over `horizon` years if its curve stands still, funding paid; fraction of notional.

    The par bond is revalued at the yield that the unmoved curve gives what is left of its life (at its own where the
    curve does not reach). An inflation bond grows with its index as `accrual` says, a fund pays its fee; of a listed
    name without a proxy it is not known, NaN. Definition of carry: Koijen, Moskowitz, Pedersen and Vrugt, J. Financial
    Economics 127, 2018.

    Raises
    ------
    ValueError
        A horizon that is not above 0 and below the coupon period, within which a coupon would be paid.
    """
    coupons, day_count = market.country(name).coupons, market.country(name).day_count
    if not 0 < horizon < 1 / coupons:
        raise ValueError(
            f"horizon is {horizon:g}; expected years above 0 and below {1 / coupons:g}, before the first coupon"
        )
    instrument = market.instruments[market.column(name)]
    if instrument.curve is None:
        return np.full(len(market.dates), np.nan if instrument.unmodelled else 0.0)
    days = horizon * DAYS_A_YEAR
    par, life = yield_of(market, name), instrument.maturity - horizon
    aged = market.curves[instrument.curve].at(life)
    earned = price(par, np.where(np.isnan(aged) | (not instrument.rolldown), par, aged), life, coupons) - 1.0
    if instrument.indexed:
        earned = (1.0 + earned) * (1.0 + accrual(market, horizon)) - 1.0
    paid = overnight(market, name) * days / day_count
    return np.asarray(earned - instrument.fee * horizon - paid)


def accrual(market: Market, horizon: float) -> Array:
    """Growth (T,) over the next `horizon` years of the index that US inflation bonds carry, as known on each row.

    A twelfth of a year is a month: from a month's end to the next. As far as the reference index is already known, it
    is that (31 CFR 356 App. B: every day up to the first of a month once the CPI of three months before is out);
    beyond, the pace of consumer prices over the last year that was published.
    """
    first, second, third = (macro(market, name) for name in REFERENCE_AHEAD)
    settle = market.dates.astype("datetime64[D]") + np.timedelta64(1, "D")
    month = settle.astype("datetime64[M]")
    begins, ends = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
    start = (settle - begins).astype(float) / (ends - begins).astype(float)  # of the month that has passed
    end = start + 12.0 * horizon
    reach = np.where(np.isnan(second), 0.0, np.where(np.isnan(third), 1.0, 2.0))  # months the index is known for
    on = np.minimum(end, reach)
    index = (
        first
        + np.minimum(on, 1.0) * np.nan_to_num(second - first)
        + np.maximum(on - 1.0, 0.0) * np.nan_to_num(third - second)
    )
    now = np.where(start > reach, np.nan, first + np.where(start > 0.0, start * (second - first), 0.0))
    beyond = (1.0 + macro(market, CPI_PACE)) ** ((end - on) / 12.0)
    return np.asarray(index * np.where(end > on, beyond, 1.0) / now - 1.0)


# ---- shapes of a series


@shared
def local_excess_returns(market: Market, name: str) -> Array:
    """Local return (T,), income included, less funding, before roll and borrow; NaN where a bar is missing."""
    i = market.column(name)
    returns = np.full(len(market.dates), np.nan)
    price = market.price[:, i]
    returns[1:] = (price[1:] + market.income[1:, i]) / price[:-1] - 1.0 - _known_funding(market, name)[1:]
    return returns


def _known_funding(market: Market, name: str) -> Array:
    """Fraction of notional (T,) that funding costs over each bar, as known at its end.

    What is booked differs where a month's average stands for its days: it is not known before the month is over.
    """
    known = market.macro.get(f"{country(market, name)}{KNOWN_FUNDING}")
    return market.funding[:, market.column(name)] if known is None else known


def _windows(values: Array, n: int) -> Iterator[tuple[slice, Array]]:
    """Rows, a block at a time, and the last n values at each, as a contiguous array; none below n-1.

    Windows are (rows, n) of values (T,) and (rows, p, n) of values (T, p).
    """
    if len(values) >= n:
        every = np.lib.stride_tricks.sliding_window_view(values, n, axis=0)
        step = max(BLOCK // (n * values[0].size), 1)
        for start in range(0, len(every), step):
            block = np.ascontiguousarray(every[start : start + step])
            yield slice(start + n - 1, start + n - 1 + len(block)), block


@shared
def rolling_deviation(values: Array, n: int) -> Array:
    """Sample standard deviation (T,) of the last n values, ddof 1; 0 where they differ by rounding only."""
    result = np.full(len(values), np.nan)
    for rows, windows in _windows(values, n):
        deviation = windows.std(axis=1, ddof=1)
        result[rows] = np.where(deviation < STILL, 0.0, deviation)
    return result


@shared
def rolling_beta(values: Array, on: Array, n: int) -> Array:
    """Least-squares slope (T,) of the last n `values` on the last n of `on`; NaN where `on` does not vary."""
    result = np.full(len(values), np.nan)
    for (rows, y), (_, x) in zip(_windows(values, n), _windows(on, n), strict=True):
        x = x - x.mean(axis=1, keepdims=True)
        variance = (x * x).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (x * y).sum(axis=1) / variance
        result[rows] = np.where(variance > n * STILL**2, slope, np.nan)
    return result


@shared
def rolling_covariance(values: Array, n: int) -> Array:
    """Sample covariance (T, p, p) of the last n rows of values (T, p), ddof 1; NaN for columns not known throughout."""
    result = np.full((len(values), values.shape[1], values.shape[1]), np.nan)
    for rows, windows in _windows(values, n):
        apart = windows - windows.mean(axis=2, keepdims=True)
        pieces = (apart[:, :, start : start + PIECE] for start in range(0, n, PIECE))
        result[rows] = sum(piece @ piece.transpose(0, 2, 1) for piece in pieces) / (n - 1)
    return result


def change(values: Array, n: int) -> Array:
    """Change (T,) over the last n rows; NaN on the first n."""
    result = np.full(len(values), np.nan)
    result[n:] = values[n:] - values[:-n]
    return result


def scaled(values: Array, scale: float) -> Array:
    """Values over `scale`, held between -1 and 1."""
    return np.asarray(np.clip(values / scale, -1.0, 1.0))


@shared
def rolling_score(values: Array, n: int) -> Array:
    """Distance (T,) of each value from the mean of the last n, in their deviations; 0 where they stand still."""
    result = np.full(len(values), np.nan)
    for rows, windows in _windows(values, n):
        deviation = windows.std(axis=1, ddof=1)
        apart = values[rows] - windows.mean(axis=1)
        still = np.where(np.isnan(deviation), np.nan, 0.0)
        result[rows] = np.divide(apart, deviation, out=still, where=deviation > STILL)
    return result


@shared
def expanding_score(values: Array, least: int) -> Array:
    """Distance (T,) of each value from the mean of all known so far, in their standard deviations.

    NaN where the value is not known or fewer than `least` are; 0 where they stand still. Welford, Technometrics, 1962.
    """
    return scanned(compiled.expanding_score, values, least)


@shared
def hysteresis(score: Array, enter: float, leave: float) -> Array:
    """Position (T,): the sign of a score from where it passes `enter` until it falls back within `leave`.

    A score that is not known ends the position: NaN there, and nothing is held over.
    """
    return scanned(compiled.hysteresis, score, float(enter), float(leave))


@shared
def momentum(returns: Array, n: int, annual: int) -> Array:
    """Return (T,) of the last n bars in deviations of that return, from -1 to 1.

    The deviation is that of the last `annual` bars (Moskowitz, Ooi and Pedersen, J. Financial Economics 104, 2012).
    """
    result = np.full(len(returns), np.nan)
    for rows, windows in _windows(returns, n):
        result[rows] = windows.sum(axis=1)
    deviation = rolling_deviation(returns, annual) * np.sqrt(n)
    still = np.where(np.isnan(deviation), np.nan, 0.0)
    return scaled(np.divide(result, deviation, out=still, where=deviation > 0), 1.0)


def __getattr__(name: str) -> Any:
    if name == "excess_returns":
        warnings.warn(
            "strategies.signals.excess_returns is now local_excess_returns; the old name goes with the next release",
            DeprecationWarning,
            stacklevel=2,
        )
        return local_excess_returns
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
