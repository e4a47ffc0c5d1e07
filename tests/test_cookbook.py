"""docs/cookbook.md: twelve questions, each a configuration that runs, and the answers it says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from backtests.runs import runner
from docs.blocks import read

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("cookbook", ROOT / "docs/cookbook.py")
cookbook = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cookbook)

TEXT = cookbook.PAGE.read_text(encoding="utf-8")
RECIPES = cookbook.configurations(TEXT)


def test_twelve_questions_have_a_configuration_an_answer_and_a_picture_each():
    assert len(RECIPES) == len(re.findall(r"^## \d+\. .*\?$", TEXT, re.MULTILINE)) == 12
    assert re.findall(r"<!-- begin: (\w+) -->", TEXT) == list(RECIPES)
    for name in RECIPES:
        assert (cookbook.PICTURES / f"{name}.png").stat().st_size < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_an_answer_is_what_its_configuration_makes(name):
    made = cookbook.answer(runner.run(RECIPES[name]))  # raises where the two engines disagree
    assert read(TEXT)[name] == made, "run `make docs` and read what changed"
