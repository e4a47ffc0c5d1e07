"""Dates: the form in which a whole column writes them, worked out from all of its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

Order = Literal["ymd", "dmy", "mdy"]
ORDERS: tuple[Order, ...] = ("ymd", "dmy", "mdy")
FIRST = date(1900, 1, 1)  # what is earlier is no market day
AHEAD = 20  # years: a two-digit year up to so many from now is this century's
EPOCH = {"xlsx": date(1899, 12, 30)}  # day 0 of a workbook's serial numbers
ERAS = {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}  # the year before the era's first
ERAS |= {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ZONES = {"z": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "jst": 9, "cet": 1, "cest": 2}
FEW = 10  # rows below which their order proves nothing
UNEVEN = 20.0  # times the usual distance between rows: no history is so uneven if read another way it is even
EVEN = 1.5

Read = Callable[[str], date]
Days = NDArray[np.datetime64]

_STAMP = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +)?(?P<date>.+?)(?: ?[(（][月火水木金土日][)）])?"
    r"(?:(?:T|,? +)(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?: ?(?P<half>[ap]m))?"
    r" ?(?P<zone>Z|UTC|GMT|EST|EDT|JST|CET|CEST|(?:UTC)?[+-]\d{2}(?::?\d{2})?)?)?",
    re.IGNORECASE,
)
_SEPARATED = re.compile(r"(\d{1,4})([-/. ]) ?(\d{1,2})\2 ?(\d{1,4})\.?")
_KANJI = re.compile(r"(\d{4})年 ?(\d{1,2})月 ?(\d{1,2})日")
_ERA = re.compile(
    r"([MTSHR]|明治|大正|昭和|平成|令和) ?(\d{1,2}|元)[./年-] ?(\d{1,2})[./月-] ?(\d{1,2})[.日]?", re.IGNORECASE
)
_NAMED = {
    "mdy": re.compile(r"([a-z]{3,9})\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4}|\d{2})", re.IGNORECASE),
    "dmy": re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]?([a-z]{3,9})\.?[-/., ]*(\d{4}|\d{2})", re.IGNORECASE),
    "ymd": re.compile(r"(\d{4})[-/. ]([a-z]{3,9})\.?[-/. ](\d{1,2})", re.IGNORECASE),
}
_MONTH = re.compile(r"(\d{4})(?:[-/.]|M|年| ?m)(\d{1,2})月?", re.IGNORECASE)
_NAMED_MONTH = re.compile(r"([a-z]{3,9})\.?[-/ ](\d{4}|\d{2})", re.IGNORECASE)
_YMD = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_FLOAT = re.compile(r"[-+]?\d*\.\d{3,}")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{4})")


@dataclass(frozen=True)
class Column:
    """The dates of a column."""

    days: Days  # (T,) datetime64[D] as written; NaT where a cell is no date
    form: str  # what they were read as
    moments: NDArray[np.datetime64] | None = None  # (T,) datetime64[s] in UTC, where every stamp says its zone
    clocks: bool = False  # whether stamps without a zone have times of day
    months: bool = False  # whether only months are named; the days are then the months' last


def looks_like(text: str) -> bool:
    """Whether a cell may be a date, in whatever form; a serial number alone is not taken for one.

    >>> [looks_like(text) for text in ("1/2/90", "Jan 4, 2023", "20230104", "S49.9.24", "4.25", "10Y", "44930")]
    [True, True, True, True, False, False, False]
    """
    if not 6 <= len(text) <= 45 or _FLOAT.fullmatch(text) or not any(map(str.isdigit, text)):
        return False
    return any(_fits(read, text) for read in _readers(text, date.max).values())


def is_serial(text: str) -> bool:
    """Whether a cell may be a spreadsheet's number of a day, between 1954 and 2119.

    >>> is_serial("44930"), is_serial("44930.0"), is_serial("4.25")
    (True, True, False)
    """
    return bool(re.fullmatch(r"\d{5}(\.0*)?", text)) and 20_000 <= float(text) < 80_000


def column(
    texts: Sequence[str],
    where: Callable[[int], str],
    today: date,
    order: Order | None = None,
    usual: Order | None = None,
    serial: bool = False,
) -> Column:
    """Return the dates of a column, all in one form: that which reads every row, or that of `order`.

    `usual` is the order of earlier files, which decides where the column itself does not. `where` names a row in
    messages; `today` is the last date that is no mistake. Cells that are no date in any form are left NaT. `serial`:
    numbers of days count as dates.

    Raises
    ------
    DataError
        Two forms that fit every row, a cell that the form of the others does not fit, a date before 1900 or to come.
    """
    first: dict[str, int] = {}
    for i, text in enumerate(texts):
        first.setdefault(text, i)
    unique, rows = list(first), list(first.values())
    read = _unique(unique, lambda i: where(rows[i]), today, order, usual, serial)
    at = {text: i for i, text in enumerate(unique)}
    codes = np.fromiter((at[text] for text in texts), dtype=np.intp, count=len(texts))
    moments = None if read.moments is None else read.moments[codes]
    return Column(read.days[codes], read.form, moments, read.clocks, read.months)


def _unique(
    texts: Sequence[str],
    where: Callable[[int], str],
    today: date,
    order: Order | None,
    usual: Order | None,
    serial: bool,
) -> Column:
    """Return the dates of texts, each of which stands there once; as `column`."""
    plain = _iso(texts)
    if plain is not None and order in (None, "ymd"):
        _check_range(plain, texts, where, today)
        return Column(plain, "ymd")
    parts = [_STAMP.fullmatch(text) if text else None for text in texts]
    dated = [(i, match["date"].strip()) for i, match in enumerate(parts) if match]
    forms = {i: _readers(text, today, serial) for i, text in dated}
    readings = {
        i: {name: day for name, reader in own.items() if (day := _day(reader, text)) is not None}
        for (i, text), own in zip(dated, forms.values(), strict=True)
    }
    read = {i: days for i, days in readings.items() if days}
    if not read:
        return Column(np.full(len(texts), "NaT", dtype="datetime64[D]"), "none")
    name = _form(read, texts, where, today, order, usual)
    days = np.full(len(texts), "NaT", dtype="datetime64[D]")
    for i, own in read.items():
        if name not in own:
            raise DataError(
                f"{where(i)}: '{texts[i]}' is not a date like the others, which are {name}; correct the row"
            )
        days[i] = np.datetime64(own[name])
    _check_range(days, texts, where, today)
    zoned = [bool(parts[i]["zone"]) or name == "seconds since 1970" for i in read]  # type: ignore[index]
    if any(zoned) and not all(zoned):
        i = next(i for i, own in zip(read, zoned, strict=True) if own != zoned[0])
        raise DataError(f"{where(i)}: '{texts[i]}': some stamps say their zone and some do not; write all one way")
    moments = _moments(days, texts, parts, read, name) if all(zoned) else None
    clocks = not any(zoned) and any(_seconds(parts[i]) for i in read)
    return Column(days, name, moments, clocks, name in ("month", "month in words"))


def _iso(texts: Sequence[str]) -> Days | None:
    """Return dates that all have the year first and nothing behind: what most files hold, in one step."""
    matches = [_YMD.fullmatch(text) if text else None for text in texts]
    if not all(match or not text for match, text in zip(matches, texts, strict=True)):
        return None
    plain = [f"{match[1]}-{match[3]:0>2}-{match[4]:0>2}" if match else "NaT" for match in matches]
    try:
        return np.array(plain, dtype="datetime64[D]")
    except ValueError:
        return None


def _readers(text: str, today: date, serial: bool = False) -> dict[str, Read]:
    """Return the forms that a date of this look may have, by name."""
    match = _STAMP.fullmatch(text)
    text = match["date"].strip() if match else text
    pivot = partial(_year, today=today)
    if parts := _SEPARATED.fullmatch(text):
        first, last = parts[1], parts[4]
        if len(first) == 4 and len(last) <= 2:
            return {"ymd": lambda t: _triple(t, 0, 1, 3, pivot)}
        if len(first) <= 2 and len(last) == 4:
            return {"dmy": lambda t: _triple(t, 3, 1, 0, pivot), "mdy": lambda t: _triple(t, 3, 0, 1, pivot)}
        if len(first) <= 2 and len(last) == 2:
            either = {"dmy": lambda t: _triple(t, 3, 1, 0, pivot), "mdy": lambda t: _triple(t, 3, 0, 1, pivot)}
            return either | ({"ymd": lambda t: _triple(t, 0, 1, 3, pivot)} if len(first) == 2 else {})
        return {}
    if re.fullmatch(r"\d{8}", text):
        return {
            "ymd": lambda t: date(int(t[:4]), int(t[4:6]), int(t[6:])),
            "dmy": lambda t: date(int(t[4:]), int(t[2:4]), int(t[:2])),
            "mdy": lambda t: date(int(t[4:]), int(t[:2]), int(t[2:4])),
        }
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return {"seconds since 1970": lambda t: (datetime(1970, 1, 1) + timedelta(seconds=int(t[:10]))).date()}
    if serial and is_serial(text):
        return {"serial": lambda t: EPOCH["xlsx"] + timedelta(days=int(float(t)))}
    if _KANJI.fullmatch(text):
        return {"ymd": lambda t: date(*map(int, _groups(_KANJI, t)))}
    if _ERA.fullmatch(text):
        return {"era": _era}
    if _MONTH.fullmatch(text):
        return {"month": lambda t: _month_end(*map(int, _groups(_MONTH, t)))}
    if _YEAR_LAST.fullmatch(text):
        return {"month": lambda t: _month_end(*map(int, reversed(_groups(_YEAR_LAST, t))))}
    return _in_words(text, pivot)


def _in_words(text: str, pivot: Callable[[str], int]) -> dict[str, Read]:
    """Return the forms of a date with the month's name."""
    readers: dict[str, Read] = {}
    if _NAMED["mdy"].fullmatch(text):
        readers["mdy"] = lambda t: _words(_NAMED["mdy"], t, (2, 0, 1), pivot)
    if match := _NAMED["dmy"].fullmatch(text):
        readers["dmy"] = lambda t: _words(_NAMED["dmy"], t, (2, 1, 0), pivot)
        if len(match[1]) == 2 == len(match[3]) and int(match[1]) > 31:
            readers["ymd"] = lambda t: _words(_NAMED["dmy"], t, (0, 1, 2), pivot)
    if _NAMED["ymd"].fullmatch(text):
        readers["ymd"] = lambda t: _words(_NAMED["ymd"], t, (0, 1, 2), pivot)
    if not readers and _NAMED_MONTH.fullmatch(text):
        readers["month in words"] = lambda t: _named_month(t, pivot)
    return readers


