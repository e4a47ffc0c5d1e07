"""From Python: a dict for a file, one value changed and all of it checked again, returns that other libraries take."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import yaml

from backtests import compare, load, read
from backtests import config as configuration
from data.errors import ConfigError
from tests.command import SMALL

TEXT = """
name: small
data: {start: 2019-12-31, end: 2025-12-31}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: 236A.T, sizing: duration, duration: 5.0}}
  unhedged: {extends: pair, currency: unhedged}
"""


@pytest.fixture
def config():
    return load(yaml.safe_load(TEXT))


def test_a_dict_is_the_configuration_that_its_file_would_be(config, tmp_path):
    (tmp_path / "run.yaml").write_text(TEXT)
    assert configuration.dump(config) == configuration.dump(load(tmp_path / "run.yaml"))
    assert load(yaml.safe_load(TEXT), "account.capital=5").account.capital == 5
    assert load(configuration.resolved(config)).variants == config.variants


def test_lists_that_are_one_object_in_a_dict_are_written_twice():
    weights = {"UST10": 0.5}
    held = {name: {"strategy": "hold", "params": {"weights": weights}} for name in ("a", "b")}
    assert [each.name for each in load({"name": "run", "variants": held}).variants] == ["a", "b"]


def test_a_day_as_iso_text_is_a_date_in_a_dict_where_a_date_is_wanted_and_text_where_text_is():
    held = {
        "strategy": "hold", "params": {"weights": {"UST10": 1.0}},
        "trade": {"entry": "2015-01-30", "exit": "2016-01-29"},
    }  # fmt: skip
    data = {"name": "2015-01-31", "data": {"start": "2014-12-31"}, "variants": {"2015-01-31": held}}
    text = load(data, "thesis_date='2024-01-01'")
    assert (text.name, text.variants[0].name) == ("2015-01-31", "2015-01-31")
    assert (text.data.start, text.thesis_date) == (date(2014, 12, 31), date(2024, 1, 1))
    assert (text.variants[0].trade.entry, text.variants[0].trade.exit) == (date(2015, 1, 30), date(2016, 1, 29))
    assert text.with_("data.start", "2015-01-30").data.start == date(2015, 1, 30)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            {"name": "run", "variants": {"a": {"strategy": "hodl"}}},
            "the configuration: variants.a.strategy: unknown strategy 'hodl'",
        ),
        (
            {"name": "run", "acount": {}, "variants": {"a": {"strategy": "hold"}}},
            "the configuration: acount: unknown key",
        ),
        (
            {"name": "run", "data": {"start": "2015-02-31"}, "variants": {"a": {"strategy": "hold"}}},
            "the configuration: data.start: is '2015-02-31'; expected a date like 1999-09-30",
        ),
        ({"name": "run", "variants": {"a": object()}}, "the configuration: <object object at "),
    ],
)
def test_what_is_wrong_with_a_dict_is_one_line_that_names_the_key(data, said):
    with pytest.raises(ConfigError) as refusal:
        load(data)
    assert str(refusal.value).startswith(said)
    assert "\n" not in str(refusal.value)


def test_a_changed_value_is_that_of_set_and_the_first_configuration_stays(config):
    changed = config.with_("variants.pair.params.duration", 4)
    assert [each.params["duration"] for each in changed.variants] == [4.0, 4.0]  # the one that extends it follows
    assert [each.params["duration"] for each in config.variants] == [5.0, 5.0]
    assert configuration.dump(changed) == configuration.dump(
        load(yaml.safe_load(TEXT), "variants.pair.params.duration=4")
    )
    assert config.with_("thesis_date", pd.Timestamp("2024-01-01").date()).thesis_date.year == 2024
    assert config.with_("instruments.236A.T.half_spread_bp", 3.0).library["236A.T"].half_spread == pytest.approx(3e-4)
    assert changed.with_("account.capital", 5.0).variants == changed.variants


def test_of_two_changes_that_say_one_thing_the_later_stands(config):
    dollars = config.with_("account.size_on", "capital").with_("variants.pair.params.dv01_usd", 2000.0)
    assert dollars.variants[0].strategy.duration == 2.0
    assert dollars.with_("variants.pair.params.duration", 3.0).variants[0].strategy.duration == 3.0


def test_series_given_stay_with_a_changed_configuration():
    days = pd.bdate_range("2015-01-01", "2024-12-31")
    prices = {"TLT": pd.DataFrame({"adjusted": 100 * np.exp(0.03 * np.arange(len(days)) / 260)}, days)}
    config = load(yaml.safe_load(SMALL), prices=prices)
    assert config.with_("account.capital", 5.0).given == config.given != ()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("variants.pair.params.durtion", 4, "did you mean 'duration'?"),
        ("variants.pair.params.duration", -1, "expected a number above 0"),
        ("account.capital", object(), "is nothing that YAML can hold"),
    ],
)
def test_a_change_that_cannot_be_is_refused_in_one_line(path, value, said, config):
    with pytest.raises(ConfigError) as refusal:
        config.with_(path, value)
    assert said in str(refusal.value)
    assert "--set" not in str(refusal.value)


def test_a_change_refused_is_named_as_it_was_given(config):
    for path, told in (
        ("variants.pair.params.durtion", "unknown key"),
        ("account.capital.usd", "{'usd': 4}; expected"),
    ):
        with pytest.raises(ConfigError) as refusal:
            config.with_(path, 4)
        assert str(refusal.value).startswith(f"with_('{path}', 4): ")
        assert told in str(refusal.value)


def test_returns_are_those_of_the_figures_and_quantstats_takes_a_column_as_it_is(small):
    stats = pytest.importorskip("quantstats.stats")
    results = read(small.folder / "result")
    pair = results.returns["pair"]
    assert stats.comp(pair) == pytest.approx(results.equity["pair"].iloc[-1] / results.equity["pair"].iloc[0] - 1)
    assert stats.max_drawdown(results.excess_returns["pair"]) == pytest.approx(results.drawdowns["pair"].min())
    assert results.metrics.loc["pair", "excess_drawdown"] == pytest.approx(-results.drawdowns["pair"].min())
    x = results.excess_returns["pair"]
    assert results.metrics.loc["pair", "sharpe"] == pytest.approx(x.mean() / x.std() * np.sqrt(12))
    assert list(results.returns.columns) == ["pair", "bond"]


def test_side_by_side_without_a_benchmark_the_differences_are_an_empty_table():
    variants = {"p": {"strategy": "divergence", "params": {"duration": 5.0}}}
    alone = load({"name": "x", "variants": variants})
    assert str(alone).startswith("x: 1 variant, bundled data")
    against = compare(alone).against
    assert against.empty and {"alpha", "beta"} <= {*against.columns}
    assert against.index.names == ["variant", "benchmark"]
