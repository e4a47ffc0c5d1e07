"""Legs sized against an anchor: by regression and by principal components, worked out by hand, by numpy and by laws."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from backtests.sensitivities.choices import sized
from data.market import Market
from strategies.base import Window
from strategies.curve import Box, Butterfly, CurveTrade
from strategies.divergence import Divergence
from strategies.hedges import Hedge, components
from strategies.macro import Policy
from strategies.signals import rolling_covariance

N = 36
YEAR = Window("12M")
BP = 1e-4
TRADES = {
    "pair": Divergence("UST10", "JGB20"),
    "curve": CurveTrade("UST2", "UST10"),
    "curve between tenors": CurveTrade("UST10", "UST25", "flattener"),
    "butterfly": Butterfly("JGB2", "JGB5", "JGB10"),
    "box": Box(),
}
every_trade = pytest.mark.parametrize("trade", TRADES.values(), ids=TRADES)


def hedged(trade: Any, hedge: str, window: Window | None = None) -> Any:
    return dataclasses.replace(trade, hedge=hedge, window=window)


def moved(market: Market, **changes: np.ndarray) -> Market:
    """Return the market with curves that start at 3 % and then make these changes (T, k), a curve each."""
    curves = dict(market.curves)
    for name, change in changes.items():
        yields = 0.03 + np.vstack([np.zeros(change.shape[1]), change[1:].cumsum(axis=0)])
        curves[name] = dataclasses.replace(curves[name], yields=yields, carried=None)
    return dataclasses.replace(market, curves=curves)


def years(trade: Any, market: Market) -> dict[str, np.ndarray]:
    """Years of duration (T,) in each leg, on the rows on which it is held."""
    targets = trade.targets(market)
    held = targets.any(axis=1)
    assert held.sum() > 100
    columns = {leg: market.column(leg) for leg in trade.legs}
    return {leg: (targets[:, i] * market.duration[:, i])[held] for leg, i in columns.items()}


def maturity(market: Market, leg: str) -> tuple[str, float]:
    instrument = market.instruments[market.column(leg)]
    return instrument.curve, instrument.maturity


def level(tenors: np.ndarray) -> np.ndarray:
    return 1.2 - 0.015 * tenors  # the front moves more, nowhere alike


def slope(tenors: np.ndarray) -> np.ndarray:
    return np.log(tenors / 6.0)


def draws(market: Market, size: float, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, (len(market.dates), 1))


def simulated(market: Market, noise: float, *loadings) -> Market:
    """Both curves move by shared factors times loadings, the second a third of the first, and noise of each tenor."""
    changes = {}
    for j, name in enumerate(("us", "jp")):
        tenors = market.curves[name].tenors
        changes[name] = draws(market, 1.0, 7 + j) * np.zeros(len(tenors))
        for k, loading in enumerate(loadings):
            changes[name] = changes[name] + draws(market, 8 * BP / 3**k, k) * loading(tenors)
        if noise:
            changes[name] = changes[name] + np.random.default_rng(20 + j).normal(0, noise, changes[name].shape)
    return moved(market, **changes)


def sensitivity(trade: Any, market: Market, loading) -> np.ndarray:
    """What a factor's move by 1 does to the book (T,), in years of duration."""
    at = {leg: np.interp(maturity(market, leg)[1], tenors := market.curves[maturity(market, leg)[0]].tenors,
                         loading(tenors)) for leg in trade.legs}  # fmt: skip
    return sum(size * at[leg] for leg, size in years(trade, market).items())


@pytest.mark.parametrize("n", [2, 36, 128, 300])
def test_a_rolling_covariance_is_numpys_and_does_not_know_what_a_column_lacks(n):
    values = np.random.default_rng(4).normal(size=(320, 3)) * [1.0, 3.0, 0.2]
    values[5, 1] = np.nan
    found = rolling_covariance(values, n)
    assert np.isnan(found[: n - 1]).all()
    for t in (n - 1, n + 3, 319):
        expected = np.cov(values[t - n + 1 : t + 1].T, ddof=1)
        assert found[t] == pytest.approx(expected, rel=1e-10, abs=1e-14, nan_ok=True)
        assert np.isfinite(found[t][np.ix_([0, 2], [0, 2])]).all()


# ---- flat


