"""Numbers: cells of text as floats, whatever the decimal mark of the file; percent signs are noticed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.errors import DataError
from data.sources import text

Mark = Literal["point", "comma"]
Array = NDArray[np.float64]
MISSING = text.MISSING | {
    "#n/a", "#n/a n/a", "#value!", "#div/0!", "#ref!", "#num!", "n.a.", "n.a", "..", "...", "—", "–", "--", "na.", "#",
    "<na>", "not available", "missing", "*", "x", "nil",
}  # fmt: skip
_AROUND = re.compile(r"^[$€£¥￥'\s]+|[\s*†‡]+$")
_DIGITS = re.compile(r"[-+]?[\d.,'’\s]*\d[\d.,]*(?:[eE][-+]?\d+)?")
POINT = r"\.(\d{1,2}|\d{4,})$"  # with decimals that are no thousands
POINT_OR_THOUSANDS = r"^[^,.]*\.\d{3}[%\s]*$"
GROUPED = r"\.\d{3}[.,]"
SCALES = {"k": 1e3, "m": 1e6, "b": 1e9}


@dataclass(frozen=True)
class Column:
    """A column's values."""

    values: Array  # (T,) NaN where missing
    percent: bool  # whether every value that is there has a percent sign
    unreadable: tuple[int, ...]  # rows that hold something else


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value.

    >>> is_missing(""), is_missing("#N/A N/A"), is_missing("0")
    (True, True, False)
    """
    return cell.lower() in MISSING


def looks_like(cell: str) -> bool:
    """Whether a cell may be a number, with any decimal mark.

    >>> [looks_like(cell) for cell in ("4,25", "1,000.5", "4.25%", "(0.3)", "Close", "4 WEEKS")]
    [True, True, True, True, False, False]
    """
    return bool(_DIGITS.fullmatch(_bare(cell)))


def columns(
    cells: Mapping[int, pa.ChunkedArray], rows: NDArray[np.bool_], where: Callable[[int], str], mark: Mark | None = None
) -> dict[int, Column]:
    """Return the values of columns, on all rows; only those of `rows` count.

    Raises
    ------
    DataError
        Cells that show the decimal point and others that show the decimal comma, or none that tells.
    """
    plain = {k: _plainly(column) for k, column in cells.items()}
    odd = {k: column for k, column in cells.items() if plain[k] is None}
    others = [column for k, column in cells.items() if k not in odd]
    points = [column[i].as_py() for column in others for i in _first(column, POINT, rows)]
    decided: Mark = mark or (_mark(odd, rows, where, points) if odd else "point")
    if decided == "comma" and mark is None:
        _check_thousands(list(cells.values()), rows, where)
    result = {}
    for k, column in cells.items():
        values = plain[k] if decided == "point" else None
        result[k] = _written(column, decided) if values is None else Column(values, False, ())
    return result


def _plainly(column: pa.ChunkedArray) -> Array | None:
    """Return values that a computer wrote; None where something else stands among them."""
    lowered = pc.utf8_lower(column)
    missing = pc.is_in(lowered, value_set=pa.array(sorted(MISSING)))
    try:
        values = pc.cast(pc.if_else(missing, None, column), pa.float64())
    except pa.ArrowInvalid:
        return None
    floats = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    known = ~np.isnan(floats)
    return np.array(floats, dtype=float) if np.isfinite(floats[known]).all() else None


def _bare(cell: str) -> str:
    """Return a number's text without currency signs, footnote marks, a percent sign and the signs for negative."""
    bare = _AROUND.sub("", cell).replace("−", "-").replace("\u00a0", "").replace("\u202f", "")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    return _AROUND.sub("", bare.removesuffix("%").removesuffix("％"))


def _first(column: pa.ChunkedArray, pattern: str, rows: NDArray[np.bool_]) -> list[int]:
    """Return the first of some rows on which a column matches, if there is one."""
    matches = pc.fill_null(pc.match_substring_regex(column, pattern), False).to_numpy()
    first: list[int] = np.flatnonzero(matches & rows)[:1].tolist()
    return first


def _check_thousands(columns: Sequence[pa.ChunkedArray], rows: NDArray[np.bool_], where: Callable[[int], str]) -> None:
    """Raise DataError where a point among decimal commas may part thousands, and no number shows that points do."""
    if any(_first(column, GROUPED, rows) for column in columns):
        return
    for column in columns:
        for i in _first(column, POINT_OR_THOUSANDS, rows):
            raise DataError(
                f"{where(i)}: '{column[i].as_py()}' may have a decimal point, or a point between thousands, as other "
                "numbers have decimal commas; say --decimal comma for thousands, else write one mark throughout"
            )


