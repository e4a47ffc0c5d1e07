"""The instrument library of one configuration: the built-in one with the file's overrides and additions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backtests.config.complaints import owner
from backtests.config.document import Document, Loc
from backtests.config.model import BorrowStep, ConfigFile, InstrumentSection, VariantSection
from data import exchanges
from data.countries import Countries, unknown
from data.errors import ConfigError, DataError, did_you_mean, shortened
from data.instruments import BP, CONTRACTS_A_YEAR, LIBRARY, Instrument, Step, check_country
from data.series import price_spec

REQUIRED = {
    "par_bond": ("currency", "curve", "maturity", "half_spread_bp", "rolls_per_year", "borrow_bp"),
    "inflation_bond": ("currency", "curve", "maturity", "half_spread_bp", "rolls_per_year", "borrow_bp"),
    "listed": ("currency", "half_spread_bp", "borrow_bp"),
    "future": ("currency", "curve", "maturity", "half_spread_bp", "face"),
    "cash": ("currency", "half_spread_bp"),
}
PROXY = ("curve", "maturity", "fee_bp")  # of a listed name, which has all of them or none
DEFAULTS = {"future": {"rolls_per_year": CONTRACTS_A_YEAR, "lot": 1.0}}  # of a new one, where it says nothing

LEAST_MARGIN = 0.1  # percent: what is below was meant as a fraction

OWN_EXCHANGES = frozenset(instrument.exchange for instrument in LIBRARY.values() if instrument.exchange)


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
    """Refuse, at its own key, a currency or a curve of no country, and an exchange that nobody knows."""
    for key, known in (("currency", countries.currencies), ("curve", countries.curves)):
        given = getattr(section, key)
        if given is not None and given not in known:
            raise document.error(("instruments", name, key), str(unknown(key, given, known)))
    if section.exchange is not None and section.exchange not in OWN_EXCHANGES:
        at_hand = OWN_EXCHANGES | exchanges.codes()
        if section.exchange not in at_hand:
            hint = did_you_mean(section.exchange, at_hand)
            close = hint if hint.startswith("; did") else "; write its ISO 10383 code, like XNYS or XTKS"
            raise document.error(
                ("instruments", name, "exchange"), f"no exchange '{shortened(section.exchange)}'{close}"
            )


def _instrument(document: Document, name: str, section: InstrumentSection) -> Instrument:
    kind = LIBRARY[name].kind if name in LIBRARY else section.kind
    given = _decimals(section)
    if kind != "future" and section.initial_margin is not None:
        given["initial_margin"] = _percent(document, name, section.initial_margin)
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
    if section.kind == "listed":
        _check_proxy(document, name, section)
        _check_series(document, name, section)
        if section.curve is None:
            given.setdefault("lot", 1.0)
    return Instrument(name, **{**DEFAULTS.get(section.kind, {}), **given})


def _check_proxy(document: Document, name: str, section: InstrumentSection) -> None:
    """Refuse half a proxy: whether a listed name has one decides where it exists."""
    absent = [key for key in PROXY if getattr(section, key) is None]
    stated = [key for key in PROXY if getattr(section, key) is not None]
    if absent and stated:
        raise document.error(
            ("instruments", name, stated[0]),
            f"a proxy is {', '.join(PROXY[:-1])} and {PROXY[-1]}; add {', '.join(absent)}, or leave "
            f"{' and '.join(stated)} out: then {name} exists where it has prices",
        )


def _check_series(document: Document, name: str, section: InstrumentSection) -> None:
    """Refuse a listed name that no series of prices can have, and an exchange there is not."""
    price_spec(name, str(section.currency))
    if section.exchange is not None:
        try:
            exchanges.check(section.exchange)
        except DataError as error:
            raise document.error(("instruments", name, "exchange"), str(error)) from None


def _incomplete(document: Document, name: str, kind: str, missing: list[str]) -> ConfigError:
    return document.error(("instruments", name), f"a new {kind} needs {', '.join(missing)} too")


def _percent(document: Document, name: str, margin: float) -> float:
    """Return an initial margin that is not of a future as a fraction; refuse what is no percent of anything dealt."""
    if margin > 100 or 0 < margin < LEAST_MARGIN:
        meant = f"{100 * margin:g} for {100 * margin:g} %" if margin < 1 else "at most 100"
        raise document.error(
            ("instruments", name, "initial_margin"), f"is percent of notional: write {meant}; got {margin:g}"
        )
    return margin / 100


def _decimals(section: InstrumentSection) -> dict[str, Any]:
    """Return what a section sets, in the units of `Instrument`."""
    given = {key: getattr(section, key) for key in section.model_fields_set if getattr(section, key) is not None}
    for name in ("half_spread", "fee"):
        if f"{name}_bp" in given:
            given[name] = given.pop(f"{name}_bp") * BP
    borrow = given.pop("borrow_bp", None)
    return {**given, **_borrowed(borrow)}


def _borrowed(borrow: float | list[BorrowStep] | None) -> dict[str, Any]:
    """Return what a borrow rate, or its dated steps, set of an instrument; steps leave the rate before them."""
    if isinstance(borrow, list):
        return {"borrow_steps": tuple(Step(step.since, step.bp * BP) for step in borrow)}
    return {} if borrow is None else {"borrow": borrow * BP, "borrow_steps": ()}


def shorts(
    document: Document, owners: Sequence[Loc], section: VariantSection, legs: Sequence[Instrument]
) -> dict[str, Instrument]:
    """Return the legs whose borrow a variant states itself, with it.

    Raises
    ------
    ConfigError
        A name that is no leg of it, a future, or steps that do not ascend.
    """
    known = {leg.name: leg for leg in legs}
    result = {}
    for name, borrow in section.borrow_bp.items():
        where = owner(document, owners, ("borrow_bp", name))
        if name not in known:
            raise document.error(where, f"is no leg of this variant{did_you_mean(name, known)}")
        try:
            result[name] = replace(known[name], **_borrowed(borrow))
        except DataError as error:
            raise document.error(where, str(error)) from None
    return result
