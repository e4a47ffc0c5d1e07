"""The thesis, claim by claim, as data: what it says, what that is measured by, and what would make it true.

Another claim is one more entry of `CLAIMS`; docs/thesis.md shows one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from backtests.thesis.measures import (
    Measure,
    breakeven,
    difference,
    haven,
    macro,
    out_of_step,
    slope,
    volatility,
    volatility_ratio,
    yield_volatility_ratio,
)
from strategies.base import Strategy
from strategies.breakeven import Breakeven
from strategies.curve import CurveTrade
from strategies.macro import Policy
from strategies.slopes import MaturityPreference

THESIS_DATE = date(2026, 1, 1)  # where a configuration states none
MOVED = 1e-9  # decimals: a change below it is rounding


@dataclass(frozen=True)
class Condition:
    """True of a figure strictly between two bounds: the value at the window's end, or its change over the window."""

    reads: Literal["end", "change"]
    low: float = -np.inf
    high: float = np.inf

    def holds(self, figure: float) -> bool:
        """Whether the figure lies between the bounds."""
        return self.low < figure < self.high

    @property
    def direction(self) -> int:
        """+1 where more makes it true, -1 where less does, 0 where it is a range."""
        return int(self.low > -np.inf) - int(self.high < np.inf)


def rises() -> Condition:
    """It ends the window higher than it began."""
    return Condition("change", low=MOVED)


def falls() -> Condition:
    """It ends the window lower than it began."""
    return Condition("change", high=-MOVED)


def changes(low: float, high: float) -> Condition:
    """It changes over the window by an amount between two."""
    return Condition("change", low, high)


def within(low: float, high: float) -> Condition:
    """It ends the window between two values."""
    return Condition("end", low, high)


def above(value: float) -> Condition:
    """It ends the window above a value."""
    return Condition("end", low=value)


def below(value: float) -> Condition:
    """It ends the window below a value."""
    return Condition("end", high=value)


@dataclass(frozen=True)
class Claim:
    """One sentence of the thesis. `first` and `last` bound its window; without `last` it runs to the day asked about.

    Without a condition, or with `why_not`, it cannot be tested; its measure is shown all the same.
    """

    key: str
    text: str
    number: str  # what the thesis says, with its unit
    first: date
    last: date | None
    measure: Measure | None = None
    condition: Condition | None = None
    strategy: str | None = None  # that trades it, a key of strategies.STRATEGIES
    trade: Strategy | None = None  # run over the window to see whether it paid
    needs: int = 0  # least count of its measure's evidence, independent observations
    why_not: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"claim {self.key}: its window ends {self.last}, before it begins, {self.first}")
        if (self.measure is None or self.condition is None) and not (self.why_not or self.needs):
            raise ValueError(f"claim {self.key}: give a measure and a condition, or say in why_not what is missing")
        if self.needs and (self.measure is None or self.measure.evidence is None):
            raise ValueError(f"claim {self.key}: needs {self.needs}, but its measure counts nothing")


# ---- the thesis of January 2026

