"""Files as people have them, made small, each with what it holds: archives, library exports, spreadsheet saves.

A case is a file and what is right: the values it holds, by series and day; or a question or refusal, with its words.
A new case joins the tests by being in `CASES`, or by being there: a folder in tests/cases with the file and a
`right.yaml` that holds `read:` (series, column, day, value) or `says:` (words of the answer); `options:`, `warns:`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

DAYS = pd.bdate_range("2023-01-04", "2024-12-27")
MONTHS = pd.date_range("2010-01-01", "2024-12-01", freq="MS")
PRICES = (100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.006, len(DAYS))))).round(4)
HEADER = "Date,Open,High,Low,Close,Adj Close,Volume\n"
TREASURY = 'Date,"1 Mo","3 Mo","6 Mo","1 Yr","2 Yr","3 Yr","5 Yr","7 Yr","10 Yr","20 Yr","30 Yr"\n'
TREASURY_TENORS = ("0.0833333", "0.25", "0.5", "1", "2", "3", "5", "7", "10", "20", "30")
SPREADS = (0.1, 0.1, 0.1, 0.0, -0.2, -0.3, -0.2, -0.1, 0.0, 0.3, 0.2)
JAPANESE_TENORS = (*map(str, range(1, 11)), "15", "20", "25", "30", "40")
MINISTRY = "Date," + ",".join(f"{tenor}Y" for tenor in JAPANESE_TENORS) + "\n"


@dataclass(frozen=True)
class Case:
    """A file, and what is right: `holds` where it is read, else `words` of the one line that it is answered with."""

    file: str
    content: bytes
    holds: dict[str, pd.DataFrame] | None = None
    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    warns: str = ""


def _bar(close: float, adjusted: float, volume: str = "1000000") -> str:
    return f"{close:.4f},{close * 1.01:.4f},{close * 0.99:.4f},{close:.4f},{adjusted:.4f},{volume}"


def _held(
    close: np.ndarray = PRICES, adjusted: np.ndarray | None = None, days: pd.DatetimeIndex = DAYS
) -> pd.DataFrame:
    values = {"close": close} if adjusted is None else {"close": close, "adjusted": adjusted}
    return pd.DataFrame(values, days)


ADJUSTED = (PRICES * 0.95).round(4)
STANDARD = {"TLT": _held(adjusted=ADJUSTED)}


def _lines(stamp: Callable[[pd.Timestamp], str] = lambda t: f"{t:%Y-%m-%d}") -> list[str]:
    return [f"{stamp(t)},{_bar(v, a)}\n" for t, v, a in zip(DAYS, PRICES, ADJUSTED, strict=True)]


def _text(*lines: str) -> bytes:
    return "".join(lines).encode()


def _yields(days: pd.DatetimeIndex = DAYS) -> pd.DataFrame:
    level = 4 + 0.3 * np.sin(np.array([t.toordinal() for t in days]) / 50)
    return pd.DataFrame({tenor: (level + x).round(2) for tenor, x in zip(TREASURY_TENORS, SPREADS, strict=True)}, days)


def _treasury(form: str, header: str = TREASURY, days: pd.DatetimeIndex = DAYS, cell: str = "{:.2f}") -> str:
    rows = _yields(days)
    return header + "".join(
        f"{t.strftime(form)},{','.join(cell.format(v) for v in own)}\n"
        for t, own in zip(days, rows.to_numpy(), strict=True)
    )


def _jgb() -> pd.DataFrame:
    return pd.DataFrame({tenor: np.full(len(DAYS), (i + 1) / 20) for i, tenor in enumerate(JAPANESE_TENORS)}, DAYS)


def _ministry(form: str, header: str = MINISTRY, cells: Sequence[str] | None = None) -> str:
    cells = cells or [f"{(i + 1) / 20:.3f}" for i in range(15)]
    return header + "".join(f"{t.strftime(form)},{','.join(cells)}\n" for t in DAYS)


def _fred(header: str, *values: str, days: pd.DatetimeIndex = DAYS) -> bytes:
    return _text(header + "\n", *(f"{t:%Y-%m-%d},{','.join(values)}\n" for t in days))


def _level(value: float, column: str = "10", days: pd.DatetimeIndex = DAYS) -> pd.DataFrame:
    return pd.DataFrame({column: np.full(len(days), value)}, days)


def _replaced(row: int, line: str) -> bytes:
    lines = _lines()
    return _text(HEADER, *lines[:row], line, *lines[row + 1 :])


def _without(row: int) -> dict[str, pd.DataFrame]:
    return {"TLT": STANDARD["TLT"].drop(index=DAYS[row])}


def _shifted(hours: int) -> Callable[[pd.Timestamp], str]:
    return lambda t: f"{t + pd.Timedelta(hours=hours):%Y-%m-%d %H:%M:%S}+00:00"


def _prices() -> dict[str, Case]:
    plain = _text(HEADER, *_lines())
    two = [f"{t:%Y-%m-%d},{a:.4f},{a:.4f},{v:.4f},{v:.4f}\n" for t, v, a in zip(DAYS, PRICES, ADJUSTED, strict=True)]
    reversed_ = [
        f"{t:%Y-%m-%d},{a:.4f},{v:.4f},{v * 1.01:.4f},{v:.4f},{v:.4f},1000\n"
        for t, v, a in zip(DAYS, PRICES, ADJUSTED, strict=True)
    ]
    cents = {"TLT": _held(PRICES.round(2), (PRICES * 0.95).round(2))}
    pages = [
        (t, f"{v:.2f},{v:.2f},{v:.2f},{v:.2f},{w:.2f}")
        for t, v, w in zip(DAYS, PRICES.round(2), (PRICES * 0.95).round(2), strict=True)
    ]
    wide = [
        f'"{t:%Y-%m-%d}",{v:.4f},{v:.4f},{v:.4f},{v:.4f},1000,{a:.4f}\n'
        for t, v, a in zip(DAYS, PRICES, ADJUSTED, strict=True)
    ]
    named = '"TLT.Open","TLT.High","TLT.Low","TLT.Close","TLT.Volume","TLT.Adjusted"\n'
    paid = [
        f"{t:%Y-%m-%d},{v:.4f},{v:.4f},{v:.4f},{v:.4f},{v:.4f},1000,{0.3 if i % 21 == 0 else 0.0},0.0\n"
        for i, (t, v) in enumerate(zip(DAYS, PRICES, strict=True))
    ]
    closes = [f"{t.month}/{t.day}/{t.year},{v:.3f}\n" for t, v in zip(DAYS, PRICES.round(3), strict=True)]
    bars = [f"{t:%Y-%m-%d},{v:.4f},{v:.4f},{v:.4f},{v:.4f},1000\r\n" for t, v in zip(DAYS, PRICES, strict=True)]
    alpha = [
        f"{t:%Y-%m-%d},{v:.4f},{v:.4f},{v:.4f},{v:.4f},{a:.4f},1000,0.0000,1.0\n"
        for t, v, a in zip(DAYS, PRICES, ADJUSTED, strict=True)
    ]
    tick = (
        f"{DAYS[99]:%Y-%m-%d},"
        + ",".join(f"{PRICES[98] * 100:.4f}" for _ in range(4))
        + f",{PRICES[98] * 95:.4f},1000\n"
    )
    first_column = [f"{i},{line}" for i, line in enumerate(_lines())]
    bloomberg = "Security,TLT US Equity\nStart Date,1/3/2023 0:00\nPeriod,D\n,\nDate,PX_LAST\n"
    return {
        "utc": Case("2561.T.csv", _text(HEADER, *_lines(_shifted(-9))), {"2561.T": STANDARD["TLT"]}),
        "utcny": Case("TLT.csv", _text(HEADER, *_lines(_shifted(5))), STANDARD),
        "adjeq": Case(
            "TLT.csv", _text(HEADER[:-1] + ",Dividends,Stock Splits\n", *paid), {"TLT": _held(adjusted=PRICES)},
            warns="not_adjusted",
        ),
        "mlnew": Case(
            "TLT.csv",
            _text("Price,Adj Close,Close,High,Low,Open,Volume\nTicker,", "TLT," * 5, "TLT\nDate,,,,,,\n", *reversed_),
            STANDARD,
        ),
        "ml2": Case(
            "prices.csv", _text(",Adj Close,Adj Close,Close,Close\n,IEF,TLT,IEF,TLT\nDate,,,,\n", *two),
            {"IEF": STANDARD["TLT"], "TLT": STANDARD["TLT"]},
        ),
        "idx": Case("TLT.csv", _text("," + HEADER, *first_column), STANDARD),
        "null": Case("TLT.csv", _replaced(49, f"{DAYS[49]:%Y-%m-%d},null,null,null,null,null,null\n"), _without(49)),
        "divrow": Case(
            "TLT.csv",
            _text(HEADER, *_lines()[:60], f"{DAYS[59]:%Y-%m-%d},0.25 Dividend,,,,,\n", *_lines()[60:]),
            STANDARD,
        ),
        "longdate": Case(
            "TLT.csv",
            _text(HEADER, *(f'"{t:%b} {t.day}, {t.year}",{row},"1,000,000"\n' for t, row in pages)),
            cents,
        ),
        "volcomma": Case(
            "TLT.csv", _text(HEADER, *(f'{t:%Y-%m-%d},{row},"1,000,000"\n' for t, row in pages)), cents
        ),
        "star": Case("TLT.csv", _text("Date,Open,High,Low,Close*,Adj Close**,Volume\n", *_lines()), STANDARD),
        "tab": Case("TLT.csv", plain.replace(b",", b"\t"), STANDARD),
        "utf16": Case("TLT.csv", plain.decode().encode("utf-16"), STANDARD),
        "dup": Case(
            "TLT.csv",
            _text(HEADER, *_lines()[:70], _lines()[69].replace("1000000", "1000001"), *_lines()[70:]),
            words=("other values than on line 71", "which is right?"),
        ),
        "av": Case(
            "TLT.csv",
            _text("timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n", *alpha),
            STANDARD,
        ),
        "stooq": Case(
            "TLT.csv", _text("Date,Open,High,Low,Close,Volume\r\n", *bars), {"TLT": _held()}, warns="no_distributions"
        ),
        "bdh": Case(
            "TLT.csv", _text(bloomberg, *closes), {"TLT": _held(PRICES.round(3))}, warns="no_distributions"
        ),
        "x100": Case("TLT.csv", _replaced(99, tick), _without(99)),
        "zero": Case("TLT.csv", _replaced(99, f"{DAYS[99]:%Y-%m-%d},0.0,0.0,0.0,0.0,0.0,0\n"), _without(99)),
        "lower": Case("tlt.csv", plain, STANDARD),
        "txt": Case("TLT.txt", plain, STANDARD),
        "suffix": Case("TLT (1).csv", plain, STANDARD),
        "jsx": Case("2561-T.csv", plain, {"2561.T": STANDARD["TLT"]}),
        "r": Case("TLT.csv", _text('"",' + named, *wide), STANDARD),
        "qm": Case("TLT.csv", _text('"Index",' + named, *wide), STANDARD),
    }  # fmt: skip


def _curves() -> dict[str, Case]:
    decimals = "".join(
        f"{t:%m/%d/%Y},{','.join(f'{v / 100:.4f}' for v in own)}\n"
        for t, own in zip(DAYS, _yields().to_numpy(), strict=True)
    )
    basis_points = "".join(
        f"{t:%m/%d/%Y},{','.join(f'{v * 100:.0f}' for v in own)}\n"
        for t, own in zip(DAYS, _yields().to_numpy(), strict=True)
    )
    old = pd.bdate_range("1990-01-02", "1991-12-31")
    two_digits = TREASURY + "".join(
        f"{t.month}/{t.day}/{t:%y},{','.join(f'{v:.2f}' for v in own)}\n"
        for t, own in zip(old, _yields(old).to_numpy(), strict=True)
    )
    spans = ("1MONTH", "3MONTH", "6MONTH", *(f"{years}YEAR" for years in (1, 2, 3, 5, 7, 10, 20, 30)))
    coded = "Date," + ",".join(f"BC_{span}" for span in spans)
    japanese = "基準日," + ",".join(f"{tenor}年" for tenor in JAPANESE_TENORS) + "\n"
    note = ",,,,,,,,,,,,,,,\n" + '"Note: The yields are for reference.",,,,,,,,,,,,,,,\n'
    nan = ["NaN" if i == 14 else f"{(i + 1) / 20:.3f}" for i in range(15)]
    gilts = MINISTRY + "".join(
        f"{t:%Y-%m-%d}," + ",".join(f"{4.0 + x / 50:.3f}" for x in range(1, 16)) + "\n" for t in DAYS
    )
    us, jp = {"ust": _yields()}, {"jgb": _jgb()}
    return {
        "t2": Case("ust90.csv", two_digits.encode(), {"ust": _yields(old)}),
        "tpct": Case("ust.csv", _treasury("%m/%d/%Y", cell="{:.2f}%").encode(), us),
        "tdec": Case("ust.csv", (TREASURY + decimals).encode(), words=("decimals?", "--unit decimal")),
        "tbp": Case("ust.csv", (TREASURY + basis_points).encode(), words=("basis points?", "--unit bp")),
        "tbill": Case(
            "tbill.csv",
            b'Date,"4 WEEKS BANK DISCOUNT","4 WEEKS COUPON EQUIVALENT","8 WEEKS BANK DISCOUNT"\n'
            b"01/02/2024,5.20,5.31,5.22\n",
            words=("Treasury bills", "par yield"),
        ),
        "tlong": Case(
            "long.csv",
            b'Date,"LT COMPOSITE (>10 Yrs)","TREASURY 20-Yr CMT","Extrapolation Factor"\n01/02/2024,4.20,4.30,N/A\n',
            words=("long-term composite",),
        ),
        "tbom": Case("ust.csv", b"\xef\xbb\xbf" + _treasury("%m/%d/%Y").encode(), us),
        "tbcyear": Case("ust.csv", _treasury("%m/%d/%Y", f"{coded}\n").encode(), us),
        "m2": Case("us.csv", _treasury("%Y-%m-%d", "Date,1M,3M,6M,1Y,2Y,3Y,5Y,7Y,10Y,20Y,30Y\n").encode(), us),
        "mofdot": Case("jgb.csv", _ministry("%Y.%m.%d").encode(), jp),
        "mofcompact": Case("jgb.csv", _ministry("%Y%m%d").encode(), jp),
        "mofjp4": Case("jgb.csv", _ministry("%Y/%m/%d", japanese).encode(), jp),
        "moffoot": Case(
            "jgb.csv", ("Interest Rate,,,,,,,,,,,,,,,(Unit : %)\n" + _ministry("%Y/%m/%d") + note).encode(), jp
        ),
        "mof_nat": Case("jgb.csv", _ministry("%Y-%m-%d", cells=nan).encode(), {"jgb": _jgb().drop(columns="40")}),
        "uk": Case("gilt.csv", gilts.encode(), words=("--as gilt", "--as jgb")),
        "uk_unnamed": Case("yields.csv", gilts.encode(), words=("whose they are", "--as")),
    }  # fmt: skip


def _rates() -> dict[str, Case]:
    ends = MONTHS + pd.offsets.MonthEnd(0)
    two = {"ust": pd.DataFrame({"2": 4.2, "10": 4.1}, DAYS)}
    dotted = [i % 30 != 0 for i in range(len(DAYS))]
    dots = _text(
        "DATE,DGS10\n", *(f"{t:%Y-%m-%d},{4.1 if there else '.'}\n" for t, there in zip(DAYS, dotted, strict=True))
    )
    firsts = DAYS[DAYS.day == 1]
    mixed = _text(
        "observation_date,DGS10,IRLTLT01JPM156N\n",
        *(f"{t:%Y-%m-%d},4.10,{'1.1' if t.day == 1 else ''}\n" for t in DAYS),
    )
    investing = (
        "\ufeff"
        + '"Date","Price","Open","High","Low","Change %"\n'
        + "".join(f'"{t:%m/%d/%Y}","1.100","1.100","1.110","1.090","0.10%"\n' for t in DAYS[::-1])
    )
    name = "Japan 10-Year Bond Yield Historical Data.csv"
    return {
        "fred_lower": Case("DGS10.csv", _fred("date,dgs10", "4.10"), {"ust": _level(4.1)}),
        "fred_zero": Case("DGS10.csv", _fred(",0", "4.10"), {"ust": _level(4.1)}),
        "fred_idx": Case("fred.csv", _fred(",DGS2,DGS10", "4.20", "4.10"), two),
        "fred_unnamed": Case("fred.csv", _fred("Unnamed: 0,DGS2,DGS10", "4.20", "4.10"), two),
        "fred_chg": Case("fred.csv", _fred("observation_date,DGS10_CHG", "0.01"), words=("the change of DGS10",)),
        "fred_gs10": Case(
            "GS10.csv", _fred("observation_date,GS10", "4.10", days=MONTHS), {"ust_month": _level(4.1, days=ends)}
        ),
        "fred_jp": Case(
            "IRLTLT01JPM156N.csv", _fred("observation_date,IRLTLT01JPM156N", "1.10", days=MONTHS),
            {"jgb_month": _level(1.1, days=ends)},
        ),
        "fred_fedfunds": Case(
            "FEDFUNDS.csv", _fred("observation_date,FEDFUNDS", "4.10", days=MONTHS),
            {"fed_funds_month": _level(4.1, "value", ends)},
        ),
        "fred_dot": Case("DGS10.csv", dots, {"ust": _level(4.1, days=DAYS[dotted])}),
        "fred_multi": Case(
            "fredgraph.csv", mixed,
            {"ust": _level(4.1), "jgb_month": _level(1.1, days=firsts + pd.offsets.MonthEnd(0))},
        ),
        "inv": Case(name, investing.encode(), words=("10-year of jgb", "--as jgb --columns 10=Price")),
        "inv_said": Case(name, investing.encode(), {"jgb": _level(1.1)}, options=("--as", "jgb")),
    }  # fmt: skip


def _others() -> dict[str, Case]:
    """Shapes beside those of the first collection."""
    both = {"IEF": _held(PRICES.round(2)), "TLT": _held(PRICES.round(2))}
    terminal = "Security,TLT US Equity,IEF US Equity\nStart Date,1/3/2023\n,\nDate,PX_LAST,PX_LAST\n"
    adjusted = {name: _held(PRICES.round(2), PRICES.round(2)) for name in ("IEF", "TLT")}
    twice = [f"{t:%m/%d/%Y},{v},{v}\n" for t, v in zip(DAYS, PRICES.round(2), strict=True)]
    merged = [f"{t:%m/%d/%Y},{v},{v},{v},{v}\n" for t, v in zip(DAYS, PRICES.round(2), strict=True)]
    tokyo = [
        f'{t.year}年{t.month}月{t.day}日,{v},{v},{v},{v},"1,000",{v}\n'
        for t, v in zip(DAYS, PRICES.round(2), strict=True)
    ]
    board = (
        '"Series Description","Market yield on U.S. Treasury securities at 10-year constant maturity"\n'
        '"Unit:","Percent:_Per_Year"\n"Time Period","RIFLGFCY10_N.B"\n'
    )
    central_bank = "DATE,TIME PERIOD,Euro short-term rate (EST.B.EU000A2X2A25.WT)\n" + "".join(
        f"{t:%Y-%m-%d},{t:%d %b %Y},3.9\n" for t in DAYS
    )
    bank = "DATE,10Y\n" + "".join(f"{t:%d %b %y},4.1\n" for t in DAYS)
    level = MINISTRY + "".join(f"{t:%Y-%m-%d}{',4.2' * 15}\n" for t in DAYS)
    settled = "Settle Date,Date,Close,Adj Close\n" + "".join(
        f"{t + pd.Timedelta(days=2):%Y-%m-%d},{t:%Y-%m-%d},{v},{a}\n"
        for t, v, a in zip(DAYS, PRICES, ADJUSTED, strict=True)
    )
    return {
        "terminal_wide": Case("x.csv", _text(terminal, *twice), both, warns="no_distributions"),
        "merged": Case(
            "x.csv",
            _text(",TLT,,IEF,\nDate,Close,Adj Close,Close,Adj Close\n", *merged),
            adjusted,
            warns="on every day",
        ),
        "tokyo": Case(
            "2561.T.csv",
            ("日付,始値,高値,安値,終値,出来高,調整後終値*\n" + "".join(tokyo)).encode("cp932"),
            {"2561.T": adjusted["TLT"]},
            warns="on every day",
        ),
        "tokyo_code": Case("2561.csv", _text(HEADER, *_lines()), words=("which may be 2561.T", "--as 2561.T")),
        "board": Case("FRB_H15.csv", _text(board, *(f"{t:%Y-%m-%d},4.1\n" for t in DAYS)), {"ust": _level(4.1)}),
        "central_bank": Case("estr.csv", central_bank.encode(), {"estr": _level(3.9, "value")}),
        "bank": Case("gilt.csv", bank.encode(), {"gilt": _level(4.1)}),
        "jgb_of_others": Case("jgb.csv", level.encode(), words=("whose they are", "--as jgb")),
        "settled": Case("TLT.csv", settled.encode(), STANDARD),
        "old_mac": Case("TLT.csv", _text(HEADER, *_lines()).replace(b"\n", b"\r"), STANDARD),
        "utf16_unmarked": Case("TLT.csv", _text(HEADER, *_lines()).decode().encode("utf-16-le"), STANDARD),
    }


def _in_folders() -> dict[str, Case]:
    """The cases that stand in folders of their own."""
    cases = {}
    for right in sorted((Path(__file__).parent / "cases").glob("*/right.yaml")):
        told = yaml.safe_load(right.read_text(encoding="utf-8"))
        (file,) = (path for path in right.parent.iterdir() if path != right)
        cases[right.parent.name] = Case(
            file.name, file.read_bytes(), _as_read(told["read"]) if "read" in told else None,
            tuple(told.get("says", ())), tuple(told.get("options", ())), told.get("warns", ""),
        )  # fmt: skip
    return cases


def _as_read(read: dict[str, dict[str, dict[date, float]]]) -> dict[str, pd.DataFrame]:
    return {series: pd.DataFrame(columns).rename(pd.Timestamp) for series, columns in read.items()}


CASES: dict[str, Case] = _prices() | _curves() | _rates() | _others() | _in_folders()
