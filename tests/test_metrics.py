"""Every figure against a source that defines the same thing, or against a case worked by hand."""

from __future__ import annotations

import math
from datetime import date

import empyrical
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from backtests.engine.result import LEG_LINES, Result
from backtests.performance import metrics
from backtests.performance.metrics import Drawdown

MONTHLY = 12.0
FOUR_YEARS = pd.date_range("2020-02-29", "2024-02-29", freq="ME")  # 1461 days, 4 years of 365.25


def result(equity: list | np.ndarray, dates: object = None, **given: object) -> Result:
    """A result of one leg with this equity, from 1000 USD on month ends, all lines 0 that are not given."""
    equity = np.array(equity, dtype=float)
    rows = len(equity)
    index = pd.date_range("2020-01-31", periods=rows, freq="ME") if dates is None else pd.DatetimeIndex(dates)
    by_leg = (*LEG_LINES, "units", "traded", "weights", "notional")
    tables = {name: np.array(given.get(name, np.zeros(rows)), dtype=float).reshape(rows, 1) for name in by_leg}
    books = {name: np.array(given.get(name, np.zeros(rows)), dtype=float) for name in ("cash", "margin")}
    return Result(
        dates=index.to_numpy().astype("datetime64[D]"),
        capital=given.get("capital", 1000.0),
        equity=equity,
        ruined=given.get("ruined"),
        **tables,
        **books,
    )


@pytest.fixture
def four_years() -> Result:
    """49 month ends that earn some interest and a random return."""
    rng = np.random.default_rng(3)
    growth = rng.normal(0.004, 0.03, 48)
    equity = 1000 * np.cumprod([1.0, *(1 + growth)])
    cash = np.concatenate([[0.0], equity[:-1] * rng.uniform(0.0, 0.004, 48)])
    return result(equity, FOUR_YEARS, cash=cash)


def figures(of: Result) -> dict:
    return metrics.figures(of, MONTHLY)


# ---- against libraries


def test_ratios_are_those_of_empyrical(four_years):
    r = np.diff(four_years.equity) / four_years.equity[:-1]
    x = r - four_years.cash[1:] / four_years.equity[:-1]
    expected = {
        "sharpe": empyrical.sharpe_ratio(x, period="monthly"),
        "sortino": empyrical.sortino_ratio(x, period="monthly"),
        "volatility": empyrical.annual_volatility(r, period="monthly"),
        "max_drawdown": -empyrical.max_drawdown(r),
        "excess_drawdown": -empyrical.max_drawdown(x),
        "cagr": empyrical.cagr(r, period="monthly"),
        "calmar": empyrical.calmar_ratio(r, period="monthly"),
        "total_return": empyrical.cum_returns_final(r),
        "var_95": -empyrical.value_at_risk(r, 0.05),
        "es_95": -empyrical.conditional_value_at_risk(r, 0.05),
    }
    found = figures(four_years)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)


def test_moments_are_the_biased_ones_of_scipy(four_years):
    r = metrics.returns(four_years)
    found = figures(four_years)
    assert found["skew"] == pytest.approx(scipy.stats.skew(r), rel=1e-12)
    assert found["kurtosis"] == pytest.approx(scipy.stats.kurtosis(r), rel=1e-12)


def test_alpha_and_beta_are_those_of_a_straight_line(four_years):
    rng = np.random.default_rng(4)
    other = result(1000 * np.cumprod([1.0, *(1 + rng.normal(0, 0.02, 48))]), FOUR_YEARS, cash=np.full(49, 0.7))
    x, b = metrics.excess_returns(four_years), metrics.excess_returns(other)
    slope, intercept = np.polyfit(b, x, 1)
    found = metrics.against(four_years, other, MONTHLY)
    assert found["beta"] == pytest.approx(slope, rel=1e-10)
    assert found["beta"] == pytest.approx(empyrical.beta(x, b), rel=1e-10)
    assert found["alpha"] == pytest.approx(12 * intercept, rel=1e-10)
    assert found["correlation"] == pytest.approx(np.corrcoef(x, b)[0, 1], rel=1e-10)
    assert found["bars"] == 48


