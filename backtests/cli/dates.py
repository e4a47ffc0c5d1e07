"""Dates of the command line."""

from __future__ import annotations

from datetime import date

import typer


def day(text: str | date) -> date:
    """Return a date typed on the command line.

    Raises
    ------
    typer.BadParameter
        A text that is not a date, or a date that does not exist.
    """
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a date; write one like 2025-06-30") from None
