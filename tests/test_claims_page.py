"""The scorecard's page in headless Chromium: the verdict in sight on a phone, each claim open on its trade."""

from __future__ import annotations

import pytest

from backtests.report import thesis as words
from backtests.runs import runner
from backtests.runs.snapshot import snapshot
from backtests.thesis import scorecard
from tests import theses
from tests.browsing import Page

WIDTHS = pytest.mark.parametrize("width", [1440, 390])


@pytest.fixture(scope="module")
def scorecard_page(tmp_path_factory):
    """The scorecard of the article's claims on the bundled figures."""
    path = tmp_path_factory.mktemp("claims") / "thesis.html"
    run = runner.run(theses.article())
    path.write_text(words.page(scorecard.card(run), snapshot(run).manifest), encoding="utf-8")
    return path


def box(page: Page, selector: str):
    return page.view.locator(selector).first.bounding_box()


@pytest.mark.browser
def test_on_a_phone_the_verdict_stays_in_sight_however_far_the_table_is_moved(browser, scorecard_page):
    page = Page(browser, scorecard_page, 390)
    cell = "#scorecard tbody tr:first-child td:nth-child(2)"
    page.view.locator("#scorecard").scroll_into_view_if_needed()
    before = box(page, cell)
    page.view.evaluate("document.querySelector('#scorecard').closest('.box').scrollLeft = 400")
    after = box(page, cell)
    assert (after["x"], after["width"]) == (before["x"], before["width"])
    assert after["x"] >= 0 and after["x"] + after["width"] <= 390
    claim = box(page, "#scorecard tbody tr:first-child th")
    assert claim["x"] + claim["width"] <= after["x"] + 1  # neither covers the other
    assert page.view.locator(cell).inner_text() == "holds"


@pytest.mark.browser
@WIDTHS
def test_a_claim_opens_its_plot_its_trade_and_its_round_trips(browser, scorecard_page, width):
    page = Page(browser, scorecard_page, width)
    claim = page.view.locator("#claim-us_steepens")
    assert not claim.locator("svg").is_visible()
    claim.locator("summary").click()
    assert claim.locator("svg").is_visible()
    tables = claim.locator("table:visible")
    assert tables.count() == 4  # of its own window, and since the thesis
    assert "us_2s10s_steepener, 2024-12-31 to 2025-12-31" in tables.nth(0).inner_text()
    assert "open" in tables.nth(1).inner_text()
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints == []


@pytest.mark.browser
def test_the_verdict_of_an_open_claim_stays_at_the_top_while_it_is_read(browser, scorecard_page):
    page = Page(browser, scorecard_page, 390)
    claim = page.view.locator("#claim-us_steepens")
    claim.locator("summary").click()
    claim.locator(".trades").scroll_into_view_if_needed()
    page.view.evaluate("scrollBy(0, 200)")
    top = claim.locator("summary").bounding_box()
    assert 0 <= top["y"] <= 1
    assert claim.locator("summary").inner_text().split("\n")[-1] == "holds"


@pytest.mark.browser
def test_a_link_of_the_table_opens_the_claim_it_leads_to(browser, scorecard_page):
    page = Page(browser, scorecard_page, 1440)
    page.view.locator("#scorecard a[href='#claim-jgb_10s30s']").click()
    page.view.wait_for_selector("#claim-jgb_10s30s details[open]")
    assert page.view.locator("#claim-jgb_10s30s svg").is_visible()
    assert page.view.locator(".claims details[open]").count() == 1
