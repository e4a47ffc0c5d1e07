"""Data quality: every check on a small case that has the fault and on one that has not, then on the real history."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import DataError
from data.quality import Finding, check, quarantine

TODAY = date(2026, 9, 1)
REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


def noise(n: int, columns: int = 1, seed: int = 0) -> np.ndarray:
    """Random walks that never repeat a value, a few basis points or per mille a day."""
    return np.random.default_rng(seed).normal(0, 0.03, (n, columns)).cumsum(axis=0)


def frame(days: pd.DatetimeIndex, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({name.removeprefix("y"): values for name, values in columns.items()}, days, dtype=float)


def curve(start: str, end: str, freq: str = "B", seed: int = 0) -> pd.DataFrame:
    """A curve of 2, 10 and 30 years that drifts around 3, 4 and 5 %."""
    days = pd.date_range(start, end, freq=freq)
    walks = noise(len(days), 3, seed) + np.array([3.0, 4.0, 5.0])
    return frame(days, y2=walks[:, 0], y10=walks[:, 1], y30=walks[:, 2])


def fund(start: str = "2024-02-20", end: str = "2024-03-28", price: float = 90.0) -> pd.DataFrame:
    """A fund without distributions, on the stock exchange's days if the span holds no holiday."""
    days = pd.date_range(start, end, freq="B")
    close = price * np.exp(noise(len(days))[:, 0] / 10)
    return frame(
        days, open=close, high=close, low=close, close=close, adjusted=close / 2,
        volume=1e6, dividend=0.0, split=0.0,
    )  # fmt: skip


def one(days: pd.DatetimeIndex, values: object) -> pd.DataFrame:
    return frame(days, value=values)


def yen(start: str = "2008-01-01", end: str = "2008-12-31") -> pd.DataFrame:
    days = pd.date_range(start, end, freq="B")
    return one(days, 105 + noise(len(days))[:, 0] * 5)


def about(findings: list[Finding], words: str) -> list[Finding]:
    return [finding for finding in findings if words in finding.message]


def spans(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f.level, str(f.first), str(f.last)) for f in findings]


# ---- findings


def test_a_finding_reads_as_one_line():
    gap = Finding("warning", "jgb", date(2019, 4, 26), date(2019, 5, 7), "no row for 11 days")
    assert str(gap) == "warning jgb 2019-04-26 to 2019-05-07: no row for 11 days"
    assert str(Finding("note", "jgb", date(2019, 5, 7), date(2019, 5, 7), "late")) == "note jgb 2019-05-07: late"
    assert str(Finding("error", "jgb", None, None, "no values")) == "error jgb: no values"


def test_findings_come_errors_first_and_then_by_date():
    prices = fund()
    prices.loc["2024-03-20", "dividend"] = -1.0
    prices.loc["2024-03-05", "dividend"] = -1.0
    prices = prices.drop(pd.Timestamp("2024-02-27"))
    found = check("TLT", prices, TODAY)
    assert [f.level for f in found] == sorted((f.level for f in found), key=["error", "warning", "note"].index)
    assert [f.first for f in found if f.level == "error"] == [date(2024, 3, 5), date(2024, 3, 20)]


def test_many_findings_of_one_kind_are_counted_after_the_twentieth():
    prices = fund("2003-06-02", "2003-12-31")
    days = prices.index[5:130:5]
    prices.loc[days, "dividend"] = -np.arange(1.0, 26.0)
    found = [finding for finding in check("TLT", prices, TODAY) if finding.level == "error"]
    assert len(found) == 21
    counted = about(found, "5 more impossible dividends")
    assert spans(counted) == [("error", str(days[0].date()), str(days[4].date()))]  # the smallest five


def test_an_unknown_series_is_refused_with_a_suggestion():
    for ask in (lambda f: check("jbg", f, TODAY), lambda f: quarantine("jbg", f)):
        with pytest.raises(DataError, match="did you mean 'jgb'"):
            ask(curve("2024-06-03", "2024-06-28"))


def test_a_sound_curve_has_nothing_to_report():
    assert check("jgb", curve("2024-06-03", "2024-07-12"), date(2024, 7, 15)) == []


def test_a_sound_fund_has_nothing_to_report():
    assert check("TLT", fund(), date(2024, 3, 29)) == []


# ---- dates of any series


