"""Instantaneous shocks to the positions held on a variant's last row, every leg priced anew.

A bond is the par bond of its own maturity: it is worth 1 now, and `P(y, y + shift, M)` after the shock, so convexity
is in. A listed fund is its proxy's bond, a future its cheapest one. An inflation bond's real yield moves as a nominal
yield of its maturity does: its breakeven stands still. Cash does not move with rates; what rates do to a listed name
without a curve is not known. No time passes: no carry, no roll-down, no costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from backtests.engine.carry import Treatment, exposed
from backtests.runs.runner import VariantRun
from data.countries import BASE, Countries, Country, code_of
from data.instruments import BP, Instrument
from data.market import Market
from data.pricing.bonds import Array, price

Knots = tuple[tuple[float, float], ...]  # (years, shift in bp), ascending: straight between, flat outside

STEEPER: Knots = ((2.0, -50.0), (10.0, 0.0), (30.0, 50.0))
FLATTER: Knots = tuple((years, -bp) for years, bp in STEEPER)


@dataclass(frozen=True)
class Shock:
    """A move of curves and of currencies, all at once; what it does not name stands still."""

    name: str
    label: str
    shifts: Mapping[str, Knots] = field(default_factory=lambda: MappingProxyType({}))  # by country
    moves: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))  # of USD per unit, by currency

    def shift(self, instrument: Instrument) -> float:
        """Change of the yield an instrument is priced on, a decimal; 0 for cash."""
        knots = self.shifts.get(code_of(instrument.curve)) if instrument.curve else None
        if not knots:
            return 0.0
        years, bp = zip(*knots, strict=True)
        return float(np.interp(instrument.maturity, years, bp)) * BP

    def move(self, instrument: Instrument) -> float:
        """Change of USD per unit of an instrument's currency, a fraction, + a stronger one."""
        return self.moves.get(instrument.currency, 0.0)


def parallel(bp: float) -> Knots:
    """Return the shift that is the same at every maturity."""
    return ((10.0, bp),)


SIZES = (("up", "+", 1.0), ("down", "−", -1.0))  # how a shock's name and label say its direction


def shocks_of(countries: Iterable[Country]) -> tuple[Shock, ...]:
    """Return the shocks of a run with these countries: all their curves, each one's, all slopes, each currency."""
    rows = tuple(countries)
    every = "both" if len(rows) == 2 else "all"
    abroad: dict[str, Country] = {}
    for row in rows:
        if row.currency != BASE:
            abroad.setdefault(row.currency, row)
    return (
        *(Shock(f"{to}_100", f"{every} {sign}100 bp", _alike(rows, parallel(100.0 * by))) for to, sign, by in SIZES),
        *(
            Shock(f"{row.code}_{to}_100", f"{row.label} {sign}100 bp", _alike([row], parallel(100.0 * by)))
            for row in rows
            for to, sign, by in SIZES
        ),
        Shock("steeper", f"{every} steeper", _alike(rows, STEEPER)),
        Shock("flatter", f"{every} flatter", _alike(rows, FLATTER)),
        *(
            Shock(f"{_slug(row)}_{to}_10", f"{row.money} {sign}10 %", moves=MappingProxyType({currency: 0.10 * by}))
            for currency, row in abroad.items()
            for to, sign, by in SIZES
        ),
    )


def _alike(countries: Iterable[Country], knots: Knots) -> Mapping[str, Knots]:
    return MappingProxyType({country.code: knots for country in countries})


def _slug(country: Country) -> str:
    """A currency as the name of a shock has it: `yen`."""
    return country.money.lower().replace(" ", "_")


def shocks_in(market: Market) -> tuple[Shock, ...]:
    """Return the shocks of a run on a market: its countries are those whose curves it has."""
    return shocks_of(country for country in market.countries if country.code in market.curves)


def shocked(names: Collection[str], countries: Countries) -> tuple[Country, ...]:
    """Return the countries of the shocks that a run stored, by their names."""
    return tuple(country for country in countries if f"{country.code}_{SIZES[0][0]}_100" in names)


def revalue(market: Market, t: int, units: Array, currency: Treatment, shocks: Sequence[Shock] | None = None) -> Array:
    """Change in value (s, n), a row per shock, of `units (n,)` held at the close of row t, USD, + a gain.

    The shocks are those of the market's countries, unless others are given.

    Under `repo` and `fx_swap` currency moves touch profit and loss only, and there is none yet on a position marked
    now; under `unhedged` the notional bears them, but a future's never does.
    """
    instruments = market.instruments
    notional = np.where(units == 0.0, 0.0, units * market.price[t] * market.fx[t])
    now = np.array([_yield(market, t, instrument) for instrument in instruments])
    life = np.array([instrument.maturity for instrument in instruments])
    shocks = shocks_in(market) if shocks is None else shocks
    shift = np.array([[shock.shift(instrument) for instrument in instruments] for shock in shocks])
    move = np.array([[shock.move(instrument) for instrument in instruments] for shock in shocks])
    coupons = np.array([market.countries.of(instrument).coupons for instrument in instruments])
    change = np.where(shift == 0.0, 0.0, price(now, now + shift, life, coupons) - 1.0)
    bears = exposed(market, currency)
    return np.asarray(notional * (change * (1.0 + move) + move * bears))


def _yield(market: Market, t: int, instrument: Instrument) -> float:
    """Par yield an instrument is priced on: of the nearest tenor for a fund whose proxy is not quoted, 0 for cash."""
    if instrument.curve is None:
        return 0.0
    curve = market.curves[instrument.curve]
    value = float(curve.at(instrument.maturity)[t])
    if not np.isnan(value):
        return value
    today = curve.yields[t]
    apart = np.where(np.isnan(today), np.inf, np.abs(curve.tenors - instrument.maturity))
    return float(today[apart.argmin()])


def tidy(run: VariantRun) -> pd.DataFrame:
    """Every shock to what a variant holds on its last row: variant, shock, instrument, usd, NaN without a curve."""
    names, shocks = run.market.names, shocks_in(run.market)
    usd = revalue(run.market, run.span.rows.stop - 1, run.result.units[-1], run.variant.currency.kind, shocks)
    unknown = np.array([leg.unmodelled for leg in run.market.instruments]) & (run.result.units[-1] != 0.0)
    usd = np.where(unknown & np.array([bool(shock.shifts) for shock in shocks])[:, None], np.nan, usd)
    frame = pd.DataFrame(
        {"variant": run.variant.name, "shock": np.repeat([shock.name for shock in shocks], len(names))}
    )
    frame["instrument"] = list(names) * len(shocks)
    frame["usd"] = usd.reshape(-1)
    return frame