@every_trade
def test_a_level_move_leaves_weights_by_components_flat(market, trade):
    world = simulated(market, 0.0, level)
    assert sensitivity(hedged(trade, "pca"), world, level) == pytest.approx(0.0, abs=1e-9)
    if len(trade.legs) == 2:
        assert np.abs(sensitivity(hedged(trade, "dv01"), world, level)).min() > 0.5


@every_trade
def test_noise_of_a_hundredth_of_the_level_leaves_little_of_it(market, trade):
    world = simulated(market, 0.08 * BP, level, *([slope] if len(trade.legs) == 3 else []))
    left = np.abs(sensitivity(hedged(trade, "pca"), world, level))
    assert 0.0 < left.max() < 0.1  # of five years


@pytest.mark.parametrize("legs", [("JGB2", "JGB5", "JGB10"), ("UST5", "UST10", "UST30"), ("UST10", "JGB20", "UST25")])
def test_a_butterfly_by_components_is_flat_to_level_and_slope(market, legs):
    fly = Butterfly(*legs)
    world = simulated(market, 0.0, level, slope)
    for loading in (level, slope):
        assert sensitivity(hedged(fly, "pca"), world, loading) == pytest.approx(0.0, abs=1e-9)
    assert np.abs(sensitivity(fly, world, slope)).min() > 0.1


@every_trade
def test_what_is_held_is_flat_to_numpys_components_of_the_history(market, trade):
    world = simulated(market, BP, level, slope)
    pca = hedged(trade, "pca")
    targets = pca.targets(world)
    sides = getattr(trade, "anchors", {trade.legs[0]: trade.legs[1:]})
    for t in (N, 100, 250, len(world.dates) - 1):
        for anchor, others in sides.items():
            legs = (anchor, *others)
            names = list(dict.fromkeys(maturity(world, leg)[0] for leg in legs))
            joint = np.hstack([np.diff(world.curves[name].yields[t - N : t + 1], axis=0) for name in names])
            _, vectors = np.linalg.eigh(np.cov(joint.T, ddof=1))
            for k in range(len(others)):
                parts = np.split(vectors[:, -1 - k], np.cumsum([len(world.curves[name].tenors) for name in names]))
                at = {name: (world.curves[name].tenors, part) for name, part in zip(names, parts, strict=False)}
                left = sum(
                    targets[t, world.column(leg)]
                    * world.duration[t, world.column(leg)]
                    * np.interp(maturity(world, leg)[1], *at[maturity(world, leg)[0]])
                    for leg in legs
                )
                assert left == pytest.approx(0.0, abs=1e-9)
                assert targets[t, world.column(anchor)] != 0


@pytest.mark.parametrize(
    "trade", [CurveTrade(), CurveTrade("JGB10", "JGB30"), Butterfly(), Box(), Butterfly("UST5", "UST10", "UST30")]
)
def test_what_is_held_by_beta_has_no_beta_to_the_hedging_legs(market, trade):
    ratios = hedged(trade, "beta").ratios(market)
    t = len(market.dates) - 1
    for anchor, others in trade.anchors.items():
        y, *x = (market.curves[maturity(market, leg)[0]].at(maturity(market, leg)[1]) for leg in (anchor, *others))
        change = [np.diff(values[t - N : t + 1]) for values in (y, *x)]
        slopes, *_ = np.linalg.lstsq(np.column_stack([np.ones(N), *change[1:]]), change[0], rcond=None)
        assert [ratios[leg][t] for leg in others] == pytest.approx(slopes[1:], rel=1e-9)


# ---- by hand


def by_hand(market: Market) -> Market:
    """Four month ends: the 2-year moves by 3, 0, -3 bp, the 10-year by 2, -1, -1; variances 9, 3, covariance 4.5."""
    short = market.until(3)
    changes = np.array([[0.0, 0.0], [3.0, 2.0], [0.0, -1.0], [-3.0, -1.0]]) * BP
    yields = 0.03 + changes.cumsum(axis=0)
    curve = dataclasses.replace(short.curves["us"], tenors=np.array([2.0, 10.0]), yields=yields, carried=None)
    return dataclasses.replace(short, curves={**short.curves, "us": curve})


