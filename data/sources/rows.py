"""Rows: from a table of text to dates and numbers; what is left out is counted and named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.errors import DataError
from data.sources import dates, numbers
from data.sources.table import Table
from data.sources.text import NoRowsError, short

Flags = NDArray[np.bool_]
EVENT = re.compile(r"([\d.,]+)\s*(?:cash )?dividends?", re.IGNORECASE)
SPLIT = re.compile(r"([\d.]+)\s*(?::|for)\s*([\d.]+)\s*(?:stock )?splits?", re.IGNORECASE)
INTRADAY = 3.0  # rows a day above which a file is no history of days


@dataclass(frozen=True)
class Dated:
    """A table with its rows dated."""

    table: Table
    dates: dates.Column
    rows: Flags  # (T,) those with a date
    notes: tuple[str, ...]

    def days(self, zone: str) -> NDArray[np.datetime64]:
        """Return the days (T,): as written, or the exchange's own of stamps that say their zone.

        Midnights of UTC that would fall on Sundays at the exchange are the names of days, not moments.
        """
        moments = self.dates.moments
        if moments is None:
            return self.dates.days
        local = pd.DatetimeIndex(moments[self.rows]).tz_localize("UTC").tz_convert(ZoneInfo(zone)).tz_localize(None)
        days = np.full(len(self.rows), "NaT", dtype="datetime64[D]")
        days[self.rows] = local.to_numpy().astype("datetime64[D]")
        at_midnight = bool((moments[self.rows] == moments[self.rows].astype("datetime64[D]")).all())
        written = self.dates.days
        if at_midnight and _on_sundays(days[self.rows]) and not _on_sundays(written[self.rows]):
            return written
        return days


def _on_sundays(days: NDArray[np.datetime64]) -> bool:
    return bool((weekday(days) == 6).any())


def weekday(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the days of the week, Monday 0; 1970-01-01 was a Thursday."""
    return np.asarray((days.astype("datetime64[D]").astype(np.int64) + 3) % 7)


def dated(table: Table, today: date, order: dates.Order | None = None, usual: dates.Order | None = None) -> Dated:
    """Return a table with its dates read, its remarks noted; `order` and `usual` as `dates.column`.

    Raises
    ------
    DataError
        As `dates.column`; a row with values and no date, or with fewer or more cells than the header.
    """
    grid = table.grid
    texts: list[str] = grid.columns[table.at].to_pylist()
    texts[: table.first] = [""] * table.first
    column = dates.column(texts, grid.where, today, order, usual, table.serial)
    rows = ~np.isnat(column.days)
    rows[: table.first] = False
    notes = []
    remarks = [i for i in np.flatnonzero(~rows).tolist() if i >= table.first]
    for i in remarks:
        _check_remark(table, i, texts[i], column.form)
    if remarks:
        notes.append(_named(f"{_count(len(remarks), 'row')} without a date left out", table, remarks))
    if not rows.any():
        raise NoRowsError(f"{table.source}: has a header but no rows under it")
    _check_widths(table, rows)
    return Dated(table, column, rows, tuple(notes))


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _named(words: str, table: Table, rows: Sequence[int]) -> str:
    """Return a note about rows that are left out, with the first of them as they stand there."""
    grid = table.grid
    some = ", ".join(f"{grid.counted} {grid.numbers[i]} '{short(grid.row(i))}'" for i in rows[:3])
    return f"{words}: {some}{f' and {len(rows) - 3:,} more' if len(rows) > 3 else ''}"


def _check_remark(table: Table, i: int, text: str, form: str) -> None:
    cells = table.grid.row(i)
    numbered = [cell for k, cell in enumerate(cells) if k != table.at and cell and numbers.looks_like(cell)]
    if not numbered or (text and not text[0].isdigit() and not re.fullmatch(r"[\d./ -]{6,}", text)):
        return
    what = f"'{short([text])}' is not a date like the others, which are {form}" if text else "values without a date"
    raise DataError(f"{table.grid.where(i)}: {what}; correct or remove the row")


def _check_widths(table: Table, rows: Flags) -> None:
    grid, width = table.grid, table.width
    narrow = np.flatnonzero(rows & (grid.widths < width))
    for i in narrow[:1].tolist():
        raise DataError(
            f"{grid.where(i)}: {grid.widths[i]} fields where the header has {width} ('{short(grid.row(i))}'); the "
            "file is "
            "cut short: fetch it again"
        )
    for column in grid.columns[width:]:
        beyond = np.flatnonzero(pc.not_equal(column, "").to_numpy() & rows)
        for i in beyond[:1].tolist() if not _named_none(table, column) else []:
            raise DataError(
                f"{grid.where(i)}: {grid.widths[i]} fields where the header has {width} ('{short(grid.row(i))}'); are "
                "numbers with commas not quoted? export the table again"
            )


def _named_none(table: Table, column: object) -> bool:
    """Whether a column without a name is filled throughout: an index, not a row that is too long."""
    filled = pc.not_equal(column, "").to_numpy()[table.first :]
    return bool(filled.mean() > 0.5)


