"""`divergence strategies` and `divergence instruments`: what a configuration can name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping


def strategies() -> None:
    """List the strategies and overlays with their parameters, units and defaults."""
    from backtests.cli import terminal
    from backtests.config import describe
    from strategies import OVERLAYS, STRATEGIES

    def listed(kinds: Mapping[str, type]) -> None:
        for name, kind in kinds.items():
            terminal.say(f"{name}: {(inspect.getdoc(kind) or '').splitlines()[0]}")
            rows = [(f"  {one.name}", one.default, one.unit) for one in describe(name)]
            terminal.table(("  parameter", "default", "unit"), rows, left=(0, 1, 2))
            terminal.say("")

    listed(STRATEGIES)
    terminal.say("Overlays, laid over any strategy, the first innermost: overlays: [{smooth: {window: 3M}}]")
    terminal.say("")
    listed(OVERLAYS)


def instruments() -> None:
    """List the built-in instruments with their costs."""
    from backtests.cli import terminal
    from backtests.report.format import number
    from data.instruments import LIBRARY

    terminal.table(
        ("name", "kind", "ccy", "curve", "years", "half-spread bp", "rolls", "borrow bp", "fee bp", "lot", "listed"),
        [
            (
                one.name, one.kind, one.currency, one.curve or "", f"{one.maturity:g}" if one.maturity else "",
                number(one.half_spread, 2, 1e4), f"{one.rolls_per_year:g}", number(one.borrow, 0, 1e4),
                number(one.fee, 1, 1e4), f"{one.lot:g}", str(one.listed_on or ""),
            )
            for one in LIBRARY.values()
        ],
        left=(0, 1, 2, 3, 10),
    )  # fmt: skip
    steps = LIBRARY["JGB10"].borrow_steps
    dated = ", ".join(f"{number(step.rate, 0, 1e4)} bp from {step.since}" for step in steps)
    terminal.say(
        "Half-spreads of bonds are in yield, of listed names and cash in price. Borrow levels are assumptions;"
    )
    terminal.say(f"JGB10: {dated}. Lot 0: any amount; listed names trade by proxy, lot 0, where no price is stored.")
