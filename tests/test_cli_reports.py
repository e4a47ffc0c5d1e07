"""Runs listed and reports drawn again, the catalogues and the schema."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from strategies import STRATEGIES
from strategies.own import OWN
from tests.command import SMALL

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.usefixtures("no_pictures")


def test_a_report_can_be_drawn_again(divergence, here, small):
    shutil.copytree(small.folder / "result", here / "x")
    before = (here / "x/report.html").read_text()
    (here / "x/report.html").unlink()
    assert divergence("report", "x").status == 0
    assert (here / "x/report.html").read_text() == before


def test_runs_are_listed_newest_first(divergence, here):
    (here / "config.yaml").write_text(SMALL)
    assert "no runs" in divergence("runs").out
    divergence("run", "-q")
    divergence("run", "-q", "--set", "name=later")
    listed = divergence("runs").out
    assert "small-" in listed
    assert "later-" in listed


def test_a_run_being_written_is_not_listed(divergence, here, small):
    shutil.copytree(small.folder / "result", here / "runs/.half")
    assert "no runs" in divergence("runs").out
    (here / "runs/.half").rename(here / "runs/whole")
    assert "whole" in divergence("runs").out


def test_the_catalogues_name_everything(divergence):
    from data.instruments import LIBRARY
    from strategies import STRATEGIES

    strategies, instruments = divergence("strategies").out, divergence("instruments").out
    assert all(f"\n{name}:" in f"\n{strategies}" for name in STRATEGIES)
    assert all(f"\n{name} " in instruments for name in LIBRARY)
    status = divergence("data", "status").out
    assert "us_core_cpi_yoy" in status
    assert "2026-06-30" in status


def test_the_schema_the_editor_uses_is_the_one_the_command_prints(divergence, monkeypatch):
    for name in OWN:
        monkeypatch.delitem(STRATEGIES, name)
    printed = divergence("config", "schema").out
    assert json.loads(printed)["properties"].keys() >= {"name", "data", "variants", "benchmarks"}
    assert (ROOT / "config.schema.json").read_text() == printed
