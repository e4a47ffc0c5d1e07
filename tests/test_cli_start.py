"""Where a person begins: init, version, completion; and how output looks on a narrow terminal and in a pipe."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backtests import config
from tests.command import SMALL

ROOT = Path(__file__).resolve().parent.parent
DIVERGENCE = Path(sys.executable).parent / "divergence"
LONG = "a_variant_whose_name_is_as_long_as_a_name_may_be_which_is_64_cha"


def test_init_writes_a_configuration_that_runs_and_says_what_is_next(divergence, here):
    assert divergence("init") == (0, "mine.yaml: written; next: divergence run mine.yaml\n", "")
    assert divergence("config", "check", "mine.yaml").out.splitlines()[-1] == "mine.yaml: good, 4 variants"
    text = Path("mine.yaml").read_text()
    assert "capital: 10_000_000 # what the book starts with\n" in text
    assert "@" not in text
    assert divergence("init", "my trades.yaml").status == 0
    assert config.load(Path("my trades.yaml")).name == "my-trades"


@pytest.mark.parametrize(("file", "said"), [("mine.yaml", "already exists"), ("no/mine.yaml", "there is no folder no")])
def test_init_overwrites_nothing_and_makes_no_folder(file, said, divergence, here):
    Path("mine.yaml").write_text("mine")
    status, out, err = divergence("init", file)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert Path("mine.yaml").read_text() == "mine"
    assert [path.name for path in here.iterdir()] == ["mine.yaml"]


def test_the_version_is_that_of_the_package(divergence):
    from importlib.metadata import version

    assert divergence("--version") == (0, f"divergence {version('divergence')}\n", "")


def command(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run(
        [DIVERGENCE, *words], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


def test_help_takes_little_time_of_the_processor_and_loads_nothing_heavy():
    heavy = ("pandas", "numpy", "numba", "pydantic", "rich", "backtests.config", "strategies")
    code = (
        "import sys\nfrom backtests import cli\nsys.argv = ['divergence', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        f"print(*[name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stderr.split() == []
    assert "Commands:" in answer.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_script_it_can_read(shell, divergence, tmp_path):
    status, script, err = divergence("completion", shell)
    assert (status, err) == (0, "")
    assert "_DIVERGENCE_COMPLETE" in script
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", tmp_path / "script"], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_bash_completes_commands_and_options():
    asked = (
        f'PATH="{DIVERGENCE.parent}:$PATH"; eval "$(divergence completion bash)"\n'
        'COMP_WORDS=(divergence str); COMP_CWORD=1; _divergence_completion divergence; echo "${COMPREPLY[*]}"\n'
        'COMP_WORDS=(divergence export --x); COMP_CWORD=2; _divergence_completion divergence; echo "${COMPREPLY[*]}"\n'
    )
    answer = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.splitlines() == ["strategies", "--xlsx"]


def on_a_terminal(*words: str, columns: int = 80, **settings: str) -> str:
    """What a command prints on a terminal so wide."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **settings}
    process = subprocess.Popen([DIVERGENCE, *words], stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    printed = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        printed += part
    process.wait(timeout=60)
    os.close(leader)
    return printed.decode().replace("\r\n", "\n")


ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def test_a_narrow_terminal_and_a_pipe_get_the_same_with_no_name_cut():
    piped = command("strategies", "policy_curve").stdout, command("instruments").stdout
    shown = on_a_terminal("strategies", "policy_curve"), on_a_terminal("instruments")
    assert tuple(ESCAPE.sub("", text) for text in shown) == piped
    assert "…" not in piped[1]


def test_a_long_name_is_never_cut(divergence, here, no_pictures):
    assert len(LONG) == 64
    Path("long.yaml").write_text(SMALL.replace("pair", LONG))
    out = divergence("run", "long.yaml", "-q", "--out", "result").out
    assert any(line.startswith(f"{LONG} ") for line in out.splitlines())
    assert LONG in divergence("compare", "result", "-q").out
    assert "…" not in out


@pytest.mark.slow
def test_no_color_prints_no_escape(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    words = ("compare", str(tmp_path / "small.yaml"))
    assert ESCAPE.search(on_a_terminal(*words))
    assert not ESCAPE.search(on_a_terminal(*words, "--quiet", NO_COLOR="1"))
