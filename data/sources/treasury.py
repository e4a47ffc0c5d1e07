"""US Treasury: par yields since 1990 and par real yields since 2003, one file a year.

Newest day first, `06/30/2026`, percent a year, semiannual. Columns come and go: the 2-month in 2018, the 4-month in
2022, the 6-week in 2025, the 30-year from 2002 to 2006.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from data.errors import DataError
from data.series import Delivery
from data.sources import http, text
from data.sources.source import Feed, Format, Header, Place, Source, single

ADDRESS = (
    "https://home.treasury.gov/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv/{year}/all"
    "?type={type}&field_tdr_date_value={year}&page&_format=csv"
)
TYPES = {"ust": "daily_treasury_yield_curve", "tips": "daily_treasury_real_yield_curve"}
FIRST_YEAR = {"ust": 1990, "tips": 2003}
PAUSE = 0.5  # seconds between requests
COLUMN = re.compile(r"([BT]C_)?(\d+(?:[._]\d+)?)[ _-]?(MO|MONTHS?|YR|YEARS?)(DISPLAY)?", re.IGNORECASE)
SHORTEST_REAL = 5.0  # years; every nominal file has shorter columns, no real one has


def fetch(
    first_year: int,
    last_year: int,
    address: str = ADDRESS,
    policy: http.Policy = http.DEFAULT,
    today: date | None = None,
) -> list[Delivery]:
    """Return `ust` and `tips` of the years asked for, as far as each was published.

    `address` holds {year} and {type}. A last year that has no rows yet, as in its first days, is left out with a note.

    Raises
    ------
    SourceError, DataError
        A file that cannot be had, cannot be read, or is of another year or curve than was asked for.
    """
    if first_year > last_year:
        raise DataError(f"Treasury yields from {first_year} to {last_year}: the first year comes after the last")
    return [
        _years(series, range(max(first_year, FIRST_YEAR[series]), last_year + 1), address, policy, today)
        for series in TYPES
        if last_year >= FIRST_YEAR[series]
    ]


def _years(series: str, years: range, address: str, policy: http.Policy, today: date | None) -> Delivery:
    parts: list[Delivery] = []
    notes = []
    for year in years:
        url = http.fill(address, year=year, type=TYPES[series])
        body = http.get(url, pause=PAUSE, policy=policy)
        try:
            part = parse(body, url, today)
        except text.NoRowsError:
            if year < years[-1] or not parts:
                raise
            notes.append(f"{year} has no rows yet")
            continue
        if part.series != series or {day.year for day in part.frame.index} != {year}:
            raise DataError(
                f"{url}: asked for {series} of {year}, got {part.series} of {part.frame.index[0].date()} to "
                f"{part.frame.index[-1].date()}; the address may have moved: set it in the configuration"
            )
        parts.append(part)
    return text.stack(parts, address, notes)


def parse(data: bytes | str, source: str, today: date | None = None) -> Delivery:
    """Return `ust`, or `tips` where no column is shorter than 5 years; columns are years as text, percent.

    Raises
    ------
    DataError
        A file without the 10-year, a row that cannot be read; with its line and what to do.
    """
    table = text.table(data, source)
    columns = {name: years for name in table.header if (years := tenor(name))}
    if "10" not in columns.values():
        table.require(["10 Yr"])
    values, notes = text.frame(table, columns, text.AMERICAN, today)
    series = "tips" if min(map(float, columns.values())) >= SHORTEST_REAL else "ust"
    return text.deliver(series, source, values, (*table.remarks(columns), *notes))


def tenor(name: str) -> str | None:
    """Return the years a column is for, as text.

    >>> [tenor(name) for name in ("1 Mo", "1.5 Month", "3 Mo", "10 Yr", "30 YR", "BC_10YEAR", "Date")]
    ['0.0833333', '0.125', '0.25', '10', '30', '10', None]
    """
    match = COLUMN.fullmatch(name)
    if match is None or match[4]:  # BC_30YEARDISPLAY repeats the 30-year
        return None
    return years(float(match[2].replace("_", ".")) * (1 if match[3][0] in "Mm" else 12))


def years(months: float) -> str:
    """Return a tenor in years as text, the name of a curve's column.

    >>> years(3), years(360)
    ('0.25', '30')
    """
    return f"{months / 12:.6g}"


def _is_real(header: Header) -> bool:
    quoted = [float(years) for name in header if (years := tenor(name))]
    return min(quoted, default=0.0) >= SHORTEST_REAL


def _series(header: Header) -> str:
    """Return whose curve it is: by the prefix of its names, else the real one where there is no short tenor."""
    prefixes = {match[1] for name in header if (match := COLUMN.fullmatch(name)) and match[1]}
    if prefixes:
        return "tips" if {prefix.upper() for prefix in prefixes} == {"TC_"} else "ust"
    return "tips" if _is_real(header) else "ust"


def _columns(header: Header) -> dict[str, Place]:
    series = _series(header)
    return {name: Place(series, years) for name in header[1:] if (years := tenor(name))}


def _is_nominal(header: Header) -> bool:
    return any(map(tenor, header))


def _fetch(address: str) -> list[Delivery]:
    return fetch(min(FIRST_YEAR.values()), datetime.now(UTC).year, address)


SOURCE = Source(
    name="treasury",
    feeds=(Feed(("ust", "tips"), _fetch),),
    address=ADDRESS,
    formats=(
        Format("US Treasury real yields", _is_real, single(parse), _columns),
        Format("US Treasury yields", _is_nominal, single(parse), _columns),
    ),
)
