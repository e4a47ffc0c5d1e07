"""docs/strategies.md says what the code is and what a run of config/thesis.yaml makes; no figure in it is stale."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from backtests import config
from backtests.engine import ledger
from backtests.engine.book import prepare
from backtests.performance import metrics
from backtests.runs import runner, setup
from strategies import BUILT_IN, OVERLAYS
from strategies.pairs import Pair
from strategies.relative_value import Value

ROOT = Path(__file__).resolve().parent.parent
SAYS = ("Idea", "Formula", "Parameters", "Source", "Earned", "When it should fail")
SUSPICIOUS = 0.8  # of a Sharpe ratio, either sign
REMEDY = "run `make docs` and read what changed"


def _generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _generator()


@pytest.fixture(scope="module")
def page() -> str:
    return generate.PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run() -> runner.Run:
    return runner.run(config.load(generate.CONFIG))  # raises where the two engines disagree


@pytest.fixture(scope="module")
def made(run) -> dict[str, str]:
    return generate.blocks(run)


def sections(page: str) -> dict[str, str]:
    """The text under each second-level heading, in order."""
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def figures(run: runner.Run, key: str) -> dict[str, float]:
    return {one.variant.name: one.figures[key] for one in run.variants}


# ---- the page is whole


def test_every_strategy_and_overlay_has_its_section_in_the_order_of_the_registry(page):
    known = {**BUILT_IN, **OVERLAYS}
    assert [title for title in sections(page) if title in known] == [*BUILT_IN, *OVERLAYS]


@pytest.mark.parametrize("name", [*BUILT_IN, *OVERLAYS])
def test_a_section_says_idea_formula_parameters_source_earnings_and_failure(page, name):
    text = sections(page)[name]
    assert tuple(re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE)) == SAYS
    assert re.search(r"\*\*Formula\.\*\*\n\n```text\n.+?\n```", text, re.DOTALL)
    assert re.findall(r"<!-- begin: (.+?) -->", text) == [f"parameters {name}", f"earned {name}"]


@pytest.mark.parametrize("name", [*BUILT_IN, *OVERLAYS])
def test_a_section_cites_what_the_docstring_cites(page, name):
    years = set(re.findall(r", (\d{4})\b", (BUILT_IN | OVERLAYS)[name].__doc__))
    (source,) = re.findall(r"\*\*Source\.\*\*(.+?)\n\n", sections(page)[name], re.DOTALL)
    assert years <= set(re.findall(r"\d{4}", source))


@pytest.mark.slow
def test_every_block_of_the_page_is_one_that_is_made_and_every_one_made_is_on_the_page(page, made):
    assert sorted(re.findall(r"<!-- begin: (.+?) -->", page)) == sorted(made)
    assert page.count("<!-- begin:") == page.count("<!-- end -->") == len(made)


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT_IN)
def test_only_pairs_send_the_reader_to_the_parameters_of_a_pair(made, name):
    assert made[f"parameters {name}"].startswith("Those of a [pair](#pairs)") == issubclass(BUILT_IN[name], Pair)


# ---- the figures are those of a run now


@pytest.mark.slow
def test_no_figure_of_the_page_is_stale(page, made):
    found = {name: text for _, name, text in re.findall(r"(<!-- begin: (.+?) -->\n)(.*?)<!-- end -->", page, re.DOTALL)}
    assert {name: found[name] for name in made if found[name] != made[name]} == {}, REMEDY
    assert generate.filled(page, made) == page, REMEDY


def test_the_ratios_of_each_hedge_are_those_of_the_trades_of_config_yaml(page):
    """Not slow, so that a change of a hedge shows at once."""
    rows = generate.hedge_ratios()
    assert f"<!-- begin: hedges -->\n{rows}<!-- end -->" in page, REMEDY
    variants = {one.name: one for one in config.load(generate.DEFAULTS).variants}
    curve_trades = [name for name, one in variants.items() if one.strategy_name in ("curve", "butterfly", "box")]
    assert len(curve_trades) == 4 and all(f"| `{name}` |" in rows for name in curve_trades)


def test_a_row_of_ratios_is_the_mean_of_what_a_regression_of_yield_changes_gives(page, market):
    """US 2s10s: 2-year on 10-year changes, 36 month ends, by numpy, on the rows of the variant's window."""
    front, back = (np.diff(market.curves["us"].at(years)) for years in (2.0, 10.0))
    rows = np.flatnonzero(market.dates[1:] >= np.datetime64("1999-09-30"))
    betas = [np.polyfit(back[t - 35 : t + 1], front[t - 35 : t + 1], 1)[0] for t in rows]
    line = next(line for line in page.splitlines() if line.startswith("| `us_2s10s_steepener` | UST10 against UST2"))
    assert line.split(" | ")[3] == f"{np.mean(betas):.2f} ({min(betas):.2f} to {max(betas):.2f})"


