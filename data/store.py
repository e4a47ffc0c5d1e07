"""The store: every series that was fetched or imported, with every value it was ever given.

A series is an immutable Parquet file named after its own hash, and a small JSON that points to it. A write makes a new
file beside, then moves the pointer: whoever is killed in between leaves the old state whole. Values are never taken
away or overwritten: one that a source restates is added as a later vintage, one that a source no longer publishes
stays. What cannot be true is kept out on arrival.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.countries import COUNTRIES, Countries
from data.disk import replace_text, sha256, sync
from data.errors import DataError, SourceError
from data.instruments import LIBRARY
from data.quality import Finding, quarantine
from data.series import MONTH, NAME, SPECS, Delivery, Spec, spec_of

logger = logging.getLogger(__name__)

HOME = "DIVERGENCE_HOME"
LOCK_SECONDS = 30.0
SAME = 1e-9  # relative: values this near are one value, printed twice
RESTATED_SHARE = 0.2  # of the values already stored: above it a delivery is taken for a wrong file
BESIDE = 10  # stored rows on each side of a delivery that it is judged beside
RESTATES_ITSELF = ("price",)  # kinds whose whole history changes with every distribution or split


@dataclass(frozen=True)
class Stored:
    """A series as it stands: the latest vintage of every value, and what is known about it."""

    series: str
    frame: pd.DataFrame  # index: dates; columns: text; as published
    source: str  # of the latest vintage
    fetched: datetime
    sha256: str
    vintages: int
    restated: int  # values that a later vintage changed
    spec: Spec


@dataclass(frozen=True)
class Change:
    """What a delivery did to a series."""

    series: str
    added: int
    restated: int
    kept: int  # values stored earlier that the delivery no longer holds
    first: date | None
    last: date | None
    notes: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)


def home() -> Path:
    """Return the store's folder: DIVERGENCE_HOME, or the platform's place for user data."""
    named = os.environ.get(HOME)
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("divergence", appauthor=False)


class Store:
    """The series under one folder; those of `countries` that no source publishes are among them."""

    def __init__(self, folder: Path, countries: Countries = COUNTRIES) -> None:
        self.folder = folder
        self.countries = countries

    def names(self) -> list[str]:
        """Return the series that are stored."""
        if self.folder.exists() and not self.folder.is_dir():
            raise SourceError(f"{self.folder}: is not a folder; set {HOME} to one")
        return sorted(path.parent.name for path in self.folder.glob("series/*/current.json"))

    def read(self, series: str) -> Stored:
        """Return a series' latest values.

        Raises
        ------
        DataError
            A series that is not stored.
        SourceError
            A file that is damaged: its content is not what its hash says.
        """
        meta, rows = self._load(series)
        logger.debug("%s read from %s: %d values of %d vintages", series, self.folder, len(rows), len(meta["vintages"]))
        return Stored(
            series=series,
            frame=_latest(rows),
            source=meta["vintages"][-1]["source"],
            fetched=datetime.fromisoformat(meta["vintages"][-1]["fetched"]),
            sha256=meta["sha256"],
            vintages=len(meta["vintages"]),
            restated=sum(vintage["restated"] for vintage in meta["vintages"]),
            spec=self._spec(series),
        )

    def put(self, delivery: Delivery, now: datetime, restated_share: float = RESTATED_SHARE) -> Change:
        """Add a delivery to its series; what is stored stays.

        Raises
        ------
        DataError
            A delivery that restates more than `restated_share` of what is stored: more likely a wrong file.
        SourceError
            A disk that fails, or another process that holds the store.
        """
        spec = self._spec(delivery.series, delivery.spec)
        with self._locked():
            pointer = self._pointer(delivery.series, delivery.spec)
            meta, rows = self._load(delivery.series) if pointer.exists() else ({"vintages": []}, _none())
            _check_spacing(delivery, rows, spec)
            frame, findings = _judged(delivery, rows, spec)
            frame = _on_one_basis(delivery, frame, rows) if spec.kind == "price" else frame
            fresh, change = _compared(delivery, frame, rows, findings)
            if spec.kind not in RESTATES_ITSELF and change.restated > max(5, restated_share * _overlap(frame, rows)):
                raise DataError(
                    f"{delivery.source}: {change.restated} of {delivery.series}'s stored values would change; "
                    "more likely a wrong file than a restated history. If it is one: "
                    "divergence data import --restated PATH"
                )
            if len(fresh) or not rows.size:
                self._write(delivery, meta, rows, fresh, change, now)
        _log(change, delivery.source)
        return change

    def _write(
        self,
        delivery: Delivery,
        meta: dict[str, Any],
        rows: pd.DataFrame,
        fresh: pd.DataFrame,
        change: Change,
        now: datetime,
    ) -> None:
        vintage = len(meta["vintages"])
        joined = pd.concat([rows, fresh.assign(vintage=np.int32(vintage))], ignore_index=True)
        entry: dict[str, Any] = {
            "fetched": now.astimezone(UTC).isoformat(timespec="seconds"),
            "source": delivery.source,
        }
        entry |= {"added": change.added, "restated": change.restated, "kept": change.kept}
        pointer = self._pointer(delivery.series, delivery.spec)
        try:
            pointer.parent.mkdir(parents=True, exist_ok=True)
            beside = pointer.parent / f".{os.getpid()}.parquet"
            joined.to_parquet(beside, index=False)
            digest = sha256(beside)
            sync(beside)
            beside.replace(pointer.parent / f"{digest[:16]}.parquet")
            state = {"series": delivery.series, "file": f"{digest[:16]}.parquet", "sha256": digest}
            history: dict[str, Any] = {"before": meta.get("file"), "vintages": [*meta["vintages"], entry]}
            spec = self._spec(delivery.series, delivery.spec)
            if spec.name not in SPECS and spec.name not in LIBRARY:  # what it is stays known without the configuration
                history["spec"] = asdict(spec)
            replace_text(pointer, json.dumps({**state, **history}, indent=1))
            sync(pointer.parent)
        except OSError as error:
            raise SourceError(
                f"{pointer.parent}: cannot be written ({error.strerror or error}); what was stored is unharmed"
            ) from None
        finally:
            self._sweep(pointer)

    def _sweep(self, pointer: Path) -> None:
        """Drop the files that neither the pointer nor the state before it names."""
        try:
            state = json.loads(pointer.read_text(encoding="utf-8"))
            for path in pointer.parent.glob("*.parquet"):
                if path.name not in (state["file"], state["before"]):
                    path.unlink(missing_ok=True)
        except (OSError, ValueError, KeyError, TypeError):
            return

    def _pointer(self, series: str, given: Spec | None = None) -> Path:
        return self.folder / "series" / self._spec(series, given).name / "current.json"

    def _spec(self, series: str, given: Spec | None = None) -> Spec:
        """Return what a series is: as the table of countries says, as the store was told of it, or as it is given."""
        try:
            return spec_of(series, self.countries)
        except DataError:
            kept = self._meta(series)
            if given is None and "spec" not in kept:
                raise
            with suppress(TypeError):
                stored = Spec(**kept["spec"]) if "spec" in kept else given
                if given and stored and (given.kind, given.unit) != (stored.kind, stored.unit):
                    raise DataError(
                        f"{series} is stored as {stored.kind} in {stored.unit}, not {given.kind} in {given.unit}; "
                        "give it another name"
                    ) from None
                return given or Spec(**kept["spec"])
            raise

    def _meta(self, series: str) -> dict[str, Any]:
        """Return what a series' pointer says, nothing where there is none that can be read."""
        kept = self.folder / "series" / series / "current.json"
        with suppress(OSError, ValueError):
            content = json.loads(kept.read_text(encoding="utf-8")) if NAME.fullmatch(series) and kept.is_file() else {}
            return dict(content) if isinstance(content, dict) else {}
        return {}

    def _load(self, series: str) -> tuple[dict[str, Any], pd.DataFrame]:
        pointer = self._pointer(series)
        if not pointer.exists():
            raise DataError(
                f"the series {series} is not stored in {self.folder}; fetch it with `divergence data update {series}`, "
                "or import a file with `divergence data import PATH`"
            )
        try:
            meta = json.loads(pointer.read_text(encoding="utf-8"))
            path = pointer.parent / meta["file"]
            intact = sha256(path) == meta["sha256"]
            rows = pd.read_parquet(path) if intact else _none()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(pointer, type(error).__name__) from None
        if not intact:
            raise self._damaged(path, "its content is not what its hash says")
        return meta, rows

    def _damaged(self, path: Path, why: str) -> SourceError:
        return SourceError(
            f"{path}: is damaged ({why}); remove the folder {path.parent} and update or import the series again"
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / "store.lock", timeout=LOCK_SECONDS):
                yield
        except Timeout:
            raise SourceError(
                f"{self.folder}: another update has held the store for {LOCK_SECONDS:.0f} s; wait for it and try again"
            ) from None
        except OSError as error:
            raise SourceError(f"{self.folder}: cannot be written ({error.strerror or error}); set {HOME}") from None


