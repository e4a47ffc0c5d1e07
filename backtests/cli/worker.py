"""A second process for what can be worked out beside the rest, where there is a core for it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Runs functions in another process while this one goes on; without another core, in this one when asked."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self.pool = pool

    def start(self, function: Callable[..., T], *arguments: Any) -> Callable[[], T]:
        """Begin a piece of work; what is returned gives its value, or raises what it raised."""
        if self.pool is None:
            return lambda: function(*arguments)
        future = self._submit(function, *arguments)

        def value() -> T:
            if future.cancel():  # not begun yet: this process is free, so it does it
                return function(*arguments)
            try:
                return future.result()
            except BrokenProcessPool:  # killed, for want of memory perhaps
                return function(*arguments)

        return value

    def warm(self, modules: Sequence[str]) -> None:
        """Let the other process load modules that it will need, while it has nothing else to do."""
        if self.pool is not None:
            self._submit(_load, modules)

    def _submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Begin work in a process that hears no interrupt: this one ends it."""
        assert self.pool is not None
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # as a process begun now has it too
        try:
            return self.pool.submit(function, *arguments)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _load(modules: Sequence[str]) -> None:
    from importlib import import_module

    from backtests.cli.memory import loading

    with loading():
        for module in modules:
            import_module(module)


@contextmanager
def worker() -> Iterator[Worker]:
    """Give a worker, which begins with an empty interpreter of its own."""
    if cores() < 2 or not sys.platform.startswith("linux"):
        yield Worker(None)
        return
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(1, mp_context=get_context("forkserver"))
    try:
        yield Worker(pool)
    finally:
        for process in pool._processes.values():
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
