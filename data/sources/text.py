"""CSV text as publishers write it: decoded, its columns found by name, every complaint with the line it is about."""

from __future__ import annotations

import csv
import io
import logging
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import numpy as np
import pandas as pd

from data.errors import DataError
from data.series import SPECS, Delivery, SeriesKind

logger = logging.getLogger(__name__)

DATE_HEADERS = ("date", "observation_date", "基準日", "effective date")  # how a header line begins, in lower case
TITLE_LINES = 5  # the header is among the first lines; what stands above it is a title
MISSING = frozenset({"", "-", ".", "na", "n/a", "nd", "nan", "null", "none"})
FOOTNOTE = 12  # characters: a lone text longer than this, which no digit begins, is a remark and no cut row
YIELDS = (-5.0, 25.0)  # percent a year: beyond is an error, not a market
DECIMALS_BELOW, DECIMALS_ROWS, LOW_YIELDS_FROM = 0.3, 250, "2010"  # see _check_percent
FETCH_AGAIN = "fetch it again, or compare it with the publisher's page"


class NoRowsError(DataError):
    """A file that is empty, or holds a header and nothing under it."""


@dataclass(frozen=True)
class DateForm:
    """How a publisher writes dates."""

    example: str
    pattern: re.Pattern[str]  # groups: year, month, day, and an era where there is one
    eras: Mapping[str, int] | None = None  # letter -> the year before the era's first

    def read(self, text: str) -> date:
        """Return the day `text` names.

        >>> ERA.read("S49.9.24"), AMERICAN.read("06/30/2026"), ISO.read("2026/6/30")
        (datetime.date(1974, 9, 24), datetime.date(2026, 6, 30), datetime.date(2026, 6, 30))

        Raises
        ------
        ValueError
            No date of this form, or a day that no calendar has.
        """
        match = self.pattern.fullmatch(text)
        if match is None:
            raise ValueError(text)
        year = int(match["year"]) + (self.eras[match["era"]] if self.eras else 0)
        return date(year, int(match["month"]), int(match["day"]))


_MONTH_DAY = r"(?P<month>\d{1,2})%s(?P<day>\d{1,2})"
ISO = DateForm(  # a time of day, as pandas writes it after an exchange's date, is passed over
    "1974-09-24", re.compile(r"(?P<year>\d{4})[-/]" + _MONTH_DAY % "[-/]" + r"(?:[ T]\d\d:\d\d.*)?")
)
AMERICAN = DateForm("09/24/1974", re.compile(_MONTH_DAY % "/" + r"/(?P<year>\d{4})"))
ERA = DateForm(
    "S49.9.24",
    re.compile(r"(?P<era>[SHR])(?P<year>\d{1,2})\." + _MONTH_DAY % r"\."),
    {"S": 1925, "H": 1988, "R": 2018},
)


@dataclass(frozen=True)
class Table:
    """A table as published: text under a header, each row with the number of its line or whatever it is counted by."""

    source: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[str, ...] = ()
    counted: str = "line"

    def require(self, names: Iterable[str]) -> None:
        """Raise a DataError that says which of `names` the header lacks, and what it holds instead."""
        absent = [name for name in names if name not in self.header]
        if absent:
            raise DataError(
                f"{self.source}: no column {', '.join(map(repr, absent))}; it has {', '.join(self.header)}; "
                "the publisher may have renamed it"
            )

    def remarks(self, used: Container[str]) -> tuple[str, ...]:
        """Return the notes so far, and which columns are not among those used."""
        others = [name for name in self.header[1:] if name not in used]
        return (*self.notes, f"columns left out: {', '.join(others)}") if others else self.notes


def decode(data: bytes | str, source: str) -> str:
    """Return the text of a file in UTF-8 or in the Japanese cp932.

    Raises
    ------
    NoRowsError
        Nothing but white space.
    DataError
        A web page, or bytes that are no text.
    """
    text = data if isinstance(data, str) else _text(data, source)
    if not text.strip():
        raise NoRowsError(f"{source}: is empty; {FETCH_AGAIN}")
    if text.lstrip().startswith("<"):
        raise DataError(
            f"{source}: is a web page, not a CSV table; the address may have moved or be blocked: "
            "open it in a browser, or set another in the configuration"
        )
    return text


