"""The blotter: what round trips come to in words, what the page carries of them, and what old folders lack."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from backtests import config, run
from backtests.performance import trip_ranges
from backtests.performance.round_trips import LISTS, POINTS
from backtests.report import blotter, html
from backtests.report.panels import MANY, panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.significance import SEED
from tests.browsing import report
from tests.test_tables_page import crowded

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
name: blotter
data: {start: 2003-12-31}
variants:
  signal:
    strategy: trend_curve
    trade: {target_bp: 38, stop_bp: 26, horizon: 12M, reenter: 1M}
  pair: {strategy: momentum, params: {long: UST10, short: JGB10}}
  dated: {strategy: curve, params: {front: UST2, back: UST10}, trade: {entry: 2026-01-05, target_bp: 60}}
  yen: {strategy: hold, params: {weights: {UST10: 0.5, JPY: 0.5}}, trade: {horizon: 6M, reenter: 3M, stop_pct: 2}}
  never: {strategy: curve, params: {front: UST2, back: UST10}, trade: {entry: 2027-01-01}}
"""


@pytest.fixture(scope="module")
def blotted(tmp_path_factory):
    """A run folder with every kind of blotter, and its panels."""
    folder = tmp_path_factory.mktemp("blotter")
    (folder / "blotter.yaml").write_text(CONFIG)
    return folder / "run", report(runner.run(config.load(folder / "blotter.yaml")), folder / "run")


@pytest.fixture(scope="module")
def said(blotted):
    return {words.name: words for words in blotter.words(blotted[1])}


def stored(blotted, name: str) -> pd.DataFrame:
    trips = pd.read_parquet(blotted[0] / "round_trips.parquet")
    return trips[trips["variant"] == name].reset_index(drop=True)


# ---- ranges


@pytest.mark.parametrize(("wins", "trips"), [(6, 25), (0, 7), (7, 7), (1, 2), (500, 1000)])
def test_the_range_of_the_hit_rate_is_wilsons(wins, trips):
    ci = binomtest(wins, trips).proportion_ci(0.95, method="wilson")
    hit = trip_ranges.hit_rate(wins, trips)
    assert (hit.low, hit.high) == (pytest.approx(ci.low, abs=1e-12), pytest.approx(ci.high, abs=1e-12))


def test_the_range_of_a_payoff_that_does_not_vary_is_a_point_and_scale_is_nothing_to_it():
    even = trip_ranges.payoff([200.0, -100.0] * 10, 1)
    assert (even.low, even.high) == (pytest.approx(2), pytest.approx(2))
    usd = np.random.default_rng(3).normal(10.0, 100.0, 40)
    narrow, again, larger = (trip_ranges.payoff(x, 5) for x in (usd, usd, 1e6 * usd))
    assert narrow == again
    assert (larger.low, larger.high) == (pytest.approx(narrow.low), pytest.approx(narrow.high))
    whole = usd[usd > 0].mean() / -usd[usd < 0].mean()
    assert narrow.low < whole < narrow.high
    assert trip_ranges.payoff(usd, 6) != narrow


def test_the_range_of_a_payoff_covers_what_is_true_about_as_often_as_it_says():
    draw = np.random.default_rng(8)
    inside = 0
    for seed in range(200):
        wins = draw.random(60) < 0.4
        spans = trip_ranges.payoff(np.where(wins, draw.exponential(200.0, 60), -draw.exponential(100.0, 60)), seed)
        inside += spans.low <= 2.0 <= spans.high
    assert 0.88 <= inside / 200 <= 0.99


@pytest.mark.parametrize(
    ("usd", "reason"),
    [
        ([1.0, -1.0] * 4 + [2.0], "under 10 trips"),
        ([1.0] + [-1.0] * 19, "too few winners"),
        ([-1.0] + [1.0] * 19, "too few losers"),
        ([-1.0] * 12, "too few winners"),
    ],
)
def test_a_payoff_without_a_range_says_why(usd, reason):
    assert trip_ranges.payoff(usd, 1) == trip_ranges.Range(None, None, reason)


# ---- words


@pytest.mark.parametrize("name", ["signal", "pair", "yen"])
def test_the_headline_counts_the_closed_trips_of_the_folder(name, blotted, said):
    closed = stored(blotted, name).query("reason != 'open'")
    usd = closed["pnl_usd"].to_numpy()
    wins, count = int((usd > 0).sum()), len(usd)
    ci = binomtest(wins, count).proportion_ci(0.95, method="wilson")
    ratio, drawn = usd[usd > 0].mean() / -usd[usd <= 0].mean(), trip_ranges.payoff(usd, SEED)
    span = f"{drawn.low:.1f} to {drawn.high:.1f}"
    assert said[name].headline == (
        f"{wins} of {count} round trips made money ({100 * wins / count:.0f} %, 95 % range {100 * ci.low:.0f} to "
        f"{100 * ci.high:.0f}); the mean winner made {ratio:.1f} times the mean loser ({span})."
    )


