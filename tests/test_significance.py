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
from backtests.performance import inference, metrics
from backtests.performance.verdicts import sentence
from backtests.runs import folder as run_folder
from backtests.runs import runner, significance, tried
from backtests.runs.snapshot import snapshot
from backtests.runs.trials import NO_TRIALS, Trial, Trials, monthly, register
from tests.fields import copies
from tests.records import noise

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent
PARTS = ("hurdle", "probability", "trials", "low", "high", "reason")
OF_CHOICE = ("variant", "ideas", "tested", "clusters", "effective", "mean_maximum", "alone")
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
    run_folder.write(snapshot(done, trials=told.trials), folder)
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


def test_one_dated_trade_tried_before_is_counted_but_says_nothing_of_what_others_are_worth(done, tmp_path):
    (tmp_path / "before").mkdir()
    alone = stored(done, tmp_path / "before" / "run")["choice"]["best_of_many"]
    once = np.where(np.arange(100) // 8 == 5, noise(3, 100, 1)[:, 0], 0.0)  # eight months in the market
    register(tmp_path, [Trial("f" * 16, "dated", "divergence", "run", -0.2, 0, 0, 1, 510, once)])
    after = stored(done, tmp_path / "run")["choice"]["best_of_many"]
    assert after == {**alone, "ideas": alone["ideas"] + 1}


def test_a_variant_in_the_market_in_few_months_is_not_judged_as_one_of_many(tmp_path):
    path = tmp_path / "dated.yaml"
    path.write_text(CONFIG.replace("duration: 5.0}}", "duration: 5.0}, trade: {entry: 2015-01-31, horizon: 6M}}"))
    told = significance.judge(runner.run(config.load(path))).choice.best_of_many
    assert told is not None and (told.p, told.variant, told.tested) == (None, None, 1)
    assert sentence(told) == "In the market in only 7 months: at least 36 are needed."


def test_what_was_tried_before_under_whatever_name_raises_the_hurdle(done, tmp_path):
    alone = stored(done, tmp_path / "a")
    paths = noise(3, 100, 20).T
    register(
        tmp_path,
        [Trial(f"{i:016x}", "other", "policy", "run", 0.1, 0, 0, 1, 510, x) for i, x in enumerate(paths)]
        + [
            Trial("d" * 16, "still", "policy", "run", np.nan, 0, 0),
            Trial("e" * 16, "grid", "policy", "sweep", 0.3, 0, 0),
        ],
    )
    after = stored(done, tmp_path / "c")["choice"]
    assert (after["trials"], after["here"]) == (23, 2)  # one has no Sharpe ratio, another no path
    of_all, of_run = after["best_of_many"], alone["choice"]["best_of_many"]
    assert (of_all["tested"], of_all["clusters"]) == (22, 20 + of_run["clusters"])
    assert of_all["p"] > of_run["p"]
    before, now = (
        json.loads((tmp_path / name / "metrics.json").read_text())["variants"]["pair"]["inference"]["deflated_sharpe"]
        for name in "ac"
    )
    assert now["hurdle"] > before["hurdle"]
    assert now["probability"] < before["probability"]


def test_what_is_stored_is_read_back_as_it_was_and_an_earlier_run_has_none(done, tmp_path):
    stored(done, tmp_path / "run")
    kept = run_folder.load(tmp_path / "run")
    lucky, choice = significance.judge(done)
    assert kept.significance["pair"] == lucky["pair"]
    assert kept.choice == choice
    assert significance.read(None) is significance.read_choice(None) is None


def test_benchmarks_are_not_chosen_from_and_each_is_a_rival(done):
    _, choice = significance.judge(done)
    assert list(choice.spa) == ["bond"]
    assert {one.variants for one in choice.spa.values()} == {1}
    assert set(choice.best.values()) == {"pair"}
    assert choice.overfitting.probability is None
    assert choice.overfitting.reason == "only 1 variant: at least 4 are needed to rank"


def test_six_bars_and_a_book_of_benchmarks_alone_give_reasons_not_errors(done, tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text(CONFIG.replace("end: 2020-06-30", "end: 2012-06-30").replace("[bond]", "[bond, pair]"))
    short = runner.run(config.load(path))
    lucky, choice = significance.judge(short)
    assert lucky["pair"].sharpe.low is None
    assert "only 5 months" in str(lucky["pair"].deflated_sharpe.reason)
    assert all(one.consistent is None and one.reason for one in choice.spa.values())


def test_every_figure_of_inference_is_defined_in_the_conventions(done):
    text = (ROOT / "docs/conventions.md").read_text(encoding="utf-8").split("## Inference")[1]
    lucky, choice = significance.judge(done)
    names = [
        *asdict(lucky["pair"]),
        *asdict(choice),
        *asdict(lucky["pair"].one_of_many),
        *OF_CHOICE,
        "hurdle",
        "probability",
        "trials",
        "low",
        "high",
        "reason",
    ]
    assert [name for name in names if not re.search(rf"`{name}`", text)] == []


def test_a_variant_that_never_trades_is_no_trial_and_has_no_range(tmp_path):
    path = tmp_path / "still.yaml"
    path.write_text(
        "name: still\nvariants: {still: {strategy: hold, params: {weights: {UST2: 0.1}}}}\n"
        "instruments: {UST2: {lot: 1_000_000_000}}\n"
    )
    lucky, choice = significance.judge(runner.run(config.load(path)))
    assert (choice.trials, choice.here) == (0, 0)
    assert lucky["still"].sharpe.low is None
    assert "hardly vary" in str(lucky["still"].sharpe.reason)
    assert lucky["still"].deflated_sharpe.probability is None


# ---- sizes and near-copies


THREE = """
name: three
data: {start: 2004-01-31}
variants:
  momentum: {strategy: momentum, params: {long: UST10, short: JGB10}}
  carry: {strategy: carry, params: {long: UST10, short: JGB10}}
  value: {strategy: value, params: {long: UST10, short: JGB10}}
"""
SIZE = (
    "  carry_{size}: {{strategy: carry, params: {{long: UST10, short: JGB10, sizing: duration, duration: {size}}}}}\n"
)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    path = tmp_path_factory.mktemp("three") / "three.yaml"
    path.write_text(THREE)
    return runner.run(config.load(path))


def month_path(run, name: str) -> tuple[int, np.ndarray]:
    result = next(each.result for each in run.variants if each.variant.name == name)
    return monthly(result.dates, metrics.excess_returns(result))


def verdicts(run, trials=NO_TRIALS) -> tuple[list[float], list[bool], bool]:
    """The hurdles of a run's variants, whether each passes as the best of all, and whether the best does."""
    judged = significance.judge(run, trials)
    own = [judged.variants[name] for name in ("momentum", "carry", "value")]
    best = judged.choice.best_of_many.p <= 0.05
    return [each.deflated_sharpe.hurdle for each in own], [each.one_of_many.p <= 0.05 for each in own], best


def test_sizes_of_a_variant_neither_move_the_hurdle_nor_the_verdict(three, tmp_path):
    path = tmp_path / "sizes.yaml"
    path.write_text(THREE + "".join(SIZE.format(size=size) for size in (2, 3, 4, 7)))
    crowded = runner.run(config.load(path))
    judged = significance.judge(crowded).choice
    assert (judged.trials, judged.here, judged.best_of_many.ideas) == (3, 3, 3)
    hurdles, passes, best = verdicts(three)
    with_sizes = verdicts(crowded)
    assert with_sizes[0] == pytest.approx(hurdles, rel=0.06)
    assert with_sizes[1:] == (passes, best)


def test_five_sizes_of_a_loser_are_one_idea_and_are_not_ranked(tmp_path):
    path = tmp_path / "loser.yaml"
    sizes = "".join(SIZE.format(size=size) for size in (2, 3, 4, 5, 7))
    path.write_text(THREE[: THREE.index("  momentum")] + sizes)
    judged = significance.judge(runner.run(config.load(path)))
    assert (judged.choice.trials, judged.choice.best_of_many.clusters) == (1, 1)
    assert judged.choice.overfitting.reason == "5 variants in 1 cluster of like returns: at least 4 are needed to rank"
    assert "a single idea" in sentence(judged.choice.best_of_many)


@pytest.mark.parametrize("correlation", [0.95, 0.9999])
def test_near_copies_of_a_variant_neither_move_the_hurdle_nor_the_verdict(three, correlation):
    month, x = month_path(three, "carry")
    rows = [
        Trial(f"{i:016x}", "copy", "carry", "sweep", 0.0, 0, 0, 1, month, copy)
        for i, copy in enumerate(copies(x, correlation, 150).T)
    ]
    crowded = Trials(tuple(rows))
    judged = significance.judge(three, crowded)
    assert (judged.choice.trials, judged.choice.best_of_many.clusters) == (153, 3)
    hurdles, passes, best = verdicts(three)
    with_copies = verdicts(three, crowded)
    assert with_copies[0] == pytest.approx(hurdles, rel=0.06)
    assert with_copies[1:] == (passes, best)


def test_a_trial_that_this_run_has_again_is_judged_by_the_path_of_this_run(three):
    own = [tried.of_run(three, "run", NOW)[0]._replace(x=noise(1, 400), month=300)]
    assert significance.judge(three, Trials(tuple(own))) == significance.judge(three)