def test_filling_a_page_replaces_what_stands_between_its_marks_and_nothing_else():
    page = "before\n<!-- begin: a b -->\nold\n<!-- end -->\nbetween\n<!-- begin: c -->\n<!-- end -->\nafter\n"
    assert generate.filled(page, {"a b": "new\n", "c": "| 1 |\n"}) == (
        "before\n<!-- begin: a b -->\nnew\n<!-- end -->\nbetween\n<!-- begin: c -->\n| 1 |\n<!-- end -->\nafter\n"
    )
    with pytest.raises(KeyError, match="a b"):
        generate.filled(page, {"c": ""})


@pytest.mark.slow
def test_the_configuration_runs_every_strategy_and_overlay_and_the_page_shows_every_variant(page, run):
    assert {one.variant.strategy_name for one in run.variants} == set(BUILT_IN)
    assert {name for one in run.variants for overlay in one.variant.overlays for name in overlay} == set(OVERLAYS)
    for one in run.variants:
        assert f"| `{one.variant.name}`" in sections(page)[one.variant.strategy_name]


@pytest.mark.slow
def test_a_row_says_in_percent_what_the_run_found(page, run):
    found = {one.variant.name: one for one in run.variants}["value"]
    cells = next(line for line in page.splitlines() if line.startswith("| `value` |")).split("|")
    shown = [cell.strip().replace("−", "-") for cell in cells[2:5]]
    x = np.diff(found.result.equity) / found.result.equity[:-1] - found.result.cash[1:] / found.result.equity[:-1]
    r = np.diff(found.result.equity) / found.result.equity[:-1]
    assert shown == [
        f"{x.mean() * 1200:.2f}", f"{r.std(ddof=1) * 12**0.5 * 100:.2f}", f"{x.mean() / x.std(ddof=1) * 12**0.5:.2f}",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_chance_of_the_highest_is_bonferronis(page, run):
    ideas = [one for one in run.variants if one.variant.name not in run.config.benchmarks]
    best = max(ideas, key=lambda one: one.figures["sharpe"])
    x = metrics.excess_returns(best.result)
    t = x.mean() / (x.std(ddof=1) / np.sqrt(len(x)))
    chance = min(1.0, 2 * norm.sf(abs(t)) * len(ideas))
    rows = sections(page)["What the figures say"]
    assert f"| `{best.variant.name}` | {best.figures['sharpe']:.2f} | {t:.1f} | {chance:.2f} |" in rows


# ---- what the prose rests on


@pytest.mark.slow
def test_no_sharpe_ratio_beyond_eight_tenths_goes_unexplained(page, run):
    (listed,) = re.findall(r"Beyond it, and explained: (.+?)\.$", page, re.MULTILINE)
    explained = set(re.findall(r"`(\w+)`", listed))
    assert explained or listed == "none"
    for key in ("sharpe", "sharpe_next_bar"):
        assert {name for name, value in figures(run, key).items() if abs(value) > SUSPICIOUS} == explained


@pytest.mark.slow
def test_japans_tax_step_is_in_the_figures_and_the_highest_sharpe_does_not_rest_on_it(run):
    one = next(one for one in run.variants if one.variant.name == "value")
    market, core = one.market, one.market.macro["jp_core_cpi_yoy"]
    at = dict(zip(market.dates.astype(str), core, strict=True))
    assert [round(at[day], 3) for day in ("2014-05-31", "2014-06-30", "2015-05-31", "2015-06-30")] == [
        0.013, 0.032, 0.022, 0.003,
    ]  # fmt: skip
    taxed = (market.dates >= np.datetime64("2014-06-30")) & (market.dates <= np.datetime64("2015-05-31"))
    untaxed = dataclasses.replace(market, macro={**market.macro, "jp_core_cpi_yoy": core - 0.02 * taxed})
    targets = Value().targets(untaxed)
    assert not np.array_equal(targets, Value().targets(market))
    book = prepare(untaxed, targets, one.span.rows, setup.terms(one.variant, run.config, untaxed))
    assert metrics.sharpe(metrics.excess_returns(ledger.run(book)), 12.0) > one.figures["sharpe"] - 0.01


@pytest.mark.slow
def test_three_years_made_more_than_half_of_what_the_highest_earned(run):
    one = next(one for one in run.variants if one.variant.name == "value")
    year = one.result.dates[1:].astype("datetime64[Y]").astype(int) + 1970
    x = metrics.excess_returns(one.result)
    assert x[np.isin(year, [2008, 2022, 2025])].sum() > 0.5 * x.sum()


@pytest.mark.slow
def test_signals_that_the_page_calls_static_changed_side_eight_times_or_fewer(run):
    for one in run.variants:
        if one.variant.name in ("safe_haven", "inflation_level", "debt_distortion"):
            signal = one.variant.strategy.signal(one.market)[one.span.rows]
            assert (np.diff(np.sign(signal[signal != 0])) != 0).sum() <= 8
