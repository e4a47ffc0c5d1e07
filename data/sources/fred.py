"""FRED, Federal Reserve Bank of St. Louis: yields, overnight rates, the yen and consumer prices, as graph CSV.

One file holds one id or many; the date's column is `observation_date`, formerly `DATE`; missing is blank, formerly `.`.
Monthly figures are stamped on the month's first day there and on its last day here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

import pandas as pd

from data.errors import DataError, did_you_mean
from data.series import SPECS, UNPUBLISHED, Delivery, unpublished
from data.sources import http, text
from data.sources.source import Feed, Format, Header, Place, Source
from data.sources.treasury import years

logger = logging.getLogger(__name__)

ADDRESS = "https://fred.stlouisfed.org/graph/fredgraph.csv?id={id}"
PAUSE = 0.5  # seconds between requests


_MONTHS = {"1MO": 1, "3MO": 3, "6MO": 6, "1": 12, "2": 24, "3": 36, "5": 60, "7": 84, "10": 120, "20": 240, "30": 360}
IDS: dict[str, Place] = {
    **{f"DGS{name}": Place("ust", years(months)) for name, months in _MONTHS.items()},
    **{f"DFII{name}": Place("tips", name) for name in ("5", "7", "10", "20", "30")},
    "DFF": Place("fed_funds"),
    "SOFR": Place("sofr"),
    "DEXJPUS": Place("usdjpy"),
    "CPIAUCNS": Place("us_cpi"),
    "IRSTCI01JPM156N": Place("yen_call_month"),
}
ALIASES = {"USDJPY": "DEXJPUS", "JP_CALL_RATE_PCT": "IRSTCI01JPM156N"}  # names that files give to its columns
FETCHED = ("usdjpy", "fed_funds", "yen_call_month", "us_cpi")  # the other series come from their publishers
AVERAGES: dict[str, Place] = {  # figures of months, which files may hold and which are never fetched
    **{f"GS{name}": Place("ust_month", years(months)) for name, months in _MONTHS.items() if not name.endswith("MO")},
    **{f"GS{name[0]}M": Place("ust_month", years(months)) for name, months in _MONTHS.items() if name.endswith("MO")},
    **{f"FII{name}": Place("tips_month", name) for name in ("5", "7", "10", "20", "30")},
    "IRLTLT01USM156N": Place("ust_month", "10"),
    "IRLTLT01JPM156N": Place("jgb_month", "10"),
    "FEDFUNDS": Place("fed_funds_month"),
    "EXJPUS": Place("usdjpy_month"),
}
OTHERS: dict[str, Place] = {  # daily figures of other countries
    "DEXUSEU": Place("eurusd"), "DEXUSUK": Place("gbpusd"), "ECBESTRVOLWGTTRMDMNRT": Place("estr"),
    "IUDSOIA": Place("sonia"),
}  # fmt: skip
REFUSED = {
    "IRSTCB01JPM156N": "is the old discount rate, not the policy rate; use IRSTCI01JPM156N",
    "INTDSRJPM193N": "is the old discount rate, not the policy rate; use IRSTCI01JPM156N",
    "CPIAUCSL": "is seasonally adjusted, and TIPS accrue on the unadjusted index; use CPIAUCNS",
}
KINDS = {  # ids that would mislead, by how they are made
    r"W(GS|FII)\d+.*": "is an average of a week; use the daily DGS or DFII series",
    r"(DTB|WTB|TB)\d+(MS|MO|YR)?|(DTB|TB)\d.*": "is a discount rate of Treasury bills, not a par yield; use DGS",
    r"T\d+(YIE|Y2Y|Y3M|YFF|YIFR).*": "is a spread, not a yield; use DGS and DFII",
    r"THREEFY.*|SVEN.*": "is a fitted zero-coupon yield, not a par yield; use DGS",
}
CHANGES = re.compile(r"(\w+)_(CHG|CH1|PCH|PC1|PCA|CCH|CCA|LOG|NBD.*)")  # what FRED appends to a transformed series


def fetch(
    ids: Iterable[str] = tuple(IDS),
    address: str = ADDRESS,
    policy: http.Policy = http.DEFAULT,
    today: date | None = None,
) -> list[Delivery]:
    """Return the series that `ids` fill, one request an id: a file of several is cut to their common frequency.

    `address` holds {id}.

    Raises
    ------
    SourceError, DataError
        An id that is not used here, a file that cannot be had or cannot be read.
    """
    wanted = list(dict.fromkeys(ids))
    for name in wanted:
        _refuse(name, "FRED")
        if name not in IDS:
            raise DataError(f"FRED's {name} is not used here{did_you_mean(name, IDS)}")
    parts: dict[str, list[Delivery]] = {}
    for name in wanted:
        url = http.fill(address, id=name)
        for part in parse(http.get(url, pause=PAUSE, policy=policy), url, today):
            parts.setdefault(part.series, []).append(part)
    return [_beside(series, address, columns) for series, columns in parts.items()]


def _beside(series: str, source: str, parts: list[Delivery]) -> Delivery:
    """Return deliveries of different columns of one series as one."""
    columns = pd.concat([part.frame for part in parts], axis=1).sort_index()
    return text.deliver(series, source, columns, (note for part in parts for note in part.notes))


def parse(
    data: bytes | str, source: str, today: date | None = None, aliases: Mapping[str, str] | None = None
) -> list[Delivery]:
    """Return every series that the file's ids fill; other columns are left out with a note.

    `aliases` are other names a file may give its columns -> ids.

    Raises
    ------
    DataError
        No id that is used here, one that would mislead, a row that cannot be read; with its line and what to do.
    """
    table = text.table(data, source)
    names = {name: (aliases or {}).get(name, name) for name in table.header[1:]}
    for name in names.values():
        _refuse(name, source)
    columns = {name: id_ for name, id_ in names.items() if id_ in IDS}
    if not columns:
        raise DataError(f"{source}: none of its columns is used here ({', '.join(names)}); known: {', '.join(IDS)}")
    values, repeated = text.frame(table, columns, text.ISO, today)
    common = (*table.remarks(columns), *repeated)
    places: dict[str, dict[str, str]] = {}
    for id_ in columns.values():
        places.setdefault(IDS[id_].series, {})[id_] = IDS[id_].column
    deliveries = []
    for series, ids in places.items():
        part, notes = values[list(ids)].rename(columns=ids).dropna(how="all"), list(common)
        if part.empty and len(places) > 1:
            continue
        if series == "ust":
            part, notes = _without_estimates(part, notes)
        if SPECS[series].calendar == "month":
            part = _at_month_ends(part, source)
        deliveries.append(text.deliver(series, source, part, notes))
    return deliveries


def _refuse(name: str, source: str) -> None:
    if name in REFUSED:
        raise DataError(f"{source}: {name} {REFUSED[name]}")


def _without_estimates(part: pd.DataFrame, notes: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Blank the 30-year where none was published: the estimate prints false jumps of 17 and 16 bp at its ends."""
    estimated = unpublished("ust", "30", part.index.to_numpy())
    if "30" not in part or part.loc[estimated, "30"].isna().all():
        return part, notes
    logger.info("ust: the 30-year masked on %d rows: none was published", int(estimated.sum()))
    part = part.copy()
    part.loc[estimated, "30"] = float("nan")
    first, last = UNPUBLISHED["ust", "30"]
    return part, [*notes, f"30-year of {first} to {last} blanked: an estimate, none was published"]


