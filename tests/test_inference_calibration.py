"""What is said of one variant is as true as it says: simulations, small; tests/proof/one_variant.py has the large."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backtests.performance import inference, metrics
from backtests.performance.verdicts import sentence
from data.errors import DataError
from tests.proof.one_variant import autocorrelated, clustered, drawdowns, probabilities, ratios
from tests.records import MONTHLY, NORMAL, fat_tailed, noise, normal

WEAK = autocorrelated(0.2)

# ---- drawdowns


@pytest.mark.parametrize("bars", [120, 320])
@pytest.mark.parametrize("shocks", [normal, WEAK, fat_tailed])
def test_the_range_of_the_largest_drawdown_holds_that_of_a_fresh_history(shocks, bars):
    """Resampled about history's own mean and cut at 2.5 and 97.5 % it held 84 to 90 %."""
    inside, beyond = drawdowns(shocks, bars, 0.0, histories=200)
    assert 0.94 < inside <= 1.0
    assert beyond < 0.05


def test_the_sentence_of_a_drawdown_says_how_often_such_a_range_was_right():
    found = inference.intervals(noise(1, 120), MONTHLY, 1).excess_drawdown
    assert "about 95 % probability" in sentence(found)
    assert "in 96 to 99 % of simulations" in sentence(found)


# ---- the probabilistic Sharpe ratio


@pytest.mark.parametrize("bars", [120, 320])
def test_noise_with_autocorrelation_is_called_significant_about_as_often_as_it_says(bars):
    """By the error of bars that have nothing to do with each other 8 to 9.5 % of it is."""
    ours, plain = probabilities(WEAK, bars, histories=1500)
    assert 0.035 < ours < 0.07
    assert plain > 0.075


def test_the_error_of_independent_bars_is_that_of_the_moments():
    x = noise(2, 5000) + 0.004
    ratio, error = inference.sharpe_error(x)
    z = (x - x.mean()) / x.std()
    spread = 1 - (z**3).mean() * ratio + ((z**4).mean() - 1) / 4 * ratio**2
    assert error == pytest.approx(math.sqrt(spread / 5000), rel=0.03)


# ---- the minimum track record


def test_a_record_of_the_length_needed_is_just_significant():
    x = noise(3, 240) + 0.002
    found = inference.track_record(x, MONTHLY)
    ratio, error = inference.sharpe_error(x)
    at_length = error * math.sqrt(240 / found.needed)  # an error falls with the square root of the bars
    assert NORMAL.cdf(ratio / at_length) == pytest.approx(0.95, rel=1e-9)
    assert found.years == found.needed / 12
    assert f"{found.years:.0f} years; this one has 20." in sentence(found)


def test_the_plain_track_record_is_that_of_the_paper():
    """Bailey and Lopez de Prado (2012), equation 11: 1 + spread (z / SR)^2, at which the plain probability is 95 %."""
    x = noise(4, 240) + 0.003
    z, ratio = (x - x.mean()) / x.std(), x.mean() / x.std(ddof=1)
    found = inference.track_record(x, MONTHLY)
    skew, kurtosis = float((z**3).mean()), float((z**4).mean())
    spread = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    assert NORMAL.cdf(ratio * math.sqrt((found.plain - 1) / spread)) == pytest.approx(0.95, rel=1e-9)


def test_no_record_is_long_enough_for_a_loss():
    found = inference.track_record(noise(5, 120) - 0.01, MONTHLY)
    assert (found.needed, found.years) == (None, None)
    assert "no record is long enough" in sentence(found)


# ---- Lo's Sharpe ratio


def test_lo_sharpe_is_that_of_a_year_of_bars():
    """A year's return of an AR(1) has the Sharpe ratio that eta says, and the plain one overstates it."""
    x = 0.02 * (autocorrelated(0.3)(np.random.default_rng(6), (240_000,)) + 0.1)
    years = x.reshape(-1, 12).sum(axis=1)
    assert metrics.sharpe_lo(x, MONTHLY) == pytest.approx(years.mean() / years.std(ddof=1), rel=0.01)
    assert metrics.sharpe(x, MONTHLY) > 1.25 * metrics.sharpe_lo(x, MONTHLY)


def test_lo_sharpe_is_worked_by_hand():
    x = noise(7, 48) + 0.003
    u = x - x.mean()
    rho = [sum(u[k:] * u[: 48 - k]) / sum(u * u) for k in range(1, 12)]
    eta = 12 / math.sqrt(12 + 2 * sum((12 - k) * r for k, r in enumerate(rho, 1)))
    assert metrics.sharpe_lo(x, MONTHLY) == pytest.approx(eta * x.mean() / x.std(ddof=1), rel=1e-12)


def test_lo_sharpe_needs_two_years():
    assert metrics.sharpe_lo(noise(8, 23), MONTHLY) is None
    assert metrics.sharpe_lo(noise(8, 24), MONTHLY) is not None
    assert metrics.sharpe_lo(np.full(48, 0.01), MONTHLY) is None


# ---- a ratio of volatilities


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("shocks", "low"), [(normal, 0.87), (fat_tailed, 0.85), (clustered, 0.65)])
def test_a_ratio_of_volatilities_is_inside_its_interval(shocks, low, paired):
    assert ratios(shocks, 120, paired, histories=120) > low


def test_a_ratio_turns_over_with_its_moves():
    a, b = noise(9, 120) * 1.5, noise(10, 120)
    there, back = inference.volatility_ratio(a, b, 1), inference.volatility_ratio(b, a, 1)
    assert there.value == pytest.approx(a.std(ddof=1) / b.std(ddof=1), rel=1e-12)
    assert (there.low, there.high) == pytest.approx((1 / back.high, 1 / back.low), rel=1e-9)
    assert there.low < there.value < there.high
    assert there.value**2 == pytest.approx(there.low * there.high, rel=1e-9)  # symmetric in its logarithm


def test_few_moves_have_no_verdict():
    found = inference.volatility_ratio(noise(1, 59), noise(2, 59), 1)
    assert (found.low, found.high, found.moves) == (None, None, 59)
    assert sentence(found) == "Only 59 moves: at least 60 are needed."
    assert inference.volatility_ratio(noise(1, 60), noise(2, 60), 1).low is not None


def test_separate_samples_may_differ_in_length_and_paired_ones_may_not():
    found = inference.volatility_ratio(noise(1, 100), noise(2, 80), 1, "separate")
    assert (found.moves, found.low < found.value < found.high) == (80, True)
    with pytest.raises(DataError, match="100 bars against 80"):
        inference.volatility_ratio(noise(1, 100), noise(2, 80), 1)


def test_what_two_paired_samples_share_cancels():
    shared = noise(3, 240)
    a, b = shared + 0.3 * noise(4, 240), shared + 0.3 * noise(5, 240)
    paired, apart = (inference.volatility_ratio(a, b, 1, how) for how in ("paired", "separate"))
    assert paired.high - paired.low < 0.7 * (apart.high - apart.low)


def test_records_of_several_lengths_are_as_taken_alone():
    records = [(noise(1, 60), 12.0), (noise(2, 80), 12.0), (noise(3, 60), 12.0), (noise(4, 10), 12.0)]
    for (x, ppy), found in zip(records, inference.together(records, 1, draws=99), strict=True):
        assert found == inference.intervals(x, ppy, 1, draws=99)
