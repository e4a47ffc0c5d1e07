"""Write docs/configuration.md: every key of a configuration file, from where the code keeps it.

python docs/configuration.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backtests.config.reference import ANY, OVERLAY, PARAMS, Key, keys, top

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/configuration.md"
HEAD = """# Every key of a configuration

`divergence docs KEY` prints an entry of this page, and editors show the same on hover (`config.schema.json`). In a path
NAME is whatever the file calls a variant, an instrument, a country or a claim. A key without a default may be left out.
Anything wrong with a file is one line that names the file, the line, the value and the remedy.
"""


def page() -> str:
    """Return the page."""
    own = [key for key in keys() if key.path.split(".")[0] not in (PARAMS, OVERLAY)]
    plain = [key for key in top() if not _inside(key, own)]
    parts = [HEAD, "## At the top\n", _table(plain)]
    for section in (key for key in top() if _inside(key, own)):
        parts += [
            f"## {section.path}\n",
            f"{_sentence(section.meaning)} {_code(section.example)}\n",
            _table(_inside(section, own)),
        ]
    for place, title in ((PARAMS, "Parameters of strategies"), (OVERLAY, "Parameters of overlays")):
        parts += [
            f"## {title}\n",
            _lead(place),
            _table([key for key in keys() if key.path.startswith(f"{place}.")], users=True),
        ]
    return "\n".join(parts)


def _inside(section: Key, own: Sequence[Key]) -> list[Key]:
    return [key for key in own if key.path.startswith(f"{section.path}.")]


def _lead(place: str) -> str:
    if place == PARAMS:
        return "Under `params` of a variant. By strategy, with what each rests on: [strategies](strategies.md).\n"
    return "Under `overlays` of a variant, a list of one name each, the first innermost.\n"


def _table(rows: Sequence[Key], users: bool = False) -> str:
    head = ("key", "what it is for", "takes", "unit", "default", "example", *(("of",) if users else ()))
    lines = [head, ("---",) * len(head)]
    for key in rows:
        cells = [f"`{_short(key)}`", key.meaning, key.takes, key.unit, key.default, _code(key.example)]
        lines.append((*(_cell(cell) for cell in cells), *((", ".join(key.users),) if users else ())))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _short(key: Key) -> str:
    """The path below the section and what a file names."""
    parts = key.path.split(".")
    return ".".join(parts[1:] if parts[1:2] != [ANY] else parts[2:]) if len(parts) > 1 else key.path


def _cell(text: str) -> str:
    return text.replace("|", ",").replace(" ,", ",")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}:"


if __name__ == "__main__":
    new = page()
    changed = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != new
    PAGE.write_text(new, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {'rewritten' if changed else 'as it was'}")
