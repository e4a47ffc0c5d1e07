"""Ten thousand random books, every feature among them: compiled and plain ledger to the last bit, statistics to 1e-12.

python tests/proof/kernel.py [COUNT]    # a line per book that differs, then what was held; under a minute
"""

from __future__ import annotations

import sys

import numpy as np

from backtests.engine import kernel, ledger
from backtests.engine.book import Book
from backtests.engine.result import LINES, Result
from backtests.performance import metrics
from tests.books import random_book

COUNT, BATCH, FIRST = 10_000, 250, 1_000_000  # other books than those of tests/test_kernel.py
EXACT = ("excess_return", "volatility", "sharpe", "sortino")


def differing(plain: Result, compiled: Result) -> list[str]:
    """Names of what differs in a bit."""
    pairs = ((name, value, getattr(compiled, name)) for name, value in vars(plain).items())
    return [n for n, a, b in pairs if (a.tobytes() != b.tobytes() if isinstance(a, np.ndarray) else a != b)]


def apart(book: Book, plain: Result, sweep: kernel.Sweep, k: int) -> tuple[float, int]:
    """Largest difference of a statistic or total, as a fraction of it or of 1, and how many exact ones are not."""
    told = metrics.summary(
        {n: v[k] for n, v in sweep.statistics.items()}, book.dates, book.capital, 252.0, sweep.lines["cash"][k]
    )
    figures = metrics.figures(plain, 252.0)
    largest, inexact = 0.0, sum(told[name] != figures[name] for name in EXACT)
    for name, value in told.items():
        if (value is None) != (figures[name] is None):
            return float("inf"), inexact
        if value is not None:
            scale = max(abs(figures[name]), book.capital if name in ("pnl", "trading_pnl", "interest") else 1.0)
            scale /= min(figures["max_drawdown"], 1.0) if name == "calmar" else 1.0  # as well as what it divides by
            largest = max(largest, abs(value - figures[name]) / scale)
    for name in LINES:
        scale = np.abs(plain.line(name)).sum() or 1.0
        largest = max(largest, abs(sweep.lines[name][k] - plain.line(name).sum()) / scale)
    return largest, inexact


def main(count: int = COUNT) -> int:
    """Walk the books; return 1 where any differs."""
    bars = broken = inexact = ruined = 0
    largest, threads = 0.0, True
    for start in range(FIRST, FIRST + count, BATCH):
        books = [random_book(seed) for seed in range(start, min(start + BATCH, FIRST + count))]
        once, twice = kernel.sweep(books), kernel.sweep(books, 2)
        threads &= all(once.statistics[name].tobytes() == twice.statistics[name].tobytes() for name in once.statistics)
        threads &= all(once.lines[name].tobytes() == twice.lines[name].tobytes() for name in LINES)
        assert not once.refused
        for k, book in enumerate(books):
            plain = ledger.run(book)
            names = differing(plain, kernel.run(book))
            if names:
                broken += 1
                print(f"book {start + k} differs in {', '.join(names)}", flush=True)
            difference, more = apart(book, plain, once, k)
            largest, inexact = max(largest, difference), inexact + more
            bars, ruined = bars + len(book.dates), ruined + (plain.ruined is not None)
    print(f"{count} books, {bars} bars, {ruined} ruined: {broken} differ in a bit of equity, units or lines")
    print(
        f"statistics and totals within {largest:.1e}; {inexact} of mean, volatility, Sharpe or Sortino not to the bit"
    )
    print(f"two threads {'change no bit' if threads else 'change bits'}")
    return int(broken > 0 or inexact > 0 or not largest <= 1e-12 or not threads)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
