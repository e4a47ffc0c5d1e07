"""`divergence compare`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from backtests import config
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from backtests.runs.trials import known
from tests.command import files
from tests.test_compare import TWO

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def divergence(divergence, here):
    (here / "two.yaml").write_text(TWO)
    return partial(divergence, "compare")


def test_compare_prints_what_it_found_and_writes_nothing_but_what_it_tried(divergence, tmp_path):
    status, out, _ = divergence("two.yaml", "--quiet")
    assert status == 0
    assert "Common window 2015-12-31 to 2025-12-31, 121 rows." in out
    assert "Sharpe ratios significantly different from bond's at the 5 % level" in out
    assert max(map(len, out.splitlines())) <= 150
    assert files(tmp_path) == ["runs", "runs/trials.lock", "runs/trials.parquet", "two.yaml"]
    assert {row.source for row in known(tmp_path / "runs").rows} == {"compare"}


def test_compare_of_two_folders_says_they_are_identical_and_writes_page_and_figures(divergence, tmp_path):
    done = runner.run(config.load(tmp_path / "two.yaml"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run_folder.write(snapshot(done), tmp_path / name)
    status, out, _ = divergence("a", "b", "--at-vol", "5%", "--out", "side")
    assert status == 0
    assert "a and b: identical. All 2 variants they share are equal in equity to 1e-9 of capital." in out
    assert sorted(path.name for path in (tmp_path / "side").iterdir()) == [
        "compare.csv",
        "compare.html",
        "compare.json",
    ]
    record = json.loads((tmp_path / "side" / "compare.json").read_text())
    table = pd.read_csv(tmp_path / "side" / "compare.csv", index_col="name")
    assert list(table.index) == list(record["variants"]) == ["a/pair", "b/pair", "a/bond", "b/bond"]
    for name, one in record["variants"].items():
        assert table.loc[name, "sharpe"] == pytest.approx(one["figures"]["sharpe"], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["two.yaml", "--at-vol", "lots"], "--at-vol 'lots'"),
        (["nothing.yaml"], "nothing.yaml"),
        (["two.yaml", "--out", "two.yaml"], "--out two.yaml: already exists"),
        (["."], "is not a run folder"),
    ],
)
def test_compare_refuses_in_one_line(divergence, tmp_path, arguments, complaint):
    status, out, err = divergence(*arguments)
    assert (status, out) == (2, "")
    assert complaint in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["two.yaml"]


def test_settings_for_run_folders_alone_are_refused(divergence, tmp_path):
    (tmp_path / "a").mkdir()
    status, _, err = divergence("a", "--set", "fill=next_close")
    assert status == 2
    assert "--set changes configurations" in err
