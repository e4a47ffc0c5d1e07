"""Data quality: outliers, stale values, shifts, units and funds, on small cases with the fault and without."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.quality import check, quarantine
from tests.quality_cases import TODAY, about, curve, frame, fund, noise, one, paying, spans, yen

# ---- outliers, stale values, shifts


def test_a_change_of_many_deviations_is_reported_with_its_size_and_whether_it_went_back():
    rows = curve("2023-01-02", "2024-06-28")
    rows.loc["2023-09-05", "10"] += 0.6
    found = about(check("ust", rows, TODAY), "robust deviations")
    assert len(found) == 1
    assert found[0].level == "warning"
    assert "10-year +" in found[0].message
    assert "and back on the next row" in found[0].message
    rows.loc["2023-09-06":, "10"] += 0.6
    assert "and back" not in about(check("ust", rows, TODAY), "robust deviations")[0].message


def test_ordinary_changes_are_no_outliers():
    assert about(check("ust", curve("2015-01-02", "2024-06-28"), TODAY), "robust deviations") == []


def test_outliers_of_a_year_are_one_finding():
    rows = curve("2022-01-03", "2023-12-29")
    for day, tenor in (("2022-05-10", "2"), ("2022-05-11", "30"), ("2022-11-09", "2"), ("2023-06-14", "10")):
        rows.loc[day:, tenor] += 0.8
    found = about(check("ust", rows, TODAY), "robust deviations")
    assert spans(found) == [("warning", "2022-05-10", "2022-11-09"), ("warning", "2023-06-14", "2023-06-14")]
    assert "outlying changes on 3 days in the tenors 2, 30" in found[0].message


def test_a_quiet_tenor_needs_more_than_ten_basis_points_to_be_an_outlier():
    rows = curve("2023-01-02", "2023-12-29")
    rows["2"] = 0.1 + 0.001 * (np.arange(len(rows)) % 2)
    for move, told in ((0.08, False), (0.13, True)):
        jumped = rows.assign(**{"2": rows["2"] + np.where(rows.index >= "2023-07-03", move, 0)})
        assert bool(about(check("jgb", jumped, TODAY), "robust deviations")) == told


def test_outliers_of_prices_and_currencies_are_in_percent_and_of_rates_notes():
    prices = fund("2023-01-03", "2023-12-29")
    prices.loc["2023-07-05":, ["close", "adjusted"]] *= 1.12
    assert about(check("TLT", prices, TODAY), "close +1")[0].level == "warning"
    dollars = yen()
    dollars.loc["2008-07-01":] *= 1.07
    assert about(check("usdjpy", dollars, TODAY), "robust deviations")[0].level == "warning"
    rates = one(pd.date_range("2023-01-01", "2023-12-31"), 5.0 + noise(365)[:, 0])
    rates.loc["2023-06-30":] += 1.5
    assert about(check("fed_funds", rates, TODAY), "the value +1")[0].level == "note"


@pytest.mark.parametrize(("n", "told"), [(5, False), (6, True)])
def test_a_price_that_does_not_move_for_more_than_five_days_is_stale(n, told):
    prices = fund()
    prices.iloc[5 : 5 + n, prices.columns.get_loc("close")] = 91.0
    found = about(check("TLT", prices, TODAY), f"close stays at 91 for {n} rows")
    assert spans(found) == ([("warning", "2024-02-27", "2024-03-05")] if told else [])


def test_a_fund_that_hardly_moves_may_not_stop_for_more_than_five_days_either():
    prices = fund().assign(close=84.0 + 0.01 * (np.arange(28) // 2 % 2))
    prices.iloc[8:14, prices.columns.get_loc("close")] = 84.02
    assert [f.level for f in about(check("TLT", prices, TODAY), "close stays")] == ["warning"]


def test_a_yield_that_always_moves_and_then_stops_is_stale():
    rows = curve("2023-01-02", "2023-12-29")
    rows.iloc[100:106, 1] = 4.2
    assert [f.level for f in about(check("ust", rows, TODAY), "10-year stays at 4.2 for 6 rows")] == ["warning"]


def test_a_yield_that_often_sits_still_is_noted_only_when_it_does_for_more_than_twenty_rows():
    rows = curve("2013-01-02", "2013-12-30")
    rows["2"] = 0.1 + 0.005 * (np.arange(len(rows)) // 4 % 2)  # moves every fourth day
    for n, told in ((20, False), (25, True)):
        still = rows.copy()
        still.iloc[100 : 100 + n, 0] = 0.12
        found = about(check("jgb", still, TODAY), f"2-year stays at 0.12 for {n} rows")
        assert [f.level for f in found] == (["note"] if told else [])


def test_a_tenor_that_sits_still_most_days_may_do_so_for_weeks():
    rows = curve("2013-01-02", "2013-12-30")
    rows["2"] = 0.1 + 0.005 * (np.arange(len(rows)) % 5 < 3)  # two-year JGBs of 2012: 60 % unchanged
    rows.iloc[100:153, 0] = 0.12
    found = about(check("jgb", rows, TODAY), "2-year stays at 0.12 for 53 rows")
    assert [f.level for f in found] == ["note"]
    assert found[0].message.endswith("it sits still in such years")


def test_an_overnight_rate_may_sit_still():
    rows = one(pd.date_range("2024-01-01", "2024-08-31"), 5.33)
    assert about(check("fed_funds", rows, TODAY), "stays") == []


@pytest.mark.parametrize(("copies", "told"), [(1, False), (2, True)])
def test_a_curve_that_repeats_itself_whole_is_filled_forward(copies, told):
    rows = curve("2024-06-03", "2024-07-12")
    rows.iloc[10 : 10 + copies] = rows.iloc[9].to_numpy()
    found = about(check("jgb", rows, TODAY), "filled forward")
    assert spans(found) == ([("warning", "2024-06-14", "2024-06-18")] if told else [])


def test_one_tenor_that_repeats_itself_is_no_curve_filled_forward():
    rows = curve("2024-06-03", "2024-07-12")[["10"]]
    rows.iloc[10:12] = rows.iloc[9].to_numpy()
    assert about(check("jgb", rows, TODAY), "filled forward") == []


def test_a_price_that_halves_and_stays_is_a_split_and_not_a_tick():
    prices = fund()
    prices.loc["2024-03-12":, ["open", "high", "low", "close", "adjusted"]] /= 2
    assert quarantine("TLT", prices)[1] == []
    found = about(check("TLT", prices, TODAY), "a split that is not adjusted for?")
    assert spans(found) == [("error", "2024-03-12", "2024-03-12")] * 2
    assert {split.key for split in found} == {"TLT:split"}


def test_a_price_that_doubles_for_a_day_is_kept_and_is_neither_a_split():
    prices = fund("2023-06-05", "2023-12-29")
    prices.loc["2023-09-12", ["close", "adjusted"]] *= 2
    assert quarantine("TLT", prices)[1] == []
    found = check("TLT", prices, TODAY)
    assert about(found, "and stays") == []
    assert [f.level for f in about(found, "close -") + about(found, "close +")] == ["warning"]


def test_a_price_that_changes_a_hundredfold_and_stays_is_kept_and_reported():
    prices = fund("2024-06-03", "2024-07-12", price=2500)
    prices.loc["2024-06-20":, ["open", "high", "low", "close", "adjusted"]] *= 100
    kept, removed = quarantine("2561.T", prices)
    assert removed == []
    pd.testing.assert_frame_equal(kept, prices)
    assert about(check("2561.T", prices, TODAY), "and stays")


def test_a_price_index_with_another_base_year_from_some_month_on_is_reported():
    index = one(pd.date_range("2022-01-31", "2026-07-31", freq="ME"), np.linspace(280, 333, 55))
    index.loc["2024-01-31":] /= 2.5
    found = check("us_cpi", index, TODAY)
    assert spans(about(found, "another base year? import the whole series again")) == [
        ("warning", "2024-01-31", "2024-01-31")
    ]
    assert spans(about(found, "falls by more than 2% in 1 month")) == [("warning", "2024-01-31", "2024-01-31")]


# ---- units


@pytest.mark.parametrize("name", ["jgb", "ust"])
def test_a_curve_in_decimals_is_an_error(name):
    found = about(check(name, curve("2024-06-03", "2024-07-12") / 100, TODAY), "decimals")
    assert [f.level for f in found] == ["error"]
    assert "30 rows below 0.3" in found[0].message
    assert "multiply by 100" in found[0].message


def test_a_curve_that_turns_to_decimals_halfway_is_an_error_from_that_day():
    rows = curve("2024-02-20", "2024-07-12")
    rows.loc["2024-05-01":] /= 100
    found = check("ust", rows, TODAY)
    assert spans(about(found, "decimals;") + about(found, ": decimals"))[0] == ("error", "2024-05-01", "2024-07-12")
    assert spans(about(found, "10-year goes from")) == [("error", "2024-05-01", "2024-05-01")]


def test_short_jgbs_near_zero_are_no_decimals():
    rows = curve("2016-06-01", "2020-06-30")
    low = frame(rows.index, y2=rows["2"] / 100 - 0.2, y10=rows["10"] / 100)
    assert about(check("jgb", low, TODAY), "decimals") == []


@pytest.mark.parametrize(
    ("name", "start", "value", "wrong"),
    [
        ("fed_funds", "2023-06-01", 0.0508, True),
        ("fed_funds", "2012-06-01", 0.16, False),
        ("yen_call_month", "1993-01-31", 0.03, True),
        ("yen_call_month", "2012-01-31", 0.08, False),
    ],
)
def test_an_overnight_rate_in_decimals_is_an_error_except_in_the_years_at_zero(name, start, value, wrong):
    days = pd.date_range(start, periods=24, freq="ME" if name.endswith("month") else "D")
    found = check(name, one(days, value * (1 + noise(24)[:, 0])), TODAY)
    assert [f.level for f in about(found, "decimals")] == (["error"] if wrong else [])


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("jgb", 21.0, "error"),
        ("jgb", -2.5, "error"),
        ("ust", 21.0, "warning"),
        ("ust", 16.0, None),
        ("jgb", -0.4, None),
    ],
)
def test_yields_nobody_has_seen_are_reported(name, value, level):
    rows = curve("2024-02-20", "2024-03-28") - 4.0 + value
    found = about(check(name, rows[["10"]], TODAY), "outside -2 to 20 percent")
    assert [f.level for f in found] == ([level] if level else [])


def test_rates_above_25_percent_are_an_error():
    rates = one(pd.date_range("2023-01-01", "2023-03-31"), 5.0 + noise(90)[:, 0])
    rates.loc["2023-02-01":] += 25
    assert spans(about(check("fed_funds", rates, TODAY), "outside -2 to 25 percent")) == [
        ("error", "2023-02-01", "2023-03-31")
    ]


@pytest.mark.parametrize(("factor", "wrong"), [(1.0, False), (0.01, True), (10.0, True)])
def test_yen_per_dollar_outside_50_to_500_are_an_error(factor, wrong):
    found = about(check("usdjpy", yen() * factor, TODAY), "outside 50 to 500 yen per dollar")
    assert [f.level for f in found] == (["error"] if wrong else [])


def test_the_yen_of_1971_is_no_error():
    days = pd.date_range("1971-01-04", "1971-08-13", freq="B")
    assert about(check("usdjpy", one(days, 357.7 + noise(len(days))[:, 0]), TODAY), "outside") == []


@pytest.mark.parametrize(("year", "value", "told"), [(2024, 3.1, True), (2024, 313.0, False), (1930, 17.0, False)])
def test_a_price_index_is_between_20_and_1000_since_1947(year, value, told):
    days = pd.date_range(f"{year}-01-31", periods=12, freq="ME")
    assert bool(about(check("us_cpi", one(days, value + np.arange(12) / 100), TODAY), "outside 20 to 1000")) == told


# ---- funds


def test_close_dividend_and_adjusted_that_agree_are_fine():
    assert check("TLT", paying(), date(2024, 3, 29)) == []


def test_a_distribution_that_was_lost_shows_in_the_adjusted_price():
    lost = paying().assign(dividend=0.0)
    found = about(check("TLT", lost, TODAY), "adjusted differs from close and dividend")
    assert spans(found) == [("warning", "2024-03-01", "2024-03-01")]
    assert "on 1 of 27 days, the most by +3" in found[0].message


def test_prices_adjusted_at_two_times_are_reported_on_the_day_they_meet():
    spliced = paying()
    spliced.loc["2024-03-18":, "adjusted"] *= 1.004  # fetched before the next distribution, never refreshed
    found = about(check("TLT", spliced, TODAY), "adjusted at different times; download all again")
    assert spans(found) == [("warning", "2024-03-18", "2024-03-18")]


@pytest.mark.parametrize(("amount", "told"), [(-0.1, True), (30.0, True), (2.0, False)])
def test_a_dividend_is_not_negative_and_not_a_fifth_of_the_price(amount, told):
    prices = fund()
    prices.loc["2024-03-01", "dividend"] = amount
    found = about(check("TLT", prices, TODAY), "dividend ")
    assert [f.level for f in about(found, "expected 0 to 20 %")] == (["error"] if told else [])


@pytest.mark.parametrize(("ratio", "told"), [(0.0, False), (1.0, False), (np.nan, False), (2.0, True), (0.1, True)])
def test_a_split_is_noted(ratio, told):
    prices = fund()
    prices.loc["2024-03-12", "split"] = ratio
    found = about(check("TLT", prices, TODAY), "split, ")
    assert spans(found) == ([("note", "2024-03-12", "2024-03-12")] if told else [])
