"""A strategy's parameters, checked against the fields of its dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BaseModel, BeforeValidator, WithJsonSchema, create_model

from backtests.config.model import Model
from strategies import STRATEGIES
from strategies.base import Strategy, Window


def _window(value: Any) -> Window:
    if isinstance(value, Window):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a window; write a number and D, M or Y, like 60D, 36M or 3Y")
    return Window(value)


WindowField = Annotated[
    Window, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?[DMY]$"})
]


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a strategy, for people: its name, type or unit, and default."""

    name: str
    unit: str
    default: str


@cache
def schema_of(name: str) -> type[BaseModel]:
    """Return the pydantic model of a strategy's parameters."""
    strategy = STRATEGIES[name]
    hints = get_type_hints(strategy)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(strategy):  # type: ignore[arg-type]  # every entry is a dataclass
        hint = hints[field.name]
        if hint is Window:
            hint = WindowField
        elif Window in get_args(hint):
            hint = WindowField | None
        fields[field.name] = (hint, _default(field))
    return create_model(f"{name}_params", __base__=Model, **fields)


def build(name: str, params: Mapping[str, Any]) -> Strategy:
    """Return the strategy with these parameters.

    Raises
    ------
    pydantic.ValidationError, ValueError
        Parameters it does not know, of the wrong type, or that it refuses.
    """
    checked = schema_of(name).model_validate(dict(params))
    given = {key: getattr(checked, key) for key in checked.model_fields_set}
    return STRATEGIES[name](**given)


def written(strategy: Strategy) -> dict[str, Any]:
    """Return all parameters of a strategy as YAML would write them; those left unset are left out."""
    result = {}
    for field in dataclasses.fields(strategy):  # type: ignore[arg-type]
        value = getattr(strategy, field.name)
        if value is not None:
            result[field.name] = _yaml(value)
    return result


def _yaml(value: Any) -> Any:
    if isinstance(value, Window):
        return value.text
    return dict(value) if isinstance(value, Mapping) else value


def describe(name: str) -> list[Parameter]:
    """Return the parameters of a strategy with their units and defaults."""
    strategy = STRATEGIES[name]
    hints = get_type_hints(strategy, include_extras=True)
    return [
        Parameter(field.name, _unit(hints[field.name]), _shown(_default(field)))
        for field in dataclasses.fields(strategy)  # type: ignore[arg-type]
    ]


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    assert field.default_factory is not dataclasses.MISSING  # a field without a default has a factory
    return _yaml(field.default_factory())


def _shown(default: Any) -> str:
    return "by the sizing rule" if default is None else str(_yaml(default))


def _unit(hint: Any) -> str:
    for part in (hint, *get_args(hint)):
        notes = [note for note in getattr(part, "__metadata__", ()) if isinstance(note, str)]
        if notes:
            return notes[0]
    literal = [str(value) for value in get_args(hint) if isinstance(value, str)]
    return " | ".join(literal) or getattr(hint, "__name__", str(hint))
