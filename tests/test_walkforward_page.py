"""The page of a walk-forward in headless Chromium: nothing asked for, nothing cut off, nothing that axe-core minds."""

from __future__ import annotations

import pytest

import backtests
from tests.browsing import Page
from tests.test_cli_walkforward import GRID
from tests.test_report_page import violations

pytestmark = pytest.mark.browser
WIDTHS = pytest.mark.parametrize("width", [1440, 390])


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The page of a small grid, and what it is of."""
    folder = tmp_path_factory.mktemp("walked")
    (folder / "gap.yaml").write_text(GRID)
    answer = backtests.walkforward(folder / "gap.yaml")
    return answer.report(folder / "walkforward.html"), answer


@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_needs_nothing_fits_the_screen_and_can_be_read(browser, walked, width, scheme):
    page = Page(browser, walked[0], width, color_scheme=scheme)
    assert violations(page) == []
    assert page.view.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints == []
    assert page.requests == [walked[0].as_uri()]


def test_its_first_sentence_and_its_folds_are_the_answers(browser, walked):
    page, answer = Page(browser, walked[0], 1440), walked[1]
    assert page.view.locator("#verdict").inner_text() == answer.sentence
    rows = page.view.evaluate("[...document.querySelectorAll('#folds tbody th')].map(e => e.textContent)")
    assert rows == answer.folds["decided"].tolist()


@WIDTHS
def test_labels_in_a_plot_do_not_cover_one_another(browser, walked, width):
    page = Page(browser, walked[0], width)
    boxes = page.view.evaluate(
        "[...document.querySelectorAll('svg.drawn')].map(plot => [...plot.querySelectorAll('text')].map(e => { "
        "const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom, e.textContent]; }))"
    )
    for plot in boxes:
        for i, (left, top, right, bottom, name) in enumerate(plot):
            for left2, top2, right2, bottom2, other in plot[i + 1 :]:
                apart = right <= left2 + 2 or right2 <= left + 2 or bottom <= top2 + 2 or bottom2 <= top + 2
                assert apart, f"{name!r} covers {other!r}"
