"""What `data update` fetches: which source delivers which series, and from which address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from data.errors import DataError, did_you_mean
from data.series import SPECS, Delivery, listed_names
from data.sources import boj, fred, mof, nyfed, treasury, yahoo

FIRST_YEAR = 1990  # of the Treasury's yearly files
FRED_IDS = {"usdjpy": "DEXJPUS", "fed_funds": "DFF", "us_cpi": "CPIAUCNS", "yen_call_month": "IRSTCI01JPM156N"}
SOURCES = ("mof", "treasury", "fred", "boj", "nyfed")  # those with an address of their own
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
    at = {source: {"address": addresses[source]} for source in SOURCES if source in addresses}
    at = {source: at.get(source, {}) for source in SOURCES}
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
