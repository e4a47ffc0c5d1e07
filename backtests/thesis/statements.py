"""What of a claim or trade is registered, as plain data: whatever of it decides a verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from backtests.config import Claim, Config, Variant, idea
from backtests.config.claims import Measure, Return, Spread, Volatility, inside, unit_of
from strategies.base import Window

KINDS = {
    "Yield": "yield", "Beta": "beta", "Correlation": "correlation", "Ratio": "ratio", "Macro": "macro",
    "PolicyRate": "policy rate", "Return": "return", "SellOff": "sell-off", "Fact": "fact",
}  # fmt: skip


def kind_of(measure: Measure) -> str:
    """Return which kind of measure a claim is tallied by; a change is of the kind that it is of."""
    if isinstance(measure, Spread):
        return measure.kind
    if isinstance(measure, Volatility):
        return "volatility"
    name = type(measure).__name__
    return KINDS[name] if name in KINDS else kind_of(measure.of)  # type: ignore[union-attr]  # a change alone is left


def unit(measure: Measure) -> dict[str, Any]:
    """Return how a measure's decimals are shown."""
    return dataclasses.asdict(unit_of(measure))


def stated(claim: Claim, config: Config) -> dict[str, Any]:
    """Return what decides a claim's verdicts, the settings of the variants in it included."""
    variants = {variant.name: variant for variant in config.variants}
    named = {claim.trade, *(part.variant for part in inside(claim.measure) if isinstance(part, Return))} - {None}
    return {
        "text": claim.text,
        "definition": claim.definition,
        "measure": plain(claim.measure),
        "says": plain(claim.says),
        "window": plain([claim.first, claim.last]),
        "hurdle": claim.hurdle,
        "trade": claim.trade,
        "kill": plain(claim.kill),
        "needs": claim.needs,
        "cannot": claim.cannot,
        "variants": {str(name): settings(variants[str(name)], config) for name in sorted(map(str, named))},
    }


def settings(variant: Variant, config: Config) -> dict[str, Any]:
    """Return what decides what a variant makes: its idea, and its settings as written."""
    return {
        "idea": idea(variant, config),
        "params": plain(variant.params),
        "overlays": plain(variant.overlays),
        "trade": plain(variant.trade.model_dump()) if variant.trade else None,
    }


def plain(value: Any) -> Any:
    """Return a value as JSON has it; a bound that is none is None."""
    if isinstance(value, Window):
        return value.text
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"is": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
