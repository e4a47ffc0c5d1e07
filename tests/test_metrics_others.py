"""Figures beside those of empyrical-reloaded and quantstats: equal to 1e-10 where they mean the same, else by how much.

Each difference is a row of "Differences from other tools" in docs/conventions.md.
"""

from __future__ import annotations

import warnings
from types import ModuleType

import empyrical
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from pandas.plotting import deregister_matplotlib_converters
from scipy.stats import norm

from backtests.engine.result import Result
from backtests.performance import extremes, inference, metrics
from tests.test_metrics import FOUR_YEARS, idle_account, result

TRADING_DAYS = 252  # what both tools take a year of daily rows to have
FIVE_PERCENT = float(norm.ppf(0.05))

SAME = {
    "sharpe", "sortino", "volatility", "total_return", "cagr", "max_drawdown", "excess_drawdown", "calmar", "var_95",
    "es_95", "best_bar", "worst_bar", "hit_rate", "drawdown_trough", "excess_drawdown_trough",
}  # fmt: skip
OTHERWISE = {
    "excess_return", "skew", "kurtosis", "longest_drawdown_days", "drawdown_peak", "drawdown_recovery",
    "excess_drawdown_peak", "excess_drawdown_recovery", "periods_per_year",
}  # fmt: skip
OURS_ALONE = {
    "sharpe_lo", "trading_pnl", "interest", "pnl", "turnover", "cost_drag", "gross_leverage", "start", "end", "bars",
    "ruined",
}  # fmt: skip


@pytest.fixture(scope="module")
def quantstats() -> ModuleType:
    """quantstats.stats, without what its import does to plots and without what it warns of."""
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")
        import quantstats.stats

        deregister_matplotlib_converters()
    return quantstats.stats


def at_random(dates: pd.DatetimeIndex, volatility: float, seed: int) -> Result:
    """A result that earns interest at a rate that moves, and a random return."""
    rng = np.random.default_rng(seed)
    bars, year = len(dates) - 1, (dates[-1] - dates[0]).days / 365.25
    growth = rng.normal(0.05 * year / bars, volatility * np.sqrt(year / bars), bars)
    equity = 1000 * np.cumprod([1.0, *(1 + growth)])
    return result(equity, dates, cash=[0.0, *(equity[:-1] * rng.uniform(0, 0.05, bars) * year / bars)])


MONTHS = at_random(FOUR_YEARS, 0.1, 3)
DAYS = at_random(pd.bdate_range("2020-02-28", "2024-03-01").drop("2021-05-03"), 0.1, 4)


@pytest.fixture(params=[(MONTHS, 12.0), (DAYS, 252.0)], ids=["months", "days"])
def told(request) -> tuple[Result, dict, float, pd.Series, pd.Series]:
    """A result, its figures, its bars a year, its returns and those in excess of cash."""
    of, market_ppy = request.param
    found = metrics.figures(of, market_ppy)
    return of, found, found["periods_per_year"], *bars(of)


def bars(of: Result) -> tuple[pd.Series, pd.Series]:
    """Returns and excess returns, from the definitions, on the days their bars end."""
    before, end = of.equity[:-1], pd.DatetimeIndex(of.dates[1:])
    r = of.equity[1:] / before - 1
    return pd.Series(r, end), pd.Series(r - of.cash[1:] / before, end)


def test_every_figure_is_compared_or_is_known_to_no_other_tool():
    assert set(metrics.figures(MONTHS, 12.0)) == SAME | OTHERWISE | OURS_ALONE


# ---- the same


def test_figures_are_those_of_empyrical(told):
    _, found, ppy, r, x = told
    expected = {
        "sharpe": empyrical.sharpe_ratio(x, annualization=ppy),
        "sortino": empyrical.sortino_ratio(x, annualization=ppy),
        "volatility": empyrical.annual_volatility(r, annualization=ppy),
        "total_return": empyrical.cum_returns_final(r),
        "cagr": empyrical.cagr(r, annualization=ppy),
        "max_drawdown": -empyrical.max_drawdown(r),
        "excess_drawdown": -empyrical.max_drawdown(x),
        "calmar": empyrical.calmar_ratio(r, annualization=ppy),
        "var_95": -empyrical.value_at_risk(r, 0.05),
        "es_95": -empyrical.conditional_value_at_risk(r, 0.05),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-10, abs=0)


