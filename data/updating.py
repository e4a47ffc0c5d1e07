"""What `data update` fetches: which source delivers which series, and from which address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from string import Formatter

from data.errors import DataError, did_you_mean
from data.series import SPECS, Delivery, listed_names
from data.sources import boj, fred, mof, nyfed, treasury, yahoo

FIRST_YEAR = 1990  # of the Treasury's yearly files
FRED_IDS = {"usdjpy": "DEXJPUS", "fed_funds": "DFF", "us_cpi": "CPIAUCNS", "yen_call_month": "IRSTCI01JPM156N"}
PLACES = {  # what an address of each source must leave open
    "mof": {"file"},
    "treasury": {"type", "year"},
    "fred": {"id"},
    "boj": {"start"},
    "nyfed": {"start", "end"},
}
NOT_FETCHED = ("fed_funds_month", "macro")  # they come with the project or from a file


@dataclass(frozen=True)
class Job:
    """One call on one source."""

    name: str
    fetch: Callable[[], list[Delivery]]


def jobs(wanted: Sequence[str], addresses: Mapping[str, str]) -> list[Job]:
    """Return the calls that fetch the series wanted; all official series where none is named.

    `addresses` replace sources' own.

    Raises
    ------
    DataError
        A name that no source delivers.
    """
    today = datetime.now(UTC).date()
    official = [name for name in SPECS if name not in NOT_FETCHED]
    names = list(dict.fromkeys(wanted or official))
    for name in names:
        if name not in official and name not in listed_names():
            raise DataError(f"no source delivers '{name}'{did_you_mean(name, [*official, *listed_names()])}")
    at = {source: _address(source, addresses) for source in PLACES}
    found: dict[str, Job] = {}
    for name in names:
        if name in ("ust", "tips"):
            found["treasury"] = Job("treasury", partial(treasury.fetch, FIRST_YEAR, today.year, **at["treasury"]))
        elif name == "jgb":
            found[name] = Job(name, partial(mof.fetch, **at["mof"]))
        elif name == "yen_call":
            found[name] = Job(name, partial(boj.fetch, **at["boj"]))
        elif name == "sofr":
            found[name] = Job(name, partial(nyfed.fetch, **at["nyfed"]))
        elif name in FRED_IDS:
            found[name] = Job(name, partial(fred.fetch, [FRED_IDS[name]], **at["fred"]))
        else:
            found[name] = Job(name, partial(yahoo.fetch, name))
    return list(found.values())


def _address(source: str, addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the address to call a source with, where it is not the source's own."""
    if source not in addresses:
        return {}
    try:
        found = {name for _, name, _, _ in Formatter().parse(addresses[source]) if name is not None}
    except ValueError:
        found = {"?"}
    if found != PLACES[source]:
        wanted = " and ".join(f"{{{name}}}" for name in sorted(PLACES[source]))
        raise DataError(f"sources.{source}: the address must hold {wanted} and no other braces; got {addresses[source]}")
    return {"address": addresses[source]}
