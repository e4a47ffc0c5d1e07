"""The folder of a sweep: parts written as they are walked, one table at the end, a manifest that says which it is.

A part is whole or not there, and a sweep whose manifest does not say complete is not: it can be gone on with.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from backtests.config import Grid, dump
from backtests.runs.folder import destination as place
from backtests.runs.folder import writing
from backtests.runs.manifest import commit, plain
from backtests.sweeps.banks import Banks
from backtests.sweeps.walk import Figures
from data.disk import MEGABYTE, beside_prefix, read_regular, replace_text, sync
from data.disk import sweep as clear
from data.errors import ConfigError, SourceError
from data.tables import Tables

FORMAT = 1
PARTS = "cells"
MANIFEST = "manifest.json"
TABLE = "sweep.parquet"
EFFECTS = "effects.parquet"
PACKAGES = ("divergence", "numba", "numpy", "pandas", "pyarrow", "scipy")
LARGEST = 1024 * MEGABYTE


# ---- tables


def columns(grid: Grid, figures: Figures, ideas: Sequence[str]) -> pa.Table:
    """Return a row per cell: its number, its settings in the order written, its idea, its figures."""
    places = grid.places(figures.cells)
    values = {
        axis.name: _typed([axis.values[k] for k in places[:, i]], axis.values) for i, axis in enumerate(grid.axes)
    }
    fields: dict[str, pa.Array] = {"cell": pa.array(figures.cells)}
    fields |= {name: values[name] for name in grid.names}
    fields["idea"] = pa.array([idea or None for idea in ideas], pa.string()).dictionary_encode()
    fields |= {name: pa.array(column, from_pandas=True) for name, column in figures.metrics.items()}
    fields |= {name: pa.array(getattr(figures, name)) for name in ("start", "end", "bars", "ruined")}
    fields["note"] = pa.array([figures.notes.get(i) for i in range(len(figures.cells))], pa.string())
    return pa.table(fields)


def _typed(values: Sequence[Any], all_values: Sequence[Any]) -> pa.Array:
    """Return the values of an axis in one type: numbers, flags, or text."""
    given = [value for value in all_values if value is not None]
    if all(isinstance(value, bool) for value in given):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else text(value) for value in values], pa.string()).dictionary_encode()


def text(value: Any) -> str:
    """Return a setting as a cell of a table shows it."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return value if isinstance(value, str) else json.dumps(value, default=str, separators=(",", ":"))


