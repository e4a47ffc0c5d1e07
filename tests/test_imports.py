"""Yahoo's answers, files recognised by their content, and the real files."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from data.calendars import PUBLICATION_LAG_DAYS
from data.errors import SourceError
from data.series import IN_PERCENT, PRICE_COLUMNS
from data.sources import bundled, files, fred, http, registry, text, treasury, yahoo
from tests.publishers import (
    MARKETS,
    PRICES,
    REAL,
    SAMPLES,
    TODAY,
    TREASURY,
    complaint,
    day,
    realdata,
)

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
    formats = [form for source in registry.SOURCES for form in source.formats]
    first = [next(form.name for form in formats if form.recognise(header)) for header in headers]
    assert set(first) == {form.name for form in formats}


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
    assert bundled.MONTHLY in found["jgb"].notes


def test_the_bundled_tables_come_back_whole():
    markets = {one.series: one.frame for one in files.read(bundled.FOLDER / bundled.MARKETS)}
    macro = {one.series: one.frame for one in files.read(bundled.FOLDER / bundled.MACRO)}
    tables = bundled.load()
    for curve_, series in bundled.CURVES.items():
        expected = tables.yields[curve_].dropna(how="all") * IN_PERCENT
        assert [float(name) for name in markets[series].columns] == expected.columns.tolist()
        np.testing.assert_allclose(markets[series].to_numpy(), expected.to_numpy(), rtol=1e-12)
    assert markets["usdjpy"]["value"].tolist() == tables.fx["JPY"].tolist()
    assert macro["us_cpi"]["value"].tolist() == tables.cpi.tolist()
    assert set(macro["macro"].columns) == set(tables.macro) <= set(PUBLICATION_LAG_DAYS)


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
        ("tltt.csv", PRICES, "and nothing says of what; say which listed name it is: --as TLT"),
        ("jgb.csv", PRICES, "and nothing says of what; say which listed name it is: --as TLT"),
        ("TLT.csv", PRICES.replace("Adj Close", "Last"), "Close and Last may both be the close of TLT; say which:"),
        (
            "x.csv",
            "date,rate_pct,note\n1995-09-08,0.5,cut\n",
            "no kind of file that is known; its header is 'date,rate_pct,note'",
        ),
        ("x.csv", "DATE,CPIAUCSL\n2024-02-01,311\n", "CPIAUCSL is seasonally adjusted"),
        ("x.csv", "hello\nworld\n", "its header is 'hello'; no column holds dates with numbers beside them"),
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