def _at_month_ends(part: pd.DataFrame, source: str) -> pd.DataFrame:
    index = pd.DatetimeIndex(part.index) + pd.offsets.MonthEnd(0)
    twice = index[index.duplicated()]
    if len(twice):
        raise DataError(f"{source}: {twice[0]:%Y-%m} stands there twice; expected one figure a month")
    return part.set_axis(index)


def _is_fred(header: Header) -> bool:
    return any(place(name) or misleading(name) for name in header)


def place(name: str) -> Place | None:
    """Return what a FRED id fills, whatever its case.

    >>> place("dgs10"), place("GS10")
    (Place(series='ust', column='10'), Place(series='ust_month', column='10'))
    """
    id_ = name.upper()
    if board := re.fullmatch(r"RIFLGFC([YM])(\d\d)_N\.B", id_):  # the Federal Reserve Board's own names, H.15
        id_ = f"DGS{int(board[2])}{'MO' if board[1] == 'M' else ''}"
    return {**IDS, **AVERAGES, **OTHERS}.get(ALIASES.get(name, id_))


def misleading(name: str) -> str | None:
    """Return why a FRED id is refused, or None.

    >>> misleading("DTB3"), misleading("DGS10")
    ('is a discount rate of Treasury bills, not a par yield; use DGS', None)
    """
    id_ = name.upper()
    if (changed := CHANGES.fullmatch(id_)) and (place(changed[1]) or misleading(changed[1])):
        return f"is the change of {changed[1]}, not its level; download it in its own units"
    return REFUSED.get(id_) or next((why for kind, why in KINDS.items() if re.fullmatch(kind, id_)), None)


def _columns(header: Header) -> dict[str, Place]:
    return {name: own for name in header[1:] if (own := place(name))}


def _fetch(series: str, address: str) -> list[Delivery]:
    return fetch([id_ for id_, place in IDS.items() if place.series == series], address)


def _parse(data: bytes, source: str, today: date | None) -> list[Delivery]:
    return parse(data, source, today, ALIASES)


SOURCE = Source(
    name="fred",
    feeds=tuple(Feed((series,), partial(_fetch, series)) for series in FETCHED),
    address=ADDRESS,
    formats=(Format("FRED", _is_fred, _parse, _columns),),
)
