"""The runs of a folder, as `divergence runs` lists them and the registry of trials takes them in.

Nothing in such a folder may cost a run: what cannot be read, or holds what no run writes, is left out and named.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.runs import note
from backtests.runs.note import Note
from data.disk import MEGABYTE, read_regular

LARGEST = 64 * MEGABYTE  # of a manifest, or of a file of figures
OWN = ("manifest.json", "metrics.json", "equity.parquet", "attribution.parquet")  # a folder with one is meant as a run
NAMED = re.compile(r".+-\d{8}T\d{6}Z-[0-9a-f]{6}")  # as runs are by default
SWEEP = ("sweep.parquet", "cells", "folds.parquet")  # what the folder of a sweep or a walk-forward holds
FIRST = 3  # of those left out, named in a line
NUMBERS = ("excess_return", "volatility", "sharpe", "excess_drawdown", "pnl")
TEXTS = ("ruined", "excess_drawdown_peak", "excess_drawdown_trough")
BEYOND = 1e18  # no figure of a run is as large


@dataclass(frozen=True)
class Skipped:
    """A folder that is no run that can be read, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Listing:
    """The runs of a folder, newest first: folder, manifest, figures by variant, note; and what was left out."""

    folder: Path
    runs: tuple[tuple[Path, dict[str, Any], dict[str, Any], Note], ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def complaint(self) -> str:
        """One line on what was left out; blank where nothing was."""
        if not self.skipped:
            return ""
        count = len(self.skipped)
        what = "a folder is no run that can be read and is" if count == 1 else (
            f"{count:,} folders are no runs that can be read and are"
        )  # fmt: skip
        return f"{self.folder}: {what} left out: {named(self.skipped)}; move or remove what is no run"


def named(skipped: Sequence[Skipped]) -> str:
    """Return the first few of what was left out, and how many more there are."""
    first = "; ".join(f"{each.name[:60]} ({each.why[:80]})" for each in skipped[:FIRST])
    return f"{first}; and {len(skipped) - FIRST:,} more" if len(skipped) > FIRST else first


def listed(folder: Path) -> Listing:
    """Return the runs in a folder; one that cannot be read holds none."""
    runs, skipped = [], []
    for path in _candidates(folder):
        try:
            runs.append((path, *_read(path), note.read(path)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            skipped.append(Skipped(path.name, _reason(error)))
    runs.sort(key=lambda run: str(run[1]["created"]), reverse=True)
    return Listing(folder, tuple(runs), tuple(skipped))


def _candidates(folder: Path) -> Iterator[Path]:
    """Folders, and links to nothing, that are meant as runs; one whose name begins with a dot is being written."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # a folder that can be written to need not be readable
        return
    for path in paths:
        meant = NAMED.fullmatch(path.name) or any(os.path.lexists(path / name) for name in OWN)
        if meant and not path.name.startswith(".") and not _is_sweep(path):
            yield path


def _is_sweep(path: Path) -> bool:
    """Whether a folder is that of a sweep, which is no run."""
    return any(os.path.lexists(path / name) for name in SWEEP)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        where = f"{Path(str(error.filename)).name}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    if isinstance(error, KeyError):
        return f"lacks {error.args[0]}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    path.name.encode()  # a name that is no text would spoil every page that lists it
    manifest, measured = _json(path / "manifest.json"), _json(path / "metrics.json")
    _texts(manifest, ("name", "created"))
    _texts(_mapping(manifest["data"], "data"), ("last",))
    benchmarks = manifest["benchmarks"]
    if not isinstance(benchmarks, list) or not all(isinstance(name, str) for name in benchmarks):
        raise ValueError("benchmarks is no list of names")
    figures = _mapping(measured["variants"], "variants")
    if not figures:
        raise ValueError("has no variants")
    for name, own in figures.items():
        _check_figures(_mapping(own, name))
    return manifest, figures


def _json(path: Path) -> dict[str, Any]:
    """Return what a file of JSON holds, which has keys, and text that can be written again."""
    try:
        content = json.loads(read_regular(path, LARGEST))
        json.dumps(content, ensure_ascii=False).encode()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    except ValueError:
        raise ValueError(f"{path.name}: is not valid JSON") from None
    return _mapping(content, path.name)


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected keys and values")
    return value


def _texts(values: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if not isinstance(values[name], str):
            raise ValueError(f"{name} is no text")


def _check_figures(figures: Mapping[str, Any]) -> None:
    """Refuse figures that a list of runs cannot show."""
    for name in NUMBERS:
        _check_number(figures[name], name)
    _check_number(figures.get("trading_pnl"), "trading_pnl")  # which earlier versions lack
    for name in TEXTS:
        if not isinstance(figures[name], str | None):
            raise ValueError(f"{name} is no text")
    if figures["sharpe"] is not None and None in [figures[name] for name in NUMBERS]:
        raise ValueError("has a Sharpe ratio without what it is of")
    _check_number(figures["bars"], "bars")
    for name, against in _mapping(figures["against"], "against").items():
        _check_number(_mapping(against, name)["correlation"], "correlation")


def _check_number(value: Any, name: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and -BEYOND < value < BEYOND
    if value is not None and not number:
        raise ValueError(f"{name} is no number")
