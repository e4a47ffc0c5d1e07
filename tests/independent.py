"""A second reading of the conventions (sections 4 and 5 of the design): loops over the bundled month ends.

It imports nothing of the product and is slow on purpose: every figure is worked out where it is needed, a row
and a leg at a time. Decimals inside; a row is a month end. Section 9 is read again in test_independent.py.
"""

from __future__ import annotations

import csv
import math
import statistics
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from scipy.interpolate import PchipInterpolator

FOLDER = Path(__file__).resolve().parent.parent / "data" / "bundled"
MONTHS_A_YEAR = 12.0
LEG_LINES = ("price", "fx", "funding", "borrow", "roll", "income", "cost")


# ------------------------------------------------------------------ what was published
def _table(name: str) -> tuple[list[date], dict[str, list[float | None]]]:
    with (FOLDER / name).open() as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "date"]
    dates = [date.fromisoformat(row["date"]) for row in rows]
    return dates, {name: [float(row[name]) if row[name] else None for row in rows] for name in names}


DATES, MARKETS = _table("month_end_markets.csv")
MACRO_DATES, MACRO = _table("month_end_macro.csv")
ROWS = range(len(DATES))


def days(t: int) -> int:
    return (DATES[t] - DATES[t - 1]).days


def dollars(currency: str, t: int) -> float:
    return 1.0 if currency == "USD" else 1.0 / MARKETS["usdjpy"][t]


def overnight(currency: str, t: int) -> float:
    """Fraction over the bar that ends at t: on month ends the month's own average."""
    name, year = ("us_overnight", 360) if currency == "USD" else ("jp_overnight", 365)
    return MARKETS[name][t] / 100 * days(t) / year


@cache
def quotes(curve: str, t: int) -> dict[float, float]:
    """Quoted tenors of a curve on a row: years -> par yield."""
    found = {}
    for column, values in MARKETS.items():
        tenor = column.removeprefix(f"{curve}_")
        if tenor != column and tenor[:-1].isdigit() and values[t] is not None:
            found[int(tenor[:-1]) / (12 if tenor.endswith("m") else 1)] = values[t] / 100
    return found


@cache
def consumer_prices() -> dict[int, float]:
    """US CPI by market row; a month that was never published follows from the year before it."""
    by_date = dict(zip(MACRO_DATES, MACRO["us_cpi"], strict=True))
    known = {t: by_date[DATES[t]] for t in ROWS if by_date.get(DATES[t]) is not None}
    for t in range(min(known), max(known)):
        if t not in known:
            known[t] = known[t - 1] * (known[t - 1] / known[t - 13]) ** (1 / 12)
    return known


# ------------------------------------------------------------------ what can be traded
@dataclass(frozen=True)
class Spec:
    kind: str
    currency: str
    curve: str | None = None
    maturity: float = 0.0
    half_spread_bp: float = 0.0  # of yield for bonds, of price for funds and cash
    rolls_per_year: float = 0.0
    borrow_bp: float = 0.0
    borrow_steps: tuple[tuple[date, float], ...] = ()
    fee_bp: float = 0.0
    lot: float = 0.0
    rolldown: bool = True
    face: float = 0.0  # of a future's contract, local
    since: date = date.min


def _rolls(years: float) -> float:
    return 4 if years <= 5 else 2 if years <= 10 else 1


SPECIALNESS = ((date(2022, 6, 1), 25), (date(2023, 2, 27), 50), (date(2024, 4, 1), 10))
LIBRARY = {"JPY": Spec("cash", "JPY", half_spread_bp=0.3)}
LIBRARY["TIP"] = Spec("fund", "USD", "us_real", 7.5, 1, 0, 55, fee_bp=18)
for m in (2, 3, 5, 7, 10, 20, 25, 30):
    LIBRARY[f"UST{m}"] = Spec("bond", "USD", "us", m, 0.10 if m <= 10 else 0.15, _rolls(m), 5)
for m in (2, 3, 5, 7, 10, 15, 20, 25, 30, 40):
    half = 0.25 if m <= 10 else 0.5 if m <= 20 else 0.75 if m <= 30 else 1.25
    LIBRARY[f"JGB{m}"] = Spec("bond", "JPY", "jp", m, half, _rolls(m), 10, SPECIALNESS if m == 10 else ())
