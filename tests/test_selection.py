"""Choosing the best of many: one p for it whatever was tried beside it twice, in other sizes or nearly alike."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import norm

from backtests.performance import best_of_many as joint
from backtests.performance import bootstrap, clusters, overfitting, selection
from backtests.performance.best_of_many import best_of_many
from backtests.performance.verdicts import sentence
from data.errors import ConfigError, DataError
from tests.fields import copies, field, judge, planted
from tests.records import MONTHLY, noise

# ---- clusters


def test_sizes_of_a_path_are_one_cluster_and_its_opposite_is_another():
    x = noise(1, 120)
    table = np.column_stack([x, 2 * x, 0.1 * x, -x, noise(2, 120)])
    assert clusters.clusters(table).tolist() == [0, 0, 0, 1, 2]
    assert clusters.paths(table, clusters.clusters(table))[:, 0] == pytest.approx(x / x.std(ddof=1))


@pytest.mark.parametrize("columns", [1, 3, 20, 45])
def test_independent_columns_are_a_cluster_each(columns):
    assert clusters.clusters(noise(columns, 120, columns)).tolist() == list(range(columns))


def test_a_cluster_ends_where_the_mean_correlation_falls_below_seven_tenths():
    x = noise(3, 4000)
    assert clusters.clusters(np.column_stack([x, copies(x, 0.72, 1)])).tolist() == [0, 0]
    assert clusters.clusters(np.column_stack([x, copies(x, 0.68, 1)])).tolist() == [0, 1]


def test_a_correlation_is_that_of_pandas_on_the_bars_two_have_and_needs_thirty_six():
    table = noise(4, 100, 4) + noise(5, 100)[:, None]
    table[:60, 1], table[65:, 2], table[10, 3] = np.nan, np.nan, np.nan
    theirs = pd.DataFrame(table).corr(min_periods=36).fillna(0.0)
    assert clusters.correlations(table) == pytest.approx(theirs.to_numpy(), abs=1e-12)
    assert clusters.correlations(table)[1, 2] == 0.0
    whole = table[70:, [0, 1, 3]]
    assert (clusters.correlations(whole) == 0.0).all()


def test_the_path_of_a_cluster_is_the_mean_of_the_members_that_are_there():
    x = noise(6, 80)
    y = x.copy()
    y[:20] = np.nan
    found = clusters.paths(np.column_stack([x, y]), np.array([0, 0]))[:, 0]
    assert found[:20] == pytest.approx(x[:20] / x.std(ddof=1))
    assert found[20:] == pytest.approx((x / x.std(ddof=1) + y / y[20:].std(ddof=1))[20:] / 2)


# ---- the joint bootstrap


def plain_t(x: np.ndarray, there: np.ndarray, keep: float) -> float:
    """The t statistic in plain sums over lags, as METHODS and docs/luck.md write it."""
    mean = x[there].mean()
    u = np.where(there, x - mean, 0.0)
    rho = (u[1:] * u[:-1]).sum() / (u**2).sum()
    e = u - rho * np.concatenate([[0.0], u[:-1]])
    variance = (e**2).sum() + 2 * sum(keep**k * (e[k:] * e[:-k]).sum() for k in range(1, len(e)))
    return float(mean * there.sum() * (1 - rho) / math.sqrt(variance))


@pytest.fixture
def ragged() -> np.ndarray:
    """Seven autocorrelated columns; two start late, one ends early, one is never there."""
    table = lfilter([1.0], [1.0, -0.3], noise(8, 90, 8), axis=0)
    table[:40, 2:4], table[70:, 5], table[:, 6] = np.nan, np.nan, np.nan
    return table


def test_p_values_are_those_of_plain_sums_over_the_draws(ragged):
    found = best_of_many(ragged, seed=3, draws=59)
    there = np.isfinite(ragged)
    keep = 1 - 1 / found.block
    tested = [0, 1, 2, 3, 4, 5, 7]
    t = np.array([plain_t(ragged[:, i], there[:, i], keep) for i in tested])
    assert found.t[tested] == pytest.approx(t, rel=1e-9)
    centred = np.column_stack(
        [column - column[np.isfinite(column)].mean() if i in tested else column for i, column in enumerate(ragged.T)]
    )
    rows = np.concatenate(list(bootstrap.resamples(90, found.block, 3, 59)))
    drawn = np.array([[plain_t(centred[row, i], there[row, i], keep) for i in tested] for row in rows])
    largest = drawn.max(axis=1)
    assert found.mean_maximum == pytest.approx(largest.mean(), rel=1e-9)
    assert found.p[tested] == pytest.approx([(1 + (largest >= value).sum()) / 60 for value in t])
    poor = np.where(t < -math.sqrt(2 * math.log(math.log(90))), t, 0.0)
    assert found.consistent[tested] == pytest.approx(
        [(1 + ((drawn + poor).max(axis=1) >= value).sum()) / 60 for value in t]
    )
    down, so_far = {}, 0.0
    for i in np.argsort(-t):
        rest = drawn[:, t <= t[i]].max(axis=1)
        so_far = max(so_far, (1 + (rest >= t[i]).sum()) / 60)
        down[i] = so_far
    assert found.step_down[tested] == pytest.approx([down[i] for i in range(len(t))])
    assert np.isnan(found.p[6])
    assert np.isnan(found.t[6])


def test_the_block_is_the_mean_of_what_arch_finds_for_the_columns(ragged):
    from arch.bootstrap import optimal_block_length

    own = [column[np.isfinite(column)] for column in ragged.T if np.isfinite(column).any()]
    theirs = [max(1.0, float(optimal_block_length(column)["stationary"].iloc[0])) for column in own]
    assert best_of_many(ragged, 1, 19).block == pytest.approx(np.mean(theirs), rel=1e-12)


def test_a_draw_in_which_a_path_stands_still_says_nothing_of_it():
    """Moves in 12 of 320 months: many draws hold none of them, and rounding over rounding is no t statistic."""
    rng = np.random.default_rng(5)
    table = rng.normal(0, 0.01, (320, 6))
    table[12:, 0] = 0.0
    made = joint.best_of_many(table, 7, 499)
    assert 0.9 < made.mean_maximum < 2.5


def test_compiled_statistics_are_those_worked_out_array_by_array(ragged, monkeypatch):
    monkeypatch.delitem(__import__("sys").modules, "numba", raising=False)
    monkeypatch.setattr(joint, "COMPILED_FROM", math.inf)
    there = np.isfinite(ragged)
    u = np.where(there, ragged, 0.0)
    rows = np.concatenate(list(bootstrap.resamples(90, 4.0, 1, 30)))
    plain = [joint.statistics(u, there, rows, keep) for keep in (0.0, 0.75)]
    monkeypatch.setattr(joint, "COMPILED_FROM", 0)
    compiled = [joint.statistics(u, there, rows, keep) for keep in (0.0, 0.75)]
    assert np.array(compiled) == pytest.approx(np.array(plain), abs=1e-11)


def test_the_best_of_noise_is_called_significant_about_as_often_as_the_level_says():
    """300 records of 12 columns, AR(1) of 0.2, half of them starting at mid-sample: three binomial errors are 3.8 %."""
    hits = 0
    for seed in range(300):
        table = lfilter([1.0], [1.0, -0.2], noise(seed, 120, 12), axis=0)
        table[:60, 6:] = np.nan
        hits += np.nanmin(best_of_many(table, seed, 199).p) <= 0.05
    assert hits / 300 == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 300))


def test_a_planted_sharpe_ratio_is_found_among_many_and_a_small_one_seldom():
    """40 records of 20 columns over 320 months; docs/luck.md has the sizes measured at length."""
    share = {
        sharpe: np.mean([judge(planted(field(seed, 320, 20), sharpe), seed, 199).first <= 0.05 for seed in range(40)])
        for sharpe in (0.9, 0.3)
    }
    assert share[0.9] >= 0.8
    assert share[0.3] <= 0.3


@pytest.mark.parametrize("sizes", [(1.0, 2.0, 4.0, 8.0)])
def test_sizes_move_nothing(sizes):
    table = noise(9, 200, 5)
    alone = best_of_many(table, 1, 199)
    scaled = best_of_many(table * np.array([*sizes, 0.5]), 1, 199)
    assert scaled.p == pytest.approx(alone.p)
    assert scaled.mean_maximum == pytest.approx(alone.mean_maximum)


@pytest.mark.parametrize(("count", "low", "high"), [(1, 1.0, 1.4), (3, 2.5, 3.5), (45, 38.0, 52.0)])
def test_as_many_independent_trials_are_found_as_there_are(count, low, high):
    assert low <= best_of_many(noise(1, 320, count), 1).effective <= high


def test_ninety_clones_add_no_trial_and_columns_alike_are_few():
    table = noise(2, 320, 10)
    clones = np.hstack([table, table[:, :1] * np.arange(1, 91)])
    assert best_of_many(clones, 1).effective == pytest.approx(10.0, abs=1.5)
    alike = math.sqrt(0.9) * noise(3, 320)[:, None] + math.sqrt(0.1) * noise(4, 320, 45)
    assert best_of_many(alike, 1).effective == pytest.approx(2.3, abs=0.5)


def test_the_expected_maximum_is_that_of_normal_order_statistics():
    assert [joint.expected_maximum(n) for n in (1, 2, 3)] == pytest.approx(
        [0.0, 1 / math.sqrt(math.pi), 1.5 / math.sqrt(math.pi)], abs=1e-9
    )
    assert joint.effective_number(joint.expected_maximum(45.0)) == pytest.approx(45.0)
    assert joint.effective_number(-0.1) == 1.0


def test_what_cannot_be_tested_is_left_out_or_said():
    table = noise(5, 60, 3)
    table[:30, 0], table[:, 1] = np.nan, 0.01
    found = best_of_many(table, 1, 19)
    assert np.isnan(found.p).tolist() == [True, True, False]
    assert best_of_many(table[:, :1], 1, 19).reason == "only 30 bars: at least 36 are needed"
    assert "hardly vary" in best_of_many(table[:, 1:2], 1, 19).reason
    assert best_of_many(np.empty((60, 0)), 1, 19).reason == "no variant to test"
    with pytest.raises(DataError, match="expected finite figures"):
        best_of_many(np.full((60, 2), np.inf), 1)


# ---- deflated and haircut Sharpe ratios


def deflated(table: np.ndarray, column: int) -> selection.DeflatedSharpe:
    labels = clusters.clusters(table)
    paths = clusters.paths(table, labels)
    tested = best_of_many(paths, 1)
    cluster = int(labels[column])
    return selection.deflated_sharpe(paths[:, cluster], MONTHLY, tested.mean_maximum, paths.shape[1], tested.block)


@pytest.mark.parametrize("correlation", [0.95, 0.9999, 1.0])
def test_copies_of_a_loser_neither_lower_the_hurdle_nor_move_the_probability(correlation):
    """The former hurdle rested on the spread of all Sharpe ratios, which copies narrow: it fell by half."""
    table = noise(11, 320, 3) + 0.02 * np.array([0.25, 0.1, -0.1])
    alone = deflated(table, 0)
    crowded = deflated(np.hstack([table, copies(table[:, 2], correlation, 40)]), 0)
    assert crowded.trials == alone.trials == 3
    assert crowded.hurdle == pytest.approx(alone.hurdle, rel=0.06)
    assert crowded.probability == pytest.approx(alone.probability, abs=0.02)


def test_the_hurdle_is_the_mean_maximum_times_the_long_run_error_and_that_of_one_cluster_is_nothing():
    x = noise(12, 240) + 0.004
    _, _, ratio, error = bootstrap.estimates(x, 3.0)
    found = selection.deflated_sharpe(x, MONTHLY, 1.5, 4, 3.0)
    assert found.hurdle == pytest.approx(1.5 * error * math.sqrt(12))
    assert found.probability == pytest.approx(norm.cdf(ratio / error - 1.5))
    assert selection.deflated_sharpe(x, MONTHLY, 1.5, 1, 3.0).hurdle == 0.0
    assert "at least 36" in selection.deflated_sharpe(x[:30], MONTHLY, 1.5, 4, 3.0).reason


def test_a_haircut_leaves_what_a_single_test_would_need_and_never_adds():
    years = 25.0
    assert selection.haircut_sharpe(0.9, 0.025, years) == pytest.approx(1.959964 / 5, abs=1e-6)
    assert selection.haircut_sharpe(0.3, 0.001, years) == 0.3
    assert selection.haircut_sharpe(0.9, 0.7, years) == selection.haircut_sharpe(-0.2, 0.01, years) == 0.0


# ---- overfitting


@pytest.mark.parametrize("variants", [4, 5])
def test_the_probability_of_overfitting_is_a_half_on_noise_be_they_odd_or_even(variants):
    """The former one counted the middle rank as low: 0.6 on noise of five."""
    found = np.array([overfitting.probability(noise(seed, 160, variants)) for seed in range(80)])
    assert found.mean() == pytest.approx(0.5, abs=3 * found.std(ddof=1) / math.sqrt(80))


def test_the_probability_of_overfitting_is_that_of_ffn_where_no_rank_is_in_the_middle():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ffn
    table = noise(4, 96, 4) + 0.003 * np.arange(4) * np.linspace(1, -0.5, 96)[:, None]
    theirs = ffn.calc_prob_backtest_overfitting(pd.DataFrame(table), 8)
    assert 0 < theirs < 1
    assert overfitting.probability(table, blocks=8) == pytest.approx(theirs, abs=1e-12)


def test_a_lasting_winner_is_below_the_band_of_noise_and_noise_is_no_verdict():
    table = noise(1, 160, 10)
    plain = overfitting.overfitting(table, 1, draws=99)
    assert plain.low < plain.probability
    assert sentence(plain).endswith("so this tells neither way.")
    table[:, 3] += 0.02
    lasting = overfitting.overfitting(table, 1, draws=99)
    assert lasting.probability < 0.001 < lasting.low < 0.5 < lasting.high
    assert sentence(lasting).endswith("so the best tends to stay good.")


def test_the_band_holds_noise_about_as_often_as_it_says():
    """60 records: three binomial errors are 11.6 %."""
    found = [overfitting.overfitting(noise(seed, 120, 6), seed, blocks=8, draws=99) for seed in range(60)]
    inside = np.mean([one.low <= one.probability <= one.high for one in found])
    assert inside == pytest.approx(0.9, abs=3 * math.sqrt(0.9 * 0.1 / 60))


def test_overfitting_drops_the_oldest_bars_that_fill_no_block():
    table = noise(2, 160, 6)
    longer = np.vstack([noise(3, 5, 6), table])
    assert overfitting.overfitting(longer, 1, draws=99).probability == overfitting.probability(table)


def test_five_sizes_of_a_loser_are_one_cluster_and_no_ranking():
    """The former one ranked them: 0 %, which read as a choice that holds up."""
    sizes = (noise(5, 320) - 0.002)[:, None] * np.arange(1, 6)
    found = overfitting.overfitting(sizes, 1)
    assert found.probability is None
    assert found.reason == "5 variants in 1 cluster of like returns: at least 4 are needed to rank"


def test_overfitting_says_why_it_cannot_tell():
    assert overfitting.overfitting(noise(1, 160, 3), 1).reason == "only 3 variants: at least 4 are needed to rank"
    assert overfitting.overfitting(noise(1, 70, 5), 1).reason == "only 32 bars in half of history: too few to rank on"
    table = noise(1, 160, 5)
    table[:80, 2] = 0.0
    assert "do not vary in half of history" in overfitting.overfitting(table, 1).reason
    with pytest.raises(ConfigError, match="blocks is 7; expected an even number"):
        overfitting.overfitting(table, 1, blocks=7)
    with pytest.raises(ConfigError, match="draws is 50; a band of noise needs at least 99"):
        overfitting.overfitting(table, 1, draws=50)


# ---- SPA test


def test_spa_rejects_noise_at_about_its_level():
    """300 fields of 5 variants of noise: a share within three binomial standard errors, 5.2 %, of 10 %."""
    rng = np.random.default_rng(77)
    fields, benchmarks = 0.02 * rng.normal(size=(300, 120, 5)), 0.02 * rng.normal(size=(300, 120))
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


def test_the_size_of_a_variant_and_of_the_benchmark_is_no_evidence():
    """The former test held returns against returns: at 1, 2, 4 and 8 times its size p was .537, .208, .017, .002."""
    benchmark = noise(21, 240) + 0.004
    variant = 0.5 * benchmark + noise(22, 240) + 0.003
    found = {selection.spa_test(size * variant[:, None], benchmark, 1) for size in (1, 2, 4, 8)}
    assert len({round(one.consistent, 9) for one in found}) == 1
    larger = selection.spa_test(variant[:, None], 4 * benchmark, 1)
    assert larger.consistent == next(iter(found)).consistent


def test_spa_leaves_out_a_variant_that_is_the_benchmark_at_another_size():
    table = noise(1, 60, 3)
    found = selection.spa_test(table, 3 * table[:, 2], 1)
    assert found.best in (0, 1)
    alone = selection.spa_test(table[:, 2:], table[:, 2], 1)
    assert sentence(alone).startswith("Every variant less the benchmark: the returns hardly vary")
    assert selection.spa_test(np.empty((60, 0)), table[:, 2], 1).reason == "no variant to test"
    assert "the benchmark: the returns hardly vary" in selection.spa_test(table, np.zeros(60), 1).reason
