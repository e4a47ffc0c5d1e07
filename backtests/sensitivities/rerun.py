"""Reruns of one variant on the ledger under other conventions, each run only once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtests.config import Config, Variant
from backtests.engine import ledger
from backtests.engine.book import Book, prepare
from backtests.engine.carry import funding_spread
from backtests.engine.result import Result
from backtests.performance import metrics
from backtests.runs import setup
from backtests.runs.setup import Prepared
from backtests.runs.window import span
from backtests.sensitivities.choices import hedged, looking_back, scaled, sized, starting, stopped
from backtests.sensitivities.markets import borrow, months_before, published_later, scale_funds
from backtests.sensitivities.scenarios import Conventions, conventions_of
from data.errors import DataError
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.pricing.curves import Interpolation
from strategies.base import Strategy, decisions_of

DECIDING = ("interpolation", "duration", "sizing", "published", "hedge", "lookback", "scale", "stops", "start")
FEWEST = 3  # rows
NEAR = np.timedelta64(31, "D")  # a first row so long after the day that was wanted is the next one


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
    check: Callable[[Config], None] = lambda config: None  # refuses a window in which its history is in doubt
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
            self._decided[key] = self._started(chosen) if chosen.start else self._decide(chosen)
        return self._decided[key]

    def strategy(self, chosen: Conventions) -> Strategy:
        """Return the variant's strategy with its own choices as they are under some conventions; raises as above."""
        hedge = None if chosen.hedge == self.base.hedge else chosen.hedge  # a rule of sizing may take none
        strategy = hedged(sized(self.variant.strategy, chosen.sizing), hedge)
        return stopped(scaled(looking_back(strategy, chosen.lookback), chosen.scale), chosen.stops)

    def holds_the_same(self, chosen: Conventions) -> bool:
        """Whether conventions that differ from the base's in choices alone hold the same on the same rows."""
        base, other = self.decided(self.base), self.decided(chosen)
        return (
            all(
                getattr(chosen, field.name) == getattr(self.base, field.name)
                for field in fields(chosen)
                if field.name not in DECIDING
            )
            and other.market.price is base.market.price
            and other.rows == base.rows
            and np.array_equal(other.decisions, base.decisions)
            and np.array_equal(other.targets, base.targets)
        )

    def _decide(self, chosen: Conventions) -> Decided:
        market = self.markets[chosen.interpolation]
        if chosen.duration != 1.0:
            market = scale_funds(market, chosen.duration)
        if chosen.published:
            market = published_later(market, chosen.published)
        strategy = self.strategy(chosen)
        if strategy is self.variant.strategy and market is self.prepared.market:
            return self.decided(self.base)
        variant = replace(self.variant, strategy=strategy)
        rows = _inside(span(variant, market, self.config).rows, self.prepared.span.rows)
        return Decided(market, strategy.targets(market), decisions_of(strategy, market), rows)

    def _started(self, chosen: Conventions) -> Decided:
        """Return the variant as it is from another day on, alone among conventions in that it may reach back."""
        base = self.decided(self.base)
        day = months_before(base.market.dates[base.rows][:1], 12 * -chosen.start)[0]
        dates, last = base.market.dates, base.rows.stop
        strategy = starting(self.variant.strategy, day.astype(object))
        if chosen.start > 0:
            rows = slice(int(np.searchsorted(dates, day)), last)
            if last - rows.start < FEWEST:
                raise DataError("too few bars are left")
        else:
            wanted = replace(self.config, data=self.config.data.model_copy(update={"start": day.astype(object)}))
            self.check(wanted)
            rows = span(replace(self.variant, strategy=strategy), base.market, wanted).rows
            if dates[rows.start] > day + NEAR:
                raise DataError(f"what it needs is there from {dates[rows.start]} on only")
        if strategy is self.variant.strategy:
            return base._replace(rows=rows)
        return Decided(base.market, strategy.targets(base.market), decisions_of(strategy, base.market), rows)

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
            borrow=borrow(market, chosen.borrow, chosen.stepped, chosen.special, chosen.extra_borrow)[rows],
            funding_long=book.funding_long + extra,
            funding_short=book.funding_short - extra,
        )


def _key(chosen: Conventions) -> tuple[object, ...]:
    """The conventions that targets and the window depend on; the others are about execution and costs."""
    return tuple(getattr(chosen, name) for name in DECIDING)


def _inside(rows: slice, others: slice) -> slice:
    first, after = max(rows.start, others.start), min(rows.stop, others.stop)
    if first >= after:
        raise DataError("it never trades in the window of the configuration's own rule")
    return slice(first, after)
