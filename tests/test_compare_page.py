"""The page of a comparison as a reader uses it, in headless Chromium: its arithmetic is Python's, its markup inert."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from jinja2 import StrictUndefined

from backtests import comparison
from backtests.comparison.history import History, figures, restarted, together
from backtests.performance import metrics
from backtests.report import compare as words
from backtests.report import html
from backtests.runs import folder as run_folder
from tests import browsing

ROOT = Path(__file__).resolve().parent.parent
LIVE = [column.key for column in words.LIVE]
WIDTHS = pytest.mark.parametrize("width", [1440, 390])

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def source(default_run):
    return comparison.from_run(default_run, "config", Path("config.yaml"), run_folder.utc_now())


def written(done, path: Path) -> Path:
    path.write_text(words.page(comparison.record(done), comparison.series(done)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def compared(source, tmp_path_factory):
    """The variants of the default run compared, and the page of it; each comparison is made once."""

    @cache
    def on(place, target):
        done = comparison.compare([source], place, target)
        return done, written(done, tmp_path_factory.mktemp("compare") / "compare.html")

    return on


@pytest.fixture(scope="module")
def common(compared):
    return compared(comparison.on_common, None)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """The page of 47 variants with long names."""
    dates = np.arange("2015-01", "2021-01", dtype="datetime64[M]").astype("datetime64[D]")
    many = drawn_up([f"a_rather_long_name_of_a_variant_{i}" for i in range(47)], dates, 12.0)
    return written(many, tmp_path_factory.mktemp("crowd") / "compare.html")


class Page(browsing.Page):
    """The comparison, and what a user does on it."""

    def button(self, name: str):
        return self.view.get_by_role("button", name=name, exact=True)

    def table(self, which: str = "summary") -> dict[str, dict[str, str]]:
        """What a table holds, unrounded, of the rows shown, in its order."""
        return self.view.evaluate(
            "id => Object.fromEntries([...document.querySelectorAll(`#${id} tbody tr`)].filter(row => !row.hidden)"
            ".map(row => [row.dataset.name, Object.fromEntries([...row.querySelectorAll('td')]"
            ".map(cell => [cell.dataset.key, cell.dataset.value]))]))",
            which,
        )

    def csv(self, which: str):
        """The button that downloads a table."""
        return self.view.locator(".table", has=self.view.locator(f"#{which}")).get_by_role("button", name="CSV")

    def growth(self, read: str) -> list:
        """What a function says of each line of the first plot: growth of all drawn, then drawdown of all drawn."""
        return self.view.evaluate(f"document.getElementById('growth').data.map({read})")

    def window(self, first: str, last: str) -> None:
        """Move both sliders to days."""
        days = self.view.evaluate(
            "[...new Set(JSON.parse(document.getElementById('data').textContent).calendars.flat())].sort()"
        )
        for slider, day in (("from", first), ("to", last)):
            self.view.evaluate(
                "([id, at]) => { const one = document.getElementById(id); one.value = at;"
                " one.dispatchEvent(new Event('input')); }",
                [slider, days.index(day)],
            )


def same(found: dict[str, str], expected: dict, what: str) -> None:
    for key in LIVE:
        value = expected[key]
        if isinstance(value, str) or value is None:
            assert found[key] == (value or ""), f"{what} {key}"
        else:
            assert float(found[key]) == pytest.approx(value, rel=1e-9, abs=1e-9), f"{what} {key}"


@WIDTHS
def test_the_page_opens_without_a_word_or_a_request_and_nothing_scrolls_sideways(browser, common, width):
    page = Page(browser, common[1], width)
    page.button("Draw all").click()
    page.button("Last 5 years").click()
    page.view.locator("#pair-variant").select_option("be10_long")
    page.button("Tables: only what is drawn").click()
    assert page.complaints == []
    assert page.requests == [common[1].as_uri()]
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.view.locator(".plot .main-svg").count() >= 3


@pytest.mark.parametrize("place", [comparison.on_common, comparison.on_own])
@pytest.mark.parametrize("target", [None, 0.05])
def test_on_the_whole_window_the_scripts_figures_are_pythons(browser, compared, place, target):
    done, path = compared(place, target)
    page = Page(browser, path)
    table = page.table()
    assert list(table) == [row.candidate.name for row in done.rows]
    for row in done.rows:
        same(table[row.candidate.name], row.figures, row.candidate.name)
    assert page.complaints == []


@WIDTHS
def test_a_window_chosen_re_bases_the_paths_and_its_figures_are_pythons(browser, common, width):
    page = Page(browser, common[1], width)
    page.window("2012-12-31", "2020-06-30")
    table = page.table()
    days = common[0].windows.days
    chosen = days[(days >= np.datetime64("2012-12-31")) & (days <= np.datetime64("2020-06-30"))]
    for row in common[0].rows:
        cut = restarted(row.placed.history, chosen)
        same(table[row.candidate.name], figures(cut, 12.0), row.candidate.name)
    first = page.growth("line => [line.x[0], line.x.at(-1), line.y[0]]")
    half = len(first) // 2
    assert {tuple(one) for one in first[:half]} == {("2012-12-31", "2020-06-30", 1)}
    assert {tuple(one) for one in first[half:]} == {("2012-12-31", "2020-06-30", 0)}
    assert page.view.locator("#window").text_content() == "Window 2012-12-31 to 2020-06-30"
    page.button("Whole window").click()
    assert page.view.locator("#window").text_content().endswith(", the whole")
    assert page.complaints == []


def test_sliders_move_by_the_keyboard(browser, common):
    page = Page(browser, common[1])
    page.view.locator("#from").focus()
    page.view.keyboard.press("ArrowRight")
    assert page.view.locator("#window").text_content() == "Window 2009-03-31 to 2026-07-31"
    page.view.keyboard.press("End")
    assert page.view.locator("#window").text_content() == "Window 2026-06-30 to 2026-07-31"  # never empty


def test_dragging_over_the_plot_chooses_a_window_and_a_double_click_the_whole(browser, common):
    page = Page(browser, common[1])
    plot = page.view.locator("#growth .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.view.mouse.move(box["x"] + 200, box["y"] + 100)
    page.view.mouse.down()
    page.view.mouse.move(box["x"] + 500, box["y"] + 100, steps=8)
    page.view.mouse.up()
    page.view.wait_for_timeout(500)
    first, last = page.view.locator("#window").text_content().removeprefix("Window ").split(" to ")
    assert "2010" < first < "2016" < last < "2024"
    rows = {one["bars"] for one in page.table().values()}
    assert len(rows) == 1
    assert rows.pop() != "210"
    page.view.mouse.dblclick(box["x"] + 300, box["y"] + 100)
    page.view.wait_for_timeout(500)
    assert {one["bars"] for one in page.table().values()} == {"210"}


def test_since_the_thesis_the_first_bar_is_the_first_that_ends_on_or_after_it(browser, compared):
    done, path = compared(comparison.on_own, None)
    page = Page(browser, path)
    page.button("Since the thesis").click()
    assert page.view.locator("#window").text_content() == "Window 2025-12-31 to 2026-07-31"
    last = dict(page.growth("line => [line.name, line.y.at(-1)]")[:6])
    assert len(last) == 6
    for row in done.rows:
        if row.candidate.name in last:
            expected = row.figures["thesis_excess_return"]
            assert last[row.candidate.name] - 1 == pytest.approx(expected, abs=1e-9), row.candidate.name


@WIDTHS
def test_variants_are_picked_by_chips_in_plots_and_tables(browser, common, width):
    page = Page(browser, common[1], width)
    lines = "document.getElementById('growth').data.length"
    assert page.view.evaluate(lines) == 2 * 6
    page.button("tlt_hold").click()
    assert page.button("tlt_hold").get_attribute("aria-pressed") == "true"
    assert page.view.evaluate(lines) == 2 * 7
    page.button("Draw all").click()
    assert page.view.evaluate(lines) == 2 * 15
    page.button("Draw none").click()
    page.button("be10_long").click()
    page.button("tlt_hold").click()
    assert page.view.evaluate(lines) == 2 * 2
    assert len(page.table()) == 15
    page.button("Tables: only what is drawn").click()
    assert list(page.table()) == list(page.table("more")) == ["be10_long", "tlt_hold"]
    assert page.view.locator("#correlation td:visible").count() == 4
    assert page.complaints == []


@WIDTHS
def test_headings_sort_by_click_and_keyboard_and_benchmarks_stay_at_the_end(browser, common, width):
    page = Page(browser, common[1], width)
    marks = list(page.table())[-3:]
    heading = page.view.locator("#summary thead th").nth(2)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    own = [float(one["volatility"]) for one in page.table().values()]
    assert own[:12] == sorted(own[:12], reverse=True)
    assert own[12:] == sorted(own[12:], reverse=True)
    assert set(list(page.table())[-3:]) == set(marks)
    page.view.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    page.button("Last 5 years").click()  # the order follows the figures
    own = [float(one["volatility"]) for one in page.table().values()]
    assert own[:12] == sorted(own[:12])
    page.view.locator("#summary thead th").first.get_by_role("button").press("Space")
    assert heading.get_attribute("aria-sort") is None
    assert list(page.table())[:12] == sorted(list(page.table())[:12])


@WIDTHS
def test_dark_follows_the_system_and_the_button(browser, common, width):
    paper = "getComputedStyle(document.body).backgroundColor"
    light = Page(browser, common[1], width, color_scheme="light")
    dark = Page(browser, common[1], width, color_scheme="dark")
    assert light.view.evaluate(paper) != dark.view.evaluate(paper)
    night = dark.view.evaluate(paper)
    light.button("Dark or light").click()
    assert light.view.evaluate(paper) == night
    assert light.complaints == dark.complaints == []


@WIDTHS
def test_the_csv_is_the_table_shown_unrounded_and_in_its_order(browser, common, width, tmp_path):
    page = Page(browser, common[1], width)
    page.view.locator("#summary thead th").nth(3).get_by_role("button").click()
    page.view.locator("#summary thead th").nth(3).get_by_role("button").click()  # the lowest Sharpe ratio first
    with page.view.expect_download() as download:
        page.csv("summary").click()
    assert download.value.suggested_filename == "summary.csv"
    download.value.save_as(tmp_path / "summary.csv")
    with (tmp_path / "summary.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head[:4] == ["Variant", "Excess return (% a year)", "Volatility (% a year)", "Sharpe"]
    by_name = {row.candidate.name: row.figures for row in common[0].rows}
    assert [row[0] for row in rows] == list(page.table())
    for row in rows:
        assert float(row[3]) == pytest.approx(by_name[row[0]]["sharpe"], abs=1e-9)
    assert page.requests[0] == common[1].as_uri()
    assert not [one for one in page.requests[1:] if not one.startswith("blob:")]
    assert page.complaints == []


def test_the_line_through_the_bars_is_the_alpha_and_beta_of_the_table(browser, common):
    page = Page(browser, common[1])
    for name in ("us_2s10s_steepener", "tlt_vs_jgb20"):
        page.view.locator("#pair-variant").select_option(name)
        page.view.locator("#pair-against").select_option("short_yen_carry")
        row = next(row for row in common[0].rows if row.candidate.name == name)
        fit = page.view.locator("#fit")
        assert float(fit.get_attribute("data-beta")) == pytest.approx(row.against["short_yen_carry"].beta, abs=1e-9)
        assert float(fit.get_attribute("data-alpha")) == pytest.approx(row.against["short_yen_carry"].alpha, abs=1e-9)


def walk(seed: int, dates: np.ndarray) -> History:
    x = np.random.default_rng(seed).normal(0.0002, 0.01, len(dates) - 1)
    none = {name: np.zeros((len(dates), 1)) for name in ("notional", "cost", "roll", "weights")}
    equity = 100 * np.concatenate([[1.0], np.cumprod(1 + x)])
    return History(dates=dates, capital=100.0, equity=equity, cash=np.full(len(dates), 0.004), ruined=None, **none)


def drawn_up(names: list[str], dates: np.ndarray, market_ppy: float):
    """A comparison of random walks, the last of them a benchmark."""
    own = {"sharpe": None, "start": None, "end": None}
    candidates = tuple(
        comparison.Candidate(name, "x", name, name == names[-1], None, market_ppy, walk(i, dates), own)
        for i, name in enumerate(names)
    )
    return comparison.compare([comparison.Source("x", names[0], {"name": names[0], "data": {}}, {}, candidates)])


def test_daily_rows_have_as_many_bars_a_year_as_the_window_does(browser, tmp_path):
    dates = np.arange("2015-01-01", "2021-01-01", dtype="datetime64[D]")
    dates = dates[np.is_busday(dates)]
    done = drawn_up(["a", "b", "mark"], dates, 261.0)
    page = Page(browser, written(done, tmp_path / "compare.html"))
    for row in done.rows:
        same(page.table()[row.candidate.name], row.figures, row.candidate.name)
    page.window("2016-03-01", "2018-03-01")
    chosen = dates[(dates >= np.datetime64("2016-03-01")) & (dates <= np.datetime64("2018-03-01"))]
    for row in done.rows:
        expected = figures(restarted(row.placed.history, chosen), row.placed.market_ppy)
        same(page.table()[row.candidate.name], expected, row.candidate.name)
    page.view.locator("#pair-variant").select_option("b")
    cut = {row.candidate.name: restarted(row.placed.history, chosen) for row in done.rows}
    both = together(cut["b"], cut["mark"])
    expected = metrics.against(*both, 261.0)
    assert float(page.view.locator("#fit").get_attribute("data-alpha")) == pytest.approx(expected["alpha"], abs=1e-9)


HOSTILE = [
    "<img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    '=HYPERLINK("http://x","y")',
    "\"'><svg onload=document.title='owned'>&lt;b&gt;",
    "<a href=\"javascript:document.title='owned'\">x</a>",
]


def test_no_markup_in_a_name_is_ever_executed(browser, tmp_path):
    dates = np.arange("2015-01", "2021-01", dtype="datetime64[M]").astype("datetime64[D]")
    done = drawn_up(HOSTILE, dates, 12.0)
    done = replace(done, windows=replace(done.windows, left_out={HOSTILE[0]: HOSTILE[1]}))
    page = Page(browser, written(done, tmp_path / "compare.html"))
    page.button("Draw all").click()
    for name in HOSTILE:
        page.view.locator("#pair-variant").select_option(name)
    page.view.locator("#growth").scroll_into_view_if_needed()
    box = page.view.locator("#growth .nsewdrag").first.bounding_box()
    page.view.mouse.move(box["x"] + 100, box["y"] + 60)
    page.view.wait_for_timeout(300)
    assert page.view.title() == f"{HOSTILE[0]}: variants side by side"
    assert page.complaints == []
    assert page.requests == [(tmp_path / "compare.html").as_uri()]
    assert page.view.locator("main img, main a, main script, [onload], [onerror]").count() == 0
    assert sorted(page.table()) == sorted(HOSTILE)
    with page.view.expect_download() as download:
        page.csv("summary").click()
    download.value.save_as(tmp_path / "summary.csv")
    with (tmp_path / "summary.csv").open(newline="", encoding="utf-8") as file:
        names = [row[0] for row in csv.reader(file)]
    assert "'" + HOSTILE[2] in names  # a spreadsheet shows it, and does not run it


@WIDTHS
@pytest.mark.slow
def test_forty_seven_variants_stay_usable(browser, crowd, width):
    page = Page(browser, crowd, width)
    page.button("Draw all").click()
    assert page.view.evaluate("document.getElementById('growth').data.length") == 2 * 47
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.view.locator("#chips").bounding_box()["height"] <= 240
    box = page.view.locator("#summary").locator("xpath=..").bounding_box()
    assert box["height"] <= 760
    assert page.complaints == []


@WIDTHS
def test_no_heading_or_control_covers_another(browser, common, width):
    page = Page(browser, common[1], width)
    boxes = page.view.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, button:not(.sort):not(.chip), select, input, .plot, .box')]"
        ".filter(e => e.checkVisibility())"
        ".map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom, e.textContent]; })"
    )
    for i, (left, top, right, bottom, one) in enumerate(boxes):
        for left2, top2, right2, bottom2, two in boxes[i + 1 :]:
            apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 1 or bottom2 <= top + 1
            assert apart, f"{one[:60]!r} covers {two[:60]!r}"


def test_print_drops_the_controls_and_shows_whole_tables(browser, common):
    page = Page(browser, common[1])
    page.view.emulate_media(media="print")
    assert page.view.locator(".controls:visible, button.csv:visible, #chips:visible").count() == 0
    box = page.view.locator("#correlation").locator("xpath=..")
    inside, whole = box.evaluate("b => [b.clientHeight, b.scrollHeight]")
    assert inside == whole


def test_every_name_a_template_reads_is_given(common, monkeypatch, tmp_path):
    monkeypatch.setattr(html._environment(), "undefined", StrictUndefined)
    assert written(common[0], tmp_path / "compare.html").read_bytes() == common[1].read_bytes()


def test_the_page_holds_what_it_needs(common):
    text = common[1].read_text(encoding="utf-8")
    assert common[1].stat().st_size < 3e6
    data = json.loads(text.split('<script type="application/json" id="data">')[1].split("</script>")[0])
    assert len(data["variants"]) == 15
    assert all(len(one["x"]) == len(one["r"]) == 209 for one in data["variants"])
