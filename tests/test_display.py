"""What configurations, runs and comparisons say of themselves at a prompt and in a notebook."""

from __future__ import annotations

import base64
import re

import pandas as pd
import pytest

from backtests.api import compare
from backtests.export.results import Results, headline
from backtests.report import display
from backtests.report.display import Interactive
from backtests.runs.snapshot import snapshot

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def results(default_run) -> Results:
    return Results(snapshot(default_run))


def test_a_run_says_its_name_its_dates_and_headline_figures_in_under_40_lines(results):
    said = repr(results)
    assert said.startswith("us-jgb-divergence: 15 variants, 1999-09-30 to 2026-07-31, bundled data\n")
    assert len(said.splitlines()) < 40
    for name, row in headline(results.metrics).iterrows():
        assert re.search(rf"^{name} .*{row['sharpe']:.2f}", said, re.MULTILINE)


def test_headline_figures_are_percent_and_millions(results):
    own, shown = results.metrics.iloc[0], headline(results.metrics).iloc[0]
    assert shown["excess_return"] == round(100 * own["excess_return"], 2)
    assert shown["trading_pnl"] == round(own["trading_pnl"] / 1e6, 2)


def test_a_notebook_shows_a_table_and_a_picture(results):
    shown = results._repr_html_()
    assert shown.count("<tr") == 17 and "ust10_jgb10_dv01" in shown
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', shown)
    assert base64.b64decode(data).startswith(PNG)


def test_a_figure_shows_itself(results):
    assert results.figure("equity")._repr_png_().startswith(PNG)


def test_an_interactive_figure_is_the_report_at_its_place_in_a_frame(results):
    shown = results.figure("attribution", interactive=True)
    assert isinstance(shown, Interactive) and len(repr(shown)) < 100
    frame = shown._repr_html_()
    assert frame.startswith("<iframe") and 'sandbox="allow-scripts"' in frame
    assert "getElementById(&#x27;h-from&#x27;)" in frame and frame.count("<") == 2
    assert 'id="h-from"' in shown.page


def test_a_comparison_and_a_configuration_are_short_too(results, default_run):
    said = repr(compare(results))
    assert len(said.splitlines()) < 40 and "15 variants side by side" in said
    assert "<table" in compare(results)._repr_html_()
    told = repr(default_run.config)
    assert len(told.splitlines()) == 16 and "  us_2s10s_steepener: curve" in told


def test_words_in_a_table_are_escaped_and_long_ones_counted():
    table = pd.DataFrame({"<b>": range(60)}, index=[f"<i>{i}" for i in range(60)])
    shown = display.block("<script>", table)
    assert "<b>" not in shown and "<i>" not in shown and "<script>" not in shown
    assert "... and 36 more rows" in shown and "... and 36 more rows" in display.text("t", table)