def frame(
    data: Dated, columns: Mapping[int, str], zone: str, mark: numbers.Mark | None = None, keep: Flags | None = None
) -> tuple[pd.DataFrame, tuple[str, ...], dict[str, bool]]:
    """Return the numbers of `columns` (place -> name) by ascending days; notes; which columns have percent signs.

    `keep` are the rows of the series, where a column says of which each row is.

    Raises
    ------
    DataError
        What is no number, a day with two different rows.
    """
    table, rows = data.table, data.rows if keep is None else data.rows & keep
    _check_intraday(table, data.days(zone)[rows])
    read = _numbers(table, columns, rows, mark)
    values = np.column_stack([read[k].values for k in columns])
    names = list(columns.values())
    notes: list[str] = []
    events, remarks = _odd(table, {k: read[k].unreadable for k in columns}, rows, columns, values)
    if events:
        notes.append(
            _named(f"{_count(len(events), 'row')} of a dividend or split, kept as such", table, sorted(events))
        )
    if remarks:
        notes.append(_named(f"{_count(len(remarks), 'row')} without numbers left out", table, remarks))
    facts = _facts(events, data.days(zone))
    kept = rows.copy()
    kept[[*events, *remarks]] = False
    blank = kept & np.isnan(values).all(axis=1)
    if blank.any() and blank.sum() < kept.sum() / 2:
        notes.append(
            _named(f"{_count(int(blank.sum()), 'row')} without a value left out", table, np.flatnonzero(blank).tolist())
        )
    kept &= ~blank
    days, numbers_ = data.days(zone)[kept], values[kept]
    order = np.argsort(days, kind="stable")
    result = pd.DataFrame(numbers_[order], pd.DatetimeIndex(days[order], name="date").as_unit("us"), names, dtype=float)
    result, more = _once(table, result, np.flatnonzero(kept)[order])
    for name, own in facts.items():
        extra = own.reindex(result.index)
        result[name] = extra if name not in result else result[name].where(extra.isna(), extra)
    return result, (*notes, *more), {columns[k]: read[k].percent for k in columns}


def _check_intraday(table: Table, days: NDArray[np.datetime64]) -> None:
    count = len(np.unique(days))
    if len(days) > INTRADAY * count:
        raise DataError(
            f"{table.source}: holds {len(days):,} rows on {_count(count, 'day')}: prices within the day; export one "
            "row a day"
        )


def _numbers(
    table: Table, columns: Mapping[int, str], rows: Flags, mark: numbers.Mark | None
) -> dict[int, numbers.Column]:
    """Return the values of columns on all rows; what stands above the first row is no number."""
    first = table.first
    below = {k: table.grid.columns[k].slice(first) for k in columns}
    read = numbers.columns(below, rows[first:], lambda i: table.grid.where(first + i), mark)
    above = np.full(first, np.nan)
    return {
        k: numbers.Column(np.concatenate([above, own.values]), own.percent, tuple(first + i for i in own.unreadable))
        for k, own in read.items()
    }


def _odd(
    table: Table,
    bad: Mapping[int, tuple[int, ...]],
    rows: Flags,
    columns: Mapping[int, str],
    values: NDArray[np.float64],
) -> tuple[dict[int, tuple[str, float]], list[int]]:
    """Return the rows that state a dividend or a split in words, and those that hold a remark; blank both."""
    events: dict[int, tuple[str, float]] = {}
    remarks: set[int] = set()
    priced = bool({"close", "adjusted"} & {*columns.values()})
    for k, own in bad.items():
        for i in own:
            cell = str(table.grid.columns[k][i].as_py())
            if not rows[i] or i in events:
                continue
            where = list(columns).index(k)
            if columns[k] == "volume":
                count = numbers.scaled(cell)
                values[i, where] = np.nan if count is None else count
            elif priced and (event := _event(cell)):
                events[i] = event
            elif np.isnan(values[i]).all():
                remarks.add(i)
            else:
                raise DataError(
                    f"{table.grid.where(i)}: '{short([cell])}' in column {table.names[k]} is not a number; correct it"
                )
    return events, sorted(remarks - events.keys())


def _event(cell: str) -> tuple[str, float] | None:
    if match := EVENT.fullmatch(cell):
        return "dividend", float(match[1].replace(",", ""))
    if match := SPLIT.fullmatch(cell):
        return "split", float(match[1]) / float(match[2])
    return None


def _facts(events: Mapping[int, tuple[str, float]], days: NDArray[np.datetime64]) -> dict[str, pd.Series]:
    facts: dict[str, dict[pd.Timestamp, float]] = {}
    for i, (name, amount) in events.items():
        facts.setdefault(name, {})[pd.Timestamp(days[i])] = amount
    return {name: pd.Series(own) for name, own in facts.items()}


def _once(table: Table, result: pd.DataFrame, origin: NDArray[np.intp]) -> tuple[pd.DataFrame, list[str]]:
    """Drop rows that stand there twice; refuse a day with two different rows."""
    again = result.index.duplicated(keep="first")
    if not again.any():
        return result, []
    days = result.index
    values = result.to_numpy()
    same = np.array([np.array_equal(values[i], values[i - 1], equal_nan=True) for i in np.flatnonzero(again)])
    for i in np.flatnonzero(again)[~same][:1].tolist():
        counted, grid = table.grid.counted, table.grid
        raise DataError(
            f"{grid.where(int(origin[i]))}: {days[i].date()} has other values than on {counted} "
            f"{grid.numbers[int(origin[i - 1])]}; which is right? remove the other row"
        )
    first = origin[again][0]
    note = (
        f"{int(again.sum())} repeated rows dropped, the first on {table.grid.counted} {table.grid.numbers[int(first)]}"
    )
    return result[~again], [note]
