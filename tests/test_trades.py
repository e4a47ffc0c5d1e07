"""config/trades.yaml: it runs in both engines, says true hurdles, and docs/trades.md says how its trades ended."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from backtests import config
from backtests.runs import runner

ROOT = Path(__file__).resolve().parent.parent
PATH = ROOT / "config/trades.yaml"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run() -> runner.Run:
    return runner.run(config.load(PATH))  # raises where the two engines disagree


def _generator():
    spec = importlib.util.spec_from_file_location("trades", ROOT / "docs/trades.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def said() -> dict[str, tuple[str, float]]:
    """Comment above each variant, and the hurdle it states."""
    found = re.findall(r"((?:^  # .*\n)+)  (\w+):\n", PATH.read_text(), re.MULTILINE)
    return {name: (text, float(re.search(r"Hurdle: (-?[\d.]+) bp", text)[1])) for text, name in found}


def test_every_trade_says_its_view_its_hurdle_and_how_it_loses(run):
    comments = said()
    assert list(comments) == [one.variant.name for one in run.variants]
    for text, _ in comments.values():
        assert "View: " in text and "Loses: " in text


def test_every_hurdle_said_is_that_of_the_first_trip(run):
    hurdles = {one.variant.name: round(one.trips[0].hurdle_bp, 1) for one in run.variants}
    assert hurdles == {name: hurdle for name, (_, hurdle) in said().items()}


def test_every_trade_is_dated_and_sized_in_dollars_per_basis_point(run):
    for one in run.variants:
        assert one.variant.trade and one.variant.params["dv01_usd"] in (2_500, 5_000)
        assert one.trips


def test_trips_sum_to_trading_pnl_in_every_trade(run):
    for one in run.variants:
        total = sum(trip.pnl_usd for trip in one.trips)
        trading = one.result.equity[-1] - one.result.capital - one.result.cash.sum()
        assert total == pytest.approx(trading, abs=1e-9 * one.result.capital)


def test_the_page_is_what_a_run_makes(run):
    generate = _generator()
    page = generate.PAGE.read_text(encoding="utf-8")
    assert generate.filled(page, generate.blocks(run)) == page, "run `make docs` and read what changed"
