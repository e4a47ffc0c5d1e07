"""Run folders of earlier versions: still listed, compared and drawn; or one line says what to do."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from backtests import cli
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.manifest import FORMAT
from backtests.runs.snapshot import snapshot
from data.errors import ConfigError

FIXTURES = Path(__file__).parent / "fixtures"
FORMER = ("run-first", "run-0.1")


@pytest.fixture
def runs(tmp_path):
    for name in FORMER:
        shutil.copytree(FIXTURES / name, tmp_path / "runs" / name)
    return tmp_path / "runs"


def divergence(monkeypatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["divergence", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", FORMER)
def test_the_report_is_drawn_again(name, runs, monkeypatch, capsys):
    assert divergence(monkeypatch, "report", runs / name) == 0
    page = (runs / name / "report.html").read_text(encoding="utf-8")
    assert all(variant in page for variant in run_folder.load(runs / name).metrics)
    assert len(list((runs / name / "plots").iterdir())) >= 4


def test_they_are_compared(runs, monkeypatch, capsys):
    assert divergence(monkeypatch, "compare", *(runs / name for name in FORMER), "--quiet") == 0
    assert "run-first/pair" in capsys.readouterr().out.replace("first/", "run-first/")


def test_they_are_listed(runs, monkeypatch, capsys):
    assert divergence(monkeypatch, "runs", runs) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in FORMER)


def test_a_folder_of_a_later_version_says_so_in_one_line(runs):
    path = runs / "run-0.1" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": FORMAT + 1}))
    with pytest.raises(ConfigError, match=rf"written by a later version \(format {FORMAT + 1}.*; update divergence"):
        run_folder.load(runs / "run-0.1")


@pytest.mark.parametrize("spoilt", ["legs", "variants"])
def test_a_manifest_that_lacks_what_is_needed_says_so_in_one_line(spoilt, runs, monkeypatch, capsys):
    path = runs / "run-0.1" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest[spoilt]
    path.write_text(json.dumps(manifest))
    assert divergence(monkeypatch, "report", runs / "run-0.1") == 2
    error = capsys.readouterr().err
    assert f"run-0.1: its manifest.json lacks {spoilt}; run its config.yaml again" in error


def test_a_finished_run_and_its_folder_are_the_same(tmp_path):
    from backtests import config

    (tmp_path / "config.yaml").write_text((FIXTURES / "run-0.1" / "config.yaml").read_text(encoding="utf-8"))
    stored = snapshot(runner.run(config.load(tmp_path / "config.yaml")))
    run_folder.write(stored, tmp_path)
    again = run_folder.load(tmp_path)
    for name, value in vars(stored).items():
        other = getattr(again, name)
        if hasattr(value, "dtypes"):
            assert value.equals(other), name
            assert list(value.dtypes) == list(other.dtypes), name
        elif name != "folder":
            assert value == other, name
