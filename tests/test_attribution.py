"""Where the money came from: every table of it sums to the profit it explains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests import attribution, broker, ledger
from backtests.attribution import BOOK
from backtests.book import Terms, prepare
from backtests.result import LINES, Result
from data.market import Market
from strategies import STRATEGIES
from tests.test_ledger import NEVER_AGAIN, book

VARIANTS = {
    "thesis": ("divergence", {}, Terms(every="month")),
    "unhedged": ("divergence", {}, Terms(currency="unhedged", lag=1)),
    "funds": ("hold", {"weights": {"TLT": 1.4, "2561.T": -0.6}}, Terms(every="year", size_on="capital")),
    "box": ("box", {}, Terms(currency="fx_swap", cash_interest=False, band=0.1)),
    "ruin": ("hold", {"weights": {"UST30": 14.0}}, Terms(every="year", max_gross=14.0)),
}


@pytest.fixture(params=[ledger.run, broker.run], ids=["ledger", "backtrader"])
def results(request: pytest.FixtureRequest, market: Market) -> dict[str, tuple[Result, tuple[str, ...]]]:
    """Every variant's result and legs."""
    made = {}
    for name, (strategy, params, terms) in VARIANTS.items():
        chosen = STRATEGIES[strategy](**params)
        legs = market.select(chosen.legs)
        made[name] = request.param(prepare(legs, chosen.targets(legs), slice(160, 390), terms)), chosen.legs
    return made


def pnl(result: Result) -> float:
    return float(result.equity[-1]) - result.capital


def test_the_table_of_many_variants_sums_to_the_pnl_of_each(results):
    table = pd.concat([attribution.tidy(name, result, legs) for name, (result, legs) in results.items()])
    sums = table.groupby("variant")["usd"].sum()
    assert set(sums.index) == set(VARIANTS)
    for name, (result, _) in results.items():
        assert pnl(result) != 0
        assert sums[name] == pytest.approx(pnl(result), rel=0, abs=1e-9 * result.capital)


def test_the_table_sums_to_the_change_in_equity_of_every_bar(results):
    for name, (result, legs) in results.items():
        table = attribution.tidy(name, result, legs)
        by_day = table.groupby("date")["usd"].sum().reindex(result.dates, fill_value=0.0)
        change = np.diff(result.equity, prepend=result.capital)
        np.testing.assert_allclose(by_day, change, rtol=0, atol=1e-9 * result.capital)


def test_the_table_by_line_and_leg_is_the_ledger(results):
    for name, (result, legs) in results.items():
        table = attribution.tidy(name, result, legs)
        sums = table.groupby(["line", "instrument"])["usd"].sum()
        for line in ("price", "funding", "cost"):
            for i, leg in enumerate(legs):
                assert sums[line, leg] == pytest.approx(result.line(line)[:, i].sum(), rel=1e-9, abs=1e-3)
        if result.cash.any():
            assert sums["cash", BOOK] == pytest.approx(result.cash.sum(), rel=1e-12)


def test_the_lines_sum_to_the_pnl(results):
    for result, _ in results.values():
        lines = attribution.by_line(result)
        assert set(lines) == set(LINES)
        assert sum(lines.values()) == pytest.approx(pnl(result), rel=0, abs=1e-9 * result.capital)


def test_the_legs_and_the_book_sum_to_the_pnl_on_every_row(results):
    for result, legs in results.values():
        paths = attribution.by_leg(result, legs)
        assert list(paths) == [*legs, BOOK]
        np.testing.assert_allclose(
            sum(paths.values()), result.equity - result.capital, rtol=0, atol=1e-9 * result.capital
        )


def hand_made() -> Result:
    """Long 10 of A, short 20 of B, over one bar; interest of 5 and costs of 1 % of what is traded."""
    return ledger.run(
        book([[100, 50], [110, 52]], [[1.0, -1.0]], NEVER_AGAIN, spread=0.01, cash=[0.0, 0.005], funding_long=0.002)
    )


def test_a_case_worked_by_hand():
    table = attribution.tidy("mine", hand_made(), ("A", "B"))
    assert table.columns.tolist() == ["date", "variant", "instrument", "line", "usd"]
    assert table.drop(columns="usd").astype(str).to_numpy().tolist() == [
        ["2024-01-01", "mine", "A", "cost"],
        ["2024-01-01", "mine", "B", "cost"],
        ["2024-01-02", "mine", "A", "funding"],
        ["2024-01-02", "mine", "A", "price"],
        ["2024-01-02", "mine", "B", "price"],
        ["2024-01-02", "mine", BOOK, "cash"],
    ]
    assert table["usd"].tolist() == pytest.approx([-10, -10, -2, 100, -40, 980 * 0.005])


def test_each_legs_path_is_after_its_own_costs():
    paths = attribution.by_leg(hand_made(), ("A", "B"))
    assert {leg: path.tolist() for leg, path in paths.items()} == {
        "A": pytest.approx([-10, 88]),
        "B": pytest.approx([-10, -50]),
        BOOK: pytest.approx([0, 4.9]),
    }


def test_a_result_without_a_trade_has_an_empty_table():
    idle = ledger.run(book([100, 110], [[0.0]]))
    table = attribution.tidy("idle", idle, ("A",))
    assert table.empty
    assert table.columns.tolist() == ["date", "variant", "instrument", "line", "usd"]
