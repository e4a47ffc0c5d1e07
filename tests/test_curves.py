"""What can be read off a curve between its quotes, and what cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from data.errors import DataError
from data.pricing.curves import Curve

NAN = np.nan
TENORS = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0]
quoted_rows = st.lists(st.integers(-400, 2000).map(lambda bp: bp / 1e4), min_size=6, max_size=6)


def curve(yields, tenors=TENORS, dates=None, interpolation="linear") -> Curve:
    """Return a curve of these rows, on month ends from 2020-01 unless said."""
    rows = np.array(yields, dtype=float)
    if dates is None:
        dates = (np.datetime64("2020-02") + np.arange(len(rows))).astype("datetime64[D]") - 1
    return Curve("us", np.array(dates, dtype="datetime64[D]"), np.array(tenors), rows, interpolation)


def one_row(tenors) -> Curve:
    return curve([[0.03] * len(tenors)], tenors)


# ---- existence


@pytest.mark.parametrize(
    ("tenors", "exists"),
    [([5.0, 10.0], True), ([5.0, 10.0 + 1e-9], False), ([5.0 - 1e-9, 10.0], False), ([3.5, 7.0], False)],
)
def test_a_maturity_exists_between_tenors_whose_ratio_is_at_most_two(tenors, exists):
    assert np.isfinite(one_row(tenors).at(7.5)).tolist() == [exists]


def test_a_quoted_tenor_exists_however_far_its_neighbours_are():
    lonely = curve([[0.03, NAN, NAN, 0.04, NAN, 0.05]])
    assert [float(lonely.at(m)[0]) for m in (1, 10, 30)] == [0.03, 0.04, 0.05]
    assert np.isnan([lonely.at(m)[0] for m in (2, 5, 20, 25)]).all()


def test_only_the_nearest_quoted_tenors_decide():
    # 5 to 20 is a ratio of 4, though every tenor of the source has a neighbour within 2.5
    holed = curve([[0.01, 0.02, 0.03, NAN, 0.05, 0.06]])
    assert np.isnan(holed.at(10.0)).all()
    assert holed.at(25.0) == pytest.approx([0.055], rel=1e-15)


@pytest.mark.parametrize("interpolation", ["linear", "pchip"])
@pytest.mark.parametrize("maturity", [0.5, 1 - 1e-12, 30 + 1e-12, 40.0])
def test_nothing_is_extrapolated(maturity, interpolation):
    rising = curve([[0.01, 0.02, 0.03, 0.04, 0.05, 0.06]], interpolation=interpolation)
    assert np.isnan(rising.at(maturity)).all()


def test_an_empty_row_holds_no_maturity():
    assert np.isnan(curve([[NAN] * 6]).at(10.0)).all()


# ---- interpolation


def test_linear_lies_on_the_chord():
    # a quarter of the way from 20 to 30 years, 4.0 to 4.8 %
    assert curve([[0.01, 0.01, 0.01, 0.03, 0.04, 0.048]]).at(22.5) == pytest.approx([0.042], rel=1e-15)


@given(quoted_rows)
def test_linear_and_pchip_agree_at_the_quoted_tenors(quotes):
    for interpolation in ("linear", "pchip"):
        read = [float(curve([quotes], interpolation=interpolation).at(m)[0]) for m in TENORS]
        assert read == pytest.approx(quotes, abs=1e-15)


@pytest.mark.parametrize("maturity", [1.5, 6.0, 14.0, 25.0])
def test_pchip_is_the_one_of_scipy_on_the_tenors_of_the_row(maturity):
    quotes = np.array([0.036, 0.034, NAN, 0.041, 0.048, 0.046])  # no 5-year
    whole = np.where(np.isnan(quotes), 0.039, quotes)
    read = curve([quotes, whole], interpolation="pchip").at(maturity)

    kept = ~np.isnan(quotes)
    short = PchipInterpolator(np.array(TENORS)[kept], quotes[kept])(maturity)
    assert read[1] == pytest.approx(float(PchipInterpolator(TENORS, whole)(maturity)), rel=1e-14)
    if maturity == 6.0:  # 2 to 10 is too wide a gap
        assert np.isnan(read[0])
    else:
        assert read[0] == pytest.approx(float(short), rel=1e-14)


@given(quoted_rows, st.floats(2.5, 5.0) | st.floats(5.0, 30.0))
def test_what_is_read_lies_between_its_neighbours(quotes, maturity):
    right = int(np.searchsorted(TENORS, maturity))
    low, high = sorted(quotes[right - 1 : right + 1])
    for interpolation in ("linear", "pchip"):
        read = float(curve([quotes], interpolation=interpolation).at(maturity)[0])
        if TENORS[right] > 2 * TENORS[right - 1] and maturity != TENORS[right]:
            assert np.isnan(read)
        else:
            assert low - 1e-15 <= read <= high + 1e-15


# ---- bars


def test_a_bar_reads_the_coupon_at_its_start_and_the_aged_bond_at_its_end():
    rows = [[0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [0.02, 0.03, 0.04, 0.05, 0.07, 0.08]]
    bars = curve(rows, dates=["2020-01-31", "2020-02-29"]).bars(20.0)
    dt = 29 / 365.25
    assert bars.coupon[1] == 0.05
    assert bars.unaged[1] == 0.07
    assert bars.life[1] == pytest.approx(20 - dt, rel=1e-15)
    assert bars.aged[1] == pytest.approx(0.07 - 0.02 * dt / 10, rel=1e-14)
    assert np.isnan([bars.coupon[0], bars.aged[0], bars.unaged[0], bars.life[0]]).all()


def test_a_bar_reads_what_is_left_of_the_bond_at_its_start_too():
    rows = [[0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [0.02, 0.03, 0.04, 0.05, 0.07, 0.08]]
    bars = curve(rows, dates=["2020-01-31", "2020-02-29"]).bars(20.0)
    assert np.isnan(bars.rolled[0])
    assert bars.rolled[1] == pytest.approx(0.05 - 0.01 * (29 / 365.25) / 10, rel=1e-14)


def test_a_move_is_read_on_the_nodes_of_both_ends():
    tenors = [5.0, 7.0, 10.0]
    moves = curve([[0.03, 0.05, 0.04], [0.04, NAN, 0.05], [0.05, NAN, 0.05]], tenors).moves(7.0)
    assert np.isnan(moves[0])
    assert moves[1:] == pytest.approx([0.01, 0.01 * 3 / 5], abs=1e-16)  # not from 5 % to 4.4 %
    assert np.isnan(curve([[0.03] * 3] * 2, tenors).moves(12.0)).all()


def test_a_tenor_that_appears_is_no_node_of_the_bar_it_appears_on():
    without, with_20 = [0.01, 0.02, 0.03, 0.04, NAN, 0.06], [0.01, 0.02, 0.03, 0.04, 0.09, 0.06]
    bars = curve([without, with_20, with_20], dates=["2020-01-31", "2020-02-29", "2020-03-31"]).bars(30.0)
    assert np.isnan(bars.aged[1])  # 10 to 30 years: a ratio of 3
    assert bars.unaged[1] == 0.06
    assert bars.aged[2] == pytest.approx(0.06 + 0.03 * (31 / 365.25) / 10, rel=1e-14)


def test_a_tenor_that_vanishes_is_no_node_of_the_bar_it_vanishes_on():
    tenors = [5.0, 7.0, 10.0]
    bars = curve([[0.03, 0.05, 0.04], [0.03, NAN, 0.04]], tenors, ["2020-01-31", "2020-02-29"]).bars(7.0)
    assert bars.coupon[1] == pytest.approx(0.03 + 0.01 * 2 / 5, rel=1e-14)  # on 5 and 10, as at the end
    assert bars.aged[1] == pytest.approx(0.03 + 0.01 * (2 - 29 / 365.25) / 5, rel=1e-14)


def test_pchip_bars_use_the_nodes_of_both_ends():
    tenors, before = [5.0, 7.0, 10.0, 20.0], np.array([0.03, 0.05, 0.04, 0.06])
    bars = curve([before, [0.03, NAN, 0.04, 0.06]], tenors, ["2020-01-31", "2020-02-29"], "pchip").bars(9.0)
    common = PchipInterpolator([5, 10, 20], before[[0, 2, 3]])
    assert bars.coupon[1] == pytest.approx(float(common(9.0)), rel=1e-14)


def test_a_bar_just_below_half_a_year_passes_and_one_above_raises():
    flat = [[0.03] * 6] * 2
    assert np.isfinite(curve(flat, dates=["2021-01-01", "2021-07-02"]).bars(10.0).aged[1])  # 182 days
    with pytest.raises(DataError, match=r"us.*2021-01-01.*2021-07-03.*half a year"):
        curve(flat, dates=["2021-01-01", "2021-07-03"]).bars(10.0)  # 183 days, 0.501 of a year


def test_a_long_bar_of_a_maturity_that_does_not_exist_is_nobodys_concern():
    rows = [[NAN, NAN, NAN, 0.03, 0.03, NAN], [0.03] * 6]
    assert np.isnan(curve(rows, dates=["2020-01-01", "2021-01-01"]).bars(2.0).coupon).all()


# ---- what a curve refuses


@pytest.mark.parametrize("value", [4.1, -0.0501, 0.2501, np.inf, -np.inf])
def test_an_implausible_yield_is_refused_by_curve_tenor_day_and_value(value):
    rows = [[0.03] * 6, [0.03, 0.03, 0.03, value, 0.03, 0.03]]
    with pytest.raises(DataError) as refusal:
        curve(rows, dates=["2024-01-03", "2024-01-04"])
    message = str(refusal.value)
    assert "\n" not in message
    for part in ("curve us", "10-year", "2024-01-04", f"{value:g}", "decimals"):
        assert part in message


@pytest.mark.parametrize("value", [-0.05, 0.25])
def test_the_ends_of_the_plausible_range_are_plausible(value):
    assert curve([[value] * 6]).at(10.0).tolist() == [value]


@pytest.mark.parametrize("second", ["2024-01-03", "2024-01-04"])
def test_dates_that_do_not_ascend_are_refused(second):
    with pytest.raises(DataError, match=f"curve us: {second}"):
        curve([[0.03] * 6] * 3, dates=["2024-01-04", second, "2024-01-05"])


def test_tenors_that_do_not_ascend_are_refused():
    with pytest.raises(DataError, match="not ascending"):
        curve([[0.03, 0.03]], [10.0, 5.0])


# ---- curves in time


def test_a_curve_as_known_on_a_row_shares_its_memory():
    whole = curve([[0.01] * 6, [0.02] * 6, [0.03] * 6])
    known = whole.until(1)
    assert known.yields.shape == (2, 6) and known.dates.shape == (2,)
    assert np.shares_memory(known.yields, whole.yields) and np.shares_memory(known.dates, whole.dates)
    assert known.at(10.0).tolist() == [0.01, 0.02]


def test_the_arrays_of_a_curve_cannot_be_written():
    read_only = curve([[0.03] * 6])
    for array in (read_only.yields, read_only.dates, read_only.tenors, read_only.until(0).yields):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]


def test_a_curve_on_other_days_is_its_last_quotes_and_nothing_before_the_first():
    quoted = curve([[0.01] * 6, [0.02] * 6], dates=["2024-01-02", "2024-01-05"])
    days = np.array(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05", "2024-01-09"], "datetime64[D]")
    assert quoted.on(days).at(10.0)[1:].tolist() == [0.01, 0.01, 0.02, 0.02]
    assert np.isnan(quoted.on(days).yields[0]).all()


def test_a_carried_curve_remembers_its_sessions_even_where_two_quote_the_same():
    quoted = curve([[0.01] * 6, [0.01] * 6, [0.02] * 6], dates=["2024-01-02", "2024-01-05", "2024-01-08"])
    days = np.arange("2024-01-01", "2024-01-09", dtype="datetime64[D]")
    carried = quoted.on(days)
    assert quoted.sessions().all()
    assert days[carried.sessions()].astype(str).tolist() == ["2024-01-02", "2024-01-05", "2024-01-08"]
    assert np.array_equal(carried.quoted().yields, quoted.yields)
    assert np.array_equal(carried.quoted().dates, quoted.dates)
    assert carried.until(3).sessions().tolist() == [False, True, False, False]
    assert carried.on(days[2:]).sessions().tolist() == carried.sessions()[2:].tolist()  # carried twice
    with pytest.raises(ValueError, match="read-only"):
        carried.quoted().yields[0] = 0.0
