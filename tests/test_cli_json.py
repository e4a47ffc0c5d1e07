"""`--json`: stdout is one JSON value and what is said goes to stderr; the status is what it would have been."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from data.instruments import LIBRARY
from strategies import OVERLAYS, STRATEGIES
from tests.command import SMALL


@pytest.fixture
def small_here(here, small):
    Path("small.yaml").write_text(SMALL)
    shutil.copytree(small.folder / "result", here / "runs/one")
    return here


ASKED = {
    "config check small.yaml": "small.yaml: good, 2 variants",
    "compare runs/one -q": "variant",
    "sensitivity small.yaml --variant bond -q": "bond: ",
    "ticket small.yaml --variant pair -q": "pair: divergence",
    "data status": "bundled month ends",
    "data verify": "0 series: ",
}


@pytest.mark.parametrize("words", ASKED)
def test_stdout_is_json_alone_and_what_is_said_goes_to_stderr(words, small_here, divergence, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(small_here / "home"))
    plain, answer = divergence(*words.split()), divergence(*words.split(), "--json")
    assert answer.status == plain.status == 0
    assert isinstance(json.loads(answer.out), dict)
    assert ASKED[words] in plain.out
    assert ASKED[words] in answer.err


@pytest.mark.usefixtures("no_pictures")
def test_a_run_answers_its_folder_and_the_figures_in_it(small_here, divergence):
    answer = divergence("run", "small.yaml", "--json", "--out", "result")
    told = json.loads(answer.out)
    stored = json.loads(Path("result/metrics.json").read_text())
    assert told["folder"] == "result"
    assert told["variants"] == stored["variants"]
    assert "report: result/report.html" in answer.err


def test_a_sweep_answers_its_folder_its_sentence_and_the_best(here, divergence):
    Path("sweep.yaml").write_text(
        SMALL.replace("bond:", "fade: {strategy: reversion}\n  bond:")
        + "sweep: {base: fade, over: {params.lookback: [12M, 24M], params.enter: [1, 1.5, 2]}}\n"
    )
    answer = divergence("sweep", "sweep.yaml", "-q", "--out", "swept", "--json")
    told = json.loads(answer.out)
    assert told["folder"] == "swept" and told["sentence"] in answer.err
    assert [row["plateau"] for row in told["best"]] == sorted((row["plateau"] for row in told["best"]), reverse=True)


def test_what_fails_prints_no_json(small_here, divergence):
    status, out, err = divergence("config", "check", "small.yaml", "--set", "account.capitol=1", "--json")
    assert (status, out) == (2, "")
    assert "did you mean 'capital'?" in err


def test_lists_are_whole(small_here, divergence):
    stored = json.loads(Path("runs/one/metrics.json").read_text())["variants"]
    told = json.loads(divergence("runs", "--json").out)["runs"]
    assert {row["variant"]: row["sharpe"] for row in told} == {name: own["sharpe"] for name, own in stored.items()}
    assert [each["name"] for each in json.loads(divergence("instruments", "--json").out)] == list(LIBRARY)
    told = json.loads(divergence("strategies", "--json").out)
    assert [each["name"] for each in told] == [*STRATEGIES, *OVERLAYS]
    (curve,) = json.loads(divergence("strategies", "curve", "--json").out)
    assert [each["name"] for each in curve["parameters"]][:3] == ["front", "back", "trade"]


def test_what_is_not_finite_is_null(capsys):
    from backtests.cli import terminal

    terminal.answer({"a": float("nan"), "b": [float("inf"), 1.5], "c": ("x",)})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": ["x"]}
