"""Meaning: what the columns of a table are, told by its content, then by its file's name, then by what was said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from data.countries import ANY_DAY, Countries
from data.errors import DataError, did_you_mean
from data.instruments import LIBRARY
from data.series import AVERAGES, SPECS, VALUE, Spec, price_spec, spec_of, specs_of
from data.sources import bundled, fred, hints, numbers, registry, symbols, treasury
from data.sources.said import Said
from data.sources.source import Format, Place
from data.sources.symbols import Known, Reading
from data.sources.table import Table, price_word
from data.sources.text import short

REFUSED = {  # header words -> what the figures are
    r"bank discount|coupon equivalent|round_b1_": "holds rates of Treasury bills (discounts and coupon equivalents), "
    r"not par "
    "yields; import the par yield curve",
    r"lt composite|lt real average|extrapolation factor": "holds the Treasury's long-term composite rate, an average "
    r"of bonds "
    "and no tenor of a curve; import the par yield curve",
}
CHANGE = re.compile(
    r"(^|[^a-z])(chg|change|changes|diff|difference|returns?|ret|delta|pnl)([^a-z]|$)|前日比|^%$|変化", re.IGNORECASE
)
ZERO = re.compile(r"(^|[^a-z])(zero|spot|forward)([^a-z]|$)", re.IGNORECASE)
PLAIN = {"value", "0", "", "close", "price", "last", "rate", "yield", "level", "fixing", "mid", "値"}  # say nothing


def recognise(table: Table, stem: str, said: Said, known: Known) -> list[Reading]:
    """Return the series a table holds.

    Raises
    ------
    DataError
        What is refused, with what it is; what is ambiguous, with the option that settles it.
    """
    _refuse(table, said)
    if said.name is not None:
        return [_as(said.name, table, stem, said, known)]
    named = _named(stem, known)
    own = specs_of(known.countries)
    if named and named.name in own and not _is_official(table, named):
        return [_as(named.name, table, stem, said, known)]
    readings = _published(table, stem, known, named) or symbols.prices(table, stem, said, known)
    if not readings and named:
        return [_as(named.name, table, stem, said, known)]
    readings = readings or _curves(table, stem, known) or _by_stem(table, stem)
    if not readings:
        raise _unknown(table, stem, known)
    return readings


def speaks(stem: str, known: Known) -> bool:
    """Whether a file's name says by itself of what it is."""
    return _named(stem, known) is not None or hints.listed(stem, known.prices) is not None or bool(fred.place(stem))


def _refuse(table: Table, said: Said) -> None:
    """Raise DataError for figures that are none of ours, whatever they are called."""
    names = [table.names[k] for k in table.values]
    for pattern, why in REFUSED.items():
        if (
            any(re.search(pattern, name, re.IGNORECASE) for name in names)
            and sum(treasury.tenor(name) is not None for name in names) < 3
        ):
            raise DataError(f"{table.source}: {why}")
    for name in names:
        misled = fred.misleading(name) if said.quotes != "spot" else None
        others = [other for other in names if fred.place(other)]
        if misled and not (others and fred.CHANGES.fullmatch(name.upper())):
            raise DataError(f"{table.source}: {name} {misled}")
    if names and all(CHANGE.search(name) for name in names) and not said.columns:
        raise DataError(f"{table.source}: {', '.join(names[:3])}: changes, not levels; export the levels themselves")
    zero = [text for text in (*table.title, *names) if ZERO.search(text)]
    if zero and said.quotes is None and any(hints.tenor(name) for name in names):
        raise DataError(
            f"{table.source}: '{short([zero[0]])}' speaks of spot (zero-coupon) rates, where par yields are expected; "
            "say "
            "which they are: --quotes par, or --quotes spot --compounding 1|2|continuous"
        )


def _named(stem: str, known: Known) -> Spec | None:
    """Return the series that a file is named after, other than a listed name."""
    plain = hints.key(hints.base(stem))
    series = [*SPECS, *AVERAGES, *specs_of(known.countries)]
    return next((known.spec(name) for name in series if hints.key(name) == plain), None)


