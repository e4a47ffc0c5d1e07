"""A strategy's parameters, checked against the fields of its dataclass."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BaseModel, BeforeValidator, WithJsonSchema, create_model

from backtests.config.document import DV01
from backtests.config.model import AccountSection
from backtests.config.strict import Model, Name, key
from data.errors import shortened
from strategies import OVERLAYS, STRATEGIES, hedges
from strategies.base import Duration, Meaning, ParameterError, Strategy, Window
from strategies.blend import Part
from strategies.overlays import Overlay
from strategies.sizing import DEFAULTS, LARGEST

PER_BP = 10_000  # basis points of a whole
DOLLARS = "USD per basis point"


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


def _by_rule(name: str, beside: Collection[str]) -> str:
    """The default of a size that only some rules use, `beside` all parameters of the strategy."""
    rules = [rule for rule, given in DEFAULTS.items() if name in given] if "sizing" in beside else []
    users = [f"sizing: {' or '.join(rules)}"] if rules else []
    if name == "window" and "hedge" in beside:
        return f"{hedges.WINDOW.text} ({', or '.join([*users, 'hedge: beta or pca'])})"
    if name == "hedge":
        return f"{hedges.RULES[0]} (sizing: duration)"
    return f"{_plain(DEFAULTS[rules[0]][name])} ({users[0]})" if rules else "none"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a strategy, for people: its name, type or unit, default, and what it is for."""

    name: str
    unit: str
    default: str
    meaning: str = ""


class PartSection(Model):
    """One strategy of a blend as written."""

    strategy: str = key(..., "what it does; `divergence strategies` lists them", example="policy")
    params: dict[str, Any] = key({}, "parameters of the strategy", example={"duration": 2.0})
    weight: float = key(1.0, "what its weights are multiplied by", unit="times")


PARTS = Mapping[str, Part]
PartsField = dict[Name, Any]


@cache
def schema_of(name: str) -> type[BaseModel]:
    """Return the pydantic model of a strategy's parameters, or of an overlay's."""
    kind = STRATEGIES.get(name) or OVERLAYS[name]
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    described_as = {parameter.name: parameter for parameter in describe(name)}
    for field in _fields(kind):
        hint = hints[field.name]
        if hint is Window:
            hint = WindowField
        elif hint == PARTS:
            hint = PartsField
        elif Window in get_args(hint):
            hint = WindowField | None
        meant = described_as[field.name]
        unit = "" if " | " in meant.unit else meant.unit  # choices are in the type
        fields[field.name] = (hint, key(_plain(_default(field)), meant.meaning, unit=unit))
    if takes_dv01(name):
        fields[DV01] = (float | None, key(None, described_as[DV01].meaning, unit=DOLLARS, example=5_000.0, gt=0))
    return create_model(f"{name}_params", __base__=Model, **fields)


def _fields(kind: Any) -> list[dataclasses.Field[Any]]:
    """The parameters of a strategy or overlay; what an overlay is laid over is not one."""
    return [field for field in dataclasses.fields(kind) if field.name != "inner"]


def takes_parts(name: str) -> bool:
    """Whether a strategy has other strategies for a parameter called `parts`."""
    return _has_parts(STRATEGIES[name])


@cache
def _has_parts(kind: type[Strategy]) -> bool:
    return get_type_hints(kind).get("parts") == PARTS


def takes_dv01(name: str) -> bool:
    """Whether a strategy is sized by years of duration, so that dollars per basis point may say the same."""
    hint = get_type_hints(STRATEGIES[name], include_extras=True).get("duration") if name in STRATEGIES else None
    return hint is not None and Duration in (hint, *get_args(hint))


def build(name: str, params: Mapping[str, Any], account: AccountSection) -> Strategy:
    """Return the strategy with these parameters, dollars per basis point as years of duration on the account's capital.

    The parts of a blend are built already.

    Raises
    ------
    pydantic.ValidationError, ValueError
        Parameters it does not know, of the wrong type, or that it refuses.
    """
    given = _given(name, params)
    usd = given.pop(DV01, None)
    if usd is None:
        return STRATEGIES[name](**given)
    given["duration"] = _years(usd, given.get("duration"), account)
    try:
        return STRATEGIES[name](**given)
    except ParameterError as error:
        raise ParameterError(DV01, error.message) from None if error.name == "duration" else error


