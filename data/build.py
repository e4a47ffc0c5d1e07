"""Tables -> Market: prices from curves, what money costs, what is known when."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.bars import bar_days, previous
from data.calendars import known_at, reference_ahead, reference_cpi
from data.countries import BASE, CPI_PACE, KNOWN_FUNDING, REFERENCE_AHEAD, REFERENCE_CPI, Country
from data.errors import DataError
from data.instruments import Instrument, check_country
from data.market import Flags, Market, stepped
from data.pricing.bonds import Array, par_duration, par_return
from data.pricing.contracts import par_factor
from data.pricing.curves import DAYS_A_YEAR, PLAUSIBLE_YIELDS, Curve, Interpolation
from data.tables import Tables

logger = logging.getLogger(__name__)

START = 100.0  # of an index


@dataclass(frozen=True)
class _Leg:
    """One instrument's columns on the market's rows."""

    dates: NDArray[np.datetime64]
    price: Array
    duration: Array
    exists: Flags
    tradable: Flags
    no_rolldown: Flags
    income: Array
    lot: Array
    proxy: Flags
    quoted: Array


COLUMNS = ("price", "duration", "exists", "tradable", "no_rolldown", "income", "lot", "proxy", "quoted")


@dataclass(frozen=True)
class _Money:
    """Calendar and overnight rates on the market's rows."""

    dates: NDArray[np.datetime64]
    days: Array  # (T,) calendar days of the bar; 0 on the first row
    overnight: dict[str, Array]  # currency -> (T,) fraction over the bar; NaN where unknown
    fx: dict[str, Array]  # currency -> (T,) USD per local unit


def build(tables: Tables, instruments: Sequence[Instrument], interpolation: Interpolation = "linear") -> Market:
    """Return the market of `instruments`, with all the history the tables hold.

    Raises
    ------
    DataError
        An instrument whose curve or currency the tables lack, or yields, rates or dates that are impossible.
    """
    countries = tables.countries
    for instrument in instruments:
        check_country(instrument, countries)
    money = _money(tables)
    dates = money.dates
    rows = tables.dates  # a curve quoted on a day that is no row must not make two bars of one
    curves = {
        name: _curve(name, frame.loc[frame.index.isin(rows)], interpolation, countries.of_curve(name))
        for name, frame in tables.yields.items()
    }
    known = np.isfinite(money.overnight[BASE])
    legs = [_leg(instrument, tables, curves, money, known) for instrument in instruments]
    _log(legs, instruments)
    matrix = {name: np.column_stack([getattr(leg, name) for leg in legs]) for name in COLUMNS}
    spread = np.column_stack([_spread(i, leg) for i, leg in zip(instruments, legs, strict=True)])
    usd = np.nan_to_num(money.overnight[BASE])
    return Market(
        dates=dates,
        instruments=tuple(instruments),
        funding=np.column_stack([np.nan_to_num(money.overnight[i.currency]) for i in instruments]),
        borrow=np.column_stack([_borrow(i, money, countries.of(i)) for i in instruments]),
        roll=_roll(instruments, spread, money.days),
        spread=spread,
        fx=np.column_stack([money.fx[i.currency] for i in instruments]),
        usd=usd,
        cash=usd.copy(),
        curves={name: curve.on(dates) for name, curve in curves.items()},
        macro=_known(tables, dates),
        periods_per_year=tables.periods_per_year,
        countries=countries,
        **matrix,
    )


def _log(legs: Sequence[_Leg], instruments: Sequence[Instrument]) -> None:
    """Say from when to when each leg exists, and how much of it is modelled."""
    if not logger.isEnabledFor(logging.INFO):
        return
    for instrument, leg in zip(instruments, legs, strict=True):
        days = leg.dates[leg.exists]
        span = f"{len(days)} rows, {days[0]} to {days[-1]}" if len(days) else "no row"
        proxied = f", {leg.proxy.sum()} of them by its proxy" if leg.proxy.any() else ""
        logger.info("%s exists on %s%s", instrument.name, span, proxied)
        logger.debug("%s has no roll-down on %d bars", instrument.name, leg.no_rolldown.sum())