def _is_official(table: Table, named: Spec) -> bool:
    """Whether a publisher's own header stands over a file that is named after another series."""
    if named.kind != "curve":
        return False
    return any(form.columns and form.recognise(table.header) for form in _formats("mof", "treasury"))


def _formats(*sources: str) -> list[Format]:
    return [form for source in registry.SOURCES if source.name in sources for form in source.formats]


def _published(table: Table, stem: str, known: Known, named: Spec | None) -> list[Reading]:
    """Return what the first publisher's format that recognises the header makes of it."""
    header = table.header
    for form in (form for source in registry.SOURCES for form in source.formats):
        if form.columns is None or not form.recognise(header) or form.name.startswith("Yahoo"):
            continue
        if form.name.startswith("our month-end"):
            bundled.check_curves(header, table.source)
        places = {k: place for k, place in _places(table, form).items() if not CHANGE.search(table.names[k])}
        if not places:
            continue
        readings = _by_series(table, places, form.name, known)
        if form.name.startswith(("Ministry", "US Treasury")):
            readings = [_whose(reading, table, stem, known, named) for reading in readings]
        only = _only(table, form)
        return [replace(reading, only=only) for reading in readings]
    return []


def _places(table: Table, form: Format) -> dict[int, Place]:
    named = form.columns(table.header) if form.columns else {}
    at = {table.names[k]: k for k in table.values}
    return {at[name]: place for name, place in named.items() if name in at}


def _only(table: Table, form: Format) -> tuple[int, str] | None:
    if form.only is None:
        return None
    name, value = form.only
    if name not in table.names:
        raise DataError(f"{table.source}: no column '{name}'; it has {', '.join(table.header)}")
    return table.names.index(name), value


def _by_series(table: Table, places: Mapping[int, Place], how: str, known: Known) -> list[Reading]:
    by_series: dict[str, dict[int, str]] = {}
    for k, place in places.items():
        own = by_series.setdefault(place.series, {})
        if place.column in own.values():
            twin = next(table.names[j] for j, column in own.items() if column == place.column)
            raise DataError(
                f"{table.source}: {twin} and {table.names[k]} are one and the same series; remove one of the columns"
            )
        own[k] = place.column
    others = [table.names[k] for k in table.values if k not in places and table.names[k]]
    notes = (f"columns left out: {', '.join(others)}",) if others else ()
    return [Reading(known.spec(series), columns, how, notes) for series, columns in by_series.items()]


def _whose(reading: Reading, table: Table, stem: str, known: Known, named: Spec | None) -> Reading:
    """Return a curve whose header another country's might have too, checked against the other words of the file."""
    spoken = hints.curves(hints.words(stem, *table.title), known.countries)
    series = reading.spec.name
    japanese = reading.how.endswith("(Japanese)")
    if named and named.kind == "curve" and named.name != series:
        spoken = {named.name}
    if series == "ust" and spoken == {"tips"}:
        return replace(reading, spec=known.spec("tips"))
    if spoken and series not in spoken and not (series == "tips" and "ust" in spoken):
        raise DataError(
            f"{table.source}: the header is that of {series} ({reading.how}), the file's name or title speaks of "
            f"{', '.join(sorted(spoken))}; say whose yields these are: --as {series} or --as {sorted(spoken)[0]}"
        )
    short_ = len(reading.columns) < 4 and series in ("ust", "tips") and not spoken
    if series == "tips" and {"5", "10"} != {"5", "10"} & {*reading.columns.values()} and not spoken:
        short_ = True
    if short_ and min(map(float, reading.columns.values())) >= 5:
        raise DataError(
            f"{table.source}: yields of {', '.join(reading.columns.values())} years under the Treasury's names may be "
            "nominal "
            "or real; say which: --as ust or --as tips"
        )
    return replace(reading, sure=japanese or series != "jgb")


