"""A bank of signals: the same values, worked out once, and only while it is there."""

from __future__ import annotations

import numpy as np
import pytest

from strategies.shared import Bank, shared, sharing
from strategies.signals import rolling_score
from tests.registry import REGISTERED

CALLS: list[object] = []


@shared
def doubled(values: np.ndarray, times: float = 2.0) -> np.ndarray:
    CALLS.append(times)
    return values * times


@pytest.fixture(autouse=True)
def _fresh():
    CALLS.clear()


def test_a_bank_answers_what_it_was_asked_before_and_nothing_else():
    values = np.arange(5.0)
    with sharing(Bank()):
        first = doubled(values)
        assert doubled(values.copy()) is first
        assert doubled(values, 3.0)[1] == 3.0
        assert doubled(values, times=3.0)[1] == 3.0
        assert doubled(values + 1)[0] == 2.0
    assert len(CALLS) == 4
    assert doubled(values) is not doubled(values)


def test_numbers_that_are_equal_and_of_another_kind_are_not_the_same():
    with sharing(Bank()):
        assert doubled(np.arange(3), 1.0).dtype != doubled(np.arange(3), 1).dtype


def test_what_comes_out_of_a_bank_cannot_be_changed():
    with sharing(Bank()), pytest.raises(ValueError, match="read-only"):
        doubled(np.arange(3.0))[0] = 1.0


def test_a_bank_forgets_the_oldest_where_it_is_full():
    bank = Bank(most=3 * 8 * 100)
    with sharing(bank):
        for k in range(10):
            doubled(np.full(100, float(k)))
        assert len(bank) == 3
        doubled(np.full(100, 9.0))
        assert len(CALLS) == 10
        doubled(np.full(100, 0.0))
        assert len(CALLS) == 11


def test_what_has_no_hash_is_worked_out_each_time():
    with sharing(Bank()):
        for _ in range(2):
            assert doubled(np.ones(2), [1.0, 2.0]).tolist() == [1.0, 2.0]  # type: ignore[arg-type]
    assert len(CALLS) == 2


@pytest.mark.parametrize("name", REGISTERED)
def test_every_strategy_comes_to_the_same_with_a_bank(market, name):
    strategy = REGISTERED[name]
    plain = strategy.targets(market)
    with sharing(Bank()):
        assert np.array_equal(strategy.targets(market), plain)
        assert np.array_equal(strategy.targets(market), plain)


def test_scores_of_different_windows_are_kept_apart():
    values = np.random.default_rng(0).normal(size=50)
    with sharing(Bank()):
        assert not np.array_equal(rolling_score(values, 5), rolling_score(values, 6), equal_nan=True)
