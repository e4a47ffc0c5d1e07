"""Days: what a series lacks of its own market's days, and rows on days its market was shut."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data.countries import ANY_DAY
from data.errors import DataError, did_you_mean
from data.exchanges import NEW_YORK, SAME_SESSIONS, TOKYO
from data.instruments import LIBRARY
from data.quality.finding import Finding, count, largest
from data.quality.table import Days, Table, day, stretches
from data.series import MONTH, Spec

STARTS = {TOKYO: "1997-01-01", NEW_YORK: "1970-01-01"}  # earlier, one knows no sessions and the other no holidays
STARTS_OTHERS = "1990-01-01"

LONG_GAP = 5  # calendar days; an ordinary weekend is 3, one with a holiday at each end 5
COMMON_GAP = 7  # New Year and Golden Week take 6 or 7 days in most years: counted in one line
LAST_SATURDAY = np.datetime64("1989-12-31")  # Japan's bond market traded on Saturdays until 1989

OLD = {"month": 45}  # days since the last row before it is mentioned; others 10


def future(table: Table, today: date) -> list[Finding]:
    """Return an error for rows after `today`."""
    late = np.flatnonzero(table.days > np.datetime64(today))
    if not late.size:
        return []
    message = f"{count(len(late), 'row')} after today, {today}; check the order of day and month, import again"
    return [table.finding("error", late[0], late[-1], message)]


def age(table: Table, today: date) -> list[Finding]:
    """Return a note when a series ends long before `today`."""
    days = (today - day(table.days[-1])).days
    if days <= OLD.get(table.spec.calendar, 10):
        return []
    return [table.finding("note", -1, -1, f"the last row is {days} days old; update")]


def blank_months(table: Table) -> list[Finding]:
    """Return the months that a monthly series leaves out between its first and its last."""
    months = table.days.astype("datetime64[M]")
    blank = np.setdiff1d(np.arange(months[0], months[-1] + 1), months)
    if not len(blank):
        return []
    named = ", ".join(str(month) for month in blank[:12]) + (f" and {len(blank) - 12} more" if len(blank) > 12 else "")
    first, last = day(blank[0]), day(blank[-1])
    if table.spec.kind == "index":
        rule = "put in as CPI[m-1] * (CPI[m-1] / CPI[m-13]) ** (1/12), 31 CFR 356 App. B"
        return [Finding("note", table.spec.name, first, last, f"{named} blank: {rule}")]
    return [Finding("warning", table.spec.name, first, last, f"{named} blank; import the series again")]


def market_days(table: Table, today: date) -> list[Finding]:
    """Return the differences between the dates of a daily series and its market's calendar. Every row has a value."""
    exchange = _exchange(table.spec)
    if exchange is None:
        return _unbroken(table)
    expected = sessions(exchange, table.days, today)
    if table.spec.kind == "price":
        return [*_missing(table, expected, exchange), *_ghosts(table, expected, exchange), *_long_gaps(table, expected)]
    if exchange == NEW_YORK:
        expected = np.setdiff1d(expected, bond_holidays(table.days[0], table.days[-1]))
    return [*_missing(table, expected, exchange), *_long_gaps(table, expected), *_weekends(table)]


def _exchange(spec: Spec) -> str | None:
    if spec.kind != "price":
        return None if spec.calendar in (ANY_DAY, MONTH) else spec.calendar
    exchange = str(LIBRARY[spec.name].exchange) if spec.name in LIBRARY else spec.calendar
    if exchange in (ANY_DAY, MONTH):
        return None
    return SAME_SESSIONS.get(exchange, exchange)


def sessions(exchange: str, days: Days, today: date) -> Days:
    """Return the exchange's sessions from the first of `days` to the last."""
    every = _sessions(exchange, max(today, day(days[-1])).year)
    return every[np.searchsorted(every, days[0]) : np.searchsorted(every, days[-1], side="right")]


@lru_cache
def _sessions(exchange: str, until: int) -> Days:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' deprecations inside exchange_calendars
        import exchange_calendars  # type: ignore[import-untyped, unused-ignore]

        start = STARTS.get(exchange, STARTS_OTHERS)
        calendar = exchange_calendars.get_calendar(exchange, start=start, end=f"{until}-12-31")
    return np.array(calendar.sessions.to_numpy(), dtype="datetime64[D]")


def check_exchange(code: str) -> None:
    """Raise DataError where no calendar of an exchange is at hand."""
    import exchange_calendars

    known = exchange_calendars.get_calendar_names(include_aliases=False)
    if code not in (ANY_DAY, *known):
        raise DataError(f"no calendar of the exchange '{code}'{did_you_mean(code, [ANY_DAY, *known])}")


def bond_holidays(first: np.datetime64, last: np.datetime64) -> Days:
    """Return the days since 1970 when Treasuries rested although stocks traded.

    Columbus and Veterans Day; Martin Luther King Day before the stock exchange kept it; until 1985 what New York's
    banks kept: Lincoln's birthday, Memorial Day on its date, election day. A day too many does no harm where the stock
    exchange was shut as well.
    """
    years = np.arange(max(day(first).year, 1970), day(last).year + 1)
    old = years[years <= 1985]
    return np.concatenate([
        _weekday(years[years >= 1985], "01-01", "Mon", 3),
        _weekday(years, "10-01", "Mon", 2),
        _weekday(years[(years >= 1971) & (years <= 1977)], "10-01", "Mon", 4),  # Veterans Day of those years
        _observed(years, "11-11"),
        _observed(old, "02-12"),
        _observed(old, "05-30"),
        _weekday(old, "11-02", "Tue", 1),
    ])  # fmt: skip


