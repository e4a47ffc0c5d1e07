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
    assert draws.figures(x, rows, block) == pytest.approx(
        np.column_stack(bootstrap.estimates(x[rows], block)), rel=1e-10, abs=1e-14
    )
    depths, last = draws.depths(x, rows, 0.001)
    expected, mean = bootstrap.depths(x, rows, 0.001)
    assert depths == pytest.approx(expected, rel=1e-10, abs=1e-14)
    assert last == pytest.approx(mean, rel=1e-12)


def test_a_history_is_drawn_about_the_mean_of_the_one_before():
    x = records(1)["noise"]
    rows = np.concatenate(list(bootstrap.resamples(len(x), 3.0, seed=2, draws=3)))
    depths, last = bootstrap.depths(x, rows, 0.002)
    means = [0.002, x[rows[0]].mean(), x[rows[1]].mean()]
    by_hand = []
    for row, mean in zip(rows, means, strict=True):
        path = np.cumprod(1.0 + x[row] - x.mean() + mean)
        by_hand.append(max(1.0 - path / np.maximum(np.maximum.accumulate(path), 1.0)))
    assert depths == pytest.approx(by_hand, rel=1e-12)
    assert last == x[rows[2]].mean()


def test_a_record_that_never_moves_has_no_sharpe_ratio_and_no_error():
    rows = np.tile(np.arange(50), (2, 1))
    figures = draws.figures(np.full(50, 0.001), rows, 3.0)
    assert figures[:, 0] == pytest.approx(0.001)
    assert np.isnan(figures[:, 1:4]).all()
    assert (draws.depths(np.full(50, 0.001), rows, 0.001)[0] == 0).all()


def test_a_nearly_perfect_autocorrelation_is_taken_out_up_to_the_same_limit():
    x = np.cumsum(np.random.default_rng(3).normal(size=400)) * 1e-3
    rows = np.tile(np.arange(400), (1, 1))
    assert draws.figures(x, rows, 5.0)[0, 1] == pytest.approx(float(bootstrap.standard_error(x, 5.0)), rel=1e-10)


def test_long_records_take_the_compiled_form_and_get_the_same_figures(monkeypatch):
    ready = [bootstrap.Record(records(4)["persistent"], 6.0, 9.0), bootstrap.Record(records(5)["noise"], 1.0, 1.0)]
    arrays = bootstrap.drawn(ready, seed=5, draws=30)
    monkeypatch.setattr(bootstrap, "COMPILED_FROM", 0)
    for compiled, plain in zip(bootstrap.drawn(ready, seed=5, draws=30), arrays, strict=True):
        assert compiled == pytest.approx(plain, rel=1e-10, abs=1e-14)


def test_records_of_one_length_drawn_together_are_as_drawn_alone(monkeypatch):
    ready = [bootstrap.record_of(records(seed)["persistent"]) for seed in (4, 5)]
    together = bootstrap.drawn(ready, seed=5, draws=30)
    monkeypatch.setattr(bootstrap, "BATCH", 7 * 240)
    for record, figures in zip(ready, together, strict=True):
        assert bootstrap.drawn([record], seed=5, draws=30)[0] == pytest.approx(figures, rel=1e-12, abs=1e-15)


def test_a_ruinous_record_loses_all_of_it_at_most():
    depths, _ = bootstrap.depths(records(1)["ruinous"], np.tile(np.arange(240), (2, 1)), -0.05)
    assert depths == pytest.approx(1.0)
