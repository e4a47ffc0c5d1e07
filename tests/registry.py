"""Every strategy of the registry with its defaults, made for the tests, and the instruments that have history."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

from data.countries import BASE
from data.instruments import LIBRARY, Instrument
from data.tables import Tables
from strategies import STRATEGIES
from strategies.base import Strategy


def made(kind: type[Any], **given: Any) -> Any:
    """Return a strategy with its defaults, and the first choice where a parameter has none."""
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if missing and field.name not in given:
            given[field.name] = get_args(hints[field.name])[0]
    return kind(**given)


REGISTERED: dict[str, Strategy] = {name: made(kind) for name, kind in STRATEGIES.items()}


def held(tables: Tables) -> tuple[Instrument, ...]:
    """The library's instruments, but for those of countries whose history the tables lack."""
    return tuple(leg for leg in LIBRARY.values() if leg.currency in (BASE, *tables.fx))
