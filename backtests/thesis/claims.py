"""What judging a claim answers: did it happen, did it beat the forward, did its trade pay; typed, and as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from backtests.config import Claim
from backtests.config.claims import Unit
from backtests.performance.round_trips import RoundTrip
from backtests.thesis.measures import Evidence

THESIS_DATE = date(2026, 1, 1)  # where a configuration states none

Word = Literal["holds", "fails", "cannot be tested here"]

CANNOT: Word = "cannot be tested here"
PARTS = ("carry", "rolldown", "level", "curve", "fx", "rest")  # of what a trade made over cash


@dataclass(frozen=True)
class Verdict:
    """One answer; why where it is that nothing can be said, and whether its window is still open."""

    word: Word
    why: str = ""
    so_far: bool = False

    @property
    def text(self) -> str:
        """The answer in words: holds, fails so far, cannot be tested here."""
        return f"{self.word} so far" if self.so_far and self.word != CANNOT else self.word


@dataclass(frozen=True)
class Forward:
    """The forward of a window's end as of its start, and whether the end went beyond it."""

    value: float | None  # decimals
    verdict: Verdict


@dataclass(frozen=True)
class Trade:
    """The claim's variant over a window, on its own terms, opened on the window's first row in the plain ledger."""

    variant: str
    excess: float | None  # return over cash over the window, opening costs included
    verdict: Verdict
    parts: dict[str, float] | None = None  # PARTS of `excess`, which they sum to; carry is net of funding
    trips: tuple[RoundTrip, ...] = ()
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
    killed: str | None = None  # first row on which the kill level was reached or passed
    stale: tuple[str, ...] = ()  # inputs older than they may be on the window's last day

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
class Judged:
    """One claim, judged on what was known on a day: over its own window, and since the thesis."""

    claim: Claim
    unit: Unit  # of its figures
    about: str  # what it is measured by, for a reader
    strategy: str | None  # of its trade
    stated: Reading
    since: Reading | None  # from the thesis date to the day asked about, where the claim's window ended before
    path: Path | None

    @property
    def happened(self) -> Verdict:
        """Whether it happened, over its own window."""
        return self.stated.verdict

    def body(self) -> dict[str, Any]:
        """Return it as plain data for a journal: figures are decimals, absent ones None, dates ISO."""
        stated, claim = self.stated, self.claim
        forward, trade = stated.forward, stated.trade
        return {
            "claim": claim.key,
            "text": claim.text,
            "definition": claim.definition or None,
            "measure": self.about,
            "window": [str(claim.first), str(claim.last) if claim.last else None],
            "rows": [stated.first, stated.last],
            "start": stated.start,
            "end": stated.end,
            "happened": _plain(stated.verdict),
            "beat_forward": {**_plain(forward.verdict), "forward": forward.value} if forward else None,
            "paid": {
                **_plain(trade.verdict), "variant": trade.variant, "excess": trade.excess, "parts": trade.parts
            } if trade else None,
            "killed": stated.killed,
            "stale": list(stated.stale),
        }  # fmt: skip


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict.text, "why": verdict.why or None}


def record(judged: Judged) -> dict[str, Any]:
    """Return a claim's entry of scorecard.json; figures are decimals, absent ones None."""
    claim = judged.claim
    return {
        "key": claim.key,
        "text": claim.text,
        "thesis_says": claim.number or None,
        "definition": claim.definition or None,
        "measure": judged.about,
        "unit": judged.unit.level or "times",
        "window": [str(claim.first), str(claim.last) if claim.last else None],
        "strategy": judged.strategy,
        "note": claim.note or None,
        "stated": _reading(judged.stated),
        "since_thesis": _reading(judged.since) if judged.since else None,
    }


def _reading(reading: Reading) -> dict[str, Any]:
    plain = asdict(reading)
    if reading.trade:
        plain["trade"]["trips"] = [
            {key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(trip).items()}
            for trip in reading.trade.trips
        ]
    return plain