def _log(change: Change, source: str) -> None:
    logger.info(
        "%s from %s: %d new values, %d restated, %d kept that it lacks",
        change.series, source, change.added, change.restated, change.kept,
    )  # fmt: skip
    for finding in change.findings:
        logger.warning("left out: %s", finding)


def _check_spacing(delivery: Delivery, rows: pd.DataFrame, spec: Spec) -> None:
    """Refuse month ends into a daily series, and the reverse: each would put days into the other that never were."""
    given, stored = (
        monthly(delivery.frame.index),
        monthly(pd.DatetimeIndex(rows["date"].drop_duplicates().sort_values())),
    )
    if given is not None and stored is not None and given != stored and spec.calendar != MONTH:
        words = ("month ends", "daily rows") if given else ("daily rows", "month ends")
        raise DataError(
            f"{delivery.source}: {words[0]} of {delivery.series}, of which the store holds {words[1]}; keep them apart "
            f"with another {HOME}"
        )


def monthly(index: pd.Index) -> bool | None:
    """Whether dates are about a month apart; None where there are too few to tell."""
    return None if len(index) < 3 else bool(pd.Series(index).diff().dt.days.median() > 20)


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the latest vintage of every value, dates x columns."""
    latest = rows.drop_duplicates(["date", "column"], keep="last")
    frame = latest.set_index(["date", "column"])["value"].unstack().rename_axis(None, axis=1)
    return frame[_ordered(frame.columns)].sort_index()


def _judged(delivery: Delivery, rows: pd.DataFrame, spec: Spec) -> tuple[pd.DataFrame, list[Finding]]:
    """Return what of a delivery can be true, judged beside the stored rows next to it: a few prove little alone."""
    given = delivery.frame
    if rows.empty or given.empty:
        return quarantine(spec, given)
    stored = _latest(rows)
    beside = pd.concat(
        [stored[stored.index < given.index[0]].tail(BESIDE), stored[stored.index > given.index[-1]].head(BESIDE)]
    )
    frame, findings = quarantine(spec, pd.concat([beside, given]).sort_index())
    first, last = given.index[0].date(), given.index[-1].date()
    relevant = [f for f in findings if f.last is None or f.first is None or (f.last >= first and f.first <= last)]
    return frame.reindex(index=frame.index.intersection(given.index), columns=given.columns), relevant


def _on_one_basis(delivery: Delivery, frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return prices with the adjusted ones that only the store has, brought to the basis of the delivery.

    Adjusted prices are rescaled whole with every distribution; joined as they are, two bases would make a return.
    """
    if rows.empty or "adjusted" not in frame or "adjusted" not in rows["column"].to_numpy():
        return frame
    stored, given = _latest(rows)["adjusted"].dropna(), frame["adjusted"].dropna()
    only = stored.index.difference(given.index)
    both = stored.index.intersection(given.index)
    if only.empty:
        return frame
    if both.empty:
        raise DataError(
            f"{delivery.source}: adjusted prices of {delivery.series} that share no day with those stored "
            f"({stored.index[0].date()} to {stored.index[-1].date()}); import a file that overlaps them"
        )
    factor = (given[both] / stored[both]).reindex(stored.index).ffill().bfill()
    if np.allclose(factor[only], 1.0, rtol=SAME, atol=0.0):
        return frame
    logger.info(
        "%s: adjusted prices of %d stored days brought to the basis of %s", delivery.series, len(only), delivery.source
    )
    moved = pd.DataFrame({"adjusted": (stored * factor)[only]})
    return frame.combine_first(moved)


