"""A sweep on a cluster: the bytes of one thread, whatever dies on the way; what is refused before anything is sent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from backtests import config
from backtests.sweeps import cluster, run, store
from backtests.sweeps.banks import banks
from data.errors import ConfigError, SourceError
from tests.command import files
from tests.grids import FADING

ROOT = Path(__file__).resolve().parent.parent
GRID = (
    FADING
    + """\
    params.lookback: [12M, 24M]
    params.enter: {from: 1, to: 2, step: 0.05}
    params.leave: [0.5, 1.5]
    params.duration: [2.5, 5]
    costs: [1, 2]
"""
)


@pytest.fixture
def gap(here):
    (here / "gap.yaml").write_text(GRID)
    return config.grid(config.load(here / "gap.yaml"))


class Running:
    """A scheduler of this machine and its workers, each a process."""

    def __init__(self, folder: Path, nanny: bool, scheme: str = "tcp", words: tuple[str, ...] = ()) -> None:
        self.folder, self.nanny, self.words = folder, nanny, words
        self.host = f"{scheme}://127.0.0.1"
        self.processes: list[subprocess.Popen[bytes]] = []
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"{self.host}:{free.getsockname()[1]}"
        port = self.address.rsplit(":", 1)[1]
        self.scheduler = self._start("scheduler", "--host", self.host, "--port", port, "--no-dashboard")

    def work(self, count: int = 2) -> None:
        """Start workers, and wait until they are there."""
        more = () if self.nanny else ("--no-nanny",)
        for _ in range(count):
            self._start("worker", self.address, "--host", self.host, "--nthreads", "1", "--no-dashboard", *more)
        with cluster.Client(self.address, timeout=60) as client:
            client.wait_for_workers(count, timeout=120)

    def stop(self) -> None:
        """End what was started."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *words, *self.words]
        process = subprocess.Popen(
            command, cwd=self.folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process


@contextmanager
def running(
    folder: Path, nanny: bool = True, scheme: str = "tcp", words: tuple[str, ...] = (), workers: int = 2
) -> Iterator[Running]:
    started = Running(folder, nanny, scheme, words)
    try:
        started.work(workers)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(run, "CELLS", 20)


def written(folder: Path, tables: run.Tables) -> bytes:
    """What a sweep's table is made of, as bytes on disk."""
    store.write_table(folder / "table", (table for _, table in tables))
    return (folder / "table").read_bytes()


def silent(what: str, completed: int, total: int) -> None:
    pass


def by_threads(folder: Path, grid: config.Grid, threads: int = 1) -> bytes:
    return written(folder, run.tables(grid, banks(grid), None, threads, silent))


# ---- the same bytes


@pytest.mark.slow
def test_two_workers_answer_the_bytes_of_one_thread_and_of_two(there, gap, tmp_path):
    one, two = by_threads(tmp_path, gap), by_threads(tmp_path, gap, 2)
    with cluster.connected(there.address) as client:
        many = written(tmp_path, cluster.tables(client, None, gap, banks(gap), None, silent))
    assert one == two == many


@pytest.mark.slow
def test_a_worker_killed_on_the_way_costs_its_parts_and_changes_no_byte(there, gap, tmp_path):
    with cluster.connected(there.address) as client:
        before = client.run(os.getpid)
        tables = cluster.tables(client, None, gap, banks(gap), None, silent)
        first = [next(tables)]
        os.kill(next(iter(before.values())), signal.SIGKILL)
        rest = list(tables)
        client.wait_for_workers(2, timeout=120)
        assert set(client.run(os.getpid).values()) != set(before.values())
    assert [number for number, _ in first + rest] == list(range(-(-len(gap.cells) // 20)))
    assert written(tmp_path, iter(first + rest)) == by_threads(tmp_path, gap)


@pytest.mark.slow
def test_workers_read_what_is_shared_from_a_folder_under_the_hash_of_its_content(there, gap, tmp_path):
    shared, place = banks(gap), tmp_path / "seen"
    place.mkdir()
    with cluster.connected(there.address) as client:
        answered = written(tmp_path, cluster.tables(client, place, gap, shared, None, silent))
        assert answered == by_threads(tmp_path, gap)
        (bank,) = place.iterdir()
        assert bank.stem == f"divergence-{cluster.hashlib.sha256(bank.read_bytes()).hexdigest()}"
        bank.write_bytes(bank.read_bytes()[:-1] + b"?")
        with pytest.raises(ConfigError, match=r"worker tcp://.*\.bank holds something else than was written; remove"):
            list(cluster.tables(client, place, gap, shared, None, silent))


@pytest.mark.slow
def test_the_command_writes_the_same_file_on_a_cluster(there, gap, divergence):
    assert divergence("sweep", "gap.yaml", "--out", "a", "--threads", "1", "--quiet").status == 0
    answer = divergence("sweep", "gap.yaml", "--out", "b", "--dask", there.address, "--quiet")
    assert (answer.status, answer.err) == (0, "")
    for name in ("sweep.parquet", "paths.parquet", "effects.parquet"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


# ---- versions


def test_other_versions_are_refused_by_name():
    here = cluster.versions()
    cluster.check_versions("worker a", here, dict(here))
    with pytest.raises(ConfigError, match=r"worker a: has numba 0\.1 where .* is here, code abc where .*; install"):
        cluster.check_versions("worker a", here, {**here, "numba": "0.1", "code": "abc"})
    with pytest.raises(ConfigError, match="worker a: has no divergence"):
        cluster.check_versions("worker a", here, ModuleNotFoundError("No module named 'backtests'"))
    assert set(here) >= {"python", "numpy", "numba", "pyarrow", "divergence", "code"} and "missing" not in here.values()


@pytest.mark.slow
def test_a_worker_with_other_versions_is_refused_at_once_and_when_it_comes_later(there, gap, monkeypatch):
    shared = banks(gap)
    with cluster.connected(there.address) as client:
        monkeypatch.setattr(cluster, "_version", lambda name: "9.9")
        with pytest.raises(ConfigError, match=r"worker tcp://127\.0\.0\.1:\d+: has divergence .* where 9\.9 is here"):
            list(cluster.tables(client, None, gap, shared, None, silent))
    with pytest.raises(ConfigError, match=r"numba .* where 9\.9 is here"), cluster.connected(there.address):
        pass


# ---- what dies


@pytest.mark.slow
def test_without_workers_or_a_scheduler_a_sweep_ends_in_one_line_that_says_how_to_go_on(gap, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "ALONE", 3.0)
    shared = banks(gap)
    own = store.Folder.begin(tmp_path / "own", gap, {"state": "running"})
    with running(tmp_path, nanny=False) as started, cluster.connected(started.address) as client:
        tables = cluster.tables(client, None, gap, shared, own, silent)
        next(tables)
        for worker in started.processes[1:]:
            worker.kill()
        with pytest.raises(SourceError, match=r"has had no worker for 3 s; .* --resume .*own"):
            list(tables)
        with pytest.raises(SourceError, match=r"scheduler is gone; .* --resume .*own"):
            tables = cluster.tables(client, None, gap, shared, own, silent)
            threading.Timer(1.0, started.scheduler.kill).start()
            list(tables)
    assert own.holds(0, 20)
    assert files(tmp_path / "own")[0] == "cells" and not (tmp_path / "own/sweep.parquet").exists()


# ---- addresses


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://10.0.0.5:8786", "is neither TLS nor this machine"),
        ("10.0.0.5:8786", "is neither TLS nor this machine"),
        ("tcp://127.0.0.1.example.org:8786", "is neither TLS nor this machine"),
        ("tcp://0.0.0.0:8786", "is neither TLS nor this machine"),
        ("tls://10.0.0.5:8786", "TLS needs certificates"),
        ("http://127.0.0.1:8787", "is no address; expected tls://HOST:PORT"),
        ("inproc://1/2/3", "is no address"),
        ("127.0.0.1", "is no address"),
        ("tcp://[::1", "is no address"),
        ("tcp://127.0.0.1:99999", "is no address"),
        ("", "is no address"),
    ],
)
def test_what_others_could_listen_to_is_refused_unasked(divergence, gap, address, words):
    answer = divergence("sweep", "gap.yaml", "--dask", address)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert words in answer.err
    assert files(Path()) == ["gap.yaml"]


class _Page(BaseHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


@pytest.mark.parametrize("what", ["nothing", "a web server", "silence"])
def test_an_address_that_is_no_scheduler_is_one_line_and_nothing_is_written(divergence, gap, monkeypatch, what):
    monkeypatch.setattr(cluster, "CONNECTING", 1.0)
    with HTTPServer(("127.0.0.1", 0), _Page) if what == "a web server" else socket.socket() as server:
        if what == "a web server":
            threading.Thread(target=server.serve_forever, daemon=True).start()
            port = server.server_port
        else:
            server.bind(("127.0.0.1", 0))
            port = server.getsockname()[1]
            if what == "silence":
                server.listen()
        since = time.monotonic()
        answer = divergence("sweep", "gap.yaml", "--dask", f"127.0.0.1:{port}")
        assert time.monotonic() - since < 60
        if what == "a web server":
            server.shutdown()
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert f"--dask 127.0.0.1:{port}: no scheduler of dask answers there" in answer.err
    assert files(Path()) == ["gap.yaml"]


@pytest.mark.slow
def test_a_workers_own_address_is_no_schedulers(there):
    with cluster.connected(there.address) as client:
        worker = next(iter(client.nthreads()))
    with pytest.raises(ConfigError, match=r"no scheduler of dask answers there \(but a worker\)"):
        cluster.connected(worker).__enter__()


def test_a_folder_for_workers_without_them_and_threads_beside_them_are_refused(divergence, gap):
    assert "give --dask ADDRESS with it" in divergence("sweep", "gap.yaml", "--shared", ".").err
    answer = divergence("sweep", "gap.yaml", "--threads", "2", "--dask", "127.0.0.1:1")
    assert answer.status == 2 and "--threads are of this machine" in answer.err
