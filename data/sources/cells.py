"""Cells: any table a person has, as text in columns: CSV of any delimiter and encoding, xlsx, Parquet."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.errors import DataError
from data.sources.text import NoRowsError

CHUNK = 200_000  # cells that are Python objects at once
WIDEST = 5_000  # columns
DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma"}
SNIFFED = 60  # lines that say which
SPACED = re.compile(r"\s{2,}|\t")
MARKS = {  # how a file begins that is no table
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook (.xls); save it as .xlsx or CSV",
    b"\x1f\x8b": "is compressed (gzip); unpack it",
    b"%PDF": "is a PDF; export the table as CSV",
    b"{": "is JSON; export the table as CSV",
    b"[": "is JSON; export the table as CSV",
}
ENCODINGS = {"utf-8-sig": "UTF-8", "cp932": "Japanese cp932", "cp1252": "Windows cp1252"}
BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class Grid:
    """A file's cells as text, white space around them gone; "" where there is nothing."""

    source: str
    kind: str  # how it is written: "CSV (comma, UTF-8)"
    counted: str  # what rows are counted by: line or row
    numbers: NDArray[np.int64]  # (T,) of each row
    widths: NDArray[np.int64]  # (T,) cells each row was written with
    columns: tuple[pa.ChunkedArray, ...]  # (k) of (T,)

    def __len__(self) -> int:
        return len(self.numbers)

    def row(self, i: int) -> tuple[str, ...]:
        """Return one row's cells."""
        return tuple(str(column[i].as_py()) for column in self.columns)

    def where(self, i: int) -> str:
        """Return how a message names a row: `prices.csv, line 7`."""
        return f"{self.source}, {self.counted} {self.numbers[i]}"


def read(data: bytes, source: str, sheet: str | None = None) -> Grid:
    """Return the cells of a file.

    Raises
    ------
    NoRowsError
        Nothing in it.
    DataError
        Bytes that are no table, a workbook with several sheets and none named.
    """
    for mark, why in MARKS.items():
        if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(mark):
            raise DataError(f"{source}: {why}")
    if data.startswith(b"PAR1"):
        return _parquet(data, source)
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data, source, sheet)
    if sheet is not None:
        raise DataError(f"{source}: is no workbook, so there is no sheet '{sheet}'; leave --sheet out")
    return _csv(data, source)


class _Columns:
    """Rows gathered into columns of text, chunk by chunk, so that few of them are Python objects at a time."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.numbers: list[int] = []
        self.widths: list[int] = []
        self.rows: list[tuple[str, ...]] = []
        self.open = 0  # cells of those rows
        self.chunks: list[list[pa.Array]] = []
        self.lengths: list[int] = []

    def add(self, number: int, cells: tuple[str, ...]) -> None:
        """Add a row that holds something."""
        if len(cells) > WIDEST:
            raise DataError(f"{self.source}: line {number} has {len(cells)} cells; no table of rates or prices has")
        self.numbers.append(number)
        self.widths.append(len(cells))
        self.rows.append(cells)
        self.open += len(cells)
        if self.open >= CHUNK:
            self._close()

    def _close(self) -> None:
        width = max(map(len, self.rows))
        padded = (row if len(row) == width else row + ("",) * (width - len(row)) for row in self.rows)
        self.chunks.append([pa.array(column, pa.string()) for column in zip(*padded, strict=True)])
        self.lengths.append(len(self.rows))
        self.rows, self.open = [], 0

    def grid(self, kind: str, counted: str) -> Grid:
        """Return what was gathered."""
        if self.rows:
            self._close()
        if not self.numbers:
            raise NoRowsError(f"{self.source}: is empty")
        width = max(map(len, self.chunks))
        columns = tuple(
            pa.chunked_array([
                chunk[k] if k < len(chunk) else pa.array([""] * length, pa.string())
                for chunk, length in zip(self.chunks, self.lengths, strict=True)
            ])
            for k in range(width)
        )  # fmt: skip
        return Grid(self.source, kind, counted, np.array(self.numbers), np.array(self.widths), columns)


def _csv(data: bytes, source: str) -> Grid:
    encoding = _encoding(data, source)
    top = [line for line in islice(_lines(data, encoding), 4 * SNIFFED) if line.strip()][:SNIFFED]
    if not top:
        raise NoRowsError(f"{source}: is empty")
    if top[0].lstrip().startswith("<"):
        raise DataError(
            f"{source}: is a web page, not a CSV table; the address may have moved or be blocked: "
            "open it in a browser, and save the table as CSV"
        )
    stated = re.match(r"sep=(.)\s*$", top[0])  # as Excel writes it
    delimiter = stated[1] if stated else _delimiter(top)
    columns = _Columns(source)
    lines = _lines(data, encoding)
    number = 0
    try:
        reader: Iterable[list[str]] = csv.reader(lines, delimiter=delimiter) if delimiter else map(_spaced, lines)
        for count, cells in enumerate(reader, 1):
            number = reader.line_num if delimiter else count  # type: ignore[attr-defined]
            stripped = tuple(map(_folded, cells))
            if any(stripped) and not (stated and not columns.numbers and number == 1):
                columns.add(number, stripped)
    except csv.Error as error:
        raise DataError(f"{source}, line {number + 1}: is no CSV ({error}); export the table as CSV") from None
    name = DELIMITERS.get(delimiter, delimiter) if delimiter else "spaces"
    return columns.grid(f"CSV ({name}, {ENCODINGS.get(encoding, encoding.upper())})", "line")


def _folded(cell: str) -> str:
    """Return a cell without white space around it, on one line."""
    cell = cell.strip()
    return cell if cell.isprintable() else " ".join(cell.split())


def _spaced(line: str) -> list[str]:
    return SPACED.split(line.strip())


def _lines(data: bytes, encoding: str) -> Iterator[str]:
    return iter(io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline=""))


def _encoding(data: bytes, source: str) -> str:
    """Return the first encoding that can read every byte, a byte order mark or UTF-16's zeros going first."""
    marked = next((encoding for bom, encoding in BOMS if data.startswith(bom)), None)
    start = data[:2000]
    if marked is None and start[1::2].count(0) > len(start) // 3:
        marked = "utf-16-le"
    elif marked is None and start[0::2].count(0) > len(start) // 3:
        marked = "utf-16-be"
    for encoding in (marked,) if marked else ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return encoding
    raise DataError(f"{source}: is not text in UTF-8, UTF-16 or cp932; export the table as CSV")