def _mark(
    cells: Mapping[int, pa.ChunkedArray], rows: NDArray[np.bool_], where: Callable[[int], str], points: Sequence[str]
) -> Mark:
    """Return the decimal mark that the cells show; `points` are cells of other columns that show the point."""
    shown: dict[Mark, tuple[int, str]] = {}
    unclear: tuple[int, str] | None = None
    for column in cells.values():
        for i, cell in _first_of_each(column):
            bare = _bare(cell)
            if not rows[i] or not _DIGITS.fullmatch(bare):
                continue
            tells = _tells(bare)
            if tells == "unclear":
                unclear = unclear or (i, cell)
            elif tells is not None:
                shown.setdefault(tells, (i, cell))
    if "comma" in shown and ("point" in shown or points):
        i, comma = shown["comma"]
        point = shown["point"][1] if "point" in shown else points[0]
        raise DataError(
            f"{where(i)}: '{comma}' has a decimal comma and '{point}' elsewhere a decimal point; say which: --decimal "
            "comma|point"
        )
    if unclear and not shown and not points:
        raise DataError(
            f"{where(unclear[0])}: '{unclear[1]}' may have a decimal comma or a comma between thousands, and no other "
            "number tells; say which: --decimal comma|point"
        )
    return next(iter(shown), "point")


def _tells(bare: str) -> Mark | Literal["unclear"] | None:
    """Return which decimal mark a number shows: 98,50 the comma, 1,000,000 and 1.5 the point, 1,234 either."""
    commas, points = bare.count(","), bare.count(".")
    if commas and points:
        return "comma" if bare.rindex(",") > bare.rindex(".") else "point"
    if commas > 1:
        return "point"
    if points > 1:
        return "comma"
    if commas:
        head, tail = bare.lstrip("+-").split(",")
        return "unclear" if len(tail) == 3 and 1 <= len(head) <= 3 and head[0] != "0" else "comma"
    if points:
        return "point" if len(bare.split(".")[1]) != 3 else None
    return None


def _first_of_each(column: pa.ChunkedArray) -> list[tuple[int, str]]:
    """Return each text of a column once, with a row that holds it."""
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    _, first = np.unique(codes, return_index=True)
    return [(int(i), coded.dictionary[int(codes[i])].as_py()) for i in first]


def _written(column: pa.ChunkedArray, mark: Mark) -> Column:
    """Return the values of a column as people write them."""
    array = column.combine_chunks()
    coded = array.dictionary_encode()
    texts: Sequence[str] = coded.dictionary.to_pylist()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    known = [value(cell, mark) for cell in texts]
    values = np.array([math.nan if v is None else v for v in known], dtype=float)[codes]
    bad = np.array([v is None for v in known], dtype=bool)[codes]
    signed = np.array([cell.endswith(("%", "％")) for cell in texts], dtype=bool)[codes]
    there = ~np.isnan(values)
    return Column(values, bool(there.any() and signed[there].all()), tuple(np.flatnonzero(bad).tolist()))


def value(cell: str, mark: Mark = "point") -> float | None:
    """Return a cell's number, NaN where it says that there is none, None where it is no number.

    >>> value("1,000.5"), value("98,5", "comma"), value("(0.30)"), value("4.25%"), value("1,2,3")
    (1000.5, 98.5, -0.3, 4.25, None)
    """
    if is_missing(cell):
        return math.nan
    bare = _bare(cell)
    if not _DIGITS.fullmatch(bare):
        return None
    groups, decimals = (".", ",") if mark == "comma" else (",", ".")
    whole, _, fraction = bare.partition(decimals)
    whole, groups = re.sub(r"['’\s]", groups, whole), groups
    if groups in whole and not re.fullmatch(rf"[-+]?\d{{1,3}}(\{groups}\d{{3}})+", whole):
        return None
    try:
        number = float(
            f"{whole.replace(groups, '')}.{fraction or 0}" if "e" not in bare.lower() else bare.replace(",", ".")
        )
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def scaled(cell: str) -> float | None:
    """Return a count of shares, which may be shortened: 1.2M is 1,200,000.

    >>> scaled("1.2M"), scaled("1,000"), scaled("many")
    (1200000.0, 1000.0, None)
    """
    scale = SCALES.get(cell[-1:].lower(), 1.0)
    number = value(cell[:-1] if scale != 1.0 else cell)
    return None if number is None else number * scale
