"""Write docs/journal/article.jsonl, the article's journal as it would have been, and the tables of docs/journal.md.

It is registered on the data to the end of 2025 and judged on each month end since. A replay is no record: one that
would hold the same stays as it is, any other is written anew.

python docs/journal_replay.py
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from backtests import config
from backtests.report import journal_rows as words
from backtests.thesis import chain, journal
from backtests.thesis.chain import Line
from docs.blocks import filled

PAGE = Path(__file__).resolve().parent / "journal.md"
JOURNAL = PAGE.parent / "journal/article.jsonl"
CONFIG = PAGE.parent.parent / "config/thesis.yaml"
BEGUN = date(2025, 12, 31)


def replay(path: Path) -> tuple[Line, ...]:
    """Write the journal of the article to a new file, month end by month end."""
    thesis = config.load(CONFIG)
    rows = [row.astype(object) for row in journal.moment(thesis).known.market.dates]
    journal.register(path, thesis, journal.moment(thesis, BEGUN))
    for day in (row for row in rows if row >= BEGUN):
        journal.judge(path, thesis, replace(journal.moment(thesis, day), replay=True))  # the last day's, too
    return chain.read(path).lines


def held(lines: Sequence[Line]) -> list[list[Any]]:
    """Return what lines hold, whenever they were written."""
    return [[line["kind"], line["body"], line["data"], line.get("replay")] for line in lines]


def blocks(path: Path) -> dict[str, str]:
    """Return what stands between the markers of the page, by name."""
    lines = chain.read(path).lines
    rows = words.items(lines)
    later = [line for line in lines if line["kind"] == "verdict" and line["body"]["as_of"] > str(BEGUN)]
    table = "| line | as of | how | | it says | hash |\n| ---: | --- | --- | --- | --- | --- |\n"
    for line in later:
        what, text = words.what(line)
        table += f"| {line['seq']} | {line['body']['as_of']} | replay | {what} | {text} | `{line['hash'][:8]}` |\n"
    return {"verdict": f"{words.verdict(rows, lines)}\n", "lines": table}


if __name__ == "__main__":
    JOURNAL.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / JOURNAL.name
        if held(replay(fresh)) != held(chain.read(JOURNAL).lines):
            JOURNAL.write_bytes(fresh.read_bytes())
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(JOURNAL)), encoding="utf-8")
