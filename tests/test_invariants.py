"""Laws that every entry of the registry keeps, a new one included: it joins these tests by being in the table."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from backtests.engine import ledger
from backtests.engine.book import Terms, prepare
from backtests.performance import metrics
from data.market import Market
from strategies import OVERLAYS
from strategies.base import (
    Composed,
    Invariants,
    Strategy,
    Window,
    Wrapped,
    components_of,
    invariants_of,
    keeps_prefix_law,
    known,
    signals_of,
)
from strategies.blend import Blend, Part
from strategies.breakeven import Breakeven
from strategies.curve import Box, Butterfly, CurveTrade
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.macro import DebtCapacity, HedgedPickup, Inflation, Policy, SafeHaven
from strategies.relative_value import Momentum
from strategies.sizing import DEFAULTS
from strategies.slopes import UltraLong
from strategies.thesis import Thesis
from tests.registry import REGISTERED

YEAR = Window("12M")


OTHERS: dict[str, Strategy] = {
    **{f"divergence by {rule}": Divergence(sizing=rule) for rule in DEFAULTS},
    **{f"policy by {rule}": Policy(sizing=rule) for rule in DEFAULTS},
    # legs that come, go and come again
    "volatility, interrupted": Divergence("UST25", "JGB40", "volatility", window=YEAR),
    "beta, interrupted": Divergence("TLT", "JGB30", "beta", window=YEAR),
    "long flattener": CurveTrade("UST10", "UST30", "flattener"),
    "real butterfly": Butterfly("TIPS5", "TIPS10", "TIPS20"),
    "long box": Box("UST10", "UST30", "JGB10", "JGB40"),
    "hold pair": Hold({"TLT": 0.6, "JPY": -0.3}),
    "policy, to come": Policy(measure="market"),
    "policy, turned round": Policy(long="JGB10", short="UST10"),
    "inflation, level": Inflation(measure="level"),
    "haven, inverse": SafeHaven(measure="inverse"),
    "debt, distortion": DebtCapacity(footprint="distortion"),
    "debt, share": DebtCapacity(footprint="support", measure="share"),
    "pickup, change": HedgedPickup(measure="change"),
    "breakeven by beta": Breakeven(hedge="beta", trade="short"),
    "momentum at equal risk": Momentum(sizing="volatility", window=YEAR),
    "ultra-long against tens": UltraLong("tens"),
    "ultra-long box": UltraLong("box"),
    "thesis less one": Thesis("policy"),
    "blend of blends": Blend({"thesis": Part(Thesis(), 2.0), "short": Part(Hold({"TLT": 1.0}), -0.5)}),
}
LAID_OVER: dict[str, Strategy] = {
    **{f"{name} over policy": kind(Policy()) for name, kind in OVERLAYS.items()},
    **{f"{name} over a blend": kind(Blend()) for name, kind in OVERLAYS.items()},
    "two over a box": OVERLAYS["smooth"](OVERLAYS["volatility_target"](Box())),
}
ALL = {**REGISTERED, **OTHERS, **LAID_OVER}
WITH_LAWS = {**REGISTERED, **OTHERS}
every_strategy = pytest.mark.parametrize("strategy", ALL.values(), ids=ALL)


def declaring(law: str) -> Any:
    """Mark a test to run for every strategy that declares a law."""
    chosen = {name: one for name, one in WITH_LAWS.items() if getattr(invariants_of(one), law)}
    assert len(chosen) > 5
    return pytest.mark.parametrize("strategy", chosen.values(), ids=chosen)


def single(strategy: Strategy) -> bool:
    """Whether a strategy is one trade rather than a sum of several."""
    return single(strategy.inner) if isinstance(strategy, Wrapped) else not isinstance(strategy, Composed)


def whole(market: Market, strategy: Strategy) -> np.ndarray:
    """Rows (T,) on which all legs exist."""
    return market.exists[:, [market.column(leg) for leg in strategy.legs]].all(axis=1)


def unbroken(flags: np.ndarray) -> np.ndarray:
    """Rows (T,) up to and including each on which the flags held without a break."""
    count = np.zeros(len(flags), dtype=int)
    for t, flag in enumerate(flags):
        count[t] = (count[t - 1] + 1) * flag if t else flag
    return count


def disturbed(market: Market, after: int) -> Market:
    """Return the market with everything after a row changed: prices, durations, rates, curves, what is published."""
    noise = np.random.default_rng(7)

    def later(values: np.ndarray) -> np.ndarray:
        changed = values.copy()
        changed[after + 1 :] *= noise.uniform(0.5, 1.5, changed[after + 1 :].shape)
        return changed

    return dataclasses.replace(
        market,
        **{name: later(getattr(market, name)) for name in ("price", "duration", "funding", "income", "usd")},
        curves={name: dataclasses.replace(one, yields=later(one.yields)) for name, one in market.curves.items()},
        macro={name: later(values) for name, values in market.macro.items()},
    )


# ---- no look-ahead


@every_strategy
def test_no_decision_rests_on_anything_later_than_its_own_row(strategy, market):
    targets = strategy.targets(market)
    for t in range(len(market.dates)):
        assert np.array_equal(strategy.targets(market.until(t))[-1], targets[t]), market.dates[t]


@every_strategy
@pytest.mark.parametrize("t", [0, 35, 36, 37, 200, 300, 401])
def test_a_changed_future_changes_no_target_and_no_signal_of_the_past(strategy, market, t):
    other = disturbed(market, t)
    assert np.array_equal(strategy.targets(other)[: t + 1], strategy.targets(market)[: t + 1])
    before, after = signals_of(strategy, market), signals_of(strategy, other)
    assert before.keys() == after.keys()
    for name, signal in before.items():
        assert np.array_equal(signal[: t + 1], after[name][: t + 1], equal_nan=True)


class Peeking:
    """Long when the bond ends above where it stands: nobody knows that."""

    legs = ("UST10",)

    def warmup(self, market) -> int:
        return 1

    def targets(self, market) -> np.ndarray:
        price = market.price[:, market.column("UST10")]
        book = np.zeros_like(market.price)
        book[:, market.column("UST10")] = price[-1] > price
        return book


def test_a_strategy_that_peeks_is_found_out(market):
    assert not keeps_prefix_law(Peeking(), market, 200)
    assert keeps_prefix_law(Divergence(), market, 200)


# ---- what targets are


@every_strategy
def test_targets_are_never_missing_and_only_of_the_legs(strategy, market):
    targets = strategy.targets(market)
    assert targets.shape == market.price.shape
    assert np.isfinite(targets).all()
    others = [i for i, name in enumerate(market.names) if name not in strategy.legs]
    assert not targets[:, others].any()
    assert (targets != 0).any(axis=0).sum() == len(strategy.legs)


@every_strategy
def test_a_leg_that_does_not_exist_is_not_held(strategy, market):
    assert not strategy.targets(market)[~market.exists].any()


@pytest.mark.parametrize(
    "strategy", [one for one in ALL.values() if single(one)], ids=[n for n in ALL if single(ALL[n])]
)
def test_a_trade_stands_on_all_its_legs_or_not_at_all(strategy, market):
    held = strategy.targets(market)[:, [market.column(leg) for leg in strategy.legs]] != 0
    assert not held[~whole(market, strategy)].any()
    assert np.array_equal(held.any(axis=1), held.all(axis=1))


@pytest.mark.parametrize("strategy", WITH_LAWS.values(), ids=WITH_LAWS)
def test_it_trades_from_the_row_its_warmup_says_while_what_it_rests_on_is_known(strategy, market):
    ready = (unbroken(whole(market, strategy)) >= strategy.warmup(market)) & known(strategy, market)
    held = (strategy.targets(market) != 0).any(axis=1)
    assert ready.any()
    if single(strategy):
        (signal,) = signals_of(strategy, market).values() or (np.ones(len(held)),)
        assert np.array_equal(held, ready & (signal != 0))
    else:
        assert held[ready].all()


@every_strategy
def test_the_columns_beside_the_legs_do_not_matter(strategy, market):
    alone = market.select(strategy.legs[::-1])
    among, by_itself = strategy.targets(market), strategy.targets(alone)
    for leg in strategy.legs:
        assert np.array_equal(among[:, market.column(leg)], by_itself[:, alone.column(leg)]), leg


@every_strategy
def test_the_level_an_index_starts_at_does_not_matter(strategy, market):
    scale = np.linspace(0.5, 3.0, len(market.names))
    rebased = dataclasses.replace(market, price=market.price * scale, income=market.income * scale)
    assert strategy.targets(rebased) == pytest.approx(strategy.targets(market), rel=1e-9, abs=1e-9)


@every_strategy
def test_components_sum_to_the_whole(strategy, market):
    parts = components_of(strategy, market)
    assert bool(parts) != single(strategy)
    if parts:
        assert sum(parts.values()) == pytest.approx(strategy.targets(market), rel=1e-12, abs=1e-12)


@every_strategy
def test_a_strategy_is_frozen_and_keeps_to_the_protocol(strategy):
    assert isinstance(strategy, Strategy)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(strategy, dataclasses.fields(strategy)[0].name, None)


@pytest.mark.parametrize("strategy", WITH_LAWS.values(), ids=WITH_LAWS)
def test_a_signal_lies_between_minus_one_and_one(strategy, market):
    for name, signal in signals_of(strategy, market).items():
        assert np.nanmax(np.abs(signal)) <= 1.0, name
        assert not np.isnan(signal[known(strategy, market)]).any()


# ---- declared laws


def grown(strategy: Any, parameter: str, times: float) -> Any:
    """Return the strategy with a size multiplied."""
    size = getattr(strategy, parameter)
    return dataclasses.replace(
        strategy, **{parameter: times * (DEFAULTS[strategy.sizing][parameter] if size is None else size)}
    )


@declaring("scales_with")
def test_twice_the_size_is_twice_the_weights(strategy, market):
    parameter = invariants_of(strategy).scales_with
    doubled = grown(strategy, parameter, 2.0).targets(market)
    assert doubled == pytest.approx(2.0 * strategy.targets(market), rel=1e-12, abs=1e-12)
    assert doubled.any()


@declaring("neutral")
def test_a_neutral_trade_has_no_duration_in_all(strategy, market):
    years = (strategy.targets(market) * np.nan_to_num(market.duration)).sum(axis=1)
    assert years == pytest.approx(np.zeros(len(years)), abs=1e-12)


def exchanged(market: Market, one: str, other: str) -> Market:
    """Return the market in which two legs' countries have each other's history: columns, curves and macro series."""
    twin = {"us": "jp", "jp": "us"}
    pairs = {"fed_assets_gdp": "boj_assets_gdp", "boj_assets_gdp": "fed_assets_gdp"}

    def macro(name: str) -> str:
        country, _, rest = name.partition("_")
        return pairs.get(name) or (f"{twin[country]}_{rest}" if f"{twin.get(country)}_{rest}" in market.macro else name)

    columns = list(range(len(market.names)))
    i, j = market.column(one), market.column(other)
    columns[i], columns[j] = j, i
    arrays = ("price", "duration", "funding", "income", "exists", "tradable")
    return dataclasses.replace(
        market,
        **{name: getattr(market, name)[:, columns] for name in arrays},
        curves={name: market.curves[twin.get(name, name)] for name in market.curves},
        macro={name: market.macro[macro(name)] for name in market.macro},
    )


@declaring("symmetric")
def test_countries_that_exchange_their_history_exchange_their_positions(strategy, market):
    one, other = strategy.legs
    mirrored = strategy.targets(exchanged(market, one, other))
    targets = strategy.targets(market)
    i, j = market.column(one), market.column(other)
    assert mirrored[:, i] == pytest.approx(targets[:, j], rel=1e-9, abs=1e-9)
    assert mirrored[:, j] == pytest.approx(targets[:, i], rel=1e-9, abs=1e-9)
    assert targets[:, i].any()


@declaring("symmetric")
def test_a_pair_with_its_legs_swapped_is_the_same_book(strategy, market):
    """Whoever prefers neither country holds the same, however its legs are named."""
    turned = dataclasses.replace(strategy, long=strategy.short, short=strategy.long)
    assert turned.targets(market) == pytest.approx(strategy.targets(market), rel=1e-9, abs=1e-9)


def test_a_law_that_does_not_hold_is_found_out(market):
    partial = Divergence(sizing="volatility", window=YEAR)
    with pytest.raises(AssertionError):
        test_a_neutral_trade_has_no_duration_in_all(partial, market)
    with pytest.raises(AssertionError):
        test_countries_that_exchange_their_history_exchange_their_positions(partial, market)
    assert invariants_of(Peeking()) == Invariants()


# ---- random signs

SEEDS = 40


def backtest(market: Market, strategy: Strategy, signs: np.ndarray):
    """Return the ledger's result of a strategy whose every decision is multiplied by a sign (T,)."""
    alone = market.select(strategy.legs)
    targets = strategy.targets(alone)
    ready = (unbroken(whole(alone, strategy)) >= strategy.warmup(alone)) & known(strategy, alone)
    rows = np.flatnonzero(ready)
    last = rows[-1]
    first = last - unbroken(ready)[last] + 1
    window = slice(int(first), int(last) + 1)
    free = Terms(size_on="capital", cash_interest=False, max_gross=1e6, margin_spread=0.0, repo_spread=0.0)
    return ledger.run(prepare(alone, targets * signs[:, None], window, free))


@pytest.mark.parametrize("strategy", REGISTERED.values(), ids=REGISTERED)
def test_random_signs_earn_nothing_before_costs_and_lose_the_costs_after(strategy, market):
    """A sign drawn by lot knows nothing, so whatever is made with it is a leak: of the engine or of a strategy."""
    free = {name: np.zeros_like(getattr(market, name)) for name in ("spread", "roll", "borrow")}
    frictionless = dataclasses.replace(market, **free)
    gross, net, costs = [], [], []
    for seed in range(SEEDS):
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], len(market.dates))
        clean, paid = backtest(frictionless, strategy, signs), backtest(market, strategy, signs)
        ratio = metrics.sharpe(np.diff(clean.equity) / clean.capital, market.periods_per_year)
        gross.append(ratio)
        net.append((paid.equity[-1] - clean.equity[-1]) / paid.capital)
        costs.append(sum(paid.line(line).sum() for line in ("cost", "roll", "borrow")) / paid.capital)
    error = np.std(gross, ddof=1) / np.sqrt(SEEDS)
    assert abs(np.mean(gross)) < 3.5 * error
    assert net == pytest.approx(costs, rel=1e-6, abs=1e-9)
    assert max(costs) < 0
