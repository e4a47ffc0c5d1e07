"""`divergence run` as a user meets it: what it prints, what it writes, and how it ends when something fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from backtests.engine import backtrader_engine
from tests.command import SMALL, files

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.usefixtures("no_pictures")  # but those of the run that tests share


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


def test_a_run_folder_holds_what_the_design_lists(small):
    here = small.folder
    assert (small.answer.status, small.answer.err) == (0, "")
    names = ("attribution", "components", "equity", "exposure", "positions", "round_trips", "stress", "trades")
    tables = [f"{name}.parquet" for name in names]
    pictures = [f"plots/{name}.png" for name in ("attribution", "calendar", "equity", "rolling", "traded")]
    others = ["config.yaml", "manifest.json", "metrics.json", "plots", "report.html", "sensitivity.json"]
    assert files(here / "result") == sorted([*tables, *pictures, *others])
    registry = ["runs", "runs/trials.lock", "runs/trials.parquet"]
    assert files(here) == sorted(
        ["small.yaml", "result", *(f"result/{name}" for name in files(here / "result")), *registry]
    )
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


def test_the_resolved_configuration_of_a_run_gives_the_same_run(divergence, here, small):
    first = small.folder / "result"
    divergence("run", first / "config.yaml", "--out", "second", "-q")
    assert (first / "config.yaml").read_text() == (here / "second/config.yaml").read_text()
    assert (first / "metrics.json").read_text() == (here / "second/metrics.json").read_text()


def test_trades_and_positions_tell_one_story(small):
    trades = pd.read_parquet(small.folder / "result/trades.parquet")
    positions = pd.read_parquet(small.folder / "result/positions.parquet")
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


def test_a_window_says_what_decided_it_and_whose_it_is(divergence, here):
    text = SMALL.replace("2019-12-31", "1999-09-30").replace("UST10, short: JGB10", "UST30, short: JGB30")
    (here / "config.yaml").write_text(text)
    answer = divergence("run", "-q", "--out", "x")
    assert "1 notice:\n  UST30 exists from 2006-02-28: pair\n" in answer.out
    assert json.loads((here / "x/metrics.json").read_text())["variants"]["pair"]["start"] == "2006-02-28"


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
    monkeypatch.setattr("backtests.runs.runner.begin", lambda *_: 1 / 0)
    answer = divergence("run", "--out", "x")
    assert (answer.status, answer.err.count("\n")) == (70, 1)
    assert "ZeroDivisionError" in answer.err
    assert files(here) == ["config.yaml"]


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


@pytest.mark.slow
def test_a_polite_kill_leaves_nothing_behind(here):
    (here / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    with _command(here, "run") as running:
        assert "[1/15]" in running.stderr.readline()
        running.terminate()
        assert running.wait(20) == 143
        assert running.stderr.read().splitlines()[-1] == "error: terminated; nothing was kept"
    assert files(here) == ["config.yaml"]


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_failed_check(here):
    (here / "config.yaml").write_text(SMALL)
    code = "import sys; sys.stdin.readline()"
    with _command(here, "config", "schema") as running:
        subprocess.run([sys.executable, "-c", code], stdin=running.stdout, check=True)
        running.stdout.close()
        assert running.wait(20) in (0, 141)


def test_a_disk_that_fails_while_writing_leaves_nothing_and_ends_with_status_three(divergence, here, monkeypatch):
    (here / "good.yaml").write_text(SMALL)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backtests.report.plots.save", full)
    answer = divergence("run", "good.yaml", "-q")
    assert answer.status == 3
    assert "No space left on device" in answer.err
    assert files(here) == ["good.yaml"]


@pytest.mark.slow
def test_the_installed_command_serves_a_folder_that_holds_our_names_and_a_terminal_without_the_true_minus(here):
    for name in ("data", "strategies", "backtests"):
        (here / name).mkdir()
        (here / name / "__init__.py").write_text("raise ImportError('the wrong one')")
    (here / "config.yaml").write_text(SMALL)
    with _command(here, "run", "-q", env={**os.environ, "PYTHONIOENCODING": "ascii"}) as running:
        out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    assert "pair" in out
    assert "report: runs/small-" in out
