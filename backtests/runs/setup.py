"""What every command starts from: a configuration's history and market, and each variant's legs, window and terms."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from backtests.config import Config, Variant
from backtests.engine.book import Terms
from backtests.engine.carry import shorted_as
from backtests.runs import gate, given
from backtests.runs.window import Span, check_dates, span
from data import assemble
from data.build import build
from data.calendars import check_same_close
from data.countries import ANY_DAY, Countries
from data.errors import ConfigError, DataError, LackingError
from data.instruments import BP, LIBRARY, Instrument
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.series import Spec, price_spec, spec_of
from data.sources import bundled, folder
from data.sources.registry import Listed
from data.store import Store, home
from data.tables import Tables
from strategies.base import decisions_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A variant on its own market, before it runs."""

    variant: Variant
    market: Market  # its legs, all history
    span: Span  # from when to when it trades

    @property
    def size(self) -> int:
        """Rows times legs that it trades on."""
        return int(self.market.price[self.span.rows].size)

    @cached_property
    def targets(self) -> Array:
        """Weights (T, n) on all history, worked out when first asked for."""
        return self.variant.strategy.targets(self.market)

    @cached_property
    def decisions(self) -> Flags:
        """Rows (T,) on which the strategy decides whatever the rebalance clock says."""
        return decisions_of(self.variant.strategy, self.market)


@dataclass(frozen=True)
class Setup:
    """A configuration on its data, looked at before anything runs."""

    tables: Tables
    market: Market  # every leg of every variant
    variants: Mapping[str, Prepared]  # by name

    @property
    def size(self) -> int:
        """Rows times legs that its variants trade on."""
        return sum(prepared.size for prepared in self.variants.values())


def set_up(config: Config) -> Setup:
    """Return a configuration's history, its market, and each variant on its legs.

    Raises
    ------
    ConfigError, DataError
        Dates outside the data, a variant that can never trade, a fill its clock forbids, data that is impossible.
    """
    instruments = instruments_of(config)
    tables = tables_of(config, instruments)
    market = build(tables, instruments, config.data.interpolation)
    check_dates(config, market)
    log.info("%s: %d instruments, %d rows", config.name, len(instruments), len(market.dates))
    return Setup(tables, market, {variant.name: prepared(variant, market, config) for variant in config.variants})


def prepared(variant: Variant, market: Market, config: Config) -> Prepared:
    """Return a variant on its legs, having looked at the clock it would trade by; raises as `set_up`."""
    legs = legs_of(market, variant)
    window = span(variant, legs, config)
    check_clock(variant, legs, window)
    log.info("%s trades %s to %s %s", variant.name, window.first, window.last, window.reason)
    return Prepared(variant, legs, window)


def instruments_of(config: Config, also: Iterable[str] = ()) -> list[Instrument]:
    """Return the instruments the variants trade, and `also`, each once."""
    names = dict.fromkeys([*(leg for variant in config.variants for leg in variant.strategy.legs), *also])
    return [config.library[name] for name in names]


def legs_of(market: Market, variant: Variant) -> Market:
    """Return a variant's own market, its shorts as dear as it says."""
    legs = market.select(variant.strategy.legs)
    return shorted_as(legs, variant.shorts) if variant.shorts else legs


def tables_of(config: Config, instruments: Sequence[Instrument]) -> Tables:
    """Return the configuration's history, with the prices of the listed among `instruments` where they are stored.

    Raises
    ------
    ConfigError
        A listed name without a proxy of which the history holds no price.
    DataError
        What a check found wrong with a series that is used, inside the window.
    """
    tables = _tables_of(config, instruments)
    for leg in instruments:
        if leg.unmodelled and leg.name not in tables.prices:
            raise ConfigError(
                f"{leg.name} has no prices in the {tables.source} data and no proxy, so it exists on no day; "
                f"{_remedy(config, leg)}, or give instruments.{leg.name} curve, maturity and fee_bp"
            )
    gate.check(config, tables, instruments)
    return tables


def _remedy(config: Config, leg: Instrument) -> str:
    """How a listed name's prices come into the history that a configuration names."""
    if config.data.source == "store":
        return f"`divergence data update {leg.name} --config FILE`, or `divergence data import {leg.name}.csv`"
    if config.data.source == "bundled":
        return "set data.source: store, or a folder with its prices"
    return f"put its prices there as {leg.name}.csv"


