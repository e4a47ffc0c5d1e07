"""What is laid over a strategy, worked out again with numpy; and how a configuration names it."""

from __future__ import annotations

import dataclasses
import re
from typing import get_args

import numpy as np
import pytest

from backtests import config
from backtests.runs import runner
from data.errors import ConfigError
from data.market import Market
from strategies import OVERLAYS
from strategies.base import Strategy, Window, components_of, signals_of
from strategies.blend import Blend, Part
from strategies.curve import CurveTrade
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.macro import DebtCapacity, Policy
from strategies.overlays import DurationCap, GrossCap, Overlay, Smooth, VolatilityTarget
from strategies.relative_value import Carry
from strategies.thesis import Name as ThesisPart
from strategies.thesis import Thesis
from tests.test_strategies import excess

# ---- a target for volatility


def realised(market: Market, weights: np.ndarray, t: int, n: int) -> float:
    """Annual volatility of fixed weights (n,) on the n returns over funding that end at t."""
    total = sum(
        weights[market.column(name)] * excess(market, name).to_numpy()[t - n + 1 : t + 1]
        for name in market.names
        if weights[market.column(name)]
    )
    return float(np.std(total, ddof=1) * np.sqrt(12))


@pytest.mark.parametrize("window", [12, 36])
@pytest.mark.parametrize("inner", [Divergence(), CurveTrade(), Policy(), Thesis()])
def test_todays_weights_would_have_had_the_volatility_asked_for(market, inner, window):
    overlay = VolatilityTarget(inner, volatility=0.03, window=Window(f"{window}M"), largest=1000.0)
    targets = overlay.targets(market)
    for t in (250, 300, 402):
        assert realised(market, targets[t], t, window) == pytest.approx(0.03, rel=1e-9)
        scale = targets[t].sum() / inner.targets(market)[t].sum()
        assert scale > 0 and targets[t] == pytest.approx(scale * inner.targets(market)[t])


def test_the_scale_is_never_above_the_largest(market):
    inner = CurveTrade()
    targets = VolatilityTarget(inner, volatility=0.5, largest=1.5).targets(market)
    assert targets[12:] == pytest.approx(1.5 * inner.targets(market)[12:], rel=1e-12)
    assert not targets[:12].any()  # cold


def still(market: Market, name: str) -> Market:
    """The market in which an instrument never moves, nor costs anything to fund."""
    i = market.column(name)
    price, funding = market.price.copy(), market.funding.copy()
    price[:, i], funding[:, i] = 100.0, 0.0
    return dataclasses.replace(market, price=price, funding=funding)


def test_where_nothing_moved_nothing_is_held(market):
    hold = Hold({"UST10": 1.0})
    assert VolatilityTarget(hold).targets(market)[12:].any()
    assert not VolatilityTarget(hold).targets(still(market, "UST10")).any()


def test_where_a_legs_returns_are_missing_nothing_is_held(market):
    targets = VolatilityTarget(Hold({"UST30": 1.0})).targets(market)[:, market.column("UST30")]
    born = int(np.flatnonzero(~market.exists[:, market.column("UST30")])[-1]) + 1  # 30-years came back in 2006
    assert str(market.dates[born]) == "2006-02-28"
    assert not targets[born : born + 12].any() and targets[born + 12 :].all()


# ---- caps


def test_a_cap_on_gross_scales_all_legs_down_together_and_only_where_it_is_passed(market):
    inner = Divergence(duration=5.0)
    weights, capped = inner.targets(market), GrossCap(inner, gross=1.1).targets(market)
    gross = np.abs(weights).sum(axis=1)
    assert (gross > 1.1).any() and (gross < 1.1).any()
    assert capped[gross <= 1.1] == pytest.approx(weights[gross <= 1.1], abs=0)
    assert np.abs(capped).sum(axis=1) == pytest.approx(np.minimum(gross, 1.1))
    assert capped * gross[:, None] == pytest.approx(weights * np.minimum(gross, 1.1)[:, None])


