"""The ticket: what is held now, worked out by hand, and nothing later than its day."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import cli, config
from backtests.runs import runner, setup
from backtests.runs.inputs import MACRO_LIMIT, until
from backtests.ticket import make
from backtests.ticket.analogues import APART, find_analogues, state
from backtests.ticket.futures import NAMES, quote
from backtests.ticket.sheet import financing_spread
from data.build import build
from data.countries import COUNTRIES
from data.errors import ConfigError
from data.instruments import LIBRARY
from data.market import Market
from data.pricing.curves import Curve
from tests import histories

ROOT = Path(__file__).resolve().parent.parent
NEW_YEAR = date(2025, 12, 31)
QUARTER_DAYS = 365.25 / 4

# Bundled figures of 2025-12-31, as the file writes them.
UST5, UST7, UST10, JGB7, JGB9, JGB10, YEN = 0.0373, 0.0394, 0.0418, 0.01762, 0.01973, 0.02066, 156.8
FED, CALL = 0.037206, 0.00557

HEAD = "name: t\n"
BOND = "variants: {bond: {strategy: hold, params: {weights: {UST10: 0.6}}}}\n"
PAIR = "variants: {pair: {strategy: divergence, params: {long: UST10, short: JGB10}}}\n"


@pytest.fixture
def ticket(tmp_path):
    def made(text: str, as_of: date | None = NEW_YEAR, held: str | None = None):
        path = tmp_path / "t.yaml"
        path.write_text(HEAD + text)
        holdings = None
        if held is not None:
            holdings = tmp_path / "held.csv"
            holdings.write_text(held)
        return make(config.load(path), as_of, holdings)

    return made


@pytest.fixture
def serving(monkeypatch):
    """Let every configuration read these tables."""
    return lambda tables: monkeypatch.setattr(setup, "tables_of", lambda settings, instruments: tables)


@pytest.fixture
def printed(monkeypatch, capsys):
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["divergence", "ticket", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        streams = capsys.readouterr()
        return int(end.value.code or 0), streams.out, streams.err

    return run


def only(made):
    (sheet,) = made.sheets
    return sheet


def daily(tables, start="2010-01-01"):
    """The month ends drawn out to weekdays in straight lines: days enough to tell a day from a month."""

    def drawn(frame):
        days = pd.bdate_range(start, frame.index[-1])
        straight = frame.reindex(frame.index.union(days)).interpolate("time", limit_area="inside")
        return straight.reindex(days)

    return replace(
        tables,
        frequency="daily",
        yields={name: drawn(frame) for name, frame in tables.yields.items()},
        fx={name: drawn(rate) for name, rate in tables.fx.items()},
        overnight={name: drawn(rate) for name, rate in tables.overnight.items()},
    )


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
    (leg,) = only(ticket("variants: {x: {strategy: hold, params: {weights: {TLT: 1.0}}}}\n", held=held)).legs
    assert leg.unit == "shares"
    assert leg.price == pytest.approx(87.3)
    assert leg.units == pytest.approx(np.floor(10_000_000 / 87.3), abs=1e-6)
    assert leg.usd == pytest.approx(leg.units * 87.3)
    assert leg.order == pytest.approx(leg.units - 50_000)
    assert leg.order_usd == pytest.approx((leg.units - 50_000) * 87.3)


# ---- futures


def test_the_contracts_are_what_their_exchanges_list():
    assert {code: LIBRARY[code].face for code in NAMES} == {"TY": 1e5, "JB": 1e8}
    assert {row.code: row.futures for row in COUNTRIES if row.futures} == {"us": ("TY",), "jp": ("JB",)}


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
    assert f"break-even: it must move {-move * 1e4:.1f} bp in its favour in three months" in said.replace("−", "-")
    said = printed(_written(tmp_path, BOND.replace("UST10: 0.6", "JGB10: 0.6")), "--as-of", NEW_YEAR)[1]
    assert re.search(r"break-even: it may move \d+\.\d bp against it in three months", said)


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
    assert (sheet.worst_month.value, sheet.worst_month.when) == (pytest.approx(worst[0], rel=1e-9), worst[1])
    assert sheet.worst_day is None


def test_an_unhedged_leg_s_worst_month_holds_the_currency(ticket, market):
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {JPY: -0.5}}, currency: unhedged}}\n"))
    assert sheet.worst_month.when == "1998-10"  # the yen rose from 136 to 116 to the dollar
    t = int(np.flatnonzero(market.dates == np.datetime64("1998-10-31"))[0])
    i = market.column("JPY")
    dollars = market.price[t, i] * market.fx[t, i] / (market.price[t - 1, i] * market.fx[t - 1, i]) - 1
    assert sheet.worst_month.value == pytest.approx(-0.5 * (dollars - market.usd[t]), rel=1e-9)


def test_on_days_the_worst_day_is_one_bar_and_the_month_sums_its_days(ticket, serving, tables):
    serving(daily(tables))
    sheet = only(ticket(BOND))
    market = sheet.market
    earned = 0.6 * (market.price[1:, 0] / market.price[:-1, 0] - 1 - market.funding[1:, 0])
    months = pd.Series(earned, index=pd.DatetimeIndex(market.dates[1:])).groupby(lambda day: f"{day:%Y-%m}").sum()
    assert sheet.worst_day.value == pytest.approx(np.nanmin(earned))
    assert (sheet.worst_month.value, sheet.worst_month.when) == (pytest.approx(months.min()), months.idxmin())
    assert sheet.worst_month.value < sheet.worst_day.value < 0


# ---- when


def test_a_quarterly_variant_decides_as_the_quarter_ends(ticket):
    text = "rebalance: {every: quarter}\n" + BOND
    assert only(ticket(text, date(2025, 12, 31))).scheduled
    assert not only(ticket(text, date(2025, 11, 30))).scheduled


def test_a_day_between_two_rows_is_the_row_before(ticket):
    made = ticket(BOND, date(2025, 12, 30))
    assert (made.day, only(made).day) == (date(2025, 11, 30), date(2025, 11, 30))


def test_the_configurations_end_is_the_day_unless_one_is_named(ticket):
    text = "data: {end: 2020-12-31}\n" + BOND
    assert ticket(text, None).day == date(2020, 12, 31)
    assert ticket(text).day == NEW_YEAR


def test_a_day_before_the_data_is_refused(ticket):
    with pytest.raises(ConfigError, match="--as-of is 1990-01-01, before 1992-12-31"):
        ticket(BOND, date(1990, 1, 1))


def test_a_leg_whose_yield_is_no_longer_quoted_has_no_target_and_says_since_when(ticket, serving, gappy_tables):
    serving(gappy_tables)
    text = "variants: {x: {strategy: hold, params: {weights: {TLT: 1.0}}}}\n"
    sheet = only(ticket(text, None))
    assert (sheet.missing, sheet.legs) == ("TLT has no yield or price after 2026-01-31", ())
    assert only(ticket(text)).missing == ""


def test_on_days_a_market_on_holiday_decides_on_its_last_session(ticket, serving, tables):
    days = daily(tables)
    jgb = days.yields["jp"].loc[:"2025-12-29"]
    serving(replace(days, yields={**days.yields, "jp": jgb}))
    sheet = only(ticket(PAIR))
    assert (sheet.missing, sheet.day) == ("", date(2025, 12, 29))
    serving(replace(days, yields={**days.yields, "jp": jgb.loc[:"2025-12-19"]}))
    assert only(ticket(PAIR)).missing == "JGB10 has no yield or price after 2025-12-19"


EVERYTHING = """
variants:
  pair: {strategy: divergence, params: {sizing: volatility}}
  gap: {strategy: inflation}
  debt: {strategy: debt_capacity, params: {footprint: distortion}}
  tips: {strategy: hold, params: {weights: {TIPS10: 0.5, TLT: 0.5}}}
  box: {strategy: box, currency: unhedged}
