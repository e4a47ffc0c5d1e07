"""What holding a leg earns and pays, by currency treatment: the funding of a bar, borrow, and carry ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from data.bars import bar_days, previous
from data.countries import BASE
from data.instruments import BP, Instrument, Step
from data.market import Flags, Market, stepped
from data.pricing.bonds import Array
from data.pricing.curves import DAYS_A_YEAR
from strategies.signals import carry_and_roll, macro, overnight

Treatment = Literal["repo", "unhedged", "fx_swap"]
Basis = float | tuple[Step, ...] | None  # a year; before the first step, and where None, each currency's own

# ---- over the bars of a market


def funding(market: Market, treatment: Treatment, basis: Basis) -> tuple[Array, Array]:
    """What a long pays and a short receives (T, n) over each bar, per unit of local notional, in USD.

    `basis` is the cross-currency basis of an FX swap, a year: dated steps, one figure, or each currency's own. A
    future, which is never paid for, is as in `repo` whatever the treatment.
    """
    own = market.funding * market.fx
    if treatment == "unhedged":
        paid = np.where(exposed(market, treatment) > 0.0, market.usd[:, None] * previous(market.fx), own)
        return paid, paid
    if treatment == "repo":
        return own, own
    bases = np.column_stack([_basis(market, name, basis) for name in market.names])
    swapped = bases * bar_days(market.dates)[:, None] / market.day_counts()
    return (market.funding + swapped) * market.fx, own


def exposed(market: Market, treatment: Treatment) -> Array:
    """Return 1 (n,) for each leg whose notional bears currency moves, 0 for the others."""
    return np.array([float(treatment == "unhedged" and leg.funded) for leg in market.instruments])


def _basis(market: Market, name: str, basis: Basis) -> Array:
    """Basis (T,), a year, at which a leg is swapped over each bar: 0 where there is nothing to swap."""
    country = market.country(name)
    if country.currency == BASE or not _funded(market, name):
        return np.zeros(len(market.dates))
    steps = basis if isinstance(basis, tuple) else ()
    return stepped(market.dates, basis if isinstance(basis, float | int) else country.basis_bp * BP, steps)


def _funded(market: Market, name: str) -> bool:
    return market.instruments[market.column(name)].funded


def funding_spread(market: Market, rate: float, treatment: Treatment) -> Array:
    """USD (T, n) per unit of local notional that `rate` a year over the overnight rate costs a long over each bar."""
    own = np.asarray(rate * _years(market, market.day_counts()) * market.fx)
    if treatment == "unhedged":  # funded in dollars, at the exchange rate of the bar's start
        home = np.full(len(market.instruments), market.countries.home.day_count)
        return np.where(exposed(market, treatment) > 0.0, rate * _years(market, home) * previous(market.fx), own)
    return own


def shorted_as(market: Market, instruments: Mapping[str, Instrument]) -> Market:
    """Return the market with other borrow rates: those of these instruments, by name, in place of its own."""
    legs = tuple(instruments.get(leg.name, leg) for leg in market.instruments)
    rates = np.column_stack([stepped(market.dates, leg.borrow, leg.borrow_steps) for leg in legs])
    own = np.array([leg.name in instruments for leg in legs])
    paid = rates * bar_days(market.dates)[:, None] / market.day_counts()
    return replace(market, instruments=legs, borrow=np.where(own, paid, market.borrow))


def flat_borrow(market: Market) -> Array:
    """Fraction of notional (T, n) that a short pays over each bar, had no leg its dated steps."""
    legs = market.instruments
    stepped = np.array([bool(leg.borrow_steps) for leg in legs])
    return np.where(stepped, extra_borrow(market, 1.0) * np.array([leg.borrow for leg in legs]), market.borrow)


def extra_borrow(market: Market, rate: float) -> Array:
    """Fraction of notional (T, n) that `rate` a year costs a short over each bar; nothing is borrowed for a future."""
    borrowed = np.array([float(leg.funded) for leg in market.instruments])
    return np.asarray(rate * _years(market, market.day_counts()) * borrowed)


def _years(market: Market, day_counts: Array) -> Array:
    """Years (T, n) of each bar by each leg's day count (n,); 0 on the first row."""
    return np.asarray(bar_days(market.dates)[:, None] / day_counts)


# ---- ahead of a row


def carry_ahead(market: Market, name: str, horizon: float, weights: Array, treatment: Treatment, basis: Basis) -> Array:
    """Carry and roll-down (T,) over `horizon` years of a leg held at `weights (T,)`, fraction of a long's notional.

    What it earns if its curve and the exchange rate stand still, financed in that treatment, before borrow, rolls,
    costs and the interest on equity. A currency treatment is for foreign legs; an FX swap for longs alone, at the
    `basis` in force on each row.
    """
    own = carry_and_roll(market, name, horizon)
    return np.asarray(
        own + np.where(_treated(treatment, weights), _saved(market, name, horizon, treatment, basis), 0.0)
    )


def _treated(treatment: Treatment, weights: Array) -> Flags:
    """Rows (T,) on which a foreign leg is not funded at its own rate."""
    return np.asarray(weights > 0 if treatment == "fx_swap" else weights != 0)


def _saved(market: Market, name: str, horizon: float, treatment: Treatment, basis: Basis) -> Array:
    """How much more than what its treatment pays a foreign leg's own overnight rate is (T,), over `horizon` years."""
    country, home = market.country(name), market.countries.home
    none = np.zeros(len(market.dates))
    if country.currency == BASE or treatment == "repo" or not _funded(market, name):
        return none
    years = horizon * DAYS_A_YEAR / country.day_count
    if treatment == "fx_swap":
        return none - _basis(market, name, basis) * years
    dollars = macro(market, f"{home.code}_overnight") * (horizon * DAYS_A_YEAR / home.day_count)
    return np.asarray(overnight(market, name) * years - dollars)
