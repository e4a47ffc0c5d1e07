"""What the tables of events, regimes and shocks say: columns, words and cells, from panels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Generic, TypeVar

from backtests.performance.events import EVENTS, REGIMES, Event, EventPnl, Regime, RegimePnl, Stretch
from backtests.report.format import Cell, ShadedRow, darkest, millions, month, number, percent, shade
from backtests.report.panels import Panels, ShockPnl, VariantPanel
from backtests.runs.stress import Shock

PART = "*"  # beside the figure of a window that the history holds only a part of

Window = TypeVar("Window", EventPnl, RegimePnl, ShockPnl)


@dataclass(frozen=True)
class Heading:
    """A column's heading, and the small lines under it."""

    heading: str
    small: list[str]


@dataclass(frozen=True)
class Group:
    """A heading over several columns."""

    heading: str
    span: int  # columns


@dataclass(frozen=True)
class ShadedTable:
    """A column per window or shock and a row per variant."""

    columns: list[Heading]
    rows: list[ShadedRow]
    groups: list[Group]  # over the columns; [] for none


@dataclass(frozen=True)
class Shown(Generic[Window]):
    """Which figure of a variant's windows a table shows, and how."""

    windows: Callable[[VariantPanel], Mapping[str, Window]]  # by name
    value: Callable[[Window], float | None]
    text: Callable[[float | None], str]
    partly: Callable[[Window], bool]  # whether the history holds only a part of it


@dataclass(frozen=True)
class ByLeg:
    """What a variant did in every event and regime, and would do in every shock, leg by leg; cells as text."""

    name: str
    day: str  # of its last row
    flow_legs: list[str]
    shock_legs: list[str]
    events: list[list[str]]
    regimes: list[list[str]]
    shocks: list[list[str]]


def events(panels: Panels) -> ShadedTable:
    """Return P&L by variant and event, % of equity in excess of cash; events that no variant reaches are left out."""
    reached = [event for event in EVENTS if any(event.name in variant.events for variant in panels.variants)]
    headings = {event.name: Heading(event.label, _months(event)) for event in reached}
    shown = Shown[EventPnl](
        lambda variant: variant.events, lambda event: event.pnl, percent, lambda event: event.partly
    )
    return _table(panels, headings, shown)


def regimes(panels: Panels) -> ShadedTable:
    """Return the Sharpe ratio by variant and regime, grouped by central bank."""
    reached = [regime for regime in REGIMES if any(regime.name in variant.regimes for variant in panels.variants)]
    headings = {regime.name: Heading(regime.label, []) for regime in reached}
    banks = Counter(regime.bank for regime in reached)
    shown = Shown[RegimePnl](
        lambda variant: variant.regimes, lambda regime: regime.sharpe, number, lambda regime: regime.partly
    )
    return _table(panels, headings, shown, [Group(bank, count) for bank, count in banks.items()])


def shocks(panels: Panels) -> ShadedTable:
    """Return the P&L of each instantaneous shock by variant, % of equity; no rows where a run did not store it."""
    if not any(variant.shocks for variant in panels.variants):
        return ShadedTable([], [], [])
    headings = {shock.name: Heading(shock.label, []) for shock in panels.run.shocks}
    shown = Shown[ShockPnl](lambda variant: variant.shocks, lambda shock: shock.share, percent, lambda shock: False)
    return _table(panels, headings, shown)


def detail(panels: Panels) -> list[ByLeg]:
    """Return every variant leg by leg."""
    return [
        ByLeg(
            name=variant.name,
            day=variant.dates[-1],
            flow_legs=[_leg(leg) for leg in _flow_legs(variant)],
            shock_legs=variant.described["legs"],
            events=[_event(event, variant) for event in EVENTS if event.name in variant.events],
            regimes=[_regime(regime, variant) for regime in REGIMES if regime.name in variant.regimes],
            shocks=[_shock(shock, variant) for shock in panels.run.shocks if shock.name in variant.shocks],
        )
        for variant in panels.variants
    ]


