"""Processes killed while they write: nothing that was whole is lost, nothing half-written is taken for whole.

python tests/proof/killed.py [COUNT]    # kills, half of them aimed at the store, half at a run; two seconds each
"""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from backtests.runs import folder as run_folder
from backtests.runs.listing import listed
from data.store import Store

COUNT = 200
ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "tests/fixtures/run-0.1"
LONGEST = 30.0  # seconds to wait for a write to begin

WRITER = """
import sys, time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
import numpy as np, pandas as pd
from backtests.runs import folder
from data.series import Delivery
from data.store import Store
home, runs, good, begin = (*map(Path, sys.argv[1:4]), int(sys.argv[4]))
days, store, run = pd.bdate_range("1990-01-01", periods=9000), Store(home), folder.load(good)
for i in count(begin):
    level = np.full(100 + i % 8000, 4.0)
    frame = pd.DataFrame({"2": level, "10": level}, index=days[: len(level)])
    store.put(Delivery("ust", f"step {i}", frame), datetime.now(UTC))
    with folder.writing(runs / f"run-{i}") as place:
        folder.write(run, place)
        (place / "report.html").write_text("x" * 1_000_000)
    print(i, flush=True)
"""


def half_written(folder: Path, pattern: str) -> bool:
    return any(folder.glob(pattern))


def content(folder: Path) -> dict[str, str]:
    """The hash of every file of the runs that are whole, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for run in folder.iterdir() if not run.name.startswith(".")
        for path in run.rglob("*") if path.is_file()
    }  # fmt: skip


def killed(home: Path, runs: Path, begin: int, pattern: tuple[Path, str], delay: float) -> tuple[int, bool]:
    """Start a writer and kill it as it writes what the pattern tells; its last whole step, and whether it wrote."""
    command = [sys.executable, "-c", WRITER, str(home), str(runs), str(GOOD), str(begin)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        last = int(writer.stdout.readline() or begin - 1)  # it writes
        until = time.monotonic() + LONGEST
        while not half_written(*pattern) and time.monotonic() < until:
            pass
        time.sleep(delay)
        aimed = half_written(*pattern)
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
    return int(rest[-1]) if rest else last, aimed


def main(count: int) -> int:
    chance, lost, aimed = random.Random(1), 0, 0
    with tempfile.TemporaryDirectory() as place:
        home, runs = Path(place) / "home", Path(place) / "runs"
        (home / "series/ust").mkdir(parents=True)
        runs.mkdir()
        step, before, rows = 0, {}, pd.DataFrame()
        for i in range(count):
            target = [(home / "series/ust", ".*"), (runs, ".*")][i % 2]
            step, hit = killed(home, runs, step + 1, target, chance.uniform(0.0, 0.01))
            aimed += hit
            now, stored = content(runs), Store(home).read("ust").frame
            whole = listed(runs)
            faults = [name for name, digest in before.items() if now.get(name) != digest]
            faults += [skipped.name for skipped in whole.skipped]
            faults += [f"run-{n}" for n in (step, step - 1) if n > 0 and not (runs / f"run-{n}").is_dir()]
            faults += [] if rows.empty or stored.loc[rows.index].equals(rows) else ["rows of ust"]
            for path, *_ in whole.runs[:2]:
                run_folder.load(path)
            if faults:
                lost += 1
                print(f"kill {i + 1} lost {', '.join(faults)}")
            before, rows = now, stored
    print(f"{count} kills, {aimed} in the middle of a write, {len(before)} files of {step} steps: {lost} lost anything")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT))
