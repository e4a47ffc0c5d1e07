"""What a curve says of its own future: by hand, against QuantLib, and the laws a forward must keep."""

from __future__ import annotations

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  # its own short name
from hypothesis import given
from hypothesis import strategies as st

from data.pricing.curves import Curve
from data.pricing.forwards import discount_factors, forward_par

NAN = np.nan
TENORS = [0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0]
SLOPED = [0.0430, 0.0416, 0.0425, 0.0427, 0.0438, 0.0448, 0.0458, 0.0486, 0.0478]


def curve(yields, tenors=TENORS, interpolation="linear") -> Curve:
    """Return a curve of these rows, on month ends from 2020-01."""
    rows = np.array(yields, dtype=float)
    dates = (np.datetime64("2020-02") + np.arange(len(rows))).astype("datetime64[D]") - 1
    return Curve("us", dates, np.array(tenors), rows, interpolation)


@pytest.mark.parametrize("interpolation", ["linear", "pchip"])
@pytest.mark.parametrize(("ahead", "maturity"), [(0.0, 10.0), (1.0, 2.0), (1 / 12, 10.0), (0.75, 5.0), (10.0, 20.0)])
@pytest.mark.parametrize("y", [-0.004, 0.0, 0.0425, 0.15])
def test_the_forward_of_a_flat_curve_is_its_yield(y, ahead, maturity, interpolation):
    forward = forward_par(curve([[y] * 9], interpolation=interpolation), ahead, maturity)
    assert forward == pytest.approx([y], abs=1e-14, rel=0)


def test_two_periods_by_hand():
    # 1/1.02 and (1 - 0.025/1.02)/1.025; the second half-year earns 1.025/(1.02 - 0.025) - 1 = 3/99.5
    two = curve([[0.04, 0.05]], [0.5, 1.0])
    assert discount_factors(two, 2)[0] == pytest.approx([1, 1 / 1.02, (1 - 0.025 / 1.02) / 1.025], rel=1e-15)
    assert forward_par(two, 0.5, 0.5) == pytest.approx([2 * 0.03 / 0.995], rel=1e-13)
    # a quarter ahead, for half a year: half of each half-year's growth, compounded
    assert forward_par(two, 0.25, 0.5) == pytest.approx([2 * (np.sqrt(1.02 * (1 + 0.03 / 0.995)) - 1)], rel=1e-13)


def test_a_forward_that_starts_now_is_the_par_yield():
    sloped = curve([SLOPED])
    for maturity in (0.5, 2.0, 7.5, 10.0, 30.0):
        assert forward_par(sloped, 0.0, maturity) == pytest.approx(sloped.at(maturity), abs=1e-14, rel=0)


def test_holding_a_long_bond_earns_what_its_forwards_say():
    # five years, then the five years after: the bonds of both together repay the ten-year
    factors = discount_factors(curve([SLOPED]), 20)[0]
    later = forward_par(curve([SLOPED]), 5.0, 5.0)[0]
    assert later / 2 * factors[11:].sum() + factors[20] == pytest.approx(factors[10], rel=1e-14)


@pytest.mark.parametrize(("ahead", "maturity"), [(1.0, 2.0), (1.0, 10.0), (0.75, 2.0), (2.25, 7.5), (5.0, 5.0)])
def test_forwards_are_those_of_quantlib_bootstrapped_from_the_same_par_bonds(ahead, maturity):
    today, day_count = ql.Date(15, 1, 2025), ql.Thirty360(ql.Thirty360.BondBasis)
    ql.Settings.instance().evaluationDate = today
    helpers = []
    for k in range(1, 61):
        end = today + ql.Period(6 * k, ql.Months)
        schedule = ql.Schedule(
            today, end, ql.Period(ql.Semiannual), ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted,
            ql.DateGeneration.Backward, False,
        )  # fmt: skip
        coupon = float(np.interp(k / 2, TENORS, SLOPED))
        par = ql.QuoteHandle(ql.SimpleQuote(100.0))
        helpers.append(ql.FixedRateBondHelper(par, 0, 100.0, schedule, [coupon], day_count))
    theirs = ql.PiecewiseLogLinearDiscount(today, helpers, day_count)

    def discount(years: float) -> float:
        return float(theirs.discount(today + ql.Period(round(12 * years), ql.Months)))

    paid = sum(discount(ahead + k / 2) for k in range(1, int(2 * maturity) + 1))
    expected = 2 * (discount(ahead) - discount(ahead + maturity)) / paid
    assert forward_par(curve([SLOPED]), ahead, maturity) == pytest.approx([expected], abs=1e-10, rel=0)


def test_at_the_end_of_2024_the_us_slope_was_expected_to_stay(market):
    # published figures: 2s10s 33 bp, one year ahead 34
    (t,) = np.flatnonzero(market.dates == np.datetime64("2024-12-31"))
    us = market.curves["us"]
    spot = us.at(10.0) - us.at(2.0)
    ahead = forward_par(us, 1.0, 10.0) - forward_par(us, 1.0, 2.0)
    assert round(1e4 * spot[t]) == 33
    assert round(1e4 * ahead[t]) == 34


def test_below_the_shortest_quoted_tenor_its_yield_is_used():
    # row by row: quoted from half a year, and from two years on; the second is flat up to there
    rows = curve([SLOPED, [NAN, NAN, 0.05, 0.05, *SLOPED[4:]]])
    assert discount_factors(rows, 4)[1] == pytest.approx(1.025 ** -np.arange(5.0), rel=1e-14)
    alone = [forward_par(curve([row]), 1.0, 2.0)[0] for row in rows.yields]
    assert forward_par(rows, 1.0, 2.0).tolist() == alone


def test_there_is_no_forward_where_a_maturity_it_needs_does_not_exist():
    whole, holed, empty = SLOPED, [*SLOPED[:3], NAN, NAN, NAN, *SLOPED[6:]], [NAN] * 9
    rows = curve([whole, holed, empty])
    assert np.isfinite(forward_par(rows, 1.0, 10.0)).tolist() == [True, False, False]  # 2 to 10 years: a hole
    assert np.isfinite(forward_par(rows, 1.0, 1.0)).tolist() == [True, True, False]
    assert np.isnan(forward_par(rows, 1.0, 30.0)).all()  # no 31-year


@given(st.lists(st.integers(-50, 800).map(lambda bp: bp / 1e4), min_size=9, max_size=9), st.sampled_from([0.5, 1, 2.5]))
def test_a_row_knows_nothing_of_the_others(yields, ahead):
    several = curve([SLOPED, yields, SLOPED])
    assert forward_par(several, ahead, 5.0)[1] == forward_par(curve([yields]), ahead, 5.0)[0]


@pytest.mark.parametrize(("ahead", "maturity"), [(1.0, 0.0), (1.0, 2.25), (-0.5, 2.0)])
def test_a_forward_that_means_nothing_is_refused(ahead, maturity):
    with pytest.raises(ValueError, match=r"multiple of 0\.5"):
        forward_par(curve([SLOPED]), ahead, maturity)
