"""Significance of one variant: intervals, the mean, the probabilistic Sharpe ratio."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest

from backtests.performance import bootstrap, inference, metrics, selection
from tests.records import MONTHLY, NORMAL, autocorrelation, fat_tailed, noise, normal, persistent, plain_error


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
    days, columns = selection.common([book, replace(book, dates=book.dates[20:], equity=equity[20:], cash=cash[20:])])
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
    assert selection.better(record, y, MONTHLY, 4, draws=99) == selection.better(record, y, MONTHLY, 4, draws=99)
    table = noise(4, 120, 4)
    assert selection.spa_test(table, y, 5, draws=99) == selection.spa_test(table, y, 5, draws=99)


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


# ---- probabilistic Sharpe ratio


def test_probabilistic_sharpe_of_the_papers_hedge_fund():
    """Bailey and Lopez de Prado (2012): two years of months, annual Sharpe ratio 1.59, skew -2.448, kurtosis 10.164."""
    assert inference.above(0.458, 0.0, 24, 0.0, 3.0) == pytest.approx(0.982, abs=5e-4)
    assert inference.above(0.458, 0.0, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)


def test_probabilistic_sharpe_is_worked_by_hand_from_the_bars(record):
    block = inference.intervals(record, MONTHLY, 1, draws=39).block
    ratio = record.mean() / record.std(ddof=1)
    z = (record - record.mean()) / record.std(ddof=1)
    error = plain_error(z - ratio / 2 * (z**2 - 1), block)
    found = inference.probabilistic_sharpe(record, MONTHLY, 0.3)
    assert found.probability == pytest.approx(NORMAL.cdf((ratio - 0.3 / math.sqrt(12)) / error), rel=1e-10)
    assert (found.hurdle, found.trials) == (0.3, 1)
