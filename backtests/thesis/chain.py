"""A journal on disk: JSON lines that each hold the hash of the one before, appended under a lock, one fsync a line.

A line is {seq, time, kind, body, data, version, prev, hash}, and `replay` where it was written knowing what followed.
`hash` is the sha256 of the canonical JSON of the rest: sorted keys, no spaces, UTF-8, floats as short as reads back the
same, no NaN. A chain alone cannot see its tail cut or itself rewritten; its head, kept elsewhere, can.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data.disk import MEGABYTE, check_regular, read_regular, sync
from data.errors import ConfigError, DivergenceError, SourceError

GENESIS = "0" * 64  # what the first line follows
LARGEST = 512 * MEGABYTE  # of a journal
LOCK_SECONDS = 60.0
SHORTEST = 8  # hex digits of a head that may be asked for
HEAD = re.compile(rf"[0-9a-f]{{{SHORTEST},64}}")
KEYS = {"seq": int, "time": str, "kind": str, "body": dict, "data": dict, "version": str, "prev": str, "hash": str}

Line = Mapping[str, Any]


class BrokenError(DivergenceError):
    """A journal in which a line is not what was written; nothing may be added to it."""

    exit_status = 1


@dataclass(frozen=True)
class Entry:
    """What is to be written: a line before it has a place in the chain."""

    kind: str
    body: Mapping[str, Any]
    data: Mapping[str, Any]
    replay: bool = False


@dataclass(frozen=True)
class Chain:
    """A journal as read: its whole lines up to the first that is broken, and what is wrong after them."""

    path: Path
    lines: tuple[Line, ...] = ()
    broken: str = ""  # which line, and why
    torn: str = ""  # the last line, where its writer was stopped
    size: int = field(default=0, repr=False)  # bytes of the whole lines

    @property
    def head(self) -> str:
        """Hash of the last whole line."""
        return str(self.lines[-1]["hash"]) if self.lines else GENESIS

    @property
    def complaint(self) -> str:
        """What is wrong with it; empty where nothing is."""
        return self.broken or self.torn


def canonical(value: Any) -> bytes:
    """Return the one way in which plain data is written; raises ValueError for what JSON does not have."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def digest(line: Line) -> str:
    """Return the hash of a line: of all of it but `hash`."""
    return hashlib.sha256(canonical({key: value for key, value in line.items() if key != "hash"})).hexdigest()


# ---- reading


def read(path: Path) -> Chain:
    """Read a journal and walk its chain; an empty one where there is none.

    Raises
    ------
    SourceError
        A file that cannot be read.
    """
    try:
        content = read_regular(path, LARGEST)
    except FileNotFoundError:
        return Chain(path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from None
    *whole, tail = content.split(b"\n")
    lines: list[Line] = []
    head = GENESIS
    for number, raw in enumerate(whole, 1):
        line, why = _line(raw, number, head)
        if line is None or why:
            return Chain(path, tuple(lines), f"{path}: line {number} {why}", size=_size(whole[: number - 1]))
        lines.append(line)
        head = line["hash"]
    torn = f"{path}: line {len(whole) + 1} is torn, {len(tail)} bytes without an end" if tail else ""
    return Chain(path, tuple(lines), torn=torn, size=_size(whole))


def _size(whole: Sequence[bytes]) -> int:
    return sum(len(raw) + 1 for raw in whole)


def _line(raw: bytes, number: int, head: str) -> tuple[Line | None, str]:
    """Return a line, or why it is none of this chain."""
    try:
        line = json.loads(raw)
        same = canonical(line) == raw
        own = digest(line) if isinstance(line, dict) else ""
    except (ValueError, RecursionError):
        return None, "is not a line of a journal"
    if not isinstance(line, dict) or not _shaped(line):
        return None, "is not a line of a journal"
    if line["hash"] != own:
        return None, f"was changed: its hash is {line['hash'][:16]}, what it holds has {own[:16]}"
    if not same:
        return None, "was changed: it is not written as a journal is"
    if line["prev"] != head or line["seq"] != number:
        return None, f"does not follow line {number - 1}" if number > 1 else "is not the first of a journal"
    return line, ""


def _shaped(line: Mapping[str, Any]) -> bool:
    typed = all(type(line.get(key)) is kind for key, kind in KEYS.items())
    return typed and (line.keys() == KEYS.keys() or (line.keys() == {*KEYS, "replay"} and line["replay"] is True))


def against(chain: Chain, head: str) -> str:
    """Return what is wrong with a chain given a head that was kept; empty where it is still a line's.

    Raises
    ------
    ConfigError
        What is no hash.
    """
    wanted = head.strip().lower()
    if not HEAD.fullmatch(wanted):
        raise ConfigError(
            f"--head is '{head[:80]}', not the hash of a line; give 64 hex digits, or {SHORTEST} at least"
        )
    if any(str(line["hash"]).startswith(wanted) for line in chain.lines):
        return ""
    return f"{chain.path}: no line has the hash {wanted[:16]}: the tail was cut, or the chain rewritten"


# ---- writing


def append(path: Path, entries: Callable[[Chain], Sequence[Entry]]) -> Chain:
    """Add what `entries` makes of the journal as it is, and return it as it then is; `torn` is what was replaced.

    It is asked under the lock, so that what two processes write at once is whole lines of one chain.

    Raises
    ------
    BrokenError
        A journal in which a line is broken.
    SourceError
        A file that cannot be written, or that another process holds.
    """
    with _locked(path):
        before = read(path)
        if before.broken:
            raise BrokenError(f"{before.broken}; nothing is added to it, see `divergence journal verify`")
        wanted = entries(before)
        if not wanted:
            return before
        try:
            added = _write(before, wanted)
        except OSError as error:
            raise SourceError(f"{path}: cannot be written ({error.strerror or error})") from None
    return Chain(path, (*before.lines, *added), torn=before.torn)


def _write(before: Chain, wanted: Sequence[Entry]) -> list[Line]:
    fresh = not before.path.exists()
    handle = os.open(before.path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        check_regular(os.fstat(handle).st_mode)
        if before.torn:
            os.ftruncate(handle, before.size)
        os.lseek(handle, before.size, os.SEEK_SET)
        added: list[Line] = []
        head, end = before.head, before.size
        for number, entry in enumerate(wanted, len(before.lines) + 1):
            line = _sealed(entry, number, head)
            raw = canonical(line) + b"\n"
            try:
                _whole(handle, raw)
            except OSError:
                os.ftruncate(handle, end)
                raise
            added.append(line)
            head, end = line["hash"], end + len(raw)
    finally:
        os.close(handle)
    if fresh:
        sync(before.path.parent)
    return added


def _whole(handle: int, raw: bytes) -> None:
    """Write a line and bring it to the disk."""
    written = 0
    while written < len(raw):
        written += os.write(handle, raw[written:])
    os.fsync(handle)


def _sealed(entry: Entry, number: int, head: str) -> Line:
    line = {
        "seq": number,
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "kind": entry.kind,
        "body": entry.body,
        "data": entry.data,
        "version": version("divergence"),
        "prev": head,
        **({"replay": True} if entry.replay else {}),
    }
    return {**line, "hash": digest(line)}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise SourceError(f"{path}: another process has held it for {LOCK_SECONDS:.0f} s") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be written ({error.strerror or error})") from None
