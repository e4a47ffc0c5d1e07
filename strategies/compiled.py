"""How our loops are compiled (numba), sums in numpy's own order, and the signals that are loops from row to row.

A loop is one source, run plain or compiled, and gives the same to the last bit. numba takes half a second to load, more
than the plain loops of any one run, so nothing loads it but `load` and `jit` (docs/decisions/0007-kernel.md). Windows
are not here: numpy adds them up as quickly (signals.py).
"""

from __future__ import annotations

import hashlib
import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from data.pricing.bonds import Array

STILL = 1e-12  # a deviation below this is rounding, not movement
BLOCK = 128  # numpy adds up to so many numbers in eight strands, and halves what is longer
STACK = (4, 64)  # of sums over long rows: 64 halvings go beyond any

# ---- how a loop is compiled


def jit(
    functions: Sequence[Callable[..., Any]],
    entry: Callable[..., Any],
    names: Mapping[str, object],
    modules: Sequence[ModuleType] = (),
) -> Any:
    """Return a compiled copy of `entry`; where it and `functions` call each other, or `names`, the copies do.

    It drops the GIL, and is kept on disk in a file named after the text of all modules that went into it, those of
    `modules` too: where a word of them changes it is compiled anew.
    """
    import numba

    texts = {inspect.getmodule(function) for function in functions} | {*modules, sys.modules[__name__]}
    files = sorted({str(module.__file__) for module in texts if module})
    digest = hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()[:16]
    copies, scope = [], dict(names)
    for function in functions:
        assert isinstance(function, FunctionType)
        name = function.__name__
        copy = FunctionType(function.__code__, dict(function.__globals__), name, function.__defaults__)
        copy.__module__, copy.__qualname__ = function.__module__, f"{name}_{digest}"
        options: dict[str, Any] = {"error_model": "numpy"}
        options |= {"nogil": True} if function is entry else {"forceinline": True}
        scope[name] = numba.njit(copy, **options)
        copies.append(copy)
    for copy in copies:
        copy.__globals__.update(scope)
    _keep(scope[entry.__name__])
    return scope[entry.__name__]


def _keep(function: Any) -> None:
    """Keep what is compiled on disk, beside the source or in the user's cache; where neither is writable, do not."""
    try:
        function.enable_caching()
    except RuntimeError:
        return


def kept(function: Any) -> bool:
    """Whether a compiled function is ready, in this process or on disk, so that calling it compiles nothing."""
    index = getattr(getattr(function._cache, "_cache_file", None), "_index_path", None)
    return bool(function.signatures) or (index is not None and Path(index).exists())


# ---- sums, in numpy's own order


def total(values: Array, start: int, count: int, stack: Array) -> float:
    """Sum of `count` values from `start` on, added in the order in which numpy adds a contiguous row.

    What is longer than a block is the sum of its halves, each summed likewise. No recursion, which numba cannot keep
    on disk: `stack (4, 64)` holds where a part starts, its length, how many of its halves are summed, and the
    sum of the left one.
    """
    if count <= BLOCK:
        return block(values, start, count)
    depth, result = 0, 0.0
    stack[0, 0], stack[1, 0], stack[2, 0] = start, count, 0.0
    while depth >= 0:
        first, long = int(stack[0, depth]), int(stack[1, depth])
        half = long // 2 - long // 2 % 8
        if long <= BLOCK:
            result = block(values, first, long)
            depth -= 1
        elif stack[2, depth] == 0.0:
            stack[2, depth] = 1.0
            depth += 1
            stack[0, depth], stack[1, depth], stack[2, depth] = first, half, 0.0
        elif stack[2, depth] == 1.0:
            stack[2, depth], stack[3, depth] = 2.0, result
            depth += 1
            stack[0, depth], stack[1, depth], stack[2, depth] = first + half, long - half, 0.0
        else:
            result = stack[3, depth] + result
            depth -= 1
    return result


def block(values: Array, start: int, count: int) -> float:
    """Sum of at most 128 values: eight strands, then what is left over."""
    if count < 8:
        few = -0.0
        for k in range(start, start + count):
            few += values[k]
        return few
    a, b, c, d = values[start], values[start + 1], values[start + 2], values[start + 3]
    e, f, g, h = values[start + 4], values[start + 5], values[start + 6], values[start + 7]
    whole = count - count % 8
    for k in range(start + 8, start + whole, 8):
        a += values[k]
        b += values[k + 1]
        c += values[k + 2]
        d += values[k + 3]
        e += values[k + 4]
        f += values[k + 5]
        g += values[k + 6]
        h += values[k + 7]
    result: float = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for k in range(start + whole, start + count):
        result += values[k]
    return result


def mean_of(values: Array, start: int, count: int, stack: Array) -> float:
    """Mean of `count` values from `start` on."""
    return total(values, start, count, stack) / count


ARITHMETIC = (total, block, mean_of)


# ---- signals: (T,) values in, (T,) result out, which is NaN to begin with


def expanding_score(values: Array, result: Array, least: int) -> None:
    """Distance of each value from the mean of all known so far, in their deviations (Welford, Technometrics, 1962)."""
    count, mean, squares = 0, 0.0, 0.0
    for t in range(len(values)):
        if math.isnan(values[t]):
            continue
        count += 1
        apart = values[t] - mean
        mean += apart / count
        squares += apart * (values[t] - mean)
        if count >= max(least, 2):
            deviation = math.sqrt(squares / (count - 1))
            result[t] = (values[t] - mean) / deviation if deviation > STILL else 0.0


def hysteresis(score: Array, result: Array, enter: float, leave: float) -> None:
    """Sign of a score from where it passes `enter` until it falls back within `leave`."""
    held = 0.0
    for t in range(len(score)):
        value = score[t]
        if math.isnan(value):
            held = 0.0
            continue
        if held * value <= leave:  # back within, or across
            held = 0.0
        if abs(value) > enter:
            held = math.copysign(1.0, value) if value != 0.0 else 0.0
        result[t] = held


SIGNALS = (expanding_score, hysteresis)


@cache
def load() -> Mapping[str, Callable[..., None]]:
    """Load numba: from here on the signals run compiled, each compiled, or read from disk, when it is first called."""
    return {signal.__name__: jit((signal,), signal, {}) for signal in SIGNALS}


def scanned(signal: Callable[..., None], values: Array, *parameters: float) -> Array:
    """Return a signal (T,) of values: compiled once `load` was called, else on plain numbers, quicker than elements."""
    if load.cache_info().currsize:
        result = np.full(len(values), np.nan)
        load()[signal.__name__](np.array(values, dtype=np.float64), result, *parameters)
        return result
    numbers = [math.nan] * len(values)
    signal(values.tolist(), numbers, *parameters)
    return np.array(numbers)