for m in (5, 10, 20, 30):
    LIBRARY[f"TIPS{m}"] = Spec("bond", "USD", "us_real", m, 0.5, _rolls(m), 5)
for name, m in (("SHY", 2), ("IEI", 4.5), ("IEF", 8.5), ("TLH", 14), ("TLT", 25)):
    LIBRARY[name] = Spec("fund", "USD", "us", m, 1, 0, 55, fee_bp=15)
for name, m, fee in (("2561.T", 9, 6), ("236A.T", 8.5, 6.6), ("496A.T", 18.5, 6.6)):
    LIBRARY[name] = Spec("fund", "JPY", "jp", m, 10, 0, 125, fee_bp=fee)
for name, m, face, half, since in (
    ("TU", 2, 2e5, 0.2, date(1990, 6, 22)),
    ("FV", 4.5, 1e5, 0.4, date(1988, 5, 20)),
    ("TY", 6.5, 1e5, 0.8, date(1982, 5, 3)),
    ("TN", 9.5, 1e5, 0.8, date(2016, 1, 11)),
    ("US", 16, 1e5, 1.6, date(1977, 8, 22)),
    ("UB", 25.5, 1e5, 1.6, date(2010, 1, 11)),
    ("JB", 7, 1e8, 0.5, date(1985, 10, 19)),
):
    currency, curve = ("JPY", "jp") if name == "JB" else ("USD", "us")
    LIBRARY[name] = Spec("future", currency, curve, m, half, 4, lot=1.0, face=face, since=since)


# No history of these comes along.
ABROAD = {f"DBR{m}": Spec("bond", "EUR", "de", m, 0.25 if m <= 10 else 0.5, _rolls(m), 10) for m in (2, 5, 10, 30)}
ABROAD |= {f"UKT{m}": Spec("bond", "GBP", "uk", m, 0.4 if m <= 10 else 0.8, _rolls(m), 10) for m in (2, 5, 10, 30)}


def borrow_rate(spec: Spec, t: int) -> float:
    bp = spec.borrow_bp
    for since, rate in spec.borrow_steps:
        if DATES[t] >= since:
            bp = rate
    return bp / 1e4 * days(t) / (365 if spec.currency == "JPY" else 360)


# ------------------------------------------------------------------ bonds and their history
def reaches(nodes: dict[float, float], years: float) -> bool:
    """Quoted, or between two neighbouring quotes whose ratio is at most 2."""
    if years in nodes:
        return True
    below, above = [k for k in nodes if k < years], [k for k in nodes if k > years]
    return bool(below and above) and min(above) <= 2 * max(below)


def par_yield(nodes: dict[float, float], years: float, interpolation: str) -> float:
    if years in nodes:
        return nodes[years]
    tenors = sorted(nodes)
    if interpolation == "pchip":
        return float(PchipInterpolator(tenors, [nodes[k] for k in tenors])(years))
    low, high = max(k for k in tenors if k < years), min(k for k in tenors if k > years)
    return nodes[low] + (nodes[high] - nodes[low]) * (years - low) / (high - low)


def present_value(coupon: float, yield_: float, life: float) -> float:
    """Cash flow by cash flow, discounted at half the yield a half-year."""
    coupons = math.ceil(2 * life)
    first = 2 * life - (coupons - 1)  # half-years to the next coupon
    value = sum(coupon / 2 * (1 + yield_ / 2) ** -(first + i) for i in range(coupons))
    return value + (1 + yield_ / 2) ** -(first + coupons - 1)


def par_duration(yield_: float, years: float) -> float:
    """Modified duration at par: half the value of 1 paid every half-year."""
    return sum((1 + yield_ / 2) ** -i for i in range(1, round(2 * years) + 1)) / 2


@dataclass(frozen=True)
class History:
    price: list[float | None]
    duration: list[float | None]
    spread: list[float | None]  # half, fraction of price
    linked: list[bool]  # whether the row's price continues that of the row before

    def exists(self, t: int) -> bool:
        return self.price[t] is not None


