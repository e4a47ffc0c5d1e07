"""The countries of one configuration: the built-in table with the file's overrides and additions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backtests.config.document import Document
from backtests.config.model import ConfigFile, CountrySection
from data import exchanges
from data.countries import COUNTRIES, Close, Countries, Country
from data.errors import DataError
from data.series import specs_of

REQUIRED = ("label", "currency", "day_count", "coupons", "close", "nominal", "overnight")
CLOSE = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) (\S+)")
KEPT = ("currency",)  # what its instruments rest on


def table(document: Document, file: ConfigFile) -> Countries:
    """Return the table of a configuration.

    Raises
    ------
    ConfigError
        An addition that leaves out what it needs, or a country that makes no sense.
    """
    countries = COUNTRIES
    for code, section in file.countries.items():
        try:
            countries = _with(countries, code, section)
            specs_of(countries)
            if section.calendar is not None:
                exchanges.check(section.calendar)
        except DataError as error:
            raise document.error(("countries", code), str(error)) from None
    return countries


def countries_in(config: Mapping[str, Any]) -> Countries:
    """Return the table of a resolved configuration, as a run's folder keeps it."""
    countries = COUNTRIES
    for code, written in (config.get("countries") or {}).items():
        countries = _with(countries, code, CountrySection.model_validate(written))
    return countries


def _with(countries: Countries, code: str, section: CountrySection) -> Countries:
    given = {name: getattr(section, name) for name in section.model_fields_set if getattr(section, name) is not None}
    if "close" in given:
        given["close"] = (_close(given["close"]),)
    for name in ("overnight", "futures"):
        if name in given:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    if code not in COUNTRIES:
        missing = [name for name in REQUIRED if name not in given]
        if missing:
            raise DataError(f"a new country needs {', '.join(missing)} too")
        return countries.adding(Country(code, **given))
    own = COUNTRIES[code]
    for name in KEPT:
        if given.get(name, getattr(own, name)) != getattr(own, name):
            raise DataError(f"{name} is {getattr(own, name)}; give another country its own code")
    stated = {name: getattr(own, name) for name in own.__dataclass_fields__}
    return countries.adding(Country(**{**stated, **given}))


def _close(written: str) -> Close:
    match = CLOSE.fullmatch(written)
    if match is None:
        raise DataError(f"close is '{written}'; write a time and a time zone, like 17:30 Europe/Berlin")
    try:
        ZoneInfo(match[3])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DataError(f"close: no time zone '{match[3]}'; write one like Europe/Berlin") from None
    return Close(time(int(match[1]), int(match[2])), match[3])
