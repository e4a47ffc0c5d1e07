"""The registry of trials: an idea once, the longer path of it, nothing lost by two writers, a kill or damage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from backtests.runs import trials
from backtests.runs.trials import NAME, Trial, known, monthly, register
from data.errors import SourceError

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = 86_400
A, B, C = "a" * 16, "b" * 16, "c" * 16


def trial(idea=A, months=12, at=1_000 * DAY, sharpe=0.5, month=600, **others):
    x = np.linspace(0.01, 0.02, months) * sharpe
    return Trial(idea, **{"name": "v", "strategy": "hold", "source": "run", **others}, sharpe=sharpe, first=at, last=at,
                 month=month, x=x)  # fmt: skip


def rewritten(folder, change):
    """The registry's file with its table changed."""
    table = parquet.read_table(folder / NAME)
    parquet.write_table(change(table.to_pydict(), table.schema), folder / NAME)


def test_what_is_registered_is_known(tmp_path):
    after = register(tmp_path, [trial(), trial(B, 3, sharpe=-1.0, month=605), trial(C, 0, sharpe=np.nan)], now=NOW)
    for told in (after, known(tmp_path)):
        assert (told.ideas, told.count, told.since, told.complaints) == ((A, B, C), 3, NOW, ())
        assert told.first == datetime(1972, 9, 27, tzinfo=UTC)
        np.testing.assert_array_equal(told.sharpes, [0.5, -1.0, np.nan])
        assert [str(day) for day in told.dates[[0, 1, -1]]] == ["2020-01-31", "2020-02-29", "2020-12-31"]
        np.testing.assert_array_equal(told.columns, [0, 1])
        np.testing.assert_array_equal(told.paths[:, :2], told.kept)
        np.testing.assert_array_equal(told.paths[5:8, 1], trial(B, 3, sharpe=-1.0).x)
        assert np.isnan(told.paths[:, 2]).all() and np.isnan(told.paths[8:, 1]).all()
        assert not told.paths.flags.writeable


def test_no_registry_is_an_empty_one(tmp_path):
    told = known(tmp_path / "nowhere")
    assert (told.count, told.since, told.first, told.complaints, told.paths.shape) == (0, None, None, (), (0, 0))


@pytest.mark.parametrize(
    ("again", "kept"),
    [
        (trial(months=13, at=900 * DAY, sharpe=0.7), 0.7),  # longer, though of before
        (trial(months=11, at=1_100 * DAY, sharpe=0.7), 0.5),  # shorter
        (trial(months=12, at=1_100 * DAY, sharpe=0.7), 0.7),  # as long, and later
        (trial(months=12, at=900 * DAY, sharpe=0.7), 0.5),  # as long, and earlier
        (trial(months=0, at=1_100 * DAY, sharpe=0.7), 0.5),  # without a path
    ],
)
def test_the_same_idea_again_is_the_same_trial_with_the_longer_path_or_the_later(tmp_path, again, kept):
    register(tmp_path, [trial(name="old")])
    told = register(tmp_path, [again._replace(name="new", source="sweep")])
    (row,) = told.rows
    assert (told.count, row.evaluations, row.sharpe) == (1, 2, kept)
    np.testing.assert_array_equal(row.x, trial().x if kept == 0.5 else again.x)
    assert (row.first, row.last) == (min(1_000 * DAY, again.first), max(1_000 * DAY, again.last))
    assert (row.name, row.source) == (("new", "run") if again.last > 1_000 * DAY else ("old", "sweep"))


def test_a_run_folder_is_entered_once(tmp_path):
    former = [("run-1", [trial()]), ("run-2", [trial(B)])]
    register(tmp_path, [trial(C)], ["own"], former[:1])
    told = register(tmp_path, [], [], former)
    assert ([row.evaluations for row in told.rows], told.entered) == ([1, 1, 1], {"own", "run-1", "run-2"})


def test_a_registry_that_is_removed_begins_anew(tmp_path):
    register(tmp_path, [trial(), trial(B)], now=datetime(2026, 11, 3, tzinfo=UTC))
    (tmp_path / NAME).unlink()
    told = register(tmp_path, [trial()], now=NOW)
    assert (told.count, told.since) == (1, NOW)


def test_the_months_of_a_path_compound_and_a_bar_belongs_to_the_month_it_ends_in():
    days = np.array(["2020-01-30", "2020-01-31", "2020-02-14", "2020-02-28", "2020-04-30"], dtype="datetime64[D]")
    month, x = monthly(days, np.array([0.1, 0.5, -0.2, 0.3]))
    assert np.datetime64(month, "M") == np.datetime64("2020-01")
    np.testing.assert_allclose(x, [0.1, 1.5 * 0.8 - 1.0, np.nan, 0.3], rtol=1e-15)
    assert (x[0], x[3]) == (0.1, 0.3)  # of one bar to the last digit
    assert monthly(days[:1], np.array([]))[1].size == 0


WRITER = """
import sys
from pathlib import Path
from tests.test_trials import Trial, register, trial
for i in range(int(sys.argv[3])):
    register(Path(sys.argv[1]), [trial(f"{int(sys.argv[2]) + i:016x}"), trial()])
"""


