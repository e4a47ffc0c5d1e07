"""The report as a reader sees it, in headless Chromium; and its pictures, its words, and what it refuses to execute."""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jinja2 import StrictUndefined

from backtests import config
from backtests.performance.repricing import PARTS
from backtests.report import html, index, plots, tables
from backtests.report.palette import styles
from backtests.report.panels import panels
from backtests.report.picturing import pictures
from backtests.report.verdict import verdict
from backtests.runs import runner
from tests.browsing import Page, report

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def default(default_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "default"
    return folder, report(default_run, folder)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_the_report_opens_without_a_word_or_a_request_and_nothing_scrolls_sideways(browser, default, width):
    page = Page(browser, default[0] / "report.html", width)
    assert page.complaints == []
    assert page.requests == [(default[0] / "report.html").as_uri()]
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    plots = [plot.get_attribute("id") for plot in page.view.locator(".plot").all() if plot.is_visible()]
    page.look(*plots)
    assert len(plots) >= 7
    assert page.complaints == []
    assert page.view.locator("tbody tr").count() > 15


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_no_heading_or_control_covers_another(browser, default, width):
    page = Page(browser, default[0] / "report.html", width)
    boxes = page.view.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, button, select, .plot')].filter(e => e.checkVisibility())"
        ".map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom, e.textContent]; })"
    )
    for i, (left, top, right, bottom, one) in enumerate(boxes):
        for left2, top2, right2, bottom2, two in boxes[i + 1 :]:
            apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 1 or bottom2 <= top + 1
            assert apart, f"{one!r} covers {two!r}"


@pytest.mark.browser
def test_variants_can_be_switched_on_and_off(browser, default):
    page = Page(browser, default[0] / "report.html", 1440)
    shown = sum(style.shown for style in styles(default[1]).values())
    assert page.lines("equity") == 2 * shown
    page.view.get_by_role("button", name="tlt_hold").click()
    assert page.lines("equity") == 2 * (shown + 1)
    page.view.get_by_role("button", name="All variants").click()
    count, benchmark = len(default[1].variants), 1
    assert page.lines("equity") == 2 * count
    assert page.lines("rolling") == 3 * count - benchmark  # which has no beta to itself
    assert page.complaints == []


@pytest.mark.browser
def test_total_and_log_and_another_variant_are_drawn(browser, default):
    page = Page(browser, default[0] / "report.html", 1440)
    page.look("equity")
    read = "document.getElementById('equity').layout.yaxis"
    before = page.view.evaluate("document.getElementById('equity').data[0].y.at(-1)")
    page.view.get_by_role("button", name="Total", exact=True).click()
    page.view.get_by_role("button", name="Log scale").click()
    assert page.view.evaluate("document.getElementById('equity').data[0].y.at(-1)") > before  # interest is added
    assert page.view.evaluate(f"{read}.type") == "log"
    page.view.locator("#pick").select_option("be10_long")
    page.look("legs")
    names = page.view.evaluate("document.getElementById('legs').data.map(trace => trace.name)")
    assert names == ["TIPS10", "UST10", "margin"]
    assert page.complaints == []


