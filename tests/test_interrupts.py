"""A command that is interrupted says in one line what was kept, which is true, and ends as a shell expects."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from backtests.runs import runner
from data import store as stores
from data import vintages
from tests.command import SMALL, files

DAYS = pd.bdate_range("2019-01-01", periods=400).rename("observation_date")
LEVELS = {"DGS10": 4.1, "DEXJPUS": 140.0, "DFF": 5.3, "SOFR": 5.2}
ENDS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}


@pytest.fixture
def brought(here, monkeypatch):
    """Four files of a series each, and a store that is empty."""
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    for name, level in LEVELS.items():
        pd.DataFrame({name: level}, index=DAYS).to_csv(here / f"{name}.csv")
    return [f"{name}.csv" for name in LEVELS]


def stored(home: Path) -> list[str]:
    return sorted(path.parent.name for path in home.glob("series/*/current.json"))


def after(count: int, number: int, function):
    """The same function, and at the end of its n-th call a signal."""
    calls = []

    def interrupted(*arguments, **named):
        value = function(*arguments, **named)
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), number)
        return value

    return interrupted


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_import_says_what_it_had_stored(divergence, here, brought, monkeypatch, number, count):
    monkeypatch.setattr(stores.Store, "admit", after(count, number, stores.Store.admit))
    answer = divergence("data", "import", *brought)
    status, what = ENDS[number]
    kept = stored(here / "home")
    assert len(kept) == count
    assert (answer.status, answer.err) == (status, f"error: {what}; kept, each whole: {', '.join(kept)}\n")
    monkeypatch.undo()


def test_an_import_that_had_stored_nothing_says_so(divergence, here, brought, monkeypatch):
    monkeypatch.setattr(vintages, "quarantine", after(1, signal.SIGINT, vintages.quarantine))
    answer = divergence("data", "import", *brought)
    assert (answer.status, answer.err) == (130, "error: interrupted; nothing was kept\n")
    assert stored(here / "home") == []


def test_what_was_stored_before_is_not_said_to_be_kept_now(divergence, brought, monkeypatch):
    divergence("data", "import", *brought[:2])
    monkeypatch.setattr(stores.Store, "admit", after(3, signal.SIGINT, stores.Store.admit))
    assert divergence("data", "import", *brought).err == "error: interrupted; kept, each whole: fed_funds\n"


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize(("holder", "name"), [(runner, "begin"), (runner.Begun, "finish")])
def test_a_run_that_is_stopped_leaves_nothing(divergence, here, monkeypatch, number, holder, name):
    (here / "small.yaml").write_text(SMALL)
    monkeypatch.setattr(holder, name, after(1, number, getattr(holder, name)))
    answer = divergence("run", "small.yaml", "--quiet")
    status, what = ENDS[number]
    assert (answer.status, answer.err) == (status, f"error: {what}; nothing was kept\n")
    assert files(here) == ["small.yaml"]


def test_a_run_that_is_stopped_after_it_was_written_says_that_it_is_whole(divergence, here, monkeypatch, no_pictures):
    (here / "small.yaml").write_text(SMALL)
    monkeypatch.setattr("backtests.cli.run._show", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    answer = divergence("run", "small.yaml", "--quiet", "--out", "kept")
    assert (answer.status, answer.err) == (130, "error: interrupted; kept is whole\n")
    assert divergence("report", "kept").status == 0


@pytest.mark.parametrize("number", ENDS)
def test_an_interrupt_that_comes_in_a_destructor_is_not_lost(here, brought, number):
    code = (
        "import os, sys, time\n"
        "from backtests.cli import main\n"
        "from data.sources import files\n"
        "class Dying:\n"
        "    def __del__(self): os.kill(os.getpid(), int(sys.argv.pop()))\n"
        "def read(*_, **__):\n"
        "    Dying()\n"
        "    time.sleep(20)\n"
        "files.read = read\n"
        "main()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, "data", "import", brought[0], str(int(number))], capture_output=True, text=True,
        timeout=60, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    status, what = ENDS[number]
    assert (answer.returncode, answer.stderr) == (status, f"error: {what}; nothing was kept\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDS)
def test_at_whatever_moment_it_comes(here, brought, number):
    command = Path(sys.executable).parent / "divergence"
    for i in range(10):
        with subprocess.Popen(
            [command, "data", "import", *brought], cwd=here, text=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "DIVERGENCE_HOME": str(here / f"home-{i}")},
        ) as importing:  # fmt: skip
            time.sleep(0.15 + 0.12 * i)
            importing.send_signal(number)
            error = importing.communicate(timeout=60)[1]
        kept = stored(here / f"home-{i}")
        status, what = ENDS[number]
        if importing.returncode == 0:
            assert (len(kept), error) == (len(LEVELS), "")
        else:
            told = f"kept, each whole: {', '.join(kept)}" if kept else "nothing was kept"
            assert (importing.returncode, error) == (status, f"error: {what}; {told}\n")
