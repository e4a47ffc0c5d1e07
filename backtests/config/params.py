"""A strategy's parameters, checked against the fields of its dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, create_model

from backtests.config.model import Model, Name
from data.errors import shortened
from strategies import OVERLAYS, STRATEGIES
from strategies.base import Strategy, Window
from strategies.blend import Part
from strategies.overlays import Overlay
from strategies.sizing import DEFAULTS


def _window(value: Any) -> Window:
    if isinstance(value, Window):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{shortened(repr(value))} is not a window; write a number and D, M or Y, like 60D, 36M or 3Y")
    return Window(value)


WindowField = Annotated[
    Window, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,5}(\.[0-9]{1,6})?[DMY]$"})
]


def _plain(value: Any) -> Any:
    return value.text if isinstance(value, Window) else value


def _by_rule(name: str) -> str:
    """The default of a size that only some sizing rules use."""
    rules = [rule for rule, given in DEFAULTS.items() if name in given]
    return f"{_plain(DEFAULTS[rules[0]][name])} (sizing: {' or '.join(rules)})" if rules else "none"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a strategy, for people: its name, type or unit, and default."""

    name: str
    unit: str
    default: str


class PartSection(Model):
    """One strategy of a blend as written."""

    strategy: str
    params: dict[str, Any] = Field(default={})
    weight: float = Field(default=1.0, description="what its weights are multiplied by")


PARTS = Mapping[str, Part]
PartsField = dict[Name, Any]


@cache
def schema_of(name: str) -> type[BaseModel]:
    """Return the pydantic model of a strategy's parameters, or of an overlay's."""
    kind = STRATEGIES.get(name) or OVERLAYS[name]
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    for field in _fields(kind):
        hint = hints[field.name]
        if hint is Window:
            hint = WindowField
        elif hint == PARTS:
            hint = PartsField
        elif Window in get_args(hint):
            hint = WindowField | None
        fields[field.name] = (hint, _default(field))
    return create_model(f"{name}_params", __base__=Model, **fields)


def _fields(kind: Any) -> list[dataclasses.Field[Any]]:
    """The parameters of a strategy or overlay; what an overlay is laid over is not one."""
    return [field for field in dataclasses.fields(kind) if field.name != "inner"]


def takes_parts(name: str) -> bool:
    """Whether a strategy has other strategies for a parameter called `parts`."""
    return get_type_hints(STRATEGIES[name]).get("parts") == PARTS


def build(name: str, params: Mapping[str, Any]) -> Strategy:
    """Return the strategy with these parameters; the parts of a blend are built already.

    Raises
    ------
    pydantic.ValidationError, ValueError
        Parameters it does not know, of the wrong type, or that it refuses.
    """
    return STRATEGIES[name](**_given(name, params))


def overlay(name: str, inner: Strategy, params: Mapping[str, Any]) -> Overlay:
    """Return the strategy with an overlay laid over it; raises as `build` does."""
    return OVERLAYS[name](inner=inner, **_given(name, params))


def _given(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    checked = schema_of(name).model_validate(dict(params))
    return {key: getattr(checked, key) for key in checked.model_fields_set}


def written(strategy: Strategy) -> dict[str, Any]:
    """Return all parameters of a strategy as YAML would write them; those left unset are left out."""
    result = {}
    for field in _fields(strategy):
        value = getattr(strategy, field.name)
        if value is not None:
            result[field.name] = _yaml(value)
    return result


def _yaml(value: Any) -> Any:
    if isinstance(value, Part):
        name = next(name for name, kind in STRATEGIES.items() if kind is type(value.strategy))
        return {"strategy": name, "params": written(value.strategy), "weight": value.weight}
    return {key: _yaml(inner) for key, inner in value.items()} if isinstance(value, Mapping) else _plain(value)


def describe(name: str) -> list[Parameter]:
    """Return the parameters of a strategy, or of an overlay, with their units and defaults."""
    kind = STRATEGIES.get(name) or OVERLAYS[name]
    hints = get_type_hints(kind, include_extras=True)
    return [Parameter(field.name, _unit(hints[field.name]), _shown(field)) for field in _fields(kind)]


def _default(field: dataclasses.Field[Any]) -> Any:
    """What pydantic takes for a default; `...` where a parameter must be given."""
    if field.default is not dataclasses.MISSING:
        return field.default
    return ... if field.default_factory is dataclasses.MISSING else _yaml(field.default_factory())


def _shown(field: dataclasses.Field[Any]) -> str:
    default = _default(field)
    if default is ...:
        return "none: must be given"
    if default is None:
        return _by_rule(field.name)
    if isinstance(default, Mapping) and all(isinstance(part, Mapping) for part in default.values()):
        return ", ".join(f"{part['weight']:g} {name}" for name, part in default.items())
    return str(_yaml(default))


def _unit(hint: Any) -> str:
    for part in (hint, *get_args(hint)):
        notes = [note for note in getattr(part, "__metadata__", ()) if isinstance(note, str)]
        if notes:
            return notes[0]
    literal = [str(value) for value in get_args(hint) if isinstance(value, str)]
    return " | ".join(literal) or getattr(hint, "__name__", str(hint))
