"""A variant from its section, `extends` merged, and back: what a file says and what a cell of a sweep says alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from backtests.config import params as parameters
from backtests.config.building import built, dated, laid_over
from backtests.config.complaints import complaint, path_in
from backtests.config.currency import BasisStep, CurrencyTreatment
from backtests.config.document import Document, Loc
from backtests.config.instruments import shorts
from backtests.config.legs import check_legs
from backtests.config.model import AccountSection, BorrowStep, Fill, RebalanceSection, Variant, VariantSection
from data.countries import BASE, Countries
from data.instruments import Instrument

M = TypeVar("M", bound=BaseModel)
ISO = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Around:
    """What a configuration says beside its variants."""

    account: AccountSection
    rebalance: RebalanceSection
    fill: Fill
    start: date | None
    instruments: Mapping[str, Instrument]
    countries: Countries


def as_variant(document: Document, owners: Sequence[Loc], name: str, raw: Mapping[str, Any], around: Around) -> Variant:
    """Return the variant that `raw`, written in `owners`, describes.

    Raises
    ------
    ConfigError
        The first thing wrong with it, by line.
    """
    section = checked(document, VariantSection, dict(raw), owners)
    inner = built(document, owners, (), section.strategy, section.params, around.account)
    strategy, overlays = laid_over(document, owners, inner, section.overlays)
    check_legs(document, owners, section.params, inner, around.instruments)
    legs = [around.instruments[leg] for leg in strategy.legs]
    if section.trade:
        strategy = dated(document, owners, strategy, section.trade, around.instruments, around.start)
    return Variant(
        name=name,
        strategy_name=section.strategy,
        params=parameters.written(inner, section.params),
        overlays=overlays,
        strategy=strategy,
        currency=_stated(section.currency, legs, around.countries),
        rebalance=RebalanceSection.model_validate({**around.rebalance.model_dump(), **(raw.get("rebalance") or {})}),
        fill=section.fill or around.fill,
        trade=section.trade,
        shorts=shorts(document, owners, section, legs),
        borrow_bp=section.borrow_bp,
    )


def _stated(treatment: CurrencyTreatment, legs: Sequence[Instrument], countries: Countries) -> CurrencyTreatment:
    """Return a currency treatment with its basis in figures where its foreign legs' currencies have the same one."""
    if treatment.basis_bp is not None:
        return treatment
    own = own_bases(legs, countries)
    return CurrencyTreatment(treatment.kind, own.pop()) if len(own) == 1 else treatment


def own_bases(legs: Sequence[Instrument], countries: Countries) -> set[float]:
    """Return the bases, in bp, of the currencies of foreign legs."""
    return {countries.of(leg).basis_bp for leg in legs if leg.currency != BASE and leg.funded}


def written(variant: Variant) -> dict[str, Any]:
    """Return a variant as YAML would write it, with every default and inherited value."""
    return {
        "strategy": variant.strategy_name,
        "params": dict(variant.params),
        "overlays": [dict(overlay) for overlay in variant.overlays],
        "currency": _currency(variant.currency),
        "rebalance": variant.rebalance.model_dump(),
        "fill": variant.fill,
        **({"borrow_bp": _by_leg(variant.borrow_bp)} if variant.borrow_bp else {}),
        **({"trade": variant.trade.model_dump(exclude_none=True)} if variant.trade else {}),
    }


def _currency(treatment: CurrencyTreatment) -> Any:
    if treatment.kind == "fx_swap" and treatment.basis_bp is not None:
        return {"fx_swap": {"basis_bp": _steps(treatment.basis_bp)}}
    return treatment.kind


def _by_leg(borrow: Mapping[str, float | list[BorrowStep]]) -> dict[str, Any]:
    return {name: _steps(rate) for name, rate in borrow.items()}


def _steps(rate: float | Sequence[BorrowStep | BasisStep]) -> Any:
    """A rate in basis points, or its dated steps, as YAML has them."""
    return rate if isinstance(rate, float | int) else [step.model_dump(by_alias=True) for step in rate]


def with_dates(document: Document, model: type[BaseModel]) -> None:
    """Make dates of what a dict holds as ISO text where the schema wants a date; a name like 2015-01-31 stays text."""
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            if item["type"] == "date_type" and isinstance(item["input"], str) and ISO.fullmatch(item["input"]):
                _put_date(document.data, path_in(document.data, item["loc"]), item["input"])


def _put_date(data: Any, path: Loc, text: str) -> None:
    *outer, last = path
    for part in outer:
        data = data[part]
    with suppress(ValueError):  # a day that no month has is refused as it stands
        data[last] = date.fromisoformat(text)


def checked(document: Document, model: type[M], data: Any, owners: Sequence[Loc]) -> M:
    """Return data as the schema has it; raises ConfigError by line."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise complaint(document, error, model, data, owners) from None
