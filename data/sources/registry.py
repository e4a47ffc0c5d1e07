"""Every source, and what `data update` fetches from them. A new source is one file beside this one, and one line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from string import Formatter

from data.errors import DataError, did_you_mean
from data.series import SPECS, Delivery, Spec
from data.sources import boj, bounded, bundled, fred, mof, nyfed, treasury, yahoo
from data.sources.source import Source

logger = logging.getLogger(__name__)

DEADLINE = 300.0  # seconds for all that one source is asked for

# Where two offer a series the first fetches it; where two recognise a header the first reads the file.
SOURCES: tuple[Source, ...] = (
    mof.SOURCE,
    treasury.SOURCE,
    boj.SOURCE,
    nyfed.SOURCE,
    fred.SOURCE,
    yahoo.SOURCE,
    bundled.SOURCE,
)


@dataclass(frozen=True)
class Job:
    """One call on one source."""

    name: str
    feed: Callable[[], list[Delivery]]

    def fetch(self) -> list[Delivery]:
        """Return what the source delivers, in its time.

        Raises
        ------
        SourceError, DataError
            Whatever went wrong, in one line.
        """
        with bounded.within(DEADLINE):
            return self.feed()


@dataclass(frozen=True)
class Listed:
    """A listed name of the user's own: what its prices are, and what Yahoo calls it."""

    spec: Spec
    symbol: str


def jobs(wanted: Sequence[str], addresses: Mapping[str, str], own: Mapping[str, Listed] | None = None) -> list[Job]:
    """Return the calls that fetch the series wanted; all official series where none is named.

    `addresses` replace sources' own; `own` are the user's listed names.

    Raises
    ------
    DataError
        A name that no source delivers.
    """
    by_series = _jobs(addresses) | {name: _listed(listed) for name, listed in (own or {}).items()}
    names = wanted or [name for name in SPECS if name in by_series]
    for name in names:
        if name not in by_series:
            raise DataError(f"no source delivers '{name}'{did_you_mean(name, by_series)}")
    wanted_jobs = list({by_series[name].name: by_series[name] for name in names}.values())
    logger.info("to fetch: %s", ", ".join(job.name for job in wanted_jobs))
    return wanted_jobs


def _listed(listed: Listed) -> Job:
    return Job(listed.spec.name, partial(yahoo.fetch, listed.symbol, spec=listed.spec))


def _jobs(addresses: Mapping[str, str]) -> dict[str, Job]:
    """Return the call that fetches each series."""
    by_series: dict[str, Job] = {}
    for source in SOURCES:
        address = addresses.get(source.name, source.address)
        for feed in source.feeds:
            name = feed.series[0] if len(feed.series) == 1 else source.name
            by_series = dict.fromkeys(feed.series, Job(name, partial(feed.fetch, address))) | by_series
    return by_series


def check_address(source: str, address: str) -> None:
    """Raise DataError where an address lacks a placeholder of the source's own address, or has one that it lacks."""
    (own,) = (_places(known.address) for known in SOURCES if known.name == source)
    try:
        places = _places(address)
    except ValueError:
        places = {"?"}
    if places != own:
        wanted = " and ".join(f"{{{name}}}" for name in sorted(own))
        raise DataError(f"the address must hold {wanted} and no other braces; got {address}")


def _places(address: str) -> set[str]:
    """Return the placeholders of an address."""
    return {name for _, name, _, _ in Formatter().parse(address) if name is not None}
