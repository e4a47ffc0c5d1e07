"""Nothing below a lot that stands still trades, nor what rounding errors alone would: in both engines, and compiled."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.engine import backtrader_engine, kernel, ledger
from tests.books import random_book
from tests.test_ledger import book

ENGINES = (ledger.run, kernel.run, backtrader_engine.run)
WALKS = pytest.mark.parametrize("run", ENGINES, ids=("ledger", "kernel", "backtrader"))


@WALKS
def test_a_lot_that_rounding_errors_move_is_not_traded(run):
    lots = 3.0 * (1.0 + 2e-16 * np.array([[0], [1], [-2], [3], [5]]))
    result = run(book([100.0] * 5, [[1.0]] * 5, lot=lots, capital=90_000.0))
    assert result.units[:, 0].tolist() == [900.0] * 5
    assert result.traded[:, 0].tolist() == [900.0, 0.0, 0.0, 0.0, 0.0]
    assert result.cost[1:].any() == np.False_


@WALKS
def test_a_lot_more_or_less_is_traded(run):
    targets = [[0.999], [1.0], [0.999], [0.0], [0.0]]
    result = run(book([100.0] * 5, targets, lot=1.0, capital=100_000.0, fixed_base=True))
    assert result.units[:, 0].tolist() == [999.0, 1000.0, 999.0, 0.0, 0.0]
    assert result.traded[:, 0].tolist() == [999.0, 1.0, 1.0, 999.0, 0.0]


@WALKS
def test_what_a_proxy_left_behind_is_held_until_a_whole_lot_is_to_be_traded(run):
    lots = np.array([[0.0], [1.0], [1.0], [1.0]])  # any amount while it is modelled, whole shares from then on
    targets = [[0.10004], [0.10004], [0.1021], [0.0]]
    result = run(book([100.0] * 4, targets, lot=lots, capital=100_000.0, fixed_base=True))
    assert result.units[:, 0].tolist() == pytest.approx([100.04, 100.04, 102.0, 0.0], abs=1e-12)
    assert result.traded[1, 0] == 0.0


@WALKS
def test_what_a_proxy_left_behind_is_sold_whole_where_no_lot_of_it_is_wanted(run):
    lots = np.array([[0.0], [1.0], [1.0], [1.0]])
    result = run(book([100.0] * 4, [[0.0016], [0.0016], [0.0009], [0.0009]], lot=lots, capital=1e5, fixed_base=True))
    assert result.units[:, 0].tolist() == pytest.approx([1.6, 1.6, 0.0, 0.0], abs=1e-12)


@WALKS
@pytest.mark.parametrize("lag", [0, 1, 2])
def test_an_order_for_what_is_held_but_for_a_rounding_error_is_no_fill(run, lag):
    prices = [100.0, 100.0 / 3.0, 100.0, 100.0 / 3.0, 100.0, 100.0, 100.0, 100.0]
    targets = [[0.1], [0.3], [0.7], [0.1], [0.3], [0.3], [0.3], [0.3]]
    result = run(book(prices, targets, lag=lag, lot=1 / 7, capital=100_000.0, fixed_base=True))
    fills = np.flatnonzero(result.traded[:, 0])
    assert (result.traded[fills, 0] > 1.0).all()
    assert fills[-1] == 3 + lag


def test_no_fill_of_any_book_whose_lots_stand_still_is_below_a_lot():
    fills = 0
    for seed in range(700):
        own = random_book(seed, longest=120)
        if (own.lot != own.lot[0]).any():
            continue
        result = ledger.run(own)
        for t, i in np.argwhere((result.traded > 0) & (own.lot > 0) & (result.units != 0)):
            assert result.traded[t, i] >= ledger.LEAST * own.lot[t, i]
            fills += 1
    assert fills > 1000
