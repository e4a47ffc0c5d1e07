"""A configuration as text, loaded or refused, for the tests of backtests/config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backtests import config
from backtests.config import Config, Variant
from data.errors import ConfigError

BASE = "name: run\nvariants: {a: {strategy: policy}}\n"  # what a test adds starts on line 3


def load(folder: Path, text: str, *settings: str) -> Config:
    """Load a configuration of this text; `settings` are `a.b=value`."""
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, settings)


def variants(folder: Path, text: str, *settings: str) -> dict[str, Variant]:
    """Load variants, one key of two spaces each, and return them by name."""
    return {variant.name: variant for variant in load(folder, f"name: run\nvariants:\n{text}", *settings).variants}


def refusal(folder: Path, text: str, *settings: str) -> str:
    """Return the message, one line, that refuses a configuration; what it says of the folder is cut off."""
    with pytest.raises(ConfigError) as refused:
        load(folder, text, *settings)
    message = str(refused.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


def at(data: Any, dotted: str) -> Any:
    """Return the value at `a.b` of nested mappings."""
    for key in dotted.split("."):
        data = data[key]
    return data
