"""Instrument specifications and the built-in library, as data.

Decimals throughout: 0.00001 is a tenth of a basis point. The assumption behind each cost stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from data.countries import COUNTRIES, Countries, code_of, is_real
from data.errors import DataError, did_you_mean

InstrumentKind = Literal["par_bond", "inflation_bond", "listed", "future", "cash"]

BP = 1e-4

# Initial margin, a fraction of notional: haircuts in repo of the Treasury and of the JGB market, others taken to be as
# Treasuries, and a listed name as Regulation T has it. They are assumptions, and no line of the ledger.
USUAL_MARGIN, BOND_MARGIN = 0.02, {"JPY": 0.03}
LONG, LONG_MARGIN = 15.0, 0.05  # beyond so many years
LISTED_MARGIN, CASH_MARGIN = 0.5, 0.03


@dataclass(frozen=True)
class Step:
    """A rate, of borrow or of a basis, that applies to bars ending on or after `since`, until the next step."""

    since: date
    rate: float  # a year, fraction of notional


def check_ascending(what: str, steps: Sequence[Step]) -> None:
    """Raise DataError where a step does not come after the one before it."""
    late = [b.since for a, b in pairwise(steps) if b.since <= a.since]
    if late:
        raise DataError(f"{what} steps must ascend; {late[0]} does not come after the step before it")


@dataclass(frozen=True)
class Instrument:
    """One tradable leg: what it is, which yield moves it, and what it costs to trade, hold and short."""

    name: str
    kind: InstrumentKind
    currency: str  # ISO 4217
    curve: str | None = None  # the curve it is priced on; None for cash, and for a listed name without a proxy
    maturity: float = 0.0  # years, a multiple of 0.5; of a future, that of its cheapest bond to deliver
    half_spread: float = 0.0  # bonds: of yield; listed, futures and cash: fraction of price
    rolls_per_year: float = 0.0  # round trips a year that keep the maturity constant
    borrow: float = 0.0  # a year, fraction of notional: repo specialness or stock loan
    borrow_steps: tuple[Step, ...] = ()  # ascending; before the first, `borrow`
    rolldown: bool = True  # whether a bond ages along the curve over a bar
    lot: float = 0.0  # units, of a future contracts; 0 = any amount
    fee: float = 0.0  # a year, fraction of value: taken from the proxy of a listed fund
    exchange: str | None = None  # ISO 10383
    listed_on: date | None = None
    multiplier: float = 1.0  # local value of one unit per point of index
    duration: float | None = None  # years, of a listed name without a proxy: what it is sized by
    symbol: str | None = None  # what Yahoo calls a listed name, where it is not its name
    distributions: Literal["none"] | None = None  # none: a listed name pays nothing, or a price return is accepted
    face: float = 0.0  # of a future's contract, local
    initial_margin: float | None = None  # fraction of notional; of a future, local a contract; None: as `margin_rate`

    def __post_init__(self) -> None:
        self._check_listed()
        if self.kind == "cash":
            if self.curve is not None or self.maturity:
                raise DataError(f"{self.name}: cash has no curve and no maturity")
        elif self.unmodelled:
            pass  # it exists where it has prices
        elif self.curve is None or self.maturity <= 0 or (2 * self.maturity) % 1:
            raise DataError(
                f"{self.name}: a {self.kind} needs a curve and a maturity that is a positive multiple of 0.5 years; "
                f"got curve {self.curve!r}, maturity {self.maturity:g}"
            )
        if self.kind == "inflation_bond" and not is_real(self.curve):
            raise DataError(f"{self.name}: an inflation_bond is priced on a real curve, like us_real, not {self.curve}")
        if self.kind == "par_bond" and is_real(self.curve):
            raise DataError(f"{self.name}: a bond on the curve {self.curve} is an inflation_bond")
        self._check_face()
        if self.kind != "future" and (self.initial_margin or 0.0) > 1.0:
            raise DataError(f"{self.name}: initial margin is at most its notional, 1; got {self.initial_margin:g}")
        if self.curve is not None and code_of(self.curve) in COUNTRIES:
            _check_currency(self, COUNTRIES)
        check_ascending(f"{self.name}: borrow", self.borrow_steps)

    def _check_listed(self) -> None:
        """Refuse what is of listed names in others, and a duration beside a proxy, which has its own."""
        for key in ("duration", "symbol", "distributions"):
            if getattr(self, key) is not None and self.kind != "listed":
                raise DataError(f"{self.name}: {key} is of listed names, and it is a {self.kind}; leave it out")
        if self.duration is not None and not self.unmodelled:
            raise DataError(
                f"{self.name}: its duration is that of its proxy, {self.curve} {self.maturity:g} years; "
                "leave duration out, or curve and maturity"
            )

    @property
    def unmodelled(self) -> bool:
        """Whether it is a listed name without a proxy: it exists only where it has prices."""
        return self.kind == "listed" and self.curve is None and not self.maturity

    def _check_face(self) -> None:
        """Raise DataError where a future is not one on a nominal bond, or something else is told as a future is."""
        if self.kind != "future":
            if self.face:
                raise DataError(f"{self.name}: a {self.kind} has no face; that is of a future's contract")
            return
        if is_real(self.curve):
            raise DataError(f"{self.name}: a future is priced on a nominal curve, not on {self.curve}")
        if self.face <= 0:
            raise DataError(f"{self.name}: a future needs the face of its contract, above 0; got {self.face:g}")
        if self.borrow or self.borrow_steps:
            raise DataError(f"{self.name}: nothing is borrowed to be short of a future; leave borrow out")

    @property
    def funded(self) -> bool:
        """Whether its notional is paid for, so that a currency treatment touches it; a future's is not."""
        return self.kind != "future"

    @property
    def margin_rate(self) -> float:
        """Initial margin of a long or a short, fraction of notional; of a future, where no figure a contract is stated.

        As stated, else of bonds and futures by currency and maturity, of what is listed half, as Regulation T has it.
        """
        if self.initial_margin is not None and self.kind != "future":
            return self.initial_margin
        if self.kind in ("listed", "cash"):
            return LISTED_MARGIN if self.kind == "listed" else CASH_MARGIN
        return LONG_MARGIN if self.maturity > LONG else BOND_MARGIN.get(self.currency, USUAL_MARGIN)

    @property
    def indexed(self) -> bool:
        """Whether its principal follows the consumer price index."""
        return is_real(self.curve)


