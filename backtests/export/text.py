"""Tables as a folder of CSV files: every digit, days as ISO has them, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from backtests.export.tables import Table
from backtests.export.values import Value, rows


def write_folder(tables: Sequence[Table], folder: Path) -> None:
    """Write a file a table to a folder that is there."""
    for table in tables:
        with (folder / f"{table.name.replace(' ', '_')}.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow([column.heading("fraction") for column in table.columns])
            lines.writerows([_shown(held) for held in row] for row in rows(table))


def _shown(held: Value) -> str | float | None:
    if isinstance(held, bool):
        return "true" if held else "false"
    return held if held is None or isinstance(held, float | int) else str(held)
