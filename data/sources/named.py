"""A file named after the series it holds: curves, rates and exchange rates of countries that no source here publishes.

`date` first; of a curve a column a tenor, `2Y` or `0.5`, in percent; of a rate or an exchange rate one column, `value`.
"""

from __future__ import annotations

import re
from datetime import date

from data.errors import DataError
from data.series import VALUE, Delivery, Spec
from data.sources import text

TENOR = re.compile(r"(\d+(?:\.\d+)?)([ym])?", re.IGNORECASE)


def parse(spec: Spec, data: bytes | str, source: str, today: date | None = None) -> Delivery:
    """Return the series that `spec` describes from a file of it.

    Raises
    ------
    DataError
        A column that is no tenor, or no column `value`; a row that cannot be read.
    """
    table = text.table(data, source)
    if spec.kind == "curve":
        columns = {name: _years(name, source) for name in table.header[1:] if name}
        if not columns:
            raise DataError(f"{source}: no tenor; the columns of a curve after date are like 2Y, 10Y or 0.5")
    else:
        table.require((VALUE,))
        columns = {VALUE: VALUE}
    values, notes = text.frame(table, columns, text.ISO, today)
    return text.deliver(spec.name, source, values, (*table.remarks(columns), *notes), spec.kind)


def is_curve(header: tuple[str, ...]) -> bool:
    """Whether a header is a date and tenors, and nothing else.

    >>> is_curve(("Date", "2Y", "10Y")), is_curve(("date", "value"))
    (True, False)
    """
    return header[0].lower() in text.DATE_HEADERS and len(header) > 1 and all(map(TENOR.fullmatch, header[1:]))


def _years(name: str, source: str) -> str:
    """Return the years a column is for, as text: 10Y is 10, 6M is 0.5."""
    match = TENOR.fullmatch(name)
    if match is None or float(match[1]) <= 0:
        raise DataError(f"{source}: the column '{name}' is no tenor; expected years, like 2Y, 10Y or 0.5")
    months = (match[2] or "y").lower() == "m"
    return f"{float(match[1]) / (12.0 if months else 1.0):.12g}"
