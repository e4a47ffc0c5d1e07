"""A ticket as CSV and JSON: the positions it leaves, which `--holdings` takes again, and in JSON its figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backtests.ticket.analogues import HORIZONS, Outcome
from backtests.ticket.holdings import FIGURES, TICKET
from backtests.ticket.levels import Levels
from backtests.ticket.orders import Line
from backtests.ticket.sheet import Sheet
from backtests.ticket.ticket import Ticket
from data.errors import ConfigError

KINDS = (".csv", ".json")
COLUMNS = (*TICKET, *FIGURES)


def check(path: Path) -> None:
    """Raise ConfigError where a ticket cannot be written to a path: by its ending, or for want of a folder."""
    if path.suffix.lower() not in KINDS:
        raise ConfigError(f"--out: {path} ends neither in .csv nor in .json; name a file that does")


def text(ticket: Ticket, path: Path) -> str:
    """Return what is written to a path."""
    return as_csv(ticket) if path.suffix.lower() == ".csv" else as_json(ticket)


def positions(ticket: Ticket) -> list[dict[str, Any]]:
    """Return a row for each position that the ticket leaves once its orders are filled, by column.

    `quantity` is what is then held: the target, or, where holdings were given, these and the order.
    """
    return [row for sheet in ticket.sheets for row in _rows(sheet)]


def _rows(sheet: Sheet) -> Iterator[dict[str, Any]]:
    for line in sheet.lines:
        yield _row(sheet, line)
    if sheet.missing:  # what is held is left as it is
        for name, held in (sheet.held or {}).items():
            row = dict.fromkeys(COLUMNS)
            yield row | {
                "variant": sheet.variant.name, "instrument": name, "quantity": held.quantity, "of": held.of,
                "why": sheet.missing,
            }  # fmt: skip


def _row(sheet: Sheet, line: Line) -> dict[str, Any]:
    left = line.quantity if line.held is None or line.order is None else line.held + line.order
    return {
        "variant": sheet.variant.name,
        "instrument": line.unit.instrument,
        "quantity": _plain(left),
        "of": line.unit.of,
        "day": str(sheet.day),
        "legs": " ".join(line.legs),
        "usd": _rounded(left * line.unit.usd if left else 0.0, 2),
        "price": _rounded(line.unit.quoted, 6),
        "dv01": _rounded(left * line.unit.dv01 if left else 0.0, 2),
        "held": _plain(line.held),
        "order": _plain(line.order),
        "order_usd": _rounded(line.order_usd, 2),
        "cost": _rounded(line.cost, 2),
        "why": line.why_face,
    }


def _plain(value: float | None) -> float | int | None:
    """A whole number as one."""
    return value if value is None or value != int(value) else int(value)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or value != value else round(float(value), digits) + 0.0


def as_csv(ticket: Ticket) -> str:
    """Return the positions, a row each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(positions(ticket))
    return out.getvalue()


def as_json(ticket: Ticket) -> str:
    """Return the positions and every figure of the ticket as JSON."""
    return json.dumps(document(ticket), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(ticket: Ticket) -> dict[str, Any]:
    """Return the positions and every figure of the ticket as plain data; fractions are decimals, absent is None."""
    return {
        "name": ticket.config.name,
        "asked": str(ticket.asked),
        "day": str(ticket.day),
        "capital": ticket.config.account.capital,
        "positions": positions(ticket),
        "variants": {
            sheet.variant.name: _figures(sheet, outcome)
            for sheet, outcome in zip(ticket.sheets, ticket.outcomes, strict=True)
        },
        "contracts": {
            quote.contract.name: {
                "about": quote.name, "yield": quote.yield_, "tenor": quote.tenor, "conversion_factor": quote.factor,
                "price": quote.price(), "dv01": quote.dv01, "key_rate_dv01": quote.key_rates.tolist(),
            }
            for quote in ticket.futures
        },
        "analogues": {
            "missing": ticket.analogues.missing or None,
            "effective": ticket.analogues.effective,
            "names": list(ticket.analogues.names),
            "closest": [
                {"day": str(analogue.day), "distance": analogue.distance} for analogue in ticket.analogues.closest
            ],
        },
        "stale": [f"{input_.series}, last {input_.last}" for input_ in ticket.inputs if input_.stale],
    }  # fmt: skip


def _figures(sheet: Sheet, outcome: Outcome | None) -> dict[str, Any]:
    if sheet.missing:
        return {"missing": sheet.missing}
    month, quarter = sheet.net
    worst = sheet.marks.worst
    return {
        "day": str(sheet.day),
        "dv01": list(sheet.dv01),
        "buckets": [asdict(row) for row in sheet.buckets],
        "net_carry": {"1": month, "3": quarter},
        "breakeven_bp": None if sheet.breakeven[0] is None else sheet.breakeven[0] * 1e4,
        "levels": _levels(sheet.levels),
        "worst_of_60_months": asdict(worst) if worst else None,
        "months": len(sheet.marks.months),
        "tail_day": sheet.marks.tail_day,
        "after_analogues": _after(outcome) if outcome else None,
    }


def _levels(levels: Levels | str) -> dict[str, Any]:
    if isinstance(levels, str):
        return {"missing": levels}
    return {
        "spread": dict(levels.weights),
        "spread_bp": levels.spread_bp,
        "horizon": str(levels.horizon),
        "forward_bp": levels.forward_bp,
        "hurdle_bp": levels.hurdle_bp,
        "levels": [asdict(level) for level in levels.levels],
    }


def _after(outcome: Outcome) -> dict[str, Any]:
    names = [*(f"{months}m" for months in HORIZONS), "worst_mark"]
    return {
        "count": outcome.count,
        "average": dict(zip(names, outcome.average, strict=True)),
        "standard_error": dict(zip(names, outcome.error, strict=True)),
        "all_rows": dict(zip(names, outcome.usual, strict=True)),
        "rows": outcome.rows,
        "overlap": outcome.overlap,
    }
