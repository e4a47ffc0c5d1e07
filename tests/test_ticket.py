"""The ticket: what is held now, worked out by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.runs import runner
from backtests.ticket import make
from backtests.ticket.futures import quote
from backtests.ticket.sheet import financing_spread
from data.countries import COUNTRIES
from data.instruments import LIBRARY
from data.pricing.contracts import NAMES
from data.pricing.curves import Curve
from tests.tickets import (
    BOND,
    CALL,
    FED,
    HEAD,
    JGB7,
    JGB9,
    JGB10,
    NEW_YEAR,
    PAIR,
    QUARTER_DAYS,
    UST5,
    UST7,
    UST10,
    YEN,
    daily,
    only,
)

ROOT = Path(__file__).resolve().parent.parent


# ---- size and risk, by hand


def test_units_are_weight_times_capital_over_price_and_the_face_is_what_they_are_worth(ticket, market):
    (leg,) = only(ticket(BOND)).legs
    row = int(np.flatnonzero(market.dates == np.datetime64(NEW_YEAR))[0])
    price = market.price[row, market.column("UST10")]
    assert leg.units == pytest.approx(6_000_000 / price, rel=1e-12)
    assert (leg.notional, leg.usd, leg.price) == pytest.approx((6_000_000, 6_000_000, price))
    assert (leg.weight, leg.unit, leg.currency) == (0.6, "index units", "USD")


def test_the_face_of_a_yen_leg_is_in_yen(ticket):
    short = only(ticket(PAIR)).legs[1]
    assert short.usd < 0
    assert short.notional == pytest.approx(short.usd * YEN)


def test_a_long_bond_s_dv01_is_what_it_gains_as_its_yield_falls_by_a_basis_point(ticket, by_coupons):
    (leg,) = only(ticket(BOND)).legs
    bump = (by_coupons(UST10, UST10 - 5e-5, 10) - by_coupons(UST10, UST10 + 5e-5, 10)) * 6_000_000
    assert leg.dv01 == pytest.approx(bump, rel=1e-6)
    assert leg.dv01 > 0


def test_legs_of_five_years_of_duration_have_a_dv01_of_five_thousand_dollars_on_ten_million(ticket):
    sheet = only(ticket(PAIR))
    assert [leg.dv01 for leg in sheet.legs] == pytest.approx([5000, -5000])
    assert sheet.dv01 == pytest.approx((5000, 5000))


def test_lots_round_towards_zero_on_both_sides(ticket):
    lots = "instruments: {UST10: {lot: 1000}, JGB10: {lot: 1000000}}\n"
    free, whole = only(ticket(PAIR)).legs, only(ticket(lots + PAIR)).legs
    assert [leg.units for leg in whole] == [12_000, -3_000_000]
    assert 12_000 < free[0].units < 13_000
    assert -4_000_000 < free[1].units < -3_000_000


def test_weights_beyond_max_gross_are_scaled_down_together(ticket):
    text = "account: {max_gross: 1.0}\nvariants: {x: {strategy: hold, params: {weights: {UST10: 1.5, JGB10: -0.5}}}}\n"
    assert [leg.weight for leg in only(ticket(text)).legs] == pytest.approx([0.75, -0.25])


@pytest.mark.slow
def test_the_target_is_the_order_the_backtest_would_place():
    sheets = {one.variant.name: one for one in make(config.load(ROOT / "config.yaml"), NEW_YEAR).sheets}
    sizes = ["data.end=2025-12-31", "account.size_on=capital", "engine=ledger"]
    for one in runner.run(config.load(ROOT / "config.yaml", sizes)).variants:
        units = [leg.units for leg in sheets[one.variant.name].legs]
        assert units == pytest.approx(one.result.units[-1].tolist(), rel=1e-12), one.variant.name


def test_a_fund_with_a_stored_price_is_counted_in_shares_though_a_proxy_precedes_it(ticket, serving, tables):
    days = pd.date_range("2020-01-31", "2025-12-31", freq="ME")
    prices = pd.DataFrame({"price": np.linspace(80, 87.3, len(days)), "income": 0.0}, index=days)
    serving(replace(tables, prices={"TLT": prices}))
    held = "instrument,units\nTLT,50000\n"
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {TLT: 1.0}}}}\n", held=held))
    (leg,) = sheet.legs
    assert leg.unit == "shares"
    assert leg.price == pytest.approx(87.3)
    assert leg.units == pytest.approx(np.floor(10_000_000 / 87.3), abs=1e-6)
    assert leg.usd == pytest.approx(leg.units * 87.3)
    (line,) = sheet.lines
    assert (line.unit.of, line.held) == ("shares", 50_000)
    assert line.order == pytest.approx(leg.units - 50_000)
    assert line.order_usd == pytest.approx((leg.units - 50_000) * 87.3)


# ---- futures


def test_the_contracts_are_what_their_exchanges_list():
    faces = {"TU": 2e5, "FV": 1e5, "TY": 1e5, "TN": 1e5, "US": 1e5, "UB": 1e5, "JB": 1e8}
    assert {code: LIBRARY[code].face for code in NAMES} == faces
    assert {code for row in COUNTRIES for code in row.futures} == set(faces)
    assert all(LIBRARY[code].curve == row.code for row in COUNTRIES for code in row.futures)


def test_a_jgb_leg_in_futures_is_its_dv01_over_that_of_a_contract(ticket, by_coupons):
    made = ticket(PAIR)
    factor = by_coupons(JGB7, 0.06, 7)
    bond = (by_coupons(JGB7, JGB7 - 5e-5, 7) - by_coupons(JGB7, JGB7 + 5e-5, 7)) * 100_000_000
    contract = bond / factor / YEN
    jgb = made.futures[1]
    assert (jgb.contract.name, jgb.tenor) == ("JB", 7)
    assert (jgb.factor, jgb.dv01) == pytest.approx((factor, contract), rel=1e-6)
    leg = only(made).legs[1]
    assert leg.future == "JB"
    assert leg.contracts == pytest.approx(-5000 / contract, rel=1e-6)


def test_a_treasury_leg_reads_the_yield_of_its_contract_between_its_neighbours(
    ticket, by_coupons, serving, gappy_tables
):
    serving(gappy_tables)  # without the seven-year
    made = ticket(PAIR)
    cheapest = UST5 + 0.3 * (UST10 - UST5)
    factor = by_coupons(cheapest, 0.06, 6.5)
    contract = (by_coupons(cheapest, cheapest - 5e-5, 6.5) - by_coupons(cheapest, cheapest + 5e-5, 6.5)) * 1e5 / factor
    assert (made.futures[0].yield_, made.futures[0].tenor) == pytest.approx((cheapest, 6.5))
    assert only(made).legs[0].contracts == pytest.approx(5000 / contract, rel=1e-6)


def test_where_a_contracts_yield_cannot_be_read_the_nearest_quoted_stands_in_and_is_named():
    curve = Curve("us", np.array(["2026-03-31"], "datetime64[D]"), np.array([2.0, 10.0]), np.array([[0.0379, 0.043]]))
    found = quote(curve, 1.0)
    assert found is not None
    assert (found.tenor, found.yield_) == (10.0, 0.043)
    assert 60 < found.dv01 < 65  # six and a half years of duration, not ten


def test_inflation_bonds_and_cash_have_no_future(ticket):
    text = "variants: {x: {strategy: hold, params: {weights: {TIPS10: 0.5, JPY: -0.2}}}}\n"
    assert [(leg.future, leg.contracts) for leg in only(ticket(text)).legs] == [(None, None)] * 2


# ---- carry


def aged_gain(by_coupons, coupon: float, below: float, gap: float, rate: float, days: float) -> float:
    """Three months of a par bond on an unmoved curve that is a straight line over the `gap` years below it."""
    rolled = coupon - 0.25 / gap * (coupon - below)
    return by_coupons(coupon, rolled, 9.75) - 1 - rate * QUARTER_DAYS / days


def test_three_months_carry_is_the_aged_bond_less_its_funding(ticket, by_coupons):
    sheet = only(ticket(PAIR))
    long = aged_gain(by_coupons, UST10, UST7, 3, FED, 360)
    short = aged_gain(by_coupons, JGB10, JGB9, 1, CALL, 365)
    assert sheet.legs[0].carry_quarter == pytest.approx(long, rel=1e-9)
    assert sheet.legs[1].carry_quarter == pytest.approx(-short, rel=1e-9)
    book = (sheet.legs[0].usd * long + sheet.legs[1].usd * short) / 10_000_000
    assert sheet.carry_quarter == pytest.approx(book, rel=1e-9)
    assert all(leg.rolls for leg in sheet.legs)


def test_an_unhedged_yen_leg_is_funded_in_dollars(ticket, by_coupons):
    sheet = only(ticket(PAIR.replace("}}}\n", "}, currency: unhedged}}\n")))
    short = aged_gain(by_coupons, JGB10, JGB9, 1, FED, 360)
    assert sheet.legs[1].carry_quarter == pytest.approx(-short, rel=1e-9)


def test_a_swapped_yen_long_pays_the_yen_rate_and_the_basis(ticket, by_coupons):
    text = "variants: {x: {strategy: hold, params: {weights: {JGB10: 1.0}}, currency: {fx_swap: {basis_bp: -20}}}}\n"
    (leg,) = only(ticket(text)).legs
    assert leg.carry_quarter == pytest.approx(aged_gain(by_coupons, JGB10, JGB9, 1, CALL - 0.0020, 365), rel=1e-9)


def test_short_yen_carry_earns_the_difference_of_the_two_rates(ticket):
    text = "variants: {x: {strategy: hold, params: {weights: {JPY: -0.5}}, currency: unhedged}}\n"
    sheet = only(ticket(text))
    earned = FED * QUARTER_DAYS / 360 - CALL * QUARTER_DAYS / 365
    assert sheet.carry_quarter == pytest.approx(0.5 * earned, rel=1e-9)
    assert sheet.breakeven == (None, "it has no DV01")


def test_the_breakeven_is_the_quarters_carry_less_what_holding_costs_over_the_dv01(ticket, market, by_coupons):
    sheet = only(ticket(BOND))
    move, why = sheet.breakeven
    assert why == ""
    row = int(np.flatnonzero(market.dates == np.datetime64("2025-11-30"))[0])
    rolling = 0.6 * 2 * 2 * market.spread[row, market.column("UST10")] / 4  # two rolls a year, there and back
    earned = 0.6 * aged_gain(by_coupons, UST10, UST7, 3, FED, 360) - rolling
    assert move * 1e4 == pytest.approx(earned * 10_000_000 / sheet.legs[0].dv01, rel=1e-6)


def test_the_breakeven_of_a_book_is_over_its_larger_side(ticket):
    for weights in ("{JGB10: 1.0, UST10: -0.3}", "{JGB10: 0.4, UST2: -0.5, UST10: -0.6, JGB30: 0.5}"):
        sheet = only(ticket(f"variants: {{x: {{strategy: hold, params: {{weights: {weights}}}}}}}\n"))
        each = [leg.dv01 for leg in sheet.legs]
        long, short = sum(x for x in each if x > 0), -sum(x for x in each if x < 0)
        assert long > short > 0
        net = sheet.carry_quarter - sheet.holding_quarter
        assert sheet.breakeven[0] * 1e4 == pytest.approx(net * 10_000_000 / long)


def test_where_carry_does_not_pay_for_holding_the_spread_must_move_in_its_favour(ticket, tmp_path, printed):
    sheet = only(ticket(PAIR))
    assert sheet.carry_quarter < 0 < sheet.holding_quarter
    move, why = sheet.breakeven
    assert why == ""
    assert move == pytest.approx((sheet.carry_quarter - sheet.holding_quarter) * 1000 / max(sheet.dv01))
    said = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR)[1]
    told = f"break-even: {move * 1e4:.1f} bp: it must move {-move * 1e4:.1f} bp in its favour in three months"
    assert told in said.replace("−", "-")
    said = printed(_written(tmp_path, BOND.replace("UST10: 0.6", "JGB10: 0.6")), "--as-of", NEW_YEAR)[1]
    assert re.search(r"break-even: \+\d+\.\d bp: it may move \d+\.\d bp against it in three months", said)


def _written(folder: Path, text: str) -> Path:
    path = folder / "other.yaml"
    path.write_text(HEAD + text)
    return path


@pytest.mark.parametrize(
    ("weights", "listed", "bonds"),
    [
        ({"UST10": 0.6, "TLT": 0.3}, 0.0, 0.0),  # equity pays for all
        ({"UST10": 0.8, "TIPS10": 0.7, "JGB10": -2.0}, 0.0, 0.5),
        ({"UST10": 0.5, "TLT": 1.4, "JPY": 3.0}, 0.4, 0.5),  # nothing of equity is left for the bonds
        ({"UST10": 0.5, "TLT": 0.7}, 0.0, 0.2),
    ],
)
def test_longs_that_equity_cannot_pay_for_cost_a_financing_spread(market, weights, listed, bonds):
    legs = market.select(list(weights))
    paid = financing_spread(legs, np.array(list(weights.values())), 0.0075, 0.0005)
    assert paid == pytest.approx((listed * 0.0075 + bonds * 0.0005) * QUARTER_DAYS / 360, rel=1e-12, abs=1e-15)


def test_the_financing_spread_of_funds_is_part_of_what_holding_costs(ticket):
    text = "variants: {x: {strategy: hold, params: {weights: {TLT: 1.5}}}}\naccount: {margin_spread_bp: 75}\n"
    dear, free = (only(ticket(text.replace("75", spread))).holding_quarter for spread in ("75", "0"))
    assert dear - free == pytest.approx(0.5 * 0.0075 * QUARTER_DAYS / 360, rel=1e-3)  # whole shares


# Bundled figures: real par yields of 2025-12-31 at 7 to 10 years; CPI-U of August to November 2025, and a year before.
REAL5, REAL10 = 0.0147, 0.0193
CPI = {"2024-09": 315.301, "2024-11": 315.493, "2025-09": 324.800, "2025-11": 324.122}
OCTOBER = CPI["2025-09"] * (CPI["2025-09"] / CPI["2024-09"]) ** (1 / 12)  # never published: 31 CFR 356 App. B


def test_the_next_months_accrual_of_an_inflation_bond_is_known(ticket, by_coupons):
    (leg,) = only(ticket("variants: {x: {strategy: hold, params: {weights: {TIPS10: 1.0}}}}\n")).legs
    known = CPI["2025-11"] / OCTOBER  # of January 2026: from the index of 1 January to that of 1 February
    pace = CPI["2025-11"] / CPI["2024-11"]
    for months, accrued, carry in (
        (1, known, leg.carry_month),
        (3, known * pace ** (2 / 12), leg.carry_quarter),  # November's is the last print: the rest goes on at the pace
    ):
        years = months / 12
        rolled = REAL10 - years / 5 * (REAL10 - REAL5)
        real = by_coupons(REAL10, rolled, 10 - years)
        assert carry == pytest.approx(real * accrued - 1 - FED * years * 365.25 / 360, rel=1e-9)
    assert leg.carry_month == pytest.approx(-0.0054, abs=0.00005)


def test_a_leg_that_cannot_roll_down_is_named(ticket, serving, gappy_tables):
    serving(gappy_tables)
    assert [leg.rolls for leg in only(ticket(PAIR, date(2026, 6, 30))).legs] == [False, True]


def test_borrow_and_rolling_are_charged_at_their_rates(ticket, market):
    sheet = only(ticket(PAIR))
    row = int(np.flatnonzero(market.dates == np.datetime64("2025-11-30"))[0])
    rolled = sum(abs(leg.weight) * 2 * 2 * market.spread[row, market.column(leg.name)] / 4 for leg in sheet.legs)
    borrowed = -sheet.legs[1].weight * 0.0010 * QUARTER_DAYS / 365
    assert sheet.holding_quarter == pytest.approx(rolled + borrowed, rel=1e-9)


# ---- worst


def test_the_worst_month_of_a_fund_is_its_worst_return_after_funding(ticket, market):
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {TLT: 2.0}}}}\n"))
    i = market.column("TLT")
    worst = min(
        (2 * (market.price[t, i] / market.price[t - 1, i] - 1 - market.funding[t, i]), str(market.dates[t])[:7])
        for t in range(1, len(market.dates))
        if market.exists[t, i] and market.exists[t - 1, i] and market.dates[t] <= np.datetime64(NEW_YEAR)
    )
    assert (sheet.marks.worst_month.value, sheet.marks.worst_month.when) == (
        pytest.approx(worst[0], rel=1e-9),
        worst[1],
    )
    assert sheet.marks.worst_day is None


def test_an_unhedged_leg_s_worst_month_holds_the_currency(ticket, market):
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {JPY: -0.5}}, currency: unhedged}}\n"))
    assert sheet.marks.worst_month.when == "1998-10"  # the yen rose from 136 to 116 to the dollar
    t = int(np.flatnonzero(market.dates == np.datetime64("1998-10-31"))[0])
    i = market.column("JPY")
    dollars = market.price[t, i] * market.fx[t, i] / (market.price[t - 1, i] * market.fx[t - 1, i]) - 1
    assert sheet.marks.worst_month.value == pytest.approx(-0.5 * (dollars - market.usd[t]), rel=1e-9)


def test_on_days_the_worst_day_is_one_bar_and_the_month_sums_its_days(ticket, serving, tables):
    serving(daily(tables))
    sheet = only(ticket(BOND))
    market = sheet.market
    earned = 0.6 * (market.price[1:, 0] / market.price[:-1, 0] - 1 - market.funding[1:, 0])
    months = pd.Series(earned, index=pd.DatetimeIndex(market.dates[1:])).groupby(lambda day: f"{day:%Y-%m}").sum()
    assert sheet.marks.worst_day.value == pytest.approx(np.nanmin(earned))
    assert (sheet.marks.worst_month.value, sheet.marks.worst_month.when) == (
        pytest.approx(months.min()),
        months.idxmin(),
    )
    assert sheet.marks.worst_month.value < sheet.marks.worst_day.value < 0
