"""The journal's page as a reader uses it, in headless Chromium; and what is on it, without."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backtests.report import journal as page_of
from backtests.report.journal_plots import axis, timeline
from backtests.report.journal_rows import items, mark
from backtests.thesis import chain
from backtests.thesis.chain import Entry
from tests.browsing import Page
from tests.test_report_page import violations

ROOT = Path(__file__).resolve().parent.parent
UNIT = {"level": "%", "scale": 100.0, "change": "bp", "moves": 1e4, "written": 100.0, "digits": 2}


def claim(key, **states):
    says = {"is": "Says", "word": "falls", "low": None, "high": -1e-9, "closed": False, "reads": "change"}
    return {
        "claim": key, "text": f"Yields <b>fall</b> & {key}", "definition": None, "kind": "yield", "unit": UNIT,
        "window": ["2026-01-30", "2026-12-31"], "as_of": "2026-01-30", "in_sample": key == "late",
        "states": {"says": says, "kill": {"side": "above", "level": 0.05}, **states},
    }  # fmt: skip


def verdict(key, day, end, word, killed=None, forward=0.041):
    beat = {"verdict": word, "why": None, "forward": forward}
    return {
        "claim": key, "as_of": day, "window": ["2026-01-30", "2026-12-31"], "rows": ["2026-01-30", day],
        "start": 0.04, "end": end, "happened": {"verdict": word, "why": None}, "beat_forward": beat,
        "paid": {"verdict": word, "why": None, "excess": (0.04 - end) * 8, "variant": "v", "parts": None},
        "killed": killed, "stale": [], "in_sample": key == "late",
        "path": [["2026-01-30", 0.04], ["2026-02-27", (0.04 + end) / 2], [day, end]],
    }  # fmt: skip


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A journal of two claims, its first verdicts replayed, its last live."""
    path = tmp_path_factory.mktemp("mixed") / "mixed.jsonl"
    wanted = [
        Entry("claim", claim("sound"), {}, replay=True), Entry("claim", claim("late"), {}, replay=True),
        Entry("verdict", verdict("sound", "2026-03-31", 0.038, "holds so far"), {}, replay=True),
        Entry("verdict", verdict("late", "2026-03-31", 0.045, "fails so far"), {}, replay=True),
        Entry("verdict", verdict("sound", "2026-06-30", 0.036, "holds so far"), {"restated": ["curve us"]}),
        Entry("verdict", verdict("late", "2026-06-30", 0.052, "fails so far", killed="2026-05-29"), {}),
    ]  # fmt: skip
    return chain.append(path, lambda _: wanted)


def test_timelines_say_what_was_replayed_what_is_live_and_what_came_after_the_kill(mixed):
    sound, late = items(mixed.lines)
    days = axis([sound, late])
    assert str(days.live) == "2026-06-30"
    drawn = timeline(sound, days)
    assert [(m.kind, m.replayed) for m in drawn.marks] == [("holds", True), ("holds", False)]
    assert drawn.replayed and not drawn.after
    assert drawn.start.label == "4.00"
    after = timeline(late, days)
    assert mark(late.last) == "killed"
    assert after.after
    assert [m.kind for m in after.marks] == ["fails", "killed"]
    assert after.kill == pytest.approx(axis_value(after, 0.05, 0.04, 0.052), abs=0.06)


def axis_value(drawn, value, low, high):
    """Where a value stands between the lowest and the highest that are drawn, eight units from each edge."""
    return 8 + (drawn.high - 16) * (high - value) / (high - low)


def test_what_claims_say_is_escaped_and_in_sample_is_said_in_every_place(mixed):
    text = page_of.page(mixed)
    assert "<b>fall" not in text
    assert "Yields &lt;b&gt;fall&lt;/b&gt; &amp; late" in text
    assert text.count('class="tag">in-sample') == 1
    assert text.count("late: in-sample") == 1
    assert text.count("(in-sample)") == 2
    assert "restated" in text


def test_todays_verdict_that_no_line_holds_is_said(mixed):
    now = {"claim sound": verdict("sound", "2026-07-31", 0.043, "fails so far")}
    assert page_of.page(mixed, now).count("in no line yet") == 1
    assert "in no line yet" not in page_of.page(mixed)


@pytest.fixture(scope="module")
def pages(mixed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(ROOT / "docs/journal/article.jsonl", folder)
    for name, own in (("mixed", mixed), ("article", chain.read(folder / "article.jsonl"))):
        (folder / f"{name}.html").write_text(page_of.page(own), encoding="utf-8")
    return folder


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["mixed", "article"])
def test_it_opens_without_a_word_asks_for_nothing_and_nothing_moves_sideways(browser, pages, name, width, scheme):
    page = Page(browser, pages / f"{name}.html", width, color_scheme=scheme)
    assert page.complaints == []
    assert page.requests == [(pages / f"{name}.html").as_uri()]
    assert page.view.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
