"""`divergence sweep`: what it prints and leaves, what it refuses, and what an interrupt leaves of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import backtests
from backtests import config
from backtests.runs.listing import listed
from backtests.runs.trials import known
from backtests.sweeps import run
from tests.command import files
from tests.grids import FADING

ROOT = Path(__file__).resolve().parent.parent
GRID = (
    FADING
    + """\
    params.lookback: [12M, 24M]
    params.enter: {from: 1, to: 2, step: 0.25}
    params.duration: [2.5, 5]
    costs: [1, 2]
"""
)
WHOLE = ["config.yaml", "effects.parquet", "manifest.json", "paths.parquet", "sweep.html", "sweep.parquet"]


@pytest.fixture
def gap(here):
    (here / "gap.yaml").write_text(GRID)
    return here / "gap.yaml"


def test_a_sweep_says_what_it_takes_shows_the_best_and_leaves_a_table(divergence, gap):
    answer = divergence("sweep", "gap.yaml", "--threads", "1", "--top", "3")
    assert answer.status == 0
    assert re.search(r"40 cells of 10 ideas at most: about \d+ s on 1 thread, \d+ MB", answer.err)
    assert re.search(r"23 cells in two engines, which agree to \de-1\d of capital", answer.out)
    assert "40 cells of 10 ideas" in answer.out
    assert re.search(r"The best of \d+ ideas has a Sharpe ratio of -?\d\.\d\d; the best of as many without", answer.out)
    (folder,) = (path for path in (gap.parent / "runs").iterdir() if path.is_dir())
    assert re.fullmatch(r"gap-sweep-\d{8}T\d{6}Z-[0-9a-f]{6}", folder.name)
    assert files(folder) == WHOLE
    frame = pd.read_parquet(folder / "sweep.parquet")
    assert len(frame) == 40 and frame["idea"].nunique() == 10
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["state"], manifest["cells"], manifest["ideas"]) == ("complete", 40, 10)
    assert manifest["sentence"] in answer.out
    assert len(manifest["proved"]) == 23


def test_every_idea_is_a_trial_once_however_often_it_is_swept(divergence, gap):
    for out in ("a", "b"):
        assert divergence("sweep", "gap.yaml", "--quiet", "--out", out).status == 0
    trials = known(Path("runs"))
    assert trials.count == 10 and {row.evaluations for row in trials.rows} == {2}
    frame = pd.read_parquet("a/sweep.parquet")
    assert set(trials.ideas) == set(frame["idea"])
    assert all(len(row.x) == 179 for row in trials.rows)
    chosen = frame[(frame["params.duration"] == 5) & (frame["costs"] == 1)].set_index("idea")["sharpe"]
    assert dict(zip(trials.ideas, trials.sharpes.tolist(), strict=True)) == chosen.to_dict()


def test_a_sweep_is_no_run_that_is_listed_or_complained_of(divergence, gap):
    divergence("sweep", "gap.yaml", "--quiet")
    listing = listed(gap.parent / "runs")
    assert (listing.runs, listing.complaint) == ((), "")


def test_its_own_configuration_gives_the_same_table(divergence, gap):
    divergence("sweep", "gap.yaml", "--out", "a", "--quiet")
    divergence("sweep", "a/config.yaml", "--out", "b", "--quiet")
    assert Path("a/sweep.parquet").read_bytes() == Path("b/sweep.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("params.enter", "params.entry"), "gap.yaml:10: sweep.over.params.entry: unknown key"),
        (("    costs: [1, 2]", "    costs: {from: 0, to: 1000, step: 0.000001}"), "values; at most 1,000,000"),
        (("base: fade", "base: fad"), "'fad' is not a variant; did you mean 'fade'?"),
        (("duration: 5.0}", "duration: 5.0, long: JGB40}"), "variant 'fade' never trades"),
    ],
)
def test_what_cannot_be_swept_is_one_line_and_nothing_is_written(divergence, gap, change, words):
    gap.write_text(GRID.replace(*change).replace("2010-01-31, end: 2024-12-31", "2003-01-31, end: 2006-12-31"))
    answer = divergence("sweep", "gap.yaml")
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert words in answer.err
    assert files(gap.parent) == ["gap.yaml"]


def test_a_single_cell_and_a_billion_are_refused(divergence, gap):
    answer = divergence("sweep", "gap.yaml", "--set", "sweep.over={costs: [1]}")
    assert answer.status == 2 and "is a single cell, which `divergence run` runs" in answer.err
    steps = ", ".join(f"params.{name}: {{from: 1, to: 11, step: 0.01}}" for name in ("enter", "duration", "leave"))
    answer = divergence("sweep", "gap.yaml", "--set", f"sweep.over={{{steps}}}")
    assert answer.status == 2 and "cells are more than one machine runs" in answer.err
    assert files(gap.parent) == ["gap.yaml"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--resume", "gone"), "gone: is no folder of a sweep (No such file or directory)"),
        (("--resume", "other"), "other: is no folder of a sweep"),
        (("--out", "gap.yaml"), "--out gap.yaml: already exists"),
        (("--out", "."), "--out .: already exists"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_computed(divergence, gap, words, told):
    Path("other").mkdir()
    Path("other/manifest.json").write_text('{"kind": "sweep", "format": 1, "identity": {"sha256": ""}}')
    answer = divergence("sweep", "gap.yaml", *words)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert told in answer.err
    assert files(gap.parent) == ["gap.yaml", "other", "other/manifest.json"]


def test_settings_that_never_trade_are_swept_and_said(divergence, gap):
    answer = divergence("sweep", "gap.yaml", "--set", "sweep.over={params.enter: [20, 30]}", "--out", "own")
    assert answer.status == 0
    assert "No cell has a Sharpe ratio: none that was run was ever in the market." in answer.out
    assert "No cell has a Sharpe ratio" in Path("own/sweep.html").read_text(encoding="utf-8")


def test_a_disk_that_is_full_is_one_line_and_nothing_reads_as_complete(divergence, gap, monkeypatch):
    def full(path, tables):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("backtests.sweeps.store.write_table", full)
        answer = divergence("sweep", "gap.yaml", "--out", "a", "--quiet")
    assert (answer.status, len(answer.err.splitlines())) == (3, 1)
    assert "No space left on device" in answer.err and "--resume a" in answer.err
    assert json.loads(Path("a/manifest.json").read_text())["state"] == "running"
    assert not Path("a/sweep.parquet").exists()
    assert divergence("sweep", "gap.yaml", "--resume", "a", "--quiet").status == 0
    assert (
        "a: is complete; nothing is left to run; `divergence report a`"
        in divergence("sweep", "gap.yaml", "--resume", "a").err
    )


def test_what_was_begun_otherwise_is_not_gone_on_with(divergence, gap, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("backtests.sweeps.prove.prove", lambda *given: 1 / 0)
        assert divergence("sweep", "gap.yaml", "--out", "a", "--quiet").status == 70
    gap.write_text(GRID.replace("from: 1, to: 2", "from: 1.1, to: 2"))
    answer = divergence("sweep", "gap.yaml", "--out", "a")
    assert answer.status == 2 and "was begun with other configuration or data" in answer.err
    assert "no folder of a sweep" in divergence("sweep", "gap.yaml", "--resume", ".").err


@pytest.mark.slow
def test_an_interrupted_sweep_says_what_it_holds_and_how_to_go_on(here):
    (here / "gap.yaml").write_text(GRID.replace("step: 0.25", "step: 0.0005").replace("[1, 2]", "[1]"))
    words = [sys.executable, "-m", "backtests.cli", "sweep", "gap.yaml", "--out", "cut", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(Path("cut/cells").glob("cells-*")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130
    assert re.fullmatch(r"error: interrupted; cut holds \d parts?; go on with --resume cut\n", told)
    assert not [path for path in files(here / "cut") if "/." in path]


@pytest.mark.slow
def test_a_sweep_killed_at_any_moment_goes_on_to_the_same_bytes(here):
    (here / "gap.yaml").write_text(GRID.replace("step: 0.25", "step: 0.002").replace("[1, 2]", "[1]"))

    def begin(folder: str, threads: int, *more: str) -> subprocess.Popen[bytes]:
        words = ["sweep", "gap.yaml", "--threads", str(threads), "--quiet", *more]
        command = [sys.executable, "-m", "backtests.cli", *words, "--out", folder]
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)

    assert begin("whole", 1).wait() == 0
    kills = 0
    for moment in (0.0, 0.05, 0.2):
        process = begin("cut", 2)
        deadline = time.monotonic() + 60
        held = len(list(Path("cut/cells").glob("cells-*")))
        while process.poll() is None and len(list(Path("cut/cells").glob("cells-*"))) <= held:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(moment)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        if Path("cut/sweep.parquet").exists():
            break
        assert json.loads(Path("cut/manifest.json").read_text())["state"] == "running"
    assert kills >= 2
    if not Path("cut/sweep.parquet").exists():
        assert begin("cut", 2).wait() == 0
    assert Path("cut/sweep.parquet").read_bytes() == Path("whole/sweep.parquet").read_bytes()
    assert files(here / "cut") == WHOLE


def test_python_gives_the_frame_that_the_command_writes(divergence, gap):
    divergence("sweep", "gap.yaml", "--out", "a", "--quiet")
    frame = backtests.sweep("gap.yaml")
    pd.testing.assert_frame_equal(frame, pd.read_parquet("a/sweep.parquet"), check_categorical=False)
    assert sorted(path.name for path in gap.parent.iterdir()) == ["a", "gap.yaml", "runs"]
    assert {row.evaluations for row in known(Path("runs")).rows} == {1}  # Python told no registry
    backtests.sweep("gap.yaml", runs="runs")
    assert {row.evaluations for row in known(Path("runs")).rows} == {2}


def test_python_takes_settings_of_its_own(gap):
    import numpy as np

    frame = backtests.sweep("gap.yaml", over={"params.enter": np.array([1.0, 2.0]), "costs": (1, 2)}, score="sharpe")
    assert frame[["params.enter", "costs"]].to_numpy().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]


# ---- what the project says of it


def test_the_shipped_example_and_the_page_of_it_run(tmp_path, monkeypatch):
    text = (ROOT / "docs/sweep.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "gap.yaml").write_text(block)
    assert len(backtests.sweep(tmp_path / "gap.yaml")) == 200
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(code, "docs/sweep.md", "exec"), {})
    grid = config.grid(config.load(ROOT / "config/sweep.yaml"))
    assert grid.count == 1080 and run.counts(grid)[1] == 270