def _bar(spec: Spec, t: int, interpolation: str) -> float | None:
    """Return over the bar that ends at t, on the nodes quoted at both ends; None where they do not reach."""
    if spec.kind == "cash":
        return overnight(spec.currency, t)
    before, after = quotes(spec.curve, t - 1), quotes(spec.curve, t)
    both = before.keys() & after.keys()
    before, after = {k: before[k] for k in both}, {k: after[k] for k in both}
    if not reaches(before, spec.maturity):
        return None
    life = spec.maturity - days(t) / 365.25
    ages = spec.rolldown and reaches(after, life)
    bought = par_yield(before, spec.maturity, interpolation)
    sold = par_yield(after, life if ages else spec.maturity, interpolation)
    value = present_value(bought, sold, life)
    if spec.curve == "us_real":
        cpi = consumer_prices()
        value *= cpi[t - 2] / cpi[t - 3]
    return value - 1 - spec.fee_bp / 1e4 * days(t) / 365.25


@cache
def history(spec: Spec, interpolation: str = "linear") -> History:
    h = History([None for _ in ROWS], [None for _ in ROWS], [None for _ in ROWS], [False for _ in ROWS])
    for t in ROWS:
        if spec.kind == "cash":
            h.duration[t], h.spread[t] = 0.0, spec.half_spread_bp / 1e4
        elif reaches(quotes(spec.curve, t), spec.maturity) and DATES[t] >= spec.since:
            now = par_yield(quotes(spec.curve, t), spec.maturity, interpolation)
            h.duration[t] = par_duration(now, spec.maturity)
            h.spread[t] = spec.half_spread_bp / 1e4 * (h.duration[t] if spec.kind == "bond" else 1.0)
        else:
            continue
        earned = _bar(spec, t, interpolation) if t > 0 and h.exists(t - 1) else None
        h.linked[t] = earned is not None
        h.price[t] = h.price[t - 1] * (1 + earned) if h.linked[t] else 100.0
    return h


def contract(spec: Spec, t: int, interpolation: str) -> float:
    """Units of the index that are a lot of a future's contracts: the face of the par bond over its price at 6 %."""
    coupon = par_yield(quotes(spec.curve, t), spec.maturity, interpolation)
    factor = present_value(coupon, 0.06, spec.maturity)
    return spec.lot * spec.face / (factor * history(spec, interpolation).price[t])


# ------------------------------------------------------------------ what is wanted
SIGNS = {
    "divergence": (1, -1),
    "steepener": (1, -1),
    "flattener": (-1, 1),
    "butterfly": (-0.5, 1, -0.5),
    "box": (1, -1, -1, 1),
}
ROLES = {
    "divergence": ("long", "short"),
    "curve": ("front", "back"),
    "butterfly": ("front", "belly", "back"),
    "box": ("us_front", "us_back", "jp_front", "jp_back"),
}


@dataclass(frozen=True)
class Trade:
    """One variant and all that it depends on."""

    strategy: str
    params: dict
    currency: str = "repo"
    basis_bp: float = -20.0
    start: date = date(1999, 9, 30)
    end: date = date(2026, 6, 30)
    capital: float = 1e7
    size_on: str = "equity"
    max_gross: float = 10.0
    cash_interest: bool = True
    margin_spread_bp: float = 75.0
    repo_spread_bp: float = 5.0
    delay: int = 0  # bars from decision to fill
    every: str = "month"
    band: float = 0.0
    interpolation: str = "linear"
    overrides: dict = field(default_factory=dict)  # instrument -> {field of Spec: value}

    @property
    def legs(self) -> list[str]:
        if self.strategy == "hold":
            return list(self.params["weights"])
        return [self.params[role] for role in ROLES[self.strategy]]

    @property
    def specs(self) -> list[Spec]:
        return [replace(LIBRARY[name], **self.overrides.get(name, {})) for name in self.legs]

    @property
    def histories(self) -> list[History]:
        return [history(spec, self.interpolation) for spec in self.specs]

    @property
    def returns_needed(self) -> int:
        if self.params.get("sizing") not in ("volatility", "beta"):
            return 0
        text = self.params.get("window", "36M")
        years = float(text[:-1]) / {"D": 260, "M": 12, "Y": 1}[text[-1]]
        return max(2, math.floor(years * MONTHS_A_YEAR + 0.5))


