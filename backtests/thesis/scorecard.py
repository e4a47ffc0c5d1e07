"""The thesis tested claim by claim on what was known on a day: did it happen, did it beat the forwards, did it pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backtests.engine import ledger
from backtests.engine.book import Terms, prepare
from backtests.performance import attribution, metrics
from backtests.runs.runner import Run
from backtests.thesis.claims import CLAIMS, MOVED, THESIS_DATE, Claim
from backtests.thesis.measures import Evidence
from data.build import build
from data.errors import DataError
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Strategy, known

Word = Literal["holds", "fails", "cannot be tested here"]

CANNOT: Word = "cannot be tested here"
NOT_REACHED = "window not reached"
NEAR = np.timedelta64(31, "D")  # a row further from a window's end than this does not stand for it
SHOWN = np.timedelta64(4 * 365, "D")  # of history before a window that a plot shows
POINTS = 400  # a plot has no more


@dataclass(frozen=True)
class Verdict:
    """One answer, and the reason where it needs one."""

    word: Word
    why: str = ""


@dataclass(frozen=True)
class Forward:
    """The forward of a window's end as of its start, and whether the end went beyond it."""

    value: float | None  # decimals
    verdict: Verdict


@dataclass(frozen=True)
class Trade:
    """The claim's trade over a window, opened on its first row, in the plain ledger with default terms."""

    excess: float | None  # return in excess of cash over the window, opening costs included
    verdict: Verdict
    no_rolldown: int = 0  # bars on which a leg could not age along its curve


@dataclass(frozen=True)
class Reading:
    """A claim judged over one window; figures are decimals in the measure's unit."""

    first: str  # dates of the rows read
    last: str
    start: float | None
    end: float | None
    verdict: Verdict  # did it happen
    evidence: Evidence | None = None
    held_since: str | None = None  # where it holds of the end value: first row of the unbroken stretch
    forward: Forward | None = None
    trade: Trade | None = None

    @property
    def change(self) -> float | None:
        """From start to end, decimals."""
        return None if self.start is None or self.end is None else self.end - self.start


@dataclass(frozen=True)
class Path:
    """What a plot shows of a measure: its values on rows, thinned out."""

    dates: tuple[str, ...]
    values: tuple[float | None, ...]  # decimals; None breaks the line


@dataclass(frozen=True)
class ScoredClaim:
    """One claim's line of the scorecard."""

    claim: Claim
    stated: Reading  # over the window the claim is about
    since: Reading | None  # from the thesis date to the day asked about, where the claim's window ends before
    path: Path | None


@dataclass(frozen=True)
class Profit:
    """Trading P&L of a variant since the thesis date, and of its legs, USD; `book` is margin. They sum to it."""

    variant: str
    pnl: float
    legs: dict[str, float]


@dataclass(frozen=True)
class Card:
    """The scorecard of a run: every claim, and the P&L of the run's variants since the thesis."""

    as_of: date
    thesis_date: date
    rows: tuple[ScoredClaim, ...]
    profits: tuple[Profit, ...]


def card(run: Run, claims: Sequence[Claim] = CLAIMS) -> Card:
    """Judge the claims on the tables of a run, as of its configuration's end, else the last row of the data."""
    thesis_date = run.config.thesis_date or THESIS_DATE
    as_of = run.config.data.end or run.market.dates[-1].astype(object)
    rows = scorecard(market_of(run, claims), as_of, thesis_date, claims)
    return Card(as_of, thesis_date, rows, profits(run, thesis_date))


def legs(claims: Sequence[Claim] = CLAIMS) -> tuple[str, ...]:
    """Return the instruments that the claims' trades and measures need."""
    named = [leg for claim in claims if claim.trade for leg in claim.trade.legs]
    named += [leg for claim in claims if claim.measure for leg in claim.measure.legs]
    return tuple(dict.fromkeys(named))


def market_of(run: Run, claims: Sequence[Claim] = CLAIMS) -> Market:
    """Return the market the claims are judged on, from the tables of a run; a leg whose curve is missing stays out."""
    chosen = [run.config.library[name] for name in legs(claims)]
    priced = [leg for leg in chosen if leg.curve is None or leg.curve in run.tables.yields]
    return build(run.tables, priced or run.market.instruments, run.config.data.interpolation)


def scorecard(
    market: Market, as_of: date, thesis_date: date, claims: Sequence[Claim] = CLAIMS
) -> tuple[ScoredClaim, ...]:
    """Judge every claim on the rows up to `as_of`; nothing later is looked at.

    Raises
    ------
    DataError
        A day before the first row.
    """
    row = _row(market.dates, as_of)
    if row < 0:
        raise DataError(f"the data begins on {market.dates[0]}, after {as_of}; ask about a later day")
    now = market.until(row)
    return tuple(_judged(claim, now, as_of, thesis_date) for claim in claims)