def check_country(instrument: Instrument, countries: Countries) -> None:
    """Raise DataError where an instrument's curve or currency is no country's, or one does not fit the other."""
    country = countries.of(instrument)
    _check_currency(instrument, countries)
    if instrument.indexed and country.cpi is None:
        raise DataError(
            f"{instrument.name}: no price index of {country.place} comes along, so its inflation bonds "
            "cannot be priced; use a nominal curve"
        )
    if instrument.curve is not None and (country.coupons * instrument.maturity) % 1:
        raise DataError(
            f"{instrument.name}: bonds of {country.place} pay {country.coupons} coupons a year, so a maturity is a "
            f"multiple of {1 / country.coupons:g} years; got {instrument.maturity:g}"
        )


def _check_currency(instrument: Instrument, countries: Countries) -> None:
    own = countries[code_of(instrument.curve)].currency if instrument.curve is not None else instrument.currency
    if own != instrument.currency:
        raise DataError(f"{instrument.name}: the curve {instrument.curve} is in {own}, not {instrument.currency}")


def _treasury(name: str, maturity: float) -> Instrument:
    return Instrument(
        name, "par_bond", "USD", "us", maturity,
        half_spread=(0.10 if maturity <= 10 else 0.15) * BP, rolls_per_year=_rolls(maturity), borrow=5 * BP,
    )  # fmt: skip


def _jgb(name: str, maturity: float) -> Instrument:
    spread = 0.25 if maturity <= 10 else 0.5 if maturity <= 20 else 0.75 if maturity <= 30 else 1.25
    return Instrument(
        name, "par_bond", "JPY", "jp", maturity,
        half_spread=spread * BP, rolls_per_year=_rolls(maturity), borrow=10 * BP,
        borrow_steps=JGB10_SPECIALNESS if name == "JGB10" else (),
    )  # fmt: skip


def _tips(name: str, maturity: float) -> Instrument:
    return Instrument(
        name, "inflation_bond", "USD", "us_real", maturity,
        half_spread=0.5 * BP, rolls_per_year=_rolls(maturity), borrow=5 * BP,
    )  # fmt: skip


def _bund(name: str, maturity: float) -> Instrument:
    return Instrument(
        name, "par_bond", "EUR", "de", maturity,
        half_spread=(0.25 if maturity <= 10 else 0.5) * BP, rolls_per_year=_rolls(maturity), borrow=10 * BP,
    )  # fmt: skip


def _gilt(name: str, maturity: float) -> Instrument:
    return Instrument(
        name, "par_bond", "GBP", "uk", maturity,
        half_spread=(0.4 if maturity <= 10 else 0.8) * BP, rolls_per_year=_rolls(maturity), borrow=10 * BP,
    )  # fmt: skip


def _rolls(maturity: float) -> float:
    return 4.0 if maturity <= 5 else 2.0 if maturity <= 10 else 1.0


def _us_fund(name: str, curve: str, maturity: float, fee_bp: float, exchange: str, listed_on: date) -> Instrument:
    return Instrument(
        name, "listed", "USD", curve, maturity, half_spread=1 * BP, borrow=55 * BP,
        lot=1.0, fee=fee_bp * BP, exchange=exchange, listed_on=listed_on,
    )  # fmt: skip


def _tokyo_fund(name: str, maturity: float, fee_bp: float, lot: float, listed_on: date) -> Instrument:
    return Instrument(
        name, "listed", "JPY", "jp", maturity, half_spread=10 * BP, borrow=125 * BP,
        lot=lot, fee=fee_bp * BP, exchange="XTKS", listed_on=listed_on,
    )  # fmt: skip


