"""Where a blend's profit came from, signal by signal: each leg's lines split by the components' own targets.

A leg held is the net of what the components want of it. Each component is taken to hold its own share, long or short,
before netting: what is linear in units (price, currency, funding) follows that share. What netting saves (costs, rolls,
borrow) is shared out by the size of what each component holds or trades, so that the components sum to the book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtests.book import Book
from backtests.result import LEG_LINES, Result, account
from data.bonds import Array

NETTED = 1e-9  # of a leg's gross: a net as small is rounding, and shares of it mean nothing


def by_component(book: Book, result: Result, components: Mapping[str, Array]) -> dict[str, Array]:
    """P&L (T, n) of each component by leg, USD; they sum to the legs' lines on every bar.

    `components` are targets (T, n) on the book's rows, before any cap on the book's gross; {} gives {}.
    """
    if not components:
        return {}
    units = _units(book, result, np.stack(list(components.values())))
    share = _shares(np.abs(units), np.abs(np.diff(units, axis=1, prepend=0.0)))
    alone = [account(book, one, np.zeros_like(one), result.equity, result.ruined) for one in units]
    total = np.zeros_like(units)
    for line in LEG_LINES:
        actual = result.line(line)
        own = np.stack([one.line(line) for one in alone])
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
    decided = _decided(book, result)
    legs = np.arange(book.price.shape[1])
    wanted = components[:, np.maximum(decided, 0), legs]
    net, gross = wanted.sum(axis=0), np.abs(wanted).sum(axis=0)
    netted = np.abs(net) <= NETTED * gross
    held = wanted * np.divide(result.units, net, out=np.zeros_like(net), where=~netted)
    at = np.maximum(decided, 0)
    base = np.where(book.fixed_base, book.capital, result.equity) * _scale(book, components)
    size = base[at] / (book.price[at, legs] * book.fx[at, legs])
    units = np.where(netted, wanted * np.nan_to_num(size), held) * (decided >= 0)
    if result.ruined is not None:
        units[:, result.ruined :] = 0.0
    units[-1] = result.units - units[:-1].sum(axis=0)
    return units


def _scale(book: Book, components: Array) -> Array:
    """By how much (T,) the cap on gross scaled the sum of the components down."""
    gross = np.abs(components.sum(axis=0)).sum(axis=1)
    return np.asarray(np.divide(np.abs(book.targets).sum(axis=1), gross, out=np.ones(len(gross)), where=gross > 0))


def _decided(book: Book, result: Result) -> NDArray[np.intp]:
    """Row (T, n) of the decision that each leg's units rest on after each row; -1 before the first."""
    rows = len(book.dates)
    latest = np.maximum.accumulate(np.where(book.decides, np.arange(rows), -1))
    latest = np.concatenate([np.full(book.lag, -1), latest])[:rows]
    renewed = book.tradable & (latest >= 0)[:, None]
    if book.band > 0:
        renewed &= result.traded > 0
    source = np.where(renewed, np.arange(rows)[:, None], -1)
    row = np.maximum.accumulate(source, axis=0)
    return np.where(row >= 0, latest[np.maximum(row, 0)], -1)


def _shares(held: Array, traded: Array) -> dict[str, Array]:
    """Shares (k, T, n) of what was held over each bar and of what was traded on it; alike where there is none."""
    before = np.concatenate([np.zeros_like(held[:, :1]), held[:, :-1]], axis=1)
    return {"held": _share(before), "traded": _share(traded)}


def _share(size: Array) -> Array:
    total = size.sum(axis=0)
    return np.asarray(np.divide(size, total, out=np.full_like(size, 1.0 / len(size)), where=total > 0))
