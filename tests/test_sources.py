"""Publishers' formats, from samples of each: what is read, what is noticed, and what every complaint says."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.errors import SourceError
from data.series import SPECS, Delivery, listed_names
from data.sources import boj, files, fred, mof, nyfed, registry, text, treasury
from data.sources.source import Feed, Format, Source
from tests.publishers import (
    FRED,
    MOF_ENGLISH,
    MOF_JAPANESE,
    SOFR,
    TODAY,
    TREASURY,
    TREASURY_REAL,
    complaint,
    day,
)

# Ministry of Finance


def test_english_and_japanese_yields_are_the_same_table():
    english = mof.parse(MOF_ENGLISH.encode(), "english", TODAY)
    japanese = mof.parse(MOF_JAPANESE.encode("cp932"), "japanese", TODAY)
    pd.testing.assert_frame_equal(english.frame, japanese.frame)
    assert english.series == "jgb"
    assert list(english.frame.columns) == list(mof.TENORS)
    assert day(english.frame, "2026-06-30")["10"] == 2.69
    assert np.isnan(day(english.frame, "1974-09-24")["10"])


def test_days_without_any_yield_and_remarks_are_left_out():
    delivery = mof.parse(MOF_ENGLISH, "english", TODAY)
    assert [str(when.date()) for when in delivery.frame.index] == ["1974-09-24", "2026-06-30"]
    assert delivery.notes == ("line 7 is a remark: 'If you cannot download the latest csv data, please clear ...'",)


@pytest.mark.parametrize(
    ("era", "western"),
    [
        ("S49.9.24", date(1974, 9, 24)),
        ("S64.1.6", date(1989, 1, 6)),
        ("H1.1.9", date(1989, 1, 9)),
        ("H31.4.26", date(2019, 4, 26)),
        ("R1.5.7", date(2019, 5, 7)),
        ("R8.6.30", date(2026, 6, 30)),
    ],
)
def test_era_years_count_from_1925_1988_and_2018(era, western):
    assert text.ERA.read(era) == western


def test_a_tenor_renamed_by_the_ministry_is_named_with_what_is_there():
    said = complaint(mof.parse, MOF_ENGLISH.replace("40Y", "40 years"), "mof", TODAY)
    assert said.startswith("mof: no column '40Y'; it has Date, 1Y, 2Y")


def test_a_new_tenor_is_left_out_with_a_note_unless_its_name_says_what_it_is():
    lines = MOF_ENGLISH.splitlines()
    wider = "\n".join([lines[0], lines[1] + ",50Y,Average", lines[2] + ",-,1", lines[4] + ",3.9,2"])
    delivery = mof.parse(wider, "mof", TODAY)
    assert day(delivery.frame, "2026-06-30")["50"] == 3.9
    assert delivery.notes == ("columns left out: Average",)


# Treasury


def test_treasury_columns_are_years_found_by_name_with_days_ascending():
    delivery = treasury.parse(TREASURY, "treasury", TODAY)
    assert (delivery.series, delivery.notes) == ("ust", ())
    assert list(delivery.frame.columns) == ["0.0833333", "0.125", "0.25", "1", "10", "30"]
    assert [when.day for when in delivery.frame.index] == [29, 30]
    assert day(delivery.frame, "2026-06-30")["10"] == 4.44
    assert np.isnan(day(delivery.frame, "2026-06-29")["0.125"])


def test_the_real_curve_is_told_by_its_lack_of_short_tenors():
    delivery = treasury.parse(TREASURY_REAL, "treasury", TODAY)
    assert delivery.series == "tips"
    assert list(delivery.frame.columns) == ["5", "7", "10", "20", "30"]


def test_treasury_columns_may_change_places_and_new_ones_are_noted():
    shuffled = 'Date,"30 Yr","10 Yr","Extrapolation Factor","1 Yr"\n06/30/2026,4.91,4.44,n/a,3.98\n'
    delivery = treasury.parse(shuffled, "treasury", TODAY)
    assert day(delivery.frame, "2026-06-30").to_dict() == {"1": 3.98, "10": 4.44, "30": 4.91}
    assert delivery.notes == ("columns left out: Extrapolation Factor",)


def test_a_treasury_file_without_its_10_year_is_refused():
    assert "no column '10 Yr'; it has Date, 1 Mo" in complaint(
        treasury.parse, TREASURY.replace("10 Yr", "Ten"), "t", TODAY
    )


def test_two_columns_of_one_tenor_are_refused():
    said = complaint(treasury.parse, TREASURY.replace("1.5 Month", "12 Mo"), "t", TODAY)
    assert said == "t: 12 Mo and 1 Yr are one and the same series; remove one of the columns"


# FRED


def test_one_fred_file_fills_several_series():
    found = {one.series: one for one in fred.parse(FRED, "fred", TODAY)}
    assert set(found) == {"ust", "tips", "usdjpy"}
    assert day(found["ust"].frame, "2006-02-09").to_dict() == {"10": 4.54, "30": 4.51}
    assert len(found["tips"].frame) == 1
    assert found["usdjpy"].frame["value"].tolist() == [133.6, 118.4, 118.6]
    assert "columns left out: VIXCLS" in found["usdjpy"].notes


def test_the_estimated_30_year_is_blanked_from_its_first_to_its_last_day():
    (ust,) = (one for one in fred.parse(FRED, "fred", TODAY) if one.series == "ust")
    assert ust.frame["30"].isna().tolist() == [True, True, False]
    assert ust.frame["10"].notna().all()
    assert ust.notes[-1].startswith("30-year of 2002-02-19 to 2006-02-08 blanked")


def test_the_30_year_of_the_days_around_the_estimate_stays():
    file = "DATE,DGS30\n2002-02-15,5.38\n2002-02-19,5.40\n2006-02-08,4.51\n2006-02-09,4.51\n"
    (ust,) = fred.parse(file, "fred", TODAY)
    assert [str(when.date()) for when in ust.frame.index] == ["2002-02-15", "2006-02-09"]


@pytest.mark.parametrize("name", ["DATE", "observation_date", "Date"])
@pytest.mark.parametrize("missing", ["", "."])
def test_fred_headers_and_missing_values_of_old_and_of_now_are_read(name, missing):
    (funds,) = fred.parse(f"{name},DFF\n2026-05-27,{missing}\n2026-05-28,3.63\n", "fred", TODAY)
    assert funds.series == "fed_funds"
    assert funds.frame["value"].to_dict() == {pd.Timestamp("2026-05-28"): 3.63}


def test_months_stamped_on_their_first_day_are_dated_on_their_last():
    cpi, call = fred.parse("DATE,CPIAUCNS,IRSTCI01JPM156N\n2024-02-01,310.326,-0.008\n", "fred", TODAY)
    assert (cpi.series, call.series) == ("us_cpi", "yen_call_month")
    assert cpi.frame.index.tolist() == call.frame.index.tolist() == [pd.Timestamp("2024-02-29")]


def test_two_figures_of_one_month_are_refused():
    said = complaint(fred.parse, "DATE,CPIAUCNS\n2024-02-01,310.3\n2024-02-29,310.4\n", "fred", TODAY)
    assert said == "fred: 2024-02 stands there twice; expected one figure a month"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("IRSTCB01JPM156N", "is the old discount rate, not the policy rate; use IRSTCI01JPM156N"),
        ("CPIAUCSL", "is seasonally adjusted, and TIPS accrue on the unadjusted index; use CPIAUCNS"),
    ],
)
def test_series_that_would_mislead_are_refused_in_files_and_on_request(name, reason):
    assert reason in complaint(fred.parse, f"DATE,DGS10,{name}\n2024-02-01,4.1,0.3\n", "fred", TODAY)
    assert reason in complaint(fred.fetch, [name])


def test_an_id_nobody_uses_is_refused_with_a_guess():
    assert "did you mean 'DGS10'?" in complaint(fred.fetch, ["DGS100"])
    assert "none of its columns is used here (VIXCLS)" in complaint(
        fred.parse, "DATE,VIXCLS\n2024-02-01,14\n", "f", TODAY
    )


def test_every_id_fills_a_column_of_a_series_there_is():
    assert {place.series for place in fred.IDS.values()} <= set(SPECS)
    assert len(set(fred.IDS.values())) == len(fred.IDS)
    assert [place.column for place in fred.IDS.values() if place.series == "tips"] == ["5", "7", "10", "20", "30"]
    assert len([place for place in fred.IDS.values() if place.series == "ust"]) == 11


# Bank of Japan, New York Fed


def boj_answer(days: list[object], values: list[object], **more: object) -> str:
    entry = {"SERIES_CODE": boj.CODE, "VALUES": {"SURVEY_DATES": days, "VALUES": values}}
    return json.dumps({"STATUS": 200, "MESSAGE": "done", "RESULTSET": [entry]} | more)


def test_the_call_rate_is_read_without_days_that_have_none_yet():
    delivery = boj.parse(boj_answer([20240105, "20240104", 20270104], [-0.01, "-0.012", None]), "boj", TODAY)
    assert delivery.series == "yen_call"
    assert delivery.frame["value"].to_dict() == {pd.Timestamp("2024-01-04"): -0.012, pd.Timestamp("2024-01-05"): -0.01}
    assert boj.CREDIT in delivery.notes


def test_an_error_of_the_bank_of_japan_is_told_in_its_own_words():
    answer = json.dumps({"STATUS": 400, "MESSAGE": "Invalid\n code"})
    said = complaint(boj.parse, answer, "boj", TODAY, kind=SourceError)
    assert said.startswith("boj: the Bank of Japan answers STATUS 400, Invalid code;")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Service unavailable", "boj: is no JSON but 'Service unavailable'"),
        ("[1, 2]", "boj: the Bank of Japan answers STATUS None"),
        ('{"STATUS": 200}', "expected RESULTSET with SURVEY_DATES and as many VALUES of STRDCLUCON; got STATUS"),
        (boj_answer([20240104], [0.1, 0.2]), "as many VALUES"),
        (boj_answer([20240104], [0.1]).replace(boj.CODE, "STRECLUCON"), "VALUES of STRDCLUCON"),
    ],
)
def test_an_answer_of_another_shape_is_refused(answer, words):
    assert words in complaint(boj.parse, answer, "boj", TODAY, kind=SourceError)


def test_a_call_rate_that_is_no_number_is_named():
    said = complaint(boj.parse, boj_answer([20240104, 20240105], [0.1, "high"]), "boj", TODAY)
    assert said.startswith("boj, value 2: 'high' in column value is not a number")


def test_sofr_is_told_from_the_rates_beside_it():
    delivery = nyfed.parse(SOFR, "nyfed", TODAY)
    assert delivery.series == "sofr"
    assert delivery.frame["value"].to_dict() == {pd.Timestamp("2025-08-18"): 4.36, pd.Timestamp("2025-08-19"): 4.33}


def test_a_renamed_column_of_the_new_york_fed_is_named():
    assert "no column 'Rate (%)'; it has" in complaint(nyfed.parse, SOFR.replace("Rate (%),", "Percent,"), "ny", TODAY)


# The registry


def test_no_series_has_two_sources_and_every_official_one_is_fetched():
    fetched = [series for source in registry.SOURCES for feed in source.feeds for series in feed.series]
    assert len(fetched) == len(set(fetched))
    assert set(SPECS) - set(fetched) == {"fed_funds_month", "macro"}  # they come with the project, or from a file
    assert set(listed_names()) <= set(fetched)


def test_all_official_series_are_fetched_where_none_is_named_in_one_job_a_request():
    names = [job.name for job in registry.jobs([], {})]
    assert names == ["treasury", "jgb", "usdjpy", "fed_funds", "sofr", "yen_call", "yen_call_month", "us_cpi"]
    assert [job.name for job in registry.jobs(["TLT", "tips", "ust", "TLT"], {})] == ["TLT", "treasury"]


def test_a_name_that_no_source_delivers_is_refused_with_a_guess():
    assert complaint(registry.jobs, ["usdjpx"], {}) == "no source delivers 'usdjpx'; did you mean 'usdjpy'?"
    assert "no source delivers 'macro'; known: 236A.T" in complaint(registry.jobs, ["macro"], {})


@pytest.mark.parametrize("source", [source for source in registry.SOURCES if source.address], ids=lambda s: s.name)
def test_an_address_keeps_the_placeholders_of_the_sources_own(source):
    registry.check_address(source.name, source.address.replace("https://", "http://127.0.0.1/"))
    for wrong in ("https://example.org", "https://example.org/{other}", source.address + "{", source.address + "{0}"):
        assert "the address must hold {" in complaint(registry.check_address, source.name, wrong)


def test_a_source_is_one_value_and_one_line(monkeypatch, tmp_path):
    def delivery(where: str) -> list[Delivery]:
        return [Delivery("sofr", where, pd.DataFrame({"value": [4.3]}, pd.DatetimeIndex(["2026-01-05"])))]

    mine = Source(
        name="mine",
        feeds=(Feed(("sofr",), delivery),),
        address="https://example.org/{day}",
        formats=(Format("mine", lambda header: header[0] == "my day", lambda data, path, today: delivery(path)),),
    )
    monkeypatch.setattr(registry, "SOURCES", (mine, *registry.SOURCES))
    (job,) = [job for job in registry.jobs(["sofr"], {"mine": "https://example.com/{day}"}) if job.name == "sofr"]
    assert [part.series for part in job.fetch()] == ["sofr"]
    registry.check_address("mine", "https://example.com/{day}")
    (tmp_path / "any.csv").write_text("my day,rate\n2026-01-05,4.3\n")
    (part,) = files.read(tmp_path / "any.csv")
    assert (part.series, part.notes) == ("sofr", ("read as: mine",))