def _weekday(years: NDArray[np.int_], start: str, weekday: str, nth: int) -> Days:
    return np.busday_offset(_dates(years, start), nth - 1, roll="forward", weekmask=weekday)


def _observed(years: NDArray[np.int_], on: str) -> Days:
    """The date, or the Monday after where it is a Sunday."""
    return np.busday_offset(_dates(years, on), 0, roll="forward", weekmask="Mon Tue Wed Thu Fri Sat")


def _dates(years: NDArray[np.int_], on: str) -> Days:
    return np.array([f"{year}-{on}" for year in years], dtype="datetime64[D]")


def _missing(table: Table, expected: Days, exchange: str) -> list[Finding]:
    absent = ~np.isin(expected, table.days)
    if absent.sum() > len(absent) / 2:
        message = f"rows on {(~absent).sum()} of {len(absent)} sessions of {exchange}; expected daily data"
        return [table.finding("warning", 0, -1, message)]
    findings = []
    for start, stop in stretches(absent):
        n = stop - start + 1
        message = f"no row on {count(n, 'session')} of {exchange}; import the series again, or accept the gap"
        findings.append((n, Finding("warning", table.spec.name, day(expected[start]), day(expected[stop]), message)))
    return largest(findings, "stretches of sessions without a row")


def _ghosts(table: Table, expected: Days, exchange: str) -> list[Finding]:
    shut = (table.days >= np.datetime64(STARTS[exchange])) & ~np.isin(table.days, expected)
    ghosts = np.flatnonzero(shut)
    if not ghosts.size:
        return []
    message = f"{count(len(ghosts), 'row')} on days when {exchange} was shut: no price was made; import again"
    return [table.finding("warning", ghosts[0], ghosts[-1], message)]


def _long_gaps(table: Table, expected: Days) -> list[Finding]:
    """Gaps that holidays explain, and those no calendar covers. Missing sessions are reported by their own name."""
    common: list[Finding] = []
    holidays, other = [], []
    for row, n in _gaps(table):
        first, last = table.days[row], table.days[row + 1]
        covered = len(expected) > 0 and first >= expected[0]
        if covered and ((expected > first) & (expected < last)).any():
            continue
        if covered or (table.spec.calendar == TOKYO and _japanese_holidays(day(first), day(last))):
            why = "holidays, no session between" if covered else "holidays of the season, before the calendar begins"
            finding = table.finding("note", row, row + 1, f"no row for {n} days: {why}")
            holidays.append((n, finding))
            common += [finding] if n <= COMMON_GAP else []
        else:
            message = f"no row for {n} days, in years for which no calendar is at hand; compare with another source"
            other.append((n, table.finding("warning", row, row + 1, message)))
    if len(common) < 2:
        return largest(holidays, "long holidays") + largest(other, "long gaps")
    message = f"{len(common)} gaps of {LONG_GAP + 1} or {COMMON_GAP} days: holidays"
    return [
        *largest([(n, finding) for n, finding in holidays if n > COMMON_GAP], "long holidays"),
        *largest(other, "long gaps"),
        Finding("note", table.spec.name, common[0].first, common[-1].last, message),
    ]


def _gaps(table: Table) -> Iterator[tuple[int, int]]:
    """The row before each gap of more than LONG_GAP calendar days, and its length."""
    days = np.diff(table.days).astype(int)
    for row in np.flatnonzero(days > LONG_GAP).tolist():
        yield row, int(days[row])


def _japanese_holidays(first: date, last: date) -> bool:
    """Whether a gap before 1997 lies around the New Year or in Golden Week."""
    start, end = (first.month, first.day), (last.month, last.day)
    if first.year == last.year:
        return start >= (4, 28) and end <= (5, 8)
    return start >= (12, 27) and end <= (1, 6) and last.year == first.year + 1


def _weekends(table: Table) -> list[Finding]:
    weekday = (table.days.astype(int) + 3) % 7  # 1970-01-01 was a Thursday
    kept = (weekday == 5) & (table.days <= LAST_SATURDAY) & (table.spec.calendar == TOKYO)
    findings = []
    if kept.any():
        rows = np.flatnonzero(kept)
        message = f"{count(len(rows), 'Saturday')}: the Japanese market traded on Saturdays until 1989"
        findings.append(table.finding("note", rows[0], rows[-1], message))
    wrong = np.flatnonzero((weekday >= 5) & ~kept)
    if wrong.size:
        message = f"{count(len(wrong), 'row')} on a Saturday or Sunday, when the market is shut; check the dates"
        findings.append(table.finding("warning", wrong[0], wrong[-1], message))
    return findings


def _unbroken(table: Table) -> list[Finding]:
    """A rate of every calendar day, or of business days: no gap is longer than a long weekend."""
    findings = []
    for row, n in _gaps(table):
        message = f"no row for {n} days; import the series again, or accept that the rate is carried"
        findings.append((n, table.finding("warning", row, row + 1, message)))
    return largest(findings, "long gaps")
