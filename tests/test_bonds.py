"""Par bonds in closed form, against published figures, QuantLib, and the laws they must keep."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  # its own short name
from hypothesis import given
from hypothesis import strategies as st

from data.pricing.bonds import annuity, par_duration, par_return, price

YIELDS = [*np.linspace(-0.02, 0.20, 89), 0.0, 1e-18, -1e-18, 1e-300]
MATURITIES = np.arange(0.5, 40.5, 0.5)

yields = st.floats(-0.02, 0.20)
lives = st.floats(0.02, 40.0)
half_years = st.integers(1, 80).map(lambda k: k / 2)


@pytest.mark.parametrize("maturity", [0.5, 2.0, 10.0, 40.0])
def test_a_coupon_equal_to_the_yield_costs_exactly_par(maturity):
    assert price(YIELDS, YIELDS, maturity) == pytest.approx(np.ones(len(YIELDS)), abs=1e-12, rel=0)


def test_par_is_par_for_every_maturity_at_zero_and_next_to_zero():
    for y in (0.0, 1e-18, -1e-18, 1e-9):
        assert price(y, y, MATURITIES) == pytest.approx(np.ones(len(MATURITIES)), abs=1e-12, rel=0)


def test_an_annuity_at_zero_is_its_number_of_payments():
    assert annuity([0.0, 1e-18, -1e-18], 20.0).tolist() == [20.0, 20.0, 20.0]


def test_an_annuity_of_two_payments_is_their_two_discounts():
    assert float(annuity(0.25, 2.0)) == pytest.approx(1 / 1.25 + 1 / 1.25**2, rel=1e-15)


# published figures
@pytest.mark.parametrize(
    ("yield_", "maturity", "expected"),
    [(0.04, 10.0, 8.175716672), (0.05, 30.0, 15.454328243), (-0.002, 10.0, 10.10577445)],
)
def test_duration_at_par_is_the_published_one(yield_, maturity, expected):
    assert float(par_duration(yield_, maturity)) == pytest.approx(expected, abs=1e-8, rel=0)


def test_duration_without_discounting_is_the_maturity():
    assert par_duration(0.0, MATURITIES) == pytest.approx(MATURITIES, rel=1e-15)


# published figures: a 4.5 % bond of 2055-02-15 on 2025-03-15, per 100
@pytest.mark.parametrize(("yield_", "dirty"), [(0.045, 100.3448013921), (0.05, 92.6259784719)])
def test_a_bond_between_coupons_costs_the_published_dirty_price(yield_, dirty):
    life = 59 / 2 + (date(2025, 8, 15) - date(2025, 3, 15)) / (date(2025, 8, 15) - date(2025, 2, 15)) / 2
    assert 100 * float(price(0.045, yield_, life)) == pytest.approx(dirty, abs=1e-9, rel=0)


def quantlib_bond() -> tuple[ql.FixedRateBond, ql.Schedule, ql.DayCounter]:
    """Return the 4.5 % bond of 2055-02-15, unadjusted, with its schedule and its ISMA day count."""
    schedule = ql.Schedule(
        ql.Date(15, 2, 2025), ql.Date(15, 2, 2055), ql.Period(ql.Semiannual), ql.NullCalendar(),
        ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False,
    )  # fmt: skip
    isma = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    return ql.FixedRateBond(0, 100.0, schedule, [0.045], isma), schedule, isma


@pytest.mark.parametrize("yield_", [-0.002, 0.0001, 0.045, 0.05, 0.15])
@pytest.mark.parametrize(
    "settle",
    ["2025-02-16", "2025-03-15", "2025-08-14", "2025-08-15", "2031-11-30", "2040-02-29", "2055-01-31"],
)
def test_dirty_prices_are_those_of_quantlib(settle, yield_):
    bond, schedule, isma = quantlib_bond()
    day = ql.Date(settle, "%Y-%m-%d")
    before, after = schedule.previousDate(day + 1), schedule.nextDate(day + 1)  # a coupon paid today is gone
    left = sum(coupon > day for coupon in schedule)
    life = (left - 1 + (after - day) / (after - before)) / 2

    rate = ql.InterestRate(yield_, isma, ql.Compounded, ql.Semiannual)
    expected = ql.BondFunctions.cleanPrice(bond, rate, day) + bond.accruedAmount(day)
    assert 100 * float(price(0.045, yield_, life)) == pytest.approx(expected, abs=1e-9, rel=0)


@pytest.mark.parametrize("coupon", [0.0001, 0.02, 0.045, 0.15])
def test_durations_at_par_are_those_of_quantlib(coupon):
    _, schedule, isma = quantlib_bond()
    start = schedule.startDate()
    bond = ql.FixedRateBond(0, 100.0, schedule, [coupon], isma)
    rate = ql.InterestRate(coupon, isma, ql.Compounded, ql.Semiannual)
    expected = ql.BondFunctions.duration(bond, rate, ql.Duration.Modified, start)
    assert float(par_duration(coupon, 30.0)) == pytest.approx(expected, abs=1e-8, rel=0)


def test_a_one_year_bond_is_worth_its_two_payments():
    # 3 now-plus-half and 103 in a year, at 2 % a half: 3/1.02 + 103/1.02**2
    assert 100 * float(price(0.06, 0.04, 1.0)) == pytest.approx(3 / 1.02 + 103 / 1.02**2, rel=1e-14)


def test_a_bond_loses_its_coupon_and_not_its_value_on_a_coupon_day():
    just_before, just_after = price(0.06, 0.04, 5.0 + 1e-9), price(0.06, 0.04, 5.0)
    assert float(just_before - just_after) == pytest.approx(0.03, abs=1e-8)


def test_long_bond_gains_when_its_yield_falls():
    gain, loss = par_return(0.04, 0.03, 30.0), par_return(0.04, 0.05, 30.0)
    assert gain > -loss > 0  # and by convexity it gains more than it loses


@given(coupon=st.floats(0.0, 0.15), yield_=yields, life=lives)
def test_the_closed_form_is_the_sum_of_the_discounted_payments(by_coupons, coupon, yield_, life):
    assert float(price(coupon, yield_, life)) == pytest.approx(by_coupons(coupon, yield_, life), rel=1e-12)


@given(coupon=st.floats(0.0, 0.15), yield_=yields, rise=st.floats(1e-6, 0.05), life=lives)
def test_price_falls_when_yield_rises(coupon, yield_, rise, life):
    assert price(coupon, yield_ + rise, life) < price(coupon, yield_, life)


@given(yield_=yields, maturity=half_years)
def test_duration_is_the_slope_of_the_price_at_par(yield_, maturity):
    h = 1e-4  # five-point stencil: its error, h**4 / 30 of the fifth derivative, is below 1e-9
    up2, up1, down1, down2 = price(yield_, yield_ + h * np.array([2.0, 1.0, -1.0, -2.0]), maturity)
    slope = (-up2 + 8 * up1 - 8 * down1 + down2) / (12 * h)
    assert float(par_duration(yield_, maturity)) == pytest.approx(-slope, abs=1e-8, rel=0)


@given(yield_=yields, maturity=half_years, days=st.integers(1, 182))
def test_a_bond_at_an_unchanged_yield_earns_that_yield(yield_, maturity, days):
    dt = days / 365.25
    earned = par_return(yield_, yield_, maturity - dt)
    assert float(earned) == pytest.approx((1 + yield_ / 2) ** (2 * dt) - 1, abs=1e-12, rel=0)
