"""Claims as a file states them: sentence, measure, window, hurdle, trade, and where it is given up.

A level is written in percent (a yield, spread, slope or breakeven too), a change and a volatility of yields in basis
points.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from backtests.config.claims import Moves
from backtests.config.strict import Code, Model, Name, key
from strategies.base import Window

LEVEL = "as the measure: yields, spreads and slopes in %"  # the unit of a level
Direction = Literal["rises", "falls", "neither"]
Text = Annotated[str, Field(min_length=1, max_length=500)]

MEASURES = (
    "yield", "spread", "slope", "breakeven", "beta", "ratio", "volatility", "correlation", "macro", "policy_rate",
    "return", "sell_off", "fact",
)  # fmt: skip
OPTIONS = {  # of a measure, and the measures that use it
    "window": ("beta", "correlation", "volatility"),
    "of": ("volatility",),
    "total": ("macro",),
}


def _one_of(keys: tuple[str, ...], given: list[str], what: str) -> None:
    if not given:
        raise ValueError(f"{what} nothing; write one of {', '.join(keys)}")
    if len(given) > 1:
        raise ValueError(f"{what} both {given[0]} and {given[1]}; keep one")


class FactSection(Model):
    """A dated statement with its source: true or false, or a figure."""

    states: Text = Field(description="what is so, in a sentence", examples=["the BoJ held its rate"])
    holds: bool | None = Field(
        default=None, description="whether the claim does; or value, which says decides on", examples=[True]
    )
    value: float | None = key(None, "the figure stated", unit="as `unit` says", example=250.0)
    unit: Annotated[str, Field(max_length=40)] = key("", "what the figure is counted in", example="% of GDP")
    day: date = key(..., "what it is about", example="2026-01-23")
    known: date | None = Field(
        default=None, description="from when it could be known; by default that day", examples=["2026-01-24"]
    )
    source: Text = key(..., "who says so, and where", example="Bank of Japan, statement of 2026-01-23")

    @model_validator(mode="after")
    def _whole(self) -> FactSection:
        keys = ("holds", "value")
        _one_of(keys, [key for key in keys if getattr(self, key) is not None], "decides")
        if self.known and self.known < self.day:
            raise ValueError(f"was known on {self.known}, before the day it is about, {self.day}; correct one")
        return self


def _shape(value: object) -> Literal["word", "keys"]:
    return "word" if isinstance(value, str) else "keys"


Part = Annotated[Annotated[Name, Tag("word")] | Annotated["MeasureSection", Tag("keys")], Discriminator(_shape)]
Pair = Annotated[list[Part], Field(min_length=2, max_length=2)]
Names = Annotated[list[Name], Field(min_length=2, max_length=2)]


class MeasureSection(Model):
    """What a claim is judged by: one measure, with its options."""

    yield_: Name | None = Field(
        default=None, alias="yield", description="par yield of an instrument", examples=["UST10"]
    )
    spread: Pair | None = Field(
        default=None, description="the first less the second: instruments, or measures", examples=[["UST10", "JGB10"]]
    )
    slope: Names | None = Field(
        default=None,
        description="yield of the longer less that of the shorter, named first",
        examples=[["UST2", "UST10"]],
    )
    breakeven: Names | None = Field(
        default=None, description="nominal yield less real: [UST10, TIPS10]", examples=[["UST10", "TIPS10"]]
    )
    beta: Pair | None = Field(
        default=None, description="of the moves of the first on those of the second", examples=[["JGB10", "UST10"]]
    )
    ratio: Pair | None = Field(
        default=None,
        description="the first over the second",
        examples=[[{"volatility": "UST10"}, {"volatility": "JGB10"}]],
    )
    volatility: Name | None = Field(
        default=None, description="of an instrument's yield or price, a year, realised", examples=["UST10"]
    )
    correlation: Pair | None = Field(default=None, description="of the moves of the two", examples=[["UST10", "JGB10"]])
    macro: Name | None = Field(
        default=None, description="a macro series, as known on each day", examples=["us_core_cpi_yoy"]
    )
    policy_rate: Code | None = Field(default=None, description="overnight rate of a country", examples=["us"])
    return_: Name | None = Field(
        default=None, alias="return", description="of a variant over cash, since the start", examples=["steepener"]
    )
    sell_off: Names | None = Field(
        default=None,
        description="mean excess return of the first on the worst tenth of bars of the second",
        examples=[["JGB10", "UST10"]],
    )
    fact: FactSection | None = key(
        None,
        "a dated statement with its source, in place of data",
        example={"states": "the BoJ held its rate", "holds": True},
    )
    window: str | None = Field(
        default=None, description="of beta, correlation, volatility: 12M by default", examples=["12M"]
    )
    of: Moves | None = Field(default=None, description="what a volatility is of: yields (default) or prices")
    total: str | None = Field(
        default=None, description="sum of a macro series over a time, as of a flow: 12M", examples=["12M"]
    )
    change: str | None = Field(
        default=None, description="the measure's change over a time, in its place: 12M", examples=["12M"]
    )

    @field_validator("window", "total", "change")
    @classmethod
    def _length(cls, text: str | None) -> str | None:
        return None if text is None else Window(text).text

    @model_validator(mode="after")
    def _single(self) -> MeasureSection:
        given = [key for key in MEASURES if self.get(key) is not None]
        _one_of(MEASURES, given, "measures")
        for option, users in OPTIONS.items():
            if getattr(self, option) is not None and given[0] not in users:
                raise ValueError(f"{option} is not used by {given[0]}, only by {', '.join(users)}; leave it out")
        return self

    def get(self, key: str) -> object:
        """Return what stands at a key as the file spells it."""
        return getattr(self, f"{key}_" if key in ("yield", "return") else key)

    @property
    def kind(self) -> str:
        """Which measure it is."""
        return next(key for key in MEASURES if self.get(key) is not None)


class LevelSection(Model):
    """Between which bounds a measure must end, or change."""

    above: float | None = key(None, "more than this", unit=LEVEL, example=4.5)
    below: float | None = key(None, "less than this", unit=LEVEL, example=4.0)
    between: Annotated[list[float], Field(min_length=2, max_length=2)] | None = key(
        None, "from the first to the second", unit=LEVEL, example=[1.0, 2.0]
    )
    equals: float | None = key(None, "this, to a stated rounding", unit=LEVEL, example=260.0)
    to: float | None = Field(
        default=None,
        gt=0,
        json_schema_extra={"unit": LEVEL},
        description="rounding to which it equals: 10 % of GDP",
        examples=[10.0],
    )
    of: Literal["end", "change"] = Field(default="end", description="the value, or its change over the window")

    @model_validator(mode="after")
    def _single(self) -> LevelSection:
        keys = ("above", "below", "between", "equals")
        _one_of(keys, [key for key in keys if getattr(self, key) is not None], "says")
        if (self.to is None) != (self.equals is None):
            raise ValueError("equals needs the rounding it is meant to: {equals: 260, to: 10}")
        if self.between and self.between[0] >= self.between[1]:
            raise ValueError(f"is between {self.between[0]:g} and {self.between[1]:g}; write the lower bound first")
        return self


Said = Annotated[Annotated[Direction, Tag("word")] | Annotated[LevelSection, Tag("keys")], Discriminator(_shape)]


class KillSection(Model):
    """A level at which the claim is given up."""

    above: float | None = key(None, "reached or passed from below", unit=LEVEL, example=4.75)
    below: float | None = key(None, "reached or passed from above", unit=LEVEL, example=1.0)

    @model_validator(mode="after")
    def _single(self) -> KillSection:
        keys = ("above", "below")
        _one_of(keys, [key for key in keys if getattr(self, key) is not None], "says")
        return self


class ClaimSection(Model):
    """One sentence of a thesis as written."""

    text: Text = key(..., "the sentence, as the thesis has it", example="US Treasury yields keep falling")
    number: Annotated[str, Field(max_length=60)] = Field(
        default="", description="the figure the sentence gives", examples=["4.75 %"]
    )
    definition: Annotated[str, Field(max_length=200)] = Field(
        default="",
        description="what the number hangs on, where another definition has a claim of its own",
        examples=["of gross debt"],
    )
    measure: MeasureSection = key(..., "what it is judged by", example={"yield": "UST10"})
    says: Said | None = key(None, "what the measure does: rises, falls, neither, or where it ends", example="falls")
    within: float | None = Field(
        default=None,
        gt=0,
        json_schema_extra={"unit": "as a change: bp of yields"},
        description="of neither: the largest change that is none",
        examples=[10.0],
    )
    first: date = key(..., "first day of its window", example="2025-12-31", alias="from")
    last: date | None = Field(
        default=None, alias="to", description="left out, its window stays open", examples=["2026-12-31"]
    )
    hurdle: Literal["forward"] | None = key(None, "forward: whether it beat what the curve already held")
    trade: Name | None = Field(default=None, description="variant that is run over the window", examples=["steepener"])
    kill: KillSection | None = key(None, "a level at which it is given up", example={"above": 4.75})
    needs: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        json_schema_extra={"unit": "observations"},
        description="independent ones without which nothing is said",
        examples=[36],
    )
    cannot: Annotated[str, Field(max_length=500)] = Field(
        default="",
        description="why nothing can say whether it happened; the measure stands beside it",
        examples=["no series of it comes along"],
    )
    note: Annotated[str, Field(max_length=1000)] = key("", "what else a reader must know", example="by month ends")
