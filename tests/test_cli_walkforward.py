"""`divergence walkforward`: what it prints and leaves, what it refuses, its page, and the same from Python."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import backtests
from backtests import config
from backtests.runs import trials
from backtests.runs.listing import listed
from backtests.walkforwards import walk
from tests.command import files
from tests.grids import FADING_BESIDE_A_BOND

ROOT = Path(__file__).resolve().parent.parent
GRID = (
    FADING_BESIDE_A_BOND
    + """\
    params.lookback: [12M, 24M]
    params.enter: {from: 1, to: 2, step: 0.5}
    trade.stop_bp: [30, null]
    costs: [1, 2]
"""
)
LEFT = ["config.yaml", "equity.parquet", "folds.parquet", "manifest.json", "paths.parquet", "walkforward.html",
        "walkforward.json"]  # fmt: skip


@pytest.fixture
def gap(here):
    (here / "gap.yaml").write_text(GRID)
    return here / "gap.yaml"


def test_it_says_what_was_chosen_when_and_what_that_was_worth(divergence, gap):
    answer = divergence("walkforward", "gap.yaml", "--quiet")
    assert answer.status == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0].split()[:2] == ["chosen", "at"] and lines[1].split()[0] == "2009-09-30"
    assert len([line for line in lines if re.match(r"20\d\d-09-30 ", line)]) == 15
    for said in ("in-sample best", "default, fade", "benchmark, bond", "Efficiency ", "not a confidence interval"):
        assert said in answer.out
    sentence = next(line for line in lines if line.startswith("Chosen every 12M"))
    assert "which cannot be told from 0; the best of 12 cells, picked with hindsight on the same bars" in sentence
    (folder,) = (path for path in (gap.parent / "runs").iterdir() if path.is_dir())
    assert re.fullmatch(r"gap-walkforward-\d{8}T\d{6}Z-[0-9a-f]{6}", folder.name)
    assert files(folder) == LEFT
    assert sentence in (folder / "walkforward.html").read_text(encoding="utf-8")


def test_its_folder_is_no_run_and_its_ideas_are_trials(divergence, gap):
    divergence("walkforward", "gap.yaml", "--quiet")
    listing = listed(gap.parent / "runs")
    assert (listing.runs, listing.complaint) == ((), "")
    known = trials.known(gap.parent / "runs")
    assert known.count == 12 + 1  # twelve cells, the benchmark; the default is a cell
    assert {row.source for row in known.rows} == {"walkforward"}
    assert min(len(row.x) for row in known.rows) == 180  # of the benchmark, on the chain; cells have all their bars
    divergence("walkforward", "gap.yaml", "--quiet")
    again = trials.known(gap.parent / "runs")
    assert again.count == 13 and {row.evaluations for row in again.rows} == {2}


def test_json_is_what_the_folder_holds(divergence, gap):
    answer = divergence("walkforward", "gap.yaml", "--quiet", "--json", "--out", "a", "--window", "rolling")
    told = json.loads(answer.out)
    assert told == json.loads(Path("a/walkforward.json").read_text())
    assert told["plan"] == {"train": "10Y", "test": "12M", "step": "12M", "window": "rolling"}
    assert len(told["folds"]) == len(pd.read_parquet("a/folds.parquet")) == 15
    paths = pd.read_parquet("a/paths.parquet")
    sharpes = (paths.mean() / paths.std() * np.sqrt(12)).tolist()
    assert told["cpcv"]["paths"] == pytest.approx(sharpes)
    assert (told["cpcv"]["splits"], len(sharpes)) == (45, 9)
    own = told["results"]["walkforward"]
    assert told["efficiency"] == pytest.approx(own["sharpe"] / told["in_sample_mean"])
    manifest = json.loads(Path("a/manifest.json").read_text())
    assert (manifest["kind"], manifest["cells"]) == ("walkforward", 12)


def test_its_own_configuration_gives_the_same(divergence, gap):
    divergence("walkforward", "gap.yaml", "--out", "a", "--quiet", "--train", "8Y")
    divergence("walkforward", "a/config.yaml", "--out", "b", "--quiet")
    one, other = (json.loads(Path(f"{name}/walkforward.json").read_text()) for name in "ab")
    assert one == other and one["plan"]["train"] == "8Y"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--train", "20Y"], "walkforward: 5 folds of 20Y training and 12M test, stepping 12M, fit in"),
        (["--step", "2Y"], "walkforward.step is 2Y, longer than the test, 12M"),
        (["--train", "ten"], "walkforward.train"),
        (["--window", "sliding"], "walkforward.window"),
        (["--set", "sweep.over={costs: [1, 2]}"], "there is nothing to choose from"),
    ],
)
def test_what_cannot_be_walked_is_one_line_and_nothing_is_written(divergence, gap, words, said):
    answer = divergence("walkforward", "gap.yaml", "--quiet", *words)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert said in answer.err
    assert files(gap.parent) == ["gap.yaml"]


def test_a_configuration_without_a_sweep_says_how_to_add_one(divergence, gap):
    gap.write_text(GRID[: GRID.index("sweep:")])
    answer = divergence("walkforward", "gap.yaml")
    assert answer.status == 2 and "has no sweep; add one" in answer.err


def test_the_page_holds_a_plot_a_setting_and_escapes_what_it_shows(divergence, gap):
    divergence("walkforward", "gap.yaml", "--quiet", "--out", "a")
    page = Path("a/walkforward.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1 + 3 + 1  # growth, a setting each, the paths
    assert page.count('<circle class="path"') == 9
    assert "nan" not in page[page.index("<body>") : page.index("<script>")].lower()


def test_python_gives_what_the_command_writes(divergence, gap):
    divergence("walkforward", "gap.yaml", "--out", "a", "--quiet")
    answer = backtests.walkforward("gap.yaml")
    pd.testing.assert_frame_equal(answer.folds, pd.read_parquet("a/folds.parquet"))
    pd.testing.assert_frame_equal(answer.equity, pd.read_parquet("a/equity.parquet"), check_freq=False)
    assert answer.sentence == json.loads(Path("a/walkforward.json").read_text())["sentence"]
    answer.report("page.html")
    assert Path("page.html").read_bytes() == Path("a/walkforward.html").read_bytes()
    assert repr(answer).startswith("Chosen every 12M")


def test_python_registers_only_where_a_folder_is_given(gap):
    backtests.walkforward("gap.yaml", over={"params.enter": [1, 1.5, 2]}, train="8Y", runs="mine")
    assert trials.known(Path("mine")).count == 4
    assert sorted(path.name for path in gap.parent.iterdir()) == ["gap.yaml", "mine"]


# ---- what the project says of it


def test_the_page_of_it_runs(tmp_path, monkeypatch):
    text = (ROOT / "docs/walkforward.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "gap.yaml").write_text(block)
    assert walk.ideas_of(config.load(tmp_path / "gap.yaml")).count == 15
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/walkforward.md", "exec"), {})