def write_table(path: Path, tables: Iterator[pa.Table]) -> None:
    """Write tables as one, a row group each, whole or not at all."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=beside_prefix(path.name))
    os.close(handle)
    try:
        writer = None
        for table in tables:
            writer = writer or parquet.ParquetWriter(beside, table.schema, compression="zstd")
            writer.write_table(table)
        assert writer is not None
        writer.close()
        Path(beside).chmod(0o644)
        sync(Path(beside))
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


# ---- a folder


def destination(grid: Grid, out: Path | None, now: datetime) -> Path:
    """Return the folder a sweep will be written to; raises ConfigError where one given holds something."""
    return place(grid.config, out, now, "sweep")


def identity(grid: Grid, tables: Tables) -> dict[str, Any]:
    """Return what decides every byte of a sweep's table: settings, data, versions."""
    used = {
        "config": dump(grid.config),
        "over": grid.section.model_dump(),
        "series": [asdict(r) for r in tables.records],
    }
    series = json.dumps(plain(used), sort_keys=True, default=str)
    return {
        "sha256": hashlib.sha256(series.encode()).hexdigest(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "git_commit": commit(),
    }


def manifest(grid: Grid, banks: Banks, own: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return what a sweep says of itself from its first moment."""
    dates = banks.market.dates
    return {
        "format": FORMAT,
        "kind": "sweep",
        "state": "running",
        "name": grid.config.name,
        "created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "base": grid.base.name,
        "axes": {
            axis.name: {"values": list(axis.values), "kind": axis.kind, "ordered": axis.ordered, "idea": axis.idea}
            for axis in grid.axes
        },
        "names": list(grid.names),
        "cells": len(grid.cells),
        "grid": grid.count,
        "seed": grid.seed,
        "score": grid.section.score,
        "sample": grid.section.sample.model_dump() if grid.section.sample else None,
        "identity": own,
        "data": {
            "source": banks.tables.source,
            "frequency": banks.tables.frequency,
            "first": str(dates[0]),
            "last": str(dates[-1]),
            "series": [asdict(record) for record in banks.tables.records],
        },
    }


class Folder:
    """A sweep on disk, being written."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def begin(cls, path: Path, grid: Grid, manifest: dict[str, Any]) -> Folder:
        """Make the folder of a sweep, which is there at once and reads as running; raises as `writing`."""
        with writing(path) as beside:
            (beside / PARTS).mkdir()
            (beside / "config.yaml").write_text(dump(grid.config), encoding="utf-8")
            cls(beside, manifest).save()
        return cls(path, manifest)

    @classmethod
    def resume(cls, path: Path, own: Mapping[str, Any]) -> Folder:
        """Return the folder of a sweep that was not finished.

        Raises
        ------
        ConfigError
            A folder that is no sweep's, one that is complete, or one of another configuration, data or version.
        """
        manifest = read_manifest(path)
        check_unfinished(path, manifest)
        for key, what in (("sha256", "configuration or data"), ("versions", "versions"), ("git_commit", "versions")):
            if manifest["identity"].get(key) != own[key]:
                raise ConfigError(f"{path}: was begun with other {what}; begin anew, or go back to those")
        clear(path)
        clear(path / PARTS)
        return cls(path, manifest)

    def save(self, **changed: Any) -> None:
        """Write the manifest, with these of its keys changed."""
        self.manifest = {**self.manifest, **changed}
        replace_text(self.path / MANIFEST, f"{json.dumps(plain(self.manifest), indent=2, allow_nan=False)}\n")

    def place(self, number: int) -> Path:
        """Where a part stands."""
        return self.path / PARTS / f"cells-{number:05d}.parquet"

    def holds(self, number: int, rows: int) -> bool:
        """Whether a part is there, whole."""
        try:
            content = read_regular(self.place(number), LARGEST)
            return bool(parquet.ParquetFile(io.BytesIO(content)).metadata.num_rows == rows)
        except (OSError, pa.ArrowException):
            return False

    def keep(self, number: int, table: pa.Table) -> None:
        """Write a part."""
        write_table(self.place(number), iter([table]))

    def part(self, number: int) -> pa.Table:
        """Read a part."""
        return parquet.read_table(self.place(number))

    def complete(self, tables: Iterator[pa.Table], **stated: Any) -> None:
        """Put the parts together as one table, and say that it is complete."""
        write_table(self.path / TABLE, tables)
        self.save(state="complete", **stated)
        sync(self.path)
        shutil.rmtree(self.path / PARTS, ignore_errors=True)


@contextmanager
def failing(path: Path) -> Iterator[None]:
    """Say in a line what a disk that fails leaves."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be written ({error.strerror or error}); what was is kept: go on with --resume {path}"
        ) from None


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a sweep's folder; raises ConfigError where it is none."""
    try:
        manifest = json.loads(read_regular(path / MANIFEST, 16 * MEGABYTE))
        known = manifest["kind"] == "sweep" and manifest["format"] <= FORMAT and bool(manifest["state"])
        if not known or "sha256" not in manifest["identity"]:
            raise ValueError("of another kind")
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: is no folder of a sweep ({why}); give one that `divergence sweep` began") from None
    return dict(manifest)


def check_unfinished(path: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse to go on with a sweep that is complete; parts that a kill has left of it are removed."""
    if manifest["state"] == "complete":
        shutil.rmtree(path / PARTS, ignore_errors=True)
        raise ConfigError(f"{path}: is complete; nothing is left to run; `divergence report {path}` draws its page")


def read_table(path: Path, names: list[str] | None = None) -> pa.Table:
    """Return the table of a sweep's folder, or some of its columns."""
    return parquet.read_table(path / TABLE, columns=names)


def read_effects(path: Path) -> pa.Table:
    """Return what each setting moves by itself, of a sweep's folder."""
    return parquet.read_table(path / EFFECTS)


def in_order(values: np.ndarray) -> np.ndarray:
    """Return positions, largest value first, NaN last; of equal ones the first."""
    return np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")
