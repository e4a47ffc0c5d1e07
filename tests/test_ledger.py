"""The arithmetic of a bar and the meaning of an order, in cases worked by hand, on both engines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book
from backtests.engine.result import LINES, Result

Engine = Callable[[Book], Result]
NEVER_AGAIN = (True, False, False, False, False)


def book(prices: list, targets: list, decides: tuple | None = None, **changes) -> Book:
    """A book of 1000 USD in which what is not given is 0; a table is by row, legs inside, or one value."""
    price = by_row(prices)
    shape = price.shape

    def table(name: str, flat: float = 0.0) -> np.ndarray:
        return np.array(np.broadcast_to(by_row(changes.pop(name, flat)), shape))

    def column(name: str) -> np.ndarray:
        return np.array(np.broadcast_to(np.asarray(changes.pop(name, 0.0)), shape[0]))

    legs = ("funding_long", "funding_short", "borrow", "roll", "income_long", "income_short", "spread", "lot")
    return Book(
        dates=np.datetime64("2024-01-01", "D") + np.arange(shape[0]),
        price=price,
        fx=table("fx", 1.0),
        fx_exposed=np.full(shape[1], changes.pop("fx_exposed", 0.0)),
        **{name: table(name) for name in legs},
        tradable=table("tradable", True).astype(bool),
        listed=np.full(shape[1], changes.pop("listed", False)),
        bond=np.full(shape[1], changes.pop("bond", False)),
        cash=column("cash"),
        margin=column("margin"),
        repo=column("repo"),
        targets=np.array(np.broadcast_to(by_row(targets), shape)),
        decides=np.ones(shape[0], bool) if decides is None else np.array(decides[: shape[0]]),
        band=column("band"),
        **{"lag": 0, "capital": 1000.0, "fixed_base": False, **changes},
    )


def by_row(values: object) -> np.ndarray:
    array = np.array(values, dtype=float)
    return array[:, None] if array.ndim == 1 else array


@pytest.fixture(params=[ledger.run, backtrader_engine.run], ids=["ledger", "backtrader"])
def run(request: pytest.FixtureRequest) -> Engine:
    return request.param


def held(result: Result) -> list:
    """Units after each row's fills, a list by row, of floats where there is one leg."""
    return result.units[:, 0].tolist() if result.units.shape[1] == 1 else result.units.tolist()


# ---- the lines of one bar: 10 units of 100 held over it, at an FX rate of 2, then 2.5


def one_bar(side: float, **changes) -> Book:
    return book([[100], [110]], [[2 * side]], NEVER_AGAIN, fx=[[2.0], [2.5]], **changes)


@pytest.mark.parametrize(
    ("line", "rates", "long", "short"),
    [
        ("price", {}, 10 * 10 * 2.5, -10 * 10 * 2.5),
        ("fx", {"fx_exposed": 1.0}, 1000 * 0.5, -1000 * 0.5),
        ("funding", {"funding_long": 0.01, "funding_short": 0.02}, -1000 * 0.01, 1000 * 0.02),
        ("borrow", {"borrow": 0.01}, 0.0, -1000 * 0.01 * 2.5),
        ("roll", {"roll": 0.01}, -1000 * 0.01 * 2.5, -1000 * 0.01 * 2.5),
        ("income", {"income_long": 3.0, "income_short": 4.0}, 10 * 3 * 2.5, -10 * 4 * 2.5),
    ],
)
def test_a_line_is_what_its_formula_says_for_a_long_and_for_a_short(run, line, rates, long, short):
    for side, expected in ((1.0, long), (-1.0, short)):
        result = run(one_bar(side, **rates))
        assert held(result) == [10.0 * side, 10.0 * side]
        assert result.line(line)[:, 0].tolist() == [0.0, pytest.approx(expected, abs=1e-12)]
        moves = {name for name in LINES if result.line(name).any()}
        assert moves == ({"price", line} if expected else {"price"})


def test_opening_costs_the_half_spread_of_the_notional_in_dollars(run):
    result = run(one_bar(-1.0, spread=[[0.01], [0.5]]))
    assert result.cost[:, 0].tolist() == [pytest.approx(-10 * 100 * 2 * 0.01, abs=1e-12), 0.0]
    assert result.notional[:, 0].tolist() == [2000.0, 0.0]


def test_cash_earns_on_the_equity_of_the_bars_start(run):
    result = run(book([100, 200, 200], [[1.0]], NEVER_AGAIN, cash=[0.0, 0.01, 0.01]))
    assert result.cash.tolist() == pytest.approx([0.0, 10.0, 20.1], abs=1e-12)
    assert result.equity.tolist() == pytest.approx([1000.0, 2010.0, 2030.1], abs=1e-11)


