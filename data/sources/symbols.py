"""Symbols: listed prices in a table, of which name they are, and whether they are raw or adjusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow.compute as pc

from data.countries import COUNTRIES, Countries
from data.errors import DataError
from data.series import PRICE_COLUMNS, VALUE, Spec, listed_names, spec_of
from data.sources import hints
from data.sources.said import Said
from data.sources.table import Table, price_word

SYMBOLS = {"symbol", "ticker", "tickers", "code", "security", "ric", "instrument", "銘柄コード", "コード"}
EXAMPLE = "--as TLT"
TICKER = re.compile(r"[A-Z]{2,5}|\d{3,4}[A-Z]?\.T")  # what a file's name looks like that is a ticker
NO_DIVIDENDS = "dividends are not in the file"
EVERY = "*"  # of --columns: every column


@dataclass(frozen=True)
class Known:
    """What there may be: countries, and listed names of the user's own."""

    countries: Countries = COUNTRIES
    listed: Mapping[str, Spec] = field(default_factory=dict)
    said: Mapping[str, Said] = field(default_factory=dict)  # by series, kept from earlier imports
    files: Mapping[str, str] = field(default_factory=dict)  # key of a file's name -> the series it was said to be

    @property
    def prices(self) -> dict[str, Spec]:
        """Every listed name."""
        return {name: spec_of(name) for name in listed_names()} | dict(self.listed)

    def spec(self, name: str) -> Spec:
        """Return what a series is."""
        return self.listed[name] if name in self.listed else spec_of(name, self.countries)


@dataclass(frozen=True)
class Reading:
    """One series of a table: which columns fill it, and how that was told."""

    spec: Spec
    columns: Mapping[int, str]  # of the grid -> of the series
    how: str  # what the file was taken for
    notes: tuple[str, ...] = ()
    only: tuple[int, str] | None = None  # the rows that count: a column, and what it must hold
    sure: bool = True  # whether the content says whose figures these are


def prices(table: Table, stem: str, said: Said, known: Known) -> list[Reading]:
    """Return the prices of each ticker of a table whose names are those of prices."""
    fields = {k: word for k in table.values if (word := price_word(table.names[k]))}
    if not {"close", "adjusted"} & {*fields.values()}:
        return _a_column_each(table, stem, said, known)
    if any(hints.tenor(table.groups[k]) for k in fields):
        return []
    groups = list(dict.fromkeys(table.groups[k] for k in fields))
    said_ = [group for group in groups if group]
    if len(said_) == 1:  # columns without it are of the same
        table = replace(table, groups=tuple(said_[0] if k in fields else group for k, group in enumerate(table.groups)))
        groups = said_
    if groups == [""]:
        return _of_symbols(table, fields, stem, said, known)
    names = {group: hints.listed(group, known.prices) for group in groups}
    left_out = [group for group, name in names.items() if name is None and group]
    if len(left_out) == len(groups):
        raise _unnamed(table, f"of {', '.join(left_out)}, no series known here", left_out[0])
    note = (f"no series known here, left out: {', '.join(left_out)}",) if left_out else ()
    if len(groups) == 1:
        _check_name(table, stem, str(names[groups[0]]), known)
    return [
        of_prices(
            table, {k: word for k, word in fields.items() if table.groups[k] == group}, known.prices[name], said, note
        )
        for group, name in names.items()
        if name
    ]


def _a_column_each(table: Table, stem: str, said: Said, known: Known) -> list[Reading]:
    """Return the prices of a table with a listed name above each column, where it is said which prices they are."""
    names = {k: name for k in table.values if (name := hints.listed(table.names[k], known.prices))}
    if len(names) < 2 or len(names) * 2 < len(table.values):
        return []
    word = next((name for name, header in said.columns.items() if header == EVERY), None)
    word = word or ("adjusted" if {"adj", "adjusted"} & hints.words(stem, *table.title) else None)
    if word not in ("close", "adjusted"):
        raise DataError(
            f"{table.source}: one price of each of {', '.join(names.values())}, closes or adjusted closes; say which: "
            "--columns close=* or --columns adjusted=*"
        )
    left_out = [table.names[k] for k in table.values if k not in names]
    notes = (f"columns left out: {', '.join(left_out)}",) if left_out else ()
    return [
        Reading(known.prices[name], {k: word}, f"prices of {name}, by its header", notes) for k, name in names.items()
    ]


