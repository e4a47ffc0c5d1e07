"""Signals compiled by numba, and how any of our loops is compiled: equal to their plain forms to the last bit.

numba costs half a second to load and seconds to compile for the first time on a machine, so nothing here loads it
before `load` is called or the work is large enough to pay for it (docs/decisions/0007-kernel.md).
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from data.pricing.bonds import Array

STILL = 1e-12  # a deviation below this is rounding, not movement
WORTH = 2**27  # elements of all windows together: numpy takes half a second for them, as long as numba takes to load
BLOCK = 128  # numpy adds up to so many numbers in eight strands, and halves what is longer
STACK = (4, 64)  # room for as many halvings


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
        options = {"nogil": True} if function is entry else {"forceinline": True}
        scope[name] = numba.njit(copy, error_model="numpy", **options)
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


# ---- sums, in numpy's own order


def total(values: Array, start: int, count: int, room: Array) -> float:
    """Sum of `count` values from `start` on, added in the order in which numpy adds a contiguous row.

    What is longer than a block is the sum of its halves, each summed likewise. No recursion, which numba cannot keep
    on disk: `room (4, 64)` is the stack, of where a part starts, its length, whether its left half is summed, and that sum.
    """
    if count <= BLOCK:
        return block(values, start, count)
    depth, result = 0, 0.0
    room[0, 0], room[1, 0], room[2, 0] = start, count, 0.0
    while depth >= 0:
        first, long = int(room[0, depth]), int(room[1, depth])
        half = long // 2 - long // 2 % 8
        if long <= BLOCK:
            result = block(values, first, long)
            depth -= 1
        elif room[2, depth] == 0.0:
            room[2, depth] = 1.0
            depth += 1
            room[0, depth], room[1, depth], room[2, depth] = first, half, 0.0
        elif room[2, depth] == 1.0:
            room[2, depth], room[3, depth] = 2.0, result
            depth += 1
            room[0, depth], room[1, depth], room[2, depth] = first + half, long - half, 0.0
        else:
            result = room[3, depth] + result
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
    result = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for k in range(start + whole, start + count):
        result += values[k]
    return result


def mean_of(values: Array, start: int, count: int, room: Array) -> float:
    """Mean of `count` values from `start` on."""
    return total(values, start, count, room) / count


def deviation_of(values: Array, start: int, count: int, mean: float, squares: Array, room: Array) -> float:
    """Sample standard deviation, ddof 1, of `count` values about their mean; `squares` holds as many."""
    for k in range(count):
        apart = values[start + k] - mean
        squares[k] = apart * apart
    return np.sqrt(total(squares, 0, count, room) / (count - 1))


# ---- signals: (T,) in, (T,) out, NaN while the window is not full


def rolling_deviation(values: Array, n: int) -> Array:
    """As `signals.rolling_deviation`."""
    result, squares = np.full(len(values), np.nan), np.empty(n)
    room = np.empty(STACK)
    for start in range(len(values) - n + 1):
        deviation = deviation_of(values, start, n, mean_of(values, start, n, room), squares, room)
        result[start + n - 1] = 0.0 if deviation < STILL else deviation
    return result


def rolling_score(values: Array, n: int) -> Array:
    """As `signals.rolling_score`."""
    result, squares = np.full(len(values), np.nan), np.empty(n)
    room = np.empty(STACK)
    for start in range(len(values) - n + 1):
        mean = mean_of(values, start, n, room)
        deviation = deviation_of(values, start, n, mean, squares, room)
        if deviation > STILL:
            result[start + n - 1] = (values[start + n - 1] - mean) / deviation
        elif deviation <= STILL:
            result[start + n - 1] = 0.0
    return result


def rolling_sum(values: Array, n: int) -> Array:
    """As the sums that `signals.momentum` rests on."""
    result, room = np.full(len(values), np.nan), np.empty(STACK)
    for start in range(len(values) - n + 1):
        result[start + n - 1] = total(values, start, n, room)
    return result


def rolling_beta(values: Array, on: Array, n: int) -> Array:
    """As `signals.rolling_beta`."""
    result, squares, products = np.full(len(values), np.nan), np.empty(n), np.empty(n)
    room = np.empty(STACK)
    for start in range(len(values) - n + 1):
        mean = mean_of(on, start, n, room)
        for k in range(n):
            apart = on[start + k] - mean
            squares[k] = apart * apart
            products[k] = apart * values[start + k]
        variance = total(squares, 0, n, room)
        if variance > n * STILL**2:
            result[start + n - 1] = total(products, 0, n, room) / variance
    return result


def expanding_score(values: Array, least: int) -> Array:
    """As `signals.expanding_score`."""
    result = np.full(len(values), np.nan)
    count, mean, squares = 0, 0.0, 0.0
    for t in range(len(values)):
        if np.isnan(values[t]):
            continue
        count += 1
        apart = values[t] - mean
        mean += apart / count
        squares += apart * (values[t] - mean)
        if count >= max(least, 2):
            deviation = np.sqrt(squares / (count - 1))
            result[t] = (values[t] - mean) / deviation if deviation > STILL else 0.0
    return result


def hysteresis(score: Array, enter: float, leave: float) -> Array:
    """As `signals.hysteresis`."""
    result = np.full(len(score), np.nan)
    held = 0.0
    for t in range(len(score)):
        value = score[t]
        if np.isnan(value):
            held = 0.0
            continue
        if held * value <= leave:  # back within, or across
            held = 0.0
        if abs(value) > enter:
            held = np.sign(value)
        result[t] = held
    return result


ARITHMETIC = (total, block, mean_of, deviation_of)
SIGNALS = (rolling_deviation, rolling_score, rolling_sum, rolling_beta, expanding_score, hysteresis)


@cache
def load() -> Mapping[str, Callable[..., Array]]:
    """Load numba and return the signals by name; each is compiled, or read from disk, when it is first called."""
    return {signal.__name__: jit((*ARITHMETIC, signal), signal, {}) for signal in SIGNALS}