def test_an_account_that_trades_nothing_only_earns_its_interest(run):
    result = run(book([100, 50, 200], [[0.0]], cash=[0.0, 0.01, 0.01], spread=0.1))
    assert result.equity.tolist() == pytest.approx([1000.0, 1010.0, 1020.1], abs=1e-11)


@pytest.mark.parametrize(
    ("weights", "listed", "paid"),
    [
        ([1.5], True, 500 * 0.01),  # listed longs of 1500 on 1000 of equity
        ([1.0], True, 0.0),
        ([-3.0], True, 0.0),  # a short is no loan
        ([1.5], False, 0.0),  # neither a fund nor a bond
        ([1.5, -1.0], True, 500 * 0.01),  # a short does not lend to a long
        ([0.8, 0.9], True, 700 * 0.01),
    ],
)
def test_margin_is_paid_on_listed_longs_above_equity(run, weights, listed, paid):
    result = run(book([[100] * len(weights)] * 2, [weights], NEVER_AGAIN, listed=listed, margin=[0.0, 0.01]))
    assert result.margin.tolist() == [0.0, pytest.approx(-paid, abs=1e-12)]


@pytest.mark.parametrize(
    ("weights", "listed", "paid"),
    [
        ([1.5], [False], 500 * 0.001),  # 1500 of bonds on 1000 of equity: 500 in repo
        ([1.0], [False], 0.0),
        ([-3.0], [False], 0.0),  # a short lends
        ([2.0, -1.0], [False, False], 1000 * 0.001),  # and pays for no long
        ([0.6, 0.9], [True, False], 500 * 0.001),  # equity pays for the fund first: 400 are left for 900 of bonds
        ([1.3, 0.9], [True, False], 300 * 0.01 + 900 * 0.001),  # and here for nothing of the bonds
        ([-2.0, 1.2], [True, False], 200 * 0.001),
    ],
)
def test_bonds_are_financed_dearer_than_the_fixing_above_what_equity_has_left(run, weights, listed, paid):
    rows = {"margin": [0.0, 0.01], "repo": [0.0, 0.001]}
    result = run(
        book([[100] * len(weights)] * 2, [weights], NEVER_AGAIN, listed=listed, bond=~np.array(listed), **rows)
    )
    assert result.margin.tolist() == [0.0, pytest.approx(-paid, abs=1e-12)]
    assert result.equity[-1] == pytest.approx(1000 - paid, abs=1e-9)


def test_margin_compares_dollars_at_the_start_of_the_bar(run):
    rows = {"fx": [[2.0], [8.0]], "margin": [0.0, 0.01]}
    result = run(book([100, 300], [[1.2]], NEVER_AGAIN, listed=True, **rows))
    assert result.margin[1] == pytest.approx(-200 * 0.01, abs=1e-12)


def test_weights_are_the_held_notional_over_equity(run):
    result = run(book([100, 150], [[1.0]], NEVER_AGAIN, cash=[0.0, 0.5]))
    assert result.weights[:, 0].tolist() == pytest.approx([1.0, 1500 / 2000], abs=1e-15)


# ---- decisions and fills


def test_an_order_at_the_same_close_fills_at_once(run):
    result = run(book([100, 125, 150], [[1.0]], NEVER_AGAIN))
    assert held(result) == [10.0, 10.0, 10.0]
    assert result.equity.tolist() == [1000.0, 1250.0, 1500.0]


def test_an_order_for_the_next_close_keeps_the_units_it_was_decided_with(run):
    result = run(book([100, 125, 150], [[1.0]], NEVER_AGAIN, lag=1, spread=0.01))
    assert held(result) == [0.0, 10.0, 10.0]
    assert result.cost[:, 0].tolist() == [0.0, -12.5, 0.0]
    assert result.equity.tolist() == [1000.0, 987.5, 1237.5]


def test_an_order_two_bars_out_keeps_its_units_too(run):
    result = run(book([100, 125, 150, 160], [[1.0]], NEVER_AGAIN, lag=2))
    assert held(result) == [0.0, 0.0, 10.0, 10.0]
    assert result.equity.tolist() == [1000.0, 1000.0, 1000.0, 1100.0]


def test_an_order_waits_over_a_holiday_with_its_units(run):
    result = run(book([100, 100, 200, 250], [[1.0]], NEVER_AGAIN, lag=1, tradable=[True, False, True, True]))
    assert held(result) == [0.0, 0.0, 10.0, 10.0]
    assert result.equity.tolist() == [1000.0, 1000.0, 1000.0, 1500.0]


