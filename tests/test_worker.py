"""The second process of a run: the same answers, errors and ends as without it."""

from __future__ import annotations

import os
import time

import pytest

from backtests.cli import worker as workers


def process() -> int:
    return os.getpid()


def refuse(what: str) -> None:
    raise ValueError(f"no {what}")


def end(parent: int) -> int:
    if os.getpid() != parent:
        os._exit(1)  # as a process that runs out of memory
    return 7


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 2)


def test_work_is_done_in_another_process_and_its_value_comes_back(two_cores):
    with workers.worker() as beside:
        beside.warm(["json"])
        value = beside.start(process)
        time.sleep(3)  # asked for at once, it would be done here
        assert value() != os.getpid()


def test_with_one_core_it_is_done_here(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 1)
    with workers.worker() as beside:
        assert beside.start(process)() == os.getpid()


def test_an_error_comes_back_as_it_was(two_cores):
    with workers.worker() as beside, pytest.raises(ValueError, match="no wine"):
        beside.start(refuse, "wine")()


def test_what_waits_behind_other_work_is_done_here(two_cores):
    with workers.worker() as beside:
        values = [beside.start(process) for _ in range(50)]
        assert {value() for value in reversed(values)} >= {os.getpid()}


def test_a_worker_that_dies_costs_nothing_but_time(two_cores):
    with workers.worker() as beside:
        value = beside.start(end, os.getpid())
        time.sleep(3)
        assert value() == 7
