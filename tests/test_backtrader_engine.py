"""The hazards of backtrader that its engine keeps out; what both engines share is in test_ledger."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.engine import backtrader_engine, ledger
from backtests.engine.result import LINES
from tests.test_ledger import NEVER_AGAIN, book


def test_a_losing_short_loses():
    # backtrader's stock-like shorts add cash and may turn a loss into a rising equity
    result = backtrader_engine.run(book([100, 150, 190], [[-1.0]], NEVER_AGAIN))
    assert result.equity.tolist() == [1000.0, 500.0, 100.0]


def test_the_proceeds_of_a_short_earn_no_interest_as_cash():
    result = backtrader_engine.run(book([100, 100], [[-5.0]], NEVER_AGAIN, cash=[0.0, 0.01]))
    assert result.cash.tolist() == [0.0, 10.0]
    assert result.equity.tolist() == [1000.0, 1010.0]


@pytest.mark.parametrize("weights", [[60.0, -60.0], [-60.0, 60.0], [200.0, -200.0]])
def test_no_leg_of_a_large_pair_is_refused_for_want_of_cash(weights):
    result = backtrader_engine.run(book([[100, 100], [101, 101]], [weights], NEVER_AGAIN))
    assert result.units[0].tolist() == [10 * weight for weight in weights]
    assert result.equity.tolist() == [1000.0, 1000.0]


def test_a_position_is_marked_once_though_it_is_traded_on_the_bar():
    result = backtrader_engine.run(book([100, 110, 121], [[1.0], [2.0], [-1.0]], spread=0.0))
    assert result.equity.tolist() == pytest.approx([1000.0, 1100.0, 1320.0], abs=1e-9)
    assert result.units[:, 0].tolist() == pytest.approx([10.0, 20.0, -1320 / 121], rel=1e-12)


def test_an_order_fills_at_the_close_of_its_own_bar_and_not_of_the_next():
    result = backtrader_engine.run(book([100, 200, 400], [[0.0], [1.0], [1.0]], (True, True, False)))
    assert result.equity.tolist() == [1000.0, 1000.0, 2000.0]


def test_feeds_of_different_holidays_stay_on_their_own_dates():
    # backtrader pairs feeds by row number: a leg that misses a bar would fall a day behind the other
    prices = [[100, 100], [100, 100], [110, 100], [110, 200]]
    result = backtrader_engine.run(book(prices, [[1.0, 1.0]], NEVER_AGAIN, tradable=[[1, 1], [1, 0], [1, 0], [1, 1]]))
    assert result.price.tolist() == [[0.0, 0.0], [0.0, 0.0], [100.0, 0.0], [0.0, 1000.0]]


def test_the_dates_of_a_result_are_those_of_the_book():
    days = np.array(["1969-12-31", "1970-01-01", "2000-02-29", "2026-06-30"], dtype="datetime64[D]")
    moved = book([100, 110, 120, 130], [[1.0]])._replace(dates=days)
    result = backtrader_engine.run(moved)
    assert np.array_equal(result.dates, days)
    assert np.array_equal(result.equity, backtrader_engine.run(book([100, 110, 120, 130], [[1.0]])).equity)


def test_the_credit_line_is_nobodys_money():
    result = backtrader_engine.run(book([100, 100], [[0.0]], cash=[0.0, 0.01], capital=1e6))
    assert result.equity.tolist() == [1e6, pytest.approx(1.01e6, abs=1e-6)]


def test_units_are_not_rounded_to_whole_ones():
    result = backtrader_engine.run(book([300.0], [[1.0]]))
    assert result.units[0, 0] == pytest.approx(10 / 3, rel=1e-15)


@pytest.mark.parametrize("capital", [1e3, 1e7, 1e12])
def test_twenty_years_of_days_agree_with_the_ledger_at_any_size_of_account(capital):
    rng = np.random.default_rng(7)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, (5_040, 2)), axis=0))
    long_run = book(prices.tolist(), [[0.6, -0.5]], capital=capital, spread=1e-5, funding_long=1e-4, cash=1e-4)
    first, second = ledger.run(long_run), backtrader_engine.run(long_run)
    assert np.abs(first.equity - second.equity).max() <= 1e-9 * capital


def test_running_a_book_twice_gives_the_same_answer():
    again = book([100, 110, 90, 95], [[1.0], [-1.0], [0.5], [2.0]], lag=1, spread=0.01)
    assert np.array_equal(backtrader_engine.run(again).equity, backtrader_engine.run(again).equity)


def test_the_order_of_the_legs_does_not_matter():
    prices, targets = (
        np.array([[100, 50], [90, 60], [95, 70]]),
        np.array([[2.0, -1.0], [1.0, 1.0], [0.0, -2.0]]),
    )
    there = backtrader_engine.run(book(prices.tolist(), targets.tolist(), spread=0.01))
    back = backtrader_engine.run(book(prices[:, ::-1].tolist(), targets[:, ::-1].tolist(), spread=0.01))
    np.testing.assert_allclose(there.equity, back.equity, rtol=1e-14)
    np.testing.assert_allclose(there.units, back.units[:, ::-1], rtol=1e-13)


def test_nothing_is_traded_between_decisions():
    result = backtrader_engine.run(
        book([100, 130, 70, 100], [[1.0], [0.2], [0.3], [0.4]], (True, False, False, False), spread=0.01)
    )
    assert np.count_nonzero(result.traded) == 1
    assert np.count_nonzero(result.cost) == 1


def test_targets_that_are_already_held_trade_nothing():
    result = backtrader_engine.run(book([100, 100, 100], [[1.0]], spread=0.0))
    assert np.count_nonzero(result.traded) == 1


def test_its_lines_are_those_of_the_ledger_to_the_last_digits():
    rates = {"fx": [[2.0], [2.5], [2.0], [3.0]], "fx_exposed": 1.0, "funding_long": 0.01, "funding_short": 0.02}
    rates |= {
        "borrow": 0.003,
        "roll": 0.001,
        "income_long": 0.5,
        "spread": 0.002,
        "cash": [0.0, 0.01, 0.01, 0.01],
    }
    traded = book([100, 110, 90, 95], [[1.5], [-1.0], [0.5], [2.0]], listed=True, margin=[0, 0.01, 0.01, 0.01], **rates)
    first, second = ledger.run(traded), backtrader_engine.run(traded)
    for line in LINES:
        assert first.line(line).any(), line
        np.testing.assert_allclose(second.line(line), first.line(line), rtol=1e-12, atol=1e-12, err_msg=line)


def test_backtrader_prints_nothing_even_in_ruin(capsys):
    result = backtrader_engine.run(book([100, 40, 50], [[2.0]], tradable=[True, False, False], spread=0.01))
    assert result.ruined == 1
    assert capsys.readouterr() == ("", "")
