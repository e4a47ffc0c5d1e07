"""Variants side by side: the same numbers as the run, one window for all, one volatility, and what differs said."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import comparison, config
from backtests.cli.compare import volatility
from backtests.comparison import rows as measuring
from backtests.comparison import windows
from backtests.comparison.candidates import named
from backtests.comparison.differences import differences, twins
from backtests.comparison.history import History, overlap, restarted, scaled
from backtests.performance import metrics, periods, selection
from backtests.performance.round_trips import TripFigures
from backtests.report import compare as words
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from data.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent

TWO = """
name: two
thesis_date: 2024-01-01
data: {start: 2015-12-31, end: 2025-12-31}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
"""

# What a run works out and a comparison does not show: initial margin, and the borrow that would leave nothing.
FINANCING = ("initial_margin", "initial_margin_max", "free_margin_least", "free_margin_day", "breakeven_borrow")


@pytest.fixture(scope="module")
def default():
    return runner.run(config.load(ROOT / "config.yaml"))


@pytest.fixture(scope="module")
def source(default):
    return comparison.from_run(default, "config", Path("config.yaml"), run_folder.utc_now())


@pytest.fixture(scope="module")
def own(source):
    return comparison.compare([source], comparison.on_own)


@pytest.fixture(scope="module")
def common(source):
    return comparison.compare([source])


@pytest.fixture(scope="module")
def folder(default, tmp_path_factory):
    made = tmp_path_factory.mktemp("runs") / "two-20260101T000000Z-aaaaaa"
    made.mkdir()
    run_folder.write(snapshot(default), made)
    return made


def track(equity, cash=None, first="2020-01-31", capital=100.0, **given) -> History:
    """A history of month ends with nothing traded."""
    months = np.datetime64(first[:7], "M") + np.arange(len(equity) + 1)
    rows = len(equity)
    plain = {name: np.zeros((rows, 1)) for name in ("notional", "cost", "roll", "weights")}
    return History(
        **{
            "dates": months[1:].astype("datetime64[D]") - 1,
            "capital": capital,
            "equity": np.array(equity, dtype=float),
            "cash": np.zeros(rows) if cash is None else np.array(cash, dtype=float),
            "ruined": None,
            **plain,
            **given,
        }
    )


def candidate(name: str, history: History, **given) -> comparison.Candidate:
    plain = {"label": "x", "variant": name, "benchmark": False, "thesis_date": None, "market_ppy": 12.0, "figures": {}}
    return comparison.Candidate(name=name, history=history, **{**plain, **given})


# ---- the run's own numbers


def test_on_its_own_window_every_figure_of_every_variant_is_the_runs_exactly(default, own):
    assert len(own.rows) == len(default.variants) == 15
    ran = {one.variant.name: one for one in default.variants}
    for row in own.rows:
        expected = dict(ran[row.candidate.name].figures)
        alone = [field.name for field in fields(TripFigures)] + list(periods.figures(ran[row.candidate.name].result))
        others = {"sharpe_next_bar", *FINANCING, *alone}  # of the run alone
        expected = {name: value for name, value in expected.items() if name not in others}
        assert dict(row.figures) == expected


def test_on_its_own_window_alpha_beta_and_correlation_are_the_runs_exactly(default, own):
    ran = {one.variant.name: one.against for one in default.variants}
    for row in own.rows:
        assert list(row.against) == ([] if row.candidate.benchmark else list(default.config.benchmarks))
        for name, versus in row.against.items():
            expected = ran[row.candidate.name][name]
            found = {key: getattr(versus, key) for key in ("alpha", "beta", "correlation", "bars")}
            assert found == expected


def test_a_stored_run_compares_as_the_fresh_one_does(source, folder, own):
    stored = comparison.from_stored(run_folder.load(folder), "config")
    again = comparison.compare([stored], comparison.on_own)
    assert [row.candidate.name for row in again.rows] == [row.candidate.name for row in own.rows]
    for old, new in zip(own.rows, again.rows, strict=True):
        for key, value in old.figures.items():
            expected = pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value
            assert new.figures[key] == expected, key


def test_a_run_whose_positions_are_gone_has_no_leverage_rather_than_none_at_all(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "run")
    (tmp_path / "run" / "positions.parquet").unlink()
    done = comparison.compare([comparison.from_stored(run_folder.load(tmp_path / "run"), "run")])
    assert {row.figures["gross_leverage"] for row in done.rows} == {None}


# ---- one window


def test_the_common_window_is_what_every_variant_has(default, common):
    days = common.windows.days
    assert days[0] == max(one.result.dates[0] for one in default.variants)
    assert days[-1] == min(one.result.dates[-1] for one in default.variants)
    assert {row.figures["bars"] for row in common.rows} == {len(days)}
    told = comparison.record(common)["window"]
    assert told["starts_with"] == ["ust30_jgb30_volpar"]
    assert told["ends_with"] == []


def test_figures_of_the_common_window_are_those_of_its_bars(default, common):
    days = common.windows.days
    for row in common.rows:
        result = next(one.result for one in default.variants if one.variant.name == row.candidate.name)
        kept = np.isin(result.dates[1:], days[1:])
        x = metrics.excess_returns(result)[kept]
        assert row.figures["sharpe"] == pytest.approx(x.mean() / x.std(ddof=1) * np.sqrt(12), rel=1e-12)
        path = np.concatenate([[1.0], np.cumprod(1 + x)])
        drawdown = (1 - path / np.maximum.accumulate(path)).max()
        assert row.figures["excess_drawdown"] == pytest.approx(drawdown, rel=1e-12)


def test_a_window_begins_at_the_close_of_its_first_row_and_leaves_what_was_paid_there_outside():
    line = np.array([[-5.0], [-1.0], [-7.0], [-2.0]])
    cut = restarted(track([95, 100, 110, 121], cost=line, notional=-line), track([0] * 4).dates[1:])
    assert cut.capital == 100.0
    assert cut.cost[:, 0].tolist() == [0.0, -7.0, -2.0]
    found = metrics.figures(cut, 12.0)
    assert found["total_return"] == pytest.approx(0.21)
    assert found["pnl"] == 21.0


def test_a_bar_that_spans_rows_left_out_gathers_their_lines():
    whole = track([100, 102, 104, 110], cash=[0, 1, 1, 2])
    cut = restarted(whole, whole.dates[[0, 2, 3]])
    assert cut.cash.tolist() == [0, 2, 2]
    assert metrics.excess_returns(cut) == pytest.approx([0.02, 6 / 104 - 2 / 104])


def test_opening_trades_count_where_the_window_is_everyones_own_and_of_none_otherwise():
    long, short = track([90, 99, 99, 99]), track([80, 88, 88])
    alone = windows.on_common([candidate("a", short), candidate("b", track([70, 77, 77]))])
    assert [one.history.capital for one in alone.placed] == [100.0, 100.0]
    mixed = windows.on_common([candidate("a", long), candidate("b", short)])
    assert [one.history.capital for one in mixed.placed] == [90.0, 80.0]


def test_variants_without_a_common_window_are_refused_naming_who_starts_and_ends_when():
    late, early = track([1, 2], first="2021-01-31"), track([1, 2], first="2019-01-31")
    with pytest.raises(ConfigError, match=r"late starts 2021-01-31, early ends 2019-02-28; leave one out") as error:
        windows.on_common([candidate("late", late), candidate("early", early)])
    assert "\n" not in str(error.value)


def test_rows_of_different_days_are_compared_on_those_all_have_with_as_many_bars_a_year_as_there_are():
    monthly = track(100 * 1.01 ** np.arange(25))
    quarterly = track(100 * 1.02 ** np.arange(9), dates=monthly.dates[::3])
    done = windows.on_common([candidate("m", monthly), candidate("q", quarterly)])
    assert done.mixed
    assert [len(one.history.dates) for one in done.placed] == [9, 9]
    found = metrics.figures(done.placed[0].history, done.placed[0].market_ppy)
    assert found["periods_per_year"] == pytest.approx(4, rel=0.01)
    assert found["best_bar"] == pytest.approx(1.01**3 - 1)


def test_a_variant_ruined_before_the_common_window_is_left_out_and_said():
    gone = track([100, 0, 0, 0, 0], ruined=1)
    whole = track([100, 101, 103], first="2020-03-31")
    done = windows.on_common([candidate("gone", gone), candidate("whole", whole)])
    assert [one.candidate.name for one in done.placed] == ["whole"]
    assert done.left_out == {"gone": "lost all its capital by 2020-02-29, before the common window"}


# ---- one volatility


@pytest.mark.parametrize("place", [comparison.on_common, comparison.on_own])
def test_at_one_volatility_all_have_it_and_their_own_sharpe_ratio(source, place):
    plain = {row.candidate.name: row for row in comparison.compare([source], place).rows}
    for row in comparison.compare([source], place, 0.05).rows:
        before = plain[row.candidate.name]
        assert row.figures["volatility"] == pytest.approx(0.05, rel=1e-9)
        assert row.figures["sharpe"] == pytest.approx(before.figures["sharpe"], rel=1e-9)
        assert row.figures["excess_return"] == pytest.approx(0.05 * before.figures["sharpe"], rel=1e-9)
        x = row.placed.factor * metrics.excess_returns(before.placed.history)
        path = np.concatenate([[1.0], np.cumprod(1 + x)])
        assert row.figures["excess_drawdown"] == pytest.approx((1 - path / np.maximum.accumulate(path)).max(), rel=1e-9)
        assert row.figures["worst_bar"] == pytest.approx(x.min(), rel=1e-9)
        assert row.figures["turnover"] == pytest.approx(row.placed.factor * before.figures["turnover"], rel=1e-9)
        assert row.figures["cost_drag"] == pytest.approx(row.placed.factor * before.figures["cost_drag"], rel=1e-9)


def test_a_variant_that_never_moves_or_would_be_ruined_is_left_out_and_said():
    flat, wild = track([100.0] * 6), track([100, 101, 102, 101, 20, 21])
    steady = track([100, 101, 100, 101, 100, 102])
    placed = windows.on_common([candidate(n, h) for n, h in (("flat", flat), ("wild", wild), ("steady", steady))])
    done = windows.at_volatility(placed, 1.0)
    own_vol = metrics.excess_returns(wild).std(ddof=1) * np.sqrt(12)
    assert own_vol > 1.0
    assert [one.candidate.name for one in done.placed] == ["wild", "steady"]
    assert done.left_out == {"flat": "has no volatility to scale"}
    assert "wild" in windows.at_volatility(placed, 1.3 * own_vol).left_out


def test_scaling_by_one_changes_nothing_but_interest():
    history = track([99, 101, 100, 104], cash=[0, 0.5, 0.5, 0.5])
    same = scaled(history, 1.0)
    assert metrics.excess_returns(same) == pytest.approx(metrics.excess_returns(history), abs=1e-15)
    assert same.cash.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "value"), [("5%", 0.05), ("5 %", 0.05), ("0.05", 0.05), (".1", 0.1), ("12.5%", 0.125)]
)
def test_a_volatility_is_read_with_and_without_the_sign(text, value):
    assert volatility(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "x", "5", "0", "0%", "-5%", "101%", "5%%", "nan", "1e-2", "5,5%", "٥%", "<b>"])
def test_a_volatility_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="expected a volatility a year, such as 5% or"):
        volatility(text)


# ---- order, differences, likeness


def test_variants_stand_in_the_order_of_sharpe_ratios_and_benchmarks_last(common):
    marks = [row.candidate.benchmark for row in common.rows]
    assert marks == sorted(marks)
    for group in (True, False):
        sharpes = [row.figures["sharpe"] for row in common.rows if row.candidate.benchmark is group]
        assert sharpes == sorted(sharpes, reverse=True)
    growth = [row.figures["cagr"] for row in common.rows if not row.candidate.benchmark]
    assert growth != sorted(growth, reverse=True)


def test_a_difference_to_a_benchmark_is_the_difference_of_the_two_figures_with_the_paired_interval(common):
    by_name = {row.candidate.name: row for row in common.rows}
    for row in common.rows:
        for name, versus in row.against.items():
            for key in ("excess_return", "volatility", "sharpe", "excess_drawdown"):
                assert getattr(versus, key) == row.figures[key] - by_name[name].figures[key]
    row, mark = common.rows[0], by_name["ust10_financed"]
    x, y = (metrics.excess_returns(one.placed.history) for one in (row, mark))
    luck = selection.better(x, y, 12.0, measuring.SEED)
    versus = row.against["ust10_financed"]
    assert (versus.low, versus.high, versus.ahead) == (luck.sharpe.low, luck.sharpe.high, luck.ahead_sharpe)
    assert versus.low < versus.sharpe < versus.high
    assert versus.sharpe == pytest.approx(luck.sharpe.value, rel=1e-9)


def test_the_correlation_matrix_is_that_of_excess_returns(common):
    x = np.array([metrics.excess_returns(row.placed.history) for row in common.rows])
    assert np.array(common.correlation) == pytest.approx(np.corrcoef(x), abs=1e-12)
    pairs = comparison.record(common)["pairs"]
    own = [i for i, row in enumerate(common.rows) if not row.candidate.benchmark]
    among = np.corrcoef(x[own])[np.triu_indices(len(own), 1)]
    assert pairs["most_alike"]["correlation"] == pytest.approx(among.max(), abs=1e-12)
    assert pairs["least_alike"]["correlation"] == pytest.approx(among.min(), abs=1e-12)


def test_drawdown_overlap_counts_rows_on_which_both_are_deep_of_those_on_which_either_is():
    # largest drawdowns 20 and 10 %: deep below -10 and -5 %, on rows 2, 3 and on rows 3, 4, 5
    a = track([100, 95, 80, 85, 95, 100])
    b = track([100, 100, 98, 94, 90, 94])
    assert overlap(a, b) == pytest.approx(1 / 4)
    assert overlap(a, a) == 1.0
    assert overlap(a, track([100, 101, 102, 103, 104, 105])) == 0.0
    assert overlap(track([1, 2]), track([1, 2])) is None


def test_profit_after_the_thesis_is_that_of_the_bars_that_end_on_or_after_it(default, common):
    day = default.config.thesis_date
    for row in common.rows:
        assert dict(row.figures).items() >= metrics.since(row.placed.history, day).items()
    assert all(row.figures["thesis_trading_pnl"] is not None for row in common.rows)


# ---- several runs


def test_two_runs_of_one_config_compare_as_identical(default, source, folder):
    again = comparison.from_run(runner.run(default.config), "again", Path("config.yaml"), run_folder.utc_now())
    stored = comparison.from_stored(run_folder.load(folder), "stored")
    for other in (again, stored):
        assert all(one.identical and one.gap <= 1e-9 for one in twins([source, other]))
        assert differences([source, other]) == []
        done = comparison.compare([source, other])
        record = comparison.record(done)
        assert words.sentences(record)[-1].startswith(f"config and {other.label}: identical. All 15 variants")
        assert words.differing(record) == ["The runs rest on the same data, versions and conventions."]
        assert done.benchmarks == tuple(f"config/{name}" for name in default.config.benchmarks)


def test_names_that_clash_get_their_runs_label_and_others_stay():
    a = comparison.Source("a", "a", {}, {}, (candidate("one", track([1, 2]), label="a"),))
    both = (candidate("one", track([1, 2]), label="b"), candidate("two", track([1, 2]), label="b"))
    b = comparison.Source("b", "b", {}, {}, both)
    assert [one.name for one in named([a, b])] == ["a/one", "b/one", "two"]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["r/x-1-aa", "r/x-2-bb"], ["aa", "bb"]),
        (["a-b", "c-b"], ["a-b", "c-b"]),
        (["x.yaml", "y/x.yaml", "x.yaml"], ["x", "x-2", "x-3"]),
        (["x.yaml", "x.yaml", "x-2.yaml"], ["x", "x-3", "x-2"]),
    ],
)
def test_labels_are_short_and_distinct(places, expected):
    assert comparison.labels([Path(one) for one in places]) == expected


def test_what_differs_is_said_by_what_it_is(tmp_path):
    (tmp_path / "a.yaml").write_text(TWO)
    runs = []
    for label, setting in (("a", []), ("b", ["data.interpolation=pchip", "variants.pair.currency=unhedged"])):
        done = runner.run(config.load(tmp_path / "a.yaml", setting))
        runs.append(comparison.from_run(done, label, tmp_path / "a.yaml", run_folder.utc_now()))
    told = dict(runs[1].manifest)
    told["versions"] = {**told["versions"], "numpy": "0.0.1"}
    told["data"] = json.loads(json.dumps(told["data"]))
    told["data"]["series"][0]["sha256"] = "f" * 64
    told["data"]["last"] = "2026-08-31"
    found = {(one.group, one.what): one.values for one in differences([runs[0], replace(runs[1], manifest=told)])}
    series = told["data"]["series"][0]["series"]
    assert set(found) == {
        ("data", "last"), ("data", series), ("versions", "numpy"),
        ("conventions", "data.interpolation"), ("variants", "pair.currency"),
    }  # fmt: skip
    assert found["conventions", "data.interpolation"] == ("linear", "pchip")
    assert found["variants", "pair.currency"] == ("repo", "unhedged")
    assert found["data", series][1].endswith("sha256 ffffffffffff")
    strayed = {one.variant: one for one in twins(runs)}
    assert not strayed["pair"].identical
    assert strayed["pair"].gap > 1e-3
    record = comparison.record(comparison.compare(runs))
    assert any(line.startswith("  pair differs: by up to ") for line in words.sentences(record))


def test_a_folder_of_an_earlier_version_is_compared_by_what_it_has(source, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "old")
    told = json.loads((tmp_path / "old" / "manifest.json").read_text())
    series = told["data"].pop("series")
    told["data"]["sha256"] = {one["series"]: one["sha256"] for one in series}
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(told))
    old = comparison.from_stored(run_folder.load(tmp_path / "old"), "old")
    assert differences([old, source]) == []
    assert all(one.identical for one in twins([old, source]))


def test_a_folder_whose_tables_do_not_belong_together_is_refused_in_one_line(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "bad")
    frame = pd.read_parquet(folder / "equity.parquet")
    frame.drop(columns=["be10_long"]).to_parquet(tmp_path / "bad" / "equity.parquet")
    with pytest.raises(ConfigError, match=r"the run cannot be compared .*run it again"):
        comparison.from_stored(run_folder.load(tmp_path / "bad"), "bad")