@pytest.mark.parametrize(
    ("hedge", "ratio"),
    [("dv01", 1.0), ("beta", 4.5 / 3.0), ("pca", 4.5 / (29.25**0.5 - 3.0))],  # of [[9, 4.5], [4.5, 3]]: 6 + sqrt(29.25)
)
def test_ratios_are_those_of_the_covariance_worked_by_hand(market, hedge, ratio):
    world = by_hand(market)
    for trade in (CurveTrade("UST2", "UST10", "steepener", 5.0), Divergence("UST2", "UST10", duration=5.0)):
        targets = hedged(trade, hedge, None if hedge == "dv01" else Window("3M")).targets(world)
        front, back = (targets[3, world.column(leg)] * world.duration[3, world.column(leg)] for leg in trade.legs)
        assert (front, back) == (pytest.approx(5.0, rel=1e-12), pytest.approx(-5.0 * ratio, rel=1e-9))
        assert hedge == "dv01" or not targets[:3].any()


def test_loadings_are_a_unit_vector_positive_in_sum_and_straight_between_tenors(market):
    curve = market.curves["us"]
    legs = ["UST2", "UST3", "UST5", "UST7", "UST10", "UST20", "UST25", "UST30"]
    legs = [leg for leg in legs if leg in market.names]
    found, deviations = components(market, legs, Window("36M"), 2)
    t = len(market.dates) - 1
    change = np.diff(curve.yields[t - N : t + 1], axis=0)
    variances, vectors = np.linalg.eigh(np.cov(change.T))
    for k in range(2):
        vector = vectors[:, -1 - k] * np.sign(vectors[:, -1 - k].sum())
        expected = [np.interp(maturity(market, leg)[1], curve.tenors, vector) for leg in legs]
        assert found[t, :, k] == pytest.approx(expected, abs=1e-9)
        assert deviations[t, k] == pytest.approx(variances[-1 - k] ** 0.5, rel=1e-9)
    own = CurveTrade("UST2", "UST25").loadings(market)
    assert {leg: float(own[leg][t, 0]) for leg in own} == pytest.approx(
        {leg: float(found[t, legs.index(leg), 0]) for leg in ("UST2", "UST25")}, rel=1e-12
    )
    assert set(Divergence().loadings(market)) == {"UST10", "JGB10"}
    assert Butterfly(hedge="pca").loadings(market)["UST5"].shape == (len(market.dates), 2)


def test_a_tenor_that_is_not_quoted_through_the_window_is_left_out(market):
    curve, t = market.curves["us"], 300
    yields = curve.yields.copy()
    yields[t - 5, 4] = np.nan  # three years
    gap = dataclasses.replace(market, curves={**market.curves, "us": dataclasses.replace(curve, yields=yields)})
    less = dataclasses.replace(curve, tenors=np.delete(curve.tenors, 4), yields=np.delete(curve.yields, 4, axis=1))
    without = dataclasses.replace(market, curves={**market.curves, "us": less})
    trade = hedged(CurveTrade(), "pca")
    among, alone, whole = (trade.ratios(world)["UST10"][t] for world in (gap, without, market))
    assert among == pytest.approx(alone, rel=1e-12) and among != pytest.approx(whole, rel=1e-6)


# ---- where the history says nothing


@pytest.mark.parametrize("hedge", ["beta", "pca"])
@pytest.mark.parametrize("still", ["us", "jp"])
def test_a_leg_that_stands_still_is_no_hedge_and_has_none_so_nothing_is_held(market, hedge, still):
    tenors = len(market.curves[still].tenors)
    world = moved(market, **{still: np.zeros((len(market.dates), tenors))})
    assert not hedged(Divergence(), hedge).targets(world).any()


@pytest.mark.parametrize("hedge", ["beta", "pca"])
@pytest.mark.parametrize(("times", "ratio"), [(10.0, 3.0), (-1.0, 0.0), (2.0, 2.0)])
def test_a_hedge_is_held_between_nothing_and_three_times_the_neutral_one(market, hedge, times, ratio):
    us, jp = (np.ones(len(market.curves[name].tenors)) for name in ("us", "jp"))
    world = moved(market, us=draws(market, 3 * BP) * times * us, jp=draws(market, 3 * BP) * jp)
    size = years(hedged(Divergence(), hedge), world)
    assert -size["JGB10"] / size["UST10"] == pytest.approx(ratio, abs=1e-9)


