"""What a series of the store points to: a small JSON that names the file, and the one before, and carries its own hash.

It is checked to the letter: written again, what it says must come to the same text. Those of earlier versions carry no
hash, and are taken by what they hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.disk import MEGABYTE, read_regular

LARGEST = 16 * MEGABYTE
NEEDED = {"series": str, "file": str, "sha256": str, "vintages": list}
GIVEN: dict[str, Any] = {"before": str | None, "spec": dict, "said": dict, "check": str}  # where there is any
KNOWN = {*NEEDED, *GIVEN}
VINTAGE = {"fetched": str, "source": str, "added": int, "restated": int, "kept": int}


def text(state: Mapping[str, Any]) -> str:
    """Return a state as its file has it, its own hash at the end."""
    plain = {key: value for key, value in state.items() if key != "check"}
    digest = hashlib.sha256(json.dumps(plain, indent=1).encode()).hexdigest()
    return json.dumps({**plain, "check": digest}, indent=1)


def read(path: Path) -> dict[str, Any]:
    """Return the state that a file holds.

    Raises
    ------
    OSError
        A file that cannot be read.
    ValueError
        One whose content is not what its hash says, or not what a store writes.
    """
    content = read_regular(path, LARGEST).decode()
    try:
        state = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(state, dict) or not KNOWN.issuperset(state):
        raise ValueError("its keys are not those of a store")
    if "check" in state and text(state) != content:
        raise ValueError("its content is not what its hash says")
    _check(state, NEEDED)
    if not state["vintages"]:
        raise ValueError("has no vintages")
    for vintage in state["vintages"]:
        _check(vintage, VINTAGE)
    for key, kind in GIVEN.items():
        if key in state and not isinstance(state[key], kind):
            raise ValueError(f"{key} is not what a store writes")
    if not all(isinstance(text, str) for text in state.get("said", {}).values()):
        raise ValueError("said holds what is no text")
    if Path(state["file"]).name != state["file"]:
        raise ValueError("names no file beside it")
    return state


def _check(values: Any, kinds: Mapping[str, type]) -> None:
    for key, kind in kinds.items():
        if not isinstance(values, dict) or not isinstance(values.get(key), kind):
            raise ValueError(f"lacks {key}")
