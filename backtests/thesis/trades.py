"""A claim's trade over a window: its variant on its own terms, opened on the first row, and what it made of what."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.config import Variant
from backtests.engine import ledger
from backtests.engine.book import Book, prepare
from backtests.engine.result import Result
from backtests.performance import attribution, metrics, round_trips
from backtests.runs import setup
from backtests.thesis.claims import CANNOT, PARTS, Trade, Verdict, Word
from backtests.thesis.history import History
from data.errors import DivergenceError
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import decisions_of, ready


@dataclass(frozen=True)
class _Ran:
    """A variant over a window, or why it could not be run."""

    own: Market  # its legs
    book: Book | None = None
    result: Result | None = None
    why: str = ""


def trade(variant: Variant, history: History, rows: slice, reason: str, so_far: bool) -> Trade:
    """Run a variant over a window in the plain ledger, opened on its first row; `reason` says why nothing is said."""
    ran = _run(variant, history, rows)
    if ran.result is None or ran.book is None:
        return Trade(variant.name, None, Verdict(CANNOT, reason or ran.why))
    excess = float(path(ran.result)[-1])
    word: Word = "holds" if excess > 0 else "fails"
    return Trade(
        variant.name,
        excess,
        Verdict(CANNOT, reason) if reason else Verdict(word, so_far=so_far),
        parts=_parts(ran.result, ran.own, rows, excess),
        trips=tuple(round_trips.round_trips(variant.strategy, ran.own, rows, ran.book, ran.result)),
        no_rolldown=int(ran.own.no_rolldown[rows][1:].any(axis=1).sum()),
    )


def path(result: Result) -> Array:
    """Return over cash (T,) since the first row, opening costs included."""
    return metrics.excess_index(result) * float(result.equity[0]) / result.capital - 1.0


def returns(variant: Variant, history: History, rows: slice) -> tuple[Array | None, str]:
    """Return a variant's return over cash (T,) over a window's rows, or why there is none."""
    ran = _run(variant, history, rows)
    return (None, ran.why) if ran.result is None else (path(ran.result), "")


def _run(variant: Variant, history: History, rows: slice) -> _Ran:
    market, strategy = history.market, variant.strategy
    absent = [leg for leg in strategy.legs if leg not in market.names]
    if absent:
        return _Ran(market, why=f"no data: {' and '.join(absent)} cannot be priced")
    own = market.select(strategy.legs)
    try:
        on = ready(strategy, own)[rows]
        if not on.all():
            return _Ran(own, why="no data: a leg or the signal is missing inside the window")
        terms = setup.terms(variant, history.config, own)
        book = prepare(own, strategy.targets(own), rows, terms, decisions_of(strategy, own))
    except DivergenceError as error:
        return _Ran(own, why=f"no data: {error}")
    return _Ran(own, book, ledger.run(book))


def _parts(result: Result, own: Market, rows: slice, excess: float) -> dict[str, float]:
    """What the return over cash is made of, fractions of capital; the rest holds costs, convexity, compounding."""
    lines = attribution.by_line(result, own, rows)
    known = {
        "carry": lines["carry"] + lines["funding"],
        **{name: lines[name] for name in ("rolldown", "level", "curve", "fx")},
    }
    shares = {name: usd / result.capital for name, usd in known.items()}
    shares["rest"] = excess - sum(shares.values())
    return {name: shares[name] for name in PARTS}