"""


def changed_after(tables, day: date):
    """The same history up to a day, and another one after it."""
    after = pd.Timestamp(day) + pd.Timedelta(days=1)

    def shaken(values):
        values = values.copy()
        values.loc[after:] = values.loc[after:] * 0.7 + 0.001
        return values

    return replace(
        tables,
        yields={name: shaken(frame) for name, frame in tables.yields.items()},
        fx={name: shaken(rate) for name, rate in tables.fx.items()},
        overnight={name: shaken(rate) for name, rate in tables.overnight.items()},
        cpi=shaken(tables.cpi),
        macro={name: shaken(series) for name, series in tables.macro.items()},
    )


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2024, 7, 15)])
@pytest.mark.parametrize("rows", ["months", "days"])
def test_what_comes_after_the_day_changes_nothing(tmp_path, printed, serving, tables, day, rows):
    tables = tables if rows == "months" else daily(tables, "2019-01-01")
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + EVERYTHING)
    tickets = []
    for history in (tables, changed_after(tables, day), until(tables, day)):
        serving(history)
        tickets.append(printed(path, "--as-of", day, "--quiet"))
    assert tickets[0][0] == 0
    assert tickets[0] == tickets[1] == tickets[2]
    serving(changed_after(tables, date(2024, 6, 1)))
    assert printed(path, "--as-of", day, "--quiet") != tickets[0]  # the change is one that shows


@pytest.mark.parametrize("day", [date(2019, 10, 31), date(2020, 4, 15)])  # a month's end, and the middle of one
def test_on_days_what_comes_after_changes_nothing_where_a_rate_is_a_months_average(tmp_path, printed, serving, day):
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + EVERYTHING)
    whole, tickets = histories.days(), []
    for history in (whole, histories.disturbed(whole, day), histories.cut(whole, day)):
        serving(history)
        tickets.append(printed(path, "--as-of", day, "--quiet"))
    assert tickets[0][0] == 0
    assert tickets[0] == tickets[1] == tickets[2]


def test_the_average_of_a_month_under_way_is_not_known_yet():
    whole = histories.days()
    middle, end = until(whole, date(2020, 4, 15)), until(whole, date(2020, 4, 30))
    own, known = whole.overnight["JPY"], whole.known_overnight["JPY"]
    assert own["2020-04-15"] != known["2020-04-15"]
    assert middle.overnight["JPY"].equals(own[:"2020-03-31"].combine_first(known["2020-04-01":"2020-04-15"]))
    assert end.overnight["JPY"].equals(own[:"2020-04-30"])
    assert middle.overnight["USD"].equals(whole.overnight["USD"][:"2020-04-15"])


# ---- signals and inputs


def test_a_signal_is_set_against_its_own_known_history(ticket):
    sheet = only(ticket("variants: {x: {strategy: inflation}}\n"))
    values = sheet.variant.strategy.signal(sheet.market)
    known = values[~np.isnan(values)]
    (signal,) = sheet.signals
    assert (signal.name, signal.value, signal.rows) == ("signal", values[-1], len(known))
    assert signal.score == pytest.approx((values[-1] - known.mean()) / known.std(ddof=1))
    assert signal.percentile == pytest.approx(np.mean(known <= values[-1]))


def test_a_macro_figure_counts_from_its_publication(ticket):
    gap = "variants: {x: {strategy: inflation}}\n"
    found = {one.series.split(",")[0]: one.last for one in ticket(gap, date(2025, 12, 20)).inputs}
    assert found["us_core_cpi_yoy"] == date(2025, 11, 30)  # out on the 15th
    assert found["jp_core_cpi_yoy"] == date(2025, 10, 31)  # November's comes out on the 25th
    assert "us_debt_gdp" not in found


def test_a_stale_figure_is_marked_by_the_limit_of_its_frequency(ticket, serving, tables):
    silent = tables.macro["jp_core_cpi_yoy"].mask(tables.macro["jp_core_cpi_yoy"].index > "2026-02-28")
    serving(replace(tables, macro={**tables.macro, "jp_core_cpi_yoy": silent}))
    text = "variants: {x: {strategy: inflation}, y: {strategy: debt_capacity, params: {footprint: ignored}}}\n"
    found = {one.series: one for one in ticket(text, date(2026, 6, 30)).inputs}
    japan = found["jp_core_cpi_yoy, by month"]
    assert (japan.last, japan.days, japan.limit, japan.stale) == (date(2026, 2, 28), 122, MACRO_LIMIT["month"], True)
    assert japan.used_by == ("x",)
    assert not found["us_core_cpi_yoy, by month"].stale
    assert not found["us_debt_gdp, by year"].stale
    assert found["us_debt_gdp, by year"].used_by == ("y",)


def test_month_ends_are_stale_after_thirty_five_days(ticket):
    ages = {day: {one.stale for one in ticket(BOND, date(2026, 9, day)).inputs} for day in (4, 5)}
    assert ages == {4: {False}, 5: {True}}


def test_a_trade_on_prices_alone_rests_on_no_macro_figure_and_tips_on_the_price_index(ticket):
    plain = {one.series for one in ticket(PAIR).inputs}
    assert plain == {"UST10, curve us", "JGB10, curve jp", "overnight USD", "overnight JPY", "USDJPY"}
    tips = ticket("variants: {x: {strategy: hold, params: {weights: {TIPS10: 1.0}}}}\n").inputs
    assert {one.series: one.last for one in tips}["us_cpi, by month"] == date(2025, 11, 30)


# ---- analogues


@pytest.fixture
def short_market(tables) -> Market:
    return build(until(tables, NEW_YEAR), (LIBRARY["UST10"], LIBRARY["JGB10"]))


def test_the_state_of_a_row_is_five_figures_of_that_row(short_market):
    now = state(short_market)[-1]
    policy = (FED - CALL) - (0.0433 - 0.00477)  # against June 2025
    pickup = UST10 - (0.0367 - CALL) - JGB10
    assert now == pytest.approx([UST10 - JGB10, policy, pickup, UST10 - 0.0347, JGB10 - 0.01167], abs=1e-12)


def test_analogues_are_the_closest_rows_six_months_apart_from_each_other_and_from_now(short_market):
    values, found = state(short_market), find_analogues(short_market)
    rows = [t for t in range(len(values)) if not np.isnan(values[t]).any()]
    scale = [np.std([values[t][k] for t in rows], ddof=1) for k in range(5)]
    now = len(values) - 1
    away = {t: sum(((values[t][k] - values[now][k]) / scale[k]) ** 2 for k in range(5)) ** 0.5 for t in rows}
    chosen: list[int] = []
    while len(chosen) < 10:
        free = [t for t in rows if all(abs(t - other) >= APART for other in [now, *chosen])]
        chosen.append(min(free, key=away.__getitem__))
    assert [np.datetime64(one.day) for one in found.closest] == list(short_market.dates[chosen])
    assert [one.distance for one in found.closest] == pytest.approx([away[t] for t in chosen])


def test_without_the_three_month_bill_there_are_no_analogues(tables):
    without = replace(tables, yields={**tables.yields, "us": tables.yields["us"].drop(columns=[0.25])})
    early = build(until(without, date(2003, 12, 31)), (LIBRARY["UST10"], LIBRARY["JGB10"]))
    assert find_analogues(early).missing == "hedged pickup is not known on 2003-12-31"
    assert find_analogues(early).closest == ()


def test_what_followed_is_the_variant_s_own_return_in_excess_of_cash(ticket):
    made = ticket(PAIR)
    result, (outcome,) = only(made).result, made.outcomes
    first = made.analogues.closest[0].day
    t = int(np.flatnonzero(result.dates == np.datetime64(first))[0])
    grown, marks = 1.0, []
    for k in range(t + 1, t + 7):
        grown *= 1 + (result.equity[k] - result.cash[k]) / result.equity[k - 1] - 1
        marks.append(grown - 1)
    assert outcome.after[0] == pytest.approx([marks[0], marks[2], marks[5]])
    assert outcome.worst[0] == pytest.approx(min(marks))
    assert outcome.count == 10
    assert outcome.average[2] == pytest.approx(outcome.after[:, 2].mean())


def test_a_variant_that_did_not_trade_then_has_no_return(ticket):
    made = ticket("data: {start: 2023-12-31}\n" + PAIR)
    (outcome,) = made.outcomes
    traded = [one.day >= date(2023, 12, 31) for one in made.analogues.closest]
    assert any(traded)
    assert not all(traded)
    assert (~np.isnan(outcome.worst)).tolist() == traded
    assert outcome.count == sum(traded)


# ---- orders


def test_an_order_is_the_target_less_what_is_held(ticket):
    sheet = only(ticket(PAIR, held="instrument,units\nUST10,10000\n"))
    long, short = sheet.legs
    assert long.order == pytest.approx(long.units - 10_000)
    assert long.order_usd == pytest.approx(long.order * long.price)
    assert short.held == 0
    assert short.order == pytest.approx(short.units)
    half_spread = 0.25e-4 * 5_000_000 / 0.5559961906176276 / 1e6  # yield half-spread times duration, 5 / weight
    assert short.cost == pytest.approx(abs(short.usd) * half_spread, rel=1e-6)


def test_a_leg_held_that_the_target_does_not_name_is_closed(ticket):
    legs = only(ticket(BOND, held="instrument,units\nJGB30,-2500.5\n")).legs
    assert [leg.name for leg in legs] == ["UST10", "JGB30"]
    assert (legs[1].weight, legs[1].units, legs[1].order) == (0, 0, 2500.5)
    assert legs[1].order_usd == pytest.approx(2500.5 * legs[1].price / YEN)


def test_inside_the_band_nothing_trades(ticket):
    target = only(ticket(BOND)).legs[0].units
    banded = "rebalance: {every: month, band: 0.1}\n" + BOND
    near = only(ticket(banded, held=f"instrument,units\nUST10,{target * 0.95:.3f}\n"))
    assert near.inside_band
    assert near.legs[0].order == 0
    assert near.legs[0].units == pytest.approx(target)
    far = only(ticket(banded, held=f"instrument,units\nUST10,{target * 0.85:.3f}\n"))
    assert not far.inside_band
    assert far.legs[0].order == pytest.approx(0.15 * target, rel=1e-4)


TWO = BOND.replace("}}}}", "}}}, other: {strategy: hold}}")


def test_each_variant_has_its_own_holdings(ticket):
    made = ticket(TWO, held="variant,instrument,units\nother,UST10,5\n\nbond,UST10,7\n")
    assert [sheet.legs[0].held for sheet in made.sheets] == [7, 5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "held.csv: is empty; write a header variant,instrument,units and a row for each position"),
        ("variant;units\n", "line 1: 'variant;units' is one column; separate columns with commas"),
        ("instrument,unit\n", "held.csv, line 1: unknown column 'unit'; did you mean 'units'?"),
        ("instrument\nUST10\n", "held.csv, line 1: no column units; the header is variant,instrument,units"),
        ("instrument,units,units\n", "held.csv, line 1: column 'units' is listed twice; remove one"),
        ("instrument,units\n\ntlt,5\n", "held.csv, line 3: unknown instrument 'tlt'; did you mean 'TLT'?"),
        ("instrument,units\nUST10,1e3\nUST10,2\n", "line 3: UST10 of bond is listed twice; keep one row"),
        ("instrument,units\nUST10,\"1,000\"\n", "line 2: units is '1,000'; expected a plain number, like -1250.5"),
        ("instrument,units\nUST10,nan\n", "line 2: units is 'nan'"),
        ("instrument,units\nUST10,\u0661\n", "line 2: units is '\u0661'"),
        ("instrument,units\nUST10\n", "line 2: 1 fields where the header has 2; write instrument,units"),
        ("variant,instrument,units\nbnd,UST10,1\n", "line 2: unknown variant 'bnd'; did you mean 'bond'?"),
    ],
)  # fmt: skip
def test_holdings_that_cannot_be_used_are_refused_by_line(ticket, text, message):
    with pytest.raises(ConfigError) as refusal:
        ticket(BOND, held=text)
    assert message in str(refusal.value)


def test_a_header_may_be_in_capitals(ticket):
    (sheet,) = ticket(BOND, held="Instrument, Units\nUST10,7\n").sheets
    assert sheet.legs[0].held == 7


def test_holdings_without_a_variant_need_a_configuration_of_one(ticket):
    with pytest.raises(ConfigError, match="no column variant, but the configuration has 2 variants; add the column"):
        ticket(TWO, held="instrument,units\nUST10,1\n")


# ---- the command


def test_the_command_prints_every_variant_and_writes_nothing(printed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = printed(ROOT / "config.yaml", "--as-of", "2025-12-31")
    assert status == 0
    assert list(tmp_path.iterdir()) == []
    assert "[1/15] ust10_jgb10_volpar" in err
    lines = out.splitlines()
    assert lines[0] == "us-jgb-divergence: ticket of 2025-12-31"
    names = [one.name for one in config.load(ROOT / "config.yaml").variants]
    table = next(i for i, line in enumerate(lines) if line.startswith("variant"))
    assert [line.split()[0] for line in lines[table + 1 : table + 16]] == names
    assert [line.split(":")[0] for line in lines if "; row 2025-12-31, a decision row" in line] == names
    assert "STALE" not in out
    assert "day needs daily data" in out


def test_details_can_be_had_of_one_variant(printed, serving, gappy_tables):
    serving(gappy_tables)
    status, out, err = printed(ROOT / "config.yaml", "--quiet", "--variant", "tlt_hold")
    assert (status, err) == (0, "")
    told = [line for line in out.splitlines() if "no target now: " in line or "; row " in line]
    assert told == ["tlt_hold: hold, repo; no target now: TLT has no yield or price after 2026-01-31"]
    assert "STALE: TLT, curve us: last known 2026-01-31, 181 days old (limit 35); used by 3 variants." in out


def test_orders_are_printed_where_holdings_are_given(printed, tmp_path):
    held = tmp_path / "held.csv"
    held.write_text("variant,instrument,units\nust10_financed,UST10,11000\nust10_financed,JGB5,-10\n")
    path = ROOT / "config.yaml"
    out = printed(path, "--as-of", "2025-12-31", "--variant", "ust10_financed", "--holdings", held, "-q")[1]
    lines = out.splitlines()
    table = next(i for i, line in enumerate(lines) if line.startswith("  order"))
    assert lines[table + 1].split()[:4] == ["UST10", "11,000.0", "11,759.7", "+759.7"]
    assert lines[table + 2].split()[:4] == ["JGB5", "−10.0", "0.0", "+10.0"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--variant", "tlt_hodl"], "--variant: 'tlt_hodl' is not a variant of"),
        (["--as-of", "31.12.2025"], "31.12.2025"),
        (["--as-of", "1990-01-01"], "--as-of is 1990-01-01, before 1999-09-30"),
        (["--holdings", "nowhere.csv"], "nowhere.csv: cannot be read (No such file or directory)"),
    ],
)
def test_mistakes_are_one_line_and_status_two(printed, words, message):
    status, out, err = printed(ROOT / "config.yaml", *words, "--quiet")
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
