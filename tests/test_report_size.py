"""How large a report is, with all that a run stores, and that one of 150 variants can be used."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from backtests import config
from backtests.cli import run as command
from backtests.cli.worker import Worker
from backtests.report import html
from backtests.report.panels import MANY, Panels, panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from tests.browsing import Page

ROOT = Path(__file__).resolve().parent.parent
BONDS = ("2", "5", "7", "10", "20")
CHOICES = {
    "momentum": [{"middle": middle, "slow": slow} for middle, slow in product(("63D", "126D"), ("252D", "504D"))]
    + [{"middle": "189D", "slow": "756D"}],
    "carry": [{"lookback": lookback, "scale": scale} for lookback, scale in product(("24M", "36M"), (0.5, 1.0))]
    + [{"lookback": "60M", "scale": 2.0}],
    "value": [{"scale": scale} for scale in (0.01, 0.015, 0.02, 0.03, 0.04)],
}

pytestmark = pytest.mark.slow


def grid() -> str:
    """A configuration of 150 variants of momentum, carry and value, and a benchmark."""
    lines = []
    for bond, duration, strategy in product(BONDS, (3.0, 5.0), CHOICES):
        for i, chosen in enumerate(CHOICES[strategy]):
            pair = {"long": f"UST{bond}", "short": f"JGB{bond}", "duration": duration, **chosen}
            params = ", ".join(f"{key}: {value}" for key, value in pair.items())
            name = f"{strategy}_{bond}y_{duration:.0f}_{i}"
            lines.append(f"  {name}: {{strategy: {strategy}, params: {{{params}}}}}")
    bond = "  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}"
    return "\n".join(["name: grid", "thesis_date: 2026-01-01", "variants:", *lines, bond, "benchmarks: [bond]", ""])


def stored(path: Path, folder: Path) -> Panels:
    """Run a configuration and store all that `divergence run` stores; the report's panels."""
    folder.mkdir(parents=True)
    begun = runner.begin(config.load(path))
    quiet = lambda *_: None  # noqa: E731
    measured = command.measure(begun, quiet)
    command.keep(begun.finish(), measured, folder, folder.parent, run_folder.utc_now(), quiet, Worker(None))
    return panels(run_folder.load(folder))


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> tuple[Path, Panels]:
    """The report of the grid, and its panels."""
    folder = tmp_path_factory.mktemp("grid")
    (folder / "grid.yaml").write_text(grid())
    content = stored(folder / "grid.yaml", folder / "runs/grid")
    (folder / "report.html").write_text(html.page(content), encoding="utf-8")
    return folder / "report.html", content


def test_the_default_report_with_its_sensitivity_is_under_three_megabytes(tmp_path):
    content = stored(ROOT / "config.yaml", tmp_path / "runs/default")
    assert content.run.sensitivity is not None
    assert len(html.page(content).encode()) < 3e6


def test_a_report_of_150_variants_is_under_twelve_megabytes(many):
    assert len(many[1].variants) == 151
    assert many[1].run.sensitivity is not None
    assert many[0].stat().st_size < 12e6


@pytest.mark.browser
def test_a_report_of_150_variants_opens_on_the_first_thirty_and_draws_all_on_demand(browser, many):
    page = Page(browser, many[0], 1440)
    assert page.view.locator("#summary tbody tr").count() == MANY + 1
    assert page.view.locator("#chips button").count() == MANY + 2
    assert page.view.locator("*").count() < 20_000  # what is folded away is not part of the page
    last = many[1].variants[-2].name
    page.view.locator("#pick").select_option(last)
    assert page.view.locator("#trades caption").inner_text() == f"Trades of {last}"
    page.view.get_by_role("button", name="All variants").click()
    assert page.lines("equity") == 2 * 151
    assert page.complaints == []
