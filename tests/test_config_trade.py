"""`trade:` of a variant: what it becomes, what it inherits, and what is wrong with it."""

from __future__ import annotations

from datetime import date

import pytest

from backtests import config
from strategies.exits import DatedTrade, Length, Terms
from strategies.overlays import Smooth
from tests.config_files import load, refusal

HEAD = "name: run\ndata: {start: 2000-01-31}\nvariants:\n  a:\n    strategy: curve\n"
FULL = (
    "{entry: 2026-01-05, exit: 2026-06-30, horizon: 3M, target_bp: 30, stop_bp: 15, target_pct: 2.0, stop_pct: 1.0, "
    "trail_bp: 20, reenter: 2M}"
)


def strategy_of(tmp_path, text: str):
    return load(tmp_path, text).variants[-1].strategy


def test_every_key_of_it_is_read(tmp_path):
    strategy = strategy_of(tmp_path, f"{HEAD}    overlays: [{{smooth: }}]\n    trade: {FULL}\n")
    assert isinstance(strategy, DatedTrade)
    assert isinstance(strategy.inner, Smooth)  # around everything else
    assert strategy.start == date(2000, 1, 31)
    assert strategy.terms == Terms(
        entry=date(2026, 1, 5), exit=date(2026, 6, 30), horizon=Length("3M"), target_bp=30.0, stop_bp=15.0,
        trail_bp=20.0, target_pct=2.0, stop_pct=1.0, reenter=Length("2M"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "again"), [("{entry: 2026-01-05}", "never"), ("{stop_bp: 5}", "turn"), ("{reenter: never}", "never")]
)
def test_it_is_opened_again_as_its_entry_says_where_nothing_else_does(tmp_path, text, again):
    assert strategy_of(tmp_path, f"{HEAD}    trade: {text}\n").terms.again == again


def test_a_child_takes_its_parents_and_changes_what_it_names(tmp_path):
    text = f"{HEAD}    trade: {{stop_bp: 15, target_bp: 30}}\n  b: {{extends: a, trade: {{stop_bp: 20}}}}\n"
    assert strategy_of(tmp_path, text).terms == Terms(stop_bp=20.0, target_bp=30.0)
    none = strategy_of(tmp_path, f"{HEAD}    trade: {{stop_bp: 15}}\n  b: {{extends: a, trade: }}\n")
    assert not isinstance(none, DatedTrade)


def test_the_resolved_configuration_says_it_in_full_and_reads_back(tmp_path):
    first = load(tmp_path, f"{HEAD}    trade: {FULL}\n")
    (tmp_path / "again.yaml").write_text(config.dump(first))
    again = config.load(tmp_path / "again.yaml")
    assert again.variants[0].strategy == first.variants[0].strategy
    assert config.resolved(again) == config.resolved(first)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("{stop: 15}", ":6: variants.a.trade.stop: unknown key", "did you mean 'stop_bp'?"),
        ("{stop_bp: 0}", ":6: variants.a.trade.stop_bp", "above 0"),
        ("{stop_bp: -15}", ":6: variants.a.trade.stop_bp", "above 0"),
        ("{horizon: 3W}", ":6: variants.a.trade.horizon", "3W"),
        ("{reenter: again}", ":6: variants.a.trade.reenter", "again"),
        ("{entry: 2026-13-01}", ":6:", "2026-13-01"),
        ("{entry: 2026-01-05, exit: 2026-01-05}", ":6: variants.a.trade.exit", "is not after the entry, 2026-01-05"),
    ],
)
def test_what_is_wrong_with_it_is_one_line_that_says_where(tmp_path, text, place, says):
    message = refusal(tmp_path, f"{HEAD}    trade: {text}\n")
    assert place in message
    assert says in message
    assert "\n" not in message


def test_a_gate_in_basis_points_on_cash_is_refused_where_it_stands(tmp_path):
    text = (
        "name: run\nvariants:\n  a:\n    strategy: hold\n    params: {weights: {JPY: -0.5}}\n    trade: {stop_bp: 5}\n"
    )
    message = refusal(tmp_path, text)
    assert (
        ":6: variants.a.trade.stop_bp: needs the yield of every leg, and JPY has none; use target_pct or stop_pct"
        in message
    )
