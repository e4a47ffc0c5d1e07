"""Where each dollar came from: a bond's return in its parts, the ledger's other lines, by leg and by day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from backtests.engine.reconcile import TOLERANCE
from backtests.engine.result import BOOK_LINES, LEG_LINES, Result
from backtests.performance.repricing import PARTS, parts
from data.bars import previous
from data.errors import ReconciliationError
from data.market import Market
from data.pricing.bonds import Array

BOOK = "book"  # stands for the instrument of a line that belongs to no leg
REPRICED = ("price", "income")  # lines of the ledger whose place the parts take
LINES = (*PARTS, "fx", "funding", "borrow", "roll", "cost", *BOOK_LINES)
STORED = (*REPRICED, *LINES)  # what a run's table may hold: those of earlier versions have the ledger's lines
TRADED = tuple(line for line in STORED if line != "cash")  # what trading P&L is the sum of


def bond_lines(result: Result, market: Market, rows: slice) -> dict[str, Array]:
    """Return the parts (T, n) of what price and distributions made, USD: `units[t-1] * P[t-1] * S[t] * part`.

    `market` holds the variant's legs, `rows` is the window its result is of. Tax withheld from distributions is in
    `tracking`.

    Raises
    ------
    ReconciliationError
        A leg and day on which they miss the ledger's lines by more than 1e-9 of capital.
    """
    held = np.vstack([np.zeros_like(result.units[:1]), result.units[:-1]])
    price, fx = market.price[rows], market.fx[rows]
    dollars = held * previous(price) * fx
    by_leg = [parts(market, leg) for leg in market.names]
    lines = {part: dollars * np.column_stack([leg[part][rows] for leg in by_leg]) for part in PARTS}
    lines["tracking"] = lines["tracking"] + result.income - held * market.income[rows] * fx
    _check(result, lines, market.names)
    return lines


def _check(result: Result, lines: dict[str, Array], legs: Sequence[str]) -> None:
    total = np.sum(list(lines.values()), axis=0)
    ledger = np.sum([result.line(name) for name in REPRICED], axis=0)
    missed = np.argwhere(~(np.abs(total - ledger) <= TOLERANCE * result.capital))
    if len(missed):
        t, i = missed[0]
        raise ReconciliationError(
            f"{legs[i]} on {result.dates[t]}: the parts of its return come to {total[t, i]:.6f} USD, its price and "
            f"income to {ledger[t, i]:.6f}; please report this with the configuration"
        )


def by_line(result: Result, market: Market, rows: slice) -> dict[str, float]:
    """Sum of each line over the window, USD; together the P&L."""
    return {name: float(line.sum()) for name, line in _lines(result, market, rows).items()}


def _lines(result: Result, market: Market, rows: slice) -> dict[str, Array]:
    """Every line, (T, n) by leg or (T,) of the book."""
    bonds = bond_lines(result, market, rows)
    return {name: bonds[name] if name in bonds else result.line(name) for name in LINES}


def by_leg(result: Result, legs: Sequence[str]) -> dict[str, Array]:
    """Cumulative P&L (T,) of each leg after all its own lines, and of the book's margin, USD: the trading P&L."""
    total = sum(result.line(name) for name in LEG_LINES)
    paths = {leg: np.cumsum(np.asarray(total)[:, i]) for i, leg in enumerate(legs)}
    return {**paths, BOOK: np.cumsum(result.margin)}


def tidy(variant: str, result: Result, market: Market, rows: slice) -> pd.DataFrame:
    """One row per date, instrument and line that is not 0: date, variant, instrument, line, usd; sorted so."""
    instruments, names = sorted([*market.names, BOOK]), sorted(LINES)
    usd = np.zeros((len(result.dates), len(instruments), len(names)))
    legs = [instruments.index(leg) for leg in market.names]
    for name, line in _lines(result, market, rows).items():
        usd[:, instruments.index(BOOK) if name in BOOK_LINES else legs, names.index(name)] = line
    day, instrument, line_at = np.nonzero(usd)
    table = {
        "date": result.dates[day],
        "variant": variant,
        "instrument": np.array(instruments, dtype=object)[instrument],
        "line": np.array(names, dtype=object)[line_at],
        "usd": usd[day, instrument, line_at],
    }
    return pd.DataFrame(table)