@pytest.mark.browser
def test_a_zoom_on_one_time_axis_is_a_zoom_on_all(browser, default):
    page = Page(browser, default[0] / "report.html", 1440)
    plot = page.view.locator("#equity .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.view.mouse.move(box["x"] + 200, box["y"] + 100)
    page.view.mouse.down()
    page.view.mouse.move(box["x"] + 500, box["y"] + 100, steps=8)
    page.view.mouse.up()
    page.view.wait_for_timeout(500)
    page.look("rolling", "legs")
    ranges = [
        page.view.evaluate(f"document.getElementById('{plot}').layout.xaxis.range")
        for plot in ("equity", "rolling", "legs")
    ]
    assert ranges[0] == ranges[1] == ranges[2]
    assert ranges[0][0][:4] > "2002"
    assert ranges[0][1][:4] < "2020"


@pytest.mark.browser
def test_dark_follows_the_system_and_the_button(browser, default):
    paper = "getComputedStyle(document.body).backgroundColor"
    light = Page(browser, default[0] / "report.html", 1440, color_scheme="light")
    dark = Page(browser, default[0] / "report.html", 1440, color_scheme="dark")
    assert light.view.evaluate(paper) != dark.view.evaluate(paper)
    ink = dark.view.evaluate(paper)
    light.view.get_by_role("button", name="Dark or light").click()
    assert light.view.evaluate(paper) == ink


@pytest.mark.browser
def test_odd_cases_are_drawn(browser, tmp_path):
    """One variant of six bars, one that is ruined, one that never trades: none of them breaks the page."""
    odd = """
name: odd
data: {start: 2022-01-31, end: 2022-06-30}
account: {max_gross: 50}
variants:
  short_window: {strategy: hold, params: {weights: {UST10: 1}}}
  ruined: {strategy: hold, params: {weights: {UST30: 40}}}
  too_small_to_trade: {strategy: hold, params: {weights: {UST2: 0.1}}}
instruments: {UST2: {lot: 1_000_000_000}}
"""
    (tmp_path / "odd.yaml").write_text(odd)
    content = report(runner.run(config.load(tmp_path / "odd.yaml")), tmp_path / "run")
    figures = {one.name: one.figures for one in content.variants}
    assert figures["ruined"]["ruined"] is not None
    assert figures["too_small_to_trade"]["turnover"] == 0
    assert figures["short_window"]["bars"] == 6
    page = Page(browser, tmp_path / "run" / "report.html", 1440)
    assert page.complaints == []
    plots.save(pictures(content), tmp_path / "run" / "plots")


def test_the_default_report_is_under_three_megabytes(default):
    assert (default[0] / "report.html").stat().st_size < 3e6


def test_blends_share_a_table_in_which_what_one_is_without_is_empty(default):
    first, second, other = default[1].variants[:3]
    parts = {"carry": np.array([0.0, 1.5e6]), "value": np.array([0.0, -0.25e6]), "book": np.array([0.0, 0.0])}
    fewer = {name: parts[name] for name in ("value", "book")}
    blends = [replace(first, components=parts), replace(second, components=fewer), other]
    table = tables.components(replace(default[1], variants=blends))
    assert table.headings == ["Trading P&L", "carry", "value", "margin"]
    assert [row.name for row in table.rows] == [first.name, second.name]
    assert [row.cells[1:] for row in table.rows] == [["1.50", "−0.25", "0.00"], ["", "−0.25", "0.00"]]


def test_every_name_a_template_reads_is_given(default, monkeypatch):
    monkeypatch.setattr(html._environment(), "undefined", StrictUndefined)
    text = html.page(default[1])
    for panel in default[1].variants:
        assert f'aria-label="Drawdowns of {panel.name}"' in text
        assert f"<td>{panel.drawdowns[0].peak}</td><td>{panel.drawdowns[0].trough}</td>" in text


def test_the_verdict_names_the_best_and_the_worst_and_what_cannot_be_told_from_cash(default):
    own = [variant for variant in default[1].variants if not variant.benchmark]
    best, worst = (pick(own, key=lambda v: v.figures["sharpe"]) for pick in (max, min))
    said = verdict(default[1])
    text = said.striptags()
    assert text.startswith(f"Of twelve variants the best by Sharpe ratio, {best.name}, made ")
    assert f"{best.figures['excess_return'] * 100:.1f} % a year over cash" in text
    assert f"{best.figures['excess_drawdown'] * 100:.1f} %, 2007-06 to 2010-12" in text
    assert f"The worst, {worst.name}, lost {-worst.figures['excess_return'] * 100:.1f} % a year" in text
    ranges = {variant.name: variant.significance.sharpe for variant in own}
    apart = [name for name, range_ in ranges.items() if not range_.low <= 0 <= range_.high]
    assert f"Taken alone, {' and '.join(apart)} can be told apart from cash, the other eleven cannot." in text
    shares = [variant.figures["against"]["ust10_financed"]["correlation"] ** 2 for variant in own]
    mostly = sorted(share for share in shares if share >= 0.5)
    assert f"Four are mostly ust10_financed: {100 * mostly[0]:.0f} to {100 * mostly[-1]:.0f} %" in text
    assert len(mostly) == 4 and f"<strong>{best.name}</strong>" in said


def test_the_verdict_says_what_the_choice_among_many_leaves_and_that_it_speaks(default):
    of = default[1].choice.best_of_many
    assert of.p > 0.05
    assert f"As the best of 15 ideas p is {of.p:.3f}, and that speaks: none is shown" in verdict(default[1]).striptags()
    for alone, p, said in ((True, 0.01, f"{of.variant} is shown"), (False, 0.01, "none is shown")):
        choice = dataclasses.replace(default[1].choice, best_of_many=dataclasses.replace(of, p=p, alone=alone))
        assert (
            f"that speaks: {said} to beat cash." in verdict(dataclasses.replace(default[1], choice=choice)).striptags()
        )


def test_the_verdict_of_one_variant_is_its_own(default):
    run = default[1].run
    one = panels(
        dataclasses.replace(
            run,
            metrics={"be10_long": run.metrics["be10_long"]},
            manifest={**run.manifest, "benchmarks": []},
        )
    )
    assert verdict(one).striptags().startswith("be10_long lost 0.0 % a year over cash at 2.9 % volatility")


def test_a_ruined_variant_is_named_and_not_ranked(default):
    run = default[1].run
    figures = {**run.metrics, "tlt_vs_jgb20": {**run.metrics["tlt_vs_jgb20"], "ruined": "2022-10-31"}}
    said = verdict(panels(dataclasses.replace(run, metrics=figures))).striptags()
    assert "Of eleven variants" in said and "tlt_vs_jgb20 lost all its capital." in said


def test_markup_in_stored_words_is_shown_not_run(default):
    text = html.embedded({"name": "</script><script>alert(1)</script>"})
    assert "<" not in text
    bad = "<img src=x onerror=alert(1)>"
    row = index.VariantRow("x", bad, bad, bad, bad, False, (bad,), ("",), bad, (bad,), bad)
    shown = index.page([row], 30)
    assert "<img" not in shown
    assert "&lt;img" in shown


@pytest.mark.slow
def test_pictures_are_3200_by_1800(default, tmp_path):
    plots.save(pictures(default[1]), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["attribution.png", "calendar.png", "equity.png", "rolling.png", "traded.png"]
    for name in names:
        assert struct.unpack(">II", (tmp_path / name).read_bytes()[16:24]) == (3200, 1800)


def test_the_page_tells_proxies_from_official_yields(default):
    rows = {row[0]: row[4] for row in tables.legs(default[1])}
    assert rows["TLT"].startswith("PROXY 2006-02 to 2026-07; listed 2002-07-30")
    assert rows["236A.T"].startswith("PROXY 2006-02 to 2026-07; listed 2024-08-28")
    assert "PROXY" not in rows["UST10"]


def test_ledger_lines_in_the_report_sum_to_profit_and_loss(default):
    for one in default[1].variants:
        assert sum(one.lines.values()) == pytest.approx(one.figures["trading_pnl"], abs=0.01)
        assert sum(path[-1] for path in one.legs.values()) == pytest.approx(one.figures["trading_pnl"], abs=0.01)


def test_a_run_of_an_earlier_version_shows_the_price_line_it_has(default):
    run = default[1].run
    whole = run.attribution.replace({"line": dict.fromkeys(PARTS, "price")})
    earlier = panels(dataclasses.replace(run, attribution=whole))
    for old, new in zip(earlier.variants, default[1].variants, strict=True):
        assert old.lines["price"] == pytest.approx(sum(new.lines[part] for part in PARTS), abs=0.01)
        assert sum(old.lines.values()) == pytest.approx(old.figures["trading_pnl"], abs=0.01)
    assert tables.lines(earlier).headings[:3] == ["Trading P&L", "price", "currency"]
    assert tables.lines(default[1]).headings[:3] == ["Trading P&L", "carry", "roll-down"]
