"""One variant on the bench: the plain ledger run under any conventions, each only once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from backtests.config import Config, Variant
from backtests.engine import ledger
from backtests.engine.book import Book, prepare
from backtests.engine.result import Result
from backtests.performance import metrics
from backtests.runs import setup
from backtests.runs.window import span
from backtests.sensitivities.scenarios import Conventions, conventions_of, sized
from data.errors import DataError
from data.instruments import DAY_COUNT
from data.market import Market
from data.pricing.bonds import Array
from data.pricing.curves import Interpolation


class Decided(NamedTuple):
    """What a variant wants under some conventions, and when it could trade."""

    market: Market  # its legs, all history
    targets: Array  # (T, n)
    rows: slice


class Outcome(NamedTuple):
    """A run and its figures: those of `metrics.figures`, None where they mean nothing."""

    result: Result
    sharpe: float | None
    excess_return: float | None


@dataclass(frozen=True)
class Rerun:
    """A variant, the markets it may be run on, and what has been worked out so far."""

    config: Config
    variant: Variant
    markets: Mapping[Interpolation, Market]  # its legs, all history
    _decided: dict[tuple[object, ...], Decided] = field(default_factory=dict, repr=False, compare=False)
    _outcomes: dict[tuple[object, ...], Outcome] = field(default_factory=dict, repr=False, compare=False)

    @property
    def base(self) -> Conventions:
        """The configuration's own conventions."""
        return conventions_of(self.config, self.variant)

    def decided(self, chosen: Conventions) -> Decided:
        """Return targets and the window in which they can be traded, which never leaves the configuration's own.

        Raises
        ------
        ConfigError, DataError
            Legs that the sizing rule cannot size, or that never trade.
        """
        key = _key(chosen)
        if key not in self._decided:
            market = self.markets[chosen.interpolation]
            if chosen.duration != 1.0:
                market = _funds_scaled(market, chosen.duration)
            variant = replace(self.variant, strategy=sized(self.variant.strategy, chosen.sizing))
            rows = span(variant, market, self.config).rows
            if key != _key(self.base):
                rows = _inside(rows, self.decided(self.base).rows)
            self._decided[key] = Decided(market, variant.strategy.targets(market), rows)
        return self._decided[key]

    def run(self, chosen: Conventions, rows: slice | None = None) -> Outcome:
        """Run the variant under some conventions, on all its rows or on some; raises as `decided` does."""
        there = self.decided(chosen)
        rows = rows or there.rows
        key = (chosen, rows.start, rows.stop)
        if key not in self._outcomes:
            result = ledger.run(self._book(there, rows, chosen))
            x = metrics.excess_returns(result)
            ppy = metrics.periods_per_year(result.dates, there.market.periods_per_year)
            earned = float(x.mean()) * ppy if len(x) else None
            self._outcomes[key] = Outcome(result, metrics.sharpe(x, ppy), earned)
        return self._outcomes[key]

    def _book(self, there: Decided, rows: slice, chosen: Conventions) -> Book:
        market = there.market
        own = setup.terms(self.variant, self.config, market)
        terms = replace(
            own, lag=own.lag + chosen.later, every=chosen.every, currency=chosen.currency, basis=chosen.basis
        )
        book = prepare(market, there.targets, rows, terms)
        dearer = _funding(market, chosen)[rows]
        return book._replace(
            spread=book.spread * chosen.costs,
            roll=book.roll * (chosen.costs * chosen.rolls),
            borrow=_borrow(market, chosen)[rows],
            funding_long=book.funding_long + dearer,
            funding_short=book.funding_short - dearer,
        )


def _key(chosen: Conventions) -> tuple[object, ...]:
    """What decisions rest on; all else is how they are carried out and paid for."""
    return chosen.interpolation, chosen.duration, chosen.sizing


def _inside(rows: slice, others: slice) -> slice:
    first, after = max(rows.start, others.start), min(rows.stop, others.stop)
    if first >= after:
        raise DataError("it never trades in the window of the configuration's own rule")
    return slice(first, after)


def _funds_scaled(market: Market, times: float) -> Market:
    """Take the duration of listed funds to be another; their proxies, so their prices, stay."""
    listed = np.array([one.kind == "listed" for one in market.instruments])
    return replace(market, duration=market.duration * np.where(listed, times, 1.0))


def _bars(market: Market, currencies: Sequence[str]) -> Array:
    """Years (T, n) of each bar by the day count of each leg's currency; 0 on the first row."""
    days = np.concatenate([[0.0], np.diff(market.dates).astype("timedelta64[D]").astype(float)])
    return np.asarray(days[:, None] / np.array([DAY_COUNT[currency] for currency in currencies]))


def _borrow(market: Market, chosen: Conventions) -> Array:
    """Fraction of notional (T, n) that a short pays over each bar."""
    bars = _bars(market, [one.currency for one in market.instruments])
    flat = np.array([one.borrow for one in market.instruments]) * bars
    stepped = np.array([bool(one.borrow_steps) for one in market.instruments])
    fees = market.borrow if chosen.stepped else np.where(stepped, flat, market.borrow)
    return np.asarray(fees * chosen.borrow + chosen.extra_borrow * bars)


def _funding(market: Market, chosen: Conventions) -> Array:
    """USD per local notional (T, n) by which longs pay more, and shorts receive less, than the overnight rate."""
    if chosen.currency == "unhedged":  # funded in dollars, at the exchange rate of the bar's start
        before = np.vstack([market.fx[:1], market.fx[:-1]])
        return np.asarray(chosen.funding * _bars(market, ["USD"] * len(market.instruments)) * before)
    return np.asarray(chosen.funding * _bars(market, [one.currency for one in market.instruments]) * market.fx)