def _known(tables: Tables, dates: NDArray[np.datetime64]) -> dict[str, Array]:
    """What was known on each row: published figures after their lag, and the overnight rates paid up to it, a year."""
    published = {name: known_at(name, values, dates) for name, values in tables.macro.items()}
    rates = {}
    for currency, rate in (tables.known_overnight or tables.overnight).items():
        for country in (row for row in tables.countries if row.currency == currency):
            known = rate.reindex(tables.dates).to_numpy(dtype=float, copy=True)
            rates[f"{country.code}_overnight"] = known
            if tables.known_overnight:
                rates[f"{country.code}{KNOWN_FUNDING}"] = np.nan_to_num(known) * bar_days(dates) / country.day_count
    ahead, pace = reference_ahead(tables.cpi, dates)
    reference = {
        REFERENCE_CPI: reference_cpi(tables.cpi, dates),  # its months came out weeks before
        **{name: ahead[:, month].copy() for month, name in enumerate(REFERENCE_AHEAD)},
        CPI_PACE: pace,
    }
    return {**published, **rates, **reference}


def _days(index: pd.Index) -> NDArray[np.datetime64]:
    return index.to_numpy().astype("datetime64[D]")


def _money(tables: Tables) -> _Money:
    index = tables.dates
    dates = _days(index)
    days = bar_days(dates)
    rates = {currency: rate.reindex(index).to_numpy(dtype=float) for currency, rate in tables.overnight.items()}
    for currency, rate in rates.items():
        _check_rate(currency, rate, dates)
    countries = {currency: tables.countries.of_currency(currency) for currency in (*rates, *tables.fx)}
    overnight = {currency: rate * days / countries[currency].day_count for currency, rate in rates.items()}
    fx = {currency: _fx(countries[currency], quoted.reindex(index), dates) for currency, quoted in tables.fx.items()}
    return _Money(dates, days, overnight, {BASE: np.ones(len(dates)), **fx})


def _fx(country: Country, quoted: pd.Series, dates: NDArray[np.datetime64]) -> Array:
    """USD (T,) per unit of a country's currency, from its exchange rate as quoted."""
    rate = quoted.to_numpy(dtype=float)
    wrong = np.flatnonzero(rate <= 0)
    if wrong.size:
        units = {"units_per_usd": f"{country.money} per dollar", "usd_per_unit": f"dollars per {country.money}"}
        raise DataError(
            f"{country.fx} on {dates[wrong[0]]} is {rate[wrong[0]]:g}; "
            f"expected {units[str(country.fx_quoted)]}, above 0"
        )
    return 1.0 / rate if country.fx_quoted == "units_per_usd" else rate.copy()


def _check_rate(currency: str, rate: Array, dates: NDArray[np.datetime64]) -> None:
    low, high = PLAUSIBLE_YIELDS
    bad = np.flatnonzero((rate < low) | (rate > high))
    if bad.size:
        raise DataError(
            f"the {currency} overnight rate on {dates[bad[0]]} is {rate[bad[0]]:g}; "
            f"expected between {low} and {high} (decimals: 4.25 % is 0.0425)"
        )


def _curve(name: str, frame: pd.DataFrame, interpolation: Interpolation, country: Country) -> Curve:
    quoted = frame.dropna(how="all")
    return Curve(
        name,
        _days(quoted.index),
        quoted.columns.to_numpy(dtype=float),
        quoted.to_numpy(dtype=float, copy=True),
        interpolation,
        coupons=country.coupons,
    )


def _leg(instrument: Instrument, tables: Tables, curves: dict[str, Curve], money: _Money, known: Flags) -> _Leg:
    _check_held(instrument, tables, money)
    known = known & np.isfinite(money.overnight[instrument.currency]) & np.isfinite(money.fx[instrument.currency])
    if instrument.kind == "cash":
        price, exists = _index(money.overnight[instrument.currency], known)
        none = np.where(exists, 0.0, np.nan)
        return _plain(instrument, money.dates, price, none, exists, exists, np.zeros_like(exists))
    if instrument.unmodelled:
        given = np.full(len(money.dates), np.nan if instrument.duration is None else instrument.duration)
        return _traded(instrument, _nothing(instrument, money), given, tables, known)
    curve = curves[str(instrument.curve)]
    if instrument.kind == "future":
        known = known & (money.dates >= np.datetime64(instrument.listed_on or date.min))
    bond = _bond(instrument, curve, tables.cpi, money.dates, known) if len(curve.dates) else _nothing(instrument, money)
    if instrument.kind == "future":
        return replace(bond, lot=_contract(instrument, bond, curve))
    if instrument.kind != "listed":
        return bond
    return _traded(instrument, bond, _near(curve, instrument.maturity, money.dates), tables, known)