def test_moves_are_against_the_forwards_and_name_what_gained_and_lost(blotted, said):
    trips = stored(blotted, "signal")
    gain, hurdle = trips["gain_bp"], trips["hurdle_bp"]
    assert said["signal"].moves.startswith(
        f"The curve moved its way in {(gain > 0).sum()}; in {(gain > hurdle).sum()} it beat the forward."
    )
    odd = trips[(gain.round() > 0) & (gain.round() < hurdle.round()) & (trips["pnl_usd"] < 0)].iloc[-1]
    told = f"That of {odd['open']:%Y-%m} gained {odd['gain_bp']:.0f} bp and lost: its forward asked"
    assert f"{told} {odd['hurdle_bp']:.0f}." in said["signal"].moves
    assert said["pair"].moves.startswith("The spread moved its way in ")
    assert " One is open since 2026-" in said["pair"].moves


def test_on_month_ends_it_is_said_by_how_much_stops_were_overshot(blotted, said):
    trips = stored(blotted, "signal").query("reason == 'stop'")
    over = -26.0 - trips["decision_gain_bp"]
    assert over.min() > -1e-6
    assert said["signal"].overshot == (
        f"{len(trips)} stops of 26 bp were overshot by {over.mean():.0f} bp on average, {over.max():.0f} at most: "
        "a stop is seen at month ends."
    )
    assert said["pair"].overshot == said["yen"].overshot == ""


def test_what_has_no_table_has_a_sentence(blotted, said):
    (trip,) = stored(blotted, "dated").to_dict("records")
    gain, hurdle = (f"{trip[key]:+.0f}".replace("-", "−") for key in ("gain_bp", "hurdle_bp"))
    usd = f"{trip['pnl_usd'] / 1e3:,.0f}".replace("-", "−")
    assert said["dated"].headline == (
        f"One round trip, open since 2026-01-31: {gain} bp against a hurdle of {hurdle} bp, "
        f"P&L USD {usd} k by 2026-07-31."
    )
    assert said["dated"].terms == "Dated trade: entry 2026-01-05, target 60 bp, entered once only."
    assert said["never"].headline == "No round trip: it never held a position."
    assert said["yen"].moves == "A leg has no yield, so there is no spread to tell: lows, highs and paths are P&L."
    assert set(blotter.payload(blotted[1], calendar(blotted[1]))["variants"]) == {"signal", "pair", "yen"}


def test_an_open_trip_longer_than_the_curve_has_no_hurdle_and_says_why():
    day = pd.Timestamp("2024-01-31")
    trip = {"reason": "open", "open": day, "close": day, "gain_bp": 12.4, "hurdle_bp": None, "pnl_usd": -1e6}
    figures = {"trips": 0, "trip_hit_rate": None, "payoff": None, "expectancy": None}
    assert blotter.line(figures, pd.DataFrame([trip])) == (
        "no round trip closed; open since 2024-01-31: +12 bp (its forwards do not reach so far), "
        "P&L USD −1,000 k by 2024-01-31."
    )


def test_few_trips_say_that_they_are_too_few():
    figures = {"payoff": 2.0}
    assert blotter.headline(figures, np.array([20.0, -10.0])) == (
        "1 of 2 round trips made money (50 %, 95 % range 9 to 91); the mean winner made 2.0 times the mean loser "
        "(under 10 trips: no range)."
    )
    assert blotter.headline({"payoff": None}, np.array([-10.0])) == (
        "None of 1 round trip made money (0 %, 95 % range 0 to 79)."
    )


# ---- what the page carries


def calendar(content) -> list[str]:
    return sorted({day for variant in content.variants for day in variant.dates})


@pytest.mark.parametrize("name", ["signal", "pair", "yen"])
def test_the_page_carries_the_trips_of_the_folder_latest_first(name, blotted):
    days = calendar(blotted[1])
    sent = blotter.payload(blotted[1], days)
    own, trips = sent["variants"][name], stored(blotted, name).iloc[::-1]
    assert own["unit"] == ("usd" if name == "yen" else "bp")
    assert len(own["trips"]) == len(trips)
    for (first, rows, reason, side, *figures, steps), trip in zip(own["trips"], trips.to_dict("records"), strict=True):
        assert (days[first], days[first + rows]) == (str(trip["open"])[:10], str(trip["close"])[:10])
        assert (sent["reasons"][reason], side) == (trip["reason"], trip["side"])
        low, high = f"mae_{own['unit']}", f"mfe_{own['unit']}"
        keys = ("gain_bp", "hurdle_bp", "carry_usd", "rolldown_usd", "pnl_usd", low, high)
        for figure, key in zip(figures, keys, strict=True):
            absent = figure is None and np.isnan(trip[key])
            assert absent or figure == pytest.approx(trip[key], abs=0.5 if key.endswith("usd") else 0.005)
        assert np.cumsum(steps) / own["parts"] == pytest.approx(trip["path"], abs=0.5 / own["parts"])
    gates = {key: own[key] for key in ("target", "stop") if key in own}
    assert gates == ({"target": 38, "stop": 26} if name == "signal" else {})


