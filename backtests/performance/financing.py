"""What a book ties up and what its shorts could bear: initial margin, and the borrow that would leave it with nothing.

Neither is a line of the ledger: margin ties equity up and costs nothing, and the borrow is one that was not paid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.engine.book import Book
from backtests.engine.carry import extra_borrow
from backtests.engine.result import Result, lots_held
from backtests.performance.metrics import Metric
from data.instruments import Instrument
from data.market import Market
from data.pricing.bonds import Array
from data.pricing.contracts import par_factor

EXACT = 1e-7  # of capital, by which a P&L may miss zero before the search goes on
NEAR = 1e-4  # of capital: as near as whole lots may let it come
TRIES = 20
LENT = ("par_bond", "inflation_bond", "listed")  # kinds that are borrowed to be short of


# ---- initial margin


@dataclass(frozen=True)
class Margin:
    """Initial margin of a book and what it leaves (T,), USD, after each row's fills."""

    dates: NDArray[np.datetime64]
    capital: float
    used: Array
    free: Array  # equity less what is used

    @property
    def share(self) -> Array:
        """What is used over equity (T,); 0 once that is gone."""
        equity = self.free + self.used
        return np.divide(self.used, equity, out=np.zeros(len(equity)), where=equity > 0)

    @property
    def worst(self) -> int:
        """The row on which least is free."""
        return int(self.free.argmin())


def margin(market: Market, rows: slice, result: Result) -> Margin:
    """Return the initial margin of what a result held on `rows` of its market."""
    used = by_leg(market, rows, result).sum(axis=1)
    return Margin(result.dates, result.capital, used, result.equity - used)


def by_leg(market: Market, rows: slice, result: Result) -> Array:
    """Initial margin (T, n), USD: of notional, of a future with a figure a contract by its contracts."""
    local = np.abs(result.units * market.price[rows])
    held = np.abs(lots_held(result, market.lot[rows]))
    fx = market.fx[rows]
    legs = [
        _of_contracts(market, rows, i, local[:, i], held[:, i]) * float(leg.initial_margin or 0.0)
        if by_contract(leg)
        else local[:, i] * leg.margin_rate
        for i, leg in enumerate(market.instruments)
    ]
    return np.where(result.units == 0.0, 0.0, np.column_stack(legs) * fx)


def by_contract(leg: Instrument) -> bool:
    """Whether an instrument is margined by the contract rather than by its notional."""
    return leg.kind == "future" and leg.initial_margin is not None


def _of_contracts(market: Market, rows: slice, i: int, local: Array, lots: Array) -> Array:
    """Contracts (T,) that a future of `local` notional is; whole ones where it trades in lots."""
    leg = market.instruments[i]
    par = market.curves[str(leg.curve)].at(leg.maturity)[rows]
    any_amount = local * par_factor(par, leg.maturity, market.countries.of(leg).coupons) / leg.face
    return np.where(np.isnan(lots), any_amount, lots * leg.lot)


def margin_figures(of: Margin) -> dict[str, Metric]:
    """Margin used over equity, on average and at most, and the least that was free, and when."""
    return {
        "initial_margin": float(of.share.mean()),
        "initial_margin_max": float(of.share.max()),
        "free_margin_least": float(of.free[of.worst]),
        "free_margin_day": str(of.dates[of.worst].astype("datetime64[D]")),
    }


# ---- the borrow that would leave nothing


def dearer(market: Market, rows: slice) -> Array:
    """Fraction of notional (T, n) that 100 % a year on top costs a short over each bar; nothing of futures and cash."""
    lent = np.array([float(leg.kind in LENT) for leg in market.instruments])
    return np.asarray(extra_borrow(market, 1.0)[rows] * lent)


def breakeven_borrow(book: Book, result: Result, each: Array, engine: Callable[[Book], Result]) -> float | None:
    """Return what its shorts could cost on top, a year, before trading P&L is nothing; negative where it is already.

    `each (T, n)` is what `dearer` says. With sizes on capital it is trading P&L over `sum |short N| S days / day
    count`, but for what is borrowed on margin; with sizes on equity the book is smaller for what it has paid, and the
    rate is found by walking it again. None where it is never short, is ruined, or no rate leaves nothing.
    """
    at_first = trading_pnl(result)
    paid = float((np.maximum(-_notional(book, result), 0.0) * each * book.fx).sum())
    if result.ruined is not None or paid <= 0.0:
        return None
    rate, before, rate_before = at_first / paid, at_first, 0.0
    best = np.inf, rate
    for _ in range(TRIES):
        left = trading_pnl(engine(book._replace(borrow=book.borrow + rate * each)))
        best = min(best, (abs(left), rate))
        if abs(left) <= EXACT * book.capital or left == before:
            break
        rate, rate_before, before = rate - left * (rate - rate_before) / (left - before), rate, left
    return best[1] if best[0] <= NEAR * book.capital else None


def trading_pnl(result: Result) -> float:
    """P&L without the interest on equity, USD."""
    return float(result.equity[-1] - result.capital - result.cash.sum())


def _notional(book: Book, result: Result) -> Array:
    """Local notional (T, n) at each bar's start of what was held over it."""
    held = np.zeros_like(result.units)
    held[1:] = result.units[:-1] * book.price[:-1]
    return held
