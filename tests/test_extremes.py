"""The best and worst bars with their contributors, and returns by month: by hand, and on the default run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.performance.attribution import tidy
from backtests.performance.extremes import extremes, months
from backtests.runs import runner

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Track:
    dates: np.ndarray
    capital: float
    equity: np.ndarray
    cash: np.ndarray


DAYS = pd.to_datetime(["2008-08-31", "2008-09-30", "2008-10-31", "2008-11-30", "2009-01-31"])


def usd(**columns: list[float]) -> pd.DataFrame:
    """P&L by line and leg; `level_UST10=[...]`."""
    frame = pd.DataFrame(columns, index=DAYS)
    frame.columns = pd.MultiIndex.from_tuples(
        [tuple(name.split("_")) for name in columns], names=["line", "instrument"]
    )
    return frame


BOOK = usd(
    level_UST10=[0, 90, -50, 0, 10],
    carry_UST10=[0, 4, 4, 0, 4],
    level_JGB10=[0, -40, -20, 0, -10],
    funding_JGB10=[0, -2, -2, 0, -4],
    cash_book=[0, 1, 1, 0, 1],
)
EQUITY = 1000.0 + BOOK.sum(axis=1).cumsum().to_numpy()
TRACK = Track(DAYS.to_numpy(), 1000.0, EQUITY, BOOK["cash", "book"].to_numpy())


def test_the_best_bar_is_named_with_the_leg_and_the_lines_that_made_it():
    best, worst = extremes(TRACK, BOOK)
    assert [one.day for one in best] == ["2008-09-30"]  # the bar of 0 and the flat one are no gains
    one = best[0]
    assert one.since == "2008-08-31"
    assert one.excess == pytest.approx(52 / 1000)  # 90 + 4 - 40 - 2, without the interest of 1
    assert one.usd == 52
    assert (one.leg.name, one.leg.usd, one.leg.share) == ("UST10", 94, pytest.approx(94 / 52))
    assert (one.line.name, one.line.usd) == ("level", 50)
    assert (one.within.name, one.within.usd) == ("level", 90)
    assert one.events == ("2008 crisis, from Lehman",)
    assert [bar.day for bar in worst] == ["2008-10-31"]


def test_the_worst_bar_names_what_lost_not_what_gained():
    one = extremes(TRACK, BOOK)[1][0]
    assert one.usd == -68
    assert (one.leg.name, one.leg.usd) == ("UST10", -46)
    assert (one.line.name, one.line.usd) == ("level", -70)
    assert (one.within.name, one.within.usd) == ("level", -50)
    assert one.leg.share == pytest.approx(46 / 68)


def test_bars_are_ordered_from_the_most_extreme_and_no_more_than_asked():
    x = np.array([0.0, 3, -1, 5, -4, 2, -2, 1])
    days = pd.date_range("2020-01-31", periods=8, freq="ME")
    made = pd.DataFrame({("level", "UST10"): x}, index=days)
    made.columns.names = ["line", "instrument"]
    track = Track(days.to_numpy(), 1000.0, 1000.0 + np.cumsum(x), np.zeros(8))
    best, worst = extremes(track, made, count=2)
    assert [one.usd for one in best] == [5, 3]
    assert [one.usd for one in worst] == [-4, -2]


def test_a_book_that_never_trades_has_no_best_bar_and_no_worst():
    still = Track(DAYS.to_numpy(), 1000.0, np.full(5, 1000.0), np.zeros(5))
    empty = pd.DataFrame(index=DAYS)
    assert extremes(still, empty) == ([], [])
    assert extremes(still, usd(cash_book=[0, 0, 0, 0, 0])) == ([], [])


def test_months_compound_the_bars_that_end_in_them_and_a_month_without_a_bar_is_absent():
    days = np.array(["2019-12-30", "2020-01-02", "2020-01-31", "2020-03-02"], dtype="datetime64[D]")
    track = Track(days, 100.0, np.array([100.0, 110.0, 99.0, 101.0]), np.array([0, 0, 0, 2.0]))
    found = months(track)
    assert list(found) == [2020]
    assert found[2020] == {1: pytest.approx(1.1 * 0.9 - 1), 3: pytest.approx(0.0)}  # the last gain was interest


def test_the_months_of_a_year_compound_to_its_calendar_year_and_contributors_reach_the_ledger():
    from backtests.performance import metrics

    for one in runner.run(config.load(ROOT / "config.yaml")).variants[:3]:
        years = metrics.calendar_years(one.result)
        for year, found in months(one.result).items():
            assert np.prod([1 + x for x in found.values()]) - 1 == pytest.approx(years[year][1], abs=1e-12)
        lines = tidy(one.variant.name, one.result, one.market, one.span.rows)
        table = lines.pivot_table(
            index="date", columns=["line", "instrument"], values="usd", aggfunc="sum", fill_value=0
        )
        table = table.reindex(pd.DatetimeIndex(one.result.dates), fill_value=0.0)
        best, worst = extremes(one.result, table)
        x = metrics.excess_returns(one.result)
        assert [bar.excess for bar in best + worst] == [*np.sort(x)[::-1][:5], *np.sort(x)[:5]]
        for bar in best + worst:
            row = int(np.searchsorted(one.result.dates, np.datetime64(bar.day)))
            assert bar.usd == pytest.approx(bar.excess * one.result.equity[row - 1], abs=1e-4)
            assert (
                abs(bar.leg.usd) >= abs(bar.usd) / len(one.market.names) - 1e-6
            )  # the largest is no smaller than an even share
