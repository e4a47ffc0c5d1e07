"""What is held now, from a file: CSV or JSON, in units, or as a ticket writes it, in contracts, shares and face."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.disk import UnsuitableError, read_regular
from data.errors import ConfigError, did_you_mean, shortened
from data.instruments import Instrument


@dataclass(frozen=True)
class Held:
    """How much of an instrument is held, + long, and of what."""

    quantity: float
    of: str  # units, as an engine counts them, or one of COUNTED


Holdings = Mapping[str, Mapping[str, Held]]  # variant -> instrument -> what is held

UNITS = ("variant", "instrument", "units")
TICKET = ("variant", "instrument", "quantity", "of")
COUNTED = {  # what a ticket counts an instrument in, by its kind; a fund without a stored price in notional
    "par_bond": ("face",), "inflation_bond": ("face",), "future": ("contracts",), "listed": ("shares", "notional"),
    "cash": ("notional",),
}  # fmt: skip
FIGURES = (  # what a ticket writes beside these: read over
    "day", "legs", "usd", "price", "dv01", "held", "order", "order_usd", "cost", "why",
)  # fmt: skip
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?")
MAX_BYTES = 1024 * 1024


def read(path: Path, asked: Sequence[str], variants: Sequence[str], instruments: Mapping[str, Instrument]) -> Holdings:
    """Return what is held by variant and instrument; what the file does not name is 0.

    `asked` are the variants of the ticket; rows of the configuration's other `variants` are checked and left out.

    Raises
    ------
    ConfigError
        The first mistake in the file, by line: an unknown name, a figure that is not a number, a row listed twice.
    """
    held: dict[str, dict[str, Held]] = {name: {} for name in variants}
    for where, row in _rows(path, asked):
        variant = _known(where, "variant", row.get("variant", asked[0]), variants)
        instrument = _known(where, "instrument", row["instrument"], list(instruments))
        if instrument in held[variant]:
            raise ConfigError(f"{where}: {instrument} of {variant} is listed twice; keep one row, with all of it")
        held[variant][instrument] = _held(where, row, instruments[instrument])
    return {name: held[name] for name in asked}


def _held(where: str, row: Mapping[str, str], instrument: Instrument) -> Held:
    if "units" in row:
        return Held(_number(where, "units", row["units"]), "units")
    counted = COUNTED[instrument.kind]
    if row["of"] not in (*counted, "units"):
        raise ConfigError(
            f"{where}: {instrument.name} is counted in {' or '.join(counted)}; got '{shortened(row['of'], 40)}'"
        )
    quantity = _number(where, "quantity", row["quantity"])
    if row["of"] == "contracts" and quantity != round(quantity):
        raise ConfigError(f"{where}: {row['quantity']} contracts of {instrument.name}; expected a whole number")
    return Held(quantity, row["of"])


def _rows(path: Path, asked: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """Every row by column, with where it stands."""
    text = _text(path)
    if path.suffix.lower() == ".json" or text.lstrip().startswith("{"):
        return _from_json(path, text, asked)
    rows = _cells(path, text)
    line, header = rows[0][0], [name.lower() for name in rows[0][1]]
    _check_header(f"{path}, line {line}", header, asked)
    rows_read = []
    for number, cells in rows[1:]:
        where = f"{path}, line {number}"
        if len(cells) != len(header):
            form = ",".join(header)
            raise ConfigError(f"{where}: {len(cells)} fields where the header has {len(header)}; write {form}")
        rows_read.append((where, dict(zip(header, cells, strict=True))))
    return rows_read


def _text(path: Path) -> str:
    try:
        return read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not text in UTF-8; save it as CSV in UTF-8") from None
    except UnsuitableError as error:
        raise ConfigError(f"{path}: {error.strerror}; expected a CSV of {','.join(UNITS)}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{shortened(path, 200)}: cannot be read ({why}); name a CSV file with --holdings") from None


def _cells(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Every line that is not blank, with its number, its cells stripped; the first is the header."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num}: is not a CSV ({error}); save the table as CSV") from None
    if not rows:
        raise ConfigError(f"{path}: is empty; write a header {','.join(UNITS)} and a row for each position")
    return rows


def _from_json(path: Path, text: str, asked: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """The positions of a ticket written as JSON."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON ({shortened(error, 120)}); give what `--out` wrote, or a CSV") from None
    positions = document.get("positions") if isinstance(document, dict) else None
    if not isinstance(positions, list):
        raise ConfigError(f"{path}: has no list 'positions'; give what `--out` wrote, or a CSV")
    rows = []
    for k, position in enumerate(positions):
        where = f"{path}, positions[{k}]"
        if not isinstance(position, dict):
            raise ConfigError(f"{where}: is {shortened(position, 40)}; expected {{{', '.join(TICKET)}}}")
        header = [str(name).lower() for name in position]
        _check_header(where, header, asked)
        rows.append((where, dict(zip(header, map(_as_text, position.values()), strict=True))))
    return rows


def _as_text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _check_header(where: str, header: Sequence[str], asked: Sequence[str]) -> None:
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise ConfigError(f"{where}: '{header[0][:40]}' is one column; separate columns with commas")
    written = "quantity" in header
    own = TICKET if written else UNITS
    known = (*own, *FIGURES) if written else own
    for name in header:
        if name not in known:
            raise ConfigError(f"{where}: unknown column '{shortened(name, 40)}'{did_you_mean(name, own)}")
    for name in known:
        if header.count(name) > 1:
            raise ConfigError(f"{where}: column '{name}' is listed twice; remove one")
    absent = [name for name in own[1:] if name not in header]
    if absent:
        raise ConfigError(f"{where}: no column {absent[0]}; the header is {','.join(own)}")
    if "variant" not in header and len(asked) > 1:
        raise ConfigError(
            f"{where}: no column variant, but the configuration has {len(asked)} variants; add the column, or use "
            "a configuration with one variant"
        )


def _known(where: str, what: str, name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise ConfigError(f"{where}: unknown {what} '{shortened(name, 60)}'{did_you_mean(name, names)}")
    return name


def _number(where: str, what: str, text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ConfigError(f"{where}: {what} is '{shortened(text, 40)}'; expected a plain number, like -1250.5, + long")
    return float(text)
