"""Table: where in a grid of cells the header, the dates and the rows are, found by content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from data.errors import DataError
from data.sources import cells, dates, numbers
from data.sources.cells import Grid
from data.sources.text import DATE_HEADERS, NoRowsError, short

TOP = 120  # rows in which the header must be
LOOKED_AT = 160  # rows that say which column holds the dates
DATE_COLUMNS = 8  # the first columns, one of which does
DATE_NAMES = (*DATE_HEADERS, "timestamp", "datetime", "time", "day", "日付", "年月日", "index", "dates", "trade date")
UNITS = {"%", "percent", "pct", "bp", "bps", "％", "percent a year", "(%)", "% p.a."}
PRICE_WORDS = {  # as published, in lower case, letters only -> column of a price series
    "open": "open", "high": "high", "low": "low", "close": "close", "last": "close", "price": "close",
    "closeprice": "close", "closingprice": "close", "lastprice": "close", "closelast": "close", "settle": "close",
    "始値": "open", "高値": "high", "安値": "low", "終値": "close", "出来高": "volume", "調整後終値": "adjusted",
    "pxlast": "close", "pxopen": "open", "pxhigh": "high", "pxlow": "low", "pxvolume": "volume", "volume": "volume",
    "vol": "volume", "adjclose": "adjusted", "adjusted": "adjusted", "adjustedclose": "adjusted", "adj": "adjusted",
    "closeadj": "adjusted", "closeadjusted": "adjusted", "adjclosing": "adjusted", "adjustedprice": "adjusted",
    "adjprice": "adjusted", "totreturnindexgrossdvds": "adjusted", "dividend": "dividend", "dividends": "dividend",
    "dividendamount": "dividend", "implieddividend": "dividend", "divcash": "dividend", "split": "split",
    "splits": "split", "stocksplits": "split", "stocksplit": "split", "splitcoefficient": "split",
    "splitfactor": "split", "capitalgains": "gains",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A grid with its header: what each column is called, and of which ticker it is where the header says so."""

    grid: Grid
    title: tuple[str, ...]  # what stands above the header
    names: tuple[str, ...]  # (k,)
    groups: tuple[str, ...]  # (k,) tickers; "" where there is none
    at: int  # the column of the dates
    first: int  # the first row under the header
    unit: str = ""  # of a line of units under the names
    serial: bool = False  # whether dates are a spreadsheet's numbers of days

    @property
    def source(self) -> str:
        """The file."""
        return self.grid.source

    @property
    def values(self) -> tuple[int, ...]:
        """The columns that may hold values: named, and not the dates."""
        return tuple(k for k, name in enumerate(self.names) if k != self.at and (name or self.groups[k]))

    @property
    def header(self) -> tuple[str, ...]:
        """The names, the date's first, as a publisher's format knows them."""
        return (self.names[self.at] or "Date", *(self.names[k] for k in self.values))

    @property
    def width(self) -> int:
        """How many cells a row under this header has."""
        return 1 + max(self.at, *self.values) if self.values else 1 + self.at


def word(name: str) -> str:
    """Return a header's name in lower case, letters only: Adj Close** is adjclose.

    >>> word("Adj Close**"), word("split_coefficient"), word("終値")
    ('adjclose', 'splitcoefficient', '終値')
    """
    return re.sub(r"[^\w]|_|\d", "", name.lower())


def price_word(name: str) -> str | None:
    """Return the column of a price series that a name is for, or None."""
    return PRICE_WORDS.get(word(name)) if not re.search(r"\d", name) else None


def read(data: bytes, source: str, sheet: str | None = None) -> Table:
    """Return a file's table.

    Raises
    ------
    DataError
        No column of dates with numbers beside it, no header, a file that is no table.
    """
    grid = cells.read(data, source, sheet)
    top = [grid.row(i) for i in range(min(len(grid), TOP))]
    at, serial = _date_column(grid, top)
    first = next((i for i, row in enumerate(top) if _is_dated(row, at, serial)), None)
    if first is None:
        raise NoRowsError(f"{source}: has no row of a date and a number; its first line is '{short(top[0])}'")
    if first == 0:
        raise DataError(
            f"{source}: has no header, its first line is '{short(top[0])}'; put one above it that names the columns, "
            "like that which `divergence data template NAME` writes"
        )
    return _headed(grid, top[:first], at, serial)


