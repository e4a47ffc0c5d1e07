"""What today's weights would have lost: their worst day and month on record, and every one of the last 60 months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.engine.book import Book
from data.market import MORE_THAN_WEEKLY
from data.pricing.bonds import Array

MONTHS = 60
TAIL = 0.01


@dataclass(frozen=True)
class Mark:
    """What today's weights earned over a day or a month."""

    value: float  # fraction of the base, negative is a loss
    when: str


@dataclass(frozen=True)
class Marks:
    """Gains and losses of today's weights over history; None and empty where there is no history or nothing held."""

    worst_day: Mark | None = None  # on record; None: no daily rows
    worst_month: Mark | None = None  # on record
    months: tuple[Mark, ...] = ()  # those known of the last 60, in the order of time
    tail_day: float | None = None  # lowest 1 % of the days of those months, fraction of the base; None: no daily rows
    days: int = 0  # of those months

    @property
    def worst(self) -> Mark | None:
        """The worst of the last 60 months."""
        return min(self.months, key=lambda mark: mark.value, default=None)


def marks(book: Book, weights: Array, periods_per_year: float) -> Marks:
    """Return the marks of weights (n,) over all the history its legs share: what each leg earns after funding.

    A month of daily rows is the sum of its days. The 1 % quantile is interpolated between days.
    """
    on = weights != 0
    if not on.any():
        return Marks()
    gains = (_gains(book, weights)[:, on] * weights[on]).sum(axis=1)
    days, known = book.dates[1:], ~np.isnan(gains)
    if not known.any():
        return Marks()
    days, gains = days[known].astype("datetime64[D]"), gains[known]
    month, at = np.unique(days.astype("datetime64[M]"), return_inverse=True)
    sums = np.bincount(at, weights=gains)
    k, m = int(gains.argmin()), int(sums.argmin())
    daily = periods_per_year > MORE_THAN_WEEKLY
    first = int((month <= book.dates[-1].astype("datetime64[M]") - MONTHS).sum())
    recent = gains[at >= first]
    return Marks(
        worst_day=Mark(float(gains[k]), str(days[k])) if daily else None,
        worst_month=Mark(float(sums[m]), str(month[m])),
        months=tuple(Mark(float(sums[i]), str(month[i])) for i in range(first, len(month))),
        tail_day=float(np.quantile(recent, TAIL)) if daily and len(recent) else None,
        days=len(recent) if daily else 0,
    )


def _gains(book: Book, weights: Array) -> Array:
    """What a dollar of each leg earned (T-1, n) over each bar after funding, as the ledger books it, before borrow."""
    paid = np.where(weights > 0, book.funding_long, book.funding_short)[1:] / book.fx[:-1]
    income = np.where(weights > 0, book.income_long, book.income_short)
    grown = book.fx[1:] / book.fx[:-1]
    moved = (book.price[1:] + income[1:]) / book.price[:-1] - 1.0
    return np.asarray(moved * grown + book.fx_exposed * (grown - 1.0) - paid)