def _future(
    name: str, curve: str, maturity: float, face: float, spread_bp: float, margin: float, listed_on: date
) -> Instrument:
    return Instrument(
        name, "future", COUNTRIES[curve].currency, curve, maturity, half_spread=spread_bp * BP,
        rolls_per_year=CONTRACTS_A_YEAR, lot=1.0, listed_on=listed_on, face=face, initial_margin=margin,
    )  # fmt: skip


CONTRACTS_A_YEAR = 4.0  # one falls due each quarter

# On-the-run 10-year JGBs went special while the BoJ owned most of them. The levels are assumptions; the BoJ
# raised the minimum fee of its lending facility on three 10-year issues from 0.25 to 1.0 % on 2023-02-27.
JGB10_SPECIALNESS = (
    Step(date(2022, 6, 1), 25 * BP),
    Step(date(2023, 2, 27), 50 * BP),
    Step(date(2024, 4, 1), 10 * BP),
)

TENOR = re.compile(r"([A-Za-z]+)(\d{1,3})")  # an issuer and years

LIBRARY: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        *(_treasury(f"UST{m}", m) for m in (2, 3, 5, 7, 10, 20, 25, 30)),
        *(_jgb(f"JGB{m}", m) for m in (2, 3, 5, 7, 10, 15, 20, 25, 30, 40)),  # JGB7: the 10-year future's cheapest
        *(_tips(f"TIPS{m}", m) for m in (5, 10, 20, 30)),
        Instrument("JPY", "cash", "JPY", half_spread=0.3 * BP),
        _us_fund("SHY", "us", 2.0, 15, "XNAS", date(2002, 7, 30)),
        _us_fund("IEI", "us", 4.5, 15, "XNAS", date(2007, 1, 11)),
        _us_fund("IEF", "us", 8.5, 15, "XNAS", date(2002, 7, 30)),
        _us_fund("TLH", "us", 14.0, 15, "XNYS", date(2007, 1, 11)),
        _us_fund("TLT", "us", 25.0, 15, "XNAS", date(2002, 7, 30)),
        _us_fund("TIP", "us_real", 7.5, 18, "XNYS", date(2003, 12, 5)),
        _tokyo_fund("2561.T", 9.0, 6, 1, date(2020, 2, 20)),
        _tokyo_fund("236A.T", 8.5, 6.6, 10, date(2024, 8, 28)),
        _tokyo_fund("496A.T", 18.5, 6.6, 1, date(2026, 1, 20)),
        _future("TU", "us", 2.0, 200_000, 0.2, 1_100, date(1990, 6, 22)),
        _future("FV", "us", 4.5, 100_000, 0.4, 1_400, date(1988, 5, 20)),
        _future("TY", "us", 6.5, 100_000, 0.8, 2_000, date(1982, 5, 3)),
        _future("TN", "us", 9.5, 100_000, 0.8, 2_700, date(2016, 1, 11)),
        _future("US", "us", 16.0, 100_000, 1.6, 4_200, date(1977, 8, 22)),
        _future("UB", "us", 25.5, 100_000, 1.6, 5_700, date(2010, 1, 11)),
        _future("JB", "jp", 7.0, 100_000_000, 0.5, 1_200_000, date(1985, 10, 19)),
        *(_bund(f"DBR{m}", m) for m in (2, 5, 10, 30)),  # no history of these two comes along
        *(_gilt(f"UKT{m}", m) for m in (2, 5, 10, 30)),
    )
}


def nearest(name: str, library: Mapping[str, Instrument]) -> str:
    """Return the end of a message about an unknown name: of bonds named so, the next by maturity; else by spelling.

    >>> nearest("JGB12", LIBRARY), nearest("UST50", LIBRARY), nearest("TLTT", LIBRARY)
    ("; did you mean 'JGB10' or 'JGB15'?", "; did you mean 'UST30'?", "; did you mean 'TLT'?")
    """
    parts = TENOR.fullmatch(name)
    if parts is None or name.upper() in library:
        return did_you_mean(name, library)
    issuer, years = parts[1].upper(), float(parts[2])
    tenors = {own: float(each[2]) for own in library if (each := TENOR.fullmatch(own)) and each[1] == issuer}
    shorter = sorted((tenor, own) for own, tenor in tenors.items() if tenor < years)[-1:]
    longer = sorted((tenor, own) for own, tenor in tenors.items() if tenor > years)[:1]
    either = " or ".join(f"'{own}'" for _, own in (*shorter, *longer))
    return f"; did you mean {either}?" if either else did_you_mean(name, library)


def find(name: str, library: dict[str, Instrument]) -> Instrument:
    """Return the instrument called `name`; a miss says what was probably meant."""
    if name not in library:
        raise DataError(f"unknown instrument '{name}'{nearest(name, library)}")
    return library[name]