def test_rolling_figures_are_those_of_pandas(four_years):
    x = metrics.excess_returns(four_years)
    sharpe, volatility = metrics.rolling(x, 12, MONTHLY)
    window = pd.Series(x).rolling(12)
    np.testing.assert_allclose(volatility, window.std() * math.sqrt(12), rtol=1e-9)
    np.testing.assert_allclose(sharpe, window.mean() / window.std() * math.sqrt(12), rtol=1e-9)
    assert np.isnan(sharpe[:11]).all() and np.isfinite(sharpe[11:]).all()


def test_rolling_figures_of_too_short_a_history_are_all_missing():
    for values in metrics.rolling(np.array([0.01, 0.02]), 3, MONTHLY):
        assert np.isnan(values).all() and len(values) == 2


def test_a_rolling_sharpe_of_bars_that_do_not_move_is_missing():
    sharpe, volatility = metrics.rolling(np.full(4, 0.01), 3, MONTHLY)
    assert np.isnan(sharpe).all()
    assert volatility[2:].tolist() == [0.0, 0.0]


# ---- returns by hand


def test_excess_is_the_return_less_the_interest_credited():
    of = result([1000, 1100, 990], cash=[0, 50, 11])
    assert metrics.returns(of).tolist() == pytest.approx([0.1, -0.1])
    assert metrics.excess_returns(of).tolist() == pytest.approx([0.05, -0.11])
    assert metrics.excess_index(of).tolist() == pytest.approx([1.0, 1.05, 1.05 * 0.89])
    assert figures(of)["excess_return"] == pytest.approx(12 * (0.05 - 0.11) / 2)
    assert figures(of)["hit_rate"] == 0.5


def test_opening_costs_are_in_the_pnl_and_in_the_drawdown_but_in_no_bars_return():
    found = figures(result([990, 1010], FOUR_YEARS[[0, -1]]))
    assert (found["pnl"], found["total_return"]) == (10.0, pytest.approx(0.01))
    assert found["cagr"] == pytest.approx(1.01**0.25 - 1)
    assert found["max_drawdown"] == pytest.approx(0.01)
    assert found["best_bar"] == pytest.approx(1010 / 990 - 1)


def test_tails_interpolate_the_quantile_and_average_what_lies_beyond():
    equity = 1000 * np.cumprod([1.0, *(1 + np.arange(-10, 11) / 100)])  # 21 returns: the 5 % quantile is the second
    found = figures(result(equity))
    assert found["var_95"] == pytest.approx(0.09)
    assert found["es_95"] == pytest.approx((0.10 + 0.09) / 2)
    assert (found["worst_bar"], found["best_bar"]) == (pytest.approx(-0.10), pytest.approx(0.10))


def test_turnover_is_one_side_a_year_with_the_opening_trade():
    of = result([1000, 500, 2000], FOUR_YEARS[[0, 24, 48]], notional=[1000, 250, 1000])
    assert figures(of)["turnover"] == pytest.approx((1 + 0.5 + 0.5) / 2 / 4)


def test_cost_drag_counts_costs_and_rolls_but_not_funding():
    of = result([1000, 500, 2000], FOUR_YEARS[[0, 24, 48]], cost=[-10, 0, -10], roll=[0, -10, -10], funding=[0, -99, 0])
    assert figures(of)["cost_drag"] == pytest.approx((0.01 + 0.02 + 0.01) / 4)


def test_gross_leverage_is_the_mean_over_all_rows():
    assert figures(result([1000] * 4, weights=[2.0, -1.0, 0.0, 1.0]))["gross_leverage"] == 1.0


def test_days_count_their_own_periods_and_month_ends_are_twelve():
    days = np.array(["2020-02-29", "2021-05-01", "2024-02-29"], dtype="datetime64[D]")
    assert metrics.periods_per_year(days, 252.0) == pytest.approx(2 / 4)
    assert metrics.periods_per_year(days, 12.0) == 12.0
    assert metrics.periods_per_year(days, 52.0) == 52.0
    assert metrics.periods_per_year(days[:1], 252.0) == 252.0


def test_a_year_has_365_and_a_quarter_days():
    assert metrics.years(np.array(["2020-02-29", "2024-02-29"], dtype="datetime64[D]")) == 4.0


# ---- drawdowns by hand


