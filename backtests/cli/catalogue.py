"""`divergence strategies` and `divergence instruments`: what a configuration can name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from data.instruments import Instrument


def strategies(
    name: Annotated[str, typer.Argument(help="One of them, in full; all without.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the strategies and overlays with their parameters, units and defaults, or say all of one."""
    from backtests.cli import terminal
    from data.errors import ConfigError, did_you_mean
    from strategies import OVERLAYS, STRATEGIES

    kinds: dict[str, type] = {**STRATEGIES, **OVERLAYS}
    if name and name not in kinds:
        raise ConfigError(f"no strategy or overlay '{name[:60]}'{did_you_mean(name, kinds)}")
    if json:
        listed = {name: kinds[name]} if name else kinds
        terminal.answer([_described(each, kind, each in OVERLAYS) for each, kind in listed.items()])
    elif name:
        _show_whole(name, kinds[name])
    else:
        _show_all(STRATEGIES)
        terminal.say("Overlays, laid over any strategy, the first innermost: overlays: [{smooth: {window: 3M}}]")
        terminal.say("")
        _show_all(OVERLAYS)


def _described(name: str, kind: type, overlay: bool) -> dict[str, Any]:
    from backtests.config import describe, purpose

    parameters = [vars(parameter) for parameter in describe(name)]
    return {"name": name, "overlay": overlay, "purpose": purpose(kind), "parameters": parameters}


def _show_all(kinds: Mapping[str, type]) -> None:
    from backtests.cli import terminal
    from backtests.config import describe, purpose

    for name, kind in kinds.items():
        terminal.say(f"{name}: {purpose(kind)}")
        rows = [(f"  {parameter.name}", parameter.default, parameter.unit) for parameter in describe(name)]
        terminal.table(("  parameter", "default", "unit"), rows, left=(0, 1, 2))
        terminal.say("")


def _show_whole(name: str, kind: type) -> None:
    from backtests.cli import terminal
    from backtests.config import describe

    first, *more = (inspect.getdoc(kind) or "").splitlines()
    for line in (f"{name}: {first}", *more, ""):
        terminal.say(line)
    for parameter in describe(name):
        terminal.say(f"{parameter.name}: {parameter.meaning}")
        terminal.say(f"  takes    {parameter.unit}")
        terminal.say(f"  default  {parameter.default}")


def instruments(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the built-in instruments with their costs."""
    from dataclasses import asdict

    from backtests.cli import terminal
    from backtests.report.format import number
    from data.instruments import LIBRARY

    if json:
        terminal.answer([asdict(instrument) for instrument in LIBRARY.values()])
        return
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
