"""What the first strategies and the sizing rules want, worked out independently; test_laws.py holds them to laws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.errors import ConfigError, DataError
from strategies import STRATEGIES
from strategies.base import Strategy, Window
from strategies.curve import Box, Butterfly, CurveTrade
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.sizing import DEFAULTS, pair, sizing

YEAR = Window("12M")


def weights(strategy: Strategy, market, *legs: str) -> list[np.ndarray]:
    """Return the strategy's weights (T,) of each leg."""
    targets = strategy.targets(market)
    return [targets[:, market.column(leg)] for leg in legs]


def durations(market, *legs: str) -> list[np.ndarray]:
    return [market.duration[:, market.column(leg)] for leg in legs]


def excess(market, name: str) -> pd.Series:
    """Return of a leg over its own funding, by pandas."""
    i = market.column(name)
    return pd.Series(market.price[:, i]).pct_change(fill_method=None) - market.funding[:, i]


def redrawn(market, name: str, returns: np.ndarray):
    """Return the market with an instrument whose returns over funding are these, (T-1,)."""
    i, price = market.column(name), market.price.copy()
    price[:, i] = 100 * np.cumprod(np.concatenate([[1.0], 1 + returns + market.funding[1:, i]]))
    return dataclasses.replace(market, price=price)


def disturbed(market, after: int):
    """Return the market with every price, duration and funding after a row changed."""
    noise = np.random.default_rng(7)
    changed = {name: getattr(market, name).copy() for name in ("price", "duration", "funding")}
    for values in changed.values():
        later = values[after + 1 :]
        later *= noise.uniform(0.5, 1.5, later.shape)
    return dataclasses.replace(market, **changed)


@pytest.mark.parametrize("rule", ["duration", "volatility", "beta"])
def test_a_changed_present_does_change_the_targets(market, rule):
    strategy, t = Divergence(sizing=rule), 200
    now = strategy.targets(disturbed(market, t - 1))[t]
    assert not np.array_equal(now, strategy.targets(market)[t])


def test_the_registry_names_the_strategies_of_the_design():
    # docs/conventions.md
    assert {"divergence", "curve", "butterfly", "box", "hold"} <= set(STRATEGIES)


# ---- sizes


def test_equal_notional_is_equal_money(market):
    long, short = weights(Divergence(sizing="notional", weight=0.8), market, "UST10", "JGB10")
    assert (long == 0.8).all() and (short == -0.8).all()


def test_equal_duration_is_equal_dv01(market):
    strategy = Divergence("UST10", "JGB30", duration=4.0)
    long, short = weights(strategy, market, "UST10", "JGB30")
    d_long, d_short = durations(market, "UST10", "JGB30")
    held = long != 0
    assert held.sum() == market.exists[:, market.column("JGB30")].sum()
    assert (long * d_long)[held] == pytest.approx(4.0, abs=1e-12, rel=0)
    assert (short * d_short)[held] == pytest.approx(-4.0, abs=1e-12, rel=0)


@pytest.mark.parametrize(
    ("strategy", "years"),
    [
        (CurveTrade("UST2", "UST10", "steepener", 5.0), (5.0, -5.0)),
        (CurveTrade("JGB10", "JGB30", "flattener", 3.0), (-3.0, 3.0)),
        (Butterfly("UST2", "UST5", "UST10", 4.0), (-2.0, 4.0, -2.0)),
        (Box("UST2", "UST10", "JGB2", "JGB10", 5.0), (5.0, -5.0, -5.0, 5.0)),
    ],
)
def test_curve_trades_hold_their_years_of_duration_in_every_leg(market, strategy, years):
    legs = weights(strategy, market, *strategy.legs)
    held = legs[0] != 0
    assert held.any()
    for weight, duration, contribution in zip(legs, durations(market, *strategy.legs), years, strict=True):
        assert (weight * duration)[held] == pytest.approx(contribution, abs=1e-12, rel=0)


@pytest.mark.parametrize("window", ["12M", "36M"])
def test_equal_volatility_is_that_of_each_legs_own_past(market, window):
    n, strategy = int(window[:-1]), Divergence(sizing="volatility", volatility=0.06, window=Window(window))
    for name, weight in zip(("UST10", "JGB10"), weights(strategy, market, "UST10", "JGB10"), strict=True):
        realised = excess(market, name).rolling(n).std(ddof=1) * np.sqrt(12)
        assert (weight[:n] == 0).all()
        assert np.abs(weight * realised.to_numpy())[n:] == pytest.approx(0.06, rel=1e-12)