def drawdowns(path: list[float], start: float = 100.0) -> list[Drawdown]:
    return metrics.drawdowns(np.array(path, dtype=float), start)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([100, 110, 120], []),
        ([100], []),
        ([100, 120, 90, 120, 60, 130], [Drawdown(0.25, 1, 2, 3), Drawdown(0.5, 3, 4, 5)]),
        ([100, 120, 90, 60], [Drawdown(0.5, 1, 3, None)]),  # it never recovers
        ([75, 50, 100], [Drawdown(0.5, 0, 1, 2)]),  # under water from the start, below the capital
        ([50], [Drawdown(0.5, 0, 0, None)]),
        ([100, 100, 100, 50, 100], [Drawdown(0.5, 2, 3, 4)]),  # of a flat peak the last row counts
        ([100, 50, 75, 50, 100], [Drawdown(0.5, 0, 1, 4)]),  # of equal troughs the first
        ([100, -20, -20], [Drawdown(1.2, 0, 1, None)]),  # ruin is a drawdown of more than everything
    ],
)
def test_a_drawdown_has_its_depth_peak_trough_and_recovery(path, expected):
    assert drawdowns(path) == expected


def test_the_deepest_of_equal_drawdowns_is_the_first():
    path = np.array([100.0, 50.0, 100.0, 50.0, 100.0])
    assert metrics.deepest(path, 100.0) == Drawdown(0.5, 0, 1, 2)
    assert metrics.deepest(np.array([100.0, 101.0]), 100.0) is None


def test_underwater_is_negative_and_starts_from_the_capital():
    assert metrics.underwater(np.array([95.0, 100.0, 200.0, 150.0]), 100.0).tolist() == pytest.approx(
        [-0.05, 0, 0, -0.25]
    )


@given(st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=30))
def test_the_deepest_drawdown_of_any_path_is_the_lowest_point_under_water(path):
    levels = np.array(path)
    deepest = metrics.deepest(levels, 100.0)
    worst = max(1 - level / max(100.0, *path[: t + 1]) for t, level in enumerate(path))
    assert (deepest.depth if deepest else 0.0) == pytest.approx(worst, abs=1e-12)


def test_the_dates_of_the_largest_drawdown_are_reported():
    found = figures(result([1000, 1200, 900, 1200, 600, 1300], FOUR_YEARS[[0, 1, 2, 3, 4, 10]]))
    assert found["max_drawdown"] == 0.5
    days = (found["drawdown_peak"], found["drawdown_trough"], found["drawdown_recovery"])
    assert days == ("2020-05-31", "2020-06-30", "2020-12-31")


def test_the_longest_drawdown_is_counted_in_days_from_peak_to_recovery():
    dates = ["2020-01-01", "2020-01-11", "2020-03-01", "2020-03-02", "2020-03-03", "2020-03-04"]
    assert figures(result([1000, 999, 1000, 1000, 500, 1000], dates))["longest_drawdown_days"] == 60
    assert (
        figures(result([1000, 999, 1000, 1000, 500, 999], [*dates[:5], "2020-12-31"]))["longest_drawdown_days"] == 304
    )
    assert figures(result([1000, 1001, 1002]))["longest_drawdown_days"] == 0


def test_the_excess_drawdown_leaves_the_interest_out():
    found = figures(result([1000, 1000, 1000], cash=[0, 100, 0]))
    assert found["max_drawdown"] == 0.0
    assert found["excess_drawdown"] == pytest.approx(0.1)
    assert found["excess_drawdown_trough"] == "2020-02-29"


# ---- what has no figure

RATIOS = ("sharpe", "sharpe_lo", "sortino", "calmar", "skew", "kurtosis")


def test_one_row_has_no_bars_to_judge():
    found = figures(result([990]))
    none = {name for name, value in found.items() if value is None}
    judged = {"excess_return", "volatility", "cagr", "hit_rate", "turnover", "cost_drag", "var_95", "es_95"}
    judged |= {"best_bar", "worst_bar", "ruined", "drawdown_recovery", *RATIOS}
    assert none == judged | {f"excess_drawdown_{part}" for part in ("peak", "trough", "recovery")}
    assert (found["pnl"], found["bars"], found["max_drawdown"]) == (-10.0, 1, pytest.approx(0.01))


def test_two_rows_have_a_return_and_no_spread():
    found = figures(result([1000, 1100], cash=[0, 40]))
    assert found["excess_return"] == pytest.approx(0.06 * 12)
    assert [found[name] for name in ("volatility", *RATIOS)] == [None] * 7
    assert found["best_bar"] == found["worst_bar"] == pytest.approx(0.1)


