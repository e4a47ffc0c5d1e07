"""The list of runs: every variant of every run with its headline figures, notes, and trades that are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.report.format import Figures, millions, number, percent
from backtests.report.html import asset, render, script
from backtests.runs.note import Note

Stored = tuple[Path, Mapping[str, Any], Mapping[str, Figures], Note]

FIGURES = ("excess_return", "volatility", "sharpe", "excess_drawdown", "trading_pnl")
ALIKE = 3  # other names of the same trade that a row tells


@dataclass(frozen=True)
class VariantRow:
    """A variant of a run, as the list shows it: words, cells as text, and its figures unrounded."""

    folder: str
    run: str
    created: str
    last: str
    variant: str
    benchmark: bool
    cells: tuple[str, ...]
    raw: tuple[str, ...]
    note: str
    tags: tuple[str, ...]
    alike: str  # where the same trade stands under another name


def rows(runs: Sequence[Stored]) -> list[VariantRow]:
    """Return a row per variant, the runs in the order given."""
    ideas = _ideas(runs)
    return [
        _row(folder.name, manifest, name, figures, note, ideas)
        for folder, manifest, by_name, note in runs
        for name, figures in by_name.items()
    ]


def page(rows: Sequence[VariantRow], first: int) -> str:
    """Return the page that lists runs; so many rows until all are asked for."""
    return render(
        "index.html",
        rows=rows,
        runs=len({row.folder for row in rows}),
        first=first,
        css=asset("report.css"),
        script=script("page", "table", "index") + "page.theme(() => {}); page.ready();",
    )


def _row(
    folder: str,
    manifest: Mapping[str, Any],
    name: str,
    figures: Figures,
    note: Note,
    ideas: Mapping[str, Sequence[tuple[str, str]]],
) -> VariantRow:
    values = [figures.get(key) for key in FIGURES]
    excess, volatility, sharpe, drawdown, trading = values
    return VariantRow(
        folder=folder,
        run=manifest["name"],
        created=manifest["created"].replace("T", " ")[:16],
        last=manifest["data"]["last"],
        variant=name,
        benchmark=name in manifest["benchmarks"],
        cells=(percent(excess, 2), percent(volatility), number(sharpe), percent(drawdown), millions(trading)),
        raw=tuple("" if value is None else repr(float(value)) for value in values),
        note="note.json cannot be read" if note.damaged else note.text,
        tags=note.tags,
        alike=_alike(name, ideas.get(_idea(manifest, name) or "", ())),
    )


def _idea(manifest: Mapping[str, Any], name: str) -> str | None:
    """What a variant trades, without its size and name; None in the folder of a version that stored none."""
    described = manifest.get("variants")
    own = described.get(name) if isinstance(described, Mapping) else None
    idea = own.get("idea") if isinstance(own, Mapping) else None
    return idea if isinstance(idea, str) else None


def _ideas(runs: Sequence[Stored]) -> dict[str, list[tuple[str, str]]]:
    """Run and name of every variant, by what it trades."""
    ideas: dict[str, list[tuple[str, str]]] = {}
    for _, manifest, by_name, _ in runs:
        for name in by_name:
            idea = _idea(manifest, name)
            if idea:
                ideas.setdefault(idea, []).append((manifest["name"], name))
    return ideas


def _alike(name: str, others: Sequence[tuple[str, str]]) -> str:
    """Say under which other names a trade was run.

    >>> _alike("a", [("r", "a"), ("r", "b"), ("s", "b"), ("s", "c")])
    'b (r), c (s)'
    """
    names = {other: run for run, other in reversed(others) if other != name}
    told = [f"{other} ({run})" for other, run in sorted(names.items())]
    rest = len(told) - ALIKE
    return ", ".join(told[:ALIKE]) + (f" and {rest} more" if rest > 0 else "")
