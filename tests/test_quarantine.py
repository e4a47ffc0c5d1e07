"""Quarantine: what cannot be true is kept out on arrival, and nothing that can."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.quality import check, quarantine
from tests.quality_cases import TODAY, about, curve, fund, noise, one, spans, yen

# ---- quarantine


@pytest.mark.parametrize("factor", [100.0, 0.01, 5.5, 0.15])
@pytest.mark.parametrize("day", ["2024-06-03", "2024-06-20", "2024-07-11", "2024-07-12"])
def test_a_price_tick_is_removed_wherever_it_stands(factor, day):
    prices = fund("2024-06-03", "2024-07-12", price=2500)
    ticked = prices.copy()
    ticked.loc[day, ["close", "adjusted"]] *= factor
    clean, removed = quarantine("2561.T", ticked)
    assert spans(removed) == [("error", day, day)]
    assert "close" in removed[0].message
    assert "adjusted with it; removed" in removed[0].message
    assert clean.loc[day, ["close", "adjusted"]].isna().all()
    pd.testing.assert_frame_equal(clean.drop(pd.Timestamp(day)), prices.drop(pd.Timestamp(day)))


def test_two_ticks_in_a_row_are_removed_and_told_once():
    prices = fund("2024-06-03", "2024-07-12", price=2500)
    prices.iloc[[10, 11], prices.columns.get_loc("close")] *= 100
    clean, removed = quarantine("2561.T", prices)
    assert clean["close"].isna().sum() == 2
    assert spans(removed) == [("error", "2024-06-17", "2024-06-18")]
    assert "and so on for 2 rows" in removed[0].message


def test_what_arrives_sound_is_returned_as_it_came():
    for name, rows in (("TLT", fund()), ("jgb", curve("2024-06-03", "2024-07-12")), ("usdjpy", yen())):
        clean, removed = quarantine(name, rows)
        assert removed == []
        pd.testing.assert_frame_equal(clean, rows)


def test_the_frame_that_arrives_is_not_changed():
    prices = fund()
    prices.loc["2024-03-12", "close"] *= 100
    before = prices.copy()
    quarantine("TLT", prices)
    pd.testing.assert_frame_equal(prices, before)


@pytest.mark.parametrize(("n", "held"), [(1, 1), (2, 2), (3, 3), (4, 0), (5, 0), (6, 0)])
def test_a_change_at_the_end_is_held_back_until_it_has_lasted(n, held):
    prices = fund("2024-06-03", "2024-07-12", price=2500)
    prices.iloc[-n:, prices.columns.get_loc("close")] *= 100
    clean, removed = quarantine("2561.T", prices)
    assert clean["close"].isna().sum() == held
    assert bool(about(removed, "nothing yet to confirm it")) == (held > 0)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_change_at_the_beginning_is_held_back_unless_it_lasts(n):
    prices = fund("2024-06-03", "2024-07-12", price=2500)
    prices.iloc[:n, prices.columns.get_loc("close")] *= 100
    assert quarantine("2561.T", prices)[0]["close"].isna().sum() == (n if n <= 3 else 0)


def test_a_tick_does_not_vouch_for_the_next_one():
    prices = fund("2024-06-03", "2024-07-12", price=2500)
    ticked = prices.copy()
    ticked.iloc[[-4, -1], prices.columns.get_loc("close")] *= 100
    clean, removed = quarantine("2561.T", ticked)
    assert np.flatnonzero(clean["close"].isna()).tolist() == [len(prices) - 4, len(prices) - 1]
    assert len(removed) == 2


@pytest.mark.parametrize("price", [0.0, -90.0, np.inf])
def test_prices_that_are_no_prices_are_removed(price):
    prices = fund()
    prices.loc["2024-03-12", "close"] = price
    clean, removed = quarantine("TLT", prices)
    assert np.isnan(clean.loc["2024-03-12", "close"])
    assert clean.loc["2024-03-12", "adjusted"] == prices.loc["2024-03-12", "adjusted"]
    assert [f.level for f in removed] == ["error"]


def test_a_row_without_prices_goes_unless_it_pays_a_distribution():
    prices = fund()
    columns = ["open", "high", "low", "close", "adjusted"]
    prices.loc[["2024-03-12", "2024-03-14"], columns] *= 100
    prices.loc["2024-03-14", "dividend"] = 0.3
    clean, removed = quarantine("TLT", prices)
    assert len(removed) == 2
    assert pd.Timestamp("2024-03-12") not in clean.index
    assert clean.loc["2024-03-14", columns].isna().all()
    assert clean.loc["2024-03-14", "dividend"] == 0.3


def test_a_blank_month_is_not_dropped():
    index = one(pd.date_range("2025-01-31", "2026-07-31", freq="ME"), np.linspace(320, 333, 19))
    index.iloc[9] = np.nan
    pd.testing.assert_frame_equal(quarantine("us_cpi", index)[0], index)


@pytest.mark.parametrize(("yen_off", "gone"), [(10.0, True), (16.0, True), (-10.0, True), (4.0, False)])
def test_a_dollar_off_by_ten_yen_for_a_day_is_removed(yen_off, gone):
    dollars = yen()
    dollars.loc["2008-10-10"] += yen_off
    clean, removed = quarantine("usdjpy", dollars)
    assert (pd.Timestamp("2008-10-10") not in clean.index) == gone
    assert len(removed) == gone


def test_a_dollar_that_falls_by_eight_percent_and_stays_or_goes_on_falling_is_kept():
    # 1998-10: 136 to 116 within three days
    for fall in ([0, 11, 11, 11], [0, 10, 20, 20], [0, 9, 18, 27]):
        days = pd.date_range("1998-10-01", "1998-10-30", freq="B")
        dollars = one(days, np.concatenate([np.full(9, 136.0), 136.0 - np.array(fall), np.full(9, 136.0 - fall[-1])]))
        assert quarantine("usdjpy", dollars)[1] == []
        assert quarantine("usdjpy", dollars.iloc[:11])[1] == []  # the day it falls


def test_a_yield_in_decimals_for_a_day_is_removed():
    rows = curve("2024-06-03", "2024-07-12")
    rows.loc["2024-06-20", "2"] /= 100
    clean, removed = quarantine("jgb", rows)
    assert np.isnan(clean.loc["2024-06-20", "2"])
    assert clean.loc["2024-06-20", ["10", "30"]].notna().all()
    assert spans(removed) == [("error", "2024-06-20", "2024-06-20")]


def test_a_row_mostly_in_decimals_is_removed_with_its_small_yields():
    rows = curve("2024-06-03", "2024-07-12")
    rows["1"] = 0.2
    rows.loc["2024-06-20"] /= 100
    clean, removed = quarantine("jgb", rows)
    assert pd.Timestamp("2024-06-20") not in clean.index
    assert len(clean) == len(rows) - 1
    assert len(removed) == 1


@pytest.mark.parametrize(("points", "gone"), [(3.5, True), (-3.5, True), (2.0, False)])
def test_a_yield_off_by_more_than_three_points_for_a_day_is_removed(points, gone):
    rows = curve("2024-06-03", "2024-07-12")
    rows.loc["2024-06-20", "10"] += points
    clean, removed = quarantine("ust", rows)
    assert np.isnan(clean.loc["2024-06-20", "10"]) == gone
    assert len(removed) == gone


def test_yields_near_zero_multiply_without_being_ticks():
    rows = curve("2024-06-03", "2024-07-12")
    rows["2"] = 0.002 + 0.000001 * np.arange(len(rows))
    rows.loc["2024-06-20", "2"] = 0.2
    assert quarantine("jgb", rows)[1] == []


def test_an_overnight_rate_may_jump_for_a_day_but_not_change_its_unit():
    rates = one(pd.date_range("1986-12-01", "1987-01-31"), 6.5 + noise(62)[:, 0])
    rates.loc["1986-12-31"] = 16.17
    assert quarantine("fed_funds", rates)[1] == []
    rates.loc["1987-01-15"] /= 100
    assert spans(quarantine("fed_funds", rates)[1]) == [("error", "1987-01-15", "1987-01-15")]


def test_the_level_before_a_hole_of_years_is_no_witness():
    rows = curve("1978-01-04", "1980-12-26")
    rows["1"] = np.where(rows.index < "1978-05-22", 5.06, np.where(rows.index > "1980-08-21", 9.57, np.nan))
    for last in ("1980-08-22", "1980-08-25", "1980-12-26"):
        assert quarantine("jgb", rows.loc[:last])[1] == []


def test_a_tick_that_is_stored_all_the_same_is_reported_once():
    prices = fund()
    prices.loc["2024-03-12", "close"] *= 100
    found = check("TLT", prices, date(2024, 3, 29))
    assert spans(about(found, "update or import the series again")) == [("error", "2024-03-12", "2024-03-12")]
    assert about(found, "adjusted differs") == []


def test_a_stored_infinity_is_reported_and_stops_nothing():
    rows = curve("2024-06-03", "2024-07-12").drop(pd.Timestamp("2024-06-12"))
    rows.iloc[[20, 21], 1] = np.inf
    found = check("jgb", rows, TODAY)
    assert [f.level for f in about(found, "10-year inf is no number")] == ["error"]
    assert about(found, "no row on 1 session of XTKS")
