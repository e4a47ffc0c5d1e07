"""From claims as written to claims resolved: every name known, every bound in decimals; complaints name the line."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

from backtests.config.claim_sections import ClaimSection, KillSection, LevelSection, MeasureSection
from backtests.config.claims import (
    ROUNDING,
    Beta,
    Change,
    Claim,
    Correlation,
    Fact,
    Kill,
    Macro,
    Measure,
    PolicyRate,
    Ratio,
    Return,
    Says,
    SellOff,
    Spread,
    Unit,
    Volatility,
    Yield,
    unit_of,
)
from backtests.config.document import Document, Loc
from data.calendars import PUBLICATION_LAG_DAYS
from data.countries import Countries, is_real
from data.errors import did_you_mean, shortened
from data.instruments import Instrument, nearest
from strategies.base import Window

A_YEAR = "12M"
LIMITS = {"rises": (ROUNDING, math.inf), "falls": (-math.inf, -ROUNDING)}


@dataclass(frozen=True)
class Names:
    """What a claim may name."""

    document: Document
    instruments: Mapping[str, Instrument]
    countries: Countries
    variants: Collection[str]


def claims_of(sections: Mapping[str, ClaimSection], names: Names) -> tuple[Claim, ...]:
    """Return the claims of a file, in its order.

    Raises
    ------
    ConfigError
        A name of nothing, a window that ends before it begins, a sentence that its measure cannot decide.
    """
    return tuple(_claim(key, section, names) for key, section in sections.items())


def _claim(key: str, section: ClaimSection, names: Names) -> Claim:
    loc: Loc = ("claims", key)
    error = names.document.error
    if section.last is not None and section.last < section.first:
        raise error((*loc, "to"), f"{section.last} is before from, {section.first}; choose a later day")
    measure = _measure(section.measure, (*loc, "measure"), names)
    unit = unit_of(measure)
    says = _says(section, measure, unit, loc, names)
    _check_hurdle(section, measure, says, loc, names)
    if section.trade is not None:
        _known_variant(section.trade, (*loc, "trade"), names)
    if isinstance(measure, Fact) and (section.kill or section.needs):
        what = "kill" if section.kill else "needs"
        raise error((*loc, what), "a fact does not move, and is counted once; leave it out")
    return Claim(
        key=key,
        text=section.text,
        number=section.number,
        definition=section.definition,
        measure=measure,
        says=says,
        first=section.first,
        last=section.last,
        hurdle=section.hurdle,
        trade=section.trade,
        kill=_kill(section.kill, unit) if section.kill else None,
        needs=section.needs or 0,
        cannot=section.cannot,
        note=section.note,
    )


# ---- what is said


def _says(section: ClaimSection, measure: Measure, unit: Unit, loc: Loc, names: Names) -> Says | None:
    said, error = section.says, names.document.error
    if isinstance(measure, Fact) and measure.holds is not None:
        if said is not None:
            raise error((*loc, "says"), "the fact is true or false already; leave says out, or give the fact a value")
        return None
    if said is None:
        if section.cannot:
            return None
        raise error(loc, "says nothing; add says: rises, falls, neither, or {above: 50}")
    if (said == "neither") != (section.within is not None):
        raise error(
            (*loc, "says" if section.within is None else "within"),
            "neither needs within, the largest change that is none, and only neither has one",
        )
    moves = not isinstance(said, LevelSection) or said.of == "change"
    if moves and isinstance(measure, Fact):
        raise error((*loc, "says"), "a fact has one day and does not move; write what it is: {above: 50}")
    if moves and section.first == section.last:
        raise error((*loc, "to"), "its window is one day, over which nothing changes; choose a later day")
    if isinstance(said, LevelSection):
        return _level(said, unit)
    if section.within is not None:
        within = section.within / unit.moves
        return Says("neither", -within, within, closed=True, reads="change")
    return Says(said, *LIMITS[said], closed=False, reads="change")


def _level(said: LevelSection, unit: Unit) -> Says:
    scale = unit.moves if said.of == "change" else unit.written
    if said.above is not None:
        return Says("above", said.above / scale, math.inf, closed=False, reads=said.of)
    if said.below is not None:
        return Says("below", -math.inf, said.below / scale, closed=False, reads=said.of)
    if said.between is not None:
        low, high = (bound / scale for bound in said.between)
        return Says("between", low, high, closed=True, reads=said.of)
    middle, half = cast("float", said.equals) / scale, cast("float", said.to) / scale / 2.0
    return Says("equals", middle - half, middle + half, closed=True, reads=said.of)


def _kill(section: KillSection, unit: Unit) -> Kill:
    if section.above is not None:
        return Kill("above", section.above / unit.written)
    return Kill("below", cast("float", section.below) / unit.written)


def _check_hurdle(section: ClaimSection, measure: Measure, says: Says | None, loc: Loc, names: Names) -> None:
    """Refuse a forward that no curve implies, and one that the sentence has no side of."""
    if section.hurdle is None:
        return
    if not has_forward(measure):
        raise names.document.error(
            (*loc, "hurdle"), "only a yield, and a spread, slope or breakeven of yields, has a forward; leave it out"
        )
    if says is None or says.reads != "change" or not says.direction:
        raise names.document.error((*loc, "hurdle"), "is beaten by what rises or falls; leave it out, or say one")


def has_forward(measure: Measure) -> bool:
    """Whether curves imply a forward of a measure."""
    if isinstance(measure, Spread):
        return has_forward(measure.first) and has_forward(measure.less)
    return isinstance(measure, Yield)


# ---- what it is measured by


def _measure(section: MeasureSection, loc: Loc, names: Names) -> Measure:
    measure = _plain(section, section.kind, loc, names)
    if section.change is None:
        return measure
    if isinstance(measure, Fact | Return):
        raise names.document.error((*loc, "change"), f"a {section.kind} has no change over a time; leave it out")
    return Change(measure, Window(section.change))


def _plain(section: MeasureSection, kind: str, loc: Loc, names: Names) -> Measure:
    given, window = section.get(kind), Window(section.window or A_YEAR)
    at = (*loc, kind)
    if kind == "yield":
        return _yield(str(given), at, names)
    if kind in ("slope", "breakeven"):
        return _apart(kind, cast("list[str]", given), at, names)
    if kind in ("spread", "beta", "correlation", "ratio"):
        first, second = (_part(part, (*at, i), names) for i, part in enumerate(cast("list[object]", given)))
        return _of_two(kind, first, second, window, at, names)
    if kind == "volatility":
        name, of = str(given), section.of or "yields"
        _instrument(name, at, names)
        return Volatility(name, _yield(name, at, names) if of == "yields" else None, of, window)
    if kind == "macro":
        return _macro(section, at, names)
    if kind == "policy_rate":
        if given not in names.countries:
            codes = [country.code for country in names.countries]
            raise names.document.error(at, f"unknown country '{given}'{did_you_mean(str(given), codes)}")
        return PolicyRate(str(given))
    if kind == "return":
        _known_variant(str(given), at, names)
        return Return(str(given))
    if kind == "sell_off":
        first_name, against = cast("list[str]", given)
        for i, name in enumerate((first_name, against)):
            _instrument(name, (*at, i), names)
        return SellOff(first_name, against)
    fact = section.fact
    assert fact is not None
    return Fact(fact.states, fact.holds, fact.value, fact.unit, fact.day, fact.known or fact.day, fact.source)


def _part(part: object, loc: Loc, names: Names) -> Measure:
    """One of the two measures that another is made of; an instrument's name is its yield."""
    if isinstance(part, MeasureSection):
        if part.kind in ("fact", "return", "sell_off"):
            raise names.document.error(loc, f"a {part.kind} stands alone; name an instrument or another measure")
        return _measure(part, loc, names)
    return _yield(str(part), loc, names)