def _curves(table: Table, stem: str, known: Known) -> list[Reading]:
    """Return curves under names like 10Y or US 10-Year, where words say whose each is."""
    tenors = {k: own for k in table.values if (own := hints.tenor(f"{table.groups[k]} {table.names[k]}".strip()))}
    if not tenors or len(tenors) * 2 < len(table.values):
        return []
    around = hints.curves(hints.words(stem, *table.title, table.grid.kind.partition("sheet ")[2]), known.countries)
    places: dict[int, Place] = {}
    for k, (years, rest) in tenors.items():
        spoken = (hints.curves(hints.words(rest), known.countries) if rest else set()) or around
        if len(spoken) != 1:
            raise _whose_curve(table, [table.names[j] for j in tenors], spoken, known)
        places[k] = Place(next(iter(spoken)), years)
    return [replace(reading, sure=False) for reading in _by_series(table, places, "a curve, by its words", known)]


def _whose_curve(table: Table, names: list[str], spoken: set[str], known: Known) -> DataError:
    """Return the question whose yields these are."""
    options = " or ".join(f"--as {name}" for name in sorted(spoken) or ["ust", "jgb"])
    return DataError(
        f"{table.source}: yields of {short([', '.join(names)])}, and nothing says whose; say which curve: {options}; "
        f"{naming(known.countries)}; curves: {', '.join(known.countries.curves.values())}"
    )


def naming(countries: Countries) -> str:
    """How a file of a country whose series no source publishes is recognised."""
    return (
        f"a series of another country is a file of its name, of {', '.join(specs_of(countries))}, "
        "or of a country that you add under `countries:` in the configuration"
    )


def _by_stem(table: Table, stem: str) -> list[Reading]:
    """Return the series of the FRED id that a file is named after, where its column's name says nothing."""
    place = fred.place(hints.base(stem))
    why = fred.misleading(hints.base(stem))
    values = [
        k for k in range(len(table.names)) if k != table.at and table.names[k].lower() in PLAIN and _filled(table, k)
    ]
    if why and values:
        raise DataError(f"{table.source}: {hints.base(stem)} {why}")
    if place is None or len(values) != 1:
        return []
    return [Reading(spec_of(place.series), {values[0]: place.column}, f"FRED {hints.base(stem)}, by its file's name")]


def _filled(table: Table, k: int) -> bool:
    return any(cell for cell in table.grid.columns[k].slice(table.first, 50).to_pylist())


def _as(name: str, table: Table, stem: str, said: Said, known: Known) -> Reading:
    """Return the series that was said, or that the file is named after."""
    spec, column = _said_spec(name, said, known)
    how = f"{spec.name} ({spec.about})"
    if spec.kind == "price":
        return replace(symbols.as_prices(table, spec, said), how=f"prices of {spec.name}")
    if spec.kind == "macro":
        places = bundled.macro_columns(table.header)
        if not places:
            raise _unknown(table, stem, known)
        return _by_series(table, {table.names.index(n): p for n, p in places.items()}, how, known)[0]
    if said.columns:
        columns = symbols.said_columns(table, said)
        if spec.kind == "curve":
            columns = {k: _years(key, table) for k, key in columns.items()}
        elif {*columns.values()} != {VALUE}:
            raise DataError(f"{table.source}: --columns of {spec.name} is value=..., got {', '.join(said.columns)}")
        return Reading(spec, columns, how)
    values = [k for k in table.values if not CHANGE.search(table.names[k]) and _numeric(table, k)]
    if spec.kind == "curve":
        return _as_curve(table, spec, column, values, stem, how)
    named = [k for k in values if table.names[k].lower() == VALUE or hints.key(table.names[k]) == hints.key(spec.name)]
    named = named or [k for k in values if price_word(table.names[k]) == "close" or table.names[k].lower() in PLAIN]
    named = named or (values if len(values) == 1 else [])
    fitting = [k for k in values if (place := fred.place(table.names[k])) and place.series == spec.name]
    chosen = fitting or named
    if len(chosen) != 1:
        raise DataError(
            f"{table.source}: which column is {spec.name}? It has {', '.join(table.header)}; say --columns value="
            f"{table.names[values[0]] if values else 'NAME'}"
        )
    return Reading(spec, {chosen[0]: VALUE}, how)


