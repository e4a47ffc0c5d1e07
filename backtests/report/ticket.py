"""A ticket as a page: what to trade, key rates, levels, carry, analogues, the last 60 months and margin, by variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from backtests.report import html
from backtests.report import ticket_plots as plots
from backtests.report import ticket_words as words
from backtests.report.format import ABSENT, number, signed
from backtests.ticket import Ticket, output
from backtests.ticket.analogues import HORIZONS, Outcome
from backtests.ticket.levels import Levels
from backtests.ticket.marks import MONTHS
from backtests.ticket.sheet import Sheet

ROWS = {"daily": "days", "weekly": "week ends", "monthly": "month ends"}
FILLS = {"same_close": "filled at the same close", "next_close": "filled at the next close"}
BARRED = (1, 2)  # which of the horizons have bars
BAR = 22.0  # half the width of a cell's bar


@dataclass(frozen=True)
class Cell:
    """A figure, and the bar beside it: where it starts and how wide it is, about the middle."""

    text: str
    raw: str = ""
    start: float = 0.0
    size: float = 0.0
    up: bool = True
    barred: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table: its name, a word of its kind, and its cells."""

    name: str
    cells: Sequence[Cell]
    kind: str = ""
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """A variant's part of the page."""

    sheet: Sheet
    about: str
    headline: str
    verdict: Sequence[str]
    trades: Sequence[Row]
    ordered: bool
    buckets: Sequence[Row]
    held: bool
    bucket_notes: Sequence[str]
    levels: Sequence[Row]
    legs: Sequence[str]
    plot: plots.Plot | None
    spread: str
    hurdle: str
    carry: Sequence[Row]
    followed: Sequence[Row]
    averages: Sequence[Row]
    compared: str
    dots: plots.Dots | None
    marks: str
    margin: Sequence[Row]


def page(ticket: Ticket) -> str:
    """Return the ticket as one HTML document that needs nothing from outside."""
    panels = [_panel(ticket, k) for k in range(len(ticket.sheets))]
    rows = output.positions(ticket)
    return html.render(
        "ticket.html",
        ticket=ticket,
        title=panels[0].headline if len(panels) == 1 else f"Ticket of {ticket.asked}: {len(panels)} variants",
        panels=panels,
        stale=[_stale(input_) for input_ in ticket.inputs if input_.stale],
        effective=number(ticket.analogues.effective, 1),
        overlapping=words.overlapping(ticket.outcomes),
        contracts=[words.contract(quote) for quote in ticket.futures],
        buckets_mean=" ".join(words.BUCKETS_MEAN),
        levels_mean=" ".join(words.LEVELS_MEAN),
        no_stop=words.NO_STOP,
        months=MONTHS,
        horizons=HORIZONS,
        data=html.embedded({
            "name": f"ticket-{ticket.asked}.csv",
            "rows": [list(output.COLUMNS), *([row[name] for name in output.COLUMNS] for row in rows)],
            "text": "\n".join(f"{panel.headline}. {' '.join(panel.verdict)}" for panel in panels),
        }),
        css=html.asset("report.css"),
        script=html.script("page", "table", "ticket"),
    )  # fmt: skip


def _stale(input_: object) -> str:
    series, last, days, limit = (getattr(input_, name) for name in ("series", "last", "days", "limit"))
    return f"{series}: last {last}, {days} days old (limit {limit})" if last else f"{series}: never known"


