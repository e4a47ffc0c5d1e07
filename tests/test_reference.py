"""Every key is described once: the schema, `divergence docs`, the page and `divergence strategies` say the same."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from backtests import config
from backtests.config.reference import keys, lookup, top, within
from data.errors import ConfigError
from strategies import OVERLAYS, STRATEGIES
from strategies.own import OWN

ROOT = Path(__file__).resolve().parent.parent


def properties(node: Any, where: str = "") -> list[tuple[str, dict]]:
    """Every property of the schema, by the path of the property; conditions aside."""
    if isinstance(node, list):
        return [pair for i, inner in enumerate(node) for pair in properties(inner, f"{where}[{i}]")]
    if not isinstance(node, dict):
        return []
    own = [(f"{where}.{name}", stated) for name, stated in node.get("properties", {}).items()]
    below = [pair for word, inner in node.items() if word != "if" for pair in properties(inner, f"{where}/{word}")]
    return [*own, *below]


def test_every_key_of_the_schema_has_a_description(monkeypatch):
    for name in OWN:
        monkeypatch.delitem(STRATEGIES, name)
    stated = properties(config.json_schema())
    assert len(stated) > 300
    assert [path for path, node in stated if not node.get("description")] == []


def test_every_key_has_a_meaning_and_an_example_and_every_figure_a_unit():
    assert len(keys()) > 190
    ours = [key for key in keys() if not key.users or set(key.users) - set(OWN)]
    assert [key.path for key in ours if not key.meaning or not key.example] == []
    assert [key.path for key in ours if "number" in key.takes and not key.unit] == []


def test_the_example_of_a_key_is_yaml_of_that_key():
    for key in keys():
        given = yaml.safe_load(key.example)
        assert list(given) == [key.name], key
        assert given[key.name] is not None, key


@pytest.mark.parametrize("name", STRATEGIES | OVERLAYS)
def test_the_parameters_of_a_strategy_are_described_in_its_own_annotations(name):
    described = {parameter.name: parameter for parameter in config.describe(name)}
    place = "params" if name in STRATEGIES else f"overlays.{name}"
    for key in (key for key in keys() if name in key.users):
        assert key.path == f"{place}.{key.name}"
        assert key.meaning == described[key.name].meaning
    assert {key.name for key in keys() if name in key.users} == described.keys()


def test_examples_of_variants_and_instruments_load(tmp_path):
    """The examples of most sections, each in a file of its own; those of series and folders need data."""
    loaded = 0
    for key in keys():
        parts = key.path.split(".")
        if parts[0] in ("data", "account", "rebalance", "engine", "fill", "thesis_date") and len(parts) < 3:
            text = key.example if len(parts) == 1 else f"{parts[0]}: {{{key.example}}}"
            more = "\ndata: {distributions: paid}" if key.name == "withholding" else ""
            path = tmp_path / "run.yaml"
            path.write_text(f"name: run\n{text}{more}\nvariants: {{a: {{strategy: hold}}}}\n")
            assert config.load(path).name == "run"
            loaded += 1
    assert loaded > 15


FOUND = {
    "account.capital": ["account.capital"],
    "capital": ["account.capital"],
    "account": ["account"],
    "params.duration": ["params.duration"],
    "variants.mine.params.duration": ["params.duration"],
    "instruments.UST10.kind": ["instruments.NAME.kind"],
    "instruments.kind": ["instruments.NAME.kind"],
    "smooth.window": ["overlays.smooth.window"],
    "claims.x.says.above": ["claims.NAME.says.above"],
}


@pytest.mark.parametrize("word", FOUND)
def test_a_key_is_found_by_its_path_with_or_without_the_names_of_a_file(word):
    assert [key.path for key in lookup(word)] == FOUND[word]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("acount.capital", "no key 'acount.capital'; did you mean 'account.capital'?"),
        ("capitol", "no key 'capitol'; did you mean 'capital'?"),
        ("params.durtion", "no key 'params.durtion'; did you mean 'params.duration'?"),
        ("strat", "no key 'strat'; did you mean 'strategy'? `divergence strategies` lists what it can be"),
        ("fees", "no key 'fees'; did you mean 'fee_bp'?"),
        ("ust10", "no key 'ust10'; it is an instrument: `divergence instruments` lists them"),
        (
            "costs",
            "no key 'costs'; its word is in instruments.NAME.half_spread_bp; "
            "`divergence instruments` lists what each has",
        ),
        ("taxes", "no key 'taxes'; its word is in account.withholding"),
        (
            "zzz",
            "no key 'zzz'; `divergence docs` lists the keys of a file, `divergence strategies` and "
            "`divergence instruments` the rest",
        ),
    ],
)
def test_a_misspelt_key_is_answered_with_the_nearest(word, said, divergence):
    with pytest.raises(ConfigError) as refusal:
        lookup(word)
    assert str(refusal.value) == said
    assert divergence("docs", word) == (2, "", f"error: {said}\n")


def test_a_section_holds_its_keys():
    assert [key.path for key in within(lookup("rebalance")[0])] == ["rebalance.every", "rebalance.band"]
    assert [key.path for key in top()][:3] == ["name", "thesis_date", "data"]


def test_docs_say_what_a_key_is(divergence):
    assert divergence("docs", "account.capital").out.splitlines() == [
        "account.capital: what the book starts with",
        "  takes    a number above 0, at most 1e+15",
        "  unit     USD",
        "  default  10_000_000",
        "  example  capital: 10_000_000",
    ]
    assert "account.max_gross: " in divergence("docs", "account").out
    assert [line.split(":")[0] for line in divergence("docs").out.splitlines()] == [key.path for key in top()]
    (answer,) = json.loads(divergence("docs", "capital", "--json").out)
    assert (answer["unit"], answer["default"]) == ("USD", "10_000_000")


def test_a_strategy_is_said_in_full(divergence):
    out = divergence("strategies", "reversion").out
    assert out.startswith("reversion: Fade the yield gap")
    assert "Gatev, Goetzmann and Rouwenhorst" in out
    assert "enter: score beyond which the gap is faded\n  takes    standard deviations\n  default  2.0\n" in out
    assert divergence("docs", "reversion").out == out
    assert divergence("strategies", "reversal").err.startswith("error: no strategy or overlay 'reversal'")


def test_the_page_is_what_the_code_says():
    made = runpy.run_path(str(ROOT / "docs/configuration.py"))["page"]()
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == made