def test_a_series_without_values_is_an_error():
    empty = curve("2024-06-03", "2024-06-28") * np.nan
    for nothing in (empty, empty.iloc[:0]):
        assert [str(f) for f in check("jgb", nothing, TODAY)] == [
            "error jgb: there are no values; import the series again"
        ]


def test_dates_that_come_twice_are_an_error():
    twice = curve("2024-06-03", "2024-06-28")
    found = check("jgb", pd.concat([twice.iloc[:3], twice.iloc[2:]]), TODAY)
    assert spans(about(found, "dates that come twice: 1")) == [("error", "2024-06-05", "2024-06-05")]


def test_unsorted_dates_are_an_error():
    found = check("jgb", curve("2024-06-03", "2024-06-28").iloc[::-1], TODAY)
    assert [f.level for f in about(found, "rows earlier than the row before them: 19; sort")] == ["error"]


def test_dates_after_today_are_an_error_and_the_rest_is_still_checked():
    found = check("jgb", curve("2024-06-03", "2024-07-12").drop(pd.Timestamp("2024-06-12")), date(2024, 7, 10))
    assert spans(about(found, "2 rows after today, 2024-07-10")) == [("error", "2024-07-11", "2024-07-12")]
    assert about(found, "no row on 1 session of XTKS")
    mistyped = check("jgb", curve("2024-06-03", "2024-07-12").pipe(with_row, "2204-07-16"), date(2024, 7, 16))
    assert [f.level for f in mistyped] == ["error"]  # it does not count as a gap of 180 years


@pytest.mark.parametrize(("days", "told"), [(10, False), (11, True)])
def test_a_daily_series_is_old_after_ten_days(days, told):
    rows = curve("2024-06-03", "2024-07-12")
    found = about(check("jgb", rows, date(2024, 7, 12 + days)), f"the last row is {days} days old")
    assert spans(found) == ([("note", "2024-07-12", "2024-07-12")] if told else [])


@pytest.mark.parametrize(("day", "told"), [("2024-09-14", False), ("2024-09-15", True)])
def test_a_monthly_series_is_old_after_45_days(day, told):
    index = one(pd.date_range("2023-01-31", "2024-07-31", freq="ME"), np.linspace(300, 310, 19))
    assert bool(about(check("us_cpi", index, date.fromisoformat(day)), "days old")) == told


# ---- days of the market


def test_sessions_of_tokyo_without_a_row_are_reported_in_stretches():
    rows = curve("2024-06-03", "2024-07-12").drop(pd.to_datetime(["2024-06-12", "2024-06-13", "2024-06-14"]))
    found = about(check("jgb", rows, TODAY), "no row on 3 sessions of XTKS")
    assert spans(found) == [("warning", "2024-06-12", "2024-06-14")]


def test_the_eleven_days_to_2019_05_07_are_holidays():
    rows = curve("2019-04-15", "2019-05-17").drop(pd.date_range("2019-04-27", "2019-05-06", freq="B"))
    found = check("jgb", rows, TODAY)
    assert spans(about(found, "no row for 11 days: holidays")) == [("note", "2019-04-26", "2019-05-07")]
    assert about(found, "sessions of XTKS") == []


def test_a_long_gap_that_leaves_out_a_session_is_not_called_holidays():
    rows = curve("2019-04-15", "2019-05-17").drop(pd.date_range("2019-04-26", "2019-05-06", freq="B"))
    found = check("jgb", rows, TODAY)
    assert spans(about(found, "no row on 1 session of XTKS")) == [("warning", "2019-04-26", "2019-04-26")]
    assert about(found, "holidays") == []


@pytest.mark.parametrize(
    ("first", "last", "level"),
    [
        ("1980-12-27", "1981-01-05", "note"),
        ("1980-03-10", "1980-03-19", "warning"),
        ("1981-04-28", "1981-05-06", "note"),
    ],
)
def test_before_the_calendar_begins_only_new_year_and_golden_week_explain_a_gap(first, last, level):
    rows = curve("1980-01-04", "1981-12-28", freq="D")
    rows = rows[(rows.index <= first) | (rows.index >= last)]
    assert spans(about(check("jgb", rows, TODAY), "no row for ")) == [(level, first, last)]


def test_new_york_has_no_golden_week():
    rows = curve("1966-01-04", "1966-12-28")
    rows = rows[(rows.index <= "1966-04-28") | (rows.index >= "1966-05-06")]
    assert spans(about(check("ust", rows, TODAY), "no row for 8 days")) == [("warning", "1966-04-28", "1966-05-06")]


