"""What dask's own work costs a task: CPU of the scheduler, of workers, and of the machine that asks.

A scheduler and two workers on this machine; parts as a sweep has them, and parts so small that nothing else is left.
What scheduler and workers take while nothing is asked of them is left out.

    python benchmarks/cluster.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from backtests import config
from backtests.sweeps import cluster, run
from backtests.sweeps.banks import banks
from tests.test_cluster import Running, running

TEXT = """
name: cost
variants:
  fade: {strategy: reversion, params: {long: UST10, short: JGB10, duration: 5.0}}
sweep:
  base: fade
  over:
    params.lookback: [12M, 24M, 36M, 48M, 60M]
    params.enter: {from: 1, to: 2.5, step: 0.1}
    params.leave: [0.1, 0.2, 0.3, 0.4, 0.5]
    params.duration: {from: 1, to: 8, log: 10}
    rebalance.every: [month, quarter]
    rebalance.band: [0.0, 0.1]
    currency: [repo, unhedged]
    costs: [0, 1, 2, 3, 4]
"""
SIZES = (2000, 1000, 50)  # cells of a part: month ends, days, and next to nothing
CELLS = {2000: 160_000, 1000: 160_000, 50: 50_000}
IDLE = 5.0  # seconds of looking on
WARM = 4  # parts before the clock starts: compiled and opened by then


def used(processes: list[psutil.Process]) -> float:
    """Seconds of CPU of some processes."""
    times = [process.cpu_times() for process in processes]
    return sum(each.user + each.system for each in times)


def measure(grid: config.Grid, started: Running, size: int) -> None:
    run.CELLS, tasks = size, CELLS[size] // size - WARM
    with cluster.connected(started.address) as client:
        scheduler = [psutil.Process(started.scheduler.pid)]
        workers = [psutil.Process(pid) for pid in client.run(os.getpid).values()]
        before = used(scheduler), used(workers)
        time.sleep(IDLE)
        idle = [(used(own) - b) / IDLE for own, b in zip((scheduler, workers), before, strict=True)]
        parts = cluster.tables(client, None, grid, banks(grid), None, lambda what, count, of: None)
        for _ in range(WARM):
            next(parts)
        since, own = time.perf_counter(), time.process_time()
        before = used(scheduler), used(workers)
        for _ in range(tasks):
            _, table = next(parts)
        after = used(scheduler), used(workers)
        wall, own = time.perf_counter() - since, time.process_time() - own
        parts.close()
    each = [1000 * (b - a - rate * wall) / tasks for a, b, rate in zip(before, after, idle, strict=True)]
    print(
        f"{tasks:,} parts of {size:,} cells: ms of CPU a part: scheduler {each[0]:.2f}, workers {each[1]:.1f}, the "
        f"machine that asks {1000 * own / tasks:.2f}; {table.nbytes / size:.0f} bytes a cell; {wall:.1f} s of "
        f"wall; idle, the scheduler took {100 * idle[0]:.1f} % of a core",
        flush=True,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cost.yaml").write_text(TEXT)
        grid = config.grid(config.load(folder / "cost.yaml"))
        assert len(grid.cells) >= max(CELLS.values()), len(grid.cells)
        with running(folder) as started:
            for size in SIZES:
                measure(grid, started, size)


if __name__ == "__main__":
    main()
