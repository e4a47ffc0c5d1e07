"""What was traded and what was at risk: quoting, DV01, carry by hand, what a run's folder and its page hold."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.config import CurrencyTreatment
from backtests.report import html, plots, traded
from backtests.report.panels import panels
from backtests.report.picturing import pictures
from backtests.runs import exposure, runner
from backtests.runs import folder as run_folder
from backtests.runs.snapshot import snapshot
from data.countries import COUNTRIES
from data.instruments import LIBRARY
from data.pricing.curves import Curve
from tests.browsing import Page

CONFIG = """
name: held
data: {start: 2012-01-31, end: 2022-06-30}
account: {max_gross: 50}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10, sizing: duration, duration: 5.0}}
  unhedged: {extends: pair, currency: unhedged}
  unequal: {strategy: divergence, params: {long: TLT, short: JGB10, sizing: notional, weight: 0.5}}
  steepener: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener, duration: 5.0}}
  flattener: {strategy: curve, params: {front: JGB10, back: JGB30, trade: flattener, duration: 5.0}}
  fly: {strategy: butterfly, params: {front: UST2, belly: UST5, back: UST10, duration: 5.0}}
  box: {strategy: box, params: {us_front: UST2, us_back: UST10, jp_front: JGB2, jp_back: JGB10, duration: 5.0}}
  breakeven: {strategy: breakeven, params: {duration: 5.0}}
  fade: {strategy: reversion, params: {duration: 5.0}}
  levered: {strategy: hold, params: {weights: {TLT: 1.5, UST10: 0.5, JPY: -0.2}}}
  cash: {strategy: hold, params: {weights: {JPY: -0.5}}, currency: unhedged}
  never: {strategy: hold, params: {weights: {UST3: 0.1}}}
  ruined: {strategy: hold, params: {weights: {UST30: 40}}}
  turning: {strategy: leg_momentum, params: {duration: 5.0}}
