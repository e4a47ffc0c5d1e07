"""Dated trades in a journal: variants with an entry, an exit or a stop, whose hurdle is what the forwards held."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from backtests.config import Config, Variant
from backtests.performance.round_trips import RoundTrip
from backtests.thesis import trades
from backtests.thesis.claims import Trade, Verdict
from backtests.thesis.history import History
from backtests.thesis.statements import settings

STOPS = ("stop", "trail")  # reasons for which a trade is given up


def of(config: Config) -> tuple[Variant, ...]:
    """Return the variants that are dated trades, and so have a hurdle."""
    return tuple(variant for variant in config.variants if variant.trade)


def stated(variant: Variant, config: Config) -> dict[str, Any]:
    """Return what decides a dated trade's verdicts."""
    return {"strategy": variant.strategy_name, **settings(variant, config)}


def window(variant: Variant, day: date) -> list[str | None]:
    """Return from when to when a trade is meant to be open; without an entry it is from the day it is registered."""
    assert variant.trade is not None
    first, last = variant.trade.entry or day, variant.trade.exit
    return [str(first), str(last) if last else None]


def body(variant: Variant, known: History, day: date, first: date) -> dict[str, Any]:
    """Return what a trade made by a day, opened no sooner than `first`, as plain data."""
    dates = known.market.dates
    row = int(np.searchsorted(dates, np.datetime64(first)))  # the first on or after it
    span = window(variant, first)
    plain: dict[str, Any] = {
        "variant": variant.name, "as_of": str(day), "window": span, "happened": None, "beat_forward": None,
        "paid": None, "killed": None, "closed_by": None, "trips": [], "stale": [],
    }  # fmt: skip
    if row >= len(dates) - 1:
        return {**plain, "rows": [span[0], span[0]]}
    trade = trades.trade(variant, known, slice(row, len(dates)), "", so_far=False)
    trips = [_trip(trip) for trip in trade.trips]
    last = trade.trips[-1] if trade.trips else None
    still = last is None or last.reason == "open"
    return {
        **plain,
        "rows": [str(dates[row]), str(dates[-1])],
        "beat_forward": _beat(trade.trips, still),
        "paid": _paid(trade, still),
        "killed": str(last.close) if last and last.reason in STOPS else None,
        "closed_by": last.reason if last and not still else None,
        "trips": trips,
    }


def _beat(trips: tuple[RoundTrip, ...], still: bool) -> dict[str, Any] | None:
    """Whether the trips together gained more than the forwards held when each was opened."""
    known = [(trip.gain_bp, trip.hurdle_bp) for trip in trips]
    if not known or any(gain is None or hurdle is None for gain, hurdle in known):
        return None
    gain, hurdle = (sum(float(pair[i] or 0.0) for pair in known) for i in (0, 1))
    verdict = Verdict("holds" if gain > hurdle else "fails", so_far=still)
    return {"verdict": verdict.text, "why": None, "gain_bp": gain, "hurdle_bp": hurdle}


def _paid(trade: Trade, still: bool) -> dict[str, Any]:
    verdict = trade.verdict if trade.excess is None else Verdict(trade.verdict.word, so_far=still)
    return {
        "verdict": verdict.text,
        "why": verdict.why or None,
        "variant": trade.variant,
        "excess": trade.excess,
        "parts": trade.parts,
    }


def _trip(trip: RoundTrip) -> dict[str, Any]:
    return {
        "side": trip.side,
        "open": str(trip.open),
        "close": str(trip.close),
        "reason": trip.reason,
        "gain_bp": trip.gain_bp,
        "hurdle_bp": trip.hurdle_bp,
        "pnl_usd": trip.pnl_usd,
        "path": [[days, gain] for days, gain in zip(trip.path_days, trip.path, strict=True)],
        "path_unit": trip.path_unit,
    }
