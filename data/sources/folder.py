"""A folder of CSV files as the source of a run: a store for as long as the run takes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from data.countries import COUNTRIES, Countries
from data.errors import DataError
from data.series import Delivery, Spec
from data.sources import files
from data.sources.symbols import Known

logger = logging.getLogger(__name__)

SUFFIXES = (".csv", ".tsv", ".xlsx", ".parquet")
ASKED = (
    " (of `divergence data import`, for data.source: store; in a folder the file itself must tell, by its name, which "
    "`instruments:` may describe, its header and its numbers)"
)


def deliveries(
    folder: Path, countries: Countries = COUNTRIES, listed: Mapping[str, Spec] | None = None
) -> Iterator[Delivery]:
    """Read every table of a folder, by name; what each is, is recognised by its content.

    A series of `countries` that no source publishes is the file named after it, and so are the prices of a name of
    `listed`, the user's own.

    Raises
    ------
    DataError
        A folder without CSV files, or a file of no known kind.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise DataError(f"{folder}: holds no CSV files; put there what `divergence data import` takes")
    logger.info("%s: %d files", folder, len(paths))
    known = Known(countries, listed or {})
    for path in paths:
        try:
            read = files.read(path, countries=countries, known=known)
        except DataError as error:
            if " --" not in str(error):
                raise
            raise DataError(f"{error}{ASKED}") from None
        yield from read
