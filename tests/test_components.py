"""A blend's profit split among its components: the split sums to the book, and each part is what it earns alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Terms, prepare
from backtests.engine.result import LEG_LINES, Result
from backtests.performance.components import by_component
from data.market import Market
from strategies import OVERLAYS
from strategies.base import Strategy, components_of
from strategies.blend import Blend, Part
from strategies.curve import CurveTrade
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.macro import Policy, SafeHaven
from strategies.relative_value import Carry, Reversion
from strategies.thesis import Thesis

ROWS = slice(160, 390)
MIXED = Blend(
    {
        "policy": Part(Policy(), 0.5),
        "carry": Part(Carry(), 0.7),
        "fade": Part(Reversion("UST30", "JGB10"), -0.4),
        "fund": Part(Hold({"TLT": 0.3, "JGB10": -0.2}), 1.0),
    }
)
HEAVY = Blend(  # JGBs net to nothing
    {"long": Part(Hold({"UST30": 18.0, "JGB10": 1.0})), "short": Part(Hold({"UST30": -4.0, "JGB10": -1.0}))}
)

Split = dict[str, np.ndarray]


def legs_total(result: Result) -> np.ndarray:
    """P&L (T, n) of each leg."""
    return np.asarray(sum(result.line(line) for line in LEG_LINES))


def split(market: Market, parts: Mapping[str, np.ndarray], terms: Terms, rows: slice = ROWS, engine=ledger.run):
    """The result of a book of components, and their P&L."""
    book = prepare(market, np.asarray(sum(parts.values())), rows, terms)
    result = engine(book)
    return result, by_component(book, result, {name: weights[rows] for name, weights in parts.items()})


def of(strategy: Strategy, market: Market) -> tuple[Market, Split]:
    legs = market.select(strategy.legs)
    return legs, components_of(strategy, legs)


def closed_at_times(market: Market) -> Market:
    """The market with a tenth of all rows of each leg turned into its holidays."""
    closed = np.random.default_rng(11).random(market.price.shape) < 0.1
    return dataclasses.replace(market, tradable=market.tradable & ~closed)


def in_lots(market: Market, size: float) -> Market:
    return dataclasses.replace(market, lot=np.full(market.price.shape, size))


def frictionless(market: Market) -> Market:
    free = {name: np.zeros_like(getattr(market, name)) for name in ("spread", "roll", "borrow")}
    return dataclasses.replace(market, **free)


# ---- it sums to the book

TERMS = {
    "same close": Terms(),
    "monthly, on capital": Terms(every="month", size_on="capital"),
    "next close": Terms(lag=1),
    "quarterly": Terms(every="quarter"),
    "quarterly, three bars late": Terms(every="quarter", lag=3),
    "band": Terms(band=0.25),
    "band, next close": Terms(band=0.25, lag=1, size_on="capital"),
    "unhedged": Terms(currency="unhedged"),
    "swap": Terms(currency="fx_swap", basis=-0.05),
    "capped": Terms(max_gross=0.8),
    "taxed": Terms(withholding=0.3, cash_interest=False),
}


@pytest.mark.parametrize("engine", [ledger.run, backtrader_engine.run], ids=["ledger", "backtrader"])
@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize(
    "changed", [lambda m: m, closed_at_times, lambda m: in_lots(m, 700.0)], ids=["plain", "closed", "lots"]
)
def test_components_sum_to_the_legs_lines_on_every_bar(market, terms, changed, engine):
    legs, parts = of(MIXED, market)
    rich = dataclasses.replace(changed(legs), income=np.where(legs.exists, 0.05, 0.0))
    result, shares = split(rich, parts, terms, engine=engine)
    assert list(shares) == ["policy", "carry", "fade", "fund"]
    total = sum(shares.values())
    assert total == pytest.approx(legs_total(result), abs=1e-12 * result.capital, rel=0)
    assert np.abs(total).max() > 1e-4 * result.capital
    assert result.cost.any() and result.borrow.any() and result.income.any()
    assert all(np.isfinite(usd).all() and usd.any() for usd in shares.values())


@pytest.mark.parametrize("lag", [0, 1])
def test_components_sum_to_the_legs_lines_through_ruin(market, lag):
    legs, parts = of(HEAVY, market)
    result, shares = split(legs, parts, Terms(every="year", max_gross=100.0, lag=lag))
    assert result.ruined is not None and result.cost[result.ruined].any()
    total = sum(shares.values())
    assert total == pytest.approx(legs_total(result), abs=1e-12 * result.capital, rel=0)
    for usd in shares.values():
        assert usd[result.ruined].any() and not usd[result.ruined + 1 :].any()


@pytest.mark.parametrize("strategy", [Thesis(), OVERLAYS["volatility_target"](MIXED), OVERLAYS["smooth"](Thesis())])
def test_the_thesis_and_what_is_laid_over_a_blend_sum_too(market, strategy):
    legs, parts = of(strategy, market)
    result, shares = split(legs, parts, Terms(every="month"), slice(240, 395))
    assert len(shares) == len(parts) in (4, 8)
    assert sum(shares.values()) == pytest.approx(legs_total(result), abs=1e-12 * result.capital, rel=0)


def test_a_strategy_that_is_no_blend_has_no_components(market):
    legs, parts = of(Divergence(), market)
    book = prepare(legs, Divergence().targets(legs), ROWS, Terms())
    assert parts == {} and by_component(book, ledger.run(book), parts) == {}


# ---- each part is what it earns alone

ON_CAPITAL = Terms(size_on="capital", cash_interest=False, max_gross=1e6)
ALONE = {
    "same close": ON_CAPITAL,
    "next close": dataclasses.replace(ON_CAPITAL, lag=1),
    "quarterly": dataclasses.replace(ON_CAPITAL, every="quarter"),
    "yearly, next close, unhedged": dataclasses.replace(ON_CAPITAL, every="year", lag=1, currency="unhedged"),
}


def earns_as_alone(market: Market, parts: Mapping[str, np.ndarray], terms: Terms, rows: slice = ROWS) -> None:
    _, shares = split(market, parts, terms, rows)
    for name, weights in parts.items():
        alone = ledger.run(prepare(market, weights, rows, terms))
        assert shares[name] == pytest.approx(legs_total(alone), abs=1e-9 * terms.capital, rel=0), name
        assert shares[name].any()


@pytest.mark.parametrize("terms", ALONE.values(), ids=ALONE)
@pytest.mark.parametrize("changed", [lambda m: m, closed_at_times], ids=["open", "closed"])
def test_without_friction_a_component_earns_what_it_would_alone(market, terms, changed):
    legs, parts = of(MIXED, market)
    earns_as_alone(changed(frictionless(legs)), parts, terms)


@pytest.mark.parametrize("terms", ALONE.values(), ids=ALONE)
def test_so_do_two_that_net_to_nothing(market, terms):
    """A steepener and a flattener of one size in one book: nothing is held, and each earned the other's loss."""
    both = {
        "steep": Part(CurveTrade("UST2", "UST10", "steepener"), 0.3),
        "flat": Part(CurveTrade("UST2", "UST10", "flattener"), 0.3),
        "calm": Part(SafeHaven("JGB10", "UST30"), 0.5),
    }
    legs, parts = of(Blend(both), market)
    assert not (parts["steep"] + parts["flat"]).any()
    open_rows = slice(170, 370)
    earns_as_alone(frictionless(legs), parts, terms, open_rows)
    result, shares = split(frictionless(legs), parts, terms, open_rows)
    assert not result.units[:, [legs.column("UST2"), legs.column("UST10")]].any()
    assert shares["steep"] == pytest.approx(-shares["flat"], abs=1e-9 * terms.capital)


