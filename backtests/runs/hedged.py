"""How much of the other legs stood against a trade's anchor, where that is estimated, and what the legs load on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backtests.runs.runner import VariantRun
from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Strategy, Window
from strategies.blend import Blend
from strategies.curve import HedgedTrade
from strategies.hedges import Hedge
from strategies.overlays import Overlay
from strategies.pairs import Pair

ESTIMATED = ("beta", "pca")


@dataclass(frozen=True)
class HedgingLeg:
    """A leg against its anchor: years of duration, which is DV01, per year of the anchor's; loadings by component."""

    part: str  # of a blend; empty of any other
    leg: str
    anchor: str
    rule: str
    window: str
    first: str  # from this row to the last
    last: str
    ratio: float | None  # on the last row
    dv01: float  # at equal DV01
    mean: float | None  # over the rows traded
    low: float | None
    high: float | None
    loadings: list[float | None]
    anchor_loadings: list[float | None]


def described(run: VariantRun) -> list[dict[str, Any]]:
    """Return the hedging legs of a variant, as a manifest holds them; none where nothing is estimated."""
    return [
        asdict(leg)
        for part, strategy in _estimating(run.variant.strategy)
        for leg in _legs(part, strategy, run.market, run.span.rows)
    ]


def _estimating(strategy: Strategy, part: str = "") -> list[tuple[str, HedgedTrade | Pair]]:
    """The strategies, by their part of a blend, under whatever is laid over them, whose hedge is estimated."""
    if isinstance(strategy, Overlay):
        return _estimating(strategy.inner, part)
    if isinstance(strategy, Blend):
        inside = [(f"{part} {name}".strip(), own.strategy) for name, own in strategy.parts.items()]
        return [each for name, own in inside for each in _estimating(own, name)]
    return [(part, strategy)] if isinstance(strategy, HedgedTrade | Pair) and strategy.hedge in ESTIMATED else []


def _legs(part: str, strategy: HedgedTrade | Pair, market: Market, rows: slice) -> list[HedgingLeg]:
    """Each hedging leg of a strategy on the last of the rows."""
    assert strategy.hedge is not None
    window = strategy.window or Window("36M")
    hedge = Hedge(strategy.hedge, window)
    last, loadings = rows.stop - 1, strategy.loadings(market)
    span = (str(market.dates[max(0, last - window.bars(market))]), str(market.dates[last]))
    legs = []
    for anchor, neutral in _against(strategy).items():
        for leg, ratios in hedge.ratios(market, anchor, neutral).items():
            known = ratios[rows][~np.isnan(ratios[rows])]
            (ratio,) = _known(ratios[last:][:1])
            legs.append(
                HedgingLeg(
                    part, leg, anchor, hedge.rule, window.text, *span, ratio, neutral[leg],
                    mean=float(known.mean()) if known.size else None,
                    low=float(known.min()) if known.size else None,
                    high=float(known.max()) if known.size else None,
                    loadings=_known(loadings[leg][last]),
                    anchor_loadings=_known(loadings[anchor][last]),
                )
            )  # fmt: skip
    return legs


def _against(strategy: HedgedTrade | Pair) -> dict[str, dict[str, float]]:
    """The legs that hedge each anchor, with their ratios at equal DV01."""
    if isinstance(strategy, Pair):
        return {strategy.long: {strategy.short: 1.0}}
    sides = strategy.multiples
    return {anchor: {leg: -sides[leg] / sides[anchor] for leg in legs} for anchor, legs in strategy.anchors.items()}


def _known(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
