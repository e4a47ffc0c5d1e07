"""Made-up records of returns, and their errors worked out the long way."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from scipy.signal import lfilter

MONTHLY = 12.0
NORMAL = NormalDist()


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(size=shape)


def fat_tailed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Student's t of 5 degrees, of variance 1."""
    return rng.standard_t(5, size=shape) / math.sqrt(5 / 3)


def persistent(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """AR(1) of 0.4, of variance 1."""
    shocks = rng.normal(size=(*shape[:-1], shape[-1] + 50)) * math.sqrt(1 - 0.4**2)
    return lfilter([1.0], [1.0, -0.4], shocks, axis=-1)[..., 50:]


def noise(seed: int, *shape: int) -> np.ndarray:
    return 0.02 * np.random.default_rng(seed).normal(size=shape)


def autocorrelation(u: np.ndarray) -> float:
    u = u - u.mean()
    return float((u[1:] * u[:-1]).sum() / (u**2).sum())


def plain_variance(u: np.ndarray, block: float) -> float:
    """The stationary bootstrap's long-run variance in plain sums over lags, as the papers write it."""
    u = u - u.mean()
    n = len(u)
    total = (u**2).sum() / n
    for lag in range(1, n):
        total += 2 * (1 - lag / n) * (1 - 1 / block) ** lag * (u * np.roll(u, -lag)).sum() / n
    return float(total)


def plain_error(u: np.ndarray, block: float, rho: float | None = None) -> float:
    """The prewhitened standard error; `rho` is the autocorrelation it takes, else the record's own."""
    u = u - u.mean()
    rho = autocorrelation(u) if rho is None else rho
    return math.sqrt(plain_variance(u[1:] - rho * u[:-1], block) / len(u)) / (1 - rho)
