"""Sizes in dollars per basis point: years of duration on the account's capital, as written, as resolved, as refused."""

from __future__ import annotations

import pytest

from backtests import config
from backtests.runs.setup import set_up
from strategies import STRATEGIES
from strategies.curve import CurveTrade
from strategies.divergence import Divergence
from strategies.macro import Policy
from tests.config_files import load, refusal, variants

ACCOUNT = "account: {capital: 20_000_000, size_on: capital}\n"
SIZED = (
    "divergence", "curve", "butterfly", "box", "policy", "inflation", "safe_haven", "debt_capacity", "hedged_pickup",
    "breakeven", "maturity_preference", "ultra_long", "reversion", "momentum", "leg_momentum", "carry", "value",
    "trend_curve", "policy_curve", "signals", "thesis",
)  # fmt: skip
FOOTPRINT = {"debt_capacity": ", footprint: ignored"}


def strategy(folder, written: str):
    return load(folder, f"name: run\n{ACCOUNT}variants:\n  a: {{{written}}}\n").variants[0].strategy


@pytest.mark.parametrize("name", SIZED)
def test_dollars_per_basis_point_are_ten_thousand_times_years_over_capital(tmp_path, name):
    more = FOOTPRINT.get(name, "")
    assert strategy(tmp_path, f"strategy: {name}, params: {{dv01_usd: 6000{more}}}").duration == 3.0


def test_every_strategy_that_has_years_of_duration_takes_dollars_and_no_other_does(tmp_path):
    taking = {name for name in STRATEGIES if "dv01_usd" in {each.name for each in config.describe(name)}}
    assert taking == set(SIZED)
    text = "    strategy: hold\n    params: {dv01_usd: 5}\n"
    message = refusal(tmp_path, f"name: run\n{ACCOUNT}variants:\n  a:\n{text}")
    assert message == "run.yaml:6: variants.a.params.dv01_usd: unknown key; known: weights"


def test_what_is_held_has_the_dollars_per_basis_point_in_each_leg_and_half_in_a_flys_wings(tmp_path):
    text = f"name: run\n{ACCOUNT}variants:\n"
    text += "  pair: {strategy: divergence, params: {dv01_usd: 7000}}\n"
    text += "  fly: {strategy: butterfly, params: {dv01_usd: 7000}}\n"
    text += "  beta: {strategy: curve, params: {dv01_usd: 7000, hedge: beta}}\n"
    held = {}
    for name, each in set_up(load(tmp_path, text)).variants.items():
        dv01 = each.targets[-1] * each.market.duration[-1] * 20_000_000 * 1e-4
        held[name] = dict(zip(each.market.names, dv01, strict=True))
    assert held["pair"] == pytest.approx({"UST10": 7000, "JGB10": -7000}, rel=1e-12)
    assert held["fly"] == pytest.approx({"UST2": -3500, "UST5": 7000, "UST10": -3500}, rel=1e-12)
    assert held["beta"]["UST2"] == pytest.approx(7000, rel=1e-12)
    assert held["beta"]["UST10"] < 0 and abs(held["beta"]["UST10"] + 7000) > 100


def test_the_resolved_configuration_says_both_and_is_the_same_run(tmp_path):
    text = f"name: run\n{ACCOUNT}variants:\n  a: {{strategy: policy, params: {{dv01_usd: 1234.5, sizing: beta}}}}\n"
    text += "  b: {strategy: blend, params: {parts: {p: {strategy: curve, params: {dv01_usd: 777}}}}}\n"
    chosen = load(tmp_path, text)
    own = config.resolved(chosen)["variants"]
    years = 1234.5 * 10_000 / 20_000_000
    assert (own["a"]["params"]["duration"], own["a"]["params"]["dv01_usd"]) == (years, 1234.5)
    part = own["b"]["params"]["parts"]["p"]["params"]
    assert (part["duration"], part["dv01_usd"]) == (777 * 10_000 / 20_000_000, 777.0)
    again = load(tmp_path, config.dump(chosen))
    assert [each.strategy for each in again.variants] == [each.strategy for each in chosen.variants]
    assert config.resolved(again) == config.resolved(chosen)


