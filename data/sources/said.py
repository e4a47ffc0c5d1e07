"""What a user says of a file where its content does not: of what, in which unit, in which order of dates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from data import exchanges
from data.errors import DataError

CHOICES = {
    "dates": ("ymd", "dmy", "mdy"),
    "unit": ("percent", "decimal", "bp"),
    "quotes": ("par", "spot"),
    "compounding": ("1", "2", "continuous"),
    "decimal": ("point", "comma"),
}
OPTIONS = {"name": "as"}  # where an option is called otherwise


@dataclass(frozen=True)
class Said:
    """The options of an import; None where nothing was said.

    >>> Said.of("EDV", columns="close=Price, adjusted=Adj Price").columns
    {'close': 'Price', 'adjusted': 'Adj Price'}
    """

    name: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # of the series -> of the file; * is every one
    dates: str | None = None
    unit: str | None = None
    quotes: str | None = None
    compounding: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    currency: str | None = None
    exchange: str | None = None

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in known:
                raise DataError(f"--{name} is {' or '.join(known)}; got '{value}'")
        if self.quotes == "spot" and self.compounding is None:
            raise DataError("--quotes spot needs --compounding 1, 2 or continuous")
        if self.quotes != "spot" and self.compounding is not None:
            raise DataError("--compounding is of spot rates; say --quotes spot with it")
        if self.exchange is not None:
            exchanges.check(self.exchange)

    @classmethod
    def of(cls, name: str | None = None, columns: str | None = None, **others: str | None) -> Said:
        """Return what was said on a command line; `columns` as in close=Price,adjusted=Adj Price."""
        pairs = {}
        for pair in (columns or "").split(",") if columns else ():
            left, equals, right = pair.partition("=")
            if not (equals and left.strip() and right.strip()):
                raise DataError(f"--columns '{columns}': expected series=file, like close=Price or 10=Yield")
            pairs[left.strip()] = right.strip()
        return cls(name, pairs, **others)

    @property
    def plain(self) -> dict[str, str]:
        """What was said, in texts that a store keeps."""
        texts = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}
        return {name: json.dumps(dict(value)) if name == "columns" else str(value) for name, value in texts.items()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Said:
        """Return what a store kept; what it does not know is left out."""
        known = {f.name for f in fields(cls)}
        texts = {name: str(value) for name, value in plain.items() if name in known}
        columns = json.loads(texts.pop("columns", "{}"))
        return cls(**{"columns": columns, **texts})

    def over(self, kept: Said) -> Said:
        """Return this, and of what is not said here what was kept from before."""
        return replace(kept, **{f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)})

    def of_values(self) -> Said:
        """Return what of this is about values, whatever file they come in."""
        return Said(dates=self.dates, unit=self.unit, quotes=self.quotes, compounding=self.compounding)

    def shown(self) -> str:
        """Return the options as one types them."""
        words = [f"--columns {','.join(f'{a}={b}' for a, b in self.columns.items())}"] if self.columns else []
        others = [f.name for f in fields(self) if f.name != "columns" and getattr(self, f.name)]
        return " ".join([*(f"--{OPTIONS.get(name, name)} {getattr(self, name)}" for name in others), *words])