def test_so_do_two_that_net_to_nothing_now_and_then(market):
    legs = frictionless(market.select(["UST10"]))
    sign = np.resize([1.0, 1.0, -1.0, 1.0, -1.0], len(legs.dates))[:, None]
    earns_as_alone(legs, {"steady": np.full(sign.shape, 0.5), "turning": 0.5 * sign}, ON_CAPITAL)


def test_a_cap_on_gross_scales_every_component_alike(market):
    legs = frictionless(market.select(["UST10", "JGB10"]))
    one = np.full(legs.price.shape, [3.0, 1.0])
    other = np.full(legs.price.shape, [1.0, -1.0])  # JGBs net to nothing; gross 4, capped at 2
    terms = dataclasses.replace(ON_CAPITAL, max_gross=2.0)
    _, shares = split(legs, {"one": one, "other": other}, terms)
    for name, weights in {"one": one, "other": other}.items():
        alone = ledger.run(prepare(legs, weights / 2, ROWS, ON_CAPITAL))
        assert shares[name] == pytest.approx(legs_total(alone), abs=1e-9 * terms.capital, rel=0)


# ---- by hand


def one_leg(market: Market) -> Market:
    """One bond at 100, 110, 99: half-spread 1 %, roll 0.2 %, borrow 0.5 %, funding 0.1 % a bar."""
    cut = market.select(["UST10"]).until(2)
    column = np.ones((3, 1))
    bar = np.array([[0.0], [1.0], [1.0]])
    return dataclasses.replace(
        cut, price=np.array([[100.0], [110.0], [99.0]]), spread=0.01 * column, roll=0.002 * bar,
        borrow=0.005 * bar, funding=0.001 * bar,
    )  # fmt: skip


