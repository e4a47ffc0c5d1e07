"""The tables of every page, in headless Chromium: sorted, filtered, kept in sight, copied, ranked where many."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest

from backtests import config
from backtests.report import thesis as words
from backtests.report.panels import MANY
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from backtests.thesis import scorecard
from tests import theses
from tests.browsing import Page, report
from tests.test_report_page import violations

WIDTHS = pytest.mark.parametrize("width", [1440, 390])


def crowded(count: int) -> str:
    """A configuration of so many variants and a benchmark; the last are the best, for they are short the least."""
    held = "\n".join(
        f"  bond_{i:02}: {{strategy: hold, params: {{weights: {{UST10: 0.3, JGB10: {(i - count) / 50:.2f}}}}}}}"
        for i in range(count)
    )
    return (
        f"name: crowd\ndata: {{start: 2014-01-31, end: 2020-06-30}}\nvariants:\n{held}\n"
        "  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}\nbenchmarks: [bond]\n"
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The report of 35 variants and a benchmark: its folder and its panels."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "crowd.yaml").write_text(crowded(35))
    return folder / "run", report(runner.run(config.load(folder / "crowd.yaml")), folder / "run")


@pytest.fixture(scope="module")
def thesis_page(tmp_path_factory):
    """The scorecard of the article's claims on the bundled figures."""
    path = tmp_path_factory.mktemp("thesis") / "thesis.html"
    run = runner.run(theses.article())
    path.write_text(words.page(scorecard.card(run), snapshot(run).manifest), encoding="utf-8")
    return path


def names(page: Page, table: str) -> list[str]:
    """The rows a table shows, in its order."""
    return page.view.locator(f"#{table} tbody th").evaluate_all("rows => rows.map(row => row.textContent.trim())")


def pairs(rows: list[list[str]]) -> list[tuple[str, str]]:
    """Each claim and the reading that stands under it."""
    return [(above[1], below[1]) for above, below in pairwise(rows) if below[0] == "later"]


def tools(page: Page, table: str):
    """What stands above and below a table."""
    return page.view.locator(".table", has=page.view.locator(f"#{table}"))


# ---- many variants


@pytest.mark.browser
@WIDTHS
def test_above_thirty_variants_the_page_ranks_and_shows_the_first_thirty_until_asked(browser, many, width):
    page = Page(browser, many[0] / "report.html", width)
    own = [panel for panel in many[1].variants if not panel.benchmark]
    ranked = sorted(own, key=lambda panel: -panel.figures["sharpe"])
    assert [panel.name for panel in own] == [panel.name for panel in ranked]
    best = [panel.name for panel in ranked]
    assert best != sorted(best)  # not the order of the configuration
    assert names(page, "summary") == [*best[:MANY], "bond"]  # the benchmark is always there
    assert names(page, "lines") == best[:MANY]
    more = tools(page, "summary").get_by_role("button", name="Show all 35")
    more.click()
    assert names(page, "summary") == [*best, "bond"]
    tools(page, "summary").get_by_role("button", name="Show the first 30").click()
    assert names(page, "summary") == [*best[:MANY], "bond"]
    chips = page.view.locator("#chips button")
    assert chips.count() == MANY + 2  # the benchmark is drawn, so it is there; and what gives the rest
    chips.last.click()
    assert chips.count() == 36
    assert page.view.locator("select#pick option").count() == 36
    assert page.lines("equity") == 2 * 6
    page.view.get_by_role("button", name="All variants").click()
    assert page.lines("equity") == 2 * 36
    assert page.view.evaluate("document.getElementById('equity').layout.hovermode") == "closest"
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints == []


def test_thirty_variants_and_fewer_stay_in_the_order_of_the_configuration(default_run, tmp_path):
    content = report(default_run, tmp_path / "run")
    assert [panel.name for panel in content.variants] == [one.variant.name for one in default_run.variants]


@pytest.mark.browser
def test_a_link_to_a_row_that_is_not_shown_shows_it(browser, many):
    last = [panel.name for panel in many[1].variants if not panel.benchmark][-1]
    page = Page(browser, many[0] / "report.html", 1440)
    assert last not in names(page, "summary")
    page.view.evaluate(f"location.hash = '#variant-{last}'")
    page.view.wait_for_selector(f"#variant-{last}")
    assert page.view.locator(f"#variant-{last}").is_visible()


# ---- one component


@pytest.mark.browser
@WIDTHS
def test_a_filter_leaves_the_rows_that_hold_its_words_and_says_how_many(browser, many, width):
    page = Page(browser, many[0] / "report.html", width)
    summary = tools(page, "summary")
    summary.get_by_label("Filter").fill("BOND_1")
    shown = names(page, "summary")
    assert sorted(shown) == [f"bond_{i}" for i in range(10, 20)]
    assert summary.get_by_role("status").first.inner_text() == "10 of 36"
    with page.view.expect_download() as waiting:
        summary.get_by_role("button", name="CSV").click()
    rows = list(csv.reader(io.StringIO(waiting.value.path().read_text(encoding="utf-8"))))
    assert waiting.value.suggested_filename == "summary.csv"
    assert [row[0] for row in rows[1:]] == shown
    figures = {panel.name: panel.figures for panel in many[1].variants}
    assert all(float(row[3]) == figures[row[0]]["sharpe"] for row in rows[1:])  # unrounded
    summary.get_by_label("Filter").fill("no such")
    assert names(page, "summary") == []
    summary.get_by_label("Filter").fill("")
    assert len(names(page, "summary")) == MANY + 1


