"""Tables: what every source delivers and `build` turns into a market. Decimals, one row a day or a month end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Frequency = Literal["daily", "weekly", "monthly"]
PERIODS_PER_YEAR: dict[str, float] = {"monthly": 12.0, "weekly": 52.0}


@dataclass(frozen=True)
class Tables:
    """History as published, by series; every frame and series is indexed by ascending dates.

    `yields` maps a curve's name to a frame whose columns are tenors in years. `overnight` holds, for each
    currency, the annual rate over the bar that ends on the row. `macro` is indexed by reference period.
    """

    source: str
    frequency: Frequency
    yields: dict[str, pd.DataFrame]
    usdjpy: pd.Series  # yen per US dollar
    overnight: dict[str, pd.Series]
    cpi: pd.Series  # US, not seasonally adjusted, by reference month
    macro: dict[str, pd.Series]
    fingerprints: dict[str, str] = field(default_factory=dict)  # file -> sha256

    @property
    def dates(self) -> pd.DatetimeIndex:
        """The rows of the market: every date on which any curve is quoted."""
        quoted = [frame.dropna(how="all").index for frame in self.yields.values()]
        return pd.DatetimeIndex(sorted(set().union(*quoted)))
