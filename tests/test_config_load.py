"""From a file to a configuration and back: defaults, dates, sources, benchmarks, and what a dump keeps."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from backtests import config
from data.instruments import LIBRARY
from strategies.hold import Hold
from tests.config_files import BASE, EVERYTHING, load, refusal

ROOT = Path(__file__).resolve().parent.parent


def test_a_key_left_out_has_its_default(tmp_path):
    chosen = load(tmp_path, BASE.replace("policy", "hold"))
    assert config.resolved(chosen) == {
        "name": "run",
        "data": {"source": "bundled", "frequency": "native", "interpolation": "linear", "distributions": "reinvested"},
        "account": {
            "capital": 10_000_000.0, "size_on": "equity", "max_gross": 10.0, "cash_interest": True,
            "margin_spread_bp": 75.0, "repo_spread_bp": 5.0, "withholding": 0.0,
        },
        "engine": "backtrader",
        "fill": "auto",
        "rebalance": {"every": "month", "band": 0.0},
        "instruments": {},
        "variants": {
            "a": {
                "strategy": "hold",
                "params": {"weights": {"UST10": 1.0}},
                "overlays": [],
                "currency": "repo",
                "rebalance": {"every": "month", "band": 0.0},
                "fill": "auto",
            }
        },
        "benchmarks": [],
    }  # fmt: skip
    assert (chosen.thesis_date, chosen.data.start, chosen.data.end) == (None, None, None)
    assert (chosen.library, chosen.addresses) == (LIBRARY, {})
    assert chosen.variants[0].strategy == Hold()


def test_a_configuration_cannot_be_changed(tmp_path):
    chosen = load(tmp_path, BASE)
    for frozen, field in ((chosen, "name"), (chosen.variants[0], "fill"), (chosen.variants[0].currency, "kind")):
        with pytest.raises(FrozenInstanceError):
            setattr(frozen, field, "x")
    for frozen, field in ((chosen.data, "source"), (chosen.account, "size_on"), (chosen.rebalance, "every")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(frozen, field, "x")


# ---- dates, income and sources


def test_the_end_comes_after_the_start(tmp_path):
    for start, end in (("2010-01-31", "2010-01-31"), ("2010-02-28", "2010-01-31")):
        message = refusal(tmp_path, BASE + f"data:\n  start: {start}\n  end: {end}\n")
        assert message == f"run.yaml:5: data.end: {end} is not after start, {start}"
    chosen = load(tmp_path, BASE + "data: {start: 2010-01-30, end: 2010-01-31}\n").data
    assert (chosen.start, chosen.end) == (date(2010, 1, 30), date(2010, 1, 31))


def test_a_start_or_an_end_may_stand_alone(tmp_path):
    assert load(tmp_path, BASE + "data: {start: 2010-01-31}\n").data.end is None
    assert load(tmp_path, BASE + "data: {end: 2010-01-31}\n").data.start is None


def test_tax_on_distributions_needs_distributions(tmp_path):
    account = "account:\n  withholding: 0.15\n"
    assert refusal(tmp_path, BASE + account) == (
        "run.yaml:4: account.withholding: total-return prices reinvest distributions whole; "
        "set data.distributions: paid, or leave withholding out"
    )
    assert load(tmp_path, BASE + account + "data: {distributions: paid}\n").account.withholding == 0.15
    assert load(tmp_path, BASE + "account: {withholding: 0}\n").account.withholding == 0.0


def test_a_source_may_be_a_folder_beside_the_file(tmp_path, monkeypatch):
    (tmp_path / "prices").mkdir()
    (tmp_path / "store").mkdir()  # a name of ours is ours, whatever stands beside the file
    assert load(tmp_path, BASE + "data: {source: prices}\n").data.source == str(tmp_path / "prices")
    assert load(tmp_path, BASE + f"data: {{source: {tmp_path / 'prices'}}}\n").data.source == str(tmp_path / "prices")
    assert load(tmp_path, BASE + "data: {source: store}\n").data.source == "store"
    assert load(tmp_path, BASE + "data: {source: bundled}\n").data.source == "bundled"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert config.load(Path("../run.yaml"), ["data.source=prices"]).data.source == str(Path("../prices").absolute())


@pytest.mark.parametrize("source", ["price", "run.yaml"])
def test_a_source_that_is_not_a_folder_is_refused(tmp_path, source):
    words = f"'{source}' is not bundled, not store and not a folder of CSV files in {tmp_path}"
    assert refusal(tmp_path, BASE + f"data:\n  source: {source}\n") == f"run.yaml:4: data.source: {words}"


def test_addresses_replace_the_sources_own(tmp_path):
    text = "sources:\n  mof: https://mirror.org/jgb\n  fred: 'http://x.org/{id}'\n"
    assert refusal(tmp_path, BASE + text).startswith("run.yaml:4: sources.mof: the address must hold {")
    fred = "sources:\n  fred: "
    assert load(tmp_path, BASE + fred + "'http://x.org/{id}'").addresses == {"fred": "http://x.org/{id}"}
    for address in ("https://x.org", "https://x.org/{id", "https://x.org/{id}/{other}"):
        said = f"the address must hold {{id}} and no other braces; got {address}"
        assert refusal(tmp_path, BASE + f"{fred}'{address}'") == f"run.yaml:4: sources.fred: {said}"


# ---- benchmarks


def test_a_benchmark_named_twice_counts_once_in_the_order_given(tmp_path):
    text = BASE.replace("}}", "}, b: {strategy: hold}, c: {strategy: hold}}")
    assert load(tmp_path, text + "benchmarks: [c, a, c, a]\n").benchmarks == ("c", "a")


def test_every_benchmark_is_a_variant(tmp_path):
    text = BASE.replace("}}", "}, bond: {strategy: hold}}")
    message = refusal(tmp_path, text + "benchmarks:\n  - a\n  - bund\n")
    assert message == "run.yaml:5: benchmarks.1: 'bund' is not a variant; did you mean 'bond'?"


# ---- and back


def test_a_dump_of_everything_loads_to_the_same_configuration(tmp_path):
    (tmp_path / "prices").mkdir()
    (tmp_path / "further").mkdir()
    chosen = load(tmp_path, EVERYTHING)
    again = load(tmp_path / "further", config.dump(chosen))
    assert again == chosen
    assert config.dump(again) == config.dump(chosen)
    assert config.resolved(again) == config.resolved(chosen)


def test_a_dump_writes_what_was_given_and_what_was_inherited(tmp_path):
    (tmp_path / "prices").mkdir()
    data = config.resolved(load(tmp_path, EVERYTHING))
    assert list(data) == [
        "name", "thesis_date", "data", "account", "engine", "fill", "rebalance", "instruments", "sources", "variants",
        "benchmarks",
    ]  # fmt: skip
    assert data["thesis_date"] == date(2020, 1, 2)
    assert data["instruments"]["JGB10"] == {"borrow_bp": 3.0, "maturity": 9.5, "rolls_per_year": 1.0}
    assert data["instruments"]["UST10"]["borrow_bp"][0] == {"from": date(2020, 1, 1), "bp": 5.0}
    thesis, swap, pair = (data["variants"][name] for name in ("thesis", "swap", "pair"))
    assert thesis == {
        "strategy": "thesis",
        "params": {"without": "tips", "duration": 5.0},
        "overlays": [{"smooth": {"window": "3M"}}, {"gross_cap": {"gross": 2.0}}],
        "currency": "unhedged",
        "rebalance": {"every": "bar", "band": 0.1},
        "fill": "next_close",
    }
    assert swap["currency"] == {"fx_swap": {"basis_bp": -20.0}}
    assert pair["params"] == {"long": "UST10", "short": "JGB10", "sizing": "duration"}
    text = config.dump(load(tmp_path, EVERYTHING))
    assert text.startswith("name: everything\nthesis_date: 2020-01-02\ndata:\n  source: ")


def test_a_dump_keeps_the_letters_of_any_alphabet(tmp_path):
    chosen = load(tmp_path, f"{BASE}countries: {{jp: {{place: 東京}}}}\n")
    assert "place: 東京\n" in config.dump(chosen)
    assert load(tmp_path, config.dump(chosen)).countries["jp"].place == "東京"


@pytest.mark.parametrize("name", ["config.yaml", "config/daily.yaml", "config/thesis.yaml"])
def test_a_dump_of_what_comes_along_loads_to_the_same_configuration(tmp_path, name):
    chosen = config.load(ROOT / name)
    assert load(tmp_path, config.dump(chosen)) == chosen


def test_what_two_variants_share_is_written_out_in_both(tmp_path):
    text = "name: run\nvariants:\n  a: {strategy: divergence, trade: {entry: 2020-01-02}}\n  b: {extends: a}\n"
    chosen = load(tmp_path, text)
    dumped = config.dump(chosen)
    assert dumped.count("entry: 2020-01-02\n") == 2
    assert load(tmp_path, dumped) == chosen
