"""What a record came to over months, years and up to its last day, how its bars are spread, and its rolling beta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.performance import metrics
from backtests.performance.metrics import SMALL, Metric, Track
from data.pricing.bonds import Array

Dates = NDArray[np.datetime64]

YEARS = (1, 3, 5, 10)
BINS = 41  # of a histogram, an odd number, so that 0 is within one


@dataclass(frozen=True)
class Spread:
    """How many bars fall into each of equal bins: the middle one is around 0, what is beyond the ends in the last."""

    width: float  # of a bin, fraction
    counts: tuple[int, ...]


def figures(track: Track) -> dict[str, Metric]:
    """Return what its drawdowns are on average, and what its months, quarters and years came to over cash.

    Drawdowns are those of equity, from capital, as `max_drawdown` is; their days run from the peak to its recovery or
    the last row. A bar belongs to the month in which it ends, and first and last periods may be parts of one. Shares
    are of all periods, and a period is up that gained, down that lost; None where there is none.
    """
    depths = [drawdown.depth for drawdown in metrics.drawdowns(track.equity, track.capital)]
    months, quarters, years = (_by(track, length) for length in (1, 3, 12))
    up, down = months[months > SMALL], months[months < -SMALL]
    return {
        "average_drawdown": float(np.mean(depths)) if depths else 0.0,
        "average_drawdown_days": float(np.mean(metrics.drawdown_days(track))) if depths else 0.0,
        "best_month": float(months.max()) if len(months) else None,
        "worst_month": float(months.min()) if len(months) else None,
        "average_up_month": float(up.mean()) if len(up) else None,
        "average_down_month": float(down.mean()) if len(down) else None,
        "month_hit_rate": _hits(months),
        "quarter_hit_rate": _hits(quarters),
        "best_year": float(years.max()) if len(years) else None,
        "worst_year": float(years.min()) if len(years) else None,
        "year_hit_rate": _hits(years),
    }


def _by(track: Track, length: int) -> Array:
    """Return in excess of cash, compounded, of each calendar period of so many months in which a bar ends (n,)."""
    x = metrics.excess_returns(track)
    number = track.dates[1:].astype("datetime64[M]").astype(int) // length
    first = np.unique(number, return_index=True)[1]
    return np.asarray(np.multiply.reduceat(1.0 + x, first) - 1.0) if len(x) else x


def _hits(returns: Array) -> float | None:
    return float((returns > SMALL).mean()) if len(returns) else None


def to_date(dates: Dates, x: Array) -> dict[str, float | None]:
    """Return compounded returns up to the last day: of month, quarter and year to date, and of 1, 3, 5 and 10 years.

    `dates (T,)` begin with the day before the first bar of `x (T-1,)`. A bar belongs to the month in which it ends;
    above one year a return is a year's. None where the record does not reach as far back; `whole` is all of it, a
    year's.

    >>> days = np.array(["2024-11-30", "2024-12-31", "2025-01-31"], dtype="datetime64[D]")
    >>> figures = to_date(days, np.array([0.02, 0.01]))
    >>> round(figures["month"], 4), round(figures["year"], 4), figures["1y"]
    (0.01, 0.01, None)
    """
    ends = dates[1:].astype("datetime64[D]")
    months = ends.astype("datetime64[M]")
    last = months[-1]
    number = int(last.astype(int))
    begins = {"month": last, "quarter": last - number % 3, "year": last - number % 12}
    figures: dict[str, float | None] = {
        name: float(np.prod(1.0 + x[months >= begin]) - 1.0) for name, begin in begins.items()
    }
    for years in YEARS:
        before = _years_before(ends[-1], years)
        reached = dates[0].astype("datetime64[D]") <= before
        figures[f"{years}y"] = _annual(x[ends > before], float(years)) if reached else None
    span = float((ends[-1] - dates[0].astype("datetime64[D]")).astype(int)) / 365.25
    figures["whole"] = _annual(x, max(span, 1.0))
    return figures


def _years_before(day: np.datetime64, years: int) -> np.datetime64:
    """Return the same day of an earlier year; of a month's last day the last of that month."""
    month = day.astype("datetime64[M]") - 12 * years
    within = int((day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int))
    end = (month + 1).astype("datetime64[D]") - 1
    if (day + 1).astype("datetime64[M]") != day.astype("datetime64[M]"):
        return np.datetime64(end)
    return np.datetime64(min(month.astype("datetime64[D]") + within, end))


def _annual(x: Array, years: float) -> float | None:
    growth = float(np.prod(1.0 + x))
    return growth ** (1.0 / years) - 1.0 if growth > 0 else None


def spread(x: Array) -> Spread:
    """Return the histogram of bar returns `x (T,)`: equal bins out to the larger of the .5 and 99.5 % quantiles.

    >>> spread(np.array([-0.02, 0.0, 0.0, 0.02])).counts[20]
    2
    """
    far = float(np.abs(np.quantile(x, [0.005, 0.995])).max()) if len(x) else 0.0
    width = max(far, SMALL) * 2 / BINS
    middle = BINS // 2
    place = np.clip(np.floor(x / width + 0.5) + middle, 0, BINS - 1).astype(int)
    return Spread(width, tuple(np.bincount(place, minlength=BINS).tolist()))


def rolling_betas(
    x: Mapping[str, Array], dates: Mapping[str, Dates], benchmarks: list[str], n: int
) -> dict[str, dict[str, Array]]:
    """Return beta `(T-1,)` of each variant's last n excess returns on each benchmark's, on the bars both have.

    NaN before there are n common bars in a row up to a bar, where the benchmark stood still, and of a benchmark itself.
    """
    betas: dict[str, dict[str, Any]] = {}
    for name, own in x.items():
        days = dates[name][1:]
        betas[name] = {}
        for benchmark in benchmarks:
            if benchmark != name:
                other = np.full(len(own), np.nan)
                common, here, there = np.intersect1d(days, dates[benchmark][1:], return_indices=True)
                other[here] = x[benchmark][there]
                betas[name][benchmark] = _rolling_beta(own, other, n) if len(common) >= n else np.full(len(own), np.nan)
    return betas


def _rolling_beta(y: Array, x: Array, n: int) -> Array:
    """Beta (T,) of the last n figures of y on those of x; NaN where one of them is."""
    result = np.full(len(y), np.nan)
    if len(y) < n:
        return result
    windows = np.lib.stride_tricks.sliding_window_view
    xs, ys = windows(x, n), windows(y, n)
    middle = xs.mean(axis=1, keepdims=True)
    square = ((xs - middle) ** 2).sum(axis=1)
    cross = ((xs - middle) * ys).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        result[n - 1 :] = np.where(square > n * SMALL**2, cross / square, np.nan)
    return result
