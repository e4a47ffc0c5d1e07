"""`divergence export`: a finished run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backtests.export import Form

NAMED = {"xlsx": "{}.xlsx", "csv": "{}-csv", "pdf": "{}.pdf"}  # by form, where no --out is given


def export(
    run: Annotated[Path, typer.Argument(help="A run folder, like those `divergence runs` lists.")],
    xlsx: Annotated[bool, typer.Option("--xlsx", help="One workbook.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="A folder of CSV files, a table each.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="One page to read, printed by Chromium.")] = False,
    full: Annotated[bool, typer.Option("--full", help="With --pdf: the whole report.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="The file or folder to write; by default named after the run, here.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This variant only; repeatable. By default all.")
    ] = None,
) -> None:
    """Write a finished run as a workbook or CSV files, with returns, fills, attribution and more, or as a PDF."""
    form = _form({"xlsx": xlsx, "csv": csv, "pdf": pdf}, full, variant or [])
    from backtests.cli import interrupt, terminal
    from backtests.export import export as write
    from backtests.export import export_report
    from backtests.runs import folder as run_folder

    place = out or Path(NAMED[form].format(run.absolute().name))
    stored = run_folder.load(run)
    with interrupt.telling(interrupt.whole(place)):
        if full:
            export_report(stored, place)
        else:
            write(stored, form, place, variant or [])
    terminal.say(f"{form}: {place}")


def _form(asked: dict[Form, bool], full: bool, variants: list[str]) -> Form:
    """Return the one form that was asked for, with what goes with it."""
    from data.errors import ConfigError

    forms = [form for form, given in asked.items() if given]
    if full and (forms != ["pdf"] or variants):
        raise ConfigError("--full is the whole report as a PDF; give it with --pdf, and without --variant")
    if len(forms) == 1:
        return forms[0]
    known = ", ".join(f"--{form}" for form in asked)
    raise ConfigError(f"export writes one form at a time; give one of {known}")
