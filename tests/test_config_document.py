"""A configuration as YAML: what is read, what is refused as more than plain data, and what --set changes."""

from __future__ import annotations

from datetime import date

import pytest

from backtests import config
from data.errors import ConfigError
from strategies.hold import Hold
from strategies.macro import Policy
from tests.config_files import BASE, load, refusal, variants

KIB = 1024

# ---- the file


def test_a_file_of_256_kb_is_read_and_one_byte_more_is_refused(tmp_path):
    full = BASE + "#" * (256 * KIB - len(BASE))
    assert load(tmp_path, full).name == "run"
    assert refusal(tmp_path, full + "#") == "run.yaml: is 0.3 MB; a configuration is at most 256 kB"


def test_a_file_that_is_missing_a_folder_or_inside_a_file_is_named(tmp_path):
    (tmp_path / "run.yaml").write_text(BASE)
    for name, words in {
        "other.yaml": "no such file; give the path of a configuration, like config.yaml",
        ".": f"is a folder; give a YAML file, like {tmp_path / 'config.yaml'}",
        "run.yaml/inside.yaml": "cannot be read (Not a directory)",
        "nul\0.yaml": "cannot be read (embedded null ",
    }.items():
        with pytest.raises(ConfigError) as refused:
            config.load(tmp_path / name)
        assert str(refused.value).replace(r"\x00", "\0").startswith(f"{tmp_path / name}: {words}")


