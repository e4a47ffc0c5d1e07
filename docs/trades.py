"""Write docs/trades.md: how each trade of config/trades.yaml ended, from a run of it.

python docs/trades.py
"""

from __future__ import annotations

from pathlib import Path

from backtests import config
from backtests.performance.round_trips import RoundTrip
from backtests.runs import runner
from docs.blocks import filled

PAGE = Path(__file__).resolve().parent / "trades.md"
CONFIG = PAGE.parent.parent / "config/trades.yaml"
HEADER = ("trade", "opened", "closed", "by", "gained", "hurdle", "carry", "roll-down", "P&L")


def blocks(run: runner.Run) -> dict[str, str]:
    """Return what stands between the markers of the page, by name."""
    return {"trips": table(run), "overshot": overshot(run)}


def table(run: runner.Run) -> str:
    """Return a row a round trip."""
    rows = [_row(one.variant.name, trip) for one in run.variants for trip in one.trips]
    head = f"| {' | '.join(HEADER)} |\n| --- | --- | --- | --- |{' ---: |' * 5}\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def overshot(run: runner.Run) -> str:
    """Return the sentence on how far stops were overshot."""
    past = {
        one.variant.name: [
            -trip.decision_gain_bp - one.variant.trade.stop_bp
            for trip in one.trips
            if trip.reason == "stop" and trip.decision_gain_bp is not None
        ]
        for one in run.variants
        if one.variant.trade and one.variant.trade.stop_bp
    }
    told = [f"`{name}` by {max(by):.0f} bp" for name, by in past.items() if by]
    return f"Stops overshot on month ends: {', '.join(told)}.\n" if told else "No stop was reached.\n"


def _row(name: str, trip: RoundTrip) -> tuple[str, ...]:
    bp = tuple(_number(value, 1) for value in (trip.gain_bp, trip.hurdle_bp))
    usd = tuple(_number(value / 1000, 0) for value in (trip.carry_usd, trip.rolldown_usd, trip.pnl_usd))
    closed = "" if trip.reason == "open" else str(trip.close)
    return (f"`{name}`", str(trip.open), closed, trip.reason, *bp, *usd)


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if any(c in "123456789" for c in text) else text.removeprefix("-")


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(runner.run(config.load(CONFIG)))), encoding="utf-8")
