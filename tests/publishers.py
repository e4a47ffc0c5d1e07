"""Samples of what each publisher's files look like, and how a complaint is asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.errors import DataError, DivergenceError
from data.sources import mof

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
BOJ = """Series code,FM01'STRDCLUCON
2024-01-04,-0.012
2024-01-05,-0.010
"""
SAMPLES = {
    "call.csv": (BOJ, {"yen_call"}),
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