def _traded(instrument: Instrument, modelled: _Leg, near: Array, tables: Tables, known: Flags) -> _Leg:
    """A listed name at its prices from the day it was listed, and as its proxy where it has none."""
    prices = tables.prices.get(instrument.name)
    table = (
        None if prices is None else prices.loc[prices.index >= pd.Timestamp(instrument.listed_on or date(1900, 1, 1))]
    )
    if table is None or table.empty:
        return replace(modelled, lot=np.zeros(len(modelled.dates)), proxy=modelled.exists)
    return _listed(instrument, modelled, near, table, tables.carried_days, known)


def _check_held(instrument: Instrument, tables: Tables, money: _Money) -> None:
    """Raise DataError where the tables lack an instrument's curve, or its currency's overnight or exchange rate."""
    country, curve = tables.countries.of(instrument), instrument.curve
    if curve is not None and curve not in tables.yields:
        held, series = ", ".join(tables.yields), country.curves[curve]
        raise DataError(
            f"{instrument.name}: the {tables.source} data holds no curve '{curve}', only {held}; "
            f"give a folder or a store that holds the series {series}"
        )
    rates = ("overnight rate", money.overnight, " or ".join(country.overnight))
    for what, by_currency, name in (rates, ("exchange rate", money.fx, str(country.fx))):
        if instrument.currency not in by_currency:
            raise DataError(
                f"{instrument.name}: the {tables.source} data holds no {what} of {instrument.currency}, only of "
                f"{', '.join(by_currency)}; give a folder or a store that holds the series {name}"
            )


def _plain(
    instrument: Instrument,
    dates: NDArray[np.datetime64],
    price: Array,
    duration: Array,
    exists: Flags,
    tradable: Flags,
    no_rolldown: Flags,
) -> _Leg:
    """One leg that pays no income, in its own lots."""
    return _Leg(
        dates=dates,
        price=price * instrument.multiplier,
        duration=duration,
        exists=exists,
        tradable=tradable,
        no_rolldown=no_rolldown,
        income=np.zeros(len(price)),
        lot=np.full(len(price), instrument.lot),
        proxy=np.zeros(len(price), dtype=bool),
        quoted=np.full(len(price), np.nan),
    )


def _contract(instrument: Instrument, bond: _Leg, curve: Curve) -> Array:
    """Units (T,) of the index that have the value of a contract's lot: its face of the par bond over its factor."""
    factor = par_factor(curve.on(bond.dates).at(instrument.maturity), instrument.maturity, curve.coupons)
    return np.where(bond.exists, instrument.lot * instrument.face / (factor * bond.price), 0.0)


def _nothing(instrument: Instrument, money: _Money) -> _Leg:
    never = np.zeros(len(money.dates), dtype=bool)
    nothing = np.full(len(money.dates), np.nan)
    return _plain(instrument, money.dates, nothing, nothing, never, never, never)


def _near(curve: Curve, maturity: float, dates: NDArray[np.datetime64]) -> Array:
    """Duration (T,) at the yield of the tenor nearest to a maturity: how a fund is sized where its proxy is not."""
    yields = curve.on(dates).yields
    apart = np.where(np.isnan(yields), np.inf, np.abs(curve.tenors - maturity))
    return par_duration(yields[np.arange(len(dates)), apart.argmin(axis=1)], maturity, curve.coupons)


def _listed(
    instrument: Instrument, bond: _Leg, near: Array, table: pd.DataFrame, carried_days: int, known: Flags
) -> _Leg:
    """Traded prices where they are stored, its proxy chained on before, between and after, so that no bar jumps.

    The price is the traded one where history begins with it; after a proxy it goes on from the proxy's level, and lot
    and income are scaled likewise. A bar is real where both its ends are priced.
    """
    dates, days = bond.dates, _days(table.index)
    row = np.maximum(np.searchsorted(days, dates, side="right") - 1, 0)
    session = (days[row] == dates) & known
    holiday = np.diff(days).astype(int) <= carried_days  # whether the next price is that near, or past a hole
    closed = np.append(holiday, False)
    priced = known & (dates >= days[0]) & (session | closed[row])
    raw = np.where(priced, table["price"].to_numpy(dtype=float)[row], np.nan)
    real = priced & _after(priced)
    returns = np.where(real, raw / previous(raw), bond.price / previous(bond.price)) - 1.0
    level, exists = _index(returns, priced | bond.exists, np.where(priced & ~_after(bond.exists), raw, START))
    scale = np.where(priced, level / raw, np.nan)
    return _Leg(
        dates=dates,
        price=level * instrument.multiplier,
        duration=np.where(exists, np.where(np.isnan(bond.duration), near, bond.duration), np.nan),
        exists=exists,
        tradable=exists & np.where(priced, session, bond.tradable),
        no_rolldown=bond.no_rolldown & ~real,
        income=np.where(real, _paid(table, dates) * scale * instrument.multiplier, 0.0),
        lot=np.where(priced, instrument.lot / scale, 0.0),
        proxy=exists & ~real & (not instrument.unmodelled),
        quoted=np.where(priced & session, _quoted(table)[row], np.nan),
    )


