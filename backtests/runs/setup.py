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
from backtests.runs.window import Span, check_dates, span
from data import assemble
from data.build import build
from data.calendars import check_same_close
from data.countries import ANY_DAY, Countries
from data.errors import ConfigError
from data.instruments import BP, LIBRARY, Instrument
from data.market import Flags, Market
from data.pricing.bonds import Array
from data.series import Spec, price_spec
from data.sources import bundled, folder
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
    """Return a variant's own market."""
    return market.select(variant.strategy.legs)


def tables_of(config: Config, instruments: Sequence[Instrument]) -> Tables:
    """Return the configuration's history, with the prices of the listed among `instruments` where they are stored."""
    frequency = config.data.frequency
    if config.data.source == "bundled":
        if frequency in ("daily", "weekly"):
            raise ConfigError(
                f"data.frequency is {frequency}, but the bundled figures are month ends; set data.source: store, after "
                "`divergence data update` or `divergence data import PATH`"
            )
        return _in(bundled.load(), config.countries)
    if config.data.source == "store":
        return _from(Store(home(), config.countries), config, instruments)
    with TemporaryDirectory() as scratch:
        store = Store(Path(scratch), config.countries)
        for delivery in folder.deliveries(Path(config.data.source), config.countries, listed_of(config)):
            store.admit([delivery], datetime.now(UTC))
        return replace(_from(store, config, instruments), source=config.data.source)


def listed_of(config: Config) -> dict[str, Spec]:
    """Return what the prices of the configuration's own listed names are."""
    own = [leg for leg in config.library.values() if leg.kind == "listed" and leg.name not in LIBRARY]
    return {leg.name: price_spec(leg.name, leg.currency, leg.exchange or ANY_DAY) for leg in own}


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
        traded={config.countries.of(instrument).code for instrument in instruments},
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
        basis=None if variant.currency.basis_bp is None else variant.currency.basis_bp * BP,
        lag={"same_close": 0, "next_close": 1}[fill_of(variant, market)],
        every=variant.rebalance.every,
        band=variant.rebalance.band,
    )


def fill_of(variant: Variant, market: Market) -> str:
    """Return the fill in force: `auto` is the same close on week and month ends, the next close on daily rows."""
    if variant.fill != "auto":
        return variant.fill
    return "next_close" if market.daily else "same_close"
