"""What is wrong with a value, in words: unknown keys, wrong types, bounds, and lines along a chain of variants."""

from __future__ import annotations

import pytest

from backtests import config
from tests.config_files import BASE, BOUNDS, at, load, refusal, variants

ROOT_KEYS = (
    "account, benchmarks, claims, countries, data, engine, fill, instruments, name, rebalance, sources, sweep, "
    "thesis_date, variants, walkforward"
)

# ---- unknown keys


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        ("acount: {}", "acount", "did you mean 'account'?"),
        ("Name: y", "Name", "did you mean 'name'?"),
        ("zzz: 1", "zzz", f"known: {ROOT_KEYS}"),
        ("'1': 2", "1", f"known: {ROOT_KEYS}"),
        ("data: {strat: 2000-01-31}", "data.strat", "did you mean 'start'?"),
        ("data: {zzz: 1}", "data.zzz", "known: allow, distributions, end, frequency, interpolation, source, start"),
        ("account: {capitol: 1}", "account.capitol", "did you mean 'capital'?"),
        (
            "account: {zzz: 1}", "account.zzz",
            "known: capital, cash_interest, margin_spread_bp, max_gross, repo_spread_bp, size_on, withholding",
        ),
        ("rebalance: {evry: week}", "rebalance.evry", "did you mean 'every'?"),
        ("rebalance: {zzz: 1}", "rebalance.zzz", "known: band, every"),
        ("instruments: {UST10: {half_spread: 1}}", "instruments.UST10.half_spread", "did you mean 'half_spread_bp'?"),
        (
            "instruments: {UST10: {zzz: 1}}", "instruments.UST10.zzz",
            "known: borrow_bp, currency, curve, distributions, duration, exchange, face, fee_bp, half_spread_bp, "
            "initial_margin, kind, listed_on, lot, maturity, multiplier, rolldown, rolls_per_year, symbol",
        ),
    ],
)  # fmt: skip
def test_an_unknown_key_is_reported_with_a_suggestion_or_the_known_keys(tmp_path, written, key, words):
    assert refusal(tmp_path, f"{BASE}{written}\n") == f"run.yaml:3: {key}: unknown key; {words}"


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        ("stratgy: hold", "stratgy", "did you mean 'strategy'?"),
        ("extend: b", "extend", "did you mean 'extends'?"),
        ("parts: {}", "parts", "did you mean 'params'?"),
        ("zzz: 1", "zzz", "known: borrow_bp, currency, extends, fill, overlays, params, rebalance, strategy, trade"),
        ("rebalance: {bnd: 0.1}", "rebalance.bnd", "did you mean 'band'?"),
        ("rebalance: {zzz: 0.1}", "rebalance.zzz", "known: band, every"),
    ],
)
def test_an_unknown_key_of_a_variant_is_reported_in_the_same_way(tmp_path, written, key, words):
    text = f"name: run\nvariants:\n  b: {{strategy: policy}}\n  a: {{{written}}}\n"
    assert refusal(tmp_path, text) == f"run.yaml:4: variants.a.{key}: unknown key; {words}"


def test_an_empty_key_is_unknown(tmp_path):
    assert refusal(tmp_path, f"{BASE}'': 1\n") == f"run.yaml:3: unknown key; known: {ROOT_KEYS}"


# ---- one of a few words