def test_an_order_at_the_same_close_waits_over_a_holiday_too(run):
    result = run(book([100, 200, 250], [[1.0]], NEVER_AGAIN, tradable=[False, True, True]))
    assert held(result) == [0.0, 10.0, 10.0]


def test_a_later_decision_replaces_an_order_that_waits(run):
    decided = book([100] * 4, [[1.0], [0.5], [9.9], [9.9]], (True, True, False, False), lag=1)
    closed = decided._replace(tradable=np.array([[True], [False], [True], [True]]))
    assert held(run(decided)) == [0.0, 10.0, 5.0, 5.0]
    assert held(run(closed)) == [0.0, 0.0, 5.0, 5.0]


def test_a_later_decision_to_stay_put_cancels_an_order_that_waits(run):
    # 8 units held; 16 ordered on a holiday; then 9 wanted, which is inside the band: 8 stay.
    wanted, closed = [[0.8], [1.6], [0.9], [0.0]], [True, False, False, True]
    result = run(book([100] * 4, wanted, (True, True, True, False), band=0.5, tradable=closed))
    assert held(result) == [8.0, 8.0, 8.0, 8.0]


def test_a_decision_inside_the_band_undoes_no_order_two_bars_out(run):
    # 10 units wanted, then 12 for good; 12 is inside the band of 10, and nobody ever asks to sell.
    result = run(book([100] * 7, [[1.0]] + [[1.2]] * 6, lag=2, band=0.5))
    assert (np.diff(result.units[:, 0]) >= 0).all()


def test_legs_do_not_wait_for_each_other(run):
    second_closed = [[True, True], [True, False], [True, True]]
    result = run(book([[100, 50]] * 3, [[1.0, -1.0]], NEVER_AGAIN, lag=1, tradable=second_closed))
    assert held(result) == [[0.0, 0.0], [10.0, 0.0], [10.0, -20.0]]


def test_a_decision_on_the_last_row_still_trades_at_the_same_close(run):
    result = run(book([100, 100], [[0.0], [1.0]], spread=0.01))
    assert held(result) == [0.0, 10.0]
    assert result.equity.tolist() == [1000.0, 990.0]


def test_a_decision_on_the_last_row_for_the_next_close_trades_no_more(run):
    result = run(book([100, 100], [[0.0], [1.0]], lag=1, spread=0.01))
    assert held(result) == [0.0, 0.0]
    assert result.equity.tolist() == [1000.0, 1000.0]


def test_nothing_is_liquidated_at_the_end(run):
    assert held(run(book([100, 110, 120], [[1.0]], NEVER_AGAIN)))[-1] == 10.0


def test_a_window_of_one_row_is_its_opening_trade(run):
    result = run(book([100], [[-1.0]], spread=0.01))
    assert held(result) == [-10.0]
    assert result.equity.tolist() == [990.0]


def test_a_reversal_trades_the_whole_way(run):
    result = run(book([100, 100], [[1.0], [-1.0]], fixed_base=True, spread=0.01))
    assert held(result) == [10.0, -10.0]
    assert result.traded[:, 0].tolist() == [10.0, 20.0]
    assert result.cost[:, 0].tolist() == [-10.0, -20.0]


# ---- the band and lots


@pytest.mark.parametrize(("target", "units"), [(1.5, 10.0), (2.0, 10.0), (2.5, 25.0), (0.75, 10.0), (0.5, 5.0)])
def test_a_leg_trades_only_when_it_is_further_from_target_than_the_band(run, target, units):
    # 10 held, band one half of the target: 20 is exactly on it, and so is not beyond it
    assert held(run(book([100, 100], [[1.0], [target]], band=0.5))) == [10.0, units]


def test_the_band_trades_all_legs_or_none(run):
    targets = [[1.0, -1.0], [1.1, -1.2], [1.1, -1.3]]
    result = run(book([[100, 100]] * 3, targets, band=0.2))
    assert held(result) == [[10.0, -10.0], [10.0, -10.0], [pytest.approx(11.0), -13.0]]


def test_going_flat_is_never_inside_the_band(run):
    assert held(run(book([100, 100], [[1.0], [0.0]], band=0.99))) == [10.0, 0.0]


@pytest.mark.parametrize(("weight", "units"), [(1.0, 140.0), (-1.0, -140.0), (0.06, 0.0), (-0.06, 0.0)])
def test_lots_round_towards_zero(run, weight, units):
    assert held(run(book([7.0], [[weight]], lot=10.0))) == [units]  # 142.86 units, and 8.57


