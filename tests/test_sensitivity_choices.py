"""Sensitivity: what was known when, the trade's own choices, and what the sentence says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtests import config
from backtests.report import sensitivity as words
from backtests.runs.setup import set_up
from backtests.sensitivities import GROUPS, QUICK, SCENARIOS, judge, measure, record
from backtests.sensitivities.choices import hedge_of, hedged, looking_back, scaled, starting, stopped
from backtests.sensitivities.markets import PUBLISHED, borrow, months_before, published_later
from backtests.sensitivities.summary import flips, largest
from data.calendars import PUBLICATION_LAG_DAYS
from data.errors import ConfigError
from strategies.base import Window
from strategies.blend import Blend, Part
from strategies.breakeven import Breakeven
from strategies.curve import CurveTrade
from strategies.divergence import Divergence
from strategies.exits import DatedTrade, Terms
from strategies.hold import Hold
from strategies.macro import Inflation, Policy
from strategies.overlays import Smooth, VolatilityTarget
from strategies.relative_value import Momentum, Reversion
from strategies.thesis import Thesis

ROOT = Path(__file__).resolve().parent.parent
HEAD = "name: s\nengine: ledger\ndata: {start: 1999-09-30, end: 2026-06-30}\nvariants:\n"
PAIR = "pair: {strategy: divergence, params: {long: UST10, short: JGB10}}"


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    def loaded(text: str) -> config.Config:
        path = tmp_path_factory.mktemp("s") / "s.yaml"
        path.write_text(f"{HEAD}  {text}\n")
        return config.load(path, [])

    return loaded


@pytest.fixture
def rerun(load):
    def made(text: str):
        settings = load(text)
        setup = set_up(settings)
        (only,) = judge._reruns(settings, setup, list(setup.variants.values()))
        return only

    return made


@pytest.fixture(scope="module")
def market(load):
    return set_up(load("i: {strategy: inflation}")).market


def row(one, key):
    (found,) = [row for row in one.rows if row.scenario.key == key]
    return found


# ---- what was known when


def test_a_month_before_a_month_end_is_a_month_end():
    days = np.array(["2024-03-31", "2024-03-30", "2024-03-15", "2023-02-28", "2000-01-01"], dtype="datetime64[D]")
    assert months_before(days, 1).astype(str).tolist() == [
        "2024-02-29", "2024-02-29", "2024-02-15", "2023-01-31", "1999-12-01"
    ]  # fmt: skip
    assert months_before(days, -12).astype(str).tolist() == [
        "2025-03-31", "2025-03-30", "2025-03-15", "2024-02-29", "2001-01-01"
    ]  # fmt: skip


def test_published_figures_are_known_a_month_later_and_nothing_else_is(market):
    later = published_later(market, 1)
    assert set(PUBLICATION_LAG_DAYS) < set(PUBLISHED)
    for name, values in market.macro.items():
        if name in PUBLISHED:
            assert np.array_equal(later.macro[name][1:], values[:-1], equal_nan=True)
            assert np.isnan(later.macro[name][0])
        else:
            assert later.macro[name] is values
    assert later.price is market.price


def test_a_later_publication_keeps_the_prefix_law(market):
    for t in (40, 200, 300):
        cut, whole = published_later(market.until(t), 1), published_later(market, 1)
        assert all(np.array_equal(cut.macro[n][-1:], whole.macro[n][t : t + 1], equal_nan=True) for n in PUBLISHED)


def test_a_signal_on_published_figures_is_held_a_month_later(rerun):
    one = rerun("gap: {strategy: inflation, params: {duration: 5.0}}")
    base, later = one.decided(one.base), one.decided(replace(one.base, published=1))
    years = base.targets * np.nan_to_num(base.market.duration)
    assert later.targets[1:] * np.nan_to_num(base.market.duration)[1:] == pytest.approx(years[:-1], abs=1e-12)


# ---- what a short pays


def test_bonds_abroad_pay_fifty_basis_points_at_the_least(rerun):
    market = rerun("p: {strategy: box}").prepared.market
    years = np.diff(market.dates).astype(float)[:, None] / market.day_counts()
    paid = borrow(market, 1.0, True, 0.005, 0.0)
    abroad = np.array([name.startswith("JGB") for name in market.names])
    assert paid[1:, abroad] == pytest.approx(np.broadcast_to(0.005 * years, paid[1:].shape)[:, abroad], rel=1e-12)
    assert np.array_equal(paid[:, ~abroad], market.borrow[:, ~abroad])
    assert np.array_equal(borrow(market, 1.0, True, 0.0001, 0.0), market.borrow)  # they pay as much already


# ---- the trade's own choices


def test_every_window_of_a_strategy_is_made_longer():
    assert looking_back(Policy(), 0.5) == Policy(lookback=Window("3M"))
    assert looking_back(Momentum(), 1.5) == Momentum(fast=Window("1.5M"), middle=Window("4.5M"), slow=Window("18M"))
    target = VolatilityTarget(Smooth(Hold(), Window("3M")), 0.05, Window("12M"))
    assert looking_back(target, 0.5) == VolatilityTarget(Smooth(Hold(), Window("1.5M")), 0.05, Window("6M"))
    assert looking_back(Divergence(sizing="volatility"), 0.5).window == Window("18M")
    assert looking_back(CurveTrade(hedge="beta"), 1.5).window == Window("54M")
    assert looking_back(Divergence(hedge="pca"), 0.5).window == Window("18M")
    for plain in (Divergence(), CurveTrade(), Hold()):
        assert looking_back(plain, 0.5) is plain


def test_the_parts_of_a_blend_change_with_it():
    blend = Blend({"p": Part(Policy(), 0.5), "i": Part(Inflation(scale=0.02), 0.5)})
    changed = scaled(blend, 1.5)
    assert {name: part.strategy.scale for name, part in changed.parts.items()} == pytest.approx({"p": 0.015, "i": 0.03})
    assert [part.weight for part in changed.parts.values()] == [0.5, 0.5]
    thesis = looking_back(Thesis(without="policy"), 0.5)
    assert thesis.parts["inflation"].strategy.lookback == Window("1.5M")
    assert "policy" not in thesis.parts


def test_a_reversion_is_entered_and_left_further_out():
    assert scaled(Reversion(enter=2.0, leave=0.5), 1.5) == Reversion(enter=3.0, leave=0.75)


def test_a_hedge_is_another_where_a_strategy_takes_one():
    assert hedge_of(Smooth(Divergence())) == "dv01"
    assert hedge_of(Divergence(sizing="beta")) is None
    assert hedge_of(Hold()) is None
    assert hedged(Smooth(CurveTrade()), "pca") == Smooth(CurveTrade(hedge="pca"))
    assert hedged(CurveTrade(hedge="beta", window=Window("2Y")), "dv01") == CurveTrade()
    assert hedged(CurveTrade(hedge="beta", window=Window("2Y")), "pca") == CurveTrade(hedge="pca", window=Window("2Y"))
    assert hedged(Breakeven(), "beta") == Breakeven(hedge="beta")
    with pytest.raises(ConfigError, match="takes no hedge: pca"):
        hedged(Breakeven(), "pca")


def test_stops_move_and_the_rest_of_a_dated_trade_stays():
    terms = Terms(entry=date(2010, 1, 4), stop_bp=30.0, target_bp=60.0, stop_pct=2.0)
    dated = DatedTrade(Divergence(), terms, date(1999, 9, 30))
    assert stopped(dated, 2.0).terms == replace(terms, stop_bp=60.0, target_bp=120.0, stop_pct=4.0)
    assert stopped(DatedTrade(Divergence(), Terms(exit=date(2020, 1, 1))), 2.0).terms.exit == date(2020, 1, 1)
    assert stopped(Hold(), 2.0) == Hold()
    assert starting(dated, date(2001, 1, 1)).start == date(2001, 1, 1)
    assert starting(Hold(), date(2001, 1, 1)) == Hold()


def test_a_stop_twice_as_far_is_the_run_of_a_configuration_that_says_so(load):
    text = PAIR.replace("}}", "}, trade: {stop_bp: 40, target_bp: 80, reenter: 3M}}")
    (one,) = measure(load(text)).variants
    (wide,) = measure(load(text.replace("40", "80").replace("target_bp: 80", "target_bp: 160"))).variants
    assert row(one, "stops_2").sharpe == pytest.approx(wide.sharpe, rel=1e-12)
    assert row(one, "stops_half").change != 0.0


def test_a_dated_trade_starts_later_with_its_window(load):
    text = PAIR.replace("}}", "}, trade: {stop_bp: 40, reenter: 3M}}")
    (one,) = measure(load(text)).variants
    settings = load(text)
    later = config.load(ROOT / "config.yaml", [])  # any configuration: only its data section is taken
    later = replace(settings, data=later.data.model_copy(update={"start": date(2000, 9, 30), "end": settings.data.end}))
    strategy = replace(settings.variants[0].strategy, start=date(2000, 9, 30))
    (other,) = measure(replace(later, variants=(replace(settings.variants[0], strategy=strategy),))).variants
    assert row(one, "start_later").sharpe == pytest.approx(other.sharpe, rel=1e-12)


# ---- what a run leaves to the command


def test_a_run_leaves_the_hedge_to_the_command_and_says_so(load):
    (one,) = measure(load(PAIR), scenarios=QUICK).variants
    (whole,) = measure(load(PAIR)).variants
    assert {scenario.group for scenario in SCENARIOS} - {scenario.group for scenario in QUICK} == {"hedge"}
    assert one.absent["hedge_beta"] == "`divergence sensitivity` works it out"
    assert one.absent["hedge_dv01"] == whole.absent["hedge_dv01"] == "it is the configuration's own"
    kept = [each for each in whole.rows if each.scenario.group != "hedge"]
    assert list(one.rows) == kept
    assert (one.worst, one.best) == (whole.worst, whole.best)


# ---- the sentence


def turned(one, about: str) -> set[str]:
    """Groups of a variant's own table whose rows have another sign than it has as run."""
    rows = [row for row in one.rows if GROUPS[row.scenario.group].about == about]
    return {row.scenario.group for row in rows if (row.excess_return > 0) != (one.excess_return > 0)}


