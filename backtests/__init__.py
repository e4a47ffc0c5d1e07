"""What would have happened: two engines, the figures that judge them, and the reports that show them.

>>> from backtests import load, run, compare, sensitivity

These four come with what they need when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.api import compare, load, run, sensitivity

__all__ = ["compare", "load", "run", "sensitivity"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from backtests import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
