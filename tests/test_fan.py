"""The fan of a sweep's page: its growth is what the paths came to, its band the sample's, its words the plot's."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from backtests import config
from backtests.config.document import parse
from backtests.report import sweep as report
from backtests.report import sweep_plots as plots
from backtests.runs.trials import known
from backtests.sweeps import conclude, fan, judge
from backtests.sweeps.banks import banks
from backtests.sweeps.paths import Paths
from data.errors import SourceError
from tests import browsing
from tests.grids import FADING

TEXT = FADING + "    params.lookback: [12M, 24M]\n    params.enter: {from: 1, to: 2, step: 0.25}\n    costs: [1, 2]\n"
KEPT_NOT = "The paths of this sweep are not kept, as an earlier version wrote its folder"


@pytest.fixture(scope="module")
def gap():
    return config.grid(config.resolve(parse(TEXT, "gap.yaml")))


@pytest.fixture(scope="module")
def folder(gap, tmp_path_factory):
    path = tmp_path_factory.mktemp("fan") / "gap"
    conclude.to_table(gap, path, 1)
    report.write(path, gap)
    return path


def kept_of(x, sharpe, sampled=None):
    count = x.shape[1]
    drawn = np.ones(count, dtype=bool) if sampled is None else np.array(sampled)
    return fan.Kept(np.arange(count) * 10, drawn, np.array(sharpe, dtype=float), 480, np.array(x, dtype=float))


def embedded(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, flags=re.DOTALL)[1])


def test_growth_by_hand():
    x = np.array([[0.1, np.nan, 0.0], [0.1, -0.5, 0.0], [-0.5, np.nan, np.nan]])
    own = fan.fan(kept_of(x, [0.3, -0.1, 0.0]), [20, 0, 999])
    assert [str(day) for day in own.dates] == ["2009-12-31", "2010-01-31", "2010-02-28", "2010-03-31"]
    assert own.best == (20, 0)
    assert own.growth.T.tolist() == [[1, 1, 1, 1], pytest.approx([1, 1.1, 1.21, 0.605])]
    assert (own.median, own.middle.tolist()) == (20, [1, 1, 1, 1])
    assert own.edges[:, 2] == pytest.approx(np.quantile([1.21, 0.5, 1.0], fan.SHARES))
    assert (own.sampled, own.late) == (3, 1)


def test_the_band_and_the_median_are_the_samples_without_those_that_are_there_for_being_best():
    x = np.full((4, 5), 0.01) * np.array([1, 2, 3, 4, 100])
    own = fan.fan(kept_of(x, [1, 2, 3, 4, 5], [True, True, True, True, False]), [40])
    assert own.edges[-1, -1] < 1.04**4 < own.growth[-1, 0]
    assert (own.sampled, own.median) == (4, 10)  # the lower of the two in the middle


def test_without_a_path_there_is_no_fan_and_without_a_sharpe_ratio_no_median():
    assert fan.fan(kept_of(np.full((3, 2), np.nan), [0.1, 0.2]), [0]) is None
    assert fan.fan(kept_of(np.zeros((0, 2)), [0.1, 0.2]), [0]) is None
    own = fan.fan(kept_of(np.zeros((3, 2)), [np.nan, np.nan]), [])
    assert (own.median, own.middle, own.growth.shape) == (None, None, (4, 0))
    assert len(list(plots.growth_words(own, 2))) == 2


def test_what_is_kept_comes_back_to_the_bit(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 4))
    x[:7, 1] = x[44:, 2] = x[20, 3] = np.nan
    paths = Paths(np.arange(4), 300, x)
    columns = np.array([1, 2, 3])
    told = fan.table(paths, columns, columns * 100, np.array([True, False, True]), np.array([0.1, np.nan, 0.2]))
    parquet.write_table(told, tmp_path / fan.NAME)
    kept = fan.read(tmp_path)
    assert np.array_equal(kept.x, x[:, columns], equal_nan=True)
    assert (kept.month, kept.cells.tolist(), kept.sampled.tolist()) == (300, [100, 200, 300], [True, False, True])


def test_the_folders_paths_are_those_of_the_registry(gap, folder, divergence, here):
    (here / "gap.yaml").write_text(TEXT)
    assert divergence("sweep", "gap.yaml", "--out", "a", "--quiet", "--threads", "2").status == 0
    assert (here / "a" / fan.NAME).read_bytes() == (folder / fan.NAME).read_bytes()
    rows = parquet.read_table(folder / fan.NAME).to_pylist()
    ideas = pd.read_parquet(folder / "sweep.parquet").set_index("cell")["idea"]
    trials = {trial.idea: trial for trial in known(here / "runs").rows}
    assert len(rows) == len(trials) == 10
    for row in rows:
        trial = trials[ideas[row["cell"]]]
        assert (row["month"], row["x"], row["sharpe"]) == (trial.month, trial.x.tolist(), trial.sharpe)


def test_of_many_ideas_the_best_are_kept_beside_what_the_seed_draws(gap, tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "CLUSTERED", 6)
    shared = banks(gap)
    swept = conclude.conclude(gap, shared, conclude.opened(gap, shared, tmp_path / "own"), top=2)
    kept = fan.read(tmp_path / "own")
    assert len(kept.cells) == 6 and kept.sampled.sum() in (4, 5, 6)
    assert {row["cell"] for row in swept.best} <= set(kept.cells.tolist())
    assert {row["cell"] for row in swept.best} >= set(kept.cells[~kept.sampled].tolist())
    words = list(plots.growth_words(fan.fan(kept, [row["cell"] for row in swept.best]), 10))
    assert f"{kept.sampled.sum()} ideas of 10, drawn by the seed" in words[0]


def test_the_end_of_a_cells_line_is_its_growth_over_cash(gap, folder):
    own = embedded((folder / "sweep.html").read_text(encoding="utf-8"))["growth"]
    table = pd.read_parquet(folder / "sweep.parquet").set_index("cell")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [line["cell"] for line in own["best"]] == manifest["best"]
    for line in own["best"]:
        years = table.loc[line["cell"], "bars"] / 12
        assert np.log(line["y"][-1]) / years == pytest.approx(table.loc[line["cell"], "excess_return"], abs=0.004)
    median = table.loc[own["median"]["cell"], "sharpe"]
    ideas = table[(table["costs"] == 1) & table["sharpe"].notna()]["sharpe"]
    assert median == ideas.sort_values().iloc[(len(ideas) - 1) // 2]
    assert own["edges"][0][0] == own["edges"][3][0] == 1.0
    assert all(a <= b <= c <= d for a, b, c, d in zip(*own["edges"], strict=True))


def test_a_folder_of_an_earlier_version_says_in_a_line_that_paths_are_not_kept(divergence, gap, tmp_path):
    conclude.to_table(gap, tmp_path / "own", 1)
    (tmp_path / "own" / fan.NAME).unlink()
    assert divergence("report", str(tmp_path / "own")).status == 0
    page = (tmp_path / "own/sweep.html").read_text(encoding="utf-8")
    assert page.count(KEPT_NOT) == 1
    assert embedded(page)["growth"] is None
    assert 'id="growth"' not in page


def test_paths_that_are_damaged_are_named_with_what_to_do(divergence, gap, tmp_path):
    conclude.to_table(gap, tmp_path / "own", 1)
    for content in (b"PAR1 no more", b""):
        (tmp_path / "own" / fan.NAME).write_bytes(content)
        answer = divergence("report", str(tmp_path / "own"))
        assert (answer.status, len(answer.err.splitlines())) == (3, 1)
        assert "cannot be drawn" in answer.err
    parquet.write_table(pa.table({"cell": [1]}), tmp_path / "own" / fan.NAME)
    with pytest.raises(SourceError, match="cannot be drawn"):
        report.write(tmp_path / "own", gap)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("media", [{}, {"color_scheme": "dark"}, {"media": "print"}])
def test_the_plot_draws_what_the_words_say(browser, folder, width, media):
    page = browsing.Page(browser, folder / "sweep.html", width, **media)
    drawn = page.view.evaluate("document.getElementById('growth').data.map(t => [t.name ?? '', t.y[t.y.length - 1]])")
    ends = {name.split(",")[0]: end for name, end in drawn if name}
    words = page.view.locator("#grown").text_content()
    assert re.search(r"first of the ranking, cell [\d,]+: (\d\.\d\d)", words)[1] == f"{ends['1.']:.2f}"
    assert re.search(r"median Sharpe ratio, cell [\d,]+: (\d\.\d\d)", words)[1] == f"{ends['median']:.2f}"
    assert re.search(r": \d\.\d\d to (\d\.\d\d) in nine of ten", words)[1] == f"{ends['nine of ten']:.2f}"
    assert set(ends) == {"nine of ten", "half", "median", "1.", "2.", "3.", "4.", "5."}
    box = page.view.locator("#growth .plotly, #growth .main-svg").first.bounding_box()
    assert box["width"] > 0.8 * min(width, 1000) - 60
    assert media.get("media") or page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints == []
