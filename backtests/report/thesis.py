"""The page of the scorecard: a row and a small plot of every claim, its trade, and the trade's round trips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backtests.config import Claim
from backtests.performance.round_trips import RoundTrip
from backtests.report import claim_words as words
from backtests.report import html
from backtests.report.claim_plots import Plot, figure, plot
from backtests.report.format import ABSENT, millions, number
from backtests.thesis.claims import Forward, Judged, Reading, Trade, Verdict
from backtests.thesis.measures import Evidence
from backtests.thesis.scorecard import Card

SIDES = {1: "long", -1: "short", 0: ABSENT}  # of the first leg named


@dataclass(frozen=True)
class ProfitRow:
    """P&L of a variant since the thesis, and of its legs by name, as text."""

    name: str
    pnl: str
    legs: list[str]


@dataclass(frozen=True)
class TripRow:
    """A round trip of a claim's trade inside its window, as text."""

    side: str
    open: str
    close: str
    reason: str
    cells: list[str]


@dataclass(frozen=True)
class Paid:
    """What a claim's trade made over cash, and of what."""

    verdict: Verdict
    short: str
    value: str
    variant: str
    parts: list[tuple[str, str]]
    trips: list[TripRow]
    no_rolldown: int  # bars on which a leg could not age along its curve


@dataclass(frozen=True)
class Beaten:
    """A verdict beside the forward it is about."""

    verdict: Verdict
    short: str
    value: str


@dataclass(frozen=True)
class ReadingRow:
    """A claim over one window, as text."""

    label: str  # empty over the claim's own window
    measured: str
    months: str
    window: str
    verdict: Verdict
    held_since: str | None
    evidence: Evidence | None
    forward: Beaten | None
    trade: Paid | None
    killed: str | None
    stale: tuple[str, ...]


@dataclass(frozen=True)
class ClaimRow:
    """A claim with its readings, its plot, and the run's variants that trade it."""

    claim: Claim
    text: str
    about: str
    readings: list[ReadingRow]
    condition: str
    strategy: str | None
    variants: list[str]
    plot: Plot | None
    kill: str


def page(card: Card, manifest: Mapping[str, Any]) -> str:
    """Return the scorecard as one HTML document; `manifest` is the run's, for its name, data and variants."""
    return html.render(
        "thesis.html",
        title=manifest["name"],
        data=manifest["data"],
        card=card,
        verdict=words.verdict(card),
        rows=[_row(row, card, manifest["variants"]) for row in card.rows],
        profits=[ProfitRow(profit.variant, millions(profit.pnl), words.legs(profit)) for profit in card.profits],
        books=card.books,
        css=html.asset("report.css"),
        script=html.script("page", "table", "claims") + "page.theme(() => {}); claims.ready(); page.ready();",
    )


def _row(row: Judged, card: Card, variants: Mapping[str, Any]) -> ClaimRow:
    kill = row.claim.kill
    return ClaimRow(
        claim=row.claim,
        text=words.name(row),
        about=row.about,
        readings=[_reading(row, label, reading) for label, reading in words.readings(row, card.thesis_date)],
        condition=words.condition_of(row),
        strategy=row.strategy,
        variants=_variants(row, variants),
        plot=plot(row, row.path, card.as_of, card.thesis_date) if row.path else None,
        kill=f"{kill.side} {figure(kill.level, row.unit)} {row.unit.level}".rstrip() if kill else "",
    )


def _reading(row: Judged, label: str, reading: Reading) -> ReadingRow:
    return ReadingRow(
        label=label,
        measured=words.measured(row, reading),
        months=words.window(reading),
        window=reading.last if reading.first == reading.last else f"{reading.first} to {reading.last}",
        verdict=reading.verdict,
        held_since=reading.held_since,
        evidence=reading.evidence,
        forward=_beaten(row, reading.forward) if reading.forward else None,
        trade=_paid(reading.trade) if reading.trade else None,
        killed=reading.killed,
        stale=reading.stale,
    )


def _beaten(row: Judged, forward: Forward) -> Beaten:
    value = f"{figure(forward.value, row.unit)} {row.unit.level}" if forward.value is not None else ABSENT
    return Beaten(forward.verdict, words.short(forward.verdict), value)


def _paid(trade: Trade) -> Paid:
    return Paid(
        trade.verdict,
        words.short(trade.verdict),
        words.paid(trade.excess),
        trade.variant,
        list(zip(words.PART_NAMES.values(), words.parts(trade), strict=True)) if trade.parts else [],
        [_trip(trip) for trip in trade.trips],
        trade.no_rolldown,
    )


def _trip(trip: RoundTrip) -> TripRow:
    return TripRow(
        SIDES[trip.side],
        trip.open.isoformat(),
        trip.close.isoformat(),
        trip.reason,
        [
            number(trip.gain_bp, 0), number(trip.hurdle_bp, 0), millions(trip.pnl_usd), millions(trip.carry_usd),
            millions(trip.rolldown_usd), millions(trip.mae_usd), millions(trip.mfe_usd),
        ],
    )  # fmt: skip


def _variants(row: Judged, variants: Mapping[str, Any]) -> list[str]:
    """The run's variants of the claim's trade: that one, and others of its strategy with the same legs."""
    own = row.claim.trade
    if own is None or own not in variants:
        return []
    same = [
        name
        for name, variant in variants.items()
        if variant["strategy"] == row.strategy and set(variant["legs"]) == set(variants[own]["legs"])
    ]
    return [own, *(name for name in same if name != own)]
