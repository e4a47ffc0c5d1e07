"""What a measure is, in words for a reader."""

from __future__ import annotations

from functools import singledispatch

from backtests.config.claims import (
    Beta,
    Change,
    Correlation,
    Fact,
    Macro,
    Measure,
    PolicyRate,
    Ratio,
    Return,
    SellOff,
    Spread,
    Volatility,
    Yield,
    inside,
)
from backtests.thesis.history import History
from data.series import MACRO


def about(measure: Measure, history: History) -> str:
    """Return what a measure is, for a reader."""
    parts = list(inside(measure))
    text = noun(measure, history)
    if any(isinstance(part, Volatility | Beta | Correlation) for part in parts):
        text += ", as realised"
    if any(isinstance(part, Macro) for part in parts):
        text += ", as known by then"
    if any(isinstance(part, PolicyRate) for part in parts) and history.tables.frequency == "monthly":
        text += "; overnight rates on month ends are the month's average"
    return text


@singledispatch
def noun(measure: Measure, history: History) -> str:
    """Return a measure as part of a sentence."""
    raise TypeError(f"no words for {measure!r}")


@noun.register
def _(measure: Yield, history: History) -> str:
    country = history.countries.of_curve(measure.curve)
    bonds = country.bonds if measure.curve == country.code else country.linkers
    return f"{measure.maturity:g}-year par yield of {bonds}"


@noun.register
def _(measure: Spread, history: History) -> str:
    first, less = measure.first, measure.less
    if measure.kind == "slope" and isinstance(less, Yield):
        return f"{noun(first, history)} less the {less.maturity:g}-year"
    return f"{noun(first, history)} less {noun(less, history)}"


@noun.register
def _(measure: Beta, history: History) -> str:
    first, on = (noun(part, history) for part in (measure.first, measure.on))
    return f"slope of the moves of the {first} on those of the {on}, last {measure.window.text}"


@noun.register
def _(measure: Correlation, history: History) -> str:
    first, other = (noun(part, history) for part in (measure.first, measure.other))
    return f"correlation of the moves of the {first} with those of the {other}, last {measure.window.text}"


@noun.register
def _(measure: Ratio, history: History) -> str:
    return f"{noun(measure.first, history)}, over {noun(measure.over, history)}"


@noun.register
def _(measure: Volatility, history: History) -> str:
    what = f"the {noun(measure.at, history)}" if measure.at else f"{measure.name} in excess of funding, local"
    return f"volatility a year of {what}, last {measure.window.text}"


@noun.register
def _(measure: Macro, history: History) -> str:
    what = MACRO[measure.series].about if measure.series in MACRO else measure.series
    return f"{what}, sum of the last {measure.total.text}" if measure.total else what


@noun.register
def _(measure: PolicyRate, history: History) -> str:
    return f"overnight rate of {history.countries[measure.country].place}"


@noun.register
def _(measure: Return, history: History) -> str:
    return f"return over cash of the variant {measure.variant} since the window's first row, costs paid"


@noun.register
def _(measure: SellOff, history: History) -> str:
    return (
        f"mean excess return of {measure.name} on the worst tenth of the bars of {measure.against}, all history, "
        "bp of value a bar"
    )


@noun.register
def _(measure: Fact, history: History) -> str:
    return f"a fact of {measure.day}: {measure.states} ({measure.source})"


@noun.register
def _(measure: Change, history: History) -> str:
    return f"change over {measure.over.text} of {noun(measure.of, history)}"
