"""Shared by the tests: the bundled month ends, the market of the library, a bond priced coupon by coupon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from backtests import config
from backtests.runs import runner
from backtests.runs.runner import Run
from data.build import build
from data.market import Market
from data.sources import bundled
from data.tables import Tables
from tests import command
from tests.browsing import CHROMIUM, QUIET, Tabs
from tests.registry import held

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("repeatable", database=None, deadline=None, derandomize=True)
settings.load_profile("repeatable")


collect_ignore = ["proof"]  # scripts, run by `make proof`


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give workers the files with most slow tests first, then the largest, so that they end together."""
    if not hasattr(config, "workerinput"):
        return
    slow = Counter(item.path for item in items if any(map(item.get_closest_marker, ("slow", "browser", "realdata"))))
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (-slow[item.path], -tests[item.path]))


@pytest.fixture(scope="session")
def tables() -> Tables:
    return bundled.load()


@pytest.fixture(scope="session")
def market(tables: Tables) -> Market:
    return build(tables, held(tables))


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
    """The browser of one test, which leaves its tabs blank."""
    yield tabs
    tabs.clear()
