"""Ten thousand random dated trades: both engines to 1e-9 of capital, and round trips that sum to the trading P&L.

python tests/proof/dated.py [COUNT]
"""

from __future__ import annotations

import sys

from backtests.engine import backtrader_engine, ledger
from backtests.performance import round_trips
from tests.books import dated_book, without_curves

COUNT, FIRST, BOUND = 10_000, 2_000_000, 1e-9


def main(count: int = COUNT) -> int:
    """Run them; return 1 where any is apart."""
    round_trips.yields = lambda strategy, market: None  # type: ignore[assignment]  # prices drawn by lot have no curve
    round_trips.bond_lines = without_curves  # type: ignore[assignment]
    widest = missed = 0.0
    trips = 0
    for seed in range(FIRST, FIRST + count):
        trade, market, rows, book = dated_book(seed)
        plain, brokered = ledger.run(book), backtrader_engine.run(book)
        gap = float(abs(plain.equity - brokered.equity).max()) / plain.capital
        told = round_trips.round_trips(trade, market, rows, book, plain)
        trading = plain.equity[-1] - plain.capital - plain.cash.sum()
        miss = abs(sum(trip.pnl_usd for trip in told) - trading) / plain.capital
        if gap > BOUND or miss > BOUND:
            print(f"trade {seed}: engines {gap:.1e} apart, trips miss the trading P&L by {miss:.1e}", flush=True)
        widest, missed, trips = max(widest, gap), max(missed, miss), trips + len(told)
    print(
        f"{count} dated trades, {trips} round trips: engines within {widest:.1e}, trips within {missed:.1e} of capital"
    )
    return int(widest > BOUND or missed > BOUND)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
