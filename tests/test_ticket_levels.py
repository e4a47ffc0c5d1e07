"""The ticket's levels, its worst months and its analogues' figures, worked out another way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.performance import metrics
from backtests.ticket.analogues import APART, HORIZONS, effective_number, state
from data.build import build
from data.instruments import LIBRARY
from data.pricing.forwards import hurdle_yield
from tests.tickets import BOND, NEW_YEAR, PAIR, UST10, daily, only

ROOT = Path(__file__).resolve().parent.parent
CURVE = "strategy: curve, params: {front: UST2, back: UST10, trade: steepener}"
STEEPENER = f"variants: {{s: {{{CURVE}}}}}\n"
TRADE = f"variants: {{s: {{{CURVE}, trade: {{entry: 2025-12-31, horizon: 6M, target_bp: 25, stop_bp: 15}}}}}}\n"
UST2 = 0.0347


def by_name(levels):
    return {level.name: level for level in levels.levels}


# ---- levels


def test_the_forward_of_two_and_ten_years_in_six_months_is_the_curve_s(ticket):
    levels = only(ticket(TRADE)).levels
    assert levels.spread_bp == pytest.approx(71.0)
    assert levels.forward_bp == pytest.approx(75.9, abs=0.05)  # of 2025-12-31 for six months
    assert levels.hurdle_bp == pytest.approx(levels.forward_bp - 71.0)
    assert (levels.horizon, levels.opened, levels.rises) == (date(2026, 6, 30), NEW_YEAR, True)


def test_a_stop_and_a_target_are_where_the_spread_lost_and_gained_them(ticket):
    levels = by_name(only(ticket(TRADE)).levels)
    assert list(levels) == ["Target", "Forward", "Now", "Stop"]
    assert [levels[name].spread_bp for name in ("Target", "Now", "Stop")] == pytest.approx([96.0, 71.0, 56.0])
    assert [levels[name].gain_bp for name in ("Target", "Now", "Stop")] == pytest.approx([25.0, 0.0, -15.0])


def test_every_leg_moves_by_its_share(ticket):
    levels = by_name(only(ticket(TRADE)).levels)
    assert levels["Stop"].yields == pytest.approx({"UST2": UST2 + 7.5e-4, "UST10": UST10 - 7.5e-4})
    assert levels["Target"].yields == pytest.approx({"UST2": UST2 - 12.5e-4, "UST10": UST10 + 12.5e-4})
    unequal = f"variants: {{s: {{{CURVE.replace('steepener}', 'steepener, hedge: beta}')}}}}}\n"
    shares = only(ticket(unequal)).levels
    sizes = np.array(list(shares.weights.values()))
    forward, now = by_name(shares)["Forward"], by_name(shares)["Now"]
    moved = np.array([forward.yields[leg] - now.yields[leg] for leg in shares.weights])
    assert abs(sizes).min() < 0.99
    assert float(sizes @ moved) == pytest.approx((shares.forward_bp - shares.spread_bp) * 1e-4)
    assert moved / sizes == pytest.approx(np.full(2, moved[0] / sizes[0]))  # in proportion


def test_a_level_s_money_is_the_legs_repriced_there(ticket, by_coupons):
    sheet = only(ticket(TRADE))
    stop = by_name(sheet.levels)["Stop"]
    front, back = sheet.legs
    usd = front.usd * (by_coupons(UST2, UST2 + 7.5e-4, 2) - 1) + back.usd * (by_coupons(UST10, UST10 - 7.5e-4, 10) - 1)
    assert stop.usd == pytest.approx(usd, rel=1e-9)
    assert usd == pytest.approx(-15 * 5000, rel=0.01)


def test_prices_are_of_what_a_leg_is_traded_in(ticket, by_coupons):
    sheet = only(ticket(TRADE))
    stop = by_name(sheet.levels)["Stop"]
    cheapest = 0.0373 + 0.75 * (0.0394 - 0.0373)
    factor = by_coupons(cheapest, 0.06, 6.5)
    assert stop.prices["UST10"] == pytest.approx(100 * by_coupons(cheapest, cheapest - 7.5e-4, 6.5) / factor, rel=1e-9)
    held = only(ticket(TRADE, held="instrument,units\nUST10,-50000\n"))
    assert by_name(held.levels)["Stop"].prices["UST10"] == pytest.approx(
        100 * by_coupons(UST10, UST10 - 7.5e-4, 10), rel=1e-9
    )


def test_of_an_open_trade_stop_and_target_count_from_its_opening(ticket):
    sheet = only(ticket(TRADE.replace("horizon: 6M", "horizon: 12M, trail_bp: 40, stop_pct: 2"), date(2026, 2, 28)))
    levels, named = sheet.levels, by_name(sheet.levels)
    assert (levels.opened, levels.horizon) == (NEW_YEAR, date(2026, 12, 31))
    assert named["Entry"].spread_bp == pytest.approx(71.0)
    assert named["Now"].gain_bp == pytest.approx(levels.spread_bp - 71.0)
    assert named["Stop"].spread_bp == pytest.approx(56.0)
    percent = 200_000 / max(sheet.dv01)  # two percent of capital, in basis points
    assert named["Stop, 2 %"].spread_bp == pytest.approx(71.0 - percent)
    best = max(0.0, named["Now"].gain_bp, *(value - 71.0 for value in levels.history[-2:]))
    assert named["Trail"].spread_bp == pytest.approx(71.0 + best - 40)


def test_without_a_trade_there_is_a_forward_in_three_months_and_no_stop(ticket, printed, tmp_path):
    levels = only(ticket(STEEPENER)).levels
    assert set(by_name(levels)) == {"Now", "Forward"}
    assert (levels.horizon, levels.opened, levels.trade) == (date(2026, 3, 31), None, False)
    told = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR, "-q")[1]
    assert "the variant states no trade, so it has no stop and no target" in told


def test_the_forward_hurdle_is_the_gain_of_a_long_that_yields_hold(ticket, tables):
    levels = only(ticket(BOND)).levels
    curve = build(tables, (LIBRARY["UST10"],)).curves["us"]
    row = int(np.flatnonzero(curve.dates == np.datetime64(NEW_YEAR))[0])
    forward = hurdle_yield(curve, row, 0.25, 10.0)
    assert (levels.rises, dict(levels.weights)) == (False, {"UST10": 1.0})
    assert levels.hurdle_bp == pytest.approx((UST10 - forward) * 1e4)


def test_where_no_curve_reaches_there_is_no_forward_and_that_is_said(ticket):
    levels = only(ticket("variants: {x: {strategy: hold, params: {weights: {UST30: 0.3}}}}\n")).levels
    assert (levels.forward_bp, levels.hurdle_bp) == (None, None)
    assert levels.why_no_forward == "no curve reaches 0.25 years beyond the maturity of UST30"
    assert only(ticket("variants: {x: {strategy: hold, params: {weights: {JPY: 0.3}}}}\n")).levels == "JPY has no yield"


# ---- carry


def test_carry_and_roll_are_the_whole_and_net_is_after_what_holding_costs(ticket, by_coupons):
    sheet = only(ticket(PAIR))
    for leg, yield_ in ((sheet.legs[0], UST10),):
        unrolled = by_coupons(yield_, yield_, 9.75) - 1
        rolled = by_coupons(yield_, yield_ - 0.25 / 3 * (UST10 - 0.0394), 9.75) - 1
        assert leg.roll_quarter == pytest.approx(rolled - unrolled, rel=1e-9)
    month, quarter = sheet.net
    assert quarter == pytest.approx(sheet.carry_quarter - sheet.holding_quarter)
    assert month == pytest.approx(sheet.carry_month - sheet.holding_quarter / 3)
    assert sheet.breakeven[0] == pytest.approx(quarter * 1e7 / max(sheet.dv01) * 1e-4)


# ---- the last sixty months


def test_the_worst_of_sixty_months_is_the_lowest_of_the_last_sixty(ticket, market):
    sheet = only(ticket("variants: {x: {strategy: hold, params: {weights: {UST10: 0.6}}}}\n"))
    i, last = market.column("UST10"), int(np.flatnonzero(market.dates == np.datetime64(NEW_YEAR))[0])
    earned = [
        0.6 * (market.price[t, i] / market.price[t - 1, i] - 1 - market.funding[t, i])
        for t in range(last - 59, last + 1)
    ]
    assert [mark.value for mark in sheet.marks.months] == pytest.approx(earned)
    assert (sheet.marks.months[0].when, sheet.marks.months[-1].when) == ("2021-01", "2025-12")
    assert sheet.marks.worst.value == pytest.approx(min(earned))
    assert sheet.marks.worst_month.value < sheet.marks.worst.value  # on record it was worse
    assert sheet.marks.tail_day is None


def test_on_days_one_in_a_hundred_of_those_months_days_loses_as_much_or_more(ticket, serving, tables):
    serving(daily(tables))
    sheet = only(ticket(BOND))
    market = sheet.market
    earned = pd.Series(
        0.6 * (market.price[1:, 0] / market.price[:-1, 0] - 1 - market.funding[1:, 0]),
        index=pd.DatetimeIndex(market.dates[1:]),
    ).loc["2021-01-01":]
    assert sheet.marks.tail_day == pytest.approx(earned.quantile(0.01))
    assert sheet.marks.days == len(earned)
    assert len(sheet.marks.months) == 60


def test_fewer_months_than_sixty_are_counted(ticket, printed, tmp_path):
    text = "variants: {x: {strategy: hold, params: {weights: {UST30: 0.3}}}}\n"
    assert len(only(ticket(text, date(2007, 12, 31))).marks.months) < 60
    told = printed(tmp_path / "t.yaml", "--as-of", "2007-12-31", "-q")[1]
    assert "worst of 22 of the last 60 months at this size" in told


# ---- analogues


@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.8, 1.0])
def test_two_correlated_figures_count_for_what_their_eigenvalues_say(correlation):
    x, z = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])
    y = correlation * x + np.sqrt(1 - correlation**2) * z
    expected = 4 / ((1 + correlation) ** 2 + (1 - correlation) ** 2)
    assert effective_number(np.column_stack([x, y])) == pytest.approx(expected)


def test_the_five_figures_of_a_state_count_for_fewer(ticket, market, printed, tmp_path):
    made = ticket(PAIR)
    rows = market.dates <= np.datetime64(NEW_YEAR)
    values = state(market)[rows]
    correlations = pd.DataFrame(values).dropna().corr().to_numpy()
    assert made.analogues.effective == pytest.approx(25 / (correlations**2).sum())  # trace of C C
    assert 1 < made.analogues.effective < 5
    told = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR, "-q")[1]
    assert f"its five figures count for {made.analogues.effective:.1f}" in told


def test_any_row_is_the_average_over_every_row_of_its_own_run(ticket):
    made = ticket(PAIR)
    (outcome,) = made.outcomes
    excess = metrics.excess_returns(only(made).result)
    for place, months in enumerate(HORIZONS):
        paths = [np.prod(1 + excess[t : t + months]) - 1 for t in range(len(excess) - 5)]
        assert outcome.usual[place] == pytest.approx(np.mean(paths))
        assert outcome.rows == len(paths)


def test_the_standard_error_is_that_of_a_mean_of_so_many(ticket):
    (outcome,) = ticket(PAIR).outcomes
    assert outcome.count == 10
    for place in range(3):
        assert outcome.error[place] == pytest.approx(outcome.after[:, place].std(ddof=1) / np.sqrt(10))
    assert outcome.error[3] == pytest.approx(outcome.worst.std(ddof=1) / np.sqrt(10))


@pytest.mark.parametrize("rows", ["months", "days"])
def test_what_followed_the_analogues_does_not_overlap_and_nothing_says_it_does(
    ticket, printed, tmp_path, serving, tables, rows
):
    serving(tables if rows == "months" else daily(tables, "2012-01-01"))
    made = ticket(PAIR)
    per_month = 1 if rows == "months" else 260 / 12
    market = only(made).market
    at = sorted(int(np.searchsorted(market.dates, np.datetime64(near.day))) for near in made.analogues.closest)
    assert min(np.diff(at)) >= max(HORIZONS) * per_month == APART * per_month
    assert not made.outcomes[0].overlap
    told = printed(tmp_path / "t.yaml", "--as-of", NEW_YEAR, "-q")[1]
    assert "what followed them does not overlap" in told
    assert "overlaps" not in told


def test_a_dated_trade_s_analogues_are_of_its_strategy_without_the_dates(ticket):
    with_dates, without = ticket(TRADE), ticket(STEEPENER)
    assert with_dates.outcomes[0].after == pytest.approx(without.outcomes[0].after, nan_ok=True)
    assert with_dates.outcomes[0].usual == pytest.approx(without.outcomes[0].usual)
