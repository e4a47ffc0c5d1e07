"""The array functions that signals are made of, on inputs small enough to work by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813  # its own short name

from data.build import build
from data.errors import ConfigError, DataError
from data.instruments import LIBRARY
from data.market import Market
from strategies import signals
from tests.test_build import MONTHS, TENORS, made_up

NAN = np.nan
QUARTER = 91.3125  # days: 365.25 / 4


def same(actual: np.ndarray, expected: list[float], abs_: float = 1e-15) -> None:
    assert actual == pytest.approx(np.array(expected, dtype=float), nan_ok=True, abs=abs_, rel=1e-13)


# ---- change, scaled


def test_a_change_looks_back_n_rows_and_is_not_known_on_the_first_n():
    same(signals.change(np.array([1.0, 4.0, 9.0, 16.0, 25.0]), 2), [NAN, NAN, 8, 12, 16])


def test_a_gap_spoils_the_changes_at_both_its_ends():
    same(signals.change(np.array([1.0, 2.0, NAN, 8.0, 16.0, 32.0]), 1), [NAN, 1, NAN, NAN, 8, 16])


@pytest.mark.parametrize("n", [3, 4, 100])
def test_a_change_over_all_there_is_or_more_is_not_known(n):
    assert np.isnan(signals.change(np.array([1.0, 2.0, 3.0]), n)).all()


def test_a_scaled_value_is_whole_at_the_scale_and_no_more_beyond_it():
    values = np.array([-0.03, -0.01, -0.005, 0.0, 0.0025, 0.01, 0.5, NAN])
    same(signals.scaled(values, 0.01), [-1, -1, -0.5, 0, 0.25, 1, 1, NAN])


# ---- scores


def test_a_rolling_score_is_the_distance_from_the_mean_in_sample_deviations():
    # 1 2 6: mean 3, deviation sqrt((4 + 1 + 9) / 2) = sqrt 7; then 2 6 1: mean 3, the same deviation
    same(signals.rolling_score(np.array([1.0, 2.0, 6.0, 1.0]), 3), [NAN, NAN, 3 / 7**0.5, -2 / 7**0.5])


def test_a_gap_leaves_no_rolling_score_until_it_has_left_the_window():
    values = np.array([1.0, 2.0, NAN, 1.0, 2.0, 6.0])
    same(signals.rolling_score(values, 3), [NAN, NAN, NAN, NAN, NAN, 3 / 7**0.5])


def test_what_stands_still_has_a_rolling_score_of_nought():
    same(signals.rolling_score(np.array([0.1, 0.1, 0.1, 0.1 + 1e-14]), 3), [NAN, NAN, 0, 0])


@pytest.mark.parametrize("function", [signals.rolling_score, signals.rolling_deviation])
def test_too_few_values_for_a_window_are_no_score(function):
    assert np.isnan(function(np.array([1.0, 2.0]), 3)).all()


def test_an_expanding_score_counts_all_known_so_far():
    # 1 3: mean 2, deviation sqrt 2; 1 3 5: mean 3, deviation 2; 1 3 5 3: mean 3
    same(signals.expanding_score(np.array([1.0, 3.0, 5.0, 3.0]), 2), [NAN, 1 / 2**0.5, 1, 0])


def test_an_expanding_score_passes_over_a_gap_and_waits_for_enough_values():
    values = np.array([NAN, 1.0, NAN, 3.0, NAN, NAN, 5.0, NAN])
    same(signals.expanding_score(values, 3), [NAN] * 6 + [1, NAN])
    same(signals.expanding_score(values, 2), [NAN, NAN, NAN, 1 / 2**0.5, NAN, NAN, 1, NAN])
    assert np.isnan(signals.expanding_score(values, 4)).all()


def test_one_value_has_no_expanding_score_however_few_suffice():
    same(signals.expanding_score(np.array([7.0, 7.0, 9.0]), 0), [NAN, 0, 4 / 3 / (4 / 3) ** 0.5])


def test_an_expanding_score_is_pandas_own_on_a_long_series_with_gaps():
    values = 1e3 + np.random.default_rng(3).normal(0, 1e-3, 500).cumsum()
    values[np.random.default_rng(4).random(500) < 0.2] = NAN
    known = pd.Series(values).dropna()
    expected = ((known - known.expanding(40).mean()) / known.expanding(40).std(ddof=1)).reindex(range(500))
    assert signals.expanding_score(values, 40) == pytest.approx(expected.to_numpy(), nan_ok=True, rel=1e-9, abs=1e-9)


# ---- hysteresis


@pytest.mark.parametrize(
    ("score", "position"),
    [
        ([0, 1.9, 2.0, 2.1, 1.0, 0.6, 0.5, 1.9], [0, 0, 0, 1, 1, 1, 0, 0]),  # in beyond 2, out at 0.5
        ([-3, -0.6, -0.5, -0.4, -2.5], [-1, -1, 0, 0, -1]),  # likewise below
        ([3, -1, -3], [1, 0, -1]),  # across, but not far: flat
        ([3, -3, 3], [1, -1, 1]),  # across and far: turned round at once
        ([3, NAN, 1.5, 3], [1, NAN, 0, 1]),  # a score not known ends the position, and it is not taken up again
        ([NAN, 1.5, NAN], [NAN, 0, NAN]),
        ([3, 0.6, 2.1, 0.6], [1, 1, 1, 1]),
    ],
)
def test_a_position_is_entered_far_out_and_kept_until_the_score_is_back(score, position):
    same(signals.hysteresis(np.array(score, dtype=float), 2.0, 0.5), position)


def test_with_no_room_to_leave_a_position_is_held_until_the_score_crosses_nought():
    same(signals.hysteresis(np.array([3.0, 1e-9, 0.0, 1.0, 3.0, -1e-9]), 2.0, 0.0), [1, 1, 0, 0, 1, 0])


# ---- deviations, betas, momentum


def test_a_rolling_deviation_is_of_a_sample():
    same(signals.rolling_deviation(np.array([1.0, 2.0, 6.0, 6.0]), 3), [NAN, NAN, 7**0.5, (16 / 3) ** 0.5])


def test_a_rolling_beta_is_the_line_through_the_last_points():
    x, y = np.random.default_rng(5).normal(size=(2, 30))
    fitted = [np.polyfit(x[t - 9 : t + 1], y[t - 9 : t + 1], 1)[0] for t in range(9, 30)]
    assert signals.rolling_beta(y, x, 10)[9:] == pytest.approx(fitted, rel=1e-9)
    assert np.isnan(signals.rolling_beta(y, x, 10)[:9]).all()
    assert np.isnan(signals.rolling_beta(y, np.full(30, 0.3), 10)).all()


def test_momentum_is_the_return_in_deviations_of_a_return_as_long():
    # deviation of 0.01 0.03 -0.02 0.02: mean 0.01, squares 0 4 9 1 -> sqrt(14 / 3) %; of two bars: times sqrt 2
    returns = np.array([0.01, 0.03, -0.02, 0.02])
    two = 0.01 * (14 / 3) ** 0.5 * 2**0.5
    same(signals.momentum(returns, 2, 4), [NAN, NAN, NAN, 0.0])
    same(signals.momentum(returns, 3, 4), [NAN, NAN, NAN, 0.03 / (two * 1.5**0.5)])
    same(signals.momentum(-returns, 3, 4), [NAN, NAN, NAN, -0.03 / (two * 1.5**0.5)])


def test_momentum_is_whole_at_one_deviation():
    # two bars of 5 % after -1 % and 1 %: mean 2.5 %, squares 12.25 2.25 6.25 6.25, deviation 3 %; 10 over 4.24
    same(signals.momentum(np.array([-0.01, 0.01, 0.05, 0.05]), 2, 4), [NAN, NAN, NAN, 1.0])


def test_a_price_that_always_earns_alike_has_no_momentum():
    same(signals.momentum(np.full(4, 0.01), 2, 3), [NAN, NAN, 0, 0])


def test_a_missing_return_leaves_no_momentum_while_it_is_in_the_year():
    assert np.isnan(signals.momentum(np.array([NAN, 0.01, 0.02, 0.03]), 2, 4)).all()


# ---- what is read off a market


def test_a_series_the_data_does_not_hold_is_named(market):
    with pytest.raises(DataError, match=r"the data holds no series 'us_core_cpi'.*; import it"):
        signals.macro(market, "us_core_cpi")


def test_cash_has_no_yield(market):
    with pytest.raises(ConfigError, match="JPY is cash and has no yield; name a bond or a fund of bonds"):
        signals.yield_of(market, "JPY")


def test_rates_and_yields_are_those_of_the_legs_own_country(market):
    t = int(np.flatnonzero(market.dates == np.datetime64("2025-12-31"))[0])
    legs = ("UST10", "TIPS10", "JGB10")
    assert [signals.yield_of(market, leg)[t] for leg in legs] == pytest.approx([0.0418, 0.0193, 0.02066])
    assert [signals.overnight(market, leg)[t] for leg in legs] == pytest.approx([0.037206, 0.037206, 0.00557])
    assert [signals.country(market, leg) for leg in (*legs, "JPY")] == ["us", "us", "jp", "jp"]


def test_an_excess_return_counts_what_was_paid_out_and_takes_off_funding(market):
    one = market.select(["TLT"]).until(2)
    one = dataclasses.replace(
        one,
        price=np.array([[100.0], [101.0], [99.0]]),
        income=np.array([[9.0], [0.5], [0.0]]),
        funding=np.array([[9.0], [0.004], [0.003]]),
    )
    same(signals.local_excess_returns(one, "TLT"), [NAN, 0.015 - 0.004, -2 / 101 - 0.003])


# ---- carry and roll-down


def still(us: list[float], overnight: float, *legs, **changed) -> Market:
    """Return a market whose curve and overnight rates never move."""
    frame = pd.DataFrame([us] * len(MONTHS), MONTHS, TENORS)
    rate = pd.Series(overnight, MONTHS)
    return build(made_up(frame, overnight={"USD": rate, "JPY": rate}, **changed), legs)


def last(market: Market, name: str, horizon: float = 0.25) -> float:
    carry = signals.carry_and_roll(market, name, horizon)
    assert carry == pytest.approx(np.full(len(MONTHS), carry[-1]), nan_ok=True)
    return float(carry[-1])


SLOPED = [0.02 + 0.001 * tenor for tenor in TENORS]  # 3 % at 10 years, a basis point a tenth


def dirty_after_a_quarter(coupon: float, yield_: float) -> float:
    """Price, by QuantLib, of 1 of a 10-year bond a quarter of a year after its issue."""
    issue, today = ql.Date(15, 1, 2020), ql.Date(15, 4, 2020)
    days = ql.Thirty360(ql.Thirty360.BondBasis)
    schedule = ql.Schedule(
        issue, issue + ql.Period("10Y"), ql.Period("6M"), ql.NullCalendar(),
        ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False,
    )  # fmt: skip
    ql.Settings.instance().evaluationDate = today
    bond = ql.FixedRateBond(0, 100.0, schedule, [coupon], days)
    clean = bond.cleanPrice(yield_, days, ql.Compounded, ql.Semiannual, today)
    return float(clean + bond.accruedAmount(today)) / 100


def test_on_a_flat_curve_a_bond_earns_its_yield_less_funding_and_no_roll():
    market = still([0.04] * 8, 0.03, LIBRARY["UST10"])
    expected = 1.02**0.5 - 1 - 0.03 * QUARTER / 360
    assert last(market, "UST10") == pytest.approx(expected, abs=1e-14, rel=0)
    assert dirty_after_a_quarter(0.04, 0.04) - 1 == pytest.approx(1.02**0.5 - 1, abs=1e-12)
    one_month = 1.02 ** (2 / 12) - 1 - 0.03 * 365.25 / 12 / 360
    assert last(market, "UST10", 1 / 12) == pytest.approx(one_month, abs=1e-14, rel=0)


def test_on_a_steep_curve_it_rolls_down_too():
    market = still(SLOPED, 0.01, LIBRARY["UST10"])
    earned = dirty_after_a_quarter(0.03, 0.03 - 0.001 * 0.25) - 1
    assert last(market, "UST10") == pytest.approx(earned - 0.01 * QUARTER / 360, abs=1e-12, rel=0)
    roll = earned - (1.015**0.5 - 1)
    assert roll == pytest.approx(0.00025 * 8.4, rel=0.01)  # a quarter basis point times the duration


def test_an_inverted_curve_rolls_up():
    rising, falling = (still(curve, 0.0, LIBRARY["UST10"]) for curve in (SLOPED, SLOPED[::-1]))
    assert last(falling, "UST10") < 1.01**0.5 - 1 + 0.001  # y(10) = 2.3 %, and the bond ages to a higher yield
    at = dict(zip(TENORS, SLOPED[::-1], strict=True))
    aged = at[10.0] + (at[7.0] - at[10.0]) * 0.25 / 3
    assert last(falling, "UST10") == pytest.approx(dirty_after_a_quarter(at[10.0], aged) - 1, abs=1e-12)
    assert aged > at[10.0] and last(rising, "UST10") > 1.015**0.5 - 1


def test_without_rolldown_it_keeps_its_own_yield():
    fixed = dataclasses.replace(LIBRARY["UST10"], rolldown=False)
    assert last(still(SLOPED, 0.01, fixed), "UST10") == pytest.approx(
        1.015**0.5 - 1 - 0.01 * QUARTER / 360, abs=1e-14, rel=0
    )


def test_where_the_curve_does_not_reach_the_aged_bond_it_keeps_its_own_yield():
    sparse = [NAN, 0.02, NAN, NAN, NAN, 0.03, NAN, NAN]  # 2 and 10 years: a ratio of 5 is too wide
    assert last(still(sparse, 0.0, LIBRARY["UST10"]), "UST10") == pytest.approx(1.015**0.5 - 1, abs=1e-14, rel=0)


def test_a_yen_bond_is_funded_at_the_yen_rate_on_365_days():
    jp = pd.DataFrame([[0.01] * 8] * len(MONTHS), MONTHS, TENORS)
    us = jp + 0.03
    rates = {"USD": pd.Series(0.05, MONTHS), "JPY": pd.Series(0.004, MONTHS)}
    market = build(made_up(us, yields={"us": us, "jp": jp}, overnight=rates), [LIBRARY["JGB10"], LIBRARY["UST10"]])
    assert last(market, "JGB10") == pytest.approx(1.005**0.5 - 1 - 0.004 * QUARTER / 365, abs=1e-14, rel=0)
    assert last(market, "UST10") == pytest.approx(1.02**0.5 - 1 - 0.05 * QUARTER / 360, abs=1e-14, rel=0)


def test_an_inflation_bond_earns_its_real_yield_and_the_inflation_of_prices():
    us = pd.DataFrame([[0.04] * 8] * len(MONTHS), MONTHS, TENORS)
    cpi = pd.Series(100 * 1.03 ** (np.arange(len(MONTHS)) / 12), MONTHS)
    made = made_up(us, yields={"us": us, "us_real": us - 0.025}, cpi=cpi, macro={"us_cpi": cpi})
    carry = signals.carry_and_roll(build(made, [LIBRARY["TIPS10"]]), "TIPS10", 0.25)
    # at the end of the fourteenth month the thirteenth figure is out: the first that has a year before it
    assert np.isnan(carry[:13]).all()
    assert carry[13:] == pytest.approx(1.0075**0.5 * 1.03**0.25 - 1, abs=1e-13, rel=0)


# CPI-U of July to November 2025, October by the rule of 31 CFR 356 App. B, and what the year before grew it by
JULY, AUGUST, SEPTEMBER, NOVEMBER = 323.048, 323.976, 324.800, 324.122
OCTOBER = SEPTEMBER * (SEPTEMBER / 315.301) ** (1 / 12)


@pytest.mark.parametrize(
    ("day", "months", "now", "then"),
    [
        # a month's end settles on the first: next month is known whole, what follows goes on at the last year's pace
        ("2025-12-31", 1, OCTOBER, NOVEMBER),
        ("2025-12-31", 3, OCTOBER, NOVEMBER * (NOVEMBER / 315.493) ** (2 / 12)),
        ("2025-12-31", 0.5, OCTOBER, (OCTOBER + NOVEMBER) / 2),
        # 10 December settles on the 11th; November's figure is not out, so January goes on at September's pace
        ("2025-12-10", 1, SEPTEMBER + 10 / 31 * (OCTOBER - SEPTEMBER), OCTOBER * (SEPTEMBER / 315.301) ** (10 / 372)),
        ("2025-12-18", 1, SEPTEMBER + 18 / 31 * (OCTOBER - SEPTEMBER), OCTOBER + 18 / 31 * (NOVEMBER - OCTOBER)),
        # October's figures: July and August until the 23rd, September from the 24th
        ("2025-10-23", 1, JULY + 23 / 31 * (AUGUST - JULY), AUGUST * (AUGUST / 314.796) ** (23 / 31 / 12)),
        ("2025-10-24", 1, JULY + 24 / 31 * (AUGUST - JULY), AUGUST + 24 / 31 * (SEPTEMBER - AUGUST)),
        ("2025-10-24", 2, JULY + 24 / 31 * (AUGUST - JULY), SEPTEMBER * (SEPTEMBER / 315.301) ** (24 / 31 / 12)),
    ],
)  # fmt: skip
def test_an_inflation_bond_accrues_what_is_known_and_then_the_pace_of_the_last_year(tables, day, months, now, then):
    rows = pd.bdate_range("2025-09-01", "2025-12-31")
    flat = pd.DataFrame([[0.02] * 8] * len(rows), rows, TENORS)
    made = made_up(flat, "daily", yields={"us": flat, "us_real": flat}, cpi=tables.cpi)
    market = build(made, [LIBRARY["TIPS10"]])
    (t,) = np.flatnonzero(market.dates == np.datetime64(day))
    assert signals.accrual(market, months / 12)[t] == pytest.approx(then / now - 1, rel=1e-10)
    known = signals.accrual(market.until(int(t)), months / 12)
    assert known[-1] == signals.accrual(market, months / 12)[t]


def test_on_month_ends_the_next_bar_accrues_what_was_known(tables):
    market = build(tables, [LIBRARY["TIPS10"]])
    known, booked = signals.accrual(market, 1 / 12), market.macro["us_reference_cpi"]
    there = np.isfinite(known[:-1])
    assert there.sum() > 250
    assert booked[1:][there] / booked[:-1][there] - 1 == pytest.approx(known[:-1][there], rel=1e-9, abs=1e-14)


def test_a_fund_pays_its_fee():
    dear = dataclasses.replace(LIBRARY["IEF"], fee=0.02)
    market = still([0.04] * 8, 0.03, dear)
    assert last(market, "IEF") == pytest.approx(1.02**0.5 - 1 - 0.02 / 4 - 0.03 * QUARTER / 360, abs=1e-14, rel=0)


def test_cash_carries_nothing_over_its_own_funding():
    assert last(still([0.04] * 8, 0.03, LIBRARY["JPY"]), "JPY") == 0.0
