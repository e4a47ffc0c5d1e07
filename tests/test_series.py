"""Paths as a page carries them: what is kept of them, to how many digits, and on one calendar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from backtests.report.series import GROWTH, POINTS, Calendar, kept

FIGURES = some.floats(-1e7, 1e7, allow_subnormal=False) | some.just(float("nan"))
PATHS = some.integers(1, 200).flatmap(lambda length: arrays(float, length, elements=FIGURES))


def calendar(rows: int) -> Calendar:
    return Calendar([str(day) for day in np.datetime64("2000-01-01") + np.arange(rows)])


def decoded(coded: dict) -> tuple[list[int], list[float]]:
    """The rows of the calendar and the values of a path, as the page's script reads them."""
    row, sum_, rows, values = coded["start"], 0, [], []
    for i, step in enumerate(coded["steps"]):
        row = row + coded["rows"][i] if "rows" in coded else coded["start"] + i
        sum_ += step or 0
        rows.append(row)
        values.append(float("nan") if step is None else sum_ / coded["unit"])
    return rows, values


@given(values=PATHS, start=some.integers(0, 50))
def test_a_short_path_keeps_every_row_to_a_thousandth_of_its_range(values, start):
    rows, drawn = decoded(calendar(len(values) + start).path(values, start))
    known = np.isfinite(values)
    first = int(np.argmax(known)) if known.any() else len(values)
    assert rows == list(range(start + first, start + len(values)))
    np.testing.assert_array_equal(np.isfinite(drawn), known[first:])
    range_ = np.ptp(values[known]) if known.any() else 0.0
    size = range_ or np.abs(values[known]).max(initial=0.0)
    np.testing.assert_allclose(drawn, values[first:], rtol=0, atol=size / 2000 + 1e-9)


@given(values=PATHS, start=some.integers(0, 50), width=some.integers(2, 40))
def test_every_bucket_keeps_its_first_last_lowest_and_highest(values, start, width):
    rows = kept(values, start, width)
    assert list(rows) == sorted(set(rows.tolist()))
    bucket = (np.arange(len(values)) + start) // width
    for each in set(bucket.tolist()):
        own = np.flatnonzero(bucket == each)
        chosen = np.intersect1d(rows, own)
        assert {own[0], own[-1]} <= set(chosen.tolist())
        if np.isfinite(values[own]).any():
            assert np.nanmin(values[chosen]) == np.nanmin(values[own])
            assert np.nanmax(values[chosen]) == np.nanmax(values[own])


@given(values=PATHS, width=some.integers(2, 40))
def test_a_gap_is_as_long_as_it_was(values, width):
    """A path that is not known between two rows is not drawn between them, and what is known reaches to the gap."""
    rows = kept(values, 0, width)
    known = np.isfinite(values)
    for before in np.flatnonzero(known[1:] != known[:-1]):
        assert {before, before + 1} <= set(rows.tolist())


def test_twenty_years_of_days_become_at_most_so_many_points_on_common_days():
    days = calendar(5_200)
    walks = np.random.default_rng(1).normal(size=(3, 5_000)).cumsum(axis=1)
    paths = [decoded(days.path(walk, start)) for walk, start in zip(walks, (0, 7, 200), strict=True)]
    assert all(POINTS / 2 < len(rows) <= POINTS + 2 for rows, _ in paths)
    common = set(paths[0][0]) & set(paths[1][0]) & set(paths[2][0])
    edges = {row for row in range(200, 5_000) if row % days.width in (0, days.width - 1)}
    assert edges <= common  # days on which all can be compared
    for (rows, values), walk, start in zip(paths, walks, (0, 7, 200), strict=True):
        np.testing.assert_allclose(values, walk[np.array(rows) - start], atol=np.ptp(walk) / 2000)


def test_paths_drawn_upon_each_other_keep_the_same_rows_and_the_outline():
    days = calendar(5_000)
    parts = np.random.default_rng(2).normal(size=(4, 5_000)).cumsum(axis=1)
    stacked = [decoded(path) for path in days.stack(parts, 0)]
    assert len({tuple(rows) for rows, _ in stacked}) == 1
    outline, kept_outline = (
        np.maximum(parts, 0).sum(axis=0),
        np.maximum([values for _, values in stacked], 0).sum(axis=0),
    )
    assert kept_outline.max() == pytest.approx(outline.max(), rel=1e-2)
    assert len(stacked[0][0]) <= 2 * POINTS


def test_growth_keeps_five_decimals_whatever_its_range():
    values = np.array([1.0, 1.0000149, 40.0, 0.5])
    assert decoded(calendar(4).growth(values, 0))[1] == [round(value, GROWTH) for value in values]


def test_plain_data_goes_through_as_it_is_and_paths_in_it_are_coded():
    days = calendar(3)
    coded = days.coded({"label": "x", "none": None, "paths": {"a": np.array([0.0, 1.0, 2.0])}}, 0)
    assert coded["label"] == "x"
    assert coded["none"] is None
    assert decoded(coded["paths"]["a"]) == ([0, 1, 2], [0.0, 1.0, 2.0])
