"""Run folders: written beside, fsynced, renamed into place; read back as they were."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.config import Config, as_yaml, dump
from backtests.config.document import parse
from backtests.performance.round_trips import RoundTrip
from backtests.runs import significance
from backtests.runs.former import current, figures
from backtests.runs.snapshot import StoredRun
from data.disk import sync
from data.errors import ConfigError, SourceError

NEEDED = ("config.yaml", "manifest.json", "metrics.json", "equity.parquet", "attribution.parquet")
TABLES = {  # columns of a table that a version may not have kept
    "positions": ("date", "variant", "instrument", "units", "weight"),
    "trades": ("date", "variant", "instrument", "units", "contracts", "price", "fx", "notional_usd", "cost_usd"),
    "components": ("date", "variant", "component", "instrument", "usd"),
    "stress": ("variant", "shock", "instrument", "usd"),
    "exposure": ("date", "variant"),
    "round_trips": ("variant", *(field.name for field in fields(RoundTrip))),
}
RUNS = Path("runs")


def destination(config: Config, out: Path | None, now: datetime) -> Path:
    """Return the folder a run will be written to.

    Raises
    ------
    ConfigError
        A given folder that already holds something, or that is a file.
    """
    if out is None:
        digest = hashlib.sha256(f"{dump(config)}{now.isoformat()}".encode()).hexdigest()[:6]
        return RUNS / f"{config.name}-{now:%Y%m%dT%H%M%SZ}-{digest}"
    check_free(out)
    return out


def check_free(out: Path) -> None:
    """Raise ConfigError where a folder to write already holds something, or is a file."""
    try:
        taken = out.is_symlink() or out.is_file() or (out.is_dir() and any(out.iterdir()))
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
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
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


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def earlier_sharpes(folder: Path, name: str) -> list[float]:
    """Return the Sharpe ratio of every variant of the earlier runs of a name in a folder: each was a trial."""
    with suppress(OSError):  # a folder that can be written to need not be readable
        same = [kept for _, stated, kept in listed(folder) if stated.get("name") == name]
        return [figures["sharpe"] for kept in same for figures in kept.values() if figures.get("sharpe") is not None]
    return []


def load(folder: Path) -> StoredRun:
    """Read a run folder.

    Raises
    ------
    ConfigError
        A folder that is not a run's, or one that this version cannot read.
    """
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise ConfigError(f"{folder}: is not a run folder (no {missing[0]}); give one that `divergence runs` lists")
    try:
        return _load(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{folder}: the run cannot be read ({error!r}); run its config.yaml again") from None


def _load(folder: Path) -> StoredRun:
    measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    sensitivity = folder / "sensitivity.json"
    variants = measured["variants"]
    inference = {name: significance.read(own.pop("inference", None)) for name, own in variants.items()}
    manifest = current(json.loads((folder / "manifest.json").read_text(encoding="utf-8")), str(folder))
    attribution = pd.read_parquet(folder / "attribution.parquet")
    return StoredRun(
        config=parse((folder / "config.yaml").read_text(encoding="utf-8"), str(folder / "config.yaml")).data,
        manifest=manifest,
        metrics=figures(variants, attribution, manifest.get("thesis_date")),
        significance={name: judged for name, judged in inference.items() if judged},
        choice=significance.read_choice(measured.get("choice")),
        sensitivity=json.loads(sensitivity.read_text(encoding="utf-8")) if sensitivity.is_file() else None,
        equity=pd.read_parquet(folder / "equity.parquet"),
        attribution=attribution,
        folder=folder,
        **{name: _later(folder / f"{name}.parquet", columns) for name, columns in TABLES.items()},
    )


def _later(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table that runs of earlier versions lack, or have fewer columns of."""
    frame = pd.read_parquet(path) if path.is_file() else pd.DataFrame({column: [] for column in columns})
    absent = [column for column in columns if column not in frame]
    return frame.assign(**dict.fromkeys(absent, np.nan))


def listed(folder: Path) -> list[tuple[Path, dict[str, Any], dict[str, Any]]]:
    """Return the runs in a folder, newest first: folder, manifest, figures by variant. What is no run is left out."""
    runs = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith("."):
            continue  # one that is being written
        try:
            manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
            figures = json.loads((path / "metrics.json").read_text(encoding="utf-8"))["variants"]
            runs.append((path, manifest, figures))
        except (OSError, ValueError, KeyError):
            continue
    return sorted(runs, key=lambda run: str(run[1].get("created")), reverse=True)


def utc_now() -> datetime:
    """Return the time that names a run."""
    return datetime.now(UTC)
