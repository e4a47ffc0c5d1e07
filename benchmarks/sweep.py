"""What a sweep costs a cell, from its grid to its table: CPU, wall time and memory of 10,000 and of 100,000 cells.

Each size in a process of its own, on the bundled month ends and on made-up days between them. Set-up is what
comes before the first part; significance and the proof in both engines are timed apart.

    python benchmarks/sweep.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from backtests import load
from backtests.config import Grid, SweepSection, grid
from backtests.runs.setup import instruments_of
from backtests.sweeps import conclude, run
from backtests.sweeps.banks import Banks, banks
from data.build import build
from tests.histories import days

TEXT = """
name: cost
account: {capital: 10_000_000}
rebalance: {every: month}
variants:
  fade: {strategy: reversion, params: {long: UST10, short: JGB10, duration: 5.0}}
"""
OVER = {
    "params.lookback": ["12M", "24M", "36M", "48M", "60M"],
    "params.leave": [0.1, 0.2, 0.3, 0.4, 0.5],
    "params.duration": {"from": 1, "to": 8, "log": 10},
    "rebalance.every": ["month", "quarter"],
    "rebalance.band": [0.0, 0.1],
    "currency": ["repo", "unhedged"],
    "costs": [0, 1, 2, 3, 4],
}
ENTER = {10_000: [1.0], 100_000: {"from": 1, "to": 1.9, "step": 0.1}}


def on_days(whole: Grid) -> Banks:
    """A grid on the bundled month ends with made-up days between them."""
    tables = days()
    return Banks(whole, tables, build(tables, instruments_of(whole.config)))


def measure(rows: str, cells: int, threads: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "cost.yaml"
        path.write_text(TEXT)
        whole = grid(load(path), SweepSection(base="fade", over={"params.enter": ENTER[cells], **OVER}))
        start = time.perf_counter()
        shared = on_days(whole) if rows == "days" else banks(whole)
        outlook = run.outlook(whole, shared, threads)  # compiles
        ready, used = time.perf_counter(), time.process_time()
        folder = conclude.opened(whole, shared, Path(scratch) / "out")
        for _ in run.tables(whole, shared, folder, threads, lambda what, count, of: None):
            pass
        walked, took = time.perf_counter() - ready, time.process_time() - used
        swept = conclude.conclude(whole, shared, folder, threads)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        bars = swept.best[0]["bars"]
        print(
            f"{rows:10} {bars:6,} bars {cells:9,} cells {threads} threads: set-up {ready - start:4.1f} s, cells "
            f"{walked:5.1f} s of wall, {1000 * took / cells:.3f} ms of CPU a cell, said {outlook.seconds:.0f} s; "
            f"significance {swept.judging:.1f} s; {peak:,.0f} MB at most"
        )


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        return
    for rows in ("month ends", "days"):
        for cells in ENTER:
            for threads in (1, 2):
                subprocess.run([sys.executable, __file__, rows, str(cells), str(threads)], check=True)


if __name__ == "__main__":
    main()
