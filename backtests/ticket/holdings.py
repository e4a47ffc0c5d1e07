"""What is held now, from a file: `variant,instrument,units`, or `instrument,units` for a single variant."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.disk import UnsuitableError, read_regular
from data.errors import ConfigError, did_you_mean, shortened

Holdings = Mapping[str, Mapping[str, float]]  # variant -> instrument -> units, + long

COLUMNS = ("variant", "instrument", "units")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?")
MAX_BYTES = 1024 * 1024


def read(path: Path, variants: Sequence[str], instruments: Sequence[str]) -> Holdings:
    """Return the units held by variant and instrument; what the file does not name is 0.

    Raises
    ------
    ConfigError
        The first mistake in the file, by line: an unknown name, units that are not a number, a leg listed twice.
    """
    rows = _rows(path)
    line, header = rows[0][0], [name.lower() for name in rows[0][1]]
    _check_header(path, line, header, variants)
    held: dict[str, dict[str, float]] = {name: {} for name in variants}
    for number, cells in rows[1:]:
        where = f"{path}, line {number}"
        if len(cells) != len(header):
            raise ConfigError(f"{where}: {len(cells)} fields where the header has {len(header)}; write {_form(header)}")
        row = dict(zip(header, cells, strict=True))
        variant = _known(where, "variant", row.get("variant", variants[0]), variants)
        instrument = _known(where, "instrument", row["instrument"], instruments)
        if instrument in held[variant]:
            raise ConfigError(f"{where}: {instrument} of {variant} is listed twice; keep one row, with all its units")
        held[variant][instrument] = _number(where, row["units"])
    return held


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Every line that is not blank, with its number, its cells stripped; the first is the header."""
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not text in UTF-8; save it as CSV in UTF-8") from None
    except UnsuitableError as error:
        raise ConfigError(f"{path}: {error.strerror}; expected a CSV of {','.join(COLUMNS)}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{shortened(path, 200)}: cannot be read ({why}); name a CSV file with --holdings") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num}: is not a CSV ({error}); save the table as CSV") from None
    if not rows:
        raise ConfigError(f"{path}: is empty; write a header {','.join(COLUMNS)} and a row for each position")
    return rows


def _form(header: Sequence[str]) -> str:
    return ",".join(header)


def _check_header(path: Path, line: int, header: Sequence[str], variants: Sequence[str]) -> None:
    where = f"{path}, line {line}"
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise ConfigError(f"{where}: '{header[0][:40]}' is one column; separate columns with commas")
    for name in header:
        if name not in COLUMNS:
            raise ConfigError(f"{where}: unknown column '{name}'{did_you_mean(name, COLUMNS)}")
    for name in COLUMNS:
        if header.count(name) > 1:
            raise ConfigError(f"{where}: column '{name}' is listed twice; remove one")
    absent = [name for name in ("instrument", "units") if name not in header]
    if absent:
        raise ConfigError(f"{where}: no column {absent[0]}; the header is {','.join(COLUMNS)}")
    if "variant" not in header and len(variants) > 1:
        raise ConfigError(
            f"{where}: no column variant, but the configuration has {len(variants)} variants; add the column, or use "
            "a configuration with one variant"
        )


def _known(where: str, what: str, name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise ConfigError(f"{where}: unknown {what} '{name}'{did_you_mean(name, names)}")
    return name


def _number(where: str, text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ConfigError(f"{where}: units is '{text}'; expected a plain number, like -1250.5, + long")
    return float(text)
