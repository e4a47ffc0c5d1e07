"""Each source against a server that speaks its format and its faults: a correct table, or one line."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.errors import DataError, DivergenceError
from data.sources import boj, fred, mof, nyfed, registry, treasury, yahoo
from tests.faults import Answer, Faults, cut_short, page, status
from tests.fetched import FAST, PACES, complaint, hurry
from tests.test_sources import FRED, MOF_ENGLISH, MOF_JAPANESE, SOFR, TODAY, TREASURY, TREASURY_REAL, boj_answer, day

BODY = b"Date,10 Yr\n06/30/2026,4.44\n"


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    hurry(monkeypatch)


@pytest.fixture
def web() -> Iterator[Faults]:
    with Faults() as faults:
        yield faults


# Sources


def test_the_current_month_wins_over_the_history(web):
    revised = MOF_ENGLISH.replace("1974/9/24", "2026/7/1").replace("2.69", "2.70")
    web.serve("/historical/jgbcme_all.csv", page(MOF_ENGLISH))
    web.serve("/jgbcme.csv", page(revised))
    (jgb,) = mof.fetch(web.root + "/{file}", FAST, TODAY)
    assert jgb.series == "jgb"
    assert [str(when.date()) for when in jgb.frame.index] == ["1974-09-24", "2026-06-30", "2026-07-01"]
    assert day(jgb.frame, "2026-06-30")["10"] == 2.70


def test_a_month_without_rows_yet_leaves_the_history(web):
    web.serve("/historical/jgbcme_all.csv", page(MOF_JAPANESE.encode("cp932")))
    web.serve("/jgbcme.csv", page("\n".join(MOF_ENGLISH.splitlines()[:2])))
    (jgb,) = mof.fetch(web.root + "/{file}", FAST, TODAY)
    assert len(jgb.frame) == 2
    assert "the current month has no rows yet" in jgb.notes


def treasury_files(web: Faults, **answers: Answer) -> str:
    """Serve one file a year and curve; return the address."""
    for name, answer in answers.items():
        curve, year = name.split("_")
        web.serve(f"/{year}?type={treasury.TYPES[curve]}", answer)
    return web.root + "/{year}?type={type}"


def test_treasury_years_are_one_table_each_from_its_first_year(web):
    newer = TREASURY.replace("2026", "2003").replace("1 Yr", "Mood")
    older = newer.replace("2003", "2002").replace('"1 Mo","1.5 Month",', '"2 Mo","4 Mo",')
    address = treasury_files(
        web, ust_2002=page(older), ust_2003=page(newer),
        tips_2003=page(TREASURY_REAL.replace("2026", "2003")),
    )  # fmt: skip
    ust, tips = treasury.fetch(2002, 2003, address, FAST, TODAY)
    assert (ust.series, tips.series) == ("ust", "tips")
    assert [str(when.date()) for when in ust.frame.index] == ["2002-06-29", "2002-06-30", "2003-06-29", "2003-06-30"]
    assert list(ust.frame.columns) == ["0.0833333", "0.125", "0.166667", "0.25", "0.333333", "10", "30"]
    assert ust.notes == ("columns left out: Mood",)
    assert np.isnan(day(ust.frame, "2003-06-30")["0.166667"])
    assert len(tips.frame) == 2


def test_a_year_that_has_only_begun_is_left_out_with_a_note(web):
    address = treasury_files(web, ust_2001=page(TREASURY.replace("2026", "2001")), ust_2002=page(""))
    (ust,) = treasury.fetch(2001, 2002, address, FAST, TODAY)
    assert len(ust.frame) == 2
    assert ust.notes == ("2002 has no rows yet",)


def test_an_empty_year_in_the_middle_is_an_error(web):
    address = treasury_files(web, ust_2000=page(TREASURY.replace("2026", "2000")), ust_2001=page(""))
    assert "is empty; fetch it again" in complaint(treasury.fetch, 2000, 2002, address, FAST, TODAY, kind=DataError)


def test_a_file_of_another_year_or_curve_is_refused(web):
    address = treasury_files(web, ust_2001=page(TREASURY), ust_2002=page(TREASURY_REAL.replace("2026", "2002")))
    said = complaint(treasury.fetch, 2001, 2001, address, FAST, TODAY, kind=DataError)
    assert "asked for ust of 2001, got ust of 2026-06-29 to 2026-06-30" in said
    said = complaint(treasury.fetch, 2002, 2002, address, FAST, TODAY, kind=DataError)
    assert "asked for ust of 2002, got tips of" in said


def test_years_in_the_wrong_order_are_refused():
    assert "the first year comes after the last" in complaint(treasury.fetch, 2026, 2025, kind=DataError)


def test_fred_is_asked_for_one_id_at_a_time_and_columns_are_joined(web):
    web.serve("/g?id=DGS2", page("observation_date,DGS2\n2026-06-29,3.9\n2026-06-30,\n"))
    web.serve("/g?id=DGS10", page("observation_date,DGS10\n2026-06-29,4.41\n2026-06-30,4.44\n"))
    web.serve("/g?id=DFF", page("observation_date,DFF\n2026-06-30,3.63\n"))
    ust, funds = fred.fetch(["DGS10", "DGS2", "DFF", "DGS2"], web.root + "/g?id={id}", FAST, TODAY)
    assert web.asked == ["/g?id=DGS10", "/g?id=DGS2", "/g?id=DFF"]
    assert (ust.series, funds.series) == ("ust", "fed_funds")
    assert day(ust.frame, "2026-06-29").to_dict() == {"2": 3.9, "10": 4.41}
    assert np.isnan(day(ust.frame, "2026-06-30")["2"])


def test_the_new_york_fed_is_asked_in_its_own_dates(web):
    web.serve("/s", page(SOFR))
    (sofr,) = nyfed.fetch(date(2025, 8, 1), date(2025, 8, 20), web.root + "/s?from={start}&to={end}", FAST, TODAY)
    assert web.asked == ["/s?from=08/01/2025&to=08/20/2025"]
    assert len(sofr.frame) == 2


def test_the_bank_of_japan_is_read_page_by_page(web):
    web.serve("/b?from=202401", page(boj_answer([20240104, 20240105], [0.1, 0.2], NEXTPOSITION=3)))
    web.serve("/b?from=202401&startPosition=3", page(boj_answer([20240108, 20240109], [None, None], NEXTPOSITION="5")))
    web.serve("/b?from=202401&startPosition=5", page(boj_answer([20240110], [0.3], NEXTPOSITION=None)))
    (call,) = boj.fetch(date(2024, 1, 4), web.root + "/b?from={start}", FAST, TODAY)
    assert len(web.asked) == 3
    assert call.frame["value"].tolist() == [0.1, 0.2, 0.3]
    assert call.frame.index[-1] == pd.Timestamp("2024-01-10")


def test_pages_of_the_bank_of_japan_keep_their_distance(web, monkeypatch):
    monkeypatch.setattr(boj, "PAUSE", 0.1)
    web.serve("/b?from=202401", page(boj_answer([20240104], [0.1], NEXTPOSITION=2)))
    web.serve("/b?from=202401&startPosition=2", page(boj_answer([20240105], [0.2])))
    boj.fetch(date(2024, 1, 4), web.root + "/b?from={start}", FAST, TODAY)
    assert web.times[1] - web.times[0] >= 0.09


def test_the_bank_of_japan_is_never_asked_more_than_once_a_second():
    assert PACES[boj] >= 1.0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page('{"STATUS": 400, "MESSAGE": "no such series"}'), "answers STATUS 400, no such series"),
        (page(boj_answer([20240104], [0.1], NEXTPOSITION=-2)), "NEXTPOSITION is -2; expected a number"),
        (page("<html>Maintenance</html>"), "is a web page"),
        (page(""), "is empty"),
    ],
)
def test_an_error_inside_an_answer_of_200_is_told(web, answer, words):
    web.serve("/b", answer)
    assert words in complaint(boj.fetch, date(2024, 1, 4), web.root + "/b?{start}", FAST, TODAY, kind=DivergenceError)


def test_pages_in_circles_end(web):
    web.serve("/b", page(boj_answer([20240104], [0.1], NEXTPOSITION=2)))
    said = complaint(boj.fetch, date(2024, 1, 4), web.root + "/b?{start}", FAST, TODAY)
    assert "the next page, 2, does not come after this one" in said
    assert len(web.asked) == 2


FUTURE = FRED.replace("2006-02-09", "2026-08-01")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page("<!doctype html><title>Just a moment</title>", kind="text/html"), "is a web page, not a CSV table"),
        (page(""), "is empty"),
        (page(FRED[:-8]), "line 5: 5 fields where the header has 6"),
        (page(FRED.replace("observation_date", "period")), "no header that begins with Date"),
        (
            page(FRED.replace("DGS", "CMT").replace("DFII10", "R").replace("DEXJPUS", "Y")),
            "none of its columns is used",
        ),
        (page(FUTURE), "2026-08-01 is in the future, expected no later than 2026-07-31"),
        (page(FRED + "2006-02-09,4.6,4.51,.,118.6,13.1\n"), "line 6: 2006-02-09 has other values than on line 5"),
        (cut_short(FRED.encode()[:50], 200), "broke off in the middle of its answer"),
        (status(404), "answers 404 Not Found"),
    ],
)
def test_what_is_wrong_with_an_answer_names_its_address_in_one_line(web, answer, words):
    web.serve("/g", answer)
    said = complaint(fred.fetch, ["DGS10"], web.root + "/g?id={id}", FAST, TODAY, kind=DivergenceError)
    assert words in said
    assert "127.0.0.1" in said


def test_columns_in_another_order_new_ones_and_repeated_rows_change_nothing(web):
    plain = web.serve("/plain", page("observation_date,DGS2,DGS10\n2026-06-29,3.9,4.41\n2026-06-30,4.0,4.44\n"))
    other = web.serve(
        "/other",
        page("observation_date,DGS10,NEW,DGS2\n2026-06-30,4.44,1,4.0\n2026-06-29,4.41,1,3.9\n2026-06-30,4.44,2,4.00\n"),
    )
    (expected,) = fred.fetch(["DGS10"], plain, FAST, TODAY)
    (found,) = fred.fetch(["DGS10"], other, FAST, TODAY)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.notes == ("columns left out: NEW", "1 repeated rows dropped, the first on line 4")


# The jobs of an update


@pytest.mark.parametrize(
    ("series", "source", "address", "asked"),
    [
        ("jgb", "mof", "/m/{file}", "/m/historical/jgbcme_all.csv"),
        ("tips", "treasury", "/t/{year}?type={type}", "/t/1990?type=daily_treasury_yield_curve"),
        ("yen_call", "boj", "/b?from={start}", "/b?from=199801"),
        ("sofr", "nyfed", "/s?from={start}&to={end}", "/s?from=04/02/2018&to="),
        ("usdjpy", "fred", "/g?id={id}", "/g?id=DEXJPUS"),
        ("fed_funds", "fred", "/g?id={id}", "/g?id=DFF"),
        ("us_cpi", "fred", "/g?id={id}", "/g?id=CPIAUCNS"),
        ("yen_call_month", "fred", "/g?id={id}", "/g?id=IRSTCI01JPM156N"),
    ],
)
def test_each_job_asks_the_address_of_its_own_source(web, series, source, address, asked):
    (job,) = registry.jobs([series], {source: web.root + address})
    assert "127.0.0.1 answers 404" in complaint(job.fetch)
    assert [where[: len(asked)] for where in web.asked] == [asked]


# Live


def online(host: str) -> None:
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError as error:
        pytest.skip(f"{host} cannot be reached: {error}")


@pytest.mark.network
class TestLiveSources:
    @pytest.fixture(autouse=True)
    def hurried(self):
        """Live sources are asked at their own pace."""

    def test_the_ministry_of_finance(self):
        online("www.mof.go.jp")
        (jgb,) = mof.fetch()
        assert day(jgb.frame, "2026-06-30")["10"] == 2.690
        assert jgb.frame.index[-1] >= pd.Timestamp("2026-06-30")

    def test_the_treasury(self):
        online("home.treasury.gov")
        ust, tips = treasury.fetch(2025, 2025)
        assert day(ust.frame, "2025-12-31")["10"] == 4.18
        assert len(tips.frame) > 240

    def test_fred(self):
        online("fred.stlouisfed.org")
        yen, cpi = fred.fetch(["DEXJPUS", "CPIAUCNS"])
        assert yen.frame.index[0] == pd.Timestamp("1971-01-04")
        assert day(cpi.frame, "2026-06-30")["value"] == 333.952

    def test_the_bank_of_japan(self):
        online("www.stat-search.boj.or.jp")
        (call,) = boj.fetch(date(2024, 1, 1))
        assert day(call.frame, "2024-01-04")["value"] == pytest.approx(-0.01, abs=0.03)

    def test_the_new_york_fed(self):
        online("markets.newyorkfed.org")
        (sofr,) = nyfed.fetch(date(2018, 4, 2), date(2018, 4, 30))
        assert sofr.frame.index[0] <= pd.Timestamp("2018-04-03")

    def test_yahoo(self):
        online("query2.finance.yahoo.com")
        (fund,) = yahoo.fetch("TLT", date(2024, 1, 1))
        assert fund.frame["dividend"].sum() > 0
        assert day(fund.frame, "2025-09-26")["close"] == pytest.approx(88.90, abs=0.01)