def _check_name(table: Table, stem: str, name: str, known: Known) -> None:
    other = hints.listed(stem, known.prices)
    if other and other != name:
        raise DataError(
            f"{table.source}: the header says {name}, the file's name {other}; say which it is: --as {name} or --as "
            f"{other}"
        )


def _of_symbols(table: Table, fields: dict[int, str], stem: str, said: Said, known: Known) -> list[Reading]:
    """Return the prices of a table without tickers in its header: of a column of them, its title, its file's name."""
    column = next((k for k in table.values if table.names[k].lower() in SYMBOLS), None)
    if column is not None:
        texts = [text for text in pc.unique(table.grid.columns[column].slice(table.first)).to_pylist() if text]
        names = {text: hints.listed(text, known.prices) for text in texts}
        if any(names.values()):
            note = tuple(f"no series known here, left out: {text}" for text, name in names.items() if name is None)
            return [
                replace(of_prices(table, fields, known.prices[name], said, note), only=(column, text))
                for text, name in names.items()
                if name
            ]
        if texts:
            raise _unnamed(table, f"of {', '.join(texts[:5])}, no series known here", texts[0])
    titled = {name for line in table.title for name in _in_title(line, known)}
    if len(titled) == 1:
        (title,) = titled
        _check_name(table, stem, title, known)
        return [of_prices(table, fields, known.prices[title], said, (), "by its title")]
    name = hints.listed(stem, known.prices)
    if name:
        return [of_prices(table, fields, known.prices[name], said, (), f"by its file's name, {stem}")]
    pair = _pair(stem, known)
    if pair:
        closes = {word: k for k, word in fields.items() if word in ("adjusted", "close")}
        word = min(closes, key=("close", "adjusted").index)
        taken = (
            "the closing rates are taken" if word == "close" else "the adjusted closes are taken: a rate has no others"
        )
        return [Reading(pair, {closes[word]: VALUE}, f"{pair.name}, {pair.unit}, by its file's name", (taken,))]
    spoken = hints.curves(hints.words(stem), known.countries)
    if hints.tenor(stem) and spoken:
        years, _ = hints.tenor(stem) or ("10", "")
        series = sorted(spoken)[0]
        raise DataError(
            f"{table.source}: columns of prices ({', '.join(table.header)}), where the file's name speaks of the "
            f"{years}-year "
            f"of {series}; if these are its yields, say so: --as {series} --columns {years}={table.names[min(fields)]}"
        )
    ticker = hints.base(stem)
    near = [name for name in known.prices if hints.key(name).startswith(hints.key(ticker))]
    if near:
        raise DataError(f"{table.source}: prices of {ticker}, which may be {near[0]}; say so: --as {near[0]}")
    raise _unnamed(table, "and nothing says of what", ticker if TICKER.fullmatch(ticker) else None)


def _in_title(line: str, known: Known) -> set[str]:
    tokens = re.split(r"[\s,:;()]+", line)
    names = {hints.listed(line, known.prices), *(name for name in tokens if name in known.prices)}
    names |= {hints.listed(" ".join(tokens[1:]), known.prices)}
    return {name for name in names if name}


def _pair(stem: str, known: Known) -> Spec | None:
    """Return the exchange rate that a file is named after: USD_JPY, USDJPY=X, JPY=X."""
    plain = re.sub(r"(historicaldata|x|curncy)$", "", hints.key(hints.base(stem)))
    pairs = {country.pair.lower(): country.fx for country in known.countries if country.fx}
    turned = {f"{pair[3:]}{pair[:3]}": fx for pair, fx in pairs.items()}
    if plain in turned and plain not in pairs:
        raise DataError(
            f"{stem}: {plain.upper()} is {turned[plain]} upside down; export {turned[plain]}, or 1 divided by each "
            "value"
        )
    fx = pairs.get(plain) or ("usdjpy" if plain == "jpy" else None)
    return known.spec(fx) if fx else None


