"""What differs between runs: data, versions, conventions, and what became of the variants they share."""

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
    """One thing that is not the same in all runs."""

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
    told = [source.manifest.get("data", {}) for source in sources]
    plain = [{key: str(one[key]) for key in ("source", "frequency", "first", "last") if key in one} for one in told]
    yield from _differing("data", plain, NOT_STATED)
    series = [_series(one) for one in told]
    for name in dict.fromkeys(name for one in series for name in one):
        known = [one.get(name) for one in series]
        if any(one is None for one in known):
            yield Difference("data", name, tuple(NOT_USED if one is None else _stamp(one) for one in known))
            continue
        stated = [one for one in known if one is not None]
        both = set.intersection(*(set(one) for one in stated))
        if any(len({one[key] for one in stated}) > 1 for key in both):
            yield Difference("data", name, tuple(_stamp(one) for one in stated))


def _series(told: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Last date, rows and hash by series; folders of earlier versions have the hash alone."""
    if "series" not in told:
        return {str(name): {"sha256": str(value)} for name, value in told.get("sha256", {}).items()}
    return {
        str(one["series"]): {key: str(one[key]) for key in ("last", "rows", "sha256") if key in one}
        for one in told["series"]
    }


def _stamp(series: Mapping[str, str]) -> str:
    words = [f"to {series['last']}"] if "last" in series else []
    words += [f"{series['rows']} rows"] if "rows" in series else []
    return ", ".join([*words, f"sha256 {series.get('sha256', NOT_STATED)[:12]}"])


def _versions(sources: Sequence[Source]) -> Iterator[Difference]:
    tables = [
        {**{str(k): str(v) for k, v in source.manifest.get("versions", {}).items()}, "commit": _commit(source)}
        for source in sources
    ]
    yield from _differing("versions", tables, NOT_STATED)


def _commit(source: Source) -> str:
    return str(source.manifest.get("git_commit") or "not a checkout")[:12]


def _conventions(sources: Sequence[Source]) -> Iterator[Difference]:
    rest = [{k: v for k, v in source.config.items() if k not in ("name", "variants")} for source in sources]
    yield from _differing("conventions", [_flat(one) for one in rest], NOT_STATED)
    legs = [source.manifest.get("legs", {}) for source in sources]
    shared = [name for name in legs[0] if all(name in one for one in legs)]
    yield from _differing("conventions", [_flat({name: _terms(one[name]) for name in shared}) for one in legs], "none")


def _terms(leg: Mapping[str, Any]) -> dict[str, Any]:
    """What an instrument is and costs, without the dates its window happens to span."""
    return {key: value for key, value in leg.items() if key not in ("proxy", "traded")}


def _variants(sources: Sequence[Source]) -> Iterator[Difference]:
    has = [{one.variant for one in source.candidates} for source in sources]
    every = dict.fromkeys(one.variant for source in sources for one in source.candidates)
    for name in every:
        if not all(name in one for one in has):
            yield Difference("variants", name, tuple("there" if name in one else "not there" for one in has))
            continue
        written = [{name: source.config.get("variants", {}).get(name, {})} for source in sources]
        yield from _differing("variants", [_flat(one) for one in written], "none")
        ran = [{f"{name} {key}": str(_ran(source, name).get(key)) for key in ("start", "end")} for source in sources]
        yield from _differing("variants", ran, NOT_STATED)


def _ran(source: Source, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = source.manifest.get("variants", {}).get(name, {})
    return found


def _flat(value: Any, before: str = "") -> dict[str, str]:
    """Return nested settings by dotted key.

    >>> _flat({"data": {"source": "bundled"}, "benchmarks": ["a", "b"]})
    {'data.source': 'bundled', 'benchmarks': 'a, b'}
    """
    if isinstance(value, Mapping):
        return {k: v for key, inner in value.items() for k, v in _flat(inner, f"{before}{key}.").items()}
    if not isinstance(value, list | tuple):
        return {before.removesuffix("."): str(value)}
    return {before.removesuffix("."): ", ".join(_item(one) for one in value)} if value else {}


def _item(value: Any) -> str:
    return " ".join(f"{key} {inner}" for key, inner in value.items()) if isinstance(value, Mapping) else str(value)


# ---- the variants they share


def twins(sources: Sequence[Source]) -> list[Twin]:
    """Compare every variant with the first earlier run that has one of its name."""
    seen: dict[str, Candidate] = {}
    found = []
    for source in sources:
        for one in source.candidates:
            if one.variant in seen:
                found.append(_twin(seen[one.variant], one))
            else:
                seen[one.variant] = one
    return found


def _twin(a: Candidate, b: Candidate) -> Twin:
    days, ours, theirs = np.intersect1d(a.history.dates, b.history.dates, return_indices=True)
    apart = np.abs(a.history.equity[ours] / a.history.capital - b.history.equity[theirs] / b.history.capital)
    strayed = np.flatnonzero(apart > IDENTICAL)
    return Twin(
        variant=a.variant,
        first=a.label,
        second=b.label,
        identical=identical(a.history, b.history),
        gap=float(apart.max()) if len(days) else None,
        since=str(days[strayed[0]].astype("datetime64[D]")) if len(strayed) else None,
        same_days=np.array_equal(a.history.dates, b.history.dates),
    )


def identical(a: History, b: History) -> bool:
    """Whether two histories have the same days, capital and, to 1e-9 of capital, equity."""
    if a.capital != b.capital or not np.array_equal(a.dates, b.dates):
        return False
    return bool(np.abs(a.equity - b.equity).max() <= IDENTICAL * a.capital)
