"""Returns to date, the histogram and rolling betas, against pandas and cases worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests.performance.periods import BINS, rolling_betas, spread, to_date


def record(days, seed=1):
    rng = np.random.default_rng(seed)
    return np.asarray(days, dtype="datetime64[ns]"), rng.normal(0.001, 0.02, len(days) - 1)


@pytest.mark.parametrize("frequency", ["ME", "B"])
def test_returns_to_date_are_those_of_pandas(frequency):
    dates, x = record(pd.date_range("2012-01-31", "2026-08-19", freq=frequency))
    series, last = pd.Series(x, dates[1:]), pd.Timestamp(dates[-1])
    made = to_date(dates, x)

    def of(part):
        return (1 + part).prod() - 1

    assert made["month"] == pytest.approx(of(series[series.index.to_period("M") == last.to_period("M")]))
    assert made["quarter"] == pytest.approx(of(series[series.index.to_period("Q") == last.to_period("Q")]))
    assert made["year"] == pytest.approx(of(series[series.index.year == last.year]))
    for years in (1, 3, 5, 10):
        after = series[series.index > last - pd.DateOffset(years=years)]
        assert made[f"{years}y"] == pytest.approx((1 + after).prod() ** (1 / years) - 1)


def test_a_period_that_the_record_does_not_reach_back_through_is_none():
    dates, x = record(pd.date_range("2023-06-30", "2026-06-30", freq="ME"))
    made = to_date(dates, x)
    assert made["3y"] == pytest.approx(np.prod(1 + x) ** (1 / 3) - 1)
    assert made["5y"] is None and made["10y"] is None
    assert to_date(dates[1:], x[1:])["3y"] is None


def test_a_year_before_the_last_of_february_is_the_last_of_february():
    dates, x = record(pd.to_datetime(["2023-02-28", "2023-03-31", "2024-01-31", "2024-02-29"]))
    assert to_date(dates, x)["1y"] == pytest.approx(np.prod(1 + x) - 1)


def test_what_lost_everything_has_no_annual_return():
    dates, x = record(pd.date_range("2024-01-31", "2026-01-31", freq="ME"))
    x[5] = -1.0
    assert to_date(dates, x)["whole"] is None


def test_every_bar_is_in_one_bin_and_zero_in_the_middle():
    x = record(pd.date_range("2000-01-31", periods=300, freq="ME"))[1]
    made = spread(x)
    assert sum(made.counts) == len(x) and len(made.counts) == BINS
    edges = (np.arange(BINS + 1) - BINS / 2) * made.width
    inside = (x > edges[1]) & (x < edges[-2])
    expected = np.histogram(x[inside], edges[1:-1])[0]
    assert list(made.counts[1:-1]) == expected.tolist()
    assert spread(np.zeros(5)).counts[BINS // 2] == 5


def test_rolling_beta_is_the_slope_of_a_regression_on_common_bars():
    long, y = record(pd.date_range("2000-01-31", periods=101, freq="ME"))
    short, b = record(pd.date_range("2002-01-31", periods=77, freq="ME"), seed=2)
    made = rolling_betas({"y": y, "b": b}, {"y": long, "b": short}, ["b"], 12)
    assert "b" not in made["b"]
    beta = made["y"]["b"]
    begins = int(np.flatnonzero(long[1:] == short[1])[0])
    assert np.isnan(beta[: begins + 11]).all() and np.isfinite(beta[begins + 11 :]).all()
    assert beta[begins + 40] == pytest.approx(np.polyfit(b[29:41], y[begins + 29 : begins + 41], 1)[0])


def test_a_benchmark_that_stands_still_has_no_beta_to_it():
    days, y = record(pd.date_range("2000-01-31", periods=40, freq="ME"))
    made = rolling_betas({"y": y, "b": 0 * y}, {"y": days, "b": days}, ["b"], 12)
    assert np.isnan(made["y"]["b"]).all()