def test_what_netting_saves_is_shared_by_size(market):
    column = np.ones((3, 1))
    terms = Terms(capital=1000.0, size_on="capital", cash_interest=False, every="year")
    _, shares = split(one_leg(market), {"long": 0.6 * column, "short": -0.4 * column}, terms, slice(0, 3))
    # Units 6 and -4, net 2: 200 bought at 1 %, shared 60 to 40. Then 10 a unit; funding of 0.6 paid and 0.4 received.
    # Alone they would roll for 1.2 and 0.8, the book for 0.4: 1.6 saved. The short alone would borrow for 2 (0.5 % of
    # 400), the book for nothing: 2 saved. Of what is saved the long has six tenths. The next bar starts at 110.
    long = [-1.2, 60 - 0.6 - (1.2 - 0.96) + 1.2, -66 - 0.66 - (1.32 - 1.056) + 1.32]
    short = [-0.8, -40 + 0.4 - (0.8 - 0.64) - (2.0 - 0.8), 44 + 0.44 - (0.88 - 0.704) - (2.2 - 0.88)]
    assert shares["long"][:, 0] == pytest.approx(long)
    assert shares["short"][:, 0] == pytest.approx(short)


def test_a_component_that_alone_trades_bears_the_cost_alone(market):
    steady = np.full((3, 1), 0.5)
    turning = np.array([[0.0], [0.0], [0.3]])
    terms = Terms(capital=1000.0, size_on="capital", cash_interest=False)
    free = dataclasses.replace(one_leg(market), price=np.full((3, 1), 100.0), funding=np.zeros((3, 1)))
    free = dataclasses.replace(free, roll=np.zeros((3, 1)), borrow=np.zeros((3, 1)))
    _, shares = split(free, {"steady": steady, "turning": turning}, terms, slice(0, 3))
    assert shares["steady"][:, 0] == pytest.approx([-5, 0, 0])
    assert shares["turning"][:, 0] == pytest.approx([0, 0, -3])


def test_lots_do_not_shrink_components_that_nearly_net(market):
    column = np.ones((3, 1))
    terms = Terms(capital=10_000.0, size_on="capital", cash_interest=False, every="year")
    legs = in_lots(frictionless(one_leg(market)), 1.0)
    _, shares = split(legs, {"long": 0.6 * column, "short": -0.595 * column}, terms, slice(0, 3))
    # 60 units against 59.5: half a unit is not held, but 60 units made 600 before funding of 6
    assert shares["long"][1, 0] == pytest.approx(594, abs=10)


def test_a_band_does_not_hide_components_that_net_to_nothing(market):
    legs = frictionless(market.select(["UST10", "JGB10"]))
    shape = legs.price.shape
    parts = {"one": np.full(shape, [0.5, 0.1]), "other": np.full(shape, [-0.5, 0.1])}
    earns_as_alone(legs, parts, dataclasses.replace(ON_CAPITAL, band=0.0001))
