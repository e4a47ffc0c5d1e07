"""Where a bar's return comes from: the par bond bought at its start, priced again after one change at a time.

Time passes at the bond's own yield; it slides down the curve as that stood; then the curve moves, first all of it with
its 10-year yield, then the rest. What the straight lines of duration leave over is convexity.
"""

from __future__ import annotations

import numpy as np

from data.bars import bar_days
from data.countries import REFERENCE_CPI
from data.instruments import Instrument
from data.market import Flags, Market
from data.pricing.bonds import Array, price
from data.pricing.curves import DAYS_A_YEAR, Curve

PARTS = ("carry", "rolldown", "level", "curve", "convexity", "inflation", "fee", "tracking")
LEVEL_TENOR = 10.0  # years: a curve's level moves with its par yield


def parts(market: Market, name: str) -> dict[str, Array]:
    """Return the parts (T,) of an instrument's return over the bar that ends on each row, fractions of its last price.

    They sum to `(price[t] + income[t]) / price[t-1] - 1`, and are 0 where the row or the one before does not exist.
    A bond's bar ends on a session of its curve and spans from the session before; on carried rows every part is 0.
    `carry` is gross of funding, and all there is of cash. `tracking` is what a fund's own price does beyond its proxy
    and fee, and so undoes the proxy's bar where the fund was closed; it is all there is of a name without a proxy.
    """
    i = market.column(name)
    instrument = market.instruments[i]
    held = market.exists[:, i] & np.concatenate([[False], market.exists[:-1, i]])
    by_part = {part: np.zeros(len(held)) for part in PARTS}
    if instrument.kind == "cash":
        return {**by_part, "carry": _earned(market, i, held)}
    if instrument.unmodelled:
        return {**by_part, "tracking": _earned(market, i, held)}
    by_part |= _modelled(market, instrument, held)
    if instrument.kind == "listed":
        traded = held & ~market.proxy[:, i]
        by_part["fee"] = np.where(traded, -instrument.fee * _years(market.dates), by_part["fee"])
        rest = _earned(market, i, held) - sum(by_part[part] for part in PARTS)
        by_part["tracking"] = np.where(traded, rest, 0.0)
    return by_part


def _earned(market: Market, i: int, held: Flags) -> Array:
    """Total local return (T,) of a column, 0 where no bar is held."""
    level, paid = market.price[:, i], market.income[:, i]
    earned = np.zeros(len(held))
    earned[1:] = (level[1:] + paid[1:]) / level[:-1] - 1.0
    return np.where(held, earned, 0.0)


def _years(dates: np.ndarray) -> Array:
    """Length (T,) of the bar that ends on each date, in years; 0 for the first."""
    return bar_days(dates) / DAYS_A_YEAR


def _modelled(market: Market, instrument: Instrument, held: Flags) -> dict[str, Array]:
    """What the curve says of a bond or a fund's proxy, after its fee, on the market's rows."""
    carried = market.curves[str(instrument.curve)]
    sessions, curve = carried.sessions(), carried.quoted()
    repriced = _repriced(curve, instrument)
    if instrument.indexed:
        base = market.macro[REFERENCE_CPI][sessions]
        growth = np.concatenate([[np.nan], base[1:] / base[:-1] - 1.0])
        repriced["inflation"] = (1.0 + sum(repriced.values())) * growth
    repriced["fee"] = -instrument.fee * _years(curve.dates)
    known = held[sessions] & np.isfinite(sum(repriced.values()))
    on_rows = {part: np.zeros(len(held)) for part in repriced}
    for part, values in repriced.items():
        on_rows[part][sessions] = np.where(known, values, 0.0)
    return on_rows


def _repriced(curve: Curve, instrument: Instrument) -> dict[str, Array]:
    """Parts (T,) of the return of a par bond over each bar of its curve, in real terms; NaN where it cannot be priced.

    With c the yield bought at, L the life left, y0 and y1 the curve at the bar's ends and D = -dP/dy at (c, y0(L), L):

    carry P(c, c, L) - 1; rolldown P(c, y0(L), L) - P(c, c, L); level -D dy(10); curve -D (dy(L) - dy(10)); convexity
    the rest of P(c, y1(L), L) - P(c, y0(L), L). Where the bond cannot age, y(M) stands for y(L) at both ends; where
    the bar's nodes do not reach 10 years, all of the move is level.
    """
    bars = curve.bars(instrument.maturity)
    coupon, life = bars.coupon, bars.life
    ages = ~np.isnan(bars.aged) & instrument.rolldown
    start, end = np.where(ages, bars.rolled, coupon), np.where(ages, bars.aged, bars.unaged)
    f = curve.coupons
    still, rolled = price(coupon, coupon, life, f), price(coupon, start, life, f)
    shift = curve.moves(LEVEL_TENOR)
    shift = np.where(np.isnan(shift), end - start, shift)
    slope = _slope(coupon, start, life, f)
    level, twist = slope * shift, slope * (end - start - shift)
    return {
        "carry": still - 1.0,
        "rolldown": rolled - still,
        "level": level,
        "curve": twist,
        "convexity": price(coupon, end, life, f) - rolled - level - twist,
    }


def _slope(coupon: Array, yield_: Array, life: Array, f: int) -> Array:
    """Change of the dirty price per unit of yield (T,), negative: `-sum t cf (1 + y/f)**(-f t - 1)`, t in years.

    Payment by payment, since the closed form divides by a yield that may be 0.
    """
    count = int(np.nan_to_num(np.ceil(f * life)).max(initial=0.0))
    times = life[:, None] - np.arange(count) / f  # to each payment, the last first
    paid = np.where(np.arange(count) == 0, 1.0 + coupon[:, None] / f, coupon[:, None] / f)
    terms = times * paid * (1.0 + yield_[:, None] / f) ** (-f * times - 1.0)
    return np.where(np.isnan(life), np.nan, -np.where(times > 0.0, terms, 0.0).sum(axis=1))
