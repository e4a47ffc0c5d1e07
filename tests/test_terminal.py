"""What files, servers and names hold does not steer the terminal: it is printed so that it can be seen."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest

from backtests.cli import terminal
from tests.command import SMALL
from tests.faults import Faults, page

GOOD = Path(__file__).parent / "fixtures/run-0.1"
HOSTILE = "a\x1b[2Jb\x9bc\u202ed\u2066e\nf\rg\x07h\u2028i\u200fj"
SEEN = r"a\x1b[2Jb\x9bc\u202ed\u2066e\nf\rg\x07h\u2028i\u200fj"
QUOTED = r"\x1b[2J"


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def test_what_would_steer_a_terminal_is_spelt_out():
    assert terminal.visible(HOSTILE) == SEEN
    assert terminal.visible("é − 国債 ✓\u00a0x") == "é − 国債 ✓\u00a0x"
    assert terminal.visible("\ud800") == r"\ud800"


@pytest.mark.parametrize("words", [terminal.say, terminal.talk, terminal.complain])
def test_every_way_to_the_terminal_does(words, capsys):
    words(HOSTILE)
    out, err = capsys.readouterr()
    assert SEEN in out + err
    assert (out + err).count("\n") == 1


def test_tables_and_progress_and_the_log_do_too(capsys):
    terminal.table((HOSTILE, "b"), [(HOSTILE, HOSTILE)], left=(0, 1))
    with terminal.progress(False) as progress:
        progress(HOSTILE, 0, 1)
    record = logging.LogRecord("data", logging.INFO, "", 1, "fetched %s", (HOSTILE,), None)
    out, err = capsys.readouterr()
    assert out.count(SEEN) == 3
    assert err == f"[1/1] {SEEN}\n"
    assert terminal.Formatter("%(message)s").format(record) == f"fetched {SEEN}"


def test_a_long_message_keeps_its_beginning_and_its_remedy(capsys):
    terminal.complain(f"config.yaml:3: is {'1' * 100_000}; write less")
    err = capsys.readouterr().err
    assert len(err) < 1100
    assert err.startswith("error: config.yaml:3: is 111")
    assert err.endswith("111; write less\n")


@pytest.mark.parametrize("name", [f"{HOSTILE}.csv", f"{HOSTILE}.yaml", HOSTILE])
@pytest.mark.parametrize("command", [["data", "import"], ["run"], ["report"], ["runs"], ["compare"]])
def test_names_of_files_and_folders_do_not_steer_it(divergence, here, name, command):
    (here / name).write_text(HOSTILE)
    answer = divergence(*command, name)
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert harmless(answer.err)
    assert QUOTED in answer.err


def test_names_of_run_folders_and_what_they_hold_do_not_steer_it(divergence, here):
    shutil.copytree(GOOD, here / "runs" / HOSTILE)
    manifest = json.loads((GOOD / "manifest.json").read_text())
    (here / "runs" / HOSTILE / "manifest.json").write_text(json.dumps(manifest | {"created": HOSTILE}))
    (here / f"runs/x{HOSTILE}").mkdir()
    (here / f"runs/x{HOSTILE}/manifest.json").write_text(HOSTILE)
    answer = divergence("runs")
    assert answer.status == 0
    assert harmless(answer.out)
    assert harmless(answer.err)
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("body", [HOSTILE, json.dumps({"STATUS": HOSTILE, "MESSAGE": HOSTILE})])
def test_what_a_server_answers_does_not_steer_it(divergence, here, monkeypatch, body):
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    with Faults() as web:
        address = web.serve("/boj", page(body))
        (here / "run.yaml").write_text(f"{SMALL}\nsources: {{boj: '{address}?from={{start}}'}}\n")
        answer = divergence("data", "update", "yen_call", "--config", "run.yaml")
    assert answer.status == 3
    assert harmless(answer.err)
    assert harmless(answer.out)
    assert QUOTED in answer.err
