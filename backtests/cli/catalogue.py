"""`divergence strategies` and `divergence instruments`: what a configuration can name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.instruments import Instrument


def strategies() -> None:
    """List the strategies and overlays with their parameters, units and defaults."""
    from backtests.cli import terminal
    from backtests.config import describe
    from strategies import OVERLAYS, STRATEGIES

    def show(kinds: Mapping[str, type]) -> None:
        for name, kind in kinds.items():
            terminal.say(f"{name}: {(inspect.getdoc(kind) or '').splitlines()[0]}")
            rows = [(f"  {parameter.name}", parameter.default, parameter.unit) for parameter in describe(name)]
            terminal.table(("  parameter", "default", "unit"), rows, left=(0, 1, 2))
            terminal.say("")

    show(STRATEGIES)
    terminal.say("Overlays, laid over any strategy, the first innermost: overlays: [{smooth: {window: 3M}}]")
    terminal.say("")
    show(OVERLAYS)


def instruments() -> None:
    """List the built-in instruments with their costs."""
    from backtests.cli import terminal
    from backtests.report.format import number
    from data.instruments import LIBRARY

    terminal.table(
        (
            "name", "kind", "ccy", "curve", "years", "half-spread bp", "rolls", "borrow bp", "fee bp", "lot", "face",
            "margin", "listed",
        ),
        [
            (
                instrument.name, instrument.kind, instrument.currency, instrument.curve or "",
                f"{instrument.maturity:g}" if instrument.maturity else "", number(instrument.half_spread, 2, 1e4),
                f"{instrument.rolls_per_year:g}", number(instrument.borrow, 0, 1e4), number(instrument.fee, 1, 1e4),
                f"{instrument.lot:g}", number(instrument.face, 0) if instrument.face else "",
                _margin(instrument), str(instrument.listed_on or ""),
            )
            for instrument in LIBRARY.values()
        ],
        left=(0, 1, 2, 3, 12),
    )  # fmt: skip
    steps = LIBRARY["JGB10"].borrow_steps
    borrow = ", ".join(f"{number(step.rate, 0, 1e4)} bp from {step.since}" for step in steps)
    terminal.say(
        "Half-spreads of bonds are in yield, of listed names, futures and cash in price. Borrow levels are assumptions;"
    )
    terminal.say(f"JGB10: {borrow}. Lot 0: any amount; listed names trade by proxy, lot 0, where no price is stored.")
    terminal.say(
        "The years of a future are those of its cheapest bond to deliver; its lot is one contract of that face."
    )
    terminal.say(
        "Margin is what a position ties up: percent of notional, of a future in its currency a contract. An assumption;"
    )
    terminal.say("it changes no profit or loss.")


def _margin(instrument: Instrument) -> str:
    """Initial margin, as a cell."""
    from backtests.report.format import number

    if instrument.kind == "future" and instrument.initial_margin is not None:
        return number(instrument.initial_margin, 0)
    return f"{100 * instrument.margin_rate:g} %"
