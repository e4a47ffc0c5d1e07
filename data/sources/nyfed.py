"""Federal Reserve Bank of New York: the secured overnight financing rate, since 2018-04-02.

CSV with one row a business day, `08/19/2026`, percent a year; `Rate Type` tells SOFR from the rates beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from data.series import VALUE, Delivery
from data.sources import http, text
from data.sources.source import Feed, Format, Header, Place, Source, single

ADDRESS = "https://markets.newyorkfed.org/api/rates/secured/sofr/search.csv?startDate={start}&endDate={end}"
FIRST_DAY = date(2018, 4, 2)
PAUSE = 1.0  # seconds between requests
DAY, TYPE, RATE = "Effective Date", "Rate Type", "Rate (%)"


def fetch(
    start: date = FIRST_DAY,
    end: date | None = None,
    address: str = ADDRESS,
    policy: http.Policy = http.DEFAULT,
    today: date | None = None,
) -> list[Delivery]:
    """Return `sofr` from `start` to `end`, both included; to today where it is None. `address` holds {start} and {end}.

    Raises
    ------
    SourceError, DataError
        An answer that cannot be had, or cannot be read.
    """
    last = end or datetime.now(UTC).date()
    url = http.fill(address, start=f"{start:%m/%d/%Y}", end=f"{last:%m/%d/%Y}")
    return [parse(http.get(url, pause=PAUSE, policy=policy), url, today)]


def parse(data: bytes | str, source: str, today: date | None = None) -> Delivery:
    """Return `sofr`, percent a year; other rates in the file are left out.

    Raises
    ------
    DataError
        A column that is missing, no row of SOFR, a row that cannot be read; with its line and what to do.
    """
    table = text.table(data, source)
    table.require((DAY, TYPE, RATE))
    at = table.header.index(TYPE)
    sofr = replace(table, rows=tuple(row for row in table.rows if row[1][at] == "SOFR"))
    values, notes = text.frame(sofr, {RATE: VALUE}, text.AMERICAN, today)
    return text.deliver("sofr", source, values, (*table.notes, *notes))


def _is_rates(header: Header) -> bool:
    return RATE in header


def _columns(header: Header) -> dict[str, Place]:
    return {RATE: Place("sofr")}


def _fetch(address: str) -> list[Delivery]:
    return fetch(address=address)


SOURCE = Source(
    name="nyfed",
    feeds=(Feed(("sofr",), _fetch),),
    address=ADDRESS,
    formats=(Format("New York Fed SOFR", _is_rates, single(parse), _columns, (TYPE, "SOFR")),),
)
