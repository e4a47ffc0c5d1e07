"""The plain engine: one scalar step per bar over arrays, and nothing else.

A bar, in this order: what was held earns and pays; orders decided earlier fill; the book is rebalanced; orders that
may fill on the same close do. Equity at or below zero at any of these points closes everything at that close.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backtests.engine.book import Book
from backtests.engine.result import BOOK_LINES, Result
from data.market import Flags
from data.pricing.bonds import Array

WHOLE_LOT = 1e-9  # of a lot: as near to a whole one as rounding errors come
LEAST = 1.0 - 1e-6  # of a lot: as near below one as rounding errors come


class Lines(NamedTuple):
    """What the walk writes: (T, n) by leg, (T,) for the book."""

    price: Array
    fx: Array
    funding: Array
    borrow: Array
    roll: Array
    income: Array
    cost: Array
    cash: Array
    margin: Array
    traded: Array
    notional: Array


class Path(NamedTuple):
    """Where the walk has been, and the orders it keeps on the way."""

    equity: Array  # (T,)
    units: Array  # (T, n) held after each row
    held: Array  # (n,) now
    lots: Array  # (n,) units of a lot when each leg was last traded; 0 where any amount was
    order: Array  # (n,) units that a waiting leg is to be traded to
    waiting: Flags  # (n,)
    due: Array  # (T + lag + 1, n) units ordered, on the row on which they may first fill


def run(book: Book) -> Result:
    """Walk the book bar by bar and return its result."""
    lines, path = blank(book)
    return result(book, lines, path, walk(book, lines, path))


def blank(book: Book) -> tuple[Lines, Path]:
    """Return lines and a path on which nothing has happened yet."""
    rows, legs = shape = book.price.shape
    lines = Lines(**{name: np.zeros(rows if name in BOOK_LINES else shape) for name in Lines._fields})
    path = Path(
        equity=np.zeros(rows),
        units=np.zeros(shape),
        held=np.zeros(legs),
        lots=np.zeros(legs),
        order=np.zeros(legs),
        waiting=np.zeros(legs, dtype=np.bool_),
        due=np.zeros((rows + book.lag + 1, legs)),
    )
    return lines, path


def result(book: Book, lines: Lines, path: Path, ruined: int) -> Result:
    """Return what the walk left behind; `ruined` is the row of ruin or -1."""
    dollars = path.units * book.price * book.fx
    solvent = (path.equity > 0)[:, None]
    return Result(
        dates=book.dates,
        capital=book.capital,
        equity=path.equity,
        units=path.units,
        weights=np.divide(dollars, path.equity[:, None], out=np.zeros(dollars.shape), where=solvent),
        ruined=None if ruined < 0 else ruined,
        **lines._asdict(),
    )


# ---- the walk: scalars and loops only, for kernel.py compiles these very functions


def walk(book: Book, lines: Lines, path: Path) -> int:
    """Fill `lines` and `path`; return the row of ruin or -1."""
    wealth, ruined = book.capital, -1
    for t in range(len(book.price)):
        if ruined < 0:
            wealth = step(book, lines, path, t, wealth)
            if wealth <= 0:
                wealth += close(book, lines, t, path.held)
                ruined = t
        path.equity[t] = wealth
        keep(book, path, t)
    return ruined


def keep(book: Book, path: Path, t: int) -> None:
    """Write down what is held after t."""
    copy(path.held, path.units[t])


def step(book: Book, lines: Lines, path: Path, t: int, wealth: float) -> float:
    """Take one bar: accrue, fill, decide; return equity after it."""
    wealth += accrue(book, lines, t, path.held, wealth)
    if wealth > 0:
        if book.lag and t >= book.lag and book.decides[t - book.lag]:
            copy(path.due[t], path.order)
            path.waiting[:] = True
        wealth += fill(book, lines, path, t)
    if wealth > 0 and book.decides[t]:
        decide(book, path, t, book.capital if book.fixed_base else wealth)
        if book.lag == 0:
            path.waiting[:] = True
            wealth += fill(book, lines, path, t)
    return wealth


def accrue(book: Book, lines: Lines, t: int, held: Array, wealth: float) -> float:
    """Everything earned and paid over the bar that ends at t on what was held; USD."""
    if t == 0:
        return 0.0
    lines.cash[t] = wealth * book.cash[t]
    total, listed, bonds = lines.cash[t], 0.0, 0.0
    for i in range(len(held)):
        q = held[i]
        if q == 0.0:
            continue
        before, now = book.price[t - 1, i], book.price[t, i]
        fx_before, fx = book.fx[t - 1, i], book.fx[t, i]
        notional = q * before
        if q > 0.0:
            borrow = 0.0
            funding = -notional * book.funding_long[t, i]
            income = q * book.income_long[t, i] * fx
            if book.listed[i]:
                listed += notional * fx_before
            elif book.bond[i]:
                bonds += notional * fx_before
        else:
            borrow = notional * book.borrow[t, i] * fx
            funding = -notional * book.funding_short[t, i]
            income = q * book.income_short[t, i] * fx
        price = q * (now - before) * fx
        currency = notional * (fx - fx_before) * book.fx_exposed[i]
        roll = -abs(notional) * book.roll[t, i] * fx
        put(lines.price, t, i, price)
        put(lines.fx, t, i, currency)
        put(lines.funding, t, i, funding)
        put(lines.borrow, t, i, borrow)
        put(lines.roll, t, i, roll)
        put(lines.income, t, i, income)
        total += price + currency + funding
        total += borrow + roll + income
    borrowed = listed - wealth
    if borrowed > 0.0:
        lines.margin[t] = -(borrowed * book.margin[t] + bonds * book.repo[t])
    elif bonds + borrowed > 0.0:
        lines.margin[t] = -(bonds + borrowed) * book.repo[t]
    return float(total + lines.margin[t])


def put(line: Array, t: int, i: int, amount: float) -> None:
    """Write what leg i earned over the bar that ends at t into its line."""
    line[t, i] = amount


def add(line: Array, t: int, i: int, amount: float) -> None:
    """Add to what a line says of leg i at the close of t: a leg may trade twice there."""
    line[t, i] += amount


def fill(book: Book, lines: Lines, path: Path, t: int) -> float:
    """Trade every waiting leg that can trade at t to its ordered units; return the cost, negative USD."""
    total = 0.0
    for i in range(len(path.held)):
        if path.waiting[i] and book.tradable[t, i]:
            size = path.order[i] - path.held[i]
            if abs(size) > WHOLE_LOT * book.lot[t, i]:  # less is a rounding error
                total += trade(book, lines, t, i, path.held, size)
                path.lots[i] = book.lot[t, i]
            path.waiting[i] = False
    return total


def trade(book: Book, lines: Lines, t: int, i: int, held: Array, size: float) -> float:
    """Buy or sell `size` units of leg i at the close of t; return the cost, negative USD."""
    if size == 0.0:
        return 0.0
    notional = abs(size) * book.price[t, i] * book.fx[t, i]
    cost = -notional * book.spread[t, i]
    held[i] += size
    add(lines.traded, t, i, abs(size))
    add(lines.notional, t, i, notional)
    add(lines.cost, t, i, cost)
    return float(cost)


def pending(book: Book, t: int) -> int:
    """Row of the latest decision whose orders are still on their way at t, or -1."""
    for row in range(t - 1, max(t - book.lag, -1), -1):
        if book.decides[row]:
            return row
    return -1


def decide(book: Book, path: Path, t: int, base: float) -> None:
    """Write the units wanted from t on where orders for them are kept.

    A decision finds the units of the latest order still on its way, else those held. Inside the band it keeps all of
    them, so that orders kept waiting lapse; it keeps those of a leg of which it wants as many whole lots as it finds,
    for a lot may be other units by now. A leg of which it wants none is closed.
    """
    row = pending(book, t)
    expected = path.held if row < 0 else path.due[row + book.lag]
    wanted = ordered(book, path, t)
    outside = False
    for i in range(len(expected)):
        units = book.targets[t, i] * base / (book.price[t, i] * book.fx[t, i])
        lot = book.lot[t, i]
        if lot > 0.0:
            whole = np.floor(abs(units) / lot + WHOLE_LOT)
            bought = path.lots[i] if expected[i] == path.held[i] else book.lot[row, i]
            if whole > 0.0 and units * expected[i] > 0.0 and as_many(whole, abs(expected[i]), lot, bought):
                units = expected[i]
            else:
                units = np.sign(units) * whole * lot
        wanted[i] = units
        outside = outside or abs(units - expected[i]) > book.band[t] * abs(units)
    if not outside:
        copy(expected, wanted)


def ordered(book: Book, path: Path, t: int) -> Array:
    """Where the units (n,) that are decided at t are written."""
    return path.due[t + book.lag] if book.lag else path.order


def copy(source: Array, into: Array) -> None:
    """Write a row over another, leg by leg: compiled, a slice would look whether the two overlap."""
    for i in range(len(source)):
        into[i] = source[i]


def as_many(whole: float, held: float, lot: float, bought: float) -> bool:
    """Whether `held` units, bought when a lot was `bought` units, are as many whole lots as `whole`.

    What any amount could be bought of, `bought` being 0, is as many as the whole lots on either side of it.
    """
    if bought > 0.0:
        return bool(whole == np.floor(held / bought + 0.5))
    return bool(abs(whole * lot - held) < LEAST * lot)


def close(book: Book, lines: Lines, t: int, held: Array) -> float:
    """Close every position at the close of t; return the cost, negative USD."""
    total = 0.0
    for i in range(len(held)):
        total += trade(book, lines, t, i, held, -held[i])
    return total
