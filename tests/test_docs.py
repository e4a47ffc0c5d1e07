"""What the documents say is run: their code, their configurations, their figures."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

import strategies
from backtests import config
from backtests.config import params
from backtests.runs import runner
from strategies.base import Strategy

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "CHANGELOG.md",
    ROOT / "data/bundled/README.md",
]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def fade(monkeypatch):
    """The strategy of docs/add_a_strategy.md, in the registry for the length of a test."""
    module = types.ModuleType("fade")
    monkeypatch.setitem(sys.modules, "fade", module)  # where dataclasses look their annotations up
    space = vars(module)
    for block in blocks(ROOT / "docs/add_a_strategy.md", "python"):
        exec(compile(block, "docs/add_a_strategy.md", "exec"), space)
    monkeypatch.setitem(strategies.STRATEGIES, "fade", space["Fade"])
    yield space["Fade"]
    params.schema_of.cache_clear()


def test_the_strategy_in_the_docs_is_one_and_keeps_the_prefix_law(fade):
    assert isinstance(fade(), Strategy)  # the page's own last block has asserted the prefix law


def test_the_configuration_in_the_docs_runs_it(fade, tmp_path):
    (block,) = blocks(ROOT / "docs/add_a_strategy.md", "yaml")
    (tmp_path / "fading.yaml").write_text(block)
    done = runner.run(config.load(tmp_path / "fading.yaml"))
    assert done.variants[0].figures["turnover"] > 0.1


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> runner.Run:
    """The configuration of the README, run."""
    path = tmp_path_factory.mktemp("readme") / "mine.yaml"
    (block,) = blocks(ROOT / "README.md", "yaml")
    path.write_text(block)
    return runner.run(config.load(path))


def test_the_configuration_in_the_readme_runs(mine):
    assert [run.variant.name for run in mine.variants] == ["pair", "pair_unhedged", "steepener", "bond"]


def test_the_mistake_in_the_readme_is_answered_as_it_says(tmp_path, monkeypatch):
    (block,) = blocks(ROOT / "README.md", "yaml")
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(block.replace("sizing:", "sizng:"))
    with pytest.raises(Exception, match="unknown key") as refusal:
        config.load(Path("mine.yaml"))
    assert str(refusal.value) in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.slow
def test_the_table_in_the_readme_is_what_a_run_prints(default_run, capsys):
    from backtests.cli import run

    run._show(default_run, default_run.seconds)
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    (block,) = blocks(ROOT / "README.md", "text")
    assert [line.rstrip() for line in block.splitlines()] == printed[:4]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_figure_of_a_run_is_defined_in_the_conventions(mine):
    text = (ROOT / "docs/conventions.md").read_text(encoding="utf-8")
    figures = mine.variants[0].figures
    plain = {"start", "end", "bars", "periods_per_year", "ruined", "longest_drawdown_days"}
    dated = re.compile(r"(excess_)?drawdown_(peak|trough|recovery)")
    assert [
        name for name in figures if f"`{name}`" not in text and name not in plain and not dated.fullmatch(name)
    ] == []


def test_the_table_of_what_chance_can_do_is_what_was_measured():
    page = (ROOT / "docs/luck.md").read_text(encoding="utf-8")
    part = page.split("<!-- begin: luck -->\n")[1].split("<!-- end -->")[0]
    measured = (ROOT / "tests/proof/luck.txt").read_text(encoding="utf-8")
    assert part == f"```text\n{measured}```\n"
