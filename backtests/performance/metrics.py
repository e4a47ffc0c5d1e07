"""Figures that judge a result. Defined on equity E_0..E_T, where E_0 is capital less the opening costs.

r_t is the return of bar t, x_t that return less what the cash credited on the bar contributed; `ppy` is periods per
year. Fractions are decimals, drawdowns positive. A ratio whose denominator is below 1e-12 is None. Where a
definition is in doubt the function says whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backtests.engine.result import Result
from data.market import MORE_THAN_WEEKLY
from data.pricing.bonds import Array
from data.pricing.curves import DAYS_A_YEAR

SMALL = 1e-12

Metric = float | int | str | None


class Track(Protocol):
    """Enough of a result to measure its path: dates, starting capital, equity and the interest credited on it."""

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Days (T,)."""

    @property
    def capital(self) -> float:
        """USD at the start."""

    @property
    def equity(self) -> Array:
        """USD (T,)."""

    @property
    def cash(self) -> Array:
        """Interest credited on each row (T,), USD."""


def returns(result: Track) -> Array:
    """r_t (T-1,), one per bar; 0 once equity is gone."""
    return _growth(result.equity)


def excess_returns(result: Track) -> Array:
    """x_t (T-1,): r_t less the interest credited at t as a fraction of E_{t-1}."""
    before = result.equity[:-1]
    credited = np.divide(result.cash[1:], before, out=np.zeros(len(before)), where=before > 0)
    return returns(result) - credited


def excess_index(result: Track) -> Array:
    """Growth of 1 in excess of cash (T,), starting at 1."""
    return np.concatenate([[1.0], np.cumprod(1.0 + excess_returns(result))])


def _growth(equity: Array) -> Array:
    before = equity[:-1]
    return np.divide(equity[1:], before, out=np.ones(len(before)), where=before > 0) - 1.0


def years(dates: NDArray[np.datetime64]) -> float:
    """Length of a window in years of 365.25 days."""
    return float((dates[-1] - dates[0]).astype("timedelta64[D]").astype(float)) / DAYS_A_YEAR


def periods_per_year(dates: NDArray[np.datetime64], market_ppy: float) -> float:
    """12 and 52 for month and week ends; for daily rows the bars of the window over its years."""
    if market_ppy <= MORE_THAN_WEEKLY or len(dates) < 2:
        return market_ppy
    return (len(dates) - 1) / years(dates)


def ratio(numerator: float, denominator: float) -> float | None:
    """Return the quotient, or None where the denominator is too small to mean anything."""
    return None if abs(denominator) < SMALL else numerator / denominator


def sharpe(x: Array, ppy: float) -> float | None:
    """`mean(x) / std(x, ddof 1) * sqrt(ppy)` (Sharpe, J. Portfolio Management 21, 1994)."""
    if len(x) < 2:
        return None
    value = ratio(float(x.mean()), float(x.std(ddof=1)))
    return None if value is None else value * float(np.sqrt(ppy))


def sharpe_lo(x: Array, ppy: float) -> float | None:
    """Annual Sharpe ratio adjusted for autocorrelation, `eta(q)` times that of a bar (Lo, Fin. Analysts J. 58, 2002).

    `eta(q) = q / sqrt(q + 2 sum_k (q - k) rho_k)` over the q - 1 autocorrelations of a year of q bars: what a year's
    return has of risk, where bars go on as they began. None on a record shorter than two years, and where the sum says
    that a year has no risk.
    """
    q = round(ppy)
    bar = sharpe(x, 1.0)
    if bar is None or len(x) < 2 * q:
        return None
    u = x - x.mean()
    rho = np.array([float(u[k:] @ u[:-k]) for k in range(1, q)]) / float(u @ u)
    variance = q + 2.0 * float((q - np.arange(1, q)) @ rho)
    return q / float(np.sqrt(variance)) * bar if variance > SMALL else None


def sortino(x: Array, ppy: float) -> float | None:
    """`mean(x) / sqrt(mean(min(x, 0)^2)) * sqrt(ppy)` (Sortino and Price, J. Investing 3, 1994; target 0)."""
    if not len(x):
        return None
    value = ratio(float(x.mean()), float(np.sqrt(np.mean(np.minimum(x, 0.0) ** 2))))
    return None if value is None else value * float(np.sqrt(ppy))


@dataclass(frozen=True)
class Drawdown:
    """One drawdown: its depth, and the rows of peak, trough and recovery (None while it lasts)."""

    depth: float  # positive fraction of the peak
    peak: int
    trough: int
    recovery: int | None


def underwater(path: Array, start: float) -> Array:
    """Drawdown (T,) of a path from its running peak, negative; the peak starts at `start`."""
    return path / np.maximum(np.maximum.accumulate(path), start) - 1.0


def drawdowns(path: Array, start: float) -> list[Drawdown]:
    """Every drawdown of a path from its running peak, in time order; the peak starts at `start`, on row 0.

    A depth below 1e-12 is rounding, not a drawdown.
    """
    depth = -underwater(path, start)
    drawdowns = []
    t, peak = 0, 0
    while t < len(path):
        if depth[t] <= SMALL:
            peak, t = t, t + 1
            continue
        end = t
        while end < len(path) and depth[end] > SMALL:
            end += 1
        trough = t + int(depth[t:end].argmax())
        drawdowns.append(Drawdown(float(depth[trough]), peak, trough, end if end < len(path) else None))
        t = end
    return drawdowns


