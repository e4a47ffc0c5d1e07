"""The page of a journal: a timeline a claim, the tally by kind, and the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backtests.report import html
from backtests.report import journal_rows as words
from backtests.report.format import ABSENT, percent
from backtests.report.journal_plots import LEFT, Timeline, axis, ticks, timeline
from backtests.report.journal_rows import Item, items
from backtests.thesis.chain import Chain, Line
from data.errors import DataError

SHOWN = 1_000  # lines on the page; the file has them all
FIRST = 12  # of them, until more are asked for
BAR = 20.0  # half the width of a bar of what was paid
NAMES = {
    "holds": "holds", "fails": "fails", "killed": "given up", "cannot": "cannot be tested", "none": "not judged",
}  # fmt: skip


@dataclass(frozen=True)
class ItemRow:
    """A claim or trade of the page, as text and geometry."""

    key: str
    name: str
    kind: str
    in_sample: bool
    mark: str
    replayed: bool
    word: str
    why: str
    unwritten: bool
    level: str
    hurdle: str
    kill: str
    paid: str
    bar: float  # signed width
    timeline: Timeline | None
    stale: tuple[str, ...]


@dataclass(frozen=True)
class TallyRow:
    """A kind of claim, counted."""

    kind: str
    claims: int
    counts: list[int]  # by MARKS
    in_sample: int
    paid: str
    mean: str


@dataclass(frozen=True)
class LineRow:
    """A line of the journal, as text."""

    seq: int
    as_of: str
    written: str
    replay: bool
    what: str
    text: str
    hash: str


def page(chain: Chain, now: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Return a journal as one HTML document; `now` holds verdicts of today by key, which no line has.

    Raises
    ------
    DataError
        Lines that chain, but hold what no journal of this version does.
    """
    rows = rows_of(chain, now)
    try:
        return _page(chain, rows)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _foreign(chain, error) from None


def rows_of(chain: Chain, now: Mapping[str, Mapping[str, Any]] | None = None) -> list[Item]:
    """Return what a journal holds, by claim and trade; raises as `page`."""
    try:
        rows = items(chain.lines, now)
        words.table(rows)
        words.verdict(rows, chain.lines)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _foreign(chain, error) from None
    return rows


def _foreign(chain: Chain, error: Exception) -> DataError:
    return DataError(f"{chain.path}: holds what no journal of this version does ({type(error).__name__}: {error})")


def _page(chain: Chain, rows: Sequence[Item]) -> str:
    days = axis(rows)
    return html.render(
        "journal.html",
        title=f"Journal {chain.path.stem}",
        name=str(chain.path) if len(chain.path.parts) != 2 or chain.path.parent.name != "journal" else chain.path.stem,
        chain=chain,
        registered=words.registered(rows),
        count=len(chain.lines),
        replayed=sum(bool(line.get("replay")) for line in chain.lines),
        span=[str(days.first), str(days.last)] if days else [],
        days=days,
        left=LEFT,
        ticks=ticks(days) if days else [],
        verdict=words.verdict(rows, chain.lines),
        rows=_rows(rows),
        names=NAMES,
        tally=_tally(rows),
        lines=[_line(line) for line in reversed(chain.lines[-SHOWN:])],
        first=FIRST,
        head=[chain.head[i : i + 8] for i in range(0, 64, 8)],
        checked=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        css=html.asset("report.css"),
        script=html.script("page", "table", "rail") + "page.theme(() => {}); page.ready();",
    )


def _rows(rows: Sequence[Item]) -> list[ItemRow]:
    days = axis(rows)
    largest = max((abs(words.paid(item.last) or 0.0) for item in rows), default=0.0) or 1.0
    return [_row(n, item, timeline(item, days) if days else None, largest) for n, item in enumerate(rows, 1)]


def _row(number: int, item: Item, drawn: Timeline | None, largest: float) -> ItemRow:
    body = item.last or {}
    earned = words.paid(item.last)
    unit = item.unit.level
    return ItemRow(
        key=str(number),
        name=item.name,
        kind=f"{item.body['kind']}{f', {unit}' if unit and 'unit' in item.body else ''}",
        in_sample=item.in_sample,
        mark=words.mark(item.last),
        replayed=bool(item.verdicts and item.verdicts[-1].get("replay")),
        word=words.word(item.last),
        why=str((words.answer(body) or {}).get("why") or "") if body else "",
        unwritten=item.unwritten,
        level=words.level(item),
        hurdle=words.hurdle(item),
        kill=words.kill(item),
        paid=ABSENT if earned is None else percent(earned, 2),
        bar=round(BAR * (earned or 0.0) / largest, 1),
        timeline=drawn,
        stale=tuple(body.get("stale", ())),
    )


def _tally(rows: Sequence[Item]) -> list[TallyRow]:
    kinds = list(dict.fromkeys(item.body["kind"] for item in rows))
    return [_counted(kind, [item for item in rows if item.body["kind"] == kind]) for kind in kinds] + (
        [_counted("All", rows)] if rows else []
    )


def _counted(kind: str, rows: Sequence[Item]) -> TallyRow:
    marks = [words.mark(item.last) for item in rows]
    earned = [value for item in rows if (value := words.paid(item.last)) is not None]
    return TallyRow(
        kind=kind,
        claims=len(rows),
        counts=[marks.count(name) for name in words.MARKS],
        in_sample=sum(item.in_sample for item in rows),
        paid=f"{sum(value > 0 for value in earned)} of {len(earned)}" if earned else ABSENT,
        mean=percent(sum(earned) / len(earned), 2) if earned else ABSENT,
    )


def _line(line: Line) -> LineRow:
    what, text = words.what(line)
    return LineRow(
        line["seq"], line["body"]["as_of"], line["time"].replace("T", " ")[:16], bool(line.get("replay")), what, text,
        line["hash"][:8],
    )  # fmt: skip