@pytest.mark.browser
def test_only_tables_of_more_than_twelve_rows_have_a_filter(browser, many):
    page = Page(browser, many[0] / "report.html", 1440)
    assert tools(page, "summary").get_by_label("Filter").is_visible()
    assert page.view.locator("#drawdowns tbody tr").count() <= 12
    assert not tools(page, "drawdowns").get_by_label("Filter").is_visible()


@pytest.mark.browser
@WIDTHS
def test_the_first_column_and_the_header_stay_in_sight_and_a_cue_says_what_does_not(browser, many, width):
    from playwright.sync_api import expect

    page = Page(browser, many[0] / "report.html", width)
    holder, box = tools(page, "summary"), page.view.locator(".box", has=page.view.locator("#summary"))
    box.scroll_into_view_if_needed()
    place = "element => { const { left, top } = element.getBoundingClientRect(); return [left, top]; }"
    before = box.evaluate(place)
    expect(holder.locator(".cue")).to_contain_text("more rows ↓")
    assert ("more columns →" in holder.locator(".cue").inner_text()) is (width == 390)
    box.evaluate("element => element.scrollTo(element.scrollWidth, element.scrollHeight)")
    expect(holder.locator(".cue")).to_have_text("")
    assert box.evaluate("element => element.scrollTop") > 100
    head = page.view.locator("#summary thead th").first.evaluate(place)
    assert head == pytest.approx(before, abs=1)  # both ways
    first = page.view.locator("#summary tbody tr").last.locator("th").evaluate(place)
    assert first[0] == pytest.approx(before[0], abs=1)
    assert page.view.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_copy_gives_the_table_tab_separated_with_minus_signs_that_a_spreadsheet_reads(browser, many):
    page = Page(browser, many[0] / "report.html", 1440)
    browser.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tools(page, "drawdowns").get_by_role("button", name="Copy").click()
    tools(page, "drawdowns").get_by_text("rows copied").wait_for()
    lines = page.view.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].split("\t") == ["Drawdown (%)", "Peak", "Trough", "Recovered", "Days"]
    deepest = many[1].variants[0].drawdowns[0]
    assert lines[1].split("\t")[:3] == [f"{deepest.depth * 100:.1f}", deepest.peak, deepest.trough]
    assert lines[1].split("\t")[4] == str(deepest.days)  # thousands are not separated
    tools(page, "lines").get_by_role("button", name="Copy").click()
    page.view.wait_for_timeout(200)
    text = page.view.evaluate("navigator.clipboard.readText()")
    assert len(text.splitlines()) == 1 + 36  # all that pass the filter, shown or not
    assert "−" not in text
    assert any(cell.startswith("-") and float(cell) < 0 for line in text.splitlines()[1:] for cell in line.split("\t"))


@pytest.mark.browser
def test_a_table_under_two_rows_of_headings_sorts_and_copies_by_its_own_columns(browser, many):
    page = Page(browser, many[0] / "report.html", 1440)
    heading = page.view.locator("#against thead th", has_text="beta")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    column = page.view.locator("#against tbody tr td:nth-child(3)").all_inner_texts()
    values = [float(text.replace("−", "-")) for text in column]
    assert values == sorted(values, reverse=True)
    heading.get_by_role("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    with page.view.expect_download() as waiting:
        tools(page, "against").get_by_role("button", name="CSV").click()
    head = waiting.value.path().read_text(encoding="utf-8").splitlines()[0].split(",")
    assert head == ["Variant", "bond: alpha", "bond: beta", "bond: corr."]


@pytest.mark.browser
def test_words_sort_from_the_letter_a_and_dates_the_latest_last(browser, many):
    page = Page(browser, many[0] / "report.html", 1440)
    page.view.locator("#summary thead th").first.get_by_role("button").click()
    assert names(page, "summary")[:-1] == [f"bond_{i:02}" for i in range(MANY)]
    peak = page.view.locator("#drawdowns thead th", has_text="Peak")
    peak.get_by_role("button").click()
    days = page.view.locator("#drawdowns tbody td:nth-child(2)").all_inner_texts()
    assert days == sorted(days)


@pytest.mark.browser
def test_a_claim_read_again_stays_under_its_own_whatever_the_order(browser, thesis_page):
    page = Page(browser, thesis_page, 1440)
    rows = "[...document.querySelectorAll('#scorecard tbody tr')].map(row => [row.className, row.cells[0].textContent])"
    under = dict(pairs(page.view.evaluate(rows)))
    assert under
    page.view.locator("#scorecard thead th").first.get_by_role("button").click()
    ordered = page.view.evaluate(rows)
    claims = [name for kind, name in ordered if kind != "later"]
    assert claims == sorted(claims, key=str.lower)
    assert dict(pairs(ordered)) == under


@pytest.mark.browser
@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_no_serious_violation_in_the_page_of_the_thesis(browser, thesis_page, width, scheme):
    page = Page(browser, thesis_page, width, color_scheme=scheme)
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []
    assert page.complaints == []
    assert page.requests == [thesis_page.as_uri()]
