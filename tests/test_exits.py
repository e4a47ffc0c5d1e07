"""Dated trades: when they open, what closes them, and when they open again; each case worked by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.build import build
from data.errors import ConfigError
from data.instruments import LIBRARY
from strategies.base import decisions_of, keeps_prefix_law
from strategies.exits import DatedTrade, Length, Terms, follow
from strategies.hold import Hold
from strategies.relative_value import Momentum
from tests import histories
from tests.test_build import TENORS, made_up

DAYS = pd.bdate_range("2024-01-01", periods=60)
MONTHS = pd.date_range("2023-11-30", periods=16, freq="ME")


@dataclass(frozen=True)
class Given:
    """Weights of one bond, given row by row; of two, the second the other way round."""

    weights: tuple[float, ...]
    legs: tuple[str, ...] = ("UST10",)

    def warmup(self, market) -> int:
        return 1

    def targets(self, market):
        sizes = np.array(self.weights[: len(market.dates)], dtype=float)
        return np.column_stack([sizes * (1 if i == 0 else -1) for i in range(len(self.legs))])


def market(ten: list[float], days=DAYS, frequency: str = "daily", two: list[float] | None = None):
    """A curve flat at 4 % but for what is given of its ten-year, and of its two-year, in basis points above that."""
    frame = pd.DataFrame(0.04, days[: len(ten)], TENORS)
    frame[10.0] += np.array(ten) / 1e4
    if two is not None:
        frame[2.0] += np.array(two) / 1e4
    return build(made_up(frame, frequency), [LIBRARY["UST10"], *([LIBRARY["UST2"]] if two is not None else [])])


def told(ten, weights, days=DAYS, frequency="daily", start=None, **terms):
    """Trades as (opened, closed, reason)."""
    trade = DatedTrade(Given(tuple(weights)), Terms(**terms), start)
    return [(one.opened, one.closed, one.reason) for one in trade.trades(market(ten, days, frequency))]


UP = [0, -10, -20, -30, -40, -40, -40, -40]  # a long gains ten a row, then stands still


def test_it_opens_on_the_first_row_on_or_after_its_entry_which_may_be_a_holiday():
    # 2024-01-06 is a Saturday; row 5 is Monday 8 January
    assert told([0] * 8, [1] * 8, entry=date(2024, 1, 6)) == [(5, 7, "open")]
    assert told([0] * 8, [0] * 7 + [1], entry=date(2024, 1, 6)) == [(7, 7, "open")]


def test_without_an_entry_it_opens_whenever_there_is_a_position():
    assert told([0] * 8, [0, 1, 1, 0, 0, -1, -1, 0]) == [(1, 3, "flat"), (5, 7, "flat")]


def test_a_window_that_starts_in_mid_trade_opens_on_its_first_row():
    assert told([0] * 8, [1] * 8, start=date(2024, 1, 3)) == [(2, 7, "open")]


def test_the_opening_row_closes_nothing():
    # the spread is 50 against it on the row before; the first look is on the next row
    assert told([-50, 0, 0, 60, 60, 60, 60, 60], [0, 1, 1, 1, 1, 1, 1, 1], stop_bp=50) == [(1, 3, "stop")]


@pytest.mark.parametrize(("gate", "row"), [(20, 2), (20.0000001, 2), (20.001, 3), (19.9, 2)])
def test_a_target_is_reached_or_passed(gate, row):
    assert told(UP, [1] * 8, target_bp=gate) == [(0, row, "target")]


@pytest.mark.parametrize(("gate", "row"), [(20, 2), (20.0000001, 2), (20.001, 3)])
def test_a_stop_is_touched_or_passed(gate, row):
    assert told([-level for level in UP], [1] * 8, stop_bp=gate) == [(0, row, "stop")]


def test_a_short_gains_as_yields_rise():
    assert told([-level for level in UP], [-1] * 8, target_bp=20) == [(0, 2, "target")]


def test_a_trail_is_a_first_stop_for_the_opening_counts_as_the_best_so_far():
    assert told([0, 5, 15, 25, 0, 0, 0, 0], [1] * 8, trail_bp=15) == [(0, 2, "trail")]
    # 40 gained, then 25: 15 given back
    assert told([0, -40, -30, -25, 0, 0, 0, 0], [1] * 8, trail_bp=15) == [(0, 3, "trail")]


def test_of_gates_touched_on_one_row_the_first_in_order_speaks():
    jump = [0, 30, 30, 30, 30, 30, 30, 30]
    assert told(jump, [1] * 8, stop_bp=30, trail_bp=30, horizon=Length("1D"), exit=date(2024, 1, 2)) == [(0, 1, "stop")]
    assert told(jump, [1, -1, -1, -1, -1, -1, -1, -1], stop_bp=30, entry=date(2024, 1, 1)) == [(0, 1, "stop")]
    # a stop in percent and a target in basis points on one row: the stop
    fall = [0, -30, -30, -30, -30, -30, -30, -30]
    assert told(fall, [1] * 8, stop_pct=1e-9, target_bp=30)[0] == (0, 1, "target")
    assert told(jump, [-1] * 8, stop_bp=40, target_bp=30) == [(0, 1, "target")]
    assert told(jump, [1] * 8, trail_bp=30, horizon=Length("1D")) == [(0, 1, "trail")]
    assert told([0] * 8, [1] * 8, horizon=Length("1D"), exit=date(2024, 1, 2)) == [(0, 1, "horizon")]
    assert told([0] * 8, [1, 0, 0, 0, 0, 0, 0, 0], exit=date(2024, 1, 2)) == [(0, 1, "exit")]


def test_nothing_opens_on_or_after_the_exit():
    assert told([0] * 8, [0, 0, 1, 1, 1, 1, 1, 1], exit=date(2024, 1, 3)) == []
    assert told([0] * 8, [0, 1, 1, 1, 1, 1, 1, 1], exit=date(2024, 1, 3)) == [(1, 2, "exit")]


@pytest.mark.parametrize(
    ("day", "length", "later"),
    [
        ("2024-01-31", "1M", "2024-02-29"),
        ("2023-01-31", "1M", "2023-02-28"),
        ("2024-02-29", "1Y", "2025-02-28"),
        ("2024-08-31", "6M", "2025-02-28"),
        ("2024-01-31", "30D", "2024-03-01"),
    ],
)
def test_months_and_years_are_calendar_ones_the_day_clipped(day, length, later):
    assert Length(length).after(np.datetime64(day)) == np.datetime64(later)


def test_a_horizon_of_a_month_from_31_january_ends_on_the_last_of_february():
    days = pd.DatetimeIndex(["2024-01-30", "2024-01-31", "2024-02-28", "2024-02-29", "2024-03-29"])
    assert told([0] * 5, [0, 1, 1, 1, 1], days, horizon=Length("1M")) == [(1, 3, "horizon")]


def test_going_flat_and_turning_close_an_open_trade():
    weights = [1, 1, -1, -1, 0, 0, 1, 1]
    assert told([0] * 8, weights) == [(0, 2, "turn"), (2, 4, "flat"), (6, 7, "open")]
    # with an entry it is one trade
    assert told([0] * 8, weights, entry=date(2024, 1, 1)) == [(0, 2, "turn")]


def test_after_a_gate_the_position_must_go_flat_or_turn():
    ten = [0, 30, 30, 30, 30, 30, 30, 30]
    assert told(ten, [1, 1, 1, 1, 0, 1, 1, 1], stop_bp=30) == [(0, 1, "stop"), (5, 7, "open")]
    assert told(ten, [1, 1, 1, -1, -1, -1, -1, -1], stop_bp=30) == [(0, 1, "stop"), (3, 7, "open")]
    assert told(ten, [1] * 8, stop_bp=30) == [(0, 1, "stop")]


def test_a_window_lets_it_open_again_without_a_turn():
    ten = [0, 30, 30, 30, 30, 30, 30, 30]
    # closed on 2 January; three days later is 5 January, row 4
    assert told(ten, [1] * 8, stop_bp=30, reenter=Length("3D")) == [(0, 1, "stop"), (4, 7, "open")]
    # and a turn inside the window opens nothing
    assert told([0] * 8, [1, -1, -1, -1, -1, -1, -1, -1], reenter=Length("3D")) == [(0, 1, "turn"), (4, 7, "open")]


def test_never_is_one_trade():
    assert told([0] * 8, [1, 0, 1, 1, 0, 1, 1, 1], reenter="never") == [(0, 1, "flat")]


def test_a_spread_moves_by_both_yields_and_the_hedge_is_that_of_the_opening():
    made = market([0, 0, 5, 10], two=[0, 0, -5, -10])
    strategy = DatedTrade(Given((0, -1, -1, -1), ("UST10", "UST2")), Terms(target_bp=11))
    (trade,) = strategy.trades(made)
    assert (trade.opened, trade.closed, trade.reason) == (1, 3, "target")
    d10, d2 = made.duration[1]
    assert trade.hedge == pytest.approx([-1.0, d2 / d10])
    # short tens gain 5 and 10, long twos that share of 5 and 10: 6.2 after a row, 12.3 after two
    assert [round(level * (1 + d2 / d10), 1) for level in (5, 10)] == [6.2, 12.3]


def test_percent_is_what_the_legs_made_over_funding_without_costs():
    ten = [0, -5, -10, -15, -20, -25, -30, -35]
    made = market(ten)
    price = made.price[:, 0]
    excess = price[1:] / price[:-1] - 1 - made.funding[1:, 0]
    total = 100 * 2 * np.cumsum(excess)  # twice the equity, long
    row = int(np.flatnonzero(total >= total[3])[0]) + 1
    assert told(ten, [2] * 8, target_pct=float(total[3])) == [(0, row, "target")]
    assert row == 4
    assert told([-level for level in ten], [2] * 8, stop_pct=0.5)[0][2] == "stop"


def test_a_stop_on_month_ends_is_seen_at_a_month_end_and_overshot():
    ten = [0, 0, 80, 80] + [80] * 12
    trade = DatedTrade(Given((1.0,) * 16), Terms(stop_bp=15))
    made = market(ten, MONTHS, "monthly")
    ((opened, closed, reason, hedge),) = trade.trades(made)
    assert (opened, closed, reason) == (0, 2, "stop")
    assert hedge.tolist() == [1.0]


def test_a_leg_without_a_yield_takes_no_gate_in_basis_points():
    made = build(made_up(pd.DataFrame(0.04, DAYS, TENORS), "daily"), [LIBRARY["JPY"]])
    cash = Hold({"JPY": -0.5})
    with pytest.raises(ConfigError, match=r"trade\.stop_bp needs the yield of every leg, and JPY has none"):
        DatedTrade(cash, Terms(stop_bp=10)).targets(made)
    assert DatedTrade(cash, Terms(entry=date(2024, 1, 10))).targets(made)[:8].any(axis=1).tolist() == [False] * 7 + [
        True
    ]


# ---- laws


@pytest.mark.parametrize("again", ["never", "turn", Length("2M"), None])
@pytest.mark.parametrize("rows", ["months", "days"])
def test_no_decision_rests_on_a_later_row(tables, again, rows):
    history = tables if rows == "months" else histories.days()
    made = build(history, [LIBRARY["UST10"], LIBRARY["JGB10"]])
    terms = Terms(stop_bp=25, target_bp=30, trail_bp=20, horizon=Length("6M"), stop_pct=2.0, reenter=again)
    trade = DatedTrade(Momentum(), terms, date(2005, 3, 31))
    flags = decisions_of(trade, made)
    assert flags.sum() > (1 if again == "never" else 10)
    for t in range(len(made.dates) // 2, len(made.dates), max(len(made.dates) // 40, 1)):
        assert keeps_prefix_law(trade, made, t)
        assert decisions_of(trade, made.until(t))[-1] == flags[t]


def test_outside_its_trades_it_is_flat_and_inside_it_is_the_inner_strategy(tables):
    made = build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"]])
    inner = Momentum()
    trade = DatedTrade(inner, Terms(stop_bp=25, target_bp=30))
    held = np.zeros(len(made.dates), dtype=bool)
    for one in trade.trades(made):
        held[one.opened : one.closed + (one.reason == "open")] = True
    assert 0.2 < held.mean() < 0.9
    weights = follow(inner, made).weights
    assert np.array_equal(trade.targets(made), np.where(held[:, None], weights, 0.0))
