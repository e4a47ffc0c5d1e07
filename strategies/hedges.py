"""How much of the other legs stands against a trade's anchor: equal DV01, by regression, or by principal components.

A ratio is years of duration, which is DV01, of a hedging leg per year of the anchor, positive where they are opposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Window
from strategies.signals import STILL, rolling_covariance, yield_moves

Rule = Literal["dv01", "beta", "pca"]
RULES: tuple[Rule, ...] = ("dv01", "beta", "pca")
WINDOW = Window("36M")
LARGEST = 3.0  # times the DV01-neutral ratio
VANISHED = 1e-6  # a component whose deviation is less than that of the first times this is rounding, not movement


@dataclass(frozen=True)
class Hedge:
    """One of three rules, and the history that two of them estimate from.

    `dv01`: nothing is left of a parallel shift. `beta`: the anchor's yield changes are regressed on those of the
    hedging legs, jointly, so that what is left has no beta to them. `pca`: flat to as many principal components of the
    curves as there are hedging legs: to level, or level and slope (Litterman and Scheinkman, J. Fixed Income 1, 1991).
    """

    rule: Rule
    window: Window = WINDOW

    def warmup(self, market: Market) -> int:
        """One row more than the window has changes; no history for `dv01`."""
        return 1 if self.rule == "dv01" else self.window.bars(market) + 1

    def ratios(self, market: Market, anchor: str, neutral: Mapping[str, float]) -> dict[str, Array]:
        """Ratio (T,) of each hedging leg, from its DV01-neutral one; NaN while cold or where a leg stands still.

        Held between 0 and three times the neutral ratio. What the window does not determine (hedging legs that move as
        one, a component that vanishes) stays as near to the neutral ratios as the rest allows.
        """
        start = np.array(list(neutral.values()))
        if self.rule == "dv01":
            return {leg: np.full(len(market.dates), ratio) for leg, ratio in neutral.items()}
        legs = (anchor, *neutral)
        covariance = rolling_covariance(_moves(market, legs), self.window.bars(market))
        if self.rule == "beta":
            sides, wanted, least = covariance[:, 1:, 1:], covariance[:, 1:, 0], VANISHED**2
        else:
            loadings, deviations = components(market, legs, self.window, len(neutral))
            weighted = (loadings * deviations[:, None, :]).transpose(0, 2, 1)  # (T, components, legs)
            sides, wanted, least = weighted[:, :, 1:], weighted[:, :, 0], VANISHED
        moved = (np.diagonal(covariance, axis1=1, axis2=2) > STILL**2).all(axis=1)
        known = np.flatnonzero(moved & ~np.isnan(wanted).any(axis=1))
        ratios = np.full((len(market.dates), len(start)), np.nan)
        left = (wanted[known] - sides[known] @ start)[:, :, None]
        solved = start + (np.linalg.pinv(sides[known], rcond=least) @ left)[:, :, 0]
        ratios[known] = np.clip(solved, 0.0, LARGEST * start)
        return dict(zip(neutral, ratios.T, strict=True))


def components(market: Market, legs: Sequence[str], window: Window, count: int) -> tuple[Array, Array]:
    """Loadings (T, legs, count) of the first principal components, and their deviations (T, count), decimals a bar.

    Of the covariance of yield changes of all tenors that the legs' curves quoted over the whole window, a component of
    length 1 over the tenors, positive in sum. A leg's loading is its beta to the component: at a tenor the tenor's,
    between two the straight line, as its yield is. NaN while the window is not full; 0 for a component that vanishes.
    """
    curves = dict.fromkeys(str(market.instruments[market.column(leg)].curve) for leg in legs)
    own = _moves(market, legs)  # refuses cash
    tenors = np.hstack([np.diff(market.curves[name].yields, axis=0, prepend=np.nan) for name in curves])
    covariance = rolling_covariance(np.hstack([tenors, own]), window.bars(market))
    known = ~np.isnan(np.diagonal(covariance, axis1=1, axis2=2))
    loadings = np.full((len(own), len(legs), count), np.nan)
    deviations = np.full((len(own), count), np.nan)
    k = tenors.shape[1]
    warm = known[:, k:].all(axis=1)
    for quoted in np.unique(known[warm, :k], axis=0):
        rows = np.flatnonzero(warm & (known[:, :k] == quoted).all(axis=1))
        at, of_legs = np.flatnonzero(quoted), np.arange(k, known.shape[1])
        variances, vectors = np.linalg.eigh(covariance[np.ix_(rows, at, at)])
        first = vectors[:, :, ::-1][:, :, :count]
        first = first * np.where(first.sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
        variance = variances[:, ::-1][:, :count]
        alive = variance > VANISHED**2 * variance[:, :1]
        across = covariance[np.ix_(rows, of_legs, at)] @ first
        loading = np.divide(across, variance[:, None, :], out=np.zeros_like(across), where=alive[:, None, :])
        loadings[rows, :, : loading.shape[2]] = loading
        deviations[rows, : variance.shape[1]] = np.sqrt(np.where(alive, variance, 0.0))
        loadings[rows, :, loading.shape[2] :] = deviations[rows, variance.shape[1] :] = 0.0
    return loadings, deviations


def _moves(market: Market, legs: Sequence[str]) -> Array:
    """Changes (T, legs) of their par yields over each bar."""
    return np.column_stack([yield_moves(market, leg) for leg in legs])
