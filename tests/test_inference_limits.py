"""Records that cannot bear a figure, and what is said of figures in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.performance import inference, overfitting, refusals, selection, verdicts, verdicts_many
from backtests.performance.verdicts import sentence
from data.errors import ConfigError, DataError
from tests.records import MONTHLY, fat_tailed, noise


@pytest.fixture
def record() -> np.ndarray:
    """Ten years of months, a Sharpe ratio of about a half, skewed and fat-tailed."""
    rng = np.random.default_rng(11)
    return 0.003 + 0.02 * fat_tailed(rng, (120,)) - 0.004 * (rng.exponential(size=120) - 1)


# ---- records that cannot bear a figure


def everything(x: np.ndarray) -> list:
    found = inference.intervals(x, MONTHLY, 1, draws=99)
    pair = selection.better(x, x[::-1] if len(x) > 1 else x, MONTHLY, 1, draws=99)
    return [
        found.excess_return, found.sharpe, found.excess_drawdown, inference.hac(x), pair, pair.excess_return,
        inference.probabilistic_sharpe(x, MONTHLY), selection.deflated_sharpe(x, MONTHLY, 1.0, 2, 3.0),
        selection.spa_test(np.column_stack([x, x]), np.zeros(len(x)), 1, draws=99),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bars", "words"), [(0, "Only 0 bars"), (1, "Only 1 bar:"), (2, "Only 2 bars"), (35, "Only 35 bars")]
)
def test_few_bars_give_the_reason_and_no_figure(bars, words):
    for one in everything(noise(1, bars)):
        assert sentence(one).startswith(words)
        assert sentence(one).endswith("at least 36 are needed.")


@pytest.mark.parametrize("level", [0.0, 0.001, -0.1])
def test_a_constant_record_gives_the_reason_and_no_figure(level):
    for one in everything(np.full(60, level)):
        assert "hardly vary" in sentence(one)
    assert inference.intervals(np.full(60, level), MONTHLY, 1).excess_return.value == pytest.approx(12 * level)
    assert inference.intervals(np.full(60, level), MONTHLY, 1).sharpe.value is None


@pytest.mark.parametrize("row", [0, 30, 59])
def test_a_record_of_one_move_gives_no_confidence_interval(row):
    x = np.zeros(60)
    x[row] = 0.05
    found = inference.intervals(x, MONTHLY, 1)
    assert (found.sharpe.low, found.excess_return.high) == (None, None)
    assert found.sharpe.reason == found.excess_return.reason == refusals.CONSTANT


def test_equal_books_are_not_compared(record):
    found = selection.better(record, record.copy(), MONTHLY, 1)
    assert sentence(found) == "A and B are the same on every bar."
    assert found.ahead_sharpe is None


def test_gaps_and_misfits_are_refused_with_their_place(record):
    hole = record.copy()
    hole[7] = np.nan
    for call in (
        inference.hac,
        lambda x: inference.intervals(x, MONTHLY, 1),
        lambda x: selection.better(x, record, 12, 1),
    ):
        with pytest.raises(DataError, match="row 7 is nan; expected finite figures"):
            call(hole)
    with pytest.raises(DataError, match="row 7 of column 1 is nan"):
        overfitting.overfitting(np.column_stack([record, hole]), 1)
    with pytest.raises(DataError, match="120 bars against 119: keep the bars that both have"):
        selection.better(record, record[1:], MONTHLY, 1)
    with pytest.raises(DataError, match=r"shape \(120, 1\); expected one figure per bar"):
        inference.hac(record[:, None])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ppy": 0.0}, "periods per year is 0.0"),
        ({"level": 95.0}, "level is 95.0; expected a fraction between 0 and 1"),
        ({"draws": 38}, "draws is 38; a 95 % interval needs at least 39"),
        ({"draws": 100, "level": 0.99}, "draws is 100; a 99 % interval needs at least 199"),
    ],
)
def test_impossible_settings_are_refused(record, given, words):
    with pytest.raises(ConfigError, match=words):
        inference.intervals(record, **{"ppy": MONTHLY, "seed": 1, **given})


# ---- in words


def test_sentences_say_what_a_reader_should_think():
    interval = verdicts.Interval("sharpe", 0.2, -0.2, 0.6, 0.95, 320)
    assert sentence(interval) == (
        "Between −0.20 and 0.60 with 95 % confidence: zero is inside, so it is not significant at the 5 % level."
    )
    for apart in (replace(interval, low=0.1), replace(interval, high=-0.1)):
        assert sentence(apart).endswith("zero is outside, so it is significant at the 5 % level.")
    assert sentence(replace(interval, level=0.9)).endswith("so it is not significant at the 10 % level.")
    returns = replace(interval, figure="excess_return", low=-0.0123, high=0.04)
    assert sentence(returns).startswith("Between −1.2 % and 4.0 % with 95 % confidence")
    drawdown = verdicts.Interval("excess_drawdown", 0.3, 0.1, 0.25, 0.95, 320)
    assert sentence(drawdown) == (
        "95 % of resampled histories of this length have a largest drawdown between 10.0 % and 25.0 %; "
        "the actual 30.0 % is larger."
    )
    assert sentence(replace(drawdown, value=0.05)).endswith("the actual 5.0 % is smaller.")
    assert sentence(replace(drawdown, value=0.25)).endswith("the actual 25.0 % is in the range.")
    assert sentence(verdicts.Hac(-2.5, 0.014, 0.01, 4, 120)) == (
        "t = −2.50 on 120 bars, p = 0.014: the mean is significant at the 5 % level."
    )
    assert sentence(verdicts.Hac(1.9, 0.051, 0.01, 4, 120)).endswith("not significant at the 5 % level.")
    assert sentence(verdicts.DeflatedSharpe(0.95, 0.5, 0.0, 1, 320)) == (
        "95 % probability that the true Sharpe ratio is above 0.00: significant at the 5 % level."
    )
    better = verdicts_many.Better(replace(interval, figure="excess_return"), interval, 0.7, 0.8, 4.0)
    assert sentence(better) == (
        "The difference of the Sharpe ratios is between −0.20 and 0.60 with 95 % confidence: zero is inside, "
        "so it is not significant at the 5 % level; the first is ahead in 80 % of resampled histories."
    )
    overfit = verdicts_many.Overfitting(0.48, 12, 320, 12870)
    ranked = "in one half of history ranks in the lower half in the other in 48 % of 12,870 splits"
    assert sentence(overfit) == f"The best of 12 variants {ranked}."  # of an earlier version, which drew no band
    banded = replace(overfit, clusters=8, low=0.2, high=0.8)
    assert sentence(banded) == (
        f"The best of 8 clusters of 12 variants {ranked}; without skill in 20 % to 80 %, so this tells neither way."
    )
    assert sentence(replace(banded, low=0.49)).endswith(
        "without skill in 49 % to 80 %, so the best tends to stay good."
    )
    spa = verdicts_many.SpaTest(0.001, 0.001, 0.001, 1, 12, 320, 200)
    assert sentence(spa) == (
        "SPA test of 12 variants against the benchmark at one volatility, p < 0.005: "
        "the gain of the best is significant at the 5 % level."
    )
    assert "p = 0.051: the gain of the best is not significant" in sentence(replace(spa, consistent=0.051))
    best = verdicts_many.BestOfMany("carry", 0.03, 41, 3, 40, 12, 9.64, 1.6, 3.0, 320, 1000, alone=True)
    of_many = "carry is the best of 41 ideas in 12 clusters, as many as 9.6 independent ones: p = 0.030"
    assert sentence(best) == f"{of_many}, significant at the 5 % level as the best of them."
    assert sentence(replace(best, p=0.2)).endswith("p = 0.200, not significant at the 5 % level as the best of them.")
    assert sentence(replace(best, alone=False)) == (
        f"{of_many}, but not significant at the 5 % level: zero is inside its own interval."
    )
    assert sentence(replace(best, p=1 / 1001)).count("p ≤ 0.001") == 1
    with pytest.raises(TypeError, match="no sentence for a float"):
        sentence(0.5)
