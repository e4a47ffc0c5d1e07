"""What the tables of events, regimes and shocks say: columns, words and cells, from panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backtests.performance.events import EVENTS, REGIMES, Event, EventPnl, RegimePnl, Stretch
from backtests.report.format import millions, month, number, percent
from backtests.report.panels import Panels, ShockPnl, VariantPanel
from backtests.runs.stress import SHOCKS

Headings = dict[str, tuple[str, list[str]]]  # of columns, by name: the heading and the small lines under it

PART = "*"  # beside the figure of a window that the history holds only a part of


def events(panels: Panels) -> dict[str, Any]:
    """Return P&L by variant and event, % of equity in excess of cash; events that no variant reaches are left out."""
    reached = [event for event in EVENTS if any(event.name in variant.events for variant in panels.variants)]
    headings: Headings = {event.name: (event.label, _months(event)) for event in reached}
    return _table(panels, headings, lambda variant: variant.events, lambda pnl: pnl.pnl, percent)


def regimes(panels: Panels) -> dict[str, Any]:
    """Return the Sharpe ratio by variant and regime, grouped by central bank."""
    reached = [regime for regime in REGIMES if any(regime.name in variant.regimes for variant in panels.variants)]
    banks = dict.fromkeys(regime.bank for regime in reached)
    groups = [{"heading": bank, "span": sum(regime.bank == bank for regime in reached)} for bank in banks]
    headings: Headings = {regime.name: (regime.label, []) for regime in reached}
    return {
        **_table(panels, headings, lambda variant: variant.regimes, lambda pnl: pnl.sharpe, number),
        "groups": groups,
    }


def shocks(panels: Panels) -> dict[str, Any]:
    """Return the P&L of each instantaneous shock by variant, % of equity; no rows where a run did not store it."""
    if not any(variant.shocks for variant in panels.variants):
        return {"groups": [], "columns": [], "rows": []}
    headings: Headings = {shock.name: (shock.label, []) for shock in SHOCKS}
    return _table(panels, headings, lambda variant: variant.shocks, lambda pnl: pnl.share, percent)


def detail(panels: Panels) -> list[dict[str, Any]]:
    """Return what each variant did in every event and regime and would do in every shock, leg by leg."""
    return [
        {
            "name": variant.name,
            "day": variant.dates[-1],
            "flow_legs": [_leg(leg) for leg in _flow_legs(variant)],
            "shock_legs": variant.described["legs"],
            "events": [
                _event(event.label, variant.events[event.name], variant)
                for event in EVENTS
                if event.name in variant.events
            ],
            "regimes": [
                _regime(f"{regime.bank}: {regime.label}", variant.regimes[regime.name], variant)
                for regime in REGIMES
                if regime.name in variant.regimes
            ],
            "shocks": [
                _shock(shock.label, variant.shocks[shock.name], variant)
                for shock in SHOCKS
                if shock.name in variant.shocks
            ],
        }
        for variant in panels.variants
    ]


def _flow_legs(variant: VariantPanel) -> list[str]:
    """Legs, and the book's margin where any was ever paid."""
    pnls: list[EventPnl | RegimePnl] = [*variant.events.values(), *variant.regimes.values()]
    return [*variant.described["legs"], *(["book"] if any(pnl.legs["book"] for pnl in pnls) else [])]


def _leg(name: str) -> str:
    return "margin" if name == "book" else name


def _event(label: str, pnl: EventPnl, variant: VariantPanel) -> list[str]:
    cells = [_starred(label, pnl.partly), _days(pnl.first, pnl.last), percent(pnl.pnl, 2), percent(pnl.drawdown, 2)]
    return cells + [millions(pnl.legs[leg]) for leg in _flow_legs(variant)]


def _regime(label: str, pnl: RegimePnl, variant: VariantPanel) -> list[str]:
    cells = [_starred(label, pnl.partly), _days(pnl.first, pnl.last), number(pnl.years, 1)]
    cells += [percent(pnl.excess_return, 2), percent(pnl.volatility), number(pnl.sharpe)]
    return cells + [millions(pnl.legs[leg]) for leg in _flow_legs(variant)]


def _shock(label: str, pnl: ShockPnl, variant: VariantPanel) -> list[str]:
    legs = [millions(pnl.legs[leg]) for leg in variant.described["legs"]]
    return [label, percent(pnl.share, 2), millions(pnl.total), *legs]


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
    panels: Panels,
    headings: Headings,
    pnls_of: Callable[[VariantPanel], dict[str, Any]],
    value: Callable[[Any], float | None],
    cell: Callable[[Any], str],
) -> dict[str, Any]:
    """Return a column per heading and a row of shaded cells per variant, empty where it has no such figure.

    The star of a part stands in the heading where it is a part for every variant, else in the cell.
    """
    values = [value(pnl) for variant in panels.variants for pnl in pnls_of(variant).values()]
    sizes = sorted(abs(size) for size in values if size is not None)
    limit = sizes[int(0.9 * (len(sizes) - 1))] if sizes else 1.0
    columns, cells = [], []
    for name, (label, small) in headings.items():
        column = [pnls_of(variant).get(name) for variant in panels.variants]
        parts = [getattr(pnl, "partly", False) for pnl in column if pnl is not None]
        columns.append({"heading": _starred(label, all(parts)), "small": small})
        cells.append([_cell(pnl, value, cell, limit, any(parts) and not all(parts)) for pnl in column])
    rows = [
        {"name": variant.name, "cells": [column[i] for column in cells]} for i, variant in enumerate(panels.variants)
    ]
    return {"groups": [], "columns": columns, "rows": rows}


def _cell(
    pnl: Any, value: Callable[[Any], float | None], cell: Callable[[Any], str], limit: float, mixed: bool
) -> dict[str, Any]:
    if pnl is None:
        return {"text": "", "shade": 0.0}
    share = (value(pnl) or 0.0) / (limit or 1.0)
    return {"text": _starred(cell(value(pnl)), mixed and pnl.partly), "shade": max(-1.0, min(1.0, share))}
