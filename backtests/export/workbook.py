"""Tables as one workbook: a sheet each, its header in sight, figures as figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from backtests.export.columns import Column
from backtests.export.tables import Table
from backtests.export.values import Value, rows
from data.errors import ConfigError

MOST_ROWS, MOST_COLUMNS = 2**20, 2**14  # of a sheet, its header counted
LONGEST = 32_767  # characters of a cell
FIRST_DAY = date(1900, 3, 1)  # before it the days of a spreadsheet are not the calendar's
NARROWEST, WIDEST = 9, 48  # of a column, characters
SAMPLE = 200  # rows that a column's width is found from
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_workbook(tables: Sequence[Table], path: Path, title: str, created: datetime) -> None:
    """Write tables to a file, byte for byte the same for the same tables; what it needs meanwhile stands beside it.

    Raises
    ------
    ConfigError
        A table that is larger than a sheet, before anything is written.
    """
    for table in tables:
        if table.rows >= MOST_ROWS or len(table.columns) > MOST_COLUMNS:
            raise ConfigError(
                f"{table.name}: {table.rows:,} rows and {len(table.columns):,} columns, where a sheet holds "
                f"{MOST_ROWS - 1:,} and {MOST_COLUMNS:,}; give --csv, or some variants with --variant"
            )
    book = xlsxwriter.Workbook(path, {**OPTIONS, "tmpdir": str(path.parent)})
    book.set_properties({"title": title, "created": created})
    formats = _Formats(book)
    for table in tables:
        _sheet(book, formats, table)
    try:
        book.close()
    except FileCreateError as error:  # what the disk said, in a wrapping
        raise OSError(*getattr(error.args[0], "args", (str(error),))) from error


class _Formats:
    """The looks of cells, each made once."""

    def __init__(self, book: Any) -> None:
        self.header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.plain = book.add_format()
        self._shown = {
            "0%": book.add_format({"num_format": "0.00%"}),
            "0": book.add_format({"num_format": "#,##0"}),
            "2": book.add_format({"num_format": "#,##0.00"}),
            "6": book.add_format({"num_format": "0.000000"}),
            "any": book.add_format({"num_format": "0"}),
        }

    def of(self, column: Column) -> Any:
        """Return how a column's figures look."""
        if column.kind == "fraction":
            return self._shown["0%"]
        if column.kind == "text":
            return self.plain
        return self._shown["any" if column.key == "year" else str(column.digits)]


def _sheet(book: Any, formats: _Formats, table: Table) -> None:
    sheet = book.add_worksheet(table.name)
    first = list(rows(table.head(SAMPLE)))
    headings = [column.heading("%") for column in table.columns]
    for i, column in enumerate(table.columns):
        sheet.set_column(i, i, _width(headings[i], column, [row[i] for row in first]))
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    sheet.set_row(0, 30)
    looks = [formats.of(column) for column in table.columns]
    for i, heading in enumerate(headings):
        sheet.write_string(0, i, heading, formats.header)
    for n, row in enumerate(rows(table), 1):
        for i, held in enumerate(row):
            _cell(sheet, n, i, held, looks[i], formats)
    if table.rows:
        sheet.autofilter(0, 0, table.rows, len(table.columns) - 1)


def _cell(sheet: Any, row: int, place: int, held: Value, look: Any, formats: _Formats) -> None:
    if isinstance(held, bool):
        sheet.write_boolean(row, place, held)
    elif isinstance(held, float | int):
        sheet.write_number(row, place, held, look)
    elif isinstance(held, date) and held >= FIRST_DAY:
        sheet.write_datetime(row, place, datetime(held.year, held.month, held.day), formats.day)
    elif held is not None:
        sheet.write_string(row, place, str(held)[:LONGEST])


def _width(heading: str, column: Column, held: Sequence[Value]) -> float:
    """Return a width that shows the figures whole and the heading, bold, on two lines."""
    longest = max((len(_shown(column, value)) for value in held), default=0)
    word = max(map(len, heading.split()))
    return min(max(NARROWEST, longest + 2, 1.2 * word + 2, len(heading) / 2 + 4), WIDEST)


def _shown(column: Column, held: Value) -> str:
    if isinstance(held, float) and column.kind != "text":
        return f"{held * 100:,.2f}%" if column.kind == "fraction" else f"{held:,.{column.digits}f}"
    return "" if held is None else str(held)
