"""Coverage and level on series whose truth is known; formulas against papers, by hand, and against other libraries."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from backtests.performance import bootstrap, inference, metrics
from backtests.performance.inference import sentence
from data.errors import ConfigError, DataError

MONTHLY = 12.0
NORMAL = NormalDist()


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(size=shape)


def fat_tailed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Student's t of 5 degrees, of variance 1."""
    return rng.standard_t(5, size=shape) / math.sqrt(5 / 3)


def persistent(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """AR(1) of 0.4, of variance 1."""
    shocks = rng.normal(size=(*shape[:-1], shape[-1] + 50)) * math.sqrt(1 - 0.4**2)
    return lfilter([1.0], [1.0, -0.4], shocks, axis=-1)[..., 50:]


def noise(seed: int, *shape: int) -> np.ndarray:
    return 0.02 * np.random.default_rng(seed).normal(size=shape)


@pytest.fixture
def record() -> np.ndarray:
    """Ten years of months, a Sharpe ratio of about a half, skewed and fat-tailed."""
    rng = np.random.default_rng(11)
    return 0.003 + 0.02 * fat_tailed(rng, (120,)) - 0.004 * (rng.exponential(size=120) - 1)


# ---- intervals


@pytest.mark.parametrize("bars", [120, 320])
@pytest.mark.parametrize("shocks", [normal, persistent, fat_tailed])
def test_intervals_hold_the_truth_as_often_as_they_say(shocks, bars):
    """500 histories: a share within three binomial standard errors, 2.9 %, of the stated 95 %."""
    histories, sharpe = 500, 0.5
    rng = np.random.default_rng(2024)
    x = 0.02 * (shocks(rng, (histories, bars)) + sharpe / math.sqrt(MONTHLY))
    found = [inference.intervals(row, MONTHLY, seed, draws=199) for seed, row in enumerate(x)]
    tolerance = 3 * math.sqrt(0.95 * 0.05 / histories)
    mean = 0.02 * sharpe / math.sqrt(MONTHLY) * MONTHLY
    for truth, ranges in ((mean, [f.excess_return for f in found]), (sharpe, [f.sharpe for f in found])):
        share = np.mean([one.low <= truth <= one.high for one in ranges])
        assert share == pytest.approx(0.95, abs=tolerance)


def test_the_range_of_the_largest_drawdown_holds_that_of_another_history():
    """It is a range of outcomes: a second record of the same kind is inside about as often as stated."""
    histories = 300
    rng = np.random.default_rng(5)
    own, other = 0.02 * normal(rng, (2, histories, 160)) + 0.002
    found = [inference.intervals(row, MONTHLY, seed, draws=199).excess_drawdown for seed, row in enumerate(own)]
    depths = [metrics.deepest(np.cumprod([1.0, *(1 + row)]), 1.0).depth for row in other]
    share = np.mean([one.low <= depth <= one.high for one, depth in zip(found, depths, strict=True)])
    assert 0.80 < share < 0.97  # below 0.95: the mean of the record drawn from is itself uncertain


def test_interval_figures_are_those_of_metrics(record):
    @dataclass(frozen=True)
    class Book:
        dates: np.ndarray
        capital: float
        equity: np.ndarray
        cash: np.ndarray

    equity = 100.0 * np.cumprod([1.0, *(1.001 + record)])
    cash = np.concatenate([[0.0], 0.001 * equity[:-1]])
    book = Book(np.arange("2010-01", "2020-02", dtype="datetime64[M]").astype("datetime64[D]"), 100.0, equity, cash)
    days, columns = inference.common([book, replace(book, dates=book.dates[20:], equity=equity[20:], cash=cash[20:])])
    assert len(days) == 100
    assert np.array_equal(columns[:, 0], metrics.excess_returns(book)[20:])
    assert columns[:, 1] == pytest.approx(columns[:, 0], abs=1e-15)
    x = metrics.excess_returns(book)
    assert x == pytest.approx(record, abs=1e-14)
    found = inference.intervals(x, MONTHLY, 1, draws=99)
    assert found.excess_return.value == pytest.approx(x.mean() * 12, rel=1e-12)
    assert found.sharpe.value == pytest.approx(metrics.sharpe(x, MONTHLY), rel=1e-12)
    assert found.excess_drawdown.value == pytest.approx(
        metrics.deepest(metrics.excess_index(book), 1.0).depth, rel=1e-12
    )


def test_a_largest_drawdown_counts_from_the_first_bar():
    assert inference.intervals([-0.5, 0.1, 0.2], MONTHLY, 1).excess_drawdown.value == pytest.approx(0.5, abs=1e-15)
    assert inference.intervals([0.1, 0.2], MONTHLY, 1).excess_drawdown.value == 0.0


def autocorrelation(u: np.ndarray) -> float:
    u = u - u.mean()
    return float((u[1:] * u[:-1]).sum() / (u**2).sum())


def plain_variance(u: np.ndarray, block: float) -> float:
    """The stationary bootstrap's long-run variance in plain sums over lags, as the papers write it."""
    u = u - u.mean()
    n = len(u)
    total = (u**2).sum() / n
    for lag in range(1, n):
        total += 2 * (1 - lag / n) * (1 - 1 / block) ** lag * (u * np.roll(u, -lag)).sum() / n
    return float(total)


def plain_error(u: np.ndarray, block: float, rho: float | None = None) -> float:
    """The prewhitened standard error; `rho` is the autocorrelation it takes, else the record's own."""
    u = u - u.mean()
    rho = autocorrelation(u) if rho is None else rho
    return math.sqrt(plain_variance(u[1:] - rho * u[:-1], block) / len(u)) / (1 - rho)


TREND = np.linspace(-0.02, 0.02, 200) + noise(6, 200) / 50
CHANGING = 0.02 * np.resize([1.0, -1.0], 200) + noise(6, 200) / 50


@pytest.mark.parametrize(("record", "sign"), [(TREND, 1), (CHANGING, -1)], ids=["trend", "changing"])
def test_the_autocorrelation_of_a_prewhitened_error_is_at_most_97_percent(record, sign):
    assert sign * autocorrelation(record) > 0.98
    error = bootstrap.standard_error(record, 4.0)
    assert error == pytest.approx(plain_error(record, 4.0, sign * 0.97), rel=1e-10)
    assert error != pytest.approx(plain_error(record, 4.0), rel=1e-3)


@pytest.mark.parametrize("record", [TREND[:80], CHANGING[:30]], ids=["trend", "changing"])
def test_an_autocorrelation_below_97_percent_is_taken_as_it_is(record):
    assert 0.94 < abs(autocorrelation(record)) < 0.97
    assert bootstrap.standard_error(record, 4.0) == pytest.approx(plain_error(record, 4.0), rel=1e-10)


def test_sharpe_interval_is_the_studentised_one_worked_draw_by_draw():
    from arch.bootstrap import StationaryBootstrap

    x = 0.02 * persistent(np.random.default_rng(8), (48,)) + 0.003
    found = inference.intervals(x, MONTHLY, 5, draws=39)
    assert found.block > 1

    def estimate(row: np.ndarray) -> tuple[float, float]:
        z = (row - row.mean()) / row.std(ddof=1)
        ratio = row.mean() / row.std(ddof=1)
        return ratio, plain_error(z - ratio / 2 * (z**2 - 1), found.block)

    ratio, error = estimate(x)
    bootstrap = StationaryBootstrap(found.block, x, seed=5)
    drawn = sorted((r - ratio) / e for r, e in (estimate(data[0][0]) for data in bootstrap.bootstrap(39)))
    # with 39 draws the 2.5 % and 97.5 % points are the smallest and the largest
    assert found.sharpe.low == pytest.approx((ratio - drawn[-1] * error) * math.sqrt(12), rel=1e-10)
    assert found.sharpe.high == pytest.approx((ratio - drawn[0] * error) * math.sqrt(12), rel=1e-10)


def test_the_same_seed_gives_the_same_figures_and_another_does_not(record):
    once, again, other = (inference.intervals(record, MONTHLY, seed, draws=99) for seed in (1, 1, 2))
    assert once == again
    assert once.sharpe.low != other.sharpe.low
    y = noise(3, 120)
    assert inference.better(record, y, MONTHLY, 4, draws=99) == inference.better(record, y, MONTHLY, 4, draws=99)
    table = noise(4, 120, 4)
    assert inference.spa_test(table, y, 5, draws=99) == inference.spa_test(table, y, 5, draws=99)


def test_drawing_in_batches_changes_nothing(record, monkeypatch):
    whole = inference.intervals(record, MONTHLY, 1, draws=100)
    monkeypatch.setattr(bootstrap, "BATCH", 7 * len(record))
    assert inference.intervals(record, MONTHLY, 1, draws=100) == whole


def test_more_confidence_and_less_history_widen_an_interval(record):
    def width(x: np.ndarray, level: float) -> float:
        one = inference.intervals(x, MONTHLY, 1, draws=999, level=level).sharpe
        return one.high - one.low

    assert width(record, 0.80) < width(record, 0.95) < width(record, 0.99)
    assert width(np.tile(record, 4), 0.95) < 0.7 * width(record, 0.95)


def test_leverage_scales_the_return_interval_and_leaves_the_sharpe_ratio(record):
    once, twice = (inference.intervals(k * record, MONTHLY, 1, draws=99) for k in (1, 2))
    assert twice.excess_return.low == pytest.approx(2 * once.excess_return.low, rel=1e-9)
    assert twice.sharpe.low == pytest.approx(once.sharpe.low, rel=1e-9)


# ---- the mean


def test_hac_is_the_formula_of_newey_and_west_by_hand():
    x = list(noise(1, 60) + 0.004)
    lags = 3  # 4 x 0.6^(2/9) = 3.57
    mean = sum(x) / 60
    e = [one - mean for one in x]
    variance = sum(a * a for a in e)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / 4) * sum(e[i] * e[i - lag] for i in range(lag, 60))
    found = inference.hac(x)
    assert (found.lags, found.bars) == (lags, 60)
    assert found.error == pytest.approx(math.sqrt(variance / 59 / 60), rel=1e-12)
    assert found.t == pytest.approx(mean / math.sqrt(variance / 59 / 60), rel=1e-12)


