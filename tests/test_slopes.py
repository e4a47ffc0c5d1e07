"""What trades on slopes want, worked out again with pandas from the bundled columns, or by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from strategies.curve import CurveTrade
from strategies.signals import yield_of
from strategies.slopes import MaturityPreference, PolicyCurve, TrendCurve, UltraLong
from tests.month_ends import M, signal
from tests.test_strategies import durations, weights


def test_the_curves_of_2024_and_2025_as_the_field_has_them(market):
    # published figures: in basis points at the ends of 2024 and 2025
    known = {("UST2", "UST10"): (33, 71), ("JGB2", "JGB10"): (51, 90), ("JGB10", "JGB30"): (114, 129)}
    for (front, back), (before, after) in known.items():
        slope = 1e4 * pd.Series(yield_of(market, back) - yield_of(market, front), M.index)
        assert (round(slope["2024-12-31"]), round(slope["2025-12-31"])) == (before, after)
        assert signal(TrendCurve(front, back), market)["2025-12-31"] == 1.0  # all three steepened


def test_a_curve_is_followed_as_it_steepened_or_flattened_over_a_year(market):
    change = (M.us_10y - M.us_2y).diff(12).round(8)  # yields are in hundredths of a percent
    moved = change != 0
    expected, actual = np.sign(change), signal(TrendCurve(), market)
    pd.testing.assert_series_equal(actual[moved], expected[moved], check_names=False)
    trend, steepener = TrendCurve(duration=3.0), CurveTrade("UST2", "UST10", "steepener", 3.0)
    sign = np.nan_to_num(trend.signal(market))[:, None]
    assert {-1.0, 1.0} <= set(sign[:, 0])
    assert trend.targets(market) == pytest.approx(sign * steepener.targets(market))


def test_a_slope_that_is_what_it_was_a_year_ago_is_no_trend(market):
    change = (M.us_10y - M.us_2y).diff(12).round(8)
    unmoved = signal(TrendCurve(), market)[change == 0]
    assert len(unmoved) == 3
    assert (unmoved == 0).all()


def test_the_easing_steepener_is_on_where_the_funds_rate_fell_and_flat_where_it_did_not(market):
    moved = M.us_overnight.diff(3)
    eased, actual = moved <= -0.0025 + 1e-12, signal(PolicyCurve(), market)
    assert (actual[moved.notna()] == eased[moved.notna()].astype(float)).all()
    assert actual["2008-03-31"] == actual["2020-04-30"] == actual["2024-11-30"] == 1.0  # cuts
    assert actual["2004-12-31"] == actual["2013-06-30"] == actual["2022-12-31"] == 0.0  # hikes, or nothing
    held = actual.to_numpy() == 1.0
    on, always = (one.targets(market) for one in (PolicyCurve(duration=3.0), CurveTrade(duration=3.0)))
    assert on[held] == pytest.approx(always[held]) and not on[~held].any()


def test_the_tightening_flattener_is_its_twin_on_the_other_side(market):
    moved = M.us_overnight.diff(3)
    flattener = PolicyCurve(trade="flattener")
    tightened, actual = moved >= 0.0025 - 1e-12, signal(flattener, market)
    assert (actual[moved.notna()] == -tightened[moved.notna()].astype(float)).all()
    assert actual["2022-12-31"] == -1.0
    held = actual.to_numpy() == -1.0
    assert flattener.targets(market)[held] == pytest.approx(-CurveTrade().targets(market)[held])


@pytest.mark.parametrize(
    ("strategy", "years"),
    [
        (MaturityPreference(), {"JGB5": 5, "JGB30": -5}),
        (UltraLong("tens", duration=3.0), {"JGB10": 3, "JGB30": -3}),
        (UltraLong("across"), {"UST30": 5, "JGB30": -5}),
        (UltraLong("box", jp_ultra="JGB40"), {"UST10": -5, "UST30": 5, "JGB10": 5, "JGB40": -5}),
    ],
)
def test_japans_long_end_is_sold_at_equal_duration(market, strategy, years):
    assert set(strategy.legs) == set(years)
    held = strategy.targets(market).any(axis=1)
    assert held.sum() > 150
    for leg, contribution in years.items():
        (weight,), (duration,) = weights(strategy, market, leg), durations(market, leg)
        assert (weight * duration)[held] == pytest.approx(contribution)
