"""A bar in a notebook: shown while something runs, gone when it is over, and nowhere else."""

from __future__ import annotations

import pytest

from backtests import run, sweep
from backtests.report.waiting import bar, waiting
from tests.config_files import load

CONFIG = """
name: waits
account: {capital: 10_000_000}
data: {start: 2015-01-31, end: 2020-12-31}
variants:
  fade: {strategy: reversion, params: {long: UST10, short: JGB10, duration: 5.0}}
"""


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook's front end is sent: (HTML, whether it is written over what was there)."""
    shells = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")
    shell = shells.InteractiveShell.instance()
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    sent: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        shell.display_pub,
        "publish",
        lambda data, metadata=None, **rest: sent.append((data.get("text/html", ""), rest.get("update", False))),
    )
    yield sent
    shells.InteractiveShell.clear_instance()


def test_a_run_says_its_variants_and_leaves_nothing_behind(notebook, tmp_path):
    run(load(tmp_path, CONFIG))
    first, *during, last = notebook
    assert first == ("", False)
    assert (bar("run", "fade", 0, 1), True) in during
    assert last == ("", True)


def test_a_sweep_says_its_cells(notebook, tmp_path):
    sweep(load(tmp_path, CONFIG), over={"params.enter": [1.0, 1.5, 2.0]})
    assert (bar("sweep", "cells", 3, 3), True) in notebook


def test_what_fails_leaves_nothing_behind(notebook):
    with pytest.raises(ZeroDivisionError), waiting("run") as progress:
        progress("half", 1, 2)
        raise ZeroDivisionError
    assert [text for text, _ in notebook] == ["", bar("run", "half", 1, 2), ""]


def test_elsewhere_nothing_is_shown(capsys):
    with waiting("run") as progress:
        progress("half", 1, 2)
    assert capsys.readouterr().out == ""
