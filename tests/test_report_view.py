"""Finding one's way about a report: contents, keys, tabs, a link to what is seen, many lines under the mouse."""

from __future__ import annotations

import pytest

from tests.browsing import Page, report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(default_run, tmp_path_factory):
    place = tmp_path_factory.mktemp("view") / "default"
    report(default_run, place)
    return place


@pytest.fixture
def opened(browser, folder):
    def at(width=1440, fragment=""):
        page = Page(browser, folder / "report.html", width)
        if fragment:
            page.view.goto("about:blank")
            page.view.goto((folder / "report.html").as_uri() + fragment)
            page.view.wait_for_function("document.documentElement.dataset.ready === 'true'")
        return page

    return at


def current(page) -> str:
    return page.view.locator(".rail [aria-current]").inner_text()


def pressed(page) -> list[str]:
    return page.view.locator("#chips [aria-pressed=true]").all_inner_texts()


def test_the_contents_list_every_section_and_mark_the_one_in_sight(opened):
    page = opened()
    heads = page.view.locator("main h2").all_inner_texts()
    assert page.view.locator(".rail a").all_inner_texts() == heads
    assert current(page) == "Summary"
    page.view.get_by_role("link", name="Calendar years").click()
    page.view.wait_for_selector(".rail [aria-current]:text-is('Calendar years')")
    assert page.complaints == []


def test_contents_are_folded_on_a_narrow_page_and_beside_a_wide_one(opened):
    assert not opened(390).view.locator(".rail ol").is_visible()
    wide = opened(1440)
    assert wide.view.locator(".rail ol").is_visible()
    right = wide.view.locator(".rail").bounding_box()
    assert right["x"] + right["width"] <= wide.view.locator("main").bounding_box()["x"]
    assert wide.view.evaluate("document.documentElement.scrollWidth") == 1440


def test_j_and_k_go_from_section_to_section_but_not_while_writing(opened):
    page = opened()
    heads = page.view.locator("main h2").all_inner_texts()
    for expected in (heads[1], heads[2]):
        page.view.keyboard.press("j")
        page.view.wait_for_selector(f".rail [aria-current]:text-is('{expected}')")
    page.view.keyboard.press("k")
    page.view.wait_for_selector(f".rail [aria-current]:text-is('{heads[1]}')")
    page.view.keyboard.press("/")
    page.view.keyboard.type("jk")
    assert page.view.evaluate("document.activeElement.value") == "jk"
    assert current(page) == heads[0] or current(page) == heads[1]


def test_one_of_three_tables_is_shown_and_paper_has_all(opened):
    page = opened()
    seen = {name: page.view.locator(f"#{name}") for name in ("summary", "periods", "shape")}
    assert [name for name, table in seen.items() if table.is_visible()] == ["summary"]
    page.view.get_by_role("button", name="By period").click()
    assert [name for name, table in seen.items() if table.is_visible()] == ["periods"]
    row = seen["periods"].locator("tbody tr").first.locator("td").all_inner_texts()
    assert len(row) == 8 and all(row)
    page.view.emulate_media(media="print")
    assert all(table.is_visible() for table in seen.values())
    page.view.emulate_media(media="screen")


def test_the_view_is_in_the_address_and_comes_back_from_it(opened):
    page = opened()
    page.view.get_by_role("button", name="tlt_hold").click()
    page.view.get_by_role("button", name="Total", exact=True).click()
    page.view.get_by_role("button", name="Log scale").click()
    page.view.locator("#pick").select_option("be10_long")
    page.view.locator("#from").fill("2010-01-31")
    page.view.wait_for_timeout(100)
    drawn, address = pressed(page), page.view.evaluate("location.hash")
    again = opened(fragment=address)
    assert pressed(again) == drawn and "tlt_hold" in drawn
    assert again.view.locator("#pick").input_value() == "be10_long"
    assert again.view.locator("#from").input_value() == "2010-01-31"
    assert again.view.evaluate("document.getElementById('equity').layout.yaxis.type") == "log"
    assert again.view.evaluate("document.getElementById('equity').layout.xaxis.range[0]").startswith("2010-01-31")
    assert again.complaints == []


@pytest.mark.parametrize(
    "fragment",
    [
        "#variants=<img src=x onerror=alert(1)>&variant=nobody&growth=odd&from=yesterday&to=9",
        "#%", "#variants=&from=2020-01-01&to=2010-01-01", "#__proto__=1&variant=constructor", "#h-years",
    ],
)  # fmt: skip
def test_an_address_that_asks_for_what_there_is_not_leaves_the_view_as_it_was(opened, fragment):
    plain, odd = opened(), opened(fragment=fragment)
    assert odd.complaints == []
    assert pressed(odd) == pressed(plain)
    assert odd.view.locator("#pick").input_value() == plain.view.locator("#pick").input_value()
    assert odd.view.locator("#from").input_value() == plain.view.locator("#from").input_value()


def light(colour: str) -> float:
    """Return the relative luminance of a colour, #rrggbb (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "paper"), [("light", "#ffffff"), ("dark", "#14171a")])
def test_labels_at_the_ends_of_lines_can_be_read_and_a_mark_in_the_table_has_its_lines_colour(
    browser, folder, scheme, paper
):
    page = Page(browser, folder / "report.html", 1440, color_scheme=scheme)
    names = page.view.locator("#chips button").all_inner_texts()
    for start in range(0, len(names), 5):  # five at a time, for more than six have no labels
        for name in set(pressed(page)) ^ set(names[start : start + 5]):
            page.view.locator("#chips").get_by_role("button", name=name, exact=True).click()
        page.look("equity")
        labels = page.view.evaluate(
            "document.getElementById('equity').layout.annotations.filter(a => a.xref === 'paper')"
            ".map(a => [a.text.split(' ')[0], a.font.color])"
        )
        assert len(labels) == len(names[start : start + 5])
        for name, colour in labels:
            bright, dim = sorted((light(colour), light(paper)), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, f"{name}: {colour} on {paper}"
    lines = page.view.evaluate("document.getElementById('equity').data.map(trace => [trace.meta, trace.line.color])")
    for name, colour in lines:
        mark = page.view.locator(f"#variant-{name} svg.swatch line").evaluate("line => getComputedStyle(line).stroke")
        assert mark == f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_many_lines_are_listed_under_the_plot_sorted_and_few_in_a_box(opened):
    page = opened()
    box = page.view.locator("#equity .nsewdrag").first
    box.hover(position={"x": 300, "y": 100})
    page.view.wait_for_selector("#equity .hovertext, #equity .hoverlayer .legend")
    assert not page.view.locator("#equity-readout").is_visible()
    page.view.get_by_role("button", name="All variants").click()
    box.hover(position={"x": 320, "y": 90})  # in 2012, when one of the fifteen has not begun
    page.view.wait_for_selector("#equity-readout strong")
    said = page.view.locator("#equity-readout span").all_inner_texts()
    figures = [float(text.split()[-1].replace("−", "-")) for text in said]
    assert len(said) == 14 and figures == sorted(figures, reverse=True)
    assert page.complaints == []
