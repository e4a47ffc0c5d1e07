"""What a variant says itself and what it inherits: fill, rebalance rule, currency, and the chain it extends."""

from __future__ import annotations

import pytest

from backtests.config import CurrencyTreatment
from backtests.runs import runner
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.macro import Policy
from strategies.overlays import GrossCap, Smooth
from tests.config_files import BASE, load, refusal, variants

# ---- fill


@pytest.mark.parametrize("own", ["auto", "same_close", "next_close"])
@pytest.mark.parametrize("whole", ["auto", "same_close", "next_close"])
def test_a_variants_own_fill_wins_over_the_files(tmp_path, own, whole):
    text = f"""
name: run
fill: {whole}
variants:
  a: {{strategy: policy}}
  b: {{strategy: policy, fill: {own}}}
  c: {{extends: b}}
  d: {{extends: b, fill: }}
"""
    fills = {variant.name: variant.fill for variant in load(tmp_path, text).variants}
    assert fills == {"a": whole, "b": own, "c": own, "d": whole}


def test_a_variant_that_fills_at_the_next_close_is_filled_a_bar_later(tmp_path):
    text = "name: run\nengine: ledger\nfill: same_close\ndata: {start: 2024-12-31, end: 2025-06-30}\nvariants:\n"
    text += "  a: {strategy: hold}\n  b: {extends: a, fill: next_close}\n"
    run = runner.run(load(tmp_path, text))
    units = {each.variant.name: each.result.units[:, 0] for each in run.variants}
    assert units["a"].all()
    assert units["b"][0] == 0.0 and units["b"][1:].all()


# ---- rebalance


def test_a_rebalance_rule_is_merged_key_by_key_from_file_to_variant(tmp_path):
    text = """
name: run
rebalance: {every: week, band: 0.1}
variants:
  whole: {strategy: policy}
  every: {strategy: policy, rebalance: {every: year}}
  band: {strategy: policy, rebalance: {band: 0.2}}
  both: {extends: every, rebalance: {band: 0.3}}
  back: {extends: both, rebalance: {every: bar}}
  same: {extends: both}
  none: {extends: both, rebalance: }
  empty: {extends: both, rebalance: {}}
"""
    rules = {variant.name: variant.rebalance for variant in load(tmp_path, text).variants}
    assert {name: (rule.every, rule.band) for name, rule in rules.items()} == {
        "whole": ("week", 0.1),
        "every": ("year", 0.1),
        "band": ("week", 0.2),
        "both": ("year", 0.3),
        "back": ("bar", 0.3),
        "same": ("year", 0.3),
        "none": ("week", 0.1),
        "empty": ("year", 0.3),
    }


def test_a_rebalance_rule_of_the_file_alone_may_be_partial(tmp_path):
    for written, rule in (("every: bar", ("bar", 0.0)), ("band: 0.5", ("month", 0.5))):
        chosen = load(tmp_path, BASE + f"rebalance: {{{written}}}\n")
        for rebalance in (chosen.rebalance, chosen.variants[0].rebalance):
            assert (rebalance.every, rebalance.band) == rule


# ---- currency


@pytest.mark.parametrize(
    ("written", "kind", "basis"),
    [
        ("repo", "repo", -20.0),
        ("unhedged", "unhedged", -20.0),
        ("fx_swap", "fx_swap", -20.0),
        ("{fx_swap: }", "fx_swap", -20.0),
        ("{fx_swap: {}}", "fx_swap", -20.0),
        ("{fx_swap: {basis_bp: 0}}", "fx_swap", 0.0),
        ("{fx_swap: {basis_bp: -35.5}}", "fx_swap", -35.5),
    ],
)
def test_a_currency_is_a_word_or_an_fx_swap_with_its_basis(tmp_path, written, kind, basis):
    chosen = variants(tmp_path, f"  a: {{strategy: policy, currency: {written}}}\n  b: {{extends: a}}\n")
    assert chosen["a"].currency == chosen["b"].currency == CurrencyTreatment(kind, basis)
    assert load(tmp_path, BASE).variants[0].currency == CurrencyTreatment("repo", -20.0)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("hedged", "'hedged'"), ("fx_swaps", "'fx_swaps'"), ("{repo: {}}", "{'repo': {}}"), ("{}", "{}"),
        ("{fx_swap: {}, repo: {}}", "{'fx_swap': {}, 'repo': {}}"), ("[repo]", "['repo']"), ("5", "5"), ("", "None"),
        ("true", "True"),
    ],
)  # fmt: skip
def test_any_other_currency_is_refused_on_its_line(tmp_path, written, shown):
    words = f"variants.a.currency: {shown} is not repo, unhedged, fx_swap or {{fx_swap: {{basis_bp: -20}}}}"
    text = f"name: run\nvariants:\n  a:\n    strategy: policy\n    currency: {written}\n  b: {{extends: a}}\n"
    assert refusal(tmp_path, text) == f"run.yaml:5: {words}"


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ("{basis_bp: low}", "is 'low'; expected a number"),
        ("{basis_bp: .nan}", "is nan; expected a finite number"),
        ("{basis_bp: -.inf}", "is -inf; expected a finite number"),
        ("{basis: 1}", "unknown key"),
        ("5", "is 5; expected keys and values"),
        ("[1]", "is [1]; expected keys and values"),
    ],
)
def test_terms_of_an_fx_swap_are_checked(tmp_path, terms, words):
    message = refusal(tmp_path, f"{BASE.replace('}}', f', currency: {{fx_swap: {terms}}}}}}}')}")
    assert message.startswith("run.yaml:2: variants.a.currency")
    assert words in message