def test_ordinary_new_years_are_counted_in_one_line():
    rows = curve("1980-01-04", "1984-01-20", freq="D")
    for year in (1980, 1981, 1982):
        rows = rows.drop(pd.date_range(f"{year}-12-29", f"{year + 1}-01-03"))
    found = about(check("jgb", rows, TODAY), "holidays")
    assert spans(found) == [("note", "1980-12-28", "1983-01-04")]
    assert "3 gaps of 6 or 7 days" in found[0].message


def test_saturdays_are_history_until_1989_and_a_mistake_after():
    old = check("jgb", curve("1988-06-01", "1988-06-30", freq="B").pipe(with_row, "1988-06-11"), TODAY)
    assert spans(about(old, "1 Saturday")) == [("note", "1988-06-11", "1988-06-11")]
    for day in ("1990-06-09", "1988-06-12"):
        found = check("jgb", curve(f"{day[:4]}-06-01", f"{day[:4]}-06-30").pipe(with_row, day), TODAY)
        assert spans(about(found, "1 row on a Saturday or Sunday")) == [("warning", day, day)]


def with_row(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    return pd.concat([rows, rows.iloc[[0]].set_axis(pd.DatetimeIndex([day]))]).sort_index()


def test_treasuries_never_quote_on_saturdays():
    found = check("ust", curve("1988-06-01", "1988-06-30").pipe(with_row, "1988-06-11"), TODAY)
    assert spans(about(found, "on a Saturday or Sunday")) == [("warning", "1988-06-11", "1988-06-11")]


@pytest.mark.parametrize(
    "holiday",
    ["2023-10-09", "2023-11-10", "1978-02-13", "1978-11-07", "1985-01-21", "1974-10-28", "2024-03-29", "1979-05-30"],
)
def test_bond_holidays_on_which_stocks_trade_are_no_gap_except_the_friday_before_a_saturday(holiday):
    # Columbus Day, the Friday before Veterans Day of 2023, Lincoln, election, King, Veterans Day in October,
    # Good Friday, Memorial Day on its date
    day = pd.Timestamp(holiday)
    rows = curve(str(day - pd.Timedelta(days=4)), str(day + pd.Timedelta(days=4))).drop(day)
    found = about(check("ust", rows, TODAY), "of XNYS")
    assert spans(found) == ([("warning", holiday, holiday)] if holiday == "2023-11-10" else [])


def test_a_day_that_stocks_traded_and_treasuries_did_not_quote_is_reported():
    found = check("ust", curve("2024-02-20", "2024-03-28").drop(pd.Timestamp("2024-03-12")), TODAY)
    assert spans(about(found, "no row on 1 session of XNYS")) == [("warning", "2024-03-12", "2024-03-12")]


def test_a_month_end_file_is_one_finding_and_not_one_for_every_week():
    found = check("ust", curve("2020-01-31", "2024-03-29", freq="BME"), TODAY)
    assert len(about(found, "expected daily data")) == 1
    assert about(found, "no row") == []


def test_a_rate_of_every_calendar_day_may_not_pause():
    rows = one(pd.date_range("2023-06-01", "2023-07-31"), 5.0 + noise(61)[:, 0])
    assert about(check("fed_funds", rows, TODAY), "no row") == []
    found = check("fed_funds", rows.drop(pd.date_range("2023-06-10", "2023-06-15")), TODAY)
    assert spans(about(found, "no row for 7 days")) == [("warning", "2023-06-09", "2023-06-16")]


def test_a_fund_is_held_against_its_own_exchange():
    day = pd.Timestamp("2024-03-20")  # Vernal Equinox: Tokyo shut, New York open
    new_york = fund().drop(day)
    assert spans(about(check("TLT", new_york, TODAY), "session of XNYS")) == [("warning", "2024-03-20", "2024-03-20")]
    tokyo = fund("2024-03-01", "2024-03-29", price=2500)
    assert spans(about(check("2561.T", tokyo, TODAY), "1 row on days when XTKS was shut")) == [
        ("warning", "2024-03-20", "2024-03-20")
    ]
    assert about(check("2561.T", tokyo.drop(day), TODAY), "XTKS") == []


def test_a_row_without_a_close_is_no_price():
    prices = fund()
    prices.loc["2024-03-12", "close"] = np.nan
    assert about(check("TLT", prices, TODAY), "no row on 1 session of XNYS")


def test_the_month_of_cpi_that_was_never_published_is_named_with_its_rule():
    index = one(pd.date_range("2025-01-31", "2026-07-31", freq="ME"), np.linspace(320, 333, 19))
    for blank in (index.assign(value=index["value"].mask(index.index == "2025-10-31")), index.drop(index.index[9])):
        found = about(check("us_cpi", blank, TODAY), "2025-10 blank")
        assert [f.level for f in found] == ["note"]
        assert "CPI[m-1] * (CPI[m-1] / CPI[m-13]) ** (1/12)" in found[0].message
    assert check("us_cpi", index, TODAY) == []


def test_a_missing_month_of_a_rate_is_a_warning():
    rates = one(pd.date_range("2025-01-31", "2026-07-31", freq="ME"), np.linspace(0.5, 0.9, 19))
    found = check("yen_call_month", rates.drop(rates.index[[3, 4]]), TODAY)
    assert spans(about(found, "2025-04, 2025-05 blank")) == [("warning", "2025-04-01", "2025-05-01")]


# ---- tenors


@pytest.mark.parametrize(("back_at", "level"), [(0.5, "note"), (2.2, "warning")])
def test_a_hole_in_a_tenor_tells_the_yields_on_both_sides(back_at, level):
    rows = curve("2024-06-03", "2024-07-12")
    rows["2"] = np.linspace(3.0, 3.01, len(rows))
    rows.loc["2024-06-12":"2024-06-20", "2"] = np.nan
    rows.loc["2024-06-21":, "2"] += back_at
    found = about(check("jgb", rows, TODAY), "the 2-year is missing on 7 rows")
    assert spans(found) == [(level, "2024-06-12", "2024-06-20")]
    assert f"({100 * back_at + 0.3:+.1f} bp); no bar may span it" in found[0].message


@pytest.mark.parametrize(("name", "level"), [("ust", "note"), ("tips", "warning")])
def test_the_years_without_a_20_year_treasury_are_no_fault(name, level):
    rows = curve("1986-12-01", "1993-12-31")
    rows["20"] = np.where(rows.index < "1987-01-02", 7.5, 6.0)
    rows.loc["1987-01-02":"1993-09-30", "20"] = np.nan
    found = about(check(name, rows, TODAY), "the 20-year is missing")
    assert spans(found) == [(level, "1987-01-02", "1993-09-30")]


def test_a_tenor_that_ends_before_its_curve_is_noted():
    rows = curve("2024-06-03", "2024-07-12")
    rows["5"], rows["7"] = rows["10"].loc[:"2024-06-28"], rows["10"].loc[:"2024-07-05"]
    rows["40"] = np.nan
    found = check("jgb", rows, TODAY)
    assert spans(about(found, "ends here")) == [("note", "2024-06-28", "2024-06-28")]  # a week late is no end
    assert "the 5-year ends here, the curve on 2024-07-12" in about(found, "ends here")[0].message
    assert about(found, "the 40-year has no value at all")


def test_the_estimated_30_year_is_an_error_and_its_mask_is_none():
    rows = curve("2002-01-02", "2006-03-31")
    found = about(check("ust", rows, TODAY), "an estimate, none was quoted")
    assert spans(found) == [("error", "2002-02-19", "2006-02-08")]
    assert "import again from FRED" in found[0].message
    rows.loc["2002-02-19":"2006-02-08", "30"] = np.nan
    masked = check("ust", rows, TODAY)
    assert about(masked, "estimate") == []
    assert [f.level for f in about(masked, "it was not published then")] == ["note"]


def test_the_break_of_tips_is_named_and_is_no_outlier():
    rows = curve("2008-06-02", "2009-05-29").rename(columns={"2": "5"})
    rows.loc["2008-12-01":, "5"] -= 2.14
    found = check("tips", rows, TODAY)
    assert spans(about(found, "no bar spans it")) == [("note", "2008-12-01", "2008-12-01")]
    assert about(found, "robust deviations") == []
    other = curve("2008-06-02", "2009-05-29").rename(columns={"2": "5"})
    other.loc["2008-12-02":, "5"] -= 2.14
    assert about(check("tips", other, TODAY), "5-year -21")


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
    assert spans(found) == [("warning", "2024-03-12", "2024-03-12")]


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
    assert spans(about(found, "10-year goes from")) == [("warning", "2024-05-01", "2024-05-01")]


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


def paying(amount: float = 0.3) -> pd.DataFrame:
    """A fund with a distribution on 2024-03-01, adjusted as Yahoo does: by 1 - dividend / close of the day before."""
    prices = fund()
    day = prices.index.get_loc(pd.Timestamp("2024-03-01"))
    prices.iloc[day, prices.columns.get_loc("dividend")] = amount
    factor = np.where(np.arange(len(prices)) < day, 1 - amount / prices["close"].iloc[day - 1], 1.0)
    return prices.assign(adjusted=prices["close"] * factor)


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


# ---- the real history


def columns_of(path: str, names: dict[str, str]) -> pd.DataFrame:
    read = pd.read_csv(REAL / path, index_col=0, parse_dates=True)[list(names)]
    return read.rename(columns=names).astype(float).dropna(how="all")


def real_jgb() -> pd.DataFrame:
    read = pd.read_csv(REAL / "mof/jgbcme_all.csv", skiprows=1, index_col=0, na_values=["-"])
    return read.set_index(pd.to_datetime(read.index, format="%Y/%m/%d")).rename(columns=lambda c: c[:-1]).astype(float)


def real_ust() -> pd.DataFrame:
    tenors = {"DGS1MO": "0.0833", "DGS3MO": "0.25", "DGS6MO": "0.5"} | {
        f"DGS{n}": str(n) for n in (1, 2, 3, 5, 7, 10, 20, 30)
    }
    rows = columns_of("ust/cmt_daily.csv", tenors)
    rows.loc["2002-02-19":"2006-02-08", "30"] = np.nan
    return rows


def real_fund(name: str) -> pd.DataFrame:
    names = {"AdjClose": "adjusted", "ImpliedDividend": "dividend"}
    names |= {c: c.lower() for c in ("Open", "High", "Low", "Close", "Volume")}
    return columns_of(f"etf/{name}.csv", names).assign(split=0.0)


def real_months(path: str, column: str) -> pd.DataFrame:
    rows = pd.read_csv(REAL / path, index_col=0, parse_dates=True)[[column]].set_axis(["value"], axis=1)
    return rows.set_axis(rows.index + pd.offsets.MonthEnd(0)).astype(float)


READERS = {
    "jgb": real_jgb,
    "ust": real_ust,
    "tips": lambda: columns_of("ust/real_curve_daily.csv", {f"DFII{n}": str(n) for n in (5, 7, 10, 20, 30)}),
    "usdjpy": lambda: columns_of("fx/usdjpy_daily.csv", {"USDJPY": "value"}),
    "fed_funds": lambda: columns_of("rates/us_overnight_rates_daily.csv", {"DFF": "value"}),
    "sofr": lambda: columns_of("rates/us_overnight_rates_daily.csv", {"SOFR": "value"}),
    "yen_call_month": lambda: real_months("rates/jp_call_rate_monthly.csv", "JP_CALL_RATE_PCT"),
    "us_cpi": lambda: real_months("rates/us_cpi_nsa_monthly.csv", "CPIAUCNS"),
    **{name: (lambda name=name: real_fund(name)) for name in ("TLT", "IEF", "SHY", "TIP")},
}
DAILY = [name for name in READERS if name not in ("yen_call_month", "us_cpi")]


@pytest.fixture(scope="module")
def real() -> dict[str, pd.DataFrame]:
    if not REAL.is_dir():
        pytest.skip(f"no daily history at {REAL}; it is not part of the project")
    return {name: read() for name, read in READERS.items()}


@pytest.fixture(scope="module")
def judged(real) -> dict[str, list[Finding]]:
    return {name: check(name, rows, TODAY) for name, rows in real.items()}


@pytest.mark.realdata
@pytest.mark.parametrize("name", READERS)
def test_quarantine_removes_nothing_from_the_real_history(real, name):
    clean, removed = quarantine(name, real[name])
    assert removed == []
    pd.testing.assert_frame_equal(clean, real[name])


@pytest.mark.realdata
@pytest.mark.parametrize("name", DAILY)
def test_quarantine_holds_nothing_back_on_the_wildest_days_of_the_real_history(real, name):
    rows = real[name]["close"].to_frame() if "close" in real[name] else real[name]
    wild = rows.diff().abs().rank(ascending=False).min(axis=1).nsmallest(25).index
    for day in wild:  # each as it was on the evening it arrived, and on the next
        for last in (day, *rows.index[rows.index > day][:1]):
            assert quarantine(name, rows.loc[:last].tail(50))[1] == []


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "column"), [("jgb", "10"), ("ust", "10"), ("TLT", "close"), ("TLT", "adjusted")])
def test_quarantine_removes_a_planted_hundredfold_and_nothing_else(real, name, column):
    rows = real[name]
    for day in ("1998-11-20", "2008-10-10", "2020-03-18", rows[column].last_valid_index()):
        at = rows.index.get_indexer([pd.Timestamp(day)], method="bfill")[0]
        ticked = rows.copy()
        ticked.iloc[at, rows.columns.get_loc(column)] *= 100
        clean, removed = quarantine(name, ticked)
        assert len(removed) == 1
        assert np.isnan(clean[column].iloc[at])
        assert clean.isna().sum().sum() == rows.isna().sum().sum() + 1


