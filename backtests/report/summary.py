"""The summary of a report, a row per variant: figures, returns by period, drawdowns and months, trips, shape, costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backtests.report.format import Cell, ShadedRow, darkest, drawdown, millions, number, percent, shade
from backtests.report.panels import Panels, VariantPanel

SIZES = ("excess_drawdown",)  # figures that have no sign
Written = Callable[[Any], str]


@dataclass(frozen=True)
class Column:
    """One column: its heading, unit, what it means, how its figure is written, and whether a bar shows its size."""

    key: str
    heading: str
    unit: str
    meaning: str
    cell: Written
    bar: bool = False


@dataclass(frozen=True)
class Range:
    """A figure and the range it may be in, as places from 0 to 1 on a scale that has zero in its middle."""

    low: float
    value: float
    high: float
    words: str

    @property
    def apart(self) -> bool:
        """Whether the range leaves zero out."""
        return not self.low <= 0.5 <= self.high


@dataclass(frozen=True)
class SummaryCell:
    """A figure, the length of its bar from -1 to 1 or None, its range or None, and the figure unrounded.

    A size, which has no sign, has a bar from the left; a gain or a loss one from the middle.
    """

    text: str
    bar: float | None = None
    range: Range | None = None
    raw: str = ""
    sized: bool = False


@dataclass(frozen=True)
class SummaryRow:
    """A variant's row."""

    name: str
    benchmark: bool
    ruined: str | None  # the day by which it lost all its capital
    cells: list[SummaryCell]


@dataclass(frozen=True)
class Periods:
    """Returns in excess of cash up to the last day, by variant."""

    headings: list[tuple[str, str]]
    rows: list[ShadedRow]


@dataclass(frozen=True)
class Tab:
    """One more table of figures behind a button of the summary."""

    id: str
    button: str
    caption: str
    columns: tuple[Column, ...]
    rows: list[SummaryRow]


def _fine(value: Any) -> str:
    return percent(value, 2)


def _share_of(value: Any) -> str:
    return percent(value, 0)


def _thousands(value: Any) -> str:
    return number(value, 0, 1e-3)


def _whole(value: Any) -> str:
    return number(value, 0)


FIGURES = (
    Column("excess_return", "Excess return", "% a year", "mean bar return in excess of cash, a year", _fine, bar=True),
    Column("volatility", "Volatility", "% a year", "standard deviation of bar returns, a year", percent),
    Column(
        "sharpe",
        "Sharpe",
        "95 % range",
        "excess return over the volatility of excess returns; beside it its 95 % confidence interval, filled where it "
        "leaves zero out",
        number,
    ),
    Column(
        "excess_drawdown",
        "Excess drawdown",
        "%",
        "largest drawdown of growth in excess of cash, positive",
        percent,
        bar=True,
    ),
    Column("", "Peak to trough", "", "of that drawdown", str),
    Column("sharpe_next_bar", "Sharpe, next bar", "", "with every order filled one bar later", number),
    Column("trading_pnl", "Trading P&L", "USD m", "profit and loss without the interest on equity", millions, bar=True),
    Column("interest", "Interest", "USD m", "what equity earned at the overnight rate", millions),
    Column(
        "thesis_trading_pnl",
        "Since thesis",
        "USD m",
        "trading P&L of the bars that end on or after the thesis date",
        millions,
    ),
)

CALENDAR = (
    Column("total_return", "Total return", "%", "of the whole window, cash interest included", percent),
    Column("max_drawdown", "Max drawdown", "%", "largest drawdown of equity, positive", percent),
    Column("calmar", "Calmar", "", "CAGR over the largest drawdown", number),
    Column("longest_drawdown_days", "Longest", "days", "from peak to recovery, or to the last day", _whole),
    Column("average_drawdown", "Average drawdown", "%", "mean depth of all drawdowns of equity", percent),
    Column("average_drawdown_days", "Average", "days", "mean of their days", _whole),
    Column("best_month", "Best month", "%", "largest return of a calendar month over cash", percent),
    Column("worst_month", "Worst month", "%", "smallest return of a calendar month over cash", percent),
    Column("average_up_month", "Average up", "%", "mean of the months over cash that gained", _fine),
    Column("average_down_month", "Average down", "%", "mean of the months over cash that lost", _fine),
    Column("month_hit_rate", "Months up", "%", "share of months over cash that gained", _share_of),
    Column("quarter_hit_rate", "Quarters up", "%", "share of quarters over cash that gained", _share_of),
    Column("year_hit_rate", "Years up", "%", "share of calendar years over cash that gained", _share_of),
    Column("best_year", "Best year", "%", "largest return of a calendar year over cash", percent),
    Column("worst_year", "Worst year", "%", "smallest return of a calendar year over cash", percent),
)

TRIPS = (
    Column("trips", "Trips", "closed", "from flat to a position and back, or to the opposite one", _whole),
    Column("trip_hit_rate", "Hit rate", "%", "share of closed trips that made money", _share_of),
    Column("profit_factor", "Profit factor", "", "what winners made over what the others lost", number),
    Column("payoff", "Payoff", "", "average win over average loss", number),
    Column("expectancy", "Expectancy", "USD k", "mean P&L of a trip", _thousands),
    Column("best_trip", "Best", "USD k", "largest P&L of a trip", _thousands),
    Column("worst_trip", "Worst", "USD k", "smallest P&L of a trip", _thousands),
    Column("average_trip_days", "Average", "days", "from fill to fill", _whole),
    Column("longest_trip_days", "Longest", "days", "from fill to fill", _whole),
)

