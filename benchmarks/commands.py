"""How long whole runs take, and how much memory, beside another checkout: pairs, one after the other, on quiet cores.

    python benchmarks/commands.py OTHER [PAIRS]

Both checkouts have an environment made by make. Memory is what all processes of a run share out between them (PSS),
summed, at its peak; Linux only.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CONFIGS = ("config.yaml", "config/daily.yaml")


def parents() -> dict[int, int]:
    """Return every process's parent."""
    known = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            known[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return known


def memory(root: int) -> float:
    """Return what a process and those it started hold, MB."""
    total, known = 0, parents()
    for process in known:
        line, at = [], process
        while at and at != root:
            line.append(at)
            at = known.get(at, 0)
        if at == root:
            try:
                text = Path(f"/proc/{process}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:"))
    return total / 1024


def run(checkout: Path, config: str, watched: bool = False) -> tuple[float, float]:
    """Return the seconds a run waits for, and its memory at the peak where it is watched."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [checkout / ".venv/bin/divergence", "run", checkout / config, "--out", f"{scratch}/run", "--quiet"]
        start, peak = time.perf_counter(), 0.0
        process = subprocess.Popen(command, cwd=scratch, stdout=subprocess.DEVNULL)
        while watched and process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.05)
        if process.wait():
            sys.exit(f"{checkout / config} failed")
        return time.perf_counter() - start, peak


def main(other: str, pairs: str = "5") -> None:
    """Print medians of the ratios, this checkout over the other."""
    rival = Path(other).resolve()
    if not shutil.which(str(rival / ".venv/bin/divergence")):
        sys.exit(f"{rival}: no environment; say make backtest there first")
    for config in CONFIGS:
        for checkout in (rival, HERE):
            run(checkout, config)
        timed = [(run(rival, config)[0], run(HERE, config)[0]) for _ in range(int(pairs))]
        theirs, ours = (statistics.median(side) for side in zip(*timed, strict=True))
        ratio = statistics.median(mine / rivals for rivals, mine in timed)
        held = [run(checkout, config, watched=True)[1] for checkout in (rival, HERE)]
        print(f"{config}: {theirs:.1f} s, {ours:.1f} s: ratio {ratio:.2f}; memory {held[0]:.0f} MB, {held[1]:.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
