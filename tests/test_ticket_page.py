"""The ticket's page as a reader uses it, in headless Chromium."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from backtests import config
from backtests.report import ticket as page_of
from backtests.ticket import make
from tests.browsing import Page
from tests.test_report_page import violations
from tests.tickets import HEAD, NEW_YEAR

ROOT = Path(__file__).resolve().parent.parent
TRADE = """
variants:
  steep:
    strategy: curve
    params: {front: UST2, back: UST10, trade: steepener}
    trade: {entry: 2025-10-31, horizon: 6M, target_bp: 50, stop_bp: 30}
"""
ODD = """
variants:
  cash: {strategy: hold, params: {weights: {JPY: -0.5}}, currency: unhedged}
  long: {strategy: hold, params: {weights: {UST30: 0.3}}}
  shut: {strategy: hold, params: {weights: {UST10: 0.3}}, trade: {entry: 2025-10-31, exit: 2025-11-30}}
  face: {strategy: curve, params: {front: JGB2, back: JGB30, trade: flattener}}
  a_variant_with_a_name_that_is_as_long_as_a_name_may_be_in_a_file: {strategy: hold, params: {weights: {TIPS10: 0.3}}}
"""

pytestmark = pytest.mark.browser


def ticket_of(folder: Path, text: str, held: str | None = None):
    path, holdings = folder / "t.yaml", None
    path.write_text(HEAD + text)
    if held is not None:
        holdings = folder / "held.csv"
        holdings.write_text(held)
    return make(config.load(path), NEW_YEAR, holdings)


def written(folder: Path, ticket) -> Path:
    path = folder / "ticket.html"
    path.write_text(page_of.page(ticket), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def steep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("steep")
    ticket = ticket_of(folder, TRADE, "instrument,quantity,of\nTU,100,contracts\nTY,-90,contracts\n")
    return ticket, written(folder, ticket)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    ticket = ticket_of(folder, ODD)
    return ticket, written(folder, ticket)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["steep", "odd"])
def test_it_opens_without_a_word_asks_for_nothing_and_nothing_moves_sideways(browser, request, which, width, scheme):
    page = Page(browser, request.getfixturevalue(which)[1], width, color_scheme=scheme)
    assert page.complaints == []
    assert page.requests == [request.getfixturevalue(which)[1].as_uri()]
    assert page.view.evaluate("document.documentElement.scrollWidth <= innerWidth")


def cells(page: Page, table: str) -> dict[str, list[str]]:
    read = "row => [...row.cells].map(cell => cell.innerText.trim())"
    rows = page.view.evaluate(f"[...document.querySelectorAll('#{table} tbody tr')].map({read})")
    return {name: rest for name, *rest in rows}


def test_it_says_what_the_ticket_has(browser, steep):
    (sheet,) = steep[0].sheets
    page = Page(browser, steep[1])
    legs = cells(page, "legs-1")
    assert list(legs) == ["TU", "TY"]
    for line in sheet.lines:
        told = [text.replace(",", "").replace("−", "-") for text in legs[line.unit.instrument]]
        assert (told[0], float(told[1]), told[2]) == (*line.legs, line.quantity, "contracts")
        assert (float(told[7]), float(told[8])) == (line.held, line.order)
    keys = cells(page, "keys-1")
    assert list(keys) == ["2-year", "5-year", "10-year", "20-year", "30-year"]
    for row, told in zip(sheet.buckets, keys.values(), strict=True):
        values = [float(text.replace(",", "").replace("−", "-")) for text in told[:4]]
        assert values == pytest.approx([row.before, row.after, row.lots, row.residual], abs=0.51)
    assert next(iter(cells(page, "levels-1"))) == "Target"
    assert "All, nothing offset" in cells(page, "margin-1")
    assert page.view.locator("h1").inner_text().startswith("Buy ")
    assert page.view.locator("svg.drawn circle.up, svg.drawn circle.down").count() == 60


def test_its_csv_goes_in_again_and_leaves_no_orders(browser, steep, tmp_path):
    page = Page(browser, steep[1])
    with page.view.expect_download() as download:
        page.view.click("#csv")
    path = tmp_path / "again.csv"
    download.value.save_as(path)
    assert [row["instrument"] for row in csv.DictReader(path.read_text().splitlines())] == ["TU", "TY"]
    config_path = tmp_path / "t.yaml"
    config_path.write_text(HEAD + TRADE)
    (sheet,) = make(config.load(config_path), NEW_YEAR, path).sheets
    assert [line.order for line in sheet.lines] == [0, 0]


def test_nothing_held_no_forward_and_no_contract_are_said(browser, odd):
    page = Page(browser, odd[1])
    told = {
        name: page.view.locator(f"article[data-of={name}]").inner_text() for name in ("cash", "long", "shut", "face")
    }
    assert "No forward: JPY has no yield" in told["cash"]
    assert "no curve reaches 0.25 years beyond the maturity of UST30" in told["long"]
    assert "Its trade is not open on 2025-12-31" in told["shut"]
    assert [name for name in told if "Key-rate DV01" in told[name]] == ["cash", "long", "face"]
    assert "JGB30 in face: no contract is on JGBs of 30 years" in told["face"]


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_core_finds_no_serious_violation(browser, steep, width):
    assert violations(Page(browser, steep[1], width)) == []


def test_no_name_can_run_or_end_the_page(tmp_path):
    ticket = ticket_of(tmp_path, TRADE)
    sheet = ticket.sheets[0]
    named = replace(sheet, variant=replace(sheet.variant, name="</script><script>alert(1)</script>"))
    text = page_of.page(replace(ticket, sheets=(named,)))
    assert "<script>alert(1)" not in text
