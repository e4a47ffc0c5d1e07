"""What we want: strategies by the name a configuration calls them."""

from __future__ import annotations

from strategies.base import Strategy
from strategies.curve import Box, Butterfly, CurveTrade
from strategies.divergence import Divergence
from strategies.hold import Hold

STRATEGIES: dict[str, type[Strategy]] = {
    "divergence": Divergence,
    "curve": CurveTrade,
    "butterfly": Butterfly,
    "box": Box,
    "hold": Hold,
}
