"""What a user says of a file, and other kinds of files: questions, the options that settle them, and what is kept."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from data.pricing.spot import par_of_spot
from data.store import Store

DAYS = pd.bdate_range("2023-01-04", "2023-12-27")
PRICES = (100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.006, len(DAYS))))).round(2)
HEADER = "Date,Open,High,Low,Close,Adj Close,Volume\n"


@pytest.fixture
def home(here, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    return here / "home"


def bars(days=DAYS, prices=PRICES, form: str = "%Y-%m-%d") -> str:
    lines = [f"{t.strftime(form)},{v},{v},{v},{v},{v * 0.95:.3f},1000\n" for t, v in zip(days, prices, strict=True)]
    return HEADER + "".join(lines)


def values(header: str, value: str, days=DAYS) -> str:
    return header + "\n" + "".join(f"{t:%Y-%m-%d},{value}\n" for t in days)


def put(divergence, name: str, content: str | bytes, *options: str):
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return divergence("data", "import", path, *options)


def asked(answer, *words: str) -> None:
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert all(word in answer.err for word in words), answer.err


# Names


def test_prices_of_a_name_of_ones_own_are_stored_with_what_they_are(divergence, home):
    asked(put(divergence, "EDV.csv", bars()), "say which listed name it is: --as EDV --currency USD")
    asked(put(divergence, "EDV.csv", bars(), "--as", "EDV"), "needs its currency: --as EDV --currency USD")
    assert put(divergence, "EDV.csv", bars(), "--as", "EDV", "--currency", "USD", "--exchange", "XNYS").status == 0
    spec = Store(home).read("EDV").spec
    assert (spec.kind, spec.unit, spec.calendar) == ("price", "USD", "XNYS")
    again = put(divergence, "EDV.csv", bars())
    assert again.status == 0
    assert "as said of an earlier file: --as EDV --currency USD --exchange XNYS" in again.out
    assert "EDV: imported with --as EDV --currency USD --exchange XNYS" in divergence("data", "status").out
    assert divergence("data", "verify").status == 0
    other = put(divergence, "EDV.csv", bars(), "--as", "EDV", "--currency", "JPY")
    asked(other, "EDV is a listed name in USD, not JPY")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--as", "../x", "--currency", "USD"), "is no name of a series"),
        (("--as", "EDV", "--currency", "dollar"), "is no currency"),
        (("--as", "EDV", "--currency", "USD", "--exchange", "NYSE"), "no calendar of the exchange 'NYSE'"),
        (("--dates", "ydm"), "--dates is ymd or dmy or mdy; got 'ydm'"),
        (("--quotes", "spot"), "--quotes spot needs --compounding"),
        (("--columns", "close"), "expected series=file"),
        (("--columns", "close=Nope"), "no column 'Nope' (--columns); it has Date, Open"),
        (("--as", "TLT", "--columns", "value=Close"), "--columns of TLT, a price, are close=... or adjusted=..."),
        (("--unit", "bp"), "--unit: of yields and rates, and TLT is a price"),
        (("--sheet", "A"), "is no workbook"),
        (("--as", "TLTT"), "no series known here; did you mean 'TLT'?"),
    ],
)
def test_an_option_that_cannot_be_is_told_in_one_line(divergence, home, options, words):
    asked(put(divergence, "TLT.csv", bars(), *options), words)


def test_a_header_and_a_file_name_that_disagree_are_asked(divergence, home):
    text = bars().replace("Close,Adj", "IEF.Close,IEF.Adj").replace("Open,High,Low", "IEF.Open,IEF.High,IEF.Low")
    asked(put(divergence, "TLT.csv", text), "the header says IEF, the file's name TLT", "--as IEF or --as TLT")


def test_what_was_said_of_one_file_is_not_taken_for_another_of_a_known_name(divergence, home):
    assert put(divergence, "TLT.csv", bars(), "--as", "EDV", "--currency", "USD").status == 0
    assert put(divergence, "TLT.csv", bars()).out.startswith("TLT.csv: TLT\n")


# Units


def test_what_is_said_of_units_is_done_once_and_kept(divergence, home):
    assert put(divergence, "DFF.csv", values("DATE,DFF", "0.0508"), "--unit", "decimal").status == 0
    assert Store(home).read("fed_funds").frame["value"].unique().tolist() == [5.08]
    again = put(divergence, "DFF.csv", values("DATE,DFF", "0.0508"))
    assert "as said of an earlier file: --unit decimal" in again.out
    asked(put(divergence, "DFF.csv", values("DATE,DFF", "5.08")), "is it in percent already?")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("DFF.csv", values("DATE,DFF", "0.0508"), ("decimals?", "--unit decimal")),
        ("DFF.csv", values("DATE,DFF", "508"), ("basis points?", "--unit bp")),
        (
            "jgb.csv",
            values("date,10Y", "0.0015", pd.bdate_range("2016-01-04", periods=100)),
            ("decimals?", "--unit decimal"),
        ),
        ("estr.csv", values("date,value", "0.03"), ("may be percent or decimals", "--unit percent|decimal")),
        ("usdjpy.csv", values("date,value", "0.0071"), ("upside down", "divide 1 by each value")),
        ("gbpusd.csv", values("date,value", "0.79"), ("upside down",)),
        ("JPYUSD.csv", values("date,close", "0.0071"), ("usdjpy upside down",)),
        ("DTB3.csv", values("DATE,DTB3", "5.1"), ("discount rate of Treasury bills",)),
        ("T10Y2Y.csv", values("DATE,T10Y2Y", "0.1"), ("is a spread",)),
        ("WGS10YR.csv", values("DATE,WGS10YR", "4.1"), ("average of a week",)),
    ],
)
def test_figures_that_are_not_what_is_wanted_are_refused_with_what_they_are(divergence, home, name, content, words):
    asked(put(divergence, name, content), *words)
    assert Store(home).names() == []


def test_spot_rates_become_par_yields_and_are_remembered_as_spot(divergence, home):
    rows = "date,1Y,5Y,10Y\n" + "".join(f"{t:%Y-%m-%d},4.6,4.0,3.8\n" for t in DAYS)
    asked(put(divergence, "gilt.csv", "UK spot curve,,,\n" + rows), "--quotes par, or --quotes spot")
    assert put(divergence, "gilt.csv", rows, "--quotes", "spot", "--compounding", "2").status == 0
    expected = par_of_spot(np.array([1.0, 5.0, 10.0]), np.array([[0.046, 0.040, 0.038]]), 2, 2) * 100
    np.testing.assert_allclose(Store(home).read("gilt").frame.iloc[0], expected[0], rtol=1e-12)
    assert "0 new values" in put(divergence, "gilt.csv", rows).out


# Dates


def test_an_order_of_dates_that_nothing_tells_is_asked_and_kept(divergence, home):
    text = "date,value\n01/02/2024,148\n02/02/2024,148.1\n"
    asked(
        put(divergence, "usdjpy.csv", text), "line 2: '01/02/2024' may be 2024-02-01 (dmy), 2024-01-02 (mdy)", "--dates"
    )
    assert put(divergence, "usdjpy.csv", text, "--dates", "dmy").status == 0
    later = put(divergence, "usdjpy.csv", "date,value\n05/02/2024,148.2\n06/02/2024,148\n")
    assert later.status == 0
    assert [str(day.date()) for day in Store(home).read("usdjpy").frame.index] == [
        "2024-02-01", "2024-02-02", "2024-02-05", "2024-02-06",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("date,value\n1600-01-04,140\n2024-01-04,141\n", "1600-01-04') is before 1900"),
        ("date,value\n2024-01-04,140\n2094-01-04,141\n", "2094-01-04 is in the future"),
        ("date,value\n2024-01-04,140\n2024-02-30,141\n", "'2024-02-30' is not a date like the others"),
        ("date,value\n2024-01-04,140\n13/25/2024,141\n", "'13/25/2024' is not a date like the others"),
        ("date,value\n2024-01-04,140\n,141\n", "values without a date"),
        ("2024-01-04,140\n2024-01-05,141\n", "has no header"),
        ("date,value\n2024-01-04,140\n2024-01-05,abc def\n2024-01-05,1.x\n", "line 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_line(divergence, home, text, words):
    answer = put(divergence, "usdjpy.csv", text)
    if words == "line 2":
        assert "2 rows without numbers left out: line 3 '2024-01-05,abc def', line 4" in answer.out
    else:
        asked(answer, words)


@pytest.mark.parametrize(
    ("form", "shift", "name"),
    [
        ("%Y-%m-%dT00:00:00.000Z", 0, "TLT.csv"),  # the name of a day, not a moment of New York's evening
        ("%Y-%m-%d 14:00:00+09:00", 0, "TLT.csv"),  # New York's midnight, told in Tokyo
        ("%Y-%m-%dT15:00:00Z", -1, "2561.T.csv"),
        ("%Y-%m-%d 05:00:00", 0, "TLT.csv"),
    ],
)
def test_stamps_fall_on_the_exchanges_own_day(divergence, home, form, shift, name):
    stamped = DAYS + pd.Timedelta(days=shift)
    assert put(divergence, name, bars(stamped, form=form)).status == 0
    assert list(Store(home).read(name.removesuffix(".csv")).frame.index) == list(DAYS)


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d 15:00:00"])
def test_tokyos_days_shifted_without_a_word_are_refused(divergence, home, form):
    asked(put(divergence, "2561.T.csv", bars(DAYS - pd.Timedelta(days=1), form=form)), "Sundays to Thursdays")


# Frequency


def test_weeks_and_months_are_known_when_they_are_over_and_never_mixed_with_days(divergence, home):
    weeks = pd.date_range("2010-01-04", periods=len(DAYS), freq="W-MON")
    assert put(divergence, "TLT.csv", bars(weeks)).status == 0
    assert list(Store(home).read("TLT").frame.index) == list(weeks + pd.Timedelta(days=4))
    asked(put(divergence, "TLT.csv", bars()), "daily rows of TLT, of which the store holds weekly rows")
    months = pd.date_range("2005-01-01", periods=len(DAYS), freq="MS")[:200]
    assert put(divergence, "IEF.csv", bars(months, PRICES[:200])).status == 0
    assert list(Store(home).read("IEF").frame.index) == list(months + pd.offsets.MonthEnd(0))


def test_days_and_months_in_one_column_are_refused(divergence, home):
    months = pd.date_range("2000-01-01", "2022-12-01", freq="MS")
    text = values("DATE,DGS10", "4.1", months) + values("", "4.1")[1:]
    asked(put(divergence, "DGS10.csv", text), "has monthly rows, but from", "days apart", "files of their own")


def test_a_month_that_is_not_over_is_left_out(divergence, home):
    this_month = pd.Timestamp.now("UTC").tz_localize(None).normalize().replace(day=1)
    months = pd.date_range(end=this_month, periods=30, freq="MS")
    answer = put(divergence, "FEDFUNDS.csv", values("DATE,FEDFUNDS", "4.1", months))
    assert answer.status == 0
    if (this_month + pd.offsets.MonthEnd(0) - pd.Timestamp.now()).days > 1:
        assert "is left out: it is not over" in answer.out
        assert len(Store(home).read("fed_funds_month").frame) == 29


# Prices


def split(stated: bool) -> str:
    halved = np.where(np.arange(len(DAYS)) >= 100, (PRICES / 2).round(2), PRICES)
    rows = [
        f"{t:%Y-%m-%d},{v},{v},{2.0 if stated and i == 100 else 0}\n"
        for i, (t, v) in enumerate(zip(DAYS, halved.tolist(), strict=True))
    ]
    return "Date,Close,Adj Close,Stock Splits\n" + "".join(rows)


def test_an_unadjusted_split_is_refused_and_one_that_the_file_states_is_undone(divergence, home):
    asked(put(divergence, "TLT.csv", split(False)), "as a split of 2 for 1 would have it")
    answer = put(divergence, "TLT.csv", split(True))
    assert "times 0.5: the file's own split of that day" in answer.out
    frame = Store(home).read("TLT").frame
    assert np.abs(np.log(frame["close"]).diff()).max() < 0.05
    np.testing.assert_array_equal(frame["close"][:100], PRICES[:100] * 0.5)


def test_returns_are_no_prices(divergence, home):
    text = "Date,Close\n" + "".join(f"{t:%Y-%m-%d},{np.sin(i) / 100:.5f}\n" for i, t in enumerate(DAYS))
    asked(put(divergence, "TLT.csv", text), "returns, not prices?")


def test_a_price_beside_dividends_is_asked_and_said(divergence, home):
    text = values("Date,Close,Dividends", "98.5,0.0").replace("98.5,0.0", "98.5,0.3", 1)
    asked(put(divergence, "TLT.csv", text), "--columns adjusted=Close or --columns close=Close")
    assert put(divergence, "TLT.csv", text, "--columns", "adjusted=Close").status == 0
    assert list(Store(home).read("TLT").frame.columns) == ["adjusted", "dividend"]


def test_a_column_a_ticker_is_asked_and_said(divergence, home):
    text = values("Date,IEF,TLT", "96.1,98.5")
    asked(put(divergence, "funds.csv", text), "--columns close=* or --columns adjusted=*")
    assert put(divergence, "funds.csv", text, "--columns", "adjusted=*").status == 0
    assert Store(home).names() == ["IEF", "TLT"]


def test_of_a_file_of_two_series_none_is_stored_where_one_is_refused(divergence, home):
    text = values("DATE,DGS10,DFF", "4.1,508")
    asked(put(divergence, "x.csv", text), "fed_funds", "--unit bp")
    assert Store(home).names() == []


# Ways to write a table


def workbook(*rows: tuple, sheets: tuple[str, ...] = ("Sheet",), form: str = "General") -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for line in sheet.iter_rows(min_row=2, min_col=2):
            for cell in line:
                cell.number_format = form
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


SERIAL = [((t - pd.Timestamp("1899-12-30")).days, 4.11) for t in DAYS]


def parquet() -> bytes:
    stream = io.BytesIO()
    pd.DataFrame({"10 Yr": 4.11, "2 Yr": 4.3, "3 Mo": 5.0}, DAYS.rename("Date")).to_parquet(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("ust.xlsx", workbook(("Date", "10Y"), *SERIAL), ()),
        ("ust.xlsx", workbook(("Date", "10Y"), *((t.to_pydatetime(), 0.0411) for t in DAYS), form="0.00%"), ()),
        ("ust.xlsx", workbook(("Date", "10Y"), *SERIAL, sheets=("A", "B")), ("--sheet", "B")),
        ("any.parquet", parquet(), ()),
        ("DGS10.txt", values("DATE,DGS10", "4.11").replace(",", "    "), ()),
        ("DGS10.csv", values("DATE;DGS10", "4,11").replace("-27,", "-27;"), ()),
        ("DGS10.csv", "sep=;\n" + "DATE;DGS10\n" + "".join(f"{t:%d.%m.%Y};4,11\n" for t in DAYS), ()),
    ],
)
def test_a_table_is_read_however_it_is_written(divergence, home, name, content, options):
    if name == "DGS10.csv" and "sep=" not in content:
        content = "DATE;DGS10\n" + "".join(f"{t:%Y-%m-%d};4,11\n" for t in DAYS)
    answer = put(divergence, name, content, *options)
    assert (answer.status, answer.err) == (0, "")
    frame = Store(home).read("ust").frame
    assert list(frame.index) == list(DAYS)
    assert frame["10"].unique().tolist() == [4.11]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (workbook(("Date", "10Y"), *SERIAL, sheets=("A", "B")), "on the sheets A, B; say which: --sheet 'A'"),
        (b"PK\x03\x04nothing", "is no workbook that can be read"),
        (b"PAR1nothing", "is no Parquet table"),
        (b"\xd0\xcf\x11\xe0", "is an old Excel workbook"),
        (b"\x1f\x8b\x08", "is compressed"),
        (b'{"a": 1}', "is JSON"),
        (bytes(range(256)), "is not text in UTF-8, UTF-16 or cp932"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(divergence, home, content, words):
    asked(put(divergence, "ust.xlsx", content), words)


# Templates


@pytest.mark.parametrize(
    "name", ["ust", "tips", "jgb", "gilt", "usdjpy", "eurusd", "yen_call", "sonia", "us_cpi", "TLT", "macro"]
)
def test_a_template_filled_in_is_imported_as_its_series(divergence, home, name):
    assert divergence("data", "template", name).status == 0
    path = Path(f"{name}.csv")
    header = path.read_text().strip().split(",")
    header = header[: header.index("Dividends")] if name == "TLT" else header
    level = {"usdjpy": 148.0, "us_cpi": 308.0, "eurusd": 1.09, "TLT": 98.5, "jgb": 0.7, "yen_call": 0.2}.get(name, 2.5)
    days = pd.date_range("2024-01-31", periods=3, freq="ME") if name in ("us_cpi", "macro") else DAYS[-3:]
    path.write_text(",".join(header) + "\n" + "".join(f"{t:%Y-%m-%d}{f',{level}' * (len(header) - 1)}\n" for t in days))
    answer = divergence("data", "import", path)
    assert (answer.status, answer.err) == (0, "")
    assert name in Store(home).names()
    asked(divergence("data", "template", name), "is there already")


def test_an_unknown_series_has_no_template(divergence, home):
    asked(divergence("data", "template", "usdjpx"), "unknown series 'usdjpx'; did you mean 'usdjpy'?")


def test_an_old_pointer_without_what_was_said_is_read(divergence, home):
    put(divergence, "DFF.csv", values("DATE,DFF", "5.08"))
    pointer = home / "series/fed_funds/current.json"
    assert "said" not in json.loads(pointer.read_text())
    assert Store(home).read("fed_funds").said == {}


# What a run makes of it


RUN = """
name: mine
data: {source: store, frequency: FREQUENCY, distributions: reinvested}
variants: {bond: {strategy: hold, params: {weights: {LEG: 0.5}}}}
"""


@pytest.fixture
def market(divergence, home):
    """The US curve and overnight rate, daily."""
    days = pd.bdate_range("2019-01-02", "2023-12-29")
    level = 2 + np.sin(np.arange(len(days)) / 100)
    rows = [
        f"{t:%Y-%m-%d},{v:.2f},{v + 0.3:.2f},{v + 0.4:.2f},{v + 0.5:.2f}\n" for t, v in zip(days, level, strict=True)
    ]
    assert put(divergence, "u.csv", "DATE,DGS2,DGS10,DGS20,DGS30\n" + "".join(rows)).status == 0
    assert put(divergence, "DFF.csv", values("DATE,DFF", "1.58", pd.date_range("2019-01-01", "2023-12-31"))).status == 0
    return divergence


def run(divergence, leg: str, frequency: str):
    Path("mine.yaml").write_text(RUN.replace("LEG", leg).replace("FREQUENCY", frequency))
    return divergence("run", "mine.yaml", "-q", "--out", f"out-{frequency}")


def made(frequency: str) -> str:
    return json.loads(Path(f"out-{frequency}/manifest.json").read_text())["data"]["frequency"]


def test_weekly_bars_are_never_traded_as_days(market, home):
    weeks = pd.date_range("2019-01-07", "2023-12-18", freq="W-MON")
    prices = 100 + np.sin(np.arange(len(weeks)) / 9).round(2)
    assert put(market, "TLT.csv", bars(weeks, prices)).status == 0
    asked(
        run(market, "TLT", "daily"), "TLT: weekly rows, not daily ones; set data.frequency: weekly, monthly or native"
    )
    assert run(market, "TLT", "native").status == 0
    assert made("native") == "weekly"
    assert run(market, "UST10", "daily").status == 0
    assert made("daily") == "daily"


def test_closes_alone_and_prices_not_adjusted_are_not_reinvested(market, home):
    days = pd.bdate_range("2019-01-02", "2023-12-29")
    lines = [f"{t:%Y-%m-%d},{100 + i % 3},{100 + i % 3},{0.3 if i % 21 == 0 else 0}\n" for i, t in enumerate(days)]
    answer = put(market, "TLT.csv", "Date,Close,Adj Close,Dividends\n" + "".join(lines))
    assert "not_adjusted" in answer.out
    asked(run(market, "TLT", "daily"), "TLT: its adjusted prices equal the closes although it paid dividends")
    closes = "".join(line.split(",")[0] + "," + line.split(",")[1] + "\n" for line in lines)
    assert "no_distributions" in put(market, "IEF.csv", "Date,PX_LAST\n" + closes).out
    asked(run(market, "IEF", "daily"), "IEF 2019-01-02 to 2023-12-29: closes alone")


def test_averages_of_months_stand_for_a_curve_on_monthly_rows_only(divergence, home):
    months = pd.date_range("2000-01-01", "2023-12-01", freq="MS")
    level = 3 + np.sin(np.arange(len(months)) / 20)
    rows = "".join(f"{t:%Y-%m-%d},{v - 0.3:.2f},{v:.2f},1.58\n" for t, v in zip(months, level, strict=True))
    assert put(divergence, "fred.csv", "DATE,GS2,GS10,FEDFUNDS\n" + rows).status == 0
    assert Store(home).names() == ["fed_funds_month", "ust_month"]
    asked(run(divergence, "UST10", "daily"), "month ends, not daily rows")
    assert run(divergence, "UST10", "native").status == 0
    assert made("native") == "monthly"
    assert "averages of months" in divergence("data", "verify").out