def test_figures_are_those_of_quantstats(told, quantstats):
    _, found, ppy, r, x = told
    expected = {
        "sharpe": quantstats.sharpe(x, periods=ppy),
        "sortino": quantstats.sortino(x, periods=ppy),
        "volatility": quantstats.volatility(r, periods=ppy),
        "total_return": quantstats.comp(r),
        "cagr": quantstats.cagr(r, periods=ppy),
        "max_drawdown": -quantstats.max_drawdown(r),
        "excess_drawdown": -quantstats.max_drawdown(x),
        "calmar": quantstats.calmar(r, periods=ppy),
        "es_95": -quantstats.expected_shortfall(r, method="historical"),
        "best_bar": quantstats.best(r),
        "worst_bar": quantstats.worst(r),
        "hit_rate": quantstats.win_rate(x),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-10, abs=0)


def test_the_bottom_of_the_deepest_drawdown_is_that_of_quantstats(told, quantstats):
    _, found, _, r, x = told
    for name, returns in (("drawdown_trough", r), ("excess_drawdown_trough", x)):
        assert found[name] == str(quantstats.to_drawdown_series(returns).idxmin().date())


def test_figures_against_a_benchmark_are_those_of_both(quantstats):
    other = at_random(FOUR_YEARS, 0.06, 5)
    (_, x), (_, b) = bars(MONTHS), bars(other)
    found = metrics.against(MONTHS, other, 12.0)
    greeks = quantstats.greeks(x, b, periods=12.0)
    assert found["beta"] == pytest.approx(empyrical.beta(x, b), rel=1e-10)
    assert found["beta"] == pytest.approx(greeks["beta"], rel=1e-10)
    assert found["alpha"] == pytest.approx(greeks["alpha"], rel=1e-10)
    assert found["correlation"] ** 2 == pytest.approx(quantstats.r_squared(x, b), rel=1e-10)


def test_rolling_figures_are_those_of_quantstats(told, quantstats):
    _, _, ppy, _, x = told
    sharpe, volatility = metrics.rolling(x.to_numpy(), 24, ppy)
    np.testing.assert_allclose(sharpe, quantstats.rolling_sharpe(x, 0.0, 24, periods_per_year=ppy), rtol=1e-10)
    np.testing.assert_allclose(volatility, quantstats.rolling_volatility(x, 24, ppy), rtol=1e-10)


def test_years_are_those_of_both(told, quantstats):
    of, _, _, r, x = told
    years = metrics.calendar_years(of)
    for place, returns in enumerate((r, x)):
        ours = {year: both[place] for year, both in years.items()}
        assert ours == pytest.approx(empyrical.aggregate_returns(returns, "yearly").to_dict(), rel=1e-10)
        ends = quantstats.monthly_returns(returns)["EOY"]
        assert ours == pytest.approx({int(year): value for year, value in ends.items()}, rel=1e-10)


def test_months_are_those_of_quantstats_where_there_are_bars(told, quantstats):
    of, _, _, _, x = told
    table = quantstats.monthly_returns(x, eoy=False)
    for year, months in extremes.months(of).items():
        for month, value in months.items():
            assert value == pytest.approx(table.loc[str(year)].iloc[month - 1], rel=1e-10, abs=1e-15)


# ---- and where they are not


def test_excess_is_over_the_interest_of_each_bar_not_over_one_rate(quantstats):
    r, x = bars(MONTHS)
    ours = metrics.figures(MONTHS, 12.0)["sharpe"]
    mean_rate = float((r - x).mean())
    assert abs(empyrical.sharpe_ratio(r, risk_free=mean_rate, period="monthly") - ours) > 1e-4
    by_bar = empyrical.sharpe_ratio(r, risk_free=r - x, period="monthly")  # it takes a rate for each bar as well
    assert ours == pytest.approx(by_bar, rel=1e-10)
    annual = (1 + (r - x)) ** 12 - 1  # which quantstats wants compounded to a year, to take its root
    assert ours == pytest.approx(quantstats.sharpe(r, rf=annual, periods=12), rel=1e-10)


def test_a_steady_rate_is_the_same_excess_everywhere(quantstats):
    equity = 1000 * np.cumprod([1.0, *(1 + bars(MONTHS)[0])])
    of = result(equity, FOUR_YEARS, cash=[0.0, *(equity[:-1] * 0.002)])
    r, _ = bars(of)
    ours = metrics.figures(of, 12.0)["sharpe"]
    assert ours == pytest.approx(empyrical.sharpe_ratio(r, risk_free=0.002, period="monthly"), rel=1e-10)
    assert ours == pytest.approx(quantstats.sharpe(r, rf=1.002**12 - 1, periods=12), rel=1e-10)


