"""From the store to a market: units, masks, fixings, coarser rows, listed prices chained to their proxies."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data import assemble
from data.build import build
from data.errors import DataError
from data.instruments import LIBRARY
from data.series import Delivery
from data.sources import bundled, files
from data.store import Store
from tests.daily_store import NOW, TODAY, US, US_OPEN, at, filled, market, put_prices


@pytest.fixture
def store(tmp_path):
    return filled(tmp_path)


# ---- rows, holidays, fixings


def test_rows_are_the_days_on_which_either_market_trades(store):
    dates = market(store, ["UST10", "JGB10"]).dates
    assert np.datetime64("2023-05-03") in dates
    assert np.datetime64("2023-07-04") in dates
    assert len(dates) == len(US)


def test_a_holiday_carries_the_price_and_cannot_be_traded(store):
    both = market(store, ["UST10", "JGB10"])
    golden, fourth = at(both, "2023-05-04"), at(both, "2023-07-04")
    assert both.tradable[golden].tolist() == [True, False]
    assert both.tradable[fourth].tolist() == [False, True]
    assert both.price[golden, 1] == both.price[golden - 2, 1]
    assert both.price[fourth, 0] == both.price[fourth - 1, 0]
    assert both.exists.all()


def test_a_bond_earns_its_whole_bar_when_its_market_comes_back(store):
    one = market(store, ["JGB10"])
    back = at(one, "2023-05-08")
    curve = build(assemble.load(store, "daily", [], TODAY), [LIBRARY["JGB10"]]).curves["jp"]
    alone = build(replace(assemble.load(store, "daily", [], TODAY), yields={"jp": _jp(store)}), [LIBRARY["JGB10"]])
    assert one.price[back, 0] / one.price[back - 1, 0] == pytest.approx(
        alone.price[at(alone, "2023-05-08"), 0] / alone.price[at(alone, "2023-05-02"), 0], rel=1e-14
    )
    assert curve.dates[back] == np.datetime64("2023-05-08")


def _jp(store: Store) -> pd.DataFrame:
    return assemble.load(store, "daily", [], TODAY).yields["jp"]


def test_a_daily_bar_is_funded_at_the_fixing_of_the_row_before(store):
    rates = pd.DataFrame({"value": np.arange(516.0) / 100}, index=pd.date_range("2023-01-01", periods=516))
    store.put(Delivery("fed_funds", "a test", rates), NOW, restated_share=1.0)
    one = market(store, ["UST10"])
    monday = at(one, "2023-03-06")
    friday_fixing = rates.loc["2023-03-03", "value"] / 100
    assert one.usd[monday] == pytest.approx(friday_fixing * 3 / 360, rel=1e-12)
    assert one.usd[0] == 0


def test_a_month_average_is_the_rate_of_each_of_its_days(store):
    one = market(store, ["JGB10"])
    assert one.funding[at(one, "2023-03-15"), 0] == pytest.approx(0.0002 / 365, rel=1e-12)  # March: 0.02 %
    assert one.funding[at(one, "2023-04-03"), 0] == pytest.approx(
        0.0002 * 3 / 365, rel=1e-12
    )  # fixed on Friday in March
    assert one.funding[at(one, "2023-04-04"), 0] == pytest.approx(0.0003 / 365, rel=1e-12)


def test_without_a_rate_there_is_no_market(store):
    rates = pd.DataFrame({"value": 5.0}, index=pd.date_range("2023-01-01", "2023-12-31"))
    fresh = Store(store.folder / "other")
    for name in ("ust", "jgb", "usdjpy", "yen_call_month"):
        fresh.put(Delivery(name, "a test", store.read(name).frame), NOW)
    with pytest.raises(DataError, match="lacks fed_funds or sofr or fed_funds_month; fetch with"):
        market(fresh, ["UST10"])
    fresh.put(Delivery("fed_funds", "a test", rates), NOW)
    one = market(fresh, ["UST10"])
    assert one.dates[one.exists[:, 0]][-1] == np.datetime64("2024-01-11")  # ten days after the last fixing, and a bar


# ---- masks


def test_the_thirty_year_that_was_not_published_is_not_used(tmp_path):
    index = pd.bdate_range("2002-01-02", "2006-03-31")
    frame = pd.DataFrame({"20": 5.0, "30": 5.1}, index=index)
    store = Store(tmp_path)
    store.put(Delivery("ust", "a test", frame), NOW)
    for name in ("jgb", "usdjpy", "fed_funds", "yen_call"):
        columns = {"10": 1.0} if name == "jgb" else {"value": 100.0 if name == "usdjpy" else 1.0}
        store.put(Delivery(name, "a test", pd.DataFrame(columns, index=index)), NOW)
    yields = assemble.load(store, "daily", [], TODAY).yields["us"][30.0].dropna().index
    assert "2002-02-18" in yields
    assert "2006-02-09" in yields
    assert not ((yields >= "2002-02-19") & (yields <= "2006-02-08")).any()


def test_no_bar_spans_the_break_in_the_real_curve(store):
    index = pd.bdate_range("2008-10-01", "2009-01-30")
    real = pd.DataFrame({"5": 3.0, "7": 3.0, "10": 2.8, "20": 2.9}, index=index)
    real.loc["2008-12-01":, ["5", "7"]] -= 2.0
    store.put(Delivery("tips", "a test", real), NOW)
    tables = assemble.load(store, "daily", [], TODAY)
    blank = tables.yields["us_real"].loc["2008-11-28"]
    assert blank[[5.0, 7.0]].isna().all()
    assert blank[[10.0, 20.0]].notna().all()


# ---- coarser rows


def test_month_ends_hold_the_last_published_values_on_the_last_calendar_day(store):
    tables = assemble.load(store, "monthly", [], TODAY)
    assert tables.dates[0] == pd.Timestamp("2023-01-31")
    assert (tables.dates == tables.dates + pd.offsets.MonthEnd(0)).all()
    september = store.read("ust").frame.loc["2023-09-29", "10"] / 100  # the 30th was a Saturday
    assert tables.yields["us"].loc["2023-09-30", 10.0] == september
    assert tables.overnight["JPY"].loc["2023-09-30"] == pytest.approx(0.0008)
    assert build(tables, [LIBRARY["UST10"]]).periods_per_year == 12


def test_a_month_under_way_is_left_out(store):
    frame = store.read("ust").frame.loc[:"2024-05-14"]
    fresh = Store(store.folder / "other")
    for name in ("jgb", "usdjpy", "fed_funds", "yen_call_month"):
        fresh.put(Delivery(name, "a test", store.read(name).frame.loc[:"2024-05-14"]), NOW)
    fresh.put(Delivery("ust", "a test", frame), NOW)
    assert assemble.load(fresh, "monthly", [], TODAY).dates[-1] == pd.Timestamp("2024-04-30")


@pytest.mark.parametrize(
    ("frequency", "cut", "last"),
    [
        ("weekly", "2024-05-15", "2024-05-10"),
        ("weekly", "2024-05-17", "2024-05-17"),
        ("monthly", "2024-05-28", "2024-04-30"),
        ("monthly", "2024-05-31", "2024-05-31"),
    ],
)
def test_a_period_ends_when_its_last_weekday_has_come(store, frequency, cut, last):
    fresh = Store(store.folder / "other")
    for name in ("ust", "jgb", "usdjpy", "fed_funds", "yen_call_month"):
        until = "2024-05-31" if name.startswith("yen") else cut
        fresh.put(Delivery(name, "a test", store.read(name).frame.loc[:until]), NOW)
    assert assemble.load(fresh, frequency, [], TODAY).dates[-1] == pd.Timestamp(last)


def test_a_curve_that_stopped_days_before_the_month_did_is_missing_at_its_end(store):
    fresh = Store(store.folder / "other")
    for name in ("ust", "usdjpy", "fed_funds", "yen_call_month"):
        fresh.put(Delivery(name, "a test", store.read(name).frame), NOW)
    fresh.put(Delivery("jgb", "a test", store.read("jgb").frame.loc[:"2024-05-14"]), NOW)
    yields = assemble.load(fresh, "monthly", [], TODAY).yields
    assert yields["jp"].index[-1] == pd.Timestamp("2024-04-30")
    assert yields["us"].index[-1] == pd.Timestamp("2024-05-31")


def test_week_ends_are_fridays_funded_at_the_fixings_of_the_week(store):
    rates = pd.DataFrame({"value": np.arange(516.0) / 100}, index=pd.date_range("2023-01-01", periods=516))
    store.put(Delivery("fed_funds", "a test", rates), NOW, restated_share=1.0)
    tables = assemble.load(store, "weekly", [], TODAY)
    assert (tables.dates.day_of_week == 4).all()
    week = rates.loc["2023-03-03":"2023-03-09", "value"].mean() / 100  # from Friday to the Thursday after
    assert tables.overnight["USD"].loc["2023-03-10"] == pytest.approx(week, rel=1e-9)
    assert build(tables, [LIBRARY["UST10"]]).periods_per_year == 52


def test_a_store_of_month_ends_trades_on_month_ends_only(tmp_path):
    from data.sources import files

    store = Store(tmp_path)
    for name in ("month_end_markets.csv", "month_end_macro.csv"):
        for delivery in files.read(bundled.FOLDER / name):
            store.put(delivery, NOW)
    with pytest.raises(DataError, match=r"holds month ends, not daily rows; set data.frequency"):
        assemble.load(store, "daily", [], TODAY)
    ours, along = assemble.load(store, "monthly", [], TODAY), bundled.load()
    assert ours.dates.equals(along.dates.astype(ours.dates.dtype))
    for a, b in zip(market_of(ours), market_of(along), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def market_of(tables) -> list[np.ndarray]:
    one = build(tables, [LIBRARY[name] for name in ("UST10", "JGB30", "TIPS10", "JPY")])
    return [one.price, one.funding, one.fx, one.usd]


# ---- nothing known later changes anything earlier


@pytest.mark.parametrize("distributions", ["reinvested", "paid"])
def test_what_happens_after_a_day_changes_nothing_at_or_before_it(store, distributions):
    put_prices(store, US_OPEN[60:])
    names = ["UST10", "JGB10", "TLT", "JPY"]
    tables = assemble.load(store, "daily", ["TLT"], TODAY, distributions)
    instruments = [LIBRARY[name] for name in names]
    whole = build(tables, instruments)
    rows = pd.DatetimeIndex(whole.dates)
    for cut in (40, 130, 300):
        later = rows[cut + 1]
        bent = replace(
            tables,
            yields={name: _bent(frame, later, 1.1) for name, frame in tables.yields.items()},
            fx={name: _bent(rate, later, 0.9) for name, rate in tables.fx.items()},
            overnight={name: _bent(rate, later, 1.5) for name, rate in tables.overnight.items()},
            prices={name: _bent(frame, later, 1.07) for name, frame in tables.prices.items()},
        )
        other = build(bent, instruments)
        for name in (
            "price",
            "duration",
            "funding",
            "borrow",
            "roll",
            "income",
            "spread",
            "fx",
            "lot",
            "tradable",
            "proxy",
        ):
            before, after = getattr(whole, name), getattr(other, name)
            np.testing.assert_array_equal(before[: cut + 1], after[: cut + 1], err_msg=name)
        assert not np.array_equal(whole.price[cut + 1 :], other.price[cut + 1 :])


def _bent(values, since: pd.Timestamp, factor: float):
    changed = values.copy()
    changed.loc[since:] *= factor
    return changed


def test_a_signal_hears_of_a_months_average_when_the_month_is_over(store):
    daily = market(store, ["UST10", "JGB10"])
    june = at(daily, "2023-06-15")
    days = (daily.dates[june] - daily.dates[june - 1]).astype(int)
    assert daily.funding[june, 1] == pytest.approx(0.0005 * days / 365)  # June's average is what money cost in June
    assert daily.macro["jp_overnight"][june] == pytest.approx(0.0004)  # May's is what was known
    assert daily.macro["us_overnight"][june] == pytest.approx(0.05)  # a daily fixing


@pytest.mark.parametrize("frequency", ["daily", "weekly"])
def test_what_a_month_averaged_in_the_end_changes_no_signal_before_its_end(store, frequency):
    before = market(store, ["UST10", "JGB10"], frequency)
    later = pd.DataFrame({"value": [9.0]}, index=pd.DatetimeIndex(["2023-06-30"]))
    store.put(Delivery("yen_call_month", "a test", later), NOW, 1.0)
    after = market(store, ["UST10", "JGB10"], frequency)
    early = before.dates < np.datetime64("2023-07-01")
    assert np.array_equal(before.macro["jp_overnight"][early], after.macro["jp_overnight"][early], equal_nan=True)
    assert not np.array_equal(before.funding[early], after.funding[early])


def test_on_month_ends_the_average_of_the_month_is_known_at_its_end(store):
    monthly = market(store, ["UST10", "JGB10"], "monthly")
    assert monthly.macro["jp_overnight"][at(monthly, "2023-06-30")] == pytest.approx(0.0005)


# ---- macro figures


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly"])
def test_shares_are_decimals_and_flows_stay_in_trillion_yen_from_the_day_they_are_out(store, tmp_path, frequency):
    path = tmp_path / "more.csv"
    path.write_text(
        "date,boj_jgb_share,jp_net_foreign_bonds,foreign_net_jp_bonds,jp_core_cpi_yoy\n"
        "2023-09-30,53.87,-1.25,0.5,2.8\n2023-10-31,,2.5,-0.75,2.9\n"
    )
    for delivery in files.read(path):
        store.put(delivery, NOW)
    made = market(store, ["UST10", "JGB10"], frequency)
    expected = {
        "boj_jgb_share": (("2023-12-24", 0.5387),),
        "jp_net_foreign_bonds": (("2023-11-14", -1.25), ("2023-12-15", 2.5)),
        "foreign_net_jp_bonds": (("2023-11-14", 0.5), ("2023-12-15", -0.75)),
        "jp_core_cpi_yoy": (("2023-10-25", 0.028), ("2023-11-25", 0.029)),
    }
    for name, steps in expected.items():
        wanted = np.full(len(made.dates), np.nan)
        for day, value in steps:
            wanted[made.dates >= np.datetime64(day)] = value
        np.testing.assert_allclose(made.macro[name], wanted, rtol=1e-14, err_msg=name)


# ---- the log


def test_the_log_names_the_series_the_masks_and_the_proxies(store, caplog):
    put_prices(store, US_OPEN[100:])
    with caplog.at_level(logging.INFO, logger="data"):
        market(store, ["UST10", "TLT", "IEF"])
    lines = caplog.text
    for words in (
        f"daily rows from {store.folder}",
        "curve us from ust: ",
        "USD overnight from fed_funds",
        "JPY overnight from yen_call_month",
        "macro is not stored: the bundled figures",
        "ust: the 30-year masked on 0 rows",
        "TLT at its stored prices",
        "IEF has no stored prices: its proxy",
        "TLT exists on ",
        " of them by its proxy",
    ):
        assert words in lines, words