Y2024, Y2025, Y2026 = date(2024, 12, 31), date(2025, 12, 31), date(2026, 12, 31)
FIRST_FIGURES = date(1992, 12, 31)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "fed_cuts", "The Fed cuts about 100 bp in 2026", "−100 bp", Y2025, Y2026,
        macro("us_overnight", "change of the US overnight rate; on month ends, of its month average"),
        changes(-0.0125, -0.0075), "policy",
        note="On month ends the start, December's average, still holds the days before that month's cut.",
    ),
    Claim(
        "boj_exit", "The BoJ leaves negative rates", "above 0 %", date(2024, 1, 1), Y2025,
        macro("jp_overnight", "Japan's overnight call rate; on month ends, its month average"),
        above(0.0), "policy",
    ),
    Claim(
        "out_of_step", "Policy out of step: Japan up, the US down", "opposite", Y2024, Y2025,
        out_of_step(
            "jp_overnight", "us_overnight",
            "the smaller of the rise of Japan's overnight rate and the fall of the US one, over 12 months",
        ),
        above(0.0), "policy", Policy(),
    ),
    Claim(
        "us_inflation", "US inflation is 2.5 %", "2.5 %", Y2025, Y2025,
        macro("us_core_cpi_yoy", "US core CPI on the year before, as published by then; ± a quarter point"),
        within(0.0225, 0.0275), "inflation",
        note="Core: the thesis does not say which. All items stood at 2.7 % by the end of 2025.",
    ),
    Claim(
        "jp_inflation", "Japan's core inflation is 3 %", "3.0 %", Y2025, Y2025,
        macro("jp_core_cpi_yoy", "Japan's CPI less fresh food on the year before, as published; ± a quarter point"),
        within(0.0275, 0.0325), "inflation",
    ),
    Claim(
        "us_volatility", "Long Treasuries' volatility was 12 % in 2025", "12 %", Y2024, Y2025,
        volatility("UST25"), within(0.10, 0.14), "safe_haven",
        note="25 years stand for TLT. Moves of days show more than moves of months: TLT's were 12.2 % a year.",
    ),
    Claim(
        "jgb_volatility", "Long JGBs' volatility was 18 % in 2025", "18 %", Y2024, Y2025,
        volatility("JGB40"), within(0.16, 0.20), "safe_haven",
        note="In yen, of the most volatile maturity there is; that of the 30-year is lower.",
    ),
    Claim(
        "calmer_price", "Treasuries calmer than JGBs in 2025, in price", "12 against 18 %", Y2024, Y2025,
        volatility_ratio("UST30", "JGB30"), below(1.0), "safe_haven",
    ),
    Claim(
        "calmer_yield", "Treasuries calmer than JGBs in 2025, in yield", "calmer", Y2024, Y2025,
        yield_volatility_ratio("us", "jp", 30.0), below(1.0), "safe_haven",
    ),
    Claim(
        "haven", "Treasuries are the haven when JGBs sell off", "they gain", FIRST_FIGURES, None,
        haven("UST10", "JGB10"), above(0.0), "safe_haven", needs=10,
        note="Local returns in excess of funding, 10-year bonds, before costs; consecutive bars count as one sell-off.",
    ),
    Claim(
        "jp_debt", "Japan's debt is 260 % of GDP", "260 % of GDP", Y2025, Y2025,
        macro("jp_debt_gdp", "general government gross debt, the year whose figure counts as known", "% of GDP"),
        within(2.55, 2.65), "debt_capacity",
        note="IMF, October 2025: 236.1 for 2024, and 229.6 for 2025, which counts as known from 2026-12-31.",
    ),
    Claim(
        "debt_capacity", "Debt capacity drives relative returns", "debt counts", date(2006, 12, 31), None,
        difference(
            "jp_debt_gdp", "us_debt_gdp", "debt of Japan less that of the US, general government, gross", "% of GDP"
        ),
        strategy="debt_capacity", needs=10,
    ),
    Claim(
        "fifty_year", "A 50-year Treasury met strong demand", "strong demand", Y2025, Y2025,
        strategy="debt_capacity",
        why_not="no data: no 50-year Treasury was issued, so there is no auction to look at",
    ),
    Claim(
        "fed_share", "The Fed holds 25 % of Treasuries", "25 %", Y2025, Y2025,
        macro("fed_treasuries_share", "Treasuries the Fed holds, over all federal debt", "% of federal debt"),
        within(0.23, 0.27), "debt_capacity",
        note="Not the same ratio: federal debt includes what government accounts hold. Of marketable Treasuries the "
        "Fed holds about 15 %.",
    ),
    Claim(
        "boj_share", "The BoJ holds over 50 % of JGBs", "over 50 %", Y2025, Y2025,
        macro("boj_assets_gdp", "assets of the BoJ over GDP, which is not its share of JGBs", "% of GDP"),
        strategy="debt_capacity",
        why_not="no data: no series of the BoJ's share of JGBs comes along, and its assets over GDP are not that share",
    ),
    Claim(
        "tips", "Demand for TIPS is up", "breakevens rise", Y2024, Y2025,
        breakeven(10.0), rises(), "breakeven", Breakeven(),
        note="The forward takes real yields below 5 years to be those at 5.",
    ),
    Claim(
        "short_bonds", "Japanese funds lock in short bonds", "flows", Y2024, Y2025,
        slope("jp", 5.0, 30.0), rises(), "maturity_preference", MaturityPreference(),
        why_not="no data: no series of flows comes along, and a price does not say who bought",
        note="What prices say: whether the front gained on the long end.",
    ),
    Claim(
        "us_steepens", "The US curve steepens, 2s10s", "steeper", Y2024, Y2025,
        slope("us", 2.0, 10.0), rises(), "curve", CurveTrade("UST2", "UST10", "steepener"),
    ),
    Claim(
        "jgb_2s10s", "The JGB curve flattens, 2s10s", "flatter", Y2024, Y2025,
        slope("jp", 2.0, 10.0), falls(), "curve", CurveTrade("JGB2", "JGB10", "flattener"),
    ),
    Claim(
        "jgb_10s30s", "The JGB curve flattens, 10s30s", "flatter", Y2024, Y2025,
        slope("jp", 10.0, 30.0), falls(), "curve", CurveTrade("JGB10", "JGB30", "flattener"),
    ),
)  # fmt: skip
