"""The command line, run in this process, and a configuration small enough to run often."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from backtests import cli

SMALL = """
name: small
thesis_date: 2024-01-01
data: {start: 2019-12-31, end: 2025-12-31}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
"""


class Answer(NamedTuple):
    """What the command ended with and printed."""

    status: int
    out: str
    err: str


class Ran(NamedTuple):
    """A folder the command was run in, and its answer."""

    folder: Path
    answer: Answer


def divergence(*words: object) -> Answer:
    """Run `divergence WORDS` in the current folder."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["divergence", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
    printed = (stream.buffer.getvalue().decode() for stream in (out, err))
    return Answer(int(end.value.code or 0), *printed)


def files(folder: Path) -> list[str]:
    """Everything under a folder, by its path within."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