def test_a_cap_on_duration_counts_long_and_short_years(market):
    pair = Divergence(duration=5.0)  # 5 years a leg: 10 in all
    assert DurationCap(pair, duration=10.0).targets(market) == pytest.approx(pair.targets(market), rel=1e-12)
    halved = DurationCap(pair, duration=4.0).targets(market)
    assert halved == pytest.approx(0.4 * pair.targets(market), rel=1e-12)
    money = DurationCap(Hold({"UST10": 1.0, "JPY": -3.0}), duration=4.0).targets(market)  # cash has no duration
    t = market.column("UST10")
    assert money[:, t] == pytest.approx(np.minimum(1.0, 4.0 / market.duration[:, t]))
    assert money[:, market.column("JPY")] == pytest.approx(-3 * money[:, t])


# ---- smoothing


def test_smooth_is_the_mean_of_the_last_targets(market):
    inner = Policy()
    weights, smooth = inner.targets(market), Smooth(inner, Window("4M")).targets(market)
    for t in (10, 100, 402):
        assert smooth[t] == pytest.approx(weights[t - 3 : t + 1].mean(axis=0), rel=1e-12, abs=1e-15)
    assert not smooth[:3].any()


def test_smooth_waits_longer_by_what_it_looks_back(market):
    assert Smooth(Policy(), Window("4M")).warmup(market) == Policy().warmup(market) + 3
    assert VolatilityTarget(Policy(), window=Window("24M")).warmup(market) == 25


def test_smooth_holds_no_leg_that_is_no_more(market):
    pair = Divergence("UST30", "JGB10")
    smooth = Smooth(pair, Window("6M")).targets(market)
    gone = ~market.exists[:, market.column("UST30")]
    assert gone[100:160].any() and not smooth[gone].any()


def test_smooth_does_not_average_in_the_time_before_a_signal_was_known(market):
    inner = DebtCapacity(footprint="distortion")
    smooth = Smooth(inner, Window("6M")).targets(market)
    first = int(np.flatnonzero(smooth.any(axis=1))[0])
    window = slice(first - 5, first + 1)
    known_overnight = ~np.isnan(inner.signal(market)[window])
    assert smooth[first] == pytest.approx(inner.targets(market)[window][known_overnight].mean(axis=0))


# ---- over a blend

BOTH = Blend({"policy": Part(Policy(), 0.5), "carry": Part(Carry("UST30", "JGB10"), -0.8)})


@pytest.mark.parametrize(
    "overlay",
    [
        VolatilityTarget(BOTH, largest=50.0),
        GrossCap(BOTH, gross=0.3),
        DurationCap(BOTH, duration=2.0),
        Smooth(BOTH),
        Smooth(GrossCap(VolatilityTarget(BOTH), gross=0.5)),
        GrossCap(Smooth(BOTH), gross=0.2),
    ],
)
def test_what_is_laid_over_a_blend_is_laid_over_its_components(market, overlay):
    parts = components_of(overlay, market)
    assert list(parts) == ["policy", "carry"]
    assert sum(parts.values()) == pytest.approx(overlay.targets(market), abs=1e-12)
    assert not np.allclose(overlay.targets(market), BOTH.targets(market))
    for name, signal in signals_of(BOTH, market).items():
        assert np.array_equal(signals_of(overlay, market)[name], signal, equal_nan=True)


def test_overlays_stand_in_the_order_they_are_laid(market):
    inner = Divergence()
    capped_last = GrossCap(VolatilityTarget(inner, volatility=0.2, largest=9.0), gross=1.0).targets(market)[13:]
    capped_first = VolatilityTarget(GrossCap(inner, gross=1.0), volatility=0.2, largest=9.0).targets(market)[13:]
    assert np.abs(capped_last).sum(axis=1).max() == pytest.approx(1.0)
    assert np.abs(capped_first).sum(axis=1).max() > 2.0


# ---- blend and thesis


def test_a_blend_is_the_weighted_sum_of_its_parts(market):
    expected = 0.5 * Policy().targets(market) - 0.8 * Carry("UST30", "JGB10").targets(market)
    assert BOTH.targets(market) == pytest.approx(expected, abs=1e-15)
    assert BOTH.legs == ("UST10", "JGB10", "UST30") and BOTH.warmup(market) == 37
    assert BOTH.components(market)["carry"] == pytest.approx(-0.8 * Carry("UST30", "JGB10").targets(market))


@pytest.mark.parametrize("weight", [0.0, np.nan, np.inf, 41.0])
def test_a_part_weighs_something_finite(weight):
    with pytest.raises(ValueError, match="expected a number other than 0, 40 at most"):
        Part(Policy(), weight)


