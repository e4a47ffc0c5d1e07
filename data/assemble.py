"""From the store to tables: units, masks, who funds at which fixing, and coarser rows from daily ones."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from data.countries import COUNTRIES, Countries, Country
from data.errors import DataError, LackingError
from data.pricing.spot import par_of_spot
from data.quality import Finding, check
from data.series import (
    AVERAGES,
    ESTIMATED,
    IN_PERCENT,
    MONTH,
    REBASED,
    SPECS,
    VALUE,
    macro_value,
    specs_of,
    unpublished,
)
from data.sources import bundled
from data.sources.periods import Spacing, spacing
from data.splits import check_adjusted
from data.store import Store, Stored, monthly
from data.tables import Frequency, Record, Tables, rows_of

logger = logging.getLogger(__name__)

Distributions = Literal["reinvested", "paid", "none"]
COARSER: tuple[Spacing, ...] = ("daily", "weekly", "monthly", "longer")
CONSUMER_PRICES = str(COUNTRIES.home.cpi)  # the index of consumer prices
CARRIED_DAYS = 10  # a fixing older than this is missing
SAME_PERIOD_DAYS = 5  # a tenor not quoted this long before a week or month ends is missing at its end
PRICED_DAYS = 3  # likewise a price: then the fund's proxy stands in for the period


def load(
    store: Store,
    wanted: Frequency | Literal["native"],
    listed: Collection[str],
    today: date,
    distributions: Distributions = "reinvested",
    since: date = date.min,
    traded: Collection[str] | None = None,
    money: Collection[str] = (),
    unpaid: Collection[str] = (),
) -> Tables:
    """Return the stored history on daily, weekly or monthly rows, or on those it has.

    `listed` are the instruments whose prices are wanted, where they are stored: total-return prices, or raw ones with
    their income where `distributions` are "paid", or raw ones alone where they are "none" and for the names `unpaid`.
    The records hold the findings from `since` on. `traded` are the codes of the countries whose bonds or money are:
    these must be stored; by default those that the bundled figures have; of those in `money` the curve need not be.
    What the bundled figures have is read wherever it is stored, so that one country more changes no rows of the others.

    Raises
    ------
    DataError
        A series that a market cannot do without and that is not stored.
    """
    background = bundled.load()
    countries = _held(store, background, traded, money)
    own = [series for country in countries for series in country.series]
    used = {*own, *map(_averages_of, own), CONSUMER_PRICES, "macro", *listed}
    stored = _with_averages({name: store.read(name) for name in store.names() if name in used}, own)
    yields = {
        curve: _curve(stored[name], country)
        for country in countries
        for curve, name in country.curves.items()
        if name in stored
    }
    chosen = {name: stored[name] for name in listed if name in stored}
    rows_apart = {store.countries.curves[curve]: spacing(frame.index) for curve, frame in yields.items()}
    frequency = _frequency(wanted, {
        **{c.nominal: rows_apart.get(c.nominal) for c in countries if traded is None or c.code in traded},
        **{name: spacing(_priced(history.frame).index) for name, history in chosen.items()},
    })  # fmt: skip
    curves = store.countries.curves
    yields = {curve: frame for curve, frame in yields.items() if _as_fine(rows_apart[curves[curve]], frequency)}
    daily_rows = rows_of(yields)
    yields = {curve: _coarser(frame, frequency, daily_rows, SAME_PERIOD_DAYS) for curve, frame in yields.items()}
    for curve, frame in yields.items():
        yields[curve] = _unspanned(frame, store.countries.curves[curve])
    rows = rows_of(yields)
    logger.info("%d %s rows from %s", len(rows), frequency, store.folder)
    _log(stored, yields, listed, countries)
    fixings = {country.currency: country.overnight for country in countries}
    cpi = _monthly(stored, CONSUMER_PRICES)
    findings = {
        name: [_for_run(finding, frequency, "none" if name in unpaid else distributions) for finding in own]
        for name, own in ((name, check(history.spec, history.frame, today)) for name, history in stored.items())
    }
    return Tables(
        source="store",
        frequency=frequency,
        yields=yields,
        fx={country.currency: _known(_value(stored, country.fx), rows) for country in countries if country.fx},
        overnight={
            currency: _overnight(_fixings(stored, names, daily_rows, ahead=0), rows, frequency)
            for currency, names in fixings.items()
        },
        known_overnight={
            currency: _overnight(_fixings(stored, names, daily_rows, ahead=1), rows, frequency)
            for currency, names in (fixings.items() if frequency != "monthly" else ())
        },
        cpi=background.cpi if cpi is None else cpi,
        macro=_macro(stored, background),
        prices={
            name: _prices(history, frequency, "none" if name in unpaid else distributions, daily_rows)
            for name, history in chosen.items()
        },
        records=tuple(_record(history, findings[name], today, since) for name, history in stored.items()),
        countries=store.countries,
        doubts=tuple(finding for own in findings.values() for finding in own),
    )


def _log(
    stored: Collection[str], yields: dict[str, pd.DataFrame], listed: Collection[str], countries: Sequence[Country]
) -> None:
    """Say which stored series stand behind what."""
    series = Countries(tuple(countries)).curves
    for curve, frame in yields.items():
        tenors = ", ".join(f"{tenor:g}" for tenor in frame)
        logger.info("curve %s from %s: %d rows, tenors %s", curve, series[curve], len(frame), tenors)
    for country in countries:
        names = ", else ".join(name for name in country.overnight if name in stored)
        logger.info("%s overnight from %s", country.currency, names)
    for name in (CONSUMER_PRICES, "macro"):
        logger.info("%s %s", name, "from the store" if name in stored else "is not stored: the bundled figures")
    for name in listed:
        logger.info("%s %s", name, "at its stored prices" if name in stored else "has no stored prices: its proxy")


def _averages_of(series: str) -> str:
    """Return the series that holds a daily one's averages of months."""
    return f"{series}_month"