def _text(data: bytes, source: str) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise DataError(f"{source}: is not text in UTF-8 or cp932; export the table as CSV")


def header(data: bytes | str, source: str) -> tuple[str, ...]:
    """Return the header's cells, or the first line's where no line looks like one."""
    top = [cells for _, cells in islice(_records(decode(data, source), source), TITLE_LINES)]
    return next((cells for cells in top if cells[0].lower() in DATE_HEADERS), top[0])


def table(data: bytes | str, source: str) -> Table:
    """Return the rows under the first line that begins with a date's name; blank lines and remarks are left out.

    Raises
    ------
    DataError
        No such line, a column named twice, or a row with fewer or more fields than the header.
    """
    records = list(_records(decode(data, source), source))
    top = next((i for i, (_, cells) in enumerate(records[:TITLE_LINES]) if cells[0].lower() in DATE_HEADERS), None)
    if top is None:
        raise DataError(f"{source}: no header that begins with Date; its first line is '{short(records[0][1])}'")
    line, names = records[top]
    names = names[: max(i for i, name in enumerate(names, 1) if name)]
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise DataError(f"{source}, line {line}: column '{twice[0]}' stands there twice; {FETCH_AGAIN}")
    rows, notes = [], []
    for number, cells in records[top + 1 :]:
        filled = [cell for cell in cells if cell]
        if len(filled) == 1 and len(cells[0]) > FOOTNOTE and not cells[0][0].isdigit():
            notes.append(f"line {number} is a remark: '{short(cells)}'")
        elif filled:
            rows.append((number, _fitting(cells, names, number, source)))
    return Table(source, names, tuple(rows), tuple(notes))


