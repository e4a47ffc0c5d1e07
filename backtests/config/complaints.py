"""What is wrong with a value, in one line of plain words: where it stands, what it is, what was expected."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from backtests.config.document import Document, Loc
from data.errors import ConfigError, did_you_mean

EXPECTED = {
    "float_type": "a number", "int_type": "a whole number", "bool_type": "true or false", "string_type": "text",
    "date_type": "a date without quotes, like 1999-09-30", "date_from_datetime_inexact": "a date, like 1999-09-30",
    "dict_type": "keys and values", "model_type": "keys and values", "mapping_type": "keys and values",
    "model_attributes_type": "keys and values", "list_type": "a list",
}  # fmt: skip


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
        path = _written(item["loc"], data)
        loc = owner(document, owners, (*inside, *path))
        if item["type"] in ("extra_forbidden", "missing"):
            loc = (*owner(document, owners, (*inside, *path[:-1])), path[-1])
        complaints.append((document.line(loc), -len(path), loc, _words(item, model, path)))
    _, _, loc, words = min(complaints, key=lambda entry: entry[:2])  # of a union's branches, the one that got furthest
    return document.error(loc, words)


def owner(document: Document, owners: Sequence[Loc], inside: Loc) -> Loc:
    """Return where, along a chain of variants, a merged value (or what is around it) was written."""
    for end in range(len(inside), 0, -1):
        for base in owners:
            loc = (*base, *inside[:end])
            if loc in document.lines or loc in document.settings:
                return loc
    return owners[0]


def _written(loc: Sequence[str | int], data: Any) -> Loc:
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
    shown = repr(value) if isinstance(value, str) else _short(value)
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
        return f"has {context['actual_length']} entries; expected {wanted}"
    if kind == "value_error":
        return str(context["error"])
    if kind in EXPECTED:
        return f"is {shown}; expected {EXPECTED[kind]}"
    return f"is {shown}; {item['msg'][0].lower()}{item['msg'][1:]}"


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
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        else:
            here = next((arg for arg in reversed(get_args(here))), None)
        here = _model_in(here) or here
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [field.alias or name for name, field in here.model_fields.items()]
    return []


def _model_in(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType, list):
        return next((model for arg in get_args(annotation) if (model := _model_in(arg))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
