"""A sweep's parts on a running dask cluster: every worker makes and walks them from what it was sent once.

A task is three numbers, its answer a part's table; workers never write. What cells share is sent to every worker once,
those that come later too, or read by them from a folder that they share, under the hash of its content. What dask sends
is pickled: docs/decisions/0015 says what that asks of a cluster.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import platform
import re
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from distributed import Client, Future, KilledWorker, Security, WorkerPlugin, get_worker, rpc, wait
from distributed.comm import CommClosedError
from distributed.protocol import pickle as wire

from backtests.config import Grid
from backtests.sweeps import run, store
from backtests.sweeps.banks import Banks
from backtests.sweeps.walk import walk
from data.disk import MEGABYTE, read_regular, replace_bytes
from data.errors import ConfigError, SourceError
from strategies import compiled

PACKAGES = (*store.PACKAGES, "distributed")
CODE = ("data", "strategies", "backtests")  # whose files decide what a cell comes to
CONNECTING = 10.0  # seconds
ALONE = 60.0  # seconds without a worker until a sweep gives up
LOOKING = 2.0  # seconds between looks at whether any is left
AHEAD = 3  # parts under way for each thread of the cluster
LOOPBACK = ("localhost",)
TLS = "distributed.comm.tls"  # in dask's configuration
SILENT = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "distributed.scheduler")

Versions = dict[str, str]


# ---- what is the same everywhere


def versions() -> Versions:
    """Return what a cell's bytes depend on in this process: versions by name, and a digest of the code."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}, "code": code()}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def code() -> str:
    """Return a digest of every file of code, a user's own strategies among them."""
    root = Path(__file__).resolve().parent.parent.parent
    digest = hashlib.sha256()
    for path in sorted(path for folder in CODE for path in (root / folder).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def check_versions(who: str, here: Mapping[str, str], there: object) -> None:
    """Refuse a worker with other versions than these, each by name."""
    if not isinstance(there, Mapping):
        raise ConfigError(
            f"{who}: has no divergence {here['divergence']} that answers ({there}); install the same on every worker"
        )
    other = [f"{name} {there.get(name)} where {own} is here" for name, own in here.items() if there.get(name) != own]
    if other:
        raise ConfigError(f"{who}: has {', '.join(other)}; install the same on every worker")


class Bank(WorkerPlugin):  # type: ignore[misc]
    """What the parts of a sweep are made of, on a worker: opened when the first of them is asked for."""

    def __init__(self, digest: str, content: bytes | None, place: Path | None, expected: Versions) -> None:
        self.name = f"divergence-{digest[:16]}-{uuid.uuid4().hex[:8]}"
        self._digest, self._content, self._place, self._expected = digest, content, place, expected

    def setup(self, worker: Any) -> None:
        """Note where this is; nothing else, as a worker that fails here is started again for ever."""
        self._who = f"worker {worker.address}"
        self._banks: Banks | None = None
        self._lock = Lock()

    def table(self, number: int, first: int, count: int) -> pa.Table:
        """Make a part, walk it, and return its table."""
        with self._lock:  # parts rest on what the parts before them left
            self._banks = banks = self._banks or self._opened()
            part = banks.part(number, banks.grid.cells[first : first + count])
        return store.columns(banks.grid, walk(part), part.ideas)

    def _opened(self) -> Banks:
        check_versions(self._who, self._expected, versions())
        content = self._content
        if content is None:
            assert self._place is not None
            try:
                content = read_regular(self._place, store.LARGEST)
            except OSError as error:
                raise ConfigError(
                    f"{self._who}: {self._place} is not read there ({error.strerror or error}); give --shared a folder "
                    "that every worker has under the same path, or leave it out"
                ) from None
        if hashlib.sha256(content).hexdigest() != self._digest:
            raise ConfigError(f"{self._who}: {self._place} holds something else than was written; remove it")
        with suppress(ImportError):
            compiled.load()  # as `banks.banks` does
        return Banks(*wire.loads(content))


def table(bank: str, number: int, first: int, count: int) -> pa.Table:
    """Return a part's table; a task, which runs on a worker."""
    return get_worker().plugins[bank].table(number, first, count)


# ---- the way there


def check_address(address: str) -> None:
    """Refuse an address on the way to which others could listen, or send code of their own.

    Raises
    ------
    ConfigError
        What is neither TLS nor this machine, or no address.
    """
    whole = address if "://" in address else f"tcp://{address}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in ("tcp", "tls"):
        raise ConfigError(f"--dask {address}: is no address; expected tls://HOST:PORT, or tcp://127.0.0.1:PORT")
    if parts.scheme == "tcp" and not _is_loopback(host):
        raise ConfigError(
            f"--dask {address}: is neither TLS nor this machine; whoever is on the way could run code on both ends; "
            f"give tls://{host}:{port}, or a tunnel's end, tcp://127.0.0.1:PORT"
        )
    if parts.scheme == "tls":
        _check_certificates(address)


def _check_certificates(address: str) -> None:
    """Refuse certificates that are not named in dask's configuration, cannot be read, or do not go together."""
    own = Security()
    files = {"ca-file": own.tls_ca_file, "client.cert": own.tls_client_cert, "client.key": own.tls_client_key}
    missing = [f"{TLS}.{key}" for key in ("ca-file", "client.cert") if not files[key]]
    if missing:
        raise ConfigError(
            f"--dask {address}: TLS needs certificates, and dask's own configuration names no "
            f"{' and no '.join(missing)}; docs/scale.md says how"
        )
    for key, name in files.items():
        try:
            if name and "\n" not in name:  # else it is the certificate itself
                read_regular(Path(name), MEGABYTE)
        except OSError as error:
            told = error.strerror or error
            raise ConfigError(f"--dask {address}: {TLS}.{key} is {name}, which cannot be read ({told})") from None
    try:
        own.get_connection_args("client")
    except (OSError, ValueError) as error:
        named = ", ".join(f"{key} {name}" for key, name in files.items() if name and "\n" not in name)
        why = _of_tls(error) or str(error)
        raise ConfigError(f"--dask {address}: no certificates that go together under {TLS}: {named} ({why})") from None


def _of_tls(error: BaseException | None) -> str:
    """Return what TLS says among what led to an error, blank where it says nothing."""
    while error:
        reason = re.search(r"\[(?:SSL|X509)[^]]*\] (.*?)(?: \(_ssl|$)", str(error))
        if reason or isinstance(error, ssl.SSLError):
            return reason[1] if reason else str(error)
        error = error.__cause__ or error.__context__
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


async def _asked(address: str) -> str:
    """Return what kind of dask's servers answers at an address."""
    async with rpc(address, timeout=CONNECTING, connection_args=Security().get_connection_args("client")) as server:
        return str((await server.identity())["type"])


def _answer(address: str) -> str:
    """What answers at an address, asked with an end: a client would wait for ever."""
    return asyncio.run(asyncio.wait_for(_asked(address), CONNECTING))


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of a running scheduler that has workers, all of these versions.

    Raises
    ------
    ConfigError
        An address that is not taken or answers otherwise; no worker; a worker with other versions.
    """
    check_address(address)
    for name in SILENT:  # what goes wrong is said once, by us
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with ThreadPoolExecutor(1) as aside:  # a notebook's thread has a loop that runs already
            answered = aside.submit(_answer, address).result()
        if answered != "Scheduler":
            raise ValueError(f"but a {answered.lower()}")
        client = Client(address, timeout=CONNECTING, name="divergence")
    except Exception as error:
        why = _of_tls(error)
        if why:
            raise ConfigError(
                f"--dask {address}: TLS with it fails ({why}); it must speak TLS, and the certificates of both ends be "
                f"of the authority that {TLS}.ca-file names"
            ) from None
        told = str(error).splitlines()[0] if str(error) else f"nothing said in {CONNECTING:.0f} s"
        raise ConfigError(f"--dask {address}: no scheduler of dask answers there ({told})") from None
    try:
        if not client.nthreads():
            raise ConfigError(f"--dask {address}: the scheduler has no worker; start some, as docs/scale.md says")
        for worker, there in sorted(client.run(versions, on_error="return").items()):
            check_versions(f"worker {worker}", versions(), there)
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=2)


@contextmanager
def _placed(client: Client, shared: Banks, folder: Path | None) -> Iterator[str]:
    """Bring what cells share to every worker; give its name there."""
    content = wire.dumps((shared.grid, shared.tables, shared.market))
    digest = hashlib.sha256(content).hexdigest()
    place = folder.resolve() / f"divergence-{digest}.bank" if folder else None
    if place and not place.exists():
        try:
            replace_bytes(place, content)
        except OSError as error:
            raise ConfigError(f"--shared {folder}: cannot be written ({error.strerror or error})") from None
    bank = Bank(digest, None if place else content, place, versions())
    client.register_plugin(bank)
    try:
        yield bank.name
    finally:
        with suppress(Exception):
            client.unregister_worker_plugin(bank.name)


# ---- parts


def tables(
    client: Client, place: Path | None, grid: Grid, shared: Banks, folder: store.Folder | None, progress: run.Progress
) -> Iterator[tuple[int, pa.Table]]:
    """Yield every part's table in order, as `run.tables` does; workers walk, and what they answer is kept here.

    Raises
    ------
    ConfigError
        A worker that came later with other versions, or that cannot read `place`, the folder of what is shared.
    SourceError
        A scheduler that left, no worker left, or a part that ends every worker.
    """
    size, completed = run.size_of_parts(grid, shared), 0
    with _placed(client, shared, place) as bank:
        walking = _Walking(client, bank, grid, folder, size)
        try:
            for number, _, _ in run.parts(grid, size):
                own = walking.part(number)
                completed += len(own)
                progress("cells", completed, len(grid.cells))
                yield number, own
        finally:
            with suppress(Exception):
                client.cancel(walking.under_way)


class _Walking:
    """Parts under way on a cluster, and those that came back before their turn."""

    def __init__(self, client: Client, bank: str, grid: Grid, folder: store.Folder | None, size: int) -> None:
        self._client, self._bank, self._folder = client, bank, folder
        self._parts = run.parts(grid, size)
        self._numbers: dict[Future, int] = {}
        self._ready: dict[int, pa.Table | None] = {}  # None: the folder has it

    @property
    def under_way(self) -> list[Future]:
        """What workers have yet to answer."""
        return list(self._numbers)

    def part(self, number: int) -> pa.Table:
        """Return a part's table, once it is there."""
        self._submit()
        while number not in self._ready:
            self._gather()
        own = self._ready.pop(number)
        return self._folder.part(number) if own is None and self._folder else own

    def _submit(self) -> None:
        most = max(4, AHEAD * sum(self._client.nthreads().values()))
        for number, first, cells in islice(self._parts, max(0, most - len(self._numbers) - len(self._ready))):
            if self._folder and self._folder.holds(number, len(cells)):
                self._ready[number] = None
            else:
                future = self._client.submit(table, self._bank, number, first, len(cells), pure=False)
                self._numbers[future] = number

    def _gather(self) -> None:
        """Keep what workers answer next."""
        for future, own in self._answered():
            number = self._numbers.pop(future)
            if self._folder:
                self._folder.keep(number, own)
            self._ready[number] = own

    def _answered(self) -> list[tuple[Future, pa.Table]]:
        """Wait for one part or more."""
        since = time.monotonic()
        while True:
            try:
                finished, _ = wait(self.under_way, timeout=LOOKING, return_when="FIRST_COMPLETED")
                return [(future, future.result(timeout=LOOKING)) for future in finished]
            except TimeoutError:
                since = self._waited(since)
            except KilledWorker as error:
                last = error.last_worker.address
                ended = f"a part ended {error.allowed_failures + 1} workers, {last} the last: give workers more memory"
                raise self._over(ended) from None
            except (CancelledError, CommClosedError):
                raise self._over("the cluster's scheduler is gone") from None

    def _waited(self, since: float) -> float:
        """Return since when no worker is there, as of now where one is."""
        try:
            left = self._client.nthreads()
        except OSError:
            left = {}
        now = time.monotonic()
        if not left and now - since > ALONE:
            raise self._over(f"the cluster has had no worker for {ALONE:.0f} s")
        return now if left else since

    def _over(self, why: str) -> SourceError:
        folder = self._folder
        return SourceError(f"{why}; what was walked is kept: go on with --resume {folder.path}" if folder else why)