def _flow_legs(variant: VariantPanel) -> list[str]:
    """Legs, and the book's margin where any was ever paid."""
    pnls: list[EventPnl | RegimePnl] = [*variant.events.values(), *variant.regimes.values()]
    return [*variant.described["legs"], *(["book"] if any(pnl.legs["book"] for pnl in pnls) else [])]


def _leg(name: str) -> str:
    return "margin" if name == "book" else name


def _event(event: Event, variant: VariantPanel) -> list[str]:
    pnl = variant.events[event.name]
    cells = [_starred(event.label, pnl.partly), _days(pnl.first, pnl.last)]
    cells += [percent(pnl.pnl, 2), percent(pnl.drawdown, 2)]
    return cells + [millions(pnl.legs[leg]) for leg in _flow_legs(variant)]


def _regime(regime: Regime, variant: VariantPanel) -> list[str]:
    pnl = variant.regimes[regime.name]
    cells = [_starred(f"{regime.bank}: {regime.label}", pnl.partly), _days(pnl.first, pnl.last), number(pnl.years, 1)]
    cells += [percent(pnl.excess_return, 2), percent(pnl.volatility), number(pnl.sharpe)]
    return cells + [millions(pnl.legs[leg]) for leg in _flow_legs(variant)]


def _shock(shock: Shock, variant: VariantPanel) -> list[str]:
    pnl = variant.shocks[shock.name]
    legs = ["no curve" if isnan(pnl.legs[leg]) else millions(pnl.legs[leg]) for leg in variant.described["legs"]]
    return [shock.label, percent(pnl.share, 2), millions(pnl.total), *legs]


def _starred(text: str, partly: bool) -> str:
    return f"{text}{PART}" if partly else text


def named(panels: Panels) -> list[tuple[str, str]]:
    """Return every window to the day, of the events and regimes that some variant reaches."""
    event_windows = [
        (event.label, _days(str(event.first), str(event.last)))
        for event in EVENTS
        if any(event.name in variant.events for variant in panels.variants)
    ]
    regime_windows = [
        (f"{regime.bank}: {regime.label}", "; ".join(_stretch(stretch) for stretch in regime.stretches))
        for regime in REGIMES
        if any(regime.name in variant.regimes for variant in panels.variants)
    ]
    return event_windows + regime_windows


def _stretch(stretch: Stretch) -> str:
    if stretch.first is None:
        return f"to {stretch.last}"
    return f"{stretch.first} on" if stretch.last is None else _days(str(stretch.first), str(stretch.last))


def _months(event: Event) -> list[str]:
    """Lines of a narrow heading: the month, or from one to another."""
    first, last = month(str(event.first)), month(str(event.last))
    return [first] if first == last else [first, f"to {last}"]


def _days(first: str, last: str) -> str:
    return f"{first} to {last}"


def _table(
    panels: Panels, headings: Mapping[str, Heading], shown: Shown[Window], groups: Sequence[Group] = ()
) -> ShadedTable:
    """Return a column per heading and a row of shaded cells per variant, empty where it has no such figure.

    The star of a part stands in the heading where it is a part for every variant, else in the cell.
    """
    limit = darkest(
        (shown.value(window) for variant in panels.variants for window in shown.windows(variant).values()), 0.9
    )
    columns, cells = [], []
    for name, heading in headings.items():
        windows = [shown.windows(variant).get(name) for variant in panels.variants]
        parts = [shown.partly(window) for window in windows if window is not None]
        columns.append(Heading(_starred(heading.heading, all(parts)), heading.small))
        cells.append([_cell(window, shown, limit, any(parts) and not all(parts)) for window in windows])
    rows = [ShadedRow(variant.name, [column[i] for column in cells]) for i, variant in enumerate(panels.variants)]
    return ShadedTable(columns, rows, list(groups))


def _cell(window: Window | None, shown: Shown[Window], limit: float, mixed: bool) -> Cell:
    if window is None:
        return Cell()
    value = shown.value(window)
    return Cell(_starred(shown.text(value), mixed and shown.partly(window)), shade(value, limit))
