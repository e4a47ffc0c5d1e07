"""What the tests of tickets share: figures of a day, small configurations, days drawn from months."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

NEW_YEAR = date(2025, 12, 31)
QUARTER_DAYS = 365.25 / 4

# Bundled figures of 2025-12-31, as the file writes them.
UST5, UST7, UST10, JGB7, JGB9, JGB10, YEN = 0.0373, 0.0394, 0.0418, 0.01762, 0.01973, 0.02066, 156.8
FED, CALL = 0.037206, 0.00557

HEAD = "name: t\n"
BOND = "variants: {bond: {strategy: hold, params: {weights: {UST10: 0.6}}}}\n"
PAIR = "variants: {pair: {strategy: divergence, params: {long: UST10, short: JGB10}}}\n"


def only(made):
    (sheet,) = made.sheets
    return sheet


def daily(tables, start="2010-01-01"):
    """The month ends drawn out to weekdays in straight lines: days enough to tell a day from a month."""

    def drawn(frame):
        days = pd.bdate_range(start, frame.index[-1])
        straight = frame.reindex(frame.index.union(days)).interpolate("time", limit_area="inside")
        return straight.reindex(days)

    return replace(
        tables,
        frequency="daily",
        yields={name: drawn(frame) for name, frame in tables.yields.items()},
        fx={name: drawn(rate) for name, rate in tables.fx.items()},
        overnight={name: drawn(rate) for name, rate in tables.overnight.items()},
    )