def _panel(ticket: Ticket, k: int) -> Panel:
    sheet, outcome = ticket.sheets[k], ticket.outcomes[k]
    levels = sheet.levels if isinstance(sheet.levels, Levels) else None
    capital = number(ticket.config.account.capital, 0)
    every = f"every {sheet.variant.rebalance.every}"
    row = f"decision row ({every})" if sheet.scheduled else f"between decision rows ({every})"
    parts = (f"{ROWS[ticket.frequency]}, {ticket.config.data.source}", f"sized on USD {capital}")
    decided = () if sheet.missing else (f"{row}, {FILLS[sheet.fill]}",)
    return Panel(
        sheet=sheet,
        about=" · ".join([f"{sheet.variant.strategy_name}, {sheet.variant.currency.kind}", *parts, *decided]),
        headline=_headline(sheet),
        verdict=_verdict(sheet, outcome),
        trades=_trades(sheet),
        ordered=any(line.order is not None for line in sheet.lines),
        buckets=_buckets(sheet),
        held=any(row.before is not None for row in sheet.buckets),
        bucket_notes=words.bucket_notes(sheet),
        levels=_levels(sheet, levels) if levels else (),
        legs=list(levels.weights) if levels else (),
        plot=plots.plot(levels) if levels else None,
        spread=words.spread_name(levels) if levels else "",
        hurdle=words.hurdle(levels) if levels else "" if sheet.missing else f"No forward: {sheet.levels}",
        carry=_carry(sheet),
        followed=_followed(ticket, outcome),
        averages=_averages(outcome),
        compared=words.after_analogues(outcome, HORIZONS[1], 1) if outcome and outcome.count else "",
        dots=plots.dots(sheet, levels),
        marks=words.marks(sheet) if not sheet.missing else "",
        margin=_margin(sheet),
    )


def _headline(sheet: Sheet) -> str:
    if sheet.missing:
        return f"{sheet.variant.name}: no target now"
    risk = max(sheet.dv01)
    size = f", USD {number(risk, 0)} a basis point" if risk else ""
    return f"{words.headline(sheet)}: {sheet.variant.name}{size}"


def _verdict(sheet: Sheet, outcome: Outcome | None) -> list[str]:
    if sheet.missing:
        return [f"{sheet.missing[0].upper()}{sheet.missing[1:]}."]
    if not any(line.quantity for line in sheet.lines):
        return [f"{words.flat(sheet)}."]
    quarter = sheet.net[1]
    sentences = []
    if quarter is not None:
        verb = "Earns" if quarter >= 0 else "Loses"
        sentences.append(f"{verb} {number(abs(quarter), 1, 1e4)} bp of capital in three months if nothing moves.")
    sentences.append(f"Break-even {words.breakeven(sheet)}.")
    if isinstance(sheet.levels, Levels):
        sentences.append(f"{words.hurdle(sheet.levels)}.")
    if outcome and outcome.count:
        sentences.append(words.after_analogues(outcome, HORIZONS[1], 1))
    return sentences


# ---- tables


def _cells(values: Sequence[float | None], digits: int, scale: float = 1.0) -> list[Cell]:
    """Figures that share one scale of bars."""
    sizes = [abs(value) for value in values if value is not None and isfinite(value)]
    most = max(sizes, default=0.0)
    return [_cell(value, digits, scale, most) for value in values]


def _cell(value: float | None, digits: int, scale: float = 1.0, most: float = 0.0) -> Cell:
    if value is None or value != value:
        return Cell(ABSENT, barred=most > 0)
    size = BAR * min(1.0, abs(value) / most) if most else 0.0
    start = BAR if value >= 0 else BAR - size
    return Cell(signed(value, digits, scale), repr(float(value)), round(start, 1), round(size, 1), value >= 0, most > 0)


def _text(text: str) -> Cell:
    return Cell(text)


def _trades(sheet: Sheet) -> list[Row]:
    rows = []
    for line in sheet.lines:
        unit = line.unit
        cells = [
            _text(", ".join(line.legs) or "no leg"), Cell(signed(line.quantity, 0), repr(float(line.quantity))),
            _text(unit.of), _text(words.quoted(unit.quoted, unit.instrument)),
            _cell(None if unit.of in ("face", "notional") else unit.dv01, 2), _cell(line.dv01, 0),
            _cell(line.usd, 2, 1e-6),
        ]  # fmt: skip
        if line.order is not None:
            cells += [_cell(line.held, 0), _cell(line.order, 0), _cell(line.order_usd, 0), _cell(line.cost, 0)]
        kind = "buy" if line.quantity > 0 else "sell" if line.quantity < 0 else ""
        rows.append(Row(unit.instrument, cells, kind, line.why_face))
    return rows


def _buckets(sheet: Sheet) -> list[Row]:
    figures = [value for row in sheet.buckets for value in (row.before, row.after, row.lots) if value is not None]
    most = max(map(abs, figures), default=0.0)
    curves = {row.curve for row in sheet.buckets}
    return [
        Row(
            f"{row.years:g}-year" if len(curves) == 1 else f"{row.curve} {row.years:g}-year",
            [
                *(_cell(value, 0, most=most or 1.0) for value in (row.before, row.after, row.lots)),
                _cell(row.residual, 0),
                Cell(number(row.half, 0), "" if row.half is None else repr(row.half)),
            ],
        )
        for row in sheet.buckets
    ]


