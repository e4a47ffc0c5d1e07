"""Financing as it is dealt: initial margin by hand, a basis in dated steps, shorts as dear as a variant says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from backtests import config
from backtests.config.currency import BasisStep, CurrencyTreatment
from backtests.config.model import BorrowStep
from backtests.engine import backtrader_engine, kernel, ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.carry import carry_ahead, funding, shorted_as
from backtests.performance import financing
from backtests.runs import notices, runner
from data.build import build
from data.instruments import LIBRARY, Step
from data.market import Market
from tests.config_files import load, refusal, variants

BP = 1e-4
ROWS = slice(300, 320)  # month ends of the bundled figures on which every leg used here is quoted
ONCE = np.arange(ROWS.stop - ROWS.start) == 0


def held(market: Market, by_leg: tuple[float, ...], **terms) -> Book:
    """A book that trades into weights on its first row and never again."""
    book = prepare(market, np.tile(by_leg, (len(market.dates), 1)), ROWS, Terms(**terms))
    return book._replace(decides=ONCE)


# ---- initial margin


def test_two_bonds_tie_up_their_rates_of_their_notional(tables):
    market = build(tables, [LIBRARY["UST10"], LIBRARY["JGB30"]])
    result = ledger.run(held(market, (0.5, -0.4), capital=1_000_000.0))
    used = financing.by_leg(market, ROWS, result)
    # 2 % of half a million, 5 % of 0.4 million: whether long or short
    assert used[0] == pytest.approx([10_000.0, 20_000.0], rel=1e-12)
    later = np.array([0.02, 0.05]) * np.abs(result.units[7]) * market.price[ROWS][7] * market.fx[ROWS][7]
    assert used[7] == pytest.approx(later, rel=1e-12)
    of = financing.margin(market, ROWS, result)
    assert of.used[0] == pytest.approx(30_000.0)
    assert of.free == pytest.approx(result.equity - of.used)
    figures = financing.margin_figures(of)
    assert figures["initial_margin_max"] == pytest.approx((of.used / result.equity).max())
    assert figures["initial_margin"] == pytest.approx((of.used / result.equity).mean())
    assert figures["free_margin_least"] == of.free.min()
    assert figures["free_margin_day"] == str(market.dates[ROWS][of.free.argmin()])


def in_contracts(market: Market, *contracts: float, **terms) -> Book:
    """A book of so many contracts of each leg, bought on the first row."""
    each = (market.lot * market.price * market.fx)[ROWS][0]
    return held(market, tuple(np.array(contracts) * each / 1e7), capital=1e7, **terms)


def test_futures_tie_up_a_figure_a_contract_however_their_lots_drift(tables):
    market = build(tables, [LIBRARY["TY"], LIBRARY["JB"]])
    result = ledger.run(in_contracts(market, 13.4, -7.9))
    used, fx = financing.by_leg(market, ROWS, result), market.fx[ROWS]
    assert used[:, 0] == pytest.approx(np.full(20, 13 * 2_000.0), rel=1e-12)
    assert used[:, 1] == pytest.approx(7 * 1_200_000 * fx[:, 1], rel=1e-12)
    assert len(np.unique(market.lot[ROWS][:, 0])) == 20


def test_lots_of_five_contracts_tie_up_five_each(tables):
    market = build(tables, [replace(LIBRARY["TY"], lot=5.0)])
    result = ledger.run(in_contracts(market, 2.7))
    assert financing.by_leg(market, ROWS, result)[4, 0] == pytest.approx(10 * 2_000.0)


def test_a_future_in_any_amount_ties_up_its_share_of_a_contract(tables):
    market = build(tables, [replace(LIBRARY["TY"], lot=0.0)])
    result = ledger.run(held(market, (-0.5,), capital=1e7))
    y = market.curves["us"].at(6.5)[ROWS][0]
    factor = sum((y / 2) / 1.03**k for k in range(1, 14)) + 1.03**-13  # at 6 %, thirteen coupons
    assert financing.by_leg(market, ROWS, result)[0, 0] == pytest.approx(5e6 * factor / 100_000 * 2_000, rel=1e-9)


def test_a_future_without_a_figure_is_margined_as_its_bond(tables):
    market = build(tables, [replace(LIBRARY["JB"], initial_margin=None)])
    result = ledger.run(held(market, (-0.5,), capital=1e9))
    own = np.abs(result.units * market.price[ROWS] * market.fx[ROWS])
    assert financing.by_leg(market, ROWS, result) == pytest.approx(0.03 * own)


def test_nothing_held_ties_up_nothing(tables):
    market = build(tables, [LIBRARY["TY"], LIBRARY["UST10"]])
    of = financing.margin(market, ROWS, ledger.run(held(market, (0.0, 0.0))))
    assert not of.used.any()
    assert of.worst == 0


def test_no_margin_changes_a_figure_of_the_ledger(tables):
    dear = [replace(LIBRARY[name], initial_margin=1.0) for name in ("UST10", "JGB10")]
    for engine in (ledger.run, backtrader_engine.run, kernel.run):
        results = [
            engine(held(build(tables, legs), (0.5, -0.5))) for legs in (dear, [LIBRARY["UST10"], LIBRARY["JGB10"]])
        ]
        assert results[0].equity.tobytes() == results[1].equity.tobytes()


def test_a_variant_short_of_margin_is_told_before_the_figures(tmp_path):
    text = "name: run\ndata: {start: 2015-01-31}\ninstruments: {UST10: {initial_margin: 60}}\nvariants:\n"
    text += (
        "  a: {strategy: hold, params: {weights: {UST10: 2.0}}}\n  b: {strategy: hold, params: {weights: {UST10: 1}}}"
    )
    run = runner.run(load(tmp_path, text))
    (line,) = [line for line in notices.notices(run) if "initial margin" in line]
    of = financing.margin(run.variants[0].market, run.variants[0].span.rows, run.variants[0].result)
    below, rows = int((of.free < 0).sum()), len(of.free)
    assert below == rows  # 120 % of equity
    worst = f"{of.dates[of.worst]}, USD {-of.free.min() / 1e6:.2f} m"
    assert line == f"Equity was below initial margin: a on {below} of {rows} rows, worst {worst}"


# ---- a basis in dated steps

STEPS = (Step(date(2004, 6, 30), -60 * BP), Step(date(2005, 1, 1), 5 * BP))


def test_a_basis_in_steps_is_paid_from_the_bars_that_end_on_them(tables):
    market = build(tables, [LIBRARY["JGB10"], LIBRARY["UST10"]])
    long, short = funding(market, "fx_swap", STEPS)
    for t in range(1, len(market.dates)):
        day, days = market.dates[t].astype(object), int((market.dates[t] - market.dates[t - 1]).astype(int))
        basis = -0.0020 if day < date(2004, 6, 30) else -0.0060 if day < date(2005, 1, 1) else 0.0005
        own = market.funding[t] * market.fx[t]
        assert long[t] == pytest.approx([own[0] + basis * days / 365 * market.fx[t, 0], own[1]], rel=1e-12, abs=1e-18)
    assert short == pytest.approx(market.funding * market.fx)


def test_both_engines_walk_a_dated_basis_as_a_ledger_by_hand(tables):
    market = build(tables, [LIBRARY["JGB10"]])
    rows = slice(int(np.searchsorted(market.dates, np.datetime64("2004-03-31"))), None)
    book = prepare(market, np.ones((len(market.dates), 1)), rows, Terms(currency="fx_swap", basis=STEPS, every="year"))
    results = [engine(book) for engine in (ledger.run, backtrader_engine.run, kernel.run)]
    price, fx, dates = market.price[rows, 0], market.fx[rows, 0], market.dates[rows]
    for t in range(1, 24):
        basis = -0.0020 if dates[t] < np.datetime64("2004-06-30") else -0.0060
        basis = basis if dates[t] < np.datetime64("2005-01-01") else 0.0005
        days = int((dates[t] - dates[t - 1]).astype(int))
        for result in results:
            notional = result.units[t - 1, 0] * price[t - 1]
            paid = notional * (market.funding[rows][t, 0] + basis * days / 365) * fx[t]
            assert result.funding[t, 0] == pytest.approx(-paid, rel=1e-9, abs=1e-6)
    assert results[0].equity.tobytes() == results[2].equity.tobytes()
    assert results[1].equity == pytest.approx(results[0].equity, rel=1e-12)


def test_carry_ahead_has_the_basis_in_force_on_the_row(tables):
    market = build(tables, [LIBRARY["JGB10"]])
    long = np.ones(len(market.dates))
    stepped, plain = (carry_ahead(market, "JGB10", 0.25, long, "fx_swap", basis) for basis in (STEPS, 0.0))
    years = 0.25 * 365.25 / 365
    for day, basis in (("2004-05-31", -0.0020), ("2004-06-30", -0.0060), ("2005-01-31", 0.0005)):
        t = int(np.searchsorted(market.dates, np.datetime64(day)))
        assert stepped[t] - plain[t] == pytest.approx(-basis * years, rel=1e-9)


WRITTEN = "{fx_swap: {basis_bp: [{from: 2016-01-01, bp: -60}, {from: 2018-06-30, bp: -12.5}]}}"


def test_a_basis_may_be_dated_and_comes_back_as_it_was_written(tmp_path):
    chosen = variants(tmp_path, f"  a: {{strategy: policy, currency: {WRITTEN}}}\n  b: {{extends: a}}\n")
    steps = (BasisStep(since=date(2016, 1, 1), bp=-60.0), BasisStep(since=date(2018, 6, 30), bp=-12.5))
    assert chosen["a"].currency == chosen["b"].currency == CurrencyTreatment("fx_swap", steps)
    assert chosen["a"].currency.basis == (Step(date(2016, 1, 1), -60 * BP), Step(date(2018, 6, 30), -12.5 * BP))
    text = f"name: run\nvariants:\n  a: {{strategy: policy, currency: {WRITTEN}}}\n  b: {{extends: a}}\n"
    whole = load(tmp_path, text)
    assert load(tmp_path, config.dump(whole)) == whole


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("[{from: 2016-01-01, bp: low}]", ".fx_swap.basis_bp.0.bp: is 'low'; expected a number"),
        ("[{from: 2016-01-01, bp: 2000}]", ".fx_swap.basis_bp.0.bp: is 2000; expected at most 1000"),
        (
            "[{from: soon, bp: 1}]",
            ".fx_swap.basis_bp.0.from: is 'soon'; expected a date like 1999-09-30, without quotes",
        ),
        ("[{bp: 1}]", ".fx_swap.basis_bp.0.from: is missing; add it"),
        (
            "[{from: 2017-01-01, bp: 1}, {from: 2016-01-01, bp: 2}]",
            ": basis steps must ascend; 2016-01-01 does not come",
        ),
    ],
)
def test_steps_of_a_basis_are_checked(tmp_path, steps, words):
    text = f"name: run\nvariants: {{a: {{strategy: policy, currency: {{fx_swap: {{basis_bp: {steps}}}}}}}}}\n"
    message = refusal(tmp_path, text)
    assert message.startswith("run.yaml:2: variants.a.currency")
    assert words in message


# ---- shorts as dear as a variant says

PAIR = "strategy: divergence, params: {long: UST10, short: JGB10}"


def test_a_variants_own_borrow_is_paid_by_it_alone(tmp_path):
    text = "name: run\ndata: {start: 2020-01-31}\nvariants:\n"
    text += f"  plain: {{{PAIR}}}\n  special: {{extends: plain, borrow_bp: {{JGB10: 80}}}}\n"
    text += "  dated: {extends: plain, borrow_bp: {JGB10: [{from: 2024-01-01, bp: 200}]}}\n"
    run = runner.run(load(tmp_path, text))
    for variant, rate in zip(run.variants, (None, (80, 80, 80), (10, 200, 200)), strict=True):
        market, rows, result = variant.market, variant.span.rows, variant.result
        assert market.instruments[1].name == "JGB10"
        dates, rates = market.dates, []
        for day in ("2021-06-30", "2024-01-31", "2025-03-31"):
            t = int(np.flatnonzero(dates == np.datetime64(day))[0])
            days = int((dates[t] - dates[t - 1]).astype(int))
            k = t - rows.start
            notional = result.units[k - 1, 1] * market.price[t - 1, 1] * market.fx[t, 1]
            rates.append(float(result.borrow[k, 1] / notional * 365 / days / BP))
        assert rates == pytest.approx(rate or (10, 50, 10), rel=1e-9)  # the library's steps, or its own
    assert (run.variants[1].market.borrow[:, 0] == run.market.borrow[:, 0]).all()


def test_borrow_of_a_variant_comes_back_as_it_was_written(tmp_path):
    own = "borrow_bp: {JGB10: [{from: 2022-01-01, bp: 30}], UST10: 7}"
    chosen = load(
        tmp_path, f"name: run\nvariants: {{a: {{{PAIR}, {own}}}, b: {{extends: a, borrow_bp: {{UST10: 9}}}}}}\n"
    )
    assert chosen.variants[0].borrow_bp == {"JGB10": [BorrowStep(since=date(2022, 1, 1), bp=30.0)], "UST10": 7.0}
    assert chosen.variants[1].shorts["UST10"].borrow == 9 * BP
    assert chosen.variants[1].shorts["JGB10"].borrow_steps == (Step(date(2022, 1, 1), 30 * BP),)
    assert load(tmp_path, config.dump(chosen)) == chosen


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{JGB1: 5}", "variants.a.borrow_bp.JGB1: is no leg of this variant; did you mean 'JGB10'?"),
        ("{UST30: 5}", "variants.a.borrow_bp.UST30: is no leg of this variant"),
        ("{JGB10: -1}", "variants.a.borrow_bp.JGB10: is -1; expected at least 0"),
        (
            "{JGB10: [{from: 2022-01-01, bp: 1}, {from: 2021-01-01, bp: 1}]}",
            "variants.a.borrow_bp.JGB10: JGB10: borrow steps must ascend; 2021-01-01 does not come after the step",
        ),
    ],
)
def test_borrow_of_what_a_variant_cannot_be_short_of_is_refused(tmp_path, written, words):
    text = f"name: run\nvariants:\n  a: {{{PAIR},\n    borrow_bp: {written}}}\n"
    assert refusal(tmp_path, text).startswith(f"run.yaml:4: {words}")


def test_a_future_is_not_borrowed_for_a_variant_either(tmp_path):
    text = "name: run\nvariants:\n  a: {strategy: hold, params: {weights: {TY: -1}}, borrow_bp: {TY: 5}}\n"
    assert refusal(tmp_path, text).endswith("TY: nothing is borrowed to be short of a future; leave borrow out")


def test_other_borrow_is_counted_as_the_built_in_rates_are(tables):
    market = build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"], LIBRARY["TLT"]])
    again = shorted_as(market, {leg.name: leg for leg in market.instruments})
    assert again.borrow.tobytes() == market.borrow.tobytes()
    assert shorted_as(market, {}).borrow.tobytes() == market.borrow.tobytes()


# ---- the borrow that would leave nothing


@pytest.mark.parametrize("account", ["size_on: equity", "size_on: capital", "size_on: equity, cash_interest: false"])
@pytest.mark.parametrize("currency", ["repo", "unhedged", "fx_swap"])
def test_a_book_that_pays_its_breakeven_borrow_makes_nothing(tmp_path, account, currency):
    text = f"name: run\ndata: {{start: 2006-12-31}}\naccount: {{{account}}}\nvariants:\n"
    text += f"  a: {{strategy: divergence, params: {{long: UST10, short: JGB7}}, currency: {currency}}}\n"
    first = runner.run(load(tmp_path, text)).variants[0].figures
    dear = 10 + first["breakeven_borrow"] / BP
    again = runner.run(load(tmp_path, text, f"variants.a.borrow_bp={{JGB7: {dear!r}}}")).variants[0].figures
    assert first["trading_pnl"] > 1e5
    assert abs(again["trading_pnl"]) < 1e-6 * 1e7
    assert again["breakeven_borrow"] == pytest.approx(0.0, abs=1e-8)


def test_sized_on_capital_it_is_what_was_made_over_what_was_short(tables):
    market = build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"]])
    book = held(market, (0.3, -0.5), size_on="capital")
    result, each, walks = ledger.run(book), financing.dearer(market, ROWS), []

    def engine(of: Book):
        walks.append(of)
        return ledger.run(of)

    found = financing.breakeven_borrow(book, result, each, engine)
    days = np.diff(market.dates[ROWS]).astype(float)
    short = -result.units[:-1, 1] * market.price[ROWS][:-1, 1] * market.fx[ROWS][1:, 1]
    assert found == pytest.approx(financing.trading_pnl(result) / (short * days / 365).sum(), rel=1e-12)
    assert len(walks) == 1


def test_a_book_that_loses_would_have_to_be_lent_more_cheaply(tables):
    market = build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"]])
    book = held(market, (-0.3, 0.5))
    result = ledger.run(book)
    found = financing.breakeven_borrow(book, result, financing.dearer(market, ROWS), ledger.run)
    assert np.sign(found) == np.sign(financing.trading_pnl(result))


@pytest.mark.parametrize("legs", [("UST10",), ("TY",), ("JPY",)])
def test_a_book_that_borrows_nothing_has_no_breakeven(tables, legs):
    market = build(tables, [LIBRARY[name] for name in legs])
    book = held(market, (0.5,) if legs == ("UST10",) else (-0.5,))
    assert financing.breakeven_borrow(book, ledger.run(book), financing.dearer(market, ROWS), ledger.run) is None


def test_a_ruined_book_has_no_breakeven(tables):
    market = build(tables, [LIBRARY["UST10"], LIBRARY["JGB10"]])
    book = held(market, (0.0, -9.0), currency="unhedged")._replace(
        price=market.price[ROWS] * np.linspace(1, 3, 20)[:, None]
    )
    result = ledger.run(book)
    assert result.ruined is not None
    assert financing.breakeven_borrow(book, result, financing.dearer(market, ROWS), ledger.run) is None
