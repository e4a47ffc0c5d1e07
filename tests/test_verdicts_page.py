"""One question, one verdict: no page of a shipped configuration, and no terminal, answers a question twice."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from backtests import config
from backtests.performance.verdicts import sentence
from backtests.report import html
from backtests.report.panels import panels
from backtests.runs import runner, significance
from backtests.runs.snapshot import judged, tables

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = [
    path for path in (ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))) if "daily" not in path.name
]
SHORT = {"data.start": "2014-01-31"}
VERDICT = re.compile(r"[^.:;|]*\bsignifican(?:t|tly)\b[^.;|]*")


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: path.name)
def page(request):
    """A shipped configuration on a shortened record: what is significant of it, and its page."""
    settings = config.load(request.param, [f"{key}={value}" for key, value in SHORT.items()])
    run = runner.run(settings)
    judgement = significance.judge(run)
    stored = judged(tables(run, None), judgement)
    return judgement, html.page(panels(stored))


def rows(page: str, table: str) -> list[list[str]]:
    """The cells of a table's rows, as text."""
    part = re.search(rf'<table[^>]*id="{table}".*?</table>', page, re.DOTALL)
    body = re.findall(r"<tr>(.*?)</tr>", part[0].split("<tbody>")[1], re.DOTALL) if part else []
    return [[text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in body]


def paragraphs(page: str) -> list[str]:
    return [text(part) for part in re.findall(r"<p>(.*?)</p>", page, re.DOTALL)]


def text(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup)).replace("\u200b", "").strip()


def test_a_row_has_one_verdict_and_it_follows_the_interval_then_p(page):
    judgement, markup = page
    said = {row[0]: row[1:] for row in rows(markup, "significance")}
    assert set(said) == set(judgement.variants)
    for name, variant in judgement.variants.items():
        *cells, words = said[name]
        assert not any(VERDICT.search(cell) for cell in cells)
        low, high, p = variant.sharpe.low, variant.sharpe.high, variant.one_of_many.p
        if low is None:
            continue
        assert words.startswith("Not significant") == (low <= 0 <= high)
        several = judgement.choice.best_of_many.clusters > 1
        assert ("and as the best of" in words) == (several and low > 0 and p <= 0.05)
        assert ("but not as the best of" in words) == (several and low > 0 and p > 0.05)


def test_the_best_of_everything_tried_is_judged_once_and_as_its_own_row_is(page):
    judgement, markup = page
    best = judgement.choice.best_of_many
    said = [line for line in paragraphs(markup) if line == sentence(best)]
    assert len(said) == 1
    beside = [line for line in paragraphs(markup) if line.startswith("Beside it")]
    assert len(beside) == (best.clusters > 1)
    assert not any(VERDICT.search(line) for line in beside)
    if best.clusters > 1:
        own = next(row[-1] for row in rows(markup, "significance") if row[0] == best.variant)
        assert ("not significant" not in said[0]) == ("and as the best of" in own)


def test_overfitting_has_a_verdict_below_the_band_only_and_spa_one_a_benchmark(page):
    judgement, markup = page
    choice = judgement.choice
    overfit = choice.overfitting
    said = next(line for line in paragraphs(markup) if line == sentence(overfit))
    assert ("stay good" in said) == (overfit.probability is not None and overfit.probability < overfit.low)
    assert not VERDICT.search(said)
    against = rows(markup, "spa")
    assert [row[0] for row in against] == list(choice.spa)
    assert all(len(VERDICT.findall(row[-1])) == 1 for row in against)
