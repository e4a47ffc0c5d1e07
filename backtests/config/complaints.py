"""What is wrong with a value, in one line of plain words: where it stands, what it is, what was expected."""

from __future__ import annotations

import re
import types
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from backtests.config.document import Document, Loc
from data.errors import ConfigError, did_you_mean, shortened
from data.instruments import LIBRARY

EXPECTED = {
    "float_type": "a number", "int_type": "a whole number", "bool_type": "true or false", "string_type": "text",
    "date_type": "a date like 1999-09-30, without quotes", "date_from_datetime_inexact": "a date, like 1999-09-30",
    "dict_type": "keys and values", "model_type": "keys and values", "mapping_type": "keys and values",
    "model_attributes_type": "keys and values", "list_type": "a list",
}  # fmt: skip

FRACTIONS = ("band", "volatility", "withholding")
MULTIPLES = {"": 1, "k": 10**3, "m": 10**6, "mn": 10**6, "mm": 10**6, "million": 10**6, "bn": 10**9, "b": 10**9}
AMOUNT = re.compile(
    rf"(?P<figure>[-+]?(\d{{1,3}}(,\d{{3}})+|[\d_]*\d)(\.\d+)?)\s*(?P<unit>%|{'|'.join(MULTIPLES)})",
    re.IGNORECASE | re.ASCII,
)


def complaint(
    document: Document,
    error: ValidationError,
    model: type[BaseModel],
    data: Any,
    owners: Sequence[Loc],
    inside: Loc = (),
) -> ConfigError:
    """Return the first complaint, by line, about `data`, which stands at `inside` in one of `owners`."""
    complaints = []
    for item in error.errors(include_url=False):
        path = path_in(data, item["loc"])
        loc = owner(document, owners, (*inside, *path))
        if item["type"] == "missing":
            loc = _beside(owner(document, owners, (*inside, *path[:-1])), owners, (*inside, *path))
        complaints.append((document.line(loc), loc, _words(item, model, path)))
    whole = [complaint for complaint in complaints if not _is_outside(complaint[1], complaints)]
    _, loc, words = min(whole, key=lambda entry: entry[0])
    return document.error(loc, words)


def _is_outside(loc: Loc, complaints: Sequence[tuple[int, Loc, str]]) -> bool:
    """Whether another complaint is about something inside: of a union's branches, that one got further."""
    return any(len(other) > len(loc) and other[: len(loc)] == loc for _, other, _ in complaints)


def _beside(parent: Loc, owners: Sequence[Loc], path: Loc) -> Loc:
    """Return where a key that is missing belongs: in what was written around it, or where that itself is missing."""
    around = path[:-1]
    if not around or parent[-len(around) :] == around:
        return (*parent, path[-1])
    return (*owners[0], *path)


def owner(document: Document, owners: Sequence[Loc], inside: Loc) -> Loc:
    """Return where, along a chain of variants, a merged value (or what is around it) was written."""
    for end in range(len(inside), 0, -1):
        for base in owners:
            loc = (*base, *inside[:end])
            if loc in document.lines or loc in document.settings:
                return loc
    return owners[0]


def path_in(data: Any, loc: Sequence[str | int]) -> Loc:
    """Drop from pydantic's location what is not a key of the data, such as the branch of a union."""
    path: list[str | int] = []
    for i, part in enumerate(loc):
        inside = (isinstance(data, dict) and part in data) or (isinstance(data, list) and isinstance(part, int))
        if inside:
            data = data[part]
        if inside or (i == len(loc) - 1 and isinstance(data, dict) and part != "[key]"):
            path.append(part)
    return tuple(path)


