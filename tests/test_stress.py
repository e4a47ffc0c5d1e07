"""Instantaneous shocks: the laws of repricing, one bond by QuantLib, and what a run stores and its page shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813  # its own short name

from backtests import config
from backtests.report import html
from backtests.report.panels import panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from backtests.runs.stress import FLATTER, STEEPER, Shock, parallel, revalue, shocks_of, tidy
from data.countries import COUNTRIES
from data.instruments import LIBRARY

SHOCKS = shocks_of([COUNTRIES["us"], COUNTRIES["jp"]])
BY_NAME = {one.name: one for one in SHOCKS}
LEGS = ("UST2", "UST10", "UST30", "JGB2", "JGB10", "JGB30", "TIPS10", "236A.T", "JPY")
LAST = -1


def hit(market, positions: dict[str, float], shock: Shock, currency="repo", t: int = LAST) -> dict[str, float]:
    """USD by leg of a shock to `positions`, USD notional by leg."""
    legs = market.select(tuple(positions))
    units = np.array(list(positions.values())) / (legs.price[t] * legs.fx[t])
    usd = revalue(legs, len(legs.dates) + t if t < 0 else t, units, currency, [shock])[0]
    return dict(zip(positions, usd.tolist(), strict=True))


def by_duration(market, sizes: dict[str, float], t: int = LAST) -> dict[str, float]:
    """USD notional by leg of `sizes` in dollars a basis point."""
    return {name: usd / (market.duration[t, market.column(name)] * 1e-4) for name, usd in sizes.items()}


# ------------------------------------------------------------------ laws
@pytest.mark.parametrize("name", LEGS)
@pytest.mark.parametrize("shock", SHOCKS, ids=lambda one: one.name)
@pytest.mark.parametrize("currency", ["repo", "unhedged", "fx_swap"])
def test_a_long_and_a_short_of_the_same_leg_come_to_nothing(market, name, shock, currency):
    long, short = (hit(market, {name: size}, shock, currency)[name] for size in (1e6, -1e6))
    assert long == -short


@pytest.mark.parametrize("name", [name for name in LEGS if name != "JPY"])
@pytest.mark.parametrize("bp", [1.0, -1.0])
def test_one_basis_point_is_the_dv01(market, name, bp):
    loss = hit(market, {name: 1e6}, Shock("", "", {"us": parallel(bp), "jp": parallel(bp)}))[name]
    dv01 = 1e6 * market.duration[LAST, market.column(name)] * 1e-4
    convexity = 0.5 * (LIBRARY[name].maturity + 1.0) ** 2 * 1e-8 * 1e6  # no par bond has more
    assert abs(loss + bp * dv01) <= convexity
    assert convexity < 0.02 * dv01  # so that the bound means something


@pytest.mark.parametrize("name", ["UST10", "UST30", "JGB10", "JGB30", "TIPS10", "236A.T"])
def test_a_long_bond_gains_more_from_a_fall_than_it_loses_from_a_rise(market, name):
    up, down = (hit(market, {name: 1e6}, BY_NAME[shock])[name] for shock in ("up_100", "down_100"))
    assert down > -up > 0


@pytest.mark.parametrize("shock", ["up_100", "down_100"])
def test_a_parallel_shift_of_a_dv01_neutral_pair_is_its_convexity_alone(market, by_coupons, shock):
    """The short JGB is the more convex for its duration: the pair loses a little, whichever way yields go."""
    pair = by_duration(market, {"UST10": 5_000.0, "JGB10": -5_000.0})
    usd = hit(market, pair, BY_NAME[shock])
    convex = 0.0
    for name, notional in pair.items():
        y = float(market.curves[LIBRARY[name].curve].at(10.0)[LAST])
        h = 1e-4  # second difference of the price, coupon by coupon
        second = (by_coupons(y, y + h, 10.0) - 2.0 + by_coupons(y, y - h, 10.0)) / h**2
        convex += notional * 0.5 * second * 0.01**2
    assert convex < 0
    total = sum(usd.values())
    assert abs(total) < 0.01 * min(abs(value) for value in usd.values())
    both_ways = sum(sum(hit(market, pair, BY_NAME[way]).values()) for way in ("up_100", "down_100")) / 2
    assert both_ways == pytest.approx(convex, rel=0.01)  # odd orders cancel; the fourth is small
    assert total < 0


@pytest.mark.parametrize("country", ["US", "JP"])
def test_the_country_that_is_not_shocked_does_not_move(market, country):
    mine, other = ("UST10", "JGB10") if country == "US" else ("JGB10", "UST10")
    usd = hit(market, {mine: 1e6, other: 1e6}, BY_NAME["us_up_100" if country == "US" else "jp_up_100"])
    assert usd[other] == 0.0
    assert usd[mine] < -5e4


@pytest.mark.parametrize("way", ["up", "down"])
def test_both_countries_together_are_the_sum_of_each_alone(market, way):
    book = dict.fromkeys(LEGS, 1e6)
    both, us, jp = (hit(market, book, BY_NAME[f"{part}{way}_100"]) for part in ("", "us_", "jp_"))
    assert {name: us[name] + jp[name] for name in book} == both


@pytest.mark.parametrize(("front", "back"), [("UST2", "UST10"), ("UST10", "UST30"), ("JGB10", "JGB30")])
def test_a_steepening_pays_a_steepener_and_costs_a_flattener(market, front, back):
    steepener = by_duration(market, {front: 1_000.0, back: -1_000.0})
    flattener = {name: -size for name, size in steepener.items()}
    assert sum(hit(market, steepener, BY_NAME["steeper"]).values()) > 0.9 * 50 * 1_000  # 50 bp between the legs
    assert sum(hit(market, flattener, BY_NAME["steeper"]).values()) < 0
    assert sum(hit(market, flattener, BY_NAME["flatter"]).values()) > 0
    assert sum(hit(market, steepener, BY_NAME["flatter"]).values()) < 0


@pytest.mark.parametrize(
    ("maturity", "bp"),
    [(1.0, -50.0), (2.0, -50.0), (6.0, -25.0), (10.0, 0.0), (20.0, 25.0), (30.0, 50.0), (40.0, 50.0)],
)
def test_a_twist_is_straight_between_its_knots_and_flat_outside(maturity, bp):
    bond = replace(LIBRARY["JGB10"], maturity=maturity)
    assert Shock("", "", shifts={"jp": STEEPER}).shift(bond) == pytest.approx(bp * 1e-4, abs=1e-15)
    assert Shock("", "", shifts={"jp": FLATTER}).shift(bond) == pytest.approx(-bp * 1e-4, abs=1e-15)
    assert Shock("", "", shifts={"us": STEEPER}).shift(bond) == 0.0


# ------------------------------------------------------------------ currency
@pytest.mark.parametrize("currency", ["repo", "fx_swap"])
@pytest.mark.parametrize("shock", ["yen_up_10", "yen_down_10"])
def test_a_yen_move_does_nothing_at_once_to_a_position_financed_in_yen(market, currency, shock):
    assert set(hit(market, {"JGB10": 1e6, "JPY": -1e6, "UST10": 1e6}, BY_NAME[shock], currency).values()) == {0.0}


def test_unhedged_a_stronger_yen_pays_who_is_long_of_it_in_proportion(market):
    book = {"JGB10": 2e6, "JPY": -1e6, "236A.T": 3e6, "UST10": 1e6}
    up, down = (hit(market, book, BY_NAME[shock], "unhedged") for shock in ("yen_up_10", "yen_down_10"))
    assert up == pytest.approx({"JGB10": 2e5, "JPY": -1e5, "236A.T": 3e5, "UST10": 0.0}, rel=1e-12)
    assert down == {name: -usd for name, usd in up.items()}


def test_a_bond_and_a_currency_that_move_together_multiply(market):
    shock = Shock("", "", shifts={"jp": parallel(100.0)}, moves={"JPY": 0.10})
    alone = 1.0 + hit(market, {"JGB10": 1.0}, BY_NAME["jp_up_100"])["JGB10"]
    assert hit(market, {"JGB10": 1.0}, shock, "unhedged")["JGB10"] == pytest.approx(alone * 1.1 - 1.0, rel=1e-12)
    assert hit(market, {"JGB10": 1.0}, shock, "repo")["JGB10"] == pytest.approx((alone - 1.0) * 1.1, rel=1e-12)


# ------------------------------------------------------------------ what each kind of leg is worth
@pytest.mark.parametrize(("name", "curve"), [("UST10", "us"), ("JGB30", "jp"), ("TIPS10", "us_real")])
@pytest.mark.parametrize("bp", [100.0, -100.0])
def test_a_shocked_bond_is_worth_what_quantlib_says(market, name, curve, bp):
    years = int(LIBRARY[name].maturity)
    coupon = float(market.curves[curve].at(years)[LAST])
    start = ql.Date(15, 2, 2025)
    schedule = ql.Schedule(
        start, ql.Date(15, 2, 2025 + years), ql.Period(ql.Semiannual), ql.NullCalendar(),
        ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False,
    )  # fmt: skip
    isma = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    bond = ql.FixedRateBond(0, 100.0, schedule, [coupon], isma)
    rate = ql.InterestRate(coupon + bp * 1e-4, isma, ql.Compounded, ql.Semiannual)
    worth = ql.BondFunctions.cleanPrice(bond, rate, start) / 100.0
    shock = Shock("", "", {"us": parallel(bp), "jp": parallel(bp)})
    assert hit(market, {name: 1e6}, shock)[name] == pytest.approx(1e6 * (worth - 1.0), rel=1e-9)


def test_a_bond_at_a_negative_yield_is_repriced_too(market, by_coupons):
    t = int(np.flatnonzero(market.dates == np.datetime64("2016-06-30"))[0])
    y = float(market.curves["jp"].at(10.0)[t])
    assert y < 0
    gain = hit(market, {"JGB10": 1.0}, BY_NAME["down_100"], t=t)["JGB10"]
    assert gain == pytest.approx(by_coupons(y, y - 0.01, 10.0) - 1.0, rel=1e-12)


def test_a_fund_is_its_proxy_s_bond(market, by_coupons):
    y = float(market.curves["jp"].at(8.5)[LAST])
    loss = hit(market, {"236A.T": 1.0}, BY_NAME["jp_up_100"])["236A.T"]
    assert loss == pytest.approx(by_coupons(y, y + 0.01, 8.5) - 1.0, rel=1e-12)


def test_a_fund_whose_proxy_is_not_quoted_is_priced_at_the_nearest_tenor(gappy, by_coupons):
    market = gappy
    assert np.isnan(market.curves["us"].at(25.0)[LAST])  # 10 and 30 are quoted, nothing between
    priced = market.price.copy()
    priced[LAST, market.column("TLT")] = 100.0
    y = float(market.curves["us"].at(30.0)[LAST])
    loss = hit(replace(market, price=priced), {"TLT": 1.0}, BY_NAME["us_up_100"])["TLT"]
    assert loss == pytest.approx(by_coupons(y, y + 0.01, 25.0) - 1.0, rel=1e-12)


@pytest.mark.parametrize("shock", [one for one in SHOCKS if not one.moves], ids=lambda one: one.name)
def test_cash_does_not_move_with_rates(market, shock):
    assert hit(market, {"JPY": 1e6}, shock, "unhedged")["JPY"] == 0.0


def test_a_position_of_nothing_is_worth_nothing_even_where_it_has_no_price(gappy):
    market = gappy
    assert np.isnan(market.price[LAST, market.column("TLT")])
    usd = revalue(market.select(("TLT",)), len(market.dates) - 1, np.zeros(1), "repo")
    assert (usd == 0.0).all()


# ------------------------------------------------------------------ stored and shown
CONFIG = """
name: shocks
data: {start: 2020-01-31, end: 2024-06-30}
account: {max_gross: 50}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10, sizing: duration, duration: 5.0}}
  open_pair: {extends: pair, currency: unhedged}
  ruined: {strategy: hold, params: {weights: {UST30: 40}}}
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A run of three variants and the folder it was saved in."""
    folder = tmp_path_factory.mktemp("stress")
    (folder / "config.yaml").write_text(CONFIG)
    done = runner.run(config.load(folder / "config.yaml"))
    (folder / "run").mkdir()
    run_folder.write(snapshot(done), folder / "run")
    return done, folder / "run"


def test_a_run_stores_a_figure_for_every_variant_shock_and_leg(stored):
    done, folder = stored
    table = run_folder.load(folder).stress
    assert list(table.columns) == ["variant", "shock", "instrument", "usd"]
    assert len(table) == len(SHOCKS) * sum(len(one.market.names) for one in done.variants)
    pd.testing.assert_frame_equal(table, pd.concat([tidy(one) for one in done.variants], ignore_index=True))
    assert np.isfinite(table["usd"]).all()


def test_the_positions_shocked_are_those_held_on_the_last_row_of_the_variant(stored):
    done, folder = stored
    pair = done.variants[0]
    notional = dict(zip(pair.market.names, pair.result.weights[-1] * pair.result.equity[-1], strict=True))
    expected = hit(pair.market, notional, BY_NAME["us_up_100"], t=pair.span.rows.stop - 1)
    shown = panels(run_folder.load(folder)).variants[0].shocks["us_up_100"]
    assert shown.legs == pytest.approx(expected, rel=1e-12)
    assert shown.total == pytest.approx(sum(expected.values()), rel=1e-12)
    assert shown.share == pytest.approx(shown.total / pair.result.equity[-1], rel=1e-12)


def test_only_the_unhedged_variant_feels_the_yen_and_a_ruined_one_feels_nothing(stored):
    shown = {one.name: one.shocks for one in panels(run_folder.load(stored[1])).variants}
    assert shown["pair"]["yen_up_10"].total == 0.0
    assert shown["open_pair"]["yen_up_10"].total < -5e5  # short of yen, about 0.6 of equity of 10 million
    assert stored[0].variants[2].result.ruined is not None
    assert {one.total for one in shown["ruined"].values()} == {0.0}


def test_events_and_regimes_of_a_run_add_up_to_its_profit_and_loss(stored):
    for one, panel in zip(stored[0].variants, panels(run_folder.load(stored[1])).variants, strict=True):
        regimes = [panel.regimes[name] for name in ("ycc", "exit")]
        made = sum(sum(regime_pnl.legs.values()) for regime_pnl in regimes) + one.result.cash.sum()
        assert made == pytest.approx(one.figures["pnl"], abs=1e-3)
        assert "qqe" not in panel.regimes
        assert set(panel.events) == {"march_2020", "selloff_2022", "ycc_band"}


def test_a_folder_of_a_version_without_shocks_is_read_and_says_so(stored, tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    for path in stored[1].glob("*.*"):
        if path.name != "stress.parquet":
            (folder / path.name).write_bytes(path.read_bytes())
    old = run_folder.load(folder)
    assert old.stress.empty
    content = panels(old)
    assert content.variants[0].shocks == {}
    assert "This run stored no shocks" in html.page(content)
    assert "This run stored no shocks" not in html.page(panels(run_folder.load(stored[1])))
