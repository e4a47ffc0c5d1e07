"""Curve: dates x tenors of par yields, and what can be read between the quotes.

Two rules keep tenors that appear or vanish from making returns:

- a maturity *exists* on a row where it is a quoted tenor, or lies between two neighbouring quoted tenors whose
  ratio is at most 2; nothing is extrapolated;
- the nodes of a *bar* are the tenors quoted at both its ends, so one that appears or vanishes makes no return.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.bars import bar_days
from data.errors import DataError
from data.pricing.bonds import Array

Interpolation = Literal["linear", "pchip"]

MAX_TENOR_RATIO = 2.0
PLAUSIBLE_YIELDS = (-0.05, 0.25)
DAYS_A_YEAR = 365.25
PERIOD = {1: "a year", 2: "half a year", 4: "a quarter"}  # between coupons, by how many there are a year


@dataclass(frozen=True)
class Bars:
    """What a par bond of one maturity needs over each bar; row 0 has no bar and is NaN."""

    coupon: Array  # (T,) par yield of the maturity at the bar's start
    rolled: Array  # (T,) yield at the bar's start of what will be left of the bond; NaN where `aged` is
    aged: Array  # (T,) yield at the bar's end of what is left of the bond; NaN where the nodes do not reach it
    unaged: Array  # (T,) yield of the whole maturity at the bar's end
    life: Array  # (T,) years left at the bar's end


@dataclass(frozen=True)
class Curve:
    """Par yields of one market: `yields (T, k)` decimals, NaN where a tenor is not quoted.

    A row that is `carried` repeats an older quote, or stands before the first; with None there is no such row.
    """

    name: str
    dates: NDArray[np.datetime64]  # (T,) days
    tenors: Array  # (k,) years, ascending
    yields: Array  # (T, k)
    interpolation: Interpolation = "linear"
    carried: NDArray[np.bool_] | None = None  # (T,)
    coupons: int = 2  # a year, of its par bonds, and how often their yields are compounded

    def __post_init__(self) -> None:
        if not (np.diff(self.tenors) > 0).all():
            raise DataError(f"curve {self.name}: tenors {self.tenors.tolist()} are not ascending")
        late = np.flatnonzero(np.diff(self.dates) <= np.timedelta64(0, "D"))
        if late.size:
            day = self.dates[late[0] + 1]
            raise DataError(
                f"curve {self.name}: {day} does not come after the row before it; sort the dates, drop doubles"
            )
        low, high = PLAUSIBLE_YIELDS
        bad = np.argwhere((self.yields < low) | (self.yields > high) | np.isinf(self.yields))
        if bad.size:
            t, i = bad[0]
            raise DataError(
                f"curve {self.name}: the {self.tenors[i]:g}-year yield on {self.dates[t]} is {self.yields[t, i]:g}; "
                f"expected between {low} and {high} (decimals: 4.25 % is 0.0425)"
            )
        for array in (self.dates, self.tenors, self.yields, self.carried):
            if array is not None:
                array.flags.writeable = False

    def until(self, t: int) -> Curve:
        """Return the curve as known at row t (rows 0..t); a view."""
        return self._rows(slice(0, t + 1))

    def sessions(self) -> NDArray[np.bool_]:
        """Rows (T,) that were quoted rather than carried."""
        return np.ones(len(self.dates), dtype=bool) if self.carried is None else ~self.carried

    def quoted(self) -> Curve:
        """Return the curve on the rows of its own sessions."""
        return self._rows(self.sessions())

    def _rows(self, rows: slice | NDArray[np.bool_]) -> Curve:
        short = object.__new__(Curve)  # the rows were checked when the whole was made
        carried = None if self.carried is None else self.carried[rows]
        cut = {"dates": self.dates[rows], "yields": self.yields[rows], "carried": carried}
        for name, value in {**vars(self), **cut}.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(short, name, value)
        return short

    def on(self, dates: NDArray[np.datetime64]) -> Curve:
        """Return the curve as last quoted on each of `dates`; NaN before its first row."""
        row = np.searchsorted(self.dates, dates, side="right")  # 0: before the first
        yields = np.vstack([np.full((1, len(self.tenors)), np.nan), self.yields])[row]
        stale = ~np.isin(dates, self.dates[self.sessions()])
        return replace(self, dates=np.array(dates), yields=yields, carried=stale)

    def at(self, maturity: float) -> Array:
        """Par yield (T,) of `maturity` on each row's own nodes; NaN where it does not exist."""
        return self._read(self.yields, ~np.isnan(self.yields), np.full(len(self.dates), float(maturity)))

    def bars(self, maturity: float) -> Bars:
        """Yields at both ends of each bar, on the nodes quoted at both, of a bond with `maturity` at its start.

        Raises
        ------
        DataError
            A bar as long as a coupon period or longer, which a rolled par bond cannot describe.
        """
        dt = bar_days(self.dates)[1:] / DAYS_A_YEAR
        common = self._common()
        whole = np.full(len(dt), float(maturity))
        coupon = self._read(self.yields[:-1], common, whole)
        long = np.flatnonzero((dt >= 1.0 / self.coupons) & ~np.isnan(coupon))
        if long.size:
            i = long[0]
            raise DataError(
                f"curve {self.name}: no row between {self.dates[i]} and {self.dates[i + 1]}; "
                f"a bar must be shorter than {PERIOD[self.coupons]}"
            )
        return Bars(
            coupon=_after_first(coupon),
            rolled=_after_first(self._read(self.yields[:-1], common, whole - dt)),
            aged=_after_first(self._read(self.yields[1:], common, whole - dt)),
            unaged=_after_first(self._read(self.yields[1:], common, whole)),
            life=_after_first(whole - dt),
        )

    def moves(self, maturity: float) -> Array:
        """Change (T,) of the par yield of `maturity` over each bar, on the nodes quoted at both ends; NaN without."""
        common = self._common()
        whole = np.full(len(common), float(maturity))
        return _after_first(self._read(self.yields[1:], common, whole) - self._read(self.yields[:-1], common, whole))

    def _common(self) -> NDArray[np.bool_]:
        quoted = ~np.isnan(self.yields)
        return quoted[1:] & quoted[:-1]

    def _read(self, yields: Array, quoted: NDArray[np.bool_], maturity: Array) -> Array:
        lower, upper, reachable = _brackets(self.tenors, quoted, maturity)
        if self.interpolation == "pchip":
            return _monotone(self.tenors, yields, quoted, maturity, reachable)
        rows = np.arange(len(maturity))
        a, b = self.tenors[lower], self.tenors[upper]
        weight = np.where(b > a, (maturity - a) / np.where(b > a, b - a, 1.0), 0.0)
        low, high = yields[rows, lower], yields[rows, upper]
        return np.where(reachable, low + weight * (high - low), np.nan)