SHIPPED = ["config.yaml", "config/trades.yaml", pytest.param("config/thesis.yaml", marks=pytest.mark.slow)]


@pytest.mark.parametrize("path", SHIPPED)
def test_the_sentence_agrees_with_its_table(path):
    done = measure(config.load(ROOT / path, []))
    plain = record(done)
    for one in done.variants:
        said = words.sentence(plain, one.name)
        if one.sharpe is None:
            continue
        world, own = turned(one, "world"), turned(one, "trade")
        assert {row.scenario.group for row in flips(one)} == world
        assert {row.scenario.group for row in flips(one, "trade")} == own
        assert said.startswith("No assumption about the world changes its sign") == (not world)
        assert ("choice of its own does" in said or "choices of its own do" in said) == (True if own else bool(world))
        assert ("nor does any choice of its own" in said or "no choice of its own does" in said) == (not own)
        head, _, tail = said.partition("the largest effect")
        assert all(f"{words.NOUNS[group]} (" in head for group in world | own)
        others = set(words.NOUNS) - world - own
        assert not any(f"{words.NOUNS[group]} (" in head for group in others)
        halves = {row.scenario.key for row in one.rows if row.scenario.group == "window"
                  and (row.excess_return > 0) != (one.excess_return > 0)}  # fmt: skip
        assert {key for key, text in words.WINDOWS.items() if f"{text} (" in head} == halves
        assert world or words.NOUNS[largest(one).scenario.group] in tail


