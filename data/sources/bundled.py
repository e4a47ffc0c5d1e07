"""The month-end figures that come with the project: its offline default, and files like them.

Provenance: data/bundled/README.md.
"""

from __future__ import annotations

import logging
import re
from datetime import date
from pathlib import Path

import pandas as pd

from data.calendars import PUBLICATION_LAG_DAYS
from data.countries import BASE, COUNTRIES
from data.disk import sha256
from data.errors import DataError, SourceError
from data.series import IN_PERCENT, VALUE, Delivery, macro_value
from data.sources import text
from data.sources.source import Format, Header, Place, Source
from data.sources.treasury import years
from data.tables import Record, Tables

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parent.parent / "bundled"
MARKETS, MACRO = "month_end_markets.csv", "month_end_macro.csv"
MONTHLY = "one row a month, dated on its last calendar day"
OTHERS = {"usdjpy": "usdjpy", "us_overnight": "fed_funds_month", "jp_overnight": "yen_call_month"}  # column -> series
CURVES = {curve: COUNTRIES.curves[curve] for curve in ("us", "us_real", "jp")}  # the series of each
TENOR = re.compile(rf"({'|'.join(CURVES)})_(\d+)([my])")
ANY_TENOR = re.compile(r"(\w+)_\d+[my]")


def load() -> Tables:
    """Read the two bundled tables; percent becomes decimals here and nowhere else."""
    markets, macro = _read(MARKETS), _read(MACRO)
    logger.info("bundled month ends: %d, %s to %s", len(markets), markets.index[0].date(), markets.index[-1].date())
    return Tables(
        source="bundled",
        frequency="monthly",
        yields=_yields(markets),
        fx={"JPY": markets["usdjpy"]},
        overnight={BASE: markets["us_overnight"] / IN_PERCENT, "JPY": markets["jp_overnight"] / IN_PERCENT},
        cpi=macro["us_cpi"].dropna(),
        macro={str(name): macro_value(str(name), macro[name]) for name in macro},
        records=tuple(_record(name, frame) for name, frame in ((MARKETS, markets), (MACRO, macro))),
    )


def _read(name: str) -> pd.DataFrame:
    try:
        return pd.read_csv(FOLDER / name, index_col="date", parse_dates=["date"])
    except (OSError, ValueError) as error:
        raise SourceError(f"{FOLDER / name}: cannot be read ({error}); reinstall the package") from error


def _yields(markets: pd.DataFrame) -> dict[str, pd.DataFrame]:
    columns: dict[str, dict[float, pd.Series]] = {}
    for name in markets:
        quoted = tenor(str(name))
        if quoted:
            curve, months = quoted
            columns.setdefault(curve, {})[months / 12.0] = markets[name] / IN_PERCENT
    return {curve: pd.DataFrame(dict(sorted(tenors.items()))) for curve, tenors in columns.items()}


def tenor(name: str) -> tuple[str, int] | None:
    """Return the curve and the months that a column of the markets is for.

    >>> tenor("us_3m"), tenor("us_real_10y"), tenor("usdjpy")
    (('us', 3), ('us_real', 120), None)
    """
    match = TENOR.fullmatch(name)
    return (match[1], int(match[2]) * (1 if match[3] == "m" else 12)) if match else None


def _record(name: str, frame: pd.DataFrame) -> Record:
    first, last = frame.index[0].date(), frame.index[-1].date()
    return Record(name, "bundled", first, last, len(frame), sha256(FOLDER / name))


def _is_markets(header: Header) -> bool:
    return any(map(tenor, header))


def _is_macro(header: Header) -> bool:
    return bool(PUBLICATION_LAG_DAYS.keys() & set(header))


def _parse_markets(data: bytes, source: str, today: date | None) -> list[Delivery]:
    """Return the curves, the yen and the overnight averages."""
    table = text.table(data, source)
    columns: dict[str, dict[str, str]] = {}  # series -> header name -> column
    check_curves(table.header, source)
    for name, place in markets_columns(table.header).items():
        columns.setdefault(place.series, {})[name] = place.column
    return _split(table, columns, today)


def markets_columns(header: Header) -> dict[str, Place]:
    """Return what the columns of a table of month-end markets fill."""
    quoted = {name: own for name in header[1:] if (own := tenor(name))}
    curves = {name: Place(CURVES[curve], years(months)) for name, (curve, months) in quoted.items()}
    return curves | {name: Place(OTHERS[name]) for name in header[1:] if name in OTHERS}


def macro_columns(header: Header) -> dict[str, Place]:
    """Return what the columns of a table of macro figures fill; the price index is a series of its own besides."""
    return {name: Place("macro", name) for name in header[1:] if name in PUBLICATION_LAG_DAYS}


def check_curves(header: Header, source: str) -> None:
    """Raise DataError where a table of month-end markets holds a curve that no country of ours has."""
    for name in header[1:]:
        other = ANY_TENOR.fullmatch(name)
        if other and not tenor(name):
            raise DataError(
                f"{source}: the column '{name}' is of the curve '{other[1]}'; known here: {', '.join(CURVES)}; put "
                "another country's curve into a file named after its series, and the country under `countries:` in the "
                "configuration"
            )


def _parse_macro(data: bytes, source: str, today: date | None) -> list[Delivery]:
    """Return the macro figures, and the price index once more as a series of its own."""
    table = text.table(data, source)
    columns = {"macro": {name: name for name in table.header[1:] if name in PUBLICATION_LAG_DAYS}}
    if "us_cpi" in table.header:
        columns["us_cpi"] = {"us_cpi": VALUE}
    return _split(table, columns, today)


def _split(table: text.Table, columns: dict[str, dict[str, str]], today: date | None) -> list[Delivery]:
    used = {name: name for names in columns.values() for name in names}
    values, notes = text.frame(table, used, text.ISO, today)
    notes = (MONTHLY, *table.remarks(used), *notes)
    return [
        text.deliver(series, table.source, values[list(names)].rename(columns=names), notes)
        for series, names in columns.items()
        if values[list(names)].notna().to_numpy().any()
    ]


SOURCE = Source(
    name="bundled",
    formats=(
        Format("our month-end markets", _is_markets, _parse_markets, markets_columns),
        Format("our month-end macro figures", _is_macro, _parse_macro, macro_columns),
    ),
)