def _delimiter(lines: list[str]) -> str:
    """Return what separates cells: what gives most lines one number of them; "" for runs of spaces.

    A comma may be a decimal mark and goes last: `2023-01-04;98,50` is two cells.
    """
    best, score = "", 0.5
    for delimiter in DELIMITERS:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if any(cells))
        width, count = max(((w, n) for w, n in widths.items() if w > 1), key=lambda pair: pair[1], default=(0, 0))
        share = count / len(lines)
        if width and share > score:
            best, score = delimiter, max(share, 0.8 if share > 0.8 else share)
    if best:
        return best
    spaced = Counter(len(_spaced(line)) for line in lines)
    width, count = spaced.most_common(1)[0]
    return "" if width > 1 and count > len(lines) / 2 else ","


def _workbook(data: bytes, source: str, wanted: str | None) -> Grid:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that it does not know
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            names = [str(sheet.title) for sheet in book.worksheets]
            name = _sheet(source, names, wanted, lambda name: _holds_numbers(book[name]))
            columns = _Columns(source)
            for number, cells in enumerate(_rows(book[name]), 1):
                stripped = tuple(map(_text_of, cells))
                if any(stripped):
                    columns.add(number, stripped)
        except DataError:
            raise
        except Exception as error:  # openpyxl, zipfile and the XML parser raise whatever they like
            why = " ".join(str(error).split())[:80] or type(error).__name__
            raise DataError(
                f"{source}: is no workbook that can be read ({why}); save it again as .xlsx or CSV"
            ) from None
    return columns.grid(f"xlsx, sheet {name}", "row")


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # a workbook may state fewer than it has
    return iter(sheet.iter_rows())


def _holds_numbers(sheet: Any) -> bool:
    rows = [[cell.value for cell in row] for row in islice(_rows(sheet), 200)]
    return sum(any(isinstance(value, int | float) for value in row) for row in rows) > 1


def _sheet(source: str, names: list[str], wanted: str | None, holds_numbers: Any) -> str:
    if wanted is not None:
        if wanted not in names:
            raise DataError(f"{source}: has no sheet '{wanted}'; it has {', '.join(names)}")
        return wanted
    filled = [name for name in names if holds_numbers(name)] or names
    if len(filled) > 1:
        raise DataError(f"{source}: has figures on the sheets {', '.join(filled)}; say which: --sheet '{filled[0]}'")
    return filled[0]


def _text_of(cell: Any) -> str:
    """Return a workbook's cell as CSV would have it; a cell shown in percent with its sign: 0.0425 is 4.25%."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "%" in str(cell.number_format or ""):
            return f"{Decimal(repr(value)).scaleb(2):f}%"
        return repr(value)
    return " ".join(str(value).split())


def _parquet(data: bytes, source: str) -> Grid:
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
        columns = [pc.fill_null(_as_text(column), "") for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        why = " ".join(str(error).split())[:80]
        raise DataError(
            f"{source}: is no Parquet table of dates and numbers ({why}); save it again, or as CSV"
        ) from None
    if not table.num_rows:
        raise NoRowsError(f"{source}: has a header but no rows under it")
    names = ["" if re.fullmatch(r"__index_level_\d+__", name) else name for name in table.column_names]
    headed = tuple(
        pa.chunked_array([pa.array([name], pa.string()), *column.chunks])
        for name, column in zip(names, columns, strict=True)
    )
    rows = table.num_rows + 1
    return Grid(source, "Parquet", "row", np.arange(rows), np.full(rows, len(headed)), headed)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    text = pc.cast(pc.cast(column, kind), pa.string())
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(text, r"\.0+", "")
    return text
