"""Instantaneous shocks to the positions held on a variant's last row, every leg priced anew.

A bond is the par bond of its own maturity: it is worth 1 now, and `P(y, y + shift, M)` after the shock, so convexity
is in. A listed fund is its proxy's bond. An inflation bond's real yield moves as a nominal yield of its maturity does:
its breakeven stands still. Cash does not move with rates. No time passes: no carry, no roll-down, no costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.engine.carry import Treatment
from backtests.runs.runner import VariantRun
from data.instruments import BP, Instrument
from data.market import Market
from data.pricing.bonds import Array, price

Knots = tuple[tuple[float, float], ...]  # (years, shift in bp), ascending: straight between, flat outside

STEEPER: Knots = ((2.0, -50.0), (10.0, 0.0), (30.0, 50.0))
FLATTER: Knots = tuple((years, -bp) for years, bp in STEEPER)


@dataclass(frozen=True)
class Shock:
    """A move of the two curves and of the yen, all at once."""

    name: str
    label: str
    us: Knots = ()
    jp: Knots = ()
    yen: float = 0.0  # change of USD per yen, + a stronger yen

    def shift(self, instrument: Instrument) -> float:
        """Change of the yield an instrument is priced on, a decimal; 0 for cash."""
        knots = self.jp if instrument.curve == "jp" else self.us if instrument.curve else ()
        if not knots:
            return 0.0
        years, bp = zip(*knots, strict=True)
        return float(np.interp(instrument.maturity, years, bp)) * BP

    def move(self, instrument: Instrument) -> float:
        """Change of USD per unit of an instrument's currency, a fraction."""
        return self.yen if instrument.currency == "JPY" else 0.0


def parallel(bp: float) -> Knots:
    """Return the shift that is the same at every maturity."""
    return ((10.0, bp),)


SHOCKS = (
    Shock("up_100", "both +100 bp", us=parallel(100.0), jp=parallel(100.0)),
    Shock("down_100", "both −100 bp", us=parallel(-100.0), jp=parallel(-100.0)),
    Shock("us_up_100", "US +100 bp", us=parallel(100.0)),
    Shock("us_down_100", "US −100 bp", us=parallel(-100.0)),
    Shock("jp_up_100", "Japan +100 bp", jp=parallel(100.0)),
    Shock("jp_down_100", "Japan −100 bp", jp=parallel(-100.0)),
    Shock("steeper", "both steeper", us=STEEPER, jp=STEEPER),
    Shock("flatter", "both flatter", us=FLATTER, jp=FLATTER),
    Shock("yen_up_10", "yen +10 %", yen=0.10),
    Shock("yen_down_10", "yen −10 %", yen=-0.10),
)


def revalue(market: Market, t: int, units: Array, currency: Treatment, shocks: Sequence[Shock] = SHOCKS) -> Array:
    """Change in value (s, n), a row per shock, of `units (n,)` held at the close of row t, USD, + a gain.

    Under `repo` and `fx_swap` currency moves touch profit and loss only, and there is none yet on a position marked
    now; under `unhedged` the notional bears them.
    """
    instruments = market.instruments
    notional = np.where(units == 0.0, 0.0, units * market.price[t] * market.fx[t])
    now = np.array([_yield(market, t, instrument) for instrument in instruments])
    life = np.array([instrument.maturity for instrument in instruments])
    shift = np.array([[shock.shift(instrument) for instrument in instruments] for shock in shocks])
    move = np.array([[shock.move(instrument) for instrument in instruments] for shock in shocks])
    change = np.where(shift == 0.0, 0.0, price(now, now + shift, life) - 1.0)
    bears = float(currency == "unhedged")
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
    """Every shock to what a variant holds on its last row: variant, shock, instrument, usd."""
    names = run.market.names
    usd = revalue(run.market, run.span.rows.stop - 1, run.result.units[-1], run.variant.currency.kind)
    frame = pd.DataFrame(
        {"variant": run.variant.name, "shock": np.repeat([shock.name for shock in SHOCKS], len(names))}
    )
    frame["instrument"] = list(names) * len(SHOCKS)
    frame["usd"] = usd.reshape(-1)
    return frame
