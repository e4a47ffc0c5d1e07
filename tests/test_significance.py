"""What a run stores of significance: every trial counted once, the same seed the same figures, read back as it was."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from backtests import config
from backtests.performance import inference, metrics, selection
from backtests.runs import folder as run_folder
from backtests.runs import runner, significance, tried
from backtests.runs.snapshot import snapshot
from backtests.runs.trials import Trial, register

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
name: trial
data: {start: 2012-01-31, end: 2020-06-30}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10, sizing: duration, duration: 5.0}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    path = tmp_path_factory.mktemp("trial") / "trial.yaml"
    path.write_text(CONFIG)
    return runner.run(config.load(path))


def stored(done, folder: Path) -> dict:
    """The metrics of a run kept in a folder, what the runs beside it tried counted as its trials."""
    told = tried.tried(folder.parent, tried.of_run(done, "run", NOW), NOW)
    folder.mkdir()
    run_folder.write(snapshot(done, earlier=told.earlier), folder)
    assert tried.register(told, folder) == ()
    return json.loads((folder / "metrics.json").read_text())


def test_the_range_is_that_of_the_variants_own_excess_returns_and_the_seed_is_in_the_manifest(done, tmp_path):
    kept = stored(done, tmp_path / "run")["variants"]["pair"]["inference"]
    x = metrics.excess_returns(done.variants[0].result)
    assert kept["sharpe"] == asdict(inference.intervals(x, 12.0, significance.SEED).sharpe)
    assert kept["sharpe"]["value"] == pytest.approx(done.variants[0].figures["sharpe"])
    assert kept["hac"] == asdict(inference.hac(x))
    assert json.loads((tmp_path / "run/manifest.json").read_text())["seed"] == significance.SEED


def test_a_run_repeated_beside_itself_is_the_same_trials_and_gives_the_same_figures(done, tmp_path):
    first, second = stored(done, tmp_path / "a"), stored(done, tmp_path / "b")
    assert first == second
    assert first["choice"]["trials"] == first["choice"]["here"] == 2


def test_what_was_tried_before_under_whatever_name_raises_the_hurdle(done, tmp_path):
    alone = stored(done, tmp_path / "a")
    others = zip(("b" * 16, "c" * 16, "d" * 16), (0.9, -0.4, np.nan), strict=True)
    register(tmp_path, [Trial(idea, "other", "policy", "run", sharpe, 0, 0) for idea, sharpe in others])
    after = stored(done, tmp_path / "c")
    assert (after["choice"]["trials"], after["choice"]["here"]) == (4, 2)  # one is without a Sharpe ratio
    before, now = (one["variants"]["pair"]["inference"]["deflated_sharpe"] for one in (alone, after))
    sharpes = [done.variants[0].figures["sharpe"], done.variants[1].figures["sharpe"], 0.9, -0.4]
    assert now["hurdle"] == pytest.approx(np.std(sharpes, ddof=1) * selection.expected_maximum(4))
    assert now["probability"] < before["probability"]


def test_what_is_stored_is_read_back_as_it_was_and_an_earlier_run_has_none(done, tmp_path):
    stored(done, tmp_path / "run")
    kept = run_folder.load(tmp_path / "run")
    lucky, choice = significance.judge(done, {})
    assert kept.significance["pair"] == lucky["pair"]
    assert kept.choice == choice
    assert significance.read(None) is significance.read_choice(None) is None


def test_benchmarks_are_not_chosen_from_and_each_is_a_rival_beside_cash(done):
    _, choice = significance.judge(done, {})
    assert list(choice.spa) == ["cash", "bond"]
    assert {one.variants for one in choice.spa.values()} == {1}
    assert set(choice.best.values()) == {"pair"}
    assert choice.overfitting.probability is None
    assert "too few" in str(choice.overfitting.reason)


def test_six_bars_and_a_book_of_benchmarks_alone_give_reasons_not_errors(done, tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text(CONFIG.replace("end: 2020-06-30", "end: 2012-06-30").replace("[bond]", "[bond, pair]"))
    short = runner.run(config.load(path))
    lucky, choice = significance.judge(short, {})
    assert lucky["pair"].sharpe.low is None
    assert "only 5 bars" in str(lucky["pair"].deflated_sharpe.reason)
    assert all(one.consistent is None and one.reason for one in choice.spa.values())


def test_every_figure_of_inference_is_defined_in_the_conventions(done):
    text = (ROOT / "docs/conventions.md").read_text(encoding="utf-8").split("## Inference")[1]
    lucky, choice = significance.judge(done, {})
    names = [*asdict(lucky["pair"]), *asdict(choice), "hurdle", "probability", "trials", "low", "high", "reason"]
    assert [name for name in names if not re.search(rf"`{name}`", text)] == []


def test_a_variant_that_never_trades_is_no_trial_and_has_no_range(tmp_path):
    path = tmp_path / "still.yaml"
    path.write_text(
        "name: still\nvariants: {still: {strategy: hold, params: {weights: {UST2: 0.1}}}}\n"
        "instruments: {UST2: {lot: 1_000_000_000}}\n"
    )
    lucky, choice = significance.judge(runner.run(config.load(path)), {})
    assert (choice.trials, choice.here) == (0, 0)
    assert lucky["still"].sharpe.low is None
    assert "hardly vary" in str(lucky["still"].sharpe.reason)
    assert lucky["still"].deflated_sharpe.probability is None
