"""Round trips: every dollar in one of them, gains exact from the curves, hurdles those of the forwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Terms as BookTerms
from backtests.engine.book import prepare
from backtests.engine.reconcile import reconcile
from backtests.performance import round_trips as told
from backtests.performance.round_trips import POINTS, RoundTrip, figures, round_trips, thinned, tidy
from backtests.runs import runner
from data.build import build
from data.instruments import LIBRARY
from data.pricing.forwards import hurdle_yield
from strategies.base import decisions_of, lead_of
from strategies.breakeven import Breakeven
from strategies.curve import Butterfly, CurveTrade
from strategies.exits import DatedTrade, Length, Terms
from strategies.hold import Hold
from strategies.overlays import GrossCap
from strategies.relative_value import Momentum
from tests import histories
from tests.books import dated_book, without_curves
from tests.test_exits import DAYS, Given, market

ROOT = config.__file__.rsplit("/backtests/", 1)[0]
FREE = {"half_spread": 0.0, "rolls_per_year": 0.0, "borrow": 0.0}


def trips_of(strategy, made, rows=None, engine=ledger.run, **terms):
    """The trips of a strategy on a market's rows, and its result."""
    rows = rows or slice(0, len(made.dates))
    own = decisions_of(strategy, made)
    book = prepare(made, strategy.targets(made), rows, BookTerms(**terms), own)
    result = engine(book)
    return round_trips(strategy, made, rows, book, result), result


def trading(result) -> float:
    return float(result.equity[-1] - result.capital - result.cash.sum())


def total(trips: list[RoundTrip]) -> float:
    return sum(trip.pnl_usd for trip in trips)


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("every", ["bar", "month"])
@pytest.mark.parametrize("engine", [ledger.run, backtrader_engine.run], ids=["ledger", "backtrader"])
def test_trips_sum_to_trading_pnl(tables, lag, every, engine):
    made = build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"]])
    terms = Terms(stop_bp=25, target_bp=30, trail_bp=20, reenter="turn")
    start = made.dates[60].astype(object)
    for strategy in (DatedTrade(Momentum(), terms, start), Momentum()):
        trips, result = trips_of(strategy, made, slice(60, 380), engine, lag=lag, every=every)
        assert len(trips) > 10
        assert {trip.reason for trip in trips} >= ({"turn"} if isinstance(strategy, Momentum) else {"stop", "target"})
        assert total(trips) == pytest.approx(trading(result), abs=1e-9 * result.capital)


def test_on_days_legs_that_wait_for_their_market_stay_with_their_trip():
    made = build(histories.days(), [LIBRARY["UST10"], LIBRARY["JGB10"]])
    strategy = DatedTrade(
        Momentum(), Terms(stop_bp=10, target_bp=12, reenter=Length("5D")), made.dates[800].astype(object)
    )
    trips, result = trips_of(strategy, made, slice(800, 3000), lag=1, every="month", band=0.1)
    assert len(trips) > 60
    assert total(trips) == pytest.approx(trading(result), abs=1e-9 * result.capital)
    assert all(trip.open > trip.decided_open for trip in trips)
    assert all(trip.close > trip.decided_close for trip in trips if trip.reason != "open")


def test_a_turn_is_paid_by_both_by_what_each_trades():
    made = market([0.0] * 6)
    trips, result = trips_of(Given((0, 1, 1, -3, -3, 0)), made)
    assert [(trip.side, trip.reason) for trip in trips] == [(1, "turn"), (-1, "flat")]
    cost = -result.cost[:, 0]
    spread = made.spread[:, 0]
    notional = result.notional[:, 0]
    assert notional[3] == pytest.approx(4 * result.equity[2], rel=1e-3)
    # of the turn a quarter closes the long, three quarters open the short
    assert trips[0].pnl_usd == pytest.approx(
        (result.price + result.funding + result.borrow + result.roll)[2:4].sum() - cost[1] - cost[3] / 4, abs=20.0
    )
    assert cost[3] == pytest.approx(notional[3] * spread[3])
    assert total(trips) == pytest.approx(trading(result), abs=1e-6)


