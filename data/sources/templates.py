"""Templates: the header that a series' file wants, with its first row to show the form of the values."""

from __future__ import annotations

from data.calendars import PUBLICATION_LAG_DAYS
from data.countries import Countries
from data.series import MONTH, Spec

TENORS = {"ust": "3M 6M 1Y 2Y 3Y 5Y 7Y 10Y 20Y 30Y", "tips": "5Y 7Y 10Y 20Y 30Y"}
OTHERS = "1Y 2Y 3Y 5Y 7Y 10Y 20Y 30Y"
PRICES = "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits"


def of(spec: Spec, countries: Countries) -> str:
    """Return the header of a series' file: dates as 2024-01-31, yields and rates in percent.

    >>> from data.countries import COUNTRIES
    >>> from data.series import spec_of
    >>> of(spec_of("gilt"), COUNTRIES), of(spec_of("usdjpy"), COUNTRIES)
    ('date,1Y,2Y,3Y,5Y,7Y,10Y,20Y,30Y\\n', 'date,value\\n')
    """
    if spec.kind == "price":
        return f"{PRICES}\n"
    if spec.kind == "macro":
        return f"date,{','.join(PUBLICATION_LAG_DAYS)}\n"
    if spec.kind != "curve":
        return "date,value\n"
    name = spec.name.removesuffix("_month") if spec.calendar == MONTH else spec.name
    return f"date,{','.join(TENORS.get(name, OTHERS).split())}\n"
