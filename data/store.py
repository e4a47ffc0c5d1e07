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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data import gate
from data.countries import COUNTRIES, Countries
from data.disk import replace_text, sha256, sync
from data.errors import DataError, SourceError
from data.instruments import LIBRARY
from data.series import NAME, SPECS, Delivery, Spec, spec_of
from data.sources.said import Said
from data.sources.symbols import Known
from data.vintages import HOME, Change, check_spacing, compared, judged, latest, monthly, no_rows, on_one_basis, overlap

logger = logging.getLogger(__name__)

LOCK_SECONDS = 30.0
RESTATED_SHARE = 0.2  # of the values already stored: above it a delivery is taken for a wrong file
__all__ = ["HOME", "RESTATED_SHARE", "Change", "Store", "Stored", "home", "monthly"]
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
    said: Mapping[str, str] = field(default_factory=dict)  # of its files, by the user


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
            frame=latest(rows),
            source=meta["vintages"][-1]["source"],
            fetched=datetime.fromisoformat(meta["vintages"][-1]["fetched"]),
            sha256=meta["sha256"],
            vintages=len(meta["vintages"]),
            restated=sum(vintage["restated"] for vintage in meta["vintages"]),
            spec=self._spec(series),
            said=meta.get("said", {}),
        )

    def put(self, delivery: Delivery, now: datetime, restated_share: float = RESTATED_SHARE) -> Change:
        """Add a delivery to its series; what is stored stays. As `put_all`, of one."""
        (change,) = self.put_all([delivery], now, restated_share)
        return change

    def put_all(
        self, deliveries: Sequence[Delivery], now: datetime, restated_share: float = RESTATED_SHARE
    ) -> list[Change]:
        """Add deliveries of several series, or none of them where one is refused.

        Raises
        ------
        DataError
            A delivery that restates more than `restated_share` of what is stored: more likely a wrong file.
        SourceError
            A disk that fails, or another process that holds the store.
        """
        with self._locked():
            ready = [self._prepared(delivery, restated_share) for delivery in deliveries]
            for delivery, (meta, rows, fresh, change) in zip(deliveries, ready, strict=True):
                if len(fresh) or not rows.size or (delivery.said and delivery.said != meta.get("said")):
                    self._write(delivery, meta, rows, fresh, change, now)
        changes = [change for _, _, _, change in ready]
        for delivery, change in zip(deliveries, changes, strict=True):
            _log(change, delivery.source)
        return changes

    def _prepared(
        self, delivery: Delivery, restated_share: float
    ) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, Change]:
        """Return what is stored of a series, what a delivery adds to it, and what that does."""
        spec = self._spec(delivery.series, delivery.spec)
        pointer = self._pointer(delivery.series, delivery.spec)
        meta, rows = self._load(delivery.series) if pointer.exists() else ({"vintages": []}, no_rows())
        check_spacing(delivery, rows, spec)
        frame, findings = judged(delivery, rows, spec)
        frame = on_one_basis(delivery, frame, rows) if spec.kind == "price" else frame
        fresh, change = compared(delivery, frame, rows, findings)
        if spec.kind not in RESTATES_ITSELF and change.restated > max(5, restated_share * overlap(frame, rows)):
            raise DataError(
                f"{delivery.source}: {change.restated} of {delivery.series}'s stored values would change; "
                "more likely a wrong file than a restated history. If it is one: "
                "divergence data import --restated PATH"
            )
        return meta, rows, fresh, change

    def known(self, listed: Mapping[str, Spec] | None = None) -> Known:
        """Return what files may hold besides what is built in: listed names stored or given, and what was said of "
        "files."""
        kept = {name: self._meta(name) for name in self.names()}
        specs = {
            name: Spec(**meta["spec"]) for name, meta in kept.items() if meta.get("spec", {}).get("kind") == "price"
        }
        said = {name: Said.from_plain(meta["said"]) for name, meta in kept.items() if meta.get("said")}
        files = {meta["said"]["file"]: name for name, meta in kept.items() if meta.get("said", {}).get("file")}
        return Known(self.countries, specs | dict(listed or {}), said, files)

    def admit(
        self, deliveries: Sequence[Delivery], now: datetime, restated_share: float = RESTATED_SHARE
    ) -> list[Change]:
        """Add deliveries, or none of them: each must be of its series' unit, direction and basis.

        Raises
        ------
        DataError
            As `put_all`, and what `data.quality.gate` refuses.
        """
        admitted = []
        for delivery in deliveries:
            spec = self._spec(delivery.series, delivery.spec)
            pointer = self._pointer(delivery.series, delivery.spec)
            stored = latest(self._load(delivery.series)[1]) if pointer.exists() else None
            admitted.append(gate.admitted(delivery, spec, stored, now.date()))
        changes = self.put_all([delivery for delivery, _ in admitted], now, restated_share)
        return [replace(change, warnings=own) for change, (_, own) in zip(changes, admitted, strict=True)]

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
            if said := delivery.said or meta.get("said"):
                history["said"] = dict(said)
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
            rows = pd.read_parquet(path) if intact else no_rows()
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