def _years(usd: float, duration: float | None, account: AccountSection) -> float:
    """Years of duration that a DV01 is on the account's capital; `duration`, where given too, must be the same."""
    if account.size_on != "capital":
        what = f"is {usd:g} USD on the capital, and account.size_on is {account.size_on}"
        raise ParameterError(DV01, f"{what}; set it to capital, or give duration in its place")
    years = usd * PER_BP / account.capital
    said = f"is {usd:g}, {years:g} years of duration on a capital of {account.capital:g}"
    if years > LARGEST:
        raise ParameterError(DV01, f"{said}; expected {LARGEST:g} years at most")
    if duration is not None and not math.isclose(years, duration, rel_tol=1e-9):
        raise ParameterError(DV01, f"{said}, and duration is {duration:g}; leave one of the two out")
    return years


def overlay(name: str, inner: Strategy, params: Mapping[str, Any]) -> Overlay:
    """Return the strategy with an overlay laid over it; raises as `build` does."""
    return OVERLAYS[name](inner=inner, **_given(name, params))


def _given(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    checked = schema_of(name).model_validate(dict(params))
    return {key: getattr(checked, key) for key in checked.model_fields_set}


def written(strategy: Strategy, given: Any = None) -> dict[str, Any]:
    """Return all parameters of a strategy as YAML would write them; those left unset are left out.

    A DV01 that was `given` stands beside the years of duration that it is.
    """
    given = given if isinstance(given, Mapping) else {}
    result = {}
    for field in _fields(strategy):
        value = getattr(strategy, field.name)
        if value is not None:
            result[field.name] = _yaml(value, given.get(field.name))
        if field.name == "duration" and given.get(DV01) is not None:
            result[DV01] = float(given[DV01])
    return result


def _yaml(value: Any, given: Any = None) -> Any:
    inside = given if isinstance(given, Mapping) else {}
    if isinstance(value, Part):
        name = next(name for name, kind in STRATEGIES.items() if kind is type(value.strategy))
        return {"strategy": name, "params": written(value.strategy, inside.get("params")), "weight": value.weight}
    if isinstance(value, Mapping):
        return {key: _yaml(inner, inside.get(key)) for key, inner in value.items()}
    return _plain(value)


def purpose(kind: type) -> str:
    """Return what a strategy or an overlay does: the first line of its docstring."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def describe(name: str) -> list[Parameter]:
    """Return the parameters of a strategy, or of an overlay, with their units and defaults."""
    kind = STRATEGIES.get(name) or OVERLAYS[name]
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in _fields(kind)]
    result = []
    for field in _fields(kind):
        hint = hints[field.name]
        result.append(Parameter(field.name, _unit(hint), _shown(field, names), _meaning(hint)))
        if field.name == "duration" and takes_dv01(name):
            users = " (sizing: duration or beta)" if "sizing" in names else ""
            result.append(
                Parameter(DV01, DOLLARS, f"none{users}", "size of a leg in place of duration; with size_on: capital")
            )
    return result


def _default(field: dataclasses.Field[Any]) -> Any:
    """What pydantic takes for a default; `...` where a parameter must be given."""
    if field.default is not dataclasses.MISSING:
        return field.default
    return ... if field.default_factory is dataclasses.MISSING else _yaml(field.default_factory())


def _shown(field: dataclasses.Field[Any], beside: Collection[str]) -> str:
    default = _default(field)
    if default is ...:
        return "none: must be given"
    if default is None:
        return _by_rule(field.name, beside)
    if isinstance(default, Mapping) and all(isinstance(part, Mapping) for part in default.values()):
        return ", ".join(f"{part['weight']:g} {name}" for name, part in default.items())
    return str(_yaml(default))


def _unit(hint: Any) -> str:
    notes = [note for note in _notes(hint) if isinstance(note, str)]
    plain = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    literal = [value for part in (plain, *get_args(plain), *_bare(plain)) for value in get_args(part)]
    choices = [value for value in literal if isinstance(value, str)]
    return (notes or [" | ".join(choices) or getattr(plain, "__name__", str(plain))])[0]


def _meaning(hint: Any) -> str:
    """What a parameter is for: what its own annotation says, else that of its type; blank where neither does."""
    meanings = [note.text for note in _notes(hint) if isinstance(note, Meaning)]
    return meanings[-1] if meanings else ""


def _notes(hint: Any) -> list[Any]:
    """What an annotation, or that of one of its alternatives, says beside the type."""
    return [note for part in (hint, *get_args(hint)) for note in getattr(part, "__metadata__", ())]


def _bare(hint: Any) -> list[Any]:
    """The types of the alternatives that are annotated."""
    return [get_args(part)[0] for part in get_args(hint) if hasattr(part, "__metadata__")]