def test_equity_that_never_moves_has_no_ratios():
    found = figures(result([1000] * 5))
    assert [found[name] for name in RATIOS] == [None] * 6
    assert [found[name] for name in ("volatility", "cagr", "max_drawdown", "excess_return", "hit_rate")] == [0.0] * 5
    assert found["drawdown_peak"] is None


def idle_account() -> Result:
    equity = [1000.0]
    for _ in range(60):
        equity.append(equity[-1] + equity[-1] * 0.00317)
    return result(equity, cash=[0.0, *(np.array(equity[:-1]) * 0.00317)])


def test_an_account_that_only_earns_its_interest_has_no_ratio_in_excess_of_it():
    found = figures(idle_account())
    assert (found["sharpe"], found["sortino"]) == (None, None)
    assert found["total_return"] == pytest.approx(1.00317**60 - 1)


def test_an_account_that_only_earns_its_interest_has_no_hits_and_no_drawdown_in_excess_of_it():
    found = figures(idle_account())
    assert found["hit_rate"] == 0.0
    assert found["excess_drawdown_peak"] is None


def test_a_ruined_book_is_judged_without_a_growth_rate():
    of = result([1000, 500, -208, -208], ruined=2, notional=[1000, 0, 500, 0], cost=[0, 0, -8, 0])
    found = figures(of)
    assert metrics.returns(of).tolist() == [-0.5, -1.416, 0.0]
    assert (found["cagr"], found["calmar"]) == (None, None)
    assert found["total_return"] == -1.208
    assert found["max_drawdown"] == pytest.approx(1.208)
    assert found["ruined"] == "2020-03-31"
    assert found["turnover"] > 0 and found["cost_drag"] == 0.0  # what was traded on nothing is a share of nothing
    assert metrics.calendar_years(of)[2020][0] == pytest.approx(0.5 * (1 - 1.416) - 1)


def test_a_book_ruined_to_the_last_cent_is_judged_too():
    of = result([1000, 0, 0], ruined=1)
    assert metrics.returns(of).tolist() == [-1.0, 0.0]
    assert figures(of)["total_return"] == -1.0
    assert metrics.since(of, date(2020, 3, 1)) == {"thesis_trading_pnl": 0.0, "thesis_excess_return": 0.0}


# ---- since a day, against another, by year


def test_since_a_day_counts_the_bars_that_end_on_or_after_it():
    of = result([1000, 1100, 1210, 1089], cash=[0, 0, 11, 0])
    for day in (date(2020, 3, 1), date(2020, 3, 31)):
        assert metrics.since(of, day) == {
            "thesis_trading_pnl": pytest.approx(-22.0),  # 11 lost, and 11 of interest not counted
            "thesis_excess_return": pytest.approx(1.09 * 0.9 - 1),
        }


def test_since_before_the_first_row_is_everything_since_the_capital():
    of = result([990, 1100], cash=[0, 0])
    found = metrics.since(of, date(2019, 1, 1))
    assert found == {"thesis_trading_pnl": 100.0, "thesis_excess_return": pytest.approx(1100 / 990 - 1)}


def test_since_after_the_last_row_there_is_nothing():
    nothing = {"thesis_trading_pnl": None, "thesis_excess_return": None}
    assert metrics.since(result([1000, 1100]), date(2020, 3, 1)) == nothing
    assert metrics.since(result([1000]), date(2019, 1, 1)) == nothing


def test_two_results_are_compared_on_the_bars_they_share(four_years):
    late = result(four_years.equity[10:] * 3, FOUR_YEARS[10:], cash=four_years.cash[10:] * 3)
    found = metrics.against(four_years, late, MONTHLY)
    assert found["bars"] == 38
    assert (found["alpha"], found["beta"], found["correlation"]) == pytest.approx((0.0, 1.0, 1.0), abs=1e-12)


def test_a_benchmark_that_never_moves_explains_nothing(four_years):
    flat = result(np.full(49, 1000.0), FOUR_YEARS)
    assert metrics.against(four_years, flat, MONTHLY) == {"alpha": None, "beta": None, "correlation": None, "bars": 48}


