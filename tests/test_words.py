"""The field's words: what was called otherwise before stays replaced, in code and in whatever a person reads."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("data", "strategies", "backtests")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PAGES = [
    *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").glob("*.py"), *(ROOT / "data").rglob("*.md"),
    *(ROOT / "backtests/report/templates").iterdir(), *ROOT.glob("*.yaml"), *(ROOT / "config").iterdir(),
    ROOT / "config.schema.json",
]  # fmt: skip

REPLACED = {  # identifier -> what it is called now
    "unrolled": "no_rolldown", "fx_bears": "fx_exposed", "heard": "available or known", "laws": "invariants",
    "laws_of": "invariants_of", "impartial": "symmetric", "Episode": "EventPnl or Analogue", "Spell": "RegimePnl",
    "Hit": "ShockPnl", "Cause": "ExtremeBar", "Superior": "SpaTest", "superior": "spa_test", "Skill": "DeflatedSharpe",
    "Bench": "Rerun", "bench": "rerun", "Case": "Scenario", "CASES": "SCENARIOS", "Confidence": "Significance",
    "Memory": "Analogues", "memory": "lookback_bars or analogues", "remember": "find_analogues",
    "ours": "domestic, or a", "theirs": "foreign, or b", "mend": "fix", "room": "module", "house": "layer",
    "one": "the value's noun", "found": "the value's noun", "done": "the value's noun", "made": "the value's noun",
}  # fmt: skip
YIELDS = {"falls": "backtests/thesis/", "fall": "backtests/thesis/"}  # yields fall; equity draws down
PHRASES = re.compile(
    r"\b(rooms?|house|mend(s|ed|ing)?|set anew|heard|impartial|unrolled|theirs|(worst|largest|deepest) falls?"
    r"|luck alone|set-ups?|fx_bears|on the bench)\b",
    re.IGNORECASE,
)
EXCEPTED = {"CHANGELOG.md", "strategies/base.py", "strategies/pairs.py"}  # they say what was called otherwise before


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def identifiers(path: Path) -> list[tuple[int, str]]:
    """Every name that is bound or used in a file, with its line."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("id", "arg", "attr", "name", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                names.append((getattr(node, "lineno", 0), name))
    return names


@pytest.mark.parametrize("path", [path for path in MODULES if relative(path) not in EXCEPTED], ids=relative)
def test_a_replaced_identifier_does_not_come_back(path):
    used = [f"line {line}: {name}; say {REPLACED[name]}" for line, name in identifiers(path) if name in REPLACED]
    used += [
        f"line {line}: {name}; say drawdown"
        for line, name in identifiers(path)
        if name in YIELDS and not relative(path).startswith(YIELDS[name])
    ]
    assert used == []


def texts(path: Path) -> list[tuple[int, str]]:
    """What a person reads of a module: docstrings, help, messages, pages."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("path", [path for path in MODULES if relative(path) not in EXCEPTED], ids=relative)
def test_a_replaced_phrase_does_not_come_back_in_help_messages_and_docstrings(path):
    assert [f"line {line}: {match[0]}" for line, text in texts(path) for match in PHRASES.finditer(text)] == []


@pytest.mark.parametrize("path", [path for path in PAGES if relative(path) not in EXCEPTED], ids=relative)
def test_a_replaced_phrase_does_not_come_back_in_docs_and_pages(path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    assert [f"line {number}: {match[0]}" for number, line in lines for match in PHRASES.finditer(line)] == []
