"""What is wrong with a configuration is told where it stands: by its own line, key and setting."""

from __future__ import annotations

import pytest

from backtests.config import json_schema
from tests.config_files import BASE, load, refusal


def test_a_step_of_borrow_written_over_lines_is_told_by_its_own_line(tmp_path):
    steps = "      - {from: 2020-01-01, bp: 1}\n      - {from: 2021-01-01, bp: -1}\n"
    text = f"{BASE}instruments:\n  UST10:\n    borrow_bp:\n{steps}"
    assert refusal(tmp_path, text) == "run.yaml:7: instruments.UST10.borrow_bp.1.bp: is -1; expected at least 0"


@pytest.mark.parametrize(("key", "meant"), [("fron", "did you mean 'from'?"), ("zzz", "known: bp, from")])
def test_an_unknown_key_of_a_step_is_told_with_those_known(tmp_path, key, meant):
    text = f"{BASE}instruments: {{UST10: {{borrow_bp: [{{from: 2020-01-01, bp: 1, {key}: 1}}]}}}}\n"
    assert refusal(tmp_path, text) == f"run.yaml:3: instruments.UST10.borrow_bp.0.{key}: unknown key; {meant}"


def test_terms_of_an_fx_swap_are_told_by_their_own_line(tmp_path):
    text = "name: run\nvariants:\n  a:\n    strategy: policy\n    currency:\n      fx_swap:\n        "
    where = "run.yaml:7: variants.a.currency.fx_swap"
    assert refusal(tmp_path, text + "basis_bp: 2000\n") == f"{where}.basis_bp: is 2000; expected at most 1000"
    assert refusal(tmp_path, text + "basis: 2\n") == f"{where}.basis: unknown key; did you mean 'basis_bp'?"


def test_a_setting_that_replaces_a_list_or_mapping_is_told_by_the_setting(tmp_path):
    message = refusal(tmp_path, f"{BASE}benchmarks:\n  - a\n", "benchmarks=[b]")
    assert message == "--set benchmarks=[b]: benchmarks.0: 'b' is not a variant; known: a"
    message = refusal(tmp_path, f"{BASE}account:\n  capital: 5\n", "account={capital: -1}")
    assert message == "--set account={capital: -1}: account.capital: is -1; expected above 0"


def test_a_key_a_parent_misspelt_is_told_there_though_the_child_comes_first(tmp_path):
    text = "name: run\nvariants:\n  b:\n    extends: a\n    params: {duration: 2}\n"
    text += "  a:\n    strategy: policy\n    params:\n      scal: 1\n"
    assert refusal(tmp_path, text) == "run.yaml:9: variants.a.params.scal: unknown key; did you mean 'scale'?"


def test_a_parameter_that_must_be_given_is_called_a_parameter_without_any(tmp_path):
    message = refusal(tmp_path, "name: run\nvariants:\n  a: {strategy: debt_capacity}\n")
    assert message == "run.yaml:3: variants.a.params.footprint: is missing; add it"


def test_too_many_variants_are_counted(tmp_path):
    many = "name: run\nvariants:\n" + "".join(f"  v{i}: {{strategy: hold}}\n" for i in range(501))
    assert refusal(tmp_path, many) == "run.yaml:2: variants: has 501 entries; expected at most 500"


def test_a_key_with_a_line_break_is_refused_in_one_line(tmp_path):
    refusal(tmp_path, f'{BASE}instruments: {{"x\\n": {{}}}}\n')


def test_a_setting_is_one_value(tmp_path):
    refusal(tmp_path, BASE, "name=a\nfill: b")


def test_an_empty_source_is_no_folder(tmp_path):
    refusal(tmp_path, f"{BASE}data: {{source: ''}}\n")


def test_a_name_with_a_dot_that_the_file_adds_can_be_set(tmp_path):
    fund = "{kind: listed, currency: JPY, curve: jp, maturity: 9, half_spread_bp: 3, borrow_bp: 60, fee_bp: 6}"
    chosen = load(tmp_path, f"{BASE}instruments: {{1482.T: {fund}}}\n", "instruments.1482.T.lot=10")
    assert chosen.library["1482.T"].lot == 10.0


def test_a_setting_without_a_value_is_refused(tmp_path):
    message = refusal(tmp_path, BASE, "thesis_date=")
    assert message == "--set thesis_date=: no value after the =; expected key=value, or key=null to leave it out"
    assert load(tmp_path, BASE, "thesis_date=null").thesis_date is None


