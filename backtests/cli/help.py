"""What a group of commands answers when none of them is named."""

from __future__ import annotations

import sys

import typer


def or_command(context: typer.Context) -> None:
    """Print the help to stderr, with status 2, where no command is named."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(2)
