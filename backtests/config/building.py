"""From checked sections to strategies: parts of a blend first, overlays last; complaints name the line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from backtests.config import params as parameters
from backtests.config.complaints import complaint, owner
from backtests.config.document import Document, Loc
from backtests.config.model import AccountSection, TradeSection
from data.errors import did_you_mean
from data.instruments import Instrument
from strategies import OVERLAYS, STRATEGIES
from strategies.base import ParameterError, Strategy
from strategies.blend import Part
from strategies.exits import DatedTrade, Length, Reentry, Terms

S = TypeVar("S", bound=Strategy)


def built(
    document: Document, owners: Sequence[Loc], inside: Loc, name: str, params: Mapping[str, Any],
    account: AccountSection,
) -> Strategy:  # fmt: skip
    """Return the strategy `name` with `params`, which stand at `inside` in one of `owners`.

    Raises
    ------
    ConfigError
        A strategy there is not, or parameters that it refuses.
    """
    if name not in STRATEGIES:
        where = owner(document, owners, (*inside, "strategy"))
        raise document.error(where, f"unknown strategy '{name}'{did_you_mean(name, STRATEGIES)}")
    ready = dict(params)
    if parameters.takes_parts(name) and isinstance(params.get("parts"), Mapping):
        here = (*inside, "params", "parts")
        ready["parts"] = {
            part: _part(document, owners, (*here, str(part)), section, account)
            for part, section in params["parts"].items()
        }
    schema = parameters.schema_of(name)
    return _refused(
        document, owners, (*inside, "params"), schema, params, lambda: parameters.build(name, ready, account)
    )


def _part(document: Document, owners: Sequence[Loc], inside: Loc, raw: Any, account: AccountSection) -> Part:
    try:
        section = parameters.PartSection.model_validate(raw)
    except ValidationError as error:
        raise complaint(document, error, parameters.PartSection, raw, owners, inside) from None
    strategy = built(document, owners, inside, section.strategy, section.params, account)
    try:
        return Part(strategy, section.weight)
    except ValueError as error:
        raise document.error(owner(document, owners, (*inside, "weight")), str(error)) from None


def laid_over(
    document: Document, owners: Sequence[Loc], strategy: Strategy, overlays: Sequence[Mapping[str, Any]]
) -> tuple[Strategy, tuple[dict[str, Any], ...]]:
    """Return the strategy with overlays laid over it, the first innermost, and them as YAML would write them in full.

    Raises
    ------
    ConfigError
        An overlay there is not, or parameters that it refuses.
    """
    whole = []
    for i, item in enumerate(overlays):
        inside: Loc = ("overlays", i)
        if len(item) != 1:
            raise document.error(owner(document, owners, inside), "an overlay is one name and its parameters")
        ((name, params),) = item.items()
        if name not in OVERLAYS:
            where = owner(document, owners, (*inside, name))
            raise document.error(where, f"unknown overlay '{name}'{did_you_mean(name, OVERLAYS)}")
        strategy = _refused(
            document, owners, (*inside, name), parameters.schema_of(name), params or {},
            _laying(name, strategy, params or {}),
        )  # fmt: skip
        whole.append({name: parameters.written(strategy)})
    return strategy, tuple(whole)


def _laying(name: str, inner: Strategy, params: Mapping[str, Any]) -> Callable[[], Strategy]:
    return lambda: parameters.overlay(name, inner, params)


def dated(
    document: Document, owners: Sequence[Loc], strategy: Strategy, trade: TradeSection,
    instruments: Mapping[str, Instrument], start: date | None,
) -> DatedTrade:  # fmt: skip
    """Return the strategy as a dated trade.

    Raises
    ------
    ConfigError
        An exit that is not after the entry, or a gate in basis points on a leg that has no yield.
    """
    if trade.entry and trade.exit and trade.exit <= trade.entry:
        where = owner(document, owners, ("trade", "exit"))
        raise document.error(where, f"{trade.exit} is not after the entry, {trade.entry}; choose a later day")
    terms = terms_of(trade)
    without = [leg for leg in strategy.legs if instruments[leg].curve is None]
    if terms.in_yields and without:
        where = owner(document, owners, ("trade", terms.in_yields[0]))
        raise document.error(
            where, f"needs the yield of every leg, and {without[0]} has none; use target_pct or stop_pct"
        )
    return DatedTrade(strategy, terms, start)


def terms_of(trade: TradeSection) -> Terms:
    """Return what opens and closes a trade, from its section."""
    again = trade.reenter
    return Terms(
        entry=trade.entry,
        exit=trade.exit,
        horizon=Length(trade.horizon) if trade.horizon else None,
        target_bp=trade.target_bp,
        stop_bp=trade.stop_bp,
        trail_bp=trade.trail_bp,
        target_pct=trade.target_pct,
        stop_pct=trade.stop_pct,
        reenter=again if again is None else cast("Reentry", again if again in ("never", "turn") else Length(again)),
    )


def _refused(
    document: Document,
    owners: Sequence[Loc],
    inside: Loc,
    schema: type[BaseModel],
    params: Mapping[str, Any],
    make: Callable[[], S],
) -> S:
    """Return what `make` makes; what it refuses of `params`, which stand at `inside`, is told by line."""
    try:
        return make()
    except ValidationError as error:
        raise complaint(document, error, schema, params, owners, inside) from None
    except ParameterError as error:
        where = (*inside, error.name) if error.name in params else inside
        raise document.error(owner(document, owners, where), str(error)) from None
    except ValueError as error:
        raise document.error(owner(document, owners, inside), str(error)) from None
