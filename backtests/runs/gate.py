"""Gate: what a check found wrong, inside the window, with a series that a run uses stops it, unless it is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from backtests.config import Config
from data.countries import is_real
from data.errors import DataError
from data.instruments import Instrument
from data.tables import Doubt, Tables


def check(config: Config, tables: Tables, instruments: Sequence[Instrument]) -> None:
    """Raise DataError for the first error that a run would stand on; the line is that of `divergence data verify`."""
    errors = [doubt for doubt in _errors(config, tables, instruments) if doubt.key not in config.data.allow]
    if not errors:
        return
    others = sorted({doubt.key for doubt in errors[1:]} - {errors[0].key})
    more = f"; likewise {', '.join(others)}" if others else ""
    raise DataError(f"{errors[0]}; to run on it all the same: data.allow: [{errors[0].key}]{more}")


def allowed(config: Config, tables: Tables, instruments: Sequence[Instrument]) -> list[str]:
    """Return the errors that a run stands on because its configuration allows them, a line each."""
    return [str(doubt) for doubt in _errors(config, tables, instruments) if doubt.key in config.data.allow]


def _errors(config: Config, tables: Tables, instruments: Sequence[Instrument]) -> Iterator[Doubt]:
    start, end = config.data.start or date.min, config.data.end or date.max
    used = series_of(config, instruments)
    for doubt in tables.doubts:
        inside = (doubt.last or end) >= start and (doubt.first or start) <= end
        if doubt.level == "error" and doubt.series in used and inside:
            yield doubt


def series_of(config: Config, instruments: Sequence[Instrument]) -> set[str]:
    """Return the series that instruments rest on: their curves, money and prices, and the money of the book."""
    used = set(config.countries.home.overnight)
    for leg in instruments:
        country = config.countries.of(leg)
        used |= {*country.overnight, *((country.fx,) if country.fx else ())}
        if leg.kind == "listed":
            used.add(leg.name)
        if leg.curve is not None:
            used |= {country.nominal, *((country.real,) if is_real(leg.curve) and country.real else ())}
        if leg.indexed and country.cpi:
            used.add(country.cpi)
    return used
