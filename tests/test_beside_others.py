"""The table of docs/compare.md beside quantstats and backtesting.py: it has all they show, and ours is there."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from pandas.plotting import deregister_matplotlib_converters

from backtests import config
from backtests.export.results import Results
from backtests.performance import metrics, periods
from backtests.report import html
from backtests.report.panels import panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from tests.test_metrics import result
from tests.test_metrics_others import DAYS, MONTHS, bars

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
name: beside
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10, sizing: duration, duration: 5.0}}
  trailed:
    strategy: curve
    params: {front: UST2, back: UST10, trade: steepener, duration: 5.0}
    trade: {horizon: 6M, stop_bp: 20, target_bp: 20, reenter: 3M}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
"""
BACKTESTING = (
    """
Start|End|Duration|Exposure Time [%]|Equity Final [$]|Equity Peak [$]|Commissions [$]|Return [%]|Buy & Hold Return [%]
Return (Ann.) [%]|Volatility (Ann.) [%]|CAGR [%]|Sharpe Ratio|Sortino Ratio|Calmar Ratio|Alpha [%]|Beta
Max. Drawdown [%]|Avg. Drawdown [%]|Max. Drawdown Duration|Avg. Drawdown Duration|# Trades|Win Rate [%]|Best Trade [%]
Worst Trade [%]|Avg. Trade [%]|Max. Trade Duration|Avg. Trade Duration|Profit Factor|Expectancy [%]|SQN|Kelly Criterion
_equity_curve|_trades
""".replace("\n", "|")
    .strip("|")
    .split("|")
)  # what its 0.6.6 prints


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """The table: what is seen, in quantstats, in backtesting.py, here, and why."""
    part = (ROOT / "docs/compare.md").read_text(encoding="utf-8").split("## Beside quantstats and backtesting.py")[1]
    table = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A run folder with a pair, a variant of many trips and a benchmark."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "beside.yaml").write_text(CONFIG)
    run_folder.write(snapshot(runner.run(config.load(folder / "beside.yaml"))), folder)
    return folder


@pytest.fixture(scope="module")
def quantstats():
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")
        import quantstats

        deregister_matplotlib_converters()
    return quantstats


def names(cells) -> set[str]:
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def keys(value) -> set[str]:
    """Every key of nested figures."""
    return {key for name, inner in value.items() for key in (name, *(keys(inner) if isinstance(inner, dict) else ()))}


def test_every_row_says_what_is_seen_where_or_why_not(rows):
    assert len(rows) > 40 and {len(row) for row in rows} == {5}
    assert all(row[4] for row in rows if row[3].startswith("no"))
    assert all(re.search(r"[`*]|\]\(|above", row[3]) for row in rows if not row[3].startswith("no"))


@pytest.mark.filterwarnings("ignore")
def test_every_figure_of_quantstats_and_no_other_is_in_its_column(rows, quantstats):
    r, _ = bars(MONTHS)
    table = quantstats.reports.metrics(r, benchmark=r.rename("b"), mode="full", display=False, periods_per_year=12)
    assert names(row[1] for row in rows) == set(table.index) - {""}


def test_every_figure_of_backtesting_is_in_its_column(rows):
    assert names(row[2] for row in rows) == set(BACKTESTING)


def test_what_is_called_ours_is_a_figure_or_a_file_of_a_run(rows, written):
    stored = json.loads((written / "metrics.json").read_text(encoding="utf-8"))
    known = keys(stored) | {path.name for path in written.iterdir()}
    assert names(row[3] for row in rows) - known == set()


def test_what_is_said_to_be_on_the_page_is_a_heading_or_a_button_of_it(rows, written):
    page = BeautifulSoup(html.page(panels(run_folder.load(written))), "html.parser")
    shown = {found.get_text().strip() for found in page.select("h2, h3, [data-tab]")}
    said = {name for row in rows for name in re.findall(r"\*\*([^*]+)\*\*", row[3])}
    assert len(said) > 15 and said - shown == set()


def test_the_page_has_every_such_figure_in_the_table_it_is_said_to_be_in(written):
    page = BeautifulSoup(html.page(panels(run_folder.load(written))), "html.parser")
    own = Results(run_folder.load(written)).metrics.loc["trailed"]
    for table, expected in IN_TABLES.items():
        cells = page.select(f"#{table} tbody tr")[1].select("td")  # whose ends the page leaves out
        shown = [float(str(next(cell.strings)).replace("−", "-").replace(",", "")) for cell in cells]
        assert shown == [pytest.approx(own[key] * scale, abs=step) for key, scale, step in expected]


