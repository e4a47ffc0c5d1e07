"""The command as a user meets it: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from backtests import cli
from backtests.engine import backtrader_engine

ROOT = Path(__file__).resolve().parent.parent

SMALL = """
name: small
thesis_date: 2024-01-01
data: {start: 2015-12-31, end: 2025-12-31}
variants:
  pair: {strategy: divergence, params: {long: UST10, short: JGB10}}
  bond: {strategy: hold, params: {weights: {UST10: 0.6}}}
benchmarks: [bond]
"""


@dataclass
class Answer:
    status: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def divergence(here, monkeypatch, capsys):
    """Run the command line in this process."""

    def run(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["divergence", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return Answer(int(end.value.code or 0), printed.out, printed.err)

    return run


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# ---- what a run prints and writes


def test_a_run_prints_a_line_per_variant_and_the_path_of_the_report(divergence, here):
    (here / "config.yaml").write_text(SMALL)
    answer = divergence("run")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["variant", "pair", "bond"]
    report = Path(lines[-1].removeprefix("report: "))
    assert report.is_file()
    assert (here / "runs" / "index.html").is_file()
    assert "[1/2] pair" in answer.err


def test_a_run_folder_holds_what_the_design_lists(divergence, here):
    (here / "small.yaml").write_text(SMALL)
    assert divergence("run", "small.yaml", "--out", "result", "--quiet").err == ""
    names = ("attribution", "components", "equity", "exposure", "positions", "stress", "trades")
    tables = [f"{name}.parquet" for name in names]
    pictures = [f"plots/{name}.png" for name in ("attribution", "calendar", "equity", "rolling", "traded")]
    others = ["config.yaml", "manifest.json", "metrics.json", "plots", "report.html", "sensitivity.json"]
    assert files(here / "result") == sorted([*tables, *pictures, *others])
    assert files(here) == sorted(["small.yaml", "result", *(f"result/{name}" for name in files(here / "result"))])
    metrics = json.loads((here / "result/metrics.json").read_text())["variants"]
    equity = pd.read_parquet(here / "result/equity.parquet")
    lines = pd.read_parquet(here / "result/attribution.parquet")
    assert list(lines.columns) == ["date", "variant", "instrument", "line", "usd"]
    for name, figures in metrics.items():
        assert equity[name].iloc[-1] - 1e7 == pytest.approx(figures["pnl"], abs=1e-3)
        assert lines.loc[lines["variant"] == name, "usd"].sum() == pytest.approx(figures["pnl"], abs=1e-3)
    manifest = json.loads((here / "result/manifest.json").read_text())
    assert manifest["reconciliation"] <= 1e-9
    assert manifest["engine"] == "backtrader"


def test_the_resolved_configuration_of_a_run_gives_the_same_run(divergence, here):
    (here / "small.yaml").write_text(SMALL)
    divergence("run", "small.yaml", "--out", "first", "-q")
    divergence("run", "first/config.yaml", "--out", "second", "-q")
    assert (here / "first/config.yaml").read_text() == (here / "second/config.yaml").read_text()
    assert (here / "first/metrics.json").read_text() == (here / "second/metrics.json").read_text()


def test_trades_and_positions_tell_one_story(divergence, here):
    (here / "small.yaml").write_text(SMALL)
    divergence("run", "small.yaml", "--out", "result", "-q")
    trades = pd.read_parquet(here / "result/trades.parquet")
    positions = pd.read_parquet(here / "result/positions.parquet")
    bought = trades.groupby(["variant", "instrument"])["units"].sum()
    held = positions.groupby(["variant", "instrument"])["units"].last()
    pd.testing.assert_series_equal(bought, held)
    assert (trades["cost_usd"] > 0).all()


def test_a_value_can_be_set_on_the_command_line(divergence, here):
    (here / "config.yaml").write_text(SMALL)
    answer = divergence("run", "--set", "account.capital=1e6", "--set", "engine=ledger", "--out", "x", "-q")
    assert answer.status == 0
    assert "capital: 1000000.0" in (here / "x/config.yaml").read_text()
    assert json.loads((here / "x/manifest.json").read_text())["engine"] == "ledger"


def test_an_instrument_with_a_dot_in_its_name_can_be_set(divergence, here):
    (here / "config.yaml").write_text(SMALL.replace("short: JGB10", "short: 236A.T"))
    assert divergence("config", "check", "--set", "instruments.236A.T.borrow_bp=50").status == 0


def test_a_variant_says_from_when_to_when_it_trades_and_why(divergence, here):
    text = SMALL.replace("2015-12-31", "1999-09-30").replace("UST10, short: JGB10", "UST30, short: JGB30")
    (here / "config.yaml").write_text(text)
    answer = divergence("run", "-q", "--out", "x")
    assert "pair trades 2006-02-28 to 2025-12-31: UST30 exists from 2006-02-28." in answer.out
    assert json.loads((here / "x/metrics.json").read_text())["variants"]["pair"]["start"] == "2006-02-28"


def test_a_report_can_be_drawn_again(divergence, here):
    (here / "config.yaml").write_text(SMALL)
    divergence("run", "--out", "x", "-q")
    before = (here / "x/report.html").read_text()
    (here / "x/report.html").unlink()
    assert divergence("report", "x").status == 0
    assert (here / "x/report.html").read_text() == before


def test_runs_are_listed_newest_first(divergence, here):
    (here / "config.yaml").write_text(SMALL)
    assert "no runs" in divergence("runs").out
    divergence("run", "-q")
    divergence("run", "-q", "--set", "name=later")
    listed = divergence("runs").out
    assert "small-" in listed
    assert "later-" in listed


def test_the_catalogues_name_everything(divergence):
    from data.instruments import LIBRARY
    from strategies import STRATEGIES

    strategies, instruments = divergence("strategies").out, divergence("instruments").out
    assert all(f"\n{name}:" in f"\n{strategies}" for name in STRATEGIES)
    assert all(f"\n{name} " in instruments for name in LIBRARY)
    status = divergence("data", "status").out
    assert "us_core_cpi_yoy" in status
    assert "2026-06-30" in status


def test_the_schema_the_editor_uses_is_the_one_the_command_prints(divergence):
    printed = divergence("config", "schema").out
    assert json.loads(printed)["properties"].keys() >= {"name", "data", "variants", "benchmarks"}
    assert (ROOT / "config.schema.json").read_text() == printed


def test_engines_that_disagree_end_with_status_one_and_the_day(divergence, here, monkeypatch):
    (here / "config.yaml").write_text(SMALL)
    honest = backtrader_engine._Broker.accrue

    def forgets_march_2020(self, bar):
        honest(self, bar)
        if str(self.book.dates[bar]) == "2020-03-31":
            self.cash += 1.0

    monkeypatch.setattr(backtrader_engine._Broker, "accrue", forgets_march_2020)
    answer = divergence("run", "--out", "x", "-q")
    assert answer.status == 1
    assert "pair: the engines disagree from 2020-03-31 on" in answer.err
    assert not (here / "x").exists()


def test_a_fault_of_ours_is_one_line_too(divergence, here, monkeypatch):
    (here / "config.yaml").write_text(SMALL)
    monkeypatch.setattr("backtests.runs.runner.run", lambda *_: 1 / 0)
    answer = divergence("run", "--out", "x")
    assert (answer.status, answer.err.count("\n")) == (70, 1)
    assert "ZeroDivisionError" in answer.err
    assert files(here) == ["config.yaml"]


# ---- what it refuses: one line, status 2, nothing written

PAIR = "{strategy: divergence, params: {long: UST10, short: JGB10}}"


def config(variants: str = f"pair: {PAIR}", more: str = "") -> str:
    return f"name: bad\n{more}\nvariants:\n  {variants}\n"


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nname: x\nvariants: {}\n"
REFUSED = {
    "empty": ("", "is empty"),
    "a list": ("- 1\n- 2\n", "expected keys and values"),
    "tabs": ("name: x\nvariants:\n\tpair: 1\n", ":3: a tab in the indentation"),
    "not yaml": ("name: [x\n", "not valid YAML"),
    "duplicate key": ("name: x\nname: y\nvariants: {}\n", ":2: the key 'name' stands here and on line 1"),
    "unknown key": (config(more="acount: {}"), ":2: acount: unknown key; did you mean 'account'?"),
    "no variants": ("name: x\n", "variants: is missing"),
    "no variant": ("name: x\nvariants: {}\n", "variants: has 0 entries"),
    "misspelt strategy": (config("pair: {strategy: divergense}"), "did you mean 'divergence'?"),
    "no strategy": (config("pair: {params: {}}"), "names no strategy"),
    "misspelt parameter": (config("p: {strategy: curve, params: {frnt: UST2}}"), "did you mean 'front'?"),
    "misspelt instrument": (config("p: {strategy: hold, params: {weights: {USTT10: 1}}}"), "did you mean 'UST10'?"),
    "misspelt choice": (config("p: {strategy: curve, params: {trade: stepener}}"), "did you mean 'steepener'?"),
    "wrong type": (config(more="account: {capital: plenty}"), "account.capital: is 'plenty'; expected a number"),
    "a number for a word": (config("p: {strategy: curve, params: {front: 2}}"), "params.front: is 2; expected text"),
    "negative": (config(more="account: {capital: -1}"), "account.capital: is -1; expected above 0"),
    "nan": (config(more="account: {capital: .nan}"), "expected a finite number"),
    "infinite": (config(more="account: {max_gross: .inf}"), "account.max_gross: is inf"),
    "nan weight": (config("p: {strategy: hold, params: {weights: {UST10: .nan}}}"), "expected a finite number"),
    "negative size": (config("p: {strategy: curve, params: {duration: -5}}"), "expected a number above 0"),
    "bad window": (
        config("p: {strategy: divergence, params: {sizing: beta, window: 3 years}}"),
        "'3 years' is not a window",
    ),
    "unused parameter": (
        config("p: {strategy: divergence, params: {sizing: notional, duration: 5}}"),
        "duration is not used by sizing: notional",
    ),
    "end before start": (config(more="data: {start: 2020-01-31, end: 2010-01-31}"), "is not after start"),
    "a window between rows": (config(more="data: {start: 2010-01-05, end: 2010-01-15}"), "no row of the data lies"),
    "a band that never trades": (config(more="rebalance: {band: 1}"), "rebalance.band: is 1; expected below 1"),
    "a huge weight": (config("p: {strategy: hold, params: {weights: {UST10: 1e308}}}"), "1000 at most"),
    "a time for a number": (config(more="account: {capital: 1:30}"), "is a time of day to YAML"),
    "dollars on a yen curve": (config(more="instruments: {UST10: {curve: jp}}"), "the curve jp is in JPY, not USD"),
    "another currency": (config(more="instruments: {UST10: {currency: JPY}}"), "UST10 is a USD par_bond"),
    "an address without its place": (config(more="sources: {fred: \"https://x.org\"}"), "must hold {id}"),
    "a quoted date": (config(more="data: {start: \"2010-01-31\"}"), "a date without quotes"),
    "impossible date": (config(more="data: {start: 2020-02-31}"), "data.start: 2020-02-31 cannot be read"),
    "not a date": (config(more="data: {start: early}"), "expected a date without quotes, like 1999-09-30"),
    "start before the data": (config(more="data: {start: 1950-01-31}"), "runs from 1992-12-31 to 2026-06-30"),
    "end after the data": (config(more="data: {end: 2050-01-31}"), "data.end is 2050-01-31, outside"),
    "same leg twice": (config("p: {strategy: divergence, params: {long: UST10, short: UST10}}"), "named twice"),
    "a leg without history": (
        config("p: {strategy: divergence, params: {long: UST10, short: JGB40}}", "data: {end: 2006-12-31}"),
        "variant 'p' never trades between 1992-12-31 and 2006-12-31",
    ),
    "cash sized by duration": (
        config("p: {strategy: divergence, params: {long: UST10, short: JPY}}"),
        "JPY is cash and has no duration",
    ),
    "extends itself": (config("p: {extends: p}"), "p extends p: a circle"),
    "extends in a circle": (config("p: {extends: q}\n  q: {extends: p}"), "a circle"),
    "extends nothing": (config(f"pair: {PAIR}\n  q: {{extends: pear}}"), "did you mean 'pair'?"),
    "unknown benchmark": (config(more="benchmarks: [bund]"), "benchmarks.0: 'bund' is not a variant"),
    "a path as name": ("name: ../../etc/passwd\nvariants: {}\n", "is not a name"),
    "markup as name": ("name: <script>alert(1)</script>\nvariants: {}\n", "is not a name"),
    "markup as variant": (config(f"'<b>': {PAIR}"), "is not a name"),
    "a tag": ("name: !!python/object/apply:os.system [ls]\nvariants: {}\n", "is plain data"),
    "a bomb": (BOMB, "anchors and aliases are not accepted"),
    "deep nesting": ("name: " + "[" * 3000 + "]" * 3000, "nested more than"),
    "two documents": ("name: x\n---\nname: y\n", "a second document"),
    "a number as key": ("name: x\n1: y\nvariants: {}\n", "the key 1 is not text"),
    "too large": ("# " + "x" * 10_000_000, "is 10.0 MB"),
    "unknown source": (config(more="data: {source: bloomberg}"), "is not bundled, not store and not a folder"),
    "withholding of nothing": (config(more="account: {withholding: 0.15}"), "set data.distributions: paid"),
    "unknown currency": (config(f"p: {PAIR[:-1]}, currency: hedged}}"), "is not repo, unhedged, fx_swap"),
    "half an instrument": (config(more="instruments: {JGB8: {kind: par_bond}}"), "a new par_bond needs currency"),
    "an odd maturity": (config(more="instruments: {UST10: {maturity: 10.3}}"), "multiple of 0.5"),
    "a bad borrow step": (
        config(more="instruments: {JGB10: {borrow_bp: [{from: 2022-01-01, bp: much}]}}"),
        "borrow_bp.0.bp: is 'much'; expected a number",
    ),
    "borrow steps out of order": (
        config(more="instruments: {JGB10: {borrow_bp: [{from: 2022-01-01, bp: 1}, {from: 2021-01-01, bp: 1}]}}"),
        "borrow steps must ascend",
    ),
    "terminal codes": (config("p: {strategy: \"\\e[31mred\\e[0m\"}"), "unknown strategy"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_and_leaves_nothing_behind(divergence, here, case):
    text, words = REFUSED[case]
    (here / "bad.yaml").write_text(text)
    answer = divergence("run", "bad.yaml", "--out", "result")
    lines = answer.err.splitlines()
    talk = [line for line in lines if line.startswith("[")]  # a variant may already have been announced
    assert answer.status == 2, answer.err
    assert len(lines) - len(talk) == 1
    assert lines[-1].startswith("error: ")
    assert words in lines[-1]
    assert lines[-1].isprintable()
    assert files(here) == ["bad.yaml"]
    assert answer.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "missing.yaml"], "missing.yaml: no such file"),
        (["run", "."], "is a folder; give a YAML file"),
        (["run", "good.yaml", "--set", "capital"], "expected key=value"),
        (["run", "good.yaml", "--set", "account.capitol=1"], "did you mean 'capital'?"),
        (["run", "good.yaml", "--set", "account.capital=[1"], "is not a YAML value"),
        (["run", "good.yaml", "--set", "account.margin=1"], "--set account.margin=1: account.margin: unknown key"),
        (["run", "good.yaml", "--set", "account..capital=1"], "a key between two dots is empty"),
        (["run", "good.yaml", "--set", "variants.pair.params.sizng=beta"], "variants.pair.params.sizng: unknown key"),
        (["run", "good.yaml", "--out", "a" * 300], "File name too long"),
        (["run", "good.yaml", "twice"], "unexpected extra argument"),
        (["run", "--bad"], "No such option"),
        (["run", "good.yaml", "--set", "name.x=1"], "name is 'small', which has no keys"),
        (["run", "good.yaml", "--out", "good.yaml"], "already exists"),
        (["run", "good.yaml", "--out", "good.yaml/inside"], "cannot be written"),
        (["run", "good.yaml", "--out", "/proc/nowhere/x"], "cannot be written"),
        (["report", "nothing"], "is not a run folder"),
        (["config", "check", "missing.yaml"], "no such file"),
    ],
)
def test_bad_words_are_one_line_too(divergence, here, words, said):
    (here / "good.yaml").write_text(SMALL)
    answer = divergence(*words)
    assert answer.status == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert files(here) == ["good.yaml"]


def test_a_link_is_not_written_through(divergence, here):
    (here / "good.yaml").write_text(SMALL)
    (here / "link").symlink_to(here / "elsewhere")
    assert divergence("run", "good.yaml", "--out", "link").status == 2
    assert files(here) == ["good.yaml", "link"]


def test_a_number_may_begin_with_its_point(divergence, here):
    (here / "config.yaml").write_text(SMALL.replace("UST10: 0.6", "UST10: -.5"))
    assert divergence("config", "check").status == 0


def test_ruin_and_idleness_are_said(divergence, here):
    text = SMALL.replace("{UST10: 0.6}", "{UST10: 30}").replace("thesis_date", "account: {max_gross: 50}\nthesis_date")
    (here / "config.yaml").write_text(text + "instruments: {JGB10: {lot: 1.0e+12}, UST10: {lot: 1}}\n")
    answer = divergence("run", "-q", "--out", "x")
    assert answer.status == 0
    assert "bond LOST ALL ITS CAPITAL by 20" in answer.out
    assert "RUINED 20" in (here / "x/report.html").read_text()
    (here / "config.yaml").write_text(SMALL + "instruments: {UST10: {lot: 1.0e+12}}\n")
    assert "bond never traded" in divergence("run", "-q").out


def _command(here, *words, **options):
    command = [Path(sys.executable).parent / "divergence", *words]
    return subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_a_polite_kill_leaves_nothing_behind(here):
    (here / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    with _command(here, "run") as running:
        assert "[1/15]" in running.stderr.readline()
        running.terminate()
        assert running.wait(20) == 130
        assert "interrupted; nothing was kept" in running.stderr.read()
    assert files(here) == ["config.yaml"]


def test_a_run_being_written_is_not_listed(divergence, here):
    (here / "config.yaml").write_text(SMALL)
    divergence("run", "-q", "--out", "runs/.half")
    assert "no runs" in divergence("runs").out


def test_a_terminal_without_the_true_minus_is_served(here):
    (here / "config.yaml").write_text(SMALL)
    with _command(here, "run", "-q", env={**os.environ, "PYTHONIOENCODING": "ascii"}) as running:
        assert running.wait(60) == 0
        assert "pair" in running.stdout.read()


def test_a_reader_that_leaves_is_no_failed_check(here):
    (here / "config.yaml").write_text(SMALL)
    code = "import sys; sys.stdin.readline()"
    with _command(here, "config", "schema") as running:
        subprocess.run([sys.executable, "-c", code], stdin=running.stdout, check=True)
        running.stdout.close()
        assert running.wait(20) in (0, 141)


def test_a_full_folder_is_not_written_over(divergence, here):
    (here / "good.yaml").write_text(SMALL)
    (here / "result").mkdir()
    (here / "result/mine.txt").write_text("keep")
    assert divergence("run", "good.yaml", "--out", "result").status == 2
    assert files(here) == ["good.yaml", "result", "result/mine.txt"]


def test_a_disk_that_fails_while_writing_leaves_nothing_and_ends_with_status_three(divergence, here, monkeypatch):
    (here / "good.yaml").write_text(SMALL)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backtests.report.plots.save", full)
    answer = divergence("run", "good.yaml", "-q")
    assert answer.status == 3
    assert "No space left on device" in answer.err
    assert files(here) == ["good.yaml"]


def test_the_installed_command_works_from_a_folder_that_holds_our_names(here):
    for name in ("data", "strategies", "backtests"):
        (here / name).mkdir()
        (here / name / "__init__.py").write_text("raise ImportError('the wrong one')")
    (here / "config.yaml").write_text(SMALL)
    command = Path(sys.executable).parent / "divergence"
    answer = subprocess.run([command, "run", "-q"], capture_output=True, text=True, cwd=here, env=dict(os.environ))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "report: runs/small-" in answer.stdout
