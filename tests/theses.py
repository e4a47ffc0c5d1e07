"""The article's claims and the variants that trade them, and a claim of one's own, judged without running the rest."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from backtests import config
from backtests.config import Config
from backtests.config.document import parse, read
from backtests.thesis import scorecard
from backtests.thesis.claims import Judged
from backtests.thesis.history import History, history

ROOT = Path(__file__).resolve().parent.parent
THESIS = date(2026, 1, 1)
JUNE, LAST = date(2026, 6, 30), date(2026, 7, 31)
Y2024, Y2025 = date(2024, 12, 31), date(2025, 12, 31)
BASE = """name: mine
thesis_date: 2026-01-01
data: {end: 2026-07-31}
variants:
  pair: {strategy: divergence}
  us_steep: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener}}
claims:
  x: {text: x, %s}
"""


@cache
def article() -> Config:
    """Return config/thesis.yaml with the variants that its claims name."""
    document = read(ROOT / "config/thesis.yaml")
    said = document.data["claims"].values()
    named = {claim.get("trade") for claim in said} | {claim["measure"].get("return") for claim in said}
    kept = {"safe_haven", *document.data["benchmarks"], *named}
    document.data["variants"] = {name: own for name, own in document.data["variants"].items() if name in kept}
    return config.resolve(document)


@cache
def known() -> History:
    """Return what the article's claims are judged on."""
    return history(article())


@cache
def card(day: date = LAST) -> dict[str, Judged]:
    """Return the article's claims as judged on a day, by key."""
    return {row.claim.key: row for row in scorecard.judge(article().claims, known(), day)}


def stated(words: str) -> Config:
    """Return a configuration of one claim, `x`, whose keys are `words`."""
    return config.resolve(parse(BASE % words, "mine.yaml"))


def judged(words: str, as_of: date = LAST) -> Judged:
    """Judge the claim of `words` on the bundled figures."""
    own = stated(words)
    return scorecard.judge(own.claims, own, as_of)[0]
