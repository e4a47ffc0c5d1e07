"""Which stored series a claim or a trade rests on, and the hash of each one's rows as known on a day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pandas as pd

from backtests.config import Claim, Variant
from backtests.config.claims import Macro, PolicyRate, Return, SellOff, Volatility, Yield, inside
from backtests.runs.inputs import rests_on, until
from backtests.thesis.history import History
from data.calendars import PUBLICATION_LAG_DAYS, available_on
from data.countries import BASE
from data.instruments import Instrument
from strategies.base import signals_of


def of_claim(claim: Claim, history: History) -> tuple[str, ...]:
    """Return the series that a claim's measure and its trade rest on, each once, in order of name."""
    names: set[str] = set()
    variants = {variant.name: variant for variant in history.config.variants}
    traded = {claim.trade} - {None}
    for part in inside(claim.measure):
        if isinstance(part, Yield):
            names.add(f"curve {part.curve}")
        elif isinstance(part, PolicyRate):
            names.add(f"overnight {history.countries[part.country].currency}")
        elif isinstance(part, Macro):
            names.add(f"macro {part.series}")
        elif isinstance(part, Return):
            traded.add(part.variant)
        elif isinstance(part, Volatility | SellOff):
            held = (part.name, part.against) if isinstance(part, SellOff) else (part.name,)
            names |= set(_of_legs((history.config.library[name] for name in held), history))
    for name in traded:
        names |= set(of_variant(variants[str(name)], history))
    return tuple(sorted(names))


def of_variant(variant: Variant, history: History) -> tuple[str, ...]:
    """Return the series that a variant's legs, money and signals rest on."""
    legs = [history.config.library[name] for name in variant.strategy.legs]
    names = {*_of_legs(legs, history), f"overnight {BASE}", *_of_signals(variant, history)}
    return tuple(sorted(names))


def _of_legs(legs: Iterable[Instrument], history: History) -> Iterator[str]:
    countries = history.countries
    for leg in legs:
        if leg.curve is not None:
            yield f"curve {leg.curve}"
        if leg.name in history.tables.prices:
            yield f"price {leg.name}"
        if leg.indexed:
            yield f"macro {countries.home.cpi}"
        yield f"overnight {leg.currency}"
        if leg.currency != BASE:
            yield f"fx {leg.currency}"


def _of_signals(variant: Variant, history: History) -> list[str]:
    strategy, market = variant.strategy, history.market
    if any(leg not in market.names for leg in strategy.legs):
        return []
    own = market.select(strategy.legs)
    return [f"macro {name}" for name in rests_on(strategy, own, strategy.targets(own), signals_of(strategy, own))]


def rows(names: Iterable[str], history: History, day: date) -> dict[str, str | None]:
    """Return the sha256 of each series' rows as known on a day; None where there is no such series."""
    tables = until(history.tables, day)
    hashes: dict[str, str | None] = {}
    for name in names:
        kind, _, series = name.partition(" ")
        frame: pd.DataFrame | pd.Series | None
        if kind == "curve":
            frame = tables.yields.get(series)
        elif kind == "price":
            frame = tables.prices.get(series)
        elif kind == "macro":
            own = tables.cpi if series not in tables.macro and series == history.countries.home.cpi else None
            frame = _known(series, tables.macro.get(series, own), day)
        else:
            frame = (tables.fx if kind == "fx" else tables.overnight).get(series)
        hashes[name] = None if frame is None else _hash(frame)
    return hashes


def _known(name: str, values: pd.Series | None, day: date) -> pd.Series | None:
    """Return the figures of a macro series that were out on a day."""
    if values is None or name not in PUBLICATION_LAG_DAYS:
        return values
    known = values.dropna()
    return known[available_on(name, known.index.to_numpy()) <= np.datetime64(day)]


def _hash(frame: pd.DataFrame | pd.Series) -> str:
    """Hash the figures that there are: by column its name, its days and its values, as the same bytes everywhere."""
    columns = frame.to_frame("value") if isinstance(frame, pd.Series) else frame
    whole = hashlib.sha256()
    for name in sorted(columns.columns, key=str):
        values = columns[name].dropna()
        if values.empty:
            continue
        days = values.index.to_numpy().astype("datetime64[D]").astype("<i8")
        whole.update(f"{name}\n{len(values)}\n".encode())
        whole.update(days.tobytes())
        whole.update((values.to_numpy(dtype="<f8") + 0.0).tobytes())
    return whole.hexdigest()
