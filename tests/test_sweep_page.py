"""The page of a sweep: what it shows is what the table says, and nothing in it runs or leaves the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import backtests
from backtests import config
from backtests.config.document import parse
from backtests.report import sweep as report
from backtests.report import sweep_plots as plots
from backtests.sweeps import conclude, effects, store
from data.errors import SourceError
from tests import browsing
from tests.grids import FADING, grid_of, grid_of_two

TEXT = (
    FADING
    + """\
    params.lookback: [12M, 24M]
    params.enter: {from: 1, to: 2, step: 0.25}
    trade.stop_bp: [20, null]
    costs: [1, 2]
"""
)
HOSTILE = "</script><img src=x onerror=console.log(1)>"
WIDTHS = pytest.mark.parametrize("width", [1440, 390])
SQUARES = "[...document.querySelectorAll('#heat tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))"


@pytest.fixture(scope="module")
def gap():
    return config.grid(config.resolve(parse(TEXT, "gap.yaml")))


@pytest.fixture(scope="module")
def folder(gap, tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "gap"
    conclude.to_table(gap, path, 1)
    report.write(path, gap)
    return path


@pytest.fixture(scope="module")
def frame(folder):
    return pd.read_parquet(folder / "sweep.parquet")


def table_of(grid, sharpe):
    """A sweep's table, in which every cell is an idea of its own with this Sharpe ratio."""
    count = len(sharpe)
    columns = {name: pa.array(sharpe, from_pandas=True) for name in report.FIGURES}
    ideas = pa.array([f"{i + 1:016x}" for i in range(count)]).dictionary_encode()
    return pa.table({"cell": pa.array(np.arange(count)), "idea": ideas, **columns})


def manifest_of(grid, **changed):
    judged = {"ideas": len(grid.cells), "tested": 0, "months": 0, "best": None, "plateau": None}
    data = {"source": "bundled", "frequency": "monthly", "first": "2010-01-31", "last": "2024-12-31"}
    own = {
        "name": "made", "base": "fade", "ideas": len(grid.cells), "score": "plateau", "sentence": "None.", "data": data,
        "judged": judged, "proved": [], "notes": {}, "sample": None, "cells": len(grid.cells), "grid": grid.count,
        "seed": grid.seed,
    }  # fmt: skip
    return own | changed


def page_of(grid, sharpe, **changed):
    rows = effects.effects(grid, sharpe).to_pylist()
    return report.page(grid, manifest_of(grid, **changed), table_of(grid, sharpe), rows)


def embedded(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, flags=re.DOTALL)[1])


def opened(browser, tmp_path, page, width=1440, **media):
    path = tmp_path / "sweep.html"
    path.write_text(page, encoding="utf-8")
    return browsing.Page(browser, path, width, **media)


# ---- what it carries


def test_a_page_of_many_cells_carries_the_best_and_a_seeded_sample_and_says_so():
    grid = grid_of_two(80)
    sharpe = np.random.default_rng(3).normal(size=6400)
    page = page_of(grid, sharpe)
    data = embedded(page)
    assert len(data["cells"]) == report.MOST
    assert set(np.argsort(-sharpe)[: report.HIGHEST].tolist()) <= set(data["cells"])
    assert data["cells"][data["best"][0]] == int(np.argmax(sharpe))
    assert "This page carries 5,000 of 6,400 cells" in page
    assert len(data["lines"]) == report.LINES
    assert len(page.encode()) < 3_000_000
    assert page == page_of(grid, sharpe)


def test_a_page_of_few_cells_carries_all_with_their_settings(folder, frame):
    page = (folder / "sweep.html").read_text(encoding="utf-8")
    data = embedded(page)
    assert data["cells"] == frame["cell"].tolist()
    assert "This page carries" not in page
    for axis, places, name in zip(data["axes"], data["places"], ["params.lookback", "params.enter"], strict=False):
        shown = [axis["values"][place] for place in places]
        assert shown == [report.said(value) for value in frame[name]]
    known = frame["sharpe"].notna().to_numpy()
    found = np.array(data["measures"]["sharpe"], dtype=float)
    assert found[known] == pytest.approx(frame["sharpe"].to_numpy()[known], rel=1e-3)
    assert np.isnan(found[~known]).all()


def test_every_idea_is_counted_once_in_the_histogram(folder, frame):
    data = embedded((folder / "sweep.html").read_text(encoding="utf-8"))
    ideas = frame[frame["sharpe"].notna()]["idea"].nunique()
    assert sum(data["histogram"]["counts"]) == ideas < len(frame)


def test_an_effect_stands_where_its_figures_are_on_one_scale():
    rows = [
        {"setting": "a", "value": value, "cells": 3, "low": low, "median": mid, "high": high}
        for value, low, mid, high in [("1.0", -1.0, 0.0, 1.0), ("2.0", None, None, None), ("3.0", 0.0, 0.5, 1.0)]
    ]
    (effect,) = plots.effects(rows)
    assert effect.moves == "0.50"
    assert [tick.label for tick in effect.x] == ["1", "2", "3"]
    scale = {tick.label: tick.at for tick in effect.y}
    (_, top, bottom, middle, words), (_, _, _, other, _) = effect.bars
    assert (top, bottom, middle, other) == (scale["1.0"], scale["−1.0"], scale["0.0"], scale["0.5"])
    assert words == "1: median 0.00, −1.00 to 1.00 in the middle 80 % of 3 cells"


