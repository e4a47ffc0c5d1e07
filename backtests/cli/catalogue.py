"""`divergence strategies` and `divergence instruments`: what a configuration can name."""

from __future__ import annotations

import inspect


def strategies() -> None:
    """List the strategies with their parameters, units and defaults."""
    from backtests.cli import terminal
    from backtests.config import describe
    from strategies import STRATEGIES

    for name, strategy in STRATEGIES.items():
        terminal.say(f"{name}: {(inspect.getdoc(strategy) or '').splitlines()[0]}")
        terminal.table(
            ("  parameter", "default", "unit"),
            [(f"  {one.name}", one.default, one.unit) for one in describe(name)],
            left=(0, 1, 2),
        )
        terminal.say("")


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
