"""Files that are whole or not there: write beside, fsync, rename. Reads are of regular files only, and bounded."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEGABYTE = 2**20
HALF_WRITTEN = re.compile(r"\.(?P<name>.+)-(?P<host>[0-9a-f]{8})-(?P<pid>\d{1,10})-\w{8}")
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
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content at once, as `replace_text` does."""
    sweep(path.parent, path.name)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=beside_prefix(path.name))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


@contextmanager
def placing(path: Path) -> Iterator[Path]:
    """Give a path to write a file to, in a folder of its own beside its place; put it there when all went well."""
    sweep(path.parent, path.name)
    beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=beside_prefix(path.name)))
    try:
        yield beside / path.name
        sync(beside / path.name)
        (beside / path.name).chmod(0o644)
        (beside / path.name).replace(path)
        sync(path.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def beside_prefix(name: str) -> str:
    """Return how what this process writes begins while it is half-written, beside the place meant for it."""
    return f".{name[:100]}-{_host()}-{os.getpid()}-"


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed processes of this machine left half-written in a folder, of one name where it is given."""
    try:
        paths = list(folder.iterdir())
    except OSError:
        return
    for path in paths:
        match = HALF_WRITTEN.fullmatch(path.name)
        if (
            match
            and match["host"] == _host()
            and name[:100] in ("", match["name"])
            and not _is_alive(int(match["pid"]))
        ):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


class UnsuitableError(OSError):
    """A file that is there but not to be read: a pipe, a device, or more than is looked for."""


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; one that cannot be looked up, such as one too long, is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_regular(path: Path, most: int) -> bytes:
    """Return what a file holds.

    Raises
    ------
    OSError
        A file that cannot be read, or a folder; `strerror` says why.
    UnsuitableError
        A pipe, a device, or a file larger than `most` bytes.
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
        raise UnsuitableError(errno.EFBIG, f"is larger than {_size(most)}")
    return content


def _size(count: int) -> str:
    unit, name = (MEGABYTE, "MB") if count >= MEGABYTE else (1024, "kB")
    return f"{count // unit} {name}" if count % unit == 0 else f"{count} bytes"


def check_regular(mode: int) -> None:
    """Raise OSError where a file's mode is that of anything but a regular file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(mode):
        raise UnsuitableError(errno.EINVAL, "is a pipe or a device, not a regular file")


def sha256(path: Path) -> str:
    """Return the hash of a file's content, in hex."""
    return hashlib.sha256(read_regular(path, 1024 * MEGABYTE)).hexdigest()