def test_a_byte_order_mark_is_skipped_and_other_encodings_are_refused(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert config.load(path).name == "run"
    path.write_bytes(BASE.encode() + b"# \xff")
    with pytest.raises(ConfigError) as refused:
        config.load(path)
    assert str(refused.value) == f"{path}: is not UTF-8 text (byte {len(BASE) + 2}); save it as UTF-8"


# ---- plain data only

ANCHOR = "anchors and aliases are not accepted; use extends to share settings"
EMPTY = "is empty; `divergence init FILE` writes one to begin with"
TAB = "a tab in the indentation; YAML indents with spaces"
NOT_PLAIN = {
    "an anchor on a word": (BASE + "engine: &e ledger\n", 3, ANCHOR),
    "an anchor on a list": (BASE + "benchmarks:\n  &b [a]\n", 4, ANCHOR),
    "an anchor on a mapping": (BASE + "data: &d {}\n", 3, ANCHOR),
    "an alias": (BASE + "\nengine: *e\n", 4, ANCHOR),
    "a tag of YAML's own": (
        BASE + "engine: !!str ledger\n", 3,
        "the tag tag:yaml.org,2002:str is not accepted; a configuration is plain data",
    ),
    "a tag on a mapping": (BASE + "data:\n  !d {}\n", 4, "the tag !d is not accepted; a configuration is plain data"),
    "a tag on a list": (BASE + "benchmarks: !b []\n", 3, "the tag !b is not accepted; a configuration is plain data"),
    "an empty tag": (BASE + "engine: ! ledger\n", 3, "the tag ! is not accepted; a configuration is plain data"),
    "a second document": (BASE + "---\n", 3, "a second document starts here; a configuration is one document"),
    "a mapping nested 13 deep": (
        BASE + "data: " + "{a: " * 12 + "1" + "}" * 12, 3, "nested more than 12 deep; a configuration is flatter"
    ),
    "a list nested 13 deep": (
        BASE + "data:\n " + "[" * 12 + "]" * 12, 4, "nested more than 12 deep; a configuration is flatter"
    ),
    "a tab before a key": (BASE + "data:\n\tstart: 2000-01-31\n", 4, TAB),
    "a tab after a space": (BASE + "data:\n \tstart: 2000-01-31\n", 4, TAB),
    "nothing": ("", 1, EMPTY),
    "a comment": ("# nothing\n", 1, EMPTY),
    "a word": ("run\n", 1, "expected keys and values, like name: my-run; got 'run'"),
    "40 letters": ("x" * 40, 1, f"expected keys and values, like name: my-run; got '{'x' * 40}'"),
    "41 letters": ("x" * 41, 1, f"expected keys and values, like name: my-run; got '{'x' * 40}...'"),
    "a list": ("- a\n", 1, "expected keys and values, like name: my-run; got '['a']'"),
    "a quote left open": (BASE + "engine: 'ledger\n", 4, "not valid YAML: found unexpected end of stream"),
    "two values on a line": ("\nname: a: b\n", 2, "not valid YAML: mapping values are not allowed in this context"),
    "a number for a key": (BASE + "data:\n  1: 2\n", 4, "the key 1 is not text; put it in quotes"),
    "yes for a key": (BASE + "yes: 2\n", 3, "the key yes is not text; put it in quotes"),
    "a date for a key": (BASE + "2000-01-31: 2\n", 3, "the key 2000-01-31 is not text; put it in quotes"),
    "a merge key": (BASE + "data:\n  <<: {}\n", 4, "the key << is not text; put it in quotes"),
    "a list for a key": (BASE + "? [a]\n: 2\n", 3, "the key a list or mapping is not text; put it in quotes"),
    "a key twice": (
        BASE + "data:\n  source: store\n  end: 2000-01-31\n  source: store\n", 6,
        "the key 'source' stands here and on line 4; keep one",
    ),
    "a key twice on a line": (
        BASE + "data: {source: a, source: b}", 3, "the key 'source' stands here and on line 3; keep one"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_anything_but_plain_data_is_refused_with_its_line(tmp_path, case):
    text, line, words = NOT_PLAIN[case]
    assert refusal(tmp_path, text) == f"run.yaml:{line}: {words}"


def test_a_control_character_is_refused_in_one_line(tmp_path):
    message = refusal(tmp_path, BASE + "# \x07\n")
    assert message.startswith("run.yaml:1: not valid YAML: unacceptable character #x0007: control characters")


@pytest.mark.parametrize("open_, close", ["[]", ("{a: ", "}")])
def test_nesting_12_deep_is_read(tmp_path, open_, close):
    message = refusal(tmp_path, BASE + "nested: " + open_ * 11 + close * 11)
    assert message.startswith("run.yaml:3: nested: unknown key; known: account, ")


def test_many_siblings_are_not_depth(tmp_path):
    text = "".join(f"  v{i}: {{strategy: policy, params: {{}}, overlays: []}}\n" for i in range(20))
    assert len(variants(tmp_path, text)) == 20


def test_one_document_may_have_its_marks_and_a_directive(tmp_path):
    assert load(tmp_path, f"%YAML 1.1\n--- # a run\n{BASE}...\n").name == "run"


def test_a_tab_between_words_is_accepted(tmp_path):
    assert load(tmp_path, BASE + "engine:\tledger\t# plain\n").engine == "ledger"


# ---- numbers, dates and words


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1e7", 1e7), ("1E+2", 100.0), ("2.5e-1", 0.25), (".5", 0.5), ("+.5", 0.5), ("5.", 5.0), ("1_000", 1000.0),
        ("1_0e1", 100.0), ("1__0_e1", 100.0), ("0x10", 16.0), ("089", 89.0), ("1.5", 1.5), ("+3", 3.0),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(tmp_path, written, number):
    assert load(tmp_path, BASE + f"account: {{max_gross: 50, capital: {written}}}").account.capital == number


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("'1e7'", "is '1e7'; expected a number"),
        ('"5"', "is '5'; expected a number"),
        ("5e", "is '5e'; expected a number"),
        ("e5", "is 'e5'; expected a number"),
        ("5 000", "is '5 000'; expected a number"),
        ("1:30", "1:30 is a time of day to YAML; write a plain number, or quote a word"),
        ("1:30.5", "1:30.5 is a time of day to YAML; write a plain number, or quote a word"),
        ("'1:30'", "is '1:30'; expected a number"),
        ("0b_", "0b_ cannot be read: invalid literal for int() with base 2: ''"),
        ("1e400", "is inf; expected a finite number"),
        ("-1e400", "is -inf; expected a finite number"),
        (".inf", "is inf; expected a finite number"),
        ("-.Inf", "is -inf; expected a finite number"),
        (".NaN", "is nan; expected a finite number"),
        ("true", "is True; expected a number"),
        ("", "is empty; expected a number"),
        ("~", "is empty; expected a number"),
        ("2000-01-31", "is 2000-01-31; expected a number"),
        ("|\n    5", "is '5'; expected a number"),
    ],
)
def test_a_value_that_is_not_a_number_is_reported_with_the_line_of_its_key(tmp_path, written, words):
    text = BASE + f"account:\n  capital: {written}"
    assert refusal(tmp_path, text) == f"run.yaml:4: account.capital: {words}"


def test_a_quoted_number_is_a_word(tmp_path):
    assert load(tmp_path, BASE.replace("run", "'1e7'")).name == "1e7"
    assert refusal(tmp_path, BASE.replace("run", "1e7")) == "run.yaml:1: name: is 10000000.0; expected text"


@pytest.mark.parametrize("key", ["thesis_date", "data.start", "data.end", "instruments.TLT.listed_on"])
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("'2010-01-31'", "is '2010-01-31'; expected a date like 1999-09-30, without quotes"),
        ("2010-1-31", "is '2010-1-31'; expected a date like 1999-09-30, without quotes"),
        ("2010", "is 2010; expected a date like 1999-09-30, without quotes"),
        (
            "2010-01-31 00:00:00",
            "is 2010-01-31 00:00:00; expected a date like 1999-09-30, without quotes",
        ),
        (
            "2010-01-31T10:00:00Z",
            "is 2010-01-31 10:00:00+00:00; expected a date like 1999-09-30, without quotes",
        ),
        ("2010-02-30", "2010-02-30 cannot be read: day "),
        ("2010-13-01", "2010-13-01 cannot be read: month must be in 1..12"),
    ],
)
def test_only_an_unquoted_date_is_a_date(tmp_path, key, written, words):
    opened = "".join(f"{part}: {{" for part in key.split(".")[:-1])
    text = BASE + f"{opened}{key.split('.')[-1]}: {written}{'}' * opened.count('{')}"
    assert refusal(tmp_path, text).startswith(f"run.yaml:3: {key}: {words}")


