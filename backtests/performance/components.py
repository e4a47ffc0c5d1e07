"""Where a blend's profit came from, signal by signal: each leg's lines split by the components' own targets.

A leg held is the net of what the components want of it. Each component is taken to hold what it wanted, long or short,
before netting, and is given what that alone would have earned and paid. What the book's lines differ from the sum of
these by (costs, rolls and borrow that netting saves, lots, two funding rates) is shared out by the size of what each
holds, of costs by the size of what each trades, so that the components sum to the book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtests.engine.book import Book
from backtests.engine.result import LEG_LINES, Result, account
from data.pricing.bonds import Array

SAME = 1e-9  # of a leg's gross: units this close to each other are the same


def by_component(book: Book, result: Result, components: Mapping[str, Array]) -> dict[str, Array]:
    """P&L (T, n) of each component by leg, USD; they sum to the legs' lines on every bar.

    `components` are targets (T, n) on the book's rows, before any cap on the book's gross; {} gives {}.
    """
    if not components:
        return {}
    units = _units(book, result, np.stack(list(components.values())))
    share = _shares(np.abs(units), np.abs(np.diff(units, axis=1, prepend=0.0)))
    alone = [account(book, held, np.zeros_like(held), result.equity, result.ruined) for held in units]
    total = np.zeros_like(units)
    for line in LEG_LINES:
        actual = result.line(line)
        own = np.stack([component.line(line) for component in alone])
        weight = share["traded"] if line == "cost" else share["held"]
        total += own + weight * (actual - own.sum(axis=0))
    return dict(zip(components, total, strict=True))


def tidy(variant: str, dates: NDArray[np.datetime64], legs: Sequence[str], split: Mapping[str, Array]) -> pd.DataFrame:
    """One row per date, component and leg that is not 0: date, variant, component, instrument, usd."""
    table = pd.DataFrame(
        {
            "date": np.repeat(np.tile(dates, len(split)), len(legs)),
            "variant": variant,
            "component": np.repeat(np.array(list(split), dtype=object), len(dates) * len(legs)),
            "instrument": np.tile(np.array(legs, dtype=object), len(split) * len(dates)),
            "usd": np.concatenate([usd.reshape(-1) for usd in split.values()]) if split else np.zeros(0),
        }
    )
    return table[table["usd"] != 0.0].reset_index(drop=True)


def _units(book: Book, result: Result, components: Array) -> Array:
    """Units (k, T, n) each component holds after each row; they sum to those of the book."""
    ideal = _ideal(book, result, components)
    decided = _decided(book, result, ideal)
    held = ideal[:, np.maximum(decided, 0), np.arange(book.price.shape[1])] * (decided >= 0)
    if result.ruined is not None:
        held[:, result.ruined :] = 0.0
    return np.asarray(held + _share(np.abs(held)) * (result.units - held.sum(axis=0)))


def _ideal(book: Book, result: Result, components: Array) -> Array:
    """Units (k, T, n) each component would hold by a decision on each row, before lots and netting."""
    gross = np.abs(components.sum(axis=0)).sum(axis=1)
    cap = np.divide(np.abs(book.targets).sum(axis=1), gross, out=np.ones(len(gross)), where=gross > 0)
    own_costs = result.cost.sum(axis=1) if book.lag == 0 else 0.0  # paid after the size was set
    base = np.full(len(gross), book.capital) if book.fixed_base else result.equity - own_costs
    return np.asarray(np.nan_to_num(components * (cap * base)[:, None] / (book.price * book.fx)))


def _decided(book: Book, result: Result, ideal: Array) -> NDArray[np.intp]:
    """Row (T, n) of the decision that each leg's units rest on after each row; -1 before the first.

    Within a band a decision that trades nothing does not count, unless what it wants is what is held.
    """
    rows = len(book.dates)
    latest = np.maximum.accumulate(np.where(book.decides, np.arange(rows), -1))
    latest = np.concatenate([np.full(book.lag, -1), latest])[:rows]
    renewed = book.tradable & (latest >= 0)[:, None]
    if (book.band > 0).any():
        wanted = ideal[:, np.maximum(latest, 0)]
        as_held = np.abs(wanted.sum(axis=0) - result.units) <= SAME * np.abs(wanted).sum(axis=0)
        renewed &= np.any(result.traded > 0, axis=1, keepdims=True) | as_held
    row = np.maximum.accumulate(np.where(renewed, np.arange(rows)[:, None], -1), axis=0)
    return np.where(row >= 0, latest[np.maximum(row, 0)], -1)


def _shares(held: Array, traded: Array) -> dict[str, Array]:
    """Shares (k, T, n) of what was held over each bar and of what was traded on it; alike where there is none."""
    before = np.concatenate([np.zeros_like(held[:, :1]), held[:, :-1]], axis=1)
    return {"held": _share(before), "traded": _share(traded)}


def _share(size: Array) -> Array:
    total = size.sum(axis=0)
    return np.asarray(np.divide(size, total, out=np.full_like(size, 1.0 / len(size)), where=total > 0))
