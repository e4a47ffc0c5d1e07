"""Hints: what the words of a header, a title and a file's name say of whose figures they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from data.countries import Countries
from data.series import Spec

TENOR = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?)\s*[-_ ]?(years?|yrs?|yr|y|months?|mths?|mos?|m|年債|年|か月|ヶ月|カ月)(?![a-z])",
    re.IGNORECASE,
)
BARE = re.compile(r"\d+(?:\.\d+)?")
MOST_YEARS = 100.0
WORDS = {  # of the built-in curves -> words that name them
    "ust": {"us", "usa", "ust", "treasury", "treasuries", "cmt", "usgg", "america", "米国", "米国債", "gt"},
    "tips": {"tips", "real"},
    "jgb": {
        "jp",
        "jpn",
        "japan",
        "japanese",
        "jgb",
        "jgbs",
        "jgbcme",
        "jgbcm",
        "gjgb",
        "mof",
        "国債",
        "日本",
        "国債金利情報",
    },
    "bund": {"de", "ger", "germany", "german", "bund", "bunds", "gdbr"},
    "gilt": {"uk", "gb", "gilt", "gilts", "britain", "british", "boe", "gukg"},
}
NOISE = {
    "copy", "daily", "weekly", "monthly", "historical", "history", "data", "price", "prices", "stock", "etf", "us", "d",
    "equity", "index", "w", "m", "adj", "adjusted", "close", "download", "export", "yahoo", "stooq", "quotes", "max",
    "1d", "final", "new", "raw", "ohlc", "ohlcv", "csv", "table", "full", "all",
}  # fmt: skip
AGAIN = re.compile(r"(\s*\(\d+\)|\s*-\s*copy|[ _]copy)+$", re.IGNORECASE)  # how a second download is called


def tenor(name: str) -> tuple[str, str] | None:
    """Return the years that a column's name states, as text, and its other words.

    >>> tenor("10Y"), tenor("6M"), tenor("US 10-Year"), tenor("30年"), tenor("Close"), tenor("10Y-2Y")
    (('10', ''), ('0.5', ''), ('10', 'US'), ('30', ''), None, None)
    """
    if BARE.fullmatch(name):
        matches = [(name, "y")] if 0 < float(name) <= MOST_YEARS else []
        rest = ""
    else:
        matches = [(match[1], match[2].lower()) for match in TENOR.finditer(name)]
        rest = " ".join(TENOR.sub(" ", name).replace("_", " ").split()).strip("-. ")
    if len(matches) != 1:
        return None
    number, unit = matches[0]
    months = unit[0] == "m" or "月" in unit
    years = float(number) / (12.0 if months else 1.0)
    return (f"{years:.6g}", rest) if 0 < years <= MOST_YEARS else None


def words(*texts: str) -> set[str]:
    """Return the words of texts in lower case, parted where letters and digits meet.

    >>> sorted(words("US_10Y (1)", "JGBs"))
    ['1', '10', 'jgbs', 'us', 'y']
    """
    return {word for text in texts for word in re.findall(r"\d+|[^\W\d_]+", text.lower())}


def curves(named: Iterable[str], countries: Countries) -> set[str]:
    """Return the series of the curves that words name; of real yields the real one."""
    spoken = {word.lower() for word in named}
    known = {series: set(own) for series, own in WORDS.items()}
    for country in countries:
        own = {country.code, country.nominal, country.ticker.lower(), *words(country.label), *words(country.bonds)}
        known.setdefault(country.nominal, set()).update({word.lower() for word in own} - {"bonds"})
        if country.real:
            known.setdefault(country.real, set()).add(country.real)
    result = {series for series, own in known.items() if own & spoken}
    return result - {"ust"} if {"ust", "tips"} <= result else result


def base(stem: str) -> str:
    """Return a file's name without what a second download adds to it.

    >>> base("TLT (1)"), base("jgb - Copy"), base("2561-T")
    ('TLT', 'jgb', '2561-T')
    """
    return AGAIN.sub("", stem).strip() or stem


def key(name: str) -> str:
    """Return a name's letters and digits in lower case: 2561-T and 2561.T are one."""
    return re.sub(r"[\W_]", "", name.lower())


def listed(text: str, known: Mapping[str, Spec]) -> str | None:
    """Return the listed name that a ticker, a title or a file's name stands for, if it is one only.

    >>> from data.series import spec_of
    >>> known = {name: spec_of(name) for name in ("TLT", "2561.T")}
    >>> [listed(text, known) for text in ("tlt", "TLT (1)", "2561-T", "TLT US Equity", "2561 JP Equity", "TLT_IEF")]
    ['TLT', 'TLT', '2561.T', 'TLT', '2561.T', None]
    """
    plain = base(text.strip())
    by_key = {key(name): name for name in known}
    for whole in (plain, re.sub(r"[._]us(_d)?$", "", plain, flags=re.IGNORECASE)):
        if whole in known:
            return whole
        if key(whole) in by_key:
            return by_key[key(whole)]
    plain = re.sub(r"(\w+) (JP|JT)\b.*", r"\1.T", plain)
    parts = [part for part in re.split(r"[\s_,()\[\]]+", plain) if part and part.lower() not in NOISE]
    parts = [part for part in parts if not re.fullmatch(r"[\d-]{4,}", part) or len(parts) == 1]
    matches = {by_key[key(part)] for part in parts if key(part) in by_key}
    return matches.pop() if len(parts) == 1 and len(matches) == 1 else None
