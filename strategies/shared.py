"""Signals worked out once for all that ask for the same: a bank that is there while many variants are made.

Outside `sharing` nothing is kept. Arrays are known by their content, markets by being the same one; what comes out of a
bank is read-only.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from data.market import Market

MOST = 2**27  # bytes of results kept: the oldest make way
SMALL = 512  # bytes that a result without arrays counts for

P = ParamSpec("P")
R = TypeVar("R")


class Bank:
    """Results by what they are of, the latest used last."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._held = most, 0
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._markets: dict[int, Market] = {}  # kept, so that no other takes its place

    def __len__(self) -> int:
        return len(self._results)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the result of a key, made now where there is none."""
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key]
        result = self._results[key] = _fixed(make())
        self._held += _size(result)
        while self._held > self._most and len(self._results) > 1:
            _, oldest = self._results.popitem(last=False)
            self._held -= _size(oldest)
        return result

    def key(self, value: Any) -> Hashable:
        """Return what a value is known by."""
        if isinstance(value, np.ndarray):
            return value.shape, hashlib.blake2b(np.ascontiguousarray(value).data, digest_size=16).digest()
        if isinstance(value, Market):
            self._markets[id(value)] = value
            return id(value)
        return type(value), value


def _fixed(result: Any) -> Any:
    if isinstance(result, np.ndarray):
        result.flags.writeable = False
    return result


def _size(result: Any) -> int:
    return result.nbytes if isinstance(result, np.ndarray) else SMALL


_BANK: ContextVar[Bank | None] = ContextVar("bank", default=None)


@contextmanager
def sharing(bank: Bank) -> Iterator[Bank]:
    """Take from a bank, and add to it, what `shared` functions are asked for inside."""
    token = _BANK.set(bank)
    try:
        yield bank
    finally:
        _BANK.reset(token)


def shared(function: Callable[P, R]) -> Callable[P, R]:
    """Let a pure function of arrays, markets and plain values be worked out once while a bank is there."""

    @wraps(function)
    def asked(*args: P.args, **named: P.kwargs) -> R:
        bank = _BANK.get()
        if bank is None:
            return function(*args, **named)
        try:
            key = (function.__qualname__, *map(bank.key, args), *((name, bank.key(named[name])) for name in named))
            hash(key)
        except TypeError:  # something of it has no hash
            return function(*args, **named)
        result: R = bank.get(key, lambda: function(*args, **named))
        return result

    return asked
