"""Market: everything known about prices, rates and costs, row by row. A market as known on a day is a shorter one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from data.countries import COUNTRIES, Countries, Country
from data.errors import DataError, did_you_mean
from data.instruments import Instrument, Step
from data.pricing.bonds import Array
from data.pricing.curves import Curve

Flags = NDArray[np.bool_]

MORE_THAN_WEEKLY = 52.5  # periods a year: rows above it are days

BY_ROW = ("dates", "usd", "cash")
BY_LEG = (
    "price", "duration", "funding", "borrow", "roll", "income", "spread", "fx", "lot",
    "exists", "tradable", "proxy", "no_rolldown", "quoted",
)  # fmt: skip


def stepped(dates: NDArray[np.datetime64], before: float, steps: Sequence[Step]) -> Array:
    """Rate (T,) in force over the bar that ends on each date: `before` until the first step."""
    rate = np.full(len(dates), before)
    for step in steps:
        rate[dates >= np.datetime64(step.since)] = step.rate
    return rate


@dataclass(frozen=True)
class Market:
    """Rows are bars, columns instruments; arrays are read-only, fractions are decimals.

    Prices are NaN where the instrument does not exist. Row t of `funding`, `borrow`, `roll`, `usd` and `cash` is
    the fraction paid over the bar that ends at t; row 0 has no bar and is 0.
    """

    dates: NDArray[np.datetime64]  # (T,) days, ascending
    instruments: tuple[Instrument, ...]  # n
    price: Array  # (T, n) local total-return index, or price where `income` is paid
    duration: Array  # (T, n) years, modified
    funding: Array  # (T, n) fraction of notional, the leg's own overnight rate
    borrow: Array  # (T, n) fraction of notional a short pays
    roll: Array  # (T, n) fraction of notional that holding a constant maturity costs
    income: Array  # (T, n) local distribution per unit on the bar; 0 for total-return prices
    spread: Array  # (T, n) half-spread, fraction of price
    fx: Array  # (T, n) USD per unit of local currency
    lot: Array  # (T, n) units; 0 = any amount
    exists: Flags  # (T, n)
    tradable: Flags  # (T, n) False on the leg's holidays, when its price is carried
    proxy: Flags  # (T, n) whether the row is modelled from the curve rather than a traded price
    no_rolldown: Flags  # (T, n) bars on which a bond could not age along the curve
    usd: Array  # (T,) USD overnight rate over the bar; funds unhedged legs
    cash: Array  # (T,) what equity earns over the bar
    curves: Mapping[str, Curve]  # on the market's dates
    macro: Mapping[str, Array]  # (T,) value known at t
    periods_per_year: float  # 12, 52 or on daily rows 260: what decides; metrics count a window's own
    countries: Countries = COUNTRIES
    quoted: Array = field(default_factory=lambda: np.empty(0))  # (T, n) what a share cost that day; NaN: not known

    def __post_init__(self) -> None:
        shape = (len(self.dates), len(self.instruments))
        if not self.quoted.size:
            object.__setattr__(self, "quoted", np.full(shape, np.nan))
        for name in (*BY_ROW, *BY_LEG):
            array = getattr(self, name)
            expected = shape[:1] if name in BY_ROW else shape
            if array.shape != expected:
                raise DataError(f"market.{name} has shape {array.shape}; expected {expected}")
            array.flags.writeable = False
        for array in self.macro.values():
            array.flags.writeable = False
        object.__setattr__(self, "curves", MappingProxyType(dict(self.curves)))
        object.__setattr__(self, "macro", MappingProxyType(dict(self.macro)))

    @property
    def names(self) -> tuple[str, ...]:
        """The instruments' names, in column order."""
        return tuple(instrument.name for instrument in self.instruments)

    @property
    def daily(self) -> bool:
        """Whether rows are days rather than week or month ends."""
        return self.periods_per_year > MORE_THAN_WEEKLY

    def column(self, name: str) -> int:
        """Return the column of an instrument; a miss says what was probably meant."""
        if name not in self.names:
            raise DataError(f"the market does not hold '{name}'{did_you_mean(name, self.names)}")
        return self.names.index(name)

    def country(self, name: str) -> Country:
        """Return the country of an instrument."""
        return self.countries.of(self.instruments[self.column(name)])

    def day_counts(self) -> Array:
        """Days (n,) of a year in the money market of each instrument's currency."""
        return np.array([self.countries.of(instrument).day_count for instrument in self.instruments])

    def until(self, t: int) -> Market:
        """Return the market as known at row t: rows 0..t, as views."""
        if not 0 <= t < len(self.dates):
            raise IndexError(f"row {t} of a market with {len(self.dates)} rows")
        rows = slice(0, t + 1)
        return self._with(
            **{name: getattr(self, name)[rows] for name in (*BY_ROW, *BY_LEG)},
            curves=MappingProxyType({name: curve.until(t) for name, curve in self.curves.items()}),
            macro=MappingProxyType({name: values[rows] for name, values in self.macro.items()}),
        )

    def select(self, names: Sequence[str]) -> Market:
        """Return the market with only these instruments, in this order."""
        columns = [self.column(name) for name in names]
        changed = {name: getattr(self, name)[:, columns] for name in BY_LEG}
        for array in changed.values():
            array.flags.writeable = False
        return self._with(instruments=tuple(self.instruments[i] for i in columns), **changed)

    def _with(self, **changed: object) -> Market:
        other = object.__new__(Market)  # its parts were checked when the whole was made
        for name, value in {**vars(self), **changed}.items():
            object.__setattr__(other, name, value)
        return other