def test_gains_are_those_of_the_fills_and_decisions_those_of_their_rows():
    ten = [0, 0, -10, -14, -30, -33, -33, -33]
    made = market(ten)
    strategy = DatedTrade(Given((0, 1, 1, 1, 1, 1, 1, 1)), Terms(target_bp=29))
    (trip,), result = trips_of(strategy, made, lag=1)
    day = [stamp.date() for stamp in DAYS]
    assert (trip.decided_open, trip.open, trip.decided_close, trip.close) == (day[1], day[2], day[4], day[5])
    assert (trip.reason, trip.side, trip.days) == ("target", 1, (day[5] - day[2]).days)
    assert trip.decision_gain_bp == pytest.approx(30)
    assert trip.gain_bp == pytest.approx(23)
    assert (trip.spread_open_bp, trip.spread_close_bp) == (pytest.approx(390), pytest.approx(367))
    assert (trip.mae_bp, trip.mfe_bp) == (pytest.approx(0), pytest.approx(23))
    assert trip.pnl_usd == pytest.approx(trading(result), abs=1e-6)
    assert trip.mae_usd == pytest.approx(result.cost[2].sum(), abs=1e-6)  # the opening cost, and never lower
    assert trip.mfe_usd >= trip.pnl_usd


def test_a_trip_still_open_is_told_and_not_counted():
    made = market([0, 0, 10, 10, 20, 20])
    trips, result = trips_of(Given((1, 1, 0, 1, 1, 1)), made)
    assert [trip.reason for trip in trips] == ["flat", "open"]
    counted = figures(trips, result)
    assert (counted.trips, counted.trip_hit_rate, counted.average_win, counted.payoff) == (1, 0.0, None, None)
    assert counted.average_loss == counted.expectancy == trips[0].pnl_usd
    assert counted.time_in_trade == pytest.approx(5 / 6)


def test_hit_rate_payoff_and_expectancy_by_hand():
    def made(usd: float, reason: str = "flat", days: int = 1) -> RoundTrip:
        day = date(2024, 1, 1)
        return RoundTrip(
            1, day, day, day, day, reason, *[None] * 5, 0.0, 0.0, usd, None, None, 0.0, 0.0, days, (), (), "bp"
        )

    _, result = trips_of(Given((0, 0)), market([0, 0]))
    counted = figures([made(30.0), made(10.0), made(-8.0, days=9), made(0.0), made(99.0, "open", 99)], result)
    assert (counted.trips, counted.trip_hit_rate, counted.average_win, counted.average_loss) == (4, 0.5, 20.0, -4.0)
    assert (counted.payoff, counted.expectancy, counted.time_in_trade) == (5.0, 8.0, 0.0)
    assert (counted.profit_factor, counted.best_trip, counted.worst_trip) == (5.0, 30.0, -8.0)
    assert (counted.average_trip_days, counted.longest_trip_days) == (3.0, 9)
    three = figures([made(30.0), made(10.0), made(-8.0)], result)
    assert (three.profit_factor, three.payoff) == (5.0, 2.5)
    assert figures([made(30.0)], result).profit_factor is None  # nothing was lost
    assert figures([made(-8.0)], result).profit_factor == 0.0


def test_ruin_ends_the_trip_it_befalls():
    made = market([0, 0, 2000, 2000, 0, 0])
    trips, result = trips_of(DatedTrade(Given((0, 30, 30, 30, 30, 30)), Terms(target_bp=5000)), made, max_gross=50)
    assert result.ruined == 2
    assert [trip.reason for trip in trips] == ["ruin"]
    assert total(trips) == pytest.approx(trading(result), abs=1e-9 * result.capital)


@pytest.fixture
def curveless(monkeypatch):
    """Prices drawn by lot have no curve behind them: no yields, and nothing to split them into."""
    monkeypatch.setattr(told, "yields", lambda strategy, market: None)
    monkeypatch.setattr(told, "bond_lines", without_curves)


@pytest.mark.parametrize("seed", [*range(300), 2005416, 2006991])  # the last two: a fill whose cost ruins the book
def test_random_dated_books_agree_in_both_engines_and_their_trips_are_all_there_is(seed, curveless):
    trade, made, rows, book = dated_book(seed)
    plain, brokered = ledger.run(book), backtrader_engine.run(book)
    assert reconcile("random", plain, brokered) <= 1e-9
    trips = round_trips(trade, made, rows, book, plain)
    assert total(trips) == pytest.approx(trading(plain), abs=1e-9 * plain.capital)


# ---- against the forwards


