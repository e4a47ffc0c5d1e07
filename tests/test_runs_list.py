"""The list of runs: every variant, notes and tags, the same trade under another name, and what comparing takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from backtests.report import index
from backtests.runs import note
from backtests.runs.listing import listed
from tests.browsing import Page
from tests.command import SMALL

BIGGER = (
    SMALL.replace("name: small", "name: again").replace("pair:", "double:").replace("JGB10}", "JGB10, duration: 7}")
)


@pytest.fixture
def runs(divergence, here, no_pictures) -> Path:
    """Two runs, of which the second has the first's pair under another name and at another size."""
    Path("one.yaml").write_text(SMALL)
    Path("two.yaml").write_text(BIGGER)
    for file in ("one.yaml", "two.yaml"):
        assert divergence("run", file, "-q")[0] == 0
    return here / "runs"


def named(runs: Path, name: str) -> Path:
    (found,) = runs.glob(f"{name}-*")
    return found


def test_every_variant_of_every_run_is_listed_and_the_same_trade_found(runs, divergence):
    rows = {(row.run, row.variant): row for row in index.rows(listed(runs).runs)}
    stored = json.loads((named(runs, "small") / "metrics.json").read_text())["variants"]
    assert {variant for run, variant in rows if run == "small"} == set(stored)
    assert rows["small", "pair"].alike == "double (again)"
    assert rows["again", "double"].alike == "pair (small)"
    assert float(rows["small", "pair"].raw[0]) == stored["pair"]["excess_return"]
    _, out, _ = divergence("runs")
    assert all(variant in out for _, variant in rows)
    _, out, _ = divergence("runs", "--json")
    told = json.loads(out)["runs"]
    assert {(row["run"], row["variant"]) for row in told} == set(rows)
    assert next(row for row in told if row["variant"] == "pair")["sharpe"] == stored["pair"]["sharpe"]


def test_a_note_stands_in_the_list_and_on_the_page_until_another_is_written(runs, divergence):
    run = str(named(runs, "small"))
    assert divergence("note", run)[1] == f"{run} has no note\n"
    divergence("note", run, "a <b>first</b> look", "--tag", "desk")
    divergence("note", run, "a second look", "--tag", "2026")
    assert divergence("note", run)[1] == "a second look [desk] [2026]\n"
    assert "a second look [desk] [2026]" in divergence("runs")[1]
    page = (runs / "index.html").read_text()
    assert "a second look" in page and '<span class="tag">desk</span>' in page


def test_a_note_is_escaped_on_the_page(runs, divergence):
    divergence("note", str(named(runs, "small")), "<img src=x onerror=alert(1)>")
    page = (runs / "index.html").read_text()
    assert "<img" not in page and "&lt;img" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "x"], "nowhere: no such run; `divergence runs` lists them"),
        (["RUN", "x" * 2_001], "the note has 2,001 characters; at most 2,000 are kept"),
        (["RUN", "--tag", "two words"], "tag 'two words': letters, digits, - _ . and at most 32 of them"),
    ],
)
def test_a_note_that_cannot_be_is_one_line(runs, divergence, arguments, said):
    run = named(runs, "small")
    status, _, err = divergence("note", *[str(run) if each == "RUN" else each for each in arguments])
    assert status == 2 and err == f"error: {said}\n"
    assert not (run / note.FILE).exists()


@pytest.mark.parametrize("content", ["", "[]", '{"text": 3, "tags": []}', '{"text": "a", "tags": [4]}', "\xff"])
def test_a_damaged_note_costs_no_run(runs, content):
    (named(runs, "small") / note.FILE).write_text(content, encoding="latin-1")
    (row, *_) = [row for row in index.rows(listed(runs).runs) if row.run == "small"]
    assert row.note == "note.json cannot be read"


def test_a_run_of_an_earlier_version_has_no_other_names(runs):
    for path in runs.glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        for own in manifest["variants"].values():
            del own["idea"]
        path.write_text(json.dumps(manifest))
    assert {row.alike for row in index.rows(listed(runs).runs)} == {""}


def test_only_the_newest_runs_are_listed_until_all_are_asked_for(runs, divergence):
    for i in range(10):
        shutil.copytree(named(runs, "small"), runs / f"copy-{i}")
    assert "… and 2 earlier runs; --all lists them" in divergence("runs")[1]
    out = divergence("runs", "--all")[1]
    assert "earlier" not in out and all(f"copy-{i}" in out for i in range(10))


@pytest.mark.browser
def test_ticked_runs_become_a_command(browser, runs):
    page = Page(browser, runs / "index.html", 1440)
    first, second = named(runs, "small").name, named(runs, "again").name
    page.view.get_by_label(f"Compare {first}").first.check()
    assert page.view.locator("#compare code").inner_text() == f"divergence compare runs/{first} ANOTHER"
    page.view.get_by_label(f"Compare {second}").first.check()
    assert page.view.locator("#compare code").inner_text() == (
        f"divergence compare runs/{first} runs/{second} --out compared"
    )
    page.view.get_by_label(f"Compare {first}").first.uncheck()
    assert page.view.locator("#compare code").inner_text() == f"divergence compare runs/{second} ANOTHER"
    assert page.complaints == []
