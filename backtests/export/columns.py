"""Columns of exported tables: what a figure is counted in, and what stands over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.countries import BASE

Kind = Literal["text", "date", "fraction", "usd", "number", "count"]
DIGITS: dict[Kind, int] = {"fraction": 2, "usd": 0, "number": 2, "count": 0}
RATE = 6  # decimals of an exchange rate: a yen is 0.0064 dollars

A_YEAR = ("excess_return", "volatility", "cagr", "cost_drag", "alpha", "breakeven_borrow")
FRACTIONS = (
    "excess_drawdown", "total_return", "max_drawdown", "var_95", "es_95", "best_bar", "worst_bar", "hit_rate",
    "thesis_excess_return", "trip_hit_rate", "time_in_trade", "weight",
    "initial_margin", "initial_margin_max", "average_drawdown", "best_month", "worst_month", "average_up_month",
    "average_down_month", "month_hit_rate", "quarter_hit_rate", "best_year", "worst_year", "year_hit_rate",
)  # fmt: skip
USD = (
    "trading_pnl", "interest", "pnl", "thesis_trading_pnl", "thesis_pnl", "average_win", "average_loss", "expectancy",
    "free_margin_least", "best_trip", "worst_trip",
)  # fmt: skip
DAYS = (
    "excess_drawdown_peak", "excess_drawdown_trough", "excess_drawdown_recovery", "drawdown_peak", "drawdown_trough",
    "drawdown_recovery", "start", "end", "ruined", "date", "decided_open", "open", "decided_close", "close",
    "free_margin_day",
)  # fmt: skip
TEXTS = ("variant", "instrument", "component", "benchmark", "reason", "strategy", "currency", "fill", "path_unit")
COUNTS = ("bars", "trips")
UNITS = {  # of other figures
    "turnover": "times equity a year", "gross_leverage": "times equity", "longest_drawdown_days": "", "days": "",
    "average_drawdown_days": "", "average_trip_days": "", "longest_trip_days": "", "profit_factor": "",
    "periods_per_year": "", "sharpe": "", "sortino": "", "calmar": "", "skew": "", "kurtosis": "", "payoff": "",
    "sharpe_next_bar": "", "sharpe_lo": "", "beta": "", "correlation": "", "units": "of the index",
    "side": "+1 long, -1 short, of the first leg",
    "quantity": "shares, contracts or face", "price": "of the index", "quoted_price": "local currency",
    "fx": "USD a unit",
}  # fmt: skip
SUFFIXES = {"_usd": ("usd", BASE), "_bp": ("number", "bp")}
WORDS = {"pnl": "P&L", "cagr": "CAGR", "var": "VaR", "es": "ES", "fx": "FX", "mae": "MAE", "mfe": "MFE"}


@dataclass(frozen=True)
class Column:
    """One column: the key of its values, how they are shown, and their unit."""

    key: str
    kind: Kind
    unit: str = ""
    name: str = ""  # where it is not the key's words

    def heading(self, fraction: str) -> str:
        """Return the name and the unit; `fraction` is how 0.01 reads: a fraction, or % where it is shown as 1 %.

        >>> Column("excess_return", "fraction", "a year").heading("%")
        'excess return (% a year)'
        """
        unit = f"{fraction} {self.unit}".strip() if self.kind == "fraction" else self.unit
        name = self.name or words(self.key)
        return f"{name} ({unit})" if unit else name

    @property
    def digits(self) -> int:
        """How many decimals are shown; the value holds all."""
        return RATE if self.key == "fx" else DIGITS.get(self.kind, 0)


def words(key: str) -> str:
    """Return a key as words.

    >>> words("thesis_trading_pnl"), words("mae_bp")
    ('thesis trading P&L', 'MAE')
    """
    for suffix in SUFFIXES:
        key = key.removesuffix(suffix)
    return " ".join(WORDS.get(part, part) for part in key.split("_"))


def column(key: str) -> Column:
    """Return the column of a figure or of a table's key; a number without a unit where it is not known."""
    if key in A_YEAR:
        return Column(key, "fraction", "a year")
    if key in FRACTIONS:
        return Column(key, "fraction")
    if key in USD:
        return Column(key, "usd", BASE)
    if key in DAYS:
        return Column(key, "date")
    if key in TEXTS:
        return Column(key, "text")
    if key in COUNTS or key.endswith("days"):
        return Column(key, "count", UNITS.get(key, ""))
    for suffix, (kind, unit) in SUFFIXES.items():
        if key.endswith(suffix):
            return Column(key, "usd" if kind == "usd" else "number", unit)
    return Column(key, "number", UNITS.get(key, ""))


def known(key: str) -> bool:
    """Whether a figure's unit is stated here."""
    return any(key in group for group in (A_YEAR, FRACTIONS, USD, DAYS, TEXTS, COUNTS, UNITS))
