"""Listed names from the store: traded where they are priced, by proxy elsewhere, with distributions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data import assemble
from data.build import build
from data.instruments import LIBRARY
from data.pricing.bonds import par_duration
from data.series import Delivery
from data.store import Store
from data.tracking import tracking
from tests.daily_store import NOW, TODAY, US_OPEN, at, filled, market, put_prices


@pytest.fixture
def store(tmp_path):
    return filled(tmp_path)


def test_a_listed_name_moves_as_traded_where_it_is_priced_and_as_its_proxy_elsewhere(store):
    prices = put_prices(store, US_OPEN[100:250])
    one, proxy = market(store, ["TLT"]), build(assemble.load(store, "daily", [], TODAY), [LIBRARY["TLT"]])
    first, last = at(one, str(US_OPEN[100].date())), at(one, str(US_OPEN[249].date()))
    change = one.price[1:, 0] / one.price[:-1, 0]
    model = proxy.price[1:, 0] / proxy.price[:-1, 0]
    np.testing.assert_allclose(change[:first], model[:first], rtol=1e-12)
    np.testing.assert_allclose(change[last:], model[last:], rtol=1e-12)
    traded = prices["adjusted"].reindex(pd.DatetimeIndex(one.dates[first : last + 1])).ffill().to_numpy()
    np.testing.assert_allclose(change[first:last], traded[1:] / traded[:-1], rtol=1e-12)
    assert one.proxy[: first + 1, 0].all()
    assert not one.proxy[first + 1 : last + 1, 0].any()
    assert one.proxy[last + 1 :, 0].all()


def test_a_lot_is_a_share_where_there_are_shares(store):
    prices = put_prices(store, US_OPEN[100:250])
    one = market(store, ["TLT"])
    t = at(one, str(US_OPEN[150].date()))
    assert one.lot[0, 0] == 0
    assert one.lot[t, 0] * one.price[t, 0] == pytest.approx(prices["adjusted"].iloc[50], rel=1e-12)


def test_history_that_begins_with_prices_is_quoted_in_them(store):
    prices = put_prices(store, US_OPEN)
    one = market(store, ["TLT"])
    t = at(one, str(US_OPEN[50].date()))
    assert one.price[t, 0] == pytest.approx(prices["adjusted"].iloc[50], rel=1e-12)
    assert one.lot[t, 0] == pytest.approx(1.0, rel=1e-12)


def test_paid_distributions_are_income_on_their_day_and_add_up_to_the_total_return(store):
    put_prices(store, US_OPEN)
    total, paid = market(store, ["TLT"]), market(store, ["TLT"], distributions="paid")
    t = at(paid, "2023-06-01")
    assert paid.income[t, 0] == pytest.approx(0.30, rel=1e-12)
    assert paid.income[t + 1, 0] == 0
    assert total.income.max() == 0
    earned = (paid.price[1:, 0] + paid.income[1:, 0]) / paid.price[:-1, 0]
    np.testing.assert_allclose(earned, total.price[1:, 0] / total.price[:-1, 0], rtol=1e-9)


def test_a_distribution_on_a_day_the_market_has_no_row_for_is_not_lost(store):
    days = US_OPEN[US_OPEN < "2023-09-29"]
    prices = put_prices(store, days)
    prices.loc["2023-05-01", "dividend"] = 0.30  # a Monday
    sunday = pd.Timestamp("2023-05-14")
    extra = prices.loc[[pd.Timestamp("2023-05-12")]].set_axis([sunday]).assign(dividend=0.11)
    store.put(Delivery("TLT", "a test", pd.concat([prices, extra]).sort_index()), NOW)
    paid = market(store, ["TLT"], distributions="paid")
    assert paid.income[at(paid, "2023-05-15"), 0] == pytest.approx(0.11, rel=1e-12)


def test_a_price_before_the_listing_day_is_not_used(store):
    put_prices(store, US_OPEN)
    late = replace(LIBRARY["TLT"], listed_on=date(2023, 6, 1))
    one = build(assemble.load(store, "daily", ["TLT"], TODAY), [late])
    assert one.proxy[: at(one, "2023-06-01") + 1, 0].all()
    assert not one.proxy[at(one, "2023-06-01") + 1 :, 0].any()


def test_tracking_needs_a_year_of_months_and_tells_a_perfect_proxy(store):
    one = build(assemble.load(store, "daily", [], TODAY), [LIBRARY["TLT"]])
    perfect = pd.Series(one.price[:, 0], index=pd.DatetimeIndex(one.dates)).reindex(US_OPEN)
    frame = pd.DataFrame({"close": perfect, "adjusted": perfect, "dividend": 0.0})
    store.put(Delivery("TLT", "a test", frame), NOW)
    (found,) = tracking(assemble.load(store, "daily", ["TLT"], TODAY), [LIBRARY["TLT"]])
    assert found.months == 16
    assert found.correlation == pytest.approx(1.0, abs=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert found.duration == pytest.approx(found.proxy_duration, rel=0.05)
    short = assemble.load(store, "daily", ["TLT"], TODAY)
    short = replace(short, prices={"TLT": short.prices["TLT"].iloc[:100]})
    assert tracking(short, [LIBRARY["TLT"]]) == []


def test_a_day_without_an_adjusted_price_is_a_day_without_a_price(store):
    prices = put_prices(store, US_OPEN)
    fresh = Store(store.folder / "other")
    for name in ("ust", "jgb", "usdjpy", "fed_funds", "yen_call_month"):
        fresh.put(Delivery(name, "a test", store.read(name).frame), NOW)
    holed = prices.copy()
    holed.loc[US_OPEN[200], "adjusted"] = np.nan
    fresh.put(Delivery("TLT", "a test", holed), NOW)
    whole, one = market(store, ["TLT"]), market(fresh, ["TLT"])
    t = at(one, str(US_OPEN[200].date()))
    assert one.price[t, 0] == one.price[t - 1, 0]
    assert not one.tradable[t, 0]
    assert one.price[t + 1, 0] == pytest.approx(whole.price[t + 1, 0], rel=1e-12)


def test_a_hole_in_prices_is_bridged_by_the_proxy(store):
    days = US_OPEN.drop(US_OPEN[150:200])
    put_prices(store, days)
    one, proxy = market(store, ["TLT"]), build(assemble.load(store, "daily", [], TODAY), [LIBRARY["TLT"]])
    a, b = at(one, str(US_OPEN[149].date())), at(one, str(US_OPEN[199].date()))
    assert one.proxy[a + 1 : b + 1, 0].all()
    assert one.tradable[a + 5, 0]
    assert one.price[b, 0] / one.price[a, 0] == pytest.approx(proxy.price[b, 0] / proxy.price[a, 0], rel=1e-12)


@pytest.mark.parametrize("frequency", ["weekly", "monthly"])
def test_prices_that_stop_inside_a_period_leave_the_period_to_the_proxy(store, frequency):
    last = "2023-11-13"
    put_prices(store, US_OPEN[last >= US_OPEN])
    one = market(store, ["TLT"], frequency)
    modelled = build(assemble.load(store, frequency, [], TODAY), [LIBRARY["TLT"]])
    t = int(np.flatnonzero(one.dates > np.datetime64(last))[0])
    assert one.proxy[t, 0]
    ours, theirs = one.price[:, 0], modelled.price[:, 0]
    assert ours[t] / ours[t - 1] == pytest.approx(theirs[t] / theirs[t - 1], rel=1e-12)


def test_a_fund_whose_proxy_is_not_quoted_still_has_a_duration(store):
    put_prices(store, US_OPEN)
    fresh = Store(store.folder / "other")
    for name in ("jgb", "usdjpy", "fed_funds", "yen_call_month", "TLT"):
        fresh.put(Delivery(name, "a test", store.read(name).frame), NOW)
    fresh.put(Delivery("ust", "a test", store.read("ust").frame.drop(columns="30")), NOW)
    one = market(fresh, ["TLT"])
    t = at(one, "2023-06-01")
    yield_ = fresh.read("ust").frame.loc["2023-06-01", "20"] / 100
    assert one.exists[t, 0]
    assert one.duration[t, 0] == pytest.approx(float(par_duration(yield_, 25.0)), rel=1e-12)
