"""What configurations, runs and comparisons say of themselves at a prompt and in a notebook."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.api import compare, journal, sweep, trade_ticket
from backtests.export.answers import FIRST, Sweep
from backtests.export.results import Results, headline
from backtests.report import display
from backtests.report.display import Interactive
from backtests.runs.snapshot import snapshot
from data.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
PNG = b"\x89PNG\r\n\x1a\n"
GRID = """
name: grid
variants: {gap: {strategy: reversion, params: {long: UST10, short: JGB10, duration: 5.0}}}
sweep: {base: gap, over: {params.enter: [1.0, 1.5, 2.0], params.lookback: [24M, 36M], costs: [1, 2]}}
"""
TRADES = """
name: desk
variants:
  steepener: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener, duration: 5.0}}
  dated:
    extends: steepener
    trade: {entry: 2026-01-31, target_bp: 40, stop_bp: 300, horizon: 2Y}
  yen: {strategy: hold, params: {weights: {JPY: 0.5}}}
"""


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


# ---- a sweep, a ticket, a journal


def pictured(shown: str) -> str:
    """What a notebook shows, whose only picture is one."""
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', shown)
    assert base64.b64decode(data).startswith(PNG)
    return shown.replace(data, "")


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Sweep:
    path = tmp_path_factory.mktemp("grid") / "grid.yaml"
    path.write_text(GRID)
    return sweep(path)


def test_a_sweep_says_its_sentence_and_its_best_ideas(swept):
    said = repr(swept)
    assert said.startswith("12 cells. The best of ") and len(said.splitlines()) < 40
    best = swept.best
    assert list(best.columns[:3]) == ["params.enter", "params.lookback", "costs"]
    assert len(best) == min(FIRST, swept["idea"].nunique())
    assert best["plateau"].tolist() == sorted(best["plateau"], reverse=True)
    assert best.iloc[0]["plateau"] == swept["plateau"].max()
    shown = pictured(swept._repr_html_())
    assert shown.count("<tr") == 1 + 1 + len(best)


def test_the_picture_of_a_sweep_has_the_medians_of_its_cells(swept):
    axis = swept.figure().axes[0]
    drawn = np.asarray(axis.images[0].get_array())
    assert (axis.get_xlabel(), axis.get_ylabel(), drawn.shape) == ("params.enter", "params.lookback", (2, 3))
    own = swept[(swept["params.enter"] == 2.0) & (swept["params.lookback"] == "24M")]
    assert drawn[0, 2] == pytest.approx(own["sharpe"].median())
    line = Sweep(swept[swept["params.lookback"] == "24M"])
    line.attrs |= {**swept.attrs, "settings": ["params.enter"]}
    assert len(line.figure().axes[0].lines[0].get_ydata()) == 3


def test_what_is_made_of_a_sweep_is_an_ordinary_frame(swept):
    for made in (swept.head(3), swept[["sharpe"]], swept.copy()):
        assert type(made) is pd.DataFrame
    assert "12 cells" not in repr(swept.head(3))
    less = Sweep(swept)
    del less["idea"]
    assert "12 cells" not in repr(less) and "<table" in less._repr_html_()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("desk") / "desk.yaml"
    path.write_text(TRADES)
    return trade_ticket(path, as_of="2026-03-31")


def test_a_ticket_says_what_is_bought_and_sold(made):
    said = repr(made)
    assert said.startswith("desk: ticket of 2026-03-31, on data to 2026-03-31") and len(said.splitlines()) < 40
    figures = made.document["variants"]
    assert made.summary.loc["dated", "dv01_long"] == figures["dated"]["dv01"][0] > 0
    assert made.summary.loc["dated", "net_3m"] == figures["dated"]["net_carry"]["3"]
    assert made.summary.loc["yen", "breakeven_bp"] is None or np.isnan(made.summary.loc["yen", "breakeven_bp"])
    assert set(made.positions["variant"]) == {"steepener", "dated", "yen"}
    for name, row in made.summary.iterrows():
        assert row["to_do"] in said and str(name) in said
    shown = pictured(made._repr_html_())
    assert shown.count("<tr") == 5


def test_the_picture_of_a_ticket_has_a_panel_a_spread_with_its_levels(made):
    titles = [axis.get_title(loc="left") for axis in made.figure().axes if axis.get_visible()]
    assert titles == ["steepener: UST10 − UST2", "dated: UST10 − UST2"]
    (axis,) = made.figure("dated").axes
    words = [text.get_text().split()[0] for text in axis.texts]
    assert sorted(words) == ["entry", "forward", "now", "stop", "target"]
    (without,) = made.figure("yen").axes
    assert without.texts[0].get_text() == "no spread: JPY has no yield"


def test_a_ticket_is_written_as_its_page(made, tmp_path):
    assert "dated" in made.report(tmp_path / "t.html").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="'datd' is not a variant"):
        trade_ticket(made.ticket.config, "datd")
    with pytest.raises(ConfigError, match="'datd' is not a variant of this ticket; did you mean 'dated'"):
        made.figure("datd")


def test_a_journal_says_its_sentence_and_its_claims(tmp_path):
    own = journal(ROOT / "docs/journal/article.jsonl")
    said = repr(own)
    assert own.sentence in said and len(said.splitlines()) < 40 and "more rows" in said
    assert len(own.claims) == 41 and own.claims.iloc[0]["verdict"] == "holds" and own.complaint == ""
    assert len(own.lines) == len(own.chain.lines) and own.lines["hash"].iloc[-1] == own.head
    pictured(own._repr_html_())
    figure = own.figure()
    counted = sum(len(points.get_offsets()) for points in figure.axes[0].collections)
    first = {text.get_text() for text in figure.axes[0].get_yticklabels()}
    assert len(first) > 20 and counted >= 24
    assert "article" in own.report(tmp_path / "j.html").read_text(encoding="utf-8")


def test_a_journal_that_is_broken_says_so_and_its_words_are_escaped(tmp_path):
    path = tmp_path / "<i>.jsonl"
    path.write_bytes(
        (ROOT / "docs/journal/article.jsonl").read_bytes().replace(b"US yields declined", b"US yields rose")
    )
    own = journal(path)
    assert own.complaint and "BROKEN" in repr(own)
    assert "<i>" not in own._repr_html_()
    with pytest.raises(ConfigError, match="no such journal"):
        journal(tmp_path / "none.jsonl")
