"""Futures: a par bond financed, in whole contracts that drift, and wherever a leg can stand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import config
from backtests.engine import backtrader_engine, kernel, ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.result import LEG_LINES, Result, lots_held
from backtests.performance.attribution import tidy
from backtests.report import html
from backtests.report.panels import panels
from backtests.runs import folder, runner
from backtests.runs.runner import Run
from backtests.runs.snapshot import StoredRun, tables
from backtests.runs.stress import revalue, shocks_in
from backtests.sensitivities import measure, record
from backtests.ticket import make
from data.build import build
from data.instruments import LIBRARY, Instrument
from data.market import Market
from strategies import STRATEGIES

ENGINES = [ledger.run, backtrader_engine.run, kernel.run]
NEW_YEAR = date(2025, 12, 31)
FUTURES = ["TU", "FV", "TY", "TN", "US", "UB", "JB"]
FREE = {"half_spread": 0.0, "rolls_per_year": 0.0}


def weights(market: Market, *by_leg: float) -> np.ndarray:
    """Constant weights, 0 where a leg does not exist."""
    return np.where(market.exists.all(axis=1)[:, None], np.array(by_leg), 0.0)


def window(market: Market) -> slice:
    """The rows on which all legs exist, to the end."""
    missing = np.flatnonzero(~market.exists.all(axis=1))
    return slice(int(missing[-1]) + 1 if missing.size else 0, len(market.dates))


def booked(market: Market, by_leg: tuple[float, ...], **terms) -> Book:
    return prepare(market, weights(market, *by_leg), window(market), Terms(**terms))


# ---- what a future is


@pytest.mark.parametrize("treatment", ["repo", "unhedged", "fx_swap"])
@pytest.mark.parametrize("weight", [1.7, -1.7])
def test_before_lots_and_costs_a_future_earns_what_its_bond_does_financed(tables, weight, treatment):
    bond = replace(LIBRARY["JGB7"], borrow=0.0, **FREE)
    market = build(tables, [replace(LIBRARY["JB"], lot=0.0, **FREE), bond])
    rows = window(market)
    future, financed = (
        ledger.run(prepare(legs, weights(legs, weight), rows, Terms(repo_spread=0.0, currency=currency)))
        for legs, currency in ((market.select(["JB"]), treatment), (market.select(["JGB7"]), "repo"))
    )
    np.testing.assert_allclose(future.equity, financed.equity, rtol=1e-12)
    for line in LEG_LINES:
        np.testing.assert_allclose(future.line(line), financed.line(line), rtol=1e-9, atol=1e-12 * future.capital)


@pytest.mark.parametrize("name", FUTURES)
def test_long_and_short_of_a_future_lose_costs_and_rolls_and_nothing_else(tables, name):
    market = build(tables, [LIBRARY[name]])
    long, short = (ledger.run(booked(market, (side,), size_on="capital")) for side in (0.3, -0.3))
    lost = {line: long.line(line) + short.line(line) for line in LEG_LINES}
    assert {line for line, usd in lost.items() if np.abs(usd).max() > 1e-9 * long.capital} == {"roll", "cost"}
    assert max(lost["roll"][1:].max(), lost["cost"][0].max()) < 0
    assert not long.margin.any()
    assert not short.margin.any()
    days = np.diff(market.dates[window(market)]).astype(float)
    held = np.abs(long.units[:-1, 0] * (market.price * market.fx)[window(market)][:-1, 0])
    own = LIBRARY[name]
    paid = held * own.half_spread * 2 * 4 * days / 365.25 * (market.fx[1:] / market.fx[:-1])[window(market).start :, 0]
    np.testing.assert_allclose(-long.roll[1:, 0], paid, rtol=1e-9)


@pytest.mark.parametrize(("treatment", "basis"), [("unhedged", None), ("fx_swap", -0.005), ("fx_swap", None)])
def test_no_currency_treatment_changes_a_future(tables, treatment, basis):
    market = build(tables, [LIBRARY["TY"], LIBRARY["JB"]])
    results = [
        ledger.run(booked(market, (0.8, side * 1.5), currency=currency, basis=own))
        for side in (1, -1)
        for currency, own in (("repo", None), (treatment, basis))
    ]
    for plain, treated in (results[:2], results[2:]):
        assert plain.equity.tobytes() == treated.equity.tobytes()
        assert not treated.fx.any()


@pytest.mark.parametrize("treatment", ["repo", "unhedged", "fx_swap"])
def test_the_yen_touches_a_futures_profit_alone(tables, treatment):
    market = build(tables, [LIBRARY["TY"], LIBRARY["JB"]])
    rows = window(market)
    moved = market.fx.copy()
    rng = np.random.default_rng(3)
    moved[rows.start + 1 :, 1] *= np.exp(np.cumsum(rng.normal(0, 0.04, len(market.dates) - rows.start - 1)))
    results = []
    for legs in (market, replace(market, fx=moved)):
        made = prepare(legs, weights(legs, 0.3, -0.4), rows, Terms(currency=treatment, size_on="capital"))
        once = np.arange(len(made.dates)) == 0  # the same units on both paths
        results.append((ledger.run(made._replace(decides=once)), made.fx))
    (still, before), (shaken, after) = results
    assert still.units.tobytes() == shaken.units.tobytes()
    assert np.abs(after / before - 1).max() > 0.1
    for line in LEG_LINES:
        np.testing.assert_allclose(shaken.line(line) / after, still.line(line) / before, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("name", FUTURES)
def test_a_future_exists_from_the_day_it_was_listed_and_has_the_duration_of_its_bond(tables, name):
    instrument = LIBRARY[name]
    bond = Instrument("BOND", "par_bond", instrument.currency, instrument.curve, instrument.maturity)
    market = build(tables, [instrument, bond])
    since = market.dates >= np.datetime64(str(instrument.listed_on))
    np.testing.assert_array_equal(market.exists[:, 0], market.exists[:, 1] & since)
    assert np.isnan(market.price[~market.exists[:, 0], 0]).all()
    both = market.exists[:, 0]
    np.testing.assert_array_equal(market.duration[both, 0], market.duration[both, 1])
    returns = market.price[1:] / market.price[:-1] - 1
    np.testing.assert_allclose(returns[both[1:] & both[:-1], 0], returns[both[1:] & both[:-1], 1], atol=1e-14)
    assert (market.spread[both, 0] == instrument.half_spread).all()
    assert not market.lot[~both, 0].any()


# ---- contracts


def test_a_lot_is_a_contracts_face_over_its_conversion_factor_in_units_of_the_index(tables, by_coupons):
    market = build(tables, [LIBRARY["TY"], LIBRARY["JB"]])
    for i, (curve, life, face) in enumerate((("us", 6.5, 100_000), ("jp", 7.0, 100_000_000))):
        for t in range(window(market).start, len(market.dates), 17):
            coupon = float(market.curves[curve].at(life)[t])
            notional = face / by_coupons(coupon, 0.06, life)
            assert market.lot[t, i] * market.price[t, i] == pytest.approx(notional, rel=1e-12)


@pytest.mark.parametrize("run", ENGINES)
@pytest.mark.parametrize("name", ["TY", "JB"])
def test_whole_contracts_are_held_and_traded_only_where_their_number_changes(tables, run, name):
    market = build(tables, [LIBRARY[name]])
    rows = window(market)
    wave = 1.0 + 0.02 * np.sin(np.arange(len(market.dates)) / 5)[:, None]
    made = prepare(market, weights(market, -1.0) * wave, rows, Terms(size_on="capital"))
    result = run(made)
    value = made.lot * made.price * made.fx
    asked = [math.trunc(x - 1e-9) for x in (made.targets * made.capital / value)[:, 0]]
    changes = np.diff(asked, prepend=0) != 0
    assert 20 < changes.sum() < len(changes) - 20
    np.testing.assert_array_equal(result.traded[:, 0] > 0, changes)
    np.testing.assert_array_equal(lots_held(result, made.lot)[:, 0], asked)
    drift = np.abs(result.units[:, 0] / made.lot[:, 0] - asked)
    assert 0.05 < drift.max() < 0.05 * np.abs(asked).max()  # the lot moved under what is held


@pytest.mark.parametrize("run", ENGINES)
@pytest.mark.parametrize("lag", [0, 1, 2])
def test_a_drift_of_the_lot_alone_is_no_order_however_late_the_fill(tables, run, lag):
    market = build(tables, [LIBRARY["TY"]])
    rows = window(market)
    asked = 40.5 * (market.lot * market.price)[rows]  # forty contracts and a half on every row
    made = prepare(market, weights(market, 1.0), rows, Terms(lag=lag, size_on="capital", max_gross=50.0))
    made = made._replace(targets=asked / made.capital)
    result = run(made)
    assert np.flatnonzero(result.traded[:, 0]).tolist() == [lag]
    assert result.units[-1, 0] == 40.0 * made.lot[0, 0]
    assert made.lot[-1, 0] / made.lot[0, 0] < 0.5


def test_both_engines_hold_what_the_order_that_waits_is_replaced_by(tables):
    market = build(tables, [LIBRARY["TY"]])
    rows = slice(window(market).start, window(market).start + 6)
    made = prepare(market, weights(market, 1.0), rows, Terms(size_on="capital"))
    value = (made.lot * made.price)[:, 0]
    contracts = np.array([10.5, 12.5, 10.5, 10.5, 12.5, 12.5])
    tradable = np.array([True, False, False, True, False, True])
    made = made._replace(targets=(contracts * value / made.capital)[:, None], tradable=tradable[:, None])
    for run in ENGINES:
        result = run(made)
        assert np.flatnonzero(result.traded[:, 0]).tolist() == [0, 5]  # the first order for 12 lapsed on the third row
        assert lots_held(result, made.lot)[:, 0].tolist() == [10, 10, 10, 10, 10, 12]


# ---- wherever a leg can stand

EVERYWHERE = """
name: futures
thesis_date: 2024-01-01
data: {start: 2016-02-29, end: 2025-12-31}
account: {capital: 20_000_000}
variants:
  pair: {strategy: divergence, params: {long: TY, short: JB}}
  pair_volpar: {strategy: divergence, params: {long: TY, short: JB, sizing: volatility}, currency: unhedged}
  pair_late: {extends: pair, fill: next_close, currency: fx_swap}
  basis: {strategy: divergence, params: {long: JB, short: JGB7}}
  steepener: {strategy: curve, params: {front: TU, back: TY, trade: steepener}}
  butterfly: {strategy: butterfly, params: {front: TU, belly: FV, back: TN}}
  box: {strategy: box, params: {us_front: TU, us_back: UB, jp_front: JGB2, jp_back: JB}}
  ub: {strategy: hold, params: {weights: {UB: 0.6}}}
  jb: {strategy: hold, params: {weights: {JB: -0.6}}}
  dated: {extends: pair, trade: {stop_bp: 40, target_bp: 60, reenter: 3M}}
  signals:
    strategy: blend
    params:
      parts:
        momentum: {strategy: momentum, params: {long: TY, short: JB}}
        carry: {strategy: carry, params: {long: TY, short: JB}}
        policy: {strategy: policy, params: {long: TY, short: JB}}