def _of_two(kind: str, first: Measure, second: Measure, window: Window, loc: Loc, names: Names) -> Measure:
    if kind == "beta":
        return Beta(first, second, window)
    if kind == "correlation":
        return Correlation(first, second, window)
    a, b = (unit_of(measure) for measure in (first, second))
    if (a.level, a.scale) != (b.level, b.scale):
        raise names.document.error(loc, f"its two are in {a.level or 'a ratio'} and {b.level or 'a ratio'}; take alike")
    return Ratio(first, second) if kind == "ratio" else Spread("spread", first, second)


def _apart(kind: str, given: list[str], loc: Loc, names: Names) -> Spread:
    """A slope, the shorter bond named first, or a breakeven, the nominal bond named first."""
    first, second = (_yield(name, (*loc, i), names) for i, name in enumerate(given))
    if kind == "slope":
        if first.curve != second.curve:
            raise names.document.error(loc, f"{first.name} and {second.name} lie on two curves; write spread")
        if first.maturity >= second.maturity:
            raise names.document.error(
                loc, f"{first.name} has {first.maturity:g} years and {second.name} {second.maturity:g}; the shorter "
                "comes first: swap them",
            )  # fmt: skip
        return Spread("slope", second, first)
    if is_real(first.curve) or not is_real(second.curve):
        raise names.document.error(loc, "is a nominal bond and an inflation bond, in that order: [UST10, TIPS10]")
    return Spread("breakeven", first, second)


def _macro(section: MeasureSection, loc: Loc, names: Names) -> Macro:
    series = str(section.macro)
    if series not in PUBLICATION_LAG_DAYS:
        raise names.document.error(
            loc, f"unknown series '{shortened(series)}'{did_you_mean(series, PUBLICATION_LAG_DAYS)}"
        )
    return Macro(series, Window(section.total) if section.total else None)


def _instrument(name: str, loc: Loc, names: Names) -> Instrument:
    if name not in names.instruments:
        hint = nearest(name, names.instruments)
        own = "; `divergence instruments` lists them; one of your own is described under instruments"
        raise names.document.error(loc, f"unknown instrument '{shortened(name)}'{hint}{own}")
    return names.instruments[name]


def _yield(name: str, loc: Loc, names: Names) -> Yield:
    instrument = _instrument(name, loc, names)
    if instrument.curve is None:
        raise names.document.error(loc, f"{name} has no curve, so no yield; name a bond or a fund of bonds")
    return Yield(name, instrument.curve, instrument.maturity)


def _known_variant(name: str, loc: Loc, names: Names) -> None:
    if name not in names.variants:
        raise names.document.error(loc, f"'{name}' is not a variant{did_you_mean(name, names.variants)}")