def _quoted(table: pd.DataFrame) -> Array:
    """Price (T,) at which a share changed hands on each day; NaN where only adjusted prices are known."""
    closes = table["close"] if "close" in table else pd.Series(np.nan, table.index)
    return np.asarray(closes, dtype=float)


def _paid(table: pd.DataFrame, dates: NDArray[np.datetime64]) -> Array:
    """Income per unit (T,) whose ex-date falls after the row before and on or before each row."""
    total = np.concatenate([[0.0], np.cumsum(table["income"].to_numpy(dtype=float))])
    return np.diff(total[np.searchsorted(_days(table.index), dates, side="right")], prepend=0.0)


def _after(flags: Flags) -> Flags:
    """Whether the row before each was flagged."""
    return np.concatenate([[False], flags[:-1]])


def _bond(instrument: Instrument, curve: Curve, cpi: pd.Series, dates: NDArray[np.datetime64], known: Flags) -> _Leg:
    """Index, duration and existence of a par bond: it moves on its curve's own dates and is carried between them."""
    bars = curve.bars(instrument.maturity)
    par = curve.at(instrument.maturity)
    aged = ~np.isnan(bars.aged) & instrument.rolldown
    gross = 1.0 + par_return(bars.coupon, np.where(aged, bars.aged, bars.unaged), bars.life, curve.coupons)
    quoted = ~np.isnan(par)
    if instrument.indexed:
        base = reference_cpi(cpi, curve.dates)
        gross *= base / previous(base)
        quoted &= ~np.isnan(base)
    dt = bar_days(curve.dates) / DAYS_A_YEAR
    returns = gross - 1.0 - instrument.fee * dt
    row = np.maximum(np.searchsorted(curve.dates, dates, side="right") - 1, 0)
    inside = (dates >= curve.dates[0]) & (dates <= curve.dates[-1])
    session = curve.dates[row] == dates
    price, exists = _index(np.where(session, returns[row], 0.0), quoted[row] & inside & known)
    duration = np.where(exists, par_duration(par, instrument.maturity, curve.coupons)[row], np.nan)
    no_rolldown = exists & _after(exists) & session & ~aged[row]
    return _plain(instrument, dates, price, duration, exists, exists & session, no_rolldown)


def _index(returns: Array, quoted: Flags, base: Array | float = START) -> tuple[Array, Flags]:
    """Return the index (T,), `base` on the first row of each unbroken stretch, and where it exists.

    A row that is quoted but cannot be reached from the row before it ends the stretch and belongs to none.
    """
    exists = quoted.copy()
    price = np.full(len(returns), np.nan)
    first = np.broadcast_to(base, returns.shape)
    for t in np.flatnonzero(quoted):
        if t and exists[t - 1]:
            exists[t] = not np.isnan(returns[t])
            price[t] = price[t - 1] * (1.0 + returns[t])  # NaN where the bar cannot be priced
        else:
            price[t] = first[t]
    return price, exists


def _spread(instrument: Instrument, leg: _Leg) -> Array:
    """Half-spread (T,) as a fraction of price: bonds are quoted in yield, listed names and cash in price."""
    if instrument.kind in ("par_bond", "inflation_bond"):
        return instrument.half_spread * leg.duration
    return np.where(leg.exists, instrument.half_spread, np.nan)


def _roll(instruments: Sequence[Instrument], spread: Array, days: Array) -> Array:
    """Cost (T, n) over each bar of the round trips that keep a maturity constant, at the spread of the bar's start."""
    trips = np.array([instrument.rolls_per_year for instrument in instruments])
    return np.nan_to_num(trips * 2.0 * previous(spread) * (days / DAYS_A_YEAR)[:, None])


def _borrow(instrument: Instrument, money: _Money, country: Country) -> Array:
    """Fraction of notional (T,) a short pays over each bar; a step applies to bars that end on or after it."""
    rate = stepped(money.dates, instrument.borrow, instrument.borrow_steps)
    return rate * money.days / country.day_count
