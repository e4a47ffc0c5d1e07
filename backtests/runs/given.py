"""Series from Python: frames as a source would deliver them, and a store that holds them before another's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from backtests.config import Config
from data.countries import ANY_DAY
from data.errors import ConfigError, did_you_mean
from data.instruments import LIBRARY
from data.series import PRICE_COLUMNS, VALUE, Delivery, price_spec, spec_of
from data.sources import bundled, files
from data.store import Store, Stored

Frame = pd.DataFrame | pd.Series
SOURCE = "from Python"


def with_given(
    config: Config,
    prices: Mapping[str, Frame] | None = None,
    curves: Mapping[str, pd.DataFrame] | None = None,
    fx: Mapping[str, pd.Series] | None = None,
    rates: Mapping[str, pd.Series] | None = None,
) -> Config:
    """Return a configuration that runs on these series beside those of its source.

    Raises
    ------
    ConfigError
        A name that is no listed instrument, or no curve, exchange rate or overnight rate; a frame without dates, or
        without a price; in one line.
    """
    countries = config.countries
    rows = list(countries)
    names = {
        "curve": {series: series for series in countries.curves.values()} | dict(countries.curves),
        "fx": {str(row.fx): str(row.fx) for row in rows if row.fx}
        | {row.currency: str(row.fx) for row in rows if row.fx},
        "rate": {series: series for row in rows for series in row.overnight}
        | {row.currency: row.overnight[0] for row in reversed(rows)},
    }
    deliveries = [_prices(config, name, frame) for name, frame in (prices or {}).items()]
    for name, frame in (curves or {}).items():
        where = f"curves['{name}']"
        table = _dated(where, _tenors(where, frame))
        deliveries.append(Delivery(_known(where, name, names["curve"]), SOURCE, table))
    for argument, kind, given in (("fx", "fx", fx), ("rates", "rate", rates)):
        for name, values in (given or {}).items():
            where = f"{argument}['{name}']"
            table = _dated(where, _values(where, values))
            deliveries.append(Delivery(_known(where, name, names[kind]), SOURCE, table))
    return replace(config, given=(*config.given, *deliveries))


def _known(where: str, name: str, names: Mapping[str, str]) -> str:
    if name not in names:
        raise ConfigError(f"{where}: no such series{did_you_mean(name, names)}")
    return names[name]


def _prices(config: Config, name: str, frame: Frame) -> Delivery:
    """Return the prices of a listed name; a series is closes unless it is called adjusted."""
    where = f"prices['{name}']"
    listed = {leg.name: leg for leg in config.library.values() if leg.kind == "listed"}
    if name not in listed:
        raise ConfigError(
            f"{where}: no listed instrument{did_you_mean(name, listed)}; add it under `instruments:` as kind: listed"
        )
    if isinstance(frame, pd.Series):
        frame = frame.to_frame("adjusted" if frame.name == "adjusted" else "close")
    plain = {column: "".join(str(column).lower().split()) for column in frame}
    table = frame.rename(columns={column: {"adjclose": "adjusted"}.get(text, text) for column, text in plain.items()})
    if not {"close", "adjusted"} & {*table}:
        raise ConfigError(f"{where}: no column close and none adjusted; it has {', '.join(map(str, frame))}")
    leg = listed[name]
    spec = spec_of(name) if name in LIBRARY else price_spec(name, leg.currency, leg.exchange or ANY_DAY)
    known = table[[column for column in PRICE_COLUMNS if column in table]]
    return Delivery(name, SOURCE, _dated(where, known), spec=spec)


def _tenors(where: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a curve with its tenors in years as text: 10, 10.0, '10' and '10Y' are one."""
    columns = {}
    for column in frame:
        text = str(column).strip().upper()
        years = text.removesuffix("Y") if not text.endswith("M") else None
        try:
            columns[column] = f"{float(years) if years is not None else float(text[:-1]) / 12:g}"
        except ValueError:
            raise ConfigError(f"{where}: the column '{column}' is no tenor; expected years, like 10 or '10Y'") from None
    return frame.rename(columns=columns)


def _values(where: str, frame: Frame) -> pd.DataFrame:
    if isinstance(frame, pd.Series):
        return frame.to_frame(VALUE)
    if len(frame.columns) != 1:
        raise ConfigError(f"{where}: has {len(frame.columns)} columns; expected a series, or one column")
    return frame.set_axis([VALUE], axis=1)


def _dated(where: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame on plain dates, ascending, of floats."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise ConfigError(f"{where}: its index is not of dates; use pd.to_datetime on it")
    days = index.tz_localize(None).normalize()
    if days.has_duplicates:
        twice = days[days.duplicated()][0].date()
        raise ConfigError(f"{where}: {twice} stands there twice; keep one row a day")
    try:
        values = frame.set_axis(days).astype(float).sort_index()
    except (TypeError, ValueError):
        raise ConfigError(f"{where}: holds what is no number; convert it before") from None
    if values.dropna(how="all").empty:
        raise ConfigError(f"{where}: holds no value")
    return values.dropna(how="all")


# ---- beside what the source has


class Layered(Store):
    """A store that reads a series from above where it is there, else from below."""

    def __init__(self, above: Store, below: Store) -> None:
        super().__init__(below.folder, below.countries)
        self.above, self.below = above, below

    def names(self) -> list[str]:
        """Return the series of both."""
        return sorted({*self.above.names(), *self.below.names()})

    def read(self, series: str) -> Stored:
        """Return a series from above, or else from below."""
        return (self.above if series in self.above.names() else self.below).read(series)


def layered(config: Config, below: Store, scratch: Path) -> Store:
    """Return a store that holds what a configuration was given in Python before what is below."""
    if not config.given or config.data.source == "bundled":  # which holds them already, on its month ends
        return below
    above = Store(scratch / "given", config.countries)
    for delivery in config.given:
        above.put(delivery, datetime.now(UTC))
    return Layered(above, below)


def month_ends(config: Config, scratch: Path) -> Store:
    """Return the bundled month ends as a store, and what was given in Python on month ends too."""
    store = Store(scratch / "bundled", config.countries)
    for delivery in (*_bundled(), *map(_on_month_ends, config.given)):
        store.put(delivery, datetime.now(UTC), restated_share=1.0)
    return store


def _bundled() -> Iterator[Delivery]:
    for name in (bundled.MARKETS, bundled.MACRO):
        yield from files.read(bundled.FOLDER / name)


def _on_month_ends(delivery: Delivery) -> Delivery:
    """Return a delivery's last values of each whole month, on its last day; what was distributed in it is added up."""
    frame = delivery.frame
    index = pd.DatetimeIndex(frame.index)
    ends = index + pd.offsets.MonthEnd(0)
    whole = frame[ends <= index[-1] + pd.offsets.BDay(1)]
    by_month = whole.groupby(pd.DatetimeIndex(whole.index) + pd.offsets.MonthEnd(0))
    table = by_month.last()
    for name in ("dividend", "volume"):
        if name in table:
            table[name] = by_month[name].sum()
    return replace(delivery, frame=table)
