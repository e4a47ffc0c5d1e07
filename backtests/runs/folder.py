"""Run folders: written beside, fsynced, renamed into place; read back as they were."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from backtests.config import Config, as_yaml, dump
from backtests.config.document import Document, parse
from backtests.performance.round_trips import RoundTrip
from backtests.runs import significance
from backtests.runs.former import current, figures
from backtests.runs.snapshot import StoredRun
from data.disk import MEGABYTE, beside_prefix, read_regular, sweep, sync
from data.errors import ConfigError, SourceError

NEEDED = ("config.yaml", "manifest.json", "metrics.json", "equity.parquet", "attribution.parquet")
TABLES = {  # columns of a table that a version may not have kept
    "positions": ("date", "variant", "instrument", "units", "weight", "quantity", "quoted_price"),
    "trades": (
        "date",
        "variant",
        "instrument",
        "units",
        "price",
        "fx",
        "notional_usd",
        "cost_usd",
        "quantity",
        "quoted_price",
    ),
    "components": ("date", "variant", "component", "instrument", "usd"),
    "stress": ("variant", "shock", "instrument", "usd"),
    "exposure": ("date", "variant"),
    "round_trips": ("variant", *(field.name for field in fields(RoundTrip))),
}
RUNS = Path("runs")
LARGEST = 1024 * MEGABYTE  # of a file of a run
MOST_ROWS = 50_000_000  # of a table of a run
UNREADABLE = (
    OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, pa.ArrowException,
)  # fmt: skip  # what reading a damaged run ends with


def destination(config: Config, out: Path | None, now: datetime, kind: str = "") -> Path:
    """Return the folder a run will be written to.

    Raises
    ------
    ConfigError
        A given folder that already holds something, or that is a file.
    """
    if out is None:
        digest = hashlib.sha256(f"{dump(config)}{now.isoformat()}".encode()).hexdigest()[:6]
        name = f"{config.name}-{kind}" if kind else config.name
        return RUNS / f"{name}-{now:%Y%m%dT%H%M%SZ}-{digest}"
    check_free(out)
    return out


def check_free(out: Path) -> None:
    """Raise ConfigError where a folder to write already holds something, or is a file."""
    try:
        taken = out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir())))
    except OSError as error:
        raise ConfigError(f"--out {str(out)[:60]}: cannot be used ({error.strerror}); choose another folder") from None
    if taken:
        raise ConfigError(f"--out {out}: already exists; choose a folder that does not, or remove it")


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """Give a folder to write in, beside the one meant; rename it into place when all went well, else remove it.

    Raises
    ------
    ConfigError
        A place that cannot be written to, before anything is computed.
    SourceError
        A disk that fails while writing.
    """
    parent = folder.absolute().parent
    created = [path for path in (parent, *parent.parents) if not path.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        beside = Path(tempfile.mkdtemp(prefix=beside_prefix(folder.name), dir=parent))
    except OSError as error:
        _remove_empty(created)
        raise ConfigError(f"{folder}: cannot be written ({error.strerror}); choose another place with --out") from None
    try:
        yield beside
        beside.chmod(0o755)
        _sync(beside)
        if folder.is_dir():
            folder.rmdir()  # an empty one, as checked; a full one makes this fail rather than be lost
        beside.rename(folder)
        sync(parent)
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        _remove_empty(created)
        if isinstance(error, OSError) and folder.exists():
            raise ConfigError(f"{folder}: another run was written there meanwhile; choose another --out") from None
        if isinstance(error, OSError):
            raise SourceError(f"{folder}: cannot be written ({error.strerror or error}); nothing was kept") from None
        raise


@contextmanager
def redrawing(folder: Path) -> Iterator[Path]:
    """Give a place to draw in; put what was drawn in the folder in place of what it had, through no link.

    Raises
    ------
    ConfigError
        A folder that is a link, holds one where a folder is meant, or cannot be written to.
    """
    for path in (folder, folder / "plots"):
        if path.is_symlink():
            raise ConfigError(f"{path}: is a link, which is not written through; give the folder itself, or remove it")
    try:
        sweep(folder)
        beside = Path(tempfile.mkdtemp(prefix=beside_prefix("drawn"), dir=folder))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written ({error.strerror}); copy the run elsewhere") from None
    try:
        yield beside
        for path in sorted(path for path in beside.rglob("*") if path.is_file()):
            place = folder / path.relative_to(beside)
            place.parent.mkdir(exist_ok=True)
            path.replace(place)
    except OSError as error:
        raise SourceError(f"{folder}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _remove_empty(folders: list[Path]) -> None:
    for path in folders:
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _sync(folder: Path) -> None:
    for path in (*sorted(folder.rglob("*")), folder):
        sync(path)


def write(run: StoredRun, folder: Path) -> None:
    """Write a run's tables and what they rest on."""
    (folder / "config.yaml").write_text(as_yaml(run.config), encoding="utf-8")
    _write_json(folder / "manifest.json", run.manifest)
    figures = {
        name: {**values, "inference": asdict(run.significance[name])} if name in run.significance else values
        for name, values in run.metrics.items()
    }
    _write_json(folder / "metrics.json", {"variants": figures, "choice": asdict(run.choice) if run.choice else None})
    if run.sensitivity is not None:
        _write_json(folder / "sensitivity.json", run.sensitivity)
    run.equity.to_parquet(folder / "equity.parquet")
    for name in ("attribution", *TABLES):
        getattr(run, name).to_parquet(folder / f"{name}.parquet", index=False)
        pa.default_memory_pool().release_unused()


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def load(folder: Path) -> StoredRun:
    """Read a run folder.

    Raises
    ------
    ConfigError
        A folder that is not a run's, or one that this version cannot read.
    """
    missing = [name for name in NEEDED if not os.path.lexists(folder / name)]
    if missing:
        raise ConfigError(f"{folder}: is not a run folder (no {missing[0]}); give one that `divergence runs` lists")
    try:
        return _load(folder)
    except UNREADABLE as error:
        raise unreadable(folder, "read", error) from None


