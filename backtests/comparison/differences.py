"""What differs between runs: data, versions, conventions, and the equity of the variants they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backtests.comparison.candidates import Candidate, Source
from backtests.comparison.history import History

IDENTICAL = 1e-9  # of capital
NOT_STATED = "not stated"
NOT_USED = "not used"

Group = Literal["data", "versions", "conventions", "variants"]


@dataclass(frozen=True)
class Difference:
    """A setting, series or version that is not the same in all runs."""

    group: Group
    what: str
    values: tuple[str, ...]  # by run


@dataclass(frozen=True)
class Twin:
    """A variant that two runs have, and how far its equity differs."""

    variant: str
    first: str  # label of the run
    second: str
    identical: bool
    gap: float | None  # largest difference on the days both have, fraction of capital; None where there are none
    since: str | None  # first day on which they differ
    same_days: bool


def differences(sources: Sequence[Source]) -> list[Difference]:
    """Return what differs between the runs, in the order data, versions, conventions, variants."""
    if len(sources) < 2:
        return []
    return [*_data(sources), *_versions(sources), *_conventions(sources), *_variants(sources)]


def _differing(group: Group, tables: Sequence[Mapping[str, str]], absent: str) -> Iterator[Difference]:
    for key in dict.fromkeys(key for table in tables for key in table):
        values = tuple(table.get(key, absent) for table in tables)
        if len(set(values)) > 1:
            yield Difference(group, key, values)


def _data(sources: Sequence[Source]) -> Iterator[Difference]:
    blocks = [source.manifest.get("data", {}) for source in sources]
    keys = ("source", "frequency", "first", "last")
    settings = [{key: str(block[key]) for key in keys if key in block} for block in blocks]
    yield from _differing("data", settings, NOT_STATED)
    by_run = [_series(block) for block in blocks]
    for name in dict.fromkeys(name for series in by_run for name in series):
        used = [series[name] for series in by_run if name in series]
        common = set.intersection(*(set(record) for record in used))
        if len(used) < len(by_run) or any(len({record[key] for record in used}) > 1 for key in common):
            stamps = tuple(_stamp(series[name]) if name in series else NOT_USED for series in by_run)
            yield Difference("data", name, stamps)


def _series(data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Last date, rows and hash by series; folders of earlier versions have the hash alone."""
    if "series" not in data:
        return {str(name): {"sha256": str(value)} for name, value in data.get("sha256", {}).items()}
    return {
        str(record["series"]): {key: str(record[key]) for key in ("last", "rows", "sha256") if key in record}
        for record in data["series"]
    }


def _stamp(record: Mapping[str, str]) -> str:
    words = [f"to {record['last']}"] if "last" in record else []
    words += [f"{record['rows']} rows"] if "rows" in record else []
    return ", ".join([*words, f"sha256 {record.get('sha256', NOT_STATED)[:12]}"])


def _versions(sources: Sequence[Source]) -> Iterator[Difference]:
    tables = [
        {**{str(k): str(v) for k, v in source.manifest.get("versions", {}).items()}, "commit": _commit(source)}
        for source in sources
    ]
    yield from _differing("versions", tables, NOT_STATED)


def _commit(source: Source) -> str:
    return str(source.manifest.get("git_commit") or "not a checkout")[:12]


def _conventions(sources: Sequence[Source]) -> Iterator[Difference]:
    settings = [{k: v for k, v in source.config.items() if k not in ("name", "variants")} for source in sources]
    yield from _differing("conventions", [_flat(values) for values in settings], NOT_STATED)
    by_run = [source.manifest.get("legs", {}) for source in sources]
    shared = [name for name in by_run[0] if all(name in legs for legs in by_run)]
    terms = [_flat({name: _terms(legs[name]) for name in shared}) for legs in by_run]
    yield from _differing("conventions", terms, "none")


def _terms(leg: Mapping[str, Any]) -> dict[str, Any]:
    """What an instrument is and costs, without the dates its window happens to span."""
    return {key: value for key, value in leg.items() if key not in ("proxy", "traded")}


def _variants(sources: Sequence[Source]) -> Iterator[Difference]:
    by_run = [[candidate.variant for candidate in source.candidates] for source in sources]
    for name in dict.fromkeys(name for names in by_run for name in names):
        if not all(name in names for names in by_run):
            yield Difference("variants", name, tuple("there" if name in names else "not there" for names in by_run))
            continue
        settings = [_flat({name: source.config.get("variants", {}).get(name, {})}) for source in sources]
        yield from _differing("variants", settings, "none")
        yield from _differing("variants", [_span(source, name) for source in sources], NOT_STATED)


def _span(source: Source, name: str) -> dict[str, str]:
    """First and last day that a variant traded, as its run's manifest has them."""
    variant = source.manifest.get("variants", {}).get(name, {})
    return {f"{name} {key}": str(variant.get(key)) for key in ("start", "end")}


def _flat(value: Any, before: str = "") -> dict[str, str]:
    """Return nested settings by dotted key.

    >>> _flat({"data": {"source": "bundled"}, "benchmarks": ["a", "b"]})
    {'data.source': 'bundled', 'benchmarks': 'a, b'}
    """
    if isinstance(value, Mapping):
        return {k: v for key, inner in value.items() for k, v in _flat(inner, f"{before}{key}.").items()}
    if not isinstance(value, list | tuple):
        return {before.removesuffix("."): str(value)}
    return {before.removesuffix("."): ", ".join(_entry(entry) for entry in value)} if value else {}


def _entry(value: Any) -> str:
    return " ".join(f"{key} {inner}" for key, inner in value.items()) if isinstance(value, Mapping) else str(value)


# ---- the variants they share


def twins(sources: Sequence[Source]) -> list[Twin]:
    """Compare every variant with the first earlier run that has one of its name."""
    first: dict[str, Candidate] = {}
    pairs = []
    for source in sources:
        for candidate in source.candidates:
            if candidate.variant in first:
                pairs.append(_twin(first[candidate.variant], candidate))
            else:
                first[candidate.variant] = candidate
    return pairs


def _twin(a: Candidate, b: Candidate) -> Twin:
    days, rows_a, rows_b = np.intersect1d(a.history.dates, b.history.dates, return_indices=True)
    gaps = np.abs(a.history.equity[rows_a] / a.history.capital - b.history.equity[rows_b] / b.history.capital)
    apart = np.flatnonzero(gaps > IDENTICAL)
    return Twin(
        variant=a.variant,
        first=a.label,
        second=b.label,
        identical=identical(a.history, b.history),
        gap=float(gaps.max()) if len(days) else None,
        since=str(days[apart[0]].astype("datetime64[D]")) if len(apart) else None,
        same_days=np.array_equal(a.history.dates, b.history.dates),
    )


def identical(a: History, b: History) -> bool:
    """Whether two histories have the same days, capital and, to 1e-9 of capital, equity."""
    if a.capital != b.capital or not np.array_equal(a.dates, b.dates):
        return False
    return bool(np.abs(a.equity - b.equity).max() <= IDENTICAL * a.capital)
