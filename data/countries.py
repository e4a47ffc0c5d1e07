"""Countries: whose bonds and money they are, what a year and a coupon are there, when they close. One table.

A country's code names its curves (`us`, its real one `us_real`) and its macro series (`us_overnight`) in a market. The
series that hold them, and what they are called in a store or a folder, stand in its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from data.errors import DataError, did_you_mean

BASE = "USD"  # the currency of the book
REAL = "_real"  # what the name of a real curve ends with
SHARED = ("day_count", "basis_bp", "fx", "fx_quoted", "overnight")  # of a currency, whichever country's it is
REFERENCE_CPI = "us_reference_cpi"  # what a market calls the index of inflation bonds among its macro values
REFERENCE_AHEAD = tuple(f"{REFERENCE_CPI}_{month}" for month in range(3))  # of the months' firsts, where known
CPI_PACE = "us_cpi_pace"  # growth of consumer prices over a year, as last published, 0.03 is 3 %
KNOWN_FUNDING = "_known_funding"  # likewise, after a country: what funding costs over each bar, as known at its end
ANY_DAY = "any"  # the calendar of a series whose days are held to no exchange's sessions

Quotes = Literal["par", "spot"]
Compounding = Literal[1, 2, "continuous"]
FxQuote = Literal["units_per_usd", "usd_per_unit"]


@dataclass(frozen=True)
class Close:
    """When a day's prices are stamped, from a day on."""

    at: time
    zone: str  # IANA
    since: date = date.min


@dataclass(frozen=True)
class Country:
    """One row of the table. A blank name of bonds, money and the like is made from the code, label or currency."""

    code: str
    label: str
    currency: str  # ISO 4217
    day_count: float  # days of a year in its money market: act/360, act/365
    coupons: int  # of its bonds a year, and how often its par yields are compounded
    close: tuple[Close, ...]  # ascending; the first holds from the beginning
    nominal: str  # the series that holds its nominal curve
    overnight: tuple[str, ...]  # series of its overnight rate, the first that has a day; month averages last
    real: str | None = None  # the series that holds its real curve
    fx: str | None = None  # the series of its exchange rate; None for the base
    fx_quoted: FxQuote | None = None
    quotes: Quotes = "par"  # what its curves' series hold; spot rates become par yields on reading
    compounding: Compounding | None = None  # of spot rates
    calendar: str = ANY_DAY  # ISO 10383: the exchange whose sessions are the days of its bond market
    basis_bp: float = 0.0  # a year, added to its overnight rate where a long is funded by an FX swap
    cpi: str | None = None  # the price index that its inflation bonds follow
    futures: tuple[str, ...] = ()  # names of the futures that its bonds are traded in
    colour: str = "#E69F00"
    bonds: str = ""  # what its bonds are called: Treasuries
    linkers: str = ""  # likewise those of its real curve
    ticker: str = ""  # what the names of its bonds begin with: UST
    place: str = ""  # its label within a sentence: the US
    money: str = ""  # its currency by name: yen
    central_bank: str = ""  # what macro series of its central bank begin with: fed

    def __post_init__(self) -> None:
        by_default = {
            "bonds": f"{self.label} bonds", "linkers": f"{self.label} inflation bonds", "ticker": self.code.upper(),
            "place": self.label, "money": self.currency, "central_bank": self.code,
        }  # fmt: skip
        for name, value in by_default.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)
        if is_real(self.code):
            raise DataError(f"{self.code}: a code that ends with {REAL} names a country's real curve; shorten it")
        if self.quotes == "spot" and self.compounding is None:
            raise DataError(f"{self.code}: spot rates need their compounding: 1, 2 or continuous")
        if self.quotes == "par" and self.compounding is not None:
            raise DataError(f"{self.code}: par yields are compounded {self.coupons} times a year, with the coupons")
        if self.currency == BASE and self.fx is not None:
            raise DataError(f"{self.code}: {BASE} is the currency of the book and has no exchange rate; leave fx out")
        if self.currency != BASE and (self.fx is None or self.fx_quoted is None):
            raise DataError(f"{self.code}: {self.currency} needs the series of its exchange rate, fx, and fx_quoted")

    @property
    def curves(self) -> dict[str, str]:
        """The curves a market may hold of it, by name: the series that holds each."""
        real = {f"{self.code}{REAL}": self.real} if self.real else {}
        return {self.code: self.nominal, **real}

    @property
    def series(self) -> tuple[str, ...]:
        """Every series of its own."""
        return (*self.curves.values(), *((self.fx,) if self.fx else ()), *self.overnight)

    @property
    def pair(self) -> str:
        """Its exchange rate as the field writes it: USDJPY is yen per dollar."""
        return f"{BASE}{self.currency}" if self.fx_quoted == "units_per_usd" else f"{self.currency}{BASE}"

    def closes(self, day: date) -> datetime:
        """Return when its prices of a day are stamped."""
        last = [close for close in self.close if close.since <= day][-1]
        return datetime.combine(day, last.at, ZoneInfo(last.zone))


class Placed(Protocol):
    """Whatever is priced in a currency, on a curve or on none: an instrument."""

    @property
    def currency(self) -> str:
        """ISO 4217."""

    @property
    def curve(self) -> str | None:
        """The curve it is priced on."""