def _groups(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match.groups()


def _triple(text: str, year: int, month: int, day: int, pivot: Callable[[str], int]) -> date:
    first, _, second, last = _groups(_SEPARATED, text)
    cells = {0: first, 1: second, 3: last}
    return date(pivot(cells[year]), int(cells[month]), int(cells[day]))


def _words(pattern: re.Pattern[str], text: str, at: tuple[int, int, int], pivot: Callable[[str], int]) -> date:
    cells = _groups(pattern, text)
    return date(pivot(cells[at[0]]), _month(cells[at[1]]), int(cells[at[2]]))


def _month(name: str) -> int:
    full = name.lower()
    if full[:3] not in MONTHS or not ("january february march april may june july august september october november "
                                      "december sept ".find(full) >= 0):  # fmt: skip
        raise ValueError(name)
    return MONTHS.index(full[:3]) + 1


def _named_month(text: str, pivot: Callable[[str], int]) -> date:
    name, year = _groups(_NAMED_MONTH, text)
    return _month_end(pivot(year), _month(name))


def _month_end(year: int, month: int) -> date:
    first = date(year, month, 1)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _era(text: str) -> date:
    era, year, month, day = _groups(_ERA, text)
    return date(ERAS[era.upper()] + (1 if year == "元" else int(year)), int(month), int(day))


def _year(text: str, today: date) -> int:
    """Return a year; one of two digits lies in the hundred years that end 20 years from now."""
    if len(text) == 4:
        return int(text)
    last = min(today.year, 2100) + AHEAD
    year = last - last % 100 + int(text)
    return year if year <= last else year - 100


def _day(reader: Read, text: str) -> date | None:
    try:
        return reader(text)
    except (ValueError, OverflowError, KeyError):
        return None


def _fits(reader: Read, text: str) -> bool:
    match = _STAMP.fullmatch(text)
    return _day(reader, match["date"].strip() if match else text) is not None


def _form(
    read: dict[int, dict[str, date]],
    texts: Sequence[str],
    where: Callable[[int], str],
    today: date,
    order: Order | None,
    usual: Order | None,
) -> str:
    """Return the form of the column: the one that reads every row, or most of them."""
    counts: dict[str, int] = {}
    for own in read.values():
        for name in own:
            counts[name] = counts.get(name, 0) + 1
    most = max(counts.values())
    fitting = [name for name in counts if counts[name] == most]
    if order is not None and order in counts:
        return order
    if order is not None and any(name in ORDERS for name in fitting):
        i = next(iter(read))
        raise DataError(
            f"{where(i)}: '{texts[i]}' is not a date in the order {order}; leave --dates out, or say another"
        )
    if len(fitting) == 1:
        return fitting[0]
    within = [name for name in fitting if all(FIRST <= own[name] <= today for own in read.values() if name in own)]
    fitting = within or fitting
    if len(fitting) > 1:
        fitting = _by_spacing(fitting, [[own[name] for own in read.values() if name in own] for name in fitting])
    if len(fitting) == 1:
        return fitting[0]
    if usual in fitting:
        return str(usual)
    i = next(
        (i for i, own in read.items() if len({own[name] for name in fitting if name in own}) > 1), next(iter(read))
    )
    meanings = ", ".join(f"{read[i][name]} ({name})" for name in fitting if name in read[i])
    raise DataError(
        f"{where(i)}: '{texts[i]}' may be {meanings}, and every row fits either; say which: --dates {'|'.join(fitting)}"
    )


def _by_spacing(names: list[str], columns: list[list[date]]) -> list[str]:
    """Return the forms that the rows' own order leaves: certain only where one reads them evenly, the other not at "
    "all."""
    if len({tuple(days) for days in columns}) == 1:
        return names[:1]  # they say the same of every row
    if len(columns[0]) < FEW:
        return names
    steps = [np.diff(np.array(days, dtype="datetime64[D]")).astype(int) for days in columns]
    ordered = [bool((own > 0).all() or (own < 0).all()) for own in steps]
    if any(ordered) and not all(ordered):
        return [name for name, own in zip(names, ordered, strict=True) if own]
    if not any(ordered):
        return names
    ratio = [np.abs(own).max() / np.median(np.abs(own)) for own in steps]
    even = [name for name, own in zip(names, ratio, strict=True) if own <= EVEN]
    return even if len(even) == 1 and all(own <= EVEN or own >= UNEVEN for own in ratio) else names


def _check_range(days: Days, texts: Sequence[str], where: Callable[[int], str], today: date) -> None:
    for i in np.flatnonzero(days < np.datetime64(FIRST))[:1].tolist():
        raise DataError(f"{where(i)}: {days[i]} ('{texts[i]}') is before 1900; correct the date")
    for i in np.flatnonzero(days > np.datetime64(today))[:1].tolist():
        raise DataError(
            f"{where(i)}: {days[i]} is in the future, expected no later than {today}; check the clock and the file"
        )


def _seconds(match: re.Match[str] | None) -> int:
    """Return the time of day of a stamp in seconds."""
    if match is None or not match["time"]:
        return 0
    hours, minutes, *rest = match["time"].split(":")
    hour = int(hours) % 12 + 12 * (match["half"].lower() == "pm") if match["half"] else int(hours)
    return 3600 * hour + 60 * int(minutes) + (int(float(rest[0])) if rest else 0)


def _offset(zone: str) -> int:
    """Return how many seconds a zone is ahead of UTC."""
    if zone.lower() in ZONES:
        return 3600 * ZONES[zone.lower()]
    digits = zone.lower().removeprefix("utc").replace(":", "")
    return (-1 if digits[0] == "-" else 1) * (3600 * int(digits[1:3]) + 60 * int(digits[3:] or 0))


def _moments(
    days: Days, texts: Sequence[str], parts: Sequence[re.Match[str] | None], read: dict[int, dict[str, date]], name: str
) -> NDArray[np.datetime64]:
    moments = days.astype("datetime64[s]")
    for i in read:
        match = parts[i]
        if name == "seconds since 1970":
            moments[i] = np.datetime64(int(texts[i][:10]), "s")
        elif match is not None:
            moments[i] += np.timedelta64(_seconds(match) - _offset(match["zone"]), "s")
    return moments
