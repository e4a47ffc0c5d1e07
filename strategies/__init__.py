"""What we want: strategies by the name a configuration calls them, and what may be laid over them."""

from __future__ import annotations

from strategies.article import Article
from strategies.base import Strategy
from strategies.blend import Blend
from strategies.breakeven import Breakeven
from strategies.curve import Box, Butterfly, CurveTrade
from strategies.divergence import Divergence
from strategies.hold import Hold
from strategies.macro import DebtCapacity, HedgedPickup, Inflation, Policy, SafeHaven
from strategies.overlays import DurationCap, GrossCap, Overlay, Smooth, VolatilityTarget
from strategies.own import OWN
from strategies.relative_value import Carry, LegMomentum, Momentum, Reversion, Value
from strategies.slopes import MaturityPreference, PolicyCurve, TrendCurve, UltraLong
from strategies.thesis import Signals, Thesis

BUILT_IN: dict[str, type[Strategy]] = {
    "divergence": Divergence,
    "curve": CurveTrade,
    "butterfly": Butterfly,
    "box": Box,
    "hold": Hold,
    "policy": Policy,
    "inflation": Inflation,
    "safe_haven": SafeHaven,
    "debt_capacity": DebtCapacity,
    "hedged_pickup": HedgedPickup,
    "breakeven": Breakeven,
    "maturity_preference": MaturityPreference,
    "ultra_long": UltraLong,
    "reversion": Reversion,
    "momentum": Momentum,
    "leg_momentum": LegMomentum,
    "carry": Carry,
    "value": Value,
    "trend_curve": TrendCurve,
    "policy_curve": PolicyCurve,
    "blend": Blend,
    "article": Article,
    "signals": Signals,
    "thesis": Thesis,
}

STRATEGIES: dict[str, type[Strategy]] = {**BUILT_IN, **OWN}

OVERLAYS: dict[str, type[Overlay]] = {
    "volatility_target": VolatilityTarget,
    "gross_cap": GrossCap,
    "duration_cap": DurationCap,
    "smooth": Smooth,
}
