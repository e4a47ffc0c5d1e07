"""What is one idea: a size, a name, a cost or a date apart it is the same; a share, a side or a signal is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from backtests.config import dump, idea
from backtests.config import load as read
from backtests.runs import runner
from strategies import BUILT_IN
from strategies.base import invariants_of
from tests.config_files import load

ROOT = Path(__file__).resolve().parent.parent

HEAD = "name: run\ndata: {start: 2012-01-31, end: 2016-12-31}\naccount: {size_on: capital}\nvariants:\n"
PAIR = "strategy: divergence, params: {long: UST10, short: JGB10, sizing: "
BLEND = "strategy: blend, params: {parts: {"
POLICY, CARRY = "strategy: policy", "strategy: carry"

ONE = {  # variants that are one idea
    "five sizes of a pair": [f"{PAIR}duration, duration: {years}}}" for years in (1, 2.5, 5, 7, 30)],
    "sizes by volatility": [f"{PAIR}volatility, volatility: {size}}}" for size in (0.01, 0.05, 0.3)],
    "sizes by money": [f"{PAIR}notional, weight: {size}}}" for size in (0.1, 1, 3.3)],
    "dollars a basis point": [f"{PAIR}duration, dv01_usd: 5000}}", f"{PAIR}duration, duration: 5.0}}"],
    "defaults written out": [
        "strategy: divergence",
        f"{PAIR}duration, duration: 5}}",
        f"{PAIR}duration, hedge: dv01}}",
        f"{PAIR}duration}}, overlays: [], currency: repo",
    ],
    "the default window of a rule": [
        f"{PAIR}volatility}}", f"{PAIR}volatility, window: 36M}}", f"{PAIR}volatility, window: 3Y}}",
    ],
    "the default window of a hedge": [
        "strategy: curve, params: {hedge: pca}", "strategy: curve, params: {hedge: pca, window: 36M, duration: 2}",
    ],
    "the order of keys": [
        f"{PAIR}duration, duration: 5}}",
        "params: {duration: 5, sizing: duration, short: JGB10, long: UST10}, strategy: divergence",
    ],
    "weights times a factor": [
        "strategy: hold, params: {weights: {UST10: 0.6, JGB10: 0.4}}",
        "strategy: hold, params: {weights: {JGB10: 0.2, UST10: 0.3}}",
        "strategy: hold, params: {weights: {UST10: 6, JGB10: 4}}",
    ],
    "parts times a factor, named and ordered otherwise": [
        f"{BLEND}a: {{{POLICY}, weight: 0.3333}}, b: {{{CARRY}, weight: 0.6666}}}}}}",
        f"{BLEND}y: {{{CARRY}, weight: 2}}, x: {{{POLICY}, weight: 1}}}}}}",
        f"{BLEND}a: {{{POLICY}, weight: 1, params: {{duration: 2.5}}}}, b: {{{CARRY}, weight: 1}}}}}}",
    ],
    "a blend within a blend, and a part in two halves": [
        f"{BLEND}a: {{{POLICY}, weight: 1}}, b: {{{CARRY}, weight: 1}}}}}}",
        "strategy: blend",
        f"{BLEND}in: {{{BLEND}a: {{{POLICY}}}, b: {{{CARRY}}}}}}}, weight: 3}}}}}}",
        f"{BLEND}a: {{{POLICY}}}, a2: {{{POLICY}}}, b: {{{CARRY}, weight: 2}}}}}}",
    ],
    "a blend of one": [POLICY, f"{BLEND}only: {{{POLICY}, weight: 0.2}}}}}}"],
    "targets of volatility": [  # whose guard does not bind
        "strategy: divergence, overlays: [{volatility_target: {volatility: 0.02, largest: 1000}}]",
        "strategy: divergence, params: {duration: 2}, overlays: [{volatility_target: {volatility: 1, largest: 1000}}]",
    ],
    "a cap as many times larger": [
        "strategy: policy, params: {duration: 5}, overlays: [{gross_cap: {gross: 0.5}}, {duration_cap: {duration: 4}}]",
        "strategy: policy, params: {duration: 10}, overlays: [{gross_cap: {gross: 1}}, {duration_cap: {duration: 8}}]",
    ],
    "smoothed": [
        "strategy: policy, overlays: [{smooth: {window: 12M}}]",
        "strategy: policy, params: {duration: 2}, overlays: [{smooth: {window: 1Y}}]",
    ],
    "a trade whose gates of equity are as many times wider": [
        f"{PAIR}duration, duration: 5}}, trade: {{stop_pct: 2, target_bp: 30, horizon: 12M}}",
        f"{PAIR}duration, duration: 10}}, trade: {{stop_pct: 4, target_bp: 30, horizon: 1Y, reenter: turn}}",
    ],
    "a treatment of currency where all is domestic": [
        "strategy: curve", "strategy: curve, currency: unhedged", "strategy: curve, currency: fx_swap",
    ],
    "what a swap's basis costs": [
        "strategy: divergence, currency: fx_swap", "strategy: divergence, currency: {fx_swap: {basis_bp: -50}}",
    ],
    "the fill": [POLICY, f"{POLICY}, fill: next_close"],
}  # fmt: skip

TWO = {  # variants of which no two are one idea
    "shares": [
        "strategy: hold, params: {weights: {UST10: 0.6, JGB10: 0.4}}",
        "strategy: hold, params: {weights: {UST10: 0.1, JGB10: 0.9}}",
        "strategy: hold, params: {weights: {UST10: 0.6, JGB10: -0.4}}",
    ],
    "long and short": [
        "strategy: hold, params: {weights: {UST10: 0.6}}", "strategy: hold, params: {weights: {UST10: -0.6}}",
    ],
    "sides of a pair": [
        "strategy: divergence, params: {long: UST10, short: JGB10}",
        "strategy: divergence, params: {long: JGB10, short: UST10}",
    ],
    "a turned blend of one": [POLICY, f"{BLEND}only: {{{POLICY}, weight: -0.2}}}}}}"],
    "rules of size": [
        f"{PAIR}duration}}", f"{PAIR}volatility}}", f"{PAIR}notional}}", f"{PAIR}beta}}",
        f"{PAIR}duration, hedge: beta}}", f"{PAIR}volatility, window: 12M}}",
    ],
    "signals": [
        POLICY, CARRY, "strategy: policy, params: {measure: market}", "strategy: policy, params: {scale: 0.02}",
    ],
    "lookbacks": ["strategy: policy, params: {lookback: 6M}", "strategy: policy, params: {lookback: 7M}"],
    "parts at other shares": [
        f"{BLEND}a: {{{POLICY}, weight: 1}}, b: {{{CARRY}, weight: 1}}}}}}",
        f"{BLEND}a: {{{POLICY}, weight: 1}}, b: {{{CARRY}, weight: 3}}}}}}",
        f"{BLEND}a: {{{POLICY}, weight: 1}}, b: {{{CARRY}, weight: -1}}}}}}",
        f"{BLEND}a: {{{POLICY}, weight: 1, params: {{duration: 9}}}}, b: {{{CARRY}, weight: 1}}}}}}",
    ],
    "a larger book under the same cap": [
        "strategy: policy, params: {duration: 5}, overlays: [{gross_cap: {gross: 0.5}}]",
        "strategy: policy, params: {duration: 9}, overlays: [{gross_cap: {gross: 0.5}}]",
        "strategy: policy, params: {duration: 5}",
    ],
    "the order of overlays": [
        "strategy: policy, overlays: [{gross_cap: {gross: 0.5}}, {smooth: {window: 6M}}]",
        "strategy: policy, overlays: [{smooth: {window: 6M}}, {gross_cap: {gross: 0.5}}]",
    ],
    "trades": [
        "strategy: divergence",
        "strategy: divergence, trade: {stop_bp: 20}", "strategy: divergence, trade: {stop_bp: 30}",
        "strategy: divergence, trade: {stop_bp: 20, reenter: never}", "strategy: divergence, trade: {exit: 2015-01-31}",
        "strategy: divergence, trade: {stop_pct: 2}",
        "strategy: divergence, params: {duration: 10}, trade: {stop_pct: 2}",
    ],
    "when it is rebalanced": [
        POLICY, f"{POLICY}, rebalance: {{every: quarter}}", f"{POLICY}, rebalance: {{band: 0.1}}",
    ],
    "treatments of currency": [
        "strategy: divergence", "strategy: divergence, currency: unhedged", "strategy: divergence, currency: fx_swap",
    ],
}  # fmt: skip


def ideas(folder, variants, *settings, head=HEAD):
    text = head + "".join(f"  v{i}: {{{variant}}}\n" for i, variant in enumerate(variants))
    config = load(folder, text, *settings)
    return [idea(variant, config) for variant in config.variants]


@pytest.mark.parametrize("variants", ONE.values(), ids=ONE)
def test_a_size_a_name_or_a_way_of_writing_is_no_idea_of_its_own(tmp_path, variants):
    assert len(set(ideas(tmp_path, variants))) == 1


@pytest.mark.parametrize("variants", TWO.values(), ids=TWO)
def test_a_share_a_side_a_signal_or_a_rule_is(tmp_path, variants):
    assert len(set(ideas(tmp_path, variants))) == len(variants)


@pytest.mark.parametrize("variants", ONE.values(), ids=ONE)
def test_what_is_one_idea_wants_proportional_books(tmp_path, market, variants):
    text = HEAD + "".join(f"  v{i}: {{{variant}}}\n" for i, variant in enumerate(variants))
    books = [variant.strategy.targets(market) for variant in load(tmp_path, text).variants]
    unit = [book / np.abs(book).sum() for book in books]
    for other in unit[1:]:
        np.testing.assert_allclose(other, unit[0], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "settings",
    [
        ["data.end=2015-06-30"],
        ["data.start=2013-01-31"],
        ["name=another"],
        ["account.capital=123456", "account.repo_spread_bp=0", "account.max_gross=3", "account.cash_interest=false"],
        ["instruments.UST10.half_spread_bp=9", "instruments.JGB10.borrow_bp=44", "instruments.UST10.rolls_per_year=12"],
        ["fill=next_close", "engine=ledger", "data.interpolation=pchip", "thesis_date=2015-01-31"],
        ["countries.jp.basis_bp=-70"],
    ],
    ids=lambda settings: settings[0],
)
def test_what_it_cost_and_when_and_where_it_ran_is_no_part_of_an_idea(tmp_path, settings):
    variants = ["strategy: divergence, currency: fx_swap", "strategy: carry", "strategy: thesis"]
    assert ideas(tmp_path, variants, *settings) == ideas(tmp_path, variants)


@pytest.mark.parametrize("name", BUILT_IN)
def test_of_every_strategy_defaults_written_out_and_twice_the_size_are_the_same_idea(tmp_path, name):
    least = {"debt_capacity": {"footprint": "support"}}.get(name, {})
    (own,) = load(
        tmp_path, json.dumps({"name": "run", "variants": {"v": {"strategy": name, "params": least}}})
    ).variants
    scale = invariants_of(own.strategy).scales_with
    whole = dict(own.params)
    sizes = (
        {scale: 2 * getattr(own.strategy, "rule", own.strategy).__dict__.get(scale, whole.get(scale))} if scale else {}
    )
    text = {"v0": least, "v1": whole, "v2": whole | sizes}  # of hold and blend the same
    variants = {key: {"strategy": name, "params": params} for key, params in text.items()}
    config = load(tmp_path, json.dumps({"name": "run", "variants": variants}))
    assert len({idea(variant, config) for variant in config.variants}) == 1


@pytest.mark.parametrize("path", ["config.yaml", "config/thesis.yaml", "config/daily.yaml", "config/trades.yaml"])
def test_the_variants_that_come_along_are_ideas_of_their_own_and_their_resolved_files_the_same_ones(tmp_path, path):
    config = read(ROOT / path)
    ideas_ = [idea(variant, config) for variant in config.variants]
    assert len(set(ideas_)) == len(ideas_)
    (tmp_path / "resolved.yaml").write_text(dump(config))
    again = read(tmp_path / "resolved.yaml")
    assert [idea(variant, again) for variant in again.variants] == ideas_


def test_a_leg_that_is_another_bond_under_the_same_name_is(tmp_path):
    own = ["strategy: hold, params: {weights: {MINE: 1}}"]
    head = "name: run\ninstruments: {MINE: {kind: par_bond, currency: USD, curve: us, maturity: 7, half_spread_bp: 1,\n"
    head += "  rolls_per_year: 1, borrow_bp: 0}}\nvariants:\n"
    assert ideas(tmp_path, own, head=head) != ideas(tmp_path, own, head=head.replace("maturity: 7", "maturity: 20"))


def test_the_money_a_variant_is_run_with_differs_where_the_treatment_of_currency_says_so(tmp_path):
    variants = [*ONE["a treatment of currency where all is domestic"], *TWO["treatments of currency"]]
    text = HEAD + "".join(f"  v{i}: {{{variant}}}\n" for i, variant in enumerate(variants))
    equity = [run.result.equity for run in runner.run(load(tmp_path, text)).variants]
    assert np.array_equal(equity[0], equity[1]) and np.array_equal(equity[0], equity[2])
    assert not np.array_equal(equity[3], equity[4])


def test_a_guard_of_a_target_of_volatility_is_no_size_but_its_volatility_is(tmp_path):
    laid = ("volatility: 0.02", "volatility: 0.04", "volatility: 0.02, largest: 2")
    own = ideas(tmp_path, [f"strategy: policy, overlays: [{{volatility_target: {{{one}}}}}]" for one in laid])
    assert own[0] == own[1] != own[2]


def test_a_hash_is_short_and_stays_what_it_was(tmp_path):
    (own,) = ideas(tmp_path, ["strategy: divergence"])
    assert re.fullmatch(r"[0-9a-f]{16}", own)
    assert own == "ce5f028d1364ad0f"  # a change of it makes every idea in every registry a new one