def deepest(path: Array, start: float) -> Drawdown | None:
    """Return the largest drawdown of a path, or None where it has none."""
    return max(drawdowns(path, start), key=lambda drawdown: drawdown.depth, default=None)


def _day(dates: NDArray[np.datetime64], row: int | None) -> str | None:
    return None if row is None else str(dates[row].astype("datetime64[D]"))


def _drawdown(prefix: str, name: str, dates: NDArray[np.datetime64], drawdown: Drawdown | None) -> dict[str, Metric]:
    if drawdown is None:
        return {name: 0.0, **{f"{prefix}_{part}": None for part in ("peak", "trough", "recovery")}}
    return {
        name: drawdown.depth,
        f"{prefix}_peak": _day(dates, drawdown.peak),
        f"{prefix}_trough": _day(dates, drawdown.trough),
        f"{prefix}_recovery": _day(dates, drawdown.recovery),
    }


def drawdown_days(track: Track) -> list[int]:
    """Days from peak to recovery, or to the last row, of every drawdown of equity, in time order."""
    dates, last = track.dates, len(track.dates) - 1
    spans = [
        (drawdown.peak, last if drawdown.recovery is None else drawdown.recovery)
        for drawdown in drawdowns(track.equity, track.capital)
    ]
    return [int((dates[end] - dates[peak]).astype("timedelta64[D]").astype(int)) for peak, end in spans]


def _moments(r: Array) -> dict[str, Metric]:
    """Skew and excess kurtosis, both biased; 5 % value at risk and expected shortfall of a bar, positive."""
    deviation = r.std()
    z = (r - r.mean()) / deviation if deviation > SMALL else None
    quantile = float(np.quantile(r, 0.05))
    return {
        "skew": None if z is None else float(np.mean(z**3)),
        "kurtosis": None if z is None else float(np.mean(z**4) - 3.0),
        "var_95": -quantile,
        "es_95": -float(r[r <= quantile].mean()),
        "best_bar": float(r.max()),
        "worst_bar": float(r.min()),
    }


def _trading(result: Result, span: float) -> dict[str, Metric]:
    """Turnover (one side, a year), cost drag (a year, positive) and mean gross leverage."""
    equity = result.equity
    solvent = equity > 0
    traded = np.divide(result.notional.sum(axis=1), equity, out=np.zeros(len(equity)), where=solvent).sum()
    paid = (result.cost + result.roll).sum(axis=1)
    drag = -np.divide(paid, equity, out=np.zeros(len(equity)), where=solvent).sum()
    return {
        "turnover": ratio(float(traded) / 2.0, span),
        "cost_drag": ratio(float(drag), span),
        "gross_leverage": float(np.abs(result.weights).sum(axis=1).mean()),
    }


def figures(result: Result, market_ppy: float) -> dict[str, Metric]:
    """Return the figures of docs/conventions.md for one result, by name."""
    dates, equity, capital = result.dates, result.equity, result.capital
    r, x, span = returns(result), excess_returns(result), years(dates)
    ppy = periods_per_year(dates, market_ppy)
    growth = float(equity[-1]) / capital
    worst = deepest(equity, capital)
    cagr = growth ** (1.0 / span) - 1.0 if span > 0 and growth > 0 else None
    some = len(r) > 0
    return {
        "excess_return": float(x.mean()) * ppy if some else None,
        "volatility": float(r.std(ddof=1) * np.sqrt(ppy)) if len(r) > 1 else None,
        "sharpe": sharpe(x, ppy),
        "sharpe_lo": sharpe_lo(x, ppy),
        **_drawdown("excess_drawdown", "excess_drawdown", dates, deepest(excess_index(result), 1.0)),
        "trading_pnl": float(equity[-1]) - capital - float(result.cash.sum()),
        "interest": float(result.cash.sum()),
        "pnl": float(equity[-1]) - capital,
        "total_return": growth - 1.0,
        "cagr": cagr,
        **_drawdown("drawdown", "max_drawdown", dates, worst),
        "longest_drawdown_days": max(drawdown_days(result), default=0),
        "sortino": sortino(x, ppy),
        "calmar": ratio(cagr, worst.depth) if cagr is not None and worst else None,
        **(_moments(r) if some else dict.fromkeys(("skew", "kurtosis", "var_95", "es_95", "best_bar", "worst_bar"))),
        "hit_rate": float((x > SMALL).mean()) if some else None,
        **_trading(result, span),
        "start": _day(dates, 0),
        "end": _day(dates, len(dates) - 1),
        "bars": len(dates),
        "periods_per_year": ppy,
        "ruined": _day(dates, result.ruined),
    }


