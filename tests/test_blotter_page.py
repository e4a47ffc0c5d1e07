"""The blotter of the report in headless Chromium: trips, paths, marks, plots, downloads, and what has none."""

from __future__ import annotations

import csv
import io
import re
from itertools import pairwise

import pandas as pd
import pytest

from backtests import config
from backtests.report import blotter
from backtests.report.panels import MANY
from backtests.runs import runner
from tests.browsing import Page, report
from tests.test_blotter import CONFIG
from tests.test_report_page import violations
from tests.test_tables_page import crowded

pytestmark = pytest.mark.browser
WIDTHS = pytest.mark.parametrize("width", [1440, 390])


@pytest.fixture(scope="module")
def blotted(tmp_path_factory):
    """The report of every kind of blotter: its file, its panels, its stored trips."""
    folder = tmp_path_factory.mktemp("blotter")
    (folder / "blotter.yaml").write_text(CONFIG)
    content = report(runner.run(config.load(folder / "blotter.yaml")), folder / "run")
    return folder / "run/report.html", content, pd.read_parquet(folder / "run/round_trips.parquet")


def pick(page: Page, name: str) -> None:
    page.view.locator("section[aria-labelledby=h-trips] select.pick").select_option(name)


def column(page: Page, number: int) -> list[str]:
    return page.view.evaluate(
        f"[...document.querySelectorAll('#trips tbody tr')].map(row => row.cells[{number}].textContent)"
    )