def test_a_value_below_its_key_is_reported_with_the_line_of_the_key(tmp_path):
    text = BASE + "account:\n  capital:\n    -5\n"
    assert refusal(tmp_path, text) == "run.yaml:4: account.capital: is -5; expected above 0"


def test_each_entry_of_a_list_has_its_own_line(tmp_path):
    text = BASE + "benchmarks:\n  - a\n  -\n    b\n"
    assert refusal(tmp_path, text) == "run.yaml:6: benchmarks.1: 'b' is not a variant; known: a"


def test_a_missing_key_is_reported_with_the_line_of_its_parent(tmp_path):
    text = "\nvariants:\n  a:\n    strategy: blend\n    params:\n      parts:\n        p:\n          weight: 1\n"
    assert refusal(tmp_path, text) == "run.yaml:1: name: is missing; add it"
    assert refusal(tmp_path, "name: run" + text) == "run.yaml:7: variants.a.params.parts.p.strategy: is missing; add it"


# ---- --set


def test_a_setting_replaces_adds_and_builds_what_is_around_it(tmp_path):
    text = BASE + "engine: backtrader\n"
    chosen = load(tmp_path, text, "engine=ledger", "account.capital=1e6", "data.start=2000-01-31")
    assert (chosen.engine, chosen.account.capital, chosen.data.start) == ("ledger", 1e6, date(2000, 1, 31))


def test_the_last_setting_wins_and_a_later_one_may_go_inside_an_earlier(tmp_path):
    settings = ("account.capital=1", "account={capital: 2, max_gross: 3}", "account.capital=4")
    account = load(tmp_path, BASE, *settings).account
    assert (account.capital, account.max_gross) == (4.0, 3.0)


def test_a_setting_may_be_a_list_a_mapping_text_or_nothing(tmp_path):
    chosen = load(
        tmp_path, BASE + "thesis_date: 2020-01-01\n", "benchmarks=[a]", "variants.b={strategy: hold}", " name = 'x' ",
        "thesis_date=null", "sources.fred=https://x.org/?a=1&s={id}", "variants.a.overlays=[{smooth: }]",
    )  # fmt: skip
    assert (chosen.benchmarks, chosen.name, chosen.thesis_date) == (("a",), "x", None)
    assert chosen.addresses == {"fred": "https://x.org/?a=1&s={id}"}
    assert [type(variant.strategy).__name__ for variant in chosen.variants] == ["Smooth", "Hold"]


def test_a_setting_can_add_a_variant_that_extends_another(tmp_path):
    chosen = variants(tmp_path, "  a: {strategy: policy}\n", "variants.b.extends=a", "variants.b.params.scale=0.5")
    assert (chosen["a"].strategy, chosen["b"].strategy) == (Policy(), Policy(scale=0.5))


