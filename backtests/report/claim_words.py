"""The scorecard in words: the terminal's lines, and the figures and sentences that its page shows too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from backtests.config.claims import Fact
from backtests.report.claim_plots import figure
from backtests.report.format import ABSENT, MINUS, millions, month, number, percent, signed
from backtests.thesis.claims import CANNOT, PARTS, Judged, Reading, Trade, Verdict
from backtests.thesis.scorecard import Card, Profit
from data.errors import shortened

WIDEST = 60  # of a sentence in the terminal's table

HEADINGS = ("claim", "thesis says", "we measure", "window", "it happened", "beat forward, bp", "trade paid, %")
PART_NAMES = {
    "carry": "carry", "rolldown": "roll-down", "level": "level", "curve": "curve", "fx": "FX", "rest": "rest",
}  # fmt: skip
TRADE_HEADINGS = ("trade paid, %", "of the claim", "window", "over cash", *PART_NAMES.values(), "trips")


def name(row: Judged) -> str:
    """Return the sentence, with the definition it hangs on."""
    return f"{row.claim.text} ({row.claim.definition})" if row.claim.definition else row.claim.text


def measured(row: Judged, reading: Reading) -> str:
    """Return what was measured: the value with its interval, or from where to where it went and by how much."""
    says, evidence, unit = row.claim.says, reading.evidence, row.unit
    suffix = f" {unit.level or '×'}"
    if isinstance(row.claim.measure, Fact):
        return "a fact" if reading.end is None else f"{figure(reading.end, unit)}{suffix}".rstrip(" ×")
    if reading.end is None:
        return ABSENT
    if (says and says.reads == "change") or (says is None and row.claim.cannot):
        moved = signed(reading.change, 0 if unit.moves == 1e4 else unit.digits, unit.moves)
        tail = " bp" if unit.change == "bp" != unit.level else ""
        return f"{figure(reading.start, unit)} → {figure(reading.end, unit)}{suffix} ({moved}{tail})"
    text = f"{figure(reading.end, unit)}{suffix}"
    if evidence and evidence.low is not None:
        text += f" ({figure(evidence.low, unit)} to {figure(evidence.high, unit)})"
    return text


def window(reading: Reading) -> str:
    """Return from which month to which a reading goes, or the one month it is of."""
    first, last = month(reading.first), month(reading.last)
    return last if first == last else f"{first}–{last}"


def condition_of(row: Judged) -> str:
    """Return what would make a claim true, in words."""
    says, unit = row.claim.says, row.unit
    if says is None:
        return "the fact is so" if isinstance(row.claim.measure, Fact) else "nothing here can say"
    if row.claim.cannot:
        return "nothing here can say"
    change = says.reads == "change"
    what = "its change over the window" if change else "its value at the end"
    label, scale = (unit.change, unit.moves) if change else (unit.level, unit.scale)
    tail = f" {label}" if label else ""
    low, high = (f"{round(bound * scale, 3) + 0.0:g}".replace("-", MINUS) for bound in (says.low, says.high))
    if says.direction > 0:
        return f"{what} above {low}{tail}"
    return f"{what} below {high}{tail}" if says.direction < 0 else f"{what} between {low} and {high}{tail}"


def readings(row: Judged, thesis_date: date) -> Iterator[tuple[str, Reading]]:
    """Return a claim's readings with their labels; that of its own window has none."""
    yield "", row.stated
    if row.since:
        yield f"since {thesis_date}", row.since


# ---- the terminal


def lines(row: Judged, thesis_date: date) -> list[list[str]]:
    """Return a claim's lines for the terminal: over its own window, and since the thesis."""
    rows = []
    for label, reading in readings(row, thesis_date):
        head = [f"  {label}", ""] if label else [shortened(name(row), WIDEST), row.claim.number]
        rows.append([*head, *_cells(row, reading)])
    return rows


def _cells(row: Judged, reading: Reading) -> list[str]:
    forward, trade = reading.forward, reading.trade
    return [
        measured(row, reading),
        window(reading),
        "cannot" if reading.verdict.word == CANNOT else reading.verdict.text,
        f"{short(forward.verdict)} ({figure(forward.value, row.unit)})" if forward else "",
        f"{short(trade.verdict)} ({percent(trade.excess)})" if trade else "",
    ]


def short(verdict: Verdict) -> str:
    """Return a verdict as a narrow column has it; that its window is open stands in another."""
    return "cannot" if verdict.word == CANNOT else verdict.word


def reasons(card: Card) -> list[str]:
    """Return why each claim that cannot be tested cannot, what was given up, and what rests on old figures."""
    told: dict[str, None] = {}
    for row in card.rows:
        for _, reading in readings(row, card.thesis_date):
            if reading.verdict.why:
                told[f"{name(row)}: {reading.verdict.why}."] = None
            if reading.killed:
                told[f"{name(row)}: given up on {reading.killed}, when it {_reached(row)}."] = None
            for age in reading.stale:
                told[f"STALE: {name(row)}: {age}."] = None
    return list(told)


def _reached(row: Judged) -> str:
    kill = row.claim.kill
    assert kill is not None
    way = "rose" if kill.side == "above" else "fell"
    return f"{way} to {figure(kill.level, row.unit)} {row.unit.level}".rstrip()


def trades(card: Card) -> list[list[str]]:
    """Return what each trade made over cash in its claim's own window, and of what, in percent."""
    return [
        [
            trade.variant,
            row.claim.key,
            window(row.stated),
            percent(trade.excess, 2),
            *parts(trade),
            str(len(trade.trips)),
        ]
        for row in card.rows
        if (trade := row.stated.trade) and trade.parts
    ]


def parts(trade: Trade) -> list[str]:
    """Return the parts of a trade's return, in percent."""
    return [percent(trade.parts[part], 2) if trade.parts else ABSENT for part in PARTS]


def profits(card: Card) -> list[tuple[str, str, str]]:
    """Return trading P&L since the thesis by variant and by leg, USD m."""
    return [(profit.variant, millions(profit.pnl), ", ".join(legs(profit))) for profit in card.profits]


def legs(profit: Profit) -> list[str]:
    """Return the P&L of each leg, USD m."""
    return [f"{leg} {millions(usd)}" for leg, usd in profit.legs.items()]


def verdict(card: Card) -> str:
    """Return the scorecard in a sentence."""
    words = Counter(row.happened.text for row in card.rows)
    held = [row for row in card.rows if row.happened.word == "holds" and row.since]
    later = sum(row.since is not None and row.since.verdict.word == "fails" for row in held)
    turned = f"; of those that hold, {later} fail since {card.thesis_date}" if later else ""
    far = f", {words['holds so far']} hold and {words['fails so far']} fail so far"
    return (
        f"Of {len(card.rows)} claims {words['holds']} hold, {words['fails']} fail"
        f"{far if words['holds so far'] or words['fails so far'] else ''} and {words[CANNOT]} cannot be tested "
        f"on this data, as known on {card.as_of}{turned}."
    )


def paid(excess: float | None) -> str:
    """Return a return over cash, in percent."""
    return number(excess, 2, 100.0)
