"""Par yields of spot curves: QuantLib's bonds on QuantLib's zero curve, and the laws between the two."""

from __future__ import annotations

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  # its own short name

from data.pricing.spot import discount, par_of_spot

TENORS = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 30.0])
SPOT = np.array([0.051, 0.048, 0.042, 0.039, 0.043, 0.047])
COMPOUNDING = {
    1: (ql.Compounded, ql.Annual),
    2: (ql.Compounded, ql.Semiannual),
    "continuous": (ql.Continuous, ql.Annual),
}
FREQUENCY = {1: ql.Annual, 2: ql.Semiannual}
TODAY = ql.Date(15, 3, 2024)


THIRTY = ql.Thirty360(ql.Thirty360.BondBasis)  # months of 30 days, so that years are whole


def quantlib_curve(compounding) -> ql.DiscountCurve:
    """QuantLib's discount factors every half-year, at spot rates straight between the tenors."""
    dates, factors = [TODAY], [1.0]
    for k in range(1, 61):
        day = TODAY + ql.Period(6 * k, ql.Months)
        rate = ql.InterestRate(float(np.interp(k / 2, TENORS, SPOT)), THIRTY, *COMPOUNDING[compounding])
        dates.append(day)
        factors.append(rate.discountFactor(TODAY, day))
    return ql.DiscountCurve(dates, factors, THIRTY)


def quantlib_zero_curve() -> ql.ZeroCurve:
    """QuantLib's own interpolation, which is straight in continuous spot rates."""
    dates = [TODAY, *(TODAY + ql.Period(round(12 * years), ql.Months) for years in TENORS)]
    return ql.ZeroCurve(
        dates, [SPOT[0], *SPOT.tolist()], THIRTY, ql.NullCalendar(), ql.Linear(), ql.Continuous, ql.Annual
    )


@pytest.mark.parametrize("coupons", [1, 2])
@pytest.mark.parametrize("compounding", [1, 2, "continuous"])
@pytest.mark.parametrize("years", [1.0, 2.0, 5.0, 10.0, 30.0])
def test_a_bond_that_pays_the_par_yield_is_worth_par_on_quantlib_s_curve(coupons, compounding, years):
    par = float(par_of_spot(TENORS, SPOT[None, :], coupons, compounding)[0, TENORS.tolist().index(years)])
    ql.Settings.instance().evaluationDate = TODAY
    schedule = ql.Schedule(
        TODAY, TODAY + ql.Period(int(years), ql.Years), ql.Period(FREQUENCY[coupons]), ql.NullCalendar(),
        ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False,
    )  # fmt: skip
    bond = ql.FixedRateBond(0, 100.0, schedule, [par], THIRTY)
    curves = [quantlib_curve(compounding), *([quantlib_zero_curve()] if compounding == "continuous" else [])]
    for curve in curves:
        bond.setPricingEngine(ql.DiscountingBondEngine(ql.YieldTermStructureHandle(curve)))
        assert bond.dirtyPrice() == pytest.approx(100.0, abs=1e-9)


@pytest.mark.parametrize(("coupons", "compounding"), [(1, 1), (2, 2)])
@pytest.mark.parametrize("level", [-0.004, 0.0, 0.06])
def test_where_all_spot_rates_are_alike_the_par_yield_is_that_rate(coupons, compounding, level):
    whole = np.array([1.0, 2.0, 5.0, 10.0])
    par = par_of_spot(whole, np.full((1, 4), level), coupons, compounding)
    np.testing.assert_allclose(par, level, rtol=0, atol=1e-14)


def test_the_par_yield_of_a_rising_spot_curve_lies_under_it():
    par = par_of_spot(TENORS, np.linspace(0.01, 0.05, 6)[None, :], 1, 1)[0]
    assert (par[2:] < np.linspace(0.01, 0.05, 6)[2:]).all()
    assert (np.diff(par[1:]) > 0).all()


def test_two_years_by_hand():
    par = par_of_spot(np.array([1.0, 2.0]), np.array([[0.02, 0.04]]), 1, 1)[0, 1]
    one, two = 1 / 1.02, 1 / 1.04**2
    assert par == pytest.approx((1 - two) / (one + two), rel=1e-14)


def test_a_tenor_that_is_not_quoted_has_no_par_yield_and_those_beside_it_are_read_past_it():
    gap = np.array([[0.02, np.nan, 0.04], [np.nan, np.nan, np.nan]])
    par = par_of_spot(np.array([1.0, 2.0, 3.0]), gap, 1, 1)
    straight = par_of_spot(np.array([1.0, 2.0, 3.0]), np.array([[0.02, 0.03, 0.04]]), 1, 1)
    assert np.isnan(par[0, 1]) and np.isnan(par[1]).all()
    assert par[0, 2] == straight[0, 2]


def test_a_bond_shorter_than_a_coupon_period_is_worth_par_and_what_has_accrued():
    years, rate = 0.25, 0.05
    par = float(par_of_spot(np.array([years]), np.array([[rate]]), 1, "continuous")[0, 0])
    assert (1 + par) * float(discount(np.array([rate]), np.array([years]), "continuous")[0]) == pytest.approx(
        1 + par * (1 - years), rel=1e-14
    )
