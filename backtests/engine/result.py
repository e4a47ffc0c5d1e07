"""Result: what an engine answers, and the lines that its equity is the sum of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.engine.book import Book
from data.bars import previous
from data.pricing.bonds import Array

LEG_LINES = ("price", "fx", "funding", "borrow", "roll", "income", "cost")
BOOK_LINES = ("cash", "margin")
LINES = (*LEG_LINES, *BOOK_LINES)


@dataclass(frozen=True)
class Result:
    """One variant's history, in USD; T rows, n legs. Row t of a line is earned over the bar that ends at t.

    `capital + sum of all lines up to t` is `equity[t]`.
    """

    dates: NDArray[np.datetime64]  # (T,)
    capital: float
    equity: Array  # (T,) after everything on the row
    units: Array  # (T, n) held after the row's fills
    traded: Array  # (T, n) units bought plus units sold on the row
    weights: Array  # (T, n) held notional / equity
    price: Array  # (T, n)
    fx: Array  # (T, n)
    funding: Array  # (T, n)
    borrow: Array  # (T, n)
    roll: Array  # (T, n)
    income: Array  # (T, n)
    cost: Array  # (T, n)
    cash: Array  # (T,)
    margin: Array  # (T,)
    notional: Array  # (T, n) traded notional, positive
    ruined: int | None = None  # row on which equity was gone

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def line(self, name: str) -> Array:
        """Return a ledger line (T, n), or (T,) for a line of the whole book."""
        if name not in LINES:
            raise KeyError(name)
        return np.asarray(getattr(self, name))

    def change(self) -> Array:
        """Sum of all lines (T,): what equity should have moved by."""
        legs = sum(self.line(name).sum(axis=1) for name in LEG_LINES)
        return np.asarray(legs + self.cash + self.margin)

    def imbalance(self) -> float:
        """Largest difference between equity and the sum of the lines, as a fraction of capital."""
        return float(np.abs(self.capital + np.cumsum(self.change()) - self.equity).max() / self.capital)


def lots_held(result: Result, lot: Array) -> Array:
    """Whole lots (T, n) held after each row, + long: the units over what a lot (T, n) was when they were last traded.

    NaN where any amount could be traded then.
    """
    row = np.maximum.accumulate(np.where(result.traded > 0, np.arange(len(lot))[:, None], 0), axis=0)
    bought = np.take_along_axis(lot, row, axis=0)
    unknown = np.full(lot.shape, np.nan)
    return np.asarray(np.round(np.divide(result.units, bought, out=unknown, where=bought > 0)))


def account(book: Book, units: Array, traded: Array, equity: Array, ruined: int | None) -> Result:
    """Return the result of a path of units, its lines worked out for all bars at once (docs/conventions.md).

    `equity` is what the engine says; whether the lines sum to it is for `Result.imbalance` to tell.
    """
    held = np.vstack([np.zeros_like(units[:1]), units[:-1]])
    before = {"price": previous(book.price), "fx": previous(book.fx)}
    notional = held * before["price"]
    wealth = np.concatenate([[book.capital], equity[:-1]])
    alive = np.ones(len(equity), dtype=bool)
    if ruined is not None:
        alive[ruined + 1 :] = False
    long = held > 0
    longs = np.where(long, notional * before["fx"], 0.0)
    borrowed = longs @ book.listed - wealth
    in_repo = np.maximum(0.0, longs @ book.bond - np.maximum(0.0, -borrowed))
    dollars = book.price * book.fx
    return Result(
        dates=book.dates,
        capital=book.capital,
        equity=equity,
        units=units,
        traded=traded,
        weights=np.divide(units * dollars, equity[:, None], out=np.zeros_like(units), where=(equity > 0)[:, None]),
        price=held * (book.price - before["price"]) * book.fx,
        fx=notional * (book.fx - before["fx"]) * book.fx_exposed,
        funding=-notional * np.where(long, book.funding_long, book.funding_short),
        borrow=-np.maximum(-notional, 0.0) * book.borrow * book.fx,
        roll=-np.abs(notional) * book.roll * book.fx,
        income=held * np.where(long, book.income_long, book.income_short) * book.fx,
        cost=-traded * dollars * book.spread,
        cash=wealth * book.cash * alive,
        margin=-(np.maximum(0.0, borrowed) * book.margin + in_repo * book.repo) * alive,
        notional=traded * dollars,
        ruined=ruined,
    )