def summary(
    statistics: Mapping[str, float], dates: NDArray[np.datetime64], capital: float, market_ppy: float, interest: float
) -> dict[str, Metric]:
    """Return those of `figures` that one book's statistics of a sweep tell: all but days, sharpe_lo, var_95 and es_95.

    `interest` is the sum of its line `cash`, USD.
    """
    columns = summaries(
        {name: np.array([value]) for name, value in statistics.items()},
        np.array([years(dates)]),
        np.array([periods_per_year(dates, market_ppy)]),
        capital,
        np.array([interest]),
    )
    told = {name: None if np.isnan(values[0]) else float(values[0]) for name, values in columns.items()}
    return {**told, "bars": len(dates)}


def summaries(
    statistics: Mapping[str, Array], spans: Array, ppy: Array, capital: float, interest: Array
) -> dict[str, Array]:
    """Return `summary` of k books at once (k,), NaN where a figure means nothing.

    `spans` are the years (k,) of their windows, `ppy` their periods a year (k,), `interest` sums of cash credited.
    """
    mean, growth = statistics["mean"], 1.0 + statistics["total_return"]
    scale, depth = np.sqrt(ppy), statistics["max_drawdown"]
    with np.errstate(divide="ignore", invalid="ignore"):
        cagr = np.where((spans > 0) & (growth > 0), growth ** (1.0 / spans) - 1.0, np.nan)
    same = ("excess_drawdown", "total_return", "max_drawdown", "skew", "kurtosis", "best_bar", "worst_bar", "hit_rate")
    return {
        **{name: statistics[name] for name in (*same, "gross_leverage")},
        "excess_return": mean * ppy,
        "volatility": statistics["deviation"] * scale,
        "sharpe": _ratios(mean, statistics["excess_deviation"]) * scale,
        "sortino": _ratios(mean, statistics["downside"]) * scale,
        "trading_pnl": statistics["total_return"] * capital - interest,
        "interest": interest,
        "pnl": statistics["total_return"] * capital,
        "cagr": cagr,
        "calmar": _ratios(cagr, depth),
        "turnover": _ratios(statistics["traded"], spans),
        "cost_drag": _ratios(statistics["paid"], spans),
        "periods_per_year": ppy,
    }


def _ratios(numerators: Array, denominators: Array) -> Array:
    """`ratio` of each, NaN for None."""
    small = ~(np.abs(denominators) >= SMALL)
    return np.where(small, np.nan, numerators / np.where(small, 1.0, denominators))


def since(result: Track, day: date) -> dict[str, Metric]:
    """Trading P&L (USD) and excess return (not a year's) of the bars that end on or after a day; None without any."""
    rows = np.flatnonzero(result.dates[1:] >= np.datetime64(day))
    if not rows.size:
        return {"thesis_trading_pnl": None, "thesis_excess_return": None}
    first = rows[0]
    before = result.equity[first] if first else result.capital  # the opening costs belong to the first bar
    return {
        "thesis_trading_pnl": float(result.equity[-1] - before - result.cash[1 + first :].sum()),
        "thesis_excess_return": float(np.prod(1.0 + excess_returns(result)[first:]) - 1.0),
    }


def against(result: Track, benchmark: Track, market_ppy: float) -> dict[str, Metric]:
    """Alpha (a year), beta and correlation of excess returns on the bars both have."""
    common, rows, other_rows = np.intersect1d(result.dates[1:], benchmark.dates[1:], return_indices=True)
    empty: dict[str, Metric] = {"alpha": None, "beta": None, "correlation": None, "bars": len(common)}
    if len(common) < 3:
        return empty
    x, b = excess_returns(result)[rows], excess_returns(benchmark)[other_rows]
    covariance = np.cov(x, b, ddof=1)
    beta = ratio(float(covariance[0, 1]), float(covariance[1, 1]))
    if beta is None:
        return empty
    ppy = periods_per_year(common, market_ppy)
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return {
        "alpha": (float(x.mean()) - beta * float(b.mean())) * ppy,
        "beta": beta,
        "correlation": ratio(float(covariance[0, 1]), spread),
        "bars": len(common),
    }


def calendar_years(result: Track) -> dict[int, tuple[float, float]]:
    """Total return and return in excess of cash by the calendar year in which each bar ends."""
    year = result.dates[1:].astype("datetime64[Y]").astype(int) + 1970
    r, x = returns(result), excess_returns(result)
    return {
        int(y): (float(np.prod(1.0 + r[year == y]) - 1.0), float(np.prod(1.0 + x[year == y]) - 1.0))
        for y in np.unique(year)
    }


def rolling(x: Array, n: int, ppy: float) -> tuple[Array, Array]:
    """Sharpe and annual volatility (len(x),) of the last n bars, NaN before."""
    ratio_, volatility = np.full(len(x), np.nan), np.full(len(x), np.nan)
    if len(x) >= n:
        window = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(x, n))
        deviation = window.std(axis=1, ddof=1)
        moving = deviation > SMALL
        mean = window.mean(axis=1)
        ratio_[n - 1 :] = np.where(moving, mean / np.where(moving, deviation, 1.0) * np.sqrt(ppy), np.nan)
        volatility[n - 1 :] = deviation * np.sqrt(ppy)
    return ratio_, volatility