@pytest.mark.parametrize(("bars", "lags"), [(36, 3), (100, 4), (320, 5), (5000, 9)])
def test_hac_lags_grow_with_the_two_ninths_power_of_the_bars(bars, lags):
    """4 x (T/100)^(2/9) is 3.19, 4, 5.18 and, of twenty years of days, 9.54; rounded down."""
    assert inference.hac(noise(1, bars)).lags == lags


def test_hac_of_twenty_years_of_days_counts_nine_lags_with_falling_weights():
    x = 0.01 * persistent(np.random.default_rng(9), (5000,)) + 0.0002
    e = x - x.sum() / 5000
    variance = (e**2).sum() + 2 * sum((1 - lag / 10) * (e[lag:] * e[:-lag]).sum() for lag in range(1, 10))
    found = inference.hac(x)
    assert (found.lags, found.bars) == (9, 5000)
    assert found.error == pytest.approx(math.sqrt(variance / 4999 / 5000), rel=1e-12)
    assert found.error > 1.3 * x.std() / math.sqrt(5000)


def test_hac_is_that_of_statsmodels_but_for_its_divisor(record):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import statsmodels.api as sm
    found = inference.hac(record)
    theirs = sm.OLS(record, np.ones(120)).fit(cov_type="HAC", cov_kwds={"maxlags": found.lags}, use_t=True)
    assert found.error == pytest.approx(theirs.bse[0] * math.sqrt(120 / 119), rel=1e-12)
    assert found.t == pytest.approx(theirs.tvalues[0] / math.sqrt(120 / 119), rel=1e-12)