def profits(run: Run, day: date) -> tuple[Profit, ...]:
    """Trading P&L by variant and leg over the bars that end on or after a day; variants without any are left out.

    The opening costs belong to a variant's first bar, as in `metrics.since`.
    """
    rows = []
    for variant_run in run.variants:
        result = variant_run.result
        pnl = metrics.since(result, day)["thesis_trading_pnl"]
        if isinstance(pnl, float):
            first = int(np.flatnonzero(result.dates[1:] >= np.datetime64(day))[0])
            paths = attribution.by_leg(result, variant_run.market.names)
            legs = {leg: float(path[-1] - (path[first] if first else 0.0)) for leg, path in paths.items()}
            rows.append(Profit(variant_run.variant.name, pnl, legs))
    return tuple(rows)


def _row(dates: NDArray[np.datetime64], day: date) -> int:
    """The last row on or before a day, -1 where there is none."""
    return int(np.searchsorted(dates, np.datetime64(day), side="right")) - 1


def _judged(claim: Claim, now: Market, as_of: date, thesis_date: date) -> ScoredClaim:
    last = min(claim.last, as_of) if claim.last else as_of
    stated = _reading(claim, now, claim.first, last, _too_early(claim, now, as_of))
    eve = int(np.searchsorted(now.dates, np.datetime64(thesis_date))) - 1  # the last row before the thesis
    over = claim.last is not None and claim.last <= thesis_date
    testable = claim.condition is not None and not claim.why_not
    later = over and testable and 0 <= eve < len(now.dates) - 1
    since = _reading(claim, now, now.dates[eve].astype(object), as_of, "") if later else None
    return ScoredClaim(claim, stated, since, _path(claim, now))


def _too_early(claim: Claim, now: Market, as_of: date) -> str:
    """Why the claim's window cannot be judged yet; empty where it can."""
    if as_of < claim.first or as_of == claim.first != claim.last:
        return f"{NOT_REACHED}: it begins {claim.first}"
    if claim.last and as_of < claim.last:
        return f"window open to {claim.last}: this is so far"
    if claim.last and _far(now.dates, claim.last):
        return f"no data: no row within a month of the window's end, {claim.last}"
    return ""


def _far(dates: NDArray[np.datetime64], day: date) -> bool:
    """Whether the last row on or before a day, else the first there is, is more than a month away from it."""
    return bool(np.abs(np.datetime64(day) - dates[max(_row(dates, day), 0)]) > NEAR)


def _reading(claim: Claim, now: Market, first: date, last: date, early: str) -> Reading:
    """Judge a claim from the last row on or before `first` to the last on or before `last`."""
    b = max(_row(now.dates, last), 0)
    a = min(max(_row(now.dates, first), 0), b)
    days = str(now.dates[a]), str(now.dates[b])
    if claim.measure is None:
        return Reading(*days, None, None, Verdict(CANNOT, claim.why_not))
    if early.startswith(NOT_REACHED):
        return Reading(str(claim.first), str(claim.last or claim.first), None, None, Verdict(CANNOT, early))
    market = now.until(b)
    values = claim.measure.series(market)
    start, end = _figure(values[a]), _figure(values[b])
    evidence = claim.measure.evidence(market) if claim.measure.evidence and end is not None else None
    moving = claim.condition is not None and claim.condition.reads == "change"
    missing = _no_end(values, market) if end is None else _no_start(market, first, start) if moving else ""
    verdict = _verdict(claim, start, end, evidence, claim.why_not or early or missing)
    return Reading(
        *days,
        start,
        end,
        verdict,
        evidence,
        held_since=_held_since(claim, market.dates, values) if verdict.word == "holds" else None,
        forward=_forward(claim, market, a, end, early or missing),
        trade=_trade(claim.trade, market, slice(a, b + 1), early) if claim.trade else None,
    )


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _no_start(market: Market, first: date, start: float | None) -> str:
    if _far(market.dates, first):
        return f"no data: no row within a month of the window's start, {first}"
    return f"no data: nothing is known on {first}" if start is None else ""


def _no_end(values: Array, market: Market) -> str:
    known_rows = np.flatnonzero(~np.isnan(values))
    if not known_rows.size:
        return f"no data: nothing is known up to {market.dates[-1]}"
    return f"no data: nothing is known on {market.dates[-1]}, the last value is of {market.dates[known_rows[-1]]}"


