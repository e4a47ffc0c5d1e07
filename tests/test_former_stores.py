"""A store that version 0.1 wrote: read, listed, checked, traded and added to by today's code.

`fixtures/store-0.1` is what 0.1's `data import` made of ten small files of made-up figures: four months of daily
rates, yields and prices, some macro figures, one restated yield and one tick that was kept out of the yen.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests import cli
from data import assemble, status
from data.build import build
from data.instruments import LIBRARY
from data.quality import check
from data.series import Delivery
from data.store import Store
from tests.faults import Faults, page

FIXTURE = Path(__file__).resolve().parent / "fixtures" / "store-0.1"
TODAY = date(2024, 5, 2)
NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)

# As 0.1's `data status` listed it: first, last, rows, gaps, restated, sha256, source.
LISTED = {
    "TLT": ("2024-01-04", "2024-04-30", 81, 3, 0, "861edbd67879", "TLT.csv"),
    "fed_funds": ("2024-01-01", "2024-04-30", 121, 0, 0, "6001476126c3", "funds.csv"),
    "jgb": ("2024-01-04", "2024-04-30", 79, 5, 0, "ae0c27400bb1", "jgb.csv"),
    "macro": ("2023-12-31", "2024-03-31", 4, 0, 0, "2836b9190279", "macro.csv"),
    "sofr": ("2024-01-04", "2024-04-30", 81, 3, 0, "dda576560912", "sofr.csv"),
    "tips": ("2024-01-04", "2024-04-30", 81, 3, 0, "285d558cbdb0", "tips.csv"),
    "us_cpi": ("2022-10-31", "2024-04-30", 19, 0, 4, "e559c4ccdfa6", "macro.csv"),
    "usdjpy": ("2024-01-04", "2024-04-30", 80, 4, 0, "245b2134d772", "usdjpy.csv"),
    "ust": ("2024-01-04", "2024-04-30", 81, 3, 1, "4bec48b9f183", "ust_restated.csv"),
    "yen_call_month": ("2023-11-30", "2024-04-30", 6, 0, 0, "937ca4dd2382", "call.csv"),
}
# As 0.1's market ended on its last day, reinvested.
PRICES = {"UST10": 102.66465563063076, "JGB10": 100.65296094125179, "TIPS10": 102.1607250399199, "TLT": 92.068}


@pytest.fixture
def store(tmp_path):
    return Store(Path(shutil.copytree(FIXTURE, tmp_path / "home")))


@pytest.fixture
def divergence(store, monkeypatch, capsys, tmp_path):
    """Run the command line in this process; return status, stdout and stderr."""
    monkeypatch.setenv("DIVERGENCE_HOME", str(store.folder))
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["divergence", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return run


def test_every_series_is_read_as_it_was_listed(store):
    extents = [status.stored(store.read(name), TODAY) for name in store.names()]
    read = {e.name: (str(e.first), str(e.last), e.rows, e.gaps, e.restated, e.sha256, e.source) for e in extents}
    assert read == LISTED


def test_a_restated_value_is_the_later_one_and_its_earlier_vintage_is_kept(store):
    ust = store.read("ust")
    assert (ust.vintages, ust.fetched.date()) == (2, date(2026, 11, 25))
    assert list(ust.frame.columns) == ["2", "5", "10", "20", "30"]
    _, rows = store._load("ust")
    values = rows[(rows["date"] == "2024-01-19") & (rows["column"] == "10")]
    assert values["vintage"].tolist() == [0, 1]
    assert np.diff(values["value"]) == pytest.approx(0.02)
    assert ust.frame.loc["2024-01-19", "10"] == values["value"].iloc[-1]


def test_the_market_is_the_one_it_was(store):
    tables = assemble.load(store, "daily", ["TLT"], TODAY)
    market = build(tables, [LIBRARY[name] for name in PRICES])
    assert (len(market.dates), str(market.dates[0]), str(market.dates[-1])) == (84, "2024-01-04", "2024-04-30")
    assert dict(zip(market.names, market.price[-1], strict=True)) == pytest.approx(PRICES, rel=1e-12)


def test_the_checks_say_what_they_said(store):
    findings = [finding for name in store.names() for finding in check(name, store.read(name).frame, TODAY)]
    assert [(f.level, f.series, str(f.first)) for f in findings if f.level != "note"] == [
        ("warning", "TLT", "2024-02-01"),
        ("warning", "usdjpy", "2024-02-16"),
    ]


def test_status_and_verify_answer(divergence):
    code, out, err = divergence("data", "status")
    assert (code, err) == (0, "")
    assert all(name in out and sha in out for name, (*_, sha, _) in LISTED.items())
    code, out, err = divergence("data", "verify")
    assert (code, err) == (0, "")
    assert "10 series: 0 errors, 2 warnings" in out


CONFIG = """
name: former
data: {source: store, frequency: daily, start: 2024-02-01}
variants: {pair: {strategy: divergence, params: {long: UST10, short: JGB10}}}
"""


def test_an_update_adds_to_it(divergence, store):
    before = store.read("usdjpy")
    days = pd.bdate_range("2024-04-29", "2024-05-10")
    values = [round(before.frame["value"].iloc[i], 2) for i in (-2, -1)] + [149.5 + i / 10 for i in range(8)]
    answer = pd.DataFrame({"DEXJPUS": values}, index=days.rename("observation_date")).to_csv()
    with Faults(answers={"/fx?id=DEXJPUS": [page(answer)]}) as server:
        Path("here.yaml").write_text(CONFIG + f'sources: {{fred: "{server.root}/fx?id={{id}}"}}\n')
        code, out, err = divergence("data", "update", "usdjpy", "--config", "here.yaml", "-q")
    assert (code, err) == (0, "")
    assert "8 new values" in out
    after = store.read("usdjpy")
    pd.testing.assert_frame_equal(after.frame.loc[before.frame.index], before.frame)
    assert (len(after.frame), str(after.frame.index[-1].date())) == (len(before.frame) + 8, "2024-05-10")
    assert (after.vintages, after.restated) == (2, 0)


def test_a_delivery_restates_beside_its_earlier_vintages(store):
    corrected = store.read("ust").frame.copy()
    corrected.loc["2024-04-30", "10"] += 0.01
    change = store.put(Delivery("ust", "a correction", corrected), NOW)
    assert (change.added, change.restated, change.kept) == (0, 1, 0)
    assert (store.read("ust").vintages, store.read("ust").restated) == (3, 2)
    assert len(list((store.folder / "series" / "ust").glob("*.parquet"))) == 2  # the state before stays beside


def test_a_run_trades_it(divergence):
    Path("former.yaml").write_text(CONFIG)
    code, out, err = divergence("run", "former.yaml", "-q")
    assert (code, err) == (0, "")
    assert any(line.startswith("pair ") for line in out.splitlines())
