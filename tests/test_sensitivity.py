"""Sensitivity: the base is the run itself, and a scenario is the run of a configuration that says the same."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from backtests.performance import metrics
from backtests.report import sensitivity as words
from backtests.runs import runner
from backtests.runs.setup import set_up
from backtests.sensitivities import GROUPS, SCENARIOS, judge, measure, record
from backtests.sensitivities.choices import rule_of, sized
from backtests.sensitivities.rerun import Rerun
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.overlays import Smooth
from tests.sensitive import FUNDS, PAIR, SWAPPED, VARIANTS, loaded, one_variant


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    return partial(loaded, tmp_path_factory)


@pytest.fixture(scope="module")
def ran(load):
    return {one.variant.name: one for one in runner.run(load(VARIANTS)).variants}


@pytest.fixture(scope="module")
def measured(load):
    return {one.name: one for one in measure(load(VARIANTS)).variants}


@pytest.fixture
def alone(load):
    """The figures of one variant, run."""

    def figures(text: str, *settings: str) -> dict:
        (one,) = runner.run(load(text, *settings)).variants
        return one.figures

    return figures


@pytest.fixture
def rerun(load):
    def made(text: str, *settings: str) -> Rerun:
        settings_ = load(text, *settings)
        setup = set_up(settings_)
        (only,) = judge._reruns(settings_, setup, list(setup.variants.values()))
        return only

    return made


def row(one, key):
    (found,) = [row for row in one.rows if row.scenario.key == key]
    return found


# ---- the base and the scenarios are runs


def test_the_base_is_the_run_itself(ran, measured):
    assert list(measured) == list(ran)
    for name, one in measured.items():
        figures = ran[name].figures
        assert (one.sharpe, one.excess_return) == (figures["sharpe"], figures["excess_return"])
        assert (one.bars, one.first, one.last) == (figures["bars"], ran[name].span.first, ran[name].span.last)


def test_a_fill_one_bar_later_is_what_the_run_says_of_it(ran, measured):
    for name, one in measured.items():
        assert row(one, "next_bar").sharpe == ran[name].figures["sharpe_next_bar"]


SAYS_THE_SAME = {
    ("pair", "pchip"): (PAIR, ["data.interpolation=pchip"]),
    ("pair", "costs_0"): (PAIR, ["instruments.UST10.half_spread_bp=0", "instruments.JGB10.half_spread_bp=0"]),
    ("pair", "costs_4"): (PAIR, ["instruments.UST10.half_spread_bp=0.4", "instruments.JGB10.half_spread_bp=1.0"]),
    ("pair", "rolls_half"): (PAIR, ["instruments.UST10.rolls_per_year=1", "instruments.JGB10.rolls_per_year=1"]),
    ("pair", "rolls_2"): (PAIR, ["instruments.UST10.rolls_per_year=4", "instruments.JGB10.rolls_per_year=4"]),
    ("pair", "borrow_0"): (PAIR, ["instruments.JGB10.borrow_bp=0"]),
    ("pair", "borrow_flat"): (PAIR, ["instruments.JGB10.borrow_bp=10"]),
    ("pair", "special_50"): (PAIR, ["instruments.JGB10.borrow_bp=50"]),
    ("pair", "hedge_beta"): (PAIR.replace("5.0}", "5.0, hedge: beta}"), []),
    ("pair", "hedge_pca"): (PAIR.replace("5.0}", "5.0, hedge: pca}"), []),
    ("pair", "start_later"): (PAIR, ["data.start=2000-09-30"]),
    ("pair", "start_earlier"): (PAIR, ["data.start=1998-09-30"]),
    ("funds", "borrow_2"): (FUNDS, ["instruments.JGB20.borrow_bp=20"]),
    ("pair", "currency_unhedged"): (PAIR, ["variants.pair.currency=unhedged"]),
    ("pair", "sizing_volatility"): ("pair: {strategy: divergence, params: {sizing: volatility}}", []),
    ("pair", "sizing_beta"): ("pair: {strategy: divergence, params: {sizing: beta, duration: 5.0}}", []),
    ("pair", "every_year"): (PAIR, ["rebalance.every=year"]),
    ("swapped", "basis_0"): (SWAPPED, ["variants.swapped.currency.fx_swap.basis_bp=0"]),
    ("swapped", "basis_100"): (SWAPPED, ["variants.swapped.currency.fx_swap.basis_bp=-100"]),
    ("swapped", "currency_repo"): (SWAPPED, ["variants.swapped.currency=repo"]),
    ("swapped", "pchip"): (SWAPPED, ["data.interpolation=pchip"]),
}  # fmt: skip


@pytest.mark.parametrize("which", SAYS_THE_SAME, ids="-".join)
def test_a_scenario_is_the_run_of_a_configuration_that_says_the_same(which, measured, alone):
    name, key = which
    text, settings = SAYS_THE_SAME[which]
    figures, found = alone(one_variant(text), *settings), row(measured[name], key)
    assert found.sharpe == pytest.approx(figures["sharpe"], rel=1e-9)
    assert found.excess_return == pytest.approx(figures["excess_return"], rel=1e-9)
    assert found.change == found.sharpe - measured[name].sharpe


def test_a_pchip_configuration_is_tried_with_lines(load, measured):
    (one,) = measure(load(one_variant(PAIR), "data.interpolation=pchip")).variants
    assert "pchip" in one.absent
    assert row(one, "linear").sharpe == measured["pair"].sharpe


def test_a_rule_that_needs_history_is_compared_on_the_bars_it_has(measured, alone):
    found = row(measured["late"], "sizing_volatility")
    late = one_variant("late: {strategy: divergence, params: {long: UST30, short: JGB30}}")
    own = alone(late.replace("JGB30}", "JGB30, sizing: volatility}"))
    assert found.bars == own["bars"] < measured["late"].bars
    before = alone(late, f"data.start={own['start']}")
    assert found.sharpe == pytest.approx(own["sharpe"], rel=1e-9)
    assert found.change == pytest.approx(own["sharpe"] - before["sharpe"], rel=1e-9)


def test_a_rule_that_needs_less_history_does_not_reach_back(load, alone):
    text = "late: {strategy: divergence, params: {long: UST30, short: JGB30, sizing: volatility}}"
    (one,) = measure(load(one_variant(text))).variants
    found = row(one, "sizing_duration")
    figures = alone(one_variant(text.replace("volatility", "duration")), f"data.start={one.first}")
    assert found.bars == one.bars == figures["bars"]
    assert found.sharpe == pytest.approx(figures["sharpe"], rel=1e-9)


# ---- what the scenarios do, by hand


def test_zero_costs_never_earn_less(measured):
    for one in measured.values():
        assert row(one, "costs_0").excess_return > one.excess_return


CAPITAL = ["account.size_on=capital", "account.cash_interest=false"]


def test_costs_are_linear_where_size_does_not_follow_equity(rerun):
    one = rerun(one_variant(PAIR), *CAPITAL)
    free, once, twice, four = (one.walk(replace(one.base, costs=c)).equity for c in (0.0, 1.0, 2.0, 4.0))
    drag = free - once
    assert drag[-1] > 10_000
    assert free - twice == pytest.approx(2 * drag, rel=1e-9)
    assert free - four == pytest.approx(4 * drag, rel=1e-9)


def test_a_funding_spread_costs_both_sides_what_the_calendar_says(rerun):
    one = rerun(one_variant(PAIR), *CAPITAL)
    market, _, _, rows = one.decided(one.base)
    base = one.walk(one.base)
    dearer = one.walk(replace(one.base, funding=0.0025))
    days = np.diff(base.dates).astype(float)
    notional = base.units[:-1] * market.price[rows][:-1] * market.fx[rows][1:]  # as the ledger has it, at fx[t]
    ust, jgb = market.column("UST10"), market.column("JGB10")
    assert (notional[:, ust] > 0).all()
    assert (notional[:, jgb] < 0).all()
    paid = 0.0025 * days * (notional[:, ust] / 360 - notional[:, jgb] / 365)
    assert base.equity[1:] - dearer.equity[1:] == pytest.approx(np.cumsum(paid), rel=1e-6)


def test_an_unhedged_funding_spread_is_a_dollar_one(rerun):
    one = rerun(one_variant(PAIR.replace("5.0}}", "5.0}, currency: unhedged}")), *CAPITAL)
    market, _, _, rows = one.decided(one.base)
    base = one.walk(one.base)
    dearer = one.walk(replace(one.base, funding=0.0025))
    days = np.diff(base.dates).astype(float)
    notional = base.units[:-1] * market.price[rows][:-1] * market.fx[rows][:-1]
    paid = 0.0025 * days / 360 * np.abs(notional).sum(axis=1)
    assert base.equity[1:] - dearer.equity[1:] == pytest.approx(np.cumsum(paid), rel=1e-6)


def test_a_longer_fund_duration_makes_the_fund_smaller_and_leaves_the_bond_alone(rerun):
    one = rerun(one_variant(FUNDS))
    base, more = one.decided(one.base), one.decided(replace(one.base, duration=1.1))
    fund, bond = base.market.column("TLT"), base.market.column("JGB20")
    assert more.targets[base.rows, fund] == pytest.approx(base.targets[base.rows, fund] / 1.1, rel=1e-12)
    assert np.array_equal(more.targets[:, bond], base.targets[:, bond])
    assert np.array_equal(more.market.price, base.market.price, equal_nan=True)


def test_windows_are_parts_of_the_run_itself(ran, measured):
    for name, one in measured.items():
        result = ran[name].result
        before = result.equity[:-1]
        x = pd.Series(result.equity[1:] / before - 1 - result.cash[1:] / before, pd.DatetimeIndex(result.dates[1:]))
        half = len(x) // 2
        parts = {"first_half": x[:half], "second_half": x[half:], "without_2022": x[x.index.year != 2022]}
        for key, part in parts.items():
            assert row(one, key).excess_return == pytest.approx(part.mean() * 12, rel=1e-9)
            assert row(one, key).sharpe == pytest.approx(part.mean() / part.std() * 12**0.5, rel=1e-9)
        assert len(parts["without_2022"]) == len(x) - 12


def test_another_sizing_rule_keeps_the_overlays_and_the_sizes_that_carry_over():
    inner = Divergence(sizing="duration", duration=7.0)
    found = sized(Smooth(inner), "beta")
    assert found == Smooth(Divergence(sizing="beta", duration=7.0))
    assert sized(Smooth(inner), "notional") == Smooth(Divergence(sizing="notional"))
    assert rule_of(found) == "beta"
    assert rule_of(Hold()) is None


# ---- what does not apply


def test_every_scenario_is_a_row_or_absent_with_a_reason_and_never_a_zero(measured):
    for one in measured.values():
        keys = [row.scenario.key for row in one.rows]
        assert sorted([*keys, *one.absent]) == sorted(scenario.key for scenario in SCENARIOS)
        assert all(one.absent.values())
        assert all(row.change != 0 for row in one.rows)


@pytest.mark.parametrize(
    ("name", "key", "reason"),
    [
        ("pair", "linear", "configuration's own"),
        ("pair", "basis_50", "not funded by a currency swap"),
        ("pair", "duration_more", "no listed fund"),
        ("pair", "currency_fx_swap", "never long a foreign leg"),
        ("bond", "borrow_2", "never short"),
        ("bond", "currency_unhedged", "no foreign leg"),
        ("bond", "sizing_beta", "no sizing rule"),
        ("swapped", "borrow_flat", "no leg that it shorts has dated steps"),
        ("yen", "rolls_2", "no leg is rolled"),
        ("yen", "borrow_0", "its shorts pay no borrow"),
        ("yen", "pchip", "no leg is priced between quoted tenors"),
        ("yen", "currency_repo", "nothing but its currency"),
        ("funds", "borrow_flat", "no leg that it shorts has dated steps"),
        ("policy", "every_quarter", "configuration's own"),
        ("policy", "published_1M", "rests on no published figure"),
        ("policy", "stops_2", "neither stop nor target"),
        ("pair", "hedge_dv01", "configuration's own"),
        ("pair", "lookback_half", "looks back on nothing"),
        ("pair", "scale_more", "its signal has no scale"),
        ("bond", "hedge_beta", "hedges no leg"),
        ("bond", "special_50", "never short"),
        ("yen", "special_50", "never short of a government bond abroad"),
        ("late", "start_earlier", "there from 2006-02-28 on only"),
    ],
)
def test_what_does_not_apply_says_why(measured, name, key, reason):
    assert reason in measured[name].absent[key]


def test_fixed_weights_do_not_rest_on_a_funds_duration(load):
    (one,) = measure(load(one_variant("held: {strategy: hold, params: {weights: {TLT: 1.0}}}"))).variants
    assert one.absent["duration_more"] == "its sizes do not rest on duration"


def test_a_variant_that_never_trades_has_no_rows(load):
    text = "variants:\n  never: {strategy: reversion, params: {enter: 50.0}}\n"
    done = measure(load(text))
    assert (done.variants[0].sharpe, done.variants[0].rows) == (None, ())
    assert words.sentence(record(done), "never").startswith("It never traded")
    assert done.variants[0].cost.value is None


# ---- all at once, and break-even values


def test_worst_and_best_take_the_worst_and_best_of_each_group_about_markets(measured):
    for one in measured.values():
        for together, pick, sign in ((one.worst, min, -1), (one.best, max, 1)):
            for scenario in together.scenarios:
                rivals = [row for row in one.rows if row.scenario.group == scenario.group]
                assert pick(rivals, key=lambda row: row.change).scenario == scenario
                assert np.sign(row(one, scenario.key).change) == sign
                assert GROUPS[scenario.group].about == "world"
            groups = [scenario.group for scenario in together.scenarios]
            assert len(groups) == len(set(groups))
        inside = [row.sharpe for row in judge.world(one.rows)]
        assert one.worst.sharpe <= min(inside)
        assert one.best.sharpe >= max(inside)


def test_the_best_together_is_the_run_of_a_configuration_that_says_so(measured, alone, rerun):
    one = measured["bond"]
    assert {scenario.key for scenario in one.worst.scenarios} >= {"costs_4", "rolls_2", "pchip"}
    best = {scenario.key: scenario for scenario in one.best.scenarios}
    assert set(best) - {"next_bar"} == {"costs_0", "rolls_half", "funding_less_10"}
    later = ["fill=next_close"] if "next_bar" in best else []
    text = one_variant("bond: {strategy: hold, params: {weights: {UST10: 0.6}}}")
    bond = rerun(text)
    chosen = bond.base
    for key, scenario in best.items():
        chosen = chosen if key == "funding_less_10" else scenario.apply(chosen)  # no configuration says that
    figures = alone(text, "instruments.UST10.half_spread_bp=0", *later)
    assert bond.run(chosen).sharpe == pytest.approx(figures["sharpe"], rel=1e-9)
    cheaper = bond.run(best["funding_less_10"].apply(chosen))
    assert one.best.sharpe == pytest.approx(cheaper.sharpe, rel=1e-12)
    assert cheaper.excess_return - bond.run(chosen).excess_return == pytest.approx(0.6 * 0.001, rel=0.03)


@pytest.mark.parametrize("size_on", ["equity", "capital"])
def test_nothing_is_left_at_the_break_even_cost(load, alone, size_on):
    (one,) = measure(load(one_variant(PAIR), f"account.size_on={size_on}")).variants
    times = one.cost.value
    spreads = [f"instruments.UST10.half_spread_bp={0.1 * times}", f"instruments.JGB10.half_spread_bp={0.25 * times}"]
    assert times > 1
    assert abs(alone(one_variant(PAIR), f"account.size_on={size_on}", *spreads)["excess_return"]) < 1e-6


def test_nothing_is_left_at_the_break_even_borrow(load, alone):
    flat = "instruments.JGB10.borrow_bp=10"
    (one,) = measure(load(one_variant(PAIR), flat)).variants
    borrow = f"instruments.JGB10.borrow_bp={10 + one.borrow.value * 1e4}"
    assert abs(alone(one_variant(PAIR), borrow)["excess_return"]) < 1e-6


def test_where_there_is_no_break_even_the_reason_is_said(measured, load):
    assert measured["bond"].borrow.reason == "it is never short"
    assert measured["yen"].cost.reason == "it still gains at 100 times its costs"
    flattener = "flat: {strategy: curve, params: {front: JGB10, back: JGB30, trade: flattener}}"
    (loses,) = measure(load(one_variant(flattener))).variants
    assert (loses.cost.value, loses.cost.reason) == (None, "it loses before costs")
    assert (loses.borrow.value, loses.borrow.reason) == (None, "it loses without it")


def test_a_sharpe_is_the_metrics_own(rerun):
    one = rerun(one_variant(PAIR))
    outcome = one.run(one.base)
    figures = metrics.figures(one.walk(one.base), 12.0)
    assert (outcome.sharpe, outcome.excess_return) == (figures["sharpe"], figures["excess_return"])