def test_a_blend_of_nothing_is_refused():
    with pytest.raises(ValueError, match="parts is empty; name at least one"):
        Blend({})


@pytest.mark.parametrize("without", [None, *get_args(ThesisPart)])
def test_the_thesis_weighs_its_parts_alike(market, without):
    parts = Thesis(without).components(market)
    assert set(parts) == set(get_args(ThesisPart)) - {without}
    share = 1 / 8 if without is None else 1 / 7
    t = -1
    years = {name: np.abs(weights[t] * np.nan_to_num(market.duration[t])).sum() for name, weights in parts.items()}
    sizes = dict.fromkeys(("tips", "maturity_preference", "us_steepener", "jgb_flattener"), 10 * share)
    for name, signal in Thesis(without).signals(market).items():
        sizes[name] = 10 * share * abs(signal[t])
    assert years == pytest.approx({name: sizes[name] for name in parts})


def test_the_thesis_refuses_a_part_it_does_not_have():
    with pytest.raises(ValueError, match=r"without is 'polcy'; expected one of policy, inflation, safe_haven"):
        Thesis("polcy")


@pytest.mark.parametrize(
    ("overlay", "given", "words"),
    [
        (VolatilityTarget, {"volatility": 0.0}, "volatility is 0; expected a number above 0"),
        (VolatilityTarget, {"largest": -1.0}, "largest is -1; expected a number above 0"),
        (GrossCap, {"gross": np.nan}, "gross is nan; expected a number above 0"),
        (DurationCap, {"duration": np.inf}, "duration is inf; expected a number above 0, 40 at most"),
    ],
)
def test_an_overlay_refuses_what_is_no_size(overlay: type[Overlay], given, words):
    with pytest.raises(ValueError, match=words):
        overlay(Policy(), **given)


# ---- in a configuration


def load(folder, variants: str) -> config.Config:
    (folder / "run.yaml").write_text(f"name: over\nvariants:\n{variants}")
    return config.load(folder / "run.yaml")


def strategy_of(folder, variants: str, name: str = "a") -> Strategy:
    return next(one for one in load(folder, variants).variants if one.name == name).strategy


