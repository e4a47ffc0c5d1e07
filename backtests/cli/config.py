"""`divergence config`: check a configuration, print its schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backtests.cli.help import or_command

app = typer.Typer(
    help="Check a configuration, or print its schema.",
    rich_markup_mode=None,
    callback=or_command,
    invoke_without_command=True,
)


@app.command()
def check(
    config: Annotated[Path, typer.Argument(help="The configuration to check.")] = Path("config.yaml"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The answer as JSON on stdout, all else on stderr.")] = False,
) -> None:
    """Check CONFIG against its schema and the data, and say from when to when each variant would trade."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.runs.setup import set_up

    settings = configuration.load(config, set_ or [])
    variants = set_up(settings).variants
    with terminal.answering(json_) as answer:
        for name, prepared in variants.items():
            span = prepared.span
            terminal.say(f"{name}: {span.first} to {span.last}{f' ({span.reason})' if span.reason else ''}")
        terminal.say(f"{config}: good, {terminal.count(len(variants), 'variant')}")
        spans = {name: prepared.span for name, prepared in variants.items()}
        windows = {name: {"first": s.first, "last": s.last, "reason": s.reason} for name, s in spans.items()}
        answer({"config": str(config), "variants": windows})


@app.command()
def schema() -> None:
    """Print the JSON Schema of a configuration, for editors."""
    import json

    from backtests.cli import terminal
    from backtests.config import json_schema

    for line in json.dumps(json_schema(), indent=2).splitlines():
        terminal.say(line)
