"""`divergence completion`: commands and options completed by the shell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="The shell: bash, zsh or fish.")]) -> None:
    """Print a script that completes commands and options, for a shell to read: eval "$(divergence completion bash)"."""
    from typer._completion_shared import get_completion_script

    print(get_completion_script(prog_name="divergence", complete_var="_DIVERGENCE_COMPLETE", shell=shell.value))