@pytest.mark.parametrize(
    ("key", "value", "choices", "meant"),
    [
        ("engine", "leger", "backtrader, ledger", "ledger"),
        ("engine", "vectorbt", "backtrader, ledger", ""),
        ("engine", "Ledger", "backtrader, ledger", "ledger"),
        ("fill", "next", "auto, same_close, next_close", ""),
        ("fill", "next_clsoe", "auto, same_close, next_close", "next_close"),
        ("data.frequency", "dayly", "native, daily, weekly, monthly", "daily"),
        ("data.interpolation", "cubic", "linear, pchip", ""),
        ("data.distributions", "pay", "reinvested, paid, none", ""),
        ("data.distributions", "payed", "reinvested, paid, none", "paid"),
        ("account.size_on", "cash", "equity, capital", ""),
        ("account.size_on", "Capital", "equity, capital", "capital"),
        ("rebalance.every", "monthly", "bar, week, month, quarter, year", "month"),
        ("rebalance.every", "day", "bar, week, month, quarter, year", ""),
        ("variants.a.rebalance.every", "quater", "bar, week, month, quarter, year", "quarter"),
        ("variants.a.fill", "autos", "auto, same_close, next_close", "auto"),
        ("instruments.UST10.kind", "bond", "par_bond, inflation_bond, listed, future, cash", "par_bond"),
    ],
)
def test_a_word_outside_the_choices_is_reported_with_them(tmp_path, key, value, choices, meant):
    hint = f"; did you mean '{meant}'?" if meant else ""
    message = refusal(tmp_path, BASE, f"{key}={value}")
    assert message == f"--set {key}={value}: {key}: '{value}' is not one of {choices}{hint}"


@pytest.mark.parametrize(
    ("key", "value", "known", "meant"),
    [
        ("currency", "NZD", "USD, JPY, EUR, GBP", ""),
        ("curve", "usa", "us, us_real, jp, de, uk", " did you mean 'us'?"),
        ("curve", "nz", "us, us_real, jp, de, uk", ""),
    ],
)
def test_a_currency_or_a_curve_of_no_country_is_told_with_the_known_ones(tmp_path, key, value, known, meant):
    message = refusal(tmp_path, BASE, f"instruments.UST10.{key}={value}")
    remedy = "another country is added under `countries:` in the configuration"
    where = f"--set instruments.UST10.{key}={value}: instruments.UST10.{key}"
    assert message == f"{where}: unknown {key} '{value}';{meant} known: {known}; {remedy}"


def test_an_unknown_source_is_reported_with_the_known_ones(tmp_path):
    message = refusal(tmp_path, f"{BASE}sources:\n  mof: https://x.org/a\n  fed: https://x.org/{{id}}\n")
    words = "'fed' is not one of mof, treasury, fred, boj, nyfed; did you mean 'fred'?"
    assert message == f"run.yaml:5: sources.fed: {words}"


# ---- types

NUMBER, TEXT, KEYS, LIST = "a number", "text", "keys and values", "a list"
ALONE = "write the figure alone, in the unit that"
DATE, TRUTH = "a date like 1999-09-30, without quotes", "true or false"