@pytest.mark.realdata
def test_the_real_history_has_no_errors(judged):
    assert {name: [str(f) for f in found if f.level == "error"] for name, found in judged.items()} == {
        name: [] for name in READERS
    }


@pytest.mark.realdata
def test_the_real_history_has_findings_one_can_read_through(judged):
    assert max(len(found) for found in judged.values()) < 50


@pytest.mark.realdata
def test_the_real_gap_to_2019_05_07_is_reported_as_holidays(judged):
    found = [f for f in judged["jgb"] if f.last == date(2019, 5, 7)]
    assert [str(f) for f in found] == [
        "note jgb 2019-04-26 to 2019-05-07: no row for 11 days: holidays, no session between"
    ]
    assert about(judged["jgb"], "of XTKS") == []


@pytest.mark.realdata
def test_the_saturdays_of_the_real_history_are_counted(judged):
    assert spans(about(judged["jgb"], "519 Saturdays")) == [("note", "1974-09-28", "1989-01-28")]


@pytest.mark.realdata
def test_the_spikes_of_1979_and_1980_are_findings(judged):
    warnings = [f for f in judged["jgb"] if f.level == "warning"]
    assert spans(about(warnings, "the 2-year is missing on 361 rows")) == [("warning", "1978-05-22", "1979-08-21")]
    assert about(warnings, "7.632 after (+224.1 bp)")
    assert spans(about(warnings, "the 1-year is missing on 648 rows")) == [("warning", "1978-05-22", "1980-08-21")]
    assert about(warnings, "9.565 after (+450.7 bp)")
    spikes = [f for f in about(warnings, "robust deviations") if f.first and f.first.year == 1980]
    assert len(spikes) == 1
    assert "2-year -58.5 bp to 10.799 on 1980-04-25" in spikes[0].message
    assert "in the tenors 1, 2, 3" in spikes[0].message


