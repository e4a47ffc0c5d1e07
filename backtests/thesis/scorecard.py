"""Claims judged on what was known on a day: did it happen, did it beat the forwards, did its trade pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.config import Claim, Config
from backtests.config.claims import ROUNDING, Fact, Return, unit_of
from backtests.performance import attribution, metrics
from backtests.runs.runner import Run
from backtests.thesis import claims as answers
from backtests.thesis import measures, trades
from backtests.thesis.about import about
from backtests.thesis.books import books, sentences
from backtests.thesis.claims import CANNOT, THESIS_DATE, Forward, Judged, Path, Reading, Trade, Verdict, Word
from backtests.thesis.history import History, history, history_of
from backtests.thesis.measures import Evidence
from data.errors import DataError
from data.pricing.bonds import Array

NOT_REACHED = "window not reached"
NEAR = np.timedelta64(31, "D")  # a row further from a window's end than this does not stand for it
SHOWN = np.timedelta64(4 * 365, "D")  # of history before a window that a plot shows
POINTS = 400  # a plot has no more
ROWS = {"daily": "days", "weekly": "week ends", "monthly": "month ends"}


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
    rows: tuple[Judged, ...]
    profits: tuple[Profit, ...]
    books: tuple[str, ...] = ()  # what its books are net of, in sentences
    in_sample: str = ""  # which claims a journal has as registered late, in a sentence


def card(run: Run) -> Card:
    """Judge a run's claims on its tables, as of its configuration's end, else the last row of the data."""
    config = run.config
    as_of = config.data.end or run.market.dates[-1].astype(object)
    thesis_date = config.thesis_date or THESIS_DATE
    judged = judge(config.claims, history_of(run), as_of)
    told = sentences(books(run), config.countries, ROWS[run.tables.frequency])
    return Card(as_of, thesis_date, judged, profits(run, thesis_date), tuple(told))


def judge(claims: Sequence[Claim], known: History | Config, as_of: date) -> tuple[Judged, ...]:
    """Judge claims on the rows up to `as_of`; nothing later is looked at, nothing is written.

    Raises
    ------
    DataError
        A day before the first row.
    """
    whole = history(known) if isinstance(known, Config) else known
    row = _row(whole.market.dates, as_of)
    if row < 0:
        raise DataError(f"the data begins on {whole.market.dates[0]}, after {as_of}; ask about a later day")
    now = whole.until(row)
    return tuple(_judged(claim, now, as_of, _told_again(claim, claims)) for claim in claims)


def _told_again(claim: Claim, claims: Sequence[Claim]) -> bool:
    """Whether another claim says the same of the same from the end of this one's window on."""
    same = [other for other in claims if (other.measure, other.says) == (claim.measure, claim.says)]
    return any(claim.last is not None and other.first >= claim.last for other in same if other is not claim)


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


def record(card: Card) -> dict[str, Any]:
    """Return the scorecard as plain data; figures are decimals, absent ones None."""
    return {
        "as_of": str(card.as_of),
        "thesis_date": str(card.thesis_date),
        "claims": [answers.record(row) for row in card.rows],
        "books": list(card.books),
        "in_sample": card.in_sample or None,
        "trading_pnl_since_thesis_usd": {
            profit.variant: {"total": profit.pnl, "legs": profit.legs} for profit in card.profits
        },
    }


# ---- which windows


def _row(dates: NDArray[np.datetime64], day: date) -> int:
    """The last row on or before a day, -1 where there is none."""
    return int(np.searchsorted(dates, np.datetime64(day), side="right")) - 1


def _judged(claim: Claim, now: History, as_of: date, told_again: bool) -> Judged:
    thesis_date = now.config.thesis_date or THESIS_DATE
    dates = now.market.dates
    last = min(claim.last, as_of) if claim.last else as_of
    waiting, so_far = _too_early(claim, now, as_of), claim.last is None or as_of < claim.last
    fact = claim.measure if isinstance(claim.measure, Fact) else None
    stated = _of_fact(claim, fact, as_of) if fact else _reading(claim, now, claim.first, last, waiting, so_far)
    eve = int(np.searchsorted(dates, np.datetime64(thesis_date))) - 1  # the last row before the thesis
    over = claim.last is not None and claim.last <= thesis_date
    testable = claim.says is not None and not claim.cannot and fact is None and not told_again
    later = over and testable and 0 <= eve < len(dates) - 1
    since = _reading(claim, now, dates[eve].astype(object), as_of, "", True) if later else None
    return Judged(
        claim,
        unit_of(claim.measure),
        about(claim.measure, now),
        {variant.name: variant.strategy_name for variant in now.config.variants}.get(claim.trade or ""),
        stated,
        since,
        _path(claim, now),
    )


