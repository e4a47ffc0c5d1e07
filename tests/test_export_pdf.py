"""A run printed: one page whatever it holds, the whole report, and what happens without a Chromium."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from backtests.report import onepage, summary
from backtests.report.panels import panels
from backtests.report.verdict import verdict
from backtests.runs import folder as run_folder
from tests.browsing import CHROMIUM
from tests.command import divergence, files
from tests.test_former_runs import FIXTURES, FORMER

printing = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def content(small):
    return panels(run_folder.load(small.folder / "result"))


@pytest.fixture
def copied(small, here):
    shutil.copytree(small.folder / "result", here / "run")
    return here


def pages(path: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))


def with_notices(content, notices: list[str]):
    return replace(content, run=replace(content.run, manifest={**content.run.manifest, "notices": notices}))


def test_the_sheet_says_the_verdict_the_notices_and_the_summary_without_a_script(content):
    page = onepage.page(with_notices(content, ["A <b>bold</b> notice", "another"]))
    assert verdict(content) in page
    assert "<strong>2 notices</strong>" in page
    assert "A &lt;b&gt;bold&lt;/b&gt; notice" in page
    for row in summary.figures(content):
        assert all(cell.text in page for cell in row.cells)
    assert page.count("data:image/png;base64,") == 2
    assert "<script" not in page


def test_of_many_variants_and_notices_the_first_stand_on_the_sheet_and_the_others_are_counted(content):
    pair, bond = content.variants
    many = [replace(pair, name=f"v{i}") for i in range(40)] + [replace(bond, name=f"b{i}") for i in range(5)]
    run = replace(content.run, metrics={each.name: each.figures for each in many})
    page = onepage.page(with_notices(replace(content, run=run, variants=many), [f"notice {i}" for i in range(20)]))
    rows = re.findall(r'<th scope="row">([vb]\d+)', page)
    assert rows == [*(f"v{i}" for i in range(13)), "b0", "b1", "b2"]
    assert "29 more variants are in the report" in page
    assert "<strong>20 notices</strong>" in page
    assert "and 14 more, in the report" in page


@pytest.mark.browser
@printing
def test_a_run_is_printed_on_one_page_and_its_report_on_more(copied):
    assert divergence("export", "run", "--pdf") == (0, "pdf: run.pdf\n", "")
    assert pages(Path("run.pdf")) == 1
    assert divergence("export", "run", "--pdf", "--full", "--out", "whole.pdf") == (0, "pdf: whole.pdf\n", "")
    assert pages(Path("whole.pdf")) > 4
    assert sorted(path.name for path in copied.iterdir()) == ["run", "run.pdf", "whole.pdf"]


@pytest.mark.browser
@printing
@pytest.mark.parametrize("name", FORMER)
def test_a_run_of_an_earlier_version_is_printed(name, here):
    assert divergence("export", FIXTURES / name, "--pdf", "--out", "a.pdf").status == 0
    assert pages(Path("a.pdf")) == 1


def test_without_a_chromium_one_line_says_what_to_install(copied, monkeypatch):
    monkeypatch.setattr("backtests.export.pdf.NAMES", ("no-such-browser",))
    monkeypatch.setattr("backtests.export.pdf.ELSEWHERE", ())
    before = files(copied)
    status, out, err = divergence("export", "run", "--pdf")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "apt-get install chromium" in err
    assert files(copied) == before


@pytest.mark.parametrize(
    ("script", "said"), [("echo no display >&2; exit 3", "status 3: no display"), ("exit 0", "status 0")]
)
def test_a_chromium_that_prints_nothing_leaves_nothing(script, said, copied, monkeypatch, tmp_path_factory):
    fake = tmp_path_factory.mktemp("bin") / "chromium"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/bin:/usr/bin")
    before = files(copied)
    status, out, err = divergence("export", "run", "--pdf")
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert said in err
    assert files(copied) == before


@pytest.mark.parametrize("words", [("--xlsx", "--full"), ("--pdf", "--full", "--variant", "pair")])
def test_the_whole_report_is_a_pdf_of_all_variants(words, copied):
    status, _, err = divergence("export", "run", *words)
    assert (status, err) == (
        2, "error: --full is the whole report as a PDF; give it with --pdf, and without --variant\n"
    )  # fmt: skip