def writer(folder, start, count):
    code = [sys.executable, "-c", WRITER, str(folder), str(start), str(count)]
    return subprocess.Popen(code, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_two_processes_at_once_take_turns_and_lose_nothing(tmp_path):
    both = [writer(tmp_path, start, 20) for start in (1, 1_001)]
    assert [process.wait(120) for process in both] == [0, 0]
    told = known(tmp_path)
    assert (told.count, told.complaints) == (41, ())
    assert next(row for row in told.rows if row.idea == A).evaluations == 40


def test_a_process_killed_in_the_middle_leaves_the_old_file_or_the_new(tmp_path):
    register(tmp_path, [trial()])
    for delay in (0.0, 0.011, 0.023, 0.037):
        before = known(tmp_path).count
        process = writer(tmp_path, 10_000 * before + 1, 10_000)
        while known(tmp_path).count == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        told = known(tmp_path)
        assert told.count > before and told.complaints == ()
    count = known(tmp_path).count
    assert register(tmp_path, [trial(C)]).count == count + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [trials.LOCK, NAME]
    )  # what was half-written is gone


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PAR1 is not all of it PAR1"),
        lambda path: parquet.write_table(pa.table({"idea": [A]}), path),
        lambda path: parquet.write_table(parquet.read_table(path).drop_columns(["x"]), path),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_damaged_file_is_set_aside_under_a_name_that_is_said(tmp_path, spoil):
    register(tmp_path, [trial(), trial(B)])
    spoil(tmp_path / NAME)
    content = (tmp_path / NAME).read_bytes() if (tmp_path / NAME).is_file() else None
    assert known(tmp_path).count == 0
    assert "damaged" in known(tmp_path).complaints[0] or "is a folder" in known(tmp_path).complaints[0]
    told = register(tmp_path, [trial(C)], now=NOW)
    aside = tmp_path / "trials.damaged-20261126T120000Z.parquet"
    assert told.complaints[0].endswith(f"kept as {aside.name}")
    assert (aside.read_bytes() == content) if content is not None else aside.is_dir()
    assert (known(tmp_path).ideas, known(tmp_path).since, known(tmp_path).complaints) == ((C,), NOW, ())


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("idea", "no hash", "row 2 names no idea"),
        ("idea", A, "row 2 is there twice"),
        ("name", "a\nb", "row 2 has a name that is none"),
        ("strategy", None, "row 2 has a name that is none"),
        ("evaluations", 0, "row 2 was tried at no time"),
        ("first", 10**12, "row 2 was tried at no time"),
        ("last", None, "row 2 was tried at no time"),
        ("month", 10**9, "row 2 has a path that is none"),
        ("x", [0.1, float("inf")], "row 2 has a path that is none"),
        ("sharpe", float("-inf"), "row 2 has a Sharpe ratio that is none"),
    ],
)
def test_a_damaged_row_is_left_out_and_said_and_the_file_it_was_in_is_kept(tmp_path, column, value, why):
    register(tmp_path, [trial(), trial(B), trial(C)])

    def change(columns, schema):
        columns[column][1] = value
        return pa.table(columns, schema=schema)

    rewritten(tmp_path, change)
    spoilt = (tmp_path / NAME).read_bytes()
    told = known(tmp_path)
    assert (told.ideas, len(told.complaints)) == ((A, C), 1)
    assert why in told.complaints[0]
    after = register(tmp_path, [], now=NOW)
    assert (after.ideas, why in after.complaints[0]) == ((A, C), True)
    assert (tmp_path / "trials.damaged-20261126T120000Z.parquet").read_bytes() == spoilt
    assert known(tmp_path).complaints == ()


def test_a_registry_of_a_later_version_is_left_alone(tmp_path):
    register(tmp_path, [trial()])
    table = parquet.read_table(tmp_path / NAME)
    stated = table.schema.metadata[b"trials"].replace(b'"format": 1', b'"format": 2')
    parquet.write_table(table.replace_schema_metadata({b"trials": stated}), tmp_path / NAME)
    content = (tmp_path / NAME).read_bytes()
    with pytest.raises(SourceError, match="a later version wrote it"):
        register(tmp_path, [trial(B)])
    assert (tmp_path / NAME).read_bytes() == content
    assert "a later version" in known(tmp_path).complaints[0]


def test_a_registry_that_another_process_holds_is_said(tmp_path, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(trials, "LOCK_SECONDS", 0.05)
    with FileLock(tmp_path / trials.LOCK), pytest.raises(SourceError, match="another process has held it"):
        register(tmp_path, [trial()])


def test_ten_thousand_ideas_of_which_few_have_paths_are_kept_whole(tmp_path):
    many = [trial(f"{i:016x}", 24 if i < 50 else 0, sharpe=i / 1e4) for i in range(10_000)]
    register(tmp_path, many)
    told = known(tmp_path)
    assert (told.count, told.kept.shape, len(told.columns)) == (10_000, (24, 50), 50)
    np.testing.assert_array_equal(told.sharpes, np.arange(10_000) / 1e4)
