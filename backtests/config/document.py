"""A YAML file as data, with the line of each value. Safe: no tags, aliases or duplicate keys, bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from data.disk import UnsuitableError, read_regular
from data.errors import ConfigError, shortened

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12
LARGEST = 10**300  # more does not fit a float
NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?")  # 1e7 and -.5 are text to YAML 1.1

DV01 = "dv01_usd"
IN_PLACE_OF = {DV01: "duration", "duration": DV01}  # two ways to say one thing: what is said later stands alone

Loc = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Document:
    """Plain data, and where in which file each part of it was written."""

    path: str
    data: dict[str, Any]
    lines: dict[Loc, int] = field(default_factory=dict)  # 0 where it was no file
    settings: dict[Loc, str] = field(default_factory=dict)  # what set a value since, as errors name it

    def where(self, loc: Loc) -> str:
        """Return file and line of a value, or of the nearest thing around it."""
        for end in range(len(loc), 0, -1):
            if loc[:end] in self.settings:
                return self.settings[loc[:end]]
            if loc[:end] in self.lines:
                line = self.lines[loc[:end]]
                return f"{self.path}:{line}" if line else self.path
        return f"{self.path}:1" if any(self.lines.values()) else self.path

    def error(self, loc: Loc, message: str) -> ConfigError:
        """Return the error that says where a value stands and what is wrong with it."""
        dotted = ".".join(str(part) for part in loc)
        return ConfigError(f"{self.where(loc)}: {dotted + ': ' if dotted else ''}{message}")

    def replace(self, loc: Loc, value: Any, told: str) -> None:
        """Note that a setting, as errors name it, replaced what stood at a place and all inside it."""
        for places in (self.lines, self.settings):
            for inside in [other for other in places if len(other) > len(loc) and other[: len(loc)] == loc]:
                del places[inside]
        self._set(loc, value, told)

    def _set(self, loc: Loc, value: Any, told: str) -> None:
        self.settings[loc] = told
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            self._set((*loc, key), inner, told)

    def line(self, loc: Loc) -> int:
        """Return the line of a value or of what is around it; 0 for what the command line set."""
        for end in range(len(loc), 0, -1):
            if loc[:end] in self.settings:
                return 0
            if loc[:end] in self.lines:
                return self.lines[loc[:end]]
        return 1


def read(path: Path) -> Document:
    """Read a YAML file.

    Raises
    ------
    ConfigError
        A file that is missing, a folder, too large, not UTF-8 or not plain YAML.
    """
    return parse(_text(path), str(path))


class _Written(yaml.SafeDumper):
    """Writes what stands in two places twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def from_data(data: Mapping[str, Any], name: str) -> Document:
    """Return plain data as a document, which errors call by a name.

    Raises
    ------
    ConfigError
        Data that no YAML file can hold.
    """
    document = parse(_written(dict(data), name, default_flow_style=False), name)
    document.lines = dict.fromkeys(document.lines, 0)
    return document


def in_line(value: Any) -> str:
    """Return a value as YAML on one line; raises as `from_data` does.

    >>> in_line({"UST10": 1.0}), in_line(None), in_line("a")
    ('{UST10: 1.0}', 'null', 'a')
    """
    text = _written(value, "the value", default_flow_style=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def _written(value: Any, name: str, **form: Any) -> str:
    try:
        return str(yaml.dump(value, Dumper=_Written, sort_keys=False, allow_unicode=True, **form))
    except yaml.YAMLError as error:
        what = f"{error.args[-1]!r}"
        raise ConfigError(f"{name}: {shortened(what)} is nothing that YAML can hold; give plain values") from None


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConfigError(f"{path}: is {size / 1e6:.1f} MB; a configuration is at most {MAX_BYTES // 1024} kB")
        return read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; give the path of a configuration, like config.yaml") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; give a YAML file, like {path / 'config.yaml'}") from None
    except UnsuitableError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; a configuration is a file of {MAX_BYTES // 1024} kB at most"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{shortened(str(path), 200)}: cannot be read ({why})") from None


def parse(text: str, path: str) -> Document:
    """Read YAML text; `path` is what errors call it."""
    for number, words in enumerate(text.splitlines(), 1):
        if "\t" in words[: len(words) - len(words.lstrip())]:
            raise ConfigError(f"{path}:{number}: a tab in the indentation; YAML indents with spaces")
    try:
        _refuse_magic(text, path)
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            raise ConfigError(f"{path}:1: is empty; `divergence init FILE` writes one to begin with")
        document = Document(path, {})
        data = _plain(node, (), document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}:1: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}:1: expected keys and values, like name: my-run; got {_shown(data)}")
    document.data = data
    return document