def _levels(sheet: Sheet, levels: Levels) -> list[Row]:
    rows = words.level_rows(levels, sheet.lines, sheet.base)
    kinds = {"Target": "buy", "Stop": "sell", "Trail": "sell"}
    return [Row(row[0], [Cell(cell) for cell in row[1:]], kinds.get(row[0].split(",")[0], "")) for row in rows]


def _carry(sheet: Sheet) -> list[Row]:
    """Carry and roll-down by leg, what holding costs, and the net of the book, bp of capital."""
    if sheet.missing or not sheet.base:
        return []
    named: list[tuple[str, float | None, float | None]] = []
    for leg in sheet.legs:
        share = abs(leg.usd) / sheet.base
        if not leg.units:
            continue
        month, quarter = ((leg.carry_month, leg.roll_month), (leg.carry_quarter, leg.roll_quarter))
        carries = [
            None if whole is None or roll is None else (whole - roll) * share for whole, roll in (month, quarter)
        ]
        rolls = [None if roll is None else roll * share for _, roll in (month, quarter)]
        named += [(f"{leg.name} carry", carries[0], carries[1]), (f"{leg.name} roll-down", rolls[0], rolls[1])]
    named.append(("Costs of holding", -sheet.holding_quarter / 3, -sheet.holding_quarter))
    named.append(("Net", *sheet.net))
    cells = _cells([value for _, month, quarter in named for value in (month, quarter)], 1, 1e4)
    rows = [
        Row(name, cells[2 * i : 2 * i + 2], "total" if name == "Net" else "") for i, (name, _, _) in enumerate(named)
    ]
    usd = [None if value is None else value * sheet.base for value in sheet.net]
    return [*rows, Row("Net, USD", [_cell(value, 0) for value in usd], "total")]


def _followed(ticket: Ticket, outcome: Outcome | None) -> list[Row]:
    if outcome is None or ticket.analogues.missing:
        return []
    middle, last = (_cells(_known(outcome, place), 1, 100) for place in (1, 2))
    return [
        Row(
            f"{analogue.day:%Y-%m}",
            [
                Cell(number(analogue.distance, 2)), _cell(float(outcome.after[k, 0]), 1, 100), middle[k], last[k],
                _cell(float(outcome.worst[k]), 1, 100),
            ],
        )
        for k, analogue in enumerate(ticket.analogues.closest)
    ]  # fmt: skip


def _averages(outcome: Outcome | None) -> list[Row]:
    if outcome is None or not outcome.count:
        return []
    gap = [None if a is None or u is None else a - u for a, u in zip(outcome.average, outcome.usual, strict=True)]
    rows = (
        (f"Average of the {outcome.count}", outcome.average),
        ("Standard error", outcome.error),
        (f"After any of {outcome.rows:,} rows", outcome.usual),
        ("Average less any row", gap),
    )
    return [
        Row(name, [Cell(""), *(_average(outcome, name, k, v) for k, v in enumerate(values))]) for name, values in rows
    ]


def _known(outcome: Outcome, place: int) -> list[float | None]:
    return [None if value != value else float(value) for value in outcome.after[:, place]]


def _average(outcome: Outcome, name: str, place: int, value: float | None) -> Cell:
    """A figure under the rows it is of, with a bar on their scale where they have one."""
    if name == "Standard error":
        return Cell(number(value, 2, 100), barred=place in BARRED)
    sizes = [abs(known) for known in _known(outcome, place) if known is not None] if place in BARRED else []
    return _cell(value, 2, 100, max(sizes, default=0.0))


def _margin(sheet: Sheet) -> list[Row]:
    held = [line for line in sheet.lines if line.quantity]
    if not held:
        return []
    total = sum(line.margin for line in held)
    rows = [
        Row(line.unit.instrument, [Cell(number(line.margin, 0)), Cell(number(line.margin / sheet.base, 1, 100))])
        for line in held
    ]
    return [
        *rows,
        Row("All, nothing offset", [Cell(number(total, 0)), Cell(number(total / sheet.base, 1, 100))], "total"),
    ]