def test_a_year_of_excess_is_the_mean_times_the_bars_a_year_not_compounded():
    _, x = bars(MONTHS)
    ours = metrics.figures(MONTHS, 12.0)["excess_return"]
    assert ours == pytest.approx(12 * x.mean(), rel=1e-10)
    assert 0.002 < ours - empyrical.annual_return(x, period="monthly") < 0.02  # about half the variance


def test_alpha_is_not_compounded():
    other = at_random(FOUR_YEARS, 0.06, 5)
    (_, x), (_, b) = bars(MONTHS), bars(other)
    ours = metrics.against(MONTHS, other, 12.0)["alpha"]
    theirs = empyrical.alpha(x, b, period="monthly")
    assert theirs == pytest.approx((1 + ours / 12) ** 12 - 1, rel=1e-10)
    assert abs(theirs - ours) > 1e-5


def test_a_year_of_daily_rows_has_the_bars_it_has_not_252(quantstats):
    _, x = bars(DAYS)
    found = metrics.figures(DAYS, 252.0)
    ppy = found["periods_per_year"]
    assert ppy == pytest.approx(len(x) / ((DAYS.dates[-1] - DAYS.dates[0]).astype(int) / 365.25), rel=1e-12)
    assert ppy > 260  # no holidays: rows are days on which either market is quoted
    for theirs in (empyrical.sharpe_ratio(x), quantstats.sharpe(x)):
        assert found["sharpe"] == pytest.approx(theirs * np.sqrt(ppy / TRADING_DAYS), rel=1e-10)


def test_growth_is_by_the_calendar_not_by_the_count_of_bars(quantstats):
    of = result([1000, 900, *np.linspace(1000, 1300, 12)], FOUR_YEARS[:14])  # 13 months, 396 days
    r, _ = bars(of)
    found = metrics.figures(of, 12.0)
    ours, counted = 1.3 ** (365.25 / 396) - 1, 1.3 ** (12 / 13) - 1
    assert found["cagr"] == pytest.approx(ours, rel=1e-10)
    assert found["calmar"] == pytest.approx(ours / 0.1, rel=1e-10)
    for growth, ratio in (
        (empyrical.cagr(r, period="monthly"), empyrical.calmar_ratio(r, period="monthly")),
        (quantstats.cagr(r, periods=12), quantstats.calmar(r, periods=12)),
    ):
        assert growth == pytest.approx(counted, rel=1e-10)
        assert ratio == pytest.approx(counted / 0.1, rel=1e-10)
    assert counted - ours > 1e-4


def test_opening_costs_are_in_what_is_measured_on_the_capital(quantstats):
    of = result([990.0, 980.0, 1010.0], FOUR_YEARS[[0, 24, 48]])
    r, _ = bars(of)
    found = metrics.figures(of, 12.0)
    assert (found["total_return"], found["max_drawdown"]) == (pytest.approx(0.01), pytest.approx(0.02))
    for total, drawdown in (
        (empyrical.cum_returns_final(r), -empyrical.max_drawdown(r)),
        (quantstats.comp(r), -quantstats.max_drawdown(r)),
    ):
        assert (total, drawdown) == (pytest.approx(1010 / 990 - 1), pytest.approx(10 / 990))


def test_moments_are_of_the_sample_without_its_correction(quantstats):
    r, _ = bars(MONTHS)
    n, found = len(r), metrics.figures(MONTHS, 12.0)
    skew = found["skew"] * np.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * found["kurtosis"] + 6)
    assert quantstats.skew(r) == pytest.approx(skew, rel=1e-10)
    assert quantstats.kurtosis(r) == pytest.approx(kurtosis, rel=1e-10)
    assert abs(quantstats.kurtosis(r) - found["kurtosis"]) > 0.01


def test_tails_are_those_of_history_not_of_a_normal_distribution(quantstats):
    r, _ = bars(MONTHS)
    found = metrics.figures(MONTHS, 12.0)
    mean, deviation = r.mean(), r.std(ddof=1)
    assert quantstats.value_at_risk(r) == pytest.approx(mean + deviation * FIVE_PERCENT, rel=1e-10)
    assert quantstats.expected_shortfall(r) == pytest.approx(
        mean - deviation * norm.pdf(FIVE_PERCENT) / 0.05, rel=1e-10
    )
    assert abs(found["var_95"] + quantstats.value_at_risk(r)) > 1e-3
    assert abs(found["es_95"] + quantstats.expected_shortfall(r)) > 1e-3


