"""Files that are whole or not there: write beside, fsync, rename. Reads are of regular files only, and bounded."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

MEGABYTE = 2**20
OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe does not wait for a writer


def sync(path: Path) -> None:
    """Bring a file's or a folder's content to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text at once: whoever reads it sees the old or the new, never half."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """Return what a file holds.

    Raises
    ------
    OSError
        A file that cannot be read, is a folder, pipe or device, or is larger than `most` bytes; `strerror` says which.
    """
    check_regular(path.stat().st_mode)  # opening some devices does something to them
    handle = os.open(path, OPENING)
    try:
        check_regular(os.fstat(handle).st_mode)
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        size = f"{most // MEGABYTE} MB" if most >= MEGABYTE else f"{most // 1024} kB"
        raise OSError(errno.EFBIG, f"is larger than {size}")
    return content


def check_regular(mode: int) -> None:
    """Raise OSError where a file's mode is that of anything but a regular file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is a pipe or a device, not a regular file")


def sha256(path: Path) -> str:
    """Return the hash of a file's content, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
