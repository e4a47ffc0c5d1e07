"""What a variant is tried as: its idea, whatever its size, name, window, costs or folder.

Two variants are one idea where their targets are one path times a constant. What is dropped, field by field:

- the parameter that a strategy says it scales with (`Invariants.scales_with`): `duration`, `volatility` or `weight` by
  its sizing rule, and so `dv01_usd`, which is a duration by then; a strategy that declares none keeps every field;
- of `hold.weights` the sum of their absolute values, so that signs and shares stay;
- of a blend's parts, each its weight times its own size, the sum of their absolute values; their names and their order.
  Parts alike are added up, a blend within a blend is its parts, and a blend of one part is that part;
- of `volatility_target` the volatility, which is then the size of the book, and the size of what is inside. `largest`
  stays as it is written: a guard in multiples of the strategy's own weights, not a size;
- of `gross_cap`, `duration_cap`, `target_pct` and `stop_pct` only a factor shared with the size inside: under the same
  cap a larger book is another path, under a cap as many times larger the same one;
- the basis of an FX swap (a cost), and the currency treatment as a whole where no leg is foreign and funded;
- of a leg everything but its name, kind, currency, curve, maturity and, where it is sized by one, its duration.

`smooth` has a window alone, and trade's other terms are days, lengths and moves of yields: none of them is a size.
Capital, costs, limits of the account, fill, frequency, source, start, end and names are not looked at.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from backtests.config.model import Config, Variant
from data.countries import BASE
from data.instruments import Instrument
from strategies import OVERLAYS, STRATEGIES
from strategies.base import Strategy, Window, invariants_of
from strategies.blend import Blend
from strategies.curve import HedgedTrade
from strategies.exits import DatedTrade, Length, Terms
from strategies.hold import Hold
from strategies.overlays import DurationCap, GrossCap, Overlay, VolatilityTarget
from strategies.pairs import Pair

FORM = 1  # of what is hashed; a change makes every idea a new one
LENGTH = 16  # hex digits of the hash
DIGITS = 10  # significant ones of a number: what a common factor leaves of two sizes differs in the last few
PER_YEAR = {"M": 12, "Y": 1}
RESOLVED = ("sizing", "weight", "duration", "volatility", "window", "hedge")  # what a sizing or hedging rule rests on
CAPS = {GrossCap: "gross", DurationCap: "duration"}
OF_EQUITY = ("target_pct", "stop_pct")


class _Scaled(NamedTuple):
    """A strategy as a size times plain data that does not depend on it."""

    size: float  # positive
    plain: Any


def idea(variant: Variant, config: Config) -> str:
    """Return the hash of a variant's idea, 16 hex digits.

    It is the same wherever the module's text says that two variants are one.
    """
    legs = [config.library[name] for name in sorted(set(variant.strategy.legs))]
    plain = {
        "form": FORM,
        "strategy": _strategy(variant.strategy).plain,
        "legs": [_leg(leg) for leg in legs],
        "rebalance": _plain(variant.rebalance.model_dump()),
        "currency": variant.currency.kind if any(leg.funded and leg.currency != BASE for leg in legs) else None,
    }
    return hashlib.sha256(_text(plain).encode()).hexdigest()[:LENGTH]


def _leg(leg: Instrument) -> dict[str, Any]:
    own = {name: getattr(leg, name) for name in ("name", "kind", "currency", "curve", "maturity")}
    return dict(_plain(own | ({"duration": leg.duration} if leg.unmodelled else {})))


def _strategy(strategy: Strategy) -> _Scaled:
    if isinstance(strategy, Overlay):
        return _overlay(strategy)
    if isinstance(strategy, Hold):
        size = sum(abs(weight) for weight in strategy.weights.values())
        return _Scaled(size, {"strategy": "hold", "weights": _plain(_divided(strategy.weights, size))})
    if isinstance(strategy, Blend):
        return _blend(strategy)
    return _named(strategy)


def _named(strategy: Strategy) -> _Scaled:
    """A strategy by its name and fields; its rule, in which every default is written out, in place of what it rests on.

    The size is the parameter that doubles every weight: the strategy's own, or its rule's where that has it.
    """
    scale = invariants_of(strategy).scales_with
    fields = _fields(strategy)
    size = fields.get(scale) if scale else None
    if isinstance(strategy, Pair | HedgedTrade):
        size = getattr(strategy.rule, scale, size) if scale else None
        fields = {name: value for name, value in fields.items() if name not in RESOLVED}
        fields["rule"] = _rule(strategy.rule, scale)
    fields.pop(scale or "", None)
    return _Scaled(float(size or 1.0), {"strategy": _name_of(strategy), **_plain(fields)})


def _rule(rule: Any, scale: str | None) -> dict[str, Any]:
    return {"kind": type(rule).__name__, **{name: value for name, value in _fields(rule).items() if name != scale}}


def _name_of(strategy: Strategy) -> str:
    return next((name for name, kind in STRATEGIES.items() if kind is type(strategy)), type(strategy).__name__)


def _blend(blend: Blend) -> _Scaled:
    shares: dict[str, float] = {}
    described: dict[str, Any] = {}
    for size, plain in _parts(blend):
        text = _text(plain)
        shares[text] = shares.get(text, 0.0) + size
        described[text] = plain
    total = sum(abs(share) for share in shares.values()) or 1.0
    parts = [[_plain(share / total), described[text]] for text, share in sorted(shares.items())]
    if len(parts) == 1 and parts[0][0] == _plain(1.0):
        return _Scaled(total, parts[0][1])
    return _Scaled(total, {"strategy": "blend", "parts": parts})


def _parts(blend: Blend) -> list[tuple[float, Any]]:
    """Every part's size, with the sign of its weight, and what it is a multiple of."""
    parts: list[tuple[float, Any]] = []
    for part in blend.parts.values():
        inside = _parts(part.strategy) if isinstance(part.strategy, Blend) else [_strategy(part.strategy)]
        parts += [(part.weight * size, plain) for size, plain in inside]
    return parts


