"""A folder of CSV files as the source of a run: a store for as long as the run takes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from data.countries import COUNTRIES, Countries
from data.errors import DataError
from data.series import Delivery
from data.sources import files

logger = logging.getLogger(__name__)


def deliveries(folder: Path, countries: Countries = COUNTRIES) -> Iterator[Delivery]:
    """Read every CSV file of a folder, by name; what each is, is recognised by its content.

    A series of `countries` that no source publishes is the file named after it.

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
        yield from files.read(path, countries=countries)
