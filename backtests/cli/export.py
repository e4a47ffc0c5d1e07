"""`divergence export`: a finished run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backtests.export import Form

NAMED = {"xlsx": "{}.xlsx", "csv": "{}-csv"}  # by form, where no --out is given


def export(
    run: Annotated[Path, typer.Argument(help="A run folder, like those `divergence runs` lists.")],
    xlsx: Annotated[bool, typer.Option("--xlsx", help="One workbook.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="A folder of CSV files, a table each.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="The file or folder to write; by default named after the run, here.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This variant only; repeatable. By default all.")
    ] = None,
) -> None:
    """Write a finished run as a workbook or as CSV files: summary, returns, positions, fills, attribution and more."""
    form = _form({"xlsx": xlsx, "csv": csv})
    from backtests.cli import interrupt, terminal
    from backtests.export import export as write
    from backtests.runs import folder as run_folder

    place = out or Path(NAMED[form].format(run.absolute().name))
    stored = run_folder.load(run)
    with interrupt.telling(interrupt.whole(place)):
        write(stored, form, place, variant or [])
    terminal.say(f"{form}: {place}")


def _form(asked: dict[Form, bool]) -> Form:
    """Return the one form that was asked for."""
    from data.errors import ConfigError

    forms = [form for form, given in asked.items() if given]
    if len(forms) == 1:
        return forms[0]
    known = ", ".join(f"--{form}" for form in asked)
    raise ConfigError(f"export writes one form at a time; give one of {known}")
