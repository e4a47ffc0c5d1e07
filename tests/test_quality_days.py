"""Data quality: findings, dates, days of the market and tenors, on small cases with the fault and without."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.errors import DataError
from data.quality import Finding, check, quarantine
from tests.quality_cases import TODAY, about, curve, fund, noise, one, spans, with_row

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
