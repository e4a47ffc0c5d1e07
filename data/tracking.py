"""How well a listed fund's proxy tracks it, where both are known: monthly, for daily marks are hours apart."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from data.build import build
from data.instruments import Instrument
from data.market import Market
from data.tables import Tables

logger = logging.getLogger(__name__)

ENOUGH_MONTHS = 12


@dataclass(frozen=True)
class Tracking:
    """A fund against its proxy, on the months that both have whole."""

    name: str
    first: date
    last: date
    months: int
    correlation: float
    error: float  # a year: deviation of the difference of monthly returns
    difference: float  # a year: mean of the fund's return less the proxy's
    duration: float  # years: minus the slope of the fund's return on the change of its proxy's yield
    proxy_duration: float  # years, mean

    def __str__(self) -> str:
        return (
            f"{self.name} against its proxy, {self.first:%Y-%m} to {self.last:%Y-%m}, {self.months} months: "
            f"correlation {self.correlation:.3f}, tracking error {self.error * 100:.2f} % a year, "
            f"difference {self.difference * 100:+.2f} % a year, "
            f"duration {self.duration:.1f} against {self.proxy_duration:.1f}"
        )


def tracking(tables: Tables, instruments: Sequence[Instrument], since: date = date.min) -> list[Tracking]:
    """Compare every listed instrument that has prices with the par bond that stands for it, from a day on."""
    listed = [i for i in instruments if i.kind == "listed" and i.curve is not None and i.name in tables.prices]
    if not listed:
        return []
    modelled = build(replace(tables, prices={}), listed)
    comparisons = [_compare(tables, modelled, i, since) for i in range(len(listed))]
    return [result for result in comparisons if result is not None]


def _compare(tables: Tables, modelled: Market, i: int, since: date) -> Tracking | None:
    instrument = modelled.instruments[i]
    prices = tables.prices[instrument.name]
    prices = prices[prices.index >= pd.Timestamp(max(since, date(1900, 1, 1)))]
    rows = pd.DatetimeIndex(modelled.dates)
    curve = modelled.curves[str(instrument.curve)]
    fund = prices["price"].set_axis(pd.DatetimeIndex(prices.index))
    total = (fund / fund.shift(1) + (prices["income"] / fund.shift(1))).fillna(1.0).cumprod()
    exists = modelled.exists[:, i]
    daily = pd.DataFrame(
        {
            "fund": total.reindex(rows),
            "proxy": modelled.price[:, i],
            "yield": curve.at(instrument.maturity),
            "duration": modelled.duration[:, i],
            "stretch": np.cumsum(np.diff(exists.astype(int), prepend=0) == 1),
        },
        index=rows,
    ).dropna()
    month = daily.groupby(pd.DatetimeIndex(daily.index).to_period("M")).last()
    whole = (np.diff(month.index.astype("int64"), prepend=0) == 1) & (month["stretch"].diff() == 0).to_numpy()
    change = pd.DataFrame(
        {"fund": month["fund"].pct_change(), "proxy": month["proxy"].pct_change(), "yield": month["yield"].diff()}
    )[whole]
    if len(change) < ENOUGH_MONTHS:
        logger.info("%s: %d whole months beside its proxy, too few to compare", instrument.name, len(change))
        return None
    gap = change["fund"] - change["proxy"]
    slope = np.polyfit(change["yield"], change["fund"], 1)[0]
    return Tracking(
        name=instrument.name,
        first=change.index[0].to_timestamp().date(),
        last=change.index[-1].to_timestamp().date(),
        months=len(change),
        correlation=float(change["fund"].corr(change["proxy"])),
        error=float(gap.std() * np.sqrt(12)),
        difference=float(gap.mean() * 12),
        duration=-float(slope),
        proxy_duration=float(month["duration"].reindex(change.index).mean()),
    )
