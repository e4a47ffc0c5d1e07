"""The product against a second reading of its conventions, trade by trade, and against known figures."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.reconcile import reconcile
from backtests.engine.result import LINES, Result
from backtests.performance.metrics import calendar_years, figures
from data import instruments
from data.build import build
from data.market import Market
from data.tables import Tables
from strategies import STRATEGIES
from strategies.base import Strategy, Window
from tests import independent
from tests.independent import DATES, LEG_LINES, Account, Trade

TOLERANCE = 1e-9  # of capital, and of every figure

PAIR = {"long": "UST10", "short": "JGB10"}
DV01 = {**PAIR, "sizing": "duration", "duration": 5.0}
EQUAL_RISK = {**PAIR, "sizing": "volatility", "volatility": 0.05}
HEDGED = {**PAIR, "sizing": "beta", "duration": 5.0}
YEN_LONG = {"long": "JGB10", "short": "UST10", "sizing": "duration", "duration": 4.0}
FLATTENER = {"front": "JGB10", "back": "JGB30", "trade": "flattener", "duration": 5.0}
STEEPENER = {"front": "UST2", "back": "UST10", "trade": "steepener", "duration": 5.0}
FLY = {"front": "UST2", "belly": "UST5", "back": "UST10", "duration": 5.0}
BOX = {"us_front": "UST2", "us_back": "UST10", "jp_front": "JGB2", "jp_back": "JGB10", "duration": 5.0}
SUPER_LONG = {"front": "JGB20", "back": "JGB40", "trade": "steepener", "duration": 5.0}
TWENTIES = {"long": "JGB20", "short": "UST20", "sizing": "beta", "duration": 4.0, "window": "5Y"}
LOTS = {"UST10": {"lot": 50.0}, "JGB10": {"lot": 10.0}}
DEAR_REPO = {"JGB10": {"borrow_bp": 80.0, "borrow_steps": ()}}
FUNDS = {"long": "TLT", "short": "2561.T", "sizing": "duration", "duration": 10.0}
FUTURES = {"long": "TY", "short": "JB", "sizing": "duration", "duration": 5.0}
INFLATION = {"long": "TIPS10", "short": "UST10", "sizing": "duration", "duration": 5.0}


def hold(**weights: float) -> dict:
    return {"weights": weights}


TRADES = {
    "a Treasury": Trade("hold", hold(UST25=1.0), start=date(2006, 2, 28), every="bar"),
    "equal DV01": Trade("divergence", DV01),
    "equal DV01, unhedged": Trade("divergence", DV01, currency="unhedged"),
    "equal DV01 from 1993": Trade("divergence", DV01, start=date(1992, 12, 31), end=date(2012, 3, 31)),
    "yen long, swapped": Trade("divergence", YEN_LONG, currency="fx_swap", basis_bp=-35.0),
    "yen short, swapped": Trade("divergence", DV01, currency="fx_swap"),
    "equal money": Trade("divergence", {**PAIR, "sizing": "notional", "weight": 1.0}, currency="unhedged"),
    "equal risk": Trade("divergence", EQUAL_RISK),
    "equal risk, two years, a bar late": Trade(
        "divergence", {**EQUAL_RISK, "window": "24M"}, currency="unhedged", size_on="capital", delay=1
    ),
    "beta": Trade("divergence", HEDGED),
    "beta of 20 years": Trade("divergence", TWENTIES, every="quarter"),
    "flattener, swapped": Trade("curve", FLATTENER, currency="fx_swap"),
    "super-long steepener": Trade("curve", SUPER_LONG),
    "steepener, monotone": Trade("curve", STEEPENER, interpolation="pchip"),
    "steepener without roll-down": Trade("curve", STEEPENER, overrides={"UST10": {"rolldown": False}}),
    "fly in a band": Trade("butterfly", FLY, every="quarter", band=0.1),
    "box, yearly, a bar late": Trade("box", BOX, every="year", delay=1),
    "in a band, a bar late": Trade("divergence", DV01, band=0.05, delay=1),
    "two bars late": Trade("divergence", DV01, delay=2),
    "sized on capital": Trade("divergence", DV01, size_on="capital"),
    "capped": Trade("divergence", DV01, max_gross=0.8),
    "no interest on cash": Trade("divergence", DV01, cash_interest=False),
    "in lots": Trade("divergence", DV01, capital=1e5, delay=1, overrides=LOTS),
    "on margin": Trade("hold", hold(TLT=1.5), margin_spread_bp=90.0),
    "funds of two markets": Trade("divergence", FUNDS, currency="unhedged", size_on="capital"),
    "inflation against nominal": Trade("divergence", INFLATION),
    "an inflation fund, monotone": Trade("hold", hold(TIP=0.7), interpolation="pchip", every="year"),
    "yen carry": Trade("hold", hold(JPY=-1.0), currency="unhedged", start=date(1992, 12, 31)),
    "three legs and dear repo": Trade("hold", hold(UST10=0.6, JGB10=-0.4, JGB7=-0.2), overrides=DEAR_REPO),
    "futures of two markets": Trade("divergence", FUTURES, start=date(1992, 12, 31)),
    "futures unhedged, a bar late": Trade("divergence", FUTURES, currency="unhedged", delay=1, band=0.02),
    "futures swapped": Trade("divergence", {**FUTURES, "long": "JB", "short": "TN"}, currency="fx_swap"),
    "a steepener in futures": Trade("curve", {**STEEPENER, "front": "TU", "back": "TY"}, every="quarter"),
    "futures beside bonds": Trade("hold", hold(UB=0.6, UST10=0.8, JGB7=-0.5, JB=0.9), currency="unhedged"),
    "futures in any amount": Trade("divergence", FUTURES, overrides={"TY": {"lot": 0.0}, "JB": {"lot": 0.0}}),
    "five contracts at a time": Trade("hold", hold(US=-0.9), interpolation="pchip", overrides={"US": {"lot": 5.0}}),
    "ruin": Trade("hold", hold(UST30=14.0), max_gross=14.0, every="year"),
}


@pytest.fixture(params=TRADES, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def ours(name: str) -> Account:
    return independent.run(TRADES[name])


@pytest.fixture(scope="module")
def theirs(name: str, ours: Account, tables: Tables, market: Market) -> tuple[Market, Strategy, Book]:
    """Market of the legs, strategy and book that the product makes of the trade."""
    trade = TRADES[name]
    if trade.overrides or trade.interpolation != "linear":
        legs = [changed(instruments.LIBRARY[leg], **trade.overrides.get(leg, {})) for leg in trade.legs]
        market = build(tables, legs, trade.interpolation)
    params = {key: Window(value) if key == "window" else value for key, value in trade.params.items()}
    strategy = STRATEGIES[trade.strategy](**params)
    legs = market.select(strategy.legs)
    window = slice(ours.first, ours.last + 1)
    return legs, strategy, prepare(legs, strategy.targets(legs), window, terms(trade))


def changed(instrument: instruments.Instrument, **overrides: float) -> instruments.Instrument:
    if "borrow_bp" in overrides:
        overrides["borrow"] = overrides.pop("borrow_bp") / 1e4
    return replace(instrument, **overrides)


def terms(trade: Trade) -> Terms:
    same = ("capital", "size_on", "max_gross", "cash_interest", "currency", "every", "band")
    return Terms(
        **{name: getattr(trade, name) for name in same},
        lag=trade.delay,
        margin_spread=trade.margin_spread_bp / 1e4,
        repo_spread=trade.repo_spread_bp / 1e4,
        basis=trade.basis_bp / 1e4,
    )


def section_nine(account: Account) -> dict[str, float | None]:
    """The figures of section 9 that are numbers, one loop each."""
    equity, lines, capital = account.equity, account.lines, account.trade.capital
    rows = range(1, len(equity))
    r = [equity[t] / equity[t - 1] - 1 for t in rows]
    x = [r[t - 1] - lines["cash"][t] / equity[t - 1] for t in rows]
    years = (DATES[account.last] - DATES[account.first]).days / 365.25
    level, levels = 1.0, [1.0]
    for value in x:
        level *= 1 + value
        levels.append(level)
    growth, mean = equity[-1] / capital, statistics.fmean(x)
    cagr = growth ** (1 / years) - 1 if growth > 0 else None
    ranked = sorted(r)
    place = 0.05 * (len(r) - 1)
    below = math.floor(place)
    quantile = ranked[below] + (place - below) * (ranked[below + 1] - ranked[below])
    solvent = [t for t in range(len(equity)) if equity[t] > 0]
    paid = [sum(lines["cost"][t]) + sum(lines["roll"][t]) for t in range(len(equity))]
    prices = [[account.price(i, account.first + t) for i in range(len(account.held))] for t in range(len(equity))]
    gross = [sum(abs(q) * p for q, p in zip(account.units[t], prices[t], strict=True)) / equity[t] for t in solvent]

    def moment(k: int) -> float:
        centre = statistics.fmean(r)
        return statistics.fmean((value - centre) ** k for value in r)

    return {
        "excess_return": mean * 12,
        "volatility": statistics.stdev(r) * math.sqrt(12),
        "sharpe": mean / statistics.stdev(x) * math.sqrt(12),
        "sortino": mean / math.sqrt(statistics.fmean(min(value, 0) ** 2 for value in x)) * math.sqrt(12),
        "excess_drawdown": deepest_fall(levels, 1.0)[0],
        "total_return": growth - 1,
        "cagr": cagr,
        "max_drawdown": deepest_fall(equity, capital)[0],
        "calmar": None if cagr is None else cagr / deepest_fall(equity, capital)[0],
        "skew": moment(3) / moment(2) ** 1.5,
        "kurtosis": moment(4) / moment(2) ** 2 - 3,
        "var_95": -quantile,
        "es_95": -statistics.fmean(value for value in r if value <= quantile),
        "best_bar": max(r),
        "worst_bar": min(r),
        "hit_rate": sum(value > 1e-12 for value in x) / len(x),  # interest alone is no hit, but for rounding
        "turnover": sum(sum(account.traded[t]) / equity[t] for t in solvent) / 2 / years,
        "cost_drag": sum(-paid[t] / equity[t] for t in solvent) / years,
        "gross_leverage": sum(gross) / len(equity),
        "bars": len(equity),
        "periods_per_year": 12.0,
    }


def deepest_fall(path: list[float], start: float) -> tuple[float, int, int, int | None]:
    """Depth of the largest fall from a running peak that starts at `start`; peak, trough, recovery rows."""
    peak, peak_row, worst = start, 0, (0.0, 0, 0, None)
    for t, level in enumerate(path):
        if level >= peak:
            peak, peak_row = level, t
        elif 1 - level / peak > worst[0]:
            recovery = next((s for s in range(t, len(path)) if path[s] >= peak), None)
            worst = (1 - level / peak, peak_row, t, recovery)
    return worst


@pytest.mark.parametrize("interpolation", ["linear", "pchip"])
@pytest.mark.parametrize("leg", independent.LIBRARY)
def test_every_instrument_has_the_history_of_the_second_reading(leg, interpolation, tables):
    spec = independent.LIBRARY[leg]
    history = independent.history(spec, interpolation)
    one = build(tables, [instruments.LIBRARY[leg]], interpolation)
    for column in ("price", "duration", "spread"):
        expected = np.array(getattr(history, column), dtype=float)  # None becomes NaN
        np.testing.assert_allclose(getattr(one, column)[:, 0], expected, rtol=1e-11, atol=0, err_msg=column)
    borrow = [independent.borrow_rate(spec, t) for t in independent.ROWS[1:]]
    np.testing.assert_allclose(one.borrow[1:, 0], borrow, rtol=1e-12, atol=0)
    assert one.exists[:, 0].tolist() == [history.exists(t) for t in independent.ROWS]


def test_the_second_reading_knows_every_built_in_instrument():
    assert independent.LIBRARY.keys() | independent.ABROAD.keys() == instruments.LIBRARY.keys()


@pytest.mark.parametrize("leg", independent.ABROAD)
def test_bonds_without_history_cost_what_the_second_reading_says(leg):
    spec, leg = independent.ABROAD[leg], instruments.LIBRARY[leg]
    assert (leg.currency, leg.curve, leg.maturity) == (spec.currency, spec.curve, spec.maturity)
    costs = (leg.half_spread * 1e4, leg.rolls_per_year, leg.borrow * 1e4)
    assert costs == pytest.approx((spec.half_spread_bp, spec.rolls_per_year, spec.borrow_bp), rel=1e-12)


def test_the_legs_are_those_of_the_second_reading(name, theirs):
    legs, strategy, _ = theirs
    assert list(strategy.legs) == list(legs.names) == TRADES[name].legs


def test_the_window_is_warm_and_no_earlier_row_is(name, ours, theirs):
    legs, strategy, _ = theirs
    warmup = strategy.warmup(legs)
    exists = legs.exists.all(axis=1)
    assert warmup == TRADES[name].returns_needed + 1
    assert exists[ours.first - warmup + 1 : ours.last + 1].all()
    if ours.first >= warmup and DATES[ours.first - 1] >= TRADES[name].start:
        assert not exists[ours.first - warmup]


def test_the_targets_are_those_of_the_second_reading(name, ours, theirs):
    legs, strategy, _ = theirs
    rows = range(ours.first, ours.last + 1)
    expected = [independent.weights(TRADES[name], t) for t in rows]
    np.testing.assert_allclose(strategy.targets(legs)[list(rows)], expected, rtol=1e-9, atol=0)


def test_equity_is_that_of_the_second_reading(name, ours, theirs):
    result = ledger.run(theirs[-1])
    np.testing.assert_allclose(result.equity, ours.equity, rtol=0, atol=TOLERANCE * ours.trade.capital)
    assert result.ruined == ours.ruined


def test_units_and_every_line_are_those_of_the_second_reading(name, ours, theirs):
    result = ledger.run(theirs[-1])
    dollars = np.abs(result.units - ours.units) * theirs[-1].price * theirs[-1].fx
    assert dollars.max() <= TOLERANCE * ours.trade.capital
    for line in LINES:
        expected, cents = np.array(ours.lines[line]), TOLERANCE * ours.trade.capital
        assert expected.shape == result.line(line).shape
        np.testing.assert_allclose(result.line(line), expected, rtol=0, atol=cents, err_msg=line)


def test_the_two_engines_agree_on_it(name, theirs):
    assert reconcile(name, ledger.run(theirs[-1]), backtrader_engine.run(theirs[-1])) <= TOLERANCE


def test_every_figure_is_that_of_the_second_reading(ours, theirs):
    found = figures(ledger.run(theirs[-1]), 12.0)
    expected = section_nine(ours)
    assert found["pnl"] == pytest.approx(
        expected["total_return"] * ours.trade.capital, rel=0, abs=TOLERANCE * ours.trade.capital
    )
    for figure, value in expected.items():
        if value is None:
            assert found[figure] is None, figure
        else:
            assert found[figure] == pytest.approx(value, rel=0, abs=TOLERANCE), figure


def test_every_date_among_the_figures_is_that_of_the_second_reading(ours, theirs):
    found = figures(ledger.run(theirs[-1]), 12.0)

    def day(row: int | None) -> str | None:
        return None if row is None else DATES[ours.first + row].isoformat()

    _, peak, trough, recovery = deepest_fall(ours.equity, ours.trade.capital)
    expected = {"start": 0, "end": len(ours.equity) - 1, "ruined": ours.ruined}
    expected |= {"drawdown_peak": peak, "drawdown_trough": trough, "drawdown_recovery": recovery}
    assert {key: found[key] for key in expected} == {key: day(row) for key, row in expected.items()}


# The cases above show nothing unless what they are named after happens in them.


def test_the_trades_reach_every_line_and_every_rule():
    accounts = {name: independent.run(trade) for name, trade in TRADES.items()}
    moved = {line for account in accounts.values() for line, rows in account.lines.items() if np.any(rows)}
    assert moved == {*LEG_LINES, "cash", "margin"} - {"income"}  # total-return prices pay none
    assert accounts["ruin"].ruined is not None
    assert all(sum(map(abs, independent.weights(TRADES["capped"], t))) > 0.8 for t in range(81, 402))
    lots = np.array(accounts["in lots"].units)
    assert (lots % [50.0, 10.0] == 0).all() and (lots[1:] != 0).all()
    for banded, every in (("fly in a band", 3), ("in a band, a bar late", 1)):
        traded = np.count_nonzero(np.sum(accounts[banded].traded, axis=1))
        assert 1 < traded < len(accounts[banded].equity) // every - 5


@pytest.fixture(params=[ledger.run, backtrader_engine.run], ids=["ledger", "backtrader"])
def years_of(request, market):
    """Total return of each calendar year, percent, and the result, of a strategy set anew every bar."""

    def run(name: str, start: date, **params: object) -> tuple[dict[int, float], Result]:
        strategy = STRATEGIES[name](**params)
        legs = market.select(strategy.legs)
        first, last = (list(legs.dates.astype(object)).index(day) for day in (start, date(2025, 12, 31)))
        result = request.param(prepare(legs, strategy.targets(legs), slice(first, last + 1), Terms()))
        return {year: 100 * total for year, (total, _) in calendar_years(result).items()}, result

    return run


def test_a_long_treasury_had_its_well_known_years(years_of):
    years, result = years_of("hold", date(2006, 2, 28), weights={"UST25": 1.0})
    for year, percent in ((2008, 34.3), (2013, -14.0), (2020, 17.9), (2022, -29.8)):
        assert years[year] == pytest.approx(percent, abs=0.05)
    assert 100 * figures(result, 12.0)["max_drawdown"] == pytest.approx(46.8, abs=0.05)


def test_treasuries_against_jgbs_had_their_well_known_years(years_of):
    years, _ = years_of("divergence", date(1999, 9, 30), **DV01)
    for year, percent in ((2008, 10.6), (2022, -7.5), (2025, 10.6)):
        assert years[year] == pytest.approx(percent, abs=0.05)