@pytest.mark.parametrize(
    ("day", "ahead", "spot", "forward"), [("2024-12-31", 1.0, 33.0, 33.6), ("2025-12-31", 0.5, 71.0, 75.9)]
)
def test_the_hurdle_of_2s10s(tables, day, ahead, spot, forward):
    made = build(tables, [LIBRARY["UST2"], LIBRARY["UST10"]])
    (row,) = np.flatnonzero(made.dates == np.datetime64(day))
    curve = made.curves["us"]
    now = (curve.at(10.0) - curve.at(2.0))[row]
    assert 1e4 * now == pytest.approx(spot, abs=0.01)
    implied = hurdle_yield(curve, row, ahead, 10.0) - hurdle_yield(curve, row, ahead, 2.0)
    assert 1e4 * implied == pytest.approx(forward, abs=0.05)


def test_there_is_no_hurdle_beyond_the_last_tenor(tables):
    made = build(tables, [LIBRARY["UST30"]])
    row = len(made.dates) - 1
    assert hurdle_yield(made.curves["us"], row, 0.5, 30.0) is None
    assert hurdle_yield(made.curves["us"], row, 0.0, 30.0) == pytest.approx(made.curves["us"].at(30.0)[row])


def test_a_curve_that_lands_on_its_forwards_gains_its_hurdle(tables):
    """The yields of the legs a year on are set to what the forwards of the opening row say."""
    made = build(tables, [LIBRARY["UST2"], LIBRARY["UST10"]])
    rows = {day: int(np.flatnonzero(made.dates == np.datetime64(day))[0]) for day in ("2024-12-31", "2025-12-31")}
    days = (made.dates[rows["2025-12-31"]] - made.dates[rows["2024-12-31"]]).astype(int)
    us = tables.yields["us"].copy()
    for tenor in (2.0, 10.0):
        us.loc["2025-12-31", tenor] = hurdle_yield(made.curves["us"], rows["2024-12-31"], days / 365.25, tenor)
    landed = build(replace(tables, yields={**tables.yields, "us": us}), [LIBRARY["UST2"], LIBRARY["UST10"]])
    steepener = CurveTrade("UST2", "UST10", "steepener", 5.0)
    trade = DatedTrade(steepener, Terms(entry=date(2024, 12, 31), exit=date(2025, 12, 31)))
    (trip,), _ = trips_of(trade, landed, slice(rows["2024-12-31"] - 5, rows["2025-12-31"] + 3))
    assert (trip.open, trip.close) == (date(2024, 12, 31), date(2025, 12, 31))
    assert trip.hurdle_bp == pytest.approx(trip.gain_bp, abs=1e-9)
    assert trip.hurdle_bp == pytest.approx(0.6, abs=0.1)  # the forwards hold a steepener's gain of 0.6


