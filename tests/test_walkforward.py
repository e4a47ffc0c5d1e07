"""Choices on the past alone: folds by hand, what is purged, a future that changes nothing before it, noise, seams."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backtests import config
from backtests.engine import backtrader_engine, ledger
from backtests.engine.reconcile import reconcile
from backtests.report import walkforward as words
from backtests.sweeps import banks
from backtests.walkforwards import cpcv, record, walk
from backtests.walkforwards.choose import Choice, choose, sharpes, stability
from backtests.walkforwards.folds import FEWEST, Plan, folds, training
from backtests.walkforwards.stitch import Piece, stitched
from data.errors import ConfigError
from strategies.base import keeps_prefix_law
from tests import forward
from tests.books import random_book
from tests.grids import FADING_BESIDE_A_BOND

ROOT = Path(__file__).resolve().parent.parent
GAP = (
    FADING_BESIDE_A_BOND
    + """\
    params.lookback: [12M, 24M, 36M]
    params.enter: {from: 1, to: 2, step: 0.5}
    rebalance.every: [month, quarter]
    params.duration: [2.5, 5]
    costs: [1, 2]
"""
)


# ---- folds


def test_folds_of_month_ends_worked_by_hand():
    dates = forward.month_ends(252)  # 1990-01-31 to 2011-01-31
    made = folds(dates, True, Plan(), embargo=1)
    assert len(made) == 11
    first, last = made[0], made[-1]
    assert str(dates[first.decided]) == "2000-01-31"
    assert (str(dates[first.train.start]), str(dates[first.train.stop - 1])) == ("1990-02-28", "1999-12-31")
    assert (str(dates[first.test.start]), str(dates[first.test.stop - 1])) == ("2000-02-29", "2001-01-31")
    assert (str(dates[last.decided]), str(dates[last.test.stop - 1])) == ("2010-01-31", "2011-01-31")
    rolling = folds(dates, True, Plan(window="rolling"), outcome=12, embargo=3)
    assert (str(dates[rolling[2].train.start]), str(dates[rolling[2].train.stop - 1])) == ("1992-02-29", "2000-11-30")


def test_folds_of_days_worked_by_hand():
    dates = np.arange(np.datetime64("2000-01-03"), np.datetime64("2021-06-01"))
    dates = dates[np.is_busday(dates)]
    made = folds(dates, False, Plan(train="3Y", test="18M", step="12M"), embargo=2)
    assert str(dates[made[0].decided]) == "2003-01-03"
    assert str(dates[made[1].decided]) == "2004-01-02"  # the 3rd is a Saturday
    assert dates[made[0].train.stop - 1] == dates[made[0].decided - 2]
    assert str(dates[made[0].test.stop - 1]) == "2004-07-02"  # eighteen months, but held until the next choice
    assert made[0].held == slice(made[0].decided + 1, made[1].decided + 1)


def test_held_spans_follow_one_another_and_lie_in_their_tests():
    made = folds(forward.month_ends(300), True, Plan(train="5Y", test="24M", step="6M"))
    for before, after in pairwise(made):
        assert before.held.stop == after.held.start == after.decided + 1
        assert before.test.start == before.held.start and before.held.stop <= before.test.stop
    assert made[-1].held == made[-1].test


@pytest.mark.parametrize("outcome", [1, 3, 12])
@pytest.mark.parametrize("embargo", [0, 1, 4])
def test_no_outcome_that_is_learned_from_reaches_the_test(outcome, embargo):
    for fold in folds(forward.month_ends(320), True, Plan(), outcome, embargo):
        learned = range(fold.train.start, fold.train.stop)
        assert max(bar + outcome - 1 for bar in learned) + embargo == fold.decided < fold.test.start


def test_fewer_than_ten_folds_are_refused_with_the_count():
    assert len(folds(forward.month_ends(120 + 12 * FEWEST), True, Plan())) == FEWEST
    with pytest.raises(ConfigError, match=r"9 folds of 10Y training .* at least 10 are needed"):
        folds(forward.month_ends(120 + 12 * FEWEST - 1), True, Plan())
    with pytest.raises(ConfigError, match="0 folds"):
        folds(forward.month_ends(30), True, Plan())


def test_a_step_beyond_the_test_and_a_training_too_short_are_refused():
    with pytest.raises(ConfigError, match="longer than the test"):
        folds(forward.month_ends(400), True, Plan(step="24M"))
    with pytest.raises(ConfigError, match="35 bars, after 0 purged and 1 embargoed; at least 36"):
        folds(forward.month_ends(400), True, Plan(train="3Y"))


# ---- choices


def test_the_higher_surroundings_are_chosen_and_of_equals_the_simpler():
    whole, rng = forward.grid(5), np.random.default_rng(3)
    base = rng.standard_normal((60, 1))
    x = base + np.array([0.0, 0.4, 0.4, 0.4, 0.9])  # scores: lower medians 0, .4, .4, .4, .4 of a common deviation
    assert choose(whole, x, np.array([0, 2, 1, 1, 1])).row == 2
    assert choose(whole, x, np.array([0, 2, 2, 2, 1])).row == 4
    assert choose(whole, np.zeros((60, 5)), np.zeros(5, dtype=int)) is None


def test_stability_by_hand():
    chosen = np.array([3, 3, 4, 3])
    places = np.array([[1, 0], [1, 0], [1, 1], [1, 0]])
    cells, kept, by_axis = stability(chosen, places)
    assert (cells, kept, by_axis.tolist()) == (2, pytest.approx(1 / 3), [1.0, pytest.approx(1 / 3)])


def test_a_disturbed_future_changes_no_choice_before_it():
    whole, rng = forward.grid(5, 5), np.random.default_rng(11)
    x = forward.noise(rng, 321, 25)
    made = folds(forward.month_ends(320), True, Plan())
    changed = np.zeros(25, dtype=int)
    own = [choose(whole, x[fold.train], changed) for fold in made]
    for k, fold in enumerate(made):
        other = x.copy()
        other[fold.train.stop :] = 10 * rng.standard_normal(other[fold.train.stop :].shape)
        assert [choose(whole, other[f.train], changed) for f in made[: k + 1]] == own[: k + 1]


# ---- cross-validation


def test_what_is_learned_from_around_tests_by_hand():
    allowed = training(20, [slice(4, 6), slice(12, 14)], outcome=3, embargo=1)
    assert np.flatnonzero(allowed).tolist() == [0, 17, 18, 19]  # three bars on either side of each test


def test_forty_five_splits_make_nine_paths_that_hold_every_bar_once():
    x = np.arange(100.0)[:, None] + np.array([0.0, 1000.0])
    seen = []

    def chosen(allowed):
        seen.append(allowed)
        return len(seen) % 2

    paths = cpcv.paths(x, chosen, outcome=1, embargo=1)
    assert (len(seen), paths.x.shape) == (cpcv.SPLITS, (100, cpcv.PATHS))
    assert (paths.x % 1000 == np.arange(100.0)[:, None]).all()
    assert sum((~allowed).sum() for allowed in seen) > 45 * 20
    assert min(allowed.sum() for allowed in seen) == 100 - 20 - 4


# ---- noise, turns, overlaps, spikes, on few draws; tests/proof/walkforward.py has many


def test_on_noise_nothing_is_left_out_of_sample_and_hindsight_shows_something():
    drawn = np.array([forward.on_noise(seed) for seed in range(60)])
    outside, _, best = drawn.T
    assert abs(outside.mean()) < 2 * outside.std(ddof=1) / np.sqrt(len(outside))
    assert best.mean() > 0.3


def test_what_turns_at_mid_sample_does_not_pass_and_what_lasts_does():
    turned = [forward.turning(seed, True) for seed in range(40)]
    lasted = [forward.turning(seed, False) for seed in range(40)]
    assert np.mean(np.array(turned) < 0.3) >= 0.95
    assert np.mean(np.array(lasted) >= 0.3) >= 0.95


def test_outcomes_that_overlap_the_test_look_like_skill_until_they_are_purged():
    leaking = np.array([forward.nearest(seed, 1, 0) for seed in range(150)])
    purged = np.array([forward.nearest(seed, 12, 1) for seed in range(150)])
    assert leaking.mean() > 0.5
    assert abs(purged.mean()) < 2 * purged.std(ddof=1) / np.sqrt(len(purged))


def test_a_peek_of_one_bar_is_caught_by_the_prefix_law(market):
    class Peek:
        legs = ("UST10",)

        def warmup(self, market):
            return 1

        def targets(self, market):
            price = market.price[:, [market.column("UST10")]]
            ahead = np.concatenate([price[1:], price[-1:]])
            return np.sign(np.nan_to_num(ahead - price))

    rows = range(len(market.dates) - 60, len(market.dates) - 1)
    assert not all(keeps_prefix_law(Peek(), market, t) for t in rows)


@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_plateau_beats_a_spike_as_high(at_the_end):
    assert np.mean([forward.plateau_beats_spike(seed, at_the_end) for seed in range(100)]) >= 0.9


# ---- the chain


def test_one_choice_throughout_is_its_own_run_to_the_last_bit():
    book = random_book(7)
    rows = len(book.dates)
    legs = tuple(range(book.price.shape[1]))
    cut = [slice(0, rows // 3), slice(rows // 3, rows // 2), slice(rows // 2, rows)]
    whole = stitched([Piece(book, legs, rows) for rows in cut])
    assert ledger.run(whole).equity.tobytes() == ledger.run(book).equity.tobytes()


@pytest.mark.parametrize("seed", range(12))
def test_two_books_follow_one_another_in_both_engines(seed):
    book = random_book(seed)
    other = book._replace(targets=-0.5 * book.targets, decides=~book.decides, band=book.band * 0.5)
    half = len(book.dates) // 2
    legs = tuple(range(book.price.shape[1]))
    chained = stitched([Piece(book, legs, slice(0, half)), Piece(other, legs, slice(half, len(book.dates)))])
    result = ledger.run(chained)
    assert reconcile("chain", result, backtrader_engine.run(chained)) < 1e-9
    assert result.equity[:half].tobytes() == ledger.run(book).equity[:half].tobytes()
    assert chained.decides[half] and chained.band[half] == 0.0
    assert (chained.targets[half:] == other.targets[half:]).all()


def test_holdings_that_pieces_do_not_share_are_closed_and_paid_for():
    book = random_book(7)
    half = len(book.dates) // 2
    legs = book.price.shape[1]
    names = tuple(f"a{i}" for i in range(legs)), tuple(f"b{i}" for i in range(legs))
    other = book._replace(targets=book.targets.copy())
    chained = stitched([Piece(book, names[0], slice(0, half)), Piece(other, names[1], slice(half, len(book.dates)))])
    assert chained.price.shape[1] == 2 * legs
    assert not chained.targets[half:, :legs].any() and not chained.targets[:half, legs:].any()
    assert reconcile("chain", ledger.run(chained), backtrader_engine.run(chained)) < 1e-9


# ---- whole


def ideas(folder: Path, text: str = GAP) -> config.Grid:
    path = folder / "gap.yaml"
    path.write_text(text)
    return walk.ideas_of(config.load(path))


@pytest.fixture(scope="module")
def gap(tmp_path_factory) -> walk.Walked:
    return walk.run(ideas(tmp_path_factory.mktemp("gap")), Plan())


def test_sizes_and_costs_are_not_chosen(gap):
    assert gap.grid.names == ("params.lookback", "params.enter", "rebalance.every")
    assert len(gap.grid.cells) == len(set(gap.cells.ideas)) == 18


def test_a_sweep_of_one_idea_is_refused(tmp_path):
    over = GAP[GAP.index("    params.lookback") :]
    with pytest.raises(ConfigError, match="nothing to choose from"):
        ideas(tmp_path, GAP.replace(over, "    costs: [1, 2]\n"))


def test_the_chain_holds_what_each_choice_wants_and_reconciles(gap):
    assert 0 <= gap.gap < 1e-9
    result = gap.tracks["walkforward"].result
    first, last = gap.dates[gap.folds[0].decided], gap.dates[gap.folds[-1].held.stop - 1]
    assert (result.dates[0], result.dates[-1]) == (first, last)
    rows = slice(gap.first, gap.first + len(gap.dates))
    for fold, choice in zip(gap.folds, gap.choices, strict=True):
        own = walk._book(gap.grid, gap.shared, walk._variant(gap.grid, choice.row), rows)
        row = fold.decided - gap.folds[0].decided
        held = result.units[row] * result_price(gap, row) / result.equity[row]
        assert held == pytest.approx(own.targets[fold.decided], abs=2e-3)


def result_price(gap: walk.Walked, row: int) -> np.ndarray:
    market = gap.shared.market.select(gap.grid.base.strategy.legs)
    at = gap.first + gap.folds[0].decided + row
    return market.price[at] * market.fx[at]


def test_the_default_and_the_best_are_runs_on_the_same_bars(gap):
    days = {key: (str(t.result.dates[0]), str(t.result.dates[-1])) for key, t in gap.tracks.items()}
    assert set(days) == {"walkforward", "best", "default", "benchmark"} and len(set(days.values())) == 1
    x = gap.x[gap.chain.start + 1 : gap.chain.stop]
    assert gap.tracks["best"].cell == int(np.nanargmax(sharpes(x)))


def test_less_history_changes_no_choice(gap, tmp_path):
    shorter = walk.run(ideas(tmp_path, GAP.replace("2024-12-31", "2021-03-31")), Plan())
    count = len(shorter.folds)
    assert 10 <= count < len(gap.folds)
    assert gap.choices[:count] == shorter.choices
    one, other = gap.tracks["walkforward"].result, shorter.tracks["walkforward"].result
    assert one.equity[: len(other.equity) - 1].tobytes() == other.equity[:-1].tobytes()


def test_a_future_of_other_yields_changes_no_choice_before_it(gap, tmp_path, monkeypatch):
    day = "2015-06-30"

    def disturbed(settings, instruments):
        tables = original(settings, instruments)
        shaken = {name: frame.copy() for name, frame in tables.yields.items()}
        for frame in shaken.values():
            after = frame.index > day
            frame.loc[after] += 0.003 * np.sin(np.arange(after.sum()))[:, None]
        return replace(tables, yields=shaken)

    original = banks.tables_of
    monkeypatch.setattr(banks, "tables_of", disturbed)
    other = walk.run(ideas(tmp_path), Plan())
    before = [k for k, fold in enumerate(gap.folds) if str(gap.dates[fold.decided]) <= day]
    assert len(before) == 6
    assert [gap.choices[k] for k in before] == [other.choices[k] for k in before]
    upto = int((gap.tracks["walkforward"].result.dates <= np.datetime64(day)).sum()) - 1
    first, second = (walked.tracks["walkforward"].result.equity for walked in (gap, other))
    assert first[:upto].tobytes() == second[:upto].tobytes()
    assert first[-1] != second[-1]


def test_a_cell_that_is_not_run_is_never_chosen_and_has_no_part_in_the_window(tmp_path):
    text = GAP.replace("    rebalance.every: [month, quarter]", "    params.leave: [0.25, 1.25]")
    walked = walk.run(ideas(tmp_path, text), Plan())
    refused = np.isnan(walked.x[1:]).all(axis=0)
    assert refused.sum() == 3  # an entry of 1 within an exit of 1.25, three look-backs
    assert not np.isnan(walked.x[1:][:, ~refused]).any()
    assert not refused[[choice.row for choice in walked.choices]].any()
    assert not refused[walked.paths.chosen].any()
    stated = record.record(walked)
    assert (stated["cells"], stated["ideas"]) == (18, 15)
    assert all(0.0 <= fold["share_below"] <= 1.0 for fold in stated["folds"])


def test_a_cell_whose_legs_came_late_is_named_as_what_cuts_the_window_short(tmp_path):
    text = GAP.replace("    rebalance.every: [month, quarter]", "    legs: [[UST10, JGB10], [UST30, JGB10]]")
    with pytest.raises(ConfigError, match="at least 10 are needed"):
        walk.run(ideas(tmp_path, text), Plan())
    stated = record.record(walk.run(ideas(tmp_path, text), Plan(train="4Y")))
    window = stated["window"]
    assert window["earliest"] == "1999-09-30" < window["first"] and window["begins_settings"]["legs"] == "UST30 JGB10"
    (said,) = (line for line in words.notes(stated) if line.startswith("Every cell trades"))
    assert "UST30 JGB10, others as early as 1999-09-30)" in said and "ends with" not in said


@pytest.fixture
def noisy(monkeypatch):
    """Yields of both countries that walk at random, parallel, from a level of their own."""

    def walking(settings, instruments):
        tables = original(settings, instruments)
        rng, shaken = np.random.default_rng(5), {}
        for name, frame in tables.yields.items():
            level = 0.04 + 0.002 * np.cumsum(rng.standard_normal(len(frame)))
            level = 0.02 + np.abs(level - 0.02)  # turned back at 2 %
            shaken[name] = frame * 0.0 + level[:, None]
        return replace(tables, yields=shaken)

    original = banks.tables_of
    monkeypatch.setattr(banks, "tables_of", walking)


def test_on_a_market_of_noise_one_sentence_says_that_hindsight_alone_shows_something(noisy, tmp_path):
    wide = GAP.replace("step: 0.5", "step: 0.125").replace("benchmarks: [bond]\n", "")
    stated = record.record(walk.run(ideas(tmp_path, wide), Plan()))
    own, best = stated["results"]["walkforward"], stated["results"]["best"]
    assert own["sharpe_low"] < 0 < own["sharpe_high"] and abs(own["sharpe"]) < best["sharpe"] - 0.2
    said = words.sentence(stated)
    assert "which cannot be told from 0; the best of 54 cells, picked with hindsight" in said
    assert stated["no_benchmark"] == "the configuration names none"


def test_choices_in_other_currencies_and_legs_are_one_book_in_both_engines(tmp_path):
    over = GAP[GAP.index("    params.lookback") :]
    grid = ideas(
        tmp_path,
        GAP.replace(over, "    legs: [[UST10, JGB10], [UST20, JGB10]]\n    currency: [repo, unhedged, fx_swap]\n"),
    )
    shared = walk.banks(grid)
    planned = folds(shared.market.dates, True, Plan())
    choices = tuple(Choice(k % 6, 0.0, 0.0) for k in range(len(planned)))
    rows = slice(planned[0].decided, planned[-1].held.stop)
    result, gap = walk._chain(grid, shared, planned, choices, rows, lambda *given: None)
    assert gap < 1e-9
    assert result.units.shape[1] == 2 + 3  # Treasuries are the same holding whatever the treatment, JGB10 is not
    held = [(np.abs(result.units[span][:-1]) > 0).any(axis=0) for span in walk._spans(planned)]
    assert all(own.sum() <= 2 for own in held) and np.any(held, axis=0).sum() >= 4


def test_the_embargo_is_kept_before_every_choice_and_around_every_group(tmp_path, monkeypatch):
    learned = []
    original = cpcv.training
    monkeypatch.setattr(walk, "embargoed", lambda strategy, market: 5)
    monkeypatch.setattr(cpcv, "training", lambda *given: learned.append(given[2:]) or original(*given))
    walked = walk.run(ideas(tmp_path), Plan())
    assert {fold.decided - (fold.train.stop - 1) for fold in walked.folds} == {walked.embargo} == {5}
    assert set(learned) == {(1, 5)}
    assert "less the last 5 bars" in " ".join(words.notes(record.record(walked)))


def test_the_embargo_is_the_longest_publication_lag(market):
    from strategies import STRATEGIES

    assert walk.embargoed(STRATEGIES["reversion"](), market) == 1
    assert walk.embargoed(STRATEGIES["inflation"](), market) == 2  # Japan's CPI came out 32 days after the month's end
    assert walk.embargoed(STRATEGIES["debt_capacity"](footprint="support"), market) == 12