def test_what_a_child_says_takes_the_place_of_what_its_parent_said_the_other_way(tmp_path):
    text = "  a: {strategy: curve, params: {duration: 4, front: UST5}}\n"
    text += "  b: {extends: a, params: {dv01_usd: 2000}}\n  c: {extends: b, params: {duration: 3}}\n"
    text += "  d: {extends: b, params: {dv01_usd: 4000}}\n"
    chosen = {each.name: each.strategy for each in load(tmp_path, f"name: run\n{ACCOUNT}variants:\n{text}").variants}
    assert chosen == {
        name: CurveTrade(front="UST5", duration=size) for name, size in zip("abcd", (4, 1, 3, 2), strict=True)
    }


@pytest.mark.parametrize(
    ("settings", "years"),
    [
        (["variants.a.params.dv01_usd=2000"], 1.0),
        (["variants.b.params.duration=2"], 2.0),
        (["variants.a.params.duration=2"], 2.0),
    ],
)
def test_what_the_command_line_says_takes_the_place_of_what_the_file_says_the_other_way(tmp_path, settings, years):
    text = "  a: {strategy: curve, params: {duration: 4}}\n  b: {strategy: curve, params: {dv01_usd: 8000}}\n"
    chosen = load(tmp_path, f"name: run\n{ACCOUNT}variants:\n{text}", *settings)
    name = settings[0].split(".")[1]
    assert {each.name: each.strategy.duration for each in chosen.variants}[name] == years


def test_dollars_and_the_years_that_they_are_may_stand_together(tmp_path):
    for size in ("3", "3.0000000001", ""):
        assert strategy(tmp_path, f"strategy: policy, params: {{dv01_usd: 6000, duration: {size}}}") == Policy(
            duration=3.0
        )


HEAD = "name: run\naccount: {size_on: %s}\nvariants:\n  a:\n    strategy: %s\n    params: "


@pytest.mark.parametrize(
    ("size_on", "name", "params", "words"),
    [
        ("equity", "curve", "{dv01_usd: 4000}", "dv01_usd is 4000 USD on the capital, and account.size_on is equity"),
        ("equity", "policy", "{dv01_usd: 4000, duration: 4}", "account.size_on is equity; set it to capital, or"),
        ("capital", "curve", "{dv01_usd: 4000, duration: 5}", "is 4000, 4 years of duration on a capital of 1e+07,"),
        ("capital", "policy", "{dv01_usd: 4000, sizing: notional}", "dv01_usd is not used by sizing: notional, which "),
        ("capital", "policy", "{dv01_usd: 4000, sizing: volatility}", "dv01_usd is not used by sizing: volatility, "),
        ("capital", "curve", "{dv01_usd: 1000001}", "is 1e+06, 1000 years of duration on a capital of 1e+07; expect"),
        ("capital", "curve", "{dv01_usd: 0}", "is 0; expected above 0"),
        ("capital", "curve", "{dv01_usd: -5}", "is -5; expected above 0"),
        ("capital", "curve", "{dv01_usd: much}", "is 'much'; expected a number"),
        ("capital", "curve", "{dv01_usd: .nan}", "is nan; expected "),
        ("capital", "curve", "{dv01_us: 5}", "unknown key; did you mean 'dv01_usd'?"),
    ],
)  # fmt: skip
def test_dollars_that_cannot_be_years_are_refused_with_their_line(tmp_path, size_on, name, params, words):
    message = refusal(tmp_path, f"{HEAD % (size_on, name)}{params}\n")
    assert message.startswith("run.yaml:6: variants.a.params.dv01_us")
    assert words in message


def test_dollars_of_a_part_of_a_blend_are_refused_with_their_line(tmp_path):
    text = "variants:\n  a:\n    strategy: blend\n    params:\n      parts:\n        p:\n          strategy: curve\n"
    message = refusal(tmp_path, f"name: run\n{text}          params: {{dv01_usd: 5}}\n")
    assert message.startswith("run.yaml:9: variants.a.params.parts.p.params.dv01_usd: dv01_usd is 5 USD on the capital")


def test_a_run_without_dollars_resolves_as_before(tmp_path):
    chosen = variants(tmp_path, "  a: {strategy: divergence}\n")["a"]
    assert chosen.params == {"long": "UST10", "short": "JGB10", "sizing": "duration"}
    assert chosen.strategy == Divergence()
