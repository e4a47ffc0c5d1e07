"""What cells share, worked out once by whoever runs the sweep: the market, each signal's targets, each way to trade."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from backtests.config import Config, Grid, Variant, idea
from backtests.engine.book import Book, Terms, prepare
from backtests.runs.setup import Prepared, check_clock, instruments_of, legs_of, prepared, tables_of, terms
from backtests.runs.window import Span, check_dates, span
from backtests.sweeps.plan import Execution, Part, Signal, contiguous
from data.build import build
from data.errors import ConfigError, DataError
from data.market import Market
from data.tables import Tables
from strategies import compiled
from strategies.exits import scale_of
from strategies.shared import Bank, sharing

TRIED = 1000  # values of an axis whose legs are looked at


@dataclass(frozen=True)
class Wanted:
    """A signal, the legs it is on, and whether a size is a factor of it."""

    signal: Signal
    variant: Variant
    span: Span
    scales: bool
    ideas: dict[tuple[int, ...], str] = field(default_factory=dict)  # by the ways to trade that make another

    @property
    def legs(self) -> tuple[str, ...]:
        """Names of the instruments it trades."""
        return self.variant.strategy.legs


class Chosen(NamedTuple):
    """A way to trade some legs."""

    variant: Variant  # the base, traded so
    terms: Terms
    costs: float  # times


@dataclass
class Banks:
    """Makes the parts of a grid; keeps what the next cells will ask for again."""

    grid: Grid
    tables: Tables
    market: Market  # every leg of every cell
    _markets: dict[tuple[str, ...], Market] = field(default_factory=dict, repr=False)
    _packs: dict[tuple[object, ...], Book] = field(default_factory=dict, repr=False)
    _terms: dict[tuple[object, ...], Chosen | str] = field(default_factory=dict, repr=False)
    _bank: Bank = field(default_factory=Bank, repr=False)
    _wanted: dict[tuple[int, ...], Wanted | str] = field(default_factory=dict, repr=False)

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.grid.config

    def part(self, number: int, cells: Sequence[int]) -> Part:
        """Return a stretch of cells with all they rest on."""
        with sharing(self._bank):
            return self._part(number, cells)

    def _part(self, number: int, cells: Sequence[int]) -> Part:
        kept, self._wanted = self._wanted, {}
        places = self.grid.places(cells)
        signal_columns, size_column, execution_columns = self._columns
        making = _Making(self)
        for place in places.tolist():
            key = tuple(place[i] for i in signal_columns)
            size = place[size_column] if size_column is not None else 0
            wanted = self._signal(key, size, kept)
            if isinstance(wanted, str):
                making.refuse(wanted)
                continue
            way = tuple(place[i] for i in execution_columns)
            chosen = self._chosen(wanted, way)
            if isinstance(chosen, str):
                making.refuse(chosen)
                continue
            factor = self._factor(size) if wanted.scales else 1.0
            making.add(wanted, chosen, factor, self._idea(wanted, chosen, way))
        return making.part(number, np.asarray(cells, dtype=np.int64))

    # ---- signals

    @cached_property
    def _columns(self) -> tuple[list[int], int | None, list[int]]:
        kinds = [axis.kind for axis in self.grid.axes]
        size = kinds.index("size") if "size" in kinds else None
        return (
            [i for i, kind in enumerate(kinds) if kind == "signal"],
            size,
            [i for i, kind in enumerate(kinds) if kind == "execution"],
        )

    def _signal(self, key: tuple[int, ...], size: int, kept: dict[tuple[int, ...], Wanted | str]) -> Wanted | str:
        """Return a signal, at the first size where sizes are factors of it; or why there is none."""
        first = self._once(key, 0, kept)
        return first if size == 0 or (isinstance(first, Wanted) and first.scales) else self._once(key, size, kept)

    def _once(self, key: tuple[int, ...], size: int, kept: dict[tuple[int, ...], Wanted | str]) -> Wanted | str:
        whole = (*key, size)
        if whole not in self._wanted:
            self._wanted[whole] = kept[whole] if whole in kept else self._made(key, size)
        return self._wanted[whole]

    def _made(self, key: tuple[int, ...], size: int) -> Wanted | str:
        signal_columns, size_column, _ = self._columns
        axes = self.grid.axes
        settings = {axes[i].name: axes[i].values[k] for i, k in zip(signal_columns, key, strict=True)}
        if size_column is not None:
            settings[axes[size_column].name] = axes[size_column].values[size]
        try:
            variant = self.grid.variant(settings)
            own = self._prepared(variant)
            rows, targets, forced = own.span.rows, own.targets, own.decisions
        except (ConfigError, DataError) as error:
            return _why(error)
        targets = np.ascontiguousarray(targets[rows])
        targets.flags.writeable = False
        gross = float(np.abs(targets).sum(axis=1).max(initial=0.0))
        scales = (
            size_column is not None
            and f"params.{scale_of(variant.strategy)}" == axes[size_column].name
            and not own.market.lot[rows].any()  # whole lots turn on the last bit
        )
        signal = Signal(targets, forced[rows].copy(), rows.start, rows.stop, gross)
        return Wanted(signal, variant, own.span, scales)

    def _prepared(self, variant: Variant) -> Prepared:
        legs = variant.strategy.legs
        if legs not in self._markets:
            self._markets[legs] = legs_of(self.market, variant)
        market = self._markets[legs]
        return Prepared(variant, market, span(variant, market, self.config))

    def _factor(self, size: int) -> float:
        _, column, _ = self._columns
        if column is None:
            return 1.0
        values = self.grid.axes[column].values
        return float(values[size]) / float(values[0])

    # ---- ways to trade

    def _idea(self, wanted: Wanted, chosen: Chosen, way: tuple[int, ...]) -> str:
        key = tuple(k for k, matters in zip(way, self._matters, strict=True) if matters)
        if key not in wanted.ideas:
            whole = replace(wanted.variant, rebalance=chosen.variant.rebalance, currency=chosen.variant.currency)
            wanted.ideas[key] = idea(whole, self.config)
        return wanted.ideas[key]

    @cached_property
    def _matters(self) -> list[bool]:
        """Whether each way to trade makes another idea."""
        return [axis.idea for axis in self.grid.axes if axis.kind == "execution"]

    def _chosen(self, wanted: Wanted, way: tuple[int, ...]) -> Chosen | str:
        """Return the terms and the multiple of costs at which these legs are traded, or why they cannot be so."""
        key = (wanted.legs, way, wanted.span.first)
        if key not in self._terms:
            self._terms[key] = self._terms_of(wanted, way)
        return self._terms[key]

    def _terms_of(self, wanted: Wanted, way: tuple[int, ...]) -> Chosen | str:
        market = self._markets[wanted.legs]
        _, _, columns = self._columns
        settings = {self.grid.axes[i].name: self.grid.axes[i].values[k] for i, k in zip(columns, way, strict=True)}
        try:
            variant = self.grid.variant(settings)
            check_clock(variant, market, wanted.span)
        except (ConfigError, DataError) as error:
            return _why(error)
        return Chosen(variant, terms(variant, self.config, market), float(settings.get("costs", 1.0)))

    def pack(self, legs: tuple[str, ...], chosen: Terms) -> Book:
        """Return the market of some legs in a currency treatment, on all rows and with no targets."""
        key = (legs, chosen.currency, chosen.basis)
        if key not in self._packs:
            market = self._markets[legs]
            nothing = np.zeros(market.price.shape)
            self._packs[key] = contiguous(prepare(market, nothing, slice(0, len(market.dates)), chosen))
        return self._packs[key]


def _why(error: Exception) -> str:
    return str(error).removeprefix("sweep:1: ").removeprefix("sweep.over: ")


class _Making:
    """A part, cell by cell."""

    def __init__(self, banks: Banks) -> None:
        self._banks = banks
        self._table: list[tuple[int, int, int]] = []
        self._refused: dict[int, str] = {}
        self._ideas: list[str] = []
        self._signals: dict[int, tuple[int, Signal]] = {}  # by identity -> place
        self._executions: dict[Execution, int] = {}
        self._factors: dict[float, int] = {}
        self._packs: dict[int, tuple[int, Book]] = {}

    def refuse(self, why: str) -> None:
        self._refused[len(self._table)] = why
        self._table.append((-1, -1, -1))
        self._ideas.append("")

    def add(self, wanted: Wanted, chosen: Chosen, factor: float, idea: str) -> None:
        signal, _ = self._signals.setdefault(id(wanted.signal), (len(self._signals), wanted.signal))
        book = self._banks.pack(wanted.legs, chosen.terms)
        pack, _ = self._packs.setdefault(id(book), (len(self._packs), book))
        way = Execution(pack, chosen.terms.every, chosen.terms.band, chosen.terms.lag, chosen.costs)
        execution = self._executions.setdefault(way, len(self._executions))
        self._table.append((signal, execution, self._factors.setdefault(factor, len(self._factors))))
        self._ideas.append(idea)

    def part(self, number: int, cells: Any) -> Part:
        account, market = self._banks.config.account, self._banks.market
        return Part(
            number=number,
            cells=cells,
            table=np.array(self._table, dtype=np.int64).reshape(-1, 3),
            signals=tuple(signal for _, signal in self._signals.values()),
            executions=tuple(self._executions),
            factors=np.array(list(self._factors)),
            packs=tuple(book for _, book in self._packs.values()),
            max_gross=account.max_gross,
            market_ppy=market.periods_per_year,
            refused=self._refused,
            ideas=tuple(self._ideas),
        )


def banks(grid: Grid) -> Banks:
    """Return what makes the parts of a grid, on the configuration's data.

    Raises
    ------
    ConfigError, DataError
        What `run` would refuse of the base: dates outside the data, a base that never trades, data that is impossible.
    """
    alone = replace(grid.config, variants=(grid.base,), benchmarks=())
    instruments = instruments_of(alone, also=_legs(grid))
    tables = tables_of(alone, instruments)
    market = build(tables, instruments, grid.config.data.interpolation)
    check_dates(alone, market)
    prepared(grid.base, market, alone)
    with suppress(ImportError):
        compiled.load()  # signals that are loops from row to row, the same to the last bit
    return Banks(grid, tables, market)


def _legs(grid: Grid) -> list[str]:
    """The legs of the base under every value of every axis, each once."""
    legs: dict[str, None] = dict.fromkeys(grid.base.strategy.legs)
    for axis in grid.axes:
        for value in axis.values[:TRIED] if axis.kind == "signal" else ():
            try:
                legs |= dict.fromkeys(grid.variant({axis.name: value}).strategy.legs)
            except ConfigError:
                continue  # refused alone, perhaps not in company
    return list(legs)