def test_a_folder_that_lost_a_file_is_named_with_what_draws_it_again(gap, tmp_path):
    with pytest.raises(SourceError, match=r"sweep\.html: cannot be drawn .*divergence report"):
        report.write(tmp_path, gap)
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_drawn_again_by_report_and_of_an_unfinished_sweep_refused(divergence, folder):
    before = (folder / "sweep.html").read_bytes()
    (folder / "sweep.html").unlink()
    assert divergence("report", str(folder)).status == 0
    assert (folder / "sweep.html").read_bytes() == before
    own = store.Folder(folder, store.read_manifest(folder))
    own.save(state="running")
    answer = divergence("report", str(folder))
    own.save(state="complete")
    assert answer.status == 2
    assert "is not finished; go on with" in answer.err


def test_a_sweep_from_python_kept_in_a_folder_leaves_the_same_page(folder, gap, tmp_path):
    backtests.sweep(gap.config, out=tmp_path / "own")
    own = embedded((tmp_path / "own" / "sweep.html").read_text(encoding="utf-8"))
    assert own == embedded((folder / "sweep.html").read_text(encoding="utf-8"))


# ---- as a reader uses it


@pytest.mark.browser
@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_without_a_word_or_a_request_and_nothing_scrolls_sideways(browser, folder, width, scheme):
    page = browsing.Page(browser, folder / "sweep.html", width, color_scheme=scheme)
    page.view.locator("#theme").click()
    page.view.locator("#parallel polyline").last.dispatch_event("pointerenter")
    assert page.view.locator("#read").text_content().startswith("cell ")
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints == []
    assert page.requests == [(folder / "sweep.html").as_uri()]


@pytest.mark.browser
def test_a_square_is_the_median_of_its_cells_and_follows_the_slider_and_the_choices(browser, folder, frame):
    page = browsing.Page(browser, folder / "sweep.html")
    for select, name in (("across", "enter"), ("down", "lookback"), ("third", "trade.stop_bp")):
        page.view.locator(f"#{select}").select_option(label=name)
    slider = page.view.locator("#slider")
    slider.focus()
    for key, stop in (("End", frame["trade.stop_bp"].isna()), ("Home", frame["trade.stop_bp"] == 20)):
        page.view.keyboard.press(key)
        expected = frame[stop].groupby(["params.lookback", "params.enter"], observed=True)["sharpe"].median().unstack()
        shown = page.view.evaluate(SQUARES)
        assert [row[0] for row in shown] == ["12M", "24M"]
        for row in shown:
            values = expected.loc[row[0]].to_numpy()
            assert [float(text.replace("−", "-")) for text in row[1:]] == pytest.approx(values, abs=0.006)
    page.view.locator("#rest select").first.select_option(label="2")
    dear = frame[(frame["trade.stop_bp"] == 20) & (frame["costs"] == 2) & (frame["params.lookback"] == "24M")]
    shown = page.view.evaluate(SQUARES)[1][1:]
    assert [float(text.replace("−", "-")) for text in shown] == pytest.approx(dear["sharpe"].to_numpy(), abs=0.006)
    assert page.complaints == []


@pytest.mark.browser
def test_the_ranking_is_by_plateau_and_sorts_by_another_column(browser, folder, frame):
    page = browsing.Page(browser, folder / "sweep.html")
    read = "[...document.querySelectorAll('#ranking tbody tr')].map(row => +row.cells[0].textContent.replace(',', ''))"
    ranked = page.view.evaluate(read)
    by_cell = frame.set_index("cell")
    assert by_cell.loc[ranked, "idea"].is_unique
    assert by_cell.loc[ranked, "plateau"].is_monotonic_decreasing
    assert by_cell.loc[ranked[0], "plateau"] == frame["plateau"].max()
    page.view.locator("#ranking thead th", has_text="Sharpe").first.get_by_role("button").click()
    assert by_cell.loc[page.view.evaluate(read), "sharpe"].round(2).is_monotonic_decreasing


@pytest.mark.browser
def test_names_and_values_are_words_whatever_they_hold(browser, tmp_path):
    grid = grid_of({"params.lookback": ["12M", "24M"], "params.enter": [1, 1.5]})
    axes = tuple(replace(axis, values=(HOSTILE, axis.values[1])) for axis in grid.axes)
    grid = replace(grid, axes=axes)
    own = page_of(grid, np.array([0.1, 0.2, 0.3, 0.4]), name=HOSTILE, sentence=HOSTILE, notes={HOSTILE: 2})
    page = opened(browser, tmp_path, own)
    assert page.view.locator("#verdict").text_content() == HOSTILE
    assert HOSTILE[:9] in page.view.locator("#heat").text_content()
    assert page.view.locator("img").count() == 0
    assert page.complaints == []
    assert len(page.requests) == 1


@pytest.mark.browser
@pytest.mark.parametrize("sharpe", [[np.nan] * 3, [0.2, np.nan, -0.1], [0.0] * 3])
def test_a_single_setting_and_cells_without_a_sharpe_ratio_are_shown(browser, tmp_path, sharpe):
    grid = grid_of({"params.enter": [1, 1.5, 2]})
    page = opened(browser, tmp_path, page_of(grid, np.array(sharpe)), 390)
    assert len(page.view.evaluate(SQUARES)[0]) == 4
    assert page.view.locator("#sliding").is_hidden()
    assert page.view.evaluate("document.documentElement.scrollWidth") == 390
    assert page.complaints == []
