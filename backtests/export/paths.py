"""Returns and drawdowns of a finished run, variant by variant."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from backtests.comparison import Candidate, from_stored
from backtests.performance import metrics
from backtests.performance.metrics import Track
from backtests.runs.snapshot import StoredRun
from data.pricing.bonds import Array


def total_returns(run: StoredRun) -> pd.DataFrame:
    """Return r_t of every bar, cash interest included: dates by variants, NaN where a variant does not trade."""
    return _by_bar(run, metrics.returns)


def excess_returns(run: StoredRun) -> pd.DataFrame:
    """Return x_t of every bar, in excess of the cash credited on it; dates by variants."""
    return _by_bar(run, metrics.excess_returns)


def underwater(run: StoredRun) -> pd.DataFrame:
    """Return the drawdown of growth in excess of cash from its running peak, negative; dates by variants."""
    return _frame(run, lambda track: metrics.underwater(metrics.excess_index(track), 1.0), 0)


def candidates(run: StoredRun) -> tuple[Candidate, ...]:
    """Return the variants of a run with their paths.

    Raises
    ------
    ConfigError
        Tables that do not belong together.
    """
    return from_stored(run, run.manifest["name"]).candidates


def _by_bar(run: StoredRun, of: Callable[[Track], Array]) -> pd.DataFrame:
    return _frame(run, of, 1)


def _frame(run: StoredRun, of: Callable[[Track], Array], skip: int) -> pd.DataFrame:
    """One column a variant, whose first value is that of its row `skip`."""
    columns = {
        candidate.variant: pd.Series(of(candidate.history), index=candidate.history.dates[skip:])
        for candidate in candidates(run)
    }
    frame = pd.DataFrame(columns).rename_axis("date")
    return frame.set_axis(pd.DatetimeIndex(frame.index).as_unit("ms"))
