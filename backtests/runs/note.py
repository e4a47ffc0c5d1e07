"""What a person wrote about a run: a file in its folder that no run writes and nothing computed rests on."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.disk import MEGABYTE, is_folder, read_regular, replace_text
from data.errors import ConfigError, shortened

FILE = "note.json"
LONGEST, MOST = 2_000, 20  # characters of a note, and tags
TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Note:
    """A text and tags; `damaged` where the file cannot be read."""

    text: str = ""
    tags: tuple[str, ...] = ()
    damaged: bool = False


def read(run: Path) -> Note:
    """Return the note of a run folder; an empty one where there is none."""
    try:
        content = json.loads(read_regular(run / FILE, MEGABYTE))
        text, tags = content["text"], content["tags"]
        if not isinstance(text, str) or not all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in tags):
            return Note(damaged=True)
        text.encode()
        return Note(text, tuple(tags))
    except FileNotFoundError:
        return Note()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Note(damaged=True)


def write(run: Path, text: str | None, tags: Sequence[str]) -> Note:
    """Replace the text of a run's note, unless None, and add tags to it; return what it is then.

    Raises
    ------
    ConfigError
        A folder that is no run's, a text that is too long, or a tag that is none.
    """
    if not is_folder(run) or not (run / "manifest.json").is_file():
        raise ConfigError(f"{shortened(run, 200)}: no such run; `divergence runs` lists them")
    if text is not None and len(text) > LONGEST:
        raise ConfigError(f"the note has {len(text):,} characters; at most {LONGEST:,} are kept")
    for tag in tags:
        if not TAG.fullmatch(tag):
            raise ConfigError(f"tag '{shortened(tag, 40)}': letters, digits, - _ . and at most 32 of them")
    before = read(run)
    kept = tuple(dict.fromkeys([*before.tags, *tags]))
    if len(kept) > MOST:
        raise ConfigError(f"{len(kept)} tags; a run has {MOST} at most")
    after = Note(before.text if text is None else text, kept)
    content = json.dumps({"text": after.text, "tags": list(after.tags)}, ensure_ascii=False, indent=2)
    replace_text(run / FILE, content + "\n")
    return after
