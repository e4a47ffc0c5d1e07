"""Tables to market: par-bond indices against hand-worked bars and known years, and the market's own laws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.build import build
from data.errors import DataError
from data.instruments import LIBRARY, Instrument
from data.market import BY_LEG, BY_ROW, Market
from data.tables import Tables

NAN = np.nan
TENORS = [1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0]
MONTHS = pd.date_range("2000-01-31", "2019-12-31", freq="ME")


def made_up(us: pd.DataFrame, frequency: str = "monthly", **changed) -> Tables:
    """Return tables with this US curve, free money and yen at 100."""
    still = pd.Series(0.0, us.index)
    made = Tables(
        "made up",
        frequency,
        {"us": us},
        {"JPY": still + 100.0},
        {"USD": still, "JPY": still},
        pd.Series(dtype=float),
        {},
    )
    return dataclasses.replace(made, **changed)


def unchanged(yields: list[float], dates: pd.DatetimeIndex = MONTHS) -> Tables:
    return made_up(pd.DataFrame([yields] * len(dates), dates, TENORS))


def row(market: Market, day: str) -> int:
    (found,) = np.flatnonzero(market.dates == np.datetime64(day))
    return int(found)


def index(market: Market, name: str) -> pd.Series:
    return pd.Series(market.price[:, market.column(name)], pd.DatetimeIndex(market.dates))


def bar(market: Market, name: str, day: str) -> float:
    """Return of the bar that ends on a day."""
    price, t = index(market, name).to_numpy(), row(market, day)
    return float(price[t] / price[t - 1] - 1)


# ---- the par-bond index


@pytest.mark.parametrize("interpolation", ["linear", "pchip"])
@pytest.mark.parametrize("maturity", [2.0, 8.5, 30.0])
@pytest.mark.parametrize("y", [-0.004, 0.0, 0.0425, 0.15])
def test_a_flat_unchanged_curve_compounds_at_its_yield(y, maturity, interpolation):
    bond = Instrument("BOND", "par_bond", "USD", "us", maturity)
    market = build(unchanged([y] * 8), [bond], interpolation)
    years = (market.dates - market.dates[0]).astype(float) / 365.25
    assert market.price[:, 0] == pytest.approx(100 * (1 + y / 2) ** (2 * years), rel=1e-12)


def test_an_upward_sloping_unchanged_curve_earns_more_than_its_yield_by_rolling_down(by_coupons):
    sloped = unchanged([0.02 + 0.001 * tenor for tenor in TENORS])  # 3 % at 10 years, a basis point a tenth
    still = dataclasses.replace(LIBRARY["UST10"], name="STILL", rolldown=False)
    market = build(sloped, [LIBRARY["UST10"], still])
    dt = 29 / 365.25  # February 2000
    carry = (1 + 0.03 / 2) ** (2 * dt) - 1
    assert bar(market, "STILL", "2000-02-29") == pytest.approx(carry, abs=1e-14, rel=0)

    rolled = by_coupons(0.03, 0.03 - 0.001 * dt, 10 - dt) - 1
    assert bar(market, "UST10", "2000-02-29") == pytest.approx(rolled, abs=1e-14, rel=0)
    assert rolled - carry == pytest.approx(0.001 * dt * 8.5, rel=0.02)  # slope x time x duration, about
    assert market.no_rolldown[1:, 1].all() and not market.no_rolldown[:, 0].any()


# Hand-worked bars of month_end_markets.csv, in percent: the coupon at the start, then the yield of the aged
# bond at the end, both on the tenors quoted at both ends.
HAND_WORKED = {
    # the 20-year appears: 7 and 10 stay
    ("UST10", "1993-10-31"): (5.40, 5.43 - (5.43 - 5.19) * (31 / 365.25) / 3),
    # the 20-year appears: 10 to 30 is too wide to age, so y(30)
    ("UST30", "1993-10-31"): (6.04, 5.96),
    # the 3- and 7-year vanish: 5 and 10 stay
    ("UST10", "2025-06-30"): (4.41, 4.24 - (4.24 - 3.79) * (30 / 365.25) / 5),
    ("UST7", "2025-06-30"): (3.96 + (4.41 - 3.96) * 2 / 5, 3.79 + (4.24 - 3.79) * (2 - 30 / 365.25) / 5),
    # the 5- and 20-year vanish: 2 to 10 is too wide to age, so y(10)
    ("UST10", "2026-02-28"): (4.26, 3.97),
    ("UST30", "2026-02-28"): (4.87, 4.64),
    # the Japanese 25-year appears: 20 and 30 stay
    ("JGB25", "2004-03-31"): ((1.846 + 2.124) / 2, 1.957 + (2.245 - 1.957) * (5 - 31 / 365.25) / 10),
    ("JGB30", "2004-03-31"): (2.124, 2.245 - (2.245 - 1.957) * (31 / 365.25) / 10),
}


@pytest.mark.parametrize(("name", "day"), HAND_WORKED)
def test_a_tenor_that_appears_or_vanishes_makes_no_return(gappy, by_coupons, name, day):
    coupon, yield_ = (percent / 100 for percent in HAND_WORKED[name, day])
    life = LIBRARY[name].maturity - int(day[-2:]) / 365.25  # a month-end bar is as long as its month
    assert bar(gappy, name, day) == pytest.approx(by_coupons(coupon, yield_, life) - 1, abs=1e-12, rel=0)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("UST20", "1993-10-31", "2026-07-31"),
        ("UST25", "2006-02-28", "2026-07-31"),
        ("UST30", "2006-02-28", "2026-07-31"),
        ("JGB40", "2007-11-30", "2026-07-31"),
        ("TIPS30", "2010-02-28", "2026-06-30"),
    ],
)
def test_history_starts_at_100_on_the_first_row_of_an_unbroken_stretch(market, name, first, last):
    prices = index(market, name).dropna()[first:]
    assert prices.iloc[0] == 100
    assert prices.index[-1] == pd.Timestamp(last)
    assert len(prices) == row(market, last) - row(market, first) + 1
    assert not market.exists[row(market, first) - 1, market.column(name)]


def test_the_thirty_year_gap_parts_two_histories_of_the_25_year(market):
    prices = index(market, "UST25")
    assert prices[:"2002-01-31"].first_valid_index() == pd.Timestamp("1993-10-31")
    assert np.isfinite(prices["2002-01-31"]) and prices["2002-02-28":"2006-01-31"].isna().all()
    assert prices["1993-10-31"] == prices["2006-02-28"] == 100


@pytest.mark.parametrize(
    ("name", "day"),
    [("UST30", "2003-06-30"), ("JGB40", "2006-12-31"), ("UST5", "2026-03-31"), ("TLT", "2003-06-30")],
)
def test_a_bond_without_quotes_does_not_exist(gappy, name, day):
    market = gappy
    i, t = market.column(name), row(market, day)
    assert np.isnan([market.price[t, i], market.duration[t, i], market.spread[t, i]]).all()
    assert not (market.exists[t, i] or market.tradable[t, i] or market.no_rolldown[t, i])
    assert market.exists[:, i].any()


# published figures; the first row of a stretch ends no bar
@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("TIPS10", ["2008-11-30", "2008-12-31"]),  # no 5- and 7-year on 2008-11-30
        ("UST10", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31"]),
        ("UST5", [str(day.date()) for day in pd.date_range("2025-06-30", "2026-01-31", freq="ME")]),
        ("UST2", []),
        ("JGB10", []),
    ],
)
def test_bars_without_roll_down_are_marked(gappy, name, ends):
    marked = gappy.dates[gappy.no_rolldown[:, gappy.column(name)]]
    assert marked.astype(str).tolist() == ends


def test_an_inflation_bond_earns_its_real_yield_and_the_inflation_of_two_months_before(market, by_coupons):
    # August 2008: real yields 1.65 to 1.68 %, 1.48 % at 7 years (month_end_markets.csv); CPI of June over May
    dt = 31 / 365.25
    real = by_coupons(0.0165, (1.68 - (1.68 - 1.48) * dt / 3) / 100, 10 - dt)
    assert 1 + bar(market, "TIPS10", "2008-08-31") == pytest.approx(real * 218.815 / 216.632, abs=1e-12, rel=0)


def test_an_inflation_bond_does_not_exist_where_its_index_is_not_published(tables):
    cut = dataclasses.replace(tables, cpi=tables.cpi[:"2020-06-30"])  # enough for the close of 2020-08-31
    market = build(cut, [LIBRARY["TIPS10"]])
    known = market.dates <= np.datetime64("2020-08-31")
    assert market.exists[known & (market.dates >= np.datetime64("2003-01-31"))].all()
    assert not market.exists[~known].any()


def test_a_history_that_resumes_after_a_missing_overnight_rate_restarts_at_100(tables):
    rates = {**tables.overnight, "USD": tables.overnight["USD"].drop(pd.Timestamp("2010-03-31"))}
    market = build(dataclasses.replace(tables, overnight=rates), [LIBRARY["UST10"]])
    gap = row(market, "2010-03-31")
    assert market.exists[[gap - 1, gap, gap + 1], 0].tolist() == [True, False, True]
    assert market.price[gap + 1, 0] == 100


def test_the_row_that_restarts_a_history_ends_no_bar_and_so_is_not_marked(tables):
    rates = {**tables.overnight, "USD": tables.overnight["USD"].drop(pd.Timestamp("2010-03-31"))}
    market = build(dataclasses.replace(tables, overnight=rates), [LIBRARY["TIPS5"]])  # it can never age
    gap = row(market, "2010-03-31")
    assert market.no_rolldown[gap - 1 : gap + 3, 0].tolist() == [True, False, False, True]


def test_a_history_broken_on_a_holiday_restarts_at_100_as_well():
    dates = pd.DatetimeIndex(["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26"])
    us = pd.DataFrame([[0.04] * 8, [0.04] * 8, [NAN] * 8, [0.05] * 8], dates, TENORS)
    holiday = made_up(us, "weekly", yields={"us": us, "jp": us.fillna(0.01)})
    rates = {**holiday.overnight, "USD": holiday.overnight["USD"].drop(dates[2])}
    market = build(dataclasses.replace(holiday, overnight=rates), [LIBRARY["UST10"]])
    assert market.exists[:, 0].tolist() == [True, True, False, True]
    assert market.price[3, 0] == 100


# ---- truth


# Without costs, from the bundled month ends (to 0.05)
@pytest.mark.parametrize(("year", "percent"), [(2008, 34.4), (2013, -13.9), (2020, 18.0), (2022, -29.7)])
def test_the_25_year_treasury_had_the_years_it_had(market, year, percent):
    prices = index(market, "UST25")
    earned = prices[f"{year}-12-31"] / prices[f"{year - 1}-12-31"] - 1
    assert 100 * earned == pytest.approx(percent, abs=0.05, rel=0)


# published figures: year ends 2000 to 2025, percent
UST10 = """5.12 5.07 3.83 4.27 4.24 4.39 4.71 4.04 2.25 3.85 3.30 1.89 1.78
           3.04 2.17 2.27 2.45 2.40 2.69 1.92 0.93 1.52 3.88 3.88 4.58 4.18"""
JGB10 = """1.650 1.369 .906 1.363 1.437 1.473 1.678 1.502 1.177 1.289 1.127 .987 .794
           .736 .325 .267 .043 .047 .013 -.015 .035 .089 .454 .647 1.111 2.066"""


@pytest.mark.parametrize(("curve", "expected"), [("us", UST10), ("jp", JGB10)])
def test_ten_year_yields_at_year_ends_are_the_published_ones(market, curve, expected):
    rows = [row(market, f"{year}-12-31") for year in range(2000, 2026)]
    yields = market.curves[curve].at(10.0)[rows]
    assert 100 * yields == pytest.approx([float(word) for word in expected.split()], abs=1e-12, rel=0)


# ---- what was known


@pytest.mark.parametrize("day", ["2003-06-30", "2006-02-28", "2008-11-30", "2025-12-31"])
def test_a_market_built_on_a_day_is_the_start_of_the_market_built_later(tables, market, day):
    published = pd.Timestamp(day) - pd.offsets.MonthEnd(1)  # a month's CPI comes out in the month after
    then = dataclasses.replace(
        tables,
        yields={name: frame[:day] for name, frame in tables.yields.items()},
        fx={name: rate[:day] for name, rate in tables.fx.items()},
        overnight={name: rates[:day] for name, rates in tables.overnight.items()},
        cpi=tables.cpi[:published],
        macro={name: values[:day] for name, values in tables.macro.items()},
    )
    known, later = build(then, market.instruments), market.until(row(market, day))
    for name in (*BY_ROW, *BY_LEG):
        before, after = getattr(known, name), getattr(later, name)
        assert np.array_equal(before, after, equal_nan=before.dtype.kind == "f"), name
    for name, values in known.macro.items():
        assert np.array_equal(values, later.macro[name], equal_nan=True), name


def test_on_a_holiday_of_its_curve_a_price_is_carried_and_cannot_be_traded(by_coupons):
    dates = pd.DatetimeIndex(["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26"])
    us = pd.DataFrame([[0.04] * 8, [0.04] * 8, [NAN] * 8, [0.05] * 8], dates, TENORS)
    both = made_up(us, "weekly", yields={"us": us, "jp": us.fillna(0.01)})
    still = dataclasses.replace(LIBRARY["UST10"], name="STILL", rolldown=False)
    market = build(both, [LIBRARY["UST10"], LIBRARY["JGB10"], still])
    assert market.periods_per_year == 52
    assert market.exists.all()
    assert market.tradable.T.tolist() == [[True, True, False, True], [True] * 4, [True, True, False, True]]
    assert market.no_rolldown[:, 2].tolist() == [False, True, False, True]  # the holiday ends no bar of the bond

    week = 100 * by_coupons(0.04, 0.04, 10 - 7 / 365.25)
    two_weeks = by_coupons(0.04, 0.05, 10 - 14 / 365.25)  # the next session's bar spans the holiday
    assert market.price[:, 0] == pytest.approx([100, week, week, week * two_weeks], rel=1e-12)


def test_a_real_yield_quoted_on_a_day_that_is_no_row_makes_no_second_bar(tables):
    real = tables.yields["us_real"]
    between = real.loc[["2015-06-30"]].set_axis(pd.DatetimeIndex(["2015-07-15"])) + 0.01
    crowded = dataclasses.replace(tables, yields={**tables.yields, "us_real": pd.concat([real, between]).sort_index()})
    with_it, without = (build(one, [LIBRARY["TIPS10"]]) for one in (crowded, tables))
    assert np.array_equal(with_it.dates, without.dates)
    assert np.array_equal(with_it.price, without.price, equal_nan=True)


def test_a_bond_does_not_outlive_its_curve(tables):
    ended = {**tables.yields, "us": tables.yields["us"][:"2020-06-30"]}
    market = build(dataclasses.replace(tables, yields=ended), [LIBRARY["UST10"], LIBRARY["JGB10"]])
    last = row(market, "2020-06-30")
    assert market.exists[last].all() and market.exists[last + 1 :, 1].all()
    assert not market.exists[last + 1 :, 0].any() and np.isnan(market.price[last + 1 :, 0]).all()


def test_a_bar_of_half_a_year_is_refused():
    gap = pd.DatetimeIndex(["2021-01-31", "2021-08-31"])
    with pytest.raises(DataError, match=r"us.*2021-01-31.*2021-08-31.*half a year"):
        build(unchanged([0.03] * 8, gap), [LIBRARY["UST10"]])


def test_an_implausible_yield_stops_the_build():
    percent = unchanged([4.25] * 8)
    with pytest.raises(DataError, match=r"curve us: the 1-year yield on 2000-01-31 is 4\.25; .*decimals"):
        build(percent, [LIBRARY["UST10"]])


def test_an_overnight_rate_in_percent_is_refused(tables):
    percent = {**tables.overnight, "USD": tables.overnight["USD"] * 100}
    with pytest.raises(DataError, match=r"USD.*1992-12-31"):
        build(dataclasses.replace(tables, overnight=percent), [LIBRARY["UST10"]])


def test_a_curve_that_has_not_begun_holds_no_bond(tables):
    unborn = {
        **tables.yields,
        "us_real": tables.yields["us_real"][:"2002-12-31"],
    }  # real yields begin in 2003
    market = build(dataclasses.replace(tables, yields=unborn), [LIBRARY["TIPS10"], LIBRARY["UST10"]])
    assert market.exists.any(axis=0).tolist() == [False, True]


def test_a_curve_that_is_not_there_is_named():
    with pytest.raises(
        DataError, match=r"JGB10: the made up data holds no curve 'jp', only us; .* holds the series jgb"
    ):
        build(unchanged([0.03] * 8), [LIBRARY["JGB10"]])


# ---- the market


def test_no_array_of_a_market_can_be_written(market):
    for known in (market, market.until(100), market.select(["JGB10", "UST10"])):
        arrays = [getattr(known, name) for name in (*BY_ROW, *BY_LEG)]
        arrays += [*known.macro.values(), *(curve.yields for curve in known.curves.values())]
        for array in arrays:
            with pytest.raises(ValueError, match="read-only"):
                array[0] = array[0]


def test_the_market_as_known_on_a_row_is_a_view_of_it(market):
    t = 250
    known = market.until(t)
    for name in (*BY_ROW, *BY_LEG):
        short, whole = getattr(known, name), getattr(market, name)
        assert short.shape == (t + 1, *whole.shape[1:])
        assert np.shares_memory(short, whole)
    for name, values in known.macro.items():
        assert values.shape == (t + 1,) and np.shares_memory(values, market.macro[name])
    for name, curve in known.curves.items():
        assert len(curve.dates) == len(curve.yields) == t + 1
        assert np.shares_memory(curve.yields, market.curves[name].yields)
    assert known.names == market.names and known.periods_per_year == 12


@pytest.mark.parametrize("t", [-1, 404])
def test_a_row_the_market_does_not_have_is_an_index_error(market, t):
    assert len(market.dates) == 404  # month ends 1992-12 to 2026-07
    with pytest.raises(IndexError, match=f"row {t} of a market with 404 rows"):
        market.until(t)


def test_select_puts_the_columns_in_the_order_asked(market):
    chosen = market.select(["JGB10", "UST10", "TLT"])
    assert chosen.names == ("JGB10", "UST10", "TLT")
    for name in BY_LEG:
        for i, leg in enumerate(chosen.names):
            column = getattr(market, name)[:, market.column(leg)]
            assert np.array_equal(getattr(chosen, name)[:, i], column, equal_nan=column.dtype.kind == "f"), name
    assert np.array_equal(chosen.dates, market.dates)


@pytest.mark.parametrize(("word", "meant"), [("ust10", "UST10"), ("JBG10", "JGB10"), ("2561", "2561.T")])
def test_an_unknown_name_suggests_the_right_one(market, word, meant):
    with pytest.raises(DataError, match=f"does not hold '{word}'; did you mean '{meant}'"):
        market.select(["UST2", word])


def test_a_market_of_uneven_arrays_is_refused(market):
    with pytest.raises(DataError, match=r"market\.price has shape \(403, 39\); expected \(404, 39\)"):
        dataclasses.replace(market, price=market.price[1:])
