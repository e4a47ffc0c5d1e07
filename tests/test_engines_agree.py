"""Two engines, one answer: on any book at all, and on none that is broken; and the laws that both obey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backtests.engine import backtrader_engine, ledger
from backtests.engine.book import Book, Terms, prepare
from backtests.engine.reconcile import TOLERANCE, reconcile
from backtests.engine.result import LEG_LINES, LINES, Result, lots_held
from data.build import build
from data.errors import ReconciliationError
from data.instruments import LIBRARY, Instrument
from data.market import Market
from data.pricing.bonds import price
from strategies import STRATEGIES
from tests.test_ledger import NEVER_AGAIN, book

LEGS = (
    Instrument("US", "par_bond", "USD", "us", 10.0),
    Instrument("JP", "par_bond", "JPY", "jp", 10.0),
    Instrument("FUND", "listed", "USD", "us", 25.0),
    Instrument("TOKYO", "listed", "JPY", "jp", 9.0),
)


@dataclass(frozen=True)
class World:
    """What a random market is made of; the numbers themselves follow from `seed`."""

    seed: int
    rows: int
    legs: int
    jumps: float  # standard deviation of a bar's price move
    holidays: float  # share of closed rows of a leg
    leverage: float  # scale of the weights
    lot: float
    costs: float  # scale of every rate and spread
    pays_income: bool
    drift: float = 0.0  # standard deviation of a bar's change of a lot, as a future's has


def random_market(world: World) -> tuple[Market, np.ndarray]:
    """A market of up to four legs, and weights that cross zero now and then."""
    rng = np.random.default_rng(world.seed)
    shape = (world.rows, world.legs)
    dates = np.datetime64("2020-01-01", "D") + np.cumsum(rng.integers(1, 5, world.rows))
    yen = 0.008 * np.exp(np.cumsum(rng.normal(0, 0.03, world.rows)))
    legs = LEGS[: world.legs]

    def rate(low: float) -> np.ndarray:
        table = world.costs * rng.uniform(low, 1, shape)
        table[0] = 0.0  # no bar ends on the first row
        return table

    market = Market(
        dates=dates,
        instruments=legs,
        price=100 * np.exp(np.cumsum(rng.normal(0, world.jumps, shape), axis=0)),
        duration=np.full(shape, 8.0),
        funding=rate(-1),
        borrow=rate(0),
        roll=rate(0),
        income=100 * rate(0) * world.pays_income,
        spread=world.costs * rng.uniform(0, 1, shape),
        fx=np.column_stack([yen if leg.currency == "JPY" else np.ones(world.rows) for leg in legs]),
        lot=world.lot * np.exp(np.cumsum(np.random.default_rng([world.seed, 1]).normal(0, world.drift, shape), axis=0)),
        exists=np.ones(shape, bool),
        tradable=rng.random(shape) >= world.holidays,
        proxy=np.zeros(shape, bool),
        no_rolldown=np.zeros(shape, bool),
        usd=rate(-1)[:, 0],
        cash=rate(-1)[:, 0],
        curves={},
        macro={},
        periods_per_year=252.0,
    )
    weights = rng.normal(0, world.leverage, shape) * (rng.random((world.rows, 1)) > 0.15)
    return market, weights


worlds = st.builds(
    World,
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 40),
    legs=st.integers(1, 4),
    jumps=st.sampled_from([0.0, 0.005, 0.05, 0.3]),
    holidays=st.sampled_from([0.0, 0.3, 0.8]),
    leverage=st.sampled_from([0.1, 1.0, 5.0]),
    lot=st.sampled_from([0.0, 0.0, 1.0, 10.0, 1000.0]),
    costs=st.sampled_from([0.0, 1e-4, 5e-3]),
    pays_income=st.booleans(),
    drift=st.sampled_from([0.0, 0.0, 0.004, 0.05]),
)
all_terms = st.builds(
    Terms,
    capital=st.floats(3, 12).map(lambda power: 10.0**power),
    size_on=st.sampled_from(["equity", "capital"]),
    max_gross=st.sampled_from([0.5, 2.0, 10.0]),
    cash_interest=st.booleans(),
    margin_spread=st.sampled_from([0.0, 0.0075, 0.5]),
    repo_spread=st.sampled_from([0.0, 0.0005, 0.4]),
    currency=st.sampled_from(["repo", "unhedged", "fx_swap"]),
    basis=st.sampled_from([-0.002, 0.0, 0.3]),
    lag=st.integers(0, 2),
    every=st.sampled_from(["bar", "week", "month", "quarter", "year"]),
    band=st.sampled_from([0.0, 0.05, 0.5]),
)

RUINOUS = World(7, 40, 3, 0.3, 0.3, 5.0, 0.0, 5e-3, True)


def both(world: World, terms: Terms) -> tuple[Book, Result, Result]:
    market, weights = random_market(world)
    first = world.rows // 5  # the window need not begin where history does
    made = prepare(market, weights, slice(first, world.rows), terms)
    return made, ledger.run(made), backtrader_engine.run(made)


@settings(max_examples=400)
@given(worlds, all_terms)
@example(RUINOUS, Terms(lag=0))
@example(RUINOUS, Terms(lag=1, currency="unhedged"))
@example(RUINOUS, Terms(lag=2, band=0.05, size_on="capital", currency="fx_swap"))
def test_the_engines_agree_on_any_book(world, terms):
    made, first, second = both(world, terms)
    assert reconcile("any", first, second) <= TOLERANCE
    assert first.ruined == second.ruined
    worth = made.price * made.fx
    assert (np.abs(first.units - second.units) * worth).max() <= TOLERANCE * terms.capital
    for name in LINES:
        assert np.abs(first.line(name) - second.line(name)).max() <= TOLERANCE * terms.capital, name


@settings(max_examples=200)
@given(worlds, all_terms)
def test_on_any_book_the_lines_sum_to_the_change_in_equity_on_every_bar(world, terms):
    _, *results = both(world, terms)
    for result in results:
        change = np.diff(result.equity, prepend=terms.capital)
        assert np.abs(result.change() - change).max() <= TOLERANCE * terms.capital


@settings(max_examples=200)
@given(worlds, all_terms)
def test_on_any_book_only_whole_lots_are_held_and_closed_legs_do_not_trade(world, terms):
    made, *results = both(world, terms)
    for result in results:
        alive = slice(0, result.ruined)  # a ruined book is closed whatever its holidays
        assert not result.traded[alive][~made.tradable[alive]].any()
        if world.lot and not world.drift:
            lots = result.units / world.lot
            assert np.abs(lots - np.round(lots)).max(initial=0.0) <= 1e-9 * max(1.0, np.abs(lots).max())


@settings(max_examples=100)
@given(worlds, all_terms, st.sampled_from([0.004, 0.05]), st.sampled_from([1.0, 10.0, 1000.0]))
def test_where_lots_drift_only_another_number_of_them_is_an_order(world, terms, drift, lot):
    market, weights = random_market(replace(world, lot=lot, drift=drift, holidays=0.0))
    made = prepare(market, weights, slice(0, world.rows), replace(terms, lag=0))
    for result in (ledger.run(made), backtrader_engine.run(made)):
        alive = slice(0, result.ruined)
        lots = lots_held(result, made.lot)
        moved = np.diff(lots, axis=0, prepend=0.0) != 0.0
        np.testing.assert_array_equal(result.traded[alive] > 0, moved[alive])
        bought = np.where(moved, made.lot, np.nan)[alive]
        np.testing.assert_allclose(result.units[alive][moved[alive]], (lots[alive] * bought)[moved[alive]], rtol=1e-9)


@settings(max_examples=100)
@given(worlds, all_terms, st.data())
def test_on_any_book_the_past_does_not_depend_on_the_future(world, terms, data):
    made, first, _ = both(world, terms)
    rows = data.draw(st.integers(1, len(made.dates)))
    short = made._replace(
        **{
            name: value[:rows]
            for name, value in made._asdict().items()
            if isinstance(value, np.ndarray) and name not in ("fx_exposed", "listed", "bond")
        }
    )
    for result in (ledger.run(short), backtrader_engine.run(short)):
        np.testing.assert_allclose(result.equity, first.equity[:rows], rtol=0, atol=TOLERANCE * terms.capital)


def test_the_random_books_do_all_that_they_are_meant_to():
    seen = set()
    for seed in range(60):
        world = replace(RUINOUS, seed=seed, jumps=0.05 if seed % 2 else 0.3, legs=4)
        made, result, _ = both(world, Terms(lag=seed % 3, currency=("repo", "unhedged", "fx_swap")[seed % 3]))
        signs = np.sign(result.units)
        seen |= {name for name in LINES if result.line(name).any()}
        seen |= {"ruin"} if result.ruined is not None else {"survival"}
        seen |= {"reversal"} if (signs[1:] * signs[:-1] < 0).any() else set()
        seen |= {"holiday"} if not made.tradable.all() else set()
    assert seen == {*LINES, "ruin", "survival", "reversal", "holiday"}


# ---- what is broken is found


@pytest.fixture
def pair(market: Market) -> Book:
    strategy = STRATEGIES["divergence"]()
    legs = market.select(strategy.legs)
    return prepare(legs, strategy.targets(legs), slice(81, 402), Terms())


def test_two_sound_engines_are_reconciled(pair):
    assert 0 <= reconcile("pair", ledger.run(pair), backtrader_engine.run(pair)) <= TOLERANCE


@pytest.mark.parametrize("row", [1, 17, 320])
def test_an_engine_that_forgets_the_funding_of_one_day_is_caught_and_the_day_is_named(pair, monkeypatch, row):
    sound, second = ledger.accrue, backtrader_engine.run(pair)

    def forgetful(book: Book, lines: ledger.Lines, t: int, held: np.ndarray, wealth: float) -> float:
        total = sound(book, lines, t, held, wealth)
        if t == row:
            total -= float(lines.funding[t].sum())
            lines.funding[t] = 0.0
        return total

    monkeypatch.setattr(ledger, "accrue", forgetful)
    day = pair.dates[row]
    with pytest.raises(ReconciliationError, match=rf"^thesis: the engines disagree from {day} on: equity \d"):
        reconcile("thesis", ledger.run(pair), second)


def test_a_broker_that_forgets_a_cost_is_caught_and_the_day_is_named(pair, monkeypatch):
    monkeypatch.setattr(backtrader_engine._Costs, "_getcommission", lambda *_, **__: 0.0)
    with pytest.raises(ReconciliationError, match=f"disagree from {pair.dates[0]} on"):
        reconcile("thesis", ledger.run(pair), backtrader_engine.run(pair))


def test_a_result_whose_lines_do_not_sum_is_caught(pair):
    sound = ledger.run(pair)
    cash = sound.cash.copy()
    cash[40] += 1e-8 * sound.capital
    broken = replace(sound, cash=cash)
    for first, second in ((sound, broken), (broken, sound)):
        with pytest.raises(ReconciliationError, match=r"thesis: the ledger's lines miss its equity by 1\.0e-08"):
            reconcile("thesis", first, second)


@pytest.mark.parametrize(("off", "passes"), [(0.9e-9, True), (1.1e-9, False)])
def test_the_tolerance_is_a_billionth_of_capital(pair, off, passes):
    sound = ledger.run(pair)
    moved = replace(sound, equity=sound.equity + off * sound.capital)
    if passes:
        assert reconcile("thesis", sound, moved) == pytest.approx(off, abs=1e-12)
    else:
        with pytest.raises(ReconciliationError, match=f"disagree from {pair.dates[0]} on"):
            reconcile("thesis", sound, moved)


def test_equity_that_is_not_a_number_is_caught(pair):
    sound = ledger.run(pair)
    equity = sound.equity.copy()
    equity[12:] = np.nan
    with pytest.raises(ReconciliationError, match=f"disagree from {pair.dates[12]} on"):
        reconcile("thesis", sound, replace(sound, equity=equity))


# ---- laws


@pytest.fixture(params=[ledger.run, backtrader_engine.run], ids=["ledger", "backtrader"])
def run(request: pytest.FixtureRequest) -> Callable[[Book], Result]:
    return request.param


@pytest.mark.parametrize("name", ["UST10", "JGB30", "TIPS10", "TLT"])
@pytest.mark.parametrize("currency", ["repo", "unhedged"])
def test_a_leg_against_its_own_twin_loses_exactly_costs_roll_and_borrow(run, tables, name, currency):
    twins = (LIBRARY[name], replace(LIBRARY[name], name="twin"))
    market = build(tables, twins)
    weights = STRATEGIES["hold"](weights={name: 0.9, "twin": -0.9}).targets(market)
    rows = np.flatnonzero(market.exists.all(axis=1))[-120:]
    terms = Terms(cash_interest=False, currency=currency)
    result = run(prepare(market, weights, slice(rows[0], rows[-1] + 1), terms))
    lost = sum(result.line(line).sum() for line in ("cost", "roll", "borrow"))
    assert lost < 0
    assert result.equity[-1] - result.capital == pytest.approx(lost, abs=1e-9 * result.capital)
    for line in LEG_LINES[:3]:
        assert np.abs(result.line(line).sum(axis=1)).max() <= 1e-9 * result.capital


def convexity(yield_: float, maturity: float, shift: float = 0.0) -> float:
    """Second derivative of the price of a par bond of `yield_` by its yield, after a shift."""
    h, y = 1e-4, yield_ + shift
    below, here, above = (float(price(yield_, y + step, maturity)) for step in (-h, 0.0, h))
    return (below - 2 * here + above) / h**2


@pytest.mark.parametrize("shift", [0.0025, -0.0025])
@pytest.mark.parametrize("trade", ["steepener", "flattener"])
@pytest.mark.parametrize(("front", "back"), [("UST2", "UST10"), ("JGB10", "JGB30"), ("UST2", "UST30")])
def test_a_parallel_shift_moves_a_dv01_neutral_pair_by_half_the_gap_in_convexity(
    run, market, front, back, trade, shift
):
    legs = market.select((front, back)).until(400)
    maturities = [instrument.maturity for instrument in legs.instruments]
    yields = [legs.curves[i.curve].at(i.maturity)[-1] for i in legs.instruments]
    weights = STRATEGIES["curve"](front=front, back=back, trade=trade).targets(legs)[-1]
    moved = [100 * float(price(y, y + shift, m)) for y, m in zip(yields, maturities, strict=True)]
    gain = run(book([[100, 100], moved], [weights], NEVER_AGAIN)).equity[-1] / 1000 - 1
    # Taylor: a leg gains -w D dy + w C(somewhere on the way) dy^2 / 2, and the first terms cancel.
    bends = [
        w * convexity(y, m, end) for w, y, m in zip(weights, yields, maturities, strict=True) for end in (0, shift)
    ]
    low, high = (pick(bends[:2]) + pick(bends[2:]) for pick in (min, max))
    assert low * shift**2 / 2 <= gain <= high * shift**2 / 2
    assert abs(gain) < 0.2 * abs(weights[0] * (moved[0] / 100 - 1))  # a leg alone moves by 1.25 %


def test_the_lines_sum_to_the_change_in_equity_on_every_bar(run, market):
    strategy = STRATEGIES["box"]()
    legs = market.select(strategy.legs)
    for currency in ("repo", "unhedged", "fx_swap"):
        result = run(prepare(legs, strategy.targets(legs), slice(81, 402), Terms(currency=currency, lag=1)))
        change = np.diff(result.equity, prepend=result.capital)
        np.testing.assert_allclose(result.change(), change, rtol=0, atol=1e-9 * result.capital)
        assert result.imbalance() <= 1e-9
