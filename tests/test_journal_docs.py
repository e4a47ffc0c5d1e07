"""docs/journal: the replayed journal of the article chains, is of the claims as they stand, and its page shows it."""

from __future__ import annotations

import importlib.util
import re
from datetime import date
from pathlib import Path

import pytest

from backtests import config
from backtests.report.journal_rows import word
from backtests.thesis import chain, journal
from backtests.thesis.statements import stated

ROOT = Path(__file__).resolve().parent.parent
PAGE, JOURNAL = ROOT / "docs/journal.md", ROOT / "docs/journal/article.jsonl"


@pytest.fixture(scope="module")
def lines():
    return chain.read(JOURNAL).lines


@pytest.fixture(scope="module")
def thesis():
    return config.load(ROOT / "config/thesis.yaml")


def test_it_chains_and_every_line_is_marked_replay_and_in_sample(lines):
    assert chain.read(JOURNAL).complaint == ""
    assert all(line.get("replay") is True and line["body"]["in_sample"] for line in lines)
    assert {line["body"]["as_of"] for line in lines if line["kind"] == "claim"} == {"2025-12-31"}


def test_it_is_of_the_claims_as_they_stand(lines, thesis):
    now = {f"claim {claim.key}": stated(claim, thesis) for claim in thesis.claims}
    then = {key: line["body"]["states"] for key, line in journal.registered(lines).items()}
    assert then == now, "run `make docs` and read what changed"


def test_its_last_verdicts_are_todays(lines, thesis):
    today = journal.judged(thesis, journal.moment(thesis), journal.registered(lines))
    last = {journal.key_of(line["body"]): line["body"] for line in lines if line["kind"] == "verdict"}
    assert {key: word(body) for key, body in last.items()} == {key: word(body) for key, (body, _) in today.items()}


def test_a_past_days_verdicts_are_those_replayed(lines, thesis):
    day = date(2026, 1, 31)
    known = journal.registered(lines)
    bodies = journal.judged(thesis, journal.moment(thesis, day), known)
    wrote = [line["body"] for line in lines if line["kind"] == "verdict" and line["body"]["as_of"] == str(day)]
    assert len(wrote) > 3
    for body in wrote:
        assert word(bodies[journal.key_of(body)][0]) == word(body)


def test_the_page_shows_what_it_holds():
    spec = importlib.util.spec_from_file_location("journal_replay", ROOT / "docs/journal_replay.py")
    replay = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(replay)
    text = PAGE.read_text(encoding="utf-8")
    assert replay.filled(text, replay.blocks(JOURNAL)) == text, "run `make docs` and read what changed"


def test_anybody_can_check_it_as_the_page_says(tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    space: dict = {}
    exec(compile(block, "docs/journal.md", "exec"), space)
    assert space["whole"](JOURNAL)
    (tmp_path / "x.jsonl").write_bytes(JOURNAL.read_bytes().replace(b"decline", b"Decline", 1))
    assert not space["whole"](tmp_path / "x.jsonl")
