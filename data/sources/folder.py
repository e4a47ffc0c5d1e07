"""A folder of CSV files as the source of a run: a store for as long as the run takes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from data.countries import COUNTRIES, Countries
from data.errors import DataError
from data.series import PRICE_COLUMNS, Delivery, Spec
from data.sources import files, text, yahoo

logger = logging.getLogger(__name__)


def deliveries(
    folder: Path, countries: Countries = COUNTRIES, listed: Mapping[str, Spec] | None = None
) -> Iterator[Delivery]:
    """Read every CSV file of a folder, by name; what each is, is recognised by its content.

    A series of `countries` that no source publishes is the file named after it, and so are the prices of a name of
    `listed`, the user's own.

    Raises
    ------
    DataError
        A folder without CSV files, or a file of no known kind.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    if not paths:
        raise DataError(f"{folder}: holds no CSV files; put there what `divergence data import` takes")
    logger.info("%s: %d CSV files", folder, len(paths))
    for path in paths:
        if listed and path.stem in listed:
            yield _prices(path, listed[path.stem])
        else:
            yield from files.read(path, countries=countries)


def _prices(path: Path, spec: Spec) -> Delivery:
    """Read the prices of a listed name: a date, and a close, an adjusted close, or both."""
    table = text.table(path.read_bytes(), str(path))
    plain = {name: "".join(name.lower().split()) for name in table.header[1:]}
    columns = {name: yahoo.NAMES[short] for name, short in plain.items() if short in yahoo.NAMES}
    if not {"close", "adjusted"} & {*columns.values()}:
        raise DataError(f"{path}: no close and no adj close among its columns {', '.join(table.header)}; rename one")
    values, notes = text.frame(table, columns, text.ISO)
    frame = values.reindex(columns=list(PRICE_COLUMNS))
    delivery = text.deliver(spec.name, str(path), frame, (*table.remarks(columns), *notes), spec.kind)
    return replace(delivery, spec=spec)