def _words(item: Any, model: type[BaseModel], path: Loc) -> str:
    kind, value, context = item["type"], item["input"], item.get("ctx", {})
    shown = repr(shortened(value, 100)) if isinstance(value, str) else _short(value)
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(path[-1]), _keys(model, path[:-1]))}"
    if kind == "missing":
        return "is missing; add it"
    if kind == "literal_error":
        choices = [str(choice) for choice in _choices(context["expected"])]
        return f"{shown} is not one of {', '.join(choices)}{_meant(value, choices)}"
    if kind == "string_pattern_mismatch" and "http" in context["pattern"]:
        return f"{shown} is not an address; write one like https://example.org/data"
    if kind == "string_pattern_mismatch":
        return f"{shown} is not a name; use letters, digits, - _ . and start with a letter or digit (64 at most)"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        word = {"greater_than": "above", "greater_than_equal": "at least", "less_than": "below"}.get(kind, "at most")
        return f"is {shown}; expected {word} {next(iter(context.values())):g}"
    if kind == "finite_number":
        return f"is {shown}; expected a finite number"
    if kind in ("too_short", "too_long"):
        wanted = item["msg"].split("should have ")[-1].split(" item")[0]
        return f"has {len(value)} entries; expected {wanted}"
    if kind == "value_error":
        return str(context["error"])
    if kind in EXPECTED:
        return f"is {shown}; expected {EXPECTED[kind]}{_remedy(kind, path, value)}"
    return f"is {shown}; {item['msg'][0].lower()}{item['msg'][1:]}"


def _remedy(kind: str, path: Loc, value: Any) -> str:
    if kind == "float_type" and path:
        return _number(str(path[-1]), value)
    return _quoted(value) if kind == "string_type" else ""


def _quoted(value: Any) -> str:
    """The listed name that a number is the beginning of, if any: 2561 for 2561.T."""
    names = [name for name in LIBRARY if name.split(".")[0] == str(value) and "." in name]
    return f"; did you mean '{names[0]}'?" if names else ""


def _number(key: str, value: Any) -> str:
    """How a number with a percent sign, a multiple or commas is written for a key.

    >>> _number("volatility", "5%"), _number("capital", "10m"), _number("band", "wide")
    ('; 5% is 0.05', '; 10m is 10_000_000', '')
    """
    amount = AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not amount or not (amount["unit"] or "," in amount["figure"]):
        return ""
    figure, unit = Decimal(amount["figure"].replace(",", "").replace("_", "")), amount["unit"].lower()
    if unit != "%":
        return f"; {value} is {_underscored(figure * MULTIPLES[unit])}"
    if key.endswith("_bp"):
        return f"; {value} is {_underscored(figure * 100)} bp"
    if key in FRACTIONS:
        return f"; {value} is {_underscored(figure / 100)}"
    return f"; write the figure alone, in the unit that `divergence docs {key}` says"


def _underscored(figure: Decimal) -> str:
    return f"{figure.normalize():,f}".replace(",", "_")


def _short(value: Any) -> str:
    text = "empty" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _choices(expected: str) -> list[str]:
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]


def _meant(value: Any, choices: list[str]) -> str:
    hint = did_you_mean(str(value), choices)
    return hint if hint.startswith("; did") else ""


def _keys(model: type[BaseModel], path: Loc) -> list[str]:
    """The keys a part of the schema knows."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            if isinstance(part, int):
                continue  # of a list of these
            field = here.model_fields.get(str(part))
            here = _annotation(field) if field else None
        else:
            here = next((arg for arg in reversed(get_args(here))), None)
        here = _model_in(here) or here
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [field.alias or name for name, field in here.model_fields.items()]
    return []


@dataclass(frozen=True)
class WrittenAs:
    """What a value is in the file where that is not what it becomes."""

    model: type[BaseModel]


def _annotation(field: FieldInfo) -> Any:
    """The type of a field, or what it is in the file."""
    return next((note.model for note in field.metadata if isinstance(note, WrittenAs)), field.annotation)


def _model_in(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        written = [note.model for note in notes if isinstance(note, WrittenAs)]
        return written[0] if written else _model_in(inner)
    if get_origin(annotation) in (Union, types.UnionType, list):
        return next((model for arg in get_args(annotation) if (model := _model_in(arg))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
