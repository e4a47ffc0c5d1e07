"""Variants side by side: on a common window or each on its own, at one volatility or each at its own."""

from backtests.comparison.candidates import Candidate, Source, from_run, from_stored, labels
from backtests.comparison.record import record, series, table
from backtests.comparison.rows import Comparison, compare
from backtests.comparison.windows import on_common, on_own

__all__ = [
    "Candidate",
    "Comparison",
    "Source",
    "compare",
    "from_run",
    "from_stored",
    "labels",
    "on_common",
    "on_own",
    "record",
    "series",
    "table",
]
