"""A sweep killed at any moment goes on to the bytes of one that was left alone: by threads, and on a cluster.

Each kill is of a new sweep, by SIGKILL: as its folder is begun, in the middle of a part, during the conclusion, as the
table or the page is written, and at moments drawn from the whole of the run. What was killed is gone on with by the
same command. On the cluster workers are killed too, under a sweep that then goes on by itself.

    PYTHONPATH=. python tests/proof/resumed.py [COUNT] [AT_ONCE]    # kills in each of three ways; ten minutes at 20
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from backtests.runs.trials import known
from backtests.sweeps import cluster
from tests.grids import FADING
from tests.test_cluster import Running, running

COUNT = 20
ROOT = Path(__file__).resolve().parents[2]
LONGEST = 60.0  # seconds to wait for a moment
PART = 2000
GRID = (
    FADING
    + """\
    params.lookback: [12M, 24M]
    params.enter: {from: 1, to: 2, step: 0.02}
    params.duration: {from: 2, to: 6, log: 40}
    costs: [1, 2]
"""
)
CELLS = 2 * 51 * 40 * 2
FILES = ["config.yaml", "effects.parquet", "manifest.json", "paths.parquet", "sweep.html", "sweep.parquet"]
AIMS = ("folder", "part", "part", "conclusion", "table", "page")  # of a round; as many moments are drawn by lot


@dataclass(frozen=True)
class Way:
    """How a sweep is walked, and how long it takes when it is left alone."""

    name: str
    words: tuple[str, ...]
    seconds: float


def command(out: Path, words: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "backtests.cli", "sweep", "gap.yaml", "--out", str(out), "--quiet", *words],
        cwd=out.parent, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def content(folder: Path) -> str:
    """A digest of everything that a sweep leaves, but for when it was begun and how long it took."""
    digest = hashlib.sha256()
    for name in sorted(path.name for path in folder.iterdir()):
        own = (folder / name).read_bytes()
        if name == "manifest.json":
            stated = json.loads(own)
            own = json.dumps({key: stated[key] for key in stated if key not in ("created", "seconds")}).encode()
        digest.update(name.encode() + b"\0" + own)
    return digest.hexdigest()


def waiting(aim: str, out: Path) -> Callable[[], bool]:
    """What is to be seen of the folder before the kill."""
    parts = -(-CELLS // PART)
    return {
        "folder": lambda: any(out.parent.glob(f".{out.name}-*")) or out.exists(),
        "part": lambda: any(out.glob("cells/.cells-*")),
        "conclusion": lambda: len(list(out.glob("cells/cells-*"))) == parts,
        "table": lambda: any(out.glob(".sweep.parquet-*")),
        "page": lambda: (out / "sweep.parquet").exists(),
    }[aim]


def moments(count: int, way: Way, chance: random.Random) -> Iterator[tuple[str, float]]:
    """What each kill waits for, and the seconds from then on; "" waits for nothing."""
    aims = [AIMS[(i // 2) % len(AIMS)] if i % 2 == 0 else "" for i in range(count)]
    lots, drawn = aims.count(""), 0
    for aim in aims:
        if aim:
            yield aim, chance.uniform(0.0, {"conclusion": 0.2 * way.seconds}.get(aim, 0.002))
        else:
            yield aim, way.seconds * (drawn + chance.random()) / lots  # one in each stretch of the run
            drawn += 1


def state(out: Path) -> str:
    """How far the killed had come."""
    if not out.exists():
        return "before its folder"
    if json.loads((out / "manifest.json").read_text())["state"] == "complete":
        return "complete"
    parts, half = len(list(out.glob("cells/cells-*"))), any(out.glob("cells/.cells-*"))
    if half:
        return "writing a part"
    return "walking" if parts < -(-CELLS // PART) else "concluding"


def killed(out: Path, way: Way, aim: str, delay: float) -> str:
    """Begin a sweep, kill it, and say how far it had come; one that ended before is begun anew, and killed sooner."""
    with command(out, way.words) as process:
        there, until = waiting(aim, out) if aim else lambda: True, time.monotonic() + LONGEST
        while not there() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.0002)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
    if process.returncode != -signal.SIGKILL:
        shutil.rmtree(out)
        shutil.rmtree(out.parent / "runs")
        return killed(out, way, aim, 0.7 * delay)
    return state(out)


def gone_on_with(out: Path, way: Way) -> str:
    """Go on with what was killed; return what is wrong with what it came to."""
    process = command(out, way.words)
    told = process.communicate()[1]
    if process.returncode == 2 and "is complete" in told:  # killed after its last word, or before its page
        subprocess.run(
            [sys.executable, "-m", "backtests.cli", "report", str(out)],
            cwd=out.parent, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    elif process.returncode:
        return f"status {process.returncode}: {told.strip()}"
    left = sorted(path.name for path in out.iterdir())
    beside = [path.name for path in out.parent.iterdir() if path.name.startswith(f".{out.name}")]
    return "" if (left, beside) == (FILES, []) else f"left {left} {beside}"


def tried(i: int, moment: tuple[str, float], way: Way, expected: str, ideas: int, folder: Path) -> tuple[str, bool]:
    """Kill a sweep and go on with it; how far it had come, and whether it came to what is expected."""
    aim, delay = moment
    place = folder / f"{way.name.replace(' ', '-')}-{i}"
    place.mkdir()
    (place / "gap.yaml").write_text(GRID)
    seen = killed(place / "own", way, aim, delay)
    fault = gone_on_with(place / "own", way)
    if not fault and content(place / "own") != expected:
        fault = "other bytes"
    if not fault and known(place / "runs").count != ideas:
        fault = f"{known(place / 'runs').count} ideas registered of {ideas}"
    if fault:
        print(f"kill {i + 1} ({aim or 'by lot'}, {delay:.3f} s): {fault}", flush=True)
    shutil.rmtree(place)
    return seen, not fault


def round_of(way: Way, count: int, at_once: int, expected: str, ideas: int, folder: Path, chance: random.Random) -> int:
    """Kill and go on so many times; return how many came to something else."""
    with ThreadPoolExecutor(at_once) as pool:
        futures = [
            pool.submit(tried, i, moment, way, expected, ideas, folder)
            for i, moment in enumerate(moments(count, way, chance))
        ]
        answers = [future.result() for future in futures]
    wrong = sum(not sound for _, sound in answers)
    told = ", ".join(f"{number} {what}" for what, number in sorted(Counter(seen for seen, _ in answers).items()))
    print(f"{way.name}: {count} kills ({told}): {count - wrong} gone on with to the same bytes", flush=True)
    return wrong


def alone(name: str, words: tuple[str, ...], folder: Path) -> tuple[Way, str, int]:
    """A sweep that nobody kills: the way it took, what it left, and how many ideas were registered."""
    place = folder / f"{name.replace(' ', '-')}-alone"
    place.mkdir()
    (place / "gap.yaml").write_text(GRID)
    since = time.monotonic()
    process = command(place / "own", words)
    told = process.communicate()[1]
    assert process.returncode == 0, told
    return Way(name, words, time.monotonic() - since), content(place / "own"), known(place / "runs").count


def workers_killed(count: int, way: Way, expected: str, folder: Path, there: Running, chance: random.Random) -> int:
    """Kill workers under sweeps that go on by themselves; return how many came to something else."""
    wrong = lost = 0
    for i in range(count):
        place = folder / f"worker-{i}"
        place.mkdir()
        (place / "gap.yaml").write_text(GRID)
        with cluster.Client(there.address, timeout=60) as client:
            client.wait_for_workers(2, timeout=120)
            worker = chance.choice(sorted(client.run(os.getpid).values()))
        process = command(place / "own", way.words)
        while process.poll() is None and not any(place.glob("own/cells/cells-*")):
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.5))
        lost += not (place / "own/sweep.parquet").exists()
        os.kill(worker, signal.SIGKILL)
        told = process.communicate()[1]
        if process.returncode or content(place / "own") != expected:
            wrong += 1
            print(f"worker {i + 1}: status {process.returncode}, {told.strip() or 'other bytes'}", flush=True)
        shutil.rmtree(place)
    print(
        f"{way.name}: {count} workers killed, {lost} before the end: {count - wrong} came to the same bytes", flush=True
    )
    return wrong


def ways(folder: Path) -> Iterator[tuple[str, tuple[str, ...], Running | None]]:
    """Each way to walk a sweep: its name, what the command is told, and the cluster where there is one."""
    yield "1 thread", ("--threads", "1"), None
    yield "2 threads", ("--threads", "2"), None
    with running(folder) as there:
        yield "2 workers", ("--dask", there.address), there


def main(count: int = COUNT, at_once: int = 1) -> int:
    wrong, first = 0, ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for i, (what, words, there) in enumerate(ways(folder)):
            chance = random.Random(7 + i)
            way, expected, ideas = alone(what, words, folder)
            print(f"{what}, left alone: {CELLS:,} cells, {ideas} ideas, {expected}", flush=True)
            first = first or expected
            wrong += (expected != first) + round_of(way, count, at_once, expected, ideas, folder, chance)
            if there:
                wrong += workers_killed(-(-count // 4), way, expected, folder, there, chance)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:3])))
