"""A run as a workbook and as CSV files: what a spreadsheet reads back is what the run folder holds."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from backtests import read
from backtests.export.columns import known
from backtests.report.format import RUN
from tests.command import divergence, files
from tests.test_former_runs import FIXTURES, FORMER

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
SHEETS = [
    "summary", "returns", "excess returns", "equity", "positions", "fills", "round trips", "attribution",
    "attribution by bar", "months", "inputs", "against benchmarks", "legs", "run", "configuration",
]  # fmt: skip
STATED = {  # what a figure of the summary is called, with its unit
    "excess_return": "excess return (% a year)", "volatility": "volatility (% a year)", "sharpe": "sharpe",
    "excess_drawdown": "excess drawdown (%)", "excess_drawdown_peak": "excess drawdown peak",
    "trading_pnl": "trading P&L (USD)", "turnover": "turnover (times equity a year)", "bars": "bars",
    "thesis_excess_return": "thesis excess return (%)", "end": "end", "ruined": "ruined",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(small, tmp_path_factory):
    """A folder with a workbook and a folder of CSV files of the small run."""
    folder = tmp_path_factory.mktemp("exported")
    for form, name in (("--xlsx", "small.xlsx"), ("--csv", "small")):
        assert divergence("export", small.folder / "result", form, "--out", folder / name).status == 0
    return folder


@pytest.fixture(scope="module")
def book(place):
    return openpyxl.load_workbook(place / "small.xlsx")


@pytest.fixture(scope="module")
def metrics(small):
    return json.loads((small.folder / "result/metrics.json").read_text())["variants"]


def table(sheet) -> list[dict]:
    heading, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in rows]


def plain(value):
    return value.date().isoformat() if isinstance(value, datetime) else value


def test_the_summary_is_metrics_json(book, metrics):
    rows = table(book["summary"])
    assert [row["variant"] for row in rows] == list(metrics)
    assert [row["benchmark"] for row in rows] == ["no", "yes"]
    for row, figures in zip(rows, metrics.values(), strict=True):
        for key, heading in STATED.items():
            want = figures[key]
            assert plain(row[heading]) == (pytest.approx(want, rel=1e-14) if isinstance(want, float) else want), key
        held = figures["inference"]["sharpe"]
        assert row["sharpe, 95 % low"] == pytest.approx(held["low"], rel=1e-14)


def test_every_figure_of_the_run_stands_in_the_summary_with_a_unit(book, metrics):
    figures = [key for key, value in metrics["pair"].items() if not isinstance(value, dict)]
    assert [key for key in figures if not known(key)] == []
    assert book["summary"].max_column >= len(figures) + 2


def test_sheets_keep_their_header_in_sight_and_hold_no_formula(book):
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        kinds = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row}
        assert "f" not in kinds, sheet.title


def test_figures_are_numbers_days_are_days_and_fractions_are_shown_as_percentages(book):
    for sheet in ("returns", "excess returns", "equity", "positions", "fills"):
        dates = list(book[sheet]["A"][1:])
        assert all(cell.is_date and cell.number_format == "yyyy-mm-dd" for cell in dates)
    cell = book["summary"].cell(2, 3)
    assert cell.data_type == "n"
    assert cell.number_format == "0.00%"
    assert {cell.number_format for cell in book["equity"]["B"][1:]} == {"#,##0"}
    inputs = table(book["inputs"])
    assert all(isinstance(row["first"], datetime) and isinstance(row["rows"], int) for row in inputs)
    pairs = {row["key"]: row["value"] for row in table(book["configuration"])}
    assert pairs["thesis_date"] == datetime(2024, 1, 1)
    assert pairs["account.capital"] == 10_000_000
    assert pairs["account.cash_interest"] is True


def test_returns_compound_to_equity_and_months_to_their_year(book):
    equity = [row["pair (USD)"] for row in table(book["equity"])]
    growth = np.prod([1 + row["pair (%)"] for row in table(book["returns"])])
    assert growth * equity[0] == pytest.approx(equity[-1], rel=1e-12)
    for row in table(book["months"]):
        months = [value for key, value in row.items() if key[:4].endswith(" ") and value is not None]
        assert len(months) == 12
        assert np.prod([1 + value for value in months]) - 1 == pytest.approx(row["year, in excess of cash (%)"])


def test_attribution_sums_to_profit_and_loss_bar_by_bar_and_in_all(book, metrics):
    for sheet in ("attribution", "attribution by bar"):
        for name, figures in metrics.items():
            rows = [row for row in table(book[sheet]) if row["variant"] == name]
            assert sum(row["P&L (USD)"] for row in rows) == pytest.approx(figures["pnl"], abs=1e-2)
            assert sum(row["trading P&L (USD)"] for row in rows) == pytest.approx(figures["trading_pnl"], abs=1e-2)


def test_fills_positions_and_trips_are_the_run_folders(book, small):
    for sheet, name in (("fills", "trades"), ("positions", "positions"), ("round trips", "round_trips")):
        stored = pd.read_parquet(small.folder / f"result/{name}.parquet")
        assert book[sheet].max_row == len(stored) + 1
    stored = pd.read_parquet(small.folder / "result/trades.parquet")
    rows = table(book["fills"])
    assert [row["notional (USD)"] for row in rows] == pytest.approx(stored["notional_usd"].tolist(), rel=1e-14)
    assert [plain(row["date"]) for row in rows] == [str(day.date()) for day in stored["date"]]


def test_csv_files_hold_the_same_tables_in_full(place, book):
    assert files(place / "small") == sorted(f"{name.replace(' ', '_')}.csv" for name in SHEETS)
    for name in SHEETS:
        with (place / f"small/{name.replace(' ', '_')}.csv").open(newline="") as file:
            heading, *rows = csv.reader(file)
        assert [cell.replace("(fraction", "(%") for cell in heading] == [cell.value for cell in book[name][1]]
        held = list(book[name].iter_rows(min_row=2, values_only=True))
        assert len(held) == len(rows)
        for row, cells in zip(held, rows, strict=True):
            assert all(map(alike, row, cells)), (name, row, cells)


def alike(value, text: str) -> bool:
    """Whether a cell of the workbook and one of a CSV file are the same."""
    if value is None or isinstance(value, bool):
        return text == {None: "", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return float(text) == pytest.approx(value, rel=1e-14)
    return plain(value) == text


@pytest.fixture
def copied(small, here):
    """A copy of the small run whose texts can be changed."""
    shutil.copytree(small.folder / "result", here / "run")
    return here / "run"


HOSTILE = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "-5", "\t=1", "＝1"]


def test_no_text_of_a_run_is_a_formula(copied, here):
    path = copied / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["notices"] = HOSTILE
    manifest["data"]["series"][0]["source"] = "=cmd|' /C calc'!A0"
    path.write_text(json.dumps(manifest))
    assert divergence("export", copied, "--xlsx", "--out", "a.xlsx").status == 0
    assert divergence("export", copied, "--csv", "--out", "a").status == 0
    book = openpyxl.load_workbook("a.xlsx")
    texts = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert [text for text in texts if text.startswith(RUN)] == []
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert [row["value"] for row in table(book["run"])][: len(HOSTILE)] == [f"'{text}" for text in HOSTILE]
    with Path("a/inputs.csv").open(newline="") as file:
        assert next(iter(csv.DictReader(file)))["source"] == "'=cmd|' /C calc'!A0"
    with Path("a/run.csv").open(newline="") as file:
        assert [row["value"] for row in csv.DictReader(file)][: len(HOSTILE)] == [f"'{text}" for text in HOSTILE]


@pytest.mark.parametrize("name", FORMER)
@pytest.mark.parametrize(("form", "out"), [("--xlsx", "a.xlsx"), ("--csv", "a")])
def test_runs_of_earlier_versions_are_exported(name, form, out, here):
    answer = divergence("export", FIXTURES / name, form, "--out", out)
    assert answer == (0, f"{form[2:]}: {out}\n", "")


def test_some_variants_alone_can_be_exported(small, here):
    assert divergence("export", small.folder / "result", "--xlsx", "--variant", "bond", "--out", "a.xlsx").status == 0
    book = openpyxl.load_workbook("a.xlsx")
    for sheet in ("summary", "positions", "fills", "attribution", "months", "round trips"):
        assert {row["variant"] for row in table(book[sheet])} == {"bond"}
    assert [cell.value for cell in book["equity"][1]] == ["date", "bond (USD)"]


def test_the_name_is_the_runs_where_none_is_given(copied, here):
    assert divergence("export", copied, "--xlsx").out == "xlsx: run.xlsx\n"
    assert divergence("export", copied, "--csv").out == "csv: run-csv\n"
    assert sorted(path.name for path in here.iterdir()) == ["run", "run-csv", "run.xlsx"]


def test_the_same_run_gives_the_same_bytes(copied, here):
    for out in ("a.xlsx", "b.xlsx"):
        divergence("export", copied, "--xlsx", "--out", out)
    assert Path("a.xlsx").read_bytes() == Path("b.xlsx").read_bytes()


REFUSED = {
    (): "export writes one form at a time; give one of --",
    ("--xlsx", "--csv"): "export writes one form at a time",
    ("--xlsx", "--out", "a.csv"): "--out a.csv: expected a name that ends in .xlsx",
    ("--xlsx", "--out", "taken.xlsx"): "--out taken.xlsx: already exists",
    ("--csv", "--out", "run"): "--out run: already exists",
    ("--csv", "--variant", "bnd"): "the run has no variant 'bnd'; did you mean 'bond'?",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_done_is_refused_in_one_line_with_nothing_written(words, copied, here):
    Path("taken.xlsx").write_text("mine")
    before = files(here)
    status, out, err = divergence("export", "run", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert REFUSED[words] in err
    assert files(here) == before
    assert Path("taken.xlsx").read_text() == "mine"


def test_a_table_that_no_sheet_holds_is_refused_by_name(copied, here, monkeypatch):
    monkeypatch.setattr("backtests.export.workbook.MOST_ROWS", 100)
    status, _, err = divergence("export", "run", "--xlsx")
    assert status == 2
    assert "positions: " in err
    assert "give --csv, or some variants with --variant" in err
    assert sorted(path.name for path in here.iterdir()) == ["run"]


@pytest.mark.parametrize(("form", "out"), [("--xlsx", "a.xlsx"), ("--csv", "a")])
def test_a_disk_that_fails_leaves_nothing_half_written(form, out, copied, here, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.disk.sync", full)
    monkeypatch.setattr("backtests.runs.folder.sync", full)
    status, _, err = divergence("export", "run", form, "--out", out)
    assert (status, err) == (3, f"error: {out}: cannot be written (No space left on device); nothing was kept\n")
    assert sorted(path.name for path in here.iterdir()) == ["run"]


def test_a_damaged_run_is_one_line(copied, here):
    for name in ("attribution", "trades"):
        path = copied / f"{name}.parquet"
        pd.read_parquet(path).drop(columns="variant").to_parquet(path)
    status, _, err = divergence("export", "run", "--xlsx")
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith("error: run: the run cannot be ")


def test_python_writes_the_same_workbook(copied, here, place):
    assert read(copied).export("mine.xlsx") == Path("mine.xlsx")
    assert Path("mine.xlsx").read_bytes() == (place / "small.xlsx").read_bytes()
    assert read(copied).export("mine", "bond") == Path("mine")
    assert "summary.csv" in files(here / "mine")


def number(text: str) -> float:
    return float(text.removesuffix("%").replace(",", ""))


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on this machine")
def test_libreoffice_reads_the_summary(place, metrics, tmp_path):
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [OFFICE, "--headless", profile, "--convert-to", "csv", "--outdir", tmp_path, place / "small.xlsx"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with (tmp_path / "small.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, (name, figures) in zip(rows, metrics.items(), strict=True):
        assert row["variant"] == name
        assert row["excess return (% a year)"].endswith("%")
        assert number(row["excess return (% a year)"]) == pytest.approx(100 * figures["excess_return"], rel=1e-12)
        assert number(row["trading P&L (USD)"]) == pytest.approx(figures["trading_pnl"], abs=0.5)
        assert row["end"] == figures["end"]
