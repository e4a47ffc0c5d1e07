"""One variant's ticket on the terminal: signals, legs, trades, key rates, levels, what followed its analogues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backtests.ticket import Ticket
    from backtests.ticket.analogues import Analogues, Outcome
    from backtests.ticket.sheet import Leg, Sheet

FILLS = {"same_close": "filled at the same close", "next_close": "filled at the next close"}


def details(sheet: Sheet, outcome: Outcome | None, ticket: Ticket) -> None:
    """Print a variant's own ticket."""
    from backtests.cli import terminal
    from backtests.report import ticket_words as words
    from backtests.thesis.books import words as net_duration

    terminal.say("")
    what = f"{sheet.variant.name}: {sheet.variant.strategy_name}, {sheet.variant.currency.kind}"
    if sheet.missing:
        terminal.say(f"{what}; no target now: {sheet.missing}")
    else:
        every = sheet.variant.rebalance.every
        row = f"a decision row (every {every})" if sheet.scheduled else f"between decision rows (every {every})"
        terminal.say(f"{what}; row {sheet.day}, {row}, {FILLS[sheet.fill]}")
        terminal.say(f"  {words.headline(sheet)}")
        if any(sheet.dv01):
            terminal.say(f"  {net_duration(sheet.years, sheet.market.countries)}")
    _signals(sheet)
    if not sheet.missing and idle(sheet):
        terminal.say(f"  {words.flat(sheet)}.")
    elif not sheet.missing:
        _legs(sheet.legs)
        _lines(sheet)
        _buckets(sheet)
        _book(sheet)
        _levels(sheet)
        _marks(sheet)
    elif ticket.orders:
        terminal.say("without a target there is no order: what is held is left as it is")
    if outcome is not None and outcome.count:
        _after(outcome, ticket.analogues)


def _signals(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, percent, signed

    rows = []
    for signal in sheet.signals:
        now = signed(signal.value, 3) if signal.value is not None else f"not known after {signal.last or ABSENT}"
        rows.append((f"  {signal.name}", now, signed(signal.score), percent(signal.percentile, 0), f"{signal.rows:,}"))
    if rows:
        terminal.table(("  signal", "now", "z-score", "percentile", "of rows"), rows)


def _legs(legs: Sequence[Leg]) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, number, signed
    from data.countries import BASE

    rows = [
        (
            f"  {leg.name}", signed(leg.weight, 3), leg.currency, number(leg.notional, 0), number(leg.usd, 0),
            number(leg.dv01, 0),
            f"{signed(leg.contracts, 1)} {leg.future}" if leg.contracts is not None else ABSENT,
            signed(_less(leg.carry_month, leg.roll_month), 1, 1e4), signed(leg.roll_month, 1, 1e4),
            signed(_less(leg.carry_quarter, leg.roll_quarter), 1, 1e4), signed(leg.roll_quarter, 1, 1e4),
        )
        for leg in legs
    ]  # fmt: skip
    headings = (
        "  leg", "weight", "in", "local notional", BASE, f"DV01 {BASE}", "same DV01", "carry 1m bp", "roll",
        "carry 3m bp", "roll",
    )  # fmt: skip
    terminal.table(headings, rows, left=(0, 2))


def _lines(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number, signed
    from backtests.report.ticket_words import quoted
    from data.countries import BASE

    ordered = any(line.order is not None for line in sheet.lines)
    rows = []
    for line in sheet.lines:
        row = (
            f"  {line.unit.instrument}", ", ".join(line.legs) or "no leg", signed(line.quantity, 0), line.unit.of,
            quoted(line.unit.quoted, line.unit.instrument), number(line.usd, 0), number(line.dv01, 0),
        )  # fmt: skip
        order = (number(line.held, 0), signed(line.order, 0), signed(line.order_usd, 0), number(line.cost, 0))
        rows.append((*row, *order) if ordered else row)
    headings = ("  trade", "for", "target", "of", "price", BASE, f"DV01 {BASE}")
    orders = ("held", "order", f"order {BASE}", f"cost {BASE}") if ordered else ()
    terminal.table((*headings, *orders), rows, left=(0, 1, 3))
    for line in sheet.lines:
        if line.why_face:
            terminal.say(f"  {line.unit.instrument} in {line.unit.of}: {line.why_face}")
    if sheet.inside_band:
        terminal.say("  what is held is inside the rebalance band of every leg: nothing trades")
    elif ordered and not any(line.order for line in sheet.lines):
        terminal.say("  what is held is what is wanted: no orders")


def _buckets(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report import ticket_words as words
    from backtests.report.format import number

    rows = [
        (
            f"  {row.curve} {row.years:g}", number(row.before, 0), number(row.after, 0), number(row.lots, 0),
            number(row.residual, 0), number(row.half, 0),
        )
        for row in sheet.buckets
    ]  # fmt: skip
    if rows:
        terminal.table(("  key rate", "before", "after", "in lots", "residual", "half a contract"), rows)
        for sentence in words.bucket_notes(sheet):
            terminal.say(f"  {sentence}")


def _book(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report import ticket_words as words
    from backtests.report.format import number, signed

    month, quarter = (signed(value, 1, 1e4) for value in sheet.net)
    terminal.say(
        f"  net carry and roll: {month} bp of capital next month, {quarter} in three, after "
        f"{number(sheet.holding_quarter, 1, 1e4)} in three of borrow, rolling and financing spread"
    )
    flat = [leg.name for leg in sheet.legs if not leg.rolls]
    if flat:
        terminal.say(f"  without roll-down: {', '.join(flat)}; the curve is not quoted near enough below the maturity")
    terminal.say(f"  break-even: {words.breakeven(sheet)}")


def _levels(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report import ticket_words as words
    from data.countries import BASE

    levels = sheet.levels
    if isinstance(levels, str):
        terminal.say(f"  no forward hurdle: {levels}")
        return
    terminal.say(f"  {words.hurdle(levels)}")
    rows = [(f"  {row[0]}", *row[1:]) for row in words.level_rows(levels, sheet.lines, sheet.base)]
    headings = ("  level", "spread bp", *(f"{leg} %, price" for leg in levels.weights), f"P&L {BASE}", "% of capital")
    terminal.table(headings, rows)
    if not levels.trade:
        terminal.say(f"  {words.NO_STOP}")


def _marks(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report import ticket_words as words

    terminal.say(f"  {words.marks(sheet)}")
    if any(line.quantity for line in sheet.lines):
        terminal.say(f"  {words.margin(sheet)}")


def _after(outcome: Outcome, analogues: Analogues) -> None:
    from backtests.cli import terminal
    from backtests.report.format import signed
    from backtests.ticket.analogues import HORIZONS

    headings = ("  after", *(f"{analogue.day:%Y-%m}" for analogue in analogues.closest))
    rows = [
        (f"  next {months}m %", *(signed(known(value), 1, 100) for value in outcome.after[:, i]))
        for i, months in enumerate(HORIZONS)
    ]
    rows.append(("  worst mark %", *(signed(known(value), 1, 100) for value in outcome.worst)))
    terminal.table(headings, rows)


def _less(total: float | None, part: float | None) -> float | None:
    return None if total is None or part is None else total - part


def idle(sheet: Sheet) -> bool:
    """Whether nothing is held, wanted or traded, so that there is nothing to size."""
    return not any(leg.weight for leg in sheet.legs) and not any(line.order or line.held for line in sheet.lines)


def known(value: float) -> float | None:
    """Return a figure; None where it is not a number."""
    return None if value != value else value
