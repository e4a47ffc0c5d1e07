"""What was known when: publication lags, staleness, and the reference index of inflation-linked bonds."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.build import build
from data.calendars import (
    FORMER_LAG_DAYS,
    LATE,
    PUBLICATION_LAG_DAYS,
    available_on,
    check_same_close,
    known_at,
    reference_ahead,
    reference_cpi,
)
from data.countries import COUNTRIES
from data.errors import DataError
from data.instruments import LIBRARY

NAN = np.nan


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def series(values: dict[str, float]) -> pd.Series:
    return pd.Series(list(values.values()), pd.DatetimeIndex(list(values)), dtype=float)


# ---- publication lags


# US CPI 15 days, Japan CPI 25, BoJ share 85, balance of payments 45, quarterly balance sheets 120, WEO annual debt 365
@pytest.mark.parametrize(
    ("name", "lag"),
    [
        ("us_cpi", 15), ("us_core_cpi_yoy", 15), ("jp_core_cpi_yoy", 25),
        ("fed_assets_gdp", 120), ("boj_assets_gdp", 120), ("fed_treasuries_share", 120),
        ("us_debt_gdp", 365), ("jp_debt_gdp", 365),
        ("boj_jgb_share", 85), ("jp_net_foreign_bonds", 45), ("foreign_net_jp_bonds", 45),
    ],
)  # fmt: skip
def test_a_figure_enters_on_the_day_it_is_published_and_not_the_day_before(name, lag):
    published = np.datetime64("2023-12-31") + lag
    known = known_at(name, series({"2023-12-31": 2.5}), np.array([published - 1, published, published + 1]))
    assert np.isnan(known[0])
    assert known[1:].tolist() == [2.5, 2.5]


# Days on which the offices published, and the last before them on which the figure was not known
@pytest.mark.parametrize(
    ("name", "period", "known"),
    [
        ("jp_core_cpi_yoy", "2015-03-31", "2015-05-02"),  # came out on 1 May
        ("jp_core_cpi_yoy", "2011-11-30", "2012-01-01"),  # on 28 December
        ("jp_core_cpi_yoy", "2017-12-31", "2018-02-01"),
        ("jp_core_cpi_yoy", "2018-01-31", "2018-02-25"),
        ("us_cpi", "2025-08-31", "2025-09-15"),
        ("us_cpi", "2025-09-30", "2025-10-24"),
        ("us_core_cpi_yoy", "2025-09-30", "2025-10-24"),
        ("us_cpi", "2025-11-30", "2025-12-18"),
        ("us_core_cpi_yoy", "2025-11-30", "2025-12-18"),
        ("us_cpi", "2025-12-31", "2026-01-15"),
        ("boj_jgb_share", "2025-06-30", "2025-09-23"),  # on 18 September
    ],
)
def test_a_figure_that_came_late_is_known_no_sooner(name, period, known):
    day = np.datetime64(known)
    before, then = known_at(name, series({period: 2.5}), np.array([day - 1, day]))
    assert np.isnan(before) and then == 2.5


def test_a_month_end_before_the_release_has_the_figure_of_the_month_before():
    figures = series({"2015-02-28": 2.0, "2015-03-31": 2.2})
    assert known_at("jp_core_cpi_yoy", figures, days("2015-04-30", "2015-05-01", "2015-05-29")).tolist() == [2, 2, 2.2]


def test_every_bundled_series_has_a_publication_lag(tables):
    assert set(tables.macro) <= set(PUBLICATION_LAG_DAYS)
    assert set(LATE) | set(FORMER_LAG_DAYS) <= set(PUBLICATION_LAG_DAYS)


def test_a_series_without_a_publication_lag_is_refused():
    with pytest.raises(DataError, match="'us_gdp' has no publication lag"):
        known_at("us_gdp", series({"2023-12-31": 2.5}), days("2024-01-31"))


def test_a_figure_goes_missing_when_it_has_been_out_for_more_than_400_days():
    out = np.datetime64("2023-12-31") + 25
    known = known_at("jp_core_cpi_yoy", series({"2023-12-31": 2.3}), np.array([out + 400, out + 401]))
    assert known[0] == 2.3
    assert np.isnan(known[1])


def test_a_later_figure_replaces_an_earlier_one_and_a_blank_does_not():
    figures = series({"2024-01-31": 2.0, "2024-02-29": np.nan, "2024-03-31": 2.4})
    known = known_at("us_core_cpi_yoy", figures, days("2024-02-14", "2024-02-15", "2024-03-31", "2024-04-15"))
    assert np.isnan(known[0])
    assert known[1:].tolist() == [2.0, 2.0, 2.4]


def test_a_series_without_any_figure_is_missing_throughout():
    assert np.isnan(known_at("us_cpi", series({"2024-01-31": np.nan}), days("2024-06-30"))).all()


@pytest.mark.parametrize(
    ("name", "period", "first_row"),
    [
        ("us_core_cpi_yoy", "2024-05-31", "2024-06-30"),  # out on 06-15
        ("jp_core_cpi_yoy", "2024-05-31", "2024-06-30"),  # out on 06-25
        ("boj_assets_gdp", "2024-03-31", "2024-07-31"),  # out on 07-29
        ("us_debt_gdp", "2022-12-31", "2023-12-31"),  # out on 12-31
        ("jp_debt_gdp", "2023-12-31", "2024-12-31"),  # out on 12-30
    ],
)
def test_a_changed_figure_changes_nothing_before_it_is_available(tables, market, name, period, first_row):
    figures = tables.macro[name].copy()
    figures.loc[period] += 0.01
    changed = build(dataclasses.replace(tables, macro={**tables.macro, name: figures}), [LIBRARY["UST10"]])
    differs = ~np.isclose(changed.macro[name], market.macro[name], rtol=0, atol=1e-12, equal_nan=True)
    assert market.dates[differs][0] == np.datetime64(first_row)
    for other in set(market.macro) - {name}:
        assert np.array_equal(changed.macro[other], market.macro[other], equal_nan=True)


# ---- reference CPI


def ratio(cpi: pd.Series, earlier: str, later: str) -> float:
    """Growth of the reference index from one close to another."""
    before, after = reference_cpi(cpi, days(earlier, later))
    return float(after / before)


# docs/conventions.md: the bar that ends with month m earns CPI[m-2] / CPI[m-3]. Figures: month_end_macro.csv
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2008-07-31", "2008-08-31", 218.815 / 216.632),  # June over May 2008
        ("2008-12-31", "2009-01-31", 212.425 / 216.573),  # November over October 2008: deflation
        ("2024-12-31", "2025-01-31", 315.493 / 315.664),  # November over October 2024
    ],
)
def test_a_month_end_bar_earns_the_inflation_of_two_months_before(tables, start, end, expected):
    assert ratio(tables.cpi, start, end) == pytest.approx(expected, rel=1e-14)


def test_the_month_that_was_never_published_is_put_in_by_the_rule_of_the_treasury(tables):
    # 31 CFR 356 App. B: CPI[m-1] * (CPI[m-1] / CPI[m-13]) ** (1/12), with 2025-09 and 2024-09
    october = 324.800 * (324.800 / 315.301) ** (1 / 12)
    assert reference_cpi(tables.cpi, days("2025-12-31")) == pytest.approx([october], rel=1e-14)
    assert ratio(tables.cpi, "2025-11-30", "2025-12-31") == pytest.approx(october / 324.800, rel=1e-14)
    assert ratio(tables.cpi, "2025-12-31", "2026-01-31") == pytest.approx(324.122 / october, rel=1e-14)


def test_the_reference_index_moves_in_a_straight_line_within_a_month():
    cpi = series({"2024-01-31": 300.0, "2024-02-29": 301.0, "2024-03-31": 304.0})
    # Settled the next day: over April, 30 days, from January's 300 to February's 301; then to March's 304.
    closes = days("2024-03-31", "2024-04-01", "2024-04-15", "2024-04-29", "2024-04-30", "2024-05-16")
    expected = [300, 300 + 1 / 30, 300.5, 300 + 29 / 30, 301, 301 + 3 * 16 / 31]
    assert reference_cpi(cpi, closes) == pytest.approx(expected, rel=1e-14)


def test_on_the_first_of_a_month_the_reference_index_is_the_cpi_of_three_months_before():
    # 31 CFR 356 App. B: 2008-09-01 carries June's 218.815, 2008-10-01 July's 219.964
    cpi = series({"2008-06-30": 218.815, "2008-07-31": 219.964})
    assert reference_cpi(cpi, days("2008-08-31", "2008-09-30")).tolist() == [218.815, 219.964]


def test_months_yet_to_be_published_are_missing_and_not_invented():
    cpi = series({"2024-01-31": 300.0, "2024-02-29": 301.0})
    closes = days("2024-03-30", "2024-03-31", "2024-04-29", "2024-04-30", "2024-05-01", "2024-07-31")
    known = reference_cpi(cpi, closes)
    assert np.isfinite(known).tolist() == [False, True, True, True, False, False]


@pytest.mark.parametrize(("months", "filled"), [(1, False), (12, False), (13, True)])
def test_a_hole_is_filled_only_after_thirteen_months_of_history(months, filled):
    ends = pd.date_range("2020-01-31", periods=months + 2, freq="ME")
    cpi = pd.Series(np.linspace(300, 310, months + 2), ends)
    cpi.iloc[months] = np.nan
    settled = (ends[months] + pd.offsets.MonthEnd(2)).to_numpy().astype("datetime64[D]")
    assert np.isfinite(reference_cpi(cpi, np.array([settled]))).tolist() == [filled]


def test_no_cpi_at_all_is_missing_throughout():
    assert np.isnan(reference_cpi(series({}), days("2024-04-30"))).all()


# ---- reference CPI ahead: CPI-U as in month_end_macro.csv; October 2025 by the rule, known when November is over

OCTOBER = 324.800 * (324.800 / 315.301) ** (1 / 12)


@pytest.mark.parametrize(
    ("day", "firsts", "pace"),
    [
        ("2025-10-23", (323.048, 323.976, NAN), 323.976 / 314.796),  # September's figure comes out tomorrow
        ("2025-10-24", (323.048, 323.976, 324.800), 324.800 / 315.301),
        ("2025-10-31", (323.976, 324.800, NAN), 324.800 / 315.301),  # settles on 1 November
        ("2025-11-28", (323.976, 324.800, NAN), 324.800 / 315.301),  # October's may still come
        ("2025-11-30", (324.800, OCTOBER, NAN), 324.800 / 315.301),
        ("2025-12-17", (324.800, OCTOBER, NAN), 324.800 / 315.301),
        ("2025-12-18", (324.800, OCTOBER, 324.122), 324.122 / 315.493),
        ("2025-12-31", (OCTOBER, 324.122, NAN), 324.122 / 315.493),
        ("2026-01-14", (OCTOBER, 324.122, NAN), 324.122 / 315.493),
        ("2026-01-15", (OCTOBER, 324.122, 324.054), 324.054 / 315.605),
    ],
)
def test_the_reference_index_is_known_ahead_as_far_as_prices_are_published(tables, day, firsts, pace):
    for cpi in (tables.cpi, tables.cpi[available_on("us_cpi", tables.cpi.index.to_numpy()) <= np.datetime64(day)]):
        ahead, growth = reference_ahead(cpi, days(day))
        assert ahead[0] == pytest.approx(firsts, rel=1e-14, nan_ok=True)
        assert growth == pytest.approx([pace - 1], rel=1e-12)


def test_an_index_that_stopped_is_known_for_400_days_and_no_longer():
    cpi = series(
        {str(end.date()): 300.0 + i for i, end in enumerate(pd.date_range("2020-01-31", "2022-06-30", freq="ME"))}
    )
    out = np.datetime64("2022-06-30") + 15
    ahead, growth = reference_ahead(cpi, np.array([out + 400, out + 401]))
    assert np.isfinite(ahead[0, :2]).all() and np.isfinite(growth[0])
    assert np.isnan(ahead[1]).all() and np.isnan(growth[1])
    assert np.isnan(reference_ahead(series({}), days("2022-06-30"))[0]).all()


def test_a_price_used_before_it_is_stamped_is_refused_with_both_times():
    legs = [LIBRARY["UST10"], LIBRARY["JGB10"]]
    with pytest.raises(DataError) as refusal:
        check_same_close("pair", legs, date(2024, 1, 4))
    said = str(refusal.value)
    assert "UST10 of 2024-01-04 is stamped 2024-01-04 16:00 EST (2024-01-05 06:00 JST)" in said
    assert "after JGB10 fills at 2024-01-04 15:00 JST" in said
    assert "set fill: next_close" in said
    check_same_close("alone", legs[:1], date(2024, 1, 4))
    check_same_close("alone", legs[1:], date(2024, 1, 4))


def test_tokyo_closes_half_an_hour_later_since_november_2024():
    japan = COUNTRIES["jp"]
    assert japan.closes(date(2024, 11, 1)).strftime("%H:%M %Z") == "15:00 JST"
    assert japan.closes(date(2024, 11, 5)).strftime("%H:%M %Z") == "15:30 JST"
