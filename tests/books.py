"""Random books for tests that hold two ways of walking one to the last bit: every feature comes up in a few dozen."""

from __future__ import annotations

import numpy as np

from backtests.engine.book import Book, Terms, prepare
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
    return prepare(market, weights, slice(world.rows // 5, world.rows), terms)