def test_a_whole_lot_survives_the_rounding_of_floats(run):
    assert 0.29 * 100 < 29
    assert held(run(book([1.0], [[0.29]], lot=1.0, capital=100.0))) == [29.0]


def test_the_band_compares_whole_lots(run):
    # 10.5 units of the first leg are wanted, outside the band; a lot of 10 makes that the 10 that are held
    targets = [[1.0, 1.0], [1.05, 1.01]]
    assert held(run(book([[100, 100]] * 2, targets, band=0.02, lot=[[10, 0]] * 2))) == [[10.0, 10.0]] * 2
    assert held(run(book([[100, 100]] * 2, targets, band=0.02)))[1] == [
        pytest.approx(10.5),
        pytest.approx(10.1),
    ]


# ---- what a position is sized on


@pytest.mark.parametrize(("fixed_base", "units"), [(False, 10.0), (True, 1000 / 110)])
def test_the_base_is_todays_equity_or_the_capital(run, fixed_base, units):
    result = run(book([100, 110], [[1.0]], fixed_base=fixed_base))
    assert held(result) == [10.0, pytest.approx(units, rel=1e-15)]


def test_equity_at_the_same_close_is_before_the_costs_of_the_order_it_sizes(run):
    result = run(book([100, 100], [[1.0], [2.0]], spread=0.01))
    assert held(result) == [10.0, pytest.approx(2 * 990 / 100, rel=1e-14)]


def test_equity_is_after_the_costs_of_orders_decided_earlier(run):
    result = run(book([100] * 3, [[1.0], [2.0], [2.0]], lag=1, spread=0.01))
    assert held(result) == [0.0, 10.0, pytest.approx(2 * 990 / 100, rel=1e-14)]


def test_equity_counts_everything_the_bar_earned(run):
    result = run(book([100, 100], [[1.0]], cash=[0.0, 0.02], funding_long=0.01, roll=0.005))
    assert held(result) == [10.0, pytest.approx((1000 + 20 - 10 - 5) / 100, rel=1e-14)]


# ---- ruin


def test_ruin_closes_everything_at_that_close_with_costs_and_ends_the_story(run):
    rates = {"cash": [0.0, 0.0, 0.5, 0.5], "spread": [[0.0], [0.01], [0.01], [0.01]]}
    result = run(book([100, 40, 90, 10], [[2.0]], **rates))
    assert result.ruined == 1
    assert held(result) == [20.0, 0.0, 0.0, 0.0]
    assert result.equity.tolist() == [1000.0, -208.0, -208.0, -208.0]  # 1000 - 20 x 60 - 20 x 40 x 1 %
    assert not any(result.line(name)[2:].any() for name in LINES)


def test_equity_of_exactly_nothing_is_ruin(run):
    result = run(book([100, 50, 100], [[2.0]]))
    assert (result.ruined, result.equity.tolist()) == (1, [1000.0, 0.0, 0.0])


def test_a_ruined_book_is_closed_even_on_a_legs_holiday(run):
    result = run(book([[100, 100], [40, 100], [40, 100]], [[2.0, -1.0]], tradable=[[1, 1], [0, 0], [1, 1]]))
    assert held(result) == [[20.0, -10.0], [0.0, 0.0], [0.0, 0.0]]


def test_ruin_cancels_orders_that_wait(run):
    prices, closed = [[100, 100]] * 2 + [[40, 100]] * 3, [[1, 0]] * 3 + [[1, 1]] * 2
    result = run(book(prices, [[2.0, 1.0]], NEVER_AGAIN, tradable=closed))
    assert result.ruined == 2
    assert held(result)[-1] == [0.0, 0.0]
    assert not result.traded[3:].any()


@pytest.mark.parametrize("lag", [0, 1])
def test_costs_alone_can_ruin(run, lag):
    result = run(book([100, 100, 100], [[4.0]], lag=lag, spread=0.3))
    assert result.ruined == lag
    assert result.equity[-1] == 1000 - 2 * 4000 * 0.3  # the way in and the way out
    assert held(result) == [0.0, 0.0, 0.0]
    assert result.notional.sum() == 8000.0


def test_a_survivor_is_not_called_ruined(run):
    assert run(book([100, 51], [[2.0]])).ruined is None


def test_a_result_cannot_be_written_to(run):
    result = run(book([100, 110], [[1.0]]))
    with pytest.raises(ValueError, match="read-only"):
        result.equity[0] = 0.0
    with pytest.raises(KeyError, match="coupon"):
        result.line("coupon")