def hedge(market, long: str, short: str, t: int, n: int) -> float:
    """Return the hedge ratio at row t, by numpy's covariance of the last n excess returns."""
    y, x = (excess(market, name).to_numpy()[t - n + 1 : t + 1] for name in (long, short))
    covariance = np.cov(y, x, ddof=1)
    d_long, d_short = (duration[t] for duration in durations(market, long, short))
    ratio = d_long / d_short
    return float(min(max((covariance[0, 1] / covariance[1, 1] + ratio) / 2, 0.0), 3 * ratio))


def test_the_beta_hedge_is_half_estimated_and_half_by_duration(market):
    strategy = Divergence("UST2", "JGB2", "beta", duration=2.0, window=Window("36M"))
    long, short = weights(strategy, market, "UST2", "JGB2")
    (duration,) = durations(market, "UST2")
    assert long[36:] == pytest.approx(2.0 / duration[36:], rel=1e-12)
    hedges = np.array([hedge(market, "UST2", "JGB2", t, 36) for t in range(36, len(long))])
    assert -short[36:] / long[36:] == pytest.approx(hedges, rel=1e-12, abs=1e-12)
    assert (hedges == 0).sum() == 9  # the lower clip, when the two moved against each other


def test_the_beta_hedge_is_at_most_three_times_the_ratio_of_durations(market):
    wild = redrawn(market, "UST10", 10 * excess(market, "JGB10").to_numpy()[1:])  # a beta of 10
    long, short = weights(Divergence(sizing="beta"), wild, "UST10", "JGB10")
    d_long, d_short = durations(market, "UST10", "JGB10")
    ratio = (d_long / d_short)[36:]
    assert -short[36:] / long[36:] == pytest.approx(3 * ratio, rel=1e-12)
    assert (10 + ratio > 6 * ratio).all()  # so the clip, not the estimate, speaks


def test_a_pair_turns_round_with_its_direction(market):
    direction = np.resize([1.0, -1.0, 0.0, 0.5], len(market.dates))
    book = pair(market, "UST10", "JGB10", direction, sizing("notional", {"weight": 0.8}))
    assert np.array_equal(book[:, market.column("UST10")], 0.8 * direction)
    assert np.array_equal(book[:, market.column("JGB10")], -0.8 * direction)


# ---- zero variance


def still(market, name: str, drift: float):
    """Return the market with an instrument that earns the same over its funding on every bar."""
    return redrawn(market, name, np.full(len(market.dates) - 1, drift))


def test_a_price_that_never_moves_has_no_variance_and_so_no_weight(market):
    price, funding = market.price.copy(), market.funding.copy()
    price[:, market.column("JGB10")], funding[:, market.column("JGB10")] = 100.0, 0.0
    unmoved = dataclasses.replace(market, price=price, funding=funding)
    (by_volatility,) = weights(Divergence(sizing="volatility"), unmoved, "JGB10")
    (by_beta,) = weights(Divergence(sizing="beta"), unmoved, "JGB10")
    assert not by_volatility.any() and not by_beta.any()


def test_a_price_that_always_moves_alike_has_no_variance_and_so_no_weight(market):
    (weight,) = weights(Divergence(sizing="volatility"), still(market, "JGB10", 0.0013), "JGB10")
    assert np.abs(weight).max() == 0


def test_yen_cash_earns_nothing_in_excess_and_so_has_no_weight_by_volatility(market):
    (weight,) = weights(Divergence("UST10", "JPY", "volatility"), market, "JPY")
    assert np.abs(weight).max() == 0


def test_a_hedge_that_always_moves_alike_has_no_beta_and_so_no_weight(market):
    (weight,) = weights(Divergence(sizing="beta"), still(market, "JGB10", 0.0013), "JGB10")
    assert np.abs(weight).max() == 0


# ---- windows