@pytest.mark.realdata
def test_a_calm_decade_of_the_real_history_has_a_handful_of_outliers(real):
    for start, end in (("1993", "2002"), ("2003", "2012"), ("2013", "2022")):
        found = about(check("jgb", real["jgb"].loc[start:end], TODAY), "robust deviations")
        assert 1 <= len(found) <= 5


@pytest.mark.realdata
def test_the_estimated_30_year_of_the_real_file_is_refused(real, judged):
    raw = real["ust"].copy()
    raw["30"] = columns_of("ust/cmt_daily.csv", {"DGS30": "30"})["30"]
    found = about(check("ust", raw, TODAY), "an estimate, none was quoted")
    assert spans(found) == [("error", "2002-02-19", "2006-02-08")]
    assert spans(about(judged["ust"], "the 30-year is missing on 994 rows")) == [("note", "2002-02-19", "2006-02-08")]


@pytest.mark.realdata
def test_the_known_traps_of_the_real_history_are_named(judged):
    assert spans(about(judged["tips"], "no bar spans it")) == [("note", "2008-12-01", "2008-12-01")] * 2
    assert about(judged["us_cpi"], "2025-10 blank")
    ends = {f.message.split()[1]: str(f.first) for f in about(judged["ust"], "ends here")}
    assert ends["5-year"] == ends["20-year"] == "2026-02-20"
    assert ends["3-year"] == ends["7-year"] == "2025-05-29"


@pytest.mark.realdata
def test_real_funds_agree_with_their_exchange_and_their_distributions(judged):
    for name in ("TLT", "IEF", "SHY", "TIP"):
        assert about(judged[name], "XNYS") == about(judged[name], "adjusted differs") == []
