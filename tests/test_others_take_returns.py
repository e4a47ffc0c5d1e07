"""quantstats and pyfolio-reloaded take the returns of a run as they are."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import pytest

from backtests.api import Results
from backtests.runs.snapshot import snapshot

mpl.use("Agg")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def returns(default_run) -> pd.Series:
    return Results(snapshot(default_run)).returns["ust10_jgb10_dv01"]


@pytest.mark.filterwarnings("ignore")
def test_quantstats_draws_from_them(returns):
    import quantstats

    figure = quantstats.plots.snapshot(returns, show=False, mode="basic")
    assert len(figure.axes) >= 3
    assert quantstats.stats.comp(returns) == pytest.approx((1 + returns).prod() - 1)


@pytest.mark.filterwarnings("ignore")
def test_pyfolio_draws_from_them(returns):
    import pyfolio

    axis = pyfolio.plot_rolling_returns(returns)
    assert axis.lines
    assert pyfolio.timeseries.perf_stats(returns)["Cumulative returns"] == pytest.approx((1 + returns).prod() - 1)