def _said_spec(name: str, said: Said, known: Known) -> tuple[Spec, str | None]:
    """Return what a name stands for, and of a bond or a FRED id the column."""
    try:
        spec = known.spec(name)
    except DataError as error:
        if name in LIBRARY and LIBRARY[name].curve is not None:
            series = known.countries.curves[str(LIBRARY[name].curve)]
            return known.spec(series), f"{LIBRARY[name].maturity:g}"
        if place := fred.place(name):
            return known.spec(place.series), place.column
        if said.currency is None:
            guess = did_you_mean(name, [*SPECS, *AVERAGES, *specs_of(known.countries), *known.prices])
            raise DataError(
                f"--as {name}: no series known here{guess if 'did you mean' in guess else ''}; a listed name of your "
                "own needs "
                f"its currency: --as {name} --currency USD --exchange XNYS, or --config FILE"
            ) from error
        return price_spec(name, said.currency, said.exchange or ANY_DAY), None
    if spec.kind == "price" and said.currency not in (None, spec.unit):
        raise DataError(f"{name} is a listed name in {spec.unit}, not {said.currency}; give the other another name")
    return spec, None


def _numeric(table: Table, k: int) -> bool:
    """Whether a column holds numbers, as far as its first rows show."""
    cells = [cell for cell in table.grid.columns[k].slice(table.first, 50).to_pylist() if cell]
    return not cells or any(numbers.looks_like(cell) or numbers.is_missing(cell) for cell in cells)


def _as_curve(table: Table, spec: Spec, column: str | None, values: list[int], stem: str, how: str) -> Reading:
    tenors = {k: own[0] for k in values if (own := hints.tenor(table.names[k]))}
    fred_ = {k: place.column for k in values if (place := fred.place(table.names[k])) and place.series == spec.name}
    bc = {k: place.column for k, place in _places_of_treasury(table).items()}
    columns = fred_ or bc or tenors
    if columns:
        twice = {years for years in columns.values() if list(columns.values()).count(years) > 1}
        if twice:
            raise DataError(
                f"{table.source}: two columns are the {twice.pop()}-year of {spec.name}; remove one of the columns"
            )
        odd = [table.names[k] for k in values if k not in columns and table.names[k]]
        return Reading(spec, columns, how, (f"columns left out: {', '.join(odd)}",) if odd else ())
    single = [k for k in values if table.names[k].lower() in PLAIN or price_word(table.names[k]) == "close"]
    single = single or (values if len(values) == 1 else [])
    years = column or next((own[0] for text in (stem, *table.title) if (own := hints.tenor(text))), None)
    if len(single) == 1 and years:
        return Reading(spec, {single[0]: years}, f"{how}, the {years}-year")
    raise DataError(
        f"{table.source}: no tenor among its columns {', '.join(table.header)}; the columns of a curve are like 2Y, "
        "10Y or 0.5; "
        f"say which is which: --columns {years or '10'}={table.names[single[0]] if single else 'NAME'}"
    )


def _places_of_treasury(table: Table) -> dict[int, Place]:
    forms = _formats("treasury")
    return _places(table, forms[0]) if forms else {}


def _years(key: str, table: Table) -> str:
    own = hints.tenor(key)
    if own is None or own[1]:
        raise DataError(f"{table.source}: --columns '{key}' is no tenor; expected years, like 10, 10Y or 6M")
    return own[0]


def _unknown(table: Table, stem: str, known: Known) -> DataError:
    """Return the refusal of a table that holds nothing known."""
    names = [table.names[k] for k in table.values] or [""]
    listed = hints.listed(stem, known.prices)
    if listed and len(names) == 1:
        return DataError(
            f"{table.source}: named after {listed}, with one column, {names[0]}, which may be its close or its "
            "adjusted close; say "
            f"which: --columns close={names[0]} or --columns adjusted={names[0]}"
        )
    formats = [form.name for source in registry.SOURCES for form in source.formats]
    return DataError(
        f"{table.source}: no kind of file that is known; its header is '{short(table.header)}'; known: "
        f"{', '.join(formats)}; say "
        f"what it is: --as NAME, with --columns value={names[0] or 'NAME'} (of a price close=) where that is not "
        "plain; a series of another country is "
        f"a file of its name, of {', '.join(specs_of(known.countries))}, or of a country that you add under "
        "`countries:` in the "
        "configuration"
    )
