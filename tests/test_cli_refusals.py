"""What the command refuses: one line, status 2, nothing written; and what only looks as if it should be."""

from __future__ import annotations

import pytest

from tests.command import SMALL, files

PAIR = "{strategy: divergence, params: {long: UST10, short: JGB10}}"


def config(variants: str = f"pair: {PAIR}", more: str = "") -> str:
    return f"name: bad\n{more}\nvariants:\n  {variants}\n"


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nname: x\nvariants: {}\n"
REFUSED = {
    "empty": ("", "is empty"),
    "a list": ("- 1\n- 2\n", "expected keys and values"),
    "tabs": ("name: x\nvariants:\n\tpair: 1\n", ":3: a tab in the indentation"),
    "not yaml": ("name: [x\n", "not valid YAML"),
    "duplicate key": ("name: x\nname: y\nvariants: {}\n", ":2: the key 'name' stands here and on line 1"),
    "unknown key": (config(more="acount: {}"), ":2: acount: unknown key; did you mean 'account'?"),
    "no variants": ("name: x\n", "variants: is missing"),
    "no variant": ("name: x\nvariants: {}\n", "variants: has 0 entries"),
    "misspelt strategy": (config("pair: {strategy: divergense}"), "did you mean 'divergence'?"),
    "no strategy": (config("pair: {params: {}}"), "names no strategy"),
    "misspelt parameter": (config("p: {strategy: curve, params: {frnt: UST2}}"), "did you mean 'front'?"),
    "misspelt instrument": (config("p: {strategy: hold, params: {weights: {USTT10: 1}}}"), "did you mean 'UST10'?"),
    "misspelt choice": (config("p: {strategy: curve, params: {trade: stepener}}"), "did you mean 'steepener'?"),
    "wrong type": (config(more="account: {capital: plenty}"), "account.capital: is 'plenty'; expected a number"),
    "a number for a word": (config("p: {strategy: curve, params: {front: 2}}"), "params.front: is 2; expected text"),
    "negative": (config(more="account: {capital: -1}"), "account.capital: is -1; expected above 0"),
    "nan": (config(more="account: {capital: .nan}"), "expected a finite number"),
    "infinite": (config(more="account: {max_gross: .inf}"), "account.max_gross: is inf"),
    "nan weight": (config("p: {strategy: hold, params: {weights: {UST10: .nan}}}"), "expected a finite number"),
    "negative size": (config("p: {strategy: curve, params: {duration: -5}}"), "expected a number above 0"),
    "bad window": (
        config("p: {strategy: divergence, params: {sizing: beta, window: 3 years}}"),
        "'3 years' is not a window",
    ),
    "unused parameter": (
        config("p: {strategy: divergence, params: {sizing: notional, duration: 5}}"),
        "duration is not used by sizing: notional",
    ),
    "end before start": (config(more="data: {start: 2020-01-31, end: 2010-01-31}"), "is not after start"),
    "a window between rows": (config(more="data: {start: 2010-01-05, end: 2010-01-15}"), "no row of the data lies"),
    "a band that never trades": (config(more="rebalance: {band: 1}"), "rebalance.band: is 1; expected below 1"),
    "a huge weight": (config("p: {strategy: hold, params: {weights: {UST10: 1e308}}}"), "40 at most: 1"),
    "a time for a number": (config(more="account: {capital: 1:30}"), "is a time of day to YAML"),
    "dollars on a yen curve": (config(more="instruments: {UST10: {curve: jp}}"), "the curve jp is in JPY, not USD"),
    "another currency": (config(more="instruments: {UST10: {currency: JPY}}"), "UST10 is a USD par_bond"),
    "an address without its place": (config(more="sources: {fred: \"https://x.org\"}"), "must hold {id}"),
    "a quoted date": (config(more="data: {start: \"2010-01-31\"}"), "without quotes"),
    "impossible date": (config(more="data: {start: 2020-02-31}"), "data.start: 2020-02-31 cannot be read"),
    "not a date": (config(more="data: {start: early}"), "expected a date like 1999-09-30, without quotes"),
    "start before the data": (config(more="data: {start: 1950-01-31}"), "runs from 1992-12-31 to 2026-07-31"),
    "end after the data": (config(more="data: {end: 2050-01-31}"), ":2: data.end is 2050-01-31, outside"),
    "same leg twice": (config("p: {strategy: divergence, params: {long: UST10, short: UST10}}"), "named twice"),
    "a leg without history": (
        config("p: {strategy: divergence, params: {long: UST10, short: JGB40}}", "data: {end: 2006-12-31}"),
        "variant 'p' never trades between 1992-12-31 and 2006-12-31",
    ),
    "cash sized by duration": (
        config("p: {strategy: divergence, params: {long: UST10, short: JPY}}"),
        "JPY is cash and has no duration",
    ),
    "extends itself": (config("p: {extends: p}"), "p extends p: a circle"),
    "extends in a circle": (config("p: {extends: q}\n  q: {extends: p}"), "a circle"),
    "extends nothing": (config(f"pair: {PAIR}\n  q: {{extends: pear}}"), "did you mean 'pair'?"),
    "unknown benchmark": (config(more="benchmarks: [bund]"), "benchmarks.0: 'bund' is not a variant"),
    "a path as name": ("name: ../../etc/passwd\nvariants: {}\n", "is not a name"),
    "markup as name": ("name: <script>alert(1)</script>\nvariants: {}\n", "is not a name"),
    "markup as variant": (config(f"'<b>': {PAIR}"), "is not a name"),
    "a tag": ("name: !!python/object/apply:os.system [ls]\nvariants: {}\n", "is plain data"),
    "a bomb": (BOMB, "anchors and aliases are not accepted"),
    "deep nesting": ("name: " + "[" * 3000 + "]" * 3000, "nested more than"),
    "two documents": ("name: x\n---\nname: y\n", "a second document"),
    "a number as key": ("name: x\n1: y\nvariants: {}\n", "the key 1 is not text"),
    "too large": ("# " + "x" * 10_000_000, "is 10.0 MB"),
    "unknown source": (config(more="data: {source: bloomberg}"), "is not bundled, not store and not a folder"),
    "withholding of nothing": (config(more="account: {withholding: 0.15}"), "set data.distributions: paid"),
    "unknown currency": (config(f"p: {PAIR[:-1]}, currency: hedged}}"), "is not repo, unhedged, fx_swap"),
    "half an instrument": (config(more="instruments: {JGB8: {kind: par_bond}}"), "a new par_bond needs currency"),
    "an odd maturity": (config(more="instruments: {UST10: {maturity: 10.3}}"), "multiple of 0.5"),
    "a bad borrow step": (
        config(more="instruments: {JGB10: {borrow_bp: [{from: 2022-01-01, bp: much}]}}"),
        "borrow_bp.0.bp: is 'much'; expected a number",
    ),
    "borrow steps out of order": (
        config(more="instruments: {JGB10: {borrow_bp: [{from: 2022-01-01, bp: 1}, {from: 2021-01-01, bp: 1}]}}"),
        "borrow steps must ascend",
    ),
    "terminal codes": (config("p: {strategy: \"\\e[31mred\\e[0m\"}"), "unknown strategy"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_and_leaves_nothing_behind(divergence, here, case):
    text, words = REFUSED[case]
    (here / "bad.yaml").write_text(text)
    answer = divergence("run", "bad.yaml", "--out", "result")
    lines = answer.err.splitlines()
    talk = [line for line in lines if line.startswith("[")]  # a variant may already have been announced
    assert answer.status == 2, answer.err
    assert len(lines) - len(talk) == 1
    assert lines[-1].startswith("error: ")
    assert words in lines[-1]
    assert lines[-1].isprintable()
    assert files(here) == ["bad.yaml"]
    assert answer.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "missing.yaml"], "missing.yaml: no such file"),
        (["run", "."], "is a folder; give a YAML file"),
        (["run", "good.yaml", "--set", "capital"], "expected key=value"),
        (["run", "good.yaml", "--set", "account.capitol=1"], "did you mean 'capital'?"),
        (["run", "good.yaml", "--set", "account.capital=[1"], "is not a YAML value"),
        (["run", "good.yaml", "--set", "account.margin=1"], "--set account.margin=1: account.margin: unknown key"),
        (["run", "good.yaml", "--set", "account..capital=1"], "a key between two dots is empty"),
        (["run", "good.yaml", "--set", "variants.pair.params.sizng=beta"], "variants.pair.params.sizng: unknown key"),
        (["run", "good.yaml", "--out", "a" * 300], "File name too long"),
        (["run", "good.yaml", "twice"], "unexpected extra argument"),
        (["run", "--bad"], "No such option"),
        (["run", "good.yaml", "--set", "name.x=1"], "name is 'small', which has no keys"),
        (["run", "good.yaml", "--out", "good.yaml"], "already exists"),
        (["run", "good.yaml", "--out", "good.yaml/inside"], "cannot be written"),
        (["run", "good.yaml", "--out", "/proc/nowhere/x"], "cannot be written"),
        (["report", "nothing"], "is not a run folder"),
        (["config", "check", "missing.yaml"], "no such file"),
    ],
)
def test_bad_words_are_one_line_too(divergence, here, words, said):
    (here / "good.yaml").write_text(SMALL)
    answer = divergence(*words)
    assert answer.status == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert files(here) == ["good.yaml"]


def test_a_link_is_not_written_through(divergence, here):
    (here / "good.yaml").write_text(SMALL)
    (here / "link").symlink_to(here / "elsewhere")
    assert divergence("run", "good.yaml", "--out", "link").status == 2
    assert files(here) == ["good.yaml", "link"]


def test_a_full_folder_is_not_written_over(divergence, here):
    (here / "good.yaml").write_text(SMALL)
    (here / "result").mkdir()
    (here / "result/mine.txt").write_text("keep")
    assert divergence("run", "good.yaml", "--out", "result").status == 2
    assert files(here) == ["good.yaml", "result", "result/mine.txt"]


def test_a_number_may_begin_with_its_point(divergence, here):
    (here / "config.yaml").write_text(SMALL.replace("UST10: 0.6", "UST10: -.5"))
    assert divergence("config", "check").status == 0


def test_an_instrument_with_a_dot_in_its_name_can_be_set(divergence, here):
    (here / "config.yaml").write_text(SMALL.replace("short: JGB10", "short: 236A.T"))
    assert divergence("config", "check", "--set", "instruments.236A.T.borrow_bp=50").status == 0