@pytest.mark.parametrize("hedge", ["beta", "pca"])
def test_wings_that_move_as_one_share_the_hedge(market, hedge):
    tenors = market.curves["us"].tenors
    world = moved(market, us=draws(market, 3 * BP) * np.where(tenors == 5, 1.4, 1.0))
    size = years(hedged(Butterfly(), hedge), world)
    for wing in ("UST2", "UST10"):
        assert -size[wing] / size["UST5"] == pytest.approx(0.7, abs=1e-9)


def test_between_two_countries_the_first_component_asks_for_more_than_may_be_held_most_of_the_time(market):
    size = years(hedged(Divergence(), "pca"), market)
    capped = np.isclose(-size["JGB10"] / size["UST10"], 3.0)
    assert 0.5 < capped.mean() < 0.9  # docs/strategies.md says so


# ---- laws


@every_trade
@pytest.mark.parametrize("hedge", ["beta", "pca"])
def test_moves_of_twice_the_size_are_hedged_alike(market, trade, hedge):
    once = simulated(market, BP, level, slope)
    twice = moved(once, **{name: 2 * np.diff(once.curves[name].yields, axis=0, prepend=0.03) for name in ("us", "jp")})
    rule = hedged(trade, hedge)
    assert rule.targets(twice) == pytest.approx(rule.targets(once), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("hedge", ["dv01", "beta", "pca"])
def test_a_flattener_is_a_steepener_turned_round(market, hedge):
    steepener, flattener = (CurveTrade(trade=trade, hedge=hedge) for trade in ("steepener", "flattener"))
    assert np.array_equal(flattener.targets(market), -steepener.targets(market))
    assert steepener.targets(market).any()


@every_trade
@pytest.mark.parametrize("hedge", ["beta", "pca"])
def test_the_anchor_keeps_its_size(market, trade, hedge):
    size = years(hedged(trade, hedge), market)
    for anchor in getattr(trade, "anchors", trade.legs[:1]):
        assert np.abs(size[anchor]) == pytest.approx(trade.duration or 5.0, rel=1e-12)


def test_equal_dv01_named_is_equal_dv01_unnamed(market):
    assert np.array_equal(Divergence(hedge="dv01").targets(market), Divergence().targets(market))
    assert Divergence(hedge="dv01").invariants.neutral and not Divergence(hedge="pca").invariants.neutral


def test_a_pair_with_a_signal_is_hedged_as_one_without(market):
    policy, plain = Policy(hedge="beta"), Divergence(hedge="beta")
    signal = np.nan_to_num(policy.signal(market))
    assert policy.targets(market) == pytest.approx(signal[:, None] * plain.targets(market), rel=1e-12, abs=1e-15)
    assert not policy.invariants.symmetric


def test_the_sizing_beta_is_near_halfway_from_equal_dv01_to_the_hedge_beta(market):
    """On returns and shrunk halfway, against on yield changes and whole: carry and roll-down tell them apart."""
    half = years(Divergence("UST10", "UST30", "beta"), market)
    beta = CurveTrade("UST10", "UST30", hedge="beta").ratios(market)["UST30"]
    assert np.mean(-half["UST30"] / half["UST10"]) == pytest.approx((1.0 + np.nanmean(beta)) / 2.0, abs=0.02)


def test_pairs_sized_another_way_drop_their_hedge():
    pair = Divergence(hedge="pca", window=YEAR)
    assert sized(pair, "volatility") == Divergence(sizing="volatility", window=YEAR)
    assert sized(pair, "notional") == Divergence(sizing="notional")
    assert sized(pair, "duration") is pair


# ---- what is refused


@pytest.mark.parametrize("rule", ["notional", "volatility", "beta"])
def test_a_pair_not_sized_by_duration_takes_no_hedge(rule):
    with pytest.raises(ValueError, match=f"hedge is not used by sizing: {rule}"):
        Divergence(sizing=rule, hedge="pca")


@pytest.mark.parametrize("trade", [Divergence, CurveTrade, Butterfly, Box])
def test_a_window_without_an_estimate_and_a_hedge_there_is_not_are_refused(trade):
    with pytest.raises(ValueError, match="window is not used by hedge: dv01, which estimates nothing"):
        trade(hedge="dv01", window=YEAR)
    with pytest.raises(ValueError, match="hedge is 'pc'; expected one of dv01, beta, pca"):
        trade(hedge="pc")


def test_a_hedge_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Hedge("beta").rule = "pca"
