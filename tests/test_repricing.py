"""Where a bar's return comes from: the parts sum to it, and each is what its name says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813  # its own short name

from backtests.performance import repricing
from backtests.performance.repricing import PARTS, parts
from data.build import build
from data.instruments import LIBRARY, Instrument
from data.market import Market
from data.pricing import curves
from data.pricing.bonds import price as bond_price
from tests import registry
from tests.test_build import TENORS, bar, made_up, row

NAN = np.nan
YEARS = np.array(TENORS)
DAYS = pd.DatetimeIndex(["2020-01-31", "2020-02-29", "2020-03-31"])
SLOPED = 0.02 + 0.001 * YEARS  # 3 % at 10 years
BONDS = [name for name, one in LIBRARY.items() if one.kind != "cash" and one.currency in ("USD", "JPY")]


def bond(maturity: float, **changed) -> Instrument:
    return Instrument("BOND", "par_bond", "USD", "us", maturity, **changed)


def moved(*yields: np.ndarray, one: Instrument | None = None, interpolation="linear") -> dict[str, np.ndarray]:
    """Parts of a bond, of 30 years unless said, on a US curve with these rows; only those that are not 0."""
    us = pd.DataFrame(list(yields), DAYS[: len(yields)], TENORS)
    found = parts(build(made_up(us), [one or bond(30.0)], interpolation), (one or bond(30.0)).name)
    return {part: values for part, values in found.items() if values.any()}


def at_end(market: Market, name: str, day: str) -> dict[str, float]:
    """Parts of the bar that ends on a day."""
    return {part: float(values[row(market, day)]) for part, values in parts(market, name).items()}


# ---- the sum


@pytest.mark.parametrize("interpolation", ["linear", "pchip"])
def test_the_parts_of_every_instrument_sum_to_its_return_on_every_bar(tables, interpolation):
    market = build(tables, registry.held(tables), interpolation)
    for i, name in enumerate(market.names):
        found = parts(market, name)
        assert tuple(found) == PARTS
        held = market.exists[1:, i] & market.exists[:-1, i]
        assert held.sum() > 100 or name == "496A.T"
        total = sum(found.values())
        earned = market.price[1:, i] / market.price[:-1, i] - 1
        np.testing.assert_allclose(total[1:][held], earned[held], rtol=0, atol=1e-14, err_msg=name)
        assert total[0] == 0 and not total[1:][~held].any()


def test_only_funds_pay_fees_only_their_prices_stray_and_only_real_bonds_are_indexed(market):
    for name in BONDS:
        found, instrument = parts(market, name), LIBRARY[name]
        assert found["fee"].any() == (instrument.kind == "listed"), name
        assert found["inflation"].any() == (instrument.curve == "us_real"), name
        assert not found["tracking"].any(), name  # the bundled figures hold no prices


def test_cash_is_all_carry(market):
    found = parts(market, "JPY")
    level = market.price[:, market.column("JPY")]
    assert found["carry"][1:] == pytest.approx(level[1:] / level[:-1] - 1, abs=1e-16, rel=0)
    assert [part for part, values in found.items() if values.any()] == ["carry"]


# ---- laws


@pytest.mark.parametrize("interpolation", ["linear", "pchip"])
def test_a_curve_that_never_changes_gives_carry_and_roll_down_alone(interpolation):
    found = moved(SLOPED, SLOPED, SLOPED, interpolation=interpolation)
    assert set(found) == {"carry", "rolldown"}
    dt = np.array([0, 29, 31]) / 365.25
    assert found["carry"] == pytest.approx((1 + 0.05 / 2) ** (2 * dt) - 1, abs=1e-14, rel=0)
    assert found["rolldown"][1:] == pytest.approx(0.001 * dt[1:] * 15.4, rel=0.02)  # slope x time x duration, about


@pytest.mark.parametrize("shift", [-0.01, 0.01])
def test_a_flat_curve_that_shifts_gives_carry_level_and_convexity_alone(shift):
    found = moved(np.full(8, 0.04), np.full(8, 0.04 + shift))
    assert set(found) == {"carry", "level", "convexity"}
    assert found["level"][1] * shift < 0 < found["convexity"][1]


def test_a_sloped_curve_that_shifts_in_parallel_has_no_curve_part():
    found = moved(SLOPED, SLOPED + 0.01)
    assert abs(found.pop("curve", np.zeros(2))[1]) < 1e-15
    assert set(found) == {"carry", "rolldown", "level", "convexity"}


@pytest.mark.parametrize("maturity", [2.0, 30.0])
def test_a_twist_around_the_ten_year_has_no_level(maturity):
    found = moved(SLOPED, SLOPED + 0.0002 * (YEARS - 10), one=bond(maturity))
    assert set(found) == {"carry", "rolldown", "curve", "convexity"}
    assert found["curve"][1] * (maturity - 10) < 0 < found["convexity"][1]


def test_a_twist_and_a_shift_are_told_apart():
    # the 10-year up by 20 bp, the 30-year by 50: what 20 would have done, and what the other 30 did
    both = moved(SLOPED, SLOPED + 0.002 + 0.00015 * (YEARS - 10))
    shift = moved(SLOPED, SLOPED + 0.002)
    twist = moved(SLOPED, SLOPED + 0.00015 * (YEARS - 10))
    assert both["level"] == pytest.approx(shift["level"], rel=1e-12)
    assert both["curve"] == pytest.approx(twist["curve"], rel=1e-12)
    aged = 30 - 29 / 365.25
    assert both["level"][1] / both["curve"][1] == pytest.approx(20 / (1.5 * (aged - 10)), rel=1e-12)


def test_where_ten_years_are_not_on_the_curve_all_of_the_move_is_level():
    short = np.where(YEARS <= 5, SLOPED, NAN)
    found = moved(short, short + 0.0002 * YEARS, one=bond(3.0))
    assert set(found) == {"carry", "rolldown", "level", "convexity"}


@pytest.mark.parametrize("one", [bond(30.0, rolldown=False), bond(2.0)], ids=["told not to", "no shorter tenor"])
def test_a_bond_that_cannot_age_earns_no_roll_down_and_moves_with_its_whole_maturity(one, by_coupons):
    start = np.where(YEARS >= 2, SLOPED, NAN)  # the shortest tenor is two years
    found = moved(start, start + 0.001, one=one)
    assert set(found) - {"curve"} == {"carry", "level", "convexity"}
    coupon, life = 0.02 + 0.001 * one.maturity, one.maturity - 29 / 365.25
    slope = (by_coupons(coupon, coupon + 1e-5, life) - by_coupons(coupon, coupon - 1e-5, life)) / 2e-5
    assert found["level"][1] == pytest.approx(0.001 * slope, rel=1e-6)


def test_a_long_bond_gains_from_level_when_the_ten_year_falls_and_convexity_never_costs(market):
    for name in BONDS:
        found = parts(market, name)
        ten = market.curves[str(LIBRARY[name].curve)].moves(10.0)
        told = np.isfinite(ten) & (found["level"] != 0) & (ten != 0)
        assert (found["level"][told] * ten[told] < 0).all(), name
        assert (found["convexity"] >= 0).all() and found["convexity"].any(), name


# ---- bars worked by hand


def slope_of(price, coupon: float, yield_: float, life: float) -> float:
    """dP/dy by a five-point stencil, whose error is below 1e-9."""
    h = 1e-4
    near = [price(coupon, yield_ + k * h, life) for k in (2, 1, -1, -2)]
    return (-near[0] + 8 * near[1] - 8 * near[2] + near[3]) / (12 * h)


def test_a_bar_worked_by_hand(market, by_coupons):
    # March 2004, Japan, percent (month_end_markets.csv): 10 years 1.243 to 1.434; 20 years 1.846 to 1.957;
    # 30 years 2.124 to 2.245; the 25-year appears and so is no node
    dt = 31 / 365.25
    coupon, life = 0.02124, 30 - dt
    start = (2.124 - (2.124 - 1.846) * dt / 10) / 100
    end = (2.245 - (2.245 - 1.957) * dt / 10) / 100
    slope, ten = slope_of(by_coupons, coupon, start, life), (1.434 - 1.243) / 100
    bought, rolled, sold = (by_coupons(coupon, y, life) for y in (coupon, start, end))
    level, twist = slope * ten, slope * (end - start - ten)
    expected = {
        "carry": bought - 1,
        "rolldown": rolled - bought,
        "level": level,
        "curve": twist,
        "convexity": sold - rolled - level - twist,
        **dict.fromkeys(("inflation", "fee", "tracking"), 0.0),
    }
    assert at_end(market, "JGB30", "2004-03-31") == pytest.approx(expected, abs=1e-9, rel=0)
    assert bought - 1 == pytest.approx((1 + coupon / 2) ** (2 * dt) - 1, abs=1e-14)


def test_a_bar_on_which_the_nodes_end_too_early_worked_by_hand(market, by_coupons):
    # October 1993, US: the 20-year appears; 10 years 5.40 to 5.43, 30 years 6.04 to 5.96
    found = at_end(market, "UST30", "1993-10-31")
    life = 30 - 31 / 365.25
    slope = slope_of(by_coupons, 0.0604, 0.0604, life)
    assert found["rolldown"] == 0
    assert found["level"] == pytest.approx(slope * 0.0003, abs=1e-9)
    assert found["curve"] == pytest.approx(slope * -0.0011, abs=1e-9)


def test_inflation_is_what_the_index_adds_to_the_real_bond(market, by_coupons):
    # August 2008, as in test_build: real yields 1.65 to 1.68 %, 1.48 % at 7 years; CPI of June over May
    dt = 31 / 365.25
    real = by_coupons(0.0165, (1.68 - (1.68 - 1.48) * dt / 3) / 100, 10 - dt)
    found = at_end(market, "TIPS10", "2008-08-31")
    assert found["inflation"] == pytest.approx(real * (218.815 / 216.632 - 1), abs=1e-12, rel=0)
    five = sum(found[part] for part in ("carry", "rolldown", "level", "curve", "convexity"))
    assert five == pytest.approx(real - 1, abs=1e-12, rel=0)


@pytest.mark.parametrize("end", [-0.002, 0.0, 0.038, 0.06])
@pytest.mark.parametrize("coupon", [-0.001, 0.0, 0.0425])
def test_the_steps_are_those_of_quantlib(monkeypatch, coupon, end):
    """A 10-year bond from its first day to a month into a period of 184 days, by the ISMA count."""
    monkeypatch.setattr(curves, "DAYS_A_YEAR", 368.0)  # so that the life left is QuantLib's
    slope = 0.0005  # a year, at the bar's start; at its end the curve is flat
    tenors = np.array([9.0, 10.0])
    rows = np.array([[coupon - slope, coupon], [end, end]])
    dates = np.array(["2024-03-15", "2024-04-15"], "datetime64[D]")
    found = repricing._repriced(curves.Curve("us", dates, tenors, rows), bond(10.0))

    schedule = ql.Schedule(
        ql.Date(15, 3, 2024), ql.Date(15, 3, 2034), ql.Period(ql.Semiannual), ql.NullCalendar(),
        ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False,
    )  # fmt: skip
    isma = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    theirs, day = ql.FixedRateBond(0, 100.0, schedule, [coupon], isma), ql.Date(15, 4, 2024)

    def rate(yield_: float) -> ql.InterestRate:
        return ql.InterestRate(yield_, isma, ql.Compounded, ql.Semiannual)

    def dirty(yield_: float) -> float:
        return (ql.BondFunctions.cleanPrice(theirs, rate(yield_), day) + theirs.accruedAmount(day)) / 100

    start = coupon - slope * 31 / 368
    dollars = ql.BondFunctions.duration(theirs, rate(start), ql.Duration.Modified, day) * dirty(start)
    expected = {
        "carry": dirty(coupon) - 1,
        "rolldown": dirty(start) - dirty(coupon),
        "level": -dollars * (end - coupon),
        "curve": -dollars * (coupon - start),
        "convexity": dirty(end) - dirty(start) + dollars * (end - start),
    }
    assert {part: values[1] for part, values in found.items()} == pytest.approx(expected, abs=1e-12, rel=0)


# ---- days on which a curve is not quoted

WEEK = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"])


def holiday(us: list[np.ndarray], **changed):
    """Daily rows, which the Japanese curve has all; a US row of NaN is a holiday."""
    frame = pd.DataFrame(us, WEEK, TENORS)
    full = pd.DataFrame(0.01, WEEK, TENORS)
    return made_up(frame, "daily", yields={"us": frame, "jp": full}, **changed)


def test_on_a_holiday_nothing_is_earned_and_the_next_session_earns_it_all():
    closed = np.full(8, NAN)
    market = build(holiday([SLOPED, SLOPED, closed, closed, SLOPED + 0.001]), [bond(30.0)])
    alone = build(made_up(pd.DataFrame([SLOPED, SLOPED, SLOPED + 0.001], WEEK[[0, 1, 4]], TENORS)), [bond(30.0)])
    found, expected = parts(market, "BOND"), parts(alone, "BOND")
    for part in PARTS:
        assert not found[part][2:4].any()
        assert found[part][[0, 1, 4]].tolist() == expected[part].tolist()
    assert found["carry"][4] == pytest.approx((1 + 0.05 / 2) ** (2 * 5 / 365.25) - 1, abs=1e-14)
    assert sum(found.values())[1:] == pytest.approx(market.price[1:, 0] / market.price[:-1, 0] - 1, abs=1e-15)


def test_a_session_that_quotes_the_same_yields_is_a_session():
    closed = np.full(8, NAN)
    market = build(holiday([SLOPED, SLOPED, closed, SLOPED, SLOPED]), [bond(30.0)])
    assert (parts(market, "BOND")["carry"] > 0).tolist() == [False, True, False, True, True]


def test_a_history_that_begins_on_a_holiday_earns_from_the_session_before():
    rates = {currency: pd.Series([NAN, NAN, 0.0, 0.0, 0.0], WEEK) for currency in ("USD", "JPY")}
    still = holiday([SLOPED, SLOPED, np.full(8, NAN), SLOPED, SLOPED], overnight=rates)
    market = build(still, [bond(30.0)])
    assert market.exists[:, 0].tolist() == [False, False, True, True, True]
    total = sum(parts(market, "BOND").values())
    assert total[3:] == pytest.approx(market.price[3:, 0] / market.price[2:-1, 0] - 1, abs=1e-15)
    assert not total[:3].any()


# ---- funds


def fund(prices: list[float], income: list[float] | None = None, days: pd.DatetimeIndex = WEEK) -> dict:
    return {"TLT": pd.DataFrame({"price": prices, "income": income or [0.0] * len(prices)}, days)}


RISING = [SLOPED, SLOPED - 0.001, SLOPED, SLOPED + 0.001, SLOPED]


def test_by_proxy_a_fund_is_its_bond_less_the_fee():
    like = dataclasses.replace(bond(25.0), name="LIKE")
    market = build(holiday(RISING), [LIBRARY["TLT"], like])
    found, expected = parts(market, "TLT"), parts(market, "LIKE")
    days = np.array([0, 1, 1, 1, 3])
    assert found["fee"] == pytest.approx(-0.0015 * days / 365.25, abs=1e-18)
    for part in ("carry", "rolldown", "level", "curve", "convexity"):
        assert np.array_equal(found[part], expected[part])
    assert not found["tracking"].any()
    assert sum(found.values())[1:] == pytest.approx(market.price[1:, 0] / market.price[:-1, 0] - 1, abs=1e-15)


def test_what_a_funds_own_price_does_beyond_its_bond_and_fee_is_tracking():
    market = build(holiday(RISING, prices=fund([90.0, 92, 91, 89, 91], [0.0, 0, 0.3, 0, 0])), [LIBRARY["TLT"]])
    by_proxy = parts(build(holiday(RISING), [LIBRARY["TLT"]]), "TLT")
    found = parts(market, "TLT")
    earned = np.array([0, 92 / 90, 91.3 / 92, 89 / 91, 91 / 89]) - [0, 1, 1, 1, 1]  # 0.3 is paid on the third day
    assert sum(found.values()) == pytest.approx(earned, abs=1e-15)
    for part in PARTS[:-1]:
        assert np.array_equal(found[part], by_proxy[part]), part
    modelled = bar(build(holiday(RISING), [LIBRARY["TLT"]]), "TLT", "2024-01-04")
    assert found["tracking"][2] == pytest.approx(91.3 / 92 - 1 - modelled, abs=1e-14)


def test_a_fund_that_trades_while_its_curve_is_closed_strays_until_it_opens():
    closed = [SLOPED, SLOPED, np.full(8, NAN), SLOPED - 0.001, SLOPED - 0.001]
    found = parts(build(holiday(closed, prices=fund([90.0, 90, 91.5, 91.5, 91.6])), [LIBRARY["TLT"]]), "TLT")
    fee = 0.0015 / 365.25
    assert found["tracking"][2] == pytest.approx(91.5 / 90 - 1 + fee, abs=1e-15)
    assert found["level"][2] == 0 < found["level"][3]
    assert found["tracking"][3] == pytest.approx(-sum(found[part][3] for part in PARTS[:-1]), abs=1e-15)


def test_a_real_fund_on_its_own_prices_is_indexed_as_its_proxy_is(tables):
    months = tables.dates[(tables.dates >= "2008-05-31") & (tables.dates <= "2008-10-31")]
    prices = {"TIP": pd.DataFrame({"price": np.linspace(100, 95, len(months)), "income": 0.0}, months)}
    market = build(dataclasses.replace(tables, prices=prices), [LIBRARY["TIP"]])
    proxy = build(tables, [LIBRARY["TIP"]])
    traded, modelled = (at_end(one, "TIP", "2008-08-31") for one in (market, proxy))
    assert traded["inflation"] == modelled["inflation"] > 0
    assert traded["tracking"] == pytest.approx(
        bar(market, "TIP", "2008-08-31") - bar(proxy, "TIP", "2008-08-31"), abs=1e-14
    )
    assert modelled["tracking"] == 0 != traded["tracking"]


def test_what_is_modelled_and_what_is_traded_part_at_the_first_price():
    bought = fund([92.0, 91, 93], days=WEEK[2:])
    market = build(holiday(RISING, prices=bought), [LIBRARY["TLT"]])
    assert market.proxy[:, 0].tolist() == [True, True, True, False, False]
    assert (parts(market, "TLT")["tracking"] != 0).tolist() == [False, False, False, True, True]


def test_level_and_curve_are_the_slope_of_the_price_whatever_is_left_of_each_bonds_life():
    # Lives of different numbers of coupons side by side: payments that one has and another has not count for nothing.
    coupon, yield_, life = np.array([0.04, 0.02, 0.05]), np.array([0.03, 0.025, 0.0]), np.array([1.9, 9.7, 0.3])
    h = 1e-6
    slope = (bond_price(coupon, yield_ + h, life) - bond_price(coupon, yield_ - h, life)) / (2 * h)
    assert repricing._slope(coupon, yield_, life, 2) == pytest.approx(slope, rel=1e-8)
