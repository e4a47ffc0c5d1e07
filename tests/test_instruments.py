"""The built-in library against section 10 of the design, and what its costs become on a market's rows."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest

from data.build import build
from data.errors import DataError
from data.instruments import LIBRARY, Instrument, Step, find

# docs/conventions.md.
# name: kind, currency, curve, maturity, half-spread bp, rolls a year, borrow bp, fee bp, lot
SECTION_10 = {
    "UST2": ("par_bond", "USD", "us", 2, 0.10, 4, 5, 0, 0),
    "UST3": ("par_bond", "USD", "us", 3, 0.10, 4, 5, 0, 0),
    "UST5": ("par_bond", "USD", "us", 5, 0.10, 4, 5, 0, 0),
    "UST7": ("par_bond", "USD", "us", 7, 0.10, 2, 5, 0, 0),
    "UST10": ("par_bond", "USD", "us", 10, 0.10, 2, 5, 0, 0),
    "UST20": ("par_bond", "USD", "us", 20, 0.15, 1, 5, 0, 0),
    "UST25": ("par_bond", "USD", "us", 25, 0.15, 1, 5, 0, 0),
    "UST30": ("par_bond", "USD", "us", 30, 0.15, 1, 5, 0, 0),
    "JGB2": ("par_bond", "JPY", "jp", 2, 0.25, 4, 10, 0, 0),
    "JGB3": ("par_bond", "JPY", "jp", 3, 0.25, 4, 10, 0, 0),
    "JGB5": ("par_bond", "JPY", "jp", 5, 0.25, 4, 10, 0, 0),
    "JGB7": ("par_bond", "JPY", "jp", 7, 0.25, 2, 10, 0, 0),
    "JGB10": ("par_bond", "JPY", "jp", 10, 0.25, 2, 10, 0, 0),
    "JGB15": ("par_bond", "JPY", "jp", 15, 0.50, 1, 10, 0, 0),
    "JGB20": ("par_bond", "JPY", "jp", 20, 0.50, 1, 10, 0, 0),
    "JGB25": ("par_bond", "JPY", "jp", 25, 0.75, 1, 10, 0, 0),
    "JGB30": ("par_bond", "JPY", "jp", 30, 0.75, 1, 10, 0, 0),
    "JGB40": ("par_bond", "JPY", "jp", 40, 1.25, 1, 10, 0, 0),
    "TIPS5": ("inflation_bond", "USD", "us_real", 5, 0.50, 4, 5, 0, 0),
    "TIPS10": ("inflation_bond", "USD", "us_real", 10, 0.50, 2, 5, 0, 0),
    "TIPS20": ("inflation_bond", "USD", "us_real", 20, 0.50, 1, 5, 0, 0),
    "TIPS30": ("inflation_bond", "USD", "us_real", 30, 0.50, 1, 5, 0, 0),
    "JPY": ("cash", "JPY", None, 0, 0.3, 0, 0, 0, 0),
    "SHY": ("listed", "USD", "us", 2, 1, 0, 55, 15, 1),
    "IEI": ("listed", "USD", "us", 4.5, 1, 0, 55, 15, 1),
    "IEF": ("listed", "USD", "us", 8.5, 1, 0, 55, 15, 1),
    "TLH": ("listed", "USD", "us", 14, 1, 0, 55, 15, 1),
    "TLT": ("listed", "USD", "us", 25, 1, 0, 55, 15, 1),
    "TIP": ("listed", "USD", "us_real", 7.5, 1, 0, 55, 18, 1),
    "2561.T": ("listed", "JPY", "jp", 9, 10, 0, 125, 6, 1),
    "236A.T": ("listed", "JPY", "jp", 8.5, 10, 0, 125, 6.6, 10),
    "496A.T": ("listed", "JPY", "jp", 18.5, 10, 0, 125, 6.6, 1),
    "TU": ("future", "USD", "us", 2, 0.2, 4, 0, 0, 1),
    "FV": ("future", "USD", "us", 4.5, 0.4, 4, 0, 0, 1),
    "TY": ("future", "USD", "us", 6.5, 0.8, 4, 0, 0, 1),
    "TN": ("future", "USD", "us", 9.5, 0.8, 4, 0, 0, 1),
    "US": ("future", "USD", "us", 16, 1.6, 4, 0, 0, 1),
    "UB": ("future", "USD", "us", 25.5, 1.6, 4, 0, 0, 1),
    "JB": ("future", "JPY", "jp", 7, 0.5, 4, 0, 0, 1),
    # docs/conventions.md
    "DBR2": ("par_bond", "EUR", "de", 2, 0.25, 4, 10, 0, 0),
    "DBR5": ("par_bond", "EUR", "de", 5, 0.25, 4, 10, 0, 0),
    "DBR10": ("par_bond", "EUR", "de", 10, 0.25, 2, 10, 0, 0),
    "DBR30": ("par_bond", "EUR", "de", 30, 0.50, 1, 10, 0, 0),
    "UKT2": ("par_bond", "GBP", "uk", 2, 0.40, 4, 10, 0, 0),
    "UKT5": ("par_bond", "GBP", "uk", 5, 0.40, 4, 10, 0, 0),
    "UKT10": ("par_bond", "GBP", "uk", 10, 0.40, 2, 10, 0, 0),
    "UKT30": ("par_bond", "GBP", "uk", 30, 0.80, 1, 10, 0, 0),
}


def test_the_library_is_the_one_of_the_design():
    assert set(LIBRARY) == set(SECTION_10)


@pytest.mark.parametrize("name", SECTION_10)
def test_an_instrument_is_as_the_design_says(name):
    kind, currency, curve, maturity, half_spread, rolls, borrow, fee, lot = SECTION_10[name]
    instrument = LIBRARY[name]
    assert (instrument.name, instrument.kind, instrument.currency, instrument.curve) == (
        name,
        kind,
        currency,
        curve,
    )
    assert (instrument.maturity, instrument.rolls_per_year, instrument.lot) == (maturity, rolls, lot)
    in_bp = [1e4 * cost for cost in (instrument.half_spread, instrument.borrow, instrument.fee)]
    assert in_bp == pytest.approx([half_spread, borrow, fee], rel=1e-12)
    assert instrument.rolldown and instrument.multiplier == 1


# docs/conventions.md
@pytest.mark.parametrize(
    ("name", "face", "day"),
    [
        ("TU", 200_000, date(1990, 6, 22)),
        ("FV", 100_000, date(1988, 5, 20)),
        ("TY", 100_000, date(1982, 5, 3)),
        ("TN", 100_000, date(2016, 1, 11)),
        ("US", 100_000, date(1977, 8, 22)),
        ("UB", 100_000, date(2010, 1, 11)),
        ("JB", 100_000_000, date(1985, 10, 19)),
    ],
)
def test_a_contract_is_of_its_face_and_as_old_as_it_is(name, face, day):
    assert (LIBRARY[name].face, LIBRARY[name].listed_on) == (face, day)


def test_only_the_ten_year_jgb_was_special():
    # docs/conventions.md
    assert LIBRARY["JGB10"].borrow_steps == (
        Step(date(2022, 6, 1), 0.0025),
        Step(date(2023, 2, 27), 0.0050),
        Step(date(2024, 4, 1), 0.0010),
    )
    assert [name for name, instrument in LIBRARY.items() if instrument.borrow_steps] == ["JGB10"]


# published figures for Tokyo
@pytest.mark.parametrize(("name", "day"), [("236A.T", date(2024, 8, 28)), ("496A.T", date(2026, 1, 20))])
def test_tokyo_funds_are_as_young_as_they_are(name, day):
    assert LIBRARY[name].listed_on == day
    assert LIBRARY[name].exchange == "XTKS"


def test_only_instruments_on_the_real_curve_are_indexed():
    indexed = {name for name, instrument in LIBRARY.items() if instrument.indexed}
    assert indexed == {"TIPS5", "TIPS10", "TIPS20", "TIPS30", "TIP"}


# ---- what an instrument refuses


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"maturity": 7.3}, "multiple of 0.5"),
        ({"maturity": 0.0}, "positive"),
        ({"maturity": -10.0}, "positive"),
        ({"curve": None}, "needs a curve"),
        ({"kind": "inflation_bond"}, "us_real"),
        ({"kind": "cash"}, "no curve and no maturity"),
        ({"borrow_steps": (Step(date(2024, 4, 1), 0.0), Step(date(2024, 4, 1), 0.1))}, "ascend; 2024-04-01"),
    ],
)
def test_an_impossible_instrument_is_refused_by_name(change, complaint):
    with pytest.raises(DataError, match=rf"^UST10: .*{complaint}"):
        dataclasses.replace(LIBRARY["UST10"], **change)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"face": 0.0}, "needs the face of its contract, above 0; got 0"),
        ({"curve": "us_real"}, "priced on a nominal curve, not on us_real"),
        ({"borrow": 0.001}, "nothing is borrowed to be short of a future"),
        ({"borrow_steps": (Step(date(2024, 4, 1), 0.1),)}, "nothing is borrowed"),
        ({"kind": "par_bond"}, "a par_bond has no face"),
    ],
)
def test_an_impossible_future_is_refused_by_name(change, complaint):
    with pytest.raises(DataError, match=f"^TY: .*{complaint}"):
        dataclasses.replace(LIBRARY["TY"], **change)


def test_a_misspelt_instrument_meets_the_one_that_was_meant():
    assert find("UST10", LIBRARY) is LIBRARY["UST10"]
    with pytest.raises(DataError, match="unknown instrument 'ust10'; did you mean 'UST10'"):
        find("ust10", LIBRARY)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("JGB12", "'JGB10' or 'JGB15'"), ("jgb99", "'JGB40'"), ("UST1", "'UST2'"), ("TIPS7", "'TIPS5' or 'TIPS10'")],
)
def test_an_unknown_bond_meets_the_next_by_maturity(name, meant):
    with pytest.raises(DataError, match=rf"unknown instrument '{name}'; did you mean {meant}\?$"):
        find(name, LIBRARY)


def test_an_instrument_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LIBRARY["UST10"].borrow = 0.0


# ---- what money costs on the rows of a market


def row(market, day: str) -> int:
    (found,) = np.flatnonzero(market.dates == np.datetime64(day))
    return int(found)


# Month averages of month_end_markets.csv: the row that ends with the month pays that month's own rate.
@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("UST10", "1993-01-31", 0.030242 * 31 / 360),
        ("UST10", "1993-02-28", 0.030271 * 28 / 360),
        ("TLT", "2008-10-31", 0.009694 * 31 / 360),
        ("TIPS10", "2008-11-30", 0.003877 * 30 / 360),
        ("JGB10", "1993-01-31", 0.038997 * 31 / 365),
        ("JPY", "1993-02-28", 0.032763 * 28 / 365),
        ("2561.T", "2026-06-30", 0.00841 * 30 / 365),
    ],
)
def test_funding_is_the_overnight_rate_of_the_bar_in_the_currency_of_the_leg(market, name, day, expected):
    assert market.funding[row(market, day), market.column(name)] == pytest.approx(expected, rel=1e-12)


def test_equity_earns_what_unhedged_legs_pay(market):
    assert market.usd[row(market, "1993-01-31")] == pytest.approx(0.030242 * 31 / 360, rel=1e-12)
    assert np.array_equal(market.cash, market.usd)
    assert np.array_equal(market.usd, market.funding[:, market.column("UST10")])


def test_no_bar_ends_on_the_first_row_so_it_costs_nothing(market):
    for line in (market.funding, market.borrow, market.roll, market.usd, market.cash):
        assert not line[0].any()
        assert line[1].any()


@pytest.mark.parametrize(
    ("day", "bp"),
    [
        ("1993-01-31", 10), ("2022-05-31", 10), ("2022-06-30", 25), ("2023-01-31", 25), ("2023-02-28", 50),
        ("2024-03-31", 50), ("2024-04-30", 10), ("2026-06-30", 10),
    ],
)  # fmt: skip
def test_borrow_steps_apply_to_bars_that_end_on_or_after_them(market, day, bp):
    length = int(day[-2:])  # a month-end bar is as long as its month
    assert market.borrow[row(market, day), market.column("JGB10")] == pytest.approx(bp / 1e4 * length / 365, rel=1e-12)


def test_a_borrow_step_applies_to_the_bar_that_ends_on_its_very_day(tables):
    stepped = dataclasses.replace(LIBRARY["JGB10"], borrow_steps=(Step(date(2022, 6, 30), 0.0025),))
    borrow = build(tables, [stepped]).borrow[:, 0]
    market = build(tables, [LIBRARY["UST10"]])
    t = row(market, "2022-06-30")
    assert borrow[t - 1 : t + 1] == pytest.approx([0.0010 * 31 / 365, 0.0025 * 30 / 365], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "per_bar"),
    [
        ("UST10", 5e-4 * 31 / 360),
        ("TLT", 55e-4 * 31 / 360),
        ("JGB30", 10e-4 * 31 / 365),
        ("2561.T", 125e-4 * 31 / 365),
    ],
)
def test_borrow_is_counted_as_its_currency_counts_days(market, name, per_bar):
    assert market.borrow[row(market, "2008-10-31"), market.column(name)] == pytest.approx(per_bar, rel=1e-12)


def test_the_spread_of_a_bond_is_its_yield_half_spread_times_its_duration(market):
    t = row(market, "2008-10-31")  # UST10 at 4.01 % (month_end_markets.csv)
    duration = (1 - (1 + 0.0401 / 2) ** -20) / 0.0401
    assert market.duration[t, market.column("UST10")] == pytest.approx(duration, rel=1e-12)
    assert market.spread[t, market.column("UST10")] == pytest.approx(0.10e-4 * duration, rel=1e-12)


@pytest.mark.parametrize(("name", "spread"), [("TLT", 1e-4), ("2561.T", 10e-4), ("JPY", 0.3e-4)])
def test_the_spread_of_listed_names_and_cash_is_of_price(market, name, spread):
    i = market.column(name)
    assert market.spread[market.exists[:, i], i] == pytest.approx(spread, rel=1e-12)


@pytest.mark.parametrize(("name", "trips"), [("UST10", 2), ("UST5", 4), ("UST30", 1), ("JGB10", 2), ("TIPS20", 1)])
def test_rolling_costs_round_trips_at_the_spread_of_the_bars_start(market, name, trips):
    i, t = market.column(name), row(market, "2008-10-31")
    expected = trips * 2 * market.spread[t - 1, i] * 31 / 365.25
    assert market.roll[t, i] == pytest.approx(expected, rel=1e-12)
    assert market.spread[t - 1, i] != market.spread[t, i]


@pytest.mark.parametrize("name", ["TLT", "2561.T", "JPY"])
def test_funds_and_cash_do_not_roll(market, name):
    assert not market.roll[:, market.column(name)].any()


def test_no_cost_is_ever_missing_or_negative(market):
    for line in (market.borrow, market.roll):
        assert (line >= 0).all()
    assert np.isfinite(market.funding).all()
    assert (market.spread[market.exists] > 0).all()
    assert np.isnan(market.spread[~market.exists]).all()


def test_yen_are_counted_in_dollars(market):
    t = row(market, "2008-10-31")  # 98.28 yen per dollar, month_end_markets.csv
    assert market.fx[t, market.column("JGB10")] == pytest.approx(1 / 98.28, rel=1e-15)
    assert market.fx[t, market.column("UST10")] == 1


def test_cash_earns_its_overnight_rate_and_so_nothing_in_excess(market):
    i = market.column("JPY")
    earned = market.price[1:, i] / market.price[:-1, i] - 1
    assert market.price[0, i] == 100
    assert earned == pytest.approx(market.funding[1:, i], abs=1e-14, rel=0)
    assert not market.duration[:, i].any()


@pytest.mark.parametrize("name", ["IEF", "TLT", "TIP", "2561.T"])
def test_a_fund_before_its_prices_is_its_bond_less_its_fee(tables, market, name):
    fund = LIBRARY[name]
    bond = Instrument(
        "BOND", "inflation_bond" if fund.indexed else "par_bond", fund.currency, fund.curve, fund.maturity
    )
    i, price = market.column(name), build(tables, [bond]).price[:, 0]
    days = np.diff(market.dates).astype(float)
    less_fee = price[1:] / price[:-1] - 1 - fund.fee * days / 365.25
    held = market.exists[1:, i] & market.exists[:-1, i]
    returns = market.price[1:, i] / market.price[:-1, i] - 1
    assert returns[held] == pytest.approx(less_fee[held], abs=1e-13, rel=0)
    assert market.proxy[market.exists[:, i], i].all() and not market.lot[market.proxy].any()


def test_an_impossible_exchange_rate_is_refused(tables):
    yen = tables.fx["JPY"].copy()
    yen.loc["2008-10-31"] = -98.28
    with pytest.raises(DataError, match=r"usdjpy on 2008-10-31 is -98\.28; expected .* above 0"):
        build(dataclasses.replace(tables, fx={"JPY": yen}), [LIBRARY["JGB10"]])


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        *((name, 2) for name in ("UST2", "UST10", "TIPS10", "DBR10", "UKT2")),
        *((name, 3) for name in ("JGB2", "JGB10", "JGB15")),
        *((name, 5) for name in ("UST20", "UST30", "JGB20", "JGB40", "TIPS20", "DBR30", "UKT30")),
        *((name, 50) for name in ("TLT", "2561.T")),
        ("JPY", 3),
    ],
)
def test_initial_margin_is_by_kind_currency_and_maturity(name, percent):
    assert LIBRARY[name].margin_rate == percent / 100
    assert dataclasses.replace(LIBRARY[name], initial_margin=0.07).margin_rate == 0.07


def test_a_future_is_margined_by_a_figure_a_contract():
    stated = {name: i.initial_margin for name, i in LIBRARY.items() if i.kind == "future"}
    assert stated == {"TU": 1100, "FV": 1400, "TY": 2000, "TN": 2700, "US": 4200, "UB": 5700, "JB": 1_200_000}
    assert all(i.initial_margin is None for i in LIBRARY.values() if i.kind != "future")
    assert dataclasses.replace(LIBRARY["JB"], initial_margin=None).margin_rate == 0.03  # one's own without a figure
