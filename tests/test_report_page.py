"""What a reader does with the pages, in headless Chromium: pick, sort, set a window, download, print, and not see."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from itertools import pairwise

import pytest

from backtests import config
from backtests.cli.run import index
from backtests.report import html
from backtests.report.panels import panels
from backtests.runs import folder as run_folder
from backtests.runs import runner
from tests.browsing import Page, report

pytestmark = pytest.mark.browser

CONFIG = """
name: page
thesis_date: 2016-01-01
data: {start: 2004-01-31, end: 2020-06-30}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10, sizing: duration, duration: 5.0}}
  pair_unhedged: {extends: pair, currency: unhedged}
  steepener: {strategy: curve, params: {front: UST2, back: UST10, trade: steepener, duration: 5.0}}
  flattener: {strategy: curve, params: {front: UST2, back: UST10, trade: flattener, duration: 5.0}}
  jgb: {strategy: hold, params: {weights: {JGB10: 0.5}}}
  late: {strategy: hold, params: {weights: {UST30: 0.3}}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
"""
WIDTHS = pytest.mark.parametrize("width", [1440, 390])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "page.yaml").write_text(CONFIG)
    return folder / "one", report(runner.run(config.load(folder / "page.yaml")), folder / "one")


@pytest.fixture(scope="module")
def listing(run):
    """The list of runs, of which there is one."""
    index(run[0].parent)
    return run[0].parent / "index.html"


def check(page: Page) -> None:
    """Nothing was complained of and nothing left the machine."""
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "blob:", "data:"))] == []


@pytest.fixture
def opened(browser, run):
    """Open the report at a width, to be worked with."""
    pages = []

    def at(width: int, **options) -> Page:
        pages.append(Page(browser, run[0] / "report.html", width, **options))
        return pages[-1]

    yield at
    for page in pages:
        check(page)


@pytest.fixture(scope="module")
def wide(tabs, run):
    """The report opened once for the tests that leave it as it is."""
    yield Page(tabs, run[0] / "report.html", 1440)
    tabs.clear()


@pytest.fixture
def read(wide):
    """The report, to be read."""
    yield wide
    check(wide)


def violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical, everything folded open."""
    from axe_playwright_python.sync_playwright import Axe

    page.view.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = Axe().run(page.view).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def download(page: Page, name: str) -> tuple[str, list[list[str]]]:
    """The file a button gives: its name and its rows."""
    with page.view.expect_download() as waiting:
        page.view.get_by_role("button", name=name).click()
    text = waiting.value.path().read_text(encoding="utf-8")
    return waiting.value.suggested_filename, list(csv.reader(io.StringIO(text)))


@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_no_serious_violation_in_the_report(opened, width, scheme):
    assert violations(opened(width, color_scheme=scheme)) == []


@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_no_serious_violation_in_the_list_of_runs(browser, listing, width, scheme):
    page = Page(browser, listing, width, color_scheme=scheme)
    assert violations(page) == []
    assert page.complaints == []


@pytest.mark.parametrize("fault", ['<img src="data:,">', '<button type="button"></button>', "<select></select>"])
def test_axe_core_sees_what_is_wrong(browser, listing, fault):
    page = Page(browser, listing, 1440)
    page.view.evaluate(f"document.querySelector('main').insertAdjacentHTML('beforeend', '{fault}')")
    assert len(violations(page)) == 1


def test_headings_go_down_one_step_at_a_time_and_every_table_has_a_caption_and_scopes(read):
    page = read
    levels = page.view.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.view.locator("table:not(:has(caption))").count() == 0
    assert page.view.locator("th:not([scope])").count() == 0


def test_the_first_tab_stop_skips_to_the_report_and_focus_is_seen(opened):
    page = opened(1440)
    page.view.keyboard.press("Tab")
    assert page.view.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.view.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.view.keyboard.press("Enter")
    page.view.keyboard.press("Tab")
    assert page.view.evaluate("document.activeElement.id") == "link"
    assert page.view.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@WIDTHS
def test_a_picked_variant_is_picked_everywhere(opened, width):
    page = opened(width)
    page.view.locator("#h-bars ~ p select.pick").select_option("pair_unhedged")
    picked = page.view.evaluate("[...document.querySelectorAll('select.pick')].map(one => one.value)")
    assert set(picked) == {"pair_unhedged"}
    shown = page.view.evaluate(
        "[...document.querySelectorAll('[data-of]')].filter(e => !e.hidden).map(e => e.dataset.of)"
    )
    assert set(shown) == {"pair_unhedged"}
    assert page.view.locator("#trades caption").inner_text() == "Trades of pair_unhedged"


def test_months_and_causes_on_the_page_are_those_of_the_panels(read, run):
    page, one = read, run[1].variants[0]
    table = page.view.locator("[data-of=pair] table.months")
    cells = [c.replace("−", "-") for c in table.locator("tbody tr", has_text="2008").locator("td").all_inner_texts()]
    expected = [*one.months[2008].values(), one.years[2008][1]]
    assert [float(cell) for cell in cells] == [pytest.approx(100 * value, abs=0.0501) for value in expected]
    worst = page.view.locator("[data-of=pair] table", has_text="worst bars").locator("tbody tr").first.inner_text()
    assert one.worst[0].day in worst
    assert f"{one.worst[0].leg.name} level" in worst or f"{one.worst[0].leg.name} {one.worst[0].within.name}" in worst


@WIDTHS
def test_trades_sort_by_a_click_and_say_which_way(opened, width):
    page = opened(width)
    column = "[...document.querySelectorAll('#trades tbody tr')].map(row => row.cells[5].textContent)"
    assert page.view.locator("#trades th[aria-sort]").all_inner_texts()[0].startswith("Date")
    button = page.view.get_by_role("button", name=re.compile("^Notional"))
    button.click()
    down = [float(text.replace(",", "")) for text in page.view.evaluate(column)]
    assert down == sorted(down, reverse=True)  # figures: the largest first
    assert page.view.locator("#trades th[aria-sort]").get_attribute("aria-sort") == "descending"
    button.press("Enter")
    up = [float(text.replace(",", "")) for text in page.view.evaluate(column)]
    assert up == sorted(up)
    assert down[0] > up[0]
    assert page.view.locator("#trades th[aria-sort]").get_attribute("aria-sort") == "ascending"


def test_a_long_list_shows_200_trades_says_so_and_the_file_holds_all(read, run):
    page, stored = read, run[1].run.trades
    own = int((stored["variant"] == "pair").sum())
    assert own > 200
    assert page.view.locator("#trades tbody tr").count() == 200
    assert (
        page.view.locator("#trades-note").inner_text()
        == f"The first 200 of {own} trades in this order; the CSV holds all."
    )
    name, rows = download(page, "Trades, CSV")
    assert name == "page-trades.csv"
    assert rows[0][:4] == ["date", "variant", "instrument", "side"]
    assert len(rows) == 1 + len(stored)
    first = stored.iloc[0]
    assert rows[1][:3] == [str(first["date"])[:10], first["variant"], first["instrument"]]
    assert rows[1][3] == ("sold" if first["units"] < 0 else "bought")
    kept = [first[key] for key in ("units", "price", "fx", "notional_usd", "cost_usd")]
    assert [float(cell) for cell in (rows[1][4], *rows[1][6:])] == pytest.approx(kept, rel=1e-7)


@WIDTHS
def test_months_and_figures_download_as_decimals(opened, run, width):
    page = opened(width)
    name, rows = download(page, "Months, CSV")
    assert name == "page-months.csv"
    assert len(rows) == 1 + sum(len(found) for one in run[1].variants for found in one.months.values())
    assert rows[1][:2] == ["pair", "2004-02"]
    assert float(rows[1][2]) == pytest.approx(run[1].variants[0].months[2004][2], abs=1e-8)
    name, rows = download(page, "Summary, CSV")
    assert name == "page-summary.csv"
    by_name = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert list(by_name) == [one.name for one in run[1].variants]
    figures = run[1].variants[0].figures
    assert float(by_name["pair"]["sharpe"]) == figures["sharpe"]
    assert float(by_name["pair"]["sharpe_low"]) == run[1].variants[0].significance.sharpe.low
    assert by_name["pair"]["ruined"] == ""


@WIDTHS
def test_the_dates_set_the_window_of_every_time_axis_and_growth_starts_there(opened, run, width):
    page, one = opened(width), run[1].variants[0]
    page.view.locator("#from").fill("2010-01-31")
    page.view.locator("#to").fill("2015-12-31")
    page.view.wait_for_timeout(300)
    page.look("equity", "rolling", "legs")
    for plot in ("equity", "rolling", "legs"):
        assert page.view.evaluate(f"document.getElementById('{plot}').layout.xaxis.range") == [
            "2010-01-31",
            "2015-12-31",
        ]
    trace = page.view.evaluate("(({x, y}) => ({x, y: [...y]}))(document.getElementById('equity').data[0])")
    start, end = (trace["x"].index(day) for day in ("2010-01-31", "2015-12-31"))
    assert trace["y"][start] == 1
    assert trace["y"][end] == pytest.approx(one.excess[end] / one.excess[start], rel=1e-4)
    page.view.get_by_role("button", name="Whole history").click()
    page.look("equity")
    assert page.view.evaluate("document.getElementById('equity').data[0].y[0]") == pytest.approx(one.excess[0])
    assert page.view.locator("#from").input_value() == one.dates[0]


@pytest.mark.parametrize(
    ("first", "last"), [("2015-12-31", "2010-01-31"), ("1990-01-31", "2010-01-31"), ("", "2010-01-31")]
)
def test_dates_that_make_no_window_are_answered_and_change_nothing(opened, first, last):
    page = opened(1440)
    before = page.view.evaluate("document.getElementById('equity').layout.xaxis.range")
    page.view.locator("#to").fill(last)
    page.view.locator("#from").fill(first)
    assert "the first before the second" in page.view.locator("#window-note").inner_text()
    assert page.view.evaluate("document.getElementById('equity').layout.xaxis.range")[0] == before[0]


def test_a_drag_shows_in_the_dates(opened):
    page = opened(1440)
    page.look("rolling")
    page.view.evaluate(
        "Plotly.relayout('rolling', {'xaxis.range[0]': '2008-03-05 11:00', 'xaxis.range[1]': '2012-06-30'})"
    )
    page.view.wait_for_timeout(300)
    assert page.view.locator("#from").input_value() == "2008-03-05"
    page.look("equity")
    assert page.view.evaluate("document.getElementById('equity').layout.xaxis.range") == [
        "2008-03-05 11:00",
        "2012-06-30",
    ]


def test_the_summary_shows_the_range_of_the_sharpe_ratio_and_trust_a_sentence(read, run):
    page, one = read, run[1].variants[0]
    low, high = one.significance.sharpe.low, one.significance.sharpe.high
    shown = f"{low:.2f} to {high:.2f}".replace("-", "−")
    assert page.view.locator("#variant-pair td svg.range").get_attribute("aria-label") == shown
    row = page.view.locator("table", has_text="Probabilistic Sharpe").locator("tbody tr").first.inner_text()
    assert shown in row
    assert re.search(r"[Ss]ignificant at the 5 % level", row)
    assert "seed 19990930" in page.view.locator("section", has=page.view.locator("#h-trust")).inner_text()


def test_paper_is_light_without_controls_and_everything_fits_it(opened):
    page = opened(1440, color_scheme="dark")
    page.view.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.view.emulate_media(media="print")
    assert page.view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    seen = "[...document.querySelectorAll('button:not(.sort), select, input')].filter(e => e.checkVisibility()).length"
    assert page.view.evaluate(seen) == 0
    widths = page.view.evaluate(
        "[...document.querySelectorAll('.plot .main-svg')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(widths) <= 1032  # A4 landscape less its margins
    page.view.emulate_media(media="screen")
    page.view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    page.view.wait_for_timeout(200)
    assert page.view.evaluate("document.querySelector('#equity .main-svg').getBoundingClientRect().width") > 1050


def test_a_plot_far_from_the_window_is_drawn_at_rest_what_changed_since_when_it_comes_near_and_paper_has_all(opened):
    page = opened(1440)
    far = page.view.locator("#legs")
    page.view.wait_for_selector("#legs:not([data-late]) .main-svg")
    assert page.view.evaluate("scrollY") == 0
    assert page.view.evaluate("document.getElementById('legs').data.length") == 3  # two legs and margin
    page.view.evaluate("scrollTo(0, 0)")
    page.view.wait_for_timeout(200)
    page.view.evaluate(
        "(e => { e.value = 'jgb'; e.dispatchEvent(new Event('change')); })(document.getElementById('pick'))"
    )
    assert far.get_attribute("data-late") == "true"
    page.look("legs")
    assert page.view.evaluate("document.getElementById('legs').data.map(trace => trace.name)") == ["JGB10", "margin"]
    page.view.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown = [plot for plot in page.view.locator(".plot").all() if plot.is_visible()]
    assert len(shown) > 6
    assert all(plot.locator(".main-svg").count() for plot in shown)
    assert page.view.locator(".plot[data-late]:visible").count() == 0
    page.view.evaluate("dispatchEvent(new Event('afterprint'))")


def test_many_notices_are_a_count_until_asked_for_and_on_paper_all(browser, run, tmp_path, monkeypatch):
    monkeypatch.setattr(html, "NOTICES", 0)
    (tmp_path / "report.html").write_text(html.page(run[1]), encoding="utf-8")
    page = Page(browser, tmp_path / "report.html", 390)
    notices = page.view.locator(".notices")
    assert not notices.locator("li").first.is_visible()
    assert re.fullmatch(r"\d+ notices?", notices.locator("summary").inner_text())
    page.view.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert notices.locator("li").first.is_visible()
    check(page)


def test_a_month_is_shaded_by_its_size_among_months_and_a_year_among_years(read, run):
    one = run[1].variants[0]
    cells = read.view.locator("[data-of=pair] table.months tbody td")
    shown = dict(
        cells.evaluate_all(
            "all => all.filter(e => e.textContent)"
            ".map(e => [`${e.parentElement.cells[0].textContent}-${e.cellIndex}`, e.className])"
        )
    )
    sizes = sorted(abs(value) for months in one.months.values() for value in months.values() if value)
    darkest = sizes[int(0.95 * (len(sizes) - 1))]
    for year, months in one.months.items():
        for month, value in months.items():
            step = 9 * min(1, abs(value) / darkest)
            assert shown[f"{year}-{month}"] == f"{'ud'[value < 0]}{step:.0f}" or abs(step % 1 - 0.5) < 1e-4
    years = max(abs(excess) for _, excess in one.years.values())
    deepest = [year for year, (_, excess) in one.years.items() if abs(excess) == years]
    assert shown[f"{deepest[0]}-13"][1:] == "9 total"


def test_without_a_wish_for_motion_nothing_moves(opened):
    page = opened(1440, reduced_motion="reduce")
    still = "(({transitionProperty: t, animationName: a}) => ['none', 'all'].includes(t) && a === 'none')"
    moving = f"[...document.querySelectorAll('*')].filter(e => !{still}(getComputedStyle(e))).length"
    assert page.view.evaluate(moving) == 0


HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"


def test_markup_in_a_run_folders_words_is_shown_and_never_run(browser, run, tmp_path):
    """Names are checked in a configuration, not in a folder made by hand."""
    folder = tmp_path / "by <b>hand"
    shutil.copytree(run[0], folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["name"] = HOSTILE
    manifest["variants"]["pair"]["window_reason"] = HOSTILE
    manifest["data"]["series"][0]["source"] = HOSTILE
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "report.html").write_text(html.page(panels(run_folder.load(folder))), encoding="utf-8")
    index(tmp_path)
    for page in (Page(browser, folder / "report.html", 1440), Page(browser, tmp_path / "index.html", 1440)):
        assert page.view.title() in (HOSTILE, "Runs")
        assert page.view.locator("img").count() == 0
        assert HOSTILE in page.view.locator("main").inner_text()
        assert page.complaints == []
    page.view.locator("tbody a").first.click()
    assert page.view.url.startswith(tmp_path.as_uri())
    assert page.view.title() == HOSTILE


def test_the_list_of_runs_sorts_and_opens_its_reports(browser, run, tmp_path):
    for name, sharpe, created in (
        ("a", 0.5, "2024-01-02T00:00:00Z"),
        ("b", None, "2024-01-03T00:00:00Z"),
        ("c", -0.25, "2024-01-01T00:00:00Z"),
    ):
        folder = tmp_path / name
        shutil.copytree(run[0], folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        figures = json.loads((folder / "metrics.json").read_text())
        figures["variants"]["pair"]["sharpe"] = sharpe
        (folder / "manifest.json").write_text(json.dumps({**manifest, "name": name, "created": created}))
        (folder / "metrics.json").write_text(json.dumps(figures))
    index(tmp_path)
    page = Page(browser, tmp_path / "index.html", 390)
    pairs = "[...document.querySelectorAll('tbody tr')].filter(row => row.cells[1].textContent === 'pair')"
    names = f"{pairs}.map(row => row.cells[0].textContent.trim())"
    assert page.view.evaluate(names) == ["b", "a", "c"]  # the newest first
    sharpe = page.view.get_by_role("button", name="Sharpe")
    sharpe.click()
    assert page.view.evaluate(names) == ["a", "c", "b"]  # what has none comes last, either way
    sharpe.click()
    assert page.view.evaluate(names) == ["c", "a", "b"]
    assert page.view.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    assert page.view.evaluate("document.documentElement.scrollWidth") == 390
    page.view.get_by_role("link", name="a", exact=True).first.click()
    page.view.wait_for_selector("html[data-ready=true]")
    assert page.view.url.endswith("/a/report.html")
    assert page.complaints == []
    assert all(url.startswith("file:") for url in page.requests)
