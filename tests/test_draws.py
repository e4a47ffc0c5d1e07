"""Figures of resampled histories: the compiled form says what the arrays say."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.engine import draws
from backtests.performance import bootstrap


def records(seed):
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(5, size=240) * 0.01
    persistent = np.convolve(noise, 0.6 ** np.arange(20))[: len(noise)]
    return {"noise": noise, "persistent": persistent, "ruinous": np.where(np.arange(240) == 100, -1.0, noise)}


@pytest.mark.parametrize("block", [1.0, 1.7, 6.0, 45.0])
@pytest.mark.parametrize("kind", ["noise", "persistent", "ruinous"])
def test_compiled_figures_are_those_of_the_arrays(kind, block):
    x = records(1)[kind]
    rows = np.concatenate(list(bootstrap.resamples(len(x), block, seed=2, draws=40)))
    expected = np.column_stack([*bootstrap.estimates(x[rows], block), bootstrap.largest_drawdown(x[rows])])
    assert draws.figures(x, rows, block) == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_a_record_that_never_moves_has_no_sharpe_ratio_and_no_error():
    rows = np.tile(np.arange(50), (2, 1))
    figures = draws.figures(np.full(50, 0.001), rows, 3.0)
    assert figures[:, 0] == pytest.approx(0.001)
    assert np.isnan(figures[:, 1:4]).all()
    assert (figures[:, 4] == 0).all()


def test_a_nearly_perfect_autocorrelation_is_taken_out_up_to_the_same_limit():
    x = np.cumsum(np.random.default_rng(3).normal(size=400)) * 1e-3
    rows = np.tile(np.arange(400), (1, 1))
    assert draws.figures(x, rows, 5.0)[0, 1] == pytest.approx(float(bootstrap.standard_error(x, 5.0)), rel=1e-10)


def test_long_records_take_the_compiled_form_and_get_the_same_figures(monkeypatch):
    x = records(4)["persistent"]
    arrays = bootstrap.drawn(x, 6.0, seed=5, draws=30)
    monkeypatch.setattr(bootstrap, "COMPILED_FROM", 0)
    assert bootstrap.drawn(x, 6.0, seed=5, draws=30) == pytest.approx(arrays, rel=1e-10, abs=1e-14)