def weights(trade: Trade, t: int) -> list[float]:
    """Signed fractions of the sizing base decided at t, before `max_gross`."""
    legs, p = trade.histories, trade.params
    if not all(leg.exists(t) for leg in legs):
        return [0.0] * len(legs)
    if trade.strategy == "hold":
        return list(p["weights"].values())
    if p.get("sizing") == "notional":
        return [p["weight"], -p["weight"]]
    if trade.returns_needed:
        return _estimated(trade, t)
    signs = SIGNS[p.get("trade", trade.strategy)]
    return [sign * p["duration"] / leg.duration[t] for sign, leg in zip(signs, legs, strict=True)]


def _estimated(trade: Trade, t: int) -> list[float]:
    """Volatility and beta sizing, from the last n local returns in excess of funding."""
    n, p = trade.returns_needed, trade.params
    rows = range(t - n + 1, t + 1)
    if rows[0] < 1 or not all(leg.linked[s] for leg in trade.histories for s in rows):
        return [0.0, 0.0]
    long, short = (
        [leg.price[s] / leg.price[s - 1] - 1 - overnight(spec.currency, s) for s in rows]
        for leg, spec in zip(trade.histories, trade.specs, strict=True)
    )
    if p["sizing"] == "volatility":
        sigmas = [statistics.stdev(x) * math.sqrt(MONTHS_A_YEAR) for x in (long, short)]
        return [p["volatility"] / sigmas[0], -p["volatility"] / sigmas[1]]
    beta = statistics.covariance(long, short) / statistics.variance(short)
    d_long, d_short = (leg.duration[t] for leg in trade.histories)
    hedge = min(max((beta + d_long / d_short) / 2, 0), 3 * d_long / d_short)
    return [p["duration"] / d_long, -p["duration"] / d_long * hedge]


def window(trade: Trade) -> tuple[int, int]:
    """First and last row of the last unbroken stretch inside [start, end] on which every leg is warm."""

    def warm(t: int) -> bool:
        warmup = range(t - trade.returns_needed + 1, t + 1)
        return all(leg.exists(t) and all(s > 0 and leg.linked[s] for s in warmup) for leg in trade.histories)

    rows = [t for t in ROWS if trade.start <= DATES[t] <= trade.end and warm(t)]
    first = last = rows[-1]
    while first - 1 in rows and all(leg.linked[first] for leg in trade.histories):
        first -= 1
    return first, last