def test_hac_error_is_wider_than_the_iid_one_where_returns_persist():
    x = persistent(np.random.default_rng(3), (200, 120))
    ratio = [inference.hac(row).error / (row.std(ddof=1) / math.sqrt(120)) for row in x]
    assert np.mean(ratio) > 1.25  # the truth is sqrt(1.4 / 0.6) = 1.53; the estimate is short of it
    assert np.mean([one > 1 for one in ratio]) > 0.95


def test_hac_p_value_is_two_sided():
    x = noise(1, 120) + 0.002
    assert inference.hac(x).p == pytest.approx(inference.hac(-x).p, rel=1e-12)
    assert inference.hac(x + 0.02).p < 1e-6


# ---- deflated Sharpe ratio


def test_probabilistic_sharpe_of_the_papers_hedge_fund():
    """Bailey and Lopez de Prado (2012): two years of months, annual Sharpe ratio 1.59, skew -2.448, kurtosis 10.164."""
    assert inference.above(0.458, 0.0, 24, 0.0, 3.0) == pytest.approx(0.982, abs=5e-4)
    assert inference.above(0.458, 0.0, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "answer"), [(100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)]
)
def test_deflated_sharpe_of_the_papers_example(trials, skew, kurtosis, answer):
    """Bailey and Lopez de Prado (2014): 1250 days, Sharpe ratio 2.5 a year, variance of the trials' 0.5, 250 days."""
    hurdle = math.sqrt(0.5 / 250) * inference.expected_maximum(trials)
    if trials == 100:
        assert hurdle == pytest.approx(0.1132, abs=5e-5)
    assert inference.above(2.5 / math.sqrt(250), hurdle, 1250, skew, kurtosis) == pytest.approx(answer, abs=5e-5)