def _verdict(claim: Claim, start: float | None, end: float | None, evidence: Evidence | None, reason: str) -> Verdict:
    """Whether the claim's condition is met; an interval of the figure that straddles a bound decides nothing."""
    if reason:
        return Verdict(CANNOT, reason)
    if evidence and evidence.count < claim.needs:
        return Verdict(
            CANNOT,
            f"too few independent observations: {evidence.count} {evidence.of}; at least {claim.needs} are needed",
        )
    condition = claim.condition
    if condition is None or end is None:
        return Verdict(CANNOT, "no condition is declared")
    if evidence and evidence.low is not None and evidence.high is not None:
        inside = [condition.holds(bound) for bound in (evidence.low, evidence.high)]
        if not all(inside) and evidence.low < condition.high and evidence.high > condition.low:
            return Verdict(
                CANNOT, f"undecided: {evidence.count} {evidence.of} leave both answers inside the 95 % interval"
            )
        return Verdict("holds" if all(inside) else "fails")
    figure = end - (start or 0.0) if condition.reads == "change" else end
    return Verdict("holds" if condition.holds(figure) else "fails")


def _held_since(claim: Claim, dates: NDArray[np.datetime64], values: Array) -> str | None:
    """First row of the stretch, unbroken up to the last, on which the value meets the condition."""
    condition = claim.condition
    if condition is None or condition.reads != "end" or (claim.measure and claim.measure.evidence):
        return None
    broken = [t for t, value in enumerate(values) if not condition.holds(value)]  # NaN breaks it too
    return str(dates[broken[-1] + 1 if broken else 0])


def _forward(claim: Claim, market: Market, a: int, end: float | None, reason: str) -> Forward | None:
    """Whether the end went beyond its forward on the window's first row."""
    if claim.measure is None or claim.measure.forward is None or claim.condition is None:
        return None
    if claim.condition.reads != "change" or not claim.condition.direction:
        return None
    ahead = metrics.years(market.dates[a:])
    value = _figure(claim.measure.forward(market.until(a), ahead)[-1])
    if reason:
        return Forward(value, Verdict(CANNOT, reason))
    if value is None or end is None:
        return Forward(None, Verdict(CANNOT, "no data: the forward needs maturities that are not quoted"))
    beyond = claim.condition.direction * (end - value) > MOVED
    return Forward(value, Verdict("holds" if beyond else "fails"))


def _terms(market: Market) -> Terms:
    """A run's default terms: on daily rows the next close, since Tokyo closes before New York, and once a month."""
    return Terms(lag=int(market.daily), every="month")


def _trade(strategy: Strategy, market: Market, rows: slice, reason: str) -> Trade:
    """Run a strategy over the window's rows in the plain ledger, opened on the first."""
    absent = [leg for leg in strategy.legs if leg not in market.names]
    if absent:
        return Trade(None, Verdict(CANNOT, f"no data: {' and '.join(absent)} cannot be priced"))
    own = market.select(strategy.legs)
    ready = own.exists[rows].all(axis=1) & known(strategy, own)[rows]
    if not ready.all() or len(ready) < 2:
        return Trade(None, Verdict(CANNOT, reason or "no data: a leg or the signal is missing inside the window"))
    result = ledger.run(prepare(own, strategy.targets(own), rows, _terms(own)))
    opened = float(result.equity[0]) / result.capital
    excess = opened * float(metrics.excess_index(result)[-1]) - 1.0
    no_rolldown = int(own.no_rolldown[rows][1:].any(axis=1).sum())
    word: Word = "holds" if excess > 0 else "fails"
    return Trade(excess, Verdict(CANNOT, reason) if reason else Verdict(word), no_rolldown)


def _path(claim: Claim, now: Market) -> Path | None:
    """Return the measure from four years before the claim's window on, thinned out so that its last row stays."""
    if claim.measure is None:
        return None
    values = claim.measure.series(now)
    first = np.flatnonzero((now.dates >= np.datetime64(claim.first) - SHOWN) & ~np.isnan(values))
    if not first.size:
        return None
    last = len(values) - 1
    step = -(-(last - int(first[0]) + 1) // POINTS)
    chosen = np.arange(last, int(first[0]) - 1, -step)[::-1]
    return Path(tuple(str(day) for day in now.dates[chosen]), tuple(_figure(value) for value in values[chosen]))


def record(card: Card) -> dict[str, Any]:
    """Return the scorecard as plain data; figures are decimals, absent ones None."""
    return {
        "as_of": str(card.as_of),
        "thesis_date": str(card.thesis_date),
        "claims": [_plain(row) for row in card.rows],
        "trading_pnl_since_thesis_usd": {
            profit.variant: {"total": profit.pnl, "legs": profit.legs} for profit in card.profits
        },
    }


def _plain(row: ScoredClaim) -> dict[str, Any]:
    claim = row.claim
    return {
        "key": claim.key,
        "text": claim.text,
        "thesis_says": claim.number,
        "measure": claim.measure.about if claim.measure else None,
        "unit": claim.measure.unit if claim.measure else None,
        "window": [str(claim.first), str(claim.last) if claim.last else None],
        "strategy": claim.strategy,
        "note": claim.note or None,
        "stated": asdict(row.stated),
        "since_thesis": asdict(row.since) if row.since else None,
    }
