"""`divergence ticket`: what every variant would hold now, what it earns and risks, and what would be traded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backtests.cli.dates import day

if TYPE_CHECKING:
    from backtests.ticket import Ticket
    from backtests.ticket.analogues import Analogues, Outcome
    from backtests.ticket.sheet import Leg, Sheet, Worst

LEGS_SHOWN = 4
ROWS = {"daily": "days", "weekly": "week ends", "monthly": "month ends"}
FILLS = {"same_close": "filled at the same close", "next_close": "filled at the next close"}


def ticket(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = Path("config.yaml"),
    as_of: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DATE", help="The day; by default the last of the data."),
    ] = None,
    holdings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is held now: a CSV of variant,instrument,units.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Show the details of this variant only; repeatable.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="A.B=V", help="Override one value; repeatable.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Print what every variant of CONFIG would hold now; nothing is written."""
    from backtests import config as configuration
    from backtests.cli import terminal
    from backtests.ticket import make
    from data.errors import ConfigError, did_you_mean

    settings = configuration.load(config, set_ or [])
    names = [configured.name for configured in settings.variants]
    for name in variant or []:
        if name not in names:
            raise ConfigError(f"--variant: '{name}' is not a variant of {config}{did_you_mean(name, names)}")
    with terminal.progress(quiet) as progress:
        ticket = make(settings, as_of, holdings, progress)
    _head(ticket)
    _summary(ticket)
    for sheet, outcome in zip(ticket.sheets, ticket.outcomes, strict=True):
        if not variant or sheet.variant.name in variant:
            _details(sheet, outcome, ticket)
    _analogues(ticket)
    _inputs(ticket)