@dataclass(frozen=True)
class Countries:
    """Rows in the order in which countries are shown; the first of the base currency is home."""

    rows: tuple[Country, ...]

    def __post_init__(self) -> None:
        for i, country in enumerate(self.rows):
            before = self.rows[:i]
            if country.code in [other.code for other in before]:
                raise DataError(f"the country '{country.code}' stands twice in the table")
            if country.money in [other.money for other in before if other.currency != country.currency]:
                raise DataError(
                    f"{country.code}: another currency is called {country.money} too; give money another name"
                )
            twin = next((other for other in before if other.currency == country.currency), None)
            for name in SHARED:
                if twin and getattr(twin, name) != getattr(country, name):
                    raise DataError(
                        f"{country.code} has another {name} than {twin.code}, but both are in {country.currency}; "
                        "give them the same"
                    )
        if not any(country.currency == BASE for country in self.rows):
            raise DataError(f"no country is in {BASE}, the currency of the book")

    def __iter__(self) -> Iterator[Country]:
        return iter(self.rows)

    def __contains__(self, code: object) -> bool:
        return any(country.code == code for country in self.rows)

    def __getitem__(self, code: str) -> Country:
        """Return a country by its code; a miss names those there are."""
        for country in self.rows:
            if country.code == code:
                return country
        raise unknown("country", code, [country.code for country in self.rows])

    @property
    def home(self) -> Country:
        """The country of the base currency."""
        return next(country for country in self.rows if country.currency == BASE)

    @property
    def curves(self) -> dict[str, str]:
        """Every curve by name, in the order in which curves are shown: the series that holds each."""
        return {name: series for country in self.rows for name, series in country.curves.items()}

    @property
    def currencies(self) -> dict[str, Country]:
        """The first country of each currency: what is said of the currency stands in its row."""
        first: dict[str, Country] = {}
        for country in self.rows:
            first.setdefault(country.currency, country)
        return first

    def of_curve(self, curve: str) -> Country:
        """Return the country of a curve; a miss names the curves there are."""
        code = code_of(curve)
        if code in self and curve in self[code].curves:
            return self[code]
        raise unknown("curve", curve, self.curves)

    def of_currency(self, currency: str) -> Country:
        """Return the first country of a currency; a miss names the currencies there are."""
        if currency not in self.currencies:
            raise unknown("currency", currency, self.currencies)
        return self.currencies[currency]

    def of(self, leg: Placed) -> Country:
        """Return the country of a leg: of its curve, or else of its currency."""
        return self.of_currency(leg.currency) if leg.curve is None else self.of_curve(leg.curve)

    def adding(self, country: Country) -> Countries:
        """Return the table with one country more, last, or in place of the one with its code."""
        if country.code in self:
            return Countries(tuple(country if row.code == country.code else row for row in self.rows))
        return Countries((*self.rows, country))


def unknown(what: str, name: str, known: Iterable[str]) -> DataError:
    """Return the refusal of a country, curve or currency that no row has."""
    names = list(known)
    meant = did_you_mean(name, names).removeprefix("; known: " + ", ".join(sorted(names)))
    return DataError(
        f"unknown {what} '{name}'{meant or ';'} known: {', '.join(names)}; another country is added under `countries:` "
        "in the configuration"
    )


def is_real(curve: str | None) -> bool:
    """Whether a curve's name is that of a real one.

    >>> is_real("us_real"), is_real("us"), is_real(None)
    (True, False, False)
    """
    return curve is not None and curve.endswith(REAL)


def code_of(curve: str) -> str:
    """Return the code of the country whose curve it is.

    >>> code_of("us_real"), code_of("jp")
    ('us', 'jp')
    """
    return curve.removesuffix(REAL)


COUNTRIES = Countries(
    (
        Country(
            "us", "US", BASE, 360.0, 2, (Close(time(16), "America/New_York"),),
            nominal="ust", real="tips", overnight=("fed_funds", "sofr", "fed_funds_month"), calendar="XNYS",
            cpi="us_cpi", futures=("TU", "FV", "TY", "TN", "US", "UB"), colour="#0072B2", bonds="Treasuries",
            linkers="TIPS", ticker="UST", place="the US", money="dollar", central_bank="fed",
        ),
        Country(
            "jp", "Japan", "JPY", 365.0, 2,
            (Close(time(15), "Asia/Tokyo"), Close(time(15, 30), "Asia/Tokyo", since=date(2024, 11, 5))),
            nominal="jgb", overnight=("yen_call", "yen_call_month"), fx="usdjpy", fx_quoted="units_per_usd",
            calendar="XTKS", basis_bp=-20.0, futures=("JB",), colour="#D55E00", bonds="JGBs", ticker="JGB",
            money="yen", central_bank="boj",
        ),
        Country(
            "de", "Germany", "EUR", 360.0, 1, (Close(time(17, 30), "Europe/Berlin"),),  # Xetra's closing auction
            nominal="bund", overnight=("estr",), fx="eurusd", fx_quoted="usd_per_unit", calendar="XETR",
            colour="#009E73", bonds="Bunds", ticker="DBR", money="euro", central_bank="ecb",
        ),
        Country(
            "uk", "UK", "GBP", 365.0, 2, (Close(time(16, 30), "Europe/London"),),
            nominal="gilt", overnight=("sonia",), fx="gbpusd", fx_quoted="usd_per_unit", calendar="XLON",
            colour="#CC79A7", bonds="gilts", ticker="UKT", place="the UK", money="pound", central_bank="boe",
        ),
    )
)  # fmt: skip
