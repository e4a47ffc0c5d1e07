"""The month-end figures that come with the project: its offline default. Provenance: data/bundled/README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from data.disk import sha256
from data.errors import SourceError
from data.tables import Record, Tables

FOLDER = Path(__file__).resolve().parent.parent / "bundled"
MARKETS, MACRO = "month_end_markets.csv", "month_end_macro.csv"
IN_PERCENT = 100.0
TENOR = re.compile(r"(us_real|us|jp)_(\d+)(m|y)")


def load() -> Tables:
    """Read the two bundled tables; percent becomes decimals here and nowhere else."""
    markets, macro = _read(MARKETS), _read(MACRO)
    return Tables(
        source="bundled",
        frequency="monthly",
        yields=_yields(markets),
        usdjpy=markets["usdjpy"],
        overnight={"USD": markets["us_overnight"] / IN_PERCENT, "JPY": markets["jp_overnight"] / IN_PERCENT},
        cpi=macro["us_cpi"].dropna(),
        macro={str(name): macro[name] / (1.0 if name == "us_cpi" else IN_PERCENT) for name in macro},
        records=tuple(_record(name, frame) for name, frame in ((MARKETS, markets), (MACRO, macro))),
    )


def _read(name: str) -> pd.DataFrame:
    try:
        return pd.read_csv(FOLDER / name, index_col="date", parse_dates=["date"])
    except (OSError, ValueError) as error:
        raise SourceError(f"{FOLDER / name}: cannot be read ({error}); reinstall the package") from error


def _yields(markets: pd.DataFrame) -> dict[str, pd.DataFrame]:
    columns: dict[str, dict[float, pd.Series]] = {}
    for name in markets:
        match = TENOR.fullmatch(str(name))
        if match:
            curve, number, unit = match.groups()
            tenor = int(number) / (12.0 if unit == "m" else 1.0)
            columns.setdefault(curve, {})[tenor] = markets[name] / IN_PERCENT
    return {curve: pd.DataFrame(dict(sorted(tenors.items()))) for curve, tenors in columns.items()}


def _record(name: str, frame: pd.DataFrame) -> Record:
    first, last = frame.index[0].date(), frame.index[-1].date()
    return Record(name, "bundled", first, last, len(frame), sha256(FOLDER / name))
