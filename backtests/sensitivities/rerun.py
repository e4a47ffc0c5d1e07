"""Reruns of one variant on the ledger under other conventions, each run only once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.config import Config, Variant
from backtests.engine import ledger
from backtests.engine.book import Book, prepare
from backtests.engine.carry import extra_borrow, flat_borrow, funding_spread
from backtests.engine.result import Result
from backtests.performance import metrics
from backtests.runs import setup
from backtests.runs.setup import Prepared
from backtests.runs.window import span
from backtests.sensitivities.scenarios import Conventions, conventions_of, sized
from data.errors import DataError
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.pricing.curves import Interpolation
from strategies.base import decisions_of


class Decided(NamedTuple):
    """Targets of a variant under some conventions, and when it can trade."""

    market: Market  # its legs, all history
    targets: Array  # (T, n)
    decisions: Flags  # (T,) rows of its own
    rows: slice


class Outcome(NamedTuple):
    """What is asked of a run; its figures are those of `metrics.figures`, None where they mean nothing."""

    dates: NDArray[np.datetime64]  # (T,)
    equity: Array  # (T,) USD
    x: Array  # (T - 1,) excess returns
    long: Flags  # (n,) whether a leg was ever held long
    short: Flags  # (n,) or short
    sharpe: float | None
    excess_return: float | None


@dataclass(frozen=True)
class Rerun:
    """A variant, the markets it can be rerun on, and the results so far."""

    config: Config
    prepared: Prepared
    markets: Mapping[Interpolation, Market]  # its legs, all history
    engine: Callable[[Book], Result] = ledger.run
    _decided: dict[tuple[object, ...], Decided] = field(default_factory=dict, repr=False, compare=False)
    _outcomes: dict[tuple[object, ...], Outcome] = field(default_factory=dict, repr=False, compare=False)

    @property
    def variant(self) -> Variant:
        """The variant as configured."""
        return self.prepared.variant

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
        if key == _key(self.base):
            base = self.prepared
            return Decided(base.market, base.targets, base.decisions, base.span.rows)
        if key not in self._decided:
            market = self.markets[chosen.interpolation]
            if chosen.duration != 1.0:
                market = _scale_funds(market, chosen.duration)
            variant = replace(self.variant, strategy=sized(self.variant.strategy, chosen.sizing))
            rows = _inside(span(variant, market, self.config).rows, self.prepared.span.rows)
            strategy = variant.strategy
            own = decisions_of(strategy, market)
            self._decided[key] = Decided(market, strategy.targets(market), own, rows)
        return self._decided[key]

    def run(self, chosen: Conventions, rows: slice | None = None) -> Outcome:
        """Run the variant under some conventions, on all its rows or on some; raises as `decided` does."""
        decided = self.decided(chosen)
        rows = rows or decided.rows
        key = (chosen, rows.start, rows.stop)
        if key not in self._outcomes:
            result = self.walk(chosen, rows)
            x = metrics.excess_returns(result)
            ppy = metrics.periods_per_year(result.dates, decided.market.periods_per_year)
            earned = float(x.mean()) * ppy if len(x) else None
            long, short = (np.asarray(held.any(axis=0)) for held in (result.units > 0, result.units < 0))
            sharpe = metrics.sharpe(x, ppy)
            self._outcomes[key] = Outcome(result.dates, result.equity, x, long, short, sharpe, earned)
        return self._outcomes[key]

    def walk(self, chosen: Conventions, rows: slice | None = None) -> Result:
        """Return the ledger of the variant under some conventions, which is not kept; raises as `decided` does."""
        decided = self.decided(chosen)
        return self.engine(self._book(decided, rows or decided.rows, chosen))

    def _book(self, decided: Decided, rows: slice, chosen: Conventions) -> Book:
        market = decided.market
        own = setup.terms(self.variant, self.config, market)
        terms = replace(
            own,
            lag=own.lag + chosen.later,
            every=chosen.every,
            currency=chosen.currency,
            basis=chosen.basis,
            repo_spread=chosen.repo,
        )
        book = prepare(market, decided.targets, rows, terms, decided.decisions)
        extra = funding_spread(market, chosen.funding, chosen.currency)[rows]
        return book._replace(
            spread=book.spread * chosen.costs,
            roll=book.roll * (chosen.costs * chosen.rolls),
            borrow=_borrow(market, chosen)[rows],
            funding_long=book.funding_long + extra,
            funding_short=book.funding_short - extra,
        )


def _key(chosen: Conventions) -> tuple[object, ...]:
    """The conventions that targets depend on; the others are about execution and costs."""
    return chosen.interpolation, chosen.duration, chosen.sizing


def _inside(rows: slice, others: slice) -> slice:
    first, after = max(rows.start, others.start), min(rows.stop, others.stop)
    if first >= after:
        raise DataError("it never trades in the window of the configuration's own rule")
    return slice(first, after)


def _scale_funds(market: Market, times: float) -> Market:
    """Multiply the duration of listed funds; their proxies, so their prices, stay."""
    listed = np.array([instrument.kind == "listed" for instrument in market.instruments])
    return replace(market, duration=market.duration * np.where(listed, times, 1.0))


def _borrow(market: Market, chosen: Conventions) -> Array:
    """Fraction of notional (T, n) that a short pays over each bar."""
    fees = market.borrow if chosen.stepped else flat_borrow(market)
    return np.asarray(fees * chosen.borrow + extra_borrow(market, chosen.extra_borrow))
