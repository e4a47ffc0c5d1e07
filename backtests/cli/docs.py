"""`divergence docs`: what a key of a configuration is for, its unit, default and an example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backtests.config.reference import Key


def docs(
    key: Annotated[
        str, typer.Argument(help="A key, like account.capital or params.duration, or a strategy; all without.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what a key of a configuration is for, its unit, default and an example; a section lists its keys."""
    from backtests.cli import catalogue, terminal
    from backtests.config import reference
    from strategies import OVERLAYS, STRATEGIES

    if key in STRATEGIES or key in OVERLAYS:
        catalogue.strategies(key, json)
        return
    keys = reference.lookup(key) if key else reference.top()
    if json:
        terminal.answer([vars(each) for each in keys])
        return
    if not key:
        _list(keys)
        return
    for i, each in enumerate(keys):
        if i:
            terminal.say("")
        _show(each)


def _show(key: Key) -> None:
    from backtests.cli import terminal
    from backtests.config.reference import within

    terminal.say(f"{key.path}: {key.meaning}")
    for label in ("takes", "unit", "default", "example"):
        if value := getattr(key, label):
            terminal.say(f"  {label:<8} {value}")
    if key.users:
        terminal.say(f"  {'of':<8} {', '.join(key.users)}")
    inner = within(key)
    if inner:
        terminal.say("")
        _list(inner)


def _list(keys: list[Key]) -> None:
    from backtests.cli import terminal

    for each in keys:
        terminal.say(f"{each.path}: {each.meaning}")
