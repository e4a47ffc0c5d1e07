"""How long the backtrader engine takes beside a bare backtrader script that trades the same sizes.

The bare script has no funding, no FX, no interest on cash and no currency treatment: it is what one would write in
twenty lines (stdstats off, PandasData feeds, default run mode, percent commission, order_target_size). Both run in
pairs, one after the other, so that a noisy machine slows both; the ratio's median over the pairs is what counts.

    python benchmarks/engine.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import backtrader as bt
import numpy as np
import pandas as pd

from backtests.engine import backtrader_engine
from backtests.engine.book import Book, decisions

BARS = 5040
PAIRS = 9


def market(bars: int) -> Book:
    """A made-up daily book of two legs, rebalanced monthly, with every cost and rate other than 0."""
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2004-01-01", periods=bars).to_numpy().astype("datetime64[D]")
    shape = (bars, 2)
    price = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, shape), axis=0))
    fx = np.column_stack([np.ones(bars), 0.01 * np.exp(np.cumsum(rng.normal(0, 0.004, bars)))])
    flat = np.full(shape, 1e-4)
    rate = np.full(bars, 1e-4)
    return Book(
        dates=dates, price=price, fx=fx, fx_exposed=np.ones(2), funding_long=flat * fx, funding_short=flat * fx,
        borrow=flat / 10, roll=flat / 10, income_long=np.zeros(shape), income_short=np.zeros(shape), spread=flat,
        lot=np.zeros(shape), tradable=np.ones(shape, bool), listed=np.zeros(2, bool), bond=np.ones(2, bool), cash=rate,
        margin=rate / 10, repo=rate / 100,
        targets=np.tile([0.6, -0.5], (bars, 1)), decides=decisions(dates, "month", 252.0), lag=1, band=np.zeros(bars),
        capital=1e7, fixed_base=False,
    )  # fmt: skip


class Bare(bt.Strategy):
    """Set each leg to a given size on given rows."""

    params = (("sizes", None), ("rows", None))

    def next(self) -> None:
        t = len(self) - 1
        if self.p.rows[t]:
            for data, size in zip(self.datas, self.p.sizes[t], strict=True):
                self.order_target_size(data, size)


def bare(book: Book, sizes: list[list[float]]) -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(1e9)
    cerebro.broker.setcommission(commission=0.0001)
    index = pd.DatetimeIndex(book.dates)
    for i in range(2):
        price = book.price[:, i]
        bars = dict.fromkeys(("open", "high", "low", "close"), price)
        cerebro.adddata(bt.feeds.PandasData(dataname=pd.DataFrame({**bars, "volume": 0.0}, index=index)))
    cerebro.addstrategy(Bare, sizes=sizes, rows=book.decides.tolist())
    cerebro.run()


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    book, twice = market(BARS), market(2 * BARS)
    sizes = backtrader_engine.run(book).units
    wanted = np.vstack([sizes[1:], sizes[-1:]]).tolist()  # the bare script's orders, too, fill one bar later
    pairs = []
    for _ in range(PAIRS):
        ours = seconds(lambda: backtrader_engine.run(book))
        theirs = seconds(lambda: bare(book, wanted))
        double = seconds(lambda: backtrader_engine.run(twice))
        pairs.append((ours, theirs, double))
    ratio = statistics.median(ours / theirs for ours, theirs, _ in pairs)
    growth = statistics.median(double / ours for ours, _, double in pairs)
    print(f"{BARS} daily bars, 2 legs, monthly rebalance, median of {PAIRS} pairs")
    ours, theirs = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    print(f"engine {ours:.3f} s, bare script {theirs:.3f} s")
    print(f"engine / bare script  {ratio:.2f}  (at most 1.2)")
    print(f"twice the bars / once {growth:.2f}  (at most 2.2)")


if __name__ == "__main__":
    main()