instruments: {UST3: {lot: 1_000_000_000}}
"""
NEUTRAL = ("pair", "unhedged", "steepener", "flattener", "fly", "box", "breakeven")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    path = tmp_path_factory.mktemp("held") / "config.yaml"
    path.write_text(CONFIG)
    return runner.run(config.load(path))


@pytest.fixture(scope="module")
def folder(done, tmp_path_factory):
    place = tmp_path_factory.mktemp("held") / "run"
    place.mkdir()
    run_folder.write(snapshot(done), place)
    content = panels(run_folder.load(place))
    (place / "report.html").write_text(html.page(content), encoding="utf-8")
    return place, content


@pytest.fixture(scope="module")
def named(done):
    return {one.variant.name: one for one in done.variants}


def held(one):
    """DV01 (T, n) of a variant."""
    return exposure.dv01(one.market, one.span.rows, one.result.units)


# ------------------------------------------------------------------ how a position is quoted
@pytest.mark.parametrize(
    ("sizes", "weights", "rises"),
    [
        ({"UST10": 5.0, "JGB10": -5.0}, {"UST10": 1, "JGB10": -1}, False),
        ({"JGB10": 5.0, "UST10": -5.0}, {"JGB10": -1, "UST10": 1}, False),  # the US first, whichever way it is held
        ({"TLT": 8.0, "236A.T": -4.0}, {"TLT": 1, "236A.T": -1}, False),  # a pair is a difference, whatever its sizes
        ({"UST2": 5.0, "UST10": -5.0}, {"UST2": -1, "UST10": 1}, True),  # back less front
        ({"UST2": -5.0, "UST10": 5.0}, {"UST2": -1, "UST10": 1}, True),
        ({"JGB10": -5.0, "JGB30": 5.0}, {"JGB10": -1, "JGB30": 1}, True),
        ({"TIPS10": 5.0, "UST10": -5.0}, {"TIPS10": -1, "UST10": 1}, True),  # a breakeven
        ({"UST2": -2.5, "UST5": 5.0, "UST10": -2.5}, {"UST2": -0.5, "UST5": 1, "UST10": -0.5}, False),
        ({"UST2": 2.5, "UST5": -5.0, "UST10": 2.5}, {"UST2": -0.5, "UST5": 1, "UST10": -0.5}, False),
        (
            {"UST2": 5.0, "UST10": -5.0, "JGB2": -5.0, "JGB10": 5.0},
            {"UST2": -1, "UST10": 1, "JGB2": 1, "JGB10": -1},
            True,
        ),
        ({"UST30": -7.0}, {"UST30": 1}, False),
        ({"UST10": 6.0, "UST30": 2.0}, {"UST10": 0.75, "UST30": 0.25}, False),
        ({"UST10": 4.0, "JGB10": -3.98, "JGB30": -0.02}, {"UST10": 1, "JGB10": -1}, False),  # too little to name
    ],
)
def test_a_position_is_quoted_as_the_field_does(sizes, weights, rises):
    found = exposure.combination([LIBRARY[name] for name in sizes], np.array(list(sizes.values())))
    assert dict(found.weights) == pytest.approx(weights)
    assert found.rises is rises


def test_a_steepener_is_the_back_yield_less_the_front_one(named):
    one = named["steepener"]
    curve = one.market.curves["us"]
    spread = exposure.spread(one.market, exposure.quote(one).weights)
    np.testing.assert_allclose(spread, curve.at(10.0) - curve.at(2.0), atol=1e-15)


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("pair", "UST10 − JGB10"),
        ("steepener", "UST10 − UST2"),
        ("flattener", "JGB30 − JGB10"),
        ("fly", "UST5 − 0.5 UST2 − 0.5 UST10"),
        ("box", "(UST10 − UST2) − (JGB10 − JGB2)"),
        ("breakeven", "UST10 − TIPS10"),
        ("ruined", "UST30 yield"),
        ("cash", "–"),
        ("never", "–"),
    ],
)
def test_the_page_says_the_spread_in_words(folder, variant, words):
    content = folder[1]
    assert traded.label(content, next(one for one in content.variants if one.name == variant)) == words


def test_the_score_is_causal_and_counts_all_history_known(market):
    spread = exposure.spread(market, {"UST10": 1.0, "JGB10": -1.0})
    score = exposure.score(market, spread)
    first = int(np.flatnonzero(~np.isnan(spread))[0])
    assert np.isnan(score[: first + 35]).all()
    for t in (first + 35, 200, 390):
        known = spread[first : t + 1]
        assert score[t] == pytest.approx((known[-1] - known.mean()) / known.std(ddof=1), rel=1e-9)
        short = market.until(t)
        assert exposure.score(short, exposure.spread(short, {"UST10": 1.0, "JGB10": -1.0}))[-1] == score[t]


@pytest.mark.parametrize("name", ["turning", "fade", "levered", "pair"])
def test_a_row_has_the_spread_of_what_was_held_on_it_and_not_of_what_is_held_now(named, name):
    one = named[name]
    found, sizes, traded_on = exposure.followed(one), held(one), (one.result.traded > 0).any(axis=1)
    in_force, yields = None, [exposure.spread(one.market, {leg: 1.0}) for leg in one.market.names if leg != "JPY"]
    start = one.span.rows.start
    for t in range(len(sizes)):
        if traded_on[t] and sizes[t].any():
            in_force = exposure.combination(one.market.instruments, sizes[t])
        if in_force is None:
            assert np.isnan(found["spread"][t]) and found["position"][t] == 0.0
            continue
        past = sum(in_force.weights.get(leg, 0.0) * y for leg, y in zip(one.market.names, yields, strict=False))
        past = past[: start + t + 1]
        past = past[~np.isnan(past)]
        assert found["spread"][t] == pytest.approx(past[-1], abs=1e-12)
        assert found["score"][t] == pytest.approx((past[-1] - past.mean()) / past.std(ddof=1), rel=1e-8)
        assert found["position"][t] == exposure.position(one.market.names, sizes[t : t + 1], in_force)[0]
    assert in_force.weights == exposure.quote(one).weights


def test_legs_that_turn_round_are_an_average_yield_and_then_a_difference(named):
    _, quotes = exposure.quoted_on(named["turning"])
    signs = {tuple(np.sign(list(one.weights.values()))) for one in quotes}
    assert {(1.0, 1.0), (1.0, -1.0)} <= signs


# ------------------------------------------------------------------ DV01
@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_trade_has_no_net_dv01_where_it_rebalances(named, name):
    sizes = held(named[name])
    assert np.abs(sizes).sum(axis=1).min() > 1_000
    np.testing.assert_allclose(sizes.sum(axis=1), 0.0, atol=1e-6)


@pytest.mark.parametrize("name", ["pair", "unequal", "fly", "breakeven"])
def test_dv01_is_what_a_basis_point_gains(named, by_coupons, name):
    one = named[name]
    t = one.span.rows.stop - 1
    for i, leg in enumerate(one.market.instruments):
        par = float(one.market.curves[leg.curve].at(leg.maturity)[t])
        down, up = (by_coupons(par, par + bp * 1e-4, leg.maturity) for bp in (-1, 1))
        dollars = one.result.units[-1, i] * one.market.price[t, i] * one.market.fx[t, i]
        assert held(one)[-1, i] == pytest.approx(dollars * (down - up) / 2, rel=1e-4)


@pytest.mark.parametrize("name", ["pair", "unhedged", "steepener", "flattener", "fly", "box", "breakeven", "fade"])
def test_position_times_the_move_of_the_spread_is_what_the_legs_gain(named, name):
    """Whichever way yields move: position per basis point, + as the spread is said to pay."""
    one = named[name]
    quote, sizes = exposure.quote(one), held(one)
    moves = np.random.default_rng(5).normal(0.0, 10.0, sizes.shape)  # bp
    spread = moves @ np.array([quote.weights[leg] for leg in one.market.names])
    gained = exposure.position(one.market.names, sizes, quote) * spread * (1.0 if quote.rises else -1.0)
    np.testing.assert_allclose(gained, -(sizes * moves).sum(axis=1), atol=1e-5)


def test_a_trade_is_positive_as_it_is_named_and_a_signal_turns_it(named):
    def last(name):
        return exposure.position(named[name].market.names, held(named[name]), exposure.quote(named[name]))

    assert (last("steepener") > 0).all()
    assert (last("flattener") < 0).all()
    assert (last("pair") > 0).all()
    assert (last("breakeven") > 0).all()
    one = named["fade"]
    signal = one.variant.strategy.signal(one.market)[one.span.rows]
    assert {-1.0, 0.0, 1.0} == set(np.sign(signal))
    assert np.array_equal(np.sign(last("fade")), np.sign(signal))


def test_the_position_of_two_unequal_legs_is_their_mean(named):
    one = named["unequal"]
    sizes = held(one)
    assert (sizes[:, 0] > 1.5 * -sizes[:, 1]).all()
    found = exposure.position(one.market.names, sizes, exposure.quote(one))
    np.testing.assert_allclose(found, (sizes[:, 0] - sizes[:, 1]) / 2, rtol=1e-12)


def test_buckets_sum_to_the_legs_by_country(named):
    for name in (*NEUTRAL, "levered"):
        one = named[name]
        found = exposure.grouped(one.market.instruments, held(one))
        for curve in {key[0] for key in found}:
            legs = [i for i, leg in enumerate(one.market.instruments) if leg.curve == curve]
            total = sum(usd for key, usd in found.items() if key[0] == curve)
            np.testing.assert_allclose(total, held(one)[:, legs].sum(axis=1), rtol=1e-12)


def test_a_bucket_holds_its_upper_end():
    names = ("UST2", "UST3", "UST5", "UST7", "UST10", "JGB15", "JGB20", "UST25", "JGB40", "TIPS10", "JPY")
    found = exposure.grouped([LIBRARY[name] for name in names], np.ones((1, len(names))))
    assert {key: float(usd[0]) for key, usd in found.items()} == {
        ("us", "0-3"): 2.0, ("us", "3-7"): 2.0, ("us", "7-12"): 1.0, ("us", "22+"): 1.0, ("us_real", "7-12"): 1.0,
        ("jp", "12-22"): 2.0, ("jp", "22+"): 1.0,
    }  # fmt: skip
    assert [key[0] for key in found] == sorted((key[0] for key in found), key=list(COUNTRIES.curves).index)


# ------------------------------------------------------------------ carry
def still(market, us: float, jp: float):
    """The market with flat curves, 4 % and 2 %, and overnight rates that stand still."""

    def flat(name: str, level: float) -> Curve:
        curve = market.curves[name]
        return replace(curve, yields=np.full_like(curve.yields, level))

    rates = {"us_overnight": np.full(len(market.dates), us), "jp_overnight": np.full(len(market.dates), jp)}
    return replace(
        market,
        curves={**market.curves, "us": flat("us", 0.04), "jp": flat("jp", 0.02)},
        macro={**market.macro, **rates},
    )


@pytest.mark.parametrize(
    ("currency", "yen_paid"),
    [
        (CurrencyTreatment("repo"), 0.005 / 365),
        (CurrencyTreatment("unhedged"), 0.03 / 360),
        (CurrencyTreatment("fx_swap", -20.0), 0.003 / 365),
    ],
)
def test_carry_on_flat_curves_is_the_yield_less_what_the_treatment_pays(market, currency, yen_paid):
    legs = still(market, us=0.03, jp=0.005).select(("UST10", "JGB10"))
    days = 365.25 / 4
    us = 4 * (1.02**0.5 - 1 - 0.03 * days / 360)  # a flat curve: price grows at the yield between coupons
    jp = 4 * (1.01**0.5 - 1 - yen_paid * days)
    found = exposure.carry(legs, slice(300, 303), np.array([[0.6, 0.5], [0.6, 0.0], [0.0, 0.5]]), currency)
    np.testing.assert_allclose(found, [0.6 * us + 0.5 * jp, 0.6 * us, 0.5 * jp], rtol=0.0, atol=1e-14)


def test_the_basis_of_an_fx_swap_is_for_yen_longs_alone(market):
    legs = still(market, us=0.03, jp=0.005).select(("JGB10",))
    short = np.full((1, 1), -0.5)
    repo, swap = (exposure.carry(legs, slice(300, 301), short, CurrencyTreatment(kind)) for kind in ("repo", "fx_swap"))
    assert repo == swap


def test_yen_owed_unhedged_earns_the_difference_of_the_overnight_rates(market):
    legs = still(market, us=0.03, jp=0.005).select(("JPY",))
    weights = np.full((1, 1), -0.5)
    found = exposure.carry(legs, slice(300, 301), weights, CurrencyTreatment("unhedged"))
    assert found[0] == pytest.approx(0.5 * 365.25 * (0.03 / 360 - 0.005 / 365), rel=1e-12)
    assert exposure.carry(legs, slice(300, 301), weights, CurrencyTreatment())[0] == 0.0


# ------------------------------------------------------------------ leverage and beta
def test_margin_is_listed_longs_above_equity_alone():
    legs = [LIBRARY[name] for name in ("TLT", "IEF", "UST10", "JPY")]
    weights = np.array([[0.9, 0.4, 3.0, 1.0], [0.9, -0.4, 3.0, 1.0], [1.5, -1.0, 0.0, -2.0]])
    np.testing.assert_allclose(exposure.margin(legs, weights), [0.3, 0.0, 0.5], atol=1e-12)


def test_the_level_of_rates_is_the_mean_move_of_the_two_ten_year_yields(market):
    moves = [np.diff(market.curves[name].at(10.0)) for name in ("us", "jp")]
    np.testing.assert_allclose(exposure.level(market)[1:], (moves[0] + moves[1]) / 2, atol=1e-15)


def test_empirical_duration_is_the_slope_on_minus_the_move_of_rates(market):
    moves = exposure.level(market)
    noise = np.random.default_rng(3).normal(0.0, 0.002, len(moves) - 1)
    excess = 0.001 - 6.0 * moves[1:] + noise
    found = exposure.empirical_duration(excess, moves, 36)
    assert np.isnan(found[:36]).all()
    assert found[36] == pytest.approx(np.polyfit(-moves[1:37], excess[:36], 1)[0], rel=1e-9)
    assert found[-1] == pytest.approx(np.polyfit(-moves[-36:], excess[-36:], 1)[0], rel=1e-9)
    assert np.isfinite(found[36:]).all()


# ------------------------------------------------------------------ stored and shown
def test_what_is_read_back_is_what_was_worked_out(named, folder):
    for panel in folder[1].variants:
        one, found = named[panel.name], panel.traded
        assert found.quote == exposure.quote(one)
        np.testing.assert_allclose(found.gross, np.abs(one.result.weights).sum(axis=1), rtol=1e-6)
        total = sum(found.dv01.values()) if found.dv01 else np.zeros(len(found.gross))
        np.testing.assert_allclose(total, held(one).sum(axis=1), atol=2.0)  # of float32, USD
        assert sum(found.net.values()) == pytest.approx(held(one)[-1].sum(), abs=1.0)
        if found.quote.weights:
            np.testing.assert_allclose(found.spread, exposure.followed(one)["spread"] * 1e4, atol=0.01)
    assert set(folder[1].variants[8].traded.signals) == {"signal"}


def test_the_table_holds_a_row_per_variant_and_date_and_the_manifest_the_spread(named, folder):
    table = pd.read_parquet(folder[0] / "exposure.parquet")
    assert list(table.columns[:2]) == ["date", "variant"]
    assert {str(kind) for kind in table.dtypes.iloc[2:]} == {"float32"}
    assert table.groupby("variant").size().to_dict() == {name: len(one.result.dates) for name, one in named.items()}
    variants = json.loads((folder[0] / "manifest.json").read_text())["variants"]
    spread = {"weights": {"UST10": 1.0, "JGB10": -1.0}, "rises": False, "why_none": None, "of": 1}
    assert variants["pair"]["spread"] == spread
    assert variants["turning"]["spread"]["of"] > 1
    assert variants["cash"]["spread"]["why_none"] == exposure.NO_YIELD
    assert variants["never"]["spread"]["why_none"] == exposure.NEVER


def test_a_ruined_book_is_quoted_as_last_held_and_holds_nothing_after(named, folder):
    panel = folder[1].variants[12]
    assert named["ruined"].result.ruined is not None
    assert panel.traded.position[0] > 0
    assert panel.traded.position[-1] == 0.0
    said = traded.sentences(folder[1], [panel])[0]
    assert said.spread.endswith("Nothing was held on it that day.")
    assert said.held == "Nothing was held on 2022-06-30."


def test_the_words_say_which_way_the_position_gains(folder):
    said = {one.name: one for one in traded.sentences(folder[1], folder[1].variants)}
    assert re.search(r"UST10 − UST2 stood at −?\d+ bp on 2022-06-30, .* gains as it rises\.$", said["steepener"].spread)
    assert said["flattener"].spread.endswith("gains as it falls.")
    assert said["pair"].spread.endswith("gains as it falls.")
    assert said["cash"].spread == "There is no spread to draw: it held cash alone, which has no yield."
    assert "it held no DV01; carry and roll-down" in said["cash"].held
    assert said["never"].held == "It never held anything."
    rows = {row.name: row.cells for row in traded.last_rows(folder[1]).rows}
    assert rows["steepener"][2].endswith("↑")
    assert rows["flattener"][2].endswith("↓")
    assert rows["never"][2] == "–"


@pytest.mark.slow
def test_a_folder_of_a_version_without_exposures_is_read_and_says_so(folder, tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    for path in folder[0].glob("*.*"):
        if path.name not in ("exposure.parquet", "report.html"):
            (old / path.name).write_bytes(path.read_bytes())
    content = panels(run_folder.load(old))
    assert all(one.traded is None for one in content.variants)
    assert traded.UNSTORED in html.page(content)
    assert traded.UNSTORED not in (folder[0] / "report.html").read_text()
    plots.save(pictures(content), tmp_path / "plots")


def test_page_and_picture_draw_what_was_traded(folder):
    content = folder[1]
    for one in content.variants:
        drawn = traded.series(content, one)
        assert ("spread" in drawn) is bool(one.traded.quote.weights)
        assert ("margin" in drawn) is (one.name == "levered")
    heights = [axis.get_title(loc="left") for axis in plots.traded(pictures(content)).axes]
    assert heights[0] == "UST10 − JGB10, bp"
    assert heights[2].endswith("+ gains as the spread falls")


@pytest.mark.browser
def test_another_variant_is_drawn_and_what_has_no_spread_is_not(browser, folder):
    page = Page(browser, folder[0] / "report.html", 390)

    def panels_of(plot: str) -> int:
        page.look(plot)
        return int(page.view.evaluate(f"document.getElementById('{plot}').layout.annotations.length"))

    assert (panels_of("traded"), panels_of("exposure")) == (3, 5)
    page.view.locator("#h-traded ~ p select").select_option("fade")
    assert panels_of("traded") == 4  # its signal
    assert page.view.locator("#exposure").is_visible()
    page.view.locator("#pick").select_option("cash")
    assert not page.view.locator("#traded").is_visible()
    assert panels_of("exposure") == 4  # no DV01
    page.view.locator("#pick").select_option("never")
    assert not page.view.locator("#exposure").is_visible()
    page.view.locator("#pick").select_option("ruined")
    assert page.view.locator("#traded").is_visible()
    page.look("exposure", "traded")
    page.view.evaluate("Plotly.relayout('traded', {'xaxis.range': ['2015-01-01', '2018-01-01']})")
    page.look("exposure")
    assert page.view.evaluate("document.getElementById('exposure').layout.xaxis.range[0]").startswith("2015-01-01")
    assert page.view.evaluate("document.documentElement.scrollWidth") == 390
    assert page.complaints == []
