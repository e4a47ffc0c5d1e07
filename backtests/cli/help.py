"""What a group of commands answers when none of them is named."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def start(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Print the version where it is asked for, or the help where no command is named."""
    if version:
        from importlib.metadata import version as installed

        print(f"divergence {installed('divergence')}")
        raise typer.Exit
    or_command(context)


def or_command(context: typer.Context) -> None:
    """Print the help to stderr, with status 2, where no command is named."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(2)
