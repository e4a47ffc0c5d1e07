"""The same bytes from one thread, two threads and two workers of a cluster, and with a worker killed on the way.

PYTHONPATH=. python tests/proof/cluster.py
"""

from __future__ import annotations

import hashlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backtests import config
from backtests.sweeps import cluster, run
from backtests.sweeps.banks import banks
from tests.test_cluster import running, silent, written

GRID = """
name: gap
variants:
  fade: {strategy: reversion, params: {duration: 5.0}}
sweep:
  base: fade
  over:
    params.lookback: [12M, 24M]
    params.enter: {from: 1, to: 2, step: 0.0025}
    params.duration: {from: 2, to: 6, log: 20}
    costs: [1, 2]
"""


def killed_after_the_first(client: cluster.Client, tables: run.Tables) -> Iterator[tuple[int, object]]:
    for number, table in tables:
        yield number, table
        if number == 0:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "gap.yaml").write_text(GRID)
        grid = config.grid(config.load(folder / "gap.yaml"))
        answers = {
            f"threads: {threads}": written(folder, run.tables(grid, banks(grid), None, threads, silent))
            for threads in (1, 2)
        }
        with running(folder) as there, cluster.connected(there.address) as client:
            walking = cluster.tables(client, None, grid, banks(grid), None, silent)
            answers["2 workers"] = written(folder, walking)
            walking = cluster.tables(client, None, grid, banks(grid), None, silent)
            answers["2 workers, one killed"] = written(folder, killed_after_the_first(client, walking))
    for what, content in answers.items():
        print(f"{len(grid.cells):,} cells, {what:22} {hashlib.sha256(content).hexdigest()}")
    if len(set(answers.values())) != 1:
        raise SystemExit("the bytes differ")


if __name__ == "__main__":
    main()
