"""The registry of trials: every idea that was tried in a folder of runs, one row each, in its `trials.parquet`.

An idea that is tried again is the same trial: its row counts the evaluations, and its path is replaced by a longer one,
or by a later one of equal length. Writers take turns by a lock and replace the file at once, so that whoever is killed
leaves the old file or the new. Nothing damaged is lost in silence: rows that cannot be are left out and said, and a
file that had some, or cannot be read, is kept beside under a name that is said.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from data.disk import MEGABYTE, read_regular, replace_bytes
from data.errors import SourceError
from data.pricing.bonds import Array

NAME = "trials.parquet"
LOCK = "trials.lock"
LOCK_SECONDS = 5.0
FORMAT = 1
LARGEST = 1024 * MEGABYTE  # of the file
MOST_ROWS = 5_000_000
MOST_MONTHS = 6_000  # of a path
LONGEST = 100  # characters of a name
LATEST = 2**33  # seconds since 1970
FIRST_NAMED = 3  # of damaged rows, in a line
IDEA = re.compile(r"[0-9a-f]{16}")
NO_PATH: Array = np.zeros(0)
NO_PATH.flags.writeable = False
SCHEMA = pa.schema(
    [
        ("idea", pa.string()), ("name", pa.string()), ("strategy", pa.string()), ("source", pa.string()),
        ("sharpe", pa.float64()), ("first", pa.int64()), ("last", pa.int64()), ("evaluations", pa.int64()),
        ("month", pa.int64()), ("x", pa.list_(pa.float64())),
    ]
)  # fmt: skip


class Trial(NamedTuple):
    """An idea that was tried."""

    idea: str
    name: str  # of the variant, when it was last tried
    strategy: str
    source: str  # what first tried it: run, run --set, compare, thesis, thesis --as-of, sweep, walkforward, run folder
    sharpe: float  # annual, of the path kept; NaN where there is none
    first: int  # when it was first tried, seconds since 1970, UTC
    last: int  # when last
    evaluations: int = 1
    month: int = 0  # of the path's first value, months since 1970-01
    x: Array = NO_PATH  # excess return of each month from there on, NaN where there is none; empty: no path is kept


@dataclass(frozen=True)
class Trials:
    """Every idea that was tried in a folder, in the order in which they came."""

    rows: tuple[Trial, ...] = ()  # (N,)
    since: datetime | None = None  # when the registry began, UTC: it may know of earlier runs; None: there is none yet
    entered: frozenset[str] = frozenset()  # names of run folders whose variants are in it
    complaints: tuple[str, ...] = ()  # a line each on what is damaged
    damaged: bool = field(default=False, repr=False)  # something in its file is not in here

    @property
    def count(self) -> int:
        """How many ideas were tried, those without a path included."""
        return len(self.rows)

    @property
    def first(self) -> datetime | None:
        """When the first of them was tried, UTC."""
        return datetime.fromtimestamp(min(row.first for row in self.rows), UTC) if self.rows else None

    @cached_property
    def ideas(self) -> tuple[str, ...]:
        """Hashes (N,)."""
        return tuple(row.idea for row in self.rows)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names (N,) of the variants, as last seen."""
        return tuple(row.name for row in self.rows)

    @cached_property
    def sharpes(self) -> Array:
        """Annual Sharpe ratios (N,), NaN where there is none."""
        return _fixed(np.array([row.sharpe for row in self.rows], dtype=float))

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """Which ideas (K,) have a path."""
        return np.array([i for i, row in enumerate(self.rows) if len(row.x)], dtype=np.int64)

    @cached_property
    def dates(self) -> NDArray[np.datetime64]:
        """Month ends (M,), without gap, from the first of any path to the last."""
        pathed = [self.rows[i] for i in self.columns]
        if not pathed:
            return np.array([], dtype="datetime64[D]")
        first, end = min(row.month for row in pathed), max(row.month + len(row.x) for row in pathed)
        return month_ends(np.arange(first, end).astype("datetime64[M]"))

    @cached_property
    def kept(self) -> Array:
        """Excess returns (M, K) of the months of `dates`, of the ideas of `columns`; NaN where a path has none."""
        return _fixed(self._dense(list(self.columns)))

    @cached_property
    def paths(self) -> Array:
        """Excess returns (M, N), NaN where absent; of many ideas with few paths rather `kept`."""
        return _fixed(self._dense(list(range(self.count))))

    def _dense(self, columns: Sequence[int]) -> Array:
        table = np.full((len(self.dates), len(columns)), np.nan)
        start = int(self.dates[:1].astype("datetime64[M]").astype(np.int64)[0]) if len(table) else 0
        for column, i in enumerate(columns):
            row = self.rows[i]
            if len(row.x):
                table[row.month - start : row.month - start + len(row.x), column] = row.x
        return table