def test_a_setting_is_told_as_its_own_place_inside_a_mapping_that_it_replaces(tmp_path):
    text = "name: run\nvariants:\n  a:\n    strategy: policy\n    params: {scale: 0.02}\n"
    message = refusal(tmp_path, text, "variants.a={strategy: policy, params: {scal: 1}}")
    assert message.startswith(
        "--set variants.a={strategy: policy, params: {scal: 1}}: variants.a.params.scal: unknown key"
    )


@pytest.mark.parametrize("exchange", ["XTKSS", "東京", "nyse!"])
def test_an_exchange_that_nobody_knows_is_refused_before_the_run(tmp_path, exchange):
    text = f"{BASE}instruments:\n  TLT:\n    exchange: '{exchange}'\n"
    assert refusal(tmp_path, text).startswith(f"run.yaml:5: instruments.TLT.exchange: no exchange '{exchange}'; ")


@pytest.mark.parametrize("exchange", ["ARCX", "XNYS", "NYSE", "XTKS"])
def test_an_exchange_may_have_any_of_its_names(tmp_path, exchange):
    chosen = load(tmp_path, f"{BASE}instruments: {{TLT: {{exchange: {exchange}}}}}\n")
    assert chosen.library["TLT"].exchange == exchange


def test_a_number_that_begins_a_listed_name_is_asked_about(tmp_path):
    message = refusal(tmp_path, "name: run\nvariants: {a: {strategy: divergence, params: {short: 2561}}}\n")
    assert message == "run.yaml:2: variants.a.params.short: is 2561; expected text; did you mean '2561.T'?"


CURVES = {
    "curve": "{strategy: curve, params: {front: UST10, back: UST2}}",
    "half of it a default": "{strategy: curve, params: {front: UST30}}",
    "the other half": "{strategy: maturity_preference, params: {back: JGB2}}",
    "flattener": "{strategy: curve, params: {front: UST10, back: UST2, trade: flattener}}",
    "butterfly": "{strategy: butterfly, params: {belly: UST20}}",
    "a wing inside": "{strategy: butterfly, params: {front: UST7}}",
    "box": "{strategy: box, params: {jp_front: JGB10, jp_back: JGB2}}",
    "trend": "{strategy: trend_curve, params: {front: UST10, back: UST2}}",
    "preference": "{strategy: maturity_preference, params: {front: JGB30, back: JGB5}}",
    "ultra": "{strategy: ultra_long, params: {jp_ten: JGB30, jp_ultra: JGB10}}",
    "in a blend": "{strategy: blend, params: {parts: {x: {strategy: curve, params: {front: UST10, back: UST2}}}}}",
}


@pytest.mark.parametrize("case", CURVES)
def test_legs_of_a_curve_the_wrong_way_round_are_refused_with_the_remedy(tmp_path, case):
    message = refusal(tmp_path, f"name: run\nvariants:\n  a: {CURVES[case]}\n")
    assert message.startswith("run.yaml:3: variants.a.params.")
    assert "the shorter comes first: swap them" in message


SIZES = {
    "{strategy: divergence, params: {sizing: volatility, volatility: 5}}": "volatility is 5; expected a number above",
    "{strategy: divergence, params: {duration: 50}}": "duration is 50; expected a number above 0, 40 at most: 5 is",
    "{strategy: curve, params: {duration: 50}}": "duration is 50; expected a number above 0, 40 at most: 5 is",
    "{strategy: divergence, params: {sizing: notional, weight: 50}}": "weight is 50; expected a number above",
    "{strategy: hold, params: {weights: {UST10: 50}}}": "the weight of UST10 is 50; expected a number other",
    "{strategy: blend, params: {parts: {x: {strategy: hold, weight: 50}}}}": "weight is 50; expected a number other",
    "{strategy: hold, overlays: [{volatility_target: {volatility: 5}}]}": "volatility is 5; expected a number above",
}  # fmt: skip


@pytest.mark.parametrize("variant", SIZES)
def test_a_size_that_is_a_slip_of_the_pen_is_refused(tmp_path, variant):
    assert SIZES[variant] in refusal(tmp_path, f"name: run\nvariants:\n  a: {variant}\n")


def test_the_schema_refuses_the_names_that_loading_refuses():
    schema = json_schema()
    for key in ("variants", "instruments", "countries"):
        known = schema["properties"][key]
        assert list(known["patternProperties"]), key
        assert known["additionalProperties"] is False, key
