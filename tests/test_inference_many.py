"""Significance of several variants: one against another, and the best of many."""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from backtests.performance import bootstrap, inference, metrics, refusals, selection
from backtests.performance.verdicts import sentence
from data.errors import ConfigError
from tests.records import MONTHLY, fat_tailed, noise, normal, persistent, plain_error, plain_variance


@pytest.fixture
def record() -> np.ndarray:
    """Ten years of months, a Sharpe ratio of about a half, skewed and fat-tailed."""
    rng = np.random.default_rng(11)
    return 0.003 + 0.02 * fat_tailed(rng, (120,)) - 0.004 * (rng.exponential(size=120) - 1)


# ---- comparisons


def test_better_intervals_hold_the_true_difference_as_often_as_they_say():
    histories = 400
    rng = np.random.default_rng(31)
    shared = normal(rng, (histories, 160))
    a = 0.02 * (0.8 * shared + 0.6 * persistent(rng, (histories, 160)) + 0.6 / math.sqrt(12))
    b = 0.01 * (0.8 * shared + 0.6 * normal(rng, (histories, 160)) + 0.2 / math.sqrt(12))
    found = [selection.better(x, y, MONTHLY, i, draws=199) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    tolerance = 3 * math.sqrt(0.95 * 0.05 / histories)
    mean = (0.02 * 0.6 - 0.01 * 0.2) * math.sqrt(12)
    for truth, ranges in ((0.4, [f.sharpe for f in found]), (mean, [f.excess_return for f in found])):
        share = np.mean([one.low <= truth <= one.high for one in ranges])
        assert share == pytest.approx(0.95, abs=tolerance)


def test_pairing_cancels_what_two_books_share():
    shared = noise(1, 240)
    x, y = shared + 0.1 * noise(2, 240) + 0.001, shared + 0.1 * noise(3, 240)
    paired = selection.better(x, y, MONTHLY, 1).sharpe
    alone = inference.intervals(x, MONTHLY, 1).sharpe
    assert paired.high - paired.low < 0.4 * (alone.high - alone.low)
    assert paired.value == pytest.approx(metrics.sharpe(x, MONTHLY) - metrics.sharpe(y, MONTHLY), rel=1e-9)


def test_swapping_two_books_turns_the_comparison_round(record):
    y = noise(2, 120)
    there, back = selection.better(record, y, MONTHLY, 1), selection.better(y, record, MONTHLY, 1)
    assert there.sharpe.low == pytest.approx(-back.sharpe.high, rel=1e-9)
    assert there.excess_return.high == pytest.approx(-back.excess_return.low, rel=1e-9)
    assert there.ahead_sharpe == pytest.approx(1 - back.ahead_sharpe, abs=1e-12)
    assert there.ahead_return > 0.5


def test_twice_the_size_is_more_return_at_the_same_sharpe_ratio(record):
    found = selection.better(2 * record, record, MONTHLY, 1, draws=99)
    assert found.excess_return.value == pytest.approx(record.mean() * 12, rel=1e-9)
    assert found.excess_return.low is not None
    assert (found.sharpe.low, found.ahead_sharpe, found.sharpe.reason) == (None, None, refusals.CONSTANT)


# ---- overfitting


def test_overfitting_is_about_a_half_on_noise_and_nothing_with_a_lasting_winner():
    found = np.array([selection.overfitting(noise(seed, 160, 10)).probability for seed in range(60)])
    assert abs(found.mean() - 0.5) < 3 * found.std(ddof=1) / math.sqrt(60)
    table = noise(1, 160, 10)
    table[:, 3] += 0.02
    assert selection.overfitting(table).probability < 0.001


@pytest.mark.parametrize("variants", [4, 5])
def test_overfitting_is_that_of_ffn(variants):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ffn
    table = noise(variants, 96, variants) + 0.003 * np.arange(variants) * np.linspace(1, -0.5, 96)[:, None]
    ours = selection.overfitting(table, blocks=8)
    assert ours.splits == math.comb(8, 4)
    assert 0 < ours.probability < 1
    assert ours.probability == pytest.approx(ffn.calc_prob_backtest_overfitting(pd.DataFrame(table), 8), abs=1e-12)


def test_overfitting_drops_the_oldest_bars_that_fill_no_block():
    table = noise(2, 160, 6)
    longer = np.vstack([noise(3, 5, 6) + 1.0, table])
    assert selection.overfitting(longer).probability == selection.overfitting(table).probability


def test_overfitting_says_why_it_cannot_tell():
    assert selection.overfitting(noise(1, 160, 3)).reason == "only 3 variants: too few to rank"
    assert selection.overfitting(noise(1, 70, 5)).reason == "only 32 bars in half of history: too few to rank on"
    table = noise(1, 160, 5)
    table[:80, 2] = 0.0
    assert "do not vary in half of history" in selection.overfitting(table).reason
    with pytest.raises(ConfigError, match="blocks is 7; expected an even number"):
        selection.overfitting(table, blocks=7)


# ---- SPA test


def test_spa_rejects_noise_at_about_its_level():
    """300 fields of 5 variants of noise: a share within three binomial standard errors, 5.2 %, of 10 %."""
    rng = np.random.default_rng(77)
    fields, benchmarks = 0.02 * normal(rng, (300, 120, 5)), 0.02 * normal(rng, (300, 120))
    p = [
        selection.spa_test(*one, seed, draws=199).consistent
        for seed, one in enumerate(zip(fields, benchmarks, strict=True))
    ]
    assert np.mean(np.array(p) < 0.10) == pytest.approx(0.10, abs=3 * math.sqrt(0.1 * 0.9 / 300))


def test_spa_finds_a_planted_winner_and_names_it():
    table, benchmark = noise(1, 120, 8), noise(2, 120)
    assert selection.spa_test(table, benchmark, 1).consistent > 0.05
    table[:, 6] += 0.012 + (benchmark - table[:, 6]).mean()  # 1.2 % a bar better, whatever this noise came to
    found = selection.spa_test(table, benchmark, 1)
    assert found.best == 6
    assert found.lower <= found.consistent <= found.upper < 0.01


def test_spa_weighs_each_variant_by_its_own_risk():
    """A winner of low risk among volatile noise; and the size of a position is no evidence."""
    table, cash = noise(1, 120, 4), np.zeros(120)
    table[:, 0] = 0.1 * table[:, 0] + 0.001
    volatile = table * [1.0, 20.0, 20.0, 20.0]
    found = selection.spa_test(volatile, cash, 1)
    assert found.best == 0
    assert found.consistent < 0.01
    same = selection.spa_test(table, cash, 1)
    assert [found.lower, found.consistent, found.upper] == [same.lower, same.consistent, same.upper]


def test_spa_is_that_of_arch_on_studentised_gains_drawn_with_the_median_of_their_blocks():
    """Three columns, of blocks of about 19, 1 and 5 bars: the draws rest on the 5."""
    from arch.bootstrap import SPA

    shocks = np.random.default_rng(3).normal(size=(3, 300))
    columns = [0.02 * lfilter([1.0], [1.0, -rho], row) for rho, row in zip((0.8, 0.0, 0.3), shocks, strict=True)]
    columns[1] -= 0.01  # too poor for the consistent test to count
    table = np.column_stack(columns)
    blocks = bootstrap.block_lengths(table)
    block = float(blocks[2])
    assert blocks == pytest.approx([18.9, 1.2, 5.0], abs=0.1)
    found = selection.spa_test(table, np.zeros(300), 7, draws=499)
    t = [column.mean() / plain_error(column, block) for column in columns]
    assert found.best == int(np.argmax(t))
    deviations = [(column - column.mean()) / math.sqrt(plain_variance(column, block)) for column in columns]
    losses = -np.column_stack(deviations) - np.array(t) / math.sqrt(300)
    theirs = SPA(np.zeros(300), losses, block_size=block, reps=499, seed=7)
    theirs.compute()
    assert [found.lower, found.consistent, found.upper] == list(theirs.pvalues)
    assert found.lower < found.consistent or found.consistent < found.upper


@pytest.mark.parametrize("bars", [36, 60, 321, 1000])
@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.5, 0.9])
def test_blocks_are_those_of_arch(bars, rho):
    from arch.bootstrap import optimal_block_length

    shocks = np.random.default_rng(bars).normal(size=(6, bars))
    columns = lfilter([1.0], [1.0, -rho], shocks, axis=1).T
    theirs = optimal_block_length(columns)["stationary"].to_numpy()
    assert bootstrap.block_lengths(columns) == pytest.approx(np.maximum(theirs, 1.0), rel=1e-12)


