"""Book, all that an engine is given: a window of a market in one currency treatment, capped targets, a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.engine.carry import Basis, Treatment, exposed, funding
from data.bars import bar_days
from data.market import MORE_THAN_WEEKLY, Flags, Market
from data.pricing.bonds import Array

Every = Literal["bar", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class Terms:
    """How a variant is run: the account, the currency treatment and the clock."""

    capital: float = 10_000_000.0  # USD
    size_on: Literal["equity", "capital"] = "equity"
    max_gross: float = 10.0  # sum of absolute weights
    cash_interest: bool = True
    margin_spread: float = 0.0075  # a year, on listed longs above equity
    repo_spread: float = 0.0005  # a year, on bond longs above what equity then has left
    withholding: float = 0.0  # of distributions that a long is paid; a short owes them whole
    currency: Treatment = "repo"
    basis: Basis = None  # a year, added to the own rate of fx_swap longs
    lag: int = 0  # bars from decision to fill: 0 same close, 1 next close
    every: Every = "bar"
    band: float = 0.0  # of target units; inside it nothing trades


class Book(NamedTuple):
    """Arrays an engine walks through: T rows, n legs. Rates are fractions over the bar that ends on the row."""

    dates: NDArray[np.datetime64]  # (T,)
    price: Array  # (T, n) local
    fx: Array  # (T, n) USD per local unit
    fx_exposed: Array  # (n,) 1 where the notional bears currency moves, else 0
    funding_long: Array  # (T, n) USD fraction of local notional that a long pays, already times the FX it is paid at
    funding_short: Array  # (T, n) what a short receives, likewise
    borrow: Array  # (T, n)
    roll: Array  # (T, n)
    income_long: Array  # (T, n) local per unit, after withholding
    income_short: Array  # (T, n) local per unit
    spread: Array  # (T, n) half-spread, fraction of price
    lot: Array  # (T, n) units; 0 = any amount
    tradable: Flags  # (T, n)
    listed: Flags  # (n,)
    bond: Flags  # (n,) par and inflation bonds, which are financed in repo
    cash: Array  # (T,) fraction of equity earned; 0 on the first row
    margin: Array  # (T,) fraction of listed longs above equity paid; 0 on the first row
    repo: Array  # (T,) fraction paid of bond longs above what equity has left; 0 on the first row
    targets: Array  # (T, n) weights, capped
    decides: Flags  # (T,) rows on which the book is rebalanced
    lag: int
    band: Array  # (T,) of target units: inside it nothing trades; 0 where a trade opens or closes
    capital: float
    fixed_base: bool  # size on capital rather than on equity


def prepare(market: Market, targets: Array, rows: slice, terms: Terms, forced: Flags | None = None) -> Book:
    """Cut the window out of a market and put it in the variant's currency treatment.

    `targets (T, n)` are the strategy's weights on the whole market; `rows` is the window traded; on rows `forced (T,)`
    the strategy decides whatever the clock and the band say.
    """
    fx = market.fx
    long, short = funding(market, terms.currency, terms.basis)
    own = np.zeros(len(market.dates), dtype=bool) if forced is None else forced
    years = bar_days(market.dates) / market.countries.home.day_count
    cash = market.cash if terms.cash_interest else np.zeros_like(market.cash)
    return Book(
        dates=market.dates[rows],
        price=market.price[rows],
        fx=fx[rows],
        fx_exposed=exposed(market, terms.currency),
        funding_long=long[rows],
        funding_short=short[rows],
        borrow=market.borrow[rows],
        roll=market.roll[rows],
        income_long=market.income[rows] * (1.0 - terms.withholding),
        income_short=market.income[rows],
        spread=market.spread[rows],
        lot=market.lot[rows],
        tradable=market.tradable[rows],
        listed=np.array([i.kind == "listed" for i in market.instruments]),
        bond=np.array([i.kind in ("par_bond", "inflation_bond") for i in market.instruments]),
        cash=_from_second_row(cash[rows]),
        margin=_from_second_row(terms.margin_spread * years[rows]),
        repo=_from_second_row(terms.repo_spread * years[rows]),
        targets=capped(targets[rows], terms.max_gross),
        decides=decisions(market.dates[rows], terms.every, market.periods_per_year) | own[rows],
        lag=terms.lag,
        band=np.where(own[rows], 0.0, terms.band),
        capital=terms.capital,
        fixed_base=terms.size_on == "capital",
    )


def _from_second_row(rates: Array) -> Array:
    """Nothing is earned over the bar that ends where the window begins."""
    rates = rates.copy()
    rates[:1] = 0.0
    return rates


def capped(weights: Array, max_gross: float) -> Array:
    """Scale a row's weights down together where they sum, in absolute value, to more than `max_gross`."""
    gross = np.abs(weights).sum(axis=1)
    over = gross > max_gross
    scale = np.divide(max_gross, gross, out=np.ones_like(gross), where=over)
    return np.asarray(weights * scale[:, None])


def decisions(dates: NDArray[np.datetime64], every: Every, periods_per_year: float) -> Flags:
    """Rows (T,) on which the book is rebalanced.

    Always the first. On daily rows, the first bar of a new period; on week and month ends, the row that ends the
    period, which the calendar tells without knowing the next row.
    """
    coarse = periods_per_year <= MORE_THAN_WEEKLY
    if every == "bar" or (every == "week" and coarse):  # a week or month end ends at least a week
        return np.ones(len(dates), dtype=bool)
    if not coarse:
        period = _period(dates, every)
        return np.concatenate([[True], period[1:] != period[:-1]])
    if periods_per_year > 12.5:
        week_end = _friday(dates)
        fires = _period(week_end + np.timedelta64(7, "D"), every) != _period(week_end, every)
    else:
        month = dates.astype("datetime64[M]")
        fires = _period(month + 1, every) != _period(month, every)
    fires[0] = True
    return np.asarray(fires)


def _friday(dates: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """The Friday of each date's week: a week cut short by a holiday is still that week."""
    days = dates.astype("datetime64[D]").astype(np.int64)
    return ((days + 3) // 7 * 7 + 1).astype("datetime64[D]")  # 1970-01-01 was a Thursday


def _period(dates: NDArray[np.datetime64], every: Every) -> NDArray[np.int64]:
    if every == "week":
        return (dates.astype("datetime64[D]").astype(np.int64) + 3) // 7  # Monday to Sunday
    months = dates.astype("datetime64[M]").astype(np.int64)
    return months // {"month": 1, "quarter": 3, "year": 12}[every]
