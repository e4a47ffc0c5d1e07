"""What claims are judged on: a configuration, its tables, and a market of every leg that claims and variants name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from backtests.config import Claim, Config
from backtests.config.claims import PolicyRate, SellOff, Volatility, Yield, inside
from backtests.runs import gate, setup
from backtests.runs.runner import Run
from data.build import build
from data.countries import Countries
from data.market import Market
from data.tables import Tables
from strategies.base import Strategy


@dataclass(frozen=True)
class History:
    """A configuration's history, read once; nothing here depends on the day that is asked about."""

    config: Config
    tables: Tables
    market: Market  # every leg of the claims and of the variants whose curve or price there is

    @property
    def countries(self) -> Countries:
        """The table of countries it was read with."""
        return self.market.countries

    def until(self, row: int) -> History:
        """Return the history whose market ends with a row; of the tables only what is asked for by day is read."""
        return replace(self, market=self.market.until(row))

    @cached_property
    def strategies(self) -> dict[str, Strategy]:
        """The strategy of each variant, by the variant's name."""
        return {variant.name: variant.strategy for variant in self.config.variants}


def history(config: Config) -> History:
    """Read the history of a configuration and of what its claims name.

    Raises
    ------
    ConfigError, DataError
        What a run of it would refuse.
    """
    instruments = setup.instruments_of(config, legs(config.claims, config))
    return _history(config, setup.tables_of(config, instruments))


def history_of(run: Run) -> History:
    """Return the history of a run, read anew only where its claims name what no variant trades.

    Raises
    ------
    DataError
        What a check found wrong, inside the window, with a series that a claim rests on.
    """
    config = run.config
    traded = {config.countries.of(leg).code for leg in run.market.instruments}
    named = [config.library[name] for name in legs(config.claims, config)]
    own = all(config.countries.of(leg).code in traded and leg.kind != "listed" for leg in named)
    return _history(config, run.tables) if own or run.tables.source == "bundled" else history(config)


def legs(claims: Iterable[Claim], config: Config) -> tuple[str, ...]:
    """Return the instruments that claims measure, stand for a rate they measure, or hold as a trade, each once."""
    names: dict[str, None] = {}
    trades = {variant.name: variant.strategy for variant in config.variants}
    for claim in claims:
        for part in inside(claim.measure):
            if isinstance(part, Yield | Volatility):
                names[part.name] = None
            if isinstance(part, SellOff):
                names |= dict.fromkeys((part.name, part.against))
            if isinstance(part, PolicyRate):
                names |= dict.fromkeys(_bond_of(part.country, config))
        if claim.trade:
            names |= dict.fromkeys(trades[claim.trade].legs)
    return tuple(names)


def _bond_of(country: str, config: Config) -> list[str]:
    """A bond of a country, so that its history is read; none of one whose bonds the library lacks."""
    return [name for name, leg in config.library.items() if leg.kind == "par_bond" and leg.curve == country][:1]


def _history(config: Config, tables: Tables) -> History:
    named = setup.instruments_of(config, legs(config.claims, config))
    priced = [leg for leg in named if leg.curve is None or leg.curve in tables.yields]
    gate.check(config, tables, priced)
    return History(config, tables, build(tables, priced, config.data.interpolation))
