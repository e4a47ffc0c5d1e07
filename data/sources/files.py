"""Files a user brings: each is recognised by its header and read as its source publishes it."""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from data.countries import COUNTRIES, Countries
from data.disk import UnsuitableError, read_regular
from data.errors import DataError, SourceError, shortened
from data.series import Delivery, specs_of
from data.sources import http, named, registry, text
from data.sources.source import Format, Header, single

logger = logging.getLogger(__name__)

NO_PATH = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP)


def read(path: Path, today: date | None = None, countries: Countries = COUNTRIES) -> list[Delivery]:
    """Return what a file holds; the first note of each series says what the file was taken for.

    A price file is named after its symbol (`TLT.csv`, `2561.T.csv`), and a series of `countries` that no source
    publishes after itself; everything else is recognised by the header.

    Raises
    ------
    SourceError
        A path that is not there, is a folder, or cannot be read.
    DataError
        A file of no known kind, or one that cannot be read; in one line.
    """
    data, source = _bytes(path), str(path)
    header = text.header(data, source)
    match = _format(path, header, source, countries)
    note = f"read as: {match.name}"
    try:
        parts = match.parse(data, source, today)
    except DataError as error:
        if path.stem in specs_of(countries) or not named.is_curve(header):
            raise
        raise DataError(f"{error}; {_naming(countries)}") from None
    logger.info("%s: %s, %s", path, note, ", ".join(f"{part.series} {len(part.frame)} rows" for part in parts))
    return [replace(part, notes=(note, *part.notes)) for part in parts]


def _format(path: Path, header: Header, source: str, countries: Countries) -> Format:
    """Return the kind of a file: that of the series it is named after, or the first that recognises its header."""
    spec = specs_of(countries).get(path.stem)
    if spec is not None:
        return Format(spec.about, lambda _: True, single(partial(named.parse, spec)))
    formats = [form for known in registry.SOURCES for form in known.formats]
    match = next((form for form in formats if form.recognise(header)), None)
    if match is None:
        raise DataError(
            f"{source}: no kind of file that is known; its header is '{text.short(header)}'; "
            f"known: {', '.join(form.name for form in formats)}; {_naming(countries)}"
        )
    return match


def _naming(countries: Countries) -> str:
    """How a file of a country whose series no source publishes is recognised."""
    return (
        f"a series of another country is a file of its name, of {', '.join(specs_of(countries))}, "
        "or of a country that you add under `countries:` in the configuration"
    )


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, http.LARGEST)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name the files in it") from None
    except UnsuitableError as error:
        raise DataError(f"{path}: {error.strerror}; tables of rates and prices are files of less") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        if not isinstance(error, OSError) or error.errno in NO_PATH:
            raise DataError(f"{shortened(path, 200)}: is no path ({why}); check it") from None
        raise SourceError(f"{path}: cannot be read ({why}); check its permissions") from None
