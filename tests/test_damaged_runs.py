"""Run folders that are damaged, foreign or hostile: left out and named in one line, and no run is lost to them."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from backtests.report import index
from backtests.runs import folder as run_folder
from backtests.runs import tried
from backtests.runs.folder import utc_now
from backtests.runs.listing import FIRST, listed
from data.errors import ConfigError
from tests.command import SMALL

GOOD = Path(__file__).parent / "fixtures/run-0.1"
READ = ("manifest.json", "metrics.json")
WRONG = (None, True, 0, -1, 10**400, 1e308, float("nan"), "", "x", "\ud800", [], [None], {}, {"a": None})


def cut(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size - 2)])


def binary(path: Path, chance: random.Random) -> None:
    path.write_bytes(b"\xff" + chance.randbytes(500))


def gone(path: Path, chance: random.Random) -> None:
    path.unlink()


def folder(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path, chance: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def device(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def dangling(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def circle(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.symlink_to(path)


def deep(path: Path, chance: random.Random) -> None:
    path.write_text("[" * 100_000)


def other(path: Path, chance: random.Random) -> None:
    path.write_text(json.dumps(chance.choice([[], {}, 1, "x", None, {"variants": {}}, {"variants": []}])))


HARMS = (cut, binary, gone, folder, pipe, device, dangling, circle, deep, other)


def damaged(runs: Path, count: int) -> list[str]:
    """Make folders named like runs, each harmed in another way."""
    chance = random.Random(1)
    names = [f"small-20260101T000000Z-{i:06x}" for i in range(count)]
    for i, name in enumerate(names):
        (runs / name).mkdir(parents=True)
        for file in READ:
            shutil.copy(GOOD / file, runs / name / file)
        HARMS[i % len(HARMS)](runs / name / chance.choice(READ), chance)
    return names


def test_five_hundred_damaged_folders_are_one_line_and_cost_no_run(divergence, here, no_pictures):
    names = damaged(here / "runs", 500)
    (here / "runs/notes").mkdir()  # no run, and not meant as one
    (here / "config.yaml").write_text(SMALL)
    answer = divergence("run", "--quiet")
    assert (answer.status, answer.err.count("\n")) == (0, 1), answer.err
    assert answer.err.startswith("runs: 500 folders are no runs that can be read and are left out: ")
    assert all(name in answer.err for name in names[:FIRST])
    assert "and 497 more" in answer.err
    listed_runs = divergence("runs")
    assert (listed_runs.status, listed_runs.err.count("\n"), listed_runs.out.count("\n")) == (0, 1, 3)
    assert sum("small-2" in line for line in listed_runs.out.splitlines()) == 1


def test_the_good_ones_are_still_counted_as_trials(tmp_path):
    damaged(tmp_path, 20)
    shutil.copytree(GOOD, tmp_path / "good")
    assert [path.name for path, *_ in listed(tmp_path).runs] == ["good"]
    told = tried.tried(tmp_path, [], utc_now())
    assert told.trials.count == 2
    assert told.complaints == (listed(tmp_path).complaint,)


def spots(value, path=()):
    """Every place of nested JSON, as the keys that lead there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from spots(inner, (*path, key))


def spoilt(content, path, value):
    here = content
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return content


@pytest.mark.parametrize("file", READ)
def test_whatever_a_value_is_replaced_by_a_list_of_runs_is_drawn(tmp_path, file):
    shutil.copytree(GOOD, tmp_path / "run")
    text = (GOOD / file).read_text()
    chance = random.Random(2)
    for path in spots(json.loads(text)):
        content = spoilt(json.loads(text), path, chance.choice(WRONG))
        (tmp_path / "run" / file).write_text(json.dumps(content))
        listing = listed(tmp_path)
        assert len(listing.runs) + len(listing.skipped) == 1
        index.page(index.rows(listing.runs), 30).encode()


@pytest.mark.parametrize("file", READ)
def test_whatever_a_value_is_replaced_by_a_report_is_drawn_or_refused_in_one_line(divergence, here, no_pictures, file):
    shutil.copytree(GOOD, here / "run")
    text = (GOOD / file).read_text()
    chance = random.Random(3)
    for path in chance.sample(list(spots(json.loads(text))), 12):
        content = spoilt(json.loads(text), path, chance.choice(WRONG))
        (here / "run" / file).write_text(json.dumps(content))
        answer = divergence("report", "run")
        assert answer.status in (0, 2), (path, answer.err)
        assert answer.err.count("\n") == (1 if answer.status else 0)


@pytest.mark.parametrize("harm", [harm for harm in HARMS if harm is not other])
@pytest.mark.parametrize("file", run_folder.NEEDED)
def test_a_damaged_run_that_is_asked_for_says_so_in_one_line(tmp_path, file, harm):
    shutil.copytree(GOOD, tmp_path / "run")
    harm(tmp_path / "run" / file, random.Random(4))
    with pytest.raises(ConfigError) as refused:
        run_folder.load(tmp_path / "run")
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "run"))


def test_a_folder_that_cannot_be_listed_costs_no_run(divergence, here, no_pictures):
    (here / "runs/index.html").mkdir(parents=True)
    (here / "config.yaml").write_text(SMALL)
    answer = divergence("run", "--quiet")
    assert (answer.status, answer.err.count("\n")) == (0, 1)
    assert "runs/index.html: cannot be written" in answer.err
    assert "report: runs/small-" in answer.out
