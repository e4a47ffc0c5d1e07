"""The series the store keeps: what each is, in which unit it is published, and whose days it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.countries import ANY_DAY, COUNTRIES, Countries, Country, is_real
from data.errors import DataError, did_you_mean, redacted
from data.instruments import LIBRARY

SeriesKind = Literal["curve", "rate", "fx", "index", "price", "macro"]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of a series, and so of the folder it is kept in
MONTH = "month"  # the calendar of a series with a value a month

# Columns of a price series. Prices and dividends are per share, adjusted for splits as the source publishes them.
PRICE_COLUMNS = ("open", "high", "low", "close", "adjusted", "volume", "dividend", "split")
VALUE = "value"  # the one column of a series that has only one
IN_PERCENT = 100.0  # yields, rates and macro figures are published in percent
# The macro figures that are not: an index, and flows in trillion yen a month, + net buying.
NOT_IN_PERCENT = ("us_cpi", "jp_net_foreign_bonds", "foreign_net_jp_bonds")

MacroKind = Literal["rate", "index", "debt", "assets", "federal", "bonds", "flow"]


@dataclass(frozen=True)
class MacroSeries:
    """What a macro series is of, and in what kind of figure it is told."""

    about: str
    kind: MacroKind


MACRO = {
    "us_cpi": MacroSeries("US CPI, all items", "index"),
    "us_core_cpi_yoy": MacroSeries("US core CPI on the year before", "rate"),
    "jp_core_cpi_yoy": MacroSeries("Japan's CPI less fresh food on the year before", "rate"),
    "us_debt_gdp": MacroSeries("US general government gross debt over GDP", "debt"),
    "jp_debt_gdp": MacroSeries("Japan's general government gross debt over GDP", "debt"),
    "fed_assets_gdp": MacroSeries("assets of the Fed over GDP", "assets"),
    "boj_assets_gdp": MacroSeries("assets of the BoJ over GDP", "assets"),
    "fed_treasuries_share": MacroSeries("Treasuries the Fed holds, over all federal debt", "federal"),
    "boj_jgb_share": MacroSeries("the BoJ's share of JGBs without Treasury bills, at market value", "bonds"),
    "jp_net_foreign_bonds": MacroSeries("Japanese net purchases of long-term foreign bonds", "flow"),
    "foreign_net_jp_bonds": MacroSeries("foreigners' net purchases of long-term Japanese bonds", "flow"),
}

# When the Treasury published no such maturity (FRED's notes to DGS20 and DGS30); FRED shows an estimate of the 30-year.
UNPUBLISHED = {
    ("ust", "20"): (date(1987, 1, 1), date(1993, 9, 30)),
    ("ust", "30"): (date(2002, 2, 19), date(2006, 2, 8)),
}

ESTIMATED = (("ust", "30"),)  # what a copy shows all the same

# Days on which the source went over to other bonds: a change that no holder of a bond has earned.
# DFII5 and DFII7 fall by 2.1 and 1.6 points that day, prices did not.
REBASED = {("tips", "5"): date(2008, 12, 1), ("tips", "7"): date(2008, 12, 1)}


@dataclass(frozen=True)
class Spec:
    """One series. A curve's columns are tenors in years as text, `0.25` or `10`."""

    name: str
    kind: SeriesKind
    calendar: str  # the exchange whose sessions are its days, MONTH, or ANY_DAY; prices have their exchange's
    unit: str  # as published: percent a year, yen per dollar, index points, currency
    about: str


@dataclass(frozen=True)
class Delivery:
    """What a source or a file handed over: one series, as published."""

    series: str
    source: str  # address or path it came from
    frame: pd.DataFrame  # index: ascending unique dates; columns: text; float64, NaN where missing
    notes: tuple[str, ...] = field(default=())  # what was noticed or left out while reading
    spec: Spec | None = None  # of a series that neither a source nor the table of countries knows
    said: Mapping[str, str] = field(default_factory=dict)  # what the user said of the file, kept for the next one
    sure: bool = True  # whether the file itself says whose figures these are

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", redacted(self.source))
        object.__setattr__(self, "notes", tuple(redacted(note) for note in self.notes))
        index = self.frame.index
        if not (isinstance(index, pd.DatetimeIndex) and index.is_monotonic_increasing and index.is_unique):
            raise DataError(f"{self.source}: the dates of {self.series} are not ascending and unique")


SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec("ust", "curve", "XNYS", "percent a year", "US Treasury par yields, semiannual"),
        Spec("tips", "curve", "XNYS", "percent a year", "US Treasury par real yields, semiannual"),
        Spec("jgb", "curve", "XTKS", "percent a year", "JGB constant-maturity yields, semiannual"),
        Spec("usdjpy", "fx", "XNYS", "yen per US dollar", "New York noon, Federal Reserve H.10"),
        Spec("fed_funds", "rate", ANY_DAY, "percent a year", "effective federal funds rate, calendar days"),
        Spec("fed_funds_month", "rate", MONTH, "percent a year", "effective federal funds rate, month average"),
        Spec("sofr", "rate", "XNYS", "percent a year", "secured overnight financing rate"),
        Spec("yen_call", "rate", "XTKS", "percent a year", "uncollateralised overnight call rate, daily"),
        Spec("yen_call_month", "rate", MONTH, "percent a year", "overnight call rate, month average"),
        Spec("us_cpi", "index", MONTH, "index points", "CPI-U, all items, not seasonally adjusted"),
        Spec("macro", "macro", MONTH, "percent", "macro figures by reference period; flows in trillion yen a month"),
    )
}  # fmt: skip


