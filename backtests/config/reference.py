"""Every key of a configuration, for people: what it is for, its unit, default and an example. Read off the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any

import yaml

from backtests.config.load import json_schema
from backtests.config.params import describe, schema_of
from data.countries import BASE
from data.errors import ConfigError
from data.instruments import LIBRARY
from strategies import OVERLAYS, STRATEGIES

ANY = "NAME"  # of a path: whatever a file calls a variant, an instrument, a country, a claim
PARAMS, OVERLAY = "params", "overlays"
UNITS = {"_bp": "bp", "_pct": "%", "_usd": BASE}  # by the end of a key's name, where it states none
BOUNDS = {
    "exclusiveMinimum": "above {}", "minimum": "at least {}", "exclusiveMaximum": "below {}", "maximum": "at most {}",
}  # fmt: skip
TYPES = {"number": "a number", "integer": "a whole number", "boolean": "true or false", "string": "text"}

SHORTEST = 3  # letters of a word that is looked for in names and meanings
ALIKE = 0.75  # of the letters, for a name to be what was meant
SPOKEN = 4  # keys named whose meaning has a word

DAY = re.compile(r"\d{4}-\d\d-\d\d")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """One key. Texts are as YAML writes them; blank is none."""

    path: str  # dotted, NAME for what a file names
    meaning: str
    takes: str
    unit: str
    default: str
    example: str
    users: tuple[str, ...] = ()  # of a parameter: the strategies or overlays that have it

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]


@cache
def keys() -> tuple[Key, ...]:
    """Return every key of a file in the order of the schema, then the parameters of strategies and overlays."""
    schema = json_schema()
    own = [
        key for key in _walk(schema, schema["$defs"], (), ()) if not key.path.startswith(f"variants.{ANY}.{OVERLAY}.")
    ]
    return (*own, *_parameters(PARAMS, STRATEGIES), *_parameters(OVERLAY, OVERLAYS))


def lookup(word: str) -> list[Key]:
    """Return the keys that a word names: by whole path, by the end of it, or by its last part.

    Raises
    ------
    ConfigError
        A key that there is not.
    """
    parts = word.split(".")
    if PARAMS in parts[:-1]:
        parts = parts[parts.index(PARAMS) :]
    fitting = [key for key in keys() if _fits(key.path.split("."), parts)]
    whole = [key for key in fitting if key.path.count(".") == len(parts) - 1]
    if not fitting:
        raise ConfigError(f"no key '{word[:60]}'{_elsewhere(word)}")
    return whole or fitting


def _elsewhere(word: str) -> str:
    """Where to look for what is no key: a name that begins so or is spelt alike, a meaning that says so, a list."""
    if word.upper() in LIBRARY:
        return "; it is an instrument: `divergence instruments` lists them"
    known = sorted({key.path for key in keys()} if "." in word else {key.name for key in keys()})
    begun = [name for name in known if len(word) >= SHORTEST and name.startswith(word.lower().removesuffix("s"))]
    nearest = begun or get_close_matches(word, known, n=1, cutoff=ALIKE)
    if nearest:
        more = " `divergence strategies` lists what it can be" if nearest[0] == "strategy" else ""
        return f"; did you mean '{nearest[0]}'?{more}"
    said = _meaning(word)
    if said:
        more = "; `divergence instruments` lists what each has" if said[0].startswith("instruments.") else ""
        return f"; its word is in {', '.join(said)}{more}"
    return "; `divergence docs` lists the keys of a file, `divergence strategies` and `divergence instruments` the rest"


def _meaning(word: str) -> list[str]:
    """Return the first keys whose meaning has a word of the same stem."""
    stem = re.escape(word.lower().removesuffix("s").removesuffix("e"))
    same = re.compile(rf"\b{stem}(e?s|e|ing)?\b", re.IGNORECASE)
    paths = [key.path for key in keys() if len(stem) >= SHORTEST and same.search(key.meaning)]
    return list(dict.fromkeys(paths))[:SPOKEN]


def within(key: Key) -> list[Key]:
    """Return the keys right under one."""
    depth = len(key.path.split("."))
    inner = [other for other in keys() if other.path.startswith(f"{key.path}.")]
    return [other for other in inner if len([part for part in other.path.split(".")[depth:] if part != ANY]) == 1]


def top() -> list[Key]:
    """Return the keys at the top of a file."""
    return [key for key in keys() if "." not in key.path]


def _fits(path: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a path ends as the parts say; what a file names fits any word, or may be left out."""
    if len(parts) > len(path):
        return False
    if all(own in (part, ANY) for own, part in zip(reversed(path), reversed(parts), strict=False)):
        return path[-1] == parts[-1]
    bare = [own for own in path if own != ANY]
    return bare != list(path) and _fits(bare, parts)


def _walk(node: Node, defs: Mapping[str, Node], path: tuple[str, ...], stack: tuple[str, ...]) -> Iterator[Key]:
    """Give the keys under a node; a section that holds itself is walked once."""
    for name, stated in node.get("properties", {}).items():
        here = (*path, name)
        yield _key(here, stated, name in node.get("required", []))
        if name != PARAMS:
            yield from _inner(stated, defs, here, stack)