def figure(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def words(page: Page) -> list[str]:
    return page.view.locator("section[aria-labelledby=h-trips] [data-of] p").all_inner_texts()


@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_variant_is_shown_without_a_word_and_nothing_moves_sideways(browser, blotted, width, scheme):
    page = Page(browser, blotted[0], width, color_scheme=scheme)
    for said in blotter.words(blotted[1]):
        pick(page, said.name)
        assert words(page)[0] == said.headline
        assert page.view.evaluate("document.documentElement.scrollWidth") == width
        there = page.view.locator("#trips").is_visible()
        assert there == (said.name in ("signal", "pair", "yen"))
        for plot in ("trips-mae", "trips-pnl"):
            assert page.view.locator(f"#{plot}").is_visible() == there
    assert page.complaints == []
    assert page.requests == [blotted[0].as_uri()]


@WIDTHS
def test_axe_core_finds_no_serious_violation(browser, blotted, width):
    page = Page(browser, blotted[0], width)
    pick(page, "signal")
    assert violations(page) == []


@WIDTHS
def test_no_control_of_the_blotter_covers_another(browser, blotted, width):
    page = Page(browser, blotted[0], width)
    pick(page, "signal")
    boxes = page.view.evaluate(
        "[...document.querySelectorAll('[aria-labelledby=h-trips] :is(h2, h3, button:not(.sort), select, input, .plot, "
        "caption, #trips-key)')].filter(e => e.checkVisibility()).map(e => { const b = e.getBoundingClientRect(); "
        "return [b.left, b.top, b.right, b.bottom, e.id || e.textContent]; })"
    )
    assert len(boxes) > 12
    for i, (left, top, right, bottom, name) in enumerate(boxes):
        for left2, top2, right2, bottom2, other in boxes[i + 1 :]:
            apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 1 or bottom2 <= top + 1
            assert apart, f"{name!r} covers {other!r}"


def test_trips_are_those_of_the_folder_latest_first_and_sort_by_what_they_made(browser, blotted):
    page, trips = Page(browser, blotted[0], 1440), blotted[2].query("variant == 'signal'").iloc[::-1]
    assert page.view.locator("#trips caption").inner_text() == "Round trips of signal, latest first"
    assert column(page, 0) == trips["open"].dt.strftime("%Y-%m-%d").tolist()
    assert column(page, 4) == trips["reason"].tolist()
    assert [figure(text) for text in column(page, 5)] == pytest.approx(trips["gain_bp"].tolist(), abs=0.51)
    assert [figure(text) for text in column(page, 9)] == pytest.approx((trips["pnl_usd"] / 1e3).tolist(), abs=0.51)
    assert [figure(text) for text in column(page, 12)] == trips["days"].tolist()
    page.view.get_by_role("button", name=re.compile("^P&L USD k")).click()
    sorted_by = [figure(text) for text in column(page, 9)]
    assert sorted_by == sorted(sorted_by, reverse=True)
    closed = trips.query("reason != 'open'")
    foot = page.view.locator("#trips tfoot tr").inner_text().split("\t")
    assert foot[0] == f"All {len(closed)}, mean a trip"
    assert figure(foot[5]) == pytest.approx(closed["pnl_usd"].mean() / 1e3, abs=0.51)
    sums = closed.groupby("reason")["pnl_usd"].agg(["size", "sum"])
    rows = page.view.locator("#trips-reasons tbody tr").all_inner_texts()
    assert len(rows) == len(sums)
    for name, count, _, total in (row.split("\t") for row in rows):
        assert int(count) == sums.loc[name, "size"]
        assert figure(total) == pytest.approx(sums.loc[name, "sum"] / 1e3, abs=0.51)


def test_a_path_ends_where_the_trip_did_with_the_mark_of_its_reason_and_the_colour_of_its_result(browser, blotted):
    page, trips = Page(browser, blotted[0], 1440), blotted[2].query("variant == 'signal'").iloc[::-1]
    drawn = page.view.evaluate(
        "[...document.querySelectorAll('#trips tbody tr')].map(row => { const svg = row.querySelector('svg.trip'), "
        "mark = svg.querySelector('.mark'), { e: at, f: y } = mark.transform.baseVal[0].matrix; "
        "return { at, y, d: mark.getAttribute('d'), won: mark.classList.contains('won'), "
        "lines: svg.querySelectorAll('.gate').length, "
        "hurdle: svg.querySelectorAll('.hurdle').length, path: svg.querySelector('.path').getAttribute('d') }; })"
    )
    longest = trips["days"].max()
    by_reason: dict[str, set[str]] = {}
    for shape, trip in zip(drawn, trips.to_dict("records"), strict=True):
        by_reason.setdefault(trip["reason"], set()).add(shape["d"])
        assert shape["won"] == (trip["pnl_usd"] > 0)
        assert shape["at"] == pytest.approx(6 + trip["days"] / longest * 172, abs=0.06)
        assert (shape["lines"], shape["hurdle"]) == (2, 1)
        assert shape["path"].count("L") == len(trip["path"]) - 1
        assert shape["path"].endswith(f"{shape['at']:g} {shape['y']:g}")
    shapes = [shape for kinds in by_reason.values() for shape in kinds]
    assert len(by_reason) >= 4
    assert len(shapes) == len(set(shapes)) == len(by_reason)
    heights = {shape["y"]: trip["gain_bp"] for shape, trip in zip(drawn, trips.to_dict("records"), strict=True)}
    ordered = sorted(heights)
    assert all(heights[above] >= heights[below] - 0.5 for above, below in pairwise(ordered))
    assert [item.strip() for item in page.view.locator("#trips-key span").all_inner_texts()][-3:-1] == [
        "forward hurdle", "target and stop",
    ]  # fmt: skip


def test_winners_and_losers_are_a_press_away_and_leave_as_they_are_listed(browser, blotted):
    page, trips = Page(browser, blotted[0], 1440), blotted[2].query("variant == 'signal'")
    page.view.get_by_role("button", name="Losers").click()
    lost = trips[trips["pnl_usd"] <= 0].iloc[::-1]
    assert column(page, 0) == lost["open"].dt.strftime("%Y-%m-%d").tolist()
    with page.view.expect_download() as waiting:
        page.view.locator(".table", has=page.view.locator("#trips")).get_by_role("button", name="CSV").click()
    rows = list(csv.reader(io.StringIO(waiting.value.path().read_text(encoding="utf-8"))))
    assert rows[0][9] == "P&L (USD k)"
    assert [float(row[9]) for row in rows[1:]] == pytest.approx((lost["pnl_usd"] / 1e3).tolist(), abs=0.0006)
    first = [tuple(float(part) for part in point.split(":")) for point in rows[1][3].split(" ")]
    assert [day for day, _ in first] == lost["path_days"].iloc[0].tolist()
    assert [gain for _, gain in first] == pytest.approx(lost["path"].iloc[0].tolist(), abs=0.051)
    page.view.get_by_role("button", name="Losers").click()
    assert len(column(page, 0)) == len(trips)


def test_the_plots_hold_every_trip(browser, blotted):
    page, trips = Page(browser, blotted[0], 1440), blotted[2].query("variant == 'pair'")
    pick(page, "pair")
    page.look("trips-mae", "trips-pnl")
    points = page.view.evaluate("(({x, y}) => ({x: [...x], y: [...y]}))(document.getElementById('trips-mae').data[0])")
    assert sorted(points["x"]) == pytest.approx(sorted(trips["mae_bp"]), abs=0.006)
    assert sorted(points["y"]) == pytest.approx(sorted(trips["pnl_usd"] / 1e3), abs=0.001)
    bars = page.view.evaluate(
        "(({y, marker}) => [[...y], [...marker.color]])(document.getElementById('trips-pnl').data[0])"
    )
    closed = trips.query("reason != 'open'")["pnl_usd"]
    assert sum(bars[0]) == len(closed)
    won = [count for count, colour in zip(*bars, strict=True) if colour == "rgb(0, 114, 178)"]
    assert sum(won) == (closed > 0).sum()


def test_without_yields_there_are_no_columns_of_the_spread_and_lows_are_of_profit_and_loss(browser, blotted):
    page, trips = Page(browser, blotted[0], 1440), blotted[2].query("variant == 'yen'").iloc[::-1]
    pick(page, "yen")
    heads = page.view.locator("#trips thead th:visible").all_inner_texts()
    assert [head.split("\n")[0].strip(" ▾") for head in heads] == [
        "Entered", "Out", "Side", "Path", "Reason", "Carry", "Roll-down", "P&L", "MAE", "MFE", "Days",
    ]  # fmt: skip
    assert [figure(text) for text in column(page, 10)] == pytest.approx((trips["mae_usd"] / 1e3).tolist(), abs=0.51)
    assert page.view.locator("#trips svg.trip .hurdle, #trips svg.trip .gate").count() == 0
    pick(page, "signal")
    assert page.view.locator("#trips thead th:visible").count() == 13
    assert page.view.locator("#trips thead th", has_text="MAE").inner_text().endswith("bp")


def test_beyond_the_first_thirty_variants_it_is_said_where_the_trips_are(browser, tmp_path):
    (tmp_path / "crowd.yaml").write_text(crowded(MANY + 1))
    content = report(runner.run(config.load(tmp_path / "crowd.yaml")), tmp_path / "run")
    page = Page(browser, tmp_path / "run/report.html", 1440)
    assert not page.view.locator("#trips-left").is_visible()
    assert words(page)[0] == blotter.words(content)[0].headline
    pick(page, content.variants[MANY].name)
    assert page.view.locator("#trips-left").is_visible()
    assert words(page) == []
    assert not page.view.locator("#trips").is_visible()
    assert page.complaints == []
