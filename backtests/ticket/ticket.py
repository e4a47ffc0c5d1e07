"""Config, day and holdings -> what every variant would hold on that day, and earned after the analogues of that day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from backtests.config import Config
from backtests.runs import gate, setup
from backtests.runs.inputs import Input, inputs, rests_on, until
from backtests.runs.window import check_dates
from backtests.ticket import holdings
from backtests.ticket.analogues import Analogues, Outcome, find_analogues, outcome
from backtests.ticket.futures import Quote, named
from backtests.ticket.sheet import Sheet, make_sheet
from data.build import build
from data.errors import ConfigError, did_you_mean
from data.market import Market
from data.tables import Frequency, Tables
from strategies.base import signals_of

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Ticket:
    """What every variant of a configuration would hold on a day."""

    config: Config
    frequency: Frequency
    asked: date  # the day of the ticket
    day: date  # its row: the last of the data on or before it
    sheets: tuple[Sheet, ...]
    inputs: tuple[Input, ...]
    futures: tuple[Quote, ...]
    analogues: Analogues
    outcomes: tuple[Outcome | None, ...]  # by sheet; None for a variant that has never traded
    orders: bool  # whether holdings were given
    allowed: tuple[str, ...] = ()  # errors in its inputs that the configuration allows


def make(
    config: Config,
    as_of: date | None = None,
    held: Path | None = None,
    progress: Progress = lambda what, completed, total: None,
    only: Sequence[str] = (),
) -> Ticket:
    """Return the ticket of a day: by default the configuration's end, or the last row of its data.

    `only` names the variants that are asked for, and nothing of the others is worked out; none: all of them.

    Everything dated later is cut away before anything is worked out, so that the ticket of a past day is the one that
    would have been printed on it (but for figures that were restated since).

    Raises
    ------
    ConfigError
        A day or holdings that cannot be used.
    DataError
        What `run` would refuse.
    """
    names = [variant.name for variant in config.variants]
    for name in only:
        if name not in names:
            raise ConfigError(f"--variant: '{name}' is not a variant of {config.name}{did_you_mean(name, names)}")
    asked_for = [variant for variant in config.variants if not only or variant.name in only]
    config = replace(config, variants=tuple(asked_for))
    units: holdings.Holdings = {}
    if held is not None:
        units = holdings.read(held, [variant.name for variant in asked_for], names, config.library)
    extra = [name for by_instrument in units.values() for name in by_instrument]
    instruments = setup.instruments_of(config, extra)
    tables = setup.tables_of(config, instruments)
    asked = _asked(config, tables, as_of)
    tables = until(tables, asked)
    market = build(tables, instruments, config.data.interpolation)
    day = market.dates[-1].astype(object)
    known = replace(config, data=config.data.model_copy(update={"end": day}))
    check_dates(known, market)
    sheets = []
    for i, variant in enumerate(known.variants):
        progress(variant.name, i, len(known.variants))
        sheets.append(make_sheet(variant, market, known, units.get(variant.name) if held is not None else None))
    progress("", len(sheets), len(sheets))
    analogues = find_analogues(market)
    return Ticket(
        config=known,
        frequency=tables.frequency,
        asked=asked,
        day=day,
        sheets=tuple(sheets),
        inputs=_inputs(tables, market, asked, sheets),
        futures=named([quote for sheet in sheets for quote in sheet.quotes]),
        analogues=analogues,
        outcomes=tuple(outcome(sheet.result, analogues.closest, market) if sheet.result else None for sheet in sheets),
        orders=held is not None,
        allowed=tuple(gate.allowed(config, tables, instruments)),
    )


def _asked(config: Config, tables: Tables, as_of: date | None) -> date:
    """The day of the ticket; a day named on the command line goes before the configuration's end."""
    first, last = tables.dates[0].date(), tables.dates[-1].date()
    asked = as_of or config.data.end or last
    start = max(first, config.data.start or first)
    if asked < start:
        raise ConfigError(
            f"--as-of is {asked}, before {start}, where the configuration's data starts; choose a later day"
        )
    return asked


def _inputs(tables: Tables, market: Market, day: date, sheets: list[Sheet]) -> tuple[Input, ...]:
    legs = {sheet.variant.name: sheet.variant.strategy.legs for sheet in sheets}
    macro = {}
    for sheet in sheets:
        strategy, own_legs = sheet.variant.strategy, sheet.market
        macro[sheet.variant.name] = rests_on(
            strategy, own_legs, strategy.targets(own_legs), signals_of(strategy, own_legs)
        )
    return inputs(tables, market, day, legs, macro)