@pytest.mark.parametrize("block", [1.0, 1.7, 6.3, 200.0])
def test_rows_drawn_are_those_of_arch(block, monkeypatch):
    from arch.bootstrap import StationaryBootstrap

    monkeypatch.setattr(bootstrap, "BATCH", 400)  # three draws at a time
    theirs = StationaryBootstrap(block, np.empty(120), seed=4)
    drawn = np.concatenate(list(bootstrap.resamples(120, block, 4, 7)))
    expected = [theirs.update_indices() for _ in range(7)]
    assert np.array_equal(drawn, expected)
    import numba  # noqa: F401  # loaded, the rows are chained by compiled code

    assert np.array_equal(np.concatenate(list(bootstrap.resamples(120, block, 4, 7))), expected)
    monkeypatch.delitem(sys.modules, "numba")
    assert np.array_equal(np.concatenate(list(bootstrap.resamples(120, block, 4, 7))), expected)


def test_spa_names_a_variant_that_is_the_benchmark():
    table = noise(1, 60, 3)
    found = selection.spa_test(table, table[:, 2], 1)
    assert sentence(found).startswith("Column 2 less the benchmark: the returns hardly vary")
    assert selection.spa_test(np.empty((60, 0)), table[:, 2], 1).reason == "no variant to test"
