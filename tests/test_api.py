"""Python use: the page's code runs, the notebook is the page, and the figures are those of a run folder."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/python.md"


notebook = runpy.run_path(str(Path(__file__).resolve().parent.parent / "docs/notebook.py"))


def sources(whole: dict) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in whole["cells"]]


@pytest.fixture(scope="module")
def space() -> dict[str, object]:
    """What the names of docs/python.md hold once all its code has run, from the project's folder."""
    import os

    here, found = Path.cwd(), {}
    os.chdir(ROOT)
    try:
        for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
            exec(compile(block, "docs/python.md", "exec"), found)
    finally:
        os.chdir(here)
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_the_page_runs_and_shows_the_figures_of_a_run_folder(space, divergence, here):
    results = space["results"]
    assert divergence("run", ROOT / "config.yaml", "--out", "r", "-q").status == 0
    stored = json.loads((here / "r/metrics.json").read_text())["variants"]
    assert list(results.metrics.index) == list(stored)
    for name, figures in stored.items():
        assert results.metrics.loc[name, "sharpe"] == figures["sharpe"]
    pd.testing.assert_frame_equal(results.trades, pd.read_parquet(here / "r/trades.parquet"))
    pd.testing.assert_frame_equal(results.attribution, pd.read_parquet(here / "r/attribution.parquet"))


@pytest.mark.slow
def test_figures_are_pictures(space):
    assert space["figure"].axes and space["tornado"].axes


@pytest.mark.slow
def test_comparing_a_run_with_itself_and_its_configuration_says_identical(space):
    assert space["side_by_side"].metrics["sharpe"].notna().all()
    assert space["side_by_side"].correlation.loc["tlt_hold", "tlt_hold"] == pytest.approx(1.0)


@pytest.mark.slow
def test_sensitivity_rests_on_the_base_of_the_run(space):
    table = space["hangs_on"].table.set_index("case")
    base = space["results"].metrics.loc["us_2s10s_steepener", "sharpe"]
    assert table.loc["base", "sharpe"] == pytest.approx(base, abs=1e-9)


@pytest.mark.slow
def test_a_picture_there_is_not_is_named(space):
    with pytest.raises(ConfigError, match="no picture 'equty'; did you mean 'equity'"):
        space["results"].figure("equty")


@pytest.mark.slow
def test_the_report_is_the_page_a_run_writes(space, tmp_path):
    path = space["results"].report(tmp_path / "mine.html")
    assert "<!doctype html>" in path.read_text(encoding="utf-8")


def test_the_notebook_is_made_of_the_page():
    made = json.loads(notebook["notebook"](PAGE.read_text(encoding="utf-8")))
    shipped = json.loads((ROOT / "docs/python.ipynb").read_text(encoding="utf-8"))
    assert sources(shipped) == sources(made), "run `python docs/notebook.py`"
    outputs = [output for cell in shipped["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 1
    assert sum("text/html" in output.get("data", {}) for output in outputs) >= 1


@pytest.mark.slow
def test_the_notebook_runs_in_a_fresh_kernel_and_shows_pictures():
    """Without a word of how figures are to be shown."""
    made = json.loads(notebook["executed"](notebook["notebook"](PAGE.read_text(encoding="utf-8"))))
    shown = [output.get("data", {}) for cell in made["cells"] for output in cell.get("outputs", [])]
    assert any("image/png" in data for data in shown)
    assert any('<img alt="growth' in "".join(data.get("text/html", "")) for data in shown)


@pytest.mark.slow
def test_the_four_names_stay_functions_whatever_is_imported_around_them():
    code = (
        "import backtests.comparison, backtests.sensitivities, backtests.cli\n"
        "from backtests import compare, load, run, sensitivity\n"
        "print(*(callable(one) for one in (compare, load, run, sensitivity)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.split() == ["True"] * 4