def test_a_name_that_holds_a_dot_is_one_key(tmp_path):
    chosen = load(
        tmp_path, BASE, "instruments.2561.T.lot=7", "instruments.236A.T={fee_bp: 9}", "variants.a.params.short=2561.T",
        "variants.h={strategy: hold}", "variants.h.params.weights.496A.T=-0.5",
    )  # fmt: skip
    assert (chosen.library["2561.T"].lot, chosen.library["236A.T"].fee) == (7.0, pytest.approx(9e-4))
    assert chosen.variants[0].strategy == Policy(short="2561.T")
    assert chosen.variants[1].strategy == Hold({"496A.T": -0.5})


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("capital", "expected key=value, like account.capital=1_000_000"),
        ("=5", "expected key=value, like account.capital=1_000_000"),
        (" =5", "expected key=value, like account.capital=1_000_000"),
        (".name=x", "a key between two dots is empty; expected a.b=value"),
        ("name.=x", "a key between two dots is empty; expected a.b=value"),
        ("account..capital=5", "a key between two dots is empty; expected a.b=value"),
        ("name=[", "'[' is not a YAML value"),
        ("name=!!str x", "'!!str x' is not a YAML value"),
        ("name=&a x", "'&a x' is not a YAML value"),
        ("name=a: b", "'a: b' is not a YAML value"),
        ("data.start=2000-02-30", "'2000-02-30' is not a YAML value"),
        ("account={capital: 1, capital: 2}", "'{capital: 1, capital: 2}' is not a YAML value"),
        ("name.first=x", "name is 'run', which has no keys"),
        ("benchmarks.0=b", "benchmarks is '['a']', which has no keys"),
        ("variants.a.strategy.x.y=1", "strategy is 'policy', which has no keys"),
        ("account.capital=-1", "account.capital: is -1; expected above 0"),
        ("account.capital=null", "account.capital: is empty; expected a number"),
        ("account.capital=", "no value after the =; expected key=value, or key=null to leave it out"),
        ("thesis_date= ", "no value after the =; expected key=value, or key=null to leave it out"),
        ("account.capital=much", "account.capital: is 'much'; expected a number"),
        ("account.capital.x=1", "account.capital: is {'x': 1}; expected a number"),
        ("account=5", "account: is 5; expected keys and values"),
        ("benchmarks=a", "benchmarks: is 'a'; expected a list"),
        ("benchmarks=[a, b]", "benchmarks.1: 'b' is not a variant; known: a"),
        ("account.capitol=1", "account.capitol: unknown key; did you mean 'capital'?"),
        ("acount.capital=1", "acount: unknown key; did you mean 'account'?"),
        ("variants.a.params.scal=1", "variants.a.params.scal: unknown key; did you mean 'scale'?"),
        ("variants.b.params.scale=1", "variants.b: names no strategy; add strategy: "),
        ("variants.b.params={scale: 1}", "variants.b: names no strategy; add strategy: "),
        ("instruments.NEW.lot=1", "instruments.NEW: is not built in; known: "),
        ("instruments.2561.X.lot=5", "instruments.2561.X: unknown key; known: "),
        ("instruments.2561.T.lot.x=5", "instruments.2561.T.lot: is {'x': 5}; expected a number"),
        ("data.end=1990-01-31", "data.end: 1990-01-31 is not after start, 2000-01-31"),
    ],
)
def test_an_error_in_a_setting_quotes_the_setting(tmp_path, setting, words):
    text = BASE + "benchmarks: [a]\ndata: {start: 2000-01-31}\n"
    assert refusal(tmp_path, text, setting).startswith(f"--set {setting}: {words}")


def test_an_error_in_a_setting_comes_before_any_line_of_the_file(tmp_path):
    text = f"engine: none\n{BASE}"
    assert refusal(tmp_path, text, "fill=later").startswith("--set fill=later: fill: 'later' is not one of auto, ")
    assert refusal(tmp_path, text, "fill=auto").startswith("run.yaml:1: engine: 'none' is not one of backtrader, ")


def test_an_error_in_a_setting_comes_before_a_missing_key(tmp_path):
    text = "variants: {a: {strategy: policy}}\n"
    assert refusal(tmp_path, text, "fill=later").startswith("--set fill=later: fill: 'later' is not one of auto, ")
    assert refusal(tmp_path, text, "fill=auto") == "run.yaml:1: name: is missing; add it"


def test_an_error_in_the_file_beside_a_setting_keeps_its_line(tmp_path):
    text = BASE + "account:\n  capital: -5\n"
    assert refusal(tmp_path, text, "account.max_gross=5") == "run.yaml:4: account.capital: is -5; expected above 0"