A = "  a: {strategy: policy}\n"
LAID = "  a:\n    strategy: policy\n    overlays:\n      - smooth: {window: 6M}\n      - "
PARTS = "  a:\n    strategy: blend\n    params:\n      parts:\n        p: {strategy: policy}\n        q: "
REFUSED = {
    "a misspelt overlay": (LAID + "gros_cap: {gross: 2}", 7, "unknown overlay 'gros_cap'; did you mean 'gross_cap'?"),
    "two keys in one item": (LAID + "{gross_cap: {}, smooth: {}}", 7, "an overlay is one name and its parameters"),
    "no key in an item": (LAID + "{}", 7, "an overlay is one name and its parameters"),
    "no item but a word": (LAID + "smooth", 7, "overlays.1: is 'smooth'; expected keys and values"),
    "a misspelt parameter": (LAID + "gross_cap:\n          gros: 2", 8, "gros: unknown key; did you mean 'gross'?"),
    "a negative cap": (LAID + "gross_cap:\n          gross: -2", 8, "gross is -2; expected a number above 0"),
    "a bad window": (LAID + "smooth:\n          window: 6W", 8, "'6W' is not a window"),
    "words for a number": (LAID + "gross_cap:\n          gross: much", 8, "gross: is 'much'; expected a number"),
    "the inner strategy": (LAID + "gross_cap:\n          inner: policy", 8, "inner: unknown key"),
    "an overlay that was inherited": (
        LAID + "gross_cap: {gross: 0}\n  b: {extends: a}", 7, "gross is 0; expected a number above 0"
    ),
    "overlays of a child": (
        A + "  b:\n    extends: a\n    overlays: [{smoth: {}}]", 6, "unknown overlay 'smoth'; did you mean 'smooth'?"
    ),
    "an unknown strategy in a part": (PARTS + "{strategy: polcy}", 8, "'polcy'; did you mean 'policy'?"),
    "an unknown instrument in a part": (
        PARTS + "\n          strategy: policy\n          params: {long: UST1O}", 10, "unknown instrument 'UST1O'"
    ),
    "a part that weighs nothing": (PARTS + "\n          strategy: carry\n          weight: 0", 10, "weight is 0"),
    "a misspelt parameter in a part": (
        PARTS + "\n          strategy: carry\n          params: {scal: 1}", 10, "unknown key; did you mean 'scale'?"
    ),
    "a misspelt key of a part": (PARTS + "{strategy: carry, wieght: 1}", 8, "unknown key; did you mean 'weight'?"),
    "a part without a strategy": (PARTS + "{weight: 1}", 8, "is missing; add it"),
    "a part that is no section": (PARTS + "carry", 8, "expected keys and values"),
    "a parameter a part refuses": (
        PARTS + "\n          strategy: carry\n          params: {scale: -1}", 10, "scale is -1; expected"
    ),
    "no footprint": (PARTS + "{strategy: debt_capacity}", 8, "footprint: is missing; add it"),
    "no parts": ("  a: {strategy: blend, params: {parts: {}}}", 3, "parts is empty; name at least one"),
    "a part the thesis lacks": ("  a: {strategy: thesis, params: {without: carry}}", 3, "is not one of policy, infl"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_with_an_overlay_or_a_part_is_told_by_file_and_line(tmp_path, case):
    variants, line, words = REFUSED[case]
    with pytest.raises(ConfigError, match=re.escape(words)) as refusal:
        load(tmp_path, variants + "\n")
    assert str(refusal.value).startswith(f"{tmp_path / 'run.yaml'}:{line}: ")
    assert "\n" not in str(refusal.value)


def test_the_first_overlay_is_the_innermost(tmp_path):
    chosen = strategy_of(tmp_path, LAID + "gross_cap: {gross: 2}\n")
    assert chosen == GrossCap(Smooth(Policy(), Window("6M")), 2.0)


def test_an_overlay_without_parameters_has_its_defaults(tmp_path):
    for item in ("volatility_target: {}", "volatility_target:"):
        assert strategy_of(tmp_path, LAID + item + "\n") == VolatilityTarget(Smooth(Policy(), Window("6M")))


def test_a_child_inherits_overlays_or_has_its_own_in_their_place(tmp_path):
    variants = LAID + "gross_cap: {gross: 2}\n  same: {extends: a, params: {scale: 0.02}}\n"
    variants += "  other: {extends: a, overlays: [{duration_cap: {duration: 3}}]}\n  bare: {extends: a, overlays: []}\n"
    variants += "  changed: {extends: same, strategy: debt_capacity, params: {footprint: ignored}}\n"
    assert strategy_of(tmp_path, variants, "same") == GrossCap(Smooth(Policy(scale=0.02), Window("6M")), 2.0)
    assert strategy_of(tmp_path, variants, "other") == DurationCap(Policy(), 3.0)
    assert strategy_of(tmp_path, variants, "bare") == Policy()
    changed = GrossCap(Smooth(DebtCapacity(footprint="ignored"), Window("6M")), 2.0)
    assert strategy_of(tmp_path, variants, "changed") == changed


def test_the_resolved_configuration_gives_the_same_strategies_and_the_same_run(tmp_path):
    variants = LAID + "gross_cap: {gross: 2}\n  b: {extends: a, overlays: [{volatility_target: {volatility: 0.03}}]}\n"
    variants += "  c: {strategy: blend, params: {parts: {p: {strategy: carry, weight: -2, params: {lookback: 24M}},"
    variants += " q: {strategy: blend}}}, overlays: [{smooth: }]}\n"
    first = load(tmp_path, variants)
    (tmp_path / "again.yaml").write_text(config.dump(first))
    again = config.load(tmp_path / "again.yaml")
    assert config.dump(again) == config.dump(first)
    assert [one.strategy for one in again.variants] == [one.strategy for one in first.variants]
    one, other = (runner.run(dataclasses.replace(chosen, engine="ledger")) for chosen in (first, again))
    for mine, theirs in zip(one.variants, other.variants, strict=True):
        assert np.array_equal(mine.result.equity, theirs.result.equity)
        assert mine.result.units.any()
    assert list(one.variants[2].components) == ["p", "q"] and not one.variants[0].components


def test_every_overlay_can_be_named(tmp_path):
    for name, kind in OVERLAYS.items():
        assert type(strategy_of(tmp_path, LAID + f"{name}:\n")) is kind
