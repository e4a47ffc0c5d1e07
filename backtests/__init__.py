"""What would have happened: two engines, the figures that judge them, and the reports that show them.

>>> from backtests import load, run, read, compare, sensitivity, sweep, walkforward, trade_ticket, journal

These come with what they need when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.moved import forward

if TYPE_CHECKING:
    from backtests.api import compare, journal, load, read, run, sensitivity, sweep, trade_ticket
    from backtests.walking import walkforward

__all__ = ["compare", "journal", "load", "read", "run", "sensitivity", "sweep", "trade_ticket", "walkforward"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from backtests import api, walking

        return getattr(walking if name == "walkforward" else api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_ENGINE = {name: f"backtests.engine.{name}" for name in ("book", "ledger", "reconcile", "result")}
_PERFORMANCE = {
    name: f"backtests.performance.{name}"
    for name in ("attribution", "components", "events", "inference", "metrics", "verdicts")
}
_RUNS = {name: f"backtests.runs.{name}" for name in ("exposure", "runner", "stress", "window")}
_THESIS = {name: f"backtests.thesis.{name}" for name in ("claims", "measures", "scorecard")}
_RENAMED = {
    "assumptions": "backtests.sensitivities",
    "broker": "backtests.engine.backtrader_engine",
    "causes": "backtests.performance.extremes",
    "confidence": "backtests.runs.significance",
    "panels": "backtests.report.panels",
    "store": "backtests.runs.folder",
}
forward(
    {
        f"backtests.{name}": current
        for name, current in {**_ENGINE, **_PERFORMANCE, **_RUNS, **_THESIS, **_RENAMED}.items()
    }
)
