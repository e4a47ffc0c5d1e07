"""Which instruments a strategy names: each must be known, and those of a curve in the order of their maturities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from backtests.config.complaints import owner
from backtests.config.document import Document, Loc
from data.errors import shortened
from data.instruments import Instrument, nearest
from strategies.base import Strategy
from strategies.blend import Blend


def check_legs(
    document: Document,
    owners: Sequence[Loc],
    params: Mapping[str, Any],
    strategy: Strategy,
    instruments: Mapping[str, Instrument],
) -> None:
    """Refuse what a strategy, whose parameters are `params` as written, cannot trade.

    Raises
    ------
    ConfigError
        A leg that is no instrument, or the legs of a curve the wrong way round.
    """
    for leg in strategy.legs:
        if leg not in instruments:
            where = owner(document, owners, _naming(params, leg))
            hint = nearest(leg, instruments)
            own = "`divergence instruments` lists them; one of your own is described under instruments"
            joined = " " if hint.endswith("?") else "; "
            raise document.error(where, f"unknown instrument '{shortened(leg)}'{hint}{joined}{own}")
    _check_order(document, owners, params, strategy, instruments)


def _check_order(
    document: Document, owners: Sequence[Loc], params: Any, strategy: Strategy, instruments: Mapping[str, Instrument]
) -> None:
    """Refuse a front that is longer than its back, here or in a part: the trade would be the reverse of its name."""
    for part in strategy.parts.values() if isinstance(strategy, Blend) else ():
        _check_order(document, owners, params, part.strategy, instruments)
    for legs in getattr(strategy, "by_maturity", ()):
        for shorter, longer in pairwise(legs):
            if shorter not in instruments or longer not in instruments:
                continue  # of a trade that leaves this curve alone
            a, b = (instruments[leg].maturity or 0.0 for leg in (shorter, longer))
            if a > b > 0:
                written = [place for leg in (shorter, longer) if len(place := _naming(params, leg)) > 1]
                raise document.error(
                    owner(document, owners, written[0] if written else ("params",)),
                    f"{shorter} has {a:g} years and {longer} {b:g}; the shorter comes first: swap them, and turn the "
                    "trade if it was meant the other way",
                )


def _naming(params: Mapping[str, Any], leg: str) -> Loc:
    """Return where, among parameters, a leg is named; the parameters as a whole where none of them names it."""
    for key, value in params.items():
        if value == leg or (isinstance(value, dict) and leg in value):
            return ("params", key) if value == leg else ("params", key, leg)
        if key == "parts" and isinstance(value, dict):
            for name, part in value.items():
                inside = _naming(part.get("params") or {}, leg)
                if len(inside) > 1:
                    return ("params", key, name, *inside)
    return ("params",)