@pytest.mark.parametrize(
    ("key", "value", "shown", "expected"),
    [
        ("name", "5", "5", TEXT),
        ("name", "null", "empty", TEXT),
        ("name", "[a]", "['a']", TEXT),
        ("thesis_date", "true", "True", DATE),
        ("thesis_date", "20200101", "20200101", DATE),
        ("data", "null", "empty", KEYS),
        ("data", "bundled", "'bundled'", KEYS),
        ("data.source", "5", "5", TEXT),
        ("data.start", "soon", "'soon'", DATE),
        ("account", "[]", "[]", KEYS),
        ("account.cash_interest", "1", "1", TRUTH),
        ("account.cash_interest", "'yes'", "'yes'", TRUTH),
        ("account.capital", "{}", "{}", NUMBER),
        ("account.capital", f"[{'1, ' * 19}1]", f"[{'1, ' * 19}1]", NUMBER),  # 60 letters
        ("account.capital", f"[{'1, ' * 19}12]", f"[{'1, ' * 18}1,...", NUMBER),
        ("rebalance", "week", "'week'", KEYS),
        ("rebalance.band", "'0.1'", "'0.1'", NUMBER),
        ("rebalance.band", "12.5 %", "'12.5 %'", f"{NUMBER}; 12.5 % is 0.125"),
        ("account.capital", "10m", "'10m'", f"{NUMBER}; 10m is 10_000_000"),
        ("account.capital", "2.5 Bn", "'2.5 Bn'", f"{NUMBER}; 2.5 Bn is 2_500_000_000"),
        ("account.capital", "10,000,000", "'10,000,000'", f"{NUMBER}; 10,000,000 is 10_000_000"),
        ("account.capital", "10,0", "'10,0'", NUMBER),
        ("account.capital", "5%", "'5%'", f"{NUMBER}; {ALONE} `divergence docs capital` says"),
        ("account.repo_spread_bp", "0.25%", "'0.25%'", f"{NUMBER}; 0.25% is 25 bp"),
        ("instruments", "[UST10]", "['UST10']", KEYS),
        ("instruments.UST10", "null", "empty", KEYS),
        ("instruments.UST10", "cheap", "'cheap'", KEYS),
        ("instruments.UST10.rolldown", "0", "0", TRUTH),
        ("instruments.UST10.exchange", "5", "5", TEXT),
        ("instruments.TLT.listed_on", "2008", "2008", DATE),
        ("instruments.UST10.borrow_bp", "lots", "'lots'", NUMBER),
        ("instruments.UST10.borrow_bp", "true", "True", NUMBER),
        ("sources", "[fred]", "['fred']", KEYS),
        ("sources.fred", "5", "5", TEXT),
        ("variants", "[a]", "['a']", KEYS),
        ("variants.a", "null", "empty", KEYS),
        ("variants.a", "policy", "'policy'", KEYS),
        ("variants.a.params", "[a]", "['a']", KEYS),
        ("variants.a.rebalance", "week", "'week'", KEYS),
        ("variants.a.extends", "5", "5", TEXT),
        ("benchmarks", "null", "empty", LIST),
        ("benchmarks", "{a: 1}", "{'a': 1}", LIST),
    ],
)
def test_a_value_of_the_wrong_type_is_reported_with_the_expected_type(tmp_path, key, value, shown, expected):
    message = refusal(tmp_path, BASE, f"{key}={value}")
    assert message == f"--set {key}={value}: {key}: is {shown}; expected {expected}"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("borrow_bp: [{from: 2020-01-01, bp: 1, zzz: 1}]", "borrow_bp.0.zzz: unknown key"),
        ("borrow_bp: [{bp: 3}]", "borrow_bp.0.from: is missing; add it"),
        ("borrow_bp: [{from: 2020-01-01}]", "borrow_bp.0.bp: is missing; add it"),
        ("borrow_bp: [{from: 2020-01-01, bp: 1}, 3]", "borrow_bp.1: is 3; expected keys and values"),
        ("borrow_bp: [{from: 2020-01-01, bp: much}]", "borrow_bp.0.bp: is 'much'; expected a number"),
        ("borrow_bp: [{from: 2020-01-01, bp: -1}]", "borrow_bp.0.bp: is -1; expected at least 0"),
        ("borrow_bp: [{from: 2020-01-01, bp: .nan}]", "borrow_bp.0.bp: is nan; expected a finite number"),
        ("borrow_bp: [{from: '2020-01-01', bp: 1}]", f"borrow_bp.0.from: is '2020-01-01'; expected {DATE}"),
    ],
)
def test_of_a_unions_branches_the_one_that_matched_furthest_is_reported(tmp_path, written, words):
    text = f"{BASE}instruments: {{UST10: {{{written}}}}}\n"
    assert refusal(tmp_path, text).startswith(f"run.yaml:3: instruments.UST10.{words}")


# ---- names and addresses

NO_NAME = "is not a name; use letters, digits, - _ . and start with a letter or digit (64 at most)"


@pytest.mark.parametrize("name", ["a b", "-a", ".a", "a/b", "../a", "é", "x" * 65])
def test_an_invalid_name_is_refused_for_a_run_and_for_a_variant(tmp_path, name):
    assert refusal(tmp_path, f"name: '{name}'\nvariants: {{}}\n") == f"run.yaml:1: name: '{name}' {NO_NAME}"
    text = f"name: run\nvariants:\n  '{name}': {{strategy: policy}}\n"
    assert refusal(tmp_path, text) == f"run.yaml:3: variants.{name}: '{name}' {NO_NAME}"