SHAPE = (
    Column("sortino", "Sortino", "", "excess return over the deviation of its losses", number),
    Column("skew", "Skew", "", "of bar returns", number),
    Column("kurtosis", "Kurtosis", "excess", "of bar returns, 0 where they are normal", number),
    Column("var_95", "95 % VaR", "% a bar", "loss of a bar that one in twenty exceeds, positive", _fine),
    Column("es_95", "95 % ES", "% a bar", "mean loss of the bars beyond that, positive", _fine),
    Column("hit_rate", "Hit rate", "% of bars", "share of bars in excess of cash above 0", lambda v: percent(v, 0)),
    Column("best_bar", "Best bar", "%", "largest return of a bar", _fine),
    Column("worst_bar", "Worst bar", "%", "smallest return of a bar", _fine),
    Column("cagr", "CAGR", "% a year", "compound growth, cash interest included", percent),
    Column("turnover", "Turnover", "× a year", "one side of traded notional over equity", number),
    Column("cost_drag", "Cost drag", "% a year", "trading and roll costs over equity", _fine),
    Column("gross_leverage", "Gross", "× equity", "mean sum of absolute weights", number),
    Column("time_in_trade", "In trade", "% of rows", "share of rows with a position", _share_of),
)

PERIODS = {
    "month": ("Month", "to date"),
    "quarter": ("Quarter", "to date"),
    "year": ("Year", "to date"),
    "1y": ("1 year", "%"),
    "3y": ("3 years", "% a year"),
    "5y": ("5 years", "% a year"),
    "10y": ("10 years", "% a year"),
    "whole": ("All", "% a year"),
}


def columns(panels: Panels) -> list[Column]:
    """Return the columns of the figures; without a thesis date there is no P&L since then."""
    dated = panels.run.manifest["thesis_date"]
    return [column for column in FIGURES if dated or column.key != "thesis_trading_pnl"]


def figures(panels: Panels) -> list[SummaryRow]:
    """Return a row of figures per variant."""
    return _rows(panels, columns(panels))


def tabs(panels: Panels) -> list[Tab]:
    """Return the tables behind the summary's other buttons; that of trips where one is closed."""
    closed = any(variant.figures.get("trips") for variant in panels.variants)
    return [
        Tab(
            "calendar",
            "Months and drawdowns",
            "Drawdowns of equity, cash interest included; months, quarters and years over cash, of the bars that end "
            "in them. The first and last may be parts of one.",
            CALENDAR,
            _rows(panels, list(CALENDAR)),
        ),
        *([_trips(panels)] if closed else []),
        Tab(
            "shape",
            "Shape and costs",
            "What bar returns are like, and what they cost: losses of VaR and ES are positive.",
            SHAPE,
            _rows(panels, list(SHAPE)),
        ),
    ]


def _trips(panels: Panels) -> Tab:
    words = "Closed round trips, each of which is listed further down."
    return Tab("trip-figures", "Trips", words, TRIPS, _rows(panels, list(TRIPS)))


def periods(panels: Panels) -> Periods:
    """Return compounded returns in excess of cash up to each variant's last day; above a year they are a year's."""
    limits = {key: darkest((variant.to_date[key] for variant in panels.variants), 0.95) for key in PERIODS}
    rows = [ShadedRow(v.name, [_shaded(v.to_date[key], limits[key]) for key in PERIODS]) for v in panels.variants]
    return Periods(list(PERIODS.values()), rows)


def _shaded(value: float | None, limit: float) -> Cell:
    return Cell() if value is None else Cell(percent(value), shade(value, limit))


def _rows(panels: Panels, columns: list[Column]) -> list[SummaryRow]:
    return [
        SummaryRow(
            name=variant.name,
            benchmark=variant.benchmark,
            ruined=variant.figures["ruined"],
            cells=[_cell(panels, column, variant) for column in columns],
        )
        for variant in panels.variants
    ]


def _cell(panels: Panels, column: Column, variant: VariantPanel) -> SummaryCell:
    if not column.key:
        return SummaryCell(drawdown(variant.figures))
    value = variant.figures.get(column.key)
    raw = "" if value is None else repr(float(value))
    interval = _range(panels, variant) if column.key == "sharpe" else None
    return SummaryCell(column.cell(value), _share(panels, column, variant), interval, raw, sized=column.key in SIZES)


def _share(panels: Panels, column: Column, variant: VariantPanel) -> float | None:
    """How long a cell's bar is, -1 to 1, against the largest of its column; None where the column has no bars."""
    if not column.bar:
        return None
    values = [abs(other.figures.get(column.key) or 0.0) for other in panels.variants]
    return float((variant.figures.get(column.key) or 0.0) / max(*values, 1e-12))


def _range(panels: Panels, variant: VariantPanel) -> Range | None:
    """A variant's Sharpe ratio within its range, on the scale of all variants."""
    ranges = [own.significance.sharpe for own in panels.variants if own.significance]
    ends = [abs(end) for own in ranges for end in (own.low, own.high) if end is not None]
    own = variant.significance.sharpe if variant.significance else None
    if own is None or own.low is None or own.high is None or own.value is None or not ends:
        return None
    low, value, high = (0.5 + end / max(ends) / 2 for end in (own.low, own.value, own.high))
    return Range(low, value, high, f"{number(own.low)} to {number(own.high)}")
