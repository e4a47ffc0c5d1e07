"""Whatever is named, only a regular file is opened, and no more of it is read than it can hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data.disk import read_regular
from tests.command import SMALL

GOOD = Path(__file__).parent / "fixtures/run-0.1"
LARGE = 80 * 2**20
NAMES = ("pipe", "endless", "nothing", "folder", "large", "dangling", "circle", "n" * 300)


@pytest.fixture
def unfit(here):
    """A file of each kind that is not to be read, by name."""
    os.mkfifo(here / "pipe")
    (here / "endless").symlink_to("/dev/zero")
    (here / "nothing").symlink_to("/dev/null")
    (here / "folder").mkdir()
    with (here / "large").open("wb") as file:
        file.truncate(LARGE)
    (here / "dangling").symlink_to("nowhere")
    (here / "circle").symlink_to("circle")
    return here


@pytest.mark.parametrize("name", NAMES)
def test_only_a_regular_file_is_read_and_only_so_much_of_it(unfit, name):
    with pytest.raises(OSError):
        read_regular(unfit / name, 1024)
    (unfit / "small").write_bytes(b"x" * 1024)
    assert read_regular(unfit / "small", 1024) == b"x" * 1024
    with pytest.raises(OSError, match="is larger than 1023 bytes"):
        read_regular(unfit / "small", 1023)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "words",
    [
        ["data", "import", "X"],
        ["run", "X"],
        ["config", "check", "X"],
        ["data", "update", "--config", "X"],
        ["ticket", "small.yaml", "--holdings", "X"],
        ["report", "X"],
        ["compare", "X"],
        ["run", "small.yaml", "--set", "data.source=X"],
    ],
)  # fmt: skip
def test_each_command_says_so_in_one_line(divergence, unfit, monkeypatch, words, name):
    monkeypatch.setenv("DIVERGENCE_HOME", str(unfit / "home"))
    (unfit / "small.yaml").write_text(SMALL)
    answer = divergence(*(word.replace("X", name) for word in words), *(["-q"] if words[0] == "run" else []))
    assert (answer.status, answer.err.count("\n"), answer.out) == (2, 1, ""), answer.err
    assert len(answer.err) < 400


@pytest.mark.parametrize("name", NAMES[:7])
def test_a_folder_of_csvs_holds_files_only(divergence, unfit, name):
    (unfit / "prices").mkdir()
    (unfit / "prices/jgb.csv").symlink_to(unfit / name)
    (unfit / "small.yaml").write_text(SMALL)
    answer = divergence("config", "check", "small.yaml", "--set", "data.source=prices")
    assert (answer.status, answer.err.count("\n")) == (2, 1), answer.err


@pytest.mark.parametrize("name", NAMES[:7])
def test_a_store_that_is_no_folder_or_holds_none_is_said(divergence, unfit, monkeypatch, name):
    monkeypatch.setenv("DIVERGENCE_HOME", str(unfit / name))
    answer = divergence("data", "verify")
    if name == "folder" or name == "dangling":
        assert answer.status in (0, 3)
    else:
        assert (answer.status, answer.err.count("\n")) == (3, 1), answer.err


def test_reading_what_has_no_end_takes_little_memory(unfit):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))\n"
        "from pathlib import Path; from data.disk import read_regular\n"
        "try: read_regular(Path(sys.argv[1]), 2**20)\n"
        "except OSError: print('refused')"
    )
    for name in ("endless", "large"):
        answer = subprocess.run(
            [sys.executable, "-c", code, name], capture_output=True, text=True, check=True, timeout=20,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
        assert answer.stdout == "refused\n"


def test_a_run_folder_may_be_reached_through_a_link(divergence, here, no_pictures):
    shutil.copytree(GOOD, here / "run")
    (here / "link").symlink_to("run")
    assert divergence("compare", "link", "--quiet").status == 0