def test_deflated_sharpe_is_worked_by_hand_from_the_bars(record):
    n = len(record)
    mean = sum(record) / n
    central = [sum((one - mean) ** power for one in record) / n for power in (2, 3, 4)]
    sharpe = mean / math.sqrt(central[0] * n / (n - 1))
    skew, kurtosis = central[1] / central[0] ** 1.5, central[2] / central[0] ** 2
    spread = math.sqrt(1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2)
    z = (sharpe - 0.3 / math.sqrt(12)) * math.sqrt(n - 1) / spread
    found = inference.probabilistic_sharpe(record, MONTHLY, 0.3)
    assert found.probability == pytest.approx(NORMAL.cdf(z), rel=1e-12)
    assert (found.hurdle, found.trials) == (0.3, 1)

    tried = [0.1, 0.4, -0.2, 0.5, 0.0]
    middle = sum(tried) / 5
    dispersion = math.sqrt(sum((one - middle) ** 2 for one in tried) / 4)
    gamma = 0.5772156649015329
    hurdle = dispersion * ((1 - gamma) * NORMAL.inv_cdf(1 - 1 / 5) + gamma * NORMAL.inv_cdf(1 - 1 / (5 * math.e)))
    z = (sharpe - hurdle / math.sqrt(12)) * math.sqrt(n - 1) / spread
    deflated = inference.deflated_sharpe(record, MONTHLY, tried)
    assert deflated.hurdle == pytest.approx(hurdle, rel=1e-12)
    assert deflated.probability == pytest.approx(NORMAL.cdf(z), rel=1e-12)


def test_deflated_sharpe_is_that_of_ffn_on_its_moments(record):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ffn
    tried = [0.1, 0.4, -0.2, 0.5, 0.0]
    assert inference.expected_maximum(5) == pytest.approx(ffn.calc_expected_max_sharpe(5, 1.0), rel=1e-12)
    series = pd.Series(record)
    theirs = ffn.calc_deflated_sharpe_ratio(series, tried, nperiods=12)
    hurdle = inference.deflated_sharpe(record, MONTHLY, tried).hurdle / math.sqrt(12)
    skew, kurtosis = float(series.skew()), float(series.kurt()) + 3.0  # ffn's are corrected for bias
    ours = inference.above(record.mean() / record.std(ddof=1), hurdle, 120, skew, kurtosis)
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_deflated_sharpe_falls_as_trials_rise(record):
    found = [inference.deflated_sharpe(record, MONTHLY, [-0.3, 0.3] * pairs) for pairs in (1, 5, 50, 500)]
    assert all(b.probability < a.probability for a, b in pairwise(found))
    one = inference.deflated_sharpe(record, MONTHLY, [0.3])
    assert one == inference.probabilistic_sharpe(record, MONTHLY)
    assert found[0].probability < one.probability


