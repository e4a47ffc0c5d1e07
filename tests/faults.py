"""A web server on 127.0.0.1 that fails on order: each address has a list of answers, the last of which repeats."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from types import TracebackType

Answer = Callable[["Handler"], None]


def page(body: bytes | str, kind: str = "text/csv", status: int = 200, **headers: str) -> Answer:
    """A whole answer; `Retry_After` becomes the header Retry-After."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def status(code: int, **headers: str) -> Answer:
    return page(b"", status=code, **headers)


def redirect(where: str) -> Answer:
    return page(b"", status=302, Location=where)


def cut_short(body: bytes, missing: int) -> Answer:
    """Promise more bytes than are sent, then close."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + missing))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def reset(body: bytes) -> Answer:
    """Send the beginning of an answer, then reset the connection."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return answer


def silence(seconds: float) -> Answer:
    """Say nothing for a while, or until the server is closed."""

    def answer(handler: Handler) -> None:
        handler.faults.closing.wait(seconds)

    return answer


def drip(pieces: int, every: float) -> Answer:
    """Send one byte at a time, each in time, all of them too slowly."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(pieces))
        handler.end_headers()
        for _ in range(pieces):
            handler.wfile.write(b"1")
            handler.wfile.flush()
            if handler.faults.closing.wait(every):
                return

    return answer


def flood(size: int) -> Answer:
    """Send `size` bytes without saying how many there will be."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(size // 2**20):
            handler.wfile.write(b"1" * 2**20)

    return answer


def raw(content: bytes) -> Answer:
    """Send these bytes in place of an answer, and close."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


def endless(begin: bytes, piece: bytes, every: float = 0.0) -> Answer:
    """Send the beginning of an answer, then the same piece again and again, until the server is closed."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(begin)
        while not handler.faults.closing.wait(every):
            handler.wfile.write(piece)
            handler.wfile.flush()

    return answer


def packed(content: bytes, *encodings: str) -> Answer:
    """Gzip the content once for each encoding named, and say so."""
    for _ in encodings:
        content = gzip.compress(content)
    return page(content, Content_Encoding=", ".join(encodings))


@dataclass
class Faults:
    """The server. `with Faults() as web: web.serve("/a.csv", status(500), page("..."))`."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # path and query of every request
    times: list[float] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Faults:
        faults = self
        self._server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"faults": faults}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, path: str, *answers: Answer) -> str:
        """Answer an address, by its path or by its path and query; return the address."""
        self.answers[path] = list(answers)
        return self.root + path

    def next(self, target: str) -> Answer:
        self.asked.append(target)
        self.times.append(monotonic())
        queue = self.answers.get(target) or self.answers.get(target.partition("?")[0]) or [status(404)]
        return queue.pop(0) if len(queue) > 1 else queue[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections break here on purpose."""


class Handler(BaseHTTPRequestHandler):
    faults: Faults

    def do_GET(self) -> None:
        answer = self.faults.next(self.path)
        self.faults.headers.append(dict(self.headers))
        answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