def _too_early(claim: Claim, now: History, as_of: date) -> str:
    """Why the claim's window cannot be judged yet; empty where it can."""
    if as_of < claim.first or as_of == claim.first != claim.last:
        return f"{NOT_REACHED}: it begins {claim.first}"
    if (
        claim.last
        and as_of >= claim.last
        and not isinstance(claim.measure, Fact)
        and _far(now.market.dates, claim.last)
    ):
        return f"no data: no row within a month of the window's end, {claim.last}"
    return ""


def _far(dates: NDArray[np.datetime64], day: date) -> bool:
    """Whether the last row on or before a day, else the first there is, is more than a month away from it."""
    return bool(np.abs(np.datetime64(day) - dates[max(_row(dates, day), 0)]) > NEAR)


# ---- one window


def _reading(claim: Claim, now: History, first: date, last: date, early: str, so_far: bool) -> Reading:
    """Judge a claim from the last row on or before `first` to the last on or before `last`."""
    if early.startswith(NOT_REACHED):
        return Reading(str(claim.first), str(claim.last or claim.first), None, None, Verdict(CANNOT, early))
    dates = now.market.dates
    b = max(_row(dates, last), 0)
    a = min(max(_row(dates, first), 0), b)
    days = str(dates[a]), str(dates[b])
    until = now.until(b)
    values, why = _series(claim, until, a)
    start, end = _figure(values[a]), _figure(values[b])
    evidence = measures.evidence(claim.measure, until, claim.needs) if end is not None else None
    moving = claim.says is not None and claim.says.reads == "change"
    missing = why or (_no_end(values, until) if end is None else _no_start(until, first, start) if moving else "")
    verdict = _verdict(claim, start, end, evidence, claim.cannot or early or missing, so_far)
    return Reading(
        *days,
        start,
        end,
        verdict,
        evidence,
        held_since=_held_since(claim, evidence, dates[: b + 1], values) if verdict.word == "holds" else None,
        forward=_forward(claim, until, a, end, early or missing, so_far),
        trade=_trade(claim, until, slice(a, b + 1), early, so_far),
        killed=_killed(claim, dates, values, a),
        stale=tuple(
            f"{age.series}, last of {age.last}, {age.days} days old (limit {age.limit})"
            for age in measures.stale(claim.measure, until, last)
            if age.last
        ),
    )


def _of_fact(claim: Claim, fact: Fact, as_of: date) -> Reading:
    """A dated statement: judged from the day it could be known, whatever window the claim has."""
    days = str(fact.day), str(fact.day)
    if as_of < max(fact.known, claim.first):
        why = f"{NOT_REACHED}: it begins {claim.first}" if as_of < claim.first else f"not known before {fact.known}"
        return Reading(*days, None, None, Verdict(CANNOT, why))
    if claim.cannot:
        return Reading(*days, fact.value, fact.value, Verdict(CANNOT, claim.cannot))
    true = fact.holds if claim.says is None else claim.says.holds(fact.value or 0.0)
    return Reading(*days, fact.value, fact.value, Verdict("holds" if true else "fails"))


def _series(claim: Claim, until: History, a: int) -> tuple[Array, str]:
    """A claim's measure (T,), and why there is none where a run says so."""
    if not isinstance(claim.measure, Return):
        return measures.series(claim.measure, until), ""
    values = measures.missing(until.market)
    variant = next(variant for variant in until.config.variants if variant.name == claim.measure.variant)
    earned, why = trades.returns(variant, until, slice(a, len(values)))
    if earned is not None:
        values[a:] = earned
    return values, why


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _no_start(now: History, first: date, start: float | None) -> str:
    if _far(now.market.dates, first):
        return f"no data: no row within a month of the window's start, {first}"
    return f"no data: nothing is known on {first}" if start is None else ""