def paths(folder: Path) -> tuple[Document, pd.DataFrame, pd.DataFrame]:
    """Return a run's configuration, equity and attribution, without the rest; raises what UNREADABLE names."""
    document = parse(_bytes(folder / "config.yaml").decode(), str(folder / "config.yaml"))
    return document, _table(folder / "equity.parquet"), _table(folder / "attribution.parquet")


def unreadable(folder: Path, what: str, error: Exception) -> ConfigError:
    """Return the error that says that a run folder holds what no run writes."""
    why = " ".join(str(error).split())[:120]
    return ConfigError(
        f"{folder}: the run cannot be {what} ({type(error).__name__}: {why}); it is damaged: run its config.yaml again"
    )


def _load(folder: Path) -> StoredRun:
    measured = _json(folder / "metrics.json")
    sensitivity = folder / "sensitivity.json"
    variants = measured["variants"]
    inference = {name: significance.read(own.pop("inference", None)) for name, own in variants.items()}
    manifest = current(_json(folder / "manifest.json"), str(folder))
    attribution = _table(folder / "attribution.parquet")
    return StoredRun(
        config=parse(_bytes(folder / "config.yaml").decode(), str(folder / "config.yaml")).data,
        manifest=manifest,
        metrics=figures(variants, attribution, manifest.get("thesis_date")),
        significance={name: judged for name, judged in inference.items() if judged},
        choice=significance.read_choice(measured.get("choice")),
        sensitivity=_json(sensitivity) if os.path.lexists(sensitivity) else None,
        equity=_table(folder / "equity.parquet"),
        attribution=attribution,
        folder=folder,
        **{name: _later(folder / f"{name}.parquet", columns) for name, columns in TABLES.items()},
    )


def _later(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table that runs of earlier versions lack, or lack columns of, which then hold None."""
    if not os.path.lexists(path):
        return pd.DataFrame({column: [] for column in columns})
    table = _table(path)
    return table.assign(**dict.fromkeys((column for column in columns if column not in table), None))


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, LARGEST)
    except OSError as error:
        raise OSError(error.errno, f"{path.name}: {error.strerror}") from None


def _json(path: Path) -> Any:
    return json.loads(_bytes(path))


def _table(path: Path) -> pd.DataFrame:
    """Read a table whose rows are counted first: a small file can stand for more than memory holds."""
    content = _bytes(path)
    rows = parquet.ParquetFile(io.BytesIO(content)).metadata.num_rows
    if rows > MOST_ROWS:
        raise ValueError(f"{path.name} has {rows:,} rows; at most {MOST_ROWS:,} are read")
    return pd.read_parquet(io.BytesIO(content))


def utc_now() -> datetime:
    """Return the time that names a run."""
    return datetime.now(UTC)
