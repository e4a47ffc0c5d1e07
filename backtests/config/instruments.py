"""The instrument library of one configuration: the built-in one with the file's overrides and additions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backtests.config.document import Document
from backtests.config.model import ConfigFile, InstrumentSection
from data.countries import Countries, unknown
from data.errors import ConfigError, DataError, did_you_mean
from data.instruments import BP, CONTRACTS_A_YEAR, LIBRARY, Instrument, Step, check_country

REQUIRED = {
    "par_bond": ("currency", "curve", "maturity", "half_spread_bp", "rolls_per_year", "borrow_bp"),
    "inflation_bond": ("currency", "curve", "maturity", "half_spread_bp", "rolls_per_year", "borrow_bp"),
    "listed": ("currency", "curve", "maturity", "half_spread_bp", "borrow_bp", "fee_bp"),
    "future": ("currency", "curve", "maturity", "half_spread_bp", "face"),
    "cash": ("currency", "half_spread_bp"),
}
DEFAULTS = {"future": {"rolls_per_year": CONTRACTS_A_YEAR, "lot": 1.0}}  # of a new one, where it says nothing


def library(document: Document, file: ConfigFile, countries: Countries) -> dict[str, Instrument]:
    """Return every instrument by name.

    Raises
    ------
    ConfigError
        An addition that leaves out what it is or what it costs, an override that makes no sense, or a curve or currency
        of no country.
    """
    result = dict(LIBRARY)
    for name, section in file.instruments.items():
        try:
            _check_known(document, name, section, countries)
            result[name] = _instrument(document, name, section)
            check_country(result[name], countries)
        except DataError as error:
            raise document.error(("instruments", name), str(error)) from None
    return result


def _check_known(document: Document, name: str, section: InstrumentSection, countries: Countries) -> None:
    """Refuse, at its own key, a currency or a curve of no country."""
    for key, known in (("currency", countries.currencies), ("curve", countries.curves)):
        given = getattr(section, key)
        if given is not None and given not in known:
            raise document.error(("instruments", name, key), str(unknown(key, given, known)))


def _instrument(document: Document, name: str, section: InstrumentSection) -> Instrument:
    given = _decimals(section)
    if name in LIBRARY:
        own = LIBRARY[name]
        for key in ("kind", "currency"):
            if given.get(key, getattr(own, key)) != getattr(own, key):
                raise document.error(
                    ("instruments", name, key),
                    f"{name} is a {own.currency} {own.kind}; give another instrument its own name",
                )
        return replace(own, **given)
    if section.kind is None:
        raise document.error(
            ("instruments", name), f"is not built in{did_you_mean(name, LIBRARY)} (a new one needs kind: par_bond, ...)"
        )
    missing = [key for key in REQUIRED[section.kind] if getattr(section, key) is None]
    if missing:
        raise _incomplete(document, name, section.kind, missing)
    return Instrument(name, **{**DEFAULTS.get(section.kind, {}), **given})


def _incomplete(document: Document, name: str, kind: str, missing: list[str]) -> ConfigError:
    return document.error(("instruments", name), f"a new {kind} needs {', '.join(missing)} too")


def _decimals(section: InstrumentSection) -> dict[str, Any]:
    """Return what a section sets, in the units of `Instrument`."""
    given = {key: getattr(section, key) for key in section.model_fields_set if getattr(section, key) is not None}
    for name in ("half_spread", "fee"):
        if f"{name}_bp" in given:
            given[name] = given.pop(f"{name}_bp") * BP
    borrow = given.pop("borrow_bp", None)
    if isinstance(borrow, list):
        given["borrow_steps"] = tuple(Step(step.since, step.bp * BP) for step in borrow)
    elif borrow is not None:
        given |= {"borrow": borrow * BP, "borrow_steps": ()}
    return given