def test_a_book_that_never_moves_has_a_beta_of_nothing_and_no_correlation(four_years):
    found = metrics.against(result(np.full(49, 1000.0), FOUR_YEARS), four_years, MONTHLY)
    assert found == {"alpha": 0.0, "beta": 0.0, "correlation": None, "bars": 48}


def test_fewer_than_three_common_bars_are_no_comparison(four_years):
    short = result([1000, 1001, 1002], FOUR_YEARS[:3])
    assert metrics.against(short, four_years, MONTHLY)["beta"] is None
    assert metrics.against(short, four_years, MONTHLY)["bars"] == 2


def test_results_without_a_common_bar_are_no_comparison(four_years):
    later = result([1000, 1010, 1000, 1030], pd.date_range("2024-03-31", periods=4, freq="ME"))
    assert metrics.against(later, four_years, MONTHLY) == {"alpha": None, "beta": None, "correlation": None, "bars": 0}


def growing(returns: list[float], dates: object) -> Result:
    return result(1000 * np.cumprod([1.0, *(1.0 + np.array(returns))]), dates)


def test_three_common_bars_are_a_comparison_worked_by_hand():
    book = growing([0.01, -0.02, 0.03], FOUR_YEARS[:4])
    benchmark = growing([0.02, -0.01, 0.02], FOUR_YEARS[:4])
    # Deviations of the benchmark are 1, -2 and 1 %: variance 3 bp, covariance (1 + 4 + 3) / 2 = 4 bp.
    assert metrics.against(book, benchmark, MONTHLY) == {
        "alpha": pytest.approx(12 * (0.02 / 3 - 4 / 3 * 0.01)),
        "beta": pytest.approx(4 / 3),
        "correlation": pytest.approx(4 / math.sqrt((14 - 4 / 3) / 2 * 3)),
        "bars": 3,
    }


def test_a_benchmark_that_gains_the_same_on_every_bar_explains_nothing(four_years):
    steady = growing([0.005] * 48, FOUR_YEARS)
    assert np.ptp(metrics.excess_returns(steady)) < 1e-14
    assert metrics.against(four_years, steady, MONTHLY)["beta"] is None


@pytest.mark.parametrize(("move", "told"), [(0.9e-6, False), (1.1e-6, True)])
def test_a_benchmark_of_a_variance_below_1e_12_is_constant(four_years, move, told):
    benchmark = growing([move, -move] * 24, FOUR_YEARS)
    found = metrics.against(four_years, benchmark, MONTHLY)
    assert [found[name] is not None for name in ("alpha", "beta", "correlation")] == [told] * 3
    assert found["bars"] == 48


def test_alpha_of_days_is_annualised_by_the_common_bars():
    days = pd.bdate_range("2020-01-01", "2021-12-31")
    rng = np.random.default_rng(5)
    book = growing(rng.normal(0.0005, 0.01, len(days) - 1), days)
    benchmark = growing(rng.normal(0.0, 0.01, 100), days[::5][:101])  # one day in five, less than two years
    found = metrics.against(book, benchmark, 252.0)
    shared, rows, _ = np.intersect1d(book.dates[1:], benchmark.dates[1:], return_indices=True)
    slope, intercept = np.polyfit(metrics.excess_returns(benchmark), metrics.excess_returns(book)[rows], 1)
    ppy = 99 / ((shared[-1] - shared[0]).astype(int) / 365.25)
    assert found["beta"] == pytest.approx(slope, rel=1e-10)
    assert found["alpha"] == pytest.approx(intercept * ppy, rel=1e-10)


def test_a_bar_belongs_to_the_year_in_which_it_ends():
    of = result([1000, 1100, 1210, 1089], ["2020-12-15", "2020-12-31", "2021-01-31", "2021-02-28"], cash=[0, 0, 11, 0])
    years = metrics.calendar_years(of)
    assert list(years) == [2020, 2021]
    assert years[2020] == pytest.approx((0.1, 0.1))
    assert years[2021] == pytest.approx((1.1 * 0.9 - 1, 1.09 * 0.9 - 1))


def test_calendar_years_multiply_to_the_total(four_years):
    years = metrics.calendar_years(four_years).values()
    total = four_years.equity[-1] / four_years.equity[0]
    assert math.prod(1 + total for total, _ in years) == pytest.approx(total, rel=1e-12)
    assert math.prod(1 + x for _, x in years) == pytest.approx(metrics.excess_index(four_years)[-1], rel=1e-12)