def test_losses_and_drawdowns_are_positive(quantstats):
    r, _ = bars(MONTHS)
    found = metrics.figures(MONTHS, 12.0)
    theirs = [empyrical.value_at_risk(r), empyrical.conditional_value_at_risk(r), empyrical.max_drawdown(r)]
    theirs += [quantstats.value_at_risk(r), quantstats.expected_shortfall(r), quantstats.max_drawdown(r)]
    assert max(theirs) < 0 < min(found[name] for name in ("var_95", "es_95", "max_drawdown"))


def test_bars_that_tie_at_the_quantile_are_all_in_the_shortfall(quantstats):
    moves = np.zeros(100)
    moves[[10, 50, 90]] = -0.1  # idle but for three bars: the 5 % quantile is 0
    of = result(1000 * np.cumprod([1.0, *(1 + moves)]))
    r, _ = bars(of)
    ours = metrics.figures(of, 12.0)["es_95"]
    assert ours == pytest.approx(0.3 / 100)
    assert ours == pytest.approx(-quantstats.expected_shortfall(r, method="historical"), rel=1e-10)
    assert empyrical.conditional_value_at_risk(r) == pytest.approx(-0.3 / 5)  # the worst five, whatever ties with them


def test_a_hit_is_counted_among_all_bars_not_among_those_that_move(quantstats):
    of = result(1000 * np.cumprod([1.0, 1.1, 1.0, 1.0, 0.9]))
    assert metrics.figures(of, 12.0)["hit_rate"] == 0.25
    assert quantstats.win_rate(bars(of)[1]) == 0.5


def test_a_drawdown_runs_from_its_peak_to_its_recovery_not_over_the_bars_below(quantstats):
    dates = ["2020-01-01", "2020-01-11", "2020-01-21", "2020-02-20", "2020-02-21", "2020-02-28"]
    of = result([1000, 1100, 990, 1089, 1210, 1331], dates)
    found = metrics.figures(of, 252.0)
    theirs = quantstats.drawdown_details(quantstats.to_drawdown_series(bars(of)[0])).iloc[0]
    days = [found[f"drawdown_{part}"] for part in ("peak", "trough", "recovery")]
    assert days == ["2020-01-11", "2020-01-21", "2020-02-21"]
    assert [theirs[part] for part in ("start", "valley", "end")] == ["2020-01-21", "2020-01-21", "2020-02-20"]
    assert (found["longest_drawdown_days"], theirs["days"]) == (41, 31)


def test_a_ratio_over_rounding_is_nothing(quantstats):
    of = idle_account()
    _, x = bars(of)
    assert metrics.figures(of, 12.0)["sharpe"] is None
    for theirs in (quantstats.sharpe(x, periods=12), empyrical.sharpe_ratio(x, period="monthly")):
        assert 0 < abs(theirs) < np.inf  # the last bits of an excess that is 0


def test_a_book_that_lost_more_than_everything_has_a_total_and_no_growth_rate(quantstats):
    of = result([1000, 500, -208, -208], ruined=2)
    found = metrics.figures(of, 12.0)
    assert found["cagr"] is None
    r = pd.Series(metrics.returns(of), pd.DatetimeIndex(of.dates[1:]))
    assert np.isnan(quantstats.cagr(r, periods=12))
    assert empyrical.cagr(r, period="monthly") == pytest.approx((-0.208) ** 4 - 1)  # an even power of what is owed
    assert found["total_return"] == pytest.approx(empyrical.cum_returns_final(r), rel=1e-10)


def test_the_probabilistic_sharpe_ratio_has_our_moments_and_a_robust_error(quantstats):
    _, x = bars(MONTHS)
    z = (x - x.mean()) / x.std(ddof=0)
    ours = inference.above(x.mean() / x.std(ddof=1), 0.0, len(x), float((z**3).mean()), float((z**4).mean()))
    robust = inference.probabilistic_sharpe(x.to_numpy(), 12.0).probability
    theirs = quantstats.probabilistic_sharpe_ratio(x)
    corrected = inference.above(x.mean() / x.std(ddof=1), 0.0, len(x), x.skew(), x.kurt() + 3.0)
    assert theirs == pytest.approx(corrected, rel=1e-10)
    assert 1e-7 < abs(ours - theirs) < 1e-2
    assert abs(robust - ours) > 1e-2
