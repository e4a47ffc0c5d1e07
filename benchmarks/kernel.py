"""What a variant costs in the compiled ledger, beside the plain one.

Milliseconds of CPU a variant, its statistics and line totals included, on the made-up book of benchmarks/engine.py:
the least of several rounds, as a noisy machine only ever adds. Compiling and reading from disk are timed in processes
of their own, against an empty cache folder.

    python benchmarks/kernel.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from engine import market

from backtests.engine import kernel, ledger
from backtests.engine.book import Book

BARS, VARIANTS, ROUNDS = 5040, 128, 9
START = """
import sys, time
start = time.process_time()
from engine import market
from backtests.engine import kernel
book = market(300)
ready = time.process_time()
kernel.run(book)
lines = time.process_time()
kernel.sweep([book])
print(lines - ready, time.process_time() - lines)
"""


def legs(book: Book, times: int) -> Book:
    """The book with its legs repeated, each at a fraction of its weight."""

    def wide(value: object) -> object:
        by_leg = isinstance(value, np.ndarray) and value.shape[-1] == book.price.shape[1]
        return np.tile(value, times) if by_leg else value

    wider = book._replace(**{name: wide(value) for name, value in book._asdict().items()})
    return wider._replace(targets=wider.targets / times)


def variants(book: Book, count: int) -> list[Book]:
    """Books on one market, each with weights of its own."""
    return [book._replace(targets=book.targets * (0.5 + k / count)) for k in range(count)]


def milliseconds(call: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Least of several rounds."""
    took = []
    for _ in range(ROUNDS):
        start = clock()
        call()
        took.append(clock() - start)
    return 1000 * min(took)


def each(book: Book, count: int = VARIANTS) -> float:
    """Milliseconds of CPU a variant."""
    books = variants(book, count)
    return milliseconds(lambda: kernel.sweep(books)) / count


def spinning() -> float:
    """How many times as fast two threads count as one: 2 on two idle cores, less on a busy machine."""
    import numba

    @numba.njit(nogil=True)
    def count(n: int) -> float:
        x = 0.0
        for _ in range(n):
            x = x * 0.5 + 1.0
        return x

    count(1)
    with ThreadPoolExecutor(2) as pool:
        one = milliseconds(lambda: count(20_000_000), time.perf_counter)
        two = milliseconds(lambda: list(pool.map(count, [20_000_000] * 2)), time.perf_counter)
    return 2 * one / two


def first() -> tuple[list[float], list[float]]:
    """Seconds of CPU until every line of a book, and until statistics, on an empty cache folder and on a full one."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(Path(__file__).parent)}
        runs = [
            subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, env=environment)
            for _ in range(2)
        ]
    cold, warm = ([float(value) for value in run.stdout.split()] for run in runs)
    return cold, warm


def main() -> None:
    book = market(BARS)
    daily = book._replace(decides=np.ones(BARS, dtype=bool))
    kernel.sweep([book])
    for name, clock in (("monthly", book), ("daily", daily)):
        ours, plain = each(clock), milliseconds(lambda clock=clock: ledger.run(clock))
        lines = milliseconds(lambda clock=clock: kernel.run(clock))
        print(f"{name} clock    {ours:.3f} ms a variant, plain ledger {plain:.1f}: {plain / ours:.0f} times as long")
        print(f"  every line of it {lines:.2f} ms")
    once = each(book)
    print(f"twice the bars     {each(market(2 * BARS)) / once:.2f}")
    print(f"twice the legs     {each(legs(book, 2)) / once:.2f}")
    print(f"twice the variants {each(book, 2 * VARIANTS) * 2 / once:.2f}")
    books = variants(book, 512)
    single, double = (milliseconds(lambda threads=threads: kernel.sweep(books, threads)) for threads in (1, 2))
    print(f"two threads        {double / single:.2f} times the CPU")
    single, double = (milliseconds(lambda n=n: kernel.sweep(books, n), time.perf_counter) for n in (1, 2))
    print(
        f"                   {single / double:.2f} times as many a second ({spinning():.2f} for a bare loop just now)"
    )
    cold, warm = first()
    print(f"seconds of CPU to the first book: compiling {cold[0]:.1f}, from disk {warm[0]:.2f}")
    print(f"and to the first statistics:      compiling {cold[1]:.1f}, from disk {warm[1]:.2f}")


if __name__ == "__main__":
    main()