@pytest.mark.parametrize("name", ["a", "0", "x" * 64, "A-b_c.d"])
def test_a_name_has_up_to_64_letters_digits_dots_and_dashes(tmp_path, name):
    text = f"name: '{name}'\nvariants:\n  '{name}': {{strategy: policy}}\nbenchmarks: ['{name}']\n"
    assert load(tmp_path, text).benchmarks == (load(tmp_path, text).name,) == (name,)


@pytest.mark.parametrize("address", ["ftp://x.org/{id}", "x.org/{id}", "https://", "https://x y/{id}", " http://x{id}"])
def test_an_invalid_address_is_refused(tmp_path, address):
    message = refusal(tmp_path, f"{BASE}sources:\n  fred: '{address}'\n")
    words = f"'{address}' is not an address; write one like https://example.org/data"
    assert message == f"run.yaml:4: sources.fred: {words}"


def test_an_address_has_at_most_500_letters(tmp_path):
    address = "https://x.org/{id}".ljust(500, "y")
    assert load(tmp_path, f"{BASE}sources: {{fred: '{address}'}}\n").addresses == {"fred": address}
    message = refusal(tmp_path, f"{BASE}sources: {{fred: '{address}y'}}\n")
    assert message.startswith("run.yaml:3: sources.fred: is 'https://x.org/{id}yyy")
    assert message.endswith(" … yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'; string should have at most 500 characters")


# ---- bounds


@pytest.mark.parametrize("key", BOUNDS)
def test_a_number_is_accepted_up_to_its_bounds_and_refused_just_beyond(tmp_path, key):
    lowest, highest, *beyond = BOUNDS[key]
    for value in (lowest, highest):
        chosen = load(tmp_path, BASE, f"{key}={value}", "data.distributions=paid")
        assert at(config.resolved(chosen), key) == value
    for value, words in filter(None, beyond):
        message = refusal(tmp_path, BASE, f"{key}={value}", "data.distributions=paid")
        assert message == f"--set {key}={value}: {key}: is {value}; expected {words}"


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
@pytest.mark.parametrize("key", BOUNDS)
def test_a_number_is_finite(tmp_path, key, value):
    message = refusal(tmp_path, BASE, f"{key}={value}")
    assert message == f"--set {key}={value}: {key}: is {value.replace('.', '')}; expected a finite number"


def test_a_basis_and_the_rate_of_a_step_have_their_bounds(tmp_path):
    for basis in (-1000, 1000):
        chosen = variants(tmp_path, f"  a: {{strategy: policy, currency: {{fx_swap: {{basis_bp: {basis}}}}}}}\n")
        assert chosen["a"].currency.basis_bp == basis
    for basis, words in ((-1000.5, "at least -1000"), (1000.5, "at most 1000")):
        text = f"name: run\nvariants: {{a: {{strategy: policy, currency: {{fx_swap: {{basis_bp: {basis}}}}}}}}}\n"
        assert refusal(tmp_path, text).endswith(f": is {basis}; expected {words}")
    step = "instruments: {UST10: {borrow_bp: [{from: 2020-01-01, bp: "
    assert load(tmp_path, f"{BASE}{step}10000}}]}}}}").library["UST10"].borrow_steps[0].rate == 1.0
    message = refusal(tmp_path, f"{BASE}{step}10000.5}}]}}}}")
    assert message == "run.yaml:3: instruments.UST10.borrow_bp.0.bp: is 10000.5; expected at most 10000"