AVERAGES: dict[str, Spec] = {  # figures of months, kept apart from the daily series: they are levels of no day
    f"{name}_month": replace(
        SPECS[name], name=f"{name}_month", calendar=MONTH, about=f"{SPECS[name].about.split(',')[0]}, month averages"
    )
    for name in ("ust", "tips", "jgb", "usdjpy")
}


def price_spec(name: str, currency: str, exchange: str = ANY_DAY) -> Spec:
    """Return what the prices of a listed name of the user's own are.

    Raises
    ------
    DataError
        A name that no folder can have, or that is another series already; a currency that is no code of three letters.
    """
    if not NAME.fullmatch(name):
        raise DataError(f"'{name}' is no name of a series; letters, digits, - _ . and a letter or digit first")
    if name in SPECS or name in AVERAGES:
        raise DataError(f"'{name}' is a {(SPECS | AVERAGES)[name].kind} series, not a listed name; give another")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise DataError(f"'{currency}' is no currency; say its three letters, like USD or JPY")
    place = f"prices on {exchange}" if exchange != ANY_DAY else "prices"
    return Spec(name, "price", exchange, currency, place)


def specs_of(countries: Countries) -> dict[str, Spec]:
    """Return the series of countries that no source publishes: those that come from a user's files.

    Raises
    ------
    DataError
        A name that stands for two series, or that is another kind of series already.
    """
    specs: dict[str, Spec] = {}
    for country in countries:
        for spec in _own(country):
            known = SPECS.get(spec.name) or specs.get(spec.name)
            if known and known.kind != spec.kind:
                raise DataError(
                    f"{country.code}: the series {spec.name} is a {known.kind}, not a {spec.kind}; rename one"
                )
            if spec.name in listed_names():
                raise DataError(f"{country.code}: the series {spec.name} is a listed name's prices; rename it")
            specs.setdefault(spec.name, spec)
    return {name: spec for name, spec in specs.items() if name not in SPECS}


def _own(country: Country) -> list[Spec]:
    units = {"units_per_usd": f"{country.money} per US dollar", "usd_per_unit": f"US dollars per {country.money}"}
    specs = [
        Spec(series, "curve", country.calendar, "percent a year", f"{country.label} {_kind(country, curve)}")
        for curve, series in country.curves.items()
    ]
    if country.fx is not None:
        specs.append(Spec(country.fx, "fx", ANY_DAY, units[str(country.fx_quoted)], country.pair))
    return specs + [
        Spec(series, "rate", ANY_DAY, "percent a year", f"{country.label} overnight rate")
        for series in country.overnight
    ]


def _kind(country: Country, curve: str) -> str:
    times = country.coupons if country.quotes == "par" else country.compounding
    compounded = "compounded continuously" if times == "continuous" else f"compounded {times} times a year"
    return f"{country.quotes} {'real ' if is_real(curve) else ''}yields, {compounded}"


def spec_of(name: str, countries: Countries = COUNTRIES) -> Spec:
    """Return what a series is; a listed instrument's name is the series of its prices.

    Raises
    ------
    DataError
        A name that is neither; the message says what was probably meant.
    """
    if name in SPECS:
        return SPECS[name]
    if name in AVERAGES:
        return AVERAGES[name]
    own = specs_of(countries)
    if name in own:
        return own[name]
    listed = {i.name: i for i in LIBRARY.values() if i.kind == "listed"}
    if name in listed:
        return Spec(name, "price", ANY_DAY, listed[name].currency, f"prices on {listed[name].exchange}")
    raise DataError(f"unknown series '{name}'{did_you_mean(name, [*SPECS, *own, *listed])}")


def macro_value(name: str, published: pd.Series) -> pd.Series:
    """Return a macro series in the unit it is used in: what is published in percent as decimals, the rest as it is."""
    return published if name in NOT_IN_PERCENT else published / IN_PERCENT


def unpublished(series: str, tenor: str, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return on which days (T,) the publisher quoted no such maturity, whatever a copy shows."""
    if (series, tenor) not in UNPUBLISHED:
        return np.zeros(len(days), dtype=bool)
    first, last = UNPUBLISHED[series, tenor]
    return (days >= np.datetime64(first)) & (days <= np.datetime64(last))


def listed_names() -> list[str]:
    """Return the built-in instruments whose prices can be stored."""
    return [instrument.name for instrument in LIBRARY.values() if instrument.kind == "listed"]