def test_expected_maximum_is_about_the_mean_of_the_largest_draw():
    largest = np.random.default_rng(0).normal(size=(20_000, 50)).max(axis=1).mean()
    assert inference.expected_maximum(50) == pytest.approx(largest, abs=0.03)  # an approximation for many trials


# ---- comparisons


def test_better_intervals_hold_the_true_difference_as_often_as_they_say():
    histories = 400
    rng = np.random.default_rng(31)
    shared = normal(rng, (histories, 160))
    a = 0.02 * (0.8 * shared + 0.6 * persistent(rng, (histories, 160)) + 0.6 / math.sqrt(12))
    b = 0.01 * (0.8 * shared + 0.6 * normal(rng, (histories, 160)) + 0.2 / math.sqrt(12))
    found = [inference.better(x, y, MONTHLY, i, draws=199) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    tolerance = 3 * math.sqrt(0.95 * 0.05 / histories)
    mean = (0.02 * 0.6 - 0.01 * 0.2) * math.sqrt(12)
    for truth, ranges in ((0.4, [f.sharpe for f in found]), (mean, [f.excess_return for f in found])):
        share = np.mean([one.low <= truth <= one.high for one in ranges])
        assert share == pytest.approx(0.95, abs=tolerance)


def test_pairing_cancels_what_two_books_share():
    shared = noise(1, 240)
    x, y = shared + 0.1 * noise(2, 240) + 0.001, shared + 0.1 * noise(3, 240)
    paired = inference.better(x, y, MONTHLY, 1).sharpe
    alone = inference.intervals(x, MONTHLY, 1).sharpe
    assert paired.high - paired.low < 0.4 * (alone.high - alone.low)
    assert paired.value == pytest.approx(metrics.sharpe(x, MONTHLY) - metrics.sharpe(y, MONTHLY), rel=1e-9)


def test_swapping_two_books_turns_the_comparison_round(record):
    y = noise(2, 120)
    there, back = inference.better(record, y, MONTHLY, 1), inference.better(y, record, MONTHLY, 1)
    assert there.sharpe.low == pytest.approx(-back.sharpe.high, rel=1e-9)
    assert there.excess_return.high == pytest.approx(-back.excess_return.low, rel=1e-9)
    assert there.ahead_sharpe == pytest.approx(1 - back.ahead_sharpe, abs=1e-12)
    assert there.ahead_return > 0.5


def test_twice_the_size_is_more_return_at_the_same_sharpe_ratio(record):
    found = inference.better(2 * record, record, MONTHLY, 1, draws=99)
    assert found.excess_return.value == pytest.approx(record.mean() * 12, rel=1e-9)
    assert found.excess_return.low is not None
    assert (found.sharpe.low, found.ahead_sharpe, found.sharpe.reason) == (None, None, inference.CONSTANT)


# ---- overfitting


def test_overfitting_is_about_a_half_on_noise_and_nothing_with_a_lasting_winner():
    found = np.array([inference.overfitting(noise(seed, 160, 10)).probability for seed in range(60)])
    assert abs(found.mean() - 0.5) < 3 * found.std(ddof=1) / math.sqrt(60)
    table = noise(1, 160, 10)
    table[:, 3] += 0.02
    assert inference.overfitting(table).probability < 0.001


@pytest.mark.parametrize("variants", [4, 5])
def test_overfitting_is_that_of_ffn(variants):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ffn
    table = noise(variants, 96, variants) + 0.003 * np.arange(variants) * np.linspace(1, -0.5, 96)[:, None]
    ours = inference.overfitting(table, blocks=8)
    assert ours.splits == math.comb(8, 4)
    assert 0 < ours.probability < 1
    assert ours.probability == pytest.approx(ffn.calc_prob_backtest_overfitting(pd.DataFrame(table), 8), abs=1e-12)


def test_overfitting_drops_the_oldest_bars_that_fill_no_block():
    table = noise(2, 160, 6)
    longer = np.vstack([noise(3, 5, 6) + 1.0, table])
    assert inference.overfitting(longer).probability == inference.overfitting(table).probability


def test_overfitting_says_why_it_cannot_tell():
    assert inference.overfitting(noise(1, 160, 3)).reason == "only 3 variants: too few to rank"
    assert inference.overfitting(noise(1, 70, 5)).reason == "only 32 bars in half of history: too few to rank on"
    table = noise(1, 160, 5)
    table[:80, 2] = 0.0
    assert "do not vary in half of history" in inference.overfitting(table).reason
    with pytest.raises(ConfigError, match="blocks is 7; expected an even number"):
        inference.overfitting(table, blocks=7)


# ---- SPA test


def test_spa_rejects_noise_at_about_its_level():
    """300 fields of 5 variants of noise: a share within three binomial standard errors, 5.2 %, of 10 %."""
    rng = np.random.default_rng(77)
    fields, benchmarks = 0.02 * normal(rng, (300, 120, 5)), 0.02 * normal(rng, (300, 120))
    p = [
        inference.spa_test(*one, seed, draws=199).consistent
        for seed, one in enumerate(zip(fields, benchmarks, strict=True))
    ]
    assert np.mean(np.array(p) < 0.10) == pytest.approx(0.10, abs=3 * math.sqrt(0.1 * 0.9 / 300))


def test_spa_finds_a_planted_winner_and_names_it():
    table, benchmark = noise(1, 120, 8), noise(2, 120)
    assert inference.spa_test(table, benchmark, 1).consistent > 0.05
    table[:, 6] += 0.012 + (benchmark - table[:, 6]).mean()  # 1.2 % a bar better, whatever this noise came to
    found = inference.spa_test(table, benchmark, 1)
    assert found.best == 6
    assert found.lower <= found.consistent <= found.upper < 0.01


def test_spa_weighs_each_variant_by_its_own_risk():
    """A winner of low risk among volatile noise; and the size of a position is no evidence."""
    table, cash = noise(1, 120, 4), np.zeros(120)
    table[:, 0] = 0.1 * table[:, 0] + 0.001
    volatile = table * [1.0, 20.0, 20.0, 20.0]
    found = inference.spa_test(volatile, cash, 1)
    assert found.best == 0
    assert found.consistent < 0.01
    same = inference.spa_test(table, cash, 1)
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
    found = inference.spa_test(table, np.zeros(300), 7, draws=499)
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
    found = inference.spa_test(table, table[:, 2], 1)
    assert sentence(found).startswith("Column 2 less the benchmark: the returns hardly vary")
    assert inference.spa_test(np.empty((60, 0)), table[:, 2], 1).reason == "no variant to test"


# ---- records that cannot bear a figure


def everything(x: np.ndarray) -> list:
    found = inference.intervals(x, MONTHLY, 1, draws=99)
    pair = inference.better(x, x[::-1] if len(x) > 1 else x, MONTHLY, 1, draws=99)
    return [
        found.excess_return, found.sharpe, found.excess_drawdown, inference.hac(x), pair, pair.excess_return,
        inference.probabilistic_sharpe(x, MONTHLY), inference.deflated_sharpe(x, MONTHLY, [0.1, 0.2]),
        inference.spa_test(np.column_stack([x, x]), np.zeros(len(x)), 1, draws=99),
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
    assert found.sharpe.reason == found.excess_return.reason == inference.CONSTANT


def test_equal_books_are_not_compared(record):
    found = inference.better(record, record.copy(), MONTHLY, 1)
    assert sentence(found) == "A and B are the same on every bar."
    assert found.ahead_sharpe is None


def test_gaps_and_misfits_are_refused_with_their_place(record):
    hole = record.copy()
    hole[7] = np.nan
    for call in (
        inference.hac,
        lambda x: inference.intervals(x, MONTHLY, 1),
        lambda x: inference.better(x, record, 12, 1),
    ):
        with pytest.raises(DataError, match="row 7 is nan; expected finite figures"):
            call(hole)
    with pytest.raises(DataError, match="row 7 of column 1 is nan"):
        inference.overfitting(np.column_stack([record, hole]))
    with pytest.raises(DataError, match="120 bars against 119: keep the bars that both have"):
        inference.better(record, record[1:], MONTHLY, 1)
    with pytest.raises(DataError, match=r"shape \(120, 1\); expected one figure per bar"):
        inference.hac(record[:, None])
    with pytest.raises(DataError, match="row 1 is inf"):
        inference.deflated_sharpe(record, MONTHLY, [0.1, math.inf])
    with pytest.raises(DataError, match="none given"):
        inference.deflated_sharpe(record, MONTHLY, [])


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
    interval = inference.Interval("sharpe", 0.2, -0.2, 0.6, 0.95, 320)
    assert sentence(interval) == (
        "Between −0.20 and 0.60 with 95 % confidence: zero is inside, so it is not significant at the 5 % level."
    )
    for apart in (replace(interval, low=0.1), replace(interval, high=-0.1)):
        assert sentence(apart).endswith("zero is outside, so it is significant at the 5 % level.")
    assert sentence(replace(interval, level=0.9)).endswith("so it is not significant at the 10 % level.")
    returns = replace(interval, figure="excess_return", low=-0.0123, high=0.04)
    assert sentence(returns).startswith("Between −1.2 % and 4.0 % with 95 % confidence")
    drawdown = inference.Interval("excess_drawdown", 0.3, 0.1, 0.25, 0.95, 320)
    assert sentence(drawdown) == (
        "95 % of resampled histories of this length have a largest drawdown between 10.0 % and 25.0 %; "
        "the actual 30.0 % is larger."
    )
    assert sentence(replace(drawdown, value=0.05)).endswith("the actual 5.0 % is smaller.")
    assert sentence(replace(drawdown, value=0.25)).endswith("the actual 25.0 % is in the range.")
    assert sentence(inference.Hac(-2.5, 0.014, 0.01, 4, 120)) == (
        "t = −2.50 on 120 bars, p = 0.014: the mean is significant at the 5 % level."
    )
    assert sentence(inference.Hac(1.9, 0.051, 0.01, 4, 120)).endswith("not significant at the 5 % level.")
    assert sentence(inference.DeflatedSharpe(0.61, 0.5, 0.45, 12, 320)) == (
        "61 % probability that the true Sharpe ratio is above 0.45, the expected maximum of 12 trials whose true "
        "Sharpe ratio is zero: not significant at the 5 % level."
    )
    assert sentence(inference.DeflatedSharpe(0.95, 0.5, 0.0, 1, 320)) == (
        "95 % probability that the true Sharpe ratio is above 0.00: significant at the 5 % level."
    )
    better = inference.Better(replace(interval, figure="excess_return"), interval, 0.7, 0.8, 4.0)
    assert sentence(better) == (
        "The difference of the Sharpe ratios is between −0.20 and 0.60 with 95 % confidence: zero is inside, "
        "so it is not significant at the 5 % level; the first is ahead in 80 % of resampled histories."
    )
    assert sentence(inference.Overfitting(0.48, 12, 320, 12870)) == (
        "The best of 12 variants in one half of history ranks in the lower half in the other in 48 % of 12,870 splits: "
        "a high probability of overfitting."
    )
    spa = inference.SpaTest(0.0, 0.0, 0.0, 1, 12, 320, 200)
    assert sentence(spa) == (
        "SPA test of 12 variants against the benchmark, p < 0.005: "
        "the gain of the best is significant at the 5 % level."
    )
    assert "p = 0.051: the gain of the best is not significant" in sentence(replace(spa, consistent=0.051))
    with pytest.raises(TypeError, match="no sentence for a float"):
        sentence(0.5)
