"""The long demonstrations of `make proof` still run: each once, as small as it goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("script", "count", "said"),
    [
        ("dated.py", 3, "3 dated trades, "),
        ("importer.py", 5, "5 tables: "),
        ("kernel.py", 3, "two threads change no bit"),
        ("killed.py", 1, "0 lost anything"),
        ("plateau.py", 2, "; 2 records)"),
        ("resumed.py", 1, "2 workers: 1 kills"),
    ],
)
def test_a_proof_runs_and_holds(script, count, said):
    answer = subprocess.run(
        [sys.executable, f"tests/proof/{script}", str(count)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")
    assert said in answer.stdout