def _after_first(values: Array) -> Array:
    return np.concatenate([[np.nan], values])


def _brackets(
    tenors: Array, quoted: NDArray[np.bool_], maturity: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Columns of the nearest quoted tenors at or below and at or above, and whether the maturity exists."""
    below = np.where(quoted & (tenors <= maturity[:, None]), tenors, -np.inf)
    above = np.where(quoted & (tenors >= maturity[:, None]), tenors, np.inf)
    lower, upper = below.argmax(axis=1), above.argmin(axis=1)
    a, b = below.max(axis=1), above.min(axis=1)
    reachable = np.isfinite(a) & np.isfinite(b) & ((a == b) | (b <= MAX_TENOR_RATIO * a))
    return lower, upper, reachable


def _monotone(
    tenors: Array, yields: Array, quoted: NDArray[np.bool_], maturity: Array, reachable: NDArray[np.bool_]
) -> Array:
    """Fritsch-Carlson monotone cubic through each row's quoted tenors (SIAM J. Numer. Anal. 17, 1980)."""
    from scipy.interpolate import PchipInterpolator

    result = np.full(len(maturity), np.nan)
    keys = np.column_stack([quoted, maturity])[reachable]
    groups, member = np.unique(keys, axis=0, return_inverse=True)
    where = np.flatnonzero(reachable)
    for g, key in enumerate(groups):
        rows = where[member == g]
        nodes = key[:-1].astype(bool)
        at = key[-1]
        if nodes.sum() == 1:
            result[rows] = yields[rows][:, nodes][:, 0]
        else:
            result[rows] = PchipInterpolator(tenors[nodes], yields[np.ix_(rows, nodes)], axis=1)(at)
    return result
