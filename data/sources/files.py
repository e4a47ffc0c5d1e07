"""Files a user brings: what each is, told by its header, and what is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from data.calendars import PUBLICATION_LAG_DAYS
from data.errors import DataError, SourceError
from data.series import CURVES, VALUE, Delivery, spec_of
from data.sources import bundled, fred, http, mof, nyfed, text, treasury, yahoo

Header = tuple[str, ...]
Parser = Callable[[bytes, str, date | None], list[Delivery]]

ALIASES = {"USDJPY": "DEXJPUS", "JP_CALL_RATE_PCT": "IRSTCI01JPM156N"}  # names files give to FRED's series
MONTHLY = "one row a month, dated on its last calendar day"
MARKET_VALUES = {"usdjpy": "usdjpy", "us_overnight": "fed_funds_month", "jp_overnight": "yen_call_month"}


@dataclass(frozen=True)
class Format:
    """A kind of file: what it is called, how its header tells, and who reads it."""

    name: str
    recognise: Callable[[Header], bool]
    parse: Parser


def read(path: Path, today: date | None = None) -> list[Delivery]:
    """Return what a file holds; the first note of each series says what the file was taken for.

    A price file is named after its symbol (`TLT.csv`, `2561.T.csv`); everything else is told by the header.

    Raises
    ------
    SourceError
        A path that is not there, is a folder, or cannot be read.
    DataError
        A file of no known kind, or one that cannot be read; in one line.
    """
    data, source = _bytes(path), str(path)
    header = text.header(data, source)
    form = next((known for known in FORMATS if known.recognise(header)), None)
    if form is None:
        raise DataError(
            f"{source}: no kind of file that is known; its header is '{text.short(header)}'; "
            f"known: {', '.join(known.name for known in FORMATS)}"
        )
    note = f"read as: {form.name}"
    return [replace(part, notes=(note, *part.notes)) for part in form.parse(data, source, today)]


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name the files in it")
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    try:
        if path.stat().st_size > http.LARGEST:
            raise DataError(f"{path}: is larger than {http.LARGEST // 2**20} MB; tables of rates and prices are not")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None


def _lower(header: Header) -> set[str]:
    return {"".join(name.lower().split()) for name in header}


def _real(header: Header) -> bool:
    years = [float(years) for name in header if (years := treasury.tenor(name))]
    return min(years, default=0.0) >= treasury.SHORTEST_REAL


def _nominal(header: Header) -> bool:
    return any(map(treasury.tenor, header))


def _is_fred(header: Header) -> bool:
    return bool({ALIASES.get(name, name) for name in header} & {*fred.IDS, *fred.REFUSED})


def _is_markets(header: Header) -> bool:
    return any(map(bundled.tenor, header))


def _prices(data: bytes, source: str, today: date | None) -> list[Delivery]:
    symbol = Path(source).stem
    try:
        listed = spec_of(symbol).kind == "price"
    except DataError as error:
        raise DataError(f"{source}: a price file is named after its symbol, like TLT.csv: {error}") from None
    if not listed:
        raise DataError(f"{source}: a price file is named after its symbol, like TLT.csv; '{symbol}' is another series")
    return [yahoo.read(text.table(data, source), symbol, today)]


def _markets(data: bytes, source: str, today: date | None) -> list[Delivery]:
    """Return the curves, the yen and the overnight averages of our own month-end table."""
    table = text.table(data, source)
    columns: dict[str, dict[str, str]] = {}  # series -> header name -> column
    for name in table.header[1:]:
        tenor = bundled.tenor(name)
        if tenor:
            curve, months = tenor
            columns.setdefault(CURVES[curve], {})[name] = treasury.years(months)
        elif name in MARKET_VALUES:
            columns.setdefault(MARKET_VALUES[name], {})[name] = VALUE
    return _split(table, columns, today)


def _macro(data: bytes, source: str, today: date | None) -> list[Delivery]:
    """Return the figures of our own month-end table, and its price index once more as a series of its own."""
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


FORMATS = (
    Format(
        "Ministry of Finance (Japanese)", lambda header: header[0] == mof.JAPANESE, lambda *file: [mof.parse(*file)]
    ),
    Format("Ministry of Finance (English)", lambda header: "10Y" in header, lambda *file: [mof.parse(*file)]),
    Format("US Treasury real yields", _real, lambda *file: [treasury.parse(*file)]),
    Format("US Treasury yields", _nominal, lambda *file: [treasury.parse(*file)]),
    Format("New York Fed SOFR", lambda header: nyfed.RATE in header, lambda *file: [nyfed.parse(*file)]),
    Format("FRED", _is_fred, lambda data, source, today: fred.parse(data, source, today, ALIASES)),
    Format("Yahoo prices", lambda header: {"open", "high", "low", "close"} <= _lower(header), _prices),
    Format("our month-end markets", _is_markets, _markets),
    Format("our month-end macro figures", lambda header: bool(PUBLICATION_LAG_DAYS.keys() & set(header)), _macro),
)
