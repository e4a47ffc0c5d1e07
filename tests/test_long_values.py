"""Names, numbers and nestings that no one means, and little memory: one line that fits a screen, and status 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backtests.cli import limits
from strategies.base import Window
from strategies.exits import Length
from tests.command import SMALL, files

NAME = "n" * 300
DIGITS = "1" * 400
PARTS = ".".join(["a"] * 3000)
SCREEN = 80 * 24
SETTINGS = [
    f"{PARTS}=1", f"name={NAME}", f"name=[{'[' * 3000}", f"variants.{NAME}.strategy=x", f"benchmarks=[{NAME}]",
    f"variants.pair.params.window={DIGITS}M", f"variants.pair.params.long={NAME}", f"variants.pair.extends={NAME}",
    f"variants.pair.{NAME}=1", f"variants.pair.overlays=[{{{NAME}: }}]", f"account.capital={DIGITS}",
    f"account.capital={DIGITS}M", f"data.start={DIGITS}", f"data.source={NAME}", f"fill={NAME}", f"sources.{NAME}=x",
    f"instruments.{NAME}.lot=1", f"instruments.TLT.exchange={NAME}", f"instruments.TLT.curve={NAME}",
    f"countries.us.close={NAME}", f"countries.us.calendar={NAME}", f"rebalance.every={NAME}", f"{NAME}", "=",
    "x=\n" * 99, f"variants.pair.trade.horizon={DIGITS}M", f"variants.pair.trade.horizon={NAME}",
    "variants.pair.trade.horizon=99999D", "variants.pair.trade.reenter=1\u0661M",
    f"variants.pair.trade.stop_bp={DIGITS}", f"variants.pair.trade.entry={DIGITS}", f"variants.pair.trade.{NAME}=1",
]  # fmt: skip
WORDS = [
    ["run", NAME], ["report", NAME], ["runs", NAME], ["compare", NAME], ["data", "import", NAME], [NAME],
    ["run", "--out", NAME], ["ticket", "--variant", NAME], ["ticket", "--holdings", NAME], ["ticket", "--as-of", NAME],
    ["data", "update", NAME], ["data", "update", "--config", NAME], ["compare", "--at-vol", DIGITS],
    ["run", f"--{NAME}"], ["sensitivity", "--variant", NAME], ["data", "template", NAME],
    ["data", "template", "ust", "--out", NAME], ["data", "import", "x.csv", "--as", NAME],
    ["data", "import", "config.yaml", "--as", NAME], ["data", "import", "config.yaml", "--unit", NAME],
    ["data", "import", "config.yaml", "--exchange", NAME], ["data", "import", "config.yaml", "--columns", NAME],
    ["data", "import", "config.yaml", "--currency", NAME, "--as", "X"],
    ["data", "import", "config.yaml", "--sheet", NAME],
]  # fmt: skip
TEXTS = {
    "deep": "x: " * 1 + "{a: " * 3000 + "1" + "}" * 3000,
    "deep by lines": "\n".join(f"{' ' * i}a:" for i in range(600)),
    "bomb": "\n".join([f"a0: &a0 [{'x, ' * 9}x]", *(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}x]" for i in range(1, 9))]),
    "merge bomb": "a: &a {b: 1}\nc: {<<: [*a, *a, *a]}\n",
    "long key": f"{NAME}: 1\n",
    "long number": f"name: x\nvariants: {{a: {{strategy: hold}}}}\naccount: {{capital: {'9' * 200_000}}}\n",
    "long hexadecimal": f"name: x\nvariants: {{a: {{strategy: hold}}}}\naccount: {{capital: 0x{'f' * 200_000}}}\n",
    "long text": f"name: {'n' * 200_000}\n",
    "long line": "name: x" + " " * 200_000 + "y: z\n",
    "many keys": "\n".join(f"k{i}: 1" for i in range(20_000)),
}


def one_line(answer) -> bool:
    return answer.status == 2 and answer.err.count("\n") == 1 and len(answer.err) < SCREEN and answer.out == ""


@pytest.mark.parametrize("setting", SETTINGS, ids=[setting[:30] for setting in SETTINGS])
def test_a_setting(divergence, here, setting):
    (here / "config.yaml").write_text(SMALL)
    answer = divergence("config", "check", "--set", setting)
    assert one_line(answer), answer.err[:2000]


@pytest.mark.parametrize("words", WORDS, ids=[" ".join(words)[:30] for words in WORDS])
def test_a_word_of_the_command_line(divergence, here, monkeypatch, words):
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    (here / "config.yaml").write_text(SMALL)
    assert one_line(answer := divergence(*words)), answer.err[:2000]
    assert files(here) == ["config.yaml"]


@pytest.mark.parametrize("case", TEXTS)
def test_a_configuration(divergence, here, case):
    (here / "config.yaml").write_text(TEXTS[case])
    assert one_line(answer := divergence("config", "check")), answer.err[:2000]


def test_a_store_of_a_long_name_is_said(divergence, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", NAME)
    answer = divergence("data", "status")
    assert (answer.status, answer.err.count("\n")) == (3, 1)


@pytest.mark.parametrize("text", [f"{DIGITS}M", "100000D", "0M", "-1M", "\u0661M", "1.0000001M", "1e3M", ""])
def test_a_window_is_a_few_plain_digits(text):
    with pytest.raises(ValueError, match="is not a window") as refused:
        Window(text)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("text", [f"{DIGITS}M", "99999D", "0M", "-1M", "1\u0661M", "1.5M", ""])
def test_a_length_of_time_is_a_few_plain_digits(text):
    with pytest.raises(ValueError, match="is not a length of time") as refused:
        Length(text)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (OSError(12, "Cannot allocate memory"), True),
        (ImportError("x.so: failed to map segment from shared object"), True),
        (RuntimeError("can't start new thread"), True),
        (OSError(28, "No space left on device"), False),
        (ValueError("x"), False),
    ],
)
def test_want_of_memory_is_known_by_its_signs(error, short):
    assert limits.is_short(error) is short
    try:
        try:
            raise error
        except type(error):
            raise KeyError("later")  # noqa: B904
    except KeyError as outer:
        assert limits.is_short(outer) is short


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space is limited on Linux")
@pytest.mark.parametrize("megabytes", [150, 400, 800, 1000])
def test_little_memory(here, megabytes):
    (here / "config.yaml").write_text(SMALL)
    command = f"ulimit -v {megabytes * 1024}; exec {Path(sys.executable).parent / 'divergence'} run --quiet"
    answer = subprocess.run(["bash", "-c", command], cwd=here, capture_output=True, text=True, timeout=120, check=False)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1), answer.stderr[-1000:]
    assert "memory" in answer.stderr
    assert files(here) == ["config.yaml"]
