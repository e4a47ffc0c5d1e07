"""The trades that the article of early 2026 names, held as written: six parts, none of them a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from strategies.base import Invariants, Lookback, Meaning, ParameterError, Strategy, Window
from strategies.blend import Blend, InOneBook, Part
from strategies.breakeven import Breakeven
from strategies.curve import CurveTrade
from strategies.divergence import Divergence
from strategies.overlays import VolatilityTarget
from strategies.sizing import LARGEST, positive

Name = Literal["tens", "funds", "us_steepener", "jgb_flattener", "tips", "short_jgbs"]


@dataclass(frozen=True)
class Article(InOneBook):
    """The article's trades, static, each at one trailing volatility and at equal weight; `without` leaves one out.

    Long UST10 against JGB10; long TLT against the Tokyo fund 2561.T; a US 2s10s steepener; a JGB 10s30s flattener; long
    TIPS10 against UST10; long JGB2 against JGB20. In each the two legs have equal duration, and the pair is scaled to
    `volatility` over `window`. Only the first two are net of a country: it is long Treasuries and short JGBs.
    """

    without: Annotated[Name | None, " | ".join(get_args(Name)), Meaning("part of the article that is left out")] = None
    volatility: Annotated[float, "a year, 0.05 is 5 %", Meaning("what each part is scaled to")] = 0.05
    window: Annotated[Lookback, Meaning("history of returns that a part's volatility is taken from")] = Window("36M")

    def __post_init__(self) -> None:
        if self.without is not None and self.without not in get_args(Name):
            raise ParameterError("without", f"is {self.without!r}; expected one of {', '.join(get_args(Name))}")
        positive("volatility", self.volatility)

    @property
    def blend(self) -> Blend:
        """The parts that are in, each at `volatility`, times one over their number."""
        pairs: dict[str, Strategy] = {
            "tens": Divergence("UST10", "JGB10"),
            "funds": Divergence("TLT", "2561.T"),
            "us_steepener": CurveTrade("UST2", "UST10", "steepener"),
            "jgb_flattener": CurveTrade("JGB10", "JGB30", "flattener"),
            "tips": Breakeven("TIPS10", "UST10"),
            "short_jgbs": CurveTrade("JGB2", "JGB20", "steepener"),
        }
        chosen = {
            name: VolatilityTarget(pair, self.volatility, self.window, LARGEST)
            for name, pair in pairs.items()
            if name != self.without
        }
        return Blend({name: Part(pair, 1.0 / len(chosen)) for name, pair in chosen.items()})

    @property
    def invariants(self) -> Invariants:
        """Every part is neutral, so the sum is."""
        return Invariants(scales_with="volatility", neutral=True)
