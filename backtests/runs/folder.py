"""Run folders: written beside, fsynced, renamed into place; read back as they were."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.config import Config, dump
from backtests.engine.result import Result
from backtests.performance import attribution, components
from backtests.runs import exposure, significance, stress
from backtests.runs.runner import Run, VariantRun
from data.disk import sync
from data.errors import ConfigError, SourceError

PACKAGES = ("divergence", "backtrader", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "plotly", "matplotlib")
FILES = ("config.yaml", "manifest.json", "metrics.json", "equity.parquet", "attribution.parquet")
TRADES = ("date", "variant", "instrument", "units", "price", "fx", "notional_usd", "cost_usd")
RUNS = Path("runs")


@dataclass(frozen=True)
class StoredRun:
    """A run folder's content."""

    folder: Path
    config: str  # resolved YAML
    manifest: dict[str, Any]
    metrics: dict[str, dict[str, Any]]  # variant -> figures
    sensitivity: dict[str, Any] | None  # every variant under every disputable convention; None likewise
    choice: dict[str, Any] | None  # what choosing the best variant is worth; None where a version had none
    equity: pd.DataFrame  # dates x variants, USD; NaN where a variant does not trade
    attribution: pd.DataFrame  # date, variant, instrument, line, usd
    components: pd.DataFrame  # date, variant, component, instrument, usd: of blends
    trades: pd.DataFrame  # date, variant, instrument, units, price, fx, notional_usd, cost_usd
    stress: pd.DataFrame  # variant, shock, instrument, usd; empty in the folder of a version that had none
    exposure: pd.DataFrame  # date, variant, and what was held, a column a series; empty likewise


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
    made = [path for path in (parent, *parent.parents) if not path.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    except OSError as error:
        _remove_empty(made)
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
        _remove_empty(made)
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


def save(run: Run, folder: Path, now: datetime) -> None:
    """Write a run's tables and what they rest on."""
    (folder / "config.yaml").write_text(dump(run.config), encoding="utf-8")
    (folder / "manifest.json").write_text(_json(manifest(run, now)), encoding="utf-8")
    figures, choice = _figures(run, folder.parent)
    (folder / "metrics.json").write_text(_json({"variants": figures, "choice": choice}), encoding="utf-8")
    equity = {one.variant.name: pd.Series(one.result.equity, index=one.result.dates) for one in run.variants}
    pd.DataFrame(equity).rename_axis("date").to_parquet(folder / "equity.parquet")
    tables = {
        "positions": _positions, "trades": _trades, "attribution": _attribution, "components": _components,
        "stress": stress.tidy, "exposure": exposure.table,
    }  # fmt: skip
    for name, table in tables.items():
        frame = pd.concat([table(one) for one in run.variants], ignore_index=True)
        frame.to_parquet(folder / f"{name}.parquet", index=False)


def _figures(run: Run, folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Figures by variant with what luck could have done to them, and what choosing the best of them is worth.

    Every variant of an earlier run of that name in the folder counts as a trial.
    """
    earlier: list[Any] = []
    with suppress(OSError):  # a folder that can be written to need not be readable
        same = [kept for _, described, kept in listed(folder) if described.get("name") == run.config.name]
        earlier = [one.get("sharpe") for kept in same for one in kept.values()]
    lucky, choice = significance.judge(run, earlier)
    figures = {
        one.variant.name: {**one.figures, "against": one.against, "inference": asdict(lucky[one.variant.name])}
        for one in run.variants
    }
    return figures, asdict(choice)


def _attribution(one: VariantRun) -> pd.DataFrame:
    return attribution.tidy(one.variant.name, one.result, one.market, one.span.rows)


def _components(one: VariantRun) -> pd.DataFrame:
    return components.tidy(one.variant.name, one.result.dates, one.market.names, one.components)


def _long(one: VariantRun, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row per date and instrument."""
    rows, legs = one.result.units.shape
    frame = pd.DataFrame({"date": np.repeat(one.result.dates, legs), "variant": one.variant.name})
    frame["instrument"] = np.tile(np.array(one.market.names, dtype=object), rows)
    for name, values in columns.items():
        frame[name] = values.reshape(-1)
    return frame


def _positions(one: VariantRun) -> pd.DataFrame:
    return _long(one, {"units": one.result.units, "weight": one.result.weights})


def _trades(one: VariantRun) -> pd.DataFrame:
    result: Result = one.result
    change = np.diff(result.units, axis=0, prepend=0.0)
    market = {name: getattr(one.market, name)[one.span.rows] for name in ("price", "fx")}
    frame = _long(one, {"units": change, **market, "notional_usd": result.notional, "cost_usd": -result.cost})
    return frame[result.traded.reshape(-1) > 0].reset_index(drop=True)


def manifest(run: Run, now: datetime) -> dict[str, Any]:
    """Return what a run rests on: versions, data, engines, windows, what is modelled."""
    return {
        "name": run.config.name,
        "created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "git_commit": _commit(),
        "config_sha256": hashlib.sha256(dump(run.config).encode()).hexdigest(),
        "data": {
            "source": run.tables.source,
            "frequency": run.tables.frequency,
            "first": str(run.market.dates[0]),
            "last": str(run.market.dates[-1]),
            "series": [asdict(record) for record in run.tables.records],
            "tracking": [str(one) for one in run.tracking],
        },
        "engine": run.config.engine,
        "fill": run.config.fill,
        "interpolation": run.config.data.interpolation,
        "reconciliation": max(one.gap for one in run.variants),
        "seed": significance.SEED,
        "seconds": round(run.seconds, 3),
        "capital": run.config.account.capital,
        "thesis_date": run.config.thesis_date,
        "benchmarks": list(run.config.benchmarks),
        "variants": {one.variant.name: _described(one) for one in run.variants},
        "legs": {name: _leg(run, name) for name in run.market.names},
    }


def _described(one: VariantRun) -> dict[str, Any]:
    rows = one.span.rows
    return {
        "strategy": one.variant.strategy_name,
        "params": dict(one.variant.params),
        "overlays": [dict(overlay) for overlay in one.variant.overlays],
        "legs": list(one.market.names),
        "currency": one.variant.currency.kind,
        "fill": one.fill,
        "rebalance": one.variant.rebalance.model_dump(),
        "start": one.span.first,
        "end": one.span.last,
        "window_reason": one.span.reason,
        "reconciliation": one.gap,
        "bars_without_rolldown": {
            name: int(count)
            for name, count in zip(one.market.names, one.market.no_rolldown[rows].sum(axis=0), strict=True)
        },
        "ruined": one.figures["ruined"],
        "spread": exposure.described(one),
    }


def _leg(run: Run, name: str) -> dict[str, Any]:
    """What an instrument is and costs, and which part of the history traded is modelled from a curve."""
    column = run.market.column(name)
    instrument = run.market.instruments[column]
    users = [one.span.rows for one in run.variants if name in one.market.names]
    window = slice(min(rows.start for rows in users), max(rows.stop for rows in users))
    return {
        "kind": instrument.kind,
        "currency": instrument.currency,
        "curve": instrument.curve,
        "maturity": instrument.maturity,
        "half_spread_bp": instrument.half_spread * 1e4,
        "rolls_per_year": instrument.rolls_per_year,
        "borrow_bp": instrument.borrow * 1e4,
        "borrow_steps": [{"from": step.since, "bp": step.rate * 1e4} for step in instrument.borrow_steps],
        "fee_bp": instrument.fee * 1e4,
        "listed_on": instrument.listed_on,
        "proxy": _stretches(run.market.dates[window], run.market.proxy[window, column]),
        "traded": _stretches(run.market.dates[window], (run.market.exists & ~run.market.proxy)[window, column]),
    }


def _stretches(dates: np.ndarray, flags: np.ndarray) -> list[dict[str, str]]:
    """First and last date of every run of flagged rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [{"first": str(dates[a]), "last": str(dates[b - 1])} for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _commit() -> str | None:
    """The checkout's commit, where the code runs from one."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists() or shutil.which("git") is None:
        return None
    answer = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def load(folder: Path) -> StoredRun:
    """Read a run folder.

    Raises
    ------
    ConfigError
        A folder that is not a run's.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ConfigError(f"{folder}: is not a run folder (no {missing[0]}); give one that `divergence runs` lists")
    try:
        measured = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        hangs_on = folder / "sensitivity.json"
        return StoredRun(
            folder=folder,
            config=(folder / "config.yaml").read_text(encoding="utf-8"),
            manifest=json.loads((folder / "manifest.json").read_text(encoding="utf-8")),
            metrics=measured["variants"],
            choice=measured.get("choice"),
            sensitivity=json.loads(hangs_on.read_text(encoding="utf-8")) if hangs_on.is_file() else None,
            equity=pd.read_parquet(folder / "equity.parquet"),
            attribution=pd.read_parquet(folder / "attribution.parquet"),
            components=_later(folder / "components.parquet", "date", "variant", "component", "instrument", "usd"),
            trades=_later(folder / "trades.parquet", *TRADES),
            stress=_later(folder / "stress.parquet", "variant", "shock", "instrument", "usd"),
            exposure=_later(folder / "exposure.parquet", "date", "variant"),
        )
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"{folder}: the run cannot be read ({error}); run it again") from None


def _later(path: Path, *columns: str) -> pd.DataFrame:
    """Read a table that runs of earlier versions lack."""
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame({column: [] for column in columns})


def listed(folder: Path) -> list[tuple[Path, dict[str, Any], dict[str, Any]]]:
    """Return the runs in a folder, newest first: folder, manifest, figures by variant. What is no run is left out."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith("."):
            continue  # one that is being written
        try:
            manifest_ = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
            figures = json.loads((path / "metrics.json").read_text(encoding="utf-8"))["variants"]
            found.append((path, manifest_, figures))
        except (OSError, ValueError, KeyError):
            continue
    return sorted(found, key=lambda one: str(one[1].get("created")), reverse=True)


def utc_now() -> datetime:
    """Return the time that names a run."""
    return datetime.now(UTC)
