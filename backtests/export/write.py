"""A run written for other programs, whole or not at all, to a place where nothing stands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from backtests.export.pdf import browser, write_pdf
from backtests.export.tables import Table, chosen, tables
from backtests.export.text import write_folder
from backtests.export.workbook import write_workbook
from backtests.report import html, onepage
from backtests.report.panels import Panels, panels
from backtests.runs import folder as run_folder
from backtests.runs.snapshot import StoredRun
from data.disk import placing
from data.errors import ConfigError, SourceError

Form = Literal["xlsx", "csv", "pdf"]
SUFFIXES: dict[str, Form] = {".xlsx": "xlsx", ".pdf": "pdf"}


def form_of(place: Path) -> Form:
    """Return what a name asks for: a workbook or a PDF by its suffix, else a folder of CSV files."""
    return SUFFIXES.get(place.suffix.lower(), "csv")


def export(run: StoredRun, form: Form, place: Path, variants: Sequence[str] = ()) -> Path:
    """Write a run, or some of its variants, to a workbook, a folder of CSV files or a PDF of one page; return where.

    Raises
    ------
    ConfigError
        A place that is taken or cannot be written, a variant that the run has not, tables that no sheet holds; no
        Chromium to print with.
    SourceError
        A disk that fails while writing, a Chromium that does not print.
    """
    held = chosen(run, variants)
    if form == "csv":
        run_folder.check_free(place)
        content = _tables(run, held)
        with run_folder.writing(place) as folder:
            write_folder(content, folder)
        return place
    if form == "pdf":
        return _printed(held, place, onepage.page)
    with _file(place, ".xlsx") as path:
        title = str(run.manifest["name"])
        write_workbook(_tables(run, held), path, title, datetime.fromisoformat(run.manifest["created"]))
    return place


def export_report(run: StoredRun, place: Path) -> Path:
    """Print the whole report to a PDF; raises as `export` does."""
    return _printed(run, place, html.page)


def _printed(run: StoredRun, place: Path, page: Callable[[Panels], str]) -> Path:
    chromium = browser()
    with _file(place, ".pdf") as path:
        try:
            text = page(panels(run))
        except run_folder.UNREADABLE as error:
            raise _unreadable(run, error) from error
        write_pdf(text, path, chromium)
    return place


def _tables(run: StoredRun, held: StoredRun) -> list[Table]:
    try:
        return tables(held)
    except run_folder.UNREADABLE as error:
        raise _unreadable(run, error) from error


def _unreadable(run: StoredRun, error: Exception) -> ConfigError:
    return run_folder.unreadable(run.folder or Path(str(run.manifest["name"])), "exported", error)


@contextmanager
def _file(place: Path, suffix: str) -> Iterator[Path]:
    """Give a path to write to; put what was written at its place, which must be free."""
    if place.suffix.lower() != suffix:
        raise ConfigError(f"--out {place}: expected a name that ends in {suffix}")
    if os.path.lexists(place):
        raise ConfigError(f"--out {place}: already exists; choose another name, or remove it")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with placing(place) as path:
            yield path
    except OSError as error:
        raise SourceError(f"{place}: cannot be written ({error.strerror or error}); nothing was kept") from None