def told(earned: float, worst: float, best: float, after: dict[str, float]) -> str:
    scenarios = {key: {"excess_return": value, "return_change": value - earned} for key, value in after.items()}
    first = next(iter(after))
    one = {
        "base": {"sharpe": 1.0, "excess_return": earned}, "cases": scenarios, "worst": {"excess_return": worst},
        "best": {"excess_return": best}, "largest": first, "share": -(after[first] - earned) / earned,
    }  # fmt: skip
    named = {scenario.key: {"group": scenario.group, "label": scenario.label} for scenario in SCENARIOS}
    groups = {key: {"about": group.about} for key, group in GROUPS.items()}
    return words.sentence({"cases": named, "groups": groups, "variants": {"x": one}}, "x")


def test_the_sentence_reads_as_people_would_say_it():
    assert told(0.002, -0.01, 0.01, {"next_bar": -0.001}) == (
        "One assumption about the world changes its sign (+0.20 % a year as run): the fill (one bar later: −0.10); "
        "no choice of its own does."
    )
    both = told(0.002, -0.01, 0.01, {"next_bar": -0.001, "costs_4": -0.001, "costs_2": 0.001, "sizing_beta": -0.003})
    assert both == (
        "Two assumptions about the world change its sign (+0.20 % a year as run): the fill (one bar later: −0.10) and "
        "trading costs (×4: −0.10); one choice of its own does: sizing (beta: −0.30)."
    )
    assert told(0.01, 0.001, 0.02, {"next_bar": 0.005, "every_year": -0.01, "first_half": -0.02}) == (
        "No assumption about the world changes its sign (+1.00 % a year as run), nor do all at their worst together "
        "(+0.10); one choice of its own does: rebalancing (yearly: −1.00); the sign is the other in its first half "
        "(−2.00); the largest effect is that of the fill: one bar later takes half of its gain of 1.00 % a year."
    )
    assert told(-0.01, -0.02, 0.001, {"next_bar": -0.03}) == (
        "No assumption about the world changes its sign (−1.00 % a year as run), but all at their best together do "
        "(+0.10); nor does any choice of its own; the largest effect is that of the fill: one bar later takes it from "
        "−1.00 to −3.00 % a year."
    )


def test_a_mildest_scenario_stands_for_its_group():
    assert "trading costs (×2: −0.10)" in told(0.002, -0.01, 0.01, {"costs_4": -0.005, "costs_2": -0.001})


def test_bonds_abroad_are_called_by_name_where_they_are_of_one_country(load):
    labels = record(measure(load(PAIR)))["cases"]
    assert labels["special_50"]["label"] == "JGBs 50 bp special"
    none = record(measure(load("bond: {strategy: hold, params: {weights: {UST10: 0.6}}}")))["cases"]
    assert none["special_50"]["label"] == "bonds abroad 50 bp special"
