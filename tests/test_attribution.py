"""Where the money came from: every table of it sums to the profit it explains."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Terms, prepare
from backtests.engine.result import Result
from backtests.performance import attribution
from backtests.performance.attribution import BOOK, LINES
from backtests.performance.repricing import PARTS, parts
from backtests.runs import runner
from data.build import build
from data.errors import ReconciliationError
from data.instruments import LIBRARY, Instrument
from data.market import Market
from data.tables import Tables
from strategies import STRATEGIES
from tests.test_build import TENORS, made_up

ROOT = Path(__file__).resolve().parent.parent
ROWS = slice(160, 390)
VARIANTS = {
    "thesis": ("divergence", {}, Terms(every="month")),
    "unhedged": ("divergence", {}, Terms(currency="unhedged", lag=1)),
    "funds": ("hold", {"weights": {"TLT": 1.4, "2561.T": -0.6}}, Terms(every="year", size_on="capital")),
    "box": ("box", {}, Terms(currency="fx_swap", cash_interest=False, band=0.1)),
    "real": ("divergence", {"long": "TIPS10", "short": "UST10"}, Terms(every="month")),
    "yen": ("hold", {"weights": {"JPY": -0.5}}, Terms(currency="unhedged")),
    "ruin": ("hold", {"weights": {"UST30": 14.0}}, Terms(every="year", max_gross=14.0)),
}


@dataclasses.dataclass(frozen=True)
class One:
    """A result, the market of its legs, and its window."""

    result: Result
    market: Market
    rows: slice

    @property
    def legs(self) -> tuple[str, ...]:
        return self.market.names

    def table(self, name: str = "one") -> pd.DataFrame:
        return attribution.tidy(name, self.result, self.market, self.rows)


Engine = Callable[..., Result]


@pytest.fixture(params=[ledger.run, backtrader_engine.run], ids=["ledger", "backtrader"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


@pytest.fixture
def results(engine: Engine, market: Market) -> dict[str, One]:
    """Every variant, run."""
    made = {}
    for name, (strategy, params, terms) in VARIANTS.items():
        chosen = STRATEGIES[strategy](**params)
        legs = market.select(chosen.legs)
        made[name] = One(engine(prepare(legs, chosen.targets(legs), ROWS, terms)), legs, ROWS)
    return made


def pnl(result: Result) -> float:
    return float(result.equity[-1]) - result.capital


def test_the_table_of_many_variants_sums_to_the_pnl_of_each(results):
    sums = pd.concat([one.table(name) for name, one in results.items()]).groupby("variant")["usd"].sum()
    assert set(sums.index) == set(VARIANTS)
    for name, one in results.items():
        assert pnl(one.result) != 0
        assert sums[name] == pytest.approx(pnl(one.result), rel=0, abs=1e-9 * one.result.capital)
    assert results["ruin"].result.ruined is not None


def sums_by_bar(one: One) -> None:
    by_day = one.table().groupby("date")["usd"].sum().reindex(one.result.dates, fill_value=0.0)
    change = np.diff(one.result.equity, prepend=one.result.capital)
    np.testing.assert_allclose(by_day, change, rtol=0, atol=1e-9 * one.result.capital)


def test_the_table_sums_to_the_change_in_equity_of_every_bar(results):
    for one in results.values():
        sums_by_bar(one)


def test_the_lines_of_every_variant_of_the_default_run_sum_to_the_change_in_equity_of_every_bar():
    done = runner.run(config.load(ROOT / "config.yaml"))
    assert done.variants
    for one in done.variants:
        sums_by_bar(One(one.result, one.market, one.span.rows))


def test_the_parts_of_each_leg_sum_to_its_price_line_on_every_bar(results):
    for name, one in results.items():
        lines = attribution.bond_lines(one.result, one.market, one.rows)
        assert tuple(lines) == PARTS
        total = sum(lines.values())
        np.testing.assert_allclose(total, one.result.price, rtol=0, atol=1e-9 * one.result.capital, err_msg=name)
        assert not total[0].any() and np.abs(total).max() > 1e-5 * one.result.capital


def test_the_other_lines_are_those_of_the_ledger(results):
    for one in results.values():
        sums = one.table().groupby(["line", "instrument"])["usd"].sum()
        for line in ("funding", "cost", "borrow", "roll", "fx"):
            for i, leg in enumerate(one.legs):
                expected = one.result.line(line)[:, i].sum()
                assert sums.get((line, leg), 0.0) == pytest.approx(expected, rel=1e-9, abs=1e-3)
        assert sums.get(("cash", BOOK), 0.0) == pytest.approx(one.result.cash.sum(), rel=1e-12)


def test_each_kind_of_leg_has_its_lines(results):
    used = {name: {line for line, usd in totals(one).items() if usd} & set(PARTS) for name, one in results.items()}
    moved = {"carry", "rolldown", "level", "curve", "convexity"}
    assert used["thesis"] == used["box"] == moved
    assert used["funds"] == {*moved, "fee"}
    assert used["real"] == {*moved, "inflation"}
    assert used["yen"] == {"carry"}


def totals(one: One) -> dict[str, float]:
    return attribution.by_line(one.result, one.market, one.rows)


def test_the_lines_sum_to_the_pnl(results):
    for one in results.values():
        lines = totals(one)
        assert tuple(lines) == LINES
        assert sum(lines.values()) == pytest.approx(pnl(one.result), rel=0, abs=1e-9 * one.result.capital)


def test_the_legs_and_the_book_sum_to_the_trading_pnl_on_every_row(results):
    for one in results.values():
        result = one.result
        paths = attribution.by_leg(result, one.legs)
        assert list(paths) == [*one.legs, BOOK]
        np.testing.assert_allclose(
            sum(paths.values()),
            result.equity - result.capital - np.cumsum(result.cash),
            rtol=0,
            atol=1e-9 * result.capital,
        )


def test_a_short_earns_the_opposite_of_a_long(market):
    legs = market.select(["JGB10"])
    terms = Terms(every="year", size_on="capital", cash_interest=False)
    long, short = (
        totals(One(ledger.run(prepare(legs, np.full(legs.price.shape, weight), ROWS, terms)), legs, ROWS))
        for weight in (0.1, -0.1)
    )
    for part in PARTS:
        assert short[part] == pytest.approx(-long[part], abs=1e-6)
    assert long["carry"] > 0 and long["convexity"] > 0


# ---- funds on their own prices, holidays, lots, taxes

WEEK = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"])


def daily(**changed) -> Tables:
    """Six days: the US curve is closed on the third, TLT on the fifth; 0.8 a unit is paid on the fourth."""
    rng = np.random.default_rng(1)
    us = pd.DataFrame(0.04 + np.cumsum(rng.normal(0, 0.001, (6, 8)), axis=0), WEEK, TENORS)
    jp = us - 0.03
    us.iloc[2] = np.nan
    open_ = WEEK[[0, 1, 2, 3, 5]]
    prices = pd.DataFrame({"price": [90.0, 91, 90.5, 88, 92], "income": [0, 0, 0, 0.8, 0]}, open_)
    yen = pd.Series([150.0, 140, 160, 155, 145, 150], WEEK)
    return made_up(us, "daily", yields={"us": us, "jp": jp}, prices={"TLT": prices}, fx={"JPY": yen}, **changed)


@pytest.mark.parametrize("currency", ["repo", "unhedged", "fx_swap"])
@pytest.mark.parametrize("lag", [0, 1])
def test_holidays_waiting_orders_lots_currency_and_taxed_distributions_all_sum(engine, currency, lag):
    legs = build(daily(), [LIBRARY["TLT"], LIBRARY["JGB10"], LIBRARY["UST10"]])
    weights = np.array([[0.9, -1.5, 0.4]] * 5 + [[-0.9, 1.5, -0.4]])
    weights[2] = [-0.5, 0.3, -0.3]
    terms = Terms(capital=1000.0, withholding=0.3, currency=currency, lag=lag)
    one = One(engine(prepare(legs, weights, slice(0, 6), terms)), legs, slice(0, 6))
    assert one.result.income.any() and (one.result.units[:, 0] == np.trunc(one.result.units[:, 0])).all()
    sums_by_bar(one)


def test_tax_withheld_from_a_long_is_tracking_and_a_short_has_none():
    legs = build(daily(), [LIBRARY["TLT"]])
    for weight, tax in ((1.0, 0.3), (-1.0, 0.0)):
        weights = np.full((6, 1), weight)
        lines = {}
        for withheld in (0.0, 0.3):
            terms = Terms(capital=1e6, size_on="capital", every="month", withholding=withheld)
            result = ledger.run(prepare(legs, weights, slice(0, 6), terms))
            lines[withheld] = attribution.bond_lines(result, legs, slice(0, 6))
        held = 1e6 * weight // 90 if weight > 0 else -(1e6 // 90)  # whole units at 90, never changed
        lost = lines[0.3]["tracking"] - lines[0.0]["tracking"]
        assert lost[:, 0] == pytest.approx([0, 0, 0, -tax * 0.8 * held, 0, 0], abs=1e-9)
        assert all(np.array_equal(lines[0.3][part], lines[0.0][part]) for part in PARTS[:-1])


# ---- by hand


def two_months() -> Market:
    """A US bond of 10 years at 4 %, then 3 %; the curve is flat."""
    days = pd.DatetimeIndex(["2020-01-31", "2020-02-29"])
    us = pd.DataFrame([[0.04] * 8, [0.03] * 8], days, TENORS)
    market = build(made_up(us), [Instrument("A", "par_bond", "USD", "us", 10.0)])
    return dataclasses.replace(market, funding=np.array([[0.0], [0.002]]), cash=np.array([0.0, 0.005]))


def hand_made(market: Market) -> Result:
    """Half of 1000 in A over one bar; a half-spread of 1 % of price."""
    dear = dataclasses.replace(market, spread=np.full((2, 1), 0.01))
    return ledger.run(prepare(dear, np.full((2, 1), 0.5), slice(0, 2), Terms(capital=1000.0, every="year")))


def test_a_case_worked_by_hand(by_coupons):
    market = two_months()
    table = attribution.tidy("mine", hand_made(market), market, slice(0, 2))
    assert table.columns.tolist() == ["date", "variant", "instrument", "line", "usd"]
    assert table.drop(columns="usd").astype(str).to_numpy().tolist() == [
        ["2020-01-31", "mine", "A", "cost"],
        ["2020-02-29", "mine", "A", "carry"],
        ["2020-02-29", "mine", "A", "convexity"],
        ["2020-02-29", "mine", "A", "funding"],
        ["2020-02-29", "mine", "A", "level"],
        ["2020-02-29", "mine", BOOK, "cash"],
    ]
    dt = 29 / 365.25
    carry = 1.02 ** (2 * dt) - 1
    slope = (by_coupons(0.04, 0.04 + 1e-6, 10 - dt) - by_coupons(0.04, 0.04 - 1e-6, 10 - dt)) / 2e-6
    convexity = by_coupons(0.04, 0.03, 10 - dt) - (1 + carry) + 0.01 * slope
    expected = [-5, 500 * carry, 500 * convexity, -1, 500 * -0.01 * slope, 995 * 0.005]
    assert table["usd"].tolist() == pytest.approx(expected, abs=1e-6)


def test_each_legs_path_is_after_its_own_costs():
    market = two_months()
    paths = attribution.by_leg(hand_made(market), ("A",))
    gain = 500 * (market.price[1, 0] / 100 - 1)
    assert paths["A"].tolist() == pytest.approx([-5, -5 + gain - 1])
    assert paths[BOOK].tolist() == [0.0, 0.0]  # no margin; interest is apart


def test_a_result_without_a_trade_has_an_empty_table():
    market = dataclasses.replace(two_months(), cash=np.zeros(2))
    idle = ledger.run(prepare(market, np.zeros((2, 1)), slice(0, 2), Terms()))
    table = attribution.tidy("idle", idle, market, slice(0, 2))
    assert table.empty
    assert table.columns.tolist() == ["date", "variant", "instrument", "line", "usd"]


def test_a_price_that_is_not_what_the_curve_says_is_refused_by_leg_and_day():
    market = two_months()
    wrong = dataclasses.replace(market, price=market.price * np.array([[1.0], [1.0 + 1e-6]]))
    with pytest.raises(ReconciliationError, match=r"A on 2020-02-29: .* report this") as refusal:
        attribution.tidy("mine", hand_made(wrong), wrong, slice(0, 2))
    assert "\n" not in str(refusal.value)


def test_the_part_of_a_bar_is_earned_on_what_was_held_over_it(market):
    legs = market.select(["UST30"])
    weights = np.where(np.arange(len(legs.dates)) % 2 == 0, 0.5, -1.0)[:, None]
    one = One(ledger.run(prepare(legs, weights, slice(300, 340), Terms())), legs, slice(300, 340))
    lines, share = attribution.bond_lines(one.result, legs, one.rows), parts(legs, "UST30")
    held = one.result.units[:-1, 0] * legs.price[300:339, 0]
    for part in PARTS:
        assert lines[part][1:, 0] == pytest.approx(held * share[part][301:340], rel=1e-12, abs=1e-9)
