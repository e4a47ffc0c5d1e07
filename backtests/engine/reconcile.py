"""Two engines, one answer: they agree to 1e-9 of capital on every row, or the day on which they part is named."""

from __future__ import annotations

import numpy as np

from backtests.engine.result import Result
from data.errors import ReconciliationError

TOLERANCE = 1e-9  # of capital


def reconcile(name: str, first: Result, second: Result) -> float:
    """Return the largest difference in equity between two results, as a fraction of capital.

    Raises
    ------
    ReconciliationError
        Where the difference passes the tolerance, or where a result's lines do not sum to its equity.
    """
    gap = np.abs(first.equity - second.equity) / first.capital
    parted = np.flatnonzero(~(gap <= TOLERANCE))
    if parted.size:
        t = parted[0]
        raise ReconciliationError(
            f"{name}: the engines disagree from {first.dates[t]} on: equity {first.equity[t]:.6f} against "
            f"{second.equity[t]:.6f} USD; please report this with the configuration"
        )
    for result in (first, second):
        if not result.imbalance() <= TOLERANCE:
            raise ReconciliationError(
                f"{name}: the ledger's lines miss its equity by {result.imbalance():.1e} of capital"
            )
    return float(gap.max())
