"""What the page says in detail: months, the best and worst bars and their causes, what luck could have done, trades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from backtests.performance.extremes import Contributor, ExtremeBar
from backtests.performance.verdicts import ENOUGH, Interval, sentence
from backtests.report.format import ABSENT, MINUS, millions, number, percent
from backtests.report.panels import Panels, VariantPanel
from backtests.report.tables import LINE_NAMES, span
from backtests.runs.significance import CASH, Significance

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHOWN = 200  # trades on the screen; the download holds all
DIGITS = 8  # significant, of what can be downloaded
ALL = 0.95  # share of figures whose shade is not yet the darkest


def months(panels: Panels) -> list[dict[str, Any]]:
    """Return years by month of each variant, %, with shades from -1 to 1, and the year; its shade has its own limit."""
    return [{"name": one.name, "rows": _years(one)} for one in panels.variants]


def _years(one: VariantPanel) -> list[dict[str, Any]]:
    by_month = _limit([value for year in one.months.values() for value in year.values()])
    by_year = _limit([excess for _, excess in one.years.values()])
    return [
        {
            "year": year,
            "cells": [_shaded(found.get(month), by_month) for month in range(1, 13)],
            "total": _shaded(one.years[year][1], by_year),
        }
        for year, found in one.months.items()
    ]


def _limit(values: list[float]) -> float:
    sizes = sorted(abs(value) for value in values)
    return sizes[int(ALL * (len(sizes) - 1))] if sizes else 1.0


def _shaded(value: float | None, limit: float) -> dict[str, Any]:
    if value is None:
        return {"text": "", "shade": 0.0}
    return {"text": percent(value), "shade": max(-1.0, min(1.0, value / (limit or 1.0)))}


def bars(panels: Panels) -> list[dict[str, Any]]:
    """Return the best and the worst bars of each variant, and what made them."""
    return [
        {"name": one.name, "best": [_bar(bar) for bar in one.best], "worst": [_bar(bar) for bar in one.worst]}
        for one in panels.variants
    ]


def _bar(one: ExtremeBar) -> dict[str, Any]:
    behind = f"{_leg(one.leg.name)} {_line(one.within)}: {_dollars(one.within.usd)}"
    return {
        "day": one.day,
        "numbers": [percent(one.excess, 2), millions(one.usd)],
        "words": [
            f"{_leg(one.leg.name)} {_share(one.leg)}", f"{_line(one.line)} {_share(one.line)}", behind,
            "; ".join(one.events) or ABSENT,
        ],
    }  # fmt: skip


def _leg(name: str) -> str:
    return "margin" if name == "book" else name


def _line(part: Contributor) -> str:
    return LINE_NAMES[part.name]


def _share(part: Contributor) -> str:
    return f"{millions(part.usd)} ({percent(part.share, 0)} %)"


def _dollars(usd: float) -> str:
    """Return USD in thousands with its sign: +$412k."""
    return f"{MINUS if usd < 0 else '+'}${number(abs(usd), 0, 1e-3)}k"


def inference(panels: Panels) -> list[dict[str, Any]]:
    """Return what luck could have done to each variant: ranges, tests and a sentence; none where a run stored none."""
    return [_judged(one.name, one.significance) for one in panels.variants if one.significance]


def _judged(name: str, one: Significance) -> dict[str, Any]:
    ranges = [_range(one.excess_return), _range(one.sharpe), _range(one.excess_drawdown)]
    tests = [number(one.hac.t), percent(one.hac.p, 0), percent(one.probabilistic_sharpe.probability, 0)]
    tests.append(percent(one.deflated_sharpe.probability, 0))
    return {"name": name, "cells": [*ranges, *tests], "sentence": _words(one)}


def _words(one: Significance) -> str:
    low, high, skill = one.sharpe.low, one.sharpe.high, one.deflated_sharpe
    if low is None or high is None or skill.probability is None:
        return sentence(one.sharpe)
    if low <= 0 <= high:
        return "Luck alone can explain it."
    if high < 0:
        return "Bad luck alone hardly explains the loss."
    if skill.probability >= ENOUGH:
        return f"Luck hardly explains it, not even as the best of {skill.trials} trials."
    return f"Luck alone hardly explains it, but choosing the best of {skill.trials} trials can."


def _range(one: Interval) -> str:
    return span(one) or ABSENT


def choice(panels: Panels) -> dict[str, Any] | None:
    """Return, in words, what choosing the best variant is worth."""
    one = panels.choice
    if one is None:
        return None
    earlier = one.trials - one.here
    trials = f"{one.trials} distinct Sharpe ratios: {one.here} of this run"
    trials += f" and {earlier} of earlier runs of its name beside it" if earlier else "; no earlier run beside it"
    rows = [
        [
            "overnight cash" if name == CASH else name, one.best.get(name, ABSENT),
            *(number(p) for p in (test.lower, test.consistent, test.upper)), sentence(test),
        ]
        for name, test in one.spa.items()
    ]  # fmt: skip
    bars_ = number(one.overfitting.bars, 0)
    return {"trials": trials, "overfitting": sentence(one.overfitting), "spa": rows, "bars": bars_}


def data(panels: Panels) -> dict[str, Any]:
    """Return what the page's script lists and offers for download: trades, months and figures, as decimals."""
    trades = panels.run.trades
    days = np.datetime_as_string(pd.to_datetime(trades["date"]).to_numpy().astype("datetime64[D]"))
    unique, day = np.unique(days, return_inverse=True)
    legs, leg = np.unique(trades["instrument"].to_numpy(dtype=str), return_inverse=True)
    return {
        "name": panels.run.manifest["name"],
        "shown": SHOWN,
        "days": unique.tolist(),
        "instruments": legs.tolist(),
        "trades": {
            one.name: _trades(trades, day, leg, (trades["variant"] == one.name).to_numpy()) for one in panels.variants
        },
        "months": {
            one.name: [[year, m, _short(x)] for year, found in one.months.items() for m, x in found.items()]
            for one in panels.variants
        },
        "figures": {one.name: _figures(one) for one in panels.variants},
    }


def _trades(trades: pd.DataFrame, day: np.ndarray, leg: np.ndarray, own: np.ndarray) -> dict[str, list[Any]]:
    """Columns of one variant's trades, in time order."""
    columns = {name: trades.loc[own, name].tolist() for name in ("units", "price", "fx", "notional_usd", "cost_usd")}
    kept: dict[str, list[Any]] = {name: [_short(value) for value in values] for name, values in columns.items()}
    return {"day": day[own].tolist(), "leg": leg[own].tolist(), **kept}


def _figures(one: VariantPanel) -> dict[str, Any]:
    """Figures as stored; of inference the ranges and the tests' own."""
    plain = {name: value for name, value in one.figures.items() if not isinstance(value, dict)}
    sure = one.significance
    if sure is None:
        return plain
    ranges = (sure.excess_return, sure.sharpe, sure.excess_drawdown)
    spans = {f"{r.figure}_{end}": getattr(r, end) for r in ranges for end in ("low", "high")}
    skills = {name: getattr(sure, name).probability for name in ("probabilistic_sharpe", "deflated_sharpe")}
    return {**plain, **spans, "hac_t": sure.hac.t, "hac_p": sure.hac.p, **skills}


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
