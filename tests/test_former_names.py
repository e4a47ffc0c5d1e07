"""Names that moved: for one release the former one still works, and says what took its place."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from strategies.base import Invariants


@pytest.mark.parametrize(
    ("former", "current"),
    [
        ("data.bonds", "data.pricing.bonds"),
        ("data.history", "data.assemble"),
        ("backtests.runner", "backtests.runs.runner"),
        ("backtests.broker", "backtests.engine.backtrader_engine"),
        ("backtests.assumptions", "backtests.sensitivities"),
    ],
)
def test_a_module_that_moved_is_found_under_its_former_name(former, current):
    with pytest.warns(DeprecationWarning, match=f"{former} is now {current}"):
        module = importlib.import_module(former)
    assert module is importlib.import_module(current)
    assert module.__spec__.name == current


def test_classes_and_functions_that_were_renamed_warn():
    from strategies import base, signals

    with pytest.warns(DeprecationWarning, match="Laws is now Invariants"):
        assert base.Laws(impartial=True) == Invariants(symmetric=True)
    with pytest.warns(DeprecationWarning, match="now local_excess_returns"):
        assert signals.excess_returns is signals.local_excess_returns


def test_a_signalled_pair_of_ones_own_may_still_call_its_lookback_memory(market):
    from strategies.pairs import SignalledPair

    class Former(SignalledPair):
        def memory(self, market):
            return 7

        def signal(self, market):
            return np.ones(len(market.dates))

    class Without(SignalledPair):
        pass

    assert Former().warmup(market) == 7
    with pytest.raises(NotImplementedError, match="Without needs a method lookback_bars"):
        Without().warmup(market)
