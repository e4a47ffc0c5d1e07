"""What `data update` fetches: which source delivers which series, and from which address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from string import Formatter

from data.errors import DataError, did_you_mean
from data.series import SPECS, Delivery, listed_names
from data.sources import boj, fred, mof, nyfed, treasury, yahoo

FIRST_YEAR = 1990  # of the Treasury's yearly files
FRED_IDS = {"usdjpy": "DEXJPUS", "fed_funds": "DFF", "us_cpi": "CPIAUCNS", "yen_call_month": "IRSTCI01JPM156N"}
OWN = {
    "mof": mof.ADDRESS,
    "treasury": treasury.ADDRESS,
    "fred": fred.ADDRESS,
    "boj": boj.ADDRESS,
    "nyfed": nyfed.ADDRESS,
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
    at = {source: addresses.get(source, own) for source, own in OWN.items()}
    by_name: dict[str, Job] = {}
    for name in names:
        job = _job(name, at, today)
        by_name[job.name] = job
    return list(by_name.values())


def _job(name: str, at: Mapping[str, str], today: date) -> Job:
    if name in ("ust", "tips"):
        return Job("treasury", partial(treasury.fetch, FIRST_YEAR, today.year, address=at["treasury"]))
    if name == "jgb":
        return Job(name, partial(mof.fetch, address=at["mof"]))
    if name == "yen_call":
        return Job(name, partial(boj.fetch, address=at["boj"]))
    if name == "sofr":
        return Job(name, partial(nyfed.fetch, address=at["nyfed"]))
    if name in FRED_IDS:
        return Job(name, partial(fred.fetch, [FRED_IDS[name]], address=at["fred"]))
    return Job(name, partial(yahoo.fetch, name))


def check_address(source: str, address: str) -> None:
    """Raise DataError where an address given in place of a source's own leaves other things open than that one."""
    try:
        places = _places(address)
    except ValueError:
        places = {"?"}
    if places != _places(OWN[source]):
        wanted = " and ".join(f"{{{name}}}" for name in sorted(_places(OWN[source])))
        raise DataError(f"the address must hold {wanted} and no other braces; got {address}")


def _places(address: str) -> set[str]:
    """Return what an address leaves open."""
    return {name for _, name, _, _ in Formatter().parse(address) if name is not None}