NO_TRIALS = Trials()


def _fixed(values: Array) -> Array:
    values.flags.writeable = False
    return values


def month_ends(months: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return the last day of each month."""
    return np.asarray((months + 1).astype("datetime64[D]") - np.timedelta64(1, "D"))


def monthly(dates: NDArray[np.datetime64], x: Array) -> tuple[int, Array]:
    """Return the first month, counted from 1970-01, and the return of each from there on, NaN where no bar ends in it.

    `dates` (T,) are those of the bars' ends and the start's before them, `x` (T-1,) the bars' returns. Those of a month
    compound; a bar belongs to the month in which it ends.
    """
    if not len(x):
        return 0, NO_PATH
    months = dates[1:].astype("datetime64[M]").astype(np.int64)
    starts = np.flatnonzero(np.diff(months, prepend=months[0] - 1))
    bars = np.diff(starts, append=len(x))
    grown = np.where(bars == 1, x[starts], np.multiply.reduceat(1.0 + x, starts) - 1.0)
    path = np.full(months[-1] - months[0] + 1, np.nan)
    path[months[starts] - months[0]] = grown
    return int(months[0]), _fixed(path)


def joined(before: Trials, trials: Iterable[Trial], folders: Iterable[str] = (), now: datetime | None = None) -> Trials:
    """Return the registry with trials added, and run folders remembered as entered; nothing is written."""
    rows = {row.idea: row for row in before.rows}
    for trial in trials:
        rows[trial.idea] = _again(rows[trial.idea], trial) if trial.idea in rows else trial
    return replace(
        before,
        rows=tuple(rows.values()),
        since=before.since or (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
        entered=before.entered | frozenset(folders),
    )


def _again(row: Trial, trial: Trial) -> Trial:
    """Return a row whose idea was tried again."""
    later = trial.last >= row.last
    better = trial if (len(trial.x), later) >= (len(row.x), True) else row
    return row._replace(
        name=trial.name if later else row.name,
        source=trial.source if trial.first < row.first else row.source,
        sharpe=better.sharpe, month=better.month, x=better.x,
        first=min(row.first, trial.first), last=max(row.last, trial.last),
        evaluations=row.evaluations + trial.evaluations,
    )  # fmt: skip


# ---- on disk


def known(folder: Path) -> Trials:
    """Return the registry of a folder of runs; an empty one where there is none, or none that can be read."""
    try:
        return _read(folder / NAME)
    except SourceError as error:
        return Trials(complaints=(str(error),))


def register(
    folder: Path,
    trials: Sequence[Trial],
    folders: Iterable[str] = (),
    former: Iterable[tuple[str, Sequence[Trial]]] = (),
    now: datetime | None = None,
) -> Trials:
    """Add trials to the registry of a folder of runs, and return what it then holds.

    `folders` are the names of run folders that these trials are of; `former` the trials of others, each entered once.

    Raises
    ------
    SourceError
        A folder that cannot be written to, a registry of a later version, or one that another process holds.
    """
    now = now or datetime.now(UTC)
    with _locked(folder):
        before = _before(folder, now)
        fresh = [(name, own) for name, own in former if name not in before.entered]
        added = [trial for _, own in fresh for trial in own] + list(trials)
        after = joined(before, added, [*folders, *(name for name, _ in fresh)], now)
        replace_bytes(folder / NAME, _content(after))
    return after


def _before(folder: Path, now: datetime) -> Trials:
    """Return what is registered; a file that is damaged is kept beside, for it is about to be replaced."""
    path = folder / NAME
    try:
        before = _read(path)
        if not before.damaged:
            return before
        said = before.complaints
    except LaterVersionError:
        raise
    except SourceError as error:
        before, said = Trials(), (str(error),)
    aside = path.with_name(f"trials.damaged-{now:%Y%m%dT%H%M%SZ}.parquet")
    content = b""
    with suppress(OSError):
        content = read_regular(path, LARGEST)
    if content:
        replace_bytes(aside, content)
    else:
        path.replace(aside)
    return replace(before, complaints=(f"{said[0]}; as it was it is kept as {aside.name}",))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise SourceError(f"{folder / NAME}: another process has held it for {LOCK_SECONDS:.0f} s") from None
    except OSError as error:
        raise SourceError(f"{folder / NAME}: cannot be written ({error.strerror or error})") from None


class LaterVersionError(SourceError):
    """A registry that a later version wrote, which this one leaves alone."""


def _content(trials: Trials) -> bytes:
    stated = {
        "format": FORMAT,
        "since": trials.since.isoformat() if trials.since else None,
        "entered": sorted(trials.entered),
    }
    columns = [list(column) for column in zip(*trials.rows, strict=True)] or [[] for _ in SCHEMA]
    schema = SCHEMA.with_metadata({"trials": json.dumps(stated)})
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def _read(path: Path) -> Trials:
    """Return the registry of a file; an empty one where there is none.

    Raises
    ------
    LaterVersionError
        One of a later version.
    SourceError
        A file that cannot be read, or is no registry.
    """
    try:
        content = read_regular(path, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return Trials()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        stated = json.loads((file.schema_arrow.metadata or {}).get(b"trials", b"null"))
        if stated["format"] > FORMAT:
            raise LaterVersionError(f"{path}: a later version wrote it; use that one, or move the file away")
        since, entered = datetime.fromisoformat(stated["since"]).astimezone(UTC), frozenset(map(str, stated["entered"]))
        if file.metadata.num_rows > MOST_ROWS or not file.schema_arrow.equals(SCHEMA):
            raise ValueError("it holds what no registry does")
        columns = _columns(file.read())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, pa.ArrowException) as error:
        why = " ".join(str(error).split())[:80]
        raise SourceError(f"{path}: the registry of trials is damaged ({type(error).__name__}: {why})") from None
    rows, refused = _checked(columns)
    complaints = (_on_rows(path, refused),) if refused else ()
    return Trials(rows, since, entered, complaints, damaged=bool(refused))


def _columns(table: pa.Table) -> list[Any]:
    """Return the columns as lists; of the paths a view each."""
    lists = table.column("x").combine_chunks()
    lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
    offsets, values = lists.offsets.to_numpy(), _fixed(lists.values.to_numpy(zero_copy_only=False).astype(float))
    paths = [values[a:b] if b > a else NO_PATH for a, b in pairwise(offsets)]
    table = table.set_column(SCHEMA.names.index("sharpe"), "sharpe", table.column("sharpe").fill_null(math.nan))
    return [*(table.column(name).to_pylist() for name in SCHEMA.names[:-1]), paths]


def _checked(columns: Sequence[Any]) -> tuple[tuple[Trial, ...], list[str]]:
    """Return the rows that can be, and what is wrong with the others."""
    rows: dict[str, Trial] = {}
    refused = []
    for i, values in enumerate(zip(*columns, strict=True)):
        row = Trial(*values)
        why = "is there twice" if row.idea in rows else _wrong(row)
        if why:
            refused.append(f"row {i + 1} {why}")
        else:
            rows[row.idea] = row
    return tuple(rows.values()), refused


def _wrong(row: Trial) -> str:
    idea, name, strategy, source, sharpe, first, last, evaluations, month, x = row
    if not isinstance(idea, str) or not IDEA.fullmatch(idea):
        return "names no idea"
    if not (_is_name(name) and _is_name(strategy) and _is_name(source)):
        return "has a name that is none"
    if None in (first, last, evaluations) or not 0 <= first <= last < LATEST or evaluations < 1:
        return "was tried at no time"
    if month is None or not abs(month) < MOST_MONTHS or len(x) > MOST_MONTHS or (len(x) and np.isinf(x).any()):
        return "has a path that is none"
    return "has a Sharpe ratio that is none" if math.isinf(sharpe) else ""


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST and text.isprintable()


def _on_rows(path: Path, refused: Sequence[str]) -> str:
    more = f"; and {len(refused) - FIRST_NAMED:,} more" if len(refused) > FIRST_NAMED else ""
    return f"{path}: damaged, and left out: {'; '.join(refused[:FIRST_NAMED])}{more}"
