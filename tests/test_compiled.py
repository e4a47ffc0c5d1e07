"""Compiled loops equal plain ones, sums are numpy's own, and windows give the same however they are cut."""

from __future__ import annotations

import numpy as np
import pytest

from strategies import compiled, signals

LENGTHS = (0, 1, 2, 7, 8, 9, 15, 16, 17, 127, 128, 129, 135, 136, 255, 256, 257, 300, 1000, 5039, 17_000, 100_003)


def series(rows: int, gaps: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(0, 1, rows)) * 10.0 ** rng.integers(-3, 3)
    values[rng.random(rows) < gaps] = np.nan
    return values


def rounded_scores(values: np.ndarray) -> np.ndarray:
    return np.round(values / (np.nanstd(values) + 1e-9), 1)


@pytest.fixture
def plainly(monkeypatch):
    """Signals as they run before numba is loaded."""

    def run(signal, *arguments):
        with monkeypatch.context() as patch:
            patch.setattr(compiled, "load", _NotLoaded)
            return signal(*arguments)

    return run


class _NotLoaded:
    @staticmethod
    def cache_info():
        return type("Info", (), {"currsize": 0})


@pytest.mark.parametrize("count", LENGTHS)
@pytest.mark.parametrize("start", [0, 3])
def test_a_sum_is_numpys_to_the_last_bit(count, start):
    values = np.random.default_rng(count).normal(0, 1, count + start) * 1e3
    assert compiled.total(values, start, count, np.empty(compiled.STACK)) == values[start:].sum()
    if count:
        assert compiled.mean_of(values, start, count, np.empty(compiled.STACK)) == values[start:].mean()


def test_a_sum_of_something_unknown_is_unknown():
    values = series(300)
    values[200] = np.nan
    assert np.isnan(compiled.total(values, 0, 300, np.empty(compiled.STACK)))


@pytest.mark.parametrize("gaps", [0.0, 0.1, 0.9, 1.0])
@pytest.mark.parametrize("rows", [0, 1, 2, 40, 700])
def test_loops_give_the_same_compiled_and_plain(plainly, rows, gaps):
    compiled.load()
    for seed in range(5):
        values = series(rows, gaps, seed)
        score = rounded_scores(values) if rows and not np.isnan(values).all() else values
        for least in (1, 2, 10):
            first = signals.expanding_score(values, least)
            assert first.tobytes() == plainly(signals.expanding_score, values, least).tobytes()
        for enter, leave in ((1.0, 0.2), (0, 0), (0.5, 0.5), (2.0, -1.0)):
            first = signals.hysteresis(score, enter, leave)
            assert first.tobytes() == plainly(signals.hysteresis, score, enter, leave).tobytes()


def test_what_was_given_is_not_changed_and_may_be_read_only(plainly):
    compiled.load()
    values = series(50, 0.2)
    before = values.copy()
    values.flags.writeable = False
    for signal, arguments in ((signals.expanding_score, (5,)), (signals.hysteresis, (1.0, 0.2))):
        first = signal(values, *arguments)
        assert first.tobytes() == signal(before[::1], *arguments).tobytes()
        assert first.tobytes() == plainly(signal, np.repeat(values, 2)[::2], *arguments).tobytes()
    np.testing.assert_array_equal(values, before)


def test_an_unknown_value_has_no_score_and_ends_a_position():
    compiled.load()
    values = series(60)
    values[30] = np.nan
    assert np.isnan(signals.expanding_score(values, 5)).tolist() == [t < 4 or t == 30 for t in range(60)]
    held = signals.hysteresis(np.array([2.0, 0.5, np.nan, 0.5, -2.0]), 1.0, 0.0)
    np.testing.assert_array_equal(held, [1.0, 1.0, np.nan, 0.0, -1.0])


SIGNALS = {
    "score": lambda x: signals.rolling_score(x, 36),
    "deviation": lambda x: signals.rolling_deviation(x, 36),
    "beta": lambda x: signals.rolling_beta(x, np.sin(np.arange(len(x))), 36),
    "momentum": lambda x: signals.momentum(x, 20, 36),
    "expanding": lambda x: signals.expanding_score(x, 10),
    "hysteresis": lambda x: signals.hysteresis(x / 3.0, 1.0, 0.2),
}


@pytest.mark.parametrize("gaps", [0.0, 0.02])
@pytest.mark.parametrize("name", SIGNALS)
def test_the_past_does_not_depend_on_the_future(name, gaps):
    compiled.load()
    values = series(300, gaps)
    whole = SIGNALS[name](values)
    assert not np.isnan(whole).all()
    for rows in (1, 35, 36, 37, 150, 299):
        assert SIGNALS[name](values[:rows]).tobytes() == whole[:rows].tobytes()


@pytest.mark.parametrize("name", ["score", "deviation", "beta", "momentum"])
def test_windows_give_the_same_however_they_are_cut(monkeypatch, name):
    values = series(500, 0.003)
    whole = SIGNALS[name](values)
    for size in (1, 36, 37, 1000):
        monkeypatch.setattr(signals, "BLOCK", size)
        assert SIGNALS[name](values).tobytes() == whole.tobytes()


def test_windows_are_those_of_numpy_all_at_once():
    values, on = series(400), series(400, seed=1)
    windows = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(values, 129))
    others = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(on, 129))
    score = (values[128:] - windows.mean(axis=1)) / windows.std(axis=1, ddof=1)
    assert signals.rolling_score(values, 129)[128:].tobytes() == score.tobytes()
    apart = others - others.mean(axis=1, keepdims=True)
    beta = (apart * windows).sum(axis=1) / (apart * apart).sum(axis=1)
    assert signals.rolling_beta(values, on, 129)[128:].tobytes() == beta.tobytes()