def _with_averages(stored: dict[str, Stored], names: Sequence[str]) -> dict[str, Stored]:
    """Return what is stored, averages of months in place of a curve or an exchange rate of which nothing else is."""
    instead = {name: _averages_of(name) for name in names if name not in stored and _averages_of(name) in AVERAGES}
    held = {name: average for name, average in instead.items() if average in stored}
    for name, average in held.items():
        logger.warning("%s: averages of months, %s, stand for it", name, average)
    return stored | {name: stored[average] for name, average in held.items()}


def _priced(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a listed name that have a price."""
    return frame.dropna(how="all", subset=[name for name in ("close", "adjusted") if name in frame])


def _frequency(wanted: Frequency | Literal["native"], apart: Mapping[str, Spacing | None]) -> Frequency:
    """Return the frequency to make: what is wanted, or the coarsest that a series of the run has."""
    coarsest = max((own for own in apart.values() if own), key=COARSER.index, default="daily")
    if wanted == "native":
        return "daily" if coarsest == "daily" else "weekly" if coarsest == "weekly" else "monthly"
    if COARSER.index(wanted) >= COARSER.index(coarsest) or (wanted == "monthly" and coarsest == "longer"):
        return wanted
    names = [name for name, own in apart.items() if own == coarsest]
    if coarsest == "weekly":
        held = f"{', '.join(names)}: weekly rows"
        raise DataError(f"{held}, not {wanted} ones; set data.frequency: weekly, monthly or native")
    held = "the history holds" if len(names) == len(apart) else f"{', '.join(names)}: the store holds"
    raise DataError(f"{held} month ends, not {wanted} rows; set data.frequency: monthly, or native")


def _as_fine(own: Spacing | None, frequency: Frequency) -> bool:
    """Whether a curve has rows as often as the market is to have."""
    return own is None or own == "longer" or COARSER.index(own) <= COARSER.index(frequency)


def _held(store: Store, background: Tables, traded: Collection[str] | None, money: Collection[str]) -> list[Country]:
    """Return the countries whose history is read: those traded, and those that the bundled figures have, if stored."""
    stored = [*store.names(), *(name.removesuffix("_month") for name in store.names() if name in AVERAGES)]
    own = [country.code for country in store.countries if country.code in background.yields]
    codes = {store.countries.home.code, *(own if traded is None else traded)}
    only_money = [country for country in store.countries if country.code in money and country.code not in codes]
    _require(store, stored, [country for country in store.countries if country.code in codes], only_money)
    codes |= {country.code for country in only_money}
    codes |= {code for code in own if not _lacks([store.countries[code]], stored)}
    return [country for country in store.countries if country.code in codes]


def _lacks(countries: Sequence[Country], stored: Collection[str]) -> list[tuple[str, ...]]:
    """Return the series that the countries cannot do without and that are not stored; of several, one is enough."""
    return [(c.nominal,) for c in countries if c.nominal not in stored] + _lacks_money(countries, stored)


def _lacks_money(countries: Sequence[Country], stored: Collection[str]) -> list[tuple[str, ...]]:
    """Return likewise what their currencies cannot do without."""
    needed = [*((c.fx,) for c in countries if c.fx), *(country.overnight for country in countries)]
    return [names for names in needed if not any(name in stored for name in names)]


def _require(
    store: Store, stored: Collection[str], countries: Sequence[Country], only_money: Sequence[Country]
) -> None:
    missing = [*_lacks(countries, stored), *_lacks_money(only_money, stored)]
    if not missing:
        return
    lacking = ", ".join(" or ".join(names) for names in missing)
    files = ", ".join(name for names in missing for name in names if name in specs_of(store.countries))
    named = f"; {files}: a file of that name, NAME.csv" if files else ""
    message = f"the store in {store.folder} lacks {lacking}; fetch with `divergence data update`, or import files with"
    raise LackingError(f"{message} `divergence data import PATH`{named}", lacking, files)


def _for_run(finding: Finding, frequency: Frequency, distributions: Distributions) -> Finding:
    """Return a finding at the level it has for a run: what the run's own settings make wrong, or right, of it."""
    match finding.name:
        case "weekly":
            return replace(finding, level="error" if frequency == "daily" else "note")
        case "no_distributions":
            return replace(finding, level="note" if distributions == "none" else "error")
        case "estimated":
            return replace(finding, level="warning")  # masked as the curve is read
    return finding


def _record(history: Stored, findings: Sequence[Finding], today: date, since: date) -> Record:
    index = history.frame.index
    return Record(
        series=history.series,
        source=history.source,
        first=index[0].date(),
        last=index[-1].date(),
        rows=len(index),
        sha256=history.sha256,
        fetched=history.fetched.isoformat(),
        restated=history.restated,
        findings=tuple(str(f) for f in findings if f.level != "note" and (f.last or today) >= since),
    )


def _curve(history: Stored, country: Country) -> pd.DataFrame:
    """Par yields in decimals on the curve's own days, columns in years; what was never quoted is blank."""
    frame = history.frame / IN_PERCENT
    frame.columns = pd.Index([float(tenor) for tenor in frame.columns])
    for series, tenor in ESTIMATED:
        if series == history.series and float(tenor) in frame:
            masked = unpublished(series, tenor, frame.index.to_numpy())
            logger.info("%s: the %s-year masked on %d rows: none was published", series, tenor, int(masked.sum()))
            frame.loc[masked, float(tenor)] = np.nan
    return as_par(frame.dropna(how="all"), country)


def as_par(frame: pd.DataFrame, country: Country) -> pd.DataFrame:
    """Return a curve's frame of decimals as par yields: as it is, or from the spot rates that the country quotes."""
    if country.compounding is None:
        return frame
    tenors = frame.columns.to_numpy(dtype=float)
    par = par_of_spot(tenors, frame.to_numpy(dtype=float), country.coupons, country.compounding)
    return pd.DataFrame(par, frame.index, frame.columns)


def _unspanned(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Blank the tenors that break on the last row before the break, so that no bar spans it."""
    breaks = {tenor: day for (series, tenor), day in REBASED.items() if series == name and float(tenor) in frame}
    for tenor, day in breaks.items():
        last = frame.index[frame.index < pd.Timestamp(day)][-1:]
        when = ", ".join(str(row.date()) for row in last) or "no row"
        logger.info("%s: the %s-year masked on %s: no bar may span the break of %s", name, tenor, when, day)
        frame.loc[last, float(tenor)] = np.nan
    return frame.dropna(how="all") if breaks else frame


def _periods(index: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
    """Return the Friday or the month's last calendar day that each date belongs to."""
    if frequency == "weekly":
        return index + pd.to_timedelta((4 - index.day_of_week) % 7, unit="D")
    return index + pd.offsets.MonthEnd(0)


def _coarser(frame: pd.DataFrame, frequency: Frequency, days: pd.DatetimeIndex, carried_days: int) -> pd.DataFrame:
    """Return each period's last values, on its last day.

    `days` are those of all markets: a value more than `carried_days` older than the last of them in its period is
    missing at the period's end, and a period whose last weekday they have not reached is left out.
    """
    if frequency == "daily":
        return frame
    index = pd.DatetimeIndex(frame.index)
    last_day = pd.Series(days, index=_periods(days, frequency)).groupby(level=0).max()
    ends = _periods(index, frequency)
    age = (pd.DatetimeIndex(last_day.reindex(ends)) - index).days
    recent = frame[age.to_numpy() <= carried_days]
    result = recent.groupby(_periods(pd.DatetimeIndex(recent.index), frequency)).last()
    stamped = pd.DatetimeIndex(result.index)
    last_weekday = stamped - pd.to_timedelta((stamped.day_of_week - 4).to_numpy().clip(0), unit="D")
    return result[last_weekday <= days[-1]]


def _value(stored: dict[str, Stored], name: str) -> pd.Series:
    return stored[name].frame[VALUE].dropna() if name in stored else pd.Series(dtype=float)


def _monthly(stored: dict[str, Stored], name: str) -> pd.Series | None:
    values = _value(stored, name)
    return None if values.empty else values


def _known(values: pd.Series, rows: pd.DatetimeIndex) -> pd.Series:
    """Return the last value on or before each row, NaN where it is older than ten days."""
    if values.empty:
        return pd.Series(np.nan, index=rows)
    return values.reindex(rows, method="ffill", tolerance=pd.Timedelta(days=CARRIED_DAYS))


def _fixings(stored: dict[str, Stored], names: tuple[str, ...], rows: pd.DatetimeIndex, ahead: int) -> pd.Series:
    """Return the overnight rate of every calendar day in decimals: the daily fixing, else a month's average.

    The average is the day's own month's, `ahead` 0, which is what money cost; or, `ahead` 1, that of the month before,
    which is all that was known of it then.
    """
    days = pd.date_range(rows[0], rows[-1], freq="D")
    result = pd.Series(np.nan, index=days)
    for name in names:
        if name in stored and _averaged(stored[name]):
            averages = _value(stored, name)
            by_month = averages.set_axis(pd.DatetimeIndex(averages.index).to_period("M") + ahead)
            values = pd.Series(by_month.reindex(days.to_period("M")).to_numpy(), index=days)
        else:
            values = _known(_value(stored, name), days)
        result = result.fillna(values)
        logger.debug("fixings up to %s: %d of %d days", name, result.notna().sum(), len(days))
    return result / IN_PERCENT


def _averaged(history: Stored) -> bool:
    """Whether a rate is a month's average: as its series is known to be, or as the days of a user's own are spaced."""
    if history.spec.name in SPECS:
        return history.spec.calendar == MONTH
    return bool(monthly(pd.DatetimeIndex(history.frame.index)))


def _overnight(fixings: pd.Series, rows: pd.DatetimeIndex, frequency: Frequency) -> pd.Series:
    """Return the annual rate over the bar that ends on each row.

    Month ends: the month's own average. Daily rows: the fixing of the row before. Week ends: the average of the fixings
    from the row before to the day before this one.
    """
    if frequency == "monthly":
        return fixings.groupby(_periods(pd.DatetimeIndex(fixings.index), "monthly")).mean().reindex(rows)
    at_rows = fixings.reindex(rows, method="ffill")
    if frequency == "daily":
        return at_rows.shift(1).bfill(limit=1)
    paid = fixings.cumsum().shift(1).reindex(rows, method="ffill")  # up to the day before each row
    days = pd.Series(rows, index=rows).diff().dt.days
    return (paid.diff() / days).fillna(at_rows)


def _macro(stored: dict[str, Stored], background: Tables) -> dict[str, pd.Series]:
    """Return macro figures in decimals; those that are not stored come with the project."""
    result = dict(background.macro)
    if "macro" in stored:
        frame = stored["macro"].frame
        result |= {str(name): macro_value(str(name), frame[name]) for name in frame if name != CONSUMER_PRICES}
    cpi = _monthly(stored, CONSUMER_PRICES)
    return result if cpi is None else {**result, CONSUMER_PRICES: cpi}


def _prices(
    history: Stored, frequency: Frequency, distributions: Distributions, days: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return `price` and `income` per unit on the days traded: total-return prices, or raw ones with what they paid.

    A day without the price wanted is a day without a price; the other one is never put in its place. `close` is what a
    share cost on the day.
    """
    frame = history.frame.reindex(columns=["close", "adjusted", "dividend"])
    if distributions == "reinvested":
        check_adjusted(history.series, frame)
    raw: bool = distributions != "reinvested" or bool(frame["adjusted"].isna().all())
    if distributions == "none" and frame["close"].isna().all():
        raw = False  # the only prices there are; what they are adjusted for, if anything, is in them
    price = frame["close"] if raw else frame["adjusted"]
    paid = raw and distributions != "none"
    income = frame["dividend"].fillna(0.0) if paid else 0.0 * frame["close"].fillna(0.0)
    if frequency == "daily":
        table = pd.DataFrame({"price": price, "income": income, "close": frame["close"]})
        return table.dropna(subset="price")
    ends = _periods(pd.DatetimeIndex(income.index), frequency)
    table = pd.DataFrame({"price": price, "close": frame["close"]}).dropna(subset="price")
    table = _coarser(table, frequency, days, PRICED_DAYS)
    return table.assign(income=income.groupby(ends).sum().reindex(table.index))
