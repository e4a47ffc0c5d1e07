"""What the best of a sweep is worth: plateaus by hand, noise that is not taken for skill, skill that is found."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.sweeps import judge, plateau
from backtests.sweeps.effects import effects
from backtests.sweeps.paths import Paths, representatives
from tests.grids import grid_of, grid_of_two, planted, verdicts


def test_the_lower_median_is_the_lower_of_the_two_in_the_middle():
    columns = np.array([[1.0, 4.0, np.nan], [2.0, np.nan, np.nan], [3.0, 5.0, np.nan], [9.0, 6.0, np.nan]])
    assert plateau.lower_median(columns).tolist()[:2] == [2.0, 5.0]
    assert np.isnan(plateau.lower_median(columns)[2])


def test_scores_by_hand():
    grid = grid_of_two(3)
    sharpe = np.array([0.0, 1.0, 0.2, 0.3, 0.9, 0.4, np.nan, 0.5, 0.6])  # a row a look-back, a column an entry
    scored = plateau.scores(grid, sharpe)
    assert scored.score[:6].tolist() == [0.3, 0.2, 0.4, 0.3, 0.5, 0.4]
    assert np.isnan(scored.score[6])
    assert scored.score[7:].tolist() == [0.6, 0.5]
    assert scored.neighbours.tolist() == [2, 3, 2, 2, 4, 3, 2, 2, 2]


def test_a_size_a_cost_and_a_currency_are_no_neighbours():
    grid = grid_of(
        {"params.enter": [1, 2, 3], "params.duration": [1, 2, 3], "costs": [1, 2], "currency": ["repo", "unhedged"]}
    )
    around = plateau.neighbours(grid, np.arange(len(grid.cells)))
    assert around.shape == (2, 36)
    for row in (0, 17, 35):
        for other in around[:, row]:
            if other >= 0:
                a, b = grid.settings(row), grid.settings(int(other))
                assert abs(a.pop("params.enter") - b.pop("params.enter")) == 1
                assert a == b


def test_of_a_sample_the_neighbours_that_were_drawn_count():
    grid = grid_of({"params.enter": list(range(1, 101))}, {"n": 60, "seed": 3})
    around = plateau.neighbours(grid, np.arange(60))
    cells = np.array(grid.cells)
    for row in range(60):
        assert [int(cells[other]) for other in around[:, row] if other >= 0] == [
            cell for cell in (cells[row] - 1, cells[row] + 1) if cell in cells
        ]


def test_an_idea_is_stood_for_by_the_bases_own_size_and_cost():
    grid = grid_of({"params.enter": [1, 2], "params.duration": [2.5, 5, 10], "costs": [0, 1, 2]})
    ideas = (grid.places(grid.cells)[:, 0] + 1).astype(np.uint64)
    rows = representatives(grid, ideas)
    assert [grid.settings(int(row)) for row in rows] == [
        {"params.enter": enter, "params.duration": 5, "costs": 1} for enter in (1, 2)
    ]
    ideas[0] = 0  # not run
    assert len(representatives(grid, ideas)) == 2


def test_effects_by_hand():
    grid = grid_of({"params.enter": [1, 2], "costs": [1, 2, 3]})
    table = effects(grid, np.array([0.1, 0.2, 0.3, 0.4, 0.5, np.nan])).to_pydict()
    assert table["setting"] == ["params.enter"] * 2 + ["costs"] * 3
    assert table["value"] == ["1", "2", "1", "2", "3"]
    assert table["cells"] == [3, 2, 2, 2, 1]
    assert table["median"] == pytest.approx([0.2, 0.45, 0.25, 0.35, 0.3])
    assert table["best"] == [0.3, 0.5, 0.4, 0.5, 0.3]


@pytest.fixture
def few_draws(monkeypatch):
    monkeypatch.setattr(judge, "DRAWS", 199)


def test_noise_is_rarely_taken_for_skill(few_draws):
    grid = grid_of_two(6)
    told = [verdicts(grid, planted(6, 120, "", seed), seed) for seed in range(60)]
    assert sum(judged.best.p <= 0.05 for judged in told) <= 8  # 3 of 60 expected: more than 8 once in 200
    assert sum(judged.plateau.p <= 0.05 for judged in told) <= 8


@pytest.mark.parametrize("spike", ["spike", "end"])
def test_a_planted_plateau_beats_an_equally_high_spike(few_draws, spike):
    grid = grid_of_two(8)
    told = [verdicts(grid, planted(8, 120, f"plateau {spike}", seed), seed) for seed in range(20)]
    assert sum(grid.places([judged.plateau.row])[0].max() <= 3 for judged in told) >= 18


def test_skill_is_found(few_draws):
    grid = grid_of_two(6)
    told = [verdicts(grid, planted(6, 320, "plateau", seed), seed) for seed in range(10)]
    assert sum(judged.best.p <= 0.05 for judged in told) >= 8
    assert sum(judged.plateau.p <= 0.05 for judged in told) >= 8


def test_size_moves_nothing(few_draws):
    grid, x = grid_of_two(5), planted(5, 150, "plateau", 3)
    first, other = verdicts(grid, x, 1), verdicts(grid, x * np.linspace(0.1, 9.0, 25), 1)
    assert first.best.p == other.best.p
    assert first.plateau.row == other.plateau.row
    assert first.best.noise == pytest.approx(other.best.noise, rel=1e-9)


def test_an_idea_that_is_hardly_ever_in_the_market_is_not_judged(few_draws):
    grid, x = grid_of_two(4), planted(4, 200, "", 2)
    x[:, 5] = 0.0
    x[100:110, 5] = 0.05 + 0.001 * np.arange(10)
    judged = verdicts(grid, x, 1)
    assert (judged.ideas, judged.tested) == (16, 15)
    assert judged.best.row != 5
    assert judged.best.noise < 3.0
    assert "1 more" in judge.sentence(judged)


def test_where_nothing_can_be_judged_it_says_why():
    grid = grid_of_two(3)
    judged = verdicts(grid, planted(3, 20, "", 1), 1)
    assert judge.sentence(judged).endswith("it cannot be tested: it is in the market in fewer than 36 months.")
    none, spikes = judge.judge(
        grid, Paths(np.arange(9), 0, np.zeros((0, 9))), np.arange(9, dtype=np.uint64), np.full(9, np.nan), 1
    )
    assert (none.best, none.plateau, spikes) == (None, None, {})


def test_a_sample_of_places_holds_the_first_and_follows_its_seed():
    chosen = judge.sample(10_000, [9_999, 3], 5, 100)
    assert len(chosen) == len(set(chosen.tolist())) == 100
    assert {3, 9_999} <= set(chosen.tolist())
    assert np.array_equal(chosen, judge.sample(10_000, [9_999, 3], 5, 100))
    assert judge.sample(50, [], 1, 100).tolist() == list(range(50))
