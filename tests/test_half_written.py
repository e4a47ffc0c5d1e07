"""What killed processes left half-written is swept, and only that; nothing is written through a link."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from backtests.report.format import guarded
from backtests.runs import folder as run_folder
from data import disk
from tests.command import SMALL, files

GOOD = Path(__file__).parent / "fixtures/run-0.1"


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    return ended.pid


def left(pid: int, name: str = "run") -> str:
    return disk.beside_prefix(name).replace(f"-{os.getpid()}-", f"-{pid}-") + "abcd_123"


def test_what_the_dead_left_is_swept_and_nothing_else(tmp_path, dead):
    kept = [left(os.getpid()), left(dead)[1:], f".run-{dead}-abcd_123", ".hidden", left(dead).replace("-", "_"), "run"]
    for name in (*kept, left(dead), left(dead, "other")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "equity.parquet").write_bytes(b"half")
    other_host = f".run-00000000-{dead}-abcd_123"
    (tmp_path / other_host).mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/mine").write_text("keep")
    (tmp_path / left(dead, "link")).symlink_to(tmp_path / "elsewhere")
    with run_folder.writing(tmp_path / "new"):
        assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".new")) == sorted(
            [*kept, other_host, "elsewhere"]
        )
    assert (tmp_path / "elsewhere/mine").read_text() == "keep"


def test_a_file_replaced_sweeps_those_of_its_own_name(tmp_path, dead):
    for name in ("index.html", "other.html"):
        (tmp_path / left(dead, name)).write_text("half")
    disk.replace_text(tmp_path / "index.html", "whole")
    assert files(tmp_path) == sorted(["index.html", left(dead, "other.html")])


def test_a_killed_run_is_swept_by_the_next(divergence, here, no_pictures, dead):
    (here / "small.yaml").write_text(SMALL)
    (here / "runs" / left(dead, "small-20260101T000000Z-abcdef")).mkdir(parents=True)
    assert divergence("run", "small.yaml", "--quiet").status == 0
    assert [path.name for path in (here / "runs").iterdir() if path.name.startswith(".")] == []


@pytest.fixture
def run(here):
    shutil.copytree(GOOD, here / "run")
    (here / "secret").write_text("mine")
    (here / "secrets").mkdir()
    return here / "run"


def picture(panels, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "equity.png").write_bytes(b"drawn")


def test_a_report_takes_the_place_of_a_link_and_leaves_what_it_led_to(divergence, run, monkeypatch):
    monkeypatch.setattr("backtests.report.plots.save", picture)
    (run / "report.html").unlink(missing_ok=True)
    (run / "report.html").symlink_to(run.parent / "secret")
    (run / "plots").mkdir(exist_ok=True)
    (run / "plots/equity.png").unlink(missing_ok=True)
    (run / "plots/equity.png").symlink_to(run.parent / "secret")
    assert divergence("report", "run").status == 0
    assert (run.parent / "secret").read_text() == "mine"
    assert not (run / "report.html").is_symlink()
    assert (run / "plots/equity.png").read_bytes() == b"drawn"
    assert [path.name for path in run.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_a_link_is_not_written_through(divergence, run, monkeypatch):
    monkeypatch.setattr("backtests.report.plots.save", picture)
    shutil.rmtree(run / "plots", ignore_errors=True)
    (run / "plots").symlink_to(run.parent / "secrets")
    (run.parent / "link").symlink_to("run")
    for name in ("run", "link"):
        answer = divergence("report", name)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert "is a link, which is not written through" in answer.err
    assert files(run.parent / "secrets") == []


def test_a_csv_holds_nothing_that_a_spreadsheet_runs(divergence, here, run):
    for name in ("=cmd()", "@sum"):
        shutil.copytree(GOOD, here / name)
    assert divergence("compare", "=cmd()", "@sum", "--out", "side", "--quiet").status == 0
    table = pd.read_csv(here / "side/compare.csv", dtype=str)
    words = table.stack().dropna().tolist()
    assert any(word.startswith("'=cmd()/") for word in words)
    assert any(word.startswith("-") for word in words)  # figures below 0 are as they were
    for word in words:
        assert guarded(word) == word
