"""Random books for tests that hold two ways of walking one to the last bit: every feature comes up in a few dozen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.engine.book import Book, Terms, prepare
from backtests.engine.result import Result
from backtests.performance.repricing import PARTS
from data.market import Market
from strategies.exits import DatedTrade, Length
from strategies.exits import Terms as Exits
from tests.test_engines_agree import World, random_market


def random_book(seed: int, longest: int = 400) -> Book:
    """A book of up to four legs whose every term, cost and closed day follows from `seed`."""
    rng = np.random.default_rng(seed)

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    world = World(
        seed=seed,
        rows=int(rng.integers(2, longest)),
        legs=pick(1, 2, 3, 4),
        jumps=pick(0.0, 0.005, 0.02, 0.3),
        holidays=pick(0.0, 0.3, 0.8),
        leverage=pick(0.1, 1.0, 5.0),
        lot=pick(0.0, 0.0, 1.0, 1000.0),
        costs=pick(0.0, 1e-5, 1e-4, 5e-3),
        pays_income=pick(False, True),
        drift=pick(0.0, 0.004, 0.05),
    )
    terms = Terms(
        capital=10.0 ** rng.uniform(3, 9),
        size_on=pick("equity", "capital"),
        max_gross=pick(0.5, 2.0, 10.0),
        cash_interest=pick(False, True),
        margin_spread=pick(0.0, 0.0075, 0.5),
        repo_spread=pick(0.0, 0.0005, 0.4),
        withholding=pick(0.0, 0.15),
        currency=pick("repo", "unhedged", "fx_swap"),
        basis=pick(-0.002, 0.0, 0.3),
        lag=pick(0, 1, 2),
        every=pick("bar", "week", "month", "quarter", "year"),
        band=pick(0.0, 0.05, 0.5),
    )
    market, weights = random_market(world)
    forced = rng.random(world.rows) < pick(0.0, 0.0, 0.1)  # rows on which a dated trade opens or closes
    return prepare(market, weights, slice(world.rows // 5, world.rows), terms, forced)


@dataclass(frozen=True)
class Drawn:
    """Weights drawn by lot, row by row."""

    names: tuple[str, ...]
    weights: np.ndarray  # (T, n)

    @property
    def legs(self) -> tuple[str, ...]:
        return self.names

    def warmup(self, market: Market) -> int:
        return 1

    def targets(self, market: Market) -> np.ndarray:
        return self.weights[: len(market.dates)]


def dated_book(seed: int) -> tuple[DatedTrade, Market, slice, Book]:
    """A random book of a dated trade with random gates, and what it is of."""
    rng = np.random.default_rng(seed)

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    rows = int(rng.integers(5, 120))
    world = World(
        seed=seed, rows=rows, legs=pick(1, 2, 3), jumps=pick(0.005, 0.02, 0.2), holidays=pick(0.0, 0.3),
        leverage=pick(0.3, 1.0, 4.0), lot=pick(0.0, 0.0, 1000.0), costs=pick(0.0, 1e-4, 5e-3),
        pays_income=pick(False, True),
    )  # fmt: skip
    market, weights = random_market(world)
    held = np.repeat(rng.random(rows) > 0.3, rng.integers(1, 9, rows))[:rows]  # spells of a position and of none
    signs = np.repeat(rng.choice([-1.0, 1.0], rows), rng.integers(1, 9, rows))[:rows]
    inner = Drawn(market.names, np.abs(weights) * (held * signs)[:, None])
    first = market.dates[int(rng.integers(0, rows // 2))]
    terms = Exits(
        entry=pick(None, None, (first + 3).astype(object)),
        horizon=pick(None, Length("10D"), Length("1M")),
        target_pct=pick(None, 0.5, 5.0),
        stop_pct=pick(None, 0.5, 5.0),
        reenter=pick(None, "never", "turn", Length("12D")),
    )
    trade = DatedTrade(inner, terms, first.astype(object))
    window = slice(int(np.searchsorted(market.dates, first)), rows)
    book = prepare(
        market,
        trade.targets(market),
        window,
        Terms(
            max_gross=pick(2.0, 10.0), currency=pick("repo", "unhedged", "fx_swap"), lag=pick(0, 1, 2),
            every=pick("bar", "month"), band=pick(0.0, 0.3), size_on=pick("equity", "capital"),
        ),
        trade.decisions(market),
    )  # fmt: skip
    return trade, market, window, book


def without_curves(result: Result, *_: object) -> dict[str, np.ndarray]:
    """What `bond_lines` is of prices drawn by lot, which rest on no curve: none of any part."""
    return dict.fromkeys(PARTS, 0.0 * result.price)
