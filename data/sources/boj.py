"""Bank of Japan: the uncollateralised overnight call rate of each day, through the statistics API.

Assumed of the answer, which is only partly documented and was not tried against the live service:
`{"STATUS": 200, "MESSAGE": "...", "NEXTPOSITION": null or a number, "RESULTSET": [{"SERIES_CODE": "STRDCLUCON",
"VALUES": {"SURVEY_DATES": [20240104, ...], "VALUES": [-0.012, null, ...]}}]}`. The HTTP status is 200 even on an error:
`STATUS` tells. Where `NEXTPOSITION` holds a number, the rest follows at `startPosition` equal to it.

At most one request a second. Credit: Bank of Japan, Time-Series Data Search.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

from data.errors import SourceError
from data.series import VALUE, Delivery
from data.sources import http, text
from data.sources.source import Feed, Format, Header, Place, Source, single

ADDRESS = (
    "https://www.stat-search.boj.or.jp/api/v1/getDataCode?db=FM01&code=STRDCLUCON&format=json&lang=en&startDate={start}"
)
CODE = "STRDCLUCON"
FIRST_DAY = date(1998, 1, 1)  # the daily series begins that month
FOLLOWING = "&startPosition={position}"  # appended for every page after the first
PAUSE = 1.1  # seconds between requests; the service asks for one
MOST_PAGES = 100
DAYS = text.DateForm("20240104", re.compile(r"(?P<year>\d{4})[-/]?(?P<month>\d{2})[-/]?(?P<day>\d{2})"))
CREDIT = "source: Bank of Japan, Time-Series Data Search"


def fetch(
    start: date = FIRST_DAY, address: str = ADDRESS, policy: http.Policy = http.DEFAULT, today: date | None = None
) -> list[Delivery]:
    """Return `yen_call` from the month of `start` on. `address` holds {start}.

    Raises
    ------
    SourceError
        An API that reports an error, answers in another shape, or pages in circles.
    DataError
        Values that cannot be read.
    """
    first = url = http.fill(address, start=f"{start:%Y%m}")
    pairs, position = [], 0
    for _ in range(MOST_PAGES):
        answer = _answer(http.get(url, pause=PAUSE, policy=policy), url)
        pairs += _pairs(answer, url)
        following = _next(answer, url)
        if following is None:
            return [_delivery(pairs, first, today)]
        if following <= position:
            raise SourceError(f"{url}: the next page, {following}, does not come after this one; try again later")
        position = following
        url = first + FOLLOWING.format(position=position)
    raise SourceError(f"{url}: more than {MOST_PAGES} pages; ask for a later start")


def parse(data: bytes | str, source: str, today: date | None = None) -> Delivery:
    """Return `yen_call` from one page: percent a year; days without a fixing are left out.

    Raises
    ------
    SourceError
        An answer that reports an error, or is not of the shape above.
    DataError
        Values that cannot be read.
    """
    return _delivery(_pairs(_answer(data, source), source), source, today)


def _answer(data: bytes | str, source: str) -> dict[str, Any]:
    content = text.decode(data, source)
    try:
        answer = json.loads(content)
    except ValueError:
        raise SourceError(f"{source}: is no JSON but '{' '.join(content.split())[:40]}'; try again later") from None
    status = answer.get("STATUS") if isinstance(answer, dict) else None
    if str(status) != "200":
        message = answer.get("MESSAGE") if isinstance(answer, dict) else None
        raise SourceError(
            f"{source}: the Bank of Japan answers STATUS {status}, {' '.join(str(message).split())}; "
            "check the series and the start, or try again later"
        )
    return {str(name): value for name, value in answer.items()}


def _next(answer: dict[str, Any], source: str) -> int | None:
    position = answer.get("NEXTPOSITION")
    if position in (None, "", 0, "0"):
        return None
    if not str(position).isdigit():
        raise SourceError(f"{source}: NEXTPOSITION is {position!r}; expected a number or nothing")
    return int(str(position))


def _pairs(answer: dict[str, Any], source: str) -> list[tuple[str, str]]:
    """Return the day and the value of every fixing, as text; calendar days without one are left out."""
    entries = answer.get("RESULTSET")
    entries = entries if isinstance(entries, list) else [entries]
    matches = [entry for entry in entries if isinstance(entry, dict) and entry.get("SERIES_CODE", CODE) == CODE]
    values = matches[0].get("VALUES") if matches else None
    days = values.get("SURVEY_DATES") if isinstance(values, dict) else None
    numbers = values.get("VALUES") if isinstance(values, dict) else None
    if not isinstance(days, list) or not isinstance(numbers, list) or len(days) != len(numbers):
        raise SourceError(
            f"{source}: expected RESULTSET with SURVEY_DATES and as many VALUES of {CODE}; got {', '.join(answer)}: "
            f"the API may have changed; {http.IMPORT}"
        )
    pairs = [(str(day), str(number)) for day, number in zip(days, numbers, strict=True)]
    return [(day, number) for day, number in pairs if number.strip().lower() not in text.MISSING]


def _delivery(pairs: list[tuple[str, str]], source: str, today: date | None) -> Delivery:
    table = text.Table(source, ("Date", VALUE), tuple(enumerate(pairs, 1)), counted="value")
    frame, notes = text.frame(table, {VALUE: VALUE}, DAYS, today)
    return text.deliver("yen_call", source, frame, (CREDIT, *notes))


def _fetch(address: str) -> list[Delivery]:
    return fetch(address=address)


def _is_rates(header: Header) -> bool:
    return any(CODE in name for name in header)


def _columns(header: Header) -> dict[str, Place]:
    return {name: Place("yen_call") for name in header if CODE in name}


SOURCE = Source(
    name="boj",
    feeds=(Feed(("yen_call",), _fetch),),
    address=ADDRESS,
    formats=(Format("Bank of Japan call rate", _is_rates, single(parse), _columns),),
)
