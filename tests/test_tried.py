"""What is registered of runs, comparisons and folders of before: dates, names and places make no trial of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.runs import trials, tried
from backtests.runs.folder import utc_now
from backtests.runs.trials import known, register
from tests.command import SMALL

GOOD = Path(__file__).parent / "fixtures/run-0.1"


@pytest.fixture
def ran(divergence, here, no_pictures):
    """A run of the small configuration in a folder of its own."""
    (here / "small.yaml").write_text(SMALL)
    assert divergence("run", "small.yaml", "-q").status == 0
    return divergence


def choice(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())["choice"]


def only_run(here: Path, name: str) -> Path:
    (folder,) = here.glob(f"runs/{name}-*")
    return folder


def test_another_end_start_name_size_or_folder_adds_no_trial(ran, here):
    before = known(here / "runs")
    assert (before.names, [row.source for row in before.rows]) == (("pair", "bond"), ["run", "run"])
    for words in (
        ["--set", "data.end=2025-06-30"],
        ["--set", "data.start=2020-12-31"],
        ["--set", "name=another", "--set", "variants.pair.params.duration=9"],
        ["--out", "elsewhere/kept"],
    ):
        assert ran("run", "small.yaml", "-q", *words).status == 0
    after = known(here / "runs")
    assert after.ideas == before.ideas
    assert [row.evaluations for row in after.rows] == [5, 5]
    assert {len(row.x) for row in after.rows} == {72}  # the longest: six years
    last = choice(here / "elsewhere/kept")
    assert (last["trials"], last["here"]) == (2, 2)
    sized = choice(only_run(here, "another"))
    assert (sized["trials"], sized["here"], sized["best"]) == (2, 2, last["best"])
    of_many = [judged["best_of_many"] for judged in (last, sized)]
    assert all((each["ideas"], each["tested"]) == (2, 2) for each in of_many)
    assert of_many[0]["p"] == pytest.approx(of_many[1]["p"], abs=0.02)  # a larger book costs and compounds otherwise
    assert not (here / "elsewhere/trials.parquet").exists()
    assert after.entered == {path.name for path in (here / "runs").iterdir() if path.is_dir()}


def test_another_signal_side_or_treatment_of_currency_does_and_under_another_name_too(ran, here):
    assert (
        ran("run", "small.yaml", "-q", "--set", "name=another", "--set", "variants.pair.currency=unhedged").status == 0
    )
    told = known(here / "runs")
    assert (told.count, told.rows[-1].source) == (3, "run --set")
    assert (choice(only_run(here, "another"))["trials"], choice(only_run(here, "another"))["here"]) == (3, 2)
    text = (only_run(here, "another") / "report.html").read_text()
    assert "3 ideas: 2 of this run and 1 tried before, under whatever name (registered: 3 ideas since " in text
    assert "registry began today, " in text


def test_what_a_run_registers_is_its_excess_returns_by_month(ran, here):
    row = known(here / "runs").rows[0]
    stored = only_run(here, "small")
    equity = pd.read_parquet(stored / "equity.parquet")["pair"]
    lines = pd.read_parquet(stored / "attribution.parquet")
    cash = lines[(lines["line"] == "cash") & (lines["variant"] == "pair")].set_index("date")["usd"]
    x = equity.pct_change().iloc[1:] - (cash.reindex(equity.index).fillna(0.0) / equity.shift(1)).iloc[1:]
    np.testing.assert_allclose(row.x, x, rtol=0, atol=1e-14)
    assert row.sharpe == json.loads((stored / "metrics.json").read_text())["variants"]["pair"]["sharpe"]
    assert str(np.datetime64(row.month, "M")) == "2020-01"


def test_run_folders_of_before_the_registry_enter_once_as_the_same_trials(ran, here):
    path = here / "runs/trials.parquet"
    before = known(here / "runs")
    path.unlink()
    shutil.copytree(GOOD, here / "runs/good")
    created = json.loads((GOOD / "manifest.json").read_text())["created"]
    assert ran("compare", "small.yaml", "-q").status == 0
    told = known(here / "runs")
    assert "good" in told.entered
    assert set(told.ideas) == set(before.ideas)  # those of the folder of an earlier version too
    own = {row.idea: row for row in before.rows}
    for row in told.rows:  # two folders, and the comparison
        assert (row.evaluations, row.source) == (3, tried.STORED)
        np.testing.assert_allclose(row.x[-len(own[row.idea].x) :], own[row.idea].x, rtol=0, atol=1e-14)
    stated = tried.stated(told)
    assert (stated["first"], stated["began"]) == (created[:10], f"{utc_now():%Y-%m-%d}")  # it knows what was before
    assert ran("compare", "small.yaml", "-q").status == 0
    assert {row.evaluations for row in known(here / "runs").rows} == {4}


def test_a_run_folder_whose_strategy_is_gone_is_left_out_and_said(ran, here):
    config = only_run(here, "small") / "config.yaml"
    config.write_text(config.read_text().replace("strategy: hold", "strategy: gone"))
    (here / "runs/trials.parquet").unlink()
    told = tried.tried(here / "runs", [], utc_now())
    assert told.trials.count == 0
    (line,) = told.complaints
    assert "the trials of a run are not counted: small-" in line
    assert "unknown strategy 'gone'" in line
    assert told.trials.entered == frozenset()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda runs, patch: patch.setattr(trials, "replace_bytes", refuse),
        lambda runs, patch: (runs / "trials.lock").mkdir(),
        lambda runs, patch: runs.write_text("a file"),
    ],
)
def test_a_registry_that_cannot_be_written_to_is_one_line_and_the_run_is_whole(
    divergence, here, no_pictures, monkeypatch, spoil
):
    (here / "small.yaml").write_text(SMALL)
    if spoil.__code__.co_names[:1] != ("write_text",):
        (here / "runs").mkdir()
    spoil(here / "runs", monkeypatch)
    answer = divergence("run", "small.yaml", "-q", "--out", "kept")
    assert answer.status == 0
    assert answer.err.count("\n") == 1
    assert "this run's trials are not registered" in answer.err
    assert choice(here / "kept")["trials"] == 2


def refuse(path, content):
    raise OSError(30, "Read-only file system")


def test_a_sensitivity_is_no_trial_and_a_thesis_as_of_a_day_is(divergence, here, no_pictures):
    claim = "claims: {falls: {text: US yields fall, measure: {yield: UST10}, says: falls, from: 2023-12-31}}\n"
    (here / "small.yaml").write_text(SMALL + claim)
    assert divergence("sensitivity", "small.yaml", "-q").status == 0
    assert not (here / "runs").exists()
    assert divergence("thesis", "small.yaml", "-q", "--as-of", "2024-12-31").status == 0
    assert [row.source for row in known(here / "runs").rows] == ["thesis --as-of"] * 2


def test_from_python_trials_count_where_a_folder_is_given(here):
    from backtests import api

    (here / "small.yaml").write_text(SMALL)
    alone = api.run("small.yaml")
    assert not (here / "runs").exists()
    register(here / "mine", [trials.Trial("a" * 16, "other", "hold", "sweep", 1.5, 0, 0)])
    counted = api.run("small.yaml", runs="mine")
    assert (alone.stored.choice.trials, counted.stored.choice.trials) == (2, 3)
    assert known(here / "mine").count == 3
    api.compare("small.yaml", runs="mine")
    assert [row.evaluations for row in known(here / "mine").rows] == [1, 2, 2]


def test_what_was_tried_is_listed_by_sharpe_ratio_and_as_json(ran, here):
    register(here / "runs", [trials.Trial(f"{i:016x}", f"many{i}", "carry", "sweep", i / 10, 0, 0) for i in range(60)])
    register(here / "runs", [trials.Trial("f" * 16, "still", "hold", "compare", np.nan, 0, 0)])
    printed = ran("runs", "--trials")
    assert (printed.status, printed.err) == (0, "")
    lines = printed.out.splitlines()
    assert lines[1].split() == [f"{59:016x}", "many59", "carry", "5.90", "0", "1", "1970-01-01", "1970-01-01", "sweep"]
    assert lines[-2] == "… and 13 more, all in --json"
    today = f"{utc_now():%Y-%m-%d}"
    assert lines[-1] == f"63 ideas since 1970-01-01; registry began today, {today}; 63 evaluations."
    record = json.loads(ran("runs", "--trials", "--json").out)
    assert (record["ideas"], record["evaluations"], record["began"]) == (63, 63, today)
    pair, still = record["trials"][0], record["trials"][-1]
    assert (pair["name"], pair["strategy"], pair["source"], pair["months"]) == ("pair", "divergence", "run", 72)
    assert pair["sharpe"] == known(here / "runs").sharpes[0]
    assert (still["sharpe"], still["first"]) == (None, "1970-01-01T00:00:00Z")


def test_a_folder_without_a_registry_and_json_alone_are_told_in_a_line(divergence, here):
    assert divergence("runs", "--trials").out == (
        "no trials are registered in runs; `divergence run` registers what it runs\n"
    )
    assert divergence("runs", "--json").out == '{\n  "runs": []\n}\n'
