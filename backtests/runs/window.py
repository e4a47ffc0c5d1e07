"""From when to when a variant trades, and which leg decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from backtests.config import Config, Variant
from data.errors import ConfigError, DataError
from data.market import Flags, Market
from strategies.base import known, ready, streak


@dataclass(frozen=True)
class Span:
    """The rows a variant trades on, and why not more."""

    rows: slice
    first: date
    last: date
    reason: str  # which leg decides the ends; empty where the configuration does


class OutsideDataError(ConfigError):
    """A day that the data does not reach; `setting` is what the user wrote it as, `where` the file and line."""

    def __init__(self, setting: str, day: date, source: str, first: date, last: date, where: str = "") -> None:
        super().__init__(
            f"{where + ': ' if where else ''}{setting} is {day}, outside the {source} data, "
            f"which runs from {first} to {last}; "
            f"choose a date inside it or leave {setting} out"
        )
        self.setting = setting
        self.place = day, source, first, last

    def as_written(self, setting: str) -> OutsideDataError:
        """Return the same of a day that the user wrote elsewhere, such as an option of a command."""
        return OutsideDataError(setting, *self.place)


def check_dates(config: Config, market: Market) -> None:
    """Refuse a start or an end that the data does not reach."""
    first, last = (day.astype(object) for day in market.dates[[0, -1]])
    for key, day in (("start", config.data.start), ("end", config.data.end)):
        if day and not first <= day <= last:
            setting = f"data.{key}"
            raise OutsideDataError(setting, day, config.data.source, first, last, config.places.get(setting, ""))


def _inside(market: Market, config: Config) -> Flags:
    """Rows (T,) inside [start, end]."""
    start = np.datetime64(config.data.start) if config.data.start else market.dates[0]
    end = np.datetime64(config.data.end) if config.data.end else market.dates[-1]
    return np.asarray((market.dates >= start) & (market.dates <= end))


def span(variant: Variant, market: Market, config: Config) -> Span:
    """Return the last unbroken stretch inside [start, end] on which all legs exist and have for the warm-up.

    Raises
    ------
    DataError
        No such row: the message says when each leg has history.
    """
    dates = market.dates
    inside = _inside(market, config)
    warmup = variant.strategy.warmup(market)
    available = known(variant.strategy, market)
    there = inside & ready(variant.strategy, market)
    if not inside.any():
        raise DataError(f"no row of the data lies between {config.data.start} and {config.data.end}; widen the window")
    if not there.any():
        raise DataError(
            f"variant '{variant.name}' never trades between {dates[inside][0]} and {dates[inside][-1]}: "
            f"{'; '.join(_history(market, name) for name in market.names)}"
            f"{f'; its signals need {warmup} rows' if warmup > 1 else ''}"
            f"{'' if available[inside].any() else '; what they rest on is never known'}"
        )
    last = int(np.flatnonzero(there)[-1])
    first = last - int(streak(there)[last]) + 1
    reasons = [_opens(market, first, warmup, inside, available), _ends(market, last, inside)]
    return Span(
        rows=slice(first, last + 1),
        first=dates[first].astype(object),
        last=dates[last].astype(object),
        reason="; ".join(filter(None, reasons)),
    )


def _opens(market: Market, first: int, warmup: int, inside: Flags, available: Flags) -> str:
    """Why trading starts after the window does."""
    if not first or not inside[first - 1]:
        return ""
    if not available[first - 1]:
        return f"what its signal rests on is known from {market.dates[first]}"
    need = f", and the signal needs {warmup} rows" if warmup > 1 else ""
    born = first - warmup + 1
    if born == 0:
        return f"history starts {market.dates[0]}{need}"
    absent = [name for name, there in zip(market.names, market.exists[born - 1], strict=True) if not there]
    words = "has prices from" if _unmodelled(market, absent) else "exists from"
    return f"{' and '.join(absent)} {words} {market.dates[born]}{need}"


def _ends(market: Market, last: int, inside: Flags) -> str:
    """Why trading ends before the window does."""
    if last + 1 >= len(market.dates) or not inside[last + 1]:
        return ""
    absent = [name for name, there in zip(market.names, market.exists[last + 1], strict=True) if not there]
    if not absent:
        return f"what its signal rests on is not known after {market.dates[last]}"
    words = "has no price after" if _unmodelled(market, absent) else "ends"
    return f"{' and '.join(absent)} {words} {market.dates[last]}"


def _unmodelled(market: Market, names: Sequence[str]) -> bool:
    """Whether these are listed names without a proxy, which exist where they have prices."""
    return all(market.instruments[market.column(name)].unmodelled for name in names)


def _history(market: Market, name: str) -> str:
    exists = market.exists[:, market.column(name)]
    if not exists.any():
        return f"{name} has no history"
    edges = np.flatnonzero(np.diff(np.concatenate([[0], exists.astype(int), [0]])))
    stretches = [f"{market.dates[a]} to {market.dates[b - 1]}" for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return f"{name} has history from {' and from '.join(stretches)}"
