"""How often what is said of one variant is true, by simulation: results in one_variant.txt.

Histories of months of one process: independent normal, autocorrelated, Student's t of 5 degrees, and GARCH(1, 1).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from backtests.performance import inference
from backtests.performance.bootstrap import largest_drawdown
from tests.records import MONTHLY, fat_tailed, normal

HISTORIES = {"drawdown": 600, "probability": 2000, "ratio": 300}
BARS = (120, 320)


def autocorrelated(rho: float):
    def shocks(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        fresh = rng.normal(size=(*shape[:-1], shape[-1] + 50)) * math.sqrt(1 - rho**2)
        return lfilter([1.0], [1.0, -rho], fresh, axis=-1)[..., 50:]

    return shocks


def clustered(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """GARCH(1, 1) of 0.1 and 0.85, of variance 1."""
    fresh = rng.normal(size=(shape[-1] + 200, *shape[:-1]))
    moves, variance = np.empty_like(fresh), np.ones(shape[:-1])
    for t, shock in enumerate(fresh):
        moves[t] = np.sqrt(variance) * shock
        variance = 0.05 + 0.1 * moves[t] ** 2 + 0.85 * variance
    return np.moveaxis(moves[200:], 0, -1)


PROCESSES = {
    "normal": normal, "AR .2": autocorrelated(0.2), "AR .4": autocorrelated(0.4), "t5": fat_tailed, "GARCH": clustered
}  # fmt: skip


def drawdowns(shocks, bars: int, sharpe: float, histories: int = HISTORIES["drawdown"]) -> tuple[float, float]:
    """Share of fresh histories whose largest drawdown is in the range of another's, and beyond its larger end."""
    rng = np.random.default_rng(2026)
    own, fresh = 0.02 * (shocks(rng, (2, histories, bars)) + sharpe / math.sqrt(MONTHLY))
    ranges = [one.excess_drawdown for one in inference.together([(x, MONTHLY) for x in own], 1, draws=399)]
    low, high = (np.array([getattr(one, end) for one in ranges]) for end in ("low", "high"))
    depth = largest_drawdown(fresh)
    return float(((low <= depth) & (depth <= high)).mean()), float((depth > high).mean())


def probabilities(shocks, bars: int, histories: int = HISTORIES["probability"]) -> tuple[float, float]:
    """Share of noise that the probabilistic Sharpe ratio calls significant at 5 %, and that the plain one does."""
    noise = shocks(np.random.default_rng(2027), (histories, bars))
    own = [inference.probabilistic_sharpe(x, MONTHLY).probability for x in noise]
    return float(np.mean(np.array(own) >= 0.95)), float(np.mean(np.array([plain(x) for x in noise]) >= 0.95))


def plain(x: np.ndarray) -> float:
    """The probability by moments alone, as of bars that have nothing to do with each other."""
    z = (x - x.mean()) / x.std()
    return inference.above(x.mean() / x.std(ddof=1), 0.0, len(x), float((z**3).mean()), float((z**4).mean()))


def ratios(shocks, moves: int, paired: bool, histories: int = HISTORIES["ratio"]) -> float:
    """Share of intervals of a ratio of volatilities that hold the truth, 1.5; paired moves correlate by .5."""
    rng = np.random.default_rng(2028)
    a, b = shocks(rng, (2, histories, moves))
    kind = "paired" if paired else "separate"
    b = 0.5 * a + math.sqrt(0.75) * b if paired else b
    found = [inference.volatility_ratio(1.5 * x, y, 1, kind, draws=399) for x, y in zip(a, b, strict=True)]
    return float(np.mean([one.low <= 1.5 <= one.high for one in found]))


def lines():
    yield "drawdown: process, bars, Sharpe ratio: share of fresh histories in the range, beyond its larger end"
    for name, shocks in PROCESSES.items():
        for bars in BARS:
            for sharpe in (0.0, 0.5):
                inside, beyond = drawdowns(shocks, bars, sharpe)
                yield f"{name:6} {bars} {sharpe}: {inside:.3f} {beyond:.3f}"
    yield "probabilistic Sharpe ratio: process, bars: share of noise significant at 5 %, by the plain error"
    for name, shocks in PROCESSES.items():
        for bars in BARS:
            own, moments = probabilities(shocks, bars)
            yield f"{name:6} {bars}: {own:.3f} {moments:.3f}"
    yield "ratio of volatilities: process, moves: share of intervals that hold the truth, paired, separate"
    for name, shocks in PROCESSES.items():
        for moves in (60, 120, 320):
            yield f"{name:6} {moves}: {ratios(shocks, moves, True):.3f} {ratios(shocks, moves, False):.3f}"


if __name__ == "__main__":
    written = []
    for line in lines():
        print(line, flush=True)
        written.append(line)
    Path(__file__).with_suffix(".txt").write_text("\n".join(written) + "\n", encoding="utf-8")