def _records(text: str, source: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each record that is not empty, its white space folded, with the number of the line it ends on."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, tuple(" ".join(cell.split()) for cell in cells)
    except csv.Error as error:
        raise DataError(f"{source}, line {reader.line_num}: is no CSV ({error}); export the table as CSV") from None


def _fitting(cells: tuple[str, ...], names: tuple[str, ...], number: int, source: str) -> tuple[str, ...]:
    if len(cells) >= len(names) and not any(cells[len(names) :]):  # blank ones come of trailing commas
        return cells[: len(names)]
    remedy = "the file is cut short: fetch it again" if len(cells) < len(names) else FETCH_AGAIN
    raise DataError(
        f"{source}, line {number}: {len(cells)} fields where the header has {len(names)} ('{short(cells)}'); {remedy}"
    )


def short(cells: Sequence[str]) -> str:
    """Return a line of cells as a message can show it."""
    line = " ".join(",".join(cells).rstrip(",").split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def frame(
    table: Table, columns: Mapping[str, str], form: DateForm, today: date | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the numbers of `columns` (header name -> column), by ascending dates, NaN where missing; and notes.

    Identical rows are dropped with a note, rows with nothing in them are kept. `today` is the last date that is no
    mistake: by default tomorrow in UTC, for Tokyo is ahead of it.

    Raises
    ------
    NoRowsError
        A header with nothing under it.
    DataError
        What is no date or no number, a date still to come, one date with two different rows.
    """
    names = list(columns.values())
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        both = " and ".join(name for name in columns if columns[name] == twice[0])
        raise DataError(f"{table.source}: {both} are one and the same series; remove one of the columns")
    last = today or datetime.now(UTC).date() + timedelta(days=1)
    at = [table.header.index(name) for name in columns]
    seen: dict[date, tuple[int, list[float]]] = {}
    repeated = []
    for number, cells in table.rows:
        where = f"{table.source}, {table.counted} {number}"
        day = _day(cells[0], form, last, where)
        values = [_number(cells[i], table.header[i], where) for i in at]
        if day not in seen:
            seen[day] = (number, values)
        elif np.array_equal(seen[day][1], values, equal_nan=True):
            repeated.append(number)
        else:
            raise DataError(f"{where}: {day} has other values than on {table.counted} {seen[day][0]}; {FETCH_AGAIN}")
    if not seen:
        raise NoRowsError(f"{table.source}: has a header but no rows under it; {FETCH_AGAIN}")
    index = pd.DatetimeIndex(np.array(list(seen), dtype="datetime64[D]"), name="date").as_unit("us")
    result = pd.DataFrame([values for _, values in seen.values()], index, names, dtype=float)
    notes = (f"{len(repeated)} repeated rows dropped, the first on {table.counted} {repeated[0]}",) if repeated else ()
    return result.sort_index(), notes


def _day(text: str, form: DateForm, last: date, where: str) -> date:
    try:
        day = form.read(text)
    except ValueError:
        raise DataError(f"{where}: '{text}' is not a date like {form.example}; {FETCH_AGAIN}") from None
    if day > last:
        raise DataError(f"{where}: {day} is in the future, expected no later than {last}; check the clock and the file")
    return day


def _number(text: str, name: str, where: str) -> float:
    if text.lower() in MISSING:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isfinite(value):
        return value
    raise DataError(f"{where}: '{text}' in column {name} is not a number; {FETCH_AGAIN}")


def deliver(
    series: str, source: str, values: pd.DataFrame, notes: Iterable[str] = (), kind: SeriesKind | None = None
) -> Delivery:
    """Return a series without the rows that hold nothing, its percentages checked, a curve's short tenors first.

    `kind` is that of a series that no source publishes.

    Raises
    ------
    NoRowsError
        No value at all.
    DataError
        Yields or rates beyond -5 to 25 percent, or a curve that is in decimals.
    """
    filled = values.dropna(how="all")
    if filled.empty:
        raise NoRowsError(f"{source}: holds no value of {series}; {FETCH_AGAIN}")
    kind = SPECS[series].kind if series in SPECS else kind
    if kind == "curve":
        tenors: list[str] = sorted(map(str, filled), key=float)
        filled = filled[tenors]
    if kind in ("curve", "rate"):
        _check_percent(series, source, filled, decimals=kind == "curve")
    logger.debug(
        "%s from %s: %d rows, %s to %s", series, source, len(filled), filled.index[0].date(), filled.index[-1].date()
    )
    return Delivery(series, source, filled, tuple(dict.fromkeys(notes)))


def _check_percent(series: str, source: str, values: pd.DataFrame, decimals: bool) -> None:
    """Refuse yields that no market has had, and decimals: all values tiny, at length, before rates were near zero."""
    low, high = YIELDS
    beyond = np.argwhere((values < low).to_numpy() | (values > high).to_numpy())
    if len(beyond):
        row, column = beyond[0]
        value = float(values.to_numpy()[row, column])
        raise DataError(
            f"{source}: {series} {values.columns[column]!s} on {values.index[row].date()} is "
            f"{value:g}; expected between {low:g} and {high:g} percent: correct or remove the row"
        )
    tiny = bool((values.abs().max() <= DECIMALS_BELOW).all())
    if decimals and tiny and len(values) > DECIMALS_ROWS and values.index[0] < pd.Timestamp(LOW_YIELDS_FROM):
        raise DataError(
            f"{source}: {series} looks like decimals, no value is above {DECIMALS_BELOW:g}; expected percent "
            "(4.25 % is 4.25): multiply the columns by 100"
        )


def stack(parts: Sequence[Delivery], source: str, notes: Iterable[str] = ()) -> Delivery:
    """Return deliveries of one series as one: the rows of all, a later part's row instead of an earlier one's."""
    rows = pd.concat([part.frame for part in parts])
    rows = rows.loc[~rows.index.duplicated(keep="last")].sort_index()
    return deliver(parts[0].series, source, rows, (*(note for part in parts for note in part.notes), *notes))