def _no_end(values: Array, now: History) -> str:
    dates, known_rows = now.market.dates, np.flatnonzero(~np.isnan(values))
    if not known_rows.size:
        return f"no data: nothing is known up to {dates[-1]}"
    return f"no data: nothing is known on {dates[-1]}, the last value is of {dates[known_rows[-1]]}"


def _verdict(
    claim: Claim, start: float | None, end: float | None, evidence: Evidence | None, reason: str, so_far: bool
) -> Verdict:
    """Whether what is said is so; where an interval decides, one that straddles a bound decides nothing."""
    if reason:
        return Verdict(CANNOT, reason)
    if evidence and evidence.count < claim.needs:
        few = f"{evidence.count} {evidence.of}; at least {claim.needs} are needed"
        return Verdict(CANNOT, f"too few independent observations: {few}")
    says = claim.says
    assert says is not None and end is not None
    if evidence and evidence.decides and evidence.low is not None and evidence.high is not None:
        inside = [says.holds(bound) for bound in (evidence.low, evidence.high)]
        if not all(inside) and evidence.low < says.high and evidence.high > says.low:
            why = f"undecided: {evidence.count} {evidence.of} leave both answers inside the 95 % interval"
            return Verdict(CANNOT, why)
        return Verdict("holds" if all(inside) else "fails", so_far=so_far)
    figure = end - (start or 0.0) if says.reads == "change" else end
    return Verdict("holds" if says.holds(figure) else "fails", so_far=so_far)


def _held_since(claim: Claim, evidence: Evidence | None, dates: NDArray[np.datetime64], values: Array) -> str | None:
    """First row of the stretch, unbroken up to the last, on which what is said of the value is so."""
    says = claim.says
    if says is None or says.reads != "end" or (evidence and evidence.decides):
        return None
    broken = [t for t, value in enumerate(values) if not says.holds(value)]  # NaN breaks it too
    return str(dates[broken[-1] + 1 if broken else 0])


def _killed(claim: Claim, dates: NDArray[np.datetime64], values: Array, a: int) -> str | None:
    """First row after the window's first on which the kill level was reached or passed."""
    if claim.kill is None:
        return None
    return next((str(dates[t]) for t in range(a + 1, len(values)) if claim.kill.reached(values[t])), None)


def _forward(claim: Claim, until: History, a: int, end: float | None, reason: str, so_far: bool) -> Forward | None:
    """Whether the end went beyond its forward on the window's first row."""
    if claim.hurdle is None or claim.says is None:
        return None
    market = until.market
    ahead = metrics.years(market.dates[a:])
    value = _figure(measures.forward(claim.measure, market.until(a), ahead)[-1])
    if reason:
        return Forward(value, Verdict(CANNOT, reason))
    if value is None or end is None:
        return Forward(None, Verdict(CANNOT, "no data: the forward needs maturities that are not quoted"))
    word: Word = "holds" if claim.says.direction * (end - value) > ROUNDING else "fails"
    return Forward(value, Verdict(word, so_far=so_far))


def _trade(claim: Claim, until: History, rows: slice, reason: str, so_far: bool) -> Trade | None:
    if claim.trade is None or rows.stop - rows.start < 2:
        return None  # over one row nothing is earned
    variant = next(variant for variant in until.config.variants if variant.name == claim.trade)
    return trades.trade(variant, until, rows, reason, so_far)


def _path(claim: Claim, now: History) -> Path | None:
    """Return the measure from four years before the claim's window on, thinned out so that its last row stays."""
    if isinstance(claim.measure, Fact):
        return None
    dates = now.market.dates
    values, _ = _series(claim, now, max(_row(dates, claim.first), 0))
    first = np.flatnonzero((dates >= np.datetime64(claim.first) - SHOWN) & ~np.isnan(values))
    if not first.size:
        return None
    last = len(values) - 1
    step = -(-(last - int(first[0]) + 1) // POINTS)
    chosen = np.arange(last, int(first[0]) - 1, -step)[::-1]
    return Path(tuple(str(day) for day in dates[chosen]), tuple(_figure(value) for value in values[chosen]))
