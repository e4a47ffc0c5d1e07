"""Ministry of Finance, Japan: constant-maturity JGB yields of every trading day since 1974-09-24.

Two files, in English (UTF-8, `1974/9/24`) or in Japanese (cp932, era dates, `S49.9.24`): the history, which is renewed
at the turn of the month, and the current month, which ends with a remark. Percent a year, semiannual; `-` is missing.
"""

from __future__ import annotations

import re
from datetime import date

from data.series import Delivery
from data.sources import http, text
from data.sources.source import Feed, Format, Header, Place, Source, single

ADDRESS = "https://www.mof.go.jp/english/policy/jgbs/reference/interest_rate/{file}"
HISTORY, CURRENT = "historical/jgbcme_all.csv", "jgbcme.csv"
PAUSE = 1.0  # seconds between requests
TENORS = (*(str(years) for years in range(1, 11)), "15", "20", "25", "30", "40")
COLUMN = re.compile(r"(\d+)[Y年]")
JAPANESE = "基準日"


def fetch(address: str = ADDRESS, policy: http.Policy = http.DEFAULT, today: date | None = None) -> list[Delivery]:
    """Return `jgb`, the history and the current month; where both have a day, the current month's.

    `address` holds {file}.

    Raises
    ------
    SourceError, DataError
        A file that cannot be had, or cannot be read.
    """
    history, current = (http.fill(address, file=file) for file in (HISTORY, CURRENT))
    parts, notes = [parse(http.get(history, pause=PAUSE, policy=policy), history, today)], []
    body = http.get(current, pause=PAUSE, policy=policy)
    try:
        parts.append(parse(body, current, today))
    except text.NoRowsError:
        notes.append("the current month has no rows yet")
    return [text.stack(parts, history, notes)]


def parse(data: bytes | str, source: str, today: date | None = None) -> Delivery:
    """Return `jgb` from one file: columns `1` to `40` years, percent; days on which nothing was quoted are left out.

    Raises
    ------
    DataError
        A tenor that is missing, a row that cannot be read; with its line and what to do.
    """
    table = text.table(data, source)
    japanese = table.header[0] == JAPANESE
    table.require(f"{years}{'年' if japanese else 'Y'}" for years in TENORS)
    columns = {name: years for name in table.header if (years := tenor(name))}
    values, notes = text.frame(table, columns, text.ERA if japanese else text.ISO, today)
    return text.deliver("jgb", source, values, (*table.remarks(columns), *notes))


def tenor(name: str) -> str | None:
    """Return the years a column is for, as text.

    >>> tenor("10Y"), tenor("40年"), tenor("Date")
    ('10', '40', None)
    """
    match = COLUMN.fullmatch(name)
    return f"{int(match[1])}" if match else None


def _is_japanese(header: Header) -> bool:
    return header[0] == JAPANESE or any(re.fullmatch(r"\d+年", name) for name in header[1:])


def _is_english(header: Header) -> bool:
    return {f"{years}Y" for years in TENORS} <= {*header}


def _columns(header: Header) -> dict[str, Place]:
    return {name: Place("jgb", years) for name in header[1:] if (years := tenor(name))}


SOURCE = Source(
    name="mof",
    feeds=(Feed(("jgb",), fetch),),
    address=ADDRESS,
    formats=(
        Format("Ministry of Finance (Japanese)", _is_japanese, single(parse), _columns),
        Format("Ministry of Finance (English)", _is_english, single(parse), _columns),
    ),
)