def test_a_thinned_path_says_its_own_rows(blotted):
    content = blotted[1]
    days = calendar(content)
    trips = stored(blotted, "signal").iloc[:1].copy()
    start = days.index(str(trips["open"].iloc[0])[:10])
    kept = np.array([0, 2, 3, 7])
    after = [(np.datetime64(days[start + i]) - np.datetime64(days[start])).astype(int) for i in kept]
    trips["path"], trips["path_days"] = [np.array([0.0, 5.0, -5.0, 1.0])], [np.array(after)]
    trips["close"] = pd.Timestamp(days[start + 7])
    run = replace(content.run, round_trips=trips)
    ((*_, steps, between),) = blotter.payload(replace(content, run=run), days)["variants"]["signal"]["trips"]
    assert between == [0, 2, 1, 4]
    assert len(steps) == 4


def test_of_more_than_thirty_variants_the_page_carries_the_first_thirty_and_says_so(tmp_path):
    (tmp_path / "crowd.yaml").write_text(crowded(MANY + 1))
    content = report(runner.run(config.load(tmp_path / "crowd.yaml")), tmp_path / "run")
    assert [variant.name for variant in blotter.shown(content)] == [variant.name for variant in content.variants[:MANY]]
    text = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert f"Of {MANY + 2} variants the page carries the trips of the first {MANY} by Sharpe ratio;" in text
    assert len(re.findall('class="headline"', text)) == MANY


# ---- folders


def test_trips_read_back_as_they_were_with_paths_of_at_most_48_points(blotted):
    trips = run_folder.load(blotted[0]).round_trips
    assert trips.equals(blotted[1].run.round_trips)
    for path, after in zip(trips["path"], trips["path_days"], strict=True):
        assert (path.dtype, after.dtype) == tuple(np.dtype(kind) for kind in LISTS.values())
        assert 0 < len(path) == len(after) <= POINTS
        assert (np.diff(after) > 0).all()


def test_a_folder_without_paths_or_without_trips_is_still_read_and_drawn(blotted, tmp_path):
    shutil.copytree(blotted[0], tmp_path / "old")
    trips = stored(blotted, "signal")
    trips.drop(columns=["path", "path_days", "path_unit"]).to_parquet(tmp_path / "old/round_trips.parquet", index=False)
    content = panels(run_folder.load(tmp_path / "old"))
    assert content.run.round_trips["path"].isna().all()
    sent = blotter.payload(content, calendar(content))["variants"]["signal"]["trips"]
    assert len(sent) == len(trips)
    assert all(steps == [] for *_, steps in sent)
    assert "round trips made money" in html.page(content)
    (tmp_path / "old/round_trips.parquet").unlink()
    older = run_folder.load(tmp_path / "old")
    without = {name: {key: own[key] for key in own if key != "trips"} for name, own in older.metrics.items()}
    content = panels(replace(older, metrics=without))
    assert {words.headline for words in blotter.words(content)} == {blotter.UNSTORED}
    assert blotter.payload(content, calendar(content)) == {"reasons": [], "variants": {}}


# ---- elsewhere


@pytest.mark.usefixtures("no_pictures")
def test_the_terminal_has_a_line_for_each_variant_with_a_trade(divergence, here, said):
    (here / "blotter.yaml").write_text(CONFIG)
    answer = divergence("run", "blotter.yaml", "--out", "r", "-q")
    assert answer.status == 0
    lines = answer.out.splitlines()
    at = lines.index("next bar: Sharpe filled one bar later.") + 1
    assert [line.split(":")[0] for line in lines[at : at + 4]] == ["signal", "dated", "yen", "never"]
    _, count, share, payoff = re.match(
        r"(\d+) of (\d+) round trips made money \((\d+) %.* made ([\d.]+) times", said["signal"].headline
    ).groups()
    usd = pd.read_parquet(here / "r/round_trips.parquet").query("variant == 'signal'")["pnl_usd"].mean() / 1e3
    assert lines[at] == (
        f"signal: {count} round trips, {share} % made money, payoff {payoff}, expectancy USD {usd:,.0f} k."
    )
    assert lines[at + 1] == said["dated"].headline.replace("One round trip, ", "dated: no round trip closed; ")
    assert lines[at + 3] == "never: no round trip: it never held a position."
    assert not lines[at + 4].startswith("pair:")


@pytest.mark.slow
def test_python_has_the_table_and_the_page_of_the_blotter_says_what_its_configuration_gives(tmp_path):
    text = (ROOT / "docs/blotter.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "blotter.yaml").write_text(block)
    results = run(tmp_path / "blotter.yaml")
    trips = results.round_trips
    assert set(trips["variant"]) == {"us_2s10s_trend"}
    assert trips["pnl_usd"].sum() == pytest.approx(results.metrics.loc["us_2s10s_trend", "trading_pnl"], abs=1e-2)
    (words,) = blotter.words(results._panels)
    assert words.headline in " ".join(text.split())
    assert f"us_2s10s_trend: {blotter.line(results.stored.metrics['us_2s10s_trend'], trips)}" in text