def _unnamed(table: Table, what: str, symbol: str | None) -> DataError:
    """Return the refusal of prices whose name is not known."""
    example = f"--as {symbol} --currency USD --exchange XNYS" if symbol else EXAMPLE
    columns = ", ".join(table.header[:8])
    return DataError(f"{table.source}: prices ({columns}) {what}; say which listed name it is: {example}")


def of_prices(
    table: Table,
    fields: Mapping[int, str],
    spec: Spec,
    said: Said,
    notes: tuple[str, ...] = (),
    how: str = "by its header",
) -> Reading:
    """Return the prices of one listed name: raw and adjusted, or what there is, said."""
    if said.columns:
        if wrong := [name for name in said.columns if name not in (*PRICE_COLUMNS, "gains")]:
            raise DataError(
                f"{table.source}: --columns of {spec.name}, a price, are close=... or adjusted=..., and "
                f"{', '.join(name for name in PRICE_COLUMNS if name not in ('close', 'adjusted'))}; got {wrong[0]}"
            )
        fields = {**{k: word for k, word in fields.items() if word in ("dividend", "split", "volume")},
                  **said_columns(table, said, fields)}  # fmt: skip
    named: dict[str, int] = {}
    for k, word in fields.items():
        if word in named and word != "gains":
            raise DataError(
                f"{table.source}: {table.names[named[word]]} and {table.names[k]} may both be the {word} of "
                f"{spec.name}; say which: --columns {word}={table.names[k]}"
            )
        named[word] = k
    if "adjusted" not in named and {"dividend"} & {*named} and "close" in named and not said.columns:
        raise DataError(
            f"{table.source}: dividends beside one price, {table.names[named['close']]}, which may be adjusted for "
            "them or not "
            "(yfinance adjusts it unless auto_adjust=False); say which: --columns "
            f"adjusted={table.names[named['close']]} or "
            f"--columns close={table.names[named['close']]}"
        )
    if "close" not in named:
        named = {word: k for word, k in named.items() if word not in ("open", "high", "low")}
    columns = {k: word for word, k in named.items() if word in PRICE_COLUMNS}
    spare = [k for k in table.values if k not in fields and not table.groups[k]]
    others = [table.names[k] for k in spare if table.names[k].lower() not in SYMBOLS]
    notes = (*notes, *((f"columns left out: {', '.join(others)}",) if others else ()))
    missing = [f"{name}s are not in the file" for name in ("dividend", "split") if name not in named]
    if "implieddividend" in [table.names[k].lower().replace(" ", "") for k in fields]:
        missing.append("dividends are implied from the adjusted close")
    return Reading(spec, columns, f"prices of {spec.name}, {how}", (*notes, *missing))


def said_columns(table: Table, said: Said, among: Iterable[int] = ()) -> dict[int, str]:
    """Return the columns that were said: place in the table -> column of the series."""
    result = {}
    at = {table.names[k].lower(): k for k in table.values} | {table.names[k].lower(): k for k in among}
    for name, header in said.columns.items():
        if header.lower() not in at:
            raise DataError(f"{table.source}: no column '{header}' (--columns); it has {', '.join(table.header)}")
        result[at[header.lower()]] = name
    return result


def as_prices(table: Table, spec: Spec, said: Said) -> Reading:
    """Return the prices of a name that was said."""
    fields = {k: word for k in table.values if (word := price_word(table.names[k]))}
    own = {
        k: word for k, word in fields.items() if not table.groups[k] or hints.listed(table.groups[k], {spec.name: spec})
    }
    groups = {table.groups[k] for k in fields} - {""}
    own = own or (fields if len(groups) <= 1 else {})
    if said.columns:
        return of_prices(table, own, spec, said)
    if not {"close", "adjusted"} & {*own.values()}:
        names = [table.names[k] for k in table.values]
        raise DataError(
            f"{table.source}: which column is the price of {spec.name}? It has {', '.join(table.header)}; say "
            "--columns "
            f"close={names[0] if names else 'NAME'} or, if it is adjusted for dividends, --columns "
            f"adjusted={names[0] if names else 'NAME'}"
        )
    return of_prices(table, own, spec, said)
