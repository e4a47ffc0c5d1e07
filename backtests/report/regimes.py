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
    reached = [one for one in EVENTS if any(one.name in v.events for v in panels.variants)]
    headings: Headings = {one.name: (one.label, _months(one)) for one in reached}
    return _table(panels, headings, lambda v: v.events, lambda e: e.pnl, percent)


def regimes(panels: Panels) -> dict[str, Any]:
    """Return the Sharpe ratio by variant and regime, grouped by central bank."""
    reached = [one for one in REGIMES if any(one.name in v.regimes for v in panels.variants)]
    banks = dict.fromkeys(one.bank for one in reached)
    groups = [{"heading": bank, "span": sum(one.bank == bank for one in reached)} for bank in banks]
    headings: Headings = {one.name: (one.label, []) for one in reached}
    return {**_table(panels, headings, lambda v: v.regimes, lambda s: s.sharpe, number), "groups": groups}


def shocks(panels: Panels) -> dict[str, Any]:
    """Return the P&L of each instantaneous shock by variant, % of equity; no rows where a run did not store it."""
    if not any(one.shocks for one in panels.variants):
        return {"groups": [], "columns": [], "rows": []}
    headings: Headings = {one.name: (one.label, []) for one in SHOCKS}
    return _table(panels, headings, lambda v: v.shocks, lambda h: h.share, percent)


def detail(panels: Panels) -> list[dict[str, Any]]:
    """Return what each variant did in every event and regime and would do in every shock, leg by leg."""
    return [
        {
            "name": one.name,
            "day": one.dates[-1],
            "flow_legs": [_leg(leg) for leg in _flow_legs(one)],
            "shock_legs": one.described["legs"],
            "events": [_event(e.label, one.events[e.name], one) for e in EVENTS if e.name in one.events],
            "regimes": [
                _regime(f"{r.bank}: {r.label}", one.regimes[r.name], one) for r in REGIMES if r.name in one.regimes
            ],
            "shocks": [_shock(s.label, one.shocks[s.name], one) for s in SHOCKS if s.name in one.shocks],
        }
        for one in panels.variants
    ]


def _flow_legs(one: VariantPanel) -> list[str]:
    """Legs, and the book's margin where any was ever paid."""
    windows: list[EventPnl | RegimePnl] = [*one.events.values(), *one.regimes.values()]
    return [*one.described["legs"], *(["book"] if any(w.legs["book"] for w in windows) else [])]


def _leg(name: str) -> str:
    return "margin" if name == "book" else name


def _event(label: str, one: EventPnl, variant: VariantPanel) -> list[str]:
    cells = [_starred(label, one.partly), _days(one.first, one.last), percent(one.pnl, 2), percent(one.drawdown, 2)]
    return cells + [millions(one.legs[leg]) for leg in _flow_legs(variant)]


def _regime(label: str, one: RegimePnl, variant: VariantPanel) -> list[str]:
    cells = [_starred(label, one.partly), _days(one.first, one.last), number(one.years, 1)]
    cells += [percent(one.excess_return, 2), percent(one.volatility), number(one.sharpe)]
    return cells + [millions(one.legs[leg]) for leg in _flow_legs(variant)]


def _shock(label: str, one: ShockPnl, variant: VariantPanel) -> list[str]:
    legs = [millions(one.legs[leg]) for leg in variant.described["legs"]]
    return [label, percent(one.share, 2), millions(one.total), *legs]


def _starred(text: str, partly: bool) -> str:
    return f"{text}{PART}" if partly else text


def named(panels: Panels) -> list[tuple[str, str]]:
    """Return every window to the day, of the events and regimes that some variant reaches."""
    events_ = [
        (one.label, _days(str(one.first), str(one.last)))
        for one in EVENTS
        if any(one.name in v.events for v in panels.variants)
    ]
    regimes_ = [
        (f"{one.bank}: {one.label}", "; ".join(_stretch(part) for part in one.stretches))
        for one in REGIMES
        if any(one.name in v.regimes for v in panels.variants)
    ]
    return events_ + regimes_


def _stretch(one: Stretch) -> str:
    if one.first is None:
        return f"to {one.last}"
    return f"{one.first} on" if one.last is None else _days(str(one.first), str(one.last))


def _months(event: Event) -> list[str]:
    """Lines of a narrow heading: the month, or from one to another."""
    first, last = month(str(event.first)), month(str(event.last))
    return [first] if first == last else [first, f"to {last}"]


def _days(first: str, last: str) -> str:
    return f"{first} to {last}"


def _table(
    panels: Panels,
    headings: Headings,
    found: Callable[[VariantPanel], dict[str, Any]],
    value: Callable[[Any], float | None],
    cell: Callable[[Any], str],
) -> dict[str, Any]:
    """Return a column per heading and a row of shaded cells per variant, empty where it has no such figure.

    The star of a part stands in the heading where it is a part for every variant, else in the cell.
    """
    values = [value(one) for v in panels.variants for one in found(v).values()]
    sizes = sorted(abs(one) for one in values if one is not None)
    limit = sizes[int(0.9 * (len(sizes) - 1))] if sizes else 1.0
    columns, cells = [], []
    for name, (label, small) in headings.items():
        column = [found(variant).get(name) for variant in panels.variants]
        parts = [getattr(one, "partly", False) for one in column if one is not None]
        columns.append({"heading": _starred(label, all(parts)), "small": small})
        cells.append([_cell(one, value, cell, limit, any(parts) and not all(parts)) for one in column])
    rows = [
        {"name": variant.name, "cells": [column[i] for column in cells]} for i, variant in enumerate(panels.variants)
    ]
    return {"groups": [], "columns": columns, "rows": rows}


def _cell(
    one: Any, value: Callable[[Any], float | None], cell: Callable[[Any], str], limit: float, mixed: bool
) -> dict[str, Any]:
    if one is None:
        return {"text": "", "shade": 0.0}
    share = (value(one) or 0.0) / (limit or 1.0)
    return {"text": _starred(cell(value(one)), mixed and one.partly), "shade": max(-1.0, min(1.0, share))}
