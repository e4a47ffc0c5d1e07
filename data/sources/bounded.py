"""Answers that end in time and fit in memory, whatever a server sends: one deadline, and only so many bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

WAIT = 32 + zlib.MAX_WBITS  # zlib tells gzip from deflate by itself
ENCODINGS = ("gzip", "x-gzip", "deflate")

_source: ContextVar[float | None] = ContextVar("source", default=None)  # when the source asked now must have answered


class TooLargeError(Exception):
    """An answer of more bytes than a table has."""


class EncodingError(Exception):
    """An answer packed in a way that is not asked for."""


class BrokenError(Exception):
    """An answer that ends before its end."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let every answer asked for inside, together, be there in time."""
    token = _source.set(monotonic() + seconds)
    try:
        yield
    finally:
        _source.reset(token)


def end(seconds: float) -> float:
    """Return when an answer must be there that may take some seconds, on the monotonic clock."""
    source = _source.get()
    own = monotonic() + seconds
    return own if source is None else min(own, source)


def watch(until: float) -> Callable[[str, dict[str, Any]], None]:
    """Return what httpx calls at each step: from the connection on, a read or write waits no longer than is left.

    A time-out of httpx is one for each read; a server that sends a byte now and then never meets it.
    """

    def step(name: str, info: dict[str, Any]) -> None:
        if name.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info["return_value"]
            stream.read, stream.write = _hurried(stream.read, until), _hurried(stream.write, until)

    return step


def _hurried(wait: Callable[..., Any], until: float) -> Callable[..., Any]:
    def hurried(what: Any, timeout: float | None = None) -> Any:
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError
        return wait(what, min(left, timeout) if timeout is not None else left)

    return hurried


def body(response: httpx.Response, most: int, until: float) -> bytes:
    """Return the content of an answer, unpacked.

    Raises
    ------
    TooLargeError
        More than `most` bytes, packed or unpacked.
    EncodingError
        One packed more than once, or otherwise than asked for.
    BrokenError
        One that is cut short: packed and without its end, or text of no stated length that ends inside a line.
    TimeoutError
        One that is not over in time.
    """
    encodings = [name.strip().lower() for name in response.headers.get("Content-Encoding", "").split(",")]
    packed = [name for name in encodings if name not in ("", "identity")]
    if len(packed) > 1 or any(name not in ENCODINGS for name in packed):
        raise EncodingError(", ".join(packed)[:60])
    content = bytearray()
    unpack = _Unpacker() if packed else None
    received = 0
    for piece in response.iter_raw():
        received += len(piece)
        content += unpack(piece, most - len(content)) if unpack else piece
        if received > most or len(content) > most:
            raise TooLargeError
        if monotonic() > until:
            raise TimeoutError
    if unpack is not None and not unpack.complete:
        raise BrokenError
    told = {"content-length", "transfer-encoding"} & set(response.headers)
    if unpack is None and not told and not content.rstrip(b" ").endswith((b"\n", b"\r", b"}", b"]")):
        raise BrokenError
    return bytes(content)


class _Unpacker:
    """Unpacks pieces, never more at once than there is left for."""

    def __init__(self) -> None:
        self.inner = zlib.decompressobj(WAIT)

    @property
    def complete(self) -> bool:
        return self.inner.eof

    def __call__(self, piece: bytes, left: int) -> bytes:
        unpacked = bytearray()
        while piece:
            if self.inner.eof:  # one packed file after another is one file
                self.inner = zlib.decompressobj(WAIT)
            unpacked += self.inner.decompress(piece, left + 1 - len(unpacked))
            if len(unpacked) > left:
                raise TooLargeError
            piece = self.inner.unused_data or self.inner.unconsumed_tail
        return bytes(unpacked)