PERCENT, WHOLE_PERCENT, FINE, PLAIN, WHOLE, THOUSANDS = (
    (100, 0.051), (100, 0.51), (100, 0.0051), (1, 0.0051), (1, 0.51), (1e-3, 0.51),
)  # fmt: skip
IN_TABLES = {
    "calendar": [
        ("total_return", *PERCENT), ("max_drawdown", *PERCENT), ("calmar", *PLAIN), ("longest_drawdown_days", *WHOLE),
        ("average_drawdown", *PERCENT), ("average_drawdown_days", *WHOLE), ("best_month", *PERCENT),
        ("worst_month", *PERCENT), ("average_up_month", *FINE), ("average_down_month", *FINE),
        ("month_hit_rate", *WHOLE_PERCENT), ("quarter_hit_rate", *WHOLE_PERCENT), ("year_hit_rate", *WHOLE_PERCENT),
        ("best_year", *PERCENT), ("worst_year", *PERCENT),
    ],
    "trip-figures": [
        ("trips", *WHOLE), ("trip_hit_rate", *WHOLE_PERCENT), ("profit_factor", *PLAIN), ("payoff", *PLAIN),
        ("expectancy", *THOUSANDS), ("best_trip", *THOUSANDS), ("worst_trip", *THOUSANDS),
        ("average_trip_days", *WHOLE), ("longest_trip_days", *WHOLE),
    ],
}  # fmt: skip


# ---- equal by number


@pytest.mark.parametrize("of", [MONTHS, DAYS], ids=["months", "days"])
def test_months_quarters_and_years_are_those_of_quantstats(of, quantstats):
    _, x = bars(of)
    stats, found = quantstats.stats, periods.figures(of)
    expected = {
        "best_month": stats.best(x, aggregate="ME"),
        "worst_month": stats.worst(x, aggregate="ME"),
        "best_year": stats.best(x, aggregate="YE"),
        "worst_year": stats.worst(x, aggregate="YE"),
        "average_up_month": stats.avg_win(x, aggregate="ME"),
        "average_down_month": stats.avg_loss(x, aggregate="ME"),
        "month_hit_rate": stats.win_rate(x, aggregate="ME"),
        "quarter_hit_rate": stats.win_rate(x, aggregate="QE"),
        "year_hit_rate": stats.win_rate(x, aggregate="YE"),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.parametrize("of", [MONTHS, DAYS], ids=["months", "days"])
def test_the_average_drawdown_is_that_of_quantstats_and_its_days_are_from_peak_to_recovery(of, quantstats):
    r, _ = bars(of)
    details = quantstats.stats.drawdown_details(quantstats.stats.to_drawdown_series(r))
    found = periods.figures(of)
    assert found["average_drawdown"] == pytest.approx(-details["max drawdown"].mean() / 100, rel=1e-10)
    assert found["average_drawdown_days"] > details["days"].mean()


def test_averages_by_hand():
    dates = ["2020-01-31", "2020-02-29", "2020-03-31", "2020-12-31", "2021-01-31", "2021-02-28"]
    found = periods.figures(result([1000, 1100, 990, 1210, 1210, 1089], dates))
    assert (found["average_drawdown"], found["average_drawdown_days"]) == (pytest.approx(0.1), (306 + 28) / 2)
    up, down = (0.1 + 22 / 99) / 2, -0.1
    assert (found["average_up_month"], found["average_down_month"]) == (pytest.approx(up), pytest.approx(down))
    assert (found["month_hit_rate"], found["quarter_hit_rate"], found["year_hit_rate"]) == (0.4, 1 / 3, 0.5)
    assert (found["best_year"], found["worst_year"]) == (pytest.approx(0.21), pytest.approx(-0.1))


def test_a_record_without_a_bar_or_a_drawdown_has_none():
    found = periods.figures(result([1000], ["2020-01-31"]))
    assert (found.pop("average_drawdown"), found.pop("average_drawdown_days")) == (0.0, 0.0)
    assert set(found.values()) == {None}


def test_what_is_called_one_number_is_one_and_ranks_as_the_sharpe_ratio_does(default_run, quantstats):
    x = Results(snapshot(default_run)).excess_returns
    stats = quantstats.stats
    omega = pd.Series({name: stats.omega(own.dropna(), periods=12) for name, own in x.items()})
    for name, own in x.items():
        assert omega[name] == pytest.approx(stats.profit_factor(own.dropna()), rel=1e-10)
        assert omega[name] == pytest.approx(1 + stats.gain_to_pain_ratio(own.dropna()), rel=1e-10)
    sharpe = pd.Series({one.variant.name: one.figures["sharpe"] for one in default_run.variants})
    assert (omega.rank() == sharpe.rank()).all()


def test_the_rolling_sortino_ratio_moves_with_the_rolling_sharpe_ratio(default_run):
    found = []
    for one in default_run.variants:
        x = pd.Series(metrics.excess_returns(one.result)).rolling(36)
        down = pd.Series(np.minimum(metrics.excess_returns(one.result), 0) ** 2).rolling(36)
        found.append((x.mean() / x.std()).corr(x.mean() / np.sqrt(down.mean())))
    assert (round(min(found), 2), round(max(found), 2)) == (0.94, 0.99)