def _date_column(grid: Grid, top: Sequence[tuple[str, ...]]) -> tuple[int, bool]:
    """Return the column that holds dates beside numbers, and whether they are serial numbers."""
    stop = min(len(grid), LOOKED_AT)
    rows = [grid.row(i) for i in range(len(top), stop)]
    every = [*top, *rows]
    width = min(DATE_COLUMNS, len(grid.columns))
    counts = [sum(_is_data(row, k, False) for row in every) for k in range(width)]
    if max(counts):
        named = [k for k in range(width) if any(row[k].lower() in DATE_NAMES[:-2] for row in top)]
        return max(range(width), key=lambda k: (counts[k] * 10 > 9 * max(counts), k in named, -k)), False
    serials = [sum(_is_data(row, k, True) for row in every) for k in range(width)]
    if max(serials) > 1 and grid.kind.startswith("xlsx"):
        return serials.index(max(serials)), True
    headed = next((i for i, row in enumerate(top) if any(cell.lower() in DATE_NAMES for cell in row)), None)
    if headed is not None and len(grid) == headed + 1:
        raise NoRowsError(f"{grid.source}: has a header but no rows under it")
    raise DataError(
        f"{grid.source}: no kind of file that is known; its header is '{short(top[headed or 0])}'; no column holds "
        "dates "
        "with numbers beside them"
    )


def _is_data(row: tuple[str, ...], at: int, serial: bool) -> bool:
    if at >= len(row):
        return False
    dated = dates.is_serial(row[at]) if serial else dates.looks_like(row[at])
    others = [cell for k, cell in enumerate(row) if k != at and cell]
    return dated and (not others or any(numbers.is_missing(cell) or numbers.looks_like(cell) for cell in others))


def _is_dated(row: tuple[str, ...], at: int, serial: bool) -> bool:
    """Whether a row begins the data: dated, with anything beside the date; a rate may be told by words beside it."""
    return _is_data(row, at, serial) or (
        not serial and at < len(row) and dates.looks_like(row[at]) and sum(map(bool, row)) > 1
    )


def _headed(grid: Grid, above: list[tuple[str, ...]], at: int, serial: bool) -> Table:
    """Return the table under the rows `above` its first row of data: title, header lines, a line of units."""
    first, unit = len(above), ""
    filled = {k for k, column in enumerate(grid.columns) if k != at and _any(column, first)}
    rows = list(above)
    label = ""
    if not _names(rows[-1], at, filled) and rows[-1][at]:  # a line that names the dates alone, as pandas writes it
        label = rows.pop()[at]
    elif len(rows) > 1 and _are_units(rows[-1], at):
        unit = next(cell for k, cell in enumerate(rows.pop()) if cell and k != at)
    if len(rows) > 1 and not rows[-1][at] and _names(rows[-2], at, filled) and _are_numbers(rows[-1], at):
        raise DataError(f"{grid.where(first - 1)}: values without a date; correct or remove the row")
    levels: list[tuple[str, ...]] = []
    if rows and _is_lowest(rows[-1], at, filled):
        levels.append(rows.pop())
        upper = next((i for i in reversed(range(len(rows))) if _is_level(rows[i], at, filled, levels[0])), None)
        if upper is not None:
            levels.insert(0, _spread(rows.pop(upper), at))
    if not levels:
        raise DataError(
            f"{grid.source}: no header above {grid.counted} {grid.numbers[first]}; put one there that names the columns"
        )
    names, groups = _merged(levels, at, len(grid.columns))
    label = label or next((level[at] for level in reversed(levels) if level[at]), "")
    names = tuple(_clean(label if k == at else name) for k, name in enumerate(names))
    title = tuple(" ".join(cell for cell in row if cell) for row in rows)
    table = Table(grid, title, names, groups, at, first, unit, serial)
    _check_twice(table)
    return _split_names(table)


def _any(column: object, first: int) -> bool:
    return any(chunk for chunk in column.slice(first, 50).to_pylist())  # type: ignore[attr-defined]


def _names(row: tuple[str, ...], at: int, filled: set[int]) -> int:
    return sum(bool(row[k]) for k in filled if k < len(row))


def _are_units(row: tuple[str, ...], at: int) -> bool:
    others = [cell.lower() for k, cell in enumerate(row) if cell and k != at]
    return bool(others) and all(cell in UNITS for cell in others)