benchmarks: [ub]
"""
ANY_AMOUNT = "instruments: {TU: {lot: 0}, FV: {lot: 0}, TY: {lot: 0}, TN: {lot: 0}, UB: {lot: 0}, JB: {lot: 0}}\n"


def loaded(place: Path, text: str):
    path = place / "futures.yaml"
    path.write_text(text)
    return config.load(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return runner.run(loaded(tmp_path_factory.mktemp("futures"), EVERYWHERE))


@pytest.fixture(scope="module")
def stored(run) -> StoredRun:
    return tables(run)


def future(name: str) -> bool:
    return LIBRARY[name].kind == "future"


def test_the_engines_agree_with_futures_in_every_kind_of_trade(run):
    assert {one.variant.name for one in run.variants} >= {"pair", "box", "signals", "dated"}
    for one in run.variants:
        assert one.gap < 1e-11, one.variant.name
        assert one.result.traded.any(), one.variant.name
        assert not one.result.borrow[:, [i for i, name in enumerate(one.market.names) if future(name)]].any()


def test_without_lots_the_engines_agree_too_and_the_result_is_near(run, tmp_path):
    free = runner.run(loaded(tmp_path, ANY_AMOUNT + EVERYWHERE))
    for one, other in zip(run.variants, free.variants, strict=True):
        assert other.gap < 1e-11
        assert other.result.equity[-1] == pytest.approx(one.result.equity[-1], rel=0.01)
        assert other.result.equity[-1] != one.result.equity[-1]
    trades = tables(free).trades
    assert trades.loc[trades["instrument"].map(future), "quantity"].isna().all()


def test_fills_of_futures_are_in_whole_contracts(run, stored):
    trades = stored.trades
    whole = trades["instrument"].map(future)
    contracts = trades.loc[whole, "quantity"]
    assert len(contracts) > 500
    assert (contracts == contracts.round()).all()
    assert trades.loc[whole, "quoted_price"].isna().all()
    late = trades["variant"].isin(["pair_late"])  # by its fill an order may be another number of them
    assert (trades.loc[whole & ~late, "quantity"] != 0).all()
    held = stored.positions.set_index(["variant", "instrument"])["quantity"]
    for one in run.variants:
        own = trades[trades["variant"] == one.variant.name]
        for i, name in enumerate(one.market.names):
            if future(name):
                total = own.loc[own["instrument"] == name, "quantity"].sum()
                last = int(np.flatnonzero(one.result.traded[:, i])[-1])
                lot = one.market.lot[one.span.rows][last, i]
                assert total == round(one.result.units[-1, i] / lot), (one.variant.name, name)
                assert total == held[one.variant.name, name].iloc[-1]


def test_contracts_come_back_from_a_folder(stored, tmp_path):
    with folder.writing(tmp_path / "run") as place:
        folder.write(stored, place)
    pd.testing.assert_frame_equal(folder.load(tmp_path / "run").trades, stored.trades)


def test_the_parts_of_a_futures_return_are_those_of_its_bond_and_sum_to_it(run):
    for one in run.variants:
        table = tidy(one.variant.name, one.result, one.market, one.span.rows)
        total = one.result.equity[-1] - one.result.capital
        assert table["usd"].sum() == pytest.approx(total, abs=1e-6 * one.result.capital)
        lines = set(table.loc[table["instrument"].map(lambda name: name in LIBRARY and future(name)), "line"])
        assert {"carry", "rolldown", "level", "funding", "roll", "cost"} <= lines
        assert not lines & {"fx", "borrow", "tracking", "fee", "inflation"}


def test_shocks_revalue_a_future_by_the_curve_at_its_bond(market, tables, by_coupons):
    legs = build(tables, [LIBRARY["TY"], LIBRARY["JB"]])
    t = len(legs.dates) - 1
    units = np.array([1000.0, -2000.0])
    shocks = {shock.name: i for i, shock in enumerate(shocks_in(legs))}
    for currency in ("repo", "unhedged", "fx_swap"):
        usd = revalue(legs, t, units, currency)
        for i, (curve, life) in enumerate((("us", 6.5), ("jp", 7.0))):
            now = float(legs.curves[curve].at(life)[t])
            worth = units[i] * legs.price[t, i] * legs.fx[t, i]
            assert usd[shocks["up_100"], i] == pytest.approx(worth * (by_coupons(now, now + 0.01, life) - 1), rel=1e-9)
        assert not usd[shocks["yen_up_10"]].any()


def test_exposure_is_the_contracts_dv01(run, stored, by_coupons):
    table = stored.exposure[stored.exposure["variant"] == "ub"].iloc[-1]
    one = next(one for one in run.variants if one.variant.name == "ub")
    coupon = float(one.market.curves["us"].at(25.5)[one.span.rows][-1])
    bump = by_coupons(coupon, coupon - 5e-5, 25.5) - by_coupons(coupon, coupon + 5e-5, 25.5)
    worth = one.result.units[-1, 0] * one.market.price[one.span.rows][-1, 0]
    assert table["dv01 us 22+"] == pytest.approx(worth * bump, rel=1e-5)
    assert table["margin"] == 0


@pytest.fixture(scope="module")
def judged(run) -> dict:
    return record(measure(run.config, ["pair", "steepener"]))


def test_sensitivity_has_costs_and_rolls_of_futures_and_no_borrow_or_currency(judged):
    pair = judged["variants"]["pair"]
    assert pair["cases"]["costs_2"]["return_change"] < 0 < pair["cases"]["rolls_half"]["return_change"]
    untouched = "its foreign legs are futures, which no treatment touches"
    assert pair["absent"]["currency_unhedged"] == pair["absent"]["currency_fx_swap"] == untouched
    assert pair["absent"]["borrow_2"] == "its shorts pay no borrow"
    assert pair["breakeven_borrow"]["reason"] == "it is short of futures alone, for which nothing is borrowed"
    assert judged["variants"]["steepener"]["absent"]["currency_unhedged"] == "it holds no foreign leg"


def test_the_page_says_what_a_future_leaves_out(stored, tmp_path):
    page = html.page(panels(stored))
    assert "future by its cheapest bond; no delivery option, no calendar-spread moves" in page
    assert "us 6.5y par yield; contracts of 100,000" in page
    assert '"contracts": [' in page or '"contracts":[' in page


# ---- the ticket

TICKET = """
name: ticket
account: {capital: 30_000_000}
variants: {pair: {strategy: divergence, params: {long: TY, short: JB}}}
"""


def legs_of(place: Path, text: str = TICKET, held: str | None = None):
    path = None
    if held is not None:
        path = place / "held.csv"
        path.write_text(f"instrument,units\n{held}")
    (sheet,) = make(loaded(place, text), NEW_YEAR, path).sheets
    return sheet, {leg.name: leg for leg in sheet.legs}


def test_the_ticket_counts_a_future_in_contracts(tmp_path, by_coupons):
    _, legs = legs_of(tmp_path)
    coupon = 0.0373 + 0.75 * (0.0394 - 0.0373)  # six and a half years, on 2025-12-31
    worth = 100_000 / by_coupons(coupon, 0.06, 6.5)
    dv01 = worth * (by_coupons(coupon, coupon - 5e-5, 6.5) - by_coupons(coupon, coupon + 5e-5, 6.5))
    ty = legs["TY"]
    assert (ty.unit, ty.future) == ("contracts", "TY")
    assert ty.units == pytest.approx(math.floor(15_000 / dv01), abs=1e-9)
    assert ty.contracts == pytest.approx(ty.units, rel=1e-9)
    assert ty.price == pytest.approx(worth, rel=1e-9)
    assert ty.usd == pytest.approx(ty.units * worth, rel=1e-9)
    assert legs["JB"].units == pytest.approx(round(legs["JB"].units), abs=1e-9)
    assert legs["JB"].units < -5


def test_holdings_of_futures_are_contracts_and_as_many_as_wanted_are_no_order(tmp_path):
    _, legs = legs_of(tmp_path)
    wanted = {name: round(leg.units) for name, leg in legs.items()}
    same, _ = legs_of(tmp_path, held=f"TY,{wanted['TY']}\nJB,{wanted['JB']}\n")
    assert [line.order for line in same.lines] == [0.0, 0.0]
    fewer, _ = legs_of(tmp_path, held=f"TY,{wanted['TY'] - 3}\nJB,{wanted['JB']}\n")
    ty, jb = fewer.lines
    assert ty.order == pytest.approx(3, abs=1e-9)
    assert ty.cost == pytest.approx(3 * legs["TY"].price * 0.8e-4, rel=1e-9)
    assert jb.order == 0.0


def test_in_any_amount_a_future_is_counted_in_units_and_its_contracts_beside_it(tmp_path):
    _, whole = legs_of(tmp_path)
    _, legs = legs_of(tmp_path, f"instruments: {{TY: {{lot: 0}}}}\n{TICKET}")
    assert legs["TY"].unit == "index units"
    assert 0 < legs["TY"].contracts - whole["TY"].units < 1


# ---- one's own

BUXL = "kind: future, currency: EUR, curve: de, maturity: 25, half_spread_bp: 2, face: 100000"


def test_a_future_of_ones_own_is_rolled_quarterly_in_whole_contracts(tmp_path):
    text = f"name: x\ninstruments: {{BUXL: {{{BUXL}}}}}\nvariants: {{a: {{strategy: hold}}}}\n"
    own = loaded(tmp_path, text).library["BUXL"]
    assert own == Instrument(
        "BUXL", "future", "EUR", "de", 25.0, half_spread=2e-4, rolls_per_year=4.0, lot=1.0, face=100_000.0
    )
    more = text.replace(BUXL, f"{BUXL}, lot: 0, rolls_per_year: 2")
    assert (loaded(tmp_path, more).library["BUXL"].lot, loaded(tmp_path, more).library["BUXL"].rolls_per_year) == (0, 2)


@pytest.mark.parametrize("strategy", ["divergence", "momentum", "carry", "value", "safe_haven", "hedged_pickup"])
def test_targets_of_futures_rest_on_the_past_alone(tables, strategy):
    market = build(tables, [LIBRARY["TY"], LIBRARY["JB"]])
    made = STRATEGIES[strategy](long="TY", short="JB")
    whole = made.targets(market)
    assert whole.any()
    for t in range(150, len(market.dates), 37):
        np.testing.assert_array_equal(made.targets(market.until(t))[-1], whole[t])


def test_a_lot_is_known_on_its_row(tables):
    cut = tables.yields["us"].index[-60]
    short = replace(
        tables,
        yields={name: frame.loc[:cut] for name, frame in tables.yields.items()},
        fx={name: rate.loc[:cut] for name, rate in tables.fx.items()},
        overnight={name: rate.loc[:cut] for name, rate in tables.overnight.items()},
    )
    whole, part = (build(history, [LIBRARY["TY"]]) for history in (tables, short))
    np.testing.assert_array_equal(whole.lot[: len(part.dates)], part.lot)


def test_a_result_of_no_lots_holds_no_number_of_them(tables):
    market = build(tables, [LIBRARY["UST10"]])
    result: Result = ledger.run(booked(market, (1.0,)))
    assert np.isnan(lots_held(result, market.lot[window(market)])).all()