def _refuse_magic(text: str, path: str) -> None:
    """Refuse what plain data has no need of: tags, anchors, aliases, a second document, deep nesting."""
    depth = documents = 0
    for event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(f"{path}:{line}: anchors and aliases are not accepted; use extends to share settings")
        if getattr(event, "tag", None):
            raise ConfigError(f"{path}:{line}: the tag {event.tag} is not accepted; a configuration is plain data")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise ConfigError(f"{path}:{line}: a second document starts here; a configuration is one document")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(f"{path}:{line}: nested more than {MAX_DEPTH} deep; a configuration is flatter")


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=_Loader))


def _plain(node: yaml.Node, loc: Loc, document: Document) -> Any:
    document.lines.setdefault(loc, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*loc, i), document) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loc, document)
    return _scalar(node, loc, document)


def _mapping(node: yaml.MappingNode, loc: Loc, document: Document) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value
        if not isinstance(key_node, yaml.ScalarNode) or not key_node.tag.endswith(":str"):
            named = key if isinstance(key, str) else "a list or mapping"
            raise ConfigError(f"{document.path}:{line}: the key {named} is not text; put it in quotes")
        if key in result:
            first = document.lines[(*loc, key)]
            raise ConfigError(f"{document.path}:{line}: the key '{key}' stands here and on line {first}; keep one")
        document.lines[(*loc, key)] = line
        result[key] = _plain(value_node, (*loc, key), document)
    return result


def _scalar(node: Any, loc: Loc, document: Document) -> Any:
    if node.tag.endswith(":str"):
        plain = not node.style
        return float(node.value.replace("_", "")) if plain and NUMBER.fullmatch(node.value) else node.value
    if ":" in node.value and node.tag.endswith((":int", ":float")):
        raise document.error(loc, f"{node.value} is a time of day to YAML; write a plain number, or quote a word")
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (ValueError, OverflowError) as error:
        raise document.error(loc, f"{shortened(node.value)} cannot be read: {error}") from None
    if isinstance(value, int) and abs(value) > LARGEST:
        raise document.error(loc, f"{shortened(node.value)} is larger than any number here; write less")
    return value


def override(document: Document, setting: str, names: Sequence[str], by: str = "") -> None:
    """Apply one `a.b=value`; `names` are keys that hold dots themselves, like 236A.T.

    Errors name it as it was given: `by`, or where that is empty `--set` of the command line.
    """
    told = by or f"--set {shortened(setting, 100)}"
    dotted, separator, text = setting.partition("=")
    if not separator or not dotted.strip():
        raise ConfigError(f"{told}: expected key=value, like account.capital=1_000_000")
    if not text.strip():
        raise ConfigError(f"{told}: no value after the =; expected key=value, or key=null to leave it out")
    loc = _split(dotted.strip(), [*names, *_dotted(document.data)])
    if not all(loc):
        raise ConfigError(f"{told}: a key between two dots is empty; expected a.b=value")
    if len(loc) > MAX_DEPTH:
        raise ConfigError(f"{told}: {len(loc):,} keys, one inside another; a configuration is at most {MAX_DEPTH} deep")
    try:
        given = parse(f"value: {text}", f"--set {dotted}").data
    except ConfigError:
        raise ConfigError(f"{told}: {shortened(text)!r} is not a YAML value") from None
    if list(given) != ["value"]:
        raise ConfigError(f"{told}: holds more than one value; give each its own --set")
    here = document.data
    for depth, part in enumerate(loc[:-1], 1):
        if part not in here:
            document.settings[tuple(loc[:depth])] = told
        step = here.setdefault(part, {})
        if not isinstance(step, dict):
            raise ConfigError(f"{told}: {part} is {_shown(step)}, which has no keys")
        here = step
    here[loc[-1]] = given["value"]
    other = IN_PLACE_OF.get(loc[-1])
    if other and (*loc[:-1], other) not in document.settings:
        here.pop(other, None)
    document.replace(tuple(loc), given["value"], told)


def _dotted(value: Any) -> Iterator[str]:
    """Keys, at whatever depth, that hold dots."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if "." in key:
                yield key
            yield from _dotted(inner)


def _split(dotted: str, names: Sequence[str]) -> list[str]:
    for name in sorted(set(names), key=len, reverse=True):
        dotted = re.sub(rf"(?<![^.]){re.escape(name)}(?![^.])", name.replace(".", "\0"), dotted)
    return [part.replace("\0", ".") for part in dotted.split(".")]


def _shown(value: Any) -> str:
    text = str(value)
    return f"'{text[:40]}{'...' if len(text) > 40 else ''}'"
