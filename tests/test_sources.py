"""Publishers' formats, from samples of each: what is read, what is noticed, and what every complaint says."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import DataError, DivergenceError, SourceError
from data.series import PRICE_COLUMNS, SPECS
from data.sources import boj, bundled, files, fred, http, mof, nyfed, text, treasury, yahoo

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
realdata = [pytest.mark.realdata, pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is absent")]
TODAY = date(2026, 7, 31)

MOF_HEADER = "Date," + ",".join(f"{tenor}Y" for tenor in mof.TENORS)
MOF_ENGLISH = f"""Interest Rate (June 2026),,,,,,,,,,,,,,,(Unit : %)
{MOF_HEADER}
1974/9/24,10.327,9.362,8.83,8.515,8.348,8.29,8.24,8.121,8.127,-,-,-,-,-,-
2019/4/30,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-
2026/6/30,1.165,1.382,1.531,1.755,1.937,2.075,2.231,2.398,2.553,2.69,3.271,3.625,3.883,3.873,3.792
,,,,,,,,,,,,,,,
"  If you cannot download the latest csv data, please clear the browser's cache.",,,
"""
MOF_JAPANESE = (
    MOF_ENGLISH.replace("Interest Rate (June 2026)", "国債金利情報 (令和8年6月)")
    .replace("Date", "基準日")
    .replace("Y,", "年,")
    .replace("40Y", "40年")
    .replace("1974/9/24", "S49.9.24")
    .replace("2019/4/30", "H31.4.30")
    .replace("2026/6/30", "R8.6.30")
    .replace("  If you cannot download the latest csv data", "※最新のcsvデータがダウンロードできない場合")
)
TREASURY = """Date,"1 Mo","1.5 Month","3 Mo","1 Yr","10 Yr","30 Yr"
06/30/2026,4.04,4.09,4.19,3.98,4.44,4.91
06/29/2026,4.06,,4.17,3.97,4.41,4.90
"""
TREASURY_REAL = """Date,"5 YR","7 YR","10 YR","20 YR","30 YR"
06/30/2026,1.93,2.01,2.20,2.54,2.73
06/29/2026,1.90,2.00,2.18,2.52,2.71
"""
FRED = """observation_date,DGS10,DGS30,DFII10,DEXJPUS,VIXCLS
2002-02-18,,,,,
2002-02-19,4.88,5.39,,133.6,23.1
2006-02-08,4.56,4.51,2.05,118.4,12.8
2006-02-09,4.54,4.51,.,118.6,13.1
"""
SOFR = """Effective Date,Rate Type,Rate (%),1st Percentile (%),Footnote ID
08/20/2025,SOFRAI,,,
08/19/2025,SOFR,4.33,4.28,
08/19/2025,EFFR,4.32,4.31,
08/18/2025,SOFR,4.36,4.30,
"""
PRICES = """Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits
2025-09-25 00:00:00-04:00,88.85,89.03,88.45,88.98,88.98,29882500,0.0,0.0
2025-09-26 00:00:00-04:00,88.99,89.47,88.69,88.90,88.90,30936600,0.31,0.0
"""
MARKETS = """date,us_3m,us_10y,us_real_10y,jp_10y,jp_40y,usdjpy,us_overnight,jp_overnight
1992-12-31,,6.7,,4.97,,124.85,2.9197,3.8949
2026-06-30,3.87,4.44,2.2,2.69,3.792,162.61,3.63,0.841
"""
MACRO = """date,us_cpi,jp_core_cpi_yoy
2025-09-30,324.8,2.9
2025-10-31,,3.0
"""
SAMPLES = {
    "mof_english.csv": (MOF_ENGLISH, {"jgb"}),
    "mof_japanese.csv": (MOF_JAPANESE, {"jgb"}),
    "nominal.csv": (TREASURY, {"ust"}),
    "real.csv": (TREASURY_REAL, {"tips"}),
    "fred.csv": (FRED, {"ust", "tips", "usdjpy"}),
    "sofr.csv": (SOFR, {"sofr"}),
    "TLT.csv": (PRICES, {"TLT"}),
    "2561.T.csv": (PRICES, {"2561.T"}),
    "markets.csv": (MARKETS, {"ust", "tips", "jgb", "usdjpy", "fed_funds_month", "yen_call_month"}),
    "macro.csv": (MACRO, {"macro", "us_cpi"}),
}


def day(frame: pd.DataFrame, when: str) -> pd.Series:
    return frame.loc[pd.Timestamp(when)]


def complaint(call, *arguments, kind: type[DivergenceError] = DataError, **named) -> str:
    """Return what a call complains of, which is one line."""
    with pytest.raises(kind) as caught:
        call(*arguments, **named)
    said = str(caught.value)
    assert said and "\n" not in said
    return said


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


# Yahoo

DAYS = pd.DatetimeIndex(["2026-06-29", "2026-06-30"], tz="America/New_York")
FRAME = pd.DataFrame(
    {
        "Open": [90.0, 91.0], "High": [92.0, 92.5], "Low": [89.0, 90.5], "Close": [91.0, 92.0],
        "Adj Close": [90.7, 92.0], "Volume": [1000, 2000], "Dividends": [0.3, 0.0], "Stock Splits": [0.0, 0.0],
        "Capital Gains": [0.0, 0.0],
    },
    DAYS,
)  # fmt: skip
MORNING_AFTER = datetime(2026, 7, 1, 10, tzinfo=UTC)
FAST = http.Policy(attempts=3, backoff=0.001)


class FakeTicker:
    """In place of yfinance.Ticker: hands over its answers one by one, and remembers what it was asked."""

    def __init__(self, *answers: pd.DataFrame | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, object]] = []

    def __call__(self, symbol: str) -> FakeTicker:
        return self

    def history(self, **named: object) -> pd.DataFrame:
        self.asked.append(named)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_yahoo_is_asked_for_raw_prices_with_their_actions():
    ticker = FakeTicker(FRAME)
    (delivery,) = yahoo.fetch("TLT", date(2026, 1, 1), FAST, ticker, MORNING_AFTER)
    assert ticker.asked == [{"start": "2026-01-01", "auto_adjust": False, "actions": True, "timeout": FAST.timeout}]
    assert tuple(delivery.frame.columns) == PRICE_COLUMNS
    assert delivery.frame.index.tz is None
    expected = {"open": 90.0, "high": 92.0, "low": 89.0, "close": 91.0, "adjusted": 90.7, "volume": 1000.0}
    assert day(delivery.frame, "2026-06-29").to_dict() == expected | {"dividend": 0.3, "split": 0.0}
    assert delivery.notes == ()


def test_the_bar_of_a_day_that_is_not_over_at_the_exchange_is_left_out():
    evening_in_new_york = datetime(2026, 7, 1, 2, tzinfo=UTC)
    (delivery,) = yahoo.fetch("TLT", policy=FAST, ticker=FakeTicker(FRAME), now=evening_in_new_york)
    assert [str(when.date()) for when in delivery.frame.index] == ["2026-06-29"]
    assert delivery.notes == ("the bar of 2026-06-30 is left out: its day is not over",)
    tokyo = FakeTicker(FRAME.tz_localize(None).tz_localize("Asia/Tokyo"))
    (delivery,) = yahoo.fetch("2561.T", policy=FAST, ticker=tokyo, now=evening_in_new_york)
    assert len(delivery.frame) == 2


def test_warnings_of_yfinance_are_its_own_affair():
    class WarningTicker(FakeTicker):
        def history(self, **named: object) -> pd.DataFrame:
            warnings.warn("inplace is deprecated", DeprecationWarning, stacklevel=1)
            return super().history(**named)

    (delivery,) = yahoo.fetch("TLT", policy=FAST, ticker=WarningTicker(FRAME), now=MORNING_AFTER)
    assert len(delivery.frame) == 2


def test_a_rate_limit_is_waited_out():
    from yfinance.exceptions import YFRateLimitError

    ticker = FakeTicker(YFRateLimitError(), YFRateLimitError(), FRAME)
    (delivery,) = yahoo.fetch("TLT", policy=FAST, ticker=ticker, now=MORNING_AFTER)
    assert len(delivery.frame) == 2
    assert len(ticker.asked) == 3


def test_a_rate_limit_that_lasts_is_told():
    from yfinance.exceptions import YFRateLimitError

    said = complaint(yahoo.fetch, "TLT", policy=FAST, ticker=FakeTicker(YFRateLimitError()), kind=SourceError)
    assert said.startswith("Yahoo limits the rate of requests for TLT (3 attempts); try again later")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (FRAME.iloc[:0], "Yahoo answers without prices of TLT since 2000-01-01"),
        (OSError("Could not resolve host: query2. See more."), "cannot reach Yahoo (Could not resolve host: query2);"),
        (ValueError("possibly\ndelisted"), "Yahoo gives no prices of TLT (possibly delisted); check the symbol"),
    ],
)
def test_yahoo_without_prices_is_an_error(answer, words):
    assert words in complaint(yahoo.fetch, "TLT", policy=FAST, ticker=FakeTicker(answer), kind=SourceError)


def test_a_column_yahoo_renames_is_named():
    ticker = FakeTicker(FRAME.drop(columns="Adj Close"))
    said = complaint(yahoo.fetch, "TLT", policy=FAST, ticker=ticker, now=MORNING_AFTER)
    assert "no adjusted among its columns Date, Open" in said


def test_only_listed_instruments_have_prices():
    assert "did you mean 'TLT'?" in complaint(yahoo.fetch, "tlt", ticker=FakeTicker(FRAME))
    ticker = FakeTicker(FRAME)
    assert "'jgb' is a series, not a listed instrument" in complaint(yahoo.fetch, "jgb", ticker=ticker)
    assert ticker.asked == []


def test_a_day_without_prices_is_left_out_whatever_else_it_has():
    frame = FRAME.copy()
    frame.loc[DAYS[0], ["Open", "High", "Low", "Close", "Adj Close", "Volume"]] = np.nan
    assert [when.day for when in yahoo.parse(frame, "TLT", "yahoo", TODAY).frame.index] == [30]


def test_capital_gains_and_new_columns_are_noted():
    frame = FRAME.assign(**{"Capital Gains": [0.0, 1.5], "Mood": [1.0, 2.0]})
    delivery = yahoo.parse(frame, "TLT", "yahoo", TODAY)
    assert delivery.notes == (
        "capital gains were distributed; they are in the adjusted close only",
        "column nobody knows is left out: Mood",
    )


def test_a_real_ticker_raises_instead_of_hiding():
    import yfinance

    yahoo._yfinance("TLT")
    assert yfinance.config.debug.hide_exceptions is False


# Every text format


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("", "t: is empty"),
        (" \n\n", "t: is empty"),
        ("<!DOCTYPE html>\n<html><body>Blocked</body></html>", "t: is a web page, not a CSV table"),
        ("\n  <HTML>\n", "t: is a web page"),
        ("10 Yr,Date\n4.4,06/30/2026\n", "t: no header that begins with Date; its first line is '10 Yr,Date'"),
        (TREASURY.splitlines()[0], "t: has a header but no rows under it"),
        (
            TREASURY + "06/26/2026,4.0,4.",
            "t, line 4: 3 fields where the header has 7 ('06/26/2026,4.0,4.'); the file is cut",
        ),
        (TREASURY + "06/26/2026,1,2,3,4,5,6,7", "t, line 4: 8 fields where the header has 7"),
        (TREASURY.replace("4.44", "4.4.4"), "t, line 2: '4.4.4' in column 10 Yr is not a number"),
        (TREASURY.replace("4.44", "inf"), "t, line 2: 'inf' in column 10 Yr is not a number"),
        (TREASURY.replace("06/30", "30/06"), "t, line 2: '30/06/2026' is not a date like 09/24/1974"),
        (TREASURY.replace("06/30", "02/30"), "t, line 2: '02/30/2026' is not a date like 09/24/1974"),
        (
            TREASURY.replace("06/30", "08/01"),
            "t, line 2: 2026-08-01 is in the future, expected no later than 2026-07-31",
        ),
        (TREASURY.replace("06/30", "06/29"), "t, line 3: 2026-06-29 has other values than on line 2"),
        (TREASURY.replace("4.44", "444"), "t: ust 10 on 2026-06-30 is 444; expected between -5 and 25 percent"),
        (TREASURY.replace("4.41", "-5.1"), "t: ust 10 on 2026-06-29 is -5.1; expected between -5 and 25 percent"),
        (TREASURY.replace("1 Yr", "10 Yr"), "t, line 1: column '10 Yr' stands there twice"),
        (TREASURY.replace("3.98", '"3.9\n8"'), "'3.9 8' in column 1 Yr is not a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(broken, words):
    assert words in complaint(treasury.parse, broken, "t", TODAY)


def test_bytes_that_are_no_text_are_refused():
    assert "is not text in UTF-8 or cp932" in complaint(text.decode, b"PK\x03\x04\x00\x00", "book.xlsx")
    assert "is not text in UTF-8 or cp932" in complaint(text.decode, b"\x81", "noise")


def test_a_byte_order_mark_and_windows_line_ends_change_nothing():
    plain = treasury.parse(TREASURY.encode(), "t", TODAY)
    windows = treasury.parse(b"\xef\xbb\xbf" + TREASURY.replace("\n", "\r\n").encode(), "t", TODAY)
    pd.testing.assert_frame_equal(plain.frame, windows.frame)


def test_identical_rows_are_dropped_with_a_note_and_unsorted_ones_sorted():
    lines = TREASURY.splitlines()
    repeated = "\n".join([lines[0], lines[2], lines[1], lines[2].replace("4.90", "4.9"), lines[1]])
    delivery = treasury.parse(repeated, "t", TODAY)
    pd.testing.assert_frame_equal(delivery.frame, treasury.parse(TREASURY, "t", TODAY).frame)
    assert delivery.notes == ("2 repeated rows dropped, the first on line 4",)


def test_tomorrow_in_tokyo_is_not_the_future_but_the_day_after_is():
    now = pd.Timestamp.now("UTC").normalize()
    file = "DATE,DFF\n{:%Y-%m-%d},3.6\n"
    assert len(fred.parse(file.format(now + pd.Timedelta(days=1)), "f")[0].frame) == 1
    assert "is in the future" in complaint(fred.parse, file.format(now + pd.Timedelta(days=3)), "f")


def curve(first: str, rows: int, level: float) -> str:
    days = pd.bdate_range(first, periods=rows)
    return "DATE,DGS2,DGS10\n" + "".join(f"{when:%Y-%m-%d},{level},{1.5 * level}\n" for when in days)


def test_decimals_where_percent_is_expected_are_refused():
    assert "f: ust looks like decimals, no value is above 0.3" in complaint(
        fred.parse, curve("2000-01-03", 251, 0.04), "f"
    )


@pytest.mark.parametrize(
    ("first", "rows", "level"),
    [("2000-01-03", 250, 0.04), ("2012-01-02", 500, 0.04), ("2000-01-03", 500, 0.21), ("2000-01-03", 500, 4.0)],
)
def test_a_short_a_recent_or_an_ordinary_curve_is_no_curve_in_decimals(first, rows, level):
    assert len(fred.parse(curve(first, rows, level), "f")[0].frame) == rows


# Files


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_recognised_by_its_content(tmp_path, name):
    content, series = SAMPLES[name]
    path = tmp_path / name
    path.write_bytes(content.encode("cp932" if "japanese" in name else "utf-8"))
    found = files.read(path, TODAY)
    assert {one.series for one in found} == series
    assert all(one.notes[0].startswith("read as: ") and one.source == str(path) for one in found)
    assert all(set(one.frame.dtypes) == {np.dtype(float)} for one in found)


def test_every_kind_of_file_has_a_sample(tmp_path):
    headers = [text.header(content, name) for name, (content, _) in SAMPLES.items()]
    first = [next(known.name for known in files.FORMATS if known.recognise(header)) for header in headers]
    assert set(first) == {known.name for known in files.FORMATS}


def test_month_averages_do_not_pretend_to_be_daily_rates(tmp_path):
    path = tmp_path / "any name.csv"
    path.write_text(MARKETS, encoding="utf-8")
    found = {one.series: one for one in files.read(path, TODAY)}
    assert "fed_funds" not in found and "yen_call" not in found
    assert day(found["fed_funds_month"].frame, "2026-06-30")["value"] == 3.63
    assert day(found["yen_call_month"].frame, "2026-06-30")["value"] == 0.841
    assert day(found["ust"].frame, "2026-06-30").to_dict() == {"0.25": 3.87, "10": 4.44}
    assert day(found["tips"].frame, "2026-06-30").to_dict() == {"10": 2.2}
    assert day(found["jgb"].frame, "1992-12-31")["10"] == 4.97
    assert files.MONTHLY in found["jgb"].notes


def test_the_bundled_tables_come_back_whole():
    markets = {one.series: one.frame for one in files.read(bundled.FOLDER / bundled.MARKETS)}
    macro = {one.series: one.frame for one in files.read(bundled.FOLDER / bundled.MACRO)}
    tables = bundled.load()
    for curve_, series in files.CURVES.items():
        expected = tables.yields[curve_].dropna(how="all") * bundled.IN_PERCENT
        assert [float(name) for name in markets[series].columns] == expected.columns.tolist()
        np.testing.assert_allclose(markets[series].to_numpy(), expected.to_numpy(), rtol=1e-12)
    assert markets["usdjpy"]["value"].tolist() == tables.usdjpy.tolist()
    assert macro["us_cpi"]["value"].tolist() == tables.cpi.tolist()
    assert set(macro["macro"].columns) == set(tables.macro) == set(files.MACRO)


def test_names_that_files_give_to_freds_series_are_understood(tmp_path):
    path = tmp_path / "fx.csv"
    path.write_text("Date,USDJPY,JP_CALL_RATE_PCT,EFFR\n1995-04-03,86.5,2.1,6.1\n", encoding="utf-8")
    yen, call = files.read(path, TODAY)
    assert (yen.series, call.series) == ("usdjpy", "yen_call_month")
    assert call.frame.index.tolist() == [pd.Timestamp("1995-04-30")]
    assert yen.notes == ("read as: FRED", "columns left out: EFFR")


def test_a_price_file_may_lack_actions_and_says_so(tmp_path):
    path = tmp_path / "TLT.csv"
    path.write_text("Date,Open,High,Low,Close,AdjClose,Volume,ImpliedDividend\n2025-09-26,1,2,1,2,1.9,100,0.1\n")
    (delivery,) = files.read(path, TODAY)
    assert delivery.notes[1:] == ("splits are not in the file", "dividends are implied from the adjusted close")
    row = day(delivery.frame, "2025-09-26")
    assert (row["adjusted"], row["dividend"]) == (1.9, 0.1)
    assert np.isnan(row["split"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "tlt.csv",
            PRICES,
            "a price file is named after its symbol, like TLT.csv: unknown series 'tlt'; did you mean 'TLT'?",
        ),
        ("jgb.csv", PRICES, "a price file is named after its symbol, like TLT.csv; 'jgb' is another series"),
        ("TLT.csv", PRICES.replace("Adj Close", "Last"), "no adjusted among its columns Date, Open"),
        (
            "x.csv",
            "date,rate_pct,note\n1995-09-08,0.5,cut\n",
            "no kind of file that is known; its header is 'date,rate_pct,note'",
        ),
        ("x.csv", "DATE,CPIAUCSL\n2024-02-01,311\n", "CPIAUCSL is seasonally adjusted"),
        ("x.csv", "hello\nworld\n", "its header is 'hello'; known: Ministry of Finance (Japanese), "),
        ("x.csv", "", "is empty"),
        ("x.csv", "<html></html>", "is a web page"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    said = complaint(files.read, path, TODAY)
    assert said.startswith(f"{path}: ")
    assert words in said


def test_a_folder_or_a_path_that_is_not_there_is_told_in_one_line(tmp_path):
    assert "is a folder; name the files in it" in complaint(files.read, tmp_path)
    assert "no such file" in complaint(files.read, tmp_path / "none.csv")


def test_a_file_too_large_for_a_table_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "LARGEST", 10)
    path = tmp_path / "TLT.csv"
    path.write_text(PRICES, encoding="utf-8")
    assert "is larger than" in complaint(files.read, path)


def test_parsers_bring_in_no_network_library():
    code = (
        "import sys, data.sources.files, data.sources.boj, data.sources.yahoo\n"
        "print(*[name for name in ('httpx', 'tenacity', 'yfinance', 'requests') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


# Real files


class TestRealFiles:
    pytestmark = realdata

    def test_the_ministrys_two_files_are_one_table(self):
        (english,) = files.read(REAL / "mof" / "jgbcme_all.csv")
        (japanese,) = files.read(REAL / "mof" / "jgbcm_all.csv")
        pd.testing.assert_frame_equal(english.frame, japanese.frame)
        assert len(english.frame) == 13_248
        assert (english.frame.index[0], english.frame.index[-1]) == (
            pd.Timestamp("1974-09-24"),
            pd.Timestamp("2026-06-30"),
        )
        assert day(english.frame, "2026-06-30")["10"] == 2.690
        first = {tenor: str(english.frame[tenor].first_valid_index().date()) for tenor in ("10", "15", "30", "40")}
        assert first == {"10": "1986-07-05", "15": "1991-08-30", "30": "1999-09-02", "40": "2007-11-06"}

    @pytest.mark.parametrize(
        ("name", "spans"),
        [
            ("ust/cmt_daily.csv", {"ust": (16_133, "1962-01-02", "2026-08-05")}),
            ("ust/real_curve_daily.csv", {"tips": (5_919, "2003-01-02", "2026-08-28")}),
            ("fx/usdjpy_daily.csv", {"usdjpy": (14_331, "1971-01-04", "2026-07-31")}),
            (
                "rates/us_overnight_rates_daily.csv",
                {"fed_funds": (15_123, "1985-01-01", "2026-05-28"), "sofr": (2_094, "2018-04-03", "2026-08-20")},
            ),
            ("rates/jp_call_rate_monthly.csv", {"yen_call_month": (405, "1992-10-31", "2026-06-30")}),
            ("rates/us_cpi_nsa_monthly.csv", {"us_cpi": (354, "1997-01-31", "2026-07-31")}),
            ("etf/TLT.csv", {"TLT": (5_829, "2002-07-30", "2025-09-26")}),
            ("etf/IEF.csv", {"IEF": (5_829, "2002-07-30", "2025-09-26")}),
            ("etf/SHY.csv", {"SHY": (5_829, "2002-07-30", "2025-09-26")}),
            ("etf/TIP.csv", {"TIP": (5_487, "2003-12-05", "2025-09-26")}),
        ],
    )
    def test_each_file_is_recognised_with_its_span(self, name, spans):
        found = files.read(REAL / name)
        index = {one.series: one.frame.index for one in found}
        assert {s: (len(i), str(i[0].date()), str(i[-1].date())) for s, i in index.items()} == spans

    @pytest.mark.parametrize(
        "name",
        [
            "ust/real_10y_daily.csv",
            "rates/boj_policy_rate_changes.csv",
            "rates/us_fed_target_range_daily.csv",
            "README.md",
        ],
    )
    def test_other_files_are_refused_in_one_line(self, name):
        assert "no kind of file that is known; its header is" in complaint(files.read, REAL / name)

    def test_the_30_year_is_blank_from_2002_to_2006_and_the_missing_price_index_stays_missing(self):
        (ust,) = files.read(REAL / "ust" / "cmt_daily.csv")
        assert ust.frame["30"].loc["2002-02-19":"2006-02-08"].isna().all()
        assert ust.frame["30"].loc["2002-02-15":"2006-02-09"].count() == 2
        (cpi,) = files.read(REAL / "rates" / "us_cpi_nsa_monthly.csv")
        assert pd.Timestamp("2025-10-31") not in cpi.frame.index
        assert day(cpi.frame, "2026-06-30")["value"] == 333.952