def test_a_configuration_has_1_to_500_variants(tmp_path):
    many = "name: run\nvariants:\n" + "".join(f"  v{i}: {{strategy: hold}}\n" for i in range(500))
    assert len(load(tmp_path, many).variants) == 500
    message = refusal(tmp_path, many + "  v500: {strategy: hold}\n")
    assert message.startswith("run.yaml:2: variants: has ")
    assert message.endswith(" entries; expected at most 500")
    none = refusal(tmp_path, "name: run\nvariants: {}\n")
    assert none == "run.yaml:2: variants: has 0 entries; expected at least 1"
    assert refusal(tmp_path, "name: run\n") == "run.yaml:1: variants: is missing; add it"


# ---- which complaint, and on which line


def test_of_several_errors_the_first_by_line_is_reported(tmp_path):
    lines = ["name: run", "fill: later", "engine: none", "variants: {a: {strategy: policy}}", "account: {capital: -1}"]
    assert refusal(tmp_path, "\n".join(lines)).startswith("run.yaml:2: fill: 'later' is not one of ")
    assert refusal(tmp_path, "\n".join(lines[::-1])) == "run.yaml:1: account.capital: is -1; expected above 0"
    assert refusal(tmp_path, "\n".join(lines[1:])) == "run.yaml:1: name: is missing; add it"


CHAIN = """name: run
variants:
  c:
    extends: b
    params: {C}
  b:
    extends: a
    params:
      duration: {B}
  a:
    strategy: reversion
    params:
      duration: {A}
      enter: {E}
      lookback: {L}
"""


@pytest.mark.parametrize(
    ("changed", "line", "words"),
    [
        ({"C": "{duration: x}"}, 5, "variants.c.params.duration: is 'x'; expected a number"),
        ({"C": "{enter: x}"}, 5, "variants.c.params.enter: is 'x'; expected a number"),
        ({"C": "{entr: 1}"}, 5, "variants.c.params.entr: unknown key; did you mean 'enter'?"),
        ({"C": "{long: X}"}, 5, "variants.c.params.long: unknown instrument 'X'; known: 236A.T, "),
        ({"B": "x"}, 9, "variants.b.params.duration: is 'x'; expected a number"),
        ({"B": "0"}, 9, "is 0; expected a number above 0, 40 at most"),
        ({"A": "x"}, 13, "variants.a.params.duration: is 'x'; expected a number"),
        ({"E": "x"}, 14, "variants.a.params.enter: is 'x'; expected a number"),
        ({"L": "3"}, 15, "variants.a.params.lookback: 3 is not a window; "),
        ({"L": "x", "E": "y"}, 14, "variants.a.params.enter: is 'y'; expected a number"),
        ({"C": "{duration: 2, lookback: x}", "B": "0"}, 5, "variants.c.params.lookback: 'x' is not a window; "),
    ],
)
def test_a_merged_value_is_reported_where_the_nearest_variant_wrote_it(tmp_path, changed, line, words):
    text = CHAIN
    for key, value in ({"C": "{}", "B": "1", "A": "1", "E": "2", "L": "12M"} | changed).items():
        text = text.replace(f"{{{key}}}", value)
    message = refusal(tmp_path, text)
    assert message.startswith(f"run.yaml:{line}: variants.")
    assert words in message


def test_a_leg_named_by_a_parent_is_reported_there(tmp_path):
    text = "name: run\nvariants:\n  b: {extends: a, params: {duration: 2}}\n  a:\n    strategy: policy\n    params:\n"
    message = refusal(tmp_path, f"{text}      duration: 1\n      short: JPX\n")
    assert message.startswith("run.yaml:8: variants.a.params.short: unknown instrument 'JPX'; did you mean 'JPY'?")


def test_a_key_misspelt_by_a_grandparent_is_reported_there(tmp_path):
    text = "name: run\nvariants:\n  c: {extends: b}\n  b: {extends: a, fill: auto}\n  a:\n    strategy: policy\n"
    message = refusal(tmp_path, f"{text}    params:\n      scal: 1\n")
    assert message == "run.yaml:8: variants.a.params.scal: unknown key; did you mean 'scale'?"
