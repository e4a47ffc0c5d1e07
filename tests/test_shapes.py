"""docs/files.md is what the readers make of its examples, and every publisher's format is among them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from data.sources import registry

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def shapes():
    spec = importlib.util.spec_from_file_location("shapes", ROOT / "docs/shapes.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["shapes"] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["shapes"]


def test_the_page_is_what_the_readers_make(shapes):
    assert (ROOT / "docs/files.md").read_text(encoding="utf-8") == shapes.page()


def test_every_publishers_format_is_shown_and_read(shapes):
    titles = {example.title for example in shapes.EXAMPLES}
    assert {form.name for source in registry.SOURCES for form in source.formats} <= titles


def test_every_example_is_read_and_every_question_is_not(shapes):
    for example in shapes.EXAMPLES:
        assert all("read as: " in line for line in shapes._read(example)), example.title
    for example in shapes.QUESTIONS:
        (line,) = shapes._read(example)
        assert "read as: " not in line, example.title