def _overlay(overlay: Overlay) -> _Scaled:
    size, inner = _strategy(overlay.inner)
    if isinstance(overlay, DatedTrade):
        return _Scaled(size, {"trade": _terms(overlay.terms, size), "of": inner})
    own = _fields(overlay)
    del own["inner"]
    if isinstance(overlay, VolatilityTarget):
        size = own.pop("volatility")
    for kind, cap in CAPS.items():
        if isinstance(overlay, kind):
            own[cap] /= size
    name = next((name for name, kind in OVERLAYS.items() if kind is type(overlay)), type(overlay).__name__)
    return _Scaled(size, {"overlay": name, **_plain(own), "of": inner})


def _terms(terms: Terms, size: float) -> dict[str, Any]:
    own = _fields(terms)
    own |= {name: own[name] / size for name in OF_EQUITY if own[name] is not None}
    return dict(_plain(own | {"reenter": terms.again}))


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _divided(weights: Mapping[str, float], size: float) -> dict[str, float]:
    return {name: weight / size for name, weight in weights.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, the same for all ways to write it: 36M and 3Y, 5 and 5.0."""
    if isinstance(value, Window | Length):
        return _length(value.text)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if dataclasses.is_dataclass(value):
        return _plain(_fields(value))
    if isinstance(value, bool | str) or value is None:
        return value
    return f"{value:.{DIGITS}g}" if isinstance(value, int | float) else str(value)


def _length(text: str) -> str:
    """Return a length of time in years, `1/2 Y`; of days apart, for a length of the calendar counts them otherwise."""
    number, unit = Fraction(text[:-1]), text[-1]
    return f"{number} D" if unit == "D" else f"{number / PER_YEAR[unit]} Y"


def _text(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