@pytest.mark.parametrize(
    ("text", "periods_per_year", "rows"),
    [
        ("12M", 12, 12), ("3Y", 12, 36), ("1M", 12, 2), ("1D", 12, 2), ("36M", 52, 156), ("6M", 52, 26),
        ("60D", 12, 3), ("60D", 52, 12), ("60D", 260, 60), ("252D", 12, 12), ("252D", 260, 252), ("252D", 52, 50),
        ("12M", 260, 260), ("36M", 260, 780), ("1M", 260, 22),  # 21.67
        ("2.5M", 12, 3), ("3.5M", 12, 4), ("0.5Y", 259, 130),  # halves go up
    ],
)  # fmt: skip
def test_a_window_is_rounded_half_up_to_at_least_two_rows(market, text, periods_per_year, rows):
    assert Window(text).bars(dataclasses.replace(market, periods_per_year=float(periods_per_year))) == rows


@pytest.mark.parametrize(
    "text", ["", "12", "M", "12W", "12m", "-3M", "0D", "0.0Y", " 12M", "12M ", "1e2D", "nanY", "3 Y"]
)
def test_a_window_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="is not a window; write a number and D, M or Y"):
        Window(text)


# ---- what strategies refuse


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("notional", {"duration": 5.0}), ("notional", {"volatility": 0.05}), ("notional", {"window": YEAR}),
        ("duration", {"weight": 1.0}), ("duration", {"volatility": 0.05}), ("duration", {"window": YEAR}),
        ("volatility", {"weight": 1.0}), ("volatility", {"duration": 5.0}),
        ("beta", {"weight": 1.0}), ("beta", {"volatility": 0.05}),
    ],
)  # fmt: skip
def test_a_parameter_the_sizing_does_not_use_is_refused(rule, given):
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is not used by sizing: {rule}"):
        Divergence(sizing=rule, **given)


@pytest.mark.parametrize("size", [0.0, -5.0, np.nan, np.inf])
@pytest.mark.parametrize("strategy", [Divergence, CurveTrade, Butterfly, Box])
def test_a_size_that_is_not_a_positive_number_is_refused(strategy, size):
    with pytest.raises(ValueError, match="expected a number above 0"):
        strategy(duration=size)


@pytest.mark.parametrize(
    ("strategy", "legs"),
    [
        (Divergence, {"long": "UST10", "short": "UST10"}),
        (CurveTrade, {"front": "UST10", "back": "UST10"}),
        (Butterfly, {"front": "UST2", "belly": "UST10", "back": "UST10"}),
        (Butterfly, {"front": "UST10", "belly": "UST5", "back": "UST10"}),
        (Box, {"us_front": "UST2", "us_back": "UST10", "jp_front": "UST10", "jp_back": "JGB10"}),
    ],
)
def test_a_leg_named_twice_is_refused(strategy, legs):
    with pytest.raises(ValueError, match="UST10 is named twice"):
        strategy(**legs)


@pytest.mark.parametrize(
    "strategy", [Divergence("UST10", "JPY"), Divergence("JPY", "UST10", "beta"), CurveTrade("JPY", "JGB10")]
)
def test_cash_cannot_be_sized_by_duration(market, strategy):
    with pytest.raises(ConfigError, match="JPY is cash and has no duration"):
        strategy.targets(market)


def test_cash_can_be_sized_by_money(market):
    long, short = weights(Divergence("UST10", "JPY", "notional", weight=0.5), market, "UST10", "JPY")
    assert (long == 0.5).all() and (short == -0.5).all()


def test_a_leg_the_market_does_not_hold_is_named(market):
    with pytest.raises(DataError, match="does not hold 'UST1O'; did you mean 'UST10'"):
        Divergence("UST1O", "JGB10").targets(market)


def test_hold_keeps_its_weights_where_all_of_them_exist(market):
    long, short = weights(Hold({"UST25": 0.6, "JPY": -0.3}), market, "UST25", "JPY")
    exists = market.exists[:, market.column("UST25")]
    assert 0 < exists.sum() < len(exists)
    assert np.array_equal(long, np.where(exists, 0.6, 0.0)) and np.array_equal(short, np.where(exists, -0.3, 0.0))


@pytest.mark.parametrize("given", [{}, {"UST10": 0.0}, {"UST10": np.nan}, {"UST10": np.inf}])
def test_hold_refuses_weights_that_hold_nothing(given):
    with pytest.raises(ValueError, match="weight"):
        Hold(given)


@pytest.mark.parametrize("rule", DEFAULTS)
def test_a_sizing_rule_is_frozen(rule):
    made = sizing(rule, {})
    name = next(iter(DEFAULTS[rule]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, name, 2.0)
