"""docs/add_a_strategy.md followed to the letter: the strategy is there, is held to its law, and breaks no test."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "data", "strategies", "backtests", "tests", "docs", "config", "pyproject.toml", "config.yaml",
    "config.schema.json", "constraints.txt", "README.md",
)  # fmt: skip
HELD_TO = (
    "tests/test_architecture.py", "tests/test_strategy_docs.py", "tests/test_invariants.py",
    "-k", "architecture or registry or section or fade",
)  # fmt: skip


def blocks(language: str) -> list[str]:
    page = (ROOT / "docs/add_a_strategy.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def checkout(tmp_path):
    """A copy of the project with the file and the line of the page."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / "strategies/own/fade.py").write_text(blocks("python")[0], encoding="utf-8")
    table = tmp_path / "strategies/own/__init__.py"
    imported, line = blocks("text")[0].strip().split("\n\n")
    text = table.read_text(encoding="utf-8").replace("OWN: dict[str, type[Strategy]] = {}", line)
    text = text.replace("from strategies.base import Strategy", f"from strategies.base import Strategy\n{imported}")
    table.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_strategy_of_ones_own_runs_and_fails_no_test(checkout):
    (checkout / "mine.yaml").write_text(blocks("yaml")[0])
    environment = {"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin", "HOME": str(checkout)}

    def python(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", *words]
        return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)

    run = python("-m", "backtests.cli", "run", "mine.yaml", "--quiet", "--out", "result")
    assert run.returncode == 0, run.stderr
    assert "fade" in run.stdout
    tests = python("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *HELD_TO)
    assert tests.returncode == 0, tests.stdout[-3000:]
    lint = python("-m", "ruff", "check", "strategies")
    assert lint.returncode == 0, lint.stdout
