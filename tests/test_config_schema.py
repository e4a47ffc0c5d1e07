"""The JSON Schema that editors read accepts and refuses what loading does."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from backtests import config
from data.errors import ConfigError
from strategies import OVERLAYS, STRATEGIES
from tests.config_files import BASE, BOUNDS, EVERYTHING, load

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = config.json_schema()
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float),
    "integer": int,
}  # fmt: skip
NOTES = {"$schema", "$defs", "title", "description", "default", "examples", "unit"}
RULES = {  # the type first, so that the rest meet only values they can judge
    "type": lambda rule, value: isinstance(value, TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool)),
    "format": lambda rule, value: rule != "date" or re.fullmatch(r"\d{4}-\d\d-\d\d", value),
    "enum": lambda rule, value: value in rule,
    "const": lambda rule, value: value == rule,
    "pattern": lambda rule, value: re.search(rule, value),
    "maxLength": lambda rule, value: len(value) <= rule,
    "minLength": lambda rule, value: len(value) >= rule,
    "minimum": lambda rule, value: value >= rule,
    "maximum": lambda rule, value: value <= rule,
    "exclusiveMinimum": lambda rule, value: value > rule,
    "exclusiveMaximum": lambda rule, value: value < rule,
    "maxItems": lambda rule, value: len(value) <= rule,
    "minItems": lambda rule, value: len(value) >= rule,
    "maxProperties": lambda rule, value: len(value) <= rule,
    "minProperties": lambda rule, value: len(value) >= rule,
    "required": lambda rule, value: not isinstance(value, dict) or all(key in value for key in rule),
    "items": lambda rule, value: not isinstance(value, list) or all(accepts(rule, each) for each in value),
    "oneOf": lambda rule, value: sum(accepts(each, value) for each in rule) == 1,
    "anyOf": lambda rule, value: any(accepts(each, value) for each in rule),
    "allOf": lambda rule, value: all(accepts(each, value) for each in rule),
    "$ref": lambda rule, value: accepts(SCHEMA["$defs"][rule.removeprefix("#/$defs/")], value),
    "propertyNames": lambda rule, value: not isinstance(value, dict) or all(accepts(rule, key) for key in value),
}
TOGETHER = {"properties", "patternProperties", "additionalProperties", "if", "then"}


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value fits a schema, of the words of JSON Schema that ours uses."""
    assert schema.keys() <= NOTES | RULES.keys() | TOGETHER, schema.keys()
    if not all(rule(schema[word], value) for word, rule in RULES.items() if word in schema):
        return False
    if "if" in schema and accepts(schema["if"], value) and not accepts(schema["then"], value):
        return False
    return not isinstance(value, dict) or all(_property(schema, key, inner) for key, inner in value.items())