def _are_numbers(row: tuple[str, ...], at: int) -> bool:
    others = [cell for k, cell in enumerate(row) if cell and k != at]
    return len(others) > 0 and all(map(numbers.looks_like, others))


def _is_lowest(row: tuple[str, ...], at: int, filled: set[int]) -> bool:
    return bool(_names(row, at, filled)) or not filled


def _is_level(row: tuple[str, ...], at: int, filled: set[int], lowest: tuple[str, ...]) -> bool:
    """Whether a line above the lowest of a header names what that leaves equal, each or in merged cells."""
    below = [lowest[k] for k in sorted(filled)]
    repeated = len(set(below)) < len(below) or not lowest[at]
    words = [row[k] for k in sorted(filled) if row[k]]
    whole = len(words) == len(filled) and not all(map(numbers.looks_like, words))
    merged = len(words) > 1 and bool(row[min(filled)]) and not any(map(dates.looks_like, words))
    return (repeated and (whole or merged)) or (whole and len(words) > 1 and all(map(price_word, words)))


def _spread(row: tuple[str, ...], at: int) -> tuple[str, ...]:
    """Return a line of merged cells with each filled from the one before it."""
    result, last = [], ""
    for k, cell in enumerate(row):
        last = cell or last if k != at else last
        result.append(cell if k == at else last)
    return tuple(result)


def _merged(levels: list[tuple[str, ...]], at: int, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a name and a ticker for each column: the level of price words names, the other says of what."""
    if len(levels) == 1:
        return levels[0], ("",) * width
    scored = [sum(price_word(cell) is not None for k, cell in enumerate(row) if k != at) for row in levels]
    field = scored.index(max(scored))
    if not scored[field]:
        return tuple(" ".join(filter(None, column)) for column in zip(*levels, strict=True)), ("",) * width
    others = [row for i, row in enumerate(levels) if i != field]
    groups = tuple(" ".join(filter(None, column)) for column in zip(*others, strict=True))
    return levels[field], tuple("" if k == at else group for k, group in enumerate(groups))


def _clean(name: str) -> str:
    """Return a name without footnote marks; what pandas calls a column without a name has none."""
    name = re.sub(r"[*†‡]+$", "", name).strip()
    return "" if re.fullmatch(r"Unnamed: ?\d+(_level_\d+)?|level_0", name) else name


def _split_names(table: Table) -> Table:
    """Part names like TLT.Open, Close_TLT and ('Close', 'TLT') into a price word and a ticker."""
    if any(table.groups):
        return table
    pairs = {k: parted for k in table.values if (parted := _parted(table.names[k])) is not None}
    if not any(parted[1] for parted in pairs.values()):
        return table
    names = tuple(pairs[k][0] if k in pairs else name for k, name in enumerate(table.names))
    groups = tuple(pairs[k][1] if k in pairs else "" for k in range(len(names)))
    return Table(table.grid, table.title, names, groups, table.at, table.first, table.unit, table.serial)


def _parted(name: str) -> tuple[str, str] | None:
    """Return the price word and the ticker of a column's name.

    >>> _parted("TLT.Adjusted"), _parted("Close_TLT"), _parted("('Adj Close', '2561.T')"), _parted("Adj Close")
    (('Adjusted', 'TLT'), ('Close', 'TLT'), ('Adj Close', '2561.T'), ('Adj Close', ''))
    """
    if price_word(name):
        return name, ""
    tuple_ = re.fullmatch(r"\('(.*)', ?'(.*)'\)", name)
    if tuple_:
        return (tuple_[1], tuple_[2]) if price_word(tuple_[1]) else (tuple_[2], tuple_[1])
    cuts = [match.span() for match in re.finditer(r"[ ._:/-]+", name)]
    for start, stop in cuts:
        if price_word(name[stop:]) and name[:start]:
            return (name[stop:], name[:start]) if word(name[:start]) not in DATE_NAMES else None
    for start, stop in reversed(cuts):
        if price_word(name[:start]) and name[stop:]:
            return (name[:start], name[stop:]) if word(name[stop:]) not in DATE_NAMES else None
    return None


def _check_twice(table: Table) -> None:
    seen = [(table.names[k], table.groups[k]) for k in table.values]
    for a, b in pairwise(sorted(seen)):
        if a == b:
            line = table.grid.numbers[table.first - 1]
            raise DataError(
                f"{table.source}, {table.grid.counted} {line}: column '{a[0]}' stands there twice; remove one"
            )
