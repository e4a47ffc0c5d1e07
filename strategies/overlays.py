"""What may be laid over any strategy: a target for its risk, caps, a smoother signal.

An overlay is a strategy around another. It is linear in the targets it is given, so what is laid over a blend is
laid over each of its components alike, and their sum stays the book.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from data.market import Market
from data.pricing.bonds import Array
from strategies.base import Lookback, Meaning, Strategy, Window, known
from strategies.signals import STILL, local_excess_returns
from strategies.sizing import duration_of, positive


@dataclass(frozen=True)
class Overlay:
    """A strategy around another."""

    inner: Strategy

    @property
    def legs(self) -> tuple[str, ...]:
        """The inner strategy's."""
        return self.inner.legs

    def warmup(self, market: Market) -> int:
        """The inner strategy's."""
        return self.inner.warmup(market)

    def applied(self, market: Market, weights: Array) -> Array:
        """Return targets (T, n), or a component of them, as this overlay leaves them."""
        raise NotImplementedError

    def targets(self, market: Market) -> Array:
        """Weights (T, n)."""
        return self.applied(market, self.inner.targets(market))


@dataclass(frozen=True)
class VolatilityTarget(Overlay):
    """Scale the whole book to one volatility: that of today's weights on the last returns, currency moves aside.

    Never more than `largest` times the inner strategy's weights; 0 where nothing moved.
    Moreira and Muir, J. Finance 72, 2017.
    """

    volatility: Annotated[float, "a year, 0.05 is 5 %", Meaning("what the book is scaled to")] = 0.05
    window: Annotated[Lookback, Meaning("history of returns that the book's volatility is taken from")] = Window("12M")
    largest: Annotated[float, "times the strategy's own weights", Meaning("most that weights are scaled by")] = 4.0

    def __post_init__(self) -> None:
        positive("volatility", self.volatility)
        positive("largest", self.largest)

    def warmup(self, market: Market) -> int:
        """One row more than the window has returns, if that is more."""
        return max(self.inner.warmup(market), self.window.bars(market) + 1)

    def applied(self, market: Market, weights: Array) -> Array:
        """Scale every row by one number."""
        return weights * self._scale(market)[:, None]

    def _scale(self, market: Market) -> Array:
        risk = _risk(market, self.legs, self.inner.targets(market), self.window.bars(market))
        risk = risk * np.sqrt(market.periods_per_year)
        scale = np.divide(self.volatility, risk, out=np.zeros(len(risk)), where=risk > STILL)
        return np.asarray(np.minimum(scale, self.largest))


def _risk(market: Market, legs: tuple[str, ...], weights: Array, n: int) -> Array:
    """Deviation (T,) of what each row's weights would have earned over the last n bars; 0 while a leg's are missing."""
    rows = len(market.dates)
    earned = np.zeros((max(rows - n + 1, 0), n))
    cold = np.zeros(len(earned), dtype=bool)
    for leg in legs:
        held = weights[n - 1 :, market.column(leg)]
        past = np.lib.stride_tricks.sliding_window_view(local_excess_returns(market, leg), n) if rows >= n else earned
        missing = np.isnan(past)
        cold |= missing.any(axis=1) & (held != 0.0)
        earned += held[:, None] * np.where(missing, 0.0, past)
    risk = np.zeros(rows)
    risk[n - 1 :] = np.where(cold, 0.0, earned.std(axis=1, ddof=1))
    return risk


@dataclass(frozen=True)
class GrossCap(Overlay):
    """Scale the whole book down where its weights, in absolute value, sum to more than `gross`."""

    gross: Annotated[float, "times equity", Meaning("largest sum of absolute weights")] = 5.0

    def __post_init__(self) -> None:
        positive("gross", self.gross)

    def applied(self, market: Market, weights: Array) -> Array:
        """Scale every row by one number, 1 at most."""
        return weights * _cap(np.abs(self.inner.targets(market)).sum(axis=1), self.gross)[:, None]


@dataclass(frozen=True)
class DurationCap(Overlay):
    """Scale the whole book down where its legs' years of duration, in absolute value, sum to more than `duration`."""

    duration: Annotated[
        float, "years of duration contribution", Meaning("largest sum, long and short legs added up")
    ] = 10.0

    def __post_init__(self) -> None:
        positive("duration", self.duration)

    def applied(self, market: Market, weights: Array) -> Array:
        """Scale every row by one number, 1 at most."""
        for leg in market.instruments:
            if leg.unmodelled:
                duration_of(market, leg.name)  # refuses one without
        years = np.abs(self.inner.targets(market) * np.nan_to_num(market.duration)).sum(axis=1)
        return weights * _cap(years, self.duration)[:, None]


def _cap(size: Array, most: float) -> Array:
    return np.divide(most, size, out=np.ones(len(size)), where=size > most)


@dataclass(frozen=True)
class Smooth(Overlay):
    """Hold the mean of the last targets over `window`, to trade less; legs that do not exist are not held.

    Rows on which what the targets rest on was not known are left out of the mean, not taken for flat ones.
    Gârleanu and Pedersen, J. Finance 68, 2013, on trading towards an aim.
    """

    window: Annotated[Lookback, Meaning("time over which targets are averaged")] = Window("3M")

    def warmup(self, market: Market) -> int:
        """As many rows more as the mean looks back."""
        return self.inner.warmup(market) + self.window.bars(market) - 1

    def applied(self, market: Market, weights: Array) -> Array:
        """Average each leg over the rows up to each; 0 while there are too few, and where a leg of the trade is not."""
        n = self.window.bars(market)
        mean = np.zeros_like(weights)
        if len(weights) >= n:
            available = known(self.inner, market)
            count = np.lib.stride_tricks.sliding_window_view(available, n).sum(axis=1)
            windows = np.lib.stride_tricks.sliding_window_view(weights * available[:, None], n, axis=0)
            mean[n - 1 :] = np.ascontiguousarray(windows).sum(axis=-1) / np.maximum(count, 1)[:, None]
        columns = [market.column(leg) for leg in self.legs]
        mean[~market.exists[:, columns].all(axis=1)] = 0.0
        return mean