# ---- extends


def test_a_chain_of_variants_merges_deeply_the_nearest_first(tmp_path):
    text = """
  c: {extends: b, params: {scale: 3}}
  b: {extends: a, params: {duration: 2, scale: 2}, currency: unhedged}
  a: {strategy: policy, params: {duration: 1, scale: 1, short: JGB5}, overlays: [{gross_cap: {gross: 2}}]}
"""
    chosen = variants(tmp_path, text)
    assert list(chosen) == ["c", "b", "a"]
    assert chosen["c"].strategy == GrossCap(Policy(short="JGB5", duration=2.0, scale=3.0), 2.0)
    assert chosen["b"].strategy == GrossCap(Policy(short="JGB5", duration=2.0, scale=2.0), 2.0)
    assert chosen["a"].strategy == GrossCap(Policy(short="JGB5", duration=1.0, scale=1.0), 2.0)
    assert [variant.currency.kind for variant in chosen.values()] == ["unhedged", "unhedged", "repo"]


def test_what_is_merged_goes_as_deep_as_it_is_written(tmp_path):
    text = """
  a: {strategy: hold, params: {weights: {UST10: 1, UST2: 2}}, currency: {fx_swap: {basis_bp: 5}}}
  b: {extends: a, params: {weights: {UST2: 3, TLT: 4}}, currency: {fx_swap: {}}}
  c: {extends: b, currency: repo}
  d: {extends: c, currency: {fx_swap: {basis_bp: 6}}}
"""
    chosen = variants(tmp_path, text)
    assert chosen["a"].strategy == Hold({"UST10": 1.0, "UST2": 2.0})
    assert chosen["b"].strategy == Hold({"UST10": 1.0, "UST2": 3.0, "TLT": 4.0})
    assert {name: variant.currency for name, variant in chosen.items()} == {
        "a": CurrencyTreatment("fx_swap", 5.0),
        "b": CurrencyTreatment("fx_swap", 5.0),
        "c": CurrencyTreatment("repo"),
        "d": CurrencyTreatment("fx_swap", 6.0),
    }


def test_parameters_start_again_where_the_strategy_changes_and_only_there(tmp_path):
    text = """
  a: {strategy: policy, params: {long: UST5, duration: 1}, overlays: [{smooth: }], fill: next_close}
  same: {extends: a, strategy: policy, params: {scale: 2}}
  other: {extends: a, strategy: divergence}
  own: {extends: a, strategy: divergence, params: {short: JGB5}}
  further: {extends: own, params: {duration: 3}}
  back: {extends: own, strategy: policy}
"""
    chosen = variants(tmp_path, text)
    assert chosen["same"].strategy == Smooth(Policy(long="UST5", duration=1.0, scale=2.0))
    assert chosen["other"].strategy == Smooth(Divergence())
    assert chosen["own"].strategy == Smooth(Divergence(short="JGB5"))
    assert chosen["further"].strategy == Smooth(Divergence(short="JGB5", duration=3.0))
    assert chosen["back"].strategy == Smooth(Policy())
    assert {variant.fill for variant in chosen.values()} == {"next_close"}


def test_a_parent_without_a_strategy_is_refused_though_its_children_have_one(tmp_path):
    message = refusal(tmp_path, "name: run\nvariants:\n  b: {extends: a, strategy: curve}\n  a: {params: {}}\n")
    assert message.startswith("run.yaml:4: variants.a: names no strategy; add strategy: divergence | curve | ")
    assert message.endswith(" | blend | article | signals | thesis, or extends")


@pytest.mark.parametrize(
    ("chain", "line", "words"),
    [
        ("a: {extends: a}", 3, "a.extends: a extends a: a circle; let one stand alone"),
        ("a: {extends: b}\n  b: {extends: a}", 4, "b.extends: a extends b extends a: a circle; let one stand alone"),
        (
            "a: {extends: b}\n  b: {extends: c}\n  c: {strategy: hold, extends: b}", 5,
            "c.extends: a extends b extends c extends b: a circle; let one stand alone",
        ),
        ("pair: {strategy: hold}\n  b: {extends: pear}", 4, "b.extends: 'pear' is not a variant; did you mean 'pair'?"),
        ("a: {extends: b}\n  b: {extends: zzz}", 4, "b.extends: 'zzz' is not a variant; known: a, b"),
        ("a: {extends: 5}", 3, "a.extends: is 5; expected text"),
        ("a: {extends: [a]}", 3, "a.extends: is ['a']; expected text"),
    ],
)  # fmt: skip
def test_a_chain_ends_at_a_variant_that_stands_alone(tmp_path, chain, line, words):
    assert refusal(tmp_path, f"name: run\nvariants:\n  {chain}\n") == f"run.yaml:{line}: variants.{words}"


def test_extending_nothing_is_standing_alone(tmp_path):
    assert variants(tmp_path, "  a: {strategy: policy, extends: }\n")["a"].strategy == Policy()