def test_pnl_less_carry_rolldown_and_costs_is_the_gain_times_dv01():
    """Of a trade that is not rebalanced: within 0.3 bp of its DV01."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        path = np.cumsum(rng.normal(0, 4, 40))
        made = market([0.0, *path])
        bond = replace(LIBRARY["UST10"], **FREE)
        made = replace(made, spread=made.spread * 0, roll=made.roll * 0, instruments=(bond,))
        side = float(rng.choice([-1.0, 1.0]))
        trade = DatedTrade(Given((side * 0.8,) * 41), Terms(horizon=Length("40D")))
        (trip,), result = trips_of(trade, made, every="year", size_on="capital")
        dv01 = 0.8 * made.duration[0, 0] * result.capital * 1e-4
        convexity = 0.5 * side * 0.8 * result.capital * 85 * (trip.gain_bp * 1e-4) ** 2
        rest = trip.pnl_usd - trip.carry_usd - trip.rolldown_usd - convexity
        assert rest == pytest.approx(trip.gain_bp * dv01, abs=0.3 * dv01)


def test_the_accrual_of_an_inflation_bond_is_in_its_carry(tables):
    """A breakeven that nothing moved would otherwise show a loss to carry beside a profit: within 1 bp of its DV01."""
    made = build(tables, [replace(LIBRARY[name], **FREE) for name in ("TIPS10", "UST10")])
    made = replace(made, spread=made.spread * 0, roll=made.roll * 0)
    (row,) = np.flatnonzero(made.dates == np.datetime64("2024-12-31"))
    trade = DatedTrade(Breakeven(), Terms(entry=date(2024, 12, 31), horizon=Length("6M")))
    (trip,), result = trips_of(trade, made, slice(row - 1, row + 8), every="year", size_on="capital")
    dv01 = 5.0 * result.capital * 1e-4
    accrual = trip.pnl_usd - trip.rolldown_usd - trip.gain_bp * dv01 - trip.carry_usd
    assert accrual == pytest.approx(0.0, abs=1.5 * dv01)
    assert trip.carry_usd > 0 and trip.days == 181


def test_the_side_of_a_butterfly_is_that_of_its_belly(tables):
    made = build(tables, [LIBRARY[name] for name in ("UST2", "UST5", "UST10")])
    assert lead_of(GrossCap(Butterfly(), 50.0)) == "UST5"
    ((trip,), result), first = trips_of(Butterfly(), made, slice(400, 410)), made.column("UST2")
    assert trip.side == 1 and result.units[0, first] < 0


# ---- as tables


def test_the_table_has_a_row_a_trip_and_reads_back(tmp_path):
    made = market([0, -10, -20, -30, -30, -30])
    trips, _ = trips_of(Given((1, 1, -1, -1, 0, 0)), made)
    frame = tidy("a", trips)
    assert frame["reason"].tolist() == ["turn", "flat"]
    assert frame["open"].tolist() == [pd.Timestamp(DAYS[0]), pd.Timestamp(DAYS[2])]
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame)
    assert tidy("b", []).dtypes.equals(frame.dtypes)
    tidy("b", []).to_parquet(tmp_path / "none.parquet", index=False)
    assert list(pd.read_parquet(tmp_path / "none.parquet").columns) == list(frame.columns)


# ---- paths


def test_a_path_is_the_gain_at_every_close_from_fill_to_fill():
    made = market([0, 0, -10, -14, 6, -33, -33, -33])
    (trip,), _ = trips_of(DatedTrade(Given((0, 1, 1, 1, 1, 1, 1, 1)), Terms(target_bp=29)), made, lag=1)
    assert trip.path_unit == "bp"
    assert trip.path == pytest.approx((0, 4, -16, 23, 23))
    assert trip.path_days == (0, 1, 2, 5, 6)  # the third of January is a Wednesday
    assert (trip.path[0], trip.path[-1], min(trip.path), max(trip.path)) == pytest.approx(
        (0, trip.gain_bp, trip.mae_bp, trip.mfe_bp)
    )
    assert trip.path_days[-1] == trip.days


def test_a_long_path_keeps_48_closes_with_the_first_last_lowest_and_highest():
    ten = [round(20 * np.sin(i / 7.0) + (90 if i == 31 else -90 if i == 44 else 0)) for i in range(60)]
    made = market(ten)
    (trip,), _ = trips_of(Given((1,) * 60), made)
    whole = -np.array(ten, dtype=float) + ten[0]
    rows = [int(row) for row in thinned(whole)]
    assert len(trip.path) == len(rows) <= POINTS
    assert trip.path == pytest.approx(whole[rows])
    assert {0, 31, 44, 59} <= set(rows)
    assert np.diff(rows).max() <= 2
    assert (min(trip.path), max(trip.path)) == pytest.approx((trip.mae_bp, trip.mfe_bp))
    assert len(thinned(np.arange(10_000.0))) <= POINTS


def test_where_a_leg_has_no_yield_a_path_is_profit_and_loss(tables):
    made = build(tables, [LIBRARY["UST10"], LIBRARY["JPY"]])
    rows = slice(200, 230)
    (trip,), result = trips_of(Hold({"UST10": 0.5, "JPY": 0.3}), made, rows)
    assert trip.gain_bp is None
    assert trip.path_unit == "usd"
    assert len(trip.path) == 30
    assert trip.path[-1] == pytest.approx(trip.pnl_usd) == pytest.approx(trading(result), abs=1e-6)
    assert trip.path[0] == pytest.approx(result.cost[0].sum())
    assert (min(trip.path), max(trip.path)) == (trip.mae_usd, trip.mfe_usd)


def test_a_close_without_a_yield_is_left_out_of_a_path():
    assert thinned(np.array([np.nan, 0.0, np.nan, -1.0])).tolist() == [1, 3]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.yaml", "config/thesis.yaml"])
def test_in_every_variant_of_the_shipped_configurations_trips_sum_to_trading_pnl(name):
    from pathlib import Path

    run = runner.run(config.load(Path(ROOT) / name))
    for one in run.variants:
        assert total(list(one.trips)) == pytest.approx(one.figures["trading_pnl"], abs=1e-9 * one.result.capital)
