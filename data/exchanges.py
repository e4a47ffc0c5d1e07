"""Exchanges: the zone of each, by which a stamp in UTC falls on one of its days, and whose sessions it keeps."""

from __future__ import annotations

from data.countries import ANY_DAY
from data.errors import DataError, did_you_mean

NEW_YORK, TOKYO = "XNYS", "XTKS"
SAME_SESSIONS = {"XNAS": NEW_YORK, "ARCX": NEW_YORK, "BATS": NEW_YORK, "XASE": NEW_YORK}
ZONES = {
    NEW_YORK: "America/New_York", TOKYO: "Asia/Tokyo", "XLON": "Europe/London", "XETR": "Europe/Berlin",
    "XPAR": "Europe/Paris", "XTSE": "America/Toronto", "XASX": "Australia/Sydney", "XHKG": "Asia/Hong_Kong",
}  # fmt: skip


def zone(exchange: str) -> str:
    """Return the IANA zone of an exchange; New York's where it is held to none.

    >>> zone("XTKS"), zone("ARCX"), zone("any")
    ('Asia/Tokyo', 'America/New_York', 'America/New_York')
    """
    code = SAME_SESSIONS.get(exchange, exchange)
    if code == ANY_DAY:
        return ZONES[NEW_YORK]
    if code in ZONES:
        return ZONES[code]
    check(code)
    import exchange_calendars  # type: ignore[import-untyped, unused-ignore]

    return str(exchange_calendars.get_calendar(code).tz)


def check(code: str) -> None:
    """Raise DataError where no calendar of an exchange is at hand."""
    if code in (ANY_DAY, *ZONES, *SAME_SESSIONS):
        return
    import exchange_calendars

    known = exchange_calendars.get_calendar_names(include_aliases=False)
    if code not in known:
        raise DataError(f"no calendar of the exchange '{code}'{did_you_mean(code, [*SAME_SESSIONS, ANY_DAY, *known])}")
