"""Yahoo through yfinance: daily prices of listed funds, raw and adjusted, with what they distributed.

Raw prices are adjusted for splits by the source, adjusted ones for dividends too. The data may not be passed on:
they stay in the user's store. Dates are the exchange's own.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import DataError, SourceError
from data.series import PRICE_COLUMNS, Delivery, Spec, listed_names, spec_of
from data.sources import http, text
from data.sources.source import Feed, Format, Header, Source

logger = logging.getLogger(__name__)

ADDRESS = "https://finance.yahoo.com/quote/{symbol}/history"  # where a reader finds it; yfinance knows its own way
FIRST_DAY = date(2000, 1, 1)  # before any of the funds began
PATIENT = http.Policy(backoff=5.0)  # a rate limit lasts
REQUIRED = ("open", "high", "low", "close", "adjusted", "volume")
NAMES = {  # as published, in lower case and without spaces -> column
    **{name: name for name in (*REQUIRED, "dividend", "split")},
    "adjclose": "adjusted",
    "dividends": "dividend",
    "implieddividend": "dividend",
    "stocksplits": "split",
}
CAPITAL_GAINS = "capitalgains"

Ticker = Callable[[str], Any]  # what yfinance.Ticker is


def fetch(
    symbol: str,
    start: date = FIRST_DAY,
    policy: http.Policy = PATIENT,
    ticker: Ticker | None = None,
    now: datetime | None = None,
    spec: Spec | None = None,
) -> list[Delivery]:
    """Return the prices of one listed name from `start` to its last finished day.

    `spec` is what its prices are where the name is the user's own. `ticker` takes the place of `yfinance.Ticker`, `now`
    that of the clock. The bar of a day that is not over at the
    exchange is left out: it is a quote, not a close.

    Raises
    ------
    DataError
        A symbol that is not a built-in listed instrument, or prices that cannot be read.
    SourceError
        No answer, a rate limit that lasts, or an answer without prices.
    """
    if spec is None:
        _check_symbol(symbol)
    frame = http.patiently(lambda: _history(ticker or _yfinance, symbol, start, policy), "Yahoo", policy)
    if frame.empty:
        raise SourceError(f"Yahoo answers without prices of {symbol} since {start}; try again later, or {http.IMPORT}")
    index = pd.DatetimeIndex(frame.index)
    zone = index.tz or UTC
    logger.info("fetched prices of %s since %s from Yahoo: %d rows", symbol, start, len(frame))
    clock = pd.Timestamp(now or datetime.now(UTC)).tz_convert(zone)
    over = index.date < clock.date()
    delivery = _parsed(frame[over], spec.name if spec else symbol, http.fill(ADDRESS, symbol=symbol), clock.date())
    left_out = () if over.all() else (f"the bar of {clock.date()} is left out: its day is not over",)
    return [replace(delivery, notes=(*delivery.notes, *left_out), spec=spec)]


def _check_symbol(symbol: str) -> None:
    if spec_of(symbol).kind != "price":
        raise DataError(f"'{symbol}' is a series, not a listed instrument; ask for its own source")


def _yfinance(symbol: str) -> Any:
    import yfinance

    yfinance.config.debug.hide_exceptions = False  # else it answers with an empty frame and says nothing
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    return yfinance.Ticker(symbol)


def _history(ticker: Ticker, symbol: str, start: date, policy: http.Policy) -> pd.DataFrame:
    from yfinance.exceptions import YFRateLimitError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # yfinance shows its deprecation warnings to everyone
            history = ticker(symbol).history(
                start=start.isoformat(), auto_adjust=False, actions=True, timeout=policy.timeout
            )
    except YFRateLimitError:
        raise http.PassingError(f"limits the rate of requests for {symbol}") from None
    except OSError as error:
        raise SourceError(f"cannot reach Yahoo ({_message(error)}); are you offline? {http.IMPORT}") from None
    except Exception as error:  # yfinance and what it stands on raise whatever they like
        message = f"Yahoo gives no prices of {symbol} ({_message(error)})"
        raise SourceError(f"{message}; check the symbol, try again later, or {http.IMPORT}") from None
    return pd.DataFrame(history)


def _message(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return re.split(r"\. |\.$", words)[0][:120]


def parse(frame: pd.DataFrame, symbol: str, source: str, today: date | None = None) -> Delivery:
    """Return the prices in a frame of yfinance's: columns PRICE_COLUMNS, NaN where one is not given.

    Raises
    ------
    DataError
        A column that is missing, a date that stands there twice with different prices.
    """
    _check_symbol(symbol)
    return _parsed(frame, symbol, source, today)


def _parsed(frame: pd.DataFrame, series: str, source: str, today: date | None) -> Delivery:
    days = pd.DatetimeIndex(frame.index).tz_localize(None)
    rows = tuple(
        (number, (f"{day:%Y-%m-%d}", *map(str, values)))
        for number, (day, values) in enumerate(zip(days, frame.itertuples(index=False, name=None), strict=True), 1)
    )
    return read(text.Table(source, ("Date", *map(str, frame.columns)), rows, counted="row"), series, today)


def read(table: text.Table, symbol: str, today: date | None = None) -> Delivery:
    """Return the prices in a table with Yahoo's columns, under any of the names in use for them.

    Raises
    ------
    DataError
        As `parse`; with the line.
    """
    plain = {name: "".join(name.lower().split()) for name in table.header[1:]}
    columns = {name: NAMES[short] for name, short in plain.items() if short in NAMES}
    absent = [name for name in REQUIRED if name not in columns.values()]
    if absent:
        raise DataError(
            f"{table.source}: no {', '.join(absent)} among its columns {', '.join(table.header)}; "
            "raw and adjusted prices are both needed (auto_adjust=False)"
        )
    values, notes = text.frame(table, columns, text.ISO, today)
    priced = values.dropna(how="all", subset=list(REQUIRED)).reindex(columns=list(PRICE_COLUMNS))
    return text.deliver(symbol, table.source, priced, (*table.notes, *notes, *_remarks(table, plain, priced)))


def _remarks(table: text.Table, plain: dict[str, str], priced: pd.DataFrame) -> list[str]:
    remarks = [f"{name}s are not in the file" for name in ("dividend", "split") if priced[name].isna().all()]
    if "implieddividend" in plain.values():
        remarks.append("dividends are implied from the adjusted close")
    for at, name in enumerate(table.header[1:], 1):
        paid = any(cells[at] not in ("", "0", "0.0") for _, cells in table.rows)
        if plain[name] == CAPITAL_GAINS and paid:
            remarks.append("capital gains were distributed; they are in the adjusted close only")
        elif plain[name] not in NAMES and plain[name] != CAPITAL_GAINS:
            remarks.append(f"column nobody knows is left out: {name}")
    return remarks


def _is_prices(header: Header) -> bool:
    return {"open", "high", "low", "close"} <= {"".join(name.lower().split()) for name in header}


def _fetch(symbol: str, address: str) -> list[Delivery]:
    return fetch(symbol)  # yfinance has addresses of its own


def _parse(data: bytes, source: str, today: date | None) -> list[Delivery]:
    """Return the prices of the symbol that the file is named after."""
    symbol = Path(source).stem
    try:
        listed = spec_of(symbol).kind == "price"
    except DataError as error:
        raise DataError(f"{source}: a price file is named after its symbol, like TLT.csv: {error}") from None
    if not listed:
        raise DataError(f"{source}: a price file is named after its symbol, like TLT.csv; '{symbol}' is another series")
    return [read(text.table(data, source), symbol, today)]


SOURCE = Source(
    name="yahoo",
    feeds=tuple(Feed((symbol,), partial(_fetch, symbol)) for symbol in listed_names()),
    formats=(Format("Yahoo prices", _is_prices, _parse),),
)
