"""What is said before the figures of a run: counted, a line each, on the terminal, in the manifest and on the page."""

from __future__ import annotations

import json
from contextlib import chdir
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.runs import folder as run_folder
from backtests.runs import runner
from backtests.runs.notices import cut, headed, listed, notices
from backtests.runs.snapshot import snapshot
from data.sources import bundled
from tests.command import divergence as command
from tests.config_files import load

RUN = """
name: told
data: {{start: 1999-09-30, end: 2025-12-31}}
{more}
variants:
{variants}
"""
PAIR = "  pair: {strategy: divergence, params: {long: UST10, short: JGB10, duration: 5}}\n"
LONG = "  long: {strategy: divergence, params: {long: UST30, short: JGB30, duration: 5}}\n"
WARM = "  warm: {extends: long, params: {sizing: volatility, duration: null, volatility: 0.05}}\n"
TLT = "  tlt: {strategy: hold, params: {weights: {TLT: 0.5}}}\n"


def run(folder, variants, more=""):
    return runner.run(load(folder, RUN.format(more=more, variants=variants)))


def test_a_run_with_nothing_to_tell_tells_nothing(tmp_path):
    assert notices(run(tmp_path, PAIR)) == []


def test_what_decides_a_window_is_told_once_with_all_it_decides(tmp_path):
    warm = "  warm: {strategy: divergence, params: {long: UST30, short: JGB30, sizing: volatility}}\n"
    told = notices(run(tmp_path, PAIR + LONG + warm))
    assert told == ["UST30 exists from 2006-02-28: long, warm (37 rows of signal)"]


def test_bars_cut_by_the_largest_gross_are_counted_by_hand(tmp_path):
    own = run(tmp_path, PAIR, "account: {max_gross: 1.1}\nrebalance: {every: quarter}")
    (variant,) = own.variants
    market, rows = variant.market, variant.span.rows
    gross = (5 / market.duration[rows]).sum(axis=1)
    months = market.dates[rows].astype("datetime64[M]").astype(int) % 12
    decides = np.isin(months, (2, 5, 8, 11))
    decides[0] = True
    expected = int((gross[decides] > 1.1).sum())
    assert 0 < expected < decides.sum()
    assert cut(own, variant) == (expected, int(decides.sum()))
    assert notices(own) == [f"Cut to a gross of 1.1 (account.max_gross), decisions: pair {expected} of {decides.sum()}"]


def test_the_share_of_history_by_proxy_names_its_legs(tmp_path):
    assert notices(run(tmp_path, TLT))[0] == "By proxy, not by prices: TLT 100 % of its bars"


def test_a_name_of_ones_own_that_is_priced_nowhere_is_said_to_be_modelled(tmp_path):
    edv = "instruments: {EDV: {kind: listed, currency: USD, curve: us, maturity: 24, fee_bp: 6, half_spread_bp: 3, borrow_bp: 60}}"  # noqa: E501
    told = notices(run(tmp_path, "  a: {strategy: hold, params: {weights: {EDV: 0.5}}}\n", edv))
    assert told[0] == "EDV is priced nowhere in the bundled data: modelled throughout as us 24 years less its fee"
    assert told[1] == "By proxy, not by prices: EDV 100 % of its bars"


def test_a_figure_that_is_old_at_the_end_is_stale(tmp_path, monkeypatch):
    tables = bundled.load()
    short = tables.macro["jp_core_cpi_yoy"].dropna().loc[:"2025-06-30"]
    monkeypatch.setattr(
        "data.sources.bundled.load", lambda: replace(tables, macro={**tables.macro, "jp_core_cpi_yoy": short})
    )
    told = [line for line in notices(run(tmp_path, "  a: {strategy: inflation}\n")) if line.startswith("STALE")]
    days = (pd.Timestamp("2025-12-31") - short.index[-1]).days
    assert told == [
        f"STALE on 2025-12-31: jp_core_cpi_yoy, by month, last of 2025-06-30, {days} days old (limit 100); used by a"
    ]


def test_they_stand_on_the_terminal_in_the_manifest_and_on_the_page(tmp_path):
    (tmp_path / "run.yaml").write_text(RUN.format(more="", variants=TLT))
    with chdir(tmp_path):
        answer = command("run", "run.yaml", "-q", "--out", "out")
    stated = json.loads((tmp_path / "out" / "manifest.json").read_text())["notices"]
    assert stated == ["By proxy, not by prices: TLT 100 % of its bars", "TLT exists from 2006-02-28: tlt"]
    assert "2 notices:\n  " + "\n  ".join(stated) + "\n" in answer.out
    page = (tmp_path / "out" / "report.html").read_text()
    assert "2 notices</summary>" in page and page.index(stated[0]) < page.index("h-summary")


def test_the_folder_of_an_earlier_version_has_none_and_is_drawn(tmp_path):
    from backtests.report import html
    from backtests.report.panels import panels

    run_folder.write(snapshot(run(tmp_path, TLT)), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["notices"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert 'class="notices"' not in html.page(panels(run_folder.load(tmp_path)))


@pytest.mark.parametrize(("count", "words"), [(0, []), (1, ["1 notice:", "  x"]), (2, ["2 notices:", "  x", "  x"])])
def test_they_are_counted(count, words):
    assert headed(["x"] * count) == words


def test_a_line_names_four_and_counts_the_rest():
    assert listed(list("abcde")) == "a, b, c, d and 1 more"