def _property(schema: dict[str, Any], key: str, value: Any) -> bool:
    """Whether a key and its value fit the schema of the mapping around them."""
    known = schema.get("properties", {})
    patterns = [rule for pattern, rule in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
    rules = [known[key]] if key in known else patterns
    rest = schema.get("additionalProperties", True)
    if not rules:
        return rest if isinstance(rest, bool) else accepts(rest, value)
    return all(accepts(rule, value) for rule in rules)


def fits(text: str) -> bool:
    """Whether the text of a configuration fits the schema, dates as an editor sees them."""
    return accepts(SCHEMA, _dated(yaml.safe_load(text)))


def _dated(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _dated(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_dated(value) for value in data]
    return data.isoformat() if isinstance(data, date) else data


def loads(folder: Path, text: str) -> bool:
    try:
        load(folder, text)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("name", ["config.yaml", *(f"config/{path.name}" for path in (ROOT / "config").glob("*.yaml"))])
def test_the_schema_accepts_what_comes_along(name):
    assert fits((ROOT / name).read_text(encoding="utf-8"))


def test_the_schema_accepts_everything_as_written_and_as_dumped(tmp_path):
    (tmp_path / "prices").mkdir()
    assert fits(EVERYTHING)
    assert fits(config.dump(load(tmp_path, EVERYTHING)))


ALIKE = {
    "account: {capital: 5}": True,
    "account: {capitol: 5}": False,
    "account: {capital: much}": False,
    "account: {cash_interest: 1}": False,
    "accounts: {}": False,
    "data: {start: 2010-01-31}": True,
    "data: {start: soon}": False,
    "data: {frequency: dayly}": False,
    "thesis_date: 2010-01-31": True,
    "thesis_date: 2010": False,
    "engine: ledger": True,
    "engine: both": False,
    "rebalance: {every: bar, band: 0.5}": True,
    "rebalance: {every: day}": False,
    "instruments: {UST10: {borrow_bp: 5}}": True,
    "instruments: {UST10: {borrow_bp: [{from: 2020-01-01, bp: 5}]}}": True,
    "instruments: {UST10: {borrow_bp: [{from: 2020-01-01}]}}": False,
    "instruments: {UST10: {borrow_bp: [{from: 2020-01-01, bp: -5}]}}": False,
    "instruments: {UST10: {borrow_bp: much}}": False,
    "instruments: {UST10: {half_spread: 5}}": False,
    "instruments: {UST10: }": False,
    "sources: {fred: 'https://x.org/{id}'}": True,
    "sources: {fred: x.org}": False,
    "sources: {fed: 'https://x.org/{id}'}": False,
    "benchmarks: [a]": True,
    "benchmarks: a": False,
    "benchmarks: [5]": False,
}


@pytest.mark.parametrize("written", ALIKE)
def test_the_schema_and_loading_agree_on_a_file(tmp_path, written):
    text = f"{BASE}{written}\n"
    assert fits(text) is loads(tmp_path, text) is ALIKE[written]


VARIANTS = {
    "strategy: policy": True,
    "strategy: policies": False,
    "strategy: 5": False,
    "strategy: policy, stratgy: policy": False,
    "strategy: policy, params: {long: UST5, duration: 2, lookback: 24M}": True,
    "strategy: policy, params: {scal: 1}": False,
    "strategy: policy, params: {duration: a}": False,
    "strategy: policy, params: {trade: steepener}": False,
    "strategy: curve, params: {trade: steepener}": True,
    "strategy: curve, params: {trade: steep}": False,
    "strategy: reversion, params: {lookback: 36}": False,
    "strategy: reversion, params: {lookback: 36W}": False,
    "strategy: debt_capacity, params: {footprint: ignored}": True,
    "strategy: debt_capacity, params: {}": False,
    "strategy: hold, params: {weights: {TLT: -1}}": True,
    "strategy: hold, params: {weights: {TLT: a}}": False,
    "strategy: hold, params: {weights: [TLT]}": False,
    "strategy: thesis, params: {without: tips}": True,
    "strategy: thesis, params: {without: carry}": False,
    "strategy: blend, params: {parts: {p: {strategy: hold, weight: 2}, q: {strategy: curve}}}": True,
    "strategy: blend, params: {parts: {p: {strategy: curve, params: {trade: flattener}}}}": True,
    "strategy: blend, params: {parts: {p: {strategy: curve, params: {trade: flat}}}}": False,
    "strategy: blend, params: {parts: {p: {strategy: hodl}}}": False,
    "strategy: blend, params: {parts: {p: {strategy: hold, wieght: 2}}}": False,
    "strategy: blend, params: {parts: {p: {weight: 2}}}": False,
    "strategy: blend, params: {parts: [hold]}": False,
    "strategy: policy, overlays: [{smooth: }, {gross_cap: {gross: 2}}]": True,
    "strategy: policy, overlays: [{smooth: {window: 6M}}]": True,
    "strategy: policy, overlays: [{smooth: {window: 6}}]": False,
    "strategy: policy, overlays: [{smooth: {gross: 2}}]": False,
    "strategy: policy, overlays: [{smoth: }]": False,
    "strategy: policy, overlays: [{smooth: 6M}]": False,
    "strategy: policy, overlays: [{}]": False,
    "strategy: policy, overlays: [{smooth: , gross_cap: }]": False,
    "strategy: policy, overlays: {smooth: }": False,
    f"strategy: policy, overlays: [{'{smooth: }, ' * 10}]": True,
    f"strategy: policy, overlays: [{'{smooth: }, ' * 11}]": False,
    "strategy: policy, currency: unhedged": True,
    "strategy: policy, currency: hedged": False,
    "strategy: policy, currency: {fx_swap: {basis_bp: -30}}": True,
    "strategy: policy, currency: {fx_swap: {basis_bp: low}}": False,
    "strategy: policy, currency: {fx_swap: {basis_bp: [{from: 2016-01-01, bp: -60}]}}": True,
    "strategy: policy, currency: {fx_swap: {basis_bp: [{from: 2016-01-01}]}}": False,
    "strategy: policy, currency: {fx_swap: {basis_bp: [{from: 2016-01-01, bps: 1}]}}": False,
    "strategy: policy, borrow_bp: {JGB10: 50, UST10: [{from: 2016-01-01, bp: 6}]}": True,
    "strategy: policy, borrow_bp: {JGB10: dear}": False,
    "strategy: policy, borrow_bp: 50": False,
    "strategy: policy, currency: {repo: {}}": False,
    "strategy: policy, rebalance: {band: 0.1}": True,
    "strategy: policy, rebalance: {bnd: 0.1}": False,
    "strategy: policy, rebalance: ": True,
    "strategy: policy, fill: next_close": True,
    "strategy: policy, fill: later": False,
    "strategy: policy, extends: ": True,
    "strategy: policy, extends: 5": False,
}


@pytest.mark.parametrize("written", VARIANTS)
def test_the_schema_and_loading_agree_on_a_variant(tmp_path, written):
    text = f"name: run\nvariants:\n  a: {{{written}}}\n"
    assert fits(text) is loads(tmp_path, text) is VARIANTS[written]


NAMES = {"a": True, "9": True, "x" * 64: True, "a.b-c_d": True, "x" * 65: False, "-a": False, "a b": False}


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_and_loading_agree_on_names(tmp_path, name):
    text = f"name: '{name}'\nvariants: {{a: {{strategy: hold}}}}\n"
    assert fits(text) is loads(tmp_path, text) is NAMES[name]


def test_the_schema_and_loading_agree_on_what_must_be_there(tmp_path):
    for text in ("name: run\n", "variants: {a: {strategy: hold}}\n", "name: run\nvariants: {}\n"):
        assert not fits(text) and not loads(tmp_path, text)


@pytest.mark.parametrize("key", BOUNDS)
def test_the_schema_has_the_bounds_of_loading(key):
    lowest, highest, *beyond = BOUNDS[key]
    for value, inside in ((lowest, True), (highest, True), *((outside[0], False) for outside in beyond if outside)):
        data: Any = {"name": "run", "variants": {"a": {"strategy": "policy"}}}
        parent = data
        for part in key.split(".")[:-1]:
            parent = parent.setdefault(part, {})
        parent[key.split(".")[-1]] = value
        assert accepts(SCHEMA, data) is inside


def test_the_schema_knows_every_strategy_and_overlay():
    assert SCHEMA["title"] == "divergence configuration"
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for name in STRATEGIES:
        wrong = {"strategy": name, "params": {"no_such_parameter": 1}}
        assert not accepts(SCHEMA, {"name": "run", "variants": {"a": wrong}})
        blend = {"strategy": "blend", "params": {"parts": {"p": wrong}}}
        assert not accepts(SCHEMA, {"name": "run", "variants": {"a": blend}})
    for name in OVERLAYS:
        for params, fit in (({}, True), (None, True), ({"no_such_parameter": 1}, False), ({"inner": "policy"}, False)):
            variant = {"strategy": "policy", "overlays": [{name: params}]}
            assert accepts(SCHEMA, {"name": "run", "variants": {"a": variant}}) is fit