def _none() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.Series(dtype="datetime64[ns]"),
            "column": pd.Series(dtype="str"),
            "value": pd.Series(dtype=float),
            "vintage": pd.Series(dtype="int32"),
        }
    )


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per value that is there."""
    rows, columns = frame.shape
    table = pd.DataFrame(
        {
            "date": np.repeat(frame.index.to_numpy(dtype="datetime64[ns]"), columns),
            "column": np.tile(frame.columns.to_numpy(dtype=object), rows),
            "value": frame.to_numpy(dtype=float).reshape(-1),
        }
    ).astype({"column": "str"})
    return table.dropna(subset="value").reset_index(drop=True)


def _compared(
    delivery: Delivery, frame: pd.DataFrame, rows: pd.DataFrame, findings: list[Finding]
) -> tuple[pd.DataFrame, Change]:
    """Return the values worth adding, and what they do: new ones, and those that differ from what is stored."""
    given = _long(frame)
    stored = rows.drop_duplicates(["date", "column"], keep="last")[["date", "column", "value"]]
    both = given.merge(stored, how="left", on=["date", "column"], suffixes=("", "_stored"))
    known = both["value_stored"].notna().to_numpy()
    apart = ~np.isclose(both["value"], both["value_stored"], rtol=SAME, atol=0.0) & known
    fresh = both.loc[~known | apart, ["date", "column", "value"]].reset_index(drop=True)
    spanned = stored["date"].between(frame.index[0], frame.index[-1]) if len(frame) else stored["date"].isna()
    kept = int((spanned & stored["column"].isin(frame.columns)).sum()) - int(known.sum())
    return fresh, Change(
        series=delivery.series,
        added=int((~known).sum()),
        restated=int(apart.sum()),
        kept=kept,
        first=frame.index[0].date() if len(frame) else None,
        last=frame.index[-1].date() if len(frame) else None,
        notes=delivery.notes,
        findings=findings,
    )


def _overlap(frame: pd.DataFrame, rows: pd.DataFrame) -> int:
    stored = rows.drop_duplicates(["date", "column"], keep="last")
    return len(_long(frame).merge(stored, on=["date", "column"]))


def _ordered(columns: pd.Index) -> list[str]:
    """Tenors by length, other columns as they come."""

    def key(name: str) -> tuple[float, str]:
        try:
            return (float(name), "")
        except ValueError:
            return (np.inf, name)

    return sorted((str(name) for name in columns), key=key)