def _head(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number

    capital = number(ticket.config.account.capital, 0)
    terminal.say(f"{ticket.config.name}: ticket of {ticket.asked}")
    terminal.say(f"Last row of the data: {ticket.day} ({ROWS[ticket.frequency]}). Sized on a capital of USD {capital}.")
    for line in ticket.allowed:
        terminal.say(f"ALLOWED: {line}")
    for input_ in ticket.inputs:
        if input_.stale:
            known = f"last known {input_.last}, {input_.days} days old (limit {input_.limit})"
            used = terminal.count(len(input_.used_by), "variant")
            terminal.say(f"STALE: {input_.series}: {known if input_.last else 'never known'}; used by {used}.")


def _summary(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, number

    rows, faint = [], []
    for i, sheet in enumerate(ticket.sheets):
        long, short = sheet.dv01
        if sheet.missing:
            rows.append((sheet.variant.name, _signal(sheet), "no target now", *(ABSENT,) * 5))
            faint.append(i)
            continue
        rows.append(
            (
                sheet.variant.name, _signal(sheet), _weights(sheet.legs), number(long, 1, 1e-3),
                number(-short, 1, 1e-3), signed(sheet.carry_quarter, 1, 1e4), signed(sheet.breakeven[0], 1, 1e4),
                _worst(sheet.worst_month),
            )
        )  # fmt: skip
    terminal.say("")
    headings = ("variant", "signal", "weights", "DV01 long", "short", "carry 3m", "break-even", "worst month %")
    terminal.table(headings, rows, left=(0, 2), faint=faint)
    terminal.say(
        "DV01: thousand USD gained as yields fall by a basis point; carry: with roll-down, three months, bp of capital;"
    )
    terminal.say(
        "break-even: bp the DV01-weighted spread may move against it by then, net of borrow, rolling and financing;"
    )
    terminal.say("where negative, must move in its favour; worst month on record at these weights.")


def _details(sheet: Sheet, outcome: Outcome | None, ticket: Ticket) -> None:
    from backtests.cli import terminal

    terminal.say("")
    what = f"{sheet.variant.name}: {sheet.variant.strategy_name}, {sheet.variant.currency.kind}"
    if sheet.missing:
        terminal.say(f"{what}; no target now: {sheet.missing}")
    else:
        every = sheet.variant.rebalance.every
        row = f"a decision row (every {every})" if sheet.scheduled else f"between decision rows (every {every})"
        terminal.say(f"{what}; row {sheet.day}, {row}, {FILLS[sheet.fill]}")
    _signals(sheet)
    if not sheet.missing:
        _legs(sheet.legs)
        _book(sheet)
        if ticket.orders:
            _orders(sheet)
    elif ticket.orders:
        terminal.say("without a target there is no order: what is held is left as it is")
    if outcome is not None and outcome.count:
        _after(outcome, ticket.analogues)


def _signals(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, percent

    rows = []
    for signal in sheet.signals:
        now = signed(signal.value, 3) if signal.value is not None else f"not known after {signal.last or ABSENT}"
        rows.append((f"  {signal.name}", now, signed(signal.score), percent(signal.percentile, 0), f"{signal.rows:,}"))
    if rows:
        terminal.table(("  signal", "now", "z-score", "percentile", "of rows"), rows)


def _legs(legs: Sequence[Leg]) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, number
    from data.countries import BASE

    rows = [
        (
            f"  {leg.name}", signed(leg.weight, 3), number(leg.units, 1), leg.unit, number(leg.price, 2), leg.currency,
            number(leg.notional, 0), number(leg.usd, 0), number(leg.dv01, 0),
            f"{number(leg.contracts, 1)} {leg.future}" if leg.contracts is not None else ABSENT,
            signed(leg.carry_month, 1, 1e4), signed(leg.carry_quarter, 1, 1e4),
        )
        for leg in legs
    ]  # fmt: skip
    headings = (
        "  leg", "weight", "units", "of", "price", "in", "local notional", BASE, f"DV01 {BASE}", "futures",
        "carry 1m bp", "3m bp",
    )  # fmt: skip
    terminal.table(headings, rows, left=(0, 3, 5))


def _book(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number
    from backtests.thesis.books import words

    if any(sheet.dv01):
        terminal.say(f"  {words(sheet.net, sheet.market.countries)}, of capital")
    month, quarter = signed(sheet.carry_month, 1, 1e4), signed(sheet.carry_quarter, 1, 1e4)
    held = number(sheet.holding_quarter, 1, 1e4)
    terminal.say(
        f"  carry and roll: {month} bp of capital next month, {quarter} in three, before {held} of borrow, rolling and "
        "financing spread"
    )
    flat = [leg.name for leg in sheet.legs if not leg.rolls]
    if flat:
        terminal.say(f"  without roll-down: {', '.join(flat)}; the curve is not quoted near enough below the maturity")
    move, why = sheet.breakeven
    terminal.say(f"  break-even: {f'– ({why})' if move is None else _moved(move)}")
    day = _worst(sheet.worst_day) if sheet.market.daily else "needs daily data"
    terminal.say(f"  worst on record at this size, % of capital: month {_worst(sheet.worst_month)}, day {day}")


def _moved(move: float) -> str:
    """A break-even in words, net of what holding costs.

    >>> _moved(0.00123), _moved(-0.00042)
    ('it may move 12.3 bp against it in three months', 'it must move 4.2 bp in its favour in three months')
    """
    from backtests.report.format import number

    size = number(abs(move), 1, 1e4)
    return (
        f"it {f'may move {size} bp against it' if move >= 0 else f'must move {size} bp in its favour'} in three months"
    )


def _orders(sheet: Sheet) -> None:
    from backtests.cli import terminal
    from backtests.report.format import number
    from data.countries import BASE

    rows = [
        (
            f"  {leg.name}", number(leg.held, 1), number(leg.units, 1), signed(leg.order, 1), leg.unit,
            signed(leg.order_usd, 0), number(leg.cost, 0),
        )
        for leg in sheet.legs
    ]  # fmt: skip
    terminal.table(("  order", "held", "target", "trade", "of", BASE, f"cost {BASE}"), rows, left=(0, 4))
    if sheet.inside_band:
        terminal.say("  what is held is inside the rebalance band of every leg: nothing trades")


def _after(outcome: Outcome, analogues: Analogues) -> None:
    from backtests.cli import terminal
    from backtests.ticket.analogues import HORIZONS

    headings = ("  after", *(f"{analogue.day:%Y-%m}" for analogue in analogues.closest))
    rows = [
        (f"  next {months}m %", *(signed(_if_known(value), 1, 100) for value in outcome.after[:, i]))
        for i, months in enumerate(HORIZONS)
    ]
    rows.append(("  worst mark %", *(signed(_if_known(value), 1, 100) for value in outcome.worst)))
    terminal.table(headings, rows)


def _analogues(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.ticket.analogues import HORIZONS

    analogues = ticket.analogues
    terminal.say("")
    if analogues.missing:
        terminal.say(f"Analogues: none; {analogues.missing}.")
        return
    terminal.say(
        f"The {len(analogues.closest)} closest analogues of {analogues.day}, of {analogues.rows:,} rows; levels in %"
    )
    now = [("now", "", *(signed(x, 2, 100) for x in analogues.state)), ("z-score", "", *map(signed, analogues.scores))]
    past = [
        (str(analogue.day), f"{analogue.distance:.2f}", *(signed(x, 2, 100) for x in analogue.state))
        for analogue in analogues.closest
    ]
    terminal.table(("date", "distance", *analogues.names), [*now, *past])
    terminal.say("")
    terminal.say("What the variants did after them: average return in excess of cash, %")
    rows = [
        (sheet.variant.name, *(signed(x, 2, 100) for x in outcome.average), str(outcome.count))
        for sheet, outcome in zip(ticket.sheets, ticket.outcomes, strict=True)
        if outcome is not None
    ]
    terminal.table(("variant", *(f"next {m}m" for m in HORIZONS), "worst mark", "analogues"), rows)
    terminal.say(
        f"{len(analogues.closest)} analogues are few, and what followed them overlaps: a reminder of what has happened,"
    )
    terminal.say("no forecast and no test. Worst mark: lowest cumulative return within six months.")


def _inputs(ticket: Ticket) -> None:
    from backtests.cli import terminal
    from backtests.report.format import ABSENT, number, percent

    terminal.say("")
    terminal.table(
        ("input", "last", "days old", "limit", "", "variants"),
        [
            (
                input_.series, str(input_.last or ABSENT), number(input_.days, 0), str(input_.limit),
                "STALE" if input_.stale else "", str(len(input_.used_by)),
            )
            for input_ in ticket.inputs
        ],
        left=(0, 1, 4),
    )  # fmt: skip
    for future in ticket.futures:
        years = future.contract.maturity
        read = "its yield" if future.tenor == years else f"the {future.tenor:g}-year's yield, the nearest quoted,"
        terminal.say(
            f"{future.contract.name}: {future.name}, as a {years:g}-year par bond at {read} "
            f"{percent(future.yield_, 2)} %; conversion factor {future.factor:.4f}, DV01 USD {future.dv01:.2f} "
            "a contract."
        )


def signed(value: float | None, digits: int = 2, scale: float = 1.0) -> str:
    """Return a figure with its sign, plus too.

    >>> signed(0.0123, 1, 100), signed(-1.0), signed(0.0), signed(None)
    ('+1.2', '−1.00', '0.00', '–')
    """
    from backtests.report.format import MINUS, number

    text = number(value, digits, scale)
    return f"+{text}" if not text.startswith(MINUS) and any(c in "123456789" for c in text) else text


def _if_known(value: float) -> float | None:
    return None if value != value else value


def _worst(worst: Worst | None) -> str:
    from backtests.report.format import ABSENT

    return f"{signed(worst.value, 1, 100)} ({worst.when})" if worst else ABSENT


def _signal(sheet: Sheet) -> str:
    from backtests.report.format import ABSENT

    if len(sheet.signals) > 1:
        return f"{len(sheet.signals)} signals"
    return signed(sheet.signals[0].value) if sheet.signals else ABSENT


def _weights(legs: Sequence[Leg]) -> str:
    named = [f"{leg.name} {signed(leg.weight)}" for leg in legs if leg.weight]
    more = [f"{len(named) - LEGS_SHOWN} more"] if len(named) > LEGS_SHOWN else []
    return ", ".join([*named[:LEGS_SHOWN], *more]) or "flat"