def _inner(node: Node, defs: Mapping[str, Node], path: tuple[str, ...], stack: tuple[str, ...]) -> Iterator[Key]:
    for alternative in _alternatives(node):
        named = [*alternative.get("patternProperties", {}).values(), alternative.get("additionalProperties")]
        for below, where in (
            (alternative, path),
            *((each, path) for each in _alternatives(alternative.get("items", {}))),
            *((each, (*path, ANY)) for each in named),
        ):
            target = below.get("$ref", "").rpartition("/")[2] if isinstance(below, Mapping) else ""
            if target and target not in stack:
                yield from _walk(defs[target], defs, where, (*stack, target))
            elif isinstance(below, Mapping) and "properties" in below:
                yield from _walk(below, defs, where, stack)


def _key(path: Sequence[str], node: Node, required: bool) -> Key:
    name = path[-1]
    default = node.get("default")
    shown = "" if required or default is None or isinstance(default, Mapping) else _text(default)
    return Key(
        path=".".join(path),
        meaning=str(node.get("description", "")),
        takes=_takes(node),
        unit=_unit(name, node),
        default="must be given" if required else shown,
        example=_example(name, node),
    )


def _alternatives(node: Node) -> list[Node]:
    """A node and whatever may stand in its place, at whatever depth; null aside."""
    below = [inner for each in (*node.get("anyOf", ()), *node.get("oneOf", ())) for inner in _alternatives(each)]
    return [each for each in (node, *below) if each.get("type") != "null"]


def _takes(node: Node) -> str:
    """What a key takes, in words."""
    words = []
    for each in _alternatives(node):
        if "enum" in each or "const" in each:
            words.append(" | ".join(_text(value) for value in each.get("enum", [each.get("const")])))
        elif "$ref" in each or each.get("type") == "object":
            words.append("keys")
        elif each.get("type") == "array":
            words.append("a list")
        elif each.get("format") == "date":
            words.append("a date")
        elif "type" in each:
            bounds = [text.format(f"{each[word]:g}") for word, text in BOUNDS.items() if word in each]
            words.append(" ".join([TYPES[each["type"]], ", ".join(bounds)]).strip())
    return " or ".join(dict.fromkeys(words)) or "keys"


def _unit(name: str, node: Node) -> str:
    stated = [str(each["unit"]) for each in _alternatives(node) if each.get("unit")]
    return stated[0] if stated else next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


def _example(name: str, node: Node) -> str:
    """The example stated, else a choice that is not the default, else the default."""
    choices = [value for each in _alternatives(node) for value in each.get("enum", [each.get("const")])]
    other = [value for value in choices if value != node.get("default")]
    candidates = [*node.get("examples", ()), *other, node.get("default")]
    value = next((value for value in candidates if value is not None and value != ""), None)
    if isinstance(value, Mapping):
        value = {key: inner for key, inner in value.items() if inner not in (None, [])}
    return "" if value is None else f"{name}: {_text(value)}"


def _text(value: Any) -> str:
    """Return a value as a person writes it in YAML on one line.

    >>> _text(10_000_000.0), _text({"from": "2022-06-01", "bp": 25.0}), _text("a")
    ('10_000_000', '{from: 2022-06-01, bp: 25}', 'a')
    """
    plain = _plain(value)
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return f"{plain:_}"
    text = yaml.safe_dump(plain, default_flow_style=True, width=1000, allow_unicode=True, sort_keys=False)
    return text.split("\n...")[0].strip()


def _plain(value: Any) -> Any:
    """A value with whole numbers as such, and days as days."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return date.fromisoformat(value) if isinstance(value, str) and DAY.fullmatch(value) else value


def _parameters(place: str, kinds: Mapping[str, type]) -> Iterator[Key]:
    """Give the parameters by name; those of several strategies that say the same are one key."""
    same: dict[tuple[str, str, str], Key] = {}
    defaults: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for kind in kinds:
        properties = schema_of(kind).model_json_schema()["properties"]
        for parameter in describe(kind):
            node = properties[parameter.name]
            mark = (parameter.name, parameter.meaning, parameter.unit)
            path = f"{place}.{parameter.name}" if place == PARAMS else f"{place}.{kind}.{parameter.name}"
            mark = mark if place == PARAMS else (path, *mark[1:])
            default = parameter.default.partition(" (")[0].replace("none: ", "").replace("'", "")
            key = same.get(mark) or replace(_key(path.split("."), node, required=False), unit=parameter.unit)
            example = key.example or f"{key.name}: {default}"
            same[mark] = replace(key, users=(*key.users, kind), example=example)
            defaults.setdefault(mark, {}).setdefault(default, []).append(kind)
    for mark, key in same.items():
        yield replace(key, default=_defaults(defaults[mark]), unit="" if " | " in key.unit else key.unit)


def _defaults(by_default: Mapping[str, Sequence[str]]) -> str:
    if len(by_default) == 1:
        return next(iter(by_default))
    return "; ".join(f"{default} ({', '.join(kinds)})" for default, kinds in by_default.items())
