"""Shared by the tests: the bundled month ends, the market of the library, a bond priced coupon by coupon."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from backtests import cli, config
from backtests.runs import runner, setup
from backtests.runs.runner import Run
from backtests.ticket import make
from data.build import build
from data.market import Market
from data.sources import bundled
from data.tables import Tables
from tests import command
from tests.browsing import CHROMIUM, QUIET, Tabs
from tests.registry import held
from tests.tickets import HEAD, NEW_YEAR

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("repeatable", database=None, deadline=None, derandomize=True)
settings.load_profile("repeatable")


collect_ignore = ["proof"]  # scripts, run by `make proof`


# Slow tests that carry no mark of their own: simulations, whole configurations, killed processes; () is all of a file.
SLOW = {
    "test_attribution.py": (),
    "test_backtrader_engine.py": (),
    "test_compare.py": (),
    "test_components.py": ("test_components_sum_to_the_legs_lines_on_every_bar",),
    "test_engines_agree.py": (),
    "test_extremes.py": ("test_the_months_of_a_year_compound_to_its_calendar_year_and_contributors_reach_the_ledger",),
    "test_former_runs.py": ("test_the_report_is_drawn_again",),
    "test_former_stores.py": ("test_a_run_trades_it",),
    "test_independent.py": (),
    "test_inference.py": (),
    "test_inference_limits.py": (),
    "test_inference_many.py": (),
    "test_selection.py": (),
    "test_invariants.py": ("test_random_signs_earn_nothing_before_costs_and_lose_the_costs_after",),
    "test_sensitivity.py": (),
    "test_store.py": (
        "test_a_process_killed_while_writing_leaves_a_readable_store",
        "test_two_at_once_take_turns_and_lose_nothing",
    ),
    "test_assemble.py": (),
    "test_ticket.py": (),
    "test_ticket_days.py": (),
    "test_ticket_orders.py": (),
    "test_ticket_contracts.py": (),
    "test_ticket_files.py": (),
    "test_ticket_levels.py": (),
    "test_kernel.py": (),
    "test_third_country.py": (),
    "test_significance.py": (),
    "test_worker.py": (),
}


# The files that take longest, the longest first.
LONGEST = (
    "test_report_size.py", "test_report_page.py", "test_compare_page.py", "test_tables_page.py",
    "test_blotter_page.py", "test_inference.py",
    "test_own_strategy.py", "test_kernel.py", "test_realdata.py", "test_compare.py", "test_report.py",
    "test_invariants.py", "test_sensitivity.py", "test_third_country.py", "test_architecture.py", "test_assemble.py",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is slow; give workers the longest files first, then the largest, so that they end together."""
    for item in items:
        names = SLOW.get(item.path.name)
        if names is not None and (not names or getattr(item, "originalname", "") in names):
            item.add_marker("slow")
    if not hasattr(config, "workerinput"):
        return
    tests = Counter(item.path for item in items)
    rank = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (rank.get(item.path.name, len(rank)), -tests[item.path]))


@pytest.fixture(scope="session", autouse=True)
def one_process():
    """Commands work in the process of the test, as on a machine with one core; tests/test_worker.py has the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backtests.cli.worker.cores", lambda: 1)
        yield


@pytest.fixture(scope="session")
def handlers():
    """What answers to signals when the tests begin."""
    return {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}


@pytest.fixture(autouse=True)
def interruptible(handlers):
    """Let the tests be interrupted again after a command that ran in their process."""
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def tables() -> Tables:
    return bundled.load()


@pytest.fixture(scope="session")
def market(tables: Tables) -> Market:
    return build(tables, held(tables))


@pytest.fixture(scope="session")
def gappy_tables(tables: Tables) -> Tables:
    """The bundled tables as if four Treasury tenors ended: 3 and 7 years after 2025-05, 5 and 20 after 2026-01."""
    us = tables.yields["us"].copy()
    for tenor, last in {3.0: "2025-05-31", 7.0: "2025-05-31", 5.0: "2026-01-31", 20.0: "2026-01-31"}.items():
        us.loc[us.index > pd.Timestamp(last), tenor] = np.nan
    return replace(tables, yields={**tables.yields, "us": us})


@pytest.fixture(scope="session")
def gappy(gappy_tables: Tables) -> Market:
    """Their market."""
    return build(gappy_tables, held(gappy_tables))


@pytest.fixture(scope="session")
def by_coupons() -> Callable[[float, float, float], float]:
    """Dirty price of 1 of face, each payment discounted on its own: the sum that the closed form closes."""

    def present_value(coupon: float, yield_: float, life: float) -> float:
        times = life - 0.5 * np.arange(np.ceil(2 * life))  # years to each coupon, the last first
        discount = (1 + yield_ / 2) ** (-2 * times)
        return float(coupon / 2 * discount.sum() + discount[0])

    return present_value


@pytest.fixture(scope="session")
def default_run() -> Run:
    """The default experiment, run."""
    return runner.run(config.load(ROOT / "config.yaml"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def divergence(here):
    """The command line, in a folder of its own."""
    return command.divergence


@pytest.fixture
def ticket(tmp_path):
    """The ticket of a configuration of this text, on a day."""

    def made(text: str, as_of: date | None = NEW_YEAR, held: str | None = None):
        path = tmp_path / "t.yaml"
        path.write_text(HEAD + text)
        holdings = None
        if held is not None:
            holdings = tmp_path / "held.csv"
            holdings.write_text(held)
        return make(config.load(path), as_of, holdings)

    return made


@pytest.fixture
def serving(monkeypatch):
    """Let every configuration read these tables."""
    return lambda tables: monkeypatch.setattr(setup, "tables_of", lambda settings, instruments: tables)


@pytest.fixture
def printed(monkeypatch, capsys):
    """What the ticket command answers to these words."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["divergence", "ticket", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        streams = capsys.readouterr()
        return int(end.value.code or 0), streams.out, streams.err

    return run


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave out the pictures of a run, which take longer than all the rest of it."""
    monkeypatch.setattr("backtests.report.plots.save", lambda panels, folder: None)


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> command.Ran:
    """A run of the small configuration by the command, pictures and all; to be read, not written to."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.yaml").write_text(command.SMALL)
    with chdir(folder):
        return command.Ran(folder, command.divergence("run", "small.yaml", "--out", "result", "--quiet"))


@pytest.fixture(scope="session")
def tabs():
    """Headless Chromium, one for all tests; a test that asks for it is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield Tabs(chromium)
        chromium.close()


@pytest.fixture
def browser(tabs):
    """The browser of one test, whose tabs it leaves blank."""
    shared = len(tabs.pages)
    yield tabs
    tabs.clear(shared)
