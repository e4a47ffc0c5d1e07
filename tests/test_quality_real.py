"""Data quality on the real history: no error, nothing kept out, the known traps named."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.quality import Finding, check, quarantine
from tests.quality_cases import REAL, TODAY, about, spans

# ---- the real history


def columns_of(path: str, names: dict[str, str]) -> pd.DataFrame:
    read = pd.read_csv(REAL / path, index_col=0, parse_dates=True)[list(names)]
    return read.rename(columns=names).astype(float).dropna(how="all")


def real_jgb() -> pd.DataFrame:
    read = pd.read_csv(REAL / "mof/jgbcme_all.csv", skiprows=1, index_col=0, na_values=["-"])
    return read.set_index(pd.to_datetime(read.index, format="%Y/%m/%d")).rename(columns=lambda c: c[:-1]).astype(float)


def real_ust() -> pd.DataFrame:
    tenors = {"DGS1MO": "0.0833", "DGS3MO": "0.25", "DGS6MO": "0.5"} | {
        f"DGS{n}": str(n) for n in (1, 2, 3, 5, 7, 10, 20, 30)
    }
    rows = columns_of("ust/cmt_daily.csv", tenors)
    rows.loc["2002-02-19":"2006-02-08", "30"] = np.nan
    return rows


def real_fund(name: str) -> pd.DataFrame:
    names = {"AdjClose": "adjusted", "ImpliedDividend": "dividend"}
    names |= {c: c.lower() for c in ("Open", "High", "Low", "Close", "Volume")}
    return columns_of(f"etf/{name}.csv", names).assign(split=0.0)


def real_months(path: str, column: str) -> pd.DataFrame:
    rows = pd.read_csv(REAL / path, index_col=0, parse_dates=True)[[column]].set_axis(["value"], axis=1)
    return rows.set_axis(rows.index + pd.offsets.MonthEnd(0)).astype(float)


READERS = {
    "jgb": real_jgb,
    "ust": real_ust,
    "tips": lambda: columns_of("ust/real_curve_daily.csv", {f"DFII{n}": str(n) for n in (5, 7, 10, 20, 30)}),
    "usdjpy": lambda: columns_of("fx/usdjpy_daily.csv", {"USDJPY": "value"}),
    "fed_funds": lambda: columns_of("rates/us_overnight_rates_daily.csv", {"DFF": "value"}),
    "sofr": lambda: columns_of("rates/us_overnight_rates_daily.csv", {"SOFR": "value"}),
    "yen_call_month": lambda: real_months("rates/jp_call_rate_monthly.csv", "JP_CALL_RATE_PCT"),
    "us_cpi": lambda: real_months("rates/us_cpi_nsa_monthly.csv", "CPIAUCNS"),
    **{name: (lambda name=name: real_fund(name)) for name in ("TLT", "IEF", "SHY", "TIP")},
}
DAILY = [name for name in READERS if name not in ("yen_call_month", "us_cpi")]


@pytest.fixture(scope="module")
def real() -> dict[str, pd.DataFrame]:
    if not REAL.is_dir():
        pytest.skip(f"no daily history at {REAL}; it is not part of the project")
    return {name: read() for name, read in READERS.items()}


@pytest.fixture(scope="module")
def judged(real) -> dict[str, list[Finding]]:
    return {name: check(name, rows, TODAY) for name, rows in real.items()}


@pytest.mark.realdata
@pytest.mark.parametrize("name", READERS)
def test_quarantine_removes_nothing_from_the_real_history(real, name):
    clean, removed = quarantine(name, real[name])
    assert removed == []
    pd.testing.assert_frame_equal(clean, real[name])


@pytest.mark.realdata
@pytest.mark.parametrize("name", DAILY)
def test_quarantine_holds_nothing_back_on_the_wildest_days_of_the_real_history(real, name):
    rows = real[name]["close"].to_frame() if "close" in real[name] else real[name]
    wild = rows.diff().abs().rank(ascending=False).min(axis=1).nsmallest(25).index
    for day in wild:  # each as it was on the evening it arrived, and on the next
        for last in (day, *rows.index[rows.index > day][:1]):
            assert quarantine(name, rows.loc[:last].tail(50))[1] == []


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "column"), [("jgb", "10"), ("ust", "10"), ("TLT", "close"), ("TLT", "adjusted")])
def test_quarantine_removes_a_planted_hundredfold_and_nothing_else(real, name, column):
    rows = real[name]
    for day in ("1998-11-20", "2008-10-10", "2020-03-18", rows[column].last_valid_index()):
        at = rows.index.get_indexer([pd.Timestamp(day)], method="bfill")[0]
        ticked = rows.copy()
        ticked.iloc[at, rows.columns.get_loc(column)] *= 100
        clean, removed = quarantine(name, ticked)
        assert len(removed) == 1
        assert np.isnan(clean[column].iloc[at])
        assert clean.isna().sum().sum() == rows.isna().sum().sum() + 1


@pytest.mark.realdata
def test_the_real_history_has_no_errors(judged):
    assert {name: [str(f) for f in found if f.level == "error"] for name, found in judged.items()} == {
        name: [] for name in READERS
    }


@pytest.mark.realdata
def test_the_real_history_has_findings_one_can_read_through(judged):
    assert max(len(found) for found in judged.values()) < 50


@pytest.mark.realdata
def test_the_real_gap_to_2019_05_07_is_reported_as_holidays(judged):
    found = [f for f in judged["jgb"] if f.last == date(2019, 5, 7)]
    assert [str(f) for f in found] == [
        "note jgb 2019-04-26 to 2019-05-07: no row for 11 days: holidays, no session between"
    ]
    assert about(judged["jgb"], "of XTKS") == []


@pytest.mark.realdata
def test_the_saturdays_of_the_real_history_are_counted(judged):
    assert spans(about(judged["jgb"], "519 Saturdays")) == [("note", "1974-09-28", "1989-01-28")]


@pytest.mark.realdata
def test_the_spikes_of_1979_and_1980_are_findings(judged):
    warnings = [f for f in judged["jgb"] if f.level == "warning"]
    assert spans(about(warnings, "the 2-year is missing on 361 rows")) == [("warning", "1978-05-22", "1979-08-21")]
    assert about(warnings, "7.632 after (+224.1 bp)")
    assert spans(about(warnings, "the 1-year is missing on 648 rows")) == [("warning", "1978-05-22", "1980-08-21")]
    assert about(warnings, "9.565 after (+450.7 bp)")
    spikes = [f for f in about(warnings, "robust deviations") if f.first and f.first.year == 1980]
    assert len(spikes) == 1
    assert "2-year -58.5 bp to 10.799 on 1980-04-25" in spikes[0].message
    assert "in the tenors 1, 2, 3" in spikes[0].message


@pytest.mark.realdata
def test_a_calm_decade_of_the_real_history_has_a_handful_of_outliers(real):
    for start, end in (("1993", "2002"), ("2003", "2012"), ("2013", "2022")):
        found = about(check("jgb", real["jgb"].loc[start:end], TODAY), "robust deviations")
        assert 1 <= len(found) <= 5


@pytest.mark.realdata
def test_the_estimated_30_year_of_the_real_file_is_refused(real, judged):
    raw = real["ust"].copy()
    raw["30"] = columns_of("ust/cmt_daily.csv", {"DGS30": "30"})["30"]
    found = about(check("ust", raw, TODAY), "an estimate, none was quoted")
    assert spans(found) == [("error", "2002-02-19", "2006-02-08")]
    assert spans(about(judged["ust"], "the 30-year is missing on 994 rows")) == [("note", "2002-02-19", "2006-02-08")]


@pytest.mark.realdata
def test_the_known_traps_of_the_real_history_are_named(judged):
    assert spans(about(judged["tips"], "no bar spans it")) == [("note", "2008-12-01", "2008-12-01")] * 2
    assert about(judged["us_cpi"], "2025-10 blank")
    ends = {f.message.split()[1]: str(f.first) for f in about(judged["ust"], "ends here")}
    assert ends["5-year"] == ends["7-year"] == ends["20-year"] == "2026-07-22"
    assert ends["3-year"] == "2026-06-24"


@pytest.mark.realdata
def test_real_funds_agree_with_their_exchange_and_their_distributions(judged):
    for name in ("TLT", "IEF", "SHY", "TIP"):
        assert about(judged[name], "XNYS") == about(judged[name], "adjusted differs") == []
