"""A journal under attack: writers killed, two at once, every byte flipped.

python tests/proof/journal.py [KILLS]    # a third of a second a kill; the flips take half a minute
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from backtests.thesis import chain
from backtests.thesis.chain import Entry

KILLS = 100
ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import os, sys, time
from itertools import count
from pathlib import Path
from backtests.thesis import chain
write = os.write

def slowly(handle, raw):  # a disk that takes a line in pieces
    time.sleep(0.0005)
    return write(handle, raw[:4096])

path, name, many, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.write = slowly if not many else write
for i in range(many) if many else count():
    entry = chain.Entry("note", {"by": name, "i": i, "pad": "x" * (size * (i % 7))}, {})
    print(chain.append(path, lambda before: [entry]).lines[-1]["seq"], flush=True)
"""


def writer(path: Path, name: str, many: int, size: int) -> subprocess.Popen[str]:
    """Start a process that appends `many` lines, or does so until it is stopped."""
    command = [sys.executable, "-c", WRITER, str(path), name, str(many), str(size)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def killed(path: Path, delay: float) -> int:
    """Kill a writer as it writes; the last line that it said is on the disk."""
    with writer(path, "killed", 0, 20_000) as process:
        assert process.stdout is not None
        last = int(process.stdout.readline())
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")[:-1]
    return int(rest[-1]) if rest else last


def kills(path: Path, count: int) -> tuple[int, int]:
    """How many kills lost more than the line being written, and how many tore one."""
    chance, lost, torn = random.Random(1), 0, 0
    before: tuple[chain.Line, ...] = ()
    for _ in range(count):
        said = killed(path, chance.uniform(0.0, 0.05))
        now = chain.read(path)
        whole = not now.broken and now.lines[: len(before)] == before and len(now.lines) >= said
        lost, torn, before = lost + (not whole), torn + bool(now.torn), now.lines
        if len(before) > 200:
            path.unlink()
            before = ()
    return lost, torn


def cuts(path: Path) -> int:
    """How many of the places at which the last line can be torn are not replaced by the next write."""
    content = path.read_bytes()
    start = content[:-1].rfind(b"\n") + 1
    before, wrong = chain.read(path).lines[:-1], 0
    for end in range(start + 1, len(content), 7):
        path.write_bytes(content[:end])
        told = chain.read(path).torn
        after = chain.append(path, lambda _: [Entry("note", {"i": 0}, {})])
        again = chain.read(path)
        wrong += not (told and after.torn == told and not again.complaint and again.lines[:-1] == before)
    path.write_bytes(content)
    return wrong


def together(path: Path, many: int) -> bool:
    """Whether two processes that write at once leave whole lines of one chain, each one's in order."""
    both = [writer(path, name, many, 50) for name in ("a", "b")]
    ended = [process.communicate()[0] and process.returncode == 0 for process in both]
    now = chain.read(path)
    own = {name: [line["body"]["i"] for line in now.lines if line["body"]["by"] == name] for name in ("a", "b")}
    return all(ended) and not now.complaint and own == {"a": list(range(many)), "b": list(range(many))}


def flips(path: Path, step: int = 1) -> tuple[int, int]:
    """Flip a bit of every byte in turn: how many there are, and how many are not named by their own line."""
    content = path.read_bytes()
    missed, count = 0, 0
    for at in range(0, len(content), step):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :])
        number = content[:at].count(b"\n") + 1
        missed += f"line {number} " not in chain.read(path).complaint
        count += 1
    path.write_bytes(content)
    return count, missed


def few(path: Path) -> None:
    """A journal of a few lines, each letter of three bytes among them."""
    bodies = [
        {"claim": name, "text": f"US yields → {name}, −0.5 %", "value": 0.1 + i} for i, name in enumerate("abcdef")
    ]
    chain.append(path, lambda _: [Entry("claim", body, {"last": "2025-12-31"}) for body in bodies])


def main(count: int) -> int:
    """Attack; return 1 where anything was lost or passed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lost, torn = kills(place / "killed.jsonl", count)
        whole = together(place / "both.jsonl", 200)
        few(place / "few.jsonl")
        bytes_, missed = flips(place / "few.jsonl")
        wrong = cuts(place / "few.jsonl")
        shutil.copy(ROOT / "docs/journal/article.jsonl", place)
        more, unseen = flips(place / "article.jsonl", step=101)
    print(f"{count} kills, {torn} tore a line: {lost} lost more than the line being written")
    print(f"two writers of 200 lines: {'whole lines of one chain' if whole else 'NOT whole'}")
    bytes_, missed = bytes_ + more, missed + unseen
    print(f"{bytes_} bytes flipped: {missed} not named by their own line; torn tails not replaced: {wrong}")
    return int(bool(lost or missed or wrong or not whole))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS))
