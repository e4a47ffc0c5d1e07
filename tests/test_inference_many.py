"""Significance of several variants: one against another, and the best of many."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from scipy.signal import lfilter

from backtests.performance import bootstrap, inference, metrics, refusals, selection
from tests.records import MONTHLY, fat_tailed, noise, normal, persistent


@pytest.fixture
def record() -> np.ndarray:
    """Ten years of months, a Sharpe ratio of about a half, skewed and fat-tailed."""
    rng = np.random.default_rng(11)
    return 0.003 + 0.02 * fat_tailed(rng, (120,)) - 0.004 * (rng.exponential(size=120) - 1)


# ---- comparisons


def test_better_intervals_hold_the_true_difference_as_often_as_they_say():
    histories = 400
    rng = np.random.default_rng(31)
    shared = normal(rng, (histories, 160))
    a = 0.02 * (0.8 * shared + 0.6 * persistent(rng, (histories, 160)) + 0.6 / math.sqrt(12))
    b = 0.01 * (0.8 * shared + 0.6 * normal(rng, (histories, 160)) + 0.2 / math.sqrt(12))
    found = [selection.better(x, y, MONTHLY, i, draws=199) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    tolerance = 3 * math.sqrt(0.95 * 0.05 / histories)
    mean = (0.02 * 0.6 - 0.01 * 0.2) * math.sqrt(12)
    for truth, ranges in ((0.4, [f.sharpe for f in found]), (mean, [f.excess_return for f in found])):
        share = np.mean([one.low <= truth <= one.high for one in ranges])
        assert share == pytest.approx(0.95, abs=tolerance)


def test_pairing_cancels_what_two_books_share():
    shared = noise(1, 240)
    x, y = shared + 0.1 * noise(2, 240) + 0.001, shared + 0.1 * noise(3, 240)
    paired = selection.better(x, y, MONTHLY, 1).sharpe
    alone = inference.intervals(x, MONTHLY, 1).sharpe
    assert paired.high - paired.low < 0.4 * (alone.high - alone.low)
    assert paired.value == pytest.approx(metrics.sharpe(x, MONTHLY) - metrics.sharpe(y, MONTHLY), rel=1e-9)


def test_swapping_two_books_turns_the_comparison_round(record):
    y = noise(2, 120)
    there, back = selection.better(record, y, MONTHLY, 1), selection.better(y, record, MONTHLY, 1)
    assert there.sharpe.low == pytest.approx(-back.sharpe.high, rel=1e-9)
    assert there.excess_return.high == pytest.approx(-back.excess_return.low, rel=1e-9)
    assert there.ahead_sharpe == pytest.approx(1 - back.ahead_sharpe, abs=1e-12)
    assert there.ahead_return > 0.5


def test_twice_the_size_is_more_return_at_the_same_sharpe_ratio(record):
    found = selection.better(2 * record, record, MONTHLY, 1, draws=99)
    assert found.excess_return.value == pytest.approx(record.mean() * 12, rel=1e-9)
    assert found.excess_return.low is not None
    assert (found.sharpe.low, found.ahead_sharpe, found.sharpe.reason) == (None, None, refusals.CONSTANT)


# ---- blocks and rows


@pytest.mark.parametrize("bars", [36, 60, 321, 1000])
@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.5, 0.9])
def test_blocks_are_those_of_arch(bars, rho):
    from arch.bootstrap import optimal_block_length

    shocks = np.random.default_rng(bars).normal(size=(6, bars))
    columns = lfilter([1.0], [1.0, -rho], shocks, axis=1).T
    theirs = optimal_block_length(columns)["stationary"].to_numpy()
    assert bootstrap.block_lengths(columns) == pytest.approx(np.maximum(theirs, 1.0), rel=1e-12)


@pytest.mark.parametrize("block", [1.0, 1.7, 6.3, 200.0])
def test_rows_drawn_are_those_of_arch(block, monkeypatch):
    from arch.bootstrap import StationaryBootstrap

    monkeypatch.setattr(bootstrap, "BATCH", 400)  # three draws at a time
    theirs = StationaryBootstrap(block, np.empty(120), seed=4)
    drawn = np.concatenate(list(bootstrap.resamples(120, block, 4, 7)))
    expected = [theirs.update_indices() for _ in range(7)]
    assert np.array_equal(drawn, expected)
    import numba  # noqa: F401  # loaded, the rows are chained by compiled code

    assert np.array_equal(np.concatenate(list(bootstrap.resamples(120, block, 4, 7))), expected)
    monkeypatch.delitem(sys.modules, "numba")
    assert np.array_equal(np.concatenate(list(bootstrap.resamples(120, block, 4, 7))), expected)
