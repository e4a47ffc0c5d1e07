"""The signals of the thesis of early 2026, all its parts at equal weight: nothing is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from strategies.base import Duration, Invariants, Meaning, ParameterError, Strategy
from strategies.blend import Blend, InOneBook, Part
from strategies.breakeven import Breakeven
from strategies.curve import CurveTrade
from strategies.macro import DebtCapacity, Inflation, Policy, SafeHaven
from strategies.sizing import sized
from strategies.slopes import MaturityPreference

Name = Literal[
    "policy", "inflation", "safe_haven", "debt_capacity", "tips", "maturity_preference", "us_steepener", "jgb_flattener"
]


@dataclass(frozen=True)
class Signals(InOneBook):
    """What the article's reasons say today, in one book at equal weight, no fitted weight; `without` leaves one out.

    Not the trades it names, which are the strategy `article`: a signal may ask for the opposite of what was written.

    Policy cycles, the inflation gap, relative volatility, debt capacity (a large footprint a distortion, as the article
    has it), demand for TIPS, Japan's preference for short bonds, a steeper US and a flatter JGB curve. The last and the
    preference for short bonds partly cancel: that is the article's own tension.
    """

    without: Annotated[Name | None, " | ".join(get_args(Name)), Meaning("part of the thesis that is left out")] = None
    duration: Duration = 5.0

    def __post_init__(self) -> None:
        if self.without is not None and self.without not in get_args(Name):
            raise ParameterError("without", f"is {self.without!r}; expected one of {', '.join(get_args(Name))}")
        sized("duration", self.duration)

    @property
    def blend(self) -> Blend:
        """The parts that are in, each at `duration` times one over their number."""
        years = self.duration
        parts: dict[str, Strategy] = {
            "policy": Policy(duration=years),
            "inflation": Inflation(duration=years),
            "safe_haven": SafeHaven(duration=years),
            "debt_capacity": DebtCapacity(duration=years, footprint="distortion"),
            "tips": Breakeven(duration=years),
            "maturity_preference": MaturityPreference(duration=years),
            "us_steepener": CurveTrade("UST2", "UST10", "steepener", years),
            "jgb_flattener": CurveTrade("JGB2", "JGB10", "flattener", years),
        }
        chosen = {name: part for name, part in parts.items() if name != self.without}
        return Blend({name: Part(part, 1.0 / len(chosen)) for name, part in chosen.items()})

    @property
    def invariants(self) -> Invariants:
        """Every part is neutral, so the sum is."""
        return Invariants(scales_with="duration", neutral=True)


@dataclass(frozen=True)
class Thesis(Signals):
    """The former name of `signals`, for one release more; the book is the same.

    What the article names is the strategy `article`.
    """
