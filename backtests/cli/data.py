"""`divergence data`: what market data there is."""

from __future__ import annotations

import typer

app = typer.Typer(help="What market data there is.", rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `status` a command of its own while it is the only one."""


@app.command()
def status() -> None:
    """List every series with its span, rows, gaps, age and source."""
    from backtests.cli import terminal
    from data import status as contents
    from data.sources import bundled

    tables = bundled.load()
    terminal.table(
        ("series", "first", "last", "rows", "gaps", "days old", "source"),
        [
            (one.name, str(one.first), str(one.last), str(one.rows), str(one.gaps), str(one.age_days), tables.source)
            for one in contents.status(tables)
        ],
        left=(0, 1, 2, 6),
    )
    for name, digest in tables.fingerprints.items():
        terminal.say(f"{name}: sha256 {digest}")
    terminal.say(
        "gaps: month ends without a value between the first and the last; 30-year Treasuries were not issued 2002-06"
    )