def _tables_of(config: Config, instruments: Sequence[Instrument]) -> Tables:
    frequency = config.data.frequency
    if config.data.source == "bundled":
        if frequency in ("daily", "weekly"):
            raise ConfigError(
                f"data.frequency is {frequency}, but the bundled figures are month ends; set data.source: store, after "
                "`divergence data update` or `divergence data import PATH`"
            )
        if not config.given:
            return _in(bundled.load(), config.countries)
    elif config.data.source == "store" and not config.given:
        return _from(Store(home(), config.countries), config, instruments)
    with TemporaryDirectory() as scratch:
        store = _below(config, Path(scratch))
        try:
            tables = _from(given.layered(config, store, Path(scratch)), config, instruments)
        except LackingError as error:
            raise _asked_for(config, error) from None
    return replace(tables, source=config.data.source)


def _asked_for(config: Config, error: LackingError) -> DataError:
    """Say what a source lacks, and how it comes there, where the source is no store."""
    if config.data.source == "store":
        return error
    if config.data.source == "bundled":
        return DataError(f"the bundled figures lack {error.lacking}; set data.source: store, or a folder with them")
    copies = "" if error.lacking == error.files else ", copies of data/bundled/*.csv do for US and Japanese month ends"
    named = f"; {error.files}: a file of that name, NAME.csv" if error.files else ""
    return DataError(
        f"the folder {config.data.source} lacks {error.lacking}; put files of them there as well: `divergence data "
        f"template NAME` writes a header{copies}{named}"
    )


def _below(config: Config, scratch: Path) -> Store:
    """Return the store that a configuration's source is, or is made into for as long as the run takes."""
    if config.data.source == "store":
        return Store(home(), config.countries)
    if config.data.source == "bundled":
        return given.month_ends(config, scratch)
    store = Store(scratch / "folder", config.countries)
    for delivery in folder.deliveries(Path(config.data.source), config.countries, listed_of(config)):
        store.admit([delivery], datetime.now(UTC))
    return store


def listed_of(config: Config) -> dict[str, Spec]:
    """Return what the prices of the configuration's own listed names are."""
    own = [leg for leg in config.library.values() if leg.kind == "listed" and leg.name not in LIBRARY]
    return {leg.name: price_spec(leg.name, leg.currency, leg.exchange or ANY_DAY) for leg in own}


def fetched_of(config: Config) -> dict[str, Listed]:
    """Return the configuration's own listed names as Yahoo knows them, and built-in ones that it calls otherwise."""
    own = {name: Listed(spec, config.library[name].symbol or name) for name, spec in listed_of(config).items()}
    renamed = [leg for leg in config.library.values() if leg.name in LIBRARY and leg.symbol]
    return own | {leg.name: Listed(spec_of(leg.name), str(leg.symbol)) for leg in renamed}


def _in(tables: Tables, countries: Countries) -> Tables:
    """Return the bundled figures as a configuration's table of countries has them read."""
    yields = {name: assemble.as_par(frame, countries.of_curve(name)) for name, frame in tables.yields.items()}
    return replace(tables, yields=yields, countries=countries)


def _from(store: Store, config: Config, instruments: Sequence[Instrument]) -> Tables:
    wanted = config.data
    return assemble.load(
        store,
        wanted.frequency,
        [instrument.name for instrument in instruments if instrument.kind == "listed"],
        datetime.now(UTC).date(),
        wanted.distributions,
        wanted.start or date.min,
        traded={config.countries.of(leg).code for leg in instruments if not leg.unmodelled},
        money={config.countries.of(leg).code for leg in instruments if leg.unmodelled},
        unpaid={leg.name for leg in instruments if leg.distributions == "none"},
    )


def check_clock(variant: Variant, legs: Market, window: Span) -> None:
    """Refuse a fill at a close before another leg's price of that day is stamped."""
    if fill_of(variant, legs) == "same_close" and legs.daily:
        check_same_close(variant.name, legs.instruments, window.first, legs.countries)


def terms(variant: Variant, config: Config, market: Market) -> Terms:
    """Return a variant's terms in the engines' units."""
    account = config.account
    return Terms(
        capital=account.capital,
        size_on=account.size_on,
        max_gross=account.max_gross,
        cash_interest=account.cash_interest,
        margin_spread=account.margin_spread_bp * BP,
        repo_spread=account.repo_spread_bp * BP,
        withholding=account.withholding,
        currency=variant.currency.kind,
        basis=variant.currency.basis,
        lag={"same_close": 0, "next_close": 1}[fill_of(variant, market)],
        every=variant.rebalance.every,
        band=variant.rebalance.band,
    )


def fill_of(variant: Variant, market: Market) -> str:
    """Return the fill in force: `auto` is the same close on week and month ends, the next close on daily rows."""
    if variant.fill != "auto":
        return variant.fill
    return "next_close" if market.daily else "same_close"
