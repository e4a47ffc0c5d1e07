"""A market under another convention: what a fund's duration is, what was known when, and what a short pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backtests.engine.carry import extra_borrow, flat_borrow
from data.calendars import PUBLICATION_LAG_DAYS
from data.countries import BASE, CPI_PACE
from data.market import Flags, Market
from data.pricing.bonds import Array

PUBLISHED = (*PUBLICATION_LAG_DAYS, CPI_PACE)  # figures that someone publishes, some time after their period


def scale_funds(market: Market, times: float) -> Market:
    """Multiply the duration of listed funds; their proxies, so their prices, stay."""
    listed = np.array([instrument.kind == "listed" for instrument in market.instruments])
    return replace(market, duration=market.duration * np.where(listed, times, 1.0))


def published_later(market: Market, months: int) -> Market:
    """Return the market on which every published figure is known so many months later.

    Rates and prices are known as before, and so is the index that inflation bonds carry, which lags by contract.
    """
    row = np.searchsorted(market.dates, months_before(market.dates, months), side="right") - 1
    later = {
        name: np.where(row >= 0, market.macro[name][np.maximum(row, 0)], np.nan)
        for name in PUBLISHED
        if name in market.macro
    }
    return replace(market, macro={**market.macro, **later})


def months_before(dates: NDArray[np.datetime64], months: int) -> NDArray[np.datetime64]:
    """Return the day (T,) so many months before each: of a month's last day a month's last day.

    >>> months_before(np.array(["2020-02-29", "2020-03-30"], dtype="datetime64[D]"), 1).astype(str).tolist()
    ['2020-01-31', '2020-02-29']
    """
    days = dates.astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    last = (month + 1).astype("datetime64[D]") - 1
    then = month - months
    ends = (then + 1).astype("datetime64[D]") - 1
    same = then.astype("datetime64[D]") + (days - month.astype("datetime64[D]"))
    return np.where(days == last, ends, np.minimum(same, ends))


def foreign_bonds(market: Market) -> Flags:
    """Legs (n,) that are bonds of a government abroad, which are lent special or not."""
    kinds = ("par_bond", "inflation_bond")
    return np.array([leg.kind in kinds and leg.currency != BASE for leg in market.instruments])


def borrow(market: Market, times: float, stepped: bool, special: float, extra: float) -> Array:
    """Fraction of notional (T, n) that a short pays over each bar; of bonds abroad `special` a year at the least."""
    fees = (market.borrow if stepped else flat_borrow(market)) * times
    least = extra_borrow(market, special) * foreign_bonds(market) if special else 0.0
    return np.asarray(np.maximum(fees, least) + extra_borrow(market, extra))