# ------------------------------------------------------------------ what would have happened
class Account:
    """A walk through the rows of a trade; everything it did is kept by row."""

    def __init__(self, trade: Trade) -> None:
        self.trade, self.specs, self.histories = trade, trade.specs, trade.histories
        self.first, self.last = window(trade)
        self.wealth, self.held, self.ruined = trade.capital, [0.0] * len(trade.legs), None
        self.contracts = [0] * len(trade.legs)  # lots held of futures
        self.equity: list[float] = []
        self.units: list[list[float]] = []
        self.traded: list[list[float]] = []  # notional, USD
        self.lines: dict[str, list] = {name: [] for name in (*LEG_LINES, "cash", "margin")}

    def price(self, i: int, t: int) -> float:
        return self.histories[i].price[t] * dollars(self.specs[i].currency, t)

    def accrue(self, t: int) -> None:
        """Section 5, line by line, on what was held over the bar."""
        now = {name: rows[-1] for name, rows in self.lines.items() if name in LEG_LINES}
        listed = bonds = 0.0
        for i, (spec, leg, q) in enumerate(zip(self.specs, self.histories, self.held, strict=True)):
            before, notional = leg.price[t - 1], q * leg.price[t - 1]
            s0, s1 = dollars(spec.currency, t - 1), dollars(spec.currency, t)
            rate, paid_at = overnight(spec.currency, t), s1
            treatment = "repo" if spec.kind == "future" else self.trade.currency
            if treatment == "unhedged":
                rate, paid_at = overnight("USD", t), s0
                now["fx"][i] = notional * (s1 - s0)
            if treatment == "fx_swap" and spec.currency == "JPY" and q > 0:
                rate += self.trade.basis_bp / 1e4 * days(t) / 365
            rolled = spec.rolls_per_year * 2 * leg.spread[t - 1] * days(t) / 365.25
            now["price"][i] = q * (leg.price[t] - before) * s1
            now["funding"][i] = -notional * rate * paid_at
            now["borrow"][i] = -max(-notional, 0.0) * borrow_rate(spec, t) * s1
            now["roll"][i] = -abs(notional) * rolled * s1
            listed += max(notional, 0.0) * s0 if spec.kind == "fund" else 0.0
            bonds += max(notional, 0.0) * s0 if spec.kind == "bond" else 0.0
        cash = self.wealth * overnight("USD", t) if self.trade.cash_interest else 0.0
        margin = max(0.0, listed - self.wealth) * self.trade.margin_spread_bp
        margin += max(0.0, bonds - max(0.0, self.wealth - listed)) * self.trade.repo_spread_bp
        margin *= -days(t) / 1e4 / 360
        self.lines["cash"][-1], self.lines["margin"][-1] = cash, margin
        self.wealth += sum(sum(row) for row in now.values()) + cash + margin

    def fill(self, wanted: list[float], t: int) -> None:
        for i, (spec, leg) in enumerate(zip(self.specs, self.histories, strict=True)):
            if spec.kind == "future" and spec.lot and wanted[i] != self.held[i]:
                self.contracts[i] = round(wanted[i] / contract(spec, t, self.trade.interpolation))
            notional = abs(wanted[i] - self.held[i]) * self.price(i, t)
            self.traded[-1][i] += notional
            self.lines["cost"][-1][i] -= notional * leg.spread[t]
            self.wealth -= notional * leg.spread[t]
        self.held = wanted

    def decide(self, t: int) -> list[float] | None:
        """Units wanted, or None inside the band."""
        wanted, trade = weights(self.trade, t), self.trade
        shrink = min(1.0, trade.max_gross / max(sum(map(abs, wanted)), 1e-300))
        base = self.wealth if trade.size_on == "equity" else trade.capital
        for i, spec in enumerate(self.specs):
            wanted[i] *= shrink * base / self.price(i, t)
            if spec.lot and spec.kind == "future":
                lot = contract(spec, t, trade.interpolation)
                asked = math.trunc(wanted[i] / lot + math.copysign(1e-9, wanted[i]))
                wanted[i] = self.held[i] if asked == self.contracts[i] else asked * lot
            elif spec.lot and spec.kind != "fund":  # a fund is its proxy throughout: any amount
                lots = math.floor(abs(wanted[i]) / spec.lot + 1e-9)
                wanted[i] = math.copysign(lots * spec.lot, wanted[i])
        moves = any(abs(w - q) > trade.band * abs(w) for w, q in zip(wanted, self.held, strict=True))
        return wanted if moves else None

    def decides(self, t: int) -> bool:
        ends = {"quarter": (3, 6, 9, 12), "year": (12,)}.get(self.trade.every)
        return t == self.first or ends is None or DATES[t].month in ends

    def walk(self) -> None:
        orders: dict[int, list[float]] = {}  # row on which they fill -> units
        flat = [0.0] * len(self.held)
        for t in range(self.first, self.last + 1):
            for name, rows in self.lines.items():
                rows.append(list(flat) if name in LEG_LINES else 0.0)
            self.traded.append(list(flat))
            if self.ruined is None:
                if t > self.first:
                    self.accrue(t)
                if self.wealth > 0 and t in orders:
                    self.fill(orders[t], t)
                if self.wealth > 0 and self.decides(t) and (wanted := self.decide(t)):
                    orders[t + self.trade.delay] = wanted
                    if self.trade.delay == 0:
                        self.fill(wanted, t)
                if self.wealth <= 0:
                    self.fill(flat, t)
                    self.ruined = t - self.first
            self.equity.append(self.wealth)
            self.units.append(list(self.held))


def run(trade: Trade) -> Account:
    account = Account(trade)
    account.walk()
    return account
