"""Trade inflation-linked against nominal Treasuries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from data.errors import ConfigError
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Duration, Invariants, Leg, Lookback, Meaning, Window
from strategies.signals import rolling_beta, yield_moves
from strategies.sizing import book, different, one_of, sized, years_of_duration

USUAL_BETA = 0.8  # of real on nominal yields; estimates are shrunk halfway to it


@dataclass(frozen=True)
class Breakeven:
    """Long inflation-linked bonds against nominal ones, to gain as the breakeven widens; short: the reverse.

    `hedge: duration`: equal years of duration. `beta`: nominal years are those of the linker times the beta of real
    yield changes on nominal ones over `lookback`, halfway to 0.8 and between 0 and 1.6, so that a move that both share
    does nothing.
    Fleckenstein, Longstaff and Lustig, J. Finance 69, 2014; Gürkaynak, Sack and Wright, AEJ: Macroeconomics 2, 2010.
    """

    linker: Annotated[Leg, Meaning("the inflation-linked leg")] = "TIPS10"
    nominal: Annotated[Leg, Meaning("the nominal leg against it")] = "UST10"
    trade: Annotated[
        Literal["long", "short"],
        Meaning("long: linker against nominal, to gain as the breakeven widens; short: the reverse"),
    ] = "long"
    hedge: Annotated[
        Literal["duration", "beta"], Meaning("what sizes the nominal leg: equal duration, or the linker's beta to it")
    ] = "duration"
    lookback: Annotated[Lookback, Meaning("history that the beta is estimated on")] = Window("36M")
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        different(self.linker, self.nominal)
        one_of("trade", self.trade, ("long", "short"))
        one_of("hedge", self.hedge, ("duration", "beta"))
        sized("duration", self.duration)

    @property
    def legs(self) -> tuple[str, ...]:
        """The linker, then the nominal bond."""
        return (self.linker, self.nominal)

    @property
    def invariants(self) -> Invariants:
        """Equal durations are neutral to a shift that real and nominal yields share."""
        return Invariants(scales_with="duration", neutral=self.hedge == "duration")

    def warmup(self, market: Market) -> int:
        """One row more than the beta's window has changes; no history without one."""
        return 1 if self.hedge == "duration" else self.lookback.bars(market) + 1

    def targets(self, market: Market) -> Array:
        """Weights (T, n), + on the linker of a long breakeven.

        Raises
        ------
        ConfigError
            A linker that is not inflation-linked, or a nominal bond that is.
        """
        for leg, indexed in ((self.linker, True), (self.nominal, False)):
            if market.instruments[market.column(leg)].indexed != indexed:
                what = "not inflation-linked" if indexed else "inflation-linked"
                raise ConfigError(f"{leg} is {what}; a breakeven is a linker against a nominal bond, TIPS10 and UST10")
        years = self.duration if self.trade == "long" else -self.duration
        return book(
            market,
            {
                self.linker: years_of_duration(market, self.linker, years),
                self.nominal: years_of_duration(market, self.nominal, -years) * self._ratio(market),
            },
        )

    def _ratio(self, market: Market) -> Array:
        """Nominal years per year of the linker (T,); NaN while the estimate is cold."""
        if self.hedge == "duration":
            return np.ones(len(market.dates))
        real, nominal = (yield_moves(market, leg) for leg in self.legs)
        beta = rolling_beta(real, nominal, self.lookback.bars(market))
        return np.clip((beta + USUAL_BETA) / 2.0, 0.0, 2.0 * USUAL_BETA)
