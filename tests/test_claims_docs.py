"""docs/thesis.md: its table is the claims of config/thesis.yaml, its example a thesis that runs."""

from __future__ import annotations

import importlib.util
import re
from contextlib import chdir
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/thesis.md"


def test_the_table_of_claims_is_that_of_the_configuration():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    text = PAGE.read_text(encoding="utf-8")
    assert generate.filled(text, generate.claims()) == text, "run `make docs` and read what changed"


def test_the_example_is_a_thesis_that_is_judged(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(example)
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    with chdir(tmp_path):
        exec(compile(block, "docs/thesis.md", "exec"), {})  # its last lines assert the answers
